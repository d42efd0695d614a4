"""Numbers of the window that routes move: what hands do to them meanwhile, and where they are afterwards."""

from __future__ import annotations

import pytest
from helpers import tiny_network

from studio.control.crossing import FADE
from studio.control.led import Led
from studio.control.namespace import Namespace
from studio.control.steering import steered
from studio.control.window import POSITION, SPEED, SPLIT, ZOOM, window_numbers
from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.movement.address import Dial
from studio.model.movement.mapping import MAPPINGS, Mapping
from studio.model.movement.route import MACRO_BANK, ROUTES, Aim, Macro, Route
from studio.model.networks.preset import Preset
from studio.modulators import make_modulator


class Held:
    """A number that says only later where it is, as the player does, and goes no farther than it can."""

    def __init__(self, value: float, late: int = 0, most: float = 100.0) -> None:
        self.value, self.late, self.most = value, late, most
        self.waiting: list[float] = []
        self.sets: list[float] = []

    def get(self) -> float:
        return self.value

    def set(self, value: float) -> None:
        self.sets.append(value)
        self.waiting.append(min(value, self.most))
        while len(self.waiting) > self.late:
            self.value = self.waiting.pop(0)


@pytest.mark.parametrize(("late", "most"), [(0, 100.0), (3, 100.0), (0, 1.5), (2, 1.5)])
def test_what_moves_is_no_hand_and_goes_back_to_where_it_was(late: int, most: float) -> None:
    held, led = Held(1.0, late, most), Led()
    dial = Dial(SPEED, held.get, held.set)
    assert led.lead([dial], ["/source/speed"]) == ((dial, 1.0),)
    for step in range(30):
        assert not led.move({"/source/speed": 1.0 + (step % 11) / 10})
        assert led.base(dial) == 1.0
    # What stays is set once.
    before = len(held.sets)
    led.move({"/source/speed": 1.8})
    led.move({"/source/speed": 1.8})
    assert len(held.sets) == before + 1
    assert led.lead([dial], []) == ()
    assert held.sets[-1] == 1.0


def test_a_hand_moves_the_base_as_far_as_it_turns() -> None:
    held, led = Held(1.0), Led()
    dial = Dial(ZOOM, held.get, held.set)
    led.lead([dial], ["/view/zoom"])
    led.move({"/view/zoom": 1.25})
    held.value = 2.25
    assert led.move({"/view/zoom": 1.25})
    assert led.base(dial) == 2.0
    # What a controller asks for is the base itself.
    led.turn(dial, 3.0)
    assert led.base(dial) == 3.0
    assert led.lead([dial], ["/view/zoom"]) == ((dial, 3.0),)
    led.lead([dial], [])
    assert held.value == 3.0


def test_what_runs_by_itself_is_turned_by_nobody_and_stays() -> None:
    held, led = Held(0.2), Led()
    dial = Dial(POSITION, held.get, held.set, runs=True)
    led.lead([dial], ["/source/position"])
    for step in range(5):
        held.value = 0.9 + step / 100
        assert not led.move({"/source/position": 0.1 * step})
    assert led.base(dial) == 0.2
    sets = list(held.sets)
    led.lead([dial], [])
    assert held.sets == sets


def test_one_that_cannot_be_moved_is_named_and_the_others_go_on() -> None:
    def refuse(_: float) -> None:
        raise StudioError("Slot A is empty.")

    held, led = Held(1.0), Led()
    led.lead([Dial(SPEED, held.get, held.set), Dial(ZOOM, lambda: 1.0, refuse)], ["/source/speed", "/view/zoom"])
    led.move({"/source/speed": 2.0, "/view/zoom": 2.0})
    assert (held.value, led.refused) == (2.0, "Slot A is empty.")
    led.move({"/source/speed": 2.5})
    assert led.refused == ""


def test_one_that_cannot_go_back_stays_and_the_others_go() -> None:
    speed, zoom, led = Held(1.0), Held(1.0), Led()

    def refuse_one(value: float) -> None:
        if value == 1.0:
            raise StudioError("The slots hold presets of another network.")
        zoom.set(value)

    dials = [Dial(ZOOM, zoom.get, refuse_one), Dial(SPEED, speed.get, speed.set)]
    led.lead(dials, ["/source/speed", "/view/zoom"])
    led.move({"/source/speed": 2.0, "/view/zoom": 2.0})
    assert led.lead(dials, ()) == ()
    assert (speed.value, zoom.value) == (1.0, 2.0)


def test_what_changes_what_is_open_stays_where_it_is_and_makes_way_for_what_is_opened() -> None:
    held, led = Held(0.25), Led()
    dial = Dial(FADE, held.get, held.set, lead=held.set)
    led.lead([dial], ["/fade"])
    led.move({"/fade": 0.5})
    # Something is opened or undone: neither where routes of before have it nor where it is to be by those of now.
    led.leave()
    assert led.stays
    led.move({"/fade": 0.6}, is_old=True)
    led.move({"/fade": 0.7})
    led.move({"/fade": 0.7})
    assert held.sets == [0.5]
    assert not led.stays
    led.move({"/fade": 0.8})
    assert held.sets == [0.5, 0.8]
    assert led.lead([dial], []) == ()
    assert held.sets == [0.5, 0.8]


def test_one_that_is_moved_may_change_which_there_are() -> None:
    speed, zoom, split, led = Held(1.0), Held(1.0), Held(0.5), Led()

    def look(value: float) -> None:
        zoom.set(value)
        # As a mixture does that has other routes.
        led.lead(dials, ["/view/split", "/view/zoom"])

    dials = [Dial(SPEED, speed.get, speed.set), Dial(SPLIT, split.get, split.set), Dial(ZOOM, zoom.get, look)]
    led.lead(dials, ["/source/speed", "/view/zoom"])
    led.move({"/source/speed": 2.0, "/view/split": 0.75, "/view/zoom": 2.0})
    assert (speed.value, zoom.value, split.value) == (1.0, 2.0, 0.5)
    led.move({"/source/speed": 2.0, "/view/split": 0.75, "/view/zoom": 2.0})
    assert (speed.value, zoom.value, split.value) == (1.0, 2.0, 0.75)
    # And the first that goes back may do so, too.
    dials[2] = Dial(ZOOM, zoom.get, lambda value: (zoom.set(value), led.lead(dials, []))[0])
    led.lead(dials, [])
    assert (zoom.value, split.value) == (1.0, 0.5)


def test_names_find_what_can_move_and_give_the_base() -> None:
    document = Document(Preset("p", tiny_network(), {}))
    names, held = Namespace(document), Held(1.0)
    names.add(lambda: [Dial(SPEED, held.get, held.set)])
    assert {"/macro/1", "/source/speed"} <= {number.address for number in names.movable()}
    assert not any(number.address.startswith("/tempo/") for number in names.movable())
    assert names.number("/source/speed") is SPEED
    with pytest.raises(StudioError, match="no number at /view/zoom"):
        names.number("/view/zoom")
    assert names.lead(["/source/speed", "/view/zoom"]) == ((SPEED, 1.0),)
    names.led.move({"/source/speed": 2.0})
    names.turn("/source/speed", 1.5)
    assert (names.get("/source/speed"), held.value) == (1.5, 2.0)
    assert names.listed()["/source/speed"][1] == 2.0


def test_the_windows_numbers_have_addresses_of_their_own() -> None:
    addresses = [number.address for number in window_numbers()]
    assert len(set(addresses)) == len(addresses)
    assert {"/view/zoom", "/fade", "/morph/y", "/brush/radius", "/lesson/weight/l1", "/output/black"} <= set(addresses)


def route(number: int, target: str, depth: float = 0.3) -> Route:
    return Route(number, make_modulator("lfo", {}), target, depth)


def test_what_moves_the_crossfader_stays_in_the_hand() -> None:
    network = tiny_network()
    now = Preset("now", network, {}).with_section(ROUTES, (route(1, "/fade"), route(2, "/macro/2")))
    now = now.with_section(MACRO_BANK, (Macro(0.4, (Aim("/fade", 0.0, 1.0),)), *now.section(MACRO_BANK)[1:]))
    now = now.with_section(MAPPINGS, (Mapping("midi/1/cc/1", "/fade"), Mapping("midi/1/cc/2", "/macro/1")))
    mixed = Preset("mixed", network, {})
    mixed = mixed.with_section(ROUTES, (route(1, "/macro/3"), route(2, "/route/1/depth"), route(3, "/morph/x")))
    mixed = mixed.with_section(MAPPINGS, (Mapping("midi/1/cc/9", "/macro/5"), Mapping("midi/1/cc/8", "/morph/x")))
    found = steered(mixed, now)
    # Its own number goes on; the other gets another, and what led to it follows.
    targets = [(each.id, each.target) for each in found.section(ROUTES)]
    assert targets == [(1, "/fade"), (2, "/route/3/depth"), (3, "/macro/3")]
    assert found.section(MACRO_BANK)[0] == now.section(MACRO_BANK)[0]
    assert {each.signal for each in found.section(MAPPINGS)} == {"midi/1/cc/9", "midi/1/cc/1"}
    assert steered(mixed, Preset("bare", network, {})).section(ROUTES) == mixed.section(ROUTES)[:2]
