"""``studio render --devices``: frames shared among devices are those of one, in order."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers import normal
from PIL import Image

Studio = Callable[..., "subprocess.CompletedProcess[str]"]


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


def test_bends_with_memory_run_on_one_device_and_that_is_said(
    studio: Studio, made: Path, frames: Path, tmp_path: Path
) -> None:
    asked = ("--preset", made / "tiny", "--fps", "10", "--engine", "torch", "--bend", "act:Feedback")
    found = studio("render", frames, tmp_path / "out", *asked, "--devices", "cpu,cpu")
    assert found.returncode == 0, found.stderr
    assert "on one device, because each frame of a bend with memory needs the one before it" in found.stderr
    assert len(pictures(tmp_path / "out")) == 7


@pytest.mark.parametrize(("devices", "words"), [("fast", "no device of --engine torch"), ("0,99", "no CUDA device")])
def test_what_is_no_device_is_refused_before_anything_is_written(
    studio: Studio, made: Path, frames: Path, tmp_path: Path, devices: str, words: str
) -> None:
    asked = ("--preset", made / "tiny", "--fps", "10", "--engine", "torch", "--devices", devices)
    found = studio("render", frames, tmp_path / "out", *asked)
    assert found.returncode == 2
    assert words in found.stderr
    assert not (tmp_path / "out").exists()
