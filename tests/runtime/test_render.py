"""Frames from a source through a bend into a sink, each in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from studio.model.networks.picture import DeepPicture, Picture
from studio.runtime.render.coming import DeepComing, there
from studio.runtime.render.offline import Recorder, ahead, render


def numbered(number: int) -> Picture:
    return np.full((2, 2, 3), number % 256, np.uint8)


class Sink:
    """What `render` asks of a sink; keeps what it was given, slowly where asked to, and fails where asked to."""

    def __init__(self, slowness: float = 0.0, fails_at: int | None = None) -> None:
        self.numbers: list[int] = []
        self._slowness, self._fails_at = slowness, fails_at

    def write(self, picture: Picture) -> None:
        time.sleep(self._slowness)
        if len(self.numbers) == self._fails_at:
            raise OSError("the disk is full")
        self.numbers.append(int(picture[0, 0, 0]))


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    assert left == []


def source(count: int, made: list[int] | None = None) -> Iterator[Picture]:
    for number in range(count):
        if made is not None:
            made.append(number)
        yield numbered(number)


@pytest.mark.parametrize("count", [0, 1, 3, 200])
@pytest.mark.parametrize("slowness", [0.0, 0.001])
def test_every_picture_arrives_once_and_in_order(count: int, slowness: float) -> None:
    sink = Sink(slowness)
    counts = list(render(source(count), lambda p: there(p + 1), sink))  # type: ignore[arg-type]

    assert counts == list(range(1, count + 1))
    assert sink.numbers == [(number + 1) % 256 for number in range(count)]


def test_a_picture_is_waited_for_when_the_next_one_is_begun() -> None:
    done: list[str] = []

    def bend(picture: DeepPicture) -> DeepComing:
        number = int(picture[0, 0, 0])
        done.append(f"begin {number}")

        def wait() -> DeepPicture:
            done.append(f"wait {number}")
            return picture

        return wait

    sink = Sink()
    list(render(source(3), bend, sink))  # type: ignore[arg-type]
    assert done == ["begin 0", "begin 1", "wait 0", "begin 2", "wait 1", "wait 2"]
    assert sink.numbers == [0, 1, 2]


def test_a_slow_sink_holds_the_source_back() -> None:
    made: list[int] = []
    sink, most = Sink(0.005), 0
    for count in render(source(60, made), there, sink):  # type: ignore[arg-type]
        most = max(most, len(made) - len(sink.numbers), count - len(sink.numbers))
    # Four wait before the network and four after it, each of the three threads may hold one, and one is on its way.
    assert 2 <= most <= 12
    assert len(sink.numbers) == 60


def test_the_source_works_ahead_while_the_network_is_busy() -> None:
    made: list[int] = []
    pictures = ahead(source(50, made))
    next(pictures)
    deadline = time.monotonic() + 60
    while len(made) < 6 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert len(made) == 6  # one taken, four waiting, one in hand
    pictures.close()  # type: ignore[attr-defined]


def test_an_error_of_the_source_surfaces_after_the_pictures_before_it() -> None:
    def broken() -> Iterator[Picture]:
        yield from source(3)
        raise ValueError("a damaged frame")

    sink = Sink()
    with pytest.raises(ValueError, match="a damaged frame"):
        list(render(broken(), there, sink))  # type: ignore[arg-type]
    assert sink.numbers == [0, 1, 2]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_of_the_network_surfaces_and_what_was_bent_is_written(error: type[BaseException]) -> None:
    def bend(picture: DeepPicture) -> DeepComing:
        if picture[0, 0, 0] == 5:
            raise error("cannot bend")
        return there(picture)

    sink = Sink(0.002)
    with pytest.raises(error, match="cannot bend"):
        list(render(source(100), bend, sink))  # type: ignore[arg-type]
    assert sink.numbers == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("fails_at", [0, 3, 99])
def test_an_error_of_the_sink_surfaces(fails_at: int) -> None:
    sink = Sink(fails_at=fails_at)
    with pytest.raises(OSError, match="the disk is full"):
        list(render(source(100), there, sink))  # type: ignore[arg-type]
    assert len(sink.numbers) == fails_at


def test_a_render_closed_early_writes_what_was_bent_and_stops_the_source() -> None:
    made: list[int] = []
    sink = Sink()
    running = render(source(10_000, made), there, sink)  # type: ignore[arg-type]
    for count in running:
        if count == 5:
            break
    running.close()  # type: ignore[attr-defined]

    assert sink.numbers == [0, 1, 2, 3, 4]
    assert len(made) <= 12


def test_a_render_never_begun_starts_nothing() -> None:
    made: list[int] = []
    render(source(9, made), there, Sink()).close()  # type: ignore[arg-type, attr-defined]
    assert made == []


def test_a_recorder_whose_sink_failed_raises_on_every_further_use() -> None:
    recorder = Recorder(Sink(fails_at=0))  # type: ignore[arg-type]
    recorder.write(numbered(0))
    recorder._thread.join()
    with pytest.raises(OSError, match="the disk is full"):
        recorder.write(numbered(1))
    with pytest.raises(OSError, match="the disk is full"):
        recorder.finish()
