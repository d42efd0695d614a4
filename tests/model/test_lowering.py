"""From a network, its bypasses and its stages to what runs, without an engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers import branched_network

from studio.errors import StudioError
from studio.model.bends.bend import Bend, Memory
from studio.model.bends.lowering import Running, lower
from studio.model.bends.stage import ChannelList, Luma, Painted, Stage, after, made
from studio.model.bends.staged import Staged
from studio.model.declared.size import Size
from studio.model.networks.shape import Shape
from studio.ops._pass_through import PassThrough
from studio.ops._pass_through import bypassed as replaced


class Plain(Bend):
    label = "Plain"
    shader = "plain"


class Remembers(Bend):
    label = "Remembers"
    shader = "remembers"

    def memory(self) -> Memory:
        return Memory("output", (1, 3))


class FromLayer(Bend):
    label = "From layer"
    shader = "from_layer"
    other = "layer"


class FromPicture(Bend):
    label = "From picture"
    shader = "from_picture"
    other = "picture"


GRAPH = branched_network().graph
SHAPES = GRAPH.shapes({"input": Size(8, 8)})


def run(*stages: Stage, bypassed: tuple[str, ...] = (), lent: dict[int, Shape] | None = None) -> Running:
    return lower(GRAPH, {name: replaced(GRAPH.node(name), SHAPES[name]) for name in bypassed}, stages, SHAPES, lent)


def wiring(running: Running) -> dict[str, tuple[str, ...]]:
    return {node.name: node.inputs for node in running.nodes}


def test_a_network_as_it_is_runs_as_it_is() -> None:
    found = run()

    assert found.nodes == GRAPH.nodes
    assert found.node_of(made("mid")) == found.node_of("mid") == "mid"


def test_the_last_stage_takes_the_layers_name_and_nothing_after_it_changes() -> None:
    found = run(Stage(7, "mid", Plain()), Stage(3, "mid", Plain()))
    own = wiring(found)

    assert own["mid>made"] == ("act",)
    assert own["mid>7"] == ("mid>made",)
    assert own["mid"] == ("mid>7",)
    assert {n: i for n, i in own.items() if not n.startswith("mid")} == {
        node.name: node.inputs for node in GRAPH.nodes if node.name != "mid"
    }
    assert found.node_of(after("mid", 3)) == "mid"
    assert found.shapes["mid>made"] == SHAPES["mid"]
    made_by = next(node for node in found.nodes if node.name == "mid>made")
    assert (made_by.op, made_by.owner) == (GRAPH.node("mid").op, "mid")


def test_a_stage_that_is_off_is_not_there_but_keeps_its_name() -> None:
    off = replace(Stage(7, "mid", Plain()), on=False)

    assert run(off).nodes == GRAPH.nodes
    assert run(off).node_of(after("mid", 7)) == "mid"
    both = run(off, Stage(3, "mid", Plain()))
    assert both.node_of(after("mid", 7)) == "mid>made"


def test_a_bypassed_layer_passes_on_what_its_stages_then_bend() -> None:
    found = run(Stage(1, "up", Plain()), bypassed=("up",))
    up = next(node for node in found.nodes if node.name == "up>made")

    assert isinstance(up.op, PassThrough)
    assert found.shapes["up"] == SHAPES["up"]


def test_a_stage_reads_the_map_from_elsewhere_earlier_maps_and_its_mask() -> None:
    mask = Painted(np.ones((5, 6), np.float32))
    found = run(
        Stage(1, "join", FromLayer(), source="enc", mask=Luma(source="input")), Stage(2, "up", Remembers(), mask=mask)
    )
    own = wiring(found)

    assert own["join"] == ("join>made", "enc", "input")
    assert own["up"] == ("up>made", "up>2~past1", "up>2~past3", "up>2~mask")
    assert found.shapes["up>2~mask"] == (1, 5, 6)
    assert found.painted == {"up>2~mask": mask}


def test_a_layer_that_would_run_later_runs_before_the_stage_that_takes_its_map() -> None:
    found = run(Stage(1, "enc", FromLayer(), source="skip"))

    assert found.places["skip"] < found.places["enc"] < found.places["act"]


@pytest.mark.parametrize("source", ["enc", "act", "out"])
def test_a_map_that_is_made_from_what_is_bent_is_refused(source: str) -> None:
    with pytest.raises(StudioError, match=r"Stage 1 .*made from what it bends"):
        run(Stage(1, "enc", FromLayer(), source=source))


def test_a_stage_waits_for_the_map_that_it_is_lent() -> None:
    stage = Stage(4, "mid", FromPicture())

    assert run(stage).nodes == GRAPH.nodes
    found = run(stage, lent={4: Shape(9, 3, 2)})
    assert wiring(found)["mid"] == ("mid>made", "mid>4~lent")
    assert found.borrowed == {4: "mid>4~lent"}


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ((Stage(1, "nowhere", Plain()),), 'no layer "nowhere"'),
        ((Stage(1, "enc", Plain()), Stage(1, "mid", Plain())), "Two stages have the number 1"),
        ((Stage(1, "enc", FromLayer()),), "say which"),
        ((Stage(1, "enc", FromLayer(), source="gone"),), 'no layer or input "gone"'),
        ((Stage(1, "enc", Plain(), source="skip"),), 'takes no map of another layer; leave its source "skip" out'),
        ((Stage(1, "enc", Plain(), mask=Luma(source="gone")),), 'no layer or input "gone"'),
        ((Stage(1, "enc", Plain(), channels=ChannelList(channels=(6,))),), "channel 6 is not among 0 to 5"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_stages_name(stages: tuple[Stage, ...], words: str) -> None:
    with pytest.raises(StudioError, match=words):
        run(*stages)


def test_every_pass_of_a_stage_reads_what_there_is() -> None:
    """Whatever is combined: guards, masks, memory, maps from elsewhere."""
    for bend in (Plain(), Remembers(), FromLayer()):
        for mask in (None, Luma(source="input"), Painted(np.ones((2, 2), np.float32))):
            for kind in ("none", "finite", "deviation", "norm"):
                stage = Stage(1, "join", bend, mask=mask, source="enc" if bend.other else None)
                stage = replace(stage, guard=stage.guard.model_copy(update={"kind": kind}))
                node = next(node for node in run(stage).nodes if node.name == "join")
                assert isinstance(node.op, Staged)
                passes = node.op.scratch(*(SHAPES["join"] for _ in node.inputs))
                for number, each in enumerate(passes):
                    assert each.reads is not None
                    assert all(0 <= n < len(node.inputs) + number for n in each.reads)
                reads = node.op.reads(len(passes))
                assert reads[0] == 0
                assert max(reads) < len(node.inputs) + len(passes)
