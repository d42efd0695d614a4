"""The picture of an engine's output made on its device, so that 8 bits a value leave it in place of floats."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import moderngl

from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.states import StatefulEngine
from studio.engine.gl.engines.view import ViewPass
from studio.engine.gl.memory.readback import Readback
from studio.engine.reading import Coming
from studio.engine.store import TensorStore
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.layout import Atlas
from studio.model.networks.network import Network
from studio.model.networks.picture import Picture
from studio.model.views.display import DisplayTexture, Look


class DrawnEngine(StatefulEngine):
    """The part of a GL engine that draws its picture.

    Attributes:
        draws: whether it does; on a software rasteriser the processor makes it sooner from the values.
    """

    def __init__(self, network: Network, device: Device, store: TensorStore | None = None) -> None:
        super().__init__(network, store)
        self._device = device
        self.draws = not device.is_software

    def texture_of(self, name: str) -> tuple[moderngl.Texture, Atlas]:
        """The texture of a map, and where its channels lie."""
        raise NotImplementedError

    def look_at(self, names: Iterable[str]) -> None:
        """Have the maps of these layers there after every run from the next on; most engines have all of them.

        Who looks at one that is not there has the frame run again, with all that has changed by then.
        """
        del names

    def picture(self, out: Picture | None = None) -> Picture:
        """See `Reading.picture`. What lies between two levels may become either."""
        return self.ask_picture(out)() if self._draws_now else super().picture(out)

    def ask_picture(self, out: Picture | None = None) -> Coming:
        """See `Reading.ask_picture`."""
        if not self._draws_now:
            return super().ask_picture(out)
        texture, atlas = self.texture_of(self.graph.output)
        return self._drawing.ask(texture, atlas, self.graph, out)

    @property
    def _draws_now(self) -> bool:
        return self.draws and self.colour is None

    @cached_property
    def _drawing(self) -> _Drawing:
        return _Drawing(self._device)


class _Drawing:
    """Draws maps of a device as pictures, and reads them."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._pass = ViewPass(device)
        self._canvas: moderngl.Framebuffer | None = None
        # The other threads of a render have Python's lock meanwhile; moderngl would hold it for as long as it copies.
        self._free: list[Readback] = []

    def ask(self, texture: moderngl.Texture, atlas: Atlas, graph: Graph, out: Picture | None) -> Coming:
        shown = _shown(texture, atlas, graph)
        context = self._device.context
        if self._canvas is None or self._canvas.size != shown.crop.wh:
            self._canvas = context.framebuffer([context.texture(shown.crop.wh, 4)])
        self._pass.draw(self._canvas, shown, "picture", self._pass.whole(shown, "picture"), Look(nan=False))
        # One that is given up on the way is not handed back, and goes with who asked for it.
        readback = self._free.pop() if self._free else Readback(self._device)
        readback.begin(self._canvas)

        def take() -> Picture:
            made = readback.take(out)
            self._free.append(readback)
            assert made is not None
            return made

        return take


def _shown(texture: moderngl.Texture, atlas: Atlas, graph: Graph) -> DisplayTexture:
    """The texture as a picture, for which no ranges of values are needed."""
    low, high = graph.output_range
    return DisplayTexture(
        name=graph.output,
        role="output",
        texture=texture.glo,
        size=atlas.size,
        lanes=4,
        shape=(atlas.shape.channels, atlas.shape.height, atlas.shape.width),
        columns=atlas.columns,
        crop=atlas.shape.size,
        kernels=(0, 0, 0, 0),
        low=(low,) * 3,
        high=(high,) * 3,
        limits=texture.glo,
        limits_size=Size(1, 1),
        total=texture.glo,
        serial=0,
        order=graph.output_order,
        has_ranges=False,
    )
