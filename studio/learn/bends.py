"""Bends of activations in a network that learns through them: each as layers of operators, which have derivatives.

::

    enc1 ──┬── layers of the bend ── guard ── less enc1, times channels, mask, amount ── plus enc1 ── act1
           └──────────────────────────────────────────────────────────────────────────────┘

A bend that jumps, remembers other frames, or whose derivative is unknown, is left out, and it is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.learn.objective import Sketch
from studio.model.bends.lowering import check_names
from studio.model.bends.stage import Guard, Luma, Painted, Stage, of_layers
from studio.model.declared.size import Size
from studio.model.networks.network import Network
from studio.model.networks.op import Op
from studio.model.networks.shape import Array, Shape
from studio.ops import operator
from studio.ops._gathered import Gathered, tables
from studio.ops._staged import LUMA, share_at
from studio.ops.given import GivenMap

_LEAST = 1e-12
"""Added to a mean square before its root, which has no slope at zero."""


@dataclass(frozen=True)
class Bent:
    """A network with bends behind its layers.

    Attributes:
        network: the network; what reads a layer reads what its last bend makes of it.
        stages: those that are in it.
        left_out: those that work, and are not, each with why, in a sentence.
    """

    network: Network
    stages: tuple[Stage, ...]
    left_out: tuple[str, ...]


def with_bends(network: Network, size: Size, stages: Iterable[Stage]) -> Bent:
    """The network with these bends, for inputs of this size; itself where none works.

    Raises:
        StudioError: where one does not fit the network.
    """
    graph, given = network.graph, tuple(stages)
    check_names(graph, given)
    chains = of_layers(tuple(stage for stage in given if stage.on and stage.amount > 0.0))
    if not chains:
        return Bent(network, (), ())
    if graph.states:
        return Bent(network, (), ("Bends are left out: the network has a state, which they would bend in every step.",))
    shapes = graph.shapes({put.name: size for put in graph.inputs})
    draft = Sketch(network, {put.name: shapes[put.name] for put in graph.inputs}, [*graph.inputs], [], {}, "", "")
    # What is read in the place of each layer.
    handed = {put.name: put.name for put in graph.inputs}
    taken: list[Stage] = []
    left_out: list[str] = []
    for node in graph.nodes:
        draft.nodes.append(replace(node, inputs=tuple(handed[name] for name in node.inputs)))
        draft.shapes[node.name] = shapes[node.name]
        at = node.name
        for stage in chains.get(node.name, ()):
            adding = _Adding(draft, node.name, handed)
            try:
                with draft.all_or_nothing():
                    at = adding.stage(at, stage)
                taken.append(stage)
            except _WithoutError as why:
                left_out.append(f"{stage.name} is left out while it learns: {why}.")
        handed[node.name] = at
    whole = replace(graph, nodes=tuple(draft.nodes), output=handed[graph.output])
    made = replace(network, graph=whole, tensors={**network.tensors, **draft.tensors})
    return Bent(made, tuple(taken), tuple(left_out))


class _WithoutError(Exception):
    """Why a network cannot learn through a bend."""


class _Adding:
    """Adds the layers of one stage; `studio.model.bends.bend.Layers` for its bend.

    Args:
        draft: the network in the making.
        layer: the layer that the stage stands behind.
        handed: what is read in the place of every layer before it.
    """

    def __init__(self, draft: Sketch, layer: str, handed: dict[str, str]) -> None:
        self._draft, self._layer, self._handed = draft, layer, handed
        self._map = layer
        self.other = ""

    def stage(self, x: str, stage: Stage) -> str:
        """Add a stage behind this map; what it hands on."""
        self._map, bend = x, stage.bend
        shape = self.shape(x)
        try:
            bend.check(shape)
            chosen = stage.channels.chosen(shape.channels)
        except StudioError as error:
            raise StudioError(f"{stage.name}: {error}.") from None
        if not chosen.any():
            return x
        if bend.other == "layer":
            self.other = self._known(stage.source or "")
        if bend.memory() is not None or bend.other == "picture":
            raise _WithoutError("crops are single pictures, in no order")
        share = None if stage.mask is None else self._mask(stage.mask, shape.size)
        made = bend.layers(self, x)
        if made is None:
            raise _WithoutError("the studio knows no derivative of it")
        held = self._held(x, made, stage.guard)
        if share is None and stage.amount == 1.0 and chosen.all():
            return held
        more = self.add("Sub", held, x)
        if share is not None:
            more = self.add("Mul", more, share)
        if not chosen.all():
            more = self.add("Mul", more, self.given(chosen.astype(np.float32)[:, None, None]))
        return self.add("Add", x, self.add("Affine", more, scale=stage.amount))

    # -- what a bend adds by ------------------------------------------------------------------------------------------

    def shape(self, name: str) -> Shape:
        """See `studio.model.bends.bend.Layers.shape`."""
        return self._draft.shapes[name]

    def add(self, kind: str, /, *reads: str, **params: Any) -> str:
        """See `studio.model.bends.bend.Layers.add`."""
        return self._put(operator(kind).model_validate(params), *reads)

    def given(self, values: Array) -> str:
        """See `studio.model.bends.bend.Layers.given`."""
        channels, height, width = values.shape
        op = GivenMap(channels=channels, height=height, width=width, fixed=True)
        held = np.ascontiguousarray(values.reshape(channels, 1, height, width), np.float32)
        return self._draft.add(op, self._map, tensors={"map": held}, of=self._layer)

    def gathered(self, name: str, places: Array, shares: Array) -> str:
        """See `studio.model.bends.bend.Layers.gathered`."""
        held = tables(places, shares, self.shape(name).size)
        return self._put(Gathered(), name, *(self.given(each) for each in held))

    def _put(self, op: Op, *reads: str) -> str:
        return self._draft.add(op, *reads, of=self._layer)

    # -- what is alike for all bends ----------------------------------------------------------------------------------

    def _known(self, name: str) -> str:
        if name not in self._handed:
            raise _WithoutError(f'"{name}" runs behind it')
        return self._handed[name]

    def _mask(self, mask: Painted | Luma, size: Size) -> str:
        """(1, H, W), how much is bent at every place."""
        if isinstance(mask, Painted):
            return self.given(share_at(mask, size))
        seen = self._known(mask.source)
        count = self.shape(seen).channels
        if count == len(LUMA):
            seen = self.add("MatMul", seen, self.given(np.array(LUMA, np.float32)[:, None, None]))
        elif count > 1:
            seen = self.add("Mean", seen, dim="channels")
        span = mask.high - mask.low
        if span:
            seen = self.add("Hardtanh", self.add("Affine", seen, scale=1 / span, shift=-mask.low / span), min_val=0.0)
        else:
            seen = self.add("Compare", seen, how="ge", value=mask.low)
        small = tuple(min(pair) for pair in zip(self.shape(seen).size, size, strict=True))
        if small != tuple(self.shape(seen).size):
            seen = self.add("AdaptiveAvgPool2d", seen, output_size=small)
        return seen if small == tuple(size) else self.add("Upsample", seen, size=tuple(size), mode="bilinear")

    def _held(self, x: str, made: str, guard: Guard) -> str:
        """What the guard makes of it; a step that is not finite is not taken in any case."""
        if guard.kind == "deviation":
            mean = self.add("Mean", x)
            reach = self.add("Affine", self._size(self.add("Sub", x, mean)), scale=guard.times)
            least, most = self.add("Sub", mean, reach), self.add("Add", mean, reach)
            return self.add("Minimum", self.add("Maximum", made, least), most)
        if guard.kind == "norm":
            return self.add("Mul", made, self.add("Div", self._size(x), self._size(made)))
        return made

    def _size(self, name: str) -> str:
        """The root of every channel's mean square."""
        square = self.add("Mean", self.add("Mul", name, name))
        return self.add("Sqrt", self.add("Affine", square, shift=_LEAST))
