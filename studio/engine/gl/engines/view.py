"""The one pass that draws a feature map or a filter sheet for people: in the viewport, in recordings, in tests."""

from __future__ import annotations

import moderngl

from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.programs import set_uniforms
from studio.engine.gl.driver.shaders import Source
from studio.model.declared.size import Size
from studio.model.networks.layout import Rect
from studio.model.views.display import DisplayTexture, Drawing, Look, Placement, extent, gap

_KINDS: dict[Drawing, int] = {"picture": 0, "channels": 1, "sheet": 2}

# Pixels that a kernel, and a weight of it, must have for a line between kernels.
_KERNEL_WITH_LINE = 12.0
_WEIGHT_WITH_LINE = 3.0

# Samples along each side of a pixel that covers several texels.
_MOST_SAMPLES = 4
_MOST_SAMPLES_SOFTWARE = 2


class ViewPass:
    """Draws into a framebuffer of the context of ``device``.

    Args:
        device: of the thread that draws; the viewport's, or the engine's.
        hurried: whether a software rasteriser may leave texels of a shrunk view out, to keep the window quick.
    """

    def __init__(self, device: Device, *, hurried: bool = False) -> None:
        self._device = device
        self._context = device.context
        self._most_samples = _MOST_SAMPLES
        if device.is_software:
            self._most_samples = 1 if hurried else _MOST_SAMPLES_SOFTWARE

    def prepare(self) -> None:
        """Compile every program, so that no later frame waits for one."""
        for drawing in _KINDS:
            for samples in (1, self._most_samples):
                self._device.fragment(_source(drawing, samples))

    def draw(
        self,
        target: moderngl.Framebuffer,
        shown: DisplayTexture,
        drawing: Drawing,
        placement: Placement,
        look: Look,
        *,
        flipped: bool = False,
        marks: bool = True,
    ) -> None:
        """Draw a part of the target; the rest stays as it is.

        Args:
            target: any colour framebuffer.
            shown: what.
            drawing: as a picture of three colours, each channel by itself, or a sheet with lines between kernels.
            placement: where.
            look: how.
            flipped: whether row 0 of the target is at the bottom, as in a window's framebuffer.
            marks: whether what is not a number is marked, if the look wants that; otherwise it is transparent.
        """
        rect = placement.rect
        if min(rect.size) < 1:
            return
        bottom = target.height - rect.y - rect.height if flipped else rect.y
        kernels = shown.kernels
        step = 1.0 / placement.zoom
        triangle = self._device.fragment(_source(drawing, self._most_samples if step > 1 else 1))
        uniforms: dict[str, object] = {
            "u_values": 0,
            "u_limits": 1,
            "u_total": 2,
            "u_shape": (*shown.shape, shown.columns),
            "u_crop": shown.crop.wh,
            "u_tiling": (shown.limits_size.width, gap(shown.crop)),
            "u_kernel": (kernels[3], kernels[2]),
            "u_low": shown.low,
            "u_high": shown.high,
            "u_colours": 2 if shown.tinted else 1 if shown.order == "bgr" else 0,
            "u_grey": int(look.colours == "grey"),
            # Kernels of one weight have no ranges of their own; a sheet shows each weight as what it is.
            "u_overall": (2 if kernels[0] else 1) if look.scaling == "all" or kernels[2:] == (1, 1) else 0,
            "u_nan": (1 if marks else 2) if look.nan else 0,
            "u_corner": (rect.x, bottom, rect.height if flipped else 0),
            "u_place": (*placement.origin, step),
            "u_axes": placement.axes,
            "u_line": _line(kernels, placement.zoom),
            "u_ground": look.ground,
        }
        for unit, (texture, size, lanes) in enumerate(
            (
                (shown.texture, shown.size, shown.lanes),
                (shown.limits, shown.limits_size, 2),
                (shown.total, Size(1, 1), 4),
            )
        ):
            self._context.external_texture(texture, size.wh, lanes, 0, "f4").use(unit)
        set_uniforms(triangle.program, uniforms)
        self._context.enable_only(moderngl.NOTHING)
        target.use()
        target.viewport = rect.x, bottom, *rect.size.wh
        self._device.calls.draw(triangle)

    def whole(self, shown: DisplayTexture, drawing: Drawing) -> Placement:
        """The placement that shows all of it at one pixel a texel, from the upper left corner of the target."""
        return Placement(Rect(0, 0, *extent(shown, drawing)))


def _line(kernels: tuple[int, int, int, int], zoom: float) -> float:
    wide_enough = zoom >= _WEIGHT_WITH_LINE and min(kernels[2:]) * zoom >= _KERNEL_WITH_LINE
    return 1.0 if wide_enough else 0.0


def _source(drawing: Drawing, samples: int) -> Source:
    return Source("fragment", ("view/view.glsl",), (("KIND", _KINDS[drawing]), ("SAMPLES", samples)))
