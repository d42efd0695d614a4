"""One texture that an activation or a filter sheet is copied into."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import moderngl

from studio.engine.base import Engine
from studio.engine.gl.display.from_cuda import Planes
from studio.engine.gl.display.ranges import Ranges
from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.programs import set_uniforms
from studio.engine.gl.driver.shaders import Source
from studio.engine.gl.engines.atlases import AtlasEngine
from studio.engine.gl.frame.dispatch import line_of
from studio.engine.gl.memory.copying import copy_texture
from studio.errors import StudioError
from studio.model.declared.size import Size
from studio.model.networks.inputs import ChannelOrder
from studio.model.networks.layout import atlas_for, kernel_grid, pack_atlas, sheet_size, tile_count
from studio.model.networks.shape import Array, Shape
from studio.model.views.display import DisplayTexture, Role

Kind = tuple[weakref.ref[Engine], str, Shape | None, Size | None, bool]


@dataclass(frozen=True)
class CopySpec:
    """Everything about a copy that its textures are made for; equal specs can share them."""

    name: str
    role: Role
    size: Size
    shape: tuple[int, int, int]
    columns: int
    crop: Size
    kernels: tuple[int, int, int, int]
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    order: ChannelOrder = "rgb"
    tinted: bool = False

    @property
    def lanes(self) -> int:
        """Components of the texture."""
        return 1 if self.role == "sheet" else 4


class Copy:
    """A texture of its own for one activation or sheet, and the ranges of its values.

    Attributes:
        spec: what it is made for.
        kind: what asked for that spec, by `kind_of`.
    """

    def __init__(self, device: Device, spec: CopySpec) -> None:
        self._device = device
        self.spec = spec
        self.kind: Kind | None = None
        self._has_ranges = False
        self._values: Array | None = None
        self._filled_from: tuple[weakref.ref[Engine], int] | None = None

    @cached_property
    def _target(self) -> moderngl.Framebuffer:
        context = self._device.context
        return context.framebuffer([context.texture(self.spec.size.wh, self.spec.lanes, dtype="f4")])

    @cached_property
    def _ranges(self) -> Ranges:
        return Ranges(self._device, self.spec.shape, self.spec.crop, self.spec.kernels, self.spec.columns)

    @property
    def _texture(self) -> moderngl.Texture:
        found = self._target.color_attachments[0]
        assert isinstance(found, moderngl.Texture), "it was made of one"
        return found

    @property
    def takes_planes(self) -> bool:
        """Whether it may be filled from planes that an engine of CUDA's left on the device."""
        return self.spec.role != "sheet" and not self.spec.tinted

    def fill(self, engine: Engine, *, ranges: bool = True, planes: Planes | None = None) -> None:
        """Copy what the engine holds now; a sheet that has not changed since is left as it is.

        Args:
            engine: after a run.
            ranges: whether the ranges of its values are found; pictures are drawn without.
            planes: where its map lies on the device already.
        """
        state = None
        if self.spec.role == "sheet":
            state = weakref.ref(engine), engine.revision(self.spec.name)
            if self._filled_from == state:
                return
        self._values = None
        # Of a map of one channel three lanes are free: there the colour goes that its picture is shown in.
        if planes is not None:
            self._lay_out(planes)
        elif isinstance(engine, AtlasEngine) and not self.spec.tinted:
            self._take(engine)
        else:
            self._upload(engine)
        self._has_ranges = ranges
        if ranges:
            self._ranges.find(self._texture)
        self._filled_from = state

    def shown(self, serial: int) -> DisplayTexture:
        """What viewers are told of it."""
        return self._told(serial=serial, has_ranges=self._has_ranges, values=self._values)

    @cached_property
    def _told(self) -> Callable[..., DisplayTexture]:
        """Makes what viewers are told, of which most stays the same."""
        spec = self.spec
        return partial(
            DisplayTexture,
            name=spec.name,
            role=spec.role,
            texture=self._texture.glo,
            size=spec.size,
            lanes=spec.lanes,
            shape=spec.shape,
            columns=spec.columns,
            crop=spec.crop,
            kernels=spec.kernels,
            low=spec.low,
            high=spec.high,
            limits=self._ranges.limits.glo,
            limits_size=self._ranges.size,
            total=self._ranges.total.glo,
            order=spec.order,
            tinted=spec.tinted,
        )

    def _take(self, engine: AtlasEngine) -> None:
        name = self.spec.name
        source = engine.sheet_texture(name) if self.spec.role == "sheet" else engine.texture_of(name)[0]
        if source.ctx is not self._device.context:
            raise ValueError("a GL engine is shown on the device that it runs on")
        copy_texture(self._device, source, self._texture)
        if self._device.has_compute:
            self._device.context.memory_barrier()

    def _lay_out(self, planes: Planes) -> None:
        channels, height, width = self.spec.shape
        program = self._device.compute(Source("compute", ("view/planes.glsl",)))
        set_uniforms(program, {"u_shape": (*self.spec.shape, self.spec.columns)})
        planes.buffer.bind_to_storage_buffer(0, offset=planes.offset, size=planes.size)
        self._texture.bind_to_image(0, read=False, write=True)
        self._device.dispatch(program, *line_of(-(-height * width // 64)), tile_count(channels))
        self._device.context.memory_barrier()

    def _upload(self, engine: Engine) -> None:
        if self.spec.role == "sheet":
            self._device.calls.write(self._texture, engine.sheet(self.spec.name))
        else:
            atlas = atlas_for(Shape(*self.spec.shape), self._device.max_texture)
            values = engine.activation(self.spec.name)
            packed = pack_atlas(values, atlas)
            is_picture = self.spec.role != "layer" and len(values) in (1, 3) and not self.spec.tinted
            if is_picture:
                self._values = values
            if self.spec.tinted and engine.colour is not None:
                packed[..., 1:] = engine.colour
            self._device.calls.write(self._texture, packed)


def kind_of(engine: Engine, name: str, crop: Size | None) -> Kind:
    """What a spec depends on: equal kinds have equal specs, which need not be worked out in every frame."""
    shape = None if name in engine.graph.tensor_shapes else engine.shape(name)
    return weakref.ref(engine), name, shape, crop, engine.colour is None


def spec_for(device: Device, engine: Engine, name: str, crop: Size | None) -> CopySpec:
    """What a copy of this activation or sheet needs.

    Raises:
        StudioError: for a name that there is not, or what no texture can hold.
    """
    if name in engine.graph.tensor_shapes:
        return _spec_for_sheet(device, engine.graph.tensor_shapes[name], name)
    shape = engine.shape(name)
    atlas = atlas_for(shape, device.max_texture)
    read = next((i for i in engine.graph.inputs if i.name == name), None)
    role: Role = "input" if read else "output" if name == engine.graph.output else "layer"
    low, high = read.range if read else engine.graph.output_range
    mean, std = (read.mean if read else ()) or (0.0,), (read.std if read else ()) or (1.0,)
    order = read.order if read else engine.graph.output_order
    if order == "bgr":
        mean, std = mean[::-1], std[::-1]
    return CopySpec(
        name=name,
        role=role,
        size=atlas.size,
        shape=(shape.channels, shape.height, shape.width),
        columns=atlas.columns,
        crop=Size(min(crop.height, shape.height), min(crop.width, shape.width)) if crop else shape.size,
        kernels=(0, 0, 0, 0),
        low=_normalised(low, mean, std),
        high=_normalised(high, mean, std),
        order=order,
        tinted=role == "output" and engine.colour is not None,
    )


def _spec_for_sheet(device: Device, shape: tuple[int, ...], name: str) -> CopySpec:
    size = sheet_size(shape)
    if max(size) > device.max_texture:
        raise StudioError(
            f'Tensor "{name}": its filter sheet of {size} weights cannot be shown, because it passes this '
            f"GPU's largest texture, {device.max_texture}×{device.max_texture}."
        )
    kernels = kernel_grid(shape)
    none, full = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    return CopySpec(name, "sheet", size, (1, *size), 1, size, kernels, none, full)


def _normalised(value: float, mean: tuple[float, ...], std: tuple[float, ...]) -> tuple[float, float, float]:
    """A value of a picture as the network is fed it, in each of three channels."""
    of = [(value - mean[k % len(mean)]) / std[k % len(std)] for k in range(3)]
    return of[0], of[1], of[2]
