"""From a network with bypassed layers and stages to what an engine runs: a pure function, and its result.

A layer with stages is run under another name, and its last stage under the layer's, so that what reads the layer reads
the bent map and nothing else changes::

    enc1 ── act1               enc1>made ── enc1>7 ── enc1 ── act1
                                            stage 7   stage 3
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from studio.errors import StudioError, choices
from studio.model.bends.stage import Luma, Painted, Stage, after, layer_of, made, of_layers
from studio.model.bends.staged import Staged
from studio.model.networks.graph import Graph, in_order
from studio.model.networks.node import Node
from studio.model.networks.shape import Shape


@dataclass(frozen=True)
class Running:
    """What an engine runs for a network.

    Attributes:
        nodes: in an order in which they can run.
        shapes: of the map of every input and node, and of every map that is handed in besides.
        names: what may be looked at that is no node's own name, and the node whose map it is.
        painted: the map of every painted mask, by its name.
        borrowed: the names of the maps that stages are lent, by stage.
    """

    nodes: tuple[Node, ...] = ()
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    painted: Mapping[str, Painted] = field(default_factory=dict)
    borrowed: Mapping[int, str] = field(default_factory=dict)

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each node comes in the order."""
        return {node.name: place for place, node in enumerate(self.nodes)}

    def node_of(self, name: str) -> str:
        """The node or input whose map this name means: a layer's is what it hands on."""
        return self.names.get(name, name)

    def downstream(self, name: str) -> tuple[Node, ...]:
        """This node and all that read it, directly or not, in order."""
        reached = {name}
        for node in self.nodes:
            if reached.intersection(node.inputs):
                reached.add(node.name)
        return tuple(node for node in self.nodes if node.name in reached)


def lower(
    graph: Graph,
    bypassed: Mapping[str, Node],
    stages: Iterable[Stage],
    shapes: Mapping[str, Shape],
    lent: Mapping[int, Shape] | None = None,
) -> Running:
    """What runs for this network.

    Args:
        graph: the network.
        bypassed: what runs in the place of every layer that is bypassed.
        stages: of all layers, those of each in their order; those that are off are left out.
        shapes: of the maps of its inputs and layers: what a bypassed layer makes as well.
        lent: the shape of the map that each stage has been lent. One that needs a map of a second picture, and has
            none, is left out.

    Raises:
        StudioError: naming the stage that does not fit.
    """
    given = tuple(stages)
    check_names(graph, given)
    chains = of_layers(given)
    found = _Lowering(dict(shapes), dict(lent or {}))
    for node in graph.nodes:
        found.add(bypassed.get(node.name, node), chains.get(node.name, ()))
    known = found.shapes.keys() - {node.name for node in found.nodes}
    try:
        nodes = in_order(known, found.nodes)
    except StudioError:
        raise StudioError(_circle(graph, given)) from None
    return Running(nodes, found.shapes, found.names, found.painted, found.borrowed)


def check_names(graph: Graph, stages: Sequence[Stage]) -> None:
    """Raise StudioError where two stages have one number, or one names a layer that there is not."""
    known = {node.name for node in graph.nodes}
    maps = known | {i.name for i in graph.inputs}
    numbers: set[int] = set()
    for stage in stages:
        if stage.id in numbers:
            raise StudioError(f"Two stages have the number {stage.id}; each needs one of its own.")
        numbers.add(stage.id)
        if not stage.on:  # it may wait for what is missing
            continue
        if stage.layer not in known:
            there = choices((node.name for node in graph.nodes), stage.layer)
            raise StudioError(f'{stage.name}: there is no layer "{stage.layer}"; this network has {there}.')
        if stage.bend.other == "layer" and stage.source is None:
            raise StudioError(f"{stage.name} takes the map of another layer; say which.")
        if stage.bend.other != "layer" and stage.source is not None:
            raise StudioError(f'{stage.name} takes no map of another layer; leave its source "{stage.source}" out.')
        read = [stage.source] if stage.bend.other == "layer" else []
        for name in [*read, *([stage.mask.source] if isinstance(stage.mask, Luma) else [])]:
            if name not in maps:
                there = choices((*(i.name for i in graph.inputs), *(node.name for node in graph.nodes)), name or "")
                raise StudioError(
                    f'{stage.name}: there is no layer or input "{name}" to take a map from; there are {there}.'
                )


def check_fit(graph: Graph, stages: Sequence[Stage]) -> None:
    """Raise StudioError, naming the stage, where no engine would take these, for a picture of usual size.

    Stages that wait for a second picture are looked at as if they had been lent its maps.
    """
    check_names(graph, stages)
    if shapes := graph.usual_shapes:
        lower(graph, {}, stages, shapes, {stage.id: shapes[stage.layer] for stage in stages if stage.layer in shapes})


class _Lowering:
    def __init__(self, shapes: dict[str, Shape], lent: dict[int, Shape]) -> None:
        self.nodes: list[Node] = []
        self.shapes = shapes
        self.names: dict[str, str] = {}
        self.painted: dict[str, Painted] = {}
        self.borrowed: dict[int, str] = {}
        self._lent = lent

    def add(self, node: Node, stages: Sequence[Stage]) -> None:
        layer, shape = node.name, self.shapes[node.name]
        working = [stage for stage in stages if stage.on and (stage.bend.other != "picture" or stage.id in self._lent)]
        at = made(layer) if working else layer
        self.names[made(layer)] = at
        self.shapes[at] = shape
        owner = node.tensors_of if node.borrowed or not working else node.owner
        self.nodes.append(replace(node, name=at, tensors_of=owner))
        for stage in stages:
            if stage in working:
                name = layer if stage is working[-1] else after(layer, stage.id)
                self.nodes.append(self._staged(name, at, stage, shape))
                at = name
                self.shapes[at] = shape
            self.names[after(layer, stage.id)] = at

    def _staged(self, name: str, reads: str, stage: Stage, shape: Shape) -> Node:
        own = after(stage.layer, stage.id)
        inputs, other = [reads], None
        try:
            stage.bend.check(shape)
        except StudioError as error:
            raise StudioError(f"{stage.name}: {error}") from None
        if stage.bend.other == "layer":
            assert stage.source is not None
            inputs.append(stage.source)
            other = self.shapes[stage.source]
        elif stage.bend.other == "picture":
            self.borrowed[stage.id] = f"{own}~lent"
            inputs.append(self.borrowed[stage.id])
            other = self.shapes[inputs[-1]] = self._lent[stage.id]
        memory = stage.bend.memory()
        for delay in memory.delays if memory else ():
            inputs.append(f"{own}~past{delay}")
            self.shapes[inputs[-1]] = shape
        mask = None
        if isinstance(stage.mask, Painted):
            inputs.append(f"{own}~mask")
            self.painted[inputs[-1]] = stage.mask
            mask = self.shapes[inputs[-1]] = Shape(1, *stage.mask.values.shape)
        elif stage.mask is not None:
            inputs.append(stage.mask.source)
            mask = self.shapes[stage.mask.source]
        op = Staged(stage=stage, channels=shape.channels, other=other, mask=mask)
        assert op.chosen.shape == (shape.channels,)
        return Node(name, op, tuple(inputs))


def _circle(graph: Graph, stages: Sequence[Stage]) -> str:
    """Which stage takes a map that is made from what it bends."""
    for stage in stages:
        for name in (stage.source, stage.mask.source if isinstance(stage.mask, Luma) else None):
            if stage.on and name is not None and name in graph.downstream([stage.layer]):
                return f'{stage.name} takes the map of "{name}", which is made from what it bends; take an earlier one.'
    layers = ", ".join(dict.fromkeys(layer_of(stage.layer) for stage in stages))
    return f"The stages behind {layers} take maps of each other in a circle; choose earlier layers."
