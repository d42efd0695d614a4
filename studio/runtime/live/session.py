"""The running engine as the window sees it: orders go in, reports come out, and nothing waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from studio.engine.gl.device import Device
from studio.engine.gl.screen import Screen
from studio.model.layout import Rect
from studio.model.network import Network
from studio.model.op import Array
from studio.model.picture import Picture
from studio.model.view import View
from studio.runtime.live.mailbox import Mailbox
from studio.runtime.live.player import Player
from studio.runtime.live.recorder import RecordingPlan
from studio.runtime.live.render_loop import RenderLoop
from studio.runtime.live.report import Message, Report


class LiveSession:
    """A render thread with an engine and a capture thread with a source; no method waits, whoever calls it.

    Orders may be given before `start`, which begins with them. What cannot be done is said in a message of the next
    report; what ran before runs on.

    Args:
        open_device: called in the render thread; makes its OpenGL context current.
        on_report: called in the render thread, at most about 30 times a second.
        close_device: called in the render thread at its end.
    """

    def __init__(
        self,
        open_device: Callable[[], Device],
        on_report: Callable[[Report], None],
        close_device: Callable[[], None] = lambda: None,
    ) -> None:
        self._mailbox = Mailbox()
        self.player = Player(self._mailbox.wake)
        self._open_device = open_device
        self._close_device = close_device
        self._on_report = on_report
        self._screen: Screen | None = None
        self._thread = threading.Thread(target=self._run, name="render", daemon=True)

    def start(self) -> None:
        """Start the render thread, which loads the engine; to be called once."""
        self._thread.start()

    @property
    def screen(self) -> Screen | None:
        """What is to be drawn; None until the render thread has its context."""
        return self._screen

    def open(self, network: Network, bypassed: frozenset[str] = frozenset()) -> None:
        """Run another network, with these layers bypassed."""
        self._mailbox.open(network, bypassed)

    def replace(self, tensor: str, rect: Rect, values: Array) -> None:
        """New values of a rectangle of a tensor's sheet; they are not copied, so must not be changed afterwards."""
        self._mailbox.replace(tensor, rect, values)

    def bypass(self, layers: frozenset[str]) -> None:
        """Bypass just these layers."""
        self._mailbox.bypass(layers)

    def choose_engine(self, name: str) -> None:
        """Run on one of `studio.engine.choose.ENGINE_NAMES`."""
        self._mailbox.set("engine", name)

    def work_at(self, size: str) -> None:
        """Bring pictures to a size as the command line gives it: "256", "640x360", "source"."""
        self._mailbox.set("size", size)

    def look_at(self, view: View) -> None:
        """Put something else on the screen."""
        self._mailbox.set("view", view)

    def also_show_output(self, wanted: bool) -> None:
        """Keep the output on the screen whatever else is looked at: another window shows it."""
        self._mailbox.set("output too", wanted)

    def watch(self, names: tuple[str, ...]) -> None:
        """Report the statistics of these layers and tensors as often as time allows."""
        self._mailbox.set("watch", names)

    def hold(self, held: bool) -> None:
        """Take no new pictures in: only what edits touch is run again."""
        self._mailbox.set("hold", held)

    def play(self, spec: str) -> None:
        """Play another source: "demo", "camera", a path."""
        self.player.play(spec)

    def pause(self, paused: bool) -> None:
        """Let the source stand still, or go on."""
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

    def record(self, plan: RecordingPlan, name: str, *, shown: bool = False) -> None:
        """Begin a recording of the output, or of what is shown.

        Args:
            plan: where and how.
            name: the preset's, for the recording's name.
            shown: record the layer or the filters that are on the screen.
        """
        self._mailbox.set("record", (plan, name, shown))

    def stop_recording(self) -> None:
        """End the recording; the report says when it is whole."""
        self._mailbox.set("record", None)

    def still(self, path: Path) -> None:
        """Write the output as a PNG."""
        self._mailbox.set("still", path)

    def sheet(self, path: Path) -> None:
        """Write a PNG with the activations of all layers."""
        self._mailbox.set("sheet", path)

    def snapshot(self, then: Callable[[Picture], None]) -> None:
        """Call this in the render thread with the next output, (H, W, 3) uint8 RGB; it must return at once."""
        self._mailbox.set("snapshot", then)

    def close(self, timeout: float = 10.0) -> None:
        """Stop both threads and free everything; a recording is finished. Waits so many seconds at most."""
        self._mailbox.set("stop", True)
        if self._thread.ident is not None:
            self._thread.join(timeout)
        self.player.close()

    def _run(self) -> None:
        device: Device | None = None
        try:
            device = self._open_device()
            self._screen = Screen(device)
            RenderLoop(device, self._screen, self._mailbox, self.player, self._on_report).run()
        except Exception as error:
            # Whatever it was, the person must learn that the picture has stopped; the cause goes on to the log.
            self._on_report(Report(messages=(Message(f"The engine has stopped: {error}", "error"),)))
            raise
        finally:
            self._screen = None
            if device is not None:
                self._close_device()
