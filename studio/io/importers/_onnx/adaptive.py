"""Adaptive pooling as PyTorch's exporter of ONNX writes it: ONNX has no operator for it, so it is spelt out.

Where windows that stand side by side do at the example's size, a plain pool of such windows is written. Where not, all
are gathered, what lies past the shorter ones is set to zero, and the rest is added up value by value::

    x ─ Transpose ─ GatherND ─ Transpose ─┬─ ReduceMean
                                          └─ Where ─ ... ─ Gather, Add, Gather, Add ... ─ Div

Both are written as one node of a domain of the studio's own, which is then read as what it was in PyTorch.
"""

from __future__ import annotations

import contextlib
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._onnx.table import Handler, OnnxNode, known, table
from studio.io.importers._values.views import Numbers, Value

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

DOMAIN = "studio"
"""Of the nodes that stand for what was spelt out."""

_POOLS = {"AveragePool": "AdaptiveAvgPool2d", "MaxPool": "AdaptiveMaxPool2d"}
_TOLD = ("adaptive_avg_pool", "adaptive_max_pool", "AdaptiveAvgPool", "AdaptiveMaxPool")
_LAST, _FIRST = [2, 3, 0, 1], [4, 5, 0, 1, 2, 3]
_BETWEEN = ("Reshape", "Flatten", "Squeeze", "Identity", "Dropout", "Relu")
_MOST_BETWEEN = 6
_MOST_HELD = 16


def joined(graph: GraphProto) -> None:
    """Have every adaptive pool that is spelt out in a graph be one node of it."""
    if not any(node.op_type in ("GatherND", *_POOLS) for node in graph.node):
        return
    seen, within = _Seen.of(graph), set[str]()
    is_free = not all(d.dim_value for put in graph.input for d in put.type.tensor_type.shape.dim[1:])
    for node in graph.node:
        if node.op_type == "GatherND" and (found := _Windows.begun(seen, node)) is not None:
            within |= found.join(is_free=is_free)
        elif is_free and node.op_type in _POOLS and not node.domain and _is_adaptive(node):
            with contextlib.suppress(IndexError):
                _join_even(seen, node)
    if within:
        kept = [node for node in graph.node if within.isdisjoint(node.output)]
        del graph.node[:]
        graph.node.extend(kept)


def meaning(node: NodeProto) -> Handler:
    """What one of these nodes means.

    Raises:
        StudioError: where a file has another one of this domain.
    """
    if node.op_type not in _MEANINGS:
        raise StudioError(f"it is an operator of {node.domain}'s own, which the studio does not know.")
    return _MEANINGS[node.op_type]


@dataclass(frozen=True)
class _Seen:
    """A graph's nodes by what they read and make.

    Attributes:
        makers: by the name of each value.
        readers: of each value.
        held: its constants of few numbers.
        shapes: of its tensors, and of what its nodes make where the file says them whole but for the first axis.
        outputs: its own.
    """

    makers: Mapping[str, NodeProto]
    readers: Mapping[str, list[NodeProto]]
    held: Mapping[str, Numbers]
    shapes: Mapping[str, Sequence[int]]
    outputs: frozenset[str]

    @staticmethod
    def of(graph: GraphProto) -> _Seen:
        from onnx import numpy_helper

        readers: dict[str, list[NodeProto]] = defaultdict(list)
        for node in graph.node:
            for name in node.input:
                readers[name].append(node)
        makers = {name: node for node in graph.node for name in node.output if name}
        tensors = [(tensor.name, tensor) for tensor in graph.initializer if not tensor.external_data]
        tensors += [(name, a.t) for name, node in makers.items() for a in node.attribute if a.name == "value"]
        held = {}
        for name, tensor in tensors:
            # What is damaged is told of where it is needed.
            with contextlib.suppress(TypeError, ValueError):
                if math.prod(tensor.dims) <= _MOST_HELD:
                    held[name] = np.asarray(numpy_helper.to_array(tensor))
        told = {info.name: [d.dim_value for d in info.type.tensor_type.shape.dim] for info in graph.value_info}
        shapes = {name: tuple(dims) for name, dims in told.items() if all(dims[1:])}
        shapes |= {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
        return _Seen(makers, readers, held, shapes, frozenset(put.name for put in graph.output))

    def only_reader(self, name: str) -> NodeProto | None:
        """What alone reads a value that is no output."""
        found = self.readers.get(name, [])
        return found[0] if len(found) == 1 and name not in self.outputs else None


@dataclass
class _Windows:
    """Windows that are gathered and reduced.

    Attributes:
        seen: the graph.
        gathered: what gathers them.
        masks: of what lies past the shorter ones.
        within: the nodes that they are made by.
        last: the one that ends with what is pooled.
        counts: what sums are divided by; empty where a mean is taken.
    """

    seen: _Seen
    gathered: NodeProto
    masks: list[str] = field(default_factory=list)
    within: list[NodeProto] = field(default_factory=list)
    last: NodeProto | None = None
    counts: str = ""

    @classmethod
    def begun(cls, seen: _Seen, node: NodeProto) -> _Windows | None:
        """What a node begins that gathers windows; None where it is something else, or damaged."""
        with contextlib.suppress(IndexError, KeyError):
            return cls._begun(seen, node)
        return None

    @classmethod
    def _begun(cls, seen: _Seen, node: NodeProto) -> _Windows | None:
        before, behind = seen.makers.get(node.input[0]), seen.only_reader(node.output[0])
        if before is None or behind is None or any(a.name == "batch_dims" and a.i for a in node.attribute):
            return None
        if _order(before) != _LAST or _order(behind) != _FIRST:
            return None
        found = cls(seen, node, within=[node, behind])
        return found if found._follow(behind.output[0]) else None

    def join(self, *, is_free: bool) -> set[str]:
        """Have the last node stand for all of this; what the others make, which nobody needs any more."""
        from onnx import helper

        assert self.last is not None
        x, index = self.seen.makers[self.gathered.input[0]].input[0], self.gathered.input[1]
        reads = [x, index, self.counts, *self.masks]
        name = self.last.name
        made = helper.make_node("Windows", reads, self.last.output, name, domain=DOMAIN, is_free=int(is_free))
        self.last.CopyFrom(made)
        return {name for node in self.within for name in node.output}

    def _follow(self, name: str) -> bool:
        """Whether what follows reduces them; all that is read of them is noted."""
        while (node := self.seen.only_reader(name)) is not None:
            if node.op_type == "ReduceMean":
                self.last = node
                return self._is_over_windows(node)
            zero = self.seen.held.get(node.input[1]) if node.op_type == "Where" else None
            if zero is None or zero.size != 1 or zero.any() or node.input[2] != name:
                return False
            self.masks.append(node.input[0])
            self.within.append(node)
            name = node.output[0]
        return bool(self.masks) and self._add_up(name)

    def _is_over_windows(self, node: NodeProto) -> bool:
        said = {a.name: a for a in node.attribute}
        axes = self.seen.held.get(node.input[1]) if len(node.input) > 1 else np.array(said["axes"].ints)
        keeps = "keepdims" not in said or said["keepdims"].i
        return axes is not None and sorted(int(axis) % 6 for axis in axes.ravel()) == [3, 5] and not keeps

    def _add_up(self, name: str) -> bool:
        """Whether each value of a window is taken once, and added."""
        values: dict[str, tuple[int, int]] = {}
        for row in self.seen.readers.get(name, []):
            if (i := self._picked(row, name, 3)) is None:
                return False
            self.within.append(row)
            for value in self.seen.readers.get(row.output[0], []):
                if (j := self._picked(value, row.output[0], 4)) is None:
                    return False
                self.within.append(value)
                values[value.output[0]] = (i, j)
        high, wide = (1 + max((place[k] for place in values.values()), default=-1) for k in (0, 1))
        if {*values.values()} != {(i, j) for i in range(high) for j in range(wide)} or len(values) < 2:
            return False
        left = dict(values)
        total = next(name for name, place in values.items() if place == (0, 0))
        del left[total]
        while left:
            added = self.seen.only_reader(total)
            if added is None or added.op_type != "Add" or {*added.input} - {total} - left.keys():
                return False
            for each in added.input:
                left.pop(each, None)
            self.within.append(added)
            total = added.output[0]
        self.last = self.seen.only_reader(total)
        if self.last is None or self.last.op_type != "Div" or self.last.input[0] != total:
            return False
        self.counts = self.last.input[1]
        return True

    def _picked(self, node: NodeProto, name: str, axis: int) -> int | None:
        """Which one of an axis a node picks."""
        of = next((a.i for a in node.attribute if a.name == "axis"), 0)
        place = self.seen.held.get(node.input[1]) if node.op_type == "Gather" else None
        if place is None or place.size != 1 or of != axis or node.input[0] != name or name in self.seen.outputs:
            return None
        return int(place.item())


def _order(node: NodeProto) -> list[int]:
    return next((list(a.ints) for a in node.attribute if a.name == "perm"), []) if node.op_type == "Transpose" else []


def _is_adaptive(node: NodeProto) -> bool:
    """Whether the exporter says that a pool was an adaptive one, and its windows stand side by side."""
    told = " ".join(entry.value for entry in node.metadata_props)
    said = {a.name: list(a.ints) for a in node.attribute}
    whole = said.get("kernel_shape") == said.get("strides") and not any(said.get("pads", ()))
    return whole and len(said.get("kernel_shape", ())) == 2 and any(word in told for word in _TOLD)


def _join_even(seen: _Seen, node: NodeProto) -> None:
    """Have a pool be an adaptive one; with the sides of what it makes, or how many values, where the file says so."""
    from onnx import helper

    name, count = node.output[0], 0
    if len(made := seen.shapes.get(name, ())) == 4:
        node.attribute.append(helper.make_attribute("sides", made[2:]))
    for _ in range(_MOST_BETWEEN):
        behind = seen.only_reader(name)
        if behind is None or behind.op_type not in _BETWEEN:
            count = 0 if behind is None else _count(seen, behind)
            break
        name = behind.output[0]
    node.attribute.extend([helper.make_attribute("count", count), helper.make_attribute("kind", node.op_type)])
    node.domain, node.op_type = DOMAIN, "Pool"


def _count(seen: _Seen, node: NodeProto) -> int:
    """How many values a matrix takes; 0 where a node is none."""
    shape = seen.shapes.get(node.input[1], ()) if node.op_type in ("Gemm", "MatMul") else ()
    is_turned = any(a.name == "transB" and a.i for a in node.attribute)
    return shape[-1 if is_turned else 0] if len(shape) == 2 else 0


# -- what they mean -----------------------------------------------------------------------------------------------


def _windows(f: Flow, n: OnnxNode) -> Value:
    index = known(n.at(1))
    if len(n.x.shape) != 4 or index.ndim != 5 or index.shape[-1] != 2:
        raise StudioError("it adds up windows of no picture.")
    sides = [(n.x.shape[2], index[:, :, 0, 0, 0]), (n.x.shape[3], index[0, 0, :, :, 1])]
    whole = np.stack(np.broadcast_arrays(sides[0][1][:, :, None, None], sides[1][1][None, None]), -1)
    starts, lengths = zip(*(_adaptive(side, len(places)) for side, places in sides), strict=True)
    fits = np.array_equal(whole, index)
    fits &= all(np.array_equal(places[:, 0], start) for (_, places), start in zip(sides, starts, strict=True))
    # How many values a window without a mask is said to have; of a file for any size that is the example's rule.
    said = [np.full_like(length, places.shape[1]) for (_, places), length in zip(sides, lengths, strict=True)]
    for place in range(3, len(n.inputs)):
        mask = known(n.at(place))
        axis = 0 if mask.ndim == 4 else 1
        past = np.arange(sides[axis][1].shape[1])[None] >= lengths[axis][:, None]
        fits &= mask.size == past.size and np.array_equal(mask.reshape(past.shape), past)
        said[axis] = lengths[axis]
    if n.get(2) is not None:
        fits &= np.array_equal(np.broadcast_to(known(n.at(2)), (len(starts[0]), len(starts[1]))), np.outer(*said))
    if not n.attributes.get("is_free"):
        fits &= all(np.array_equal(*pair) for pair in zip(said, lengths, strict=True))
        fits &= all((length <= places.shape[1]).all() for (_, places), length in zip(sides, lengths, strict=True))
    if not fits:
        raise StudioError("it adds up windows that are not those of an adaptive pool, which is not supported.")
    return f.layer("AdaptiveAvgPool2d", n.x, output_size=(len(starts[0]), len(starts[1])))


def _adaptive(side: int, out: int) -> tuple[Numbers, Numbers]:
    """Where each window of an adaptive pool begins along a side, and how long it is."""
    k = np.arange(out)
    starts = k * side // out
    return starts, -(-(k + 1) * side // out) - starts


def _even(f: Flow, n: OnnxNode) -> Value | list[Value]:
    kind = n.attributes["kind"].decode()
    if n.outputs == 1 and (sides := n.attributes.get("sides")):
        return f.layer(_POOLS[kind], n.x, output_size=tuple(sides))
    side = math.isqrt(n.attributes["count"] // n.x.shape[1])
    if side and side * side * n.x.shape[1] == n.attributes["count"] and n.outputs == 1:
        if side > 1:
            _say(f, f"An adaptive pool was taken for one to {side}×{side}: the file says how many values alone.")
        return f.layer(_POOLS[kind], n.x, output_size=(side, side))
    high, wide = n.attributes["kernel_shape"]
    note = f"An adaptive pool was written with windows of {wide}×{high}, those of the size that it was exported at; "
    note += "at other sizes it is another than in PyTorch."
    _say(f, note)
    return table()[kind](f, replace(n, kind=kind))


def _say(f: Flow, note: str) -> None:
    if note not in f.draft.notes:
        f.draft.notes.append(note)


_MEANINGS: dict[str, Handler] = {"Windows": _windows, "Pool": _even}
