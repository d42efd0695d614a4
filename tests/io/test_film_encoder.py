"""How pictures reach a film's encoder: beside it, several at once, and as good as one after the other."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
import psutil
import pytest
from films import numbered, numbers

from studio.errors import StudioError
from studio.io.resize import resized
from studio.io.sinks import Recording, codec_for, open_sink
from studio.io.sinks.h264 import CODEC
from studio.io.sources import open_source
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture, shallow

FPS = Fraction(25)
MANY = 32
"""Processors of a machine on which slices would be many."""


def read(path: Path) -> list[Picture]:
    with open_source(str(path)) as source:
        return [shallow(frame.picture) for frame in source]


def encoder_says(path: Path) -> dict[str, int]:
    """Its settings, as x264 writes them into a film."""
    found = re.findall(rb"([a-z_]*threads)=(\d+)", path.read_bytes())
    return {name.decode(): int(value) for name, value in found}


def record(path: Path, pictures: list[Picture]) -> None:
    with open_sink(path, codec="h264", size=Size.of(pictures[0]), fps=FPS) as sink:
        for picture in pictures:
            sink.write(picture)


@pytest.mark.parametrize(("side", "threads"), [(32, 1), (256, 8), (640, 16)])
def test_h264_encodes_several_pictures_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: int, threads: int
) -> None:
    """PyAV has it share each picture in slices, unless it is told; more threads than gain anything hold memory."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(MANY), raising=False)
    record(tmp_path / "a.mp4", [numbered(number, side, side) for number in range(40)])
    said = encoder_says(tmp_path / "a.mp4")
    assert (said["threads"], said["sliced_threads"]) == (threads, 0)
    assert numbers(read(tmp_path / "a.mp4")) == list(range(40))


def test_pictures_that_need_much_memory_are_encoded_one_at_a_time(tmp_path: Path) -> None:
    record(tmp_path / "a.mp4", [np.zeros((2400, 4096, 3), np.uint8)])
    said = encoder_says(tmp_path / "a.mp4")
    assert said["sliced_threads"] == (said["threads"] > 1)


def test_it_looks_as_good_as_with_slices_and_is_no_larger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(MANY), raising=False)
    size = Size(256, 256)
    with open_source("demo") as source:
        pictures = [resized(shallow(frame.picture), size) for frame in islice(source, 60)]
    record(tmp_path / "at_once.mp4", pictures)
    sliced = replace(CODEC, form=replace(CODEC.form, at_once=0))
    with sliced.open(Recording(tmp_path / "sliced.mp4", size, FPS)) as sink:
        for picture in pictures:
            sink.write(picture)

    def noise(path: Path) -> float:
        """The mean of squared differences."""
        pairs = zip(read(path), pictures, strict=True)
        return float(np.mean([np.square(a.astype(np.float32) - b).mean() for a, b in pairs]))

    at_once, before = tmp_path / "at_once.mp4", tmp_path / "sliced.mp4"
    assert encoder_says(before)["sliced_threads"] == (encoder_says(before)["threads"] > 1)
    # A hundredth of either: 0.04 dB.
    assert noise(at_once) <= 1.01 * noise(before)
    assert at_once.stat().st_size <= 1.01 * before.stat().st_size


@pytest.mark.parametrize(("codec", "name"), [("h264", "a.mp4"), ("ffv1", "a.mkv"), ("gif", "a.gif")])
def test_a_picture_may_be_changed_once_it_is_written(tmp_path: Path, codec: str, name: str) -> None:
    """It is converted beside what the encoder does, and nobody waits for that but who has written it."""
    room = numbered(0)
    with open_sink(tmp_path / name, codec=codec, size=Size.of(room), fps=FPS) as sink:
        for number in range(30):
            room[:] = numbered(number)
            sink.write(room)
            room[:] = 0
    assert numbers(read(tmp_path / name)) == list(range(30))


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.gif"])
@pytest.mark.parametrize("seen", [False, True])
def test_a_recording_whose_file_is_removed_leaves_no_thread_and_no_open_file(
    tmp_path: Path, name: str, seen: bool
) -> None:
    def held() -> tuple[int, int]:
        open_files = [each.path for each in psutil.Process().open_files() if str(tmp_path) in each.path]
        return sum(each.name.startswith("convert") for each in threading.enumerate()), len(open_files)

    codec = codec_for(tmp_path / name) or ""
    sink = open_sink(tmp_path / name, codec=codec, size=Size(64, 64), fps=FPS)
    for number in range(60 if seen else 2):
        sink.write(numbered(number, 64, 64))
    assert held()[0] == 1
    sink.part.unlink()
    with pytest.raises(StudioError, match="nothing of it could be kept"):
        sink.write(numbered(60, 64, 64))
    assert held() == (0, 0)
