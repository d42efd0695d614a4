"""A source played in real time, in a thread of its own: the newest picture wins, and nothing is waited for."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial

from studio.control.window import SPEED
from studio.io.answering import no_answer
from studio.io.sources import Frame, Source
from studio.model.networks.picture import DeepPicture
from studio.model.views.camera_setup import is_camera
from studio.runtime.live.devices import adjusts, exposure_of, is_same_device, open_to_play
from studio.runtime.live.playback import Playback
from studio.runtime.live.playing import Fit, Newest, Orders, PlayerState
from studio.runtime.live.report import Message
from studio.runtime.live.succession import Succession
from studio.runtime.services.failures import told

_PATIENCE = 2.0


class Player:
    """Plays one source at a time. Every method returns at once and may be called from any thread.

    A still is given once, a folder of pictures plays as a film at its rate, a camera gives its newest picture.

    Attributes:
        ahead: what is made of every picture in the capture thread, for whoever takes it next; it raises nothing.
    """

    def __init__(
        self,
        on_change: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[threading.Condition, float | None], object] = threading.Condition.wait,
        rate: int | None = None,
    ) -> None:
        """Start the capture thread.

        Args:
            on_change: called from threads of the player when there is a new picture, status or problem. It must
                return at once.
            clock: seconds by which pictures are due.
            wait: waits for a condition, whose lock is held, so many seconds of that clock; None for any time.
            rate: pictures a second of sources that are time alone; None for as many as they have in a render.
        """
        self.ahead: Callable[[DeepPicture], DeepPicture | None] = lambda _: None
        self._on_change = on_change
        self._clock, self._wait = clock, wait
        self._rate = None if rate is None else Fraction(rate)
        self._wake = threading.Condition()
        # Guarded by `_wake`:
        self._orders = Orders()
        self._ordered = False
        self._stopping = False
        self._source: Source | None = None
        self._opening = ""
        self._ticket = 0
        self._problem: Message | None = None
        self._state = PlayerState()
        self._newest: Newest | None = None
        self._aside: list[threading.Thread] = []
        self._raw: DeepPicture | None = None
        self._fit: Fit | None = None
        with self._wake:
            self._capturing = Succession(self._capture)

    def play(self, spec: str) -> None:
        """Open what `spec` names (see `open_source`) and play it from its start, when it has been opened.

        Until then, and when it cannot be opened, what was played plays on; the reason is `PlayerState.problem`. A later
        call supersedes one that is still opening. A camera that plays already plays on.
        """
        with self._wake:
            if self._stopping or spec == self._opening:
                return
            self._ticket += 1
            before = self._state.spec
            ours = self._source is not None and self._source.status and spec == before
            ours = ours or adjusts(self._source, spec)
            self._opening = "" if ours else spec
            self._problem = None
            if ours:
                self._state = replace(self._state, spec=spec)
                self._order(paused=False)
            else:
                again = before if self._source is not None and is_same_device(spec, before) else ""
                if again:
                    self._let_go()
                self._beside(partial(self._open, spec, self._ticket, list(self._aside), again), "open source")

    def play_source(self, source: Source, spec: str = "") -> None:
        """Play a source that is open already; the player closes it."""
        with self._wake:
            self._ticket += 1
            ticket = self._ticket
        self._take(source, spec, ticket)

    def pause(self, paused: bool) -> None:
        """Stand still, or go on; what has ended begins again."""
        with self._wake:
            again = not paused and self._state.ended and self._orders.seek is None
            self._order(paused=paused, **({"seek": 0.0} if again else {}))

    def seek(self, seconds: float) -> None:
        """Go to the picture shown at `seconds`, also while paused; past the end that is the last. Not for a camera."""
        with self._wake:
            self._order(seek=max(0.0, seconds), steps=0)

    def step(self, by: int) -> None:
        """While paused, go `by` frames on, or back when it is negative."""
        with self._wake:
            if self._orders.paused:
                self._order(steps=self._orders.steps + by)

    def set_speed(self, speed: float) -> None:
        """Play `speed` seconds in one, held to 0.1..4."""
        with self._wake:
            self._order(speed=SPEED.clipped(speed))

    def set_loop(self, loop: bool) -> None:
        """Whether the end is followed by the start."""
        with self._wake:
            self._order(loop=loop)

    def set_fit(self, fit: Callable[[DeepPicture], DeepPicture] | None) -> None:
        """Pass pictures through `fit`, in the capture thread; the picture shown is passed anew.

        Where `fit` raises something, that is a problem, and pictures come unchanged.
        """
        with self._wake:
            self._order(fit=fit)

    def newest(self) -> Newest | None:
        """The newest picture; None before the first."""
        with self._wake:
            return self._newest

    def state(self) -> PlayerState:
        """What is being played, as of now."""
        with self._wake:
            source, orders = self._source, self._orders
            return replace(
                self._state,
                playing=not orders.paused,
                loop=orders.loop,
                speed=orders.speed,
                opening=self._opening,
                problem=self._problem or self._silence(),
                status=source.status if source else "",
                warning=(source.warning or source.remark) if source else None,
                exposure=exposure_of(source),
            )

    def close(self) -> None:
        """Stop, and close the source; waits for that, at most 2 seconds. May be called twice.

        A camera that takes longer to be opened is closed as soon as it is open.
        """
        with self._wake:
            self._stopping = True
            self._ticket += 1
            self._opening, self._problem = "", None
            self._let_go()
            self._state = PlayerState()
            self._order(serial=self._orders.serial + 1)
            threads = [*self._capturing.threads, *self._aside]
        deadline = time.monotonic() + _PATIENCE
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _order(self, **changes: object) -> None:
        self._orders = replace(self._orders, **changes)  # type: ignore[arg-type]  # names and types are those above
        self._ordered = True
        self._wake.notify_all()

    def _beside(self, work: Callable[[], None], name: str) -> None:
        self._aside = [thread for thread in self._aside if thread.is_alive()]
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        self._aside.append(thread)

    def _let_go(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            self._beside(source.close, "close source")

    def _open(self, spec: str, ticket: int, earlier: list[threading.Thread], again: str = "") -> None:
        if is_camera(spec):
            # The same device may just be being let go.
            for thread in earlier:
                thread.join(_PATIENCE)
        with self._wake:
            if ticket != self._ticket:
                return
        try:
            self._take(open_to_play(spec, self._rate), spec, ticket)
        except BaseException as error:  # noqa: BLE001 - a decoder's or a plug-in's; what was played plays on
            with self._wake:
                if ticket != self._ticket:
                    return
                self._opening = ""
            if again:
                with contextlib.suppress(BaseException):
                    self._take(open_to_play(again, self._rate), again, ticket)
            self._fail(error, f"Opening {spec}")

    def _take(self, source: Source, spec: str, ticket: int) -> None:
        info = source.info
        state = PlayerState(spec, info, 0.0, info.duration, is_camera=bool(source.status), sound=source.audio_path)
        with self._wake:
            wanted = ticket == self._ticket and not self._stopping
            old = source
            if wanted:
                old, self._source = self._source or source, source
                self._opening, self._problem = "", None
                self._state = state
                self._order(serial=self._orders.serial + 1, paused=False, seek=None, steps=0)
                self._capturing.make_way()
            if old is not source or not wanted:
                # A camera may take its time to let go; and what a capture thread waits for ends by this, mostly.
                self._beside(old.close, "close source")
        if wanted:
            self._on_change()

    def _silence(self) -> Message | None:
        """What is said where a film is waited for too long; what has no length is live, and silent as it likes."""
        info = self._state.info
        is_silent = info is not None and info.duration is not None and self._capturing.is_silent()
        return replace(told(no_answer(self._spec)), attempt=self._ticket) if is_silent else None

    def _fail(self, error: BaseException, doing: str, serial: int | None = None) -> None:
        """Tell of a problem; where that is a source's, unless another has taken its place."""
        message = told(error, doing)
        with self._wake:
            if serial not in (None, self._orders.serial):
                return
            self._problem = replace(message, attempt=self._ticket)
        self._on_change()

    def _capture(self) -> None:
        playback: Playback | None = None
        serial = 0
        while (orders := self._next_orders(playback)) is not None:
            try:
                if orders.serial != serial:
                    serial, old, playback = orders.serial, playback, None
                    playback = self._begin(old, serial)
                if playback is not None:
                    self._go_on(playback, orders)
            except BaseException as error:  # noqa: BLE001 - a source's; the next one plays
                self._fail(error, f"Playing {self._spec}", serial)
        if playback is not None:
            with contextlib.suppress(BaseException):
                playback.close()

    @property
    def _spec(self) -> str:
        with self._wake:
            return self._state.spec or "the source"

    def _next_orders(self, playback: Playback | None) -> Orders | None:
        """Wait until there is something to do; None when that is to stop."""
        with self._wake:
            self._capturing.rest()
            while self._capturing.is_ours() and not self._ordered and not self._stopping:
                if playback is None or playback.due is None or (self._orders.paused and playback.frame is not None):
                    self._wait(self._wake, None)
                elif (seconds := playback.due - self._clock()) > 0:
                    self._wait(self._wake, seconds)
                else:
                    break
            if self._stopping or not self._capturing.is_ours():
                return None
            orders, self._ordered = self._orders, False
            self._orders = replace(orders, seek=None, steps=0)
            self._capturing.work()
            return orders

    def _begin(self, old: Playback | None, serial: int) -> Playback | None:
        if old is not None:
            with contextlib.suppress(BaseException):
                old.close()
        with self._wake:
            source = self._source if serial == self._orders.serial else None
        return Playback(source, self._clock) if source is not None else None

    def _go_on(self, playback: Playback, orders: Orders) -> None:
        frame = self._moved_on(playback, orders)
        if self._capturing.is_ours():
            self._give(playback, orders, frame)

    def _moved_on(self, playback: Playback, orders: Orders) -> Frame | None:
        """The frame that is its turn, if one is."""
        playback.run(not orders.paused)
        playback.set_speed(orders.speed)
        frame = None
        try:
            if orders.seek is not None:
                frame = playback.seek(orders.seek)
            for _ in range(abs(orders.steps)):
                frame = playback.step(orders.steps, orders.loop) or frame
            if frame is None and (playback.frame is None or not orders.paused):
                frame = playback.advance(orders.loop)
        except BaseException as error:  # noqa: BLE001 - a decoder's or a plug-in's; the last picture stands
            with contextlib.suppress(BaseException):
                playback.close()
            playback.due, playback.ended = None, True
            self._fail(error, f"Playing {self._spec}", orders.serial)
        return frame

    def _give(self, playback: Playback, orders: Orders, frame: Frame | None) -> None:
        with self._wake:
            changed, raw = orders.fit is not self._fit, self._raw if frame is None else frame.picture
        picture = self._fitted(raw, orders) if raw is not None and (frame is not None or changed) else None
        ahead = None if picture is None else self.ahead(picture)
        with self._wake:
            if self._orders.serial != orders.serial:
                return
            self._fit, self._raw = orders.fit, raw
            position = playback.frame.time if playback.frame is not None else 0.0
            before, is_still = self._state, self._state.info is not None and self._state.info.fps is None
            ended = playback.ended and not is_still
            status, dropped = self._source.status if self._source else "", playback.dropped
            self._state = replace(before, position=position, ended=ended, dropped=dropped, status=status)
            if picture is not None:
                number, era = (self._newest.number if self._newest else 0) + 1, (orders.serial, playback.cuts)
                self._newest = Newest(number, picture, before.spec, position, playback.laps, era, ahead)
            tell = picture is not None or before.status != status or before.ended != ended
        if tell:
            self._on_change()

    def _fitted(self, raw: DeepPicture, orders: Orders) -> DeepPicture:
        if orders.fit is None:
            return raw
        try:
            return orders.fit(raw)
        except BaseException as error:  # noqa: BLE001 - it comes from outside
            self._fail(error, "Fitting the picture", orders.serial)
            return raw
