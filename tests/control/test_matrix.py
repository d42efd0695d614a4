"""Routes and macros at work."""

from __future__ import annotations

import itertools
import math

import pytest
from helpers import least_seconds, tiny_network
from hypothesis import given, settings
from hypothesis import strategies as st
from moving import modulators

from studio.bends import make_bend
from studio.control.matrix import Matrix
from studio.control.move import move
from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.movement.address import Number
from studio.model.movement.curve import Lag, Range
from studio.model.movement.modulator import Measurements, Modulator
from studio.model.movement.route import MACRO_BANK, ROUTES, Aim, Macro, Route, added, changed, kept_for, without
from studio.model.movement.tempo import Tempo
from studio.model.networks.preset import Preset
from studio.model.numbers import knobs
from studio.modulators import make_modulator
from studio.runtime.render.mover import matrix_of

A = Number("/bend/1/amount", "A", "number", 1.0, 0.0, 1.0)
B = Number("/bend/1/size", "B", "number", 2.0, 0.0, 64.0, safe=(0.0, 10.0))
C = Number("/bend/2/count", "C", "integer", 3.0, 1.0, 9.0)
NUMBERS = [(A, 0.5), (B, 4.0), (C, 3.0)]
SAW = make_modulator("lfo", {"shape": "saw up", "rate": 1.0})
SINE = make_modulator("lfo", {"rate": 1.0})


def test_a_route_moves_its_target_about_where_it_was_turned_to() -> None:
    matrix = Matrix(NUMBERS, (Route(1, SINE, A.address, 0.25),))
    assert matrix.values(0.25)[A.address] == pytest.approx(0.75)
    assert matrix.values(0.75)[A.address] == pytest.approx(0.25)
    assert matrix.turn(A.address, 0.9)
    assert matrix.values(1.25)[A.address] == 1.0
    assert matrix.values(1.75)[A.address] == pytest.approx(0.65)
    assert B.address not in matrix.values(2.0)


def test_many_sources_add_up_and_ranges_hold() -> None:
    routes = (
        Route(1, SINE, B.address, 0.2, lo=1.0),
        Route(2, SINE, B.address, 0.3, base=5.0, hi=9.0),
        Route(3, SAW, C.address, 1.0),
        Route(4, SINE, B.address, 9.0, on=False),
    )
    matrix = Matrix(NUMBERS, routes)
    # The reach of B is its safe range.
    assert matrix.values(0.25)[B.address] == pytest.approx(9.0)
    assert matrix.values(0.30)[B.address] == pytest.approx(min(9.0, 5 + 5 * math.sin(2 * math.pi * 0.3)))
    assert matrix.values(0.75)[B.address] == pytest.approx(1.0)
    found = {matrix.values(1 + k / 100)[C.address] for k in range(100)}
    assert found <= {float(k) for k in range(1, 10)}
    assert len(found) > 5


def test_a_macro_turns_many_numbers_and_can_be_moved_itself() -> None:
    bank = (Macro(0.25, (Aim(A.address, 1.0, 0.0), Aim(B.address, 0.0, 8.0))), *(Macro() for _ in range(7)))
    knob = Number("/macro/1", "Macro 1", "number", 0.0, 0.0, 1.0)
    still = Matrix([*NUMBERS, (knob, 0.25)], macros=bank)
    assert still
    assert not still.moves
    assert still.values(1.0) == {A.address: 0.75, B.address: 2.0}
    routes = (Route(1, SINE, "/macro/1", 0.5, base=0.5), Route(2, SINE, B.address, 0.1))
    moving = Matrix([*NUMBERS, (knob, 0.25)], routes, bank)
    found = moving.values(0.25)
    assert found["/macro/1"] == pytest.approx(1.0)
    assert found[A.address] == pytest.approx(0.0)
    assert found[B.address] == pytest.approx(9.0)


def test_a_route_can_move_a_route() -> None:
    depth = Number("/route/1/depth", "depth", "number", 0.3, -100, 100, safe=(-1, 1))
    rate = Number("/route/1/rate", "rate", "number", 0.5, 0, 100, safe=(0, 8))
    up = make_modulator("keyframes", {"keys": [(0.0, 0.0), (1.0, 1.0)]})
    routes = (
        Route(1, SINE, A.address, 0.0, base=0.0),
        Route(2, up, depth.address, 0.5),
        Route(3, up, rate.address, 0.0, base=0.25),
    )
    matrix = Matrix([*NUMBERS, (depth, 0.0), (rate, 1.0)], routes)
    found = matrix.values(1.0)
    assert found[depth.address] == pytest.approx(1.0)
    assert found[A.address] == pytest.approx(math.sin(2 * math.pi * 0.25))


@settings(max_examples=60)
@given(st.lists(modulators(), min_size=1, max_size=5), st.integers(1, 40))
def test_the_same_times_give_the_same_values_and_stay_in_range(sources: list[Modulator], frames: int) -> None:
    targets = [A.address, B.address, C.address]
    curves = (Range(from_lo=-1.0), Lag(seconds=0.1))
    routes = tuple(
        Route(k + 1, source, targets[k % 3], 0.7, curves=curves[: k % 3]) for k, source in enumerate(sources)
    )
    measured = Measurements({name: 0.5 for source in sources for name in source.signals()}, {"sound/onset": 0.2})
    matrix, other = Matrix(NUMBERS, routes), Matrix(NUMBERS, routes)
    first = [matrix.values(frame / 30, measured) for frame in range(frames)]
    assert [other.values(frame / 30, measured) for frame in range(frames)] == first
    matrix.reset()
    assert [matrix.values(frame / 30, measured) for frame in range(frames)] == first
    for values in first:
        for number, _ in NUMBERS:
            if number.address in values:
                assert values[number.address] == number.checked(values[number.address])
    # A time before the last begins anew.
    assert matrix.values(0.0, measured) == first[0]


def test_routes_to_nothing_and_to_the_tempo_do_nothing() -> None:
    bpm = Number("/tempo/bpm", "bpm", "number", 120, 20, 400)
    matrix = Matrix([(bpm, 120.0)], (Route(1, SINE, "/bend/9/amount"), Route(2, SINE, "/tempo/bpm")), tempo=Tempo())
    assert not matrix
    assert matrix.values(1.0) == {}


def test_a_matrix_made_anew_goes_on_where_the_one_before_was() -> None:
    routes = (Route(1, SAW, A.address, 0.5, curves=(Lag(seconds=1.0),)),)
    before = Matrix(NUMBERS, routes)
    values = [before.values(frame / 60)[A.address] for frame in range(60)]
    after = Matrix(NUMBERS, (*routes, Route(2, SINE, B.address)))
    after.keep(before)
    assert after.values(1.0)[A.address] == pytest.approx(before.values(1.0)[A.address])
    assert abs(after.values(61 / 60)[A.address] - values[-1]) < 0.02


def test_lists_of_routes() -> None:
    routes, first = added((), SINE, A.address, depth=0.1)
    routes, second = added(routes, SAW, B.address)
    assert (first.id, second.id) == (1, 2)
    assert changed(routes, 2, depth=-1.0)[1].depth == -1.0
    assert without(routes, 1) == (second,)
    with pytest.raises(StudioError, match="There is no route 3; there are 1, 2"):
        changed(routes, 3, depth=0.0)
    with pytest.raises(StudioError, match="its depth goes from"):
        changed(routes, 1, depth=1e4)
    with pytest.raises(StudioError, match="is above its largest"):
        changed(routes, 1, lo=2.0, hi=1.0)
    bank = (Macro(0.0, (Aim(A.address, 0, 1), Aim(C.address, 0, 1))),)
    left, kept = kept_for(routes, bank, ["/bend/1"])
    assert left == ()
    assert kept[0].aims == (Aim(C.address, 0, 1),)


def test_two_hundred_routes_cost_under_a_millisecond_of_processor_a_frame() -> None:
    names = ("sine", "triangle", "saw up", "square", "stepped random", "smooth random", "decay", "drift")
    sources = [make_modulator("lfo", {"shape": name, "rate": 0.3}) for name in names]
    sources += [make_modulator(name, {}) for name in ("drift", "sound", "keyframes", "envelope", "picture")]
    numbers = [(Number(f"/bend/{k}/x", "x", "number", 0.5, 0, 1), 0.5) for k in range(100)]
    routes = tuple(
        Route(k + 1, sources[k % len(sources)], f"/bend/{k % 100}/x", curves=(Lag(),) if k % 2 else ())
        for k in range(200)
    )
    matrix, measured = Matrix(numbers, routes), Measurements({"sound/level": 0.4}, {"sound/onset": 0.5})
    start = itertools.count()

    def second() -> None:
        at = next(start)
        for frame in range(60):
            matrix.values(at + frame / 60, measured)

    assert least_seconds(second) / 60 < 1e-3


def test_every_address_of_numbers_is_one_of_a_kind() -> None:
    from studio.io.presets import list_presets, load_preset

    preset = load_preset(list_presets()[0].path)
    found = [knob.number.address for knob in knobs(preset)]
    assert len(found) == len(set(found))
    assert {"/macro/1", "/macro/8", "/tempo/bpm"} <= set(found)


def test_numbers_of_curves_are_turned_by_routes_and_macros() -> None:
    document = Document(Preset("tiny", tiny_network(), {}))
    document.add_stage("enc", make_bend("Rotate", {"angle": 0.0}))
    routes, _ = move((), "/bend/1/angle", "lfo", shape="square", rate=0.001, range=(0.0, 1.0, 0.0, 0.5), depth=1.0)
    document.set_section(ROUTES, routes, "Move")
    assert document.get("/route/1/curve/1/hi") == 0.5
    document.set("/route/1/curve/1/hi", 0.25)
    lo, hi = document.number("/bend/1/angle").reach
    assert matrix_of(document.preset()).values(0.0)["/bend/1/angle"] == pytest.approx(0.25 * (hi - lo))
    bank = (Macro(0.5, (Aim("/route/1/curve/1/hi", 0.0, 0.2),)), *MACRO_BANK.default[1:])
    document.set_section(MACRO_BANK, bank, "Aim")
    assert matrix_of(document.preset()).values(0.0)["/bend/1/angle"] == pytest.approx(0.1 * (hi - lo))
    document.set_section(MACRO_BANK, MACRO_BANK.default, "None")
    held, target = document.section(ROUTES), "/route/1/curve/1/hi"
    routes, _ = move(held, target, "lfo", shape="square", rate=0.001, base=0.0, depth=0.1)
    document.set_section(ROUTES, routes, "Move")
    moved = matrix_of(document.preset()).values(0.0)
    assert moved["/bend/1/angle"] == pytest.approx(moved["/route/1/curve/1/hi"] * (hi - lo))
    with pytest.raises(StudioError, match="no number at"):
        document.get("/route/1/curve/2/hi")
