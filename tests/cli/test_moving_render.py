"""``studio render --move`` and ``studio addresses``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

StudioHere = Callable[..., tuple[int, str, str]]


def rendered(studio_here: StudioHere, tmp_path: Path, name: str, *moves: str) -> list[bytes]:
    options = [word for text in moves for word in ("--move", text)]
    shared = ("--preset", "landscapes", "--fps", "10", "--frames", "0:6", "--engine", "torch", "--bpm", "90")
    status, _, err = studio_here("render", "latent:walk,seed=2", name, *shared, *options)
    assert status == 0, err
    return [file.read_bytes() for file in sorted((tmp_path / name).glob("*.png"))]


def test_what_moves_is_the_same_twice_and_other_than_still(studio_here: StudioHere, tmp_path: Path) -> None:
    moves = "/latent/z/3=lfo,shape=sine,beats=0.5,depth=0.3", "/latent/z/5=drift,seconds=1,lag=0.1"
    first = rendered(studio_here, tmp_path, "a", *moves)
    assert len(first) == 6
    assert rendered(studio_here, tmp_path, "b", *moves) == first
    assert rendered(studio_here, tmp_path, "c") != first


def test_addresses_are_listed_for_people_and_programs(studio_here: StudioHere) -> None:
    status, out, err = studio_here("addresses", "landscapes")
    assert (status, err) == (0, "")
    assert "/latent/z/31" in out
    assert "-4 to 4 σ" in out
    status, out, _ = studio_here("addresses", "landscapes", "--json")
    found = {fact["address"]: fact for fact in json.loads(out)}
    assert status == 0
    assert found["/tempo/bpm"] | {"doc": ""} == {
        "address": "/tempo/bpm",
        "label": "Bpm",
        "kind": "number",
        "value": 120.0,
        "default": 120.0,
        "lo": 20.0,
        "hi": 400.0,
        "reach": [20.0, 400.0],
        "unit": "bpm",
        "doc": "",
    }


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--move", "/latent/z/32=lfo"), "There is no number at /latent/z/32. Did you mean /latent/z/3"),
        (("--move", "/latent/z/3=wobble"), 'There is no source of movement "wobble"'),
        (("--move", "wild"), '"wild" is no movement; they look like'),
        (("--bpm", "3"), "/tempo/bpm takes a number from 20 to 400 bpm, not 3"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    studio_here: StudioHere, tmp_path: Path, options: tuple[str, ...], sentence: str
) -> None:
    status, _, err = studio_here("render", "latent", "x.mp4", "--preset", "landscapes", *options)
    assert status == 2
    assert sentence in err
    assert not (tmp_path / "x.mp4").exists()
