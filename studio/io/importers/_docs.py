"""docs/operators.md, made from what is registered: ``python -m studio.io.importers._docs > docs/operators.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from studio.io.importers import formats
from studio.io.importers._aten.table import table as aten
from studio.io.importers._keras.table import table as keras
from studio.io.importers._onnx.table import table as onnx
from studio.io.importers._state_dict.match import architectures
from studio.io.importers._tensors.nodes import NODES, snake
from studio.io.importers._tensors.table import table as tensors
from studio.ops import registry

NOT_ATEN = [
    "bincount",
    "conv3d",
    "gru",
    "histc",
    "linalg_svd",
    "lstm",
    "multi_head_attention_forward",
    "nonzero",
    "scatter_add",
    "searchsorted",
    "unique2",
]

NOT_ONNX = [
    "GRU",
    "LSTM",
    "Loop",
    "NonMaxSuppression",
    "RoiAlign",
    "STFT",
    "Scan",
]


def operators_page() -> str:
    """The page as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Operators and formats"
    yield ""
    yield "Made by `python -m studio.io.importers._docs > docs/operators.md` from what is registered; a test holds it."
    yield "Whatever is not listed is refused by the operator's and the layer's name."
    yield ""
    yield "## Formats"
    yield ""
    yield from _table(("Format", "Files"), ((f.name, " ".join(f.suffixes)) for f in formats()))
    yield ""
    yield "Of pickled modules and TorchScript the tensors are read, and the layers of rows of PyTorch's own; their code"
    yield "is not run. Nothing that is opened is executed."
    yield ""
    yield "## Architectures of state dicts"
    yield ""
    rows = ((a.name, a.title, f"{a.input_range[0]:g}..{a.input_range[1]:g}") for a in architectures())
    yield from _table(("`--arch`", "What it is", "Input values"), rows)
    yield ""
    yield "Of tensors that fit none of these, spandrel is asked: it knows some forty networks for restoration and"
    yield "super-resolution (ESRGAN, SwinIR, HAT, DAT, SCUNet, NAFNet, PLKSR ...), whose modules are read as PyTorch's."
    yield ""
    yield "## Operators of the studio"
    yield ""
    yield from _table(
        ("Operator", "What it does"), ((name, _first_line(op.__doc__)) for name, op in registry().items())
    )
    yield ""
    yield "## PyTorch (`studio.export_torch`, `.pt2`)"
    yield ""
    yield from _names(name.removeprefix("aten.") for name in aten() if not name.endswith("_"))
    yield ""
    yield "Not supported, among others:"
    yield ""
    yield from _names(NOT_ATEN)
    yield ""
    yield "Any other operator that PyTorch itself says by these is read so. Complex numbers are read as two maps; what"
    yield "a mask picks (`x[mask] = y[mask]`) as a choice between maps; places of `topk`, `sort` and `argmax` as maps."
    yield ""
    yield "## ONNX, operator sets 7 and later"
    yield ""
    yield from _names(onnx())
    yield ""
    yield "Not supported, among others:"
    yield ""
    yield from _names(NOT_ONNX)
    yield ""
    yield "What ONNX itself defines by other operators (Attention, RotaryEmbedding) is read as these. What is computed"
    yield "from constants alone is worked out by ONNX's reference implementation; so is an `If` that constants decide."
    yield "8-bit models (QDQ, QOperator, dynamic) are made floats."
    yield ""
    yield "## Keras and TensorFlow.js, layers"
    yield ""
    yield from _names(keras())
    yield ""
    yield "Sequential and Functional models, models in models, shared layers, channels last or first. Activations by"
    yield "name or as layers. Layers that act in training alone do nothing. A Lambda carries code, and is refused."
    yield ""
    yield "Functions called on tensors (`keras.ops`, TensorFlow's own), and graph-models of TensorFlow.js:"
    yield ""
    yield from _names({*tensors(), *(snake(name) for name in NODES)})
    yield ""
    yield "Reshapes, transpositions, slices, joins and repetitions are read as what they amount to: PixelShuffle,"
    yield "PixelUnshuffle, nearest Upsample, ChannelShuffle, Crop, SliceChannels, Concat, Flatten or Rearrange."
    yield "What a model works out of its weights and constants alone is worked out when it is opened, by PyTorch."


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _names(names: Iterable[str]) -> Iterator[str]:
    line = ""
    for name in sorted(names, key=str.lower):
        if len(line) + len(name) > 112:
            yield line.rstrip()
            line = ""
        line += f"`{name}` "
    yield line.rstrip()


def _first_line(text: str | None) -> str:
    return " ".join((text or "").strip().partition("\n\n")[0].split())


if __name__ == "__main__":
    sys.stdout.write(operators_page())
