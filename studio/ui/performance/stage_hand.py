"""Starts and stops performances at the window: recorded, played, overdubbed."""

from __future__ import annotations

import math
from datetime import datetime
from time import monotonic

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from studio.control.inbox import Inbox
from studio.control.replaying import LiveReplay
from studio.errors import StudioError
from studio.io.performances import SUFFIX, load_performance
from studio.io.performed_networks import network_of
from studio.model.networks.preset import Preset
from studio.model.performances.performance import Performance
from studio.model.performances.score import Score
from studio.runtime.live.output_writer import Record, Recording
from studio.runtime.live.picture_fade import FadePictures
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.recorder import RecordingTarget, free_path
from studio.runtime.live.report import Message
from studio.runtime.live.taking import BeginTake, EndTake, Performing
from studio.ui.services.held import EASINGS
from studio.ui.services.parts import Parts

_NAME = "{preset} {date} {time}"
_EVERY_MS = 8
_QUIET = 1.0
"""Seconds after which it is said that an overdub waits for what is recorded to begin."""


class StageHand(QObject):
    """Gives the orders, and plays what is open.

    ``changed`` comes when it begins or ends to record or to play.

    Args:
        parts: of the studio.
        score: what is open.
        inbox: takes the signals of what is played.
    """

    changed = Signal()

    def __init__(self, parts: Parts, score: Score, inbox: Inbox) -> None:
        super().__init__()
        self._parts, self._score = parts, score
        self._replay = LiveReplay(parts.document, inbox, self._seek, self._tell, fade=self._fade)
        self._is_reading = False
        self._finished: object = None
        self._ordered: BeginTake | None = None  # the performance that is recorded, or was last
        self._begun = 0.0  # when what records a performance anew was ordered; infinite once it is said that it waits
        self._was = False, False
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._advance)
        parts.telemetry.on(Performing, self._follow)
        parts.fades.yields_to(lambda: self._replay.fades)

    @property
    def records(self) -> bool:
        """Whether a performance is recorded."""
        return self._parts.telemetry[Performing].path is not None

    @property
    def plays(self) -> bool:
        """Whether one is played."""
        return self._replay.plays

    def toggle_record(self) -> None:
        """Begin a performance and a film of it, or end both."""
        if self.records:
            self._parts.live.order(EndTake())
            if self._replay.plays:
                self.toggle_play()
        elif (status := self._parts.telemetry[Recording].status) is not None and not status.finished:
            self._tell("A recording is under way; end it first, so that both begin together.")
        else:
            self._begin()

    def toggle_play(self) -> None:
        """Play what is open from where it stands, or stop."""
        if self._replay.plays:
            self._timer.stop()
            self._replay.stop()
            self._score.position = 0.0 if self._is_over else self._score.position
        else:
            self._play(self._score.position)

    def overdub(self) -> None:
        """Play what is open from its beginning, and record that anew with what hands do meanwhile."""
        if self.records or self._score.performance is None:
            return
        if self._replay.plays:
            self.toggle_play()
        self._play(0.0, anew=True)

    def close(self) -> None:
        """Stop."""
        self._timer.stop()
        self._replay.close()

    # -- within -----------------------------------------------------------------------------------------------------

    @property
    def _is_over(self) -> bool:
        performance = self._score.performance
        return performance is None or self._score.position >= performance.seconds

    def _begin(self) -> None:
        parts, choice = self._parts, self._parts.session.recording
        # What is heard as it was trained is no state of the preset.
        parts.workspace.comparison = None
        # What a hand is at goes on; it is in the preset as far as it has come.
        preset, state = parts.document.preset(), parts.telemetry[PlayerState]
        rate = choice.fps(state.info.fps if state.info is not None else None)
        path = free_path(choice.path, _NAME, preset.name, SUFFIX, datetime.now().astimezone())
        # The film's file comes with its first picture, perhaps a second later; both are called alike.
        target = RecordingTarget(choice.path, choice.codec, rate, choice.pixels, path.stem)
        record = Record(target, preset.name)
        graph, size = parts.document.graph, parts.workspace.size
        self._ordered = BeginTake(graph, path, preset, state.spec, size, record)
        parts.live.order(self._ordered)

    def _play(self, start: float, *, anew: bool = False) -> None:
        """Play what is open, or record that anew; the networks that it opens are read first."""
        performance, path = self._score.performance, self._score.path
        if performance is None or self._is_reading:
            return
        if len(performance.scenes()) == 1 and performance.network == self._parts.document.network.sha256():
            self._play_on(performance, (), start, anew=anew)
            return
        self._is_reading = True

        def read() -> tuple[Preset, ...]:
            return tuple(network_of(scene, None if path is None else path.parent) for scene in performance.scenes())

        def go(networks: tuple[Preset, ...]) -> None:
            self._is_reading = False
            if self._score.performance is performance and not self._replay.plays:
                self._play_on(performance, networks, start, anew=anew)

        def fail(error: StudioError) -> None:
            self._is_reading = False
            self._parts.messages.say(Message(str(error), "error"))

        self._parts.worker.do(read, go, fail, "Reading the networks of the performance")

    def _play_on(self, performance: Performance, networks: tuple[Preset, ...], start: float, *, anew: bool) -> None:
        spec = self._parts.telemetry[PlayerState].spec
        if performance.take.source and performance.take.source != spec:
            self._tell(f"It was played to {performance.take.source}; it plays to what is open now.")
        opened = self._parts.document.name
        if not networks and performance.preset != opened:
            text = f'It was played on the preset "{performance.preset}"; one undo brings "{opened}" back.'
            self._parts.messages.say(Message(text))
        try:
            place = 0.0 if start >= performance.seconds else start
            self._replay.play(performance, place, networks, waits=anew)
        except StudioError as error:
            self._parts.messages.say(Message(str(error), "error"))
            return
        self._parts.live.pause(False)
        self._timer.start()
        if anew:
            self._begin()
            self._begun = monotonic()
        self._tell_changed()

    def _fade(self, seconds: float, easing: str) -> None:
        known = next((each for each in EASINGS if each == easing), EASINGS[0])
        self._parts.live.order(FadePictures(seconds, known))

    def _wait(self) -> None:
        """An overdub begins with the first frame of what is recorded, or else it would be shorter than it was."""
        performing, order = self._parts.telemetry[Performing], self._ordered
        assert order is not None, "what waits has been ordered"
        if performing.since is not None and performing.path == order.path:
            self._replay.go(performing.since)
        elif performing.failed is order:
            self._replay.stop()
            self._tell("The overdub ends before it began: it could not be recorded.")
        elif monotonic() - self._begun >= _QUIET:
            self._begun = math.inf
            self._parts.messages.say(Message("The overdub waits for the first frame that is recorded."))

    def _advance(self) -> None:
        if self._replay.waits:
            self._wait()
        self._replay.advance()
        self._score.position = self._replay.position
        if not self._replay.plays:
            self._timer.stop()
            self._score.position = 0.0
            if self.records:
                self._parts.live.order(EndTake())
            self._tell_changed()

    def _seek(self, seconds: float) -> None:
        performance, state = self._score.performance, self._parts.telemetry[PlayerState]
        if performance is not None and performance.take.source == state.spec and not state.is_camera:
            self._parts.live.seek(seconds)

    def _follow(self, performing: Performing) -> None:
        path = performing.finished
        if path is not None and path != self._finished:
            self._finished = path
            self._parts.worker.do(
                lambda: load_performance(path),
                lambda performance: self._take(performance, performing),
                lambda error: self._parts.messages.say(Message(str(error), "error")),
                "Reading the performance",
            )
        self._tell_changed()

    def _take(self, performance: Performance, performing: Performing) -> None:
        if self._score.unsaved:
            self._tell(f"The performance lies at {performing.finished}; what is open has changes that are not saved.")
            return
        self._score.open(performance, performing.finished)
        self._parts.messages.say(Message(f"The performance lies at {performing.finished}."))

    def _tell(self, text: str) -> None:
        self._parts.messages.say(Message(text, "warning"))

    def _tell_changed(self) -> None:
        now = self.records, self.plays
        if now != self._was:
            self._was = now
            self.changed.emit()
