"""A performance played again on the open document, where hands may join in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from studio.control.inbox import Inbox
from studio.control.mixtures import Mixtures, begun, last_steps, whole
from studio.control.performing import Replay
from studio.errors import StudioError
from studio.io.preset_file import section_from_json
from studio.model import numbers
from studio.model.documents.document import Document
from studio.model.filters.gesture import Gesture
from studio.model.networks.changes import Change, Opened, Travelled
from studio.model.networks.network import same_bits
from studio.model.networks.preset import Preset
from studio.model.networks.section import SOURCE, VIEW, SectionChanged
from studio.model.performances.performance import (
    Arranged,
    Event,
    Faded,
    Mixed,
    NetworkOpened,
    Performance,
    Prepared,
    Ran,
    Scene,
    Signalled,
    Stroke,
    Turned,
)


class LiveReplay:
    """Does what a performance did, by the clock; it belongs to the document's thread.

    All that it does until a hand joins in is one item of the history. A number that a hand turns meanwhile is the
    hand's for the rest of it: recorded at the same time, that is an overdub.

    Args:
        document: what is played on.
        inbox: takes the signals.
        seek: goes to a place of the source, in seconds.
        say: told in a sentence what cannot be done, each once.
        clock: seconds.
        fade: lets the picture of the network that is opened next fade in, for so many seconds, by an easing.

    Attributes:
        overtaken: the numbers that hands have turned since it began.
        waits: whether it stands at its start until it is told to go.
    """

    def __init__(
        self,
        document: Document,
        inbox: Inbox,
        seek: Callable[[float], object] = lambda _: None,
        say: Callable[[str], object] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        fade: Callable[[float, str], object] = lambda *_: None,
    ) -> None:
        self._document, self._inbox, self._fade = document, inbox, fade
        self._networks: tuple[Preset, ...] = ()
        self._scenes: tuple[Scene, ...] = ()
        self._seek, self._say, self._clock = seek, say, clock
        self._performance: Performance | None = None
        self._replay: Replay | None = None
        self._began = self._done = self._start = 0.0
        self.waits = False
        self._gesture: Gesture | None = None
        self._acts = False
        self._said: set[str] = set()
        self._stood: dict[str, float] = {}
        self.overtaken: set[str] = set()
        document.changed.connect(self._follow)

    @property
    def plays(self) -> bool:
        """Whether it is under way."""
        return self._performance is not None

    @property
    def fades(self) -> bool:
        """Whether it is under way and fades, so that whatever else moves the crossfader is to leave it alone."""
        return self._performance is not None and self._performance.fades

    @property
    def position(self) -> float:
        """Where it is, in seconds."""
        return self._done

    def play(
        self, performance: Performance, start: float = 0.0, networks: Sequence[Preset] = (), *, waits: bool = False
    ) -> None:
        """Begin; all that was done before ``start`` is done at once.

        Args:
            performance: what is played.
            start: where in it, in seconds.
            networks: that of each part of it, in order; they are opened as they were. None at all where it is of the
                open network alone.
            waits: whether it stands at its start until `go`.

        Raises:
            StudioError: where it was played on another network.
        """
        self.stop()
        self._scenes, self._networks = performance.scenes(), tuple(networks)
        if self._networks and self._networks[0].network.sha256() != self._document.network.sha256():
            self._document.load(self._networks[0])
        preset = self._document.preset()
        self._replay = Replay(performance, preset)
        self._performance, self._mixtures = performance, Mixtures(preset)
        self._began, self._done = self._clock() - start, -1.0
        self.waits, self._start = waits, start
        self._said, self.overtaken = set(), set()
        if performance.take.whole:
            self._act(self._go_back)
        self._to(start)
        places = [run for run in performance.runs() if run.time <= start] or performance.runs()[:1]
        if places:
            self._seek(places[-1].place + max(0.0, start - places[-1].time))

    def go(self, since: float) -> None:
        """Go on from where it waits, as if it had since this time of the clock."""
        self.waits, self._began = False, since - self._start

    def advance(self) -> None:
        """Do what is due; to be called some hundred times a second."""
        if self._performance is None or self.waits:
            return
        now = self._clock() - self._began
        self._to(now)
        if self._performance is not None and now >= self._performance.seconds:
            self.stop()

    def stop(self) -> None:
        """End it."""
        self._performance = self._replay = None
        gesture, self._gesture = self._gesture, None
        if gesture is not None and gesture.is_open:
            gesture.commit()

    def close(self) -> None:
        """End it, and follow the document no more."""
        self.stop()
        self._document.changed.disconnect(self._follow)

    # -- doing ------------------------------------------------------------------------------------------------------

    def _to(self, now: float) -> None:
        performance, replay = self._performance, self._replay
        if performance is None or replay is None:
            return
        is_start = self._done < 0.0
        due = last_steps(performance.between(self._done, now))
        for place in reversed(range(len(due))):
            if isinstance(due[place], NetworkOpened):
                # What was done to others before is not seen any more.
                due = due[place:]
                break
        if is_start:
            due = [event for event in due if not isinstance(event, Signalled) or event.does == "value"]
        self._done = now
        if due or replay.glides:
            self._act(lambda: self._do(due, now, is_start))

    def _do(self, due: Iterable[Event], now: float, is_start: bool) -> None:
        for event in due:
            try:
                self._do_one(event, is_start)
            except StudioError as error:
                if str(error) not in self._said:
                    self._said.add(str(error))
                    self._say(str(error))
        glides = () if self._replay is None else self._replay.gliding(now)
        for address, value in glides:
            if address not in self.overtaken:
                self._hand().set(address, value)

    def _do_one(self, event: Event, is_start: bool) -> None:
        if isinstance(event, Turned):
            if event.address not in self.overtaken:
                self._hand().set(event.address, event.value)
        elif isinstance(event, Stroke):
            self._hand().put(event.tensor, event.patch)
        elif isinstance(event, Arranged):
            network = self._document.network
            key, value = section_from_json(event.section, event.document, event.version, network)
            if key not in (VIEW, SOURCE):
                self._hand().set_section(key, value)
        elif isinstance(event, (Prepared, Faded, Mixed)):
            self._mix(event)
        elif isinstance(event, NetworkOpened):
            self._open(event, is_start)
        elif isinstance(event, Signalled):
            self._send(event)
        elif isinstance(event, Ran) and event.is_cut and not is_start:
            self._seek(event.place)

    def _open(self, event: NetworkOpened, is_start: bool) -> None:
        """Open another network with all that it began with, as one step."""
        number = next(k for k, scene in enumerate(self._scenes) if scene.opened is event)
        if number >= len(self._networks):
            raise StudioError(f'The network of "{event.preset}" is opened here, which was not read; open it again.')
        own, trained = self._scenes[number].own, self._networks[number]
        preset = begun(own.events, trained, event.time)
        if not is_start and event.seconds > 0.0:
            self._fade(event.seconds, event.easing)
        self._document.load(preset)
        self._replay, self._mixtures, self.overtaken = Replay(own, trained), Mixtures(trained), set()

    def _mix(self, event: Prepared | Faded | Mixed) -> None:
        if not isinstance(event, Mixed):
            self._mixtures.take(event)
            return
        hand, now = self._hand(), self._document.sections_now()
        laid, tensors = self._mixtures.at(event.shares, now)
        for name, values in tensors.items():
            hand.put(name, whole(values))
        for key in {*laid.sections, *now.sections} - {VIEW, SOURCE}:
            hand.set_section(key, laid.section(key))

    def _send(self, event: Signalled) -> None:
        if event.name.startswith("sound/"):
            # The film is heard again.
            return
        if event.does == "end":
            self._inbox.end(event.name)
        else:
            (self._inbox.begin if event.does == "begin" else self._inbox.signal)(event.name, event.value)

    def _go_back(self) -> None:
        """To the trained network, from which a whole performance begins."""
        hand, document = self._hand(), self._document
        for key in document.sections_now().sections:
            if key not in (VIEW, SOURCE):
                hand.set_section(key, key.default)
        for name in document.bent():
            trained = document.original(name)
            if not same_bits(document.tensor(name), trained):
                hand.put(name, whole(trained))

    def _hand(self) -> Gesture:
        """The gesture that is under way, a hand's or its own, so that neither cuts the other short."""
        under_way = self._document.gesture
        if under_way is not None:
            return under_way
        self._gesture = self._document.begin("Play the performance")
        return self._gesture

    def _act(self, act: Callable[[], object]) -> None:
        self._acts = True
        try:
            act()
        finally:
            self._acts = False
            self._stood = self._values() if self._performance is not None else {}

    # -- hands ------------------------------------------------------------------------------------------------------

    def _follow(self, change: Change) -> None:
        if self._acts or self._performance is None:
            return
        if isinstance(change, Opened):
            self._say("The performance stops: something else was opened.")
            self.stop()
        elif isinstance(change, Travelled):
            self._say("The performance stops: what it did was undone.")
            self.stop()
        elif isinstance(change, SectionChanged):
            now = self._values()
            self.overtaken |= {address for address, value in now.items() if self._stood.get(address, value) != value}
            self._stood = now

    def _values(self) -> dict[str, float]:
        preset = self._document.sections_now()
        return {knob.number.address: knob.get(preset) for knob in numbers.knobs(preset)}
