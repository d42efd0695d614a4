"""The two ends of an ONNX graph: what its inputs are, and which of its outputs is the picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.io.importers._draft import Draft
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._state_pairs import hand_on
from studio.io.importers._traced.calls import add_input
from studio.io.importers._values.views import Value, first, is_last, move, reshaped
from studio.model.declared.size import Size
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto, ValueInfoProto

USUAL_SIZE = Size(256, 256)
"""Of pictures whose size a file leaves open."""
_PICTURE = (1, 3, 4)
_LAST_TO_FIRST = [0, 3, 1, 2]
_FIRST_TO_LAST = [0, 2, 3, 1]
_IDLE = ("Cast", "Identity", "Dropout", "Sub", "Add", "Mul", "Div", "ImageScaler")
_CHANNELS_FIRST = (
    "Conv",
    "ConvTranspose",
    "QLinearConv",
    "InstanceNormalization",
    "BatchNormalization",
    "DepthToSpace",
)
_LEAST_SIDE = 16
_CLOSING = ("Cast", "Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Clip", "Round", "Floor", "Ceil")
_MOST_NAMES = 6
_BYTES = (0.0, 255.0)
_NUMBER = ([1], [0])  # of an input that is one number for each picture, a time or a class


@dataclass(frozen=True)
class Ends:
    """What a graph says of its inputs and outputs.

    Attributes:
        graph: it.
        asked: the output that the person names; empty where none.
        whole: whether its other outputs are kept as well, as states of the next step.
    """

    graph: GraphProto
    asked: str = ""
    whole: bool = False

    @cached_property
    def readers(self) -> dict[str, list[NodeProto]]:
        """What reads each value."""
        found: dict[str, list[NodeProto]] = defaultdict(list)
        for node in self.graph.node:
            for name in node.input:
                found[name].append(node)
        return found

    @cached_property
    def makers(self) -> dict[str, NodeProto]:
        """What makes each value."""
        return {name: node for node in self.graph.node for name in node.output if name}

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the graph's outputs."""
        return tuple(put.name for put in self.graph.output)

    @property
    def any_size(self) -> bool:
        """Whether an input of four dimensions leaves two of them, besides the batch, open."""
        open_ = [sum(not d.dim_value for d in put.type.tensor_type.shape.dim[1:]) for put in self.graph.input]
        return max(open_, default=0) >= 2

    @property
    def only_size(self) -> Size | None:
        """Of its pictures, where the file fixes it, and it is the same for all."""
        named = {put.name: [dim.dim_value for dim in put.type.tensor_type.shape.dim] for put in self.graph.input}
        maps = {name: [1, *dims][-4:] for name, dims in named.items() if len(dims) in (3, 4) and self.readers[name]}
        sizes = {Size(*dims[1:3] if self._is_channels_last(name, dims) else dims[2:]) for name, dims in maps.items()}
        return sizes.pop() if len(sizes) == 1 and all(map(all, sizes)) else None

    @cached_property
    def output(self) -> str:
        """The output that is taken: what is asked for, else the first that may be a picture.

        Raises:
            StudioError: where no value has the name that is asked for.
        """
        if self.asked:
            if self.asked not in self.makers and self.asked not in self.outputs:
                raise StudioError(f'it has no output "{self.asked}"; it has {listed(self.outputs)}.')
            return self.asked
        if not self.outputs:
            raise StudioError("it names no output; export it anew.")
        fed = [put.name for put in self.graph.input]
        states = {name for name in self.outputs if self.whole and hand_on(fed, [name])}
        return str(min(self.graph.output, key=lambda put: (put.name in states, _unlike_a_picture(put))).name)

    @property
    def others(self) -> tuple[str, ...]:
        """The outputs that are kept beside the one that is taken."""
        return tuple(name for name in self.outputs if name != self.output) if self.whole else ()

    @cached_property
    def needed(self) -> list[NodeProto]:
        """The operators that this output needs, and others that are kept, in running order."""
        wanted, names = [], {self.output, *self.others} - {""}
        for node in reversed(self.graph.node):
            if names.intersection(node.output):
                wanted.append(node)
                names.update(name for name in node.input if name)
                names.update(_read_within(node))
        return wanted[::-1]

    @cached_property
    def closing(self) -> frozenset[str]:
        """Values behind which nothing but moves, bounds and roundings follow: bytes, where a picture is made of it."""
        found, name = set(), self.output
        while (node := self.makers.get(name)) is not None and node.op_type in _CLOSING and node.input:
            found.add(name)
            name = node.input[0]
            if len(self.readers[name]) > 1:
                break
        return frozenset(found)

    @property
    def output_range(self) -> tuple[float, float] | None:
        """0..255 where the output is made bytes; None where nothing says."""
        from onnx import TensorProto

        makers = (self.makers[name] for name in self.closing)
        kinds = {a.i for node in makers if node.op_type == "Cast" for a in node.attribute if a.name == "to"}
        return _BYTES if TensorProto.UINT8 in kinds else None

    def input(self, draft: Draft, put: ValueInfoProto, size: Size | None) -> Value:
        """Add an input of the graph to the draft, as the graph sees it.

        Args:
            draft: what it is added to.
            put: the input.
            size: of its pictures, where the person gives it.

        Raises:
            StudioError: where it is neither a picture nor a vector.
        """
        from onnx import TensorProto

        kind, sizes = put.type.tensor_type.elem_type, [dim.dim_value for dim in put.type.tensor_type.shape.dim]
        floats = (0, TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16)
        if kind not in (*floats, TensorProto.UINT8) and sizes not in _NUMBER:
            raise StudioError(
                f'its input "{put.name}" takes whole numbers, which no picture or vector is; export it with an input '
                "of floats."
            )
        if kind == TensorProto.UINT8:
            draft.notes.append(f'Its input "{put.name}" takes bytes, so black was taken to be 0 and white 255.')
        if not sizes and put.type.tensor_type.HasField("shape"):
            raise StudioError(f'its input "{put.name}" is a bare number of shape (); export it with one of shape (1,).')
        value_range = _BYTES if kind == TensorProto.UINT8 else (0.0, 1.0)
        if len(sizes) == 2 or sizes in _NUMBER:
            return add_input(draft, put.name, (1, *sizes[1:]))
        if len(sizes) not in (3, 4):
            many = "1 dimension" if len(sizes) == 1 else f"{len(sizes)} dimensions"
            raise StudioError(
                f'its input "{put.name}" has {many}; a picture has 4 of them: export it with frames, '
                "if there are, as channels."
            )
        sizes, rank = [1, *sizes][-4:], len(sizes)
        last = self._is_channels_last(put.name, sizes)
        if last:
            sizes = [sizes[0], sizes[3], sizes[1], sizes[2]]
            draft.notes.append(f'The channels of its input "{put.name}" come last; they were put first.')
        height, width = size or Size(0, 0)
        shape = Shape(sizes[1] or 3, height or sizes[2] or USUAL_SIZE.height, width or sizes[3] or USUAL_SIZE.width)
        name = draft.add_input(put.name, shape, value_range)
        value = Value((1, *shape), name)
        value = move(draft, value, lambda x: x.transpose(0, 2, 3, 1)) if last else value
        return value if rank == 4 else reshaped(value, value.shape[1:])

    def _is_channels_last(self, name: str, sizes: Sequence[int]) -> bool:
        readers = self._behind_idle(name)
        turns = [list(a.ints) for node in readers if node.op_type == "Transpose" for a in node.attribute]
        if turns or any(node.op_type in _CHANNELS_FIRST for node in readers):
            return _LAST_TO_FIRST in turns
        is_large = all(side == 0 or side >= _LEAST_SIDE for side in sizes[1:3])
        return sizes[3] in _PICTURE and sizes[1] not in _PICTURE and is_large

    def gives_channels_last(self, shape: tuple[int, ...]) -> bool:
        """Whether an output that may have its channels last is such a picture: as its input, or as it is turned."""
        turns = [self.makers[name] for name in self.closing if self.makers[name].op_type == "Transpose"]
        if any(list(a.ints) == _FIRST_TO_LAST for node in turns for a in node.attribute):
            return True
        sizes = [[dim.dim_value for dim in put.type.tensor_type.shape.dim] for put in self.graph.input]
        named = zip(self.graph.input, sizes, strict=True)
        if any(self._is_channels_last(put.name, each) for put, each in named if len(each) == 4):
            return True
        return shape[3] in _PICTURE and shape[1] not in _PICTURE and min(shape[1:3]) >= _LEAST_SIDE

    def _behind_idle(self, name: str, depth: int = 0) -> list[NodeProto]:
        found = []
        for node in self.readers[name]:
            idle = node.op_type in _IDLE and depth < len(_IDLE)
            found += self._behind_idle(node.output[0], depth + 1) if idle else [node]
        return found


def map_of_output(flow: Flow, value: Value, ends: Ends) -> str:
    """The layer whose map is the output, whatever the order and number of its axes."""
    shape = value.shape
    if len(shape) == 3:
        value = reshaped(value, (1, *shape))
    if _lies_last(flow.draft, value) and ends.gives_channels_last(value.shape):
        flow.draft.notes.append("The channels of its output come last; they were put first.")
        value = first(flow.draft, value)
    return flow.map_of(value)


def _lies_last(draft: Draft, value: Value) -> bool:
    """Whether one place of a map is a row along the last axis of (1, H, W, C), rather than along the second."""
    if is_last(draft, value):
        return True
    if len(value.shape) != 4 or value.index is None:
        return False
    _, height, width = draft.shapes[value.node]
    places = value.index % (height * width)
    return bool((places == places[..., :1]).all()) and not bool((places == places[:, :1]).all())


def listed(names: Sequence[str]) -> str:
    """At most six names for a message."""
    shown = ", ".join(names[:_MOST_NAMES])
    return shown + (f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else "")


def _unlike_a_picture(put: ValueInfoProto) -> int:
    sizes = [dim.dim_value for dim in put.type.tensor_type.shape.dim]
    if not sizes:
        return 1
    if len(sizes) != 4:
        return 3
    return 0 if sizes[1] in _PICTURE or sizes[3] in _PICTURE else 2


def _read_within(node: NodeProto) -> set[str]:
    """What the branches of a node read of what lies outside."""
    inner = [graph for a in node.attribute for graph in (a.g, *a.graphs)]
    nodes = [n for graph in inner for n in graph.node]
    names = {name for n in nodes for name in n.input} | {put.name for graph in inner for put in graph.output}
    return names.union(*map(_read_within, nodes)) if nodes else names
