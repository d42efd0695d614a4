"""Minimum, maximum, mean and histogram of a texture, reduced on the GPU; 280 bytes come back."""

from __future__ import annotations

import moderngl
import numpy as np

from studio.engine.base import BINS, Stats
from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.programs import set_uniforms
from studio.engine.gl.driver.shaders import Source
from studio.engine.gl.driver.strips import Strips
from studio.model.declared.size import Size

GROUPS = 64
SLABS = 256
_PASSES = ("reduce", GROUPS), ("finish", 1), ("histogram", GROUPS)
_SUMMARY = np.dtype([("minimum", "<f4"), ("maximum", "<f4"), ("sum", "<f4"), ("counts", "<u4", 3)])


class ComputeStats:
    """Statistics by compute shaders with shared memory and atomic counters."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._partials = device.context.buffer(reserve=GROUPS * _SUMMARY.itemsize)
        self._result = device.context.buffer(reserve=_SUMMARY.itemsize + BINS * 4)
        self._told = device.context.buffer(reserve=16)
        # A picture comes first, and is looked at next.
        device.foresee(_source(name, 4) for name, _ in _PASSES)

    def of(self, texture: moderngl.Texture, shape: tuple[int, int, int, int]) -> Stats:
        """Statistics of an atlas, or of a single-channel sheet, of this shader shape."""
        self._partials.bind_to_storage_buffer(1)
        self._result.bind_to_storage_buffer(2)
        self._told.write(np.array(shape, np.int32))
        self._told.bind_to_uniform_block(0)
        texture.use(0)
        for name, groups in _PASSES:
            self._device.dispatch(self._device.compute(_source(name, texture.components)), groups)
            self._device.context.memory_barrier(moderngl.SHADER_STORAGE_BARRIER_BIT)
        self._device.finish()
        raw = self._result.read()
        summary = np.frombuffer(raw, _SUMMARY, 1)[0]
        return _stats(summary, np.frombuffer(raw, "<u4", BINS, _SUMMARY.itemsize))


class FragmentStats:
    """Statistics by fragment shaders, for GL 3.3: every fragment gathers its share."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._strips = Strips(device)
        self._partial = self._target(Size(1, SLABS), ("f4", "u4"))
        self._total = self._target(Size(1, 1), ("f4", "u4"))
        self._shares = self._target(Size(SLABS, BINS // 4), ("u4",))
        self._bins = self._target(Size(1, BINS // 4), ("u4",))

    def _target(self, size: Size, kinds: tuple[str, ...]) -> moderngl.Framebuffer:
        textures = [self._device.context.texture(size.wh, 4, dtype=kind) for kind in kinds]
        return self._device.context.framebuffer(textures)

    def of(self, texture: moderngl.Texture, shape: tuple[int, int, int, int]) -> Stats:
        """Statistics of an atlas, or of a single-channel sheet, of this shader shape."""
        lanes = texture.components
        range_, counts = self._partial.color_attachments
        self._draw("reduce", self._partial, lanes, shape, {"u_values": texture})
        self._draw("finish", self._total, lanes, shape, {"u_range": range_, "u_counts": counts})
        total_range, total_counts = self._total.color_attachments
        self._draw("histogram", self._shares, lanes, shape, {"u_values": texture, "u_range": total_range})
        shares = self._shares.color_attachments[0]
        self._draw("histogram_finish", self._bins, lanes, shape, {"u_counts": shares})
        self._device.finish()
        summary = np.zeros(1, _SUMMARY)[0]
        summary["minimum"], summary["maximum"], summary["sum"], _ = np.frombuffer(_texels(total_range), "<f4")
        summary["counts"] = np.frombuffer(_texels(total_counts), "<u4")[:3]
        return _stats(summary, np.frombuffer(_texels(self._bins.color_attachments[0]), "<u4"))

    def _draw(
        self,
        name: str,
        target: moderngl.Framebuffer,
        lanes: int,
        shape: tuple[int, int, int, int],
        textures: dict[str, moderngl.Texture | moderngl.Renderbuffer],
    ) -> None:
        constants = (("LANES", lanes), ("SLABS", SLABS))
        source = Source("fragment", ("stats/values.glsl", f"stats/fragment_{name}.glsl"), constants)
        triangle = self._device.fragment(source)
        for unit, (uniform, texture) in enumerate(textures.items()):
            assert isinstance(texture, moderngl.Texture)
            texture.use(unit)
            set_uniforms(triangle.program, {uniform: unit})
        set_uniforms(triangle.program, {"u_shape": shape})
        self._strips.draw(triangle, target, (name, shape))


def _source(name: str, lanes: int) -> Source:
    constants = (("COMPUTE", 1), ("LANES", lanes))
    return Source("compute", ("stats/values.glsl", f"stats/compute_{name}.glsl"), constants)


def _texels(texture: moderngl.Texture | moderngl.Renderbuffer) -> bytes:
    assert isinstance(texture, moderngl.Texture)
    return texture.read()


def _stats(summary: np.void, bins: np.ndarray) -> Stats:
    finite, nan, infinite = (int(n) for n in summary["counts"])
    if not finite:
        return Stats(np.nan, np.nan, np.nan, nan, infinite, np.zeros(BINS, np.int64))
    return Stats(
        float(summary["minimum"]),
        float(summary["maximum"]),
        float(summary["sum"]) / finite,
        nan,
        infinite,
        bins.astype(np.int64),
    )
