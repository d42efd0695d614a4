"""Draws views in a thread of its own: for software rasterisers, whose draws would hold the window up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

import moderngl

from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.view import ViewPass
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture
from studio.model.views.display import Look
from studio.runtime.live.report import Message
from studio.runtime.services.failures import told
from studio.runtime.services.priority import step_back
from studio.ui.viewport.enlarged import Enlarger
from studio.ui.viewport.gl_context import RenderContext
from studio.ui.viewport.probe import Probe, Question
from studio.ui.viewport.scene import Part

_LONGEST_WAIT = 1.0
"""Seconds that the render thread waits for a drawing: one that was lost never gets there."""


@dataclass(frozen=True)
class Sketch:
    """What is to be drawn: these parts, on so many pixels."""

    size: Size
    parts: tuple[Part, ...]
    look: Look


@dataclass(frozen=True)
class Drawn:
    """What came of it.

    Attributes:
        picture: (H, W, 4) blue, green, red and nothing.
        said: the value asked for, in words.
        problem: why nothing can be drawn; None where it can.
    """

    picture: Picture | None = None
    said: str = ""
    problem: Message | None = None


class DrawRequest:
    """A sketch to be drawn, and a fence behind its drawing: see `studio.engine.display.Fence`."""

    def __init__(self, sketch: Sketch, question: Question | None) -> None:
        self.sketch = sketch
        self.question = question
        self._done = threading.Event()

    def wait(self) -> None:
        """See `Fence.wait`."""
        self._done.wait(_LONGEST_WAIT)

    def drop(self) -> None:
        """See `Fence.drop`; there is nothing to free."""

    def end(self) -> None:
        """Nothing is read for it any more."""
        self._done.set()


class Drawer:
    """A thread that draws one sketch after the other, in a context that shares textures.

    Made and closed in the window's thread.

    Args:
        then: called in the drawing thread with what has been drawn.
    """

    def __init__(self, then: Callable[[Drawn], None]) -> None:
        self._then = then
        self._context = RenderContext()
        self._requests: SimpleQueue[DrawRequest | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="drawing", daemon=True)
        self._thread.start()

    def draw(self, request: DrawRequest) -> None:
        """Draw this, soon."""
        self._requests.put(request)

    def close(self) -> None:
        """Draw what has been ordered, and end."""
        self._requests.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            step_back()
            device = self._context.open()
        except BaseException as error:  # noqa: BLE001 - a driver's; the surface says why nothing is drawn
            problem = Drawn(problem=told(error, "Drawing"))
            while (request := self._requests.get()) is not None:
                request.end()
                self._then(problem)
            return
        easel: Easel | None = None
        while (request := self._requests.get()) is not None:
            try:
                easel = easel or Easel(device)
                drawn = easel.draw(request)
            except BaseException as error:  # noqa: BLE001 - a driver's; the picture before stands
                # What it held may be what is broken.
                easel, drawn = None, Drawn(problem=told(error, "Drawing"))
            finally:
                request.end()
            self._then(drawn)
        self._context.close()


class Easel:
    """What drawing needs, in the context that is current in the drawing thread."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._pass = ViewPass(device, hurried=True)
        self._pass.prepare()
        self._enlarger = Enlarger(device, self._pass)
        self._probe = Probe(device.context)
        self._canvas: moderngl.Texture | None = None
        self._target: moderngl.Framebuffer | None = None
        self._last: tuple[Sketch, Picture] | None = None

    def draw(self, request: DrawRequest) -> Drawn:
        """Draw, and read the value that is asked for."""
        sketch = request.sketch
        if self._last is None or self._last[0] != sketch:
            self._last = sketch, self._draw(sketch)
        if request.question is not None:
            self._probe.ask(request.question)
        return Drawn(self._last[1], self._probe.answer())

    def _draw(self, sketch: Sketch) -> Picture:
        enlarged = self._enlarger.drawn(sketch.size, sketch.parts, sketch.look)
        if enlarged is not None:
            return enlarged
        context = self._device.context
        if self._canvas is None or self._target is None or self._canvas.size != sketch.size.wh:
            self._canvas = context.texture(sketch.size.wh, 4)
            self._target = context.framebuffer([self._canvas])
        self._target.clear(*sketch.look.ground, 1.0)
        for part in sketch.parts:
            self._pass.draw(self._target, part.shown, part.drawing, part.placement, sketch.look)
        self._device.finish()
        picture = self._device.calls.read_picture(self._canvas)
        context.gc()
        return picture
