"""PyTorch's operators that pool, resize, shuffle and pad."""

from __future__ import annotations

import math

from studio.errors import StudioError
from studio.io.importers._aten_table import means, number, operand, pair
from studio.io.importers._calls import Args, Handler
from studio.io.importers._flow import Flow
from studio.io.importers._views import Value


@means("max_pool2d", "max_pool2d_with_indices")
def _max_pool2d(f: Flow, a: Args) -> Value:
    kernel = pair(a["kernel_size"])
    return f.layer(
        "MaxPool2d",
        operand(a),
        kernel_size=kernel,
        stride=pair(a.get("stride") or kernel),
        padding=pair(a.get("padding"), 0),
        dilation=pair(a.get("dilation")),
        ceil_mode=a.get("ceil_mode", False),
    )


@means("avg_pool2d")
def _avg_pool2d(f: Flow, a: Args) -> Value:
    if a.get("divisor_override") is not None:
        raise StudioError("a divisor of one's own is not supported.")
    kernel = pair(a["kernel_size"])
    return f.layer(
        "AvgPool2d",
        operand(a),
        kernel_size=kernel,
        stride=pair(a.get("stride") or kernel),
        padding=pair(a.get("padding"), 0),
        ceil_mode=a.get("ceil_mode", False),
        count_include_pad=a.get("count_include_pad", True),
    )


@means("adaptive_avg_pool2d", "_adaptive_avg_pool2d")
def _adaptive_avg_pool2d(f: Flow, a: Args) -> Value:
    return f.layer("AdaptiveAvgPool2d", operand(a), output_size=pair(a["output_size"]))


@means("adaptive_max_pool2d")
def _adaptive_max_pool2d(f: Flow, a: Args) -> list[Value]:
    return [f.layer("AdaptiveMaxPool2d", operand(a), output_size=pair(a["output_size"]))]


def _upsample(mode: str) -> Handler:
    def handle(f: Flow, a: Args) -> Value:
        value, given = operand(a), a.get("scale_factors")
        if given is None and a.get("scales_h") and a.get("scales_w"):
            given = [a["scales_h"], a["scales_w"]]
        factor = (float(given[0]), float(given[1])) if given else None
        size = a.get("output_size") or [math.floor(s * k) for s, k in zip(value.shape[2:], given or (), strict=True)]
        return f.resize(value, pair(size), mode, bool(a.get("align_corners")), factor)

    return handle


means("upsample_nearest2d")(_upsample("nearest"))
means("upsample_bilinear2d")(_upsample("bilinear"))
means("upsample_bicubic2d")(_upsample("bicubic"))


@means("pixel_shuffle")
def _pixel_shuffle(f: Flow, a: Args) -> Value:
    return f.layer("PixelShuffle", operand(a), upscale_factor=a["upscale_factor"])


@means("pixel_unshuffle")
def _pixel_unshuffle(f: Flow, a: Args) -> Value:
    return f.layer("PixelUnshuffle", operand(a), downscale_factor=a["downscale_factor"])


@means("pad", "constant_pad_nd", "reflection_pad2d", "replication_pad2d")
def _pad(f: Flow, a: Args) -> Value:
    borders = [*(a["pad"] if "pad" in a else a["padding"]), 0, 0, 0, 0]
    if any(borders[4:]):
        raise StudioError("only height and width can be padded.")
    mode = a.get("mode", "constant")
    fill = a.get("value")
    return f.pad(operand(a), borders[:4], mode, 0.0 if fill is None else number(fill))
