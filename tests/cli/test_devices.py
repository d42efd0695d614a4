"""``studio render --devices``: frames shared among devices are those of one, in order."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
from commands import endless_render
from helpers import normal
from PIL import Image

Studio = Callable[..., "subprocess.CompletedProcess[str]"]
StudioHere = Callable[..., tuple[int, str, str]]


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(7):
        picture = (normal(8, 12, 3, seed=number).clip(-1, 1) * 127 + 128).astype(np.uint8)
        Image.fromarray(picture).save(folder / f"{number:03}.png")
    return folder


def pictures(folder: Path) -> list[np.ndarray]:
    return [np.asarray(Image.open(path)) for path in sorted(folder.glob("*.png"))]


@pytest.mark.parametrize(
    "more",
    [
        (),
        ("--bend", "act:Noise,strength=0.5,seed=3", "--move", "/bend/1/strength=lfo,beats=1,depth=0.4", "--bpm", "300"),
    ],
    ids=["still", "moving"],
)
def test_frames_of_several_devices_are_those_of_one(
    studio: Studio, made: Path, frames: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    common = (frames, "--preset", made / "tiny", "--fps", "10", "--engine", "torch", *more)
    alone = studio("render", *common[:1], tmp_path / "alone", *common[1:])
    assert alone.returncode == 0, alone.stderr
    shared = studio("render", *common[:1], tmp_path / "shared", *common[1:], "--devices", "cpu,cpu,cpu")
    assert shared.returncode == 0, shared.stderr
    assert "shared among 3 devices" in shared.stderr

    found, wanted = pictures(tmp_path / "shared"), pictures(tmp_path / "alone")
    assert len(found) == len(wanted) == 7
    assert len({picture.tobytes() for picture in wanted}) == 7
    for mine, right in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(mine, right)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--bend", "act:Feedback"), "each frame of a bend with memory needs the one before it"),
        (("--move", "/feedback/amount=lfo,depth=0.4"), "what is fed back is the frame before"),
    ],
    ids=["memory", "fed back"],
)
def test_what_needs_the_frame_before_runs_on_one_device_and_that_is_said(
    studio_here: StudioHere, made: Path, frames: Path, tmp_path: Path, more: tuple[str, ...], why: str
) -> None:
    asked = ("--preset", made / "tiny", "--fps", "10", "--engine", "torch", *more)
    status, _, err = studio_here("render", frames, tmp_path / "out", *asked, "--devices", "cpu,cpu")
    assert status == 0, err
    assert f"on one device, because {why}" in err
    assert len(pictures(tmp_path / "out")) == 7


@contextmanager
def endless(made: Path, folder: Path) -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    """A render on two devices that has no end, once it records, and its lanes."""
    with endless_render(made, "out.mkv", folder, "--devices", "cpu,cpu") as process:
        lanes = [each for each in psutil.Process(process.pid).children() if "lane_child" in " ".join(each.cmdline())]
        assert len(lanes) == 2
        yield process, lanes
    assert not psutil.wait_procs(lanes, timeout=60)[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_recording_and_all_lanes(made: Path, tmp_path: Path, number: signal.Signals) -> None:
    with endless(made, tmp_path) as (process, lanes):
        # As at a keyboard, or where a machine shuts down: all are told.
        for each in (*lanes, process):
            each.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Interrupted: the recording ends here." in err
    assert "Traceback" not in err
    assert out.startswith("out.mkv: ")
    assert {file.name for file in tmp_path.iterdir()} == {"out.mkv"}


def test_a_killed_lane_ends_the_recording_with_what_there_is(made: Path, tmp_path: Path) -> None:
    with endless(made, tmp_path) as (process, lanes):
        lanes[0].kill()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2, err
    assert "Error: The process that bends on device cpu was ended by SIGKILL" in err
    assert "is kept in" in err
    assert "Traceback" not in err
    assert {file.name for file in tmp_path.iterdir()} == {"out.mkv"}


def test_lanes_end_by_themselves_where_the_render_is_killed(made: Path, tmp_path: Path) -> None:
    with endless(made, tmp_path) as (process, lanes):
        process.kill()
        assert not psutil.wait_procs(lanes, timeout=60)[1]
        _, err = process.communicate(timeout=60)
    assert "Traceback" not in err


@pytest.mark.parametrize(("devices", "words"), [("fast", "no device of --engine torch"), ("0,99", "no CUDA device")])
def test_what_is_no_device_is_refused_before_anything_is_written(
    studio: Studio, made: Path, frames: Path, tmp_path: Path, devices: str, words: str
) -> None:
    asked = ("--preset", made / "tiny", "--fps", "10", "--engine", "torch", "--devices", devices)
    found = studio("render", frames, tmp_path / "out", *asked)
    assert found.returncode == 2
    assert words in found.stderr
    assert not (tmp_path / "out").exists()
