"""ONNX models, operator sets 7 to today's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import StudioError
from studio.io.folders import is_file
from studio.io.importers._draft import Draft
from studio.io.importers._meanings.arith import PLACES
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.simplify import simplify
from studio.io.importers._meanings.unpool import Spots
from studio.io.importers._onnx import file as file_of
from studio.io.importers._onnx.adaptive import DOMAIN, joined, meaning
from studio.io.importers._onnx.batches import read_for_one
from studio.io.importers._onnx.ends import USUAL_SIZE, Ends, listed, map_of_output
from studio.io.importers._onnx.expand import expanded
from studio.io.importers._onnx.fold import folded
from studio.io.importers._onnx.states import state_sizes
from studio.io.importers._onnx.table import OnnxNode, table
from studio.io.importers._sizes.sides import made_of, size_worked_in, sizes_within
from studio.io.importers._sizes.twice import read_twice
from studio.io.importers._state import hands_on
from studio.io.importers._state_pairs import hand_on
from studio.io.importers._values.views import Value, constant
from studio.io.importers._words import way_on, words
from studio.io.importers.base import Imported, Known, Options, check_size, finished
from studio.io.stored import Stored, stored
from studio.model.declared.size import Size

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

_CONTROL = ("Loop", "Scan")
_RECKONS = words("Add Sub Mul Div Pow Mod Min Max Clip Less LessOrEqual Greater GreaterOrEqual Equal")
_OWN = ("", "ai.onnx", "com.microsoft")
_PREVIEW = "ai.onnx.preview"  # of which everything is defined by other operators
# What TensorFlow calls the main operator of a layer, whose name is the scope before it.
_TENSORFLOWS = re.compile(
    r"(separable_|depthwise_?)?conv2d(_transpose)?(backpropinput)?|biasadd|matmul|relu6?|leakyrelu|tanh|sigmoid|"
    r"fusedbatchnormv3|maxpool|avgpool|conv2dbackpropinput|depthwiseconv2dnative",
    re.IGNORECASE,
)


class Onnx:
    """Models of any framework that exports ONNX."""

    name = "ONNX"
    suffixes = (".onnx",)

    def match(self, path: Path) -> bool:
        """By its suffix."""
        return is_file(path) and path.suffix.lower() in self.suffixes

    def open(self, path: Path, options: Options) -> Imported:
        """Its graph, operator by operator."""
        model = file_of.parsed(path)
        held = {tensor.name for tensor in model.graph.initializer}
        fed, made = (
            [put.name for put in puts if put.name not in held] for puts in (model.graph.input, model.graph.output)
        )
        state = options.state or ("zeros" if len(fed) > 1 and hand_on(fed, made) else "")
        opset, ends = file_of.opset(model, path), Ends(model.graph, options.output, hands_on(state, fed))
        file: dict[str, Stored] = {}
        numbers: list[set[float]] = []

        def read(size: Size | None) -> tuple[Draft, str]:
            reading = _Reading(path, replace(options, input_size=size or options.input_size), opset, ends)
            output = reading.run()
            file.update(reading.file)
            numbers.append(reading.numbers)
            return reading.flow.draft, simplify(reading.flow.draft, output)

        try:
            read_for_one(model.graph, opset)
            joined(model.graph)
            draft, output, fixed = read_twice(read, any_size=ends.any_size)
            # What is worked out from the size of what it is fed is another number at another size.
            if (own := ends.only_size) and not fixed:
                there, last = (draft, output) if options.input_size in (None, own) else read(own)
                if made_of({own}, sizes_within(there), set.intersection(*numbers)):
                    draft, output, fixed = there, last, True
                    draft.notes.append(size_worked_in(own))
            known = Known(
                self.name,
                stored=file,
                output_range=ends.output_range,
                outputs=ends.outputs,
                picked=ends.output,
                fixed=fixed,
                made_for=ends.only_size,
                state=state if ends.others else "",
            )
        except StudioError as error:
            raise StudioError(f"{path}: {error}") from error
        return finished(draft, output, path, known, options)


IMPORTER = Onnx()


@dataclass
class _Reading:
    """One model while it is read.

    Attributes:
        values: what every name of the graph stands for so far.
        file: the tensors of the file, as they lie there.
        numbers: single ones that it adds, multiplies by or compares with, without their signs.
    """

    path: Path
    options: Options
    opset: int
    ends: Ends
    flow: Flow = field(default_factory=lambda: Flow(Draft()))
    values: dict[str, Value | None] = field(default_factory=lambda: {"": None})
    file: dict[str, Stored] = field(default_factory=dict)
    numbers: set[float] = field(default_factory=set)
    _total: int = 0

    def run(self) -> str:
        """The layer that is the output."""
        ends, draft = self.ends, self.flow.draft
        wanted = ends.output
        if len(ends.outputs) > 1 and not self.options.output and not ends.whole:
            others = listed([name for name in ends.outputs if name != wanted])
            count = len(ends.outputs)
            draft.notes.append(f'It gives {count} outputs; "{wanted}" was taken, --output takes another: {others}.')
        self._constants(ends.graph)
        needed = ends.needed
        read = {name for node in needed for name in node.input} | {wanted, *ends.others}
        asked = self.options.input_size
        own = state_sizes(ends.graph, self.opset, asked, USUAL_SIZE) if ends.whole else {}
        for put in ends.graph.input:
            if put.name not in self.values and put.name in read:
                self.values[put.name] = ends.input(draft, put, own.get(put.name, asked))
        if ends.whole:
            draft.shrink_states()
        self._nodes(needed)
        found = self.values.get(wanted)
        if found is None:
            raise StudioError(f'none of its operators makes its output "{wanted}".')
        if found.is_constant:
            raise StudioError(f'its output "{wanted}" is the same whatever it is fed; --output takes another value.')
        self.flow.name = "output"
        last = map_of_output(self.flow, found, ends)
        draft.others = [self.flow.map_of(value) for name in ends.others if (value := self.values.get(name)) is not None]
        return last

    def _constants(self, graph: GraphProto) -> None:
        for tensor in graph.initializer:
            array = file_of.array(tensor, self.path)
            self._total += array.nbytes
            check_size(self._total, self.path)
            if (held := stored(array)) is not None:
                self.file[tensor.name] = held
            self.values[tensor.name] = constant(array, tensor.name)

    def _nodes(self, nodes: Sequence[NodeProto]) -> None:
        for count, node in enumerate(nodes):
            self.flow.name = _layer_name(node, self.values, count)
            made = self._branch(node) if node.op_type == "If" else self._meaning(node)
            named = zip(node.output, made if isinstance(made, list) else [made], strict=False)
            # An output without a name is left out; so is an input, which must stay nothing.
            self.values |= {name: value for name, value in named if name}

    def _branch(self, node: NodeProto) -> list[Value]:
        """A choice that a constant makes: what the branch gives that is taken."""
        given = self.values.get(node.input[0])
        if given is None or given.constant is None:
            raise StudioError(
                f'Layer "{self.flow.name}" (If): control flow that depends on the picture is not supported; export the '
                "model with a fixed way through it."
            )
        name = "then_branch" if given.constant.any() else "else_branch"
        graph = next(a.g for a in node.attribute if a.name == name)
        self._constants(graph)
        self._nodes(graph.node)
        found = [self.values.get(put.name) for put in graph.output]
        return [value for value in found if value is not None]

    def _meaning(self, node: NodeProto) -> Value | list[Value]:
        where = f'Layer "{self.flow.name}" ({node.op_type})'
        if node.domain not in (*_OWN, _PREVIEW, DOMAIN):
            raise StudioError(f"{where}: it is an operator of {node.domain}'s own, which the studio does not know.")
        if node.op_type in _CONTROL:
            raise StudioError(f"{where}: control flow is not supported; export the model with a fixed way through it.")
        for name in node.input:
            if name not in self.values:
                raise StudioError(f'{where}: it reads "{name}", which nothing before it makes.')
        reads = tuple(self.values[name] for name in node.input)
        self.numbers |= _reckoned_with(node, reads)
        try:
            if (known := folded(node, reads, self.opset, self.flow.draft.shapes.values())) is not None:
                return known
            means = meaning(node) if node.domain == DOMAIN else table().get(node.op_type)
            if means is None and (made := self._expanded(node, reads)) is not None:
                return made
            if means is None:
                raise StudioError(f"this operator is not supported; {way_on(node.op_type)}.")
            attributes = dict(file_of.attributes(node))
            closing = bool(self.ends.closing.intersection(node.output))
            read = OnnxNode(node.op_type, reads, attributes, self.opset, len(node.output), closing)
            return means(self.flow, read)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            told = any(isinstance(read, Spots) for read in reads)
            raise StudioError(f"{where}: {PLACES if told else f'its settings do not fit it ({error!r}).'}") from error
        except StudioError as error:
            text = str(error)
            raise StudioError(text if text.startswith("Layer ") else f"{where}: {text}") from error

    def _expanded(self, node: NodeProto, reads: tuple[Value | None, ...]) -> list[Value] | None:
        """What an operator gives that ONNX defines by others."""
        inner = expanded(node, reads, self.opset)
        if inner is None:
            return None
        own = self.flow.name
        for each in inner:
            each.name = each.name.replace(node.name or node.op_type.lower(), own, 1)
        self._nodes(inner)
        self.flow.name = own
        found = [self.values.get(name) for name in node.output]
        return [value if value is not None else constant(np.float32(0)) for value in found]


def _reckoned_with(node: NodeProto, reads: Sequence[Value | None]) -> set[float]:
    """The single numbers that an operator of arithmetic takes beside what it is fed."""
    held = [np.asarray(value.constant) for value in reads if value is not None and value.constant is not None]
    is_met = node.op_type in _RECKONS and len(held) < len(reads)
    return {abs(float(values.item())) for values in held if values.size == 1 and is_met}


def _layer_name(node: NodeProto, values: dict[str, Value | None], count: int) -> str:
    """After its weight where that has a speaking name, else after the node's own, else after the operator."""
    for name in node.input[1:2]:
        value = values.get(name)
        origin = value.origin[0] if value is not None and value.origin else ""
        if origin.endswith(".weight"):
            return origin.removesuffix(".weight")
    parts = [part for part in re.split(r"[/:]+", node.name) if part]
    if len(parts) > 1 and _TENSORFLOWS.fullmatch(parts[-1]):
        return parts[-2]
    if len(parts) > 1 and parts[-1].rstrip("_0123456789") == node.op_type:
        scopes = parts[:-1]
        # Old exporters repeat the outer names in every part ("conv1/conv1.0"), newer ones do not.
        repeated = all(inner.startswith(outer) for outer, inner in pairwise(scopes))
        return scopes[-1] if repeated else ".".join(scopes)
    return parts[-1] if parts else f"{node.op_type.lower()}{count}"
