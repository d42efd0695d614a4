"""A network as data: named layers with explicit inputs, in an order in which they can run."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Literal

from studio.errors import StudioError, choices
from studio.model.declared.plugins import guarded
from studio.model.declared.size import Size
from studio.model.networks.graph_checks import check_borrowing, check_inputs, check_sharing, check_states
from studio.model.networks.inputs import ANY, ChannelOrder, Input
from studio.model.networks.node import Node
from studio.model.networks.shape import Scale, Shape

_USUAL = Size(256, 256)
_LARGEST_SQUARE = 1024


Colour = Literal["own", "input"]


@dataclass(frozen=True)
class Graph:
    """Layers in running order, from inputs to one output.

    Raises StudioError, naming the layer, for a doubled or unknown name, a cycle, a wrong number of inputs, or tensors
    shared with a layer of another kind. Layers may be given in any order; ``nodes`` holds them sorted so that each
    comes after what it reads.

    Attributes:
        inputs: what it is fed.
        nodes: the layers.
        output: the layer whose map is the picture.
        output_range: the values that are shown as black and white.
        output_order: of the three channels of the output.
        colour: "input" for a network of luma, whose output of one channel is shown in the colour of the picture it is
            fed; "own" where it makes its colours itself, or is grey.
    """

    inputs: tuple[Input, ...]
    nodes: tuple[Node, ...]
    output: str
    output_range: tuple[float, float] = (0.0, 1.0)
    output_order: ChannelOrder = "rgb"
    colour: Colour = "own"
    _by_name: dict[str, Node] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", _sorted(self.inputs, self.nodes))
        object.__setattr__(self, "_by_name", {node.name: node for node in self.nodes})
        for node in self.nodes:
            check_sharing(node, self._by_name.get(node.owner))
        for node in self.nodes:
            check_borrowing(node, self.tensor_shapes)
        if self.output not in self._by_name:
            raise StudioError(f'The network names "{self.output}" as its output, but has no such layer.')
        for put in self.states:
            if put.comes_from not in self._by_name:
                raise StudioError(
                    f'The state "{put.name}" comes from the layer "{put.comes_from}", which the network does not have.'
                )

    @cached_property
    def states(self) -> tuple[Input, ...]:
        """The inputs that the network makes itself, step by step."""
        return tuple(put for put in self.inputs if put.kind == "state")

    def node(self, name: str) -> Node:
        """The layer of this name; StudioError lists the names there are."""
        if name not in self._by_name:
            raise StudioError(f'There is no layer "{name}"; this network has {choices(self._by_name, name)}.')
        return self._by_name[name]

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    @cached_property
    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every tensor by its full name, ``layer.tensor``; shared ones once, under their owner's."""
        own = [node for node in self.nodes if node.tensors_of is None and not node.borrowed]
        return {f"{n.name}.{key}": shape for n in own for key, shape in n.op.tensor_shapes().items()}

    def users(self, layer: str) -> frozenset[str]:
        """The layers that use this layer's tensors, itself among them."""
        return self._users.get(layer, frozenset())

    @cached_property
    def _users(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for node in self.nodes:
            owners = {name.rpartition(".")[0] for _, name in node.borrowed} or {node.owner}
            for owner in owners:
                found.setdefault(owner, set()).add(node.name)
        return {owner: frozenset(names) for owner, names in found.items()}

    def shapes(self, sizes: Mapping[str, Size]) -> dict[str, Shape]:
        """Shape of every input and layer when the pictures have these sizes (height, width); vectors need none.

        Raises:
            StudioError: naming the layer whose inputs do not fit, or the input that takes another size alone.
        """
        for put in self.inputs:
            if put.size is not None and sizes[put.name] != put.size:
                raise StudioError(f'The input "{put.name}" takes pictures of {put.size} alone, not {sizes[put.name]}.')
            if put.has_size and put.nearest(sizes[put.name]) != sizes[put.name]:
                raise StudioError(f'The input "{put.name}" takes {put.bounds}, not pictures of {sizes[put.name]}.')
            if put.has_size and any(n % by for n, by in zip(sizes[put.name], put.steps, strict=True)):
                raise StudioError(
                    f'The input "{put.name}" takes widths that are multiples of {put.steps.width} and heights of '
                    f"{put.steps.height}, not {sizes[put.name]}."
                )
        found = {i.name: Shape(i.channels, *(i.map_size(sizes[i.name]) if i.has_size else (1, 1))) for i in self.inputs}
        for node in self.nodes:
            try:
                with guarded(node.op):
                    found[node.name] = node.op.output_shape(*(found[name] for name in node.inputs))
            except StudioError as error:
                raise StudioError(f'Layer "{node.name}" ({type(node.op).__name__}): {error}') from None
            if min(found[node.name]) < 1:
                size = " and ".join(str(found[name].size) for name in node.inputs)
                raise StudioError(
                    f'Layer "{node.name}" ({type(node.op).__name__}): an input of {size} leaves it no output; '
                    "use a larger picture."
                )
        check_states(self.states, found)
        if self.colour == "input" and found[self.output].channels != 1:
            raise StudioError(
                "The network keeps the colour of its picture, so that its output must be luma, of 1 channel, not "
                f'{found[self.output].channels}; set "colour" of its output to "own".'
            )
        return found

    @cached_property
    def usual_shapes(self) -> Mapping[str, Shape]:
        """Shape of every input and layer for a picture of usual size; empty where none fits."""
        size = self.fitting_size(self.usual_size)
        try:
            return self.shapes({i.name: size for i in self.inputs})
        except StudioError:
            return {}

    @cached_property
    def usual_size(self) -> Size:
        """The only size of pictures that it takes; else 256×256, or what is nearest to that of those that it takes."""
        return self.nearest(_USUAL)

    def nearest(self, size: Size) -> Size:
        """The only size of pictures that it takes; else what is nearest to this one within its inputs' bounds."""
        size = self.only_size or size
        for put in self.inputs:
            size = put.nearest(size) if put.has_size else size
        return size

    @cached_property
    def longest(self) -> int | None:
        """The longest side that pictures of either format may have; None where they may have any."""
        ends = [most for put in self.inputs for _, most in (put.heights, put.widths) if most and put.has_size]
        return min(ends, default=None)

    def downstream(self, names: Iterable[str]) -> frozenset[str]:
        """The given layers or inputs and every layer that reads them, directly or not."""
        reached = set(names)
        for node in self.nodes:
            if reached.intersection(node.inputs):
                reached.add(node.name)
        return frozenset(reached)

    @cached_property
    def scales(self) -> dict[str, Scale | None]:
        """Size of every layer's map relative to the input (height, width), borders aside.

        None where it does not follow the input's: a vector and what is made of it, a mean over space, a map resized to
        a given size. Where branches meet, the one that follows the input says how large both are.
        """
        found: dict[str, Scale | None] = {
            i.name: (Fraction(1, i.smaller.height), Fraction(1, i.smaller.width)) if i.has_size else None
            for i in self.inputs
        }
        for node in self.nodes:
            own, leads = node.op.size_ratio(), node.op.follows
            reads = node.inputs if leads is None else node.inputs[leads : leads + 1]
            read = next(filter(None, (found[name] for name in reads)), None)
            found[node.name] = (read[0] * own[0], read[1] * own[1]) if own and read else None
        return found

    @cached_property
    def multiple(self) -> Size:
        """What height and width must be multiples of, so that every stride divides evenly."""
        sides: list[tuple[int, int]] = [put.multiple for put in self.inputs]  # (of the height, of the width)
        for name, scale in self.scales.items():
            if scale:
                sides.append((scale[0].denominator, scale[1].denominator))
            read = self.scales[self._by_name[name].inputs[0]] if name in self._by_name else None
            if read:
                y, x = self._by_name[name].op.multiples()
                # So many pixels of the layer's input are n / scale of the picture's.
                sides.append(((y / read[0]).numerator, (x / read[1]).numerator))
        return Size(math.lcm(*(y for y, _ in sides)), math.lcm(*(x for _, x in sides)))

    def fitting_size(self, size: Size) -> Size:
        """The size to pad a picture to: as it is where the output comes out whole, else the next multiple up.

        A network that takes the picture but not the padded one, since it takes certain sizes alone, gets it as it is.
        """
        if self._comes_out_whole(size) or any(i.size is not None for i in self.inputs):
            return size
        padded = Size(*(-(-length // step) * step for length, step in zip(size, self.multiple, strict=True)))
        return size if self._accepts(size) and not self._accepts(padded) else padded

    @cached_property
    def only_size(self) -> Size | None:
        """That of the only pictures that a network of fixed size takes; None where others fit, too.

        It is what an input says; else, of a network of before inputs said so, the first square size that fits.
        """
        said = next((i.size for i in self.inputs if i.size is not None), None)
        return said or (None if self.square_size is None else Size(self.square_size, self.square_size))

    @cached_property
    def square_size(self) -> int | None:
        """The side of the square pictures that a network of fixed size takes.

        Weights of a layer behind a `Flatten`, or a map of a given size, or made of a vector, that meets one that is
        not, fit pictures of one size alone. None where no layer fixes the size, or where it takes no square picture.
        """
        if all(node.op.size_ratio() for node in self.nodes) and all(i.has_size for i in self.inputs):
            return None
        if any(i.bounds for i in self.inputs):
            free = tuple(replace(i, heights=ANY, widths=ANY) for i in self.inputs)
            return replace(self, inputs=free).square_size
        step = math.lcm(*self.multiple)
        sides = itertools.chain(range(step, _LARGEST_SQUARE + 1, step), range(1, _LARGEST_SQUARE + 1))
        side = next((side for side in sides if self._accepts(Size(side, side))), None)
        return side if side is not None and not self._accepts(Size(2 * side, 2 * side)) else None

    def _accepts(self, size: Size) -> bool:
        try:
            self.shapes({i.name: size for i in self.inputs})
        except StudioError:
            return False
        return True

    def _comes_out_whole(self, size: Size) -> bool:
        if not self._accepts(size) or self.scales[self.output] is None:
            return self._accepts(size)
        shape = self.shapes({i.name: size for i in self.inputs})[self.output]
        return shape.size == self.output_size(size)

    def output_size(self, size: Size) -> Size:
        """Size of the picture that belongs to an input of this size: what is cropped from the padded output.

        Raises:
            StudioError: where the output's size follows only from running the network, which does not take this size.
        """
        scale = self.scales[self.output]
        if scale is None:
            shape = self.shapes({i.name: self.fitting_size(size) for i in self.inputs})[self.output]
            return shape.size
        return Size(max(1, round(size.height * scale[0])), max(1, round(size.width * scale[1])))


def _sorted(inputs: tuple[Input, ...], nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    if not inputs:
        raise StudioError("The network has no input.")
    names = [i.name for i in inputs] + [n.name for n in nodes]
    if len(set(names)) < len(names):
        doubled = next(name for name in names if names.count(name) > 1)
        raise StudioError(f'Two layers or inputs are called "{doubled}"; each needs a name of its own.')
    known = set(names)
    for node in nodes:
        check_inputs(node, known)
    return in_order((i.name for i in inputs), nodes)


def in_order(known: Iterable[str], nodes: Iterable[Node]) -> tuple[Node, ...]:
    """These layers, each after what it reads; as they were given wherever that already runs.

    Args:
        known: what there is before any of them.
        nodes: the layers; all that they read is known or among them.

    Raises:
        StudioError: for layers that read each other in a circle.
    """
    made, given = set(known), tuple(nodes)
    missing = [set(node.inputs) - made for node in given]
    readers: dict[str, list[int]] = {}
    for place, names in enumerate(missing):
        for name in names:
            readers.setdefault(name, []).append(place)
    # Of those that can run the first one given: a heap of places.
    ready = [place for place, names in enumerate(missing) if not names]
    order: list[Node] = []
    while ready:
        node = given[heapq.heappop(ready)]
        order.append(node)
        for place in readers.pop(node.name, ()):
            missing[place].discard(node.name)
            if not missing[place]:
                heapq.heappush(ready, place)
    if len(order) < len(given):
        circle = (node.name for node, names in zip(given, missing, strict=True) if names)
        raise StudioError(f"These layers read each other in a circle: {', '.join(circle)}.")
    return tuple(order)
