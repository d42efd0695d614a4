"""Recording in real time, on a clock that the test turns."""

from __future__ import annotations

import math
import os
import sys
import threading
import time
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.errors import StudioError
from studio.io.resize import letterboxed
from studio.io.sinks import open_sink
from studio.io.sources import open_source
from studio.model.declared.size import Size
from studio.runtime.live import recorder
from studio.runtime.live.recorder import LiveRecorder, RecordingStatus, RecordingTarget, free_path, still

sys.path.insert(0, str(Path(__file__).parent.parent / "io"))
from films import number_of, numbered

START = 1000.0
PATIENCE = 60.0


class FakeSink:
    """Keeps the numbers that pictures carry; `gate` holds it up, `fails_at` is where the disk is full."""

    def __init__(self, path: Path, size: tuple[int, int]) -> None:
        self.path, self.size = path, size
        self.frames = 0
        self.shown: list[int] = []
        self.shapes: set[tuple[int, ...]] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.fails_at = -1
        self.ended = ""
        self.warning = None
        self.kept = None
        self.bytes_written = 0

    def write(self, picture: np.ndarray) -> None:
        assert self.gate.wait(PATIENCE)
        if self.frames == self.fails_at:
            raise StudioError("cannot write film.mp4: the disk is full; free some space and try again")
        self.shown.append(int(picture[0, 0, 0]) + 256 * int(picture[0, 0, 1]))
        self.shapes.add(picture.shape)
        self.frames += 1

    def close(self) -> None:
        self.ended = "closed"

    def keep(self) -> None:
        self.ended = self.ended or "kept"


class Bench:
    """A recorder into a fake sink."""

    def __init__(self, fps: Fraction = Fraction(25), **prepared: Any) -> None:
        self.sink: FakeSink | None = None
        self.prepared = prepared
        self.recorder = LiveRecorder(
            RecordingTarget(Path("nowhere"), fps=fps), "a", clock=lambda: 0.0, opener=self.open
        )

    def open(self, path: Path, *, size: tuple[int, int], **_: Any) -> Any:
        self.sink = FakeSink(path, size)
        for name, value in self.prepared.items():
            setattr(self.sink, name, value)
        return self.sink

    def finish(self, now: float) -> tuple[RecordingStatus, list[int]]:
        self.recorder.stop(now)
        status = self.recorder.wait(PATIENCE)
        assert status.finished
        return status, self.sink.shown if self.sink else []

    def settle(self, frames: int) -> None:
        """Wait until the encoder has done what it can: `frames` frames."""
        deadline = time.monotonic() + PATIENCE
        while self.recorder.status().frames < frames:
            assert time.monotonic() < deadline
            time.sleep(0.0005)


def small(number: int) -> np.ndarray:
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[:, :, 0], picture[:, :, 1] = number % 256, number // 256
    return picture


def reference(times: list[float], end: float, fps: Fraction) -> list[int]:
    """For every frame before `end` the last picture offered by its time. All are exact binary fractions of a tick."""
    shown, k = [], 0
    while k == 0 or times[0] + k / float(fps) < end:
        shown.append(max(n for n, at in enumerate(times) if at <= times[0] + k / float(fps)))
        k += 1
    return shown


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 200), min_size=1, max_size=80), st.integers(0, 300), st.lists(st.integers(0, 200)))
def test_every_frame_shows_the_newest_picture_by_its_time(gaps: list[int], rest: int, asked: list[int]) -> None:
    # In 64ths of a tick of 1/16 s, so that the reference meets no rounding.
    fps = Fraction(16)
    times = [START + sum(gaps[1 : place + 1]) / 1024 for place in range(len(gaps))]
    end = times[-1] + rest / 1024
    ticks = sorted(START + at / 64 for at in asked if START + at / 64 <= end)
    bench = Bench(fps)
    for number, at in enumerate(times):
        while ticks and ticks[0] <= at:
            bench.recorder.tick(ticks.pop(0))
        bench.recorder.offer(small(number), at)
        # The encoder keeps up: this is about which picture, not about drops.
        bench.settle(round(bench.recorder.status().seconds * fps))
    status, shown = bench.finish(end)
    assert shown == reference(times, end, fps)
    assert (status.frames, status.dropped, status.error) == (len(shown), 0, "")
    assert status.seconds == len(shown) / 16


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=80))
def test_one_picture_is_wanted_for_every_frame_that_can_have_a_new_one(gaps: list[int]) -> None:
    bench = Bench(Fraction(16))
    wanted: list[int] = []
    first = None
    for at in (START + sum(gaps[1 : place + 1]) / 1024 for place in range(len(gaps))):
        if bench.recorder.wants(at):
            bench.recorder.offer(small(len(wanted)), at)
            first = at if first is None else first
            # Frames begin at whole ticks behind the first picture; the first of all has its own.
            wanted.append(math.ceil((at - first) * 16))
    bench.finish(START + sum(gaps) / 1024)
    assert wanted[0] == 0
    assert wanted == sorted(set(wanted))
    begun = {math.ceil((START + sum(gaps[1 : place + 1]) / 1024 - first) * 16) for place in range(len(gaps))}
    assert set(wanted) == begun


@pytest.mark.parametrize("rate", [1.0, 7.0, 25.0, 59.94, 240.0])
def test_three_seconds_are_75_frames_with_the_right_content(tmp_path: Path, rate: float) -> None:
    recorder = LiveRecorder(RecordingTarget(tmp_path), "my preset")
    times = [START + n / rate for n in range(round(3 * rate + 0.49)) if n / rate < 3]
    for number, at in enumerate(times):
        recorder.tick(at - 1e-4)
        recorder.offer(numbered(number), at)
        deadline = time.monotonic() + PATIENCE
        while recorder.status().frames < recorder.status().seconds * 25 - 0.5 and time.monotonic() < deadline:
            time.sleep(0.0005)
    recorder.stop(START + 3)
    status = recorder.wait(PATIENCE)
    assert (status.error, status.dropped, status.finished, status.frames) == ("", 0, True, 75)
    assert status.path is not None
    assert status.path.parent == tmp_path
    assert status.path.name.startswith("my preset 20")
    assert status.path.suffix == ".mp4"
    assert status.bytes == status.path.stat().st_size
    assert status.size == Size(96, 160)
    with open_source(str(status.path)) as film:
        frames = list(film)
    assert len(frames) == 75
    for frame in frames:
        offered = sum(at - START <= frame.index / 25 + 1e-7 for at in times) - 1
        assert number_of(frame.picture) == offered
        assert frame.time == pytest.approx(frame.index / 25)


@pytest.mark.parametrize(("room", "waiting"), [(64 * 2**20, 50), (20 * 12, 20), (0, 4)])
def test_a_slow_disk_drops_pictures_and_keeps_the_time(
    monkeypatch: pytest.MonkeyPatch, room: int, waiting: int
) -> None:
    monkeypatch.setattr(recorder, "_ROOM", room)
    gate = threading.Event()
    bench = Bench(gate=gate)
    # None of them waits for the disk, which stands still until the gate opens.
    for number in range(75):
        bench.recorder.offer(small(number), START + number / 25)
    assert len(bench.recorder._waiting) <= waiting
    gate.set()
    status, shown = bench.finish(START + 3)
    assert len(shown) == 75
    assert shown[:waiting] == list(range(waiting))
    # So many wait, and one may be in the encoder's hand.
    assert abs(status.dropped - (74 - waiting)) <= 1
    assert sum(number != k for k, number in enumerate(shown)) == status.dropped
    assert all(number <= k for k, number in enumerate(shown))


def test_what_comes_after_a_hitch_stands_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "_ROOM", 0)
    gate = threading.Event()
    bench = Bench(gate=gate)
    for number in range(50):
        if number == 25:
            gate.set()
            bench.settle(24)
        bench.recorder.offer(small(number), START + number / 25)
        if number > 25:
            bench.settle(number - 1)
    status, shown = bench.finish(START + 2)
    assert shown[25:] == list(range(25, 50))
    assert len(set(shown[:25])) in (4, 5, 6)
    assert status.dropped == sum(number != k for k, number in enumerate(shown))


def test_a_picture_that_stands_is_encoded_as_it_goes() -> None:
    bench = Bench()
    bench.recorder.offer(small(5), START)
    for tick in range(1, 50):
        bench.recorder.tick(START + tick / 25)
    bench.settle(49)
    status, shown = bench.finish(START + 2)
    assert (shown, status.dropped) == ([5] * 50, 0)


def test_a_full_disk_ends_the_recording_with_its_sentence() -> None:
    bench = Bench(fails_at=10)
    for number in range(60):
        bench.recorder.offer(small(number), START + number / 25)
        time.sleep(0.001)
    status = bench.recorder.wait(PATIENCE)
    bench.recorder.offer(small(1), START + 9)
    bench.recorder.tick(START + 10)
    bench.recorder.stop()
    assert bench.recorder.status() == status
    assert (status.frames, status.finished) == (10, True)
    assert "the disk is full" in status.error
    assert not bench.recorder._waiting


def test_a_place_that_cannot_be_recorded_to_is_said_in_the_status(tmp_path: Path) -> None:
    recorder = LiveRecorder(RecordingTarget(tmp_path / "nowhere"), "a")
    recorder.offer(small(0), START)
    recorder.stop(START + 1)
    assert "does not exist; create it first" in recorder.wait(PATIENCE).error


def test_nothing_offered_is_nothing_recorded(tmp_path: Path) -> None:
    recorder = LiveRecorder(RecordingTarget(tmp_path), "a")
    recorder.tick(START)
    recorder.stop()
    recorder.stop()
    assert recorder.wait(PATIENCE).error.startswith("nothing was recorded")
    assert list(tmp_path.iterdir()) == []


def test_bad_plans(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no codec 'betamax'"):
        LiveRecorder(RecordingTarget(tmp_path, "betamax"), "a")
    with pytest.raises(StudioError, match="frame rate of 0"):
        LiveRecorder(RecordingTarget(tmp_path, fps=Fraction(0)), "a")


def test_a_fault_of_the_program_is_shown_and_ends_the_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", seen.append)
    bench = Bench(gate=None)
    bench.recorder.offer(small(0), START)
    status, _ = bench.finish(START + 1)
    assert status.error.startswith("The recording of a failed: AttributeError")
    assert "AttributeError" in status.details
    assert not seen  # it is told in one place


def test_pictures_of_another_size_are_brought_to_the_first_ones() -> None:
    bench = Bench()
    for number, shape in enumerate([(40, 60), (80, 120), (40, 40)]):
        bench.recorder.offer(np.full((*shape, 3), 9, np.uint8), START + number / 25)
    status, shown = bench.finish(START + 3 / 25)
    assert bench.sink is not None
    assert (status.size, bench.sink.shapes) == (Size(40, 60), {(40, 60, 3)})
    # The square one has black at its sides.
    assert shown == [9 + 256 * 9, 9 + 256 * 9, 0]


def test_letterboxing() -> None:
    white = np.full((30, 40, 3), 255, np.uint8)
    wide = letterboxed(white, Size(30, 80))
    assert wide.shape == (30, 80, 3)
    assert (wide[:, 20:60] == 255).all()
    assert wide.sum() == white.sum()
    assert letterboxed(white, Size(30, 40)) is white
    assert (letterboxed(white, Size(60, 81)) == 255).all()
    assert letterboxed(white, Size(50, 1)).shape == (50, 1, 3)


def test_a_size_of_its_own_and_other_codecs(tmp_path: Path) -> None:
    for codec in ("png", "ffv1"):
        recorder = LiveRecorder(RecordingTarget(tmp_path, codec, Fraction(10), Size(18, 32), "{preset}"), "a/b")
        recorder.offer(numbered(1), START)
        recorder.stop(START + 0.5)
        status = recorder.wait(PATIENCE)
        assert (status.error, status.size, status.frames) == ("", Size(18, 32), 5)
        with open_source(str(status.path)) as film:
            assert {frame.picture.shape for frame in film} == {(18, 32, 3)}
    assert (tmp_path / "a_b").is_dir()


def test_names_never_overwrite(tmp_path: Path) -> None:
    when = datetime.fromisoformat("2026-11-22T20:50:01+00:00")
    pattern = "{preset} {date} {time}"
    first = free_path(tmp_path, pattern, "x", ".mp4", when)
    assert first.name == "x 2026-11-22 20.50.01.mp4"
    with open_sink(first, codec="h264", size=Size(32, 32), fps=Fraction(25)) as sink:
        second = free_path(tmp_path, pattern, "x", ".mp4", when)  # while the first grows
        sink.write(np.zeros((32, 32, 3), np.uint8))
    assert second.name == "x 2026-11-22 20.50.01 2.mp4"
    second.touch()
    assert free_path(tmp_path, pattern, "x", ".mp4", when).name == "x 2026-11-22 20.50.01 3.mp4"
    assert free_path(tmp_path, "{preset}", "../a:b\n{date}", "", when).name == "_a_b_{date}"
    assert free_path(tmp_path, "..", "", "", when).name == "recording"


def test_a_still(tmp_path: Path) -> None:
    picture = numbered(77)
    path = tmp_path / "a.png"
    assert still(picture, path).result(PATIENCE) == path
    assert np.array_equal(cv2.imread(str(path))[:, :, ::-1], picture)
    assert os.listdir(tmp_path) == ["a.png"]  # noqa: PTH208
    assert isinstance(still(picture, tmp_path / "no" / "a.png").exception(PATIENCE), StudioError)
