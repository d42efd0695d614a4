"""Bad input: one sentence, exit status 2, no traceback, and no recording left behind."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

StudioHere = Callable[..., tuple[int, str, str]]

FILM = "{made}/film.mp4"
TINY = ("--preset", "{made}/tiny")

BAD = {
    "missing source": (("render", "nope.mp4", "out.mp4", *TINY), "nope.mp4"),
    "source that is no film": (("render", "{made}/words.txt", "out.mp4", *TINY), "words.txt"),
    "missing preset": (("render", FILM, "out.mp4", "--preset", "nope"), '"nope"'),
    "preset that is none": (("render", FILM, "out.mp4", "--preset", "{made}"), "made"),
    "size in words": (("render", FILM, "out.mp4", *TINY, "--size", "big"), '"big" is no size'),
    "size zero": (("render", FILM, "out.mp4", *TINY, "--size", "0"), "out of range"),
    "huge size": (("render", FILM, "out.mp4", *TINY, "--size", "99999x2"), "out of range"),
    "fps in words": (("render", FILM, "out.mp4", *TINY, "--fps", "fast"), '"fast" is no frame rate'),
    "fps zero": (("render", FILM, "out.mp4", *TINY, "--fps", "0"), "out of range"),
    "fps of years": (("render", FILM, "out.mp4", *TINY, "--fps", "1e-9"), "out of range"),
    "negative fps": (("render", FILM, "out.mp4", *TINY, "--fps", "-25"), "out of range"),
    "fps by zero": (("render", FILM, "out.mp4", *TINY, "--fps", "25/0"), "no frame rate"),
    "fps nan": (("render", FILM, "out.mp4", *TINY, "--fps", "nan"), "no frame rate"),
    "frames in words": (("render", FILM, "out.mp4", *TINY, "--frames", "some"), '"some" is no range'),
    "frames backwards": (("render", FILM, "out.mp4", *TINY, "--frames", "5:5"), "is empty"),
    "negative frames": (("render", FILM, "out.mp4", *TINY, "--frames=-5:"), "no range"),
    "frames past counting": (("render", FILM, "out.mp4", *TINY, "--frames", "9" * 30 + ":"), "no range"),
    "frames past the end": (("render", FILM, "out.mp4", *TINY, "--frames", "99:"), "has no frame 99"),
    "unknown engine": (("render", FILM, "out.mp4", *TINY, "--engine", "warp"), 'no engine "warp"'),
    "unknown layer": (("render", FILM, "out.mp4", *TINY, "--layer", "nope"), "enc, act, dec, out"),
    "unknown codec": (("render", FILM, "out.mp4", *TINY, "--codec", "vhs"), "vhs"),
    "no codec for the suffix": (("render", FILM, "out.xyz", *TINY), '"out.xyz" does not say'),
    "codec that the suffix does not hold": (("render", FILM, "out.mp4", *TINY, "--codec", "gif"), "gif"),
    "png of a film's name": (("render", FILM, "out.mp4", *TINY, "--codec", "png"), "end its name in .png"),
    "a name nearly right": (("info", "violet-stroke"), 'Did you mean "violet-strokes"?'),
    "missing output folder": (("render", FILM, "nowhere/out.mp4", *TINY), "nowhere"),
    "output that is a folder": (("render", FILM, "{made}", *TINY, "--codec", "h264"), "made"),
    "info of nothing": (("info", "nope"), '"nope"'),
    "info at a bad size": (("info", "{made}/tiny", "--size", "x"), "no size"),
    "info at too small a size": (("info", "{made}/tiny", "--size", "0x3"), "out of range"),
}


@pytest.mark.parametrize("output", ["film.mp4", "./film.mp4", "link.mp4"])
def test_a_recording_never_replaces_its_own_source(
    studio_here: StudioHere, made: Path, tmp_path: Path, output: str
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes((made / "film.mp4").read_bytes())
    (tmp_path / "link.mp4").symlink_to("film.mp4")
    status, _, err = studio_here("render", "film.mp4", output, "--preset", f"{made}/tiny")

    assert status == 2
    assert "would replace its own source" in err
    assert film.read_bytes() == (made / "film.mp4").read_bytes()


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_answered_in_one_sentence(studio_here: StudioHere, made: Path, tmp_path: Path, case: str) -> None:
    arguments, words = BAD[case]
    status, out, err = studio_here(*(a.format(made=made) for a in arguments))

    errors = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert status == 2
    assert len(errors) == 1, err
    assert words in errors[0]
    assert "Traceback" not in out + err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [("render",), ("render", "a"), ("nope",), ("info", "a", "--nope")])
def test_wrong_usage_has_status_2(studio_here: StudioHere, arguments: tuple[str, ...]) -> None:
    status, out, err = studio_here(*arguments)
    assert status == 2
    assert "Traceback" not in out + err


def test_the_real_command_says_so_too(studio: Callable[..., subprocess.CompletedProcess[str]], made: Path) -> None:
    found = studio("render", "nope [b].mp4", "out.mp4", "--preset", made / "tiny")
    assert found.returncode == 2
    assert found.stdout == ""
    assert "Traceback" not in found.stderr
    assert "nope [b].mp4" in found.stderr
