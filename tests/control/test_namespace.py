"""All numbers under one roof: the document's are undone, the others turned at once; a turn of a knob is one item."""

from __future__ import annotations

import pytest
from helpers import tiny_network

from studio.bends import make_bend
from studio.control.namespace import Namespace
from studio.control.window import window_numbers
from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.movement.address import Dial, Number
from studio.model.networks.preset import Preset

SPEED = Number("/source/speed", "Speed", "number", 1.0, 0.1, 4.0)


class Player:
    speed = 1.0

    def set_speed(self, speed: float) -> None:
        self.speed = speed


@pytest.fixture
def document() -> Document:
    made = Document(Preset("p", tiny_network(), {}))
    made.add_stage("enc", make_bend("Rotate", {}))
    return made


def test_a_fader_over_a_whole_number_of_the_window_reaches_more_than_its_default_and_the_next() -> None:
    whole = [number for number in window_numbers() if number.kind == "integer" and number.hi > 1]
    assert {"/lesson/cosine", "/lesson/steps"} <= {number.address for number in whole}
    for number in whole:
        low, high = number.reach
        # One seed is as good as the next.
        assert high - low > 1 or number.address.endswith("/seed"), number.address


def test_numbers_of_all_owners_are_listed_read_and_turned(document: Document) -> None:
    player, names = Player(), Namespace(document)
    names.add(lambda: [Dial(SPEED, lambda: player.speed, player.set_speed)])
    assert {"/bend/1/angle", "/source/speed", "/tempo/bpm"} <= names.numbers().keys()
    names.set("/source/speed", 2)
    names.set("/bend/1/angle", 90)
    assert (player.speed, names.get("/source/speed"), names.get("/bend/1/angle")) == (2.0, 2.0, 90.0)
    assert document.history.labels[-1] == "Rotate angle"
    document.undo()
    assert (names.get("/bend/1/angle"), player.speed) == (30.0, 2.0)
    names.set("/bend/1/angle", 5)
    names.reset("/bend/1/angle")
    names.reset("/source/speed")
    assert (names.get("/bend/1/angle"), player.speed) == (30.0, 1.0)
    with pytest.raises(StudioError, match=r"/source/speed takes a number from 0\.1 to 4, not 9"):
        names.set("/source/speed", 9)
    with pytest.raises(StudioError, match="Did you mean /source/speed"):
        names.get("/source/sped")


def test_a_turn_of_a_knob_is_one_item_of_the_history(document: Document) -> None:
    names, before = Namespace(document), len(document.history.labels)
    for angle in range(50):
        names.turn("/bend/1/angle", angle)
    names.turn("/bend/1/amount", 0.5)
    assert document.unsaved
    names.settle()
    names.settle()
    assert len(document.history.labels) == before + 1
    document.undo()
    assert (names.get("/bend/1/angle"), names.get("/bend/1/amount")) == (30.0, 1.0)
    # A stroke by hand ends the turn; the next turn is another item.
    names.turn("/bend/1/angle", 1)
    document.set_bypassed("act", True)
    names.turn("/bend/1/angle", 2)
    names.settle()
    assert document.history.labels[-3:] == ("Turn Rotate angle", "Bypass act", "Turn Rotate angle")
