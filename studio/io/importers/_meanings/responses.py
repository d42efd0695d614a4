"""Responses divided by those of the channels around, as ONNX's and TensorFlow's operators share it.

Source: A. Krizhevsky, I. Sutskever, G. E. Hinton, "ImageNet classification with deep convolutional neural networks"
(2012), section 3.3.
"""

from __future__ import annotations

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.choices import scaled
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._values.views import Value, constant

_MOST = 2048


def response_normalised(
    f: Flow, value: Value, before: int, behind: int, bias: float, alpha: float, beta: float
) -> Value:
    """``x / (bias + alpha · sum of x² over the channels around) ** beta``: the sum is a banded 1 × 1 kernel.

    Args:
        f: the flow that is drawn.
        value: a map of (1, channels, height, width).
        before: how many channels before each one count, from 0.
        behind: how many behind it.
        bias: what is added to the sum.
        alpha: by what the sum is multiplied.
        beta: the exponent.

    Raises:
        StudioError: of so many channels that the kernel would be too large.
    """
    channels = value.shape[1]
    if channels > _MOST:
        raise StudioError(f"it compares {channels} channels with each other; {_MOST} at most are supported.")
    first, last = (np.tri(channels, k=k, dtype=np.float32) for k in (-min(before, channels) - 1, min(behind, channels)))
    kernel = constant((alpha * (last - first)).astype(np.float32)[:, :, None, None])
    summed = f.conv(f.each("Pow", value, exponent=2.0), kernel, None, (1, 1), [0] * 4, (1, 1), 1)
    return f.binary("Mul", value, f.each("Pow", scaled(f, summed, 1.0, bias), exponent=-beta))
