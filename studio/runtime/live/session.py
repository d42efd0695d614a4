"""The running engine as the window sees it: orders go in, reports come out, and nothing waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from studio.engine.display import Display, Viewing
from studio.model.networks.graph import Graph
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.model.networks.picture import Picture
from studio.model.networks.shape import Array
from studio.model.views.view import View
from studio.runtime.live.clock import QUICK, SLOW
from studio.runtime.live.feature import Feature
from studio.runtime.live.layer_monitor import Watch
from studio.runtime.live.mailbox import Mailbox
from studio.runtime.live.movement import Movement
from studio.runtime.live.orders import (
    BeginAgain,
    Bypass,
    ChooseEngine,
    Hold,
    LookAt,
    Open,
    Order,
    Replace,
    ShowOutputToo,
    Stop,
    WorkAt,
)
from studio.runtime.live.output_writer import ContactSheet, Record, Snapshot, Still, StopRecording
from studio.runtime.live.player import Player
from studio.runtime.live.recorder import RecordingTarget
from studio.runtime.live.report import EngineState, Messages, Report
from studio.runtime.live.tuning import StopTuning
from studio.runtime.services.failures import told
from studio.runtime.services.right_of_way import RightOfWay

_LETS_GO = 0.001
"""Seconds."""


class LiveSession:
    """A render thread with an engine and a capture thread with a source; no method waits, whoever calls it.

    Orders may be given before `start`, which begins with them. What cannot be done is said in a message of the next
    report; what ran before runs on. Whatever names layers or tensors comes with the graph that has them; where another
    network runs by then it is dropped, or, of what is set, the newest kept until its own is opened.

    Args:
        open_display: called in the render thread; makes what it needs there.
        on_report: called in the render thread, 12 times a second, 30 where something moves, and for every picture
            besides.
        close_display: called in the render thread at its end, when the display has been closed.
        features: make what lives in the render thread besides recordings and the monitor of layers.
        prepare: called in the render thread before all else; what the display needs, and can be made without it.
        quick: whether what moves by itself has as many pictures a second as a GPU and a screen can show.
    """

    def __init__(
        self,
        open_display: Callable[[], Display],
        on_report: Callable[[Report], None],
        close_display: Callable[[], None] = lambda: None,
        features: Callable[[], Iterable[Feature]] = lambda: (Movement(),),
        *,
        prepare: Callable[[], object] = lambda: None,
        quick: bool = False,
    ) -> None:
        self._mailbox = Mailbox()
        self.way = RightOfWay()
        self._rate = QUICK if quick else SLOW
        self.player = Player(self._mailbox.wake, rate=QUICK if quick else None)
        self._open_display = open_display
        self._close_display = close_display
        self._on_report = on_report
        self._features = features
        self._prepare = prepare
        self._may_begin, self._is_over = threading.Event(), False
        self._display: Display | None = None
        self._thread = threading.Thread(target=self._run, name="render", daemon=True)

    def prepare(self) -> None:
        """Start the render thread, which prepares and then waits for `start`; to be called once, or not at all.

        While a driver makes a context, all that draws waits for it: before there is a window, that is nothing.
        """
        self._thread.start()

    def start(self) -> None:
        """Let the render thread load the engine; to be called once."""
        self._may_begin.set()
        if self._thread.ident is None:
            self._thread.start()

    def order(self, order: Order) -> None:
        """Have an order carried out, soon."""
        self._mailbox.put(order)

    @property
    def screen(self) -> Viewing | None:
        """What is to be drawn; None until the render thread has its display."""
        return self._display

    def open(self, network: Network, bypassed: frozenset[str] = frozenset(), view: View | None = None) -> None:
        """Run another network, with these layers bypassed, and look at this."""
        self.order(Open(network, bypassed, view))

    def replace(self, graph: Graph, tensor: str, rect: Rect, values: Array) -> None:
        """New values of a rectangle of a tensor's sheet; they are not copied, so must not be changed afterwards."""
        self.order(Replace(graph, tensor, rect, values))

    def bypass(self, graph: Graph, layers: frozenset[str]) -> None:
        """Bypass just these layers."""
        self.order(Bypass(graph, layers))

    def choose_engine(self, name: str) -> None:
        """Run on one of `studio.engine.choose.ENGINE_NAMES`."""
        self.order(ChooseEngine(name))

    def work_at(self, size: str) -> None:
        """Bring pictures to a size as the command line gives it: "256", "640x360", "source"."""
        self.order(WorkAt(size))

    def look_at(self, graph: Graph, view: View) -> None:
        """Put something else on the screen."""
        self.order(LookAt(graph, view))

    def also_show_output(self, wanted: bool) -> None:
        """Keep the output on the screen whatever else is looked at: another window shows it."""
        self.order(ShowOutputToo(wanted))

    def watch(self, graph: Graph, names: tuple[str, ...]) -> None:
        """Report the statistics of these layers and tensors as often as time allows."""
        self.order(Watch(graph, names))

    def hold(self, held: bool) -> None:
        """Freeze the input: only what edits touch is run again."""
        self.order(Hold(held))

    def begin_again(self) -> None:
        """Let the network's state and bends with memory begin again, though the source goes on."""
        self.order(BeginAgain())

    def play(self, spec: str) -> None:
        """Play another source: "demo", "camera", a path."""
        self.player.play(spec)

    def pause(self, paused: bool) -> None:
        """Pause the source, or let it play."""
        self.player.pause(paused)

    def seek(self, seconds: float) -> None:
        """Go to a place of the source."""
        self.player.seek(seconds)

    def set_speed(self, speed: float) -> None:
        """Play so many seconds of the source in one."""
        self.player.set_speed(speed)

    def set_loop(self, loop: bool) -> None:
        """Whether the source begins again at its end."""
        self.player.set_loop(loop)

    def record(self, target: RecordingTarget, name: str, *, shown: bool = False) -> None:
        """Begin a recording of the output, or of what is shown.

        Args:
            target: where and how.
            name: the preset's, for the recording's name.
            shown: record the layer or the filters that are on the screen.
        """
        self.order(Record(target, name, shown))

    def stop_recording(self) -> None:
        """End the recording; the report says when it is whole."""
        self.order(StopRecording())

    def still(self, path: Path) -> None:
        """Write the output as a PNG."""
        self.order(Still(path))

    def sheet(self, path: Path) -> None:
        """Write a PNG with the activations of all layers."""
        self.order(ContactSheet(path))

    def snapshot(self, then: Callable[[Picture], None]) -> None:
        """Call this in the render thread with the next output, (H, W, 3) uint8 RGB; it must return at once."""
        self.order(Snapshot(then))

    def stop_tuning(self) -> None:
        """Run on as it runs now, without finding out what runs fastest."""
        self.order(StopTuning())

    def close(self, timeout: float = 10.0) -> bool:
        """Stop both threads and free everything; a recording is finished.

        Args:
            timeout: waits so many seconds at most.

        Returns:
            Whether the render thread has ended.
        """
        self.order(Stop())
        if not self._may_begin.is_set():
            self._is_over = True
            self._may_begin.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        self.player.close()
        return not self._thread.is_alive()

    def _run(self) -> None:
        opened = False
        try:
            self._prepare()
            opened = True
            self._may_begin.wait()
            if self._is_over:
                return
            # Whoever started it goes on first: an import may keep Python for 20 ms at a time.
            time.sleep(_LETS_GO)
            # With all that works in this thread alone; the window is there without it.
            from studio.runtime.live.render_loop import RenderLoop

            self._display = self._open_display()
            features = self._features()
            loop = RenderLoop(
                self._display, self._mailbox, self.player, self._on_report, features, self._rate, self.way
            )
            loop.run()
        except BaseException as error:  # noqa: BLE001 - the person must learn that the picture has stopped
            message = told(error, "The render thread")
            self._on_report(Report((Messages((message,)), EngineState(problem=message.text))))
        finally:
            self._display = None
            if opened:
                self._close_display()
