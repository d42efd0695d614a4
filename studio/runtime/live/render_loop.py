"""The render thread: orders, a picture, the network, the screen, a report; again and again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from studio.engine.base import Engine
from studio.engine.choose import Choice, open_engine
from studio.engine.gl.device import Device
from studio.engine.gl.screen import Screen
from studio.errors import StudioError
from studio.io.resize import resized
from studio.model.graph import Size
from studio.model.latent import LatentPath, path_of_source
from studio.model.network import Network
from studio.model.view import View
from studio.runtime.live.layer_monitor import LayerMonitor
from studio.runtime.live.mailbox import Mailbox, NewWeights, Orders
from studio.runtime.live.output_writer import OutputWriter
from studio.runtime.live.player import Player
from studio.runtime.live.report import Message, MessageKind, Report
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.size import WorkingSize, parse_size
from studio.runtime.services.priority import step_back

_REPORT_EVERY = 1 / 30
_TIME_EVERY = 1 / 20
_IDLE = 0.05


class RenderLoop:
    """Everything that lives in the render thread, in which its context is current."""

    def __init__(
        self, device: Device, screen: Screen, mailbox: Mailbox, player: Player, on_report: Callable[[Report], None]
    ) -> None:
        self._device = device
        self._screen = screen
        self._mailbox = mailbox
        self._player = player
        self._on_report = on_report
        self._network: Network | None = None
        self._bypassed: frozenset[str] = frozenset()
        self._wanted = "auto"
        self._size = "256"
        self._view = View()
        self._held = False
        self._output_too = False
        self._watched: tuple[str, ...] = ()
        self._engine: Engine | None = None
        self._choice = Choice("torch", "")
        self._bender: FrameRunner | None = None
        self._observer: LayerMonitor | None = None
        self._outlets = OutputWriter(screen, lambda text, failed: self._say(text, "error" if failed else "note"))
        self._serial_in = -1
        self._has_run = False
        self._recent: deque[float] = deque(maxlen=120)
        self._messages: list[Message] = []
        self._said: set[str] = set()
        self._report = Report(is_software=device.is_software)
        self._reported = 0.0
        self._working: WorkingSize | None = None
        self._stopping = False

    def run(self) -> None:
        """Until the mailbox says "stop"."""
        try:
            while not self._stopping:
                orders = self._mailbox.take()
                self._obey(orders)
                busy = self._advance(orders)
                self._report_now()
                if not busy:
                    self._mailbox.wait(self._pause())
        finally:
            self._finish()

    # -- orders -----------------------------------------------------------------------------------------------------

    def _obey(self, orders: Orders) -> None:
        settings = orders.settings
        if orders:
            self._said.clear()
        self._stopping = "stop" in settings
        self._held = bool(settings.get("hold", self._held))
        self._view = _typed(settings.get("view"), View) or self._view
        self._wanted = _typed(settings.get("engine"), str) or self._wanted
        self._output_too = bool(settings.get("output too", self._output_too))
        self._watched = _typed(settings.get("watch", self._watched), tuple) or ()
        if "size" in settings:
            self._size, self._serial_in = str(settings["size"]), -1
        if orders.bypassed is not None:
            self._bypassed = orders.bypassed
        if orders.network is not None or "engine" in settings:
            self._open(orders.network or self._current_network())
        elif self._engine is not None and orders.bypassed is not None:
            self._engine.bypass(self._bypassed)
        for new in orders.weights:
            self._attempt(partial(self._replace, new))
        if self._observer is not None:
            self._observer.watched = tuple(name for name in self._watched if self._is_known(name))
            if orders.weights or orders.bypassed is not None or "watch" in settings:
                self._observer.hurry()
        if "record" in settings:
            self._record(settings["record"])

    def _replace(self, new: NewWeights) -> None:
        if self._engine is not None:
            self._engine.replace(new.tensor, new.rect, new.values)

    @property
    def _running(self) -> Engine:
        assert self._engine is not None, "there is an engine once something has run"
        return self._engine

    def _is_known(self, name: str) -> bool:
        graph = self._running.graph
        return name in graph or name in graph.tensor_shapes

    def _current_network(self) -> Network | None:
        """The network that runs, with the weights that it has now."""
        if self._engine is None or self._network is None:
            return self._network
        return self._network.with_tensors({name: self._engine.tensor(name) for name in self._network.tensors})

    def _open(self, network: Network | None) -> None:
        if network is None:
            return
        self._close_engine()
        self._network, self._serial_in = network, -1
        for name in dict.fromkeys((self._wanted, "torch")):
            try:
                self._engine, self._choice = open_engine(network, name, device=self._device)
                self._engine.bypass(self._bypassed)
                self._engine.time_every = _TIME_EVERY
            except StudioError as error:
                self._say(str(error), "error")
                continue
            if self._engine.name == "torch":
                from studio.engine.torch import leave_a_core

                leave_a_core()
            # Not sooner: importing PyTorch at a low priority, with Python's lock in hand, holds the window up.
            step_back()
            self._bender = FrameRunner(self._engine)
            self._observer = LayerMonitor(self._engine, self._screen)
            self._observer.watched = tuple(name for name in self._watched if self._is_known(name))
            break

    def _close_engine(self) -> None:
        if self._engine is not None:
            self._engine.close()
        self._engine = self._bender = self._observer = None
        self._has_run = False
        self._recent.clear()

    def _record(self, order: Any) -> None:
        if order is None:
            self._outlets.end()
        else:
            plan, name, shown = order
            self._attempt(partial(self._outlets.begin, plan, name, shown))

    # -- a frame ----------------------------------------------------------------------------------------------------

    def _advance(self, orders: Orders) -> bool:
        """Run what there is to run; False where there was nothing."""
        if self._engine is None:
            return False
        start = time.perf_counter()
        ran = self._attempt(self._run_network)
        is_first = bool(ran) and not self._recent
        looked = orders.settings.keys() & {"view", "output too"}
        if self._has_run:
            # Before the screen, which waits for the GPU: it has work until then.
            self._attempt(partial(self._outlets.frame, self._running, self._view, self._crops(), is_new=bool(ran)))
        if self._has_run and (ran or looked):
            self._attempt(self._show)
        if ran:
            now = time.perf_counter()
            self._recent.append(now)
            self._report = replace(self._report, serial=self._report.serial + 1, seconds=now - start)
        if self._has_run:
            self._serve(orders.settings)
            if is_first:
                # It is told of at once: the first look at every layer may take a second.
                self._reported = 0.0
            elif self._observer is not None:
                self._attempt(self._observer.look)
        elif orders.settings.keys() & {"still", "sheet", "snapshot"}:
            self._say("There is no picture yet; choose a source first.", "warning")
        return bool(ran)

    def _run_network(self) -> bool:
        assert self._engine is not None
        assert self._bender is not None
        newest = self._player.newest()
        if newest is not None and newest[0] != self._serial_in and not (self._held and self._has_run):
            self._serial_in = newest[0]
            self._has_run, source = False, newest[1]
            size = parse_size(self._size, (source.shape[0], source.shape[1]))
            playing = self._player.state()
            self._bender.path = path_of_source(playing.spec) or LatentPath()
            self._working = self._bender.run(resized(source, size), playing.position)
            self._has_run = True
            return True
        if not self._has_run:
            return False
        return bool(self._engine.update())

    def _show(self) -> None:
        graph = self._running.graph
        names: tuple[str, ...] = (graph.output,)
        inspected: tuple[str, ...] = ()
        if self._view.kind == "split":
            names = (graph.inputs[0].name, graph.output)
        elif self._view.kind != "output" and self._is_known(self._view.name):
            inspected = (self._view.name,)
            names = (*inspected, graph.output) if self._output_too else inspected
        pictures = set(names).difference(inspected)
        self._screen.show(self._running, tuple(dict.fromkeys(names)), self._crops(), pictures)
        self._report = replace(self._report, shown=self._report.shown + 1)

    def _crops(self) -> dict[str, Size]:
        """What belongs to the picture of the maps that hold one; the rest of them is a border."""
        assert self._working is not None
        graph = self._running.graph
        crops = {i.name: self._working.picture for i in graph.inputs if i.kind == "picture"}
        return crops | {graph.output: self._working.output}

    def _serve(self, settings: Mapping[str, Any]) -> None:
        """Single pictures."""
        engine, crops = self._running, self._crops()
        if "still" in settings:
            self._attempt(partial(self._outlets.still, engine, crops, settings["still"]))
        if "sheet" in settings:
            self._attempt(partial(self._outlets.sheet, engine, crops, settings["sheet"]))
        if "snapshot" in settings:
            settings["snapshot"](self._outlets.output(engine, crops))

    # -- telling ----------------------------------------------------------------------------------------------------

    def _attempt(self, work: Callable[[], object]) -> object:
        """Do it; bad input becomes a message, said once until it changes."""
        try:
            return work()
        except StudioError as error:
            self._say(str(error), "error")
            return None

    def _say(self, text: str, kind: MessageKind = "note") -> None:
        """A sentence, once until there are new orders."""
        if text not in self._said:
            self._said.add(text)
            self._messages.append(Message(text, kind))

    def _pause(self) -> float:
        """Seconds until something must be done although nothing comes in."""
        return min(_IDLE, (self._outlets.period or _IDLE) / 2)

    def _report_now(self) -> None:
        now = time.perf_counter()
        while not self._player.messages.empty():
            self._say(self._player.messages.get(), "error")
        if now - self._reported < _REPORT_EVERY and not self._messages:
            return
        self._reported = now
        engine, sights = self._engine, self._observer.take() if self._observer is not None else None
        shapes = {}
        if engine is not None and self._has_run:
            names = (*(i.name for i in engine.graph.inputs), *(node.name for node in engine.graph.nodes))
            shapes = {name: engine.shape(name) for name in names}
        recent = [then for then in self._recent if now - then <= 1.0]
        self._report = replace(
            self._report,
            fps=float(len(recent)),
            engine=engine.name if engine is not None else "",
            device=engine.device if engine is not None else "",
            reason=self._choice.reason,
            size=self._working.picture if self._working is not None else None,
            output_size=self._working.output if self._working is not None else None,
            shapes=shapes,
            stats=sights.stats if sights else {},
            times=sights.times if sights else {},
            thumbnails=sights.thumbnails if sights else {},
            warnings=sights.warnings if sights else {},
            broken=sights.broken if sights else None,
            player=self._player.state(),
            recording=self._outlets.status,
            messages=tuple(self._messages),
        )
        self._messages.clear()
        self._on_report(self._report)

    def _finish(self) -> None:
        self._outlets.close()
        self._close_engine()
        self._screen.close()


def _typed(value: object, kind: type[Any]) -> Any:
    return value if isinstance(value, kind) else None
