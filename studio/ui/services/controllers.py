"""Controllers at the window: OSC and MIDI turn numbers of the document, and of the source."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QTimer

from studio.control.hub import Hub
from studio.control.midi_ports import RtMidi
from studio.errors import StudioError
from studio.model.address import Dial, Number
from studio.model.document import Document
from studio.runtime.live.player import FASTEST, SLOWEST
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.report import Message
from studio.runtime.live.session import LiveSession
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.services.worker import Post

_REST_MS = 200

SPEED = Number("/source/speed", "Speed", "number", 1.0, SLOWEST, FASTEST, "", "Seconds of the source in one second")


class Controllers(QObject):
    """Lets what comes in be done in the window's thread.

    Args:
        document: whose numbers are turned.
        live: plays the source.
        telemetry: knows how fast.
        post: carries calls to the window's thread.
        say: shows messages.

    Attributes:
        hub: joins controllers to the document.
    """

    def __init__(
        self,
        document: Document,
        live: LiveSession,
        telemetry: Telemetry,
        post: Post,
        say: Callable[[Message], object],
    ) -> None:
        super().__init__()
        self._post = post
        self._is_due = False
        self._say = say
        self.hub = Hub(document, self._wake, lambda text: post(lambda: self._tell(text)))
        speed = Dial(SPEED, lambda: telemetry[PlayerState].speed, live.set_speed)
        self.hub.names.add(lambda: (speed,))
        self.hub.refresh()
        # What controllers turned is settled some time after the last turn.
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.hub.pump)
        self._timer.start(_REST_MS)

    def start(self, osc: tuple[str, int] | None, midi: bool) -> None:
        """Hear OSC at a host and port, and MIDI, where that is asked for; what cannot be is said."""
        for text in self._started(osc, midi):
            self._say(text)

    def close(self) -> None:
        """Hear nothing any more."""
        self._timer.stop()
        self.hub.close()

    def _started(self, osc: tuple[str, int] | None, midi: bool) -> Iterator[Message]:
        if osc is not None:
            try:
                port, page = self.hub.hear_osc(osc[1], osc[0])
                yield Message(f"OSC is heard at UDP port {port}; http://127.0.0.1:{page}/?html lists the addresses.")
            except StudioError as error:
                yield Message(str(error), "error")
        if midi:
            try:
                self.hub.hear_midi(RtMidi())
            except StudioError as error:
                yield Message(str(error), "error")

    def _wake(self) -> None:
        # Hundreds of messages a frame ask once.
        if not self._is_due:
            self._is_due = True
            self._post(self._pump)

    def _pump(self) -> None:
        self._is_due = False
        self.hub.pump()

    def _tell(self, text: str) -> None:
        self._say(Message(text, "warning"))
