"""The running picture on its way to other programs: in threads of their own, of which each takes the newest."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from studio.engine.display import PictureMaker
from studio.io.outlets import Line, outlet
from studio.io.resize import letterboxed
from studio.model.declared.plugins import guarded, guarding
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture
from studio.runtime.live.feature import Feature, Frame, Handlers
from studio.runtime.live.journal import Journal
from studio.runtime.live.orders import Order
from studio.runtime.live.report import Message, Part
from studio.runtime.services.failures import told

_FPS = 30.0


@dataclass(frozen=True)
class Send(Order):
    """Send the output to an outlet from now on.

    Attributes:
        name: of the outlet.
        size: that pictures are brought to; None for that of the first.
    """

    name: str
    size: Size | None = None


@dataclass(frozen=True)
class StopSending(Order):
    """Send nothing to an outlet any more."""

    name: str


@dataclass(frozen=True)
class Sent(Part):
    """What is sent: for each outlet, what the other program finds it under; empty until the first picture."""

    where: Mapping[str, str] = field(default_factory=dict)


class Sending(Feature):
    """Hands the output to outlets after each frame, and never waits for one.

    Args:
        display: makes the pictures.
        journal: takes what there is to say.
    """

    def __init__(self, display: PictureMaker, journal: Journal) -> None:
        self._display, self._journal = display, journal
        self._threads: dict[str, _Thread] = {}

    def handlers(self) -> Handlers:
        """See `Feature.handlers`."""
        return {Send: self._begin, StopSending: lambda order: self._end(order.name)}

    def _begin(self, order: Send) -> None:
        """Raises StudioError where there is no such outlet."""
        outlet(order.name)
        self._end(order.name)
        self._threads[order.name] = _Thread(order)

    def _end(self, name: str) -> None:
        thread = self._threads.pop(name, None)
        if thread is not None:
            thread.close()

    def took(self, frame: Frame) -> None:
        """See `Feature.took`: a picture that nobody has had yet takes the place of one that still waits."""
        if not self._threads or not (frame.is_new or any(thread.is_new for thread in self._threads.values())):
            return
        name = frame.engine.graph.output
        picture = self._display.picture(frame.engine, name, frame.crops.get(name))
        for thread in self._threads.values():
            thread.give(picture)

    def parts(self) -> Iterable[Part]:
        """See `Feature.parts`."""
        for name, thread in list(self._threads.items()):
            if thread.problem is not None:
                self._journal.say(thread.problem)
                self._end(name)
            elif thread.where and not thread.is_told:
                thread.is_told = True
                self._journal.say(Message(f"{outlet(name).label}: the output is sent as {thread.where}."))
        yield Sent({name: thread.where for name, thread in self._threads.items()})

    def close(self) -> None:
        """See `Feature.close`."""
        for name in list(self._threads):
            self._end(name)


class _Thread:
    """Opens an outlet with the first picture, and sends the newest."""

    def __init__(self, order: Send) -> None:
        self.where = ""
        self.problem: Message | None = None
        self.is_new, self.is_told = True, False
        self._order = order
        self._ready = threading.Condition()
        self._picture: Picture | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._work, name=f"send {order.name}", daemon=True)
        self._thread.start()

    def give(self, picture: Picture) -> None:
        """A new picture, which must not be changed afterwards."""
        self.is_new = False
        with self._ready:
            self._picture = picture
            self._ready.notify()

    def close(self) -> None:
        """Send no more; a library that hangs is not waited for."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        self._thread.join(1.0)

    def _next(self) -> Picture | None:
        with self._ready:
            self._ready.wait_for(lambda: self._picture is not None or self._closing)
            picture, self._picture = self._picture, None
            return None if self._closing else picture

    def _work(self) -> None:
        line: Line | None = None
        kind = outlet(self._order.name)
        try:
            while (picture := self._next()) is not None:
                size = self._order.size or Size.of(picture)
                if line is None:
                    # What other programs take has even sides.
                    size = Size(*(side + side % 2 for side in size))
                    with guarded(kind):
                        line, opened = guarding(kind.open(size, _FPS), kind), size
                    self.where = line.where
                line.send(np.ascontiguousarray(letterboxed(picture, opened)))
        except BaseException as error:  # noqa: BLE001 - a library's; the picture goes on
            self.problem = told(error, f"Sending to {kind.label}")
        finally:
            if line is not None:
                try:
                    line.close()
                except BaseException as error:  # noqa: BLE001 - likewise
                    self.problem = self.problem or told(error, f"Closing {kind.label}")
