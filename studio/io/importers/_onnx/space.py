"""What ONNX's operators mean that pad and shuffle."""

from __future__ import annotations

import numpy as np

from studio.errors import StudioError
from studio.io.importers._aten.space import padded
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._onnx.table import OnnxNode, means
from studio.io.importers._values.views import Numbers, Value, constant, first, is_last, last

_PADS = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


@means("Pad")
def _pad(f: Flow, n: OnnxNode) -> Value:
    pads, rank = n.numbers(1, "pads") or [], len(n.x.shape)
    axes = n.numbers(3) or list(range(rank))
    before, after = [0] * rank, [0] * rank
    for place, axis in enumerate(axes):
        before[axis], after[axis] = int(pads[place]), int(pads[place + len(axes)])
    asked = n.attributes.get("mode", b"constant").decode()
    if asked not in _PADS:
        raise StudioError(f'it pads by "{asked}", which the studio does not; it pads by {", ".join(_PADS)}.')
    mode = _PADS[asked]
    fill = n.numbers(2, "value")
    value = float(fill[0]) if fill and mode == "constant" else 0.0
    if n.x.constant is not None:
        return constant(_padded(np.asarray(n.x.constant), before, after, asked, value))
    if rank == 4 and is_last(f.draft, n.x):
        before, after = ([row[0], row[3], row[1], row[2]] for row in (before, after))
        return last(f.draft, _bordered(f, first(f.draft, n.x), before, after, mode, value))
    return _bordered(f, n.x, before, after, mode, value)


def _bordered(f: Flow, x: Value, before: list[int], after: list[int], mode: str, fill: float) -> Value:
    if len(before) == 4 and not any(before[:2] + after[:2]):
        return f.pad(x, (before[3], after[3], before[2], after[2]), mode, fill)
    ends = enumerate(zip(before, after, strict=True))
    return padded(f, x, {axis: [*pair] for axis, pair in ends if any(pair)}, mode, fill)


def _padded(values: Numbers, before: list[int], after: list[int], mode: str, fill: float) -> Numbers:
    """As ONNX pads numbers: what is negative is cut off."""
    cuts = zip(before, after, values.shape, strict=True)
    inner = values[tuple(slice(max(-first, 0), side - max(-last, 0)) for first, last, side in cuts)]
    borders = [(max(first, 0), max(last, 0)) for first, last in zip(before, after, strict=True)]
    if mode == "constant":
        return np.pad(inner, borders, constant_values=np.asarray(fill, values.dtype))
    return np.pad(inner, borders, mode)  # type: ignore[call-overload, no-any-return]


@means("DepthToSpace")
def _depth_to_space(f: Flow, n: OnnxNode) -> Value:
    block, depth_first = n.attributes["blocksize"], n.attributes.get("mode", b"DCR") == b"DCR"
    return f.depth_to_space(n.x, block) if depth_first else f.layer("PixelShuffle", n.x, upscale_factor=block)


@means("SpaceToDepth")
def _space_to_depth(f: Flow, n: OnnxNode) -> Value:
    block, depth_first = n.attributes["blocksize"], n.attributes.get("mode", b"DCR") == b"DCR"
    return f.space_to_depth(n.x, block) if depth_first else f.layer("PixelUnshuffle", n.x, downscale_factor=block)
