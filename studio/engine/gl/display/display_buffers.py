"""Where the render thread leaves what is to be looked at, and the window's thread finds it.

Three sets of textures go round, so that neither thread waits for the other: the render thread fills the *back* and
swaps it with the *newest*; the window swaps the newest with its *front* when it draws::

    copy() --> back  <- publish() ->  newest  <->  front --> front()

What the window may still be drawing is never written: a fence that it leaves with `drawn` is waited for before a set
that has been the front is filled again. Nor does it draw what the GPU has not finished: `copy` leaves a fence, and
`publish` waits for it, by which time the GPU may have been given the next frame.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Hashable
from dataclasses import dataclass, field

import moderngl
import numpy as np

from studio.engine.base import Engine
from studio.engine.choose import Choice, open_engine
from studio.engine.display import Crops, Fence
from studio.engine.gl.display.copies import Copy, kind_of, spec_for
from studio.engine.gl.display.from_cuda import FromCuda
from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.atlases import AtlasEngine
from studio.engine.gl.engines.view import ViewPass
from studio.engine.gl.memory.readback import Readback, rgb_of
from studio.model.declared.size import Size
from studio.model.networks.network import Network
from studio.model.networks.picture import Picture, signed_view
from studio.model.views.display import DRAWINGS, DisplayTexture, Drawing, Look, tiling

# A thumbnail shows so many channels at most; more would be specks.
_THUMBNAIL_CHANNELS = 16


@dataclass
class _Set:
    """Textures of one moment."""

    copies: dict[str, Copy] = field(default_factory=dict)
    shown: tuple[DisplayTexture, ...] = ()
    fences: dict[Hashable, Fence] = field(default_factory=dict)


class DisplayBuffers:
    """Carries activations and filter sheets from an engine to viewers in another thread.

    `front` and `drawn` belong to the window's thread, everything else to the render thread.

    Args:
        device: the render thread's, current there; a GL engine shown must run on it.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._pass = ViewPass(device)
        self._lock = threading.Lock()
        self._back, self._newest, self._front = _Set(), _Set(), _Set()
        self._is_fresh = False
        self._serial = 0
        self._copied: tuple[DisplayTexture, ...] | None = None
        self._behind: int | None = None  # the fence behind what was copied
        self.published = 0
        self._canvas: moderngl.Framebuffer | None = None
        self._aside: dict[str, Copy] = {}
        self._readback = Readback(device)
        self._from_cuda = FromCuda(device)
        self._ordered: Picture | None = None

    @property
    def is_software(self) -> bool:
        """See `Display.is_software`."""
        return self._device.is_software

    # -- the render thread ----------------------------------------------------------------------------------------

    def open_engine(self, network: Network, name: str) -> tuple[Engine, Choice]:
        """See `Display.open_engine`."""
        engine, choice = open_engine(network, name, device=self._device)
        # Somebody waits for the first picture.
        engine.tunes_later = True
        return engine, choice

    def show(
        self, engine: Engine, names: tuple[str, ...], crops: Crops | None = None, pictures: Collection[str] = ()
    ) -> None:
        """`copy`, and `publish` at once."""
        self.copy(engine, names, crops, pictures)
        self.publish()

    def copy(
        self, engine: Engine, names: tuple[str, ...], crops: Crops | None = None, pictures: Collection[str] = ()
    ) -> None:
        """Have the GPU copy what is to be looked at; what was copied before is published.

        Args:
            engine: after a run; on the screen's own device, if it is a GL engine.
            names: layers, inputs and tensors ("layer.tensor").
            crops: height and width to show of a layer or input that has a border of padding; others are shown whole.
            pictures: those of the names that are drawn as pictures only, for which no ranges need be found.

        Raises:
            StudioError: for a name that there is not, or a sheet larger than a texture can be; what was published
                before stays.
        """
        self.publish()
        self._device.use()
        with self._lock:
            fences, self._back.fences = self._back.fences, {}
        for fence in fences.values():
            fence.wait()
        self._serial += 1
        back = self._back
        back.shown = ()
        back.copies = {
            name: _copy_for(self._device, back.copies.get(name), engine, name, (crops or {}).get(name))
            for name in names
        }
        if isinstance(engine, AtlasEngine):
            # The frame would run again for each of them.
            engine.look_at(name for name, copy in back.copies.items() if copy.spec.role != "sheet")
        planes = self._from_cuda.bring(engine, [name for name, copy in back.copies.items() if copy.takes_planes])
        for name, copy in back.copies.items():
            copy.fill(engine, ranges=name not in pictures, planes=planes.get(name))
        self._from_cuda.give_back()
        self._device.context.gc()
        self._copied = tuple(copy.shown(self._serial) for copy in back.copies.values())
        # A rasteriser's fence is waited for with nothing else under way, so that nothing is gained by one.
        self._behind = None if self._device.is_software else self._device.calls.fence()
        if self._behind is not None:
            self._device.calls.flush()

    def publish(self) -> None:
        """See `Display.publish`."""
        shown, self._copied = self._copied, None
        if shown is None:
            return
        self._device.use()
        fence, self._behind = self._behind, None
        if fence is None:
            self._device.finish()
        else:
            self._device.calls.wait_fence(fence)
        back = self._back
        back.shown = shown
        with self._lock:
            self._back, self._newest = self._newest, back
            self._is_fresh = True
        self.published += 1

    def picture(
        self,
        engine: Engine,
        name: str,
        crop: Size | None = None,
        drawing: Drawing | None = None,
        look: Look | None = None,
    ) -> Picture:
        """(H, W, 3) uint8 RGB of the output or an input, or of a layer's tiles or a sheet as a viewer sees it.

        Args:
            engine: after a run; on the screen's own device, if it is a GL engine.
            name: of a layer, an input or a tensor.
            crop: height and width to show of every channel.
            drawing: as a picture, a tile for each channel, or a filter sheet; None takes what suits it.
            look: colours; of a picture NaN is black unless told otherwise, as in `studio render`.
        """
        made = self._aside_of(engine, name, crop, drawing, look)
        if not isinstance(made, moderngl.Framebuffer):
            return made
        self._device.finish()
        pixels = np.frombuffer(made.read(components=4), np.uint8)
        self._device.context.gc()
        return rgb_of(pixels, Size.from_wh(made.size))

    def order(
        self,
        engine: Engine,
        name: str,
        crop: Size | None = None,
        drawing: Drawing | None = None,
    ) -> None:
        """Ask for a `picture`, which `delivered` gives a frame later without waiting for the GPU."""
        made = self._aside_of(engine, name, crop, drawing, None)
        if isinstance(made, moderngl.Framebuffer):
            self._ordered = None
            self._readback.begin(made)
        else:
            self._ordered = made

    def delivered(self) -> Picture | None:
        """(H, W, 3) uint8 RGB that was ordered; None where nothing was since the last time."""
        self._device.use()
        ready, self._ordered = self._ordered, None
        return ready if ready is not None else self._readback.take()

    def thumbnail(self, engine: Engine, name: str, size: int, crop: Size | None = None) -> Picture:
        """A small picture of a layer's first channels as tiles, signed colours, each tile at a scale of its own.

        Only the values that it shows leave the device.

        Args:
            engine: after a run.
            name: of a layer or an input.
            size: pixels of the longer side, at most.
            crop: height and width of the map that are shown.
        """
        shape = engine.shape(name)
        whole, channels = crop or shape.size, min(shape.channels, _THUMBNAIL_CHANNELS)
        grid = tiling(channels, whole)
        scale = min(1.0, size / max(grid.width * whole.width, grid.height * whole.height))
        small = Size(max(1, int(whole.height * scale)), max(1, int(whole.width * scale)))
        values = engine.sample(name, channels, small, whole)
        return signed_view(values, np.nan_to_num(np.abs(values), nan=0.0, posinf=0.0).max(axis=(1, 2)))

    def close(self) -> None:
        """Free every texture; `front` gives nothing from now on."""
        self._device.use()
        self._copied = None
        if self._behind is not None:
            self._device.calls.drop_fence(self._behind)
            self._behind = None
        with self._lock:
            sets = self._back, self._newest, self._front
            self._back, self._newest, self._front = _Set(), _Set(), _Set()
            self._is_fresh = False
        for each in sets:
            for fence in each.fences.values():
                fence.wait()
            each.copies.clear()
        self._aside.clear()
        self._readback.close()
        self._from_cuda.close()
        self._canvas = None
        self._device.context.gc()

    # -- the window's thread --------------------------------------------------------------------------------------

    def front(self) -> tuple[DisplayTexture, ...]:
        """What is newest, in the order it was asked for; empty before the first `show`.

        The textures stay as they are until the next call, and while what was drawn before a `drawn` is under way.
        """
        with self._lock:
            if self._is_fresh:
                self._newest, self._front = self._front, self._newest
                self._is_fresh = False
            return self._front.shown

    def drawn(self, viewer: Hashable, fence: Fence) -> None:
        """Leave a fence behind the commands that draw the front; it takes the place of this viewer's last one."""
        with self._lock:
            before = self._front.fences.pop(viewer, None)
            self._front.fences[viewer] = fence
        if before is not None:
            before.drop()

    # -- within ---------------------------------------------------------------------------------------------------

    def _aside_of(
        self,
        engine: Engine,
        name: str,
        crop: Size | None,
        drawing: Drawing | None,
        look: Look | None,
    ) -> Picture | moderngl.Framebuffer:
        """A picture: in 8-bit RGBA on the device, good until the next one, or ready where it needs no drawing.

        The output of an engine without textures is as in `studio render`.
        """
        is_output = name == engine.graph.output and drawing in (None, "picture")
        if is_output and look is None and not isinstance(engine, AtlasEngine):
            height, width = crop or engine.shape(name)[1:]
            return np.ascontiguousarray(engine.picture()[:height, :width])
        self._device.use()
        copy = _copy_for(self._device, self._aside.get(name), engine, name, crop)
        self._aside = {name: copy}
        drawing = drawing or DRAWINGS[copy.spec.role]
        copy.fill(engine, ranges=drawing != "picture")
        shown = copy.shown(0)
        placement = self._pass.whole(shown, drawing)
        target = self._canvas_of(placement.rect.size)
        self._pass.draw(target, shown, drawing, placement, look or Look(nan=drawing != "picture"))
        return target

    def _canvas_of(self, size: Size) -> moderngl.Framebuffer:
        if self._canvas is None or self._canvas.size != size.wh:
            context = self._device.context
            self._canvas = context.framebuffer([context.texture(size.wh, 4)])
        return self._canvas


def _copy_for(device: Device, old: Copy | None, engine: Engine, name: str, crop: Size | None) -> Copy:
    """What is to be filled with this: the old one, where it fits."""
    kind = kind_of(engine, name, crop)
    if old is not None and old.kind == kind:
        return old
    spec = spec_for(device, engine, name, crop)
    fitting = old if old is not None and old.spec == spec else Copy(device, spec)
    fitting.kind = kind
    return fitting
