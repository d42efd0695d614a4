"""The generator of DCGAN (A. Radford et al. 2015), of any size, as pytorch/examples and its descendants name it.

It is fed a vector. Its layers stand in one row, "main.0", or each with its norm in a part of its own, "net.0.0".
"""

from __future__ import annotations

import re
from itertools import pairwise

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size


def _rows(tensors: Tensors) -> list[tuple[str, str]]:
    """The name of every transposed convolution and of what may be its norm; none where they do not stand in a row."""
    names = [name.removesuffix(".weight") for name, held in tensors.items() if held.values.ndim == 4]
    numbers = [re.fullmatch(r"(?:(.*?)\.)?(\d+)(\.0)?", name) for name in names]
    if len(names) < 2 or any(found is None for found in numbers):
        return []
    if len({found[1] for found in numbers if found}) > 1 or any(f"{name}.weight" not in tensors for name in names):
        return []
    rows = []
    for name, found in zip(names, numbers, strict=True):
        assert found is not None
        start = f"{found[1]}." if found[1] else ""
        rows.append((name, f"{start}{found[2]}.1" if found[3] else f"{start}{int(found[2]) + 1}"))
    return rows


def _matches(tensors: Tensors) -> bool:
    rows = _rows(tensors)
    if not rows or f"{rows[0][1]}.weight" not in tensors:
        return False
    shapes = [tensors[f"{name}.weight"].values.shape for name, _ in rows]
    # What one makes, the next one reads: (in, out, height, width). Wide to narrow, and a picture at the end.
    chained = all(a[1] == b[0] for a, b in pairwise(shapes))
    widths = [shape[1] for shape in shapes]
    return chained and shapes[-1][1] in (1, 3) and widths == sorted(widths, reverse=True) and shapes[0][2] > 1


def _build(s: Sketch) -> str:
    rows = _rows(s.tensors)
    x = s.input(s.shape(f"{rows[0][0]}.weight")[0])
    if s.has(f"{rows[0][0]}.bias"):
        # Its authors' has none.
        s.draft.notes.append(
            "It was taken to make its picture of a vector; a decoder of maps has the same tensors, and opens by "
            "studio.export_torch on the module itself."
        )
    kernels = [s.shape(f"{name}.weight")[2] for name, _ in rows]
    if set(kernels[1:]) - {4}:
        s.draft.notes.append(
            f"Strides and borders of this generator are not in its file, and its kernels of {_listed(kernels)} leave "
            "them open; they were guessed. Where the picture is not as it should be, use studio.export_torch on the "
            "module itself."
        )
    for k, (name, norm) in enumerate(rows):
        stride, border, more = _steps(kernels, k)
        x = s.conv_transpose(name, x, stride=stride, padding=border, output_padding=more)
        if s.has(f"{norm}.weight"):
            x = s.norm(norm, x)
        x = s.relu(x) if k < len(rows) - 1 else x
    return s.op("Tanh", x, name="output")


def _listed(kernels: list[int]) -> str:
    return ", ".join(map(str, kernels))


_DIGITS = [3, 4, 3, 4]
"""Kernels of a course's generator of digits, whose strides are 2, 1, 2, 2: 28 pixels without a border."""


def _steps(kernels: list[int], k: int) -> tuple[int, int, int]:
    """Stride, padding and output padding: the first layer makes a map of its kernel's size, the others double it."""
    if kernels == _DIGITS:
        return (1 if k == 1 else 2), 0, 0
    if not k or kernels[k] == 1:
        return 1, 0, 0
    return 2, (kernels[k] - 1) // 2, kernels[k] % 2


ARCHITECTURE = Architecture(
    "dcgan", "DCGAN generator", _matches, _build, size=Size(1, 1), input_range=(-3.0, 3.0), output_range=(-1.0, 1.0)
)
