"""Convolutions whose taps lie where a map says: every tap is sampled, and what they find is weighed at every place."""

from __future__ import annotations

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.flow import Flow, Pair
from studio.io.importers._meanings.samples import pixel_grid, sampled
from studio.io.importers._values.views import Value, constant, reshaped
from studio.model.declared.size import Size


def deformed(
    f: Flow,
    value: Value,
    weight: Value,
    offset: Value,
    mask: Value | None,
    bias: Value | None,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    parts: int,
) -> Value:
    """``torchvision.ops.deform_conv2d``.

    Args:
        f: what layers are added to.
        value: (1, C, H, W).
        weight: (O, C / groups, kh, kw), constant.
        offset: (1, 2 * parts * kh * kw, h, w): for every tap, how far down and to the right it lies, in pixels.
        mask: (1, parts * kh * kw, h, w), by which what is found is multiplied.
        bias: (O,).
        stride: of the places.
        padding: top and left border, of zeros.
        dilation: between taps.
        groups: of channels that are weighed by themselves.
        parts: groups of channels that have offsets of their own.

    Source: X. Zhu et al., "Deformable ConvNets v2", 2019.
    """
    if value.shape[0] != 1 or weight.constant is None:
        raise StudioError("it convolves several maps at once, or by weights of the picture, which is not supported.")
    _, channels, height, width = value.shape
    out, per_group, high, wide = weight.shape
    made = Size(*offset.shape[2:])
    each = channels // parts
    found = []
    for tap in range(high * wide):
        down = tap // wide * dilation[0] - padding[0]
        across = tap % wide * dilation[1] - padding[1]
        for part in range(parts):
            at = 2 * (part * high * wide + tap)
            moved = f.move(offset, lambda n, at=at: n[:, at : at + 2])  # type: ignore[misc]
            grid = pixel_grid(f, moved, made, Size(height, width), (down, across), stride)
            channels_ = f.move(value, lambda n, k=part: n[:, k * each : (k + 1) * each])  # type: ignore[misc]
            taken = sampled(f, channels_, grid, "bilinear", "zeros", align_corners=True)
            if mask is not None:
                k = part * high * wide + tap
                taken = f.binary("Mul", taken, f.move(mask, lambda n, k=k: n[:, k : k + 1]))  # type: ignore[misc]
            found.append(taken)
    # As a convolution of one pixel: (O, C / groups * taps), the taps of one channel behind each other.
    joined = f.concat(found, 1)
    order = np.arange(high * wide * channels).reshape(high * wide, channels).T.ravel()
    joined = f.move(joined, lambda n: n[:, order])
    flat = constant(np.asarray(weight.constant).reshape(out, per_group * high * wide, 1, 1))
    kernel = Value(flat.shape, constant=flat.constant, origin=weight.origin)
    return f.conv(reshaped(joined, joined.shape), kernel, bias, (1, 1), [0] * 4, (1, 1), groups)
