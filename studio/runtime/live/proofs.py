"""Proofs: small pictures of what other presets make of the running source, beside the one that runs.

A thread of its own runs them one after the other on engines of its own, at a small size and in a share of one core, so
that what is on the screen goes on. Deck and dice show them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial

from studio.engine.libraries import load_torch
from studio.errors import StudioError
from studio.io.resize import resized
from studio.io.sources.latent import WORD, path_given
from studio.model.declared.size import Size
from studio.model.networks.picture import DeepPicture, Picture
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array
from studio.runtime.bending.impact import Impact
from studio.runtime.live.playing import Newest
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Mover
from studio.runtime.render.size import parse_size
from studio.runtime.services.failures import as_told
from studio.runtime.services.priority import step_back
from studio.runtime.services.worker import Post

SIDE = 112
"""Pixels of a proof's longer side, unless its network takes one size alone."""

SHARE = 0.33
"""Part of its thread's time that it works; the rest of a core is for what is on the screen."""

_IDLE = 0.1

Make = Callable[[], Preset]
Then = Callable[[Hashable, Picture], None]
Failed = Callable[[Hashable, StudioError], None]


class Bench:
    """One preset on an engine of its own; belongs to one thread.

    Args:
        preset: what is tried.
        side: pixels of a picture's longer side.
    """

    def __init__(self, preset: Preset, side: int = SIDE) -> None:
        from studio.engine.torch.engine import TorchEngine  # a second that the window's start need not wait

        # On a GPU it would take from what is on the screen, and hold it up while CUDA begins.
        self._engine = TorchEngine(preset.bent, "cpu")
        self._runner = FrameRunner(self._engine)
        self._mover = Mover(preset, self._engine, self._runner, self._bend)
        self._side = side
        self._frame = 0
        self._newest: Newest | None = None
        self._serial: tuple[int, str] | None = None

    def picture(self, newest: Newest, time: float) -> Picture:
        """(H, W, 3) uint8 RGB: what the preset makes of a picture."""
        size = self._engine.graph.nearest(parse_size(str(self._side), Size.of(newest.picture)))
        self._runner.path = path_given(newest.spec)
        small = resized(newest.picture, size)
        if small.dtype.itemsize > 1:
            small = (small >> 8).astype("uint8")
        self._newest = newest
        bent = self._mover(small, time, self._frame)
        self._frame += 1
        self._serial = newest.number, newest.spec
        return bent.astype("uint8", copy=False)

    def _bend(self, picture: DeepPicture, _: float) -> DeepPicture:
        """What moves by itself goes by the clock; vectors go by the source, as they do on the screen."""
        runner, newest = self._runner, self._newest
        assert newest is not None, "a picture is being made"
        path = runner.path or runner.generator.path
        endless = newest.spec == WORD
        return runner(picture, path.endless(newest.position) if endless else path.played(newest.position, newest.laps))

    def is_due(self, newest: Newest) -> bool:
        """Whether this picture would come out otherwise than the last."""
        return self._serial != (newest.number, newest.spec) or self._mover.moves

    def impact(self, layer: str, seconds: float) -> Array:
        """(C,) how far the picture moves without each channel of a layer; NaN for those there was no time for."""
        measured = Impact(self._engine, layer)
        if not measured.measure(seconds):
            measured.end()
        return measured.of

    def close(self) -> None:
        """Free what it holds."""
        self._engine.close()


@dataclass
class _Wanted:
    """What is shown under a key."""

    make: Make
    bench: Bench | None = None
    failed: bool = False


@dataclass(eq=False)
class _Group:
    """What somebody has shown."""

    wanted: dict[Hashable, _Wanted]
    then: Then
    problem: Failed
    lasts: bool
    began: float
    side: int


class Proofs:
    """Shows groups of presets, each group for somebody; no method waits.

    Args:
        newest: gives the picture of the source that came last; None before the first.
        post: carries results to the window's thread.
        clock: seconds.
    """

    def __init__(
        self, newest: Callable[[], Newest | None], post: Post, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._newest = newest
        self._post = post
        self._clock = clock
        self._lock = threading.Condition()
        self._groups: dict[str, _Group] = {}
        self._jobs: deque[Callable[[Newest], None]] = deque()
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._turn = 0
        self._idle: list[_Wanted] = []

    def show(
        self,
        group: str,
        wanted: Mapping[Hashable, Make],
        then: Then = lambda *_: None,
        failed: Failed = lambda *_: None,
        *,
        lasts: bool = True,
        side: int = SIDE,
    ) -> None:
        """Show these presets in place of those that the group showed before.

        Args:
            group: whose they are.
            wanted: by a key of each what gives the preset, called in the proofs' thread; none to show nothing.
            then: takes key and picture, (h, w, 3) uint8 RGB, in the window's thread.
            failed: takes key and reason where a preset cannot be shown.
            lasts: whether they are shown again and again; otherwise once each.
            side: pixels of a picture's longer side.
        """
        with self._lock:
            before = self._groups.pop(group, None)
            if before is not None:
                self._idle += before.wanted.values()
            if wanted and not self._is_closed:
                entries = {key: _Wanted(make) for key, make in wanted.items()}
                self._groups[group] = _Group(entries, then, failed, lasts, self._clock(), side)
            self._start()

    def ask(self, job: Callable[[Newest], None]) -> None:
        """Have something done in the proofs' thread before anything else is shown, with a picture of the source."""
        with self._lock:
            self._jobs.append(job)
            self._start()

    def close(self, timeout: float = 5.0) -> None:
        """Show nothing more, and free everything."""
        with self._lock:
            self._is_closed = True
            self._groups.clear()
            self._jobs.clear()
            self._lock.notify()
        if self._thread is not None:
            self._thread.join(timeout)

    # -- the thread -----------------------------------------------------------------------------------------------

    def _start(self) -> None:
        # Nothing is shown while the window is put together: for that no thread need import PyTorch.
        if self._thread is None and not self._is_closed and (self._groups or self._jobs):
            self._thread = threading.Thread(target=self._run, name="proofs", daemon=True)
            self._thread.start()
        self._lock.notify()

    def _run(self) -> None:
        load_torch()
        import torch

        torch.set_num_threads(1)
        step_back()
        while not self._is_closed:
            for wanted in self._take_idle():
                if wanted.bench is not None:
                    wanted.bench.close()
            newest = self._newest()
            started = self._clock()
            worked = newest is not None and self._go_on(newest)
            took = self._clock() - started
            with self._lock:
                waits = self._jobs or self._idle
                if not self._is_closed and (newest is None or not waits):
                    pause = took * (1 / SHARE - 1) if worked else _IDLE if self._groups or waits else None
                    self._lock.wait(pause)

    def _take_idle(self) -> list[_Wanted]:
        with self._lock:
            idle, self._idle = self._idle, []
            return idle

    def _go_on(self, newest: Newest) -> bool:
        """Do one job, or show one preset; False where there was nothing to do."""
        with self._lock:
            job = self._jobs.popleft() if self._jobs else None
        if job is not None:
            job(newest)
            return True
        for group, key, wanted in self._in_turn():
            if wanted.failed or (wanted.bench is not None and not wanted.bench.is_due(newest)):
                continue
            self._show(group, key, wanted, newest)
            return True
        return False

    def _in_turn(self) -> list[tuple[_Group, Hashable, _Wanted]]:
        """All that is shown, one group first and then the next; of each group what has waited longest first."""
        with self._lock:
            groups = list(self._groups.values())
            self._turn += 1
            start = self._turn % len(groups) if groups else 0
            groups = groups[start:] + groups[:start]
            return [(group, key, each) for group in groups for key, each in group.wanted.items()]

    def _show(self, group: _Group, key: Hashable, wanted: _Wanted, newest: Newest) -> None:
        try:
            if wanted.bench is None:
                wanted.bench = Bench(wanted.make(), group.side)
            picture = wanted.bench.picture(newest, self._clock() - group.began)
        except BaseException as error:  # noqa: BLE001 - of an operator, a plug-in, a lack of memory: told to who asked
            wanted.failed = True
            self._post(partial(self._tell_failed, group, key, as_told(error, "Trying a preset")))
            return
        with self._lock:
            group.wanted.pop(key, None)
            if group.lasts:
                group.wanted[key] = wanted
            else:
                self._idle.append(wanted)
        self._post(partial(self._tell, group, key, picture))

    # -- the window's thread --------------------------------------------------------------------------------------

    def _tell(self, group: _Group, key: Hashable, picture: Picture) -> None:
        if group in self._groups.values():
            group.then(key, picture)

    def _tell_failed(self, group: _Group, key: Hashable, error: StudioError) -> None:
        if group in self._groups.values():
            group.problem(key, error)
