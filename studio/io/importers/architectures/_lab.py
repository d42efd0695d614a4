"""CIE Lab as layers: networks that colour pictures read lightness and give the other two, a and b."""

from __future__ import annotations

import numpy as np

from studio.io.importers._draft import Weight
from studio.io.importers.architectures.base import Sketch

# Of sRGB and its white, D65, as skimage.color has them.
_TO_XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
_WHITE = (0.95047, 1.0, 1.08883)
_BEND = 0.008856
_SLOPE, _FOOT = 7.787, 16 / 116


def lightness(s: Sketch, x: str) -> str:
    """L, from 0 to 100, of a picture of sRGB from 0 to 1."""
    curved = s.op("Pow", s.op("Affine", x, name="lab.c1", scale=1 / 1.055, shift=0.055 / 1.055), exponent=2.4)
    straight = s.op("Affine", x, name="lab.c2", scale=1 / 12.92)
    bright = s.op("Compare", x, name="lab.c3", how="gt", value=0.04045)
    light = s.op("Where", bright, curved, straight, name="lab.light")
    y = _matrix(s, "lab.y", light, np.array(_TO_XYZ[1:2]), np.zeros(1))
    root = s.op("Pow", y, name="lab.root", exponent=1 / 3)
    line = s.op("Affine", y, name="lab.line", scale=_SLOPE, shift=_FOOT)
    f = s.op("Where", s.op("Compare", y, name="lab.above", how="gt", value=_BEND), root, line, name="lab.f")
    return s.op("Affine", f, name="lightness", scale=116, shift=-16)


def coloured(s: Sketch, light: str, ab: str) -> str:
    """The picture of L, from 0 to 100, and a and b in their own values."""
    lab = s.op("Concat", light, ab, name="lab")
    # f of x, y and z.
    to_f = np.array(((1 / 116, 1 / 500, 0), (1 / 116, 0, 0), (1 / 116, 0, -1 / 200)))
    f = _matrix(s, "lab.xyz_f", lab, to_f, np.full(3, _FOOT))
    f = s.op("ReLU", f, name="lab.xyz_f_above")
    cube = s.op("Mul", s.op("Mul", f, f, name="lab.square"), f, name="lab.cube")
    line = s.op("Affine", f, name="lab.xyz_line", scale=1 / _SLOPE, shift=-_FOOT / _SLOPE)
    above = s.op("Compare", f, name="lab.xyz_above", how="gt", value=0.2068966)
    xyz = s.op("Where", above, cube, line, name="lab.xyz")
    to_rgb = np.linalg.inv(np.array(_TO_XYZ)) * np.array(_WHITE)
    light = s.op("Hardtanh", _matrix(s, "lab.linear", xyz, to_rgb, np.zeros(3)), name="lab.held", min_val=0, max_val=1)
    power = s.op("Pow", light, name="lab.power", exponent=1 / 2.4)
    curved = s.op("Affine", power, name="lab.curved", scale=1.055, shift=-0.055)
    straight = s.op("Affine", light, name="lab.straight", scale=12.92)
    bright = s.op("Compare", light, name="lab.bright", how="gt", value=0.0031308)
    return s.op("Where", bright, curved, straight, name="output")


def _matrix(s: Sketch, name: str, x: str, rows: np.ndarray, shift: np.ndarray) -> str:
    """The same matrix at every place; not of the file."""
    out, count = rows.shape
    tensors = {
        "weight": Weight(rows.reshape(out, count, 1, 1).astype(np.float32)),
        "bias": Weight(shift.astype(np.float32)),
    }
    sizes = {"in_channels": count, "out_channels": out, "kernel_size": 1}
    return s.draft.add("Conv2d", x, name=name, tensors=tensors, **sizes)
