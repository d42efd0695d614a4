"""PyTorch's operators that sample maps at places, lay windows back, and smooth what they make smaller."""

from __future__ import annotations

from typing import Any

from studio.errors import StudioError
from studio.io.importers._aten.table import TABLE, means, operand, pair
from studio.io.importers._meanings.deformed import deformed
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.handlers import Args, Handler
from studio.io.importers._meanings.samples import affine_grid, folded_windows, sampled
from studio.io.importers._meanings.windows import cut_into_windows
from studio.io.importers._values.views import Value
from studio.model.declared.size import Size

_MODES = ("bilinear", "nearest", "bicubic")
_BORDERS = ("zeros", "border", "reflection")


@means("grid_sampler", "grid_sampler_2d")
def _grid_sampler(f: Flow, a: Args) -> Value:
    mode, padding = _MODES[a["interpolation_mode"]], _BORDERS[a["padding_mode"]]
    return sampled(f, a["input"], a["grid"], mode, padding, align_corners=bool(a["align_corners"]))


@means("affine_grid_generator")
def _affine_grid(f: Flow, a: Args) -> Value:
    if len(a["size"]) != 4:
        raise StudioError("it makes a grid for volumes; only maps are supported.")
    size = Size(int(a["size"][2]), int(a["size"][3]))
    return affine_grid(f, a["theta"], size, align_corners=bool(a["align_corners"]))


# -- windows ------------------------------------------------------------------------------------------------------


@means("col2im")
def _col2im(f: Flow, a: Args) -> Value:
    """Every window's values added where they came from."""
    top, left = pair(a.get("padding"), 0)
    kernel, stride, dilation = pair(a["kernel_size"]), pair(a.get("stride")), pair(a.get("dilation"))
    return folded_windows(
        f, operand(a), Size(*pair(a["output_size"])), kernel, stride, (left, left, top, top), dilation
    )


def _deform_conv(f: Flow, a: Args) -> Value:
    strides, borders, spaces = ((a[f"{key}_h"], a[f"{key}_w"]) for key in ("stride", "pad", "dilation"))
    mask = a["mask"] if a.get("use_mask", True) else None
    parts = a["offset"].shape[1] // (2 * a["weight"].shape[2] * a["weight"].shape[3])
    return deformed(
        f, a["input"], a["weight"], a["offset"], mask, a["bias"], strides, borders, spaces, a["groups"], parts
    )


TABLE["torchvision.deform_conv2d"] = _deform_conv


@means("unfold")
def _unfold(f: Flow, a: Args) -> Value:
    """``Tensor.unfold``: windows along one axis, as a last one."""
    return cut_into_windows(f, operand(a), a["dimension"] % len(operand(a).shape), a["size"], a["step"])


# -- smaller, smoothed ----------------------------------------------------------------------------------------------


def _smoothed(mode: str) -> Handler:
    def handle(f: Flow, a: Args) -> Value:
        value, given = operand(a), a.get("scale_factors")
        if given is None and a.get("scales_h") and a.get("scales_w"):
            given = [a["scales_h"], a["scales_w"]]
        corners = "align_corners" if a.get("align_corners") else "half_pixel"
        how: dict[str, Any] = {"mode": mode, "coordinates": corners, "antialias": True, "exclude_outside": True}
        if mode == "bicubic":
            how["cubic_a"] = -0.5
        if given:
            return f.layer("Resize", value, scale_factor=tuple(map(float, given)), **how)
        return f.layer("Resize", value, size=pair(a["output_size"]), **how)

    return handle


means("_upsample_bilinear2d_aa")(_smoothed("bilinear"))
means("_upsample_bicubic2d_aa")(_smoothed("bicubic"))


# -- halves change places -------------------------------------------------------------------------------------------


def _shifted(sign: int) -> Handler:
    def handle(f: Flow, a: Args) -> Value:
        value, axes = operand(a), a.get("dim")
        axes = range(len(value.shape)) if axes is None else [axes] if isinstance(axes, int) else axes
        for axis in axes:
            side = value.shape[axis]
            value = f.rolled(value, side // 2 if sign > 0 else -(side // 2), axis)
        return value

    return handle


means("fft_fftshift")(_shifted(1))
means("fft_ifftshift")(_shifted(-1))
