"""What has a number of its own gets one that a file may hold, whatever numbers the others have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from studio.bends import make_bend
from studio.control.blend import Blend, fade_shares
from studio.control.crossing import ADDRESSES
from studio.control.steering import steered
from studio.edits import make_edit
from studio.errors import StudioError
from studio.io.preset_file import section_from_json, section_to_json
from studio.model.bends import stages
from studio.model.declared.numbered import LARGEST_NUMBER, free_number
from studio.model.filters import live_edits
from studio.model.movement import route
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.preset import Preset
from studio.model.networks.section import Section
from studio.modulators import make_modulator
from studio.ops.conv import Conv2d

STEERED = min(ADDRESSES)

ROWS: dict[str, tuple[Section[Any], Callable[[Any], tuple[Any, Any]]]] = {
    "stage": (stages.STAGES, lambda row: stages.added(row, "a", make_bend("Invert", {}))),
    "route": (route.ROUTES, lambda row: route.added(row, make_modulator("LFO", {}), "/bend/1/amount")),
    "live edit": (live_edits.EDITS, lambda row: live_edits.added(row, "a.weight", make_edit("Negate", {}))),
}


def small() -> Network:
    op = Conv2d(in_channels=3, out_channels=3, kernel_size=3, padding=1)
    graph = Graph((Input("picture"),), (Node("a", op, ("picture",)),), "a")
    return Network("small", graph, {name: np.zeros(shape, np.float32) for name, shape in graph.tensor_shapes.items()})


def numbered(what: str, number: int) -> tuple[Any, ...]:
    """One, under this number."""
    _, add = ROWS[what]
    row, made = add(())
    object.__setattr__(made, "id", number)
    return tuple(row)


@pytest.mark.parametrize("what", ROWS)
def test_one_more_past_the_largest_number_gets_one_that_is_free_and_is_read_again(what: str) -> None:
    section, add = ROWS[what]
    row, first = add(numbered(what, LARGEST_NUMBER))
    row, second = add(row)
    assert (first.id, second.id) == (1, 2)
    written, version = section_to_json(section, row)
    _, again = section_from_json(section.name, written, version, small())
    assert [each.id for each in again] == [LARGEST_NUMBER, 1, 2]


@pytest.mark.parametrize("what", ROWS)
def test_one_more_is_past_all_others(what: str) -> None:
    _, add = ROWS[what]
    assert add(numbered(what, 41))[1].id == 42


@pytest.mark.parametrize(
    ("what", "changed"), [("stage", stages.changed), ("route", route.changed), ("live edit", live_edits.changed)]
)
def test_one_is_changed_in_its_place_and_one_that_is_not_there_is_said(what: str, changed: Callable[..., Any]) -> None:
    _, add = ROWS[what]
    row, _ = add(numbered(what, 7))
    assert [(each.id, each.on) for each in changed(row, 7, on=False)] == [(7, False), (8, True)]
    with pytest.raises(StudioError, match=f"There is no {what} 3; there are 7, 8"):
        changed(row, 3, on=False)


def test_the_first_number_is_one() -> None:
    assert free_number(()) == 1


def test_fades_and_steering_give_numbers_that_a_file_may_hold() -> None:
    first, second = (
        Preset(kind, network, {}).with_section(stages.STAGES, (stages.Stage(LARGEST_NUMBER, "a", make_bend(kind, {})),))
        for network in (small(),)
        for kind in ("Invert", "Noise")
    )
    mixed = Blend((first, second)).at(fade_shares(0.5))
    assert sorted(each.id for each in mixed.section(stages.STAGES)) == [1, LARGEST_NUMBER]
    steers = route.Route(LARGEST_NUMBER, make_modulator("LFO", {}), STEERED)
    moves = route.Route(LARGEST_NUMBER, make_modulator("LFO", {}), "/bend/1/amount")
    now, fade = (first.with_section(route.ROUTES, (each,)) for each in (steers, moves))
    found = steered(fade, now).section(route.ROUTES)
    assert {(each.id, each.target) for each in found} == {(1, "/bend/1/amount"), (LARGEST_NUMBER, STEERED)}


def test_each_route_of_a_fade_whose_number_steers_gets_another_of_its_own() -> None:
    preset = Preset("one", small(), {})
    steers, moves = (
        tuple(route.Route(number, make_modulator("LFO", {}), target) for number in (1, 2))
        for target in (STEERED, "/bend/1/amount")
    )
    fade, now = (preset.with_section(route.ROUTES, each) for each in (moves, steers))
    assert sorted(each.id for each in steered(fade, now).section(route.ROUTES)) == [1, 2, 3, 4]
