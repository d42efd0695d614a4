"""Things dealt to threads: what comes of them, in their order, and no more of them than was said."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest

from studio.cores import usable_cores
from studio.io._dealt import dealt, several
from studio.io.resize import all_resized, resized
from studio.io.sinks._encoders import most_at_once
from studio.io.sinks._film import _threads
from studio.model.declared.size import Size
from studio.runtime.live.cores import Cores


def threads() -> int:
    return sum(each.name == "dealt" for each in threading.enumerate())


def late(number: int, thing: int) -> int:
    time.sleep(0.002 * ((thing * 7 + number) % 5))
    return 10 * thing


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("things", [0, 1, 4, 40])
def test_they_come_in_order_however_long_each_takes(count: int, things: int) -> None:
    makers = [partial(late, number) for number in range(count)]
    assert list(dealt(range(things), makers, "dealt")) == [10 * thing for thing in range(things)]
    assert threads() == 0


@pytest.mark.parametrize("count", [1, 3])
def test_few_are_taken_ahead_of_who_asks(count: int) -> None:
    taken: list[int] = []

    def things() -> Iterator[int]:
        for thing in range(100):
            taken.append(thing)
            yield thing

    made = dealt(things(), [lambda thing: thing] * count, "dealt")
    for number in range(40):
        assert next(made) == number
        assert len(taken) <= number + (1 if count == 1 else 2 * count)
    made.close()  # type: ignore[attr-defined]  # a generator
    assert threads() == 0


@pytest.mark.parametrize("count", [1, 3])
def test_what_was_made_before_an_error_comes_first(count: int) -> None:
    def things() -> Iterator[int]:
        yield from range(5)
        raise OSError("gone")

    def odd(thing: int) -> int:
        if thing == 7:
            raise ValueError("seven")
        return thing

    found: list[int] = []
    with pytest.raises(OSError, match="gone"):
        found.extend(dealt(things(), [odd] * count, "dealt"))
    made = dealt(range(100), [odd] * count, "dealt")
    found += [next(made) for _ in range(7)]
    with pytest.raises(ValueError, match="seven"):
        next(made)
    assert found[-7:] == list(range(7))
    assert threads() == 0


def test_large_pictures_are_few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(32), raising=False)
    sizes = [Size(8, 8), Size(1024, 1024), Size(2160, 3840), Size(16384, 6000)]
    found = [several(size) for size in sizes]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1] == 1
    assert all(count * size.pixels <= 1 << 24 or count == 1 for count, size in zip(found, sizes, strict=True))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(1), raising=False)
    assert several(sizes[0]) == 1


@pytest.mark.parametrize("size", [Size(48, 64), Size(31, 90), Size(96, 128), Size(20, 20)])
def test_pictures_resized_at_once_are_those_resized_one_by_one(monkeypatch: pytest.MonkeyPatch, size: Size) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(4), raising=False)
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (48, 64, 3), np.uint8) for _ in range(20)]
    found = list(all_resized(pictures, Size(48, 64), size))
    assert len(found) == 20
    assert all(np.array_equal(each, resized(picture, size)) for each, picture in zip(found, pictures, strict=True))


def test_an_interrupt_at_the_keyboard_waits_for_nothing() -> None:
    def things() -> Iterator[int]:
        yield from range(3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(dealt(things(), [partial(late, number) for number in range(4)], "dealt"))
    assert threads() == 0


def test_a_program_may_end_in_the_midst_of_a_film() -> None:
    program = (
        "import os; os.sched_getaffinity = lambda _: range(4)\n"
        "from studio.io.sources import Reading, open_source\n"
        "source = open_source('demo', reading=Reading(ahead=True))\n"
        "frames = iter(source)\n"
        "print(next(frames).index)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert (ended.stdout, ended.stderr) == ("0\n", "")


def test_threads_are_as_many_as_cores_that_the_process_may_run_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {8, 9, 30}, raising=False)
    assert several(Size(8, 8)) == usable_cores() == Cores().count == 3
    assert Cores(cores=5).count == 5
    assert most_at_once(16, 100) == 1
    assert _threads(16, 1024) == 0
    monkeypatch.delattr(os, "sched_getaffinity")
    assert several(Size(8, 8)) == 6
    assert usable_cores() == 64
    # What a caller says holds on a system that cannot be asked.
    assert Cores(cores=5).count == 5
