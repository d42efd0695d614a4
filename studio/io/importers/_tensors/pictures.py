"""Operations on pictures by themselves, as tf.image has them. Maps are (1, height, width, channels)."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.responses import response_normalised
from studio.io.importers._tensors.moves import padded
from studio.io.importers._tensors.space import convolution
from studio.io.importers._tensors.table import known, means, whole
from studio.io.importers._values.views import Numbers, Value, constant, first, last

_YUV = [[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512], [0.114, 0.43601035, -0.10001026]]
_YIQ = [[0.299, 0.59590059, 0.2115], [0.587, -0.27455667, -0.52273617], [0.114, -0.32134392, 0.31119955]]
# TensorFlow rounds one number of the way there, so that this is not quite the inverse.
_OF_YIQ = [[1.0, 1.0, 1.0], [0.95598634, -0.27201283, -1.10674021], [0.6208248, -0.64720424, 1.70423049]]


@means("flip_left_right")
def _mirrored(f: Flow, image: Value) -> Value:
    return f.flipped(image, len(image.shape) - 2)


@means("flip_up_down")
def _upside_down(f: Flow, image: Value) -> Value:
    return f.flipped(image, len(image.shape) - 3)


@means("grayscale_to_rgb")
def _of_grey(f: Flow, images: Value, **_: Any) -> Value:
    return f.move(images, lambda n: n.repeat(3, -1))


def _mixed(f: Flow, x: Value, matrix: Numbers | list[list[float]]) -> Value:
    """Channels by a matrix of (in, out)."""
    return convolution(f, x, constant(np.asarray(matrix, np.float32)[None, None]))


for _name, _matrix in {
    "rgb_to_yuv": _YUV, "yuv_to_rgb": np.linalg.inv(_YUV), "rgb_to_yiq": _YIQ, "yiq_to_rgb": _OF_YIQ,
}.items():  # fmt: skip
    means(_name)(lambda f, images, matrix=_matrix: _mixed(f, images, matrix))


@means("adjust_brightness")
def _brighter(f: Flow, image: Value, delta: Any) -> Value:
    return f.each("Affine", image, scale=1.0, shift=float(known(delta)))


@means("adjust_contrast", "adjust_contrastv2")
def _contrast(f: Flow, images: Value, contrast_factor: Any) -> Value:
    mean = f.mean(images, [len(images.shape) - 3, len(images.shape) - 2], keepdim=True)
    far = f.each("Affine", f.binary("Sub", images, mean), scale=float(known(contrast_factor)), shift=0.0)
    return f.binary("Add", far, mean)


@means("local_response_normalization", "lrn")
def response_in_channels(
    f: Flow, x: Value, depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5
) -> Value:
    """Divided by the length of the channels around, in `depth_radius` channels on either side."""
    radius = int(depth_radius)
    made = response_normalised(f, first(f.draft, x), radius, radius, float(bias), float(alpha), float(beta))
    return last(f.draft, made)


# -- sizes ------------------------------------------------------------------------------------------------------------


@means("rgb_to_grayscale")
def _grey(f: Flow, x: Value, **_: Any) -> Value:
    shares = np.array([0.2989, 0.587, 0.114], np.float32).reshape(1, 1, 3, 1)
    return convolution(f, x, constant(shares))


@means("crop_images")
def _crop_images(
    f: Flow,
    x: Value,
    top_cropping: Any = None,
    left_cropping: Any = None,
    bottom_cropping: Any = None,
    right_cropping: Any = None,
    target_height: Any = None,
    target_width: Any = None,
    **_: Any,
) -> Value:
    """Of a cropping on one side and a size, the other side follows."""
    sides = []
    for before, after, target, length in (
        (top_cropping, bottom_cropping, target_height, x.shape[1]),
        (left_cropping, right_cropping, target_width, x.shape[2]),
    ):
        start = length - target - after if before is None else before
        end = length - after if target is None else start + target
        sides.append(slice(int(start), int(end)))
    return f.move(x, lambda n: n[:, sides[0], sides[1]])


@means("crop_to_bounding_box")
def _cropped(
    f: Flow, image: Value, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Value:
    top, left, high, wide = (whole(n)[0] for n in (offset_height, offset_width, target_height, target_width))
    return f.move(image, lambda n: n[..., top : top + high, left : left + wide, :])


@means("pad_to_bounding_box")
def _bordered(
    f: Flow, image: Value, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Value:
    top, left, high, wide = (whole(n)[0] for n in (offset_height, offset_width, target_height, target_width))
    down, across = image.shape[-3:-1]
    pairs = [(top, high - top - down), (left, wide - left - across), (0, 0)]
    return padded(f, image, [(0, 0)] * (len(image.shape) - 3) + pairs)


@means("resize_with_crop_or_pad")
def _fitted(f: Flow, image: Value, target_height: Any, target_width: Any) -> Value:
    high, wide = whole(target_height)[0], whole(target_width)[0]
    down, across = image.shape[-3:-1]
    top, left = max(down - high, 0) // 2, max(across - wide, 0) // 2
    image = _cropped(f, image, top, left, min(down, high), min(across, wide))
    return _bordered(f, image, max(high - down, 0) // 2, max(wide - across, 0) // 2, high, wide)
