"""A network while it is being read from a foreign file: layers are added one by one, each checked at once."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

import numpy as np
from pydantic import ValidationError

from studio.errors import StudioError
from studio.io.manifest import file_name
from studio.io.networks import check_file_names
from studio.model.declared.explain import explain
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input, InputKind
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.op import Elementwise, Op
from studio.model.networks.shape import Array, Shape
from studio.ops import operator
from studio.ops._combined import Combined

MOST_LAYERS = 8192
_LONGEST_NAME = 100
_MOST_JOINED = 8


_most_numbers: ContextVar[tuple[float, float]] = ContextVar("_most_numbers", default=(math.inf, math.inf))


class TooMuchError(Exception):
    """A map has more numbers than `maps_up_to` allows, or the products of maps have."""


@contextmanager
def maps_up_to(count: int, products: float = math.inf) -> Iterator[None]:
    """Have drafts give up at the first map of more numbers, for who can do with a smaller picture.

    Args:
        count: of numbers in one map.
        products: of numbers in all products of two maps together: attention has one for each two places.
    """
    before = _most_numbers.set((count, products))
    try:
        yield
    finally:
        _most_numbers.reset(before)


@dataclass(frozen=True)
class Weight:
    """A tensor of the file, and what the file calls it; several names where they share one storage."""

    values: Array
    origin: tuple[str, ...] = ()


@dataclass
class Draft:
    """Layers, tensors and shapes so far.

    Attributes:
        nodes: the layers, in running order.
        weights: every tensor by its full name, ``layer.tensor``.
        shapes: shape of every input and layer for the size that the file was made for.
        notes: remarks for the person who imports.
        draws: of every random draw of the model, by its number, in which order its axes lie in the map of it.
        others: the layers of outputs that are kept beside the one that is the picture, in their order.
        views: layers that hold places of another layer's map, by that layer and what tells the places apart.
        counted: which operators of the file count to an end, and the shapes of what they make, by their results' names.
        lines: layers of one channel that hold the same in every column (1), in every row (2), or everywhere (0).
    """

    inputs: list[Input] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    weights: dict[str, Weight] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    draws: dict[int, tuple[int, ...]] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    views: dict[tuple[str, tuple[int, ...], bytes], str] = field(default_factory=dict)
    counted: dict[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _counts: dict[str, int] = field(default_factory=dict)
    _owners: dict[tuple[tuple[str, tuple[str, ...]], ...], str] = field(default_factory=dict)
    _products: int = 0

    def add_input(self, name: str, shape: Shape, value_range: tuple[float, float] = (0.0, 1.0)) -> str:
        """Add an input; the name it got."""
        name = self.unique(name)
        # A picture of one pixel is none: what has no extent is a vector.
        kind: InputKind = "vector" if shape[1:] == (1, 1) else "picture"
        self.inputs.append(Input(name, shape.channels, value_range, kind=kind))
        self.shapes[name] = shape
        return name

    def picture_size(self, put: Input) -> Size:
        """That of the pictures to which the map of an input belongs."""
        _, height, width = self.shapes[put.name]
        return Size(height * put.smaller.height, width * put.smaller.width)

    def shrink_states(self) -> None:
        """Have inputs that are smaller than the largest follow its size: they are states, beside its picture.

        Raises:
            StudioError: naming one that is no whole number of times smaller.
        """
        sizes = [Size(*self.shapes[put.name][1:]) for put in self.inputs if put.kind == "picture"]
        if len(set(sizes)) < 2:
            return
        whole = max(sizes, key=lambda size: size.pixels)
        for place, put in enumerate(self.inputs):
            size = Size(*self.shapes[put.name][1:])
            if put.kind != "picture" or size == whole:
                continue
            if any(side % own for side, own in zip(whole, size, strict=True)):
                raise StudioError(
                    f'Its input "{put.name}" is {size}, which is no whole number of times smaller than the picture of '
                    f"{whole}; export it for a picture whose sides the network's strides divide."
                )
            self.inputs[place] = replace(put, smaller=whole.divided(size))

    def add(
        self, op: str, *reads: str, name: str, tensors: Mapping[str, Weight] | None = None, **params: object
    ) -> str:
        """Add a layer; the name it got.

        A layer with the tensors of an earlier one, by the file's own names, shares them.

        Raises:
            StudioError: naming the layer, where the operator, a parameter, a tensor or an input does not fit.
            TooMuchError: within `maps_up_to`.
        """
        if len(self.nodes) >= MOST_LAYERS:
            raise StudioError(f"The model has more than {MOST_LAYERS} layers; the studio opens smaller ones.")
        while op == "Concat" and len(reads) > _MOST_JOINED:
            # Fragment shaders may read 16 textures: more are joined in groups first.
            groups = [reads[k : k + _MOST_JOINED] for k in range(0, len(reads), _MOST_JOINED)]
            reads = tuple(g[0] if len(g) == 1 else self.add(op, *g, name=f"{name}.part") for g in groups)
        name = self.unique(name)
        tensors = tensors or {}
        try:
            made = operator(op).model_validate(params)
            self._check_tensors(made, tensors)
            shape = made.output_shape(*(self.shapes[read] for read in reads))
        except ValidationError as error:
            raise StudioError(f'Layer "{name}" ({op}): {explain(error)}.') from error
        except StudioError as error:
            raise StudioError(f'Layer "{name}" ({op}): {error}') from error
        if min(shape) < 1:
            raise StudioError(f'Layer "{name}" ({op}): this input size leaves it no output; give a larger one.')
        self._products += math.prod(shape) if op == "MatMul" else 0
        most, most_products = _most_numbers.get()
        if math.prod(shape) > most or self._products > most_products:
            raise TooMuchError(name)
        self.nodes.append(self._node(name, made, reads, tensors))
        self.shapes[name] = shape
        if shape.channels == 1 and (along := self._line_of(made, reads)) is not None:
            self.lines[name] = along
        return name

    def unique(self, wanted: str) -> str:
        """A name that a file may have on every system and that no other layer has, as near to this one as can be."""
        name = re.sub(r"[^A-Za-z0-9_.-]+", "_", wanted).strip("._")[:_LONGEST_NAME] or "layer"
        try:
            file_name(name)
        except ValueError:
            name = f"layer_{name}"
        if len(self._taken) != len(self.shapes):
            self._taken = {other.lower() for other in self.shapes}
        found, count = name, self._counts.get(name.lower(), 1)
        while found.lower() in self._taken:
            found, count = f"{name}_{count}", count + 1
        self._counts[name.lower()] = count
        self._taken.add(found.lower())
        return found

    def network(self, name: str, output: str, output_range: tuple[float, float] = (0.0, 1.0)) -> Network:
        """What has been drafted, without the layers that the output does not need.

        Raises:
            StudioError: where the layers make no network.
        """
        if output in {i.name for i in self.inputs}:
            output = self.add("Identity", output, name="output")
        needed, queue = set[str](), [output, *self.others]
        by_name = {node.name: node for node in self.nodes}
        while queue:
            current = queue.pop()
            if current in by_name and current not in needed:
                needed.add(current)
                queue += by_name[current].inputs
                # The layer whose tensors it shares stays too: it holds them.
                queue += [owner] if (owner := by_name[current].tensors_of) else []
        nodes = tuple(node for node in self.nodes if node.name in needed)
        used = {name for node in nodes for name in node.inputs}
        inputs = tuple(i for i in self.inputs if i.name in used)
        graph = Graph(inputs or tuple(self.inputs), nodes, output, output_range)
        check_file_names(graph.tensor_shapes, "The model")
        return Network(name, graph, {full: self.weights[full].values for full in graph.tensor_shapes})

    def _line_of(self, op: Op, reads: tuple[str, ...]) -> int | None:
        """Along which side the values of a new layer go, as `lines` has it; None where along both, or not known."""
        if type(op).__name__ == "Coordinates":
            return 1 if op.model_dump()["axis"] == "height" else 2
        along = {self.lines.get(read) for read in reads}
        one_size = len({self.shapes[read].size for read in reads}) == 1
        if None in along or not one_size or not isinstance(op, Elementwise | Combined):
            return None
        kinds = {axis for axis in along if axis}
        return None if len(kinds) > 1 else next(iter(kinds), 0)

    def _check_tensors(self, op: Op, tensors: Mapping[str, Weight]) -> None:
        wanted = op.tensor_shapes()
        for key in wanted.keys() | tensors.keys():
            if key not in tensors or key not in wanted:
                raise StudioError(f'its tensor "{key}" is {"missing" if key in wanted else "not one it has"}.')
            if tensors[key].values.shape != wanted[key]:
                raise StudioError(f'its tensor "{key}" has shape {tensors[key].values.shape}, not {wanted[key]}.')
            if not np.isfinite(tensors[key].values).all():
                raise StudioError(f'its tensor "{key}" holds NaN or infinity; export the weights anew.')

    def _node(self, name: str, op: Op, reads: tuple[str, ...], tensors: Mapping[str, Weight]) -> Node:
        origins = tuple(sorted((key, weight.origin) for key, weight in tensors.items()))
        owner = self._owners.get(origins) if all(origin for _, origin in origins) else None
        if origins and owner is not None and self.op(owner) == op and self._are(owner, tensors):
            return Node(name, op, reads, tensors_of=owner)
        if origins and owner is not None:
            # The same numbers in another order, a table and its transpose: the file's name is the first one's.
            self._say_copied(name, owner, tensors)
            tensors = {key: Weight(weight.values) for key, weight in tensors.items()}
        self._owners.setdefault(origins, name)
        self.weights |= {f"{name}.{key}": weight for key, weight in tensors.items()}
        return Node(name, op, reads)

    def _say_copied(self, name: str, owner: str, tensors: Mapping[str, Weight]) -> None:
        """Remark on numbers that two layers have in common there, and each for itself here."""
        for key, weight in tensors.items():
            held = self.weights.get(f"{owner}.{key}")
            if held is None or held.values.size != weight.values.size:
                continue
            if np.array_equal(np.sort(held.values, axis=None), np.sort(weight.values, axis=None)):
                self.notes.append(
                    f'"{owner}" and "{name}" have one "{key}" in common there, and each its own here: an edit or a '
                    "lesson moves them apart."
                )

    def _are(self, owner: str, tensors: Mapping[str, Weight]) -> bool:
        held = {key: self.weights[f"{owner}.{key}"].values for key in tensors}
        return all(held[key] is w.values or np.array_equal(held[key], w.values) for key, w in tensors.items())

    def op(self, name: str) -> Op:
        """The operator of a layer."""
        return next(node.op for node in self.nodes if node.name == name)
