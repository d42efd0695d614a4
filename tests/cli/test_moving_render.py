"""``studio render --move`` and ``studio addresses``."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import layer, network, tiny_network

from studio.edits import make_edit
from studio.io.networks import save_network
from studio.io.performances import save_performance
from studio.io.presets import find_preset, load_preset, save_preset
from studio.model.filters.live_edits import EDITS, LiveEdit
from studio.model.networks.preset import Preset
from studio.model.performances.performance import Performance, Turned

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


def test_by_what_nothing_comes_in_a_render_is_said(studio_here: StudioHere) -> None:
    shared = ("--preset", "landscapes", "--fps", "10", "--frames", "0:1", "--engine", "torch")
    for name, move, said in (
        ("a", "midi,number=7", "Nothing comes by MIDI in a render, so what moves by it rests"),
        ("b", "envelope,trigger=osc/hit", "Nothing comes by OSC in a render"),
        ("c", "mouse", "Nothing comes by the mouse in a render"),
        ("d", "lfo", ""),
    ):
        status, _, err = studio_here("render", "latent:walk", name, *shared, "--move", f"/latent/z/3={move}")
        assert status == 0, err
        assert said in err if said else "Nothing comes" not in err


def test_addresses_are_listed_for_people_and_programs(studio_here: StudioHere) -> None:
    status, out, err = studio_here("addresses", "landscapes")
    assert (status, err) == (0, "")
    assert "/latent/z/31" in out
    assert "-4 to 4 σ" in out
    ours, _, windows = out.partition("The window has these besides")
    assert "/latent/z/31" in ours
    assert "/view/zoom" not in ours
    named = "/view/zoom", "/fade ", "/source/speed", "/lesson/weight/adversarial"
    assert all(address in windows for address in named)
    assert "/command/" not in out
    status, out, err = studio_here("addresses", "landscapes", "--commands")
    assert (status, err) == (0, "")
    assert "/command/edit.undo" in out
    assert "/command/file.quit" not in out
    status, out, _ = studio_here("addresses", "landscapes", "--json", "--commands", "--bend", "up0:Rotate,angle=30")
    kinds = {fact["address"]: (fact["kind"], fact["choices"]) for fact in json.loads(out)}
    assert kinds["/command/edit.undo"] == ("trigger", [])
    assert kinds["/command/output.black"] == ("switch", [])
    assert kinds["/bend/1/border"] == ("choice", ["zero", "edge", "reflect", "wrap"])
    status, out, _ = studio_here("addresses", "landscapes", "--json")
    found = {fact["address"]: fact for fact in json.loads(out)}
    assert status == 0
    status, out, _ = studio_here("addresses", "landscapes", "--json", "--bend", "up0:Rotate,angle=30")
    assert {fact["address"]: fact["value"] for fact in json.loads(out)}["/bend/1/angle"] == 30.0
    assert (found["/view/zoom"]["of"], found["/view/zoom"]["value"]) == ("window", None)
    assert found["/tempo/bpm"] | {"doc": ""} == {
        "address": "/tempo/bpm",
        "of": "preset",
        "label": "Bpm",
        "kind": "number",
        "value": 120.0,
        "default": 120.0,
        "lo": 20.0,
        "hi": 400.0,
        "reach": [20.0, 400.0],
        "unit": "bpm",
        "doc": "",
        "choices": [],
    }


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--move", "/latent/z/32=lfo"), "There is no number at /latent/z/32. Did you mean /latent/z/3"),
        (("--move", "/latent/z/3=wobble"), 'There is no source of movement "wobble"'),
        (("--move", "wild"), '"wild" is no movement; they look like'),
        (("--bpm", "3"), "/tempo/bpm takes a number from 20 to 400 bpm, not 3"),
        (("--bpm", "fast"), '"fast" is no tempo; give beats in a minute, or "sound"'),
        (("--bpm", "sound"), "The source has no sound to take a tempo from"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    studio_here: StudioHere, tmp_path: Path, options: tuple[str, ...], sentence: str
) -> None:
    status, _, err = studio_here("render", "latent", "x.mp4", "--preset", "landscapes", *options)
    assert status == 2
    assert sentence in err
    assert not (tmp_path / "x.mp4").exists()


def test_a_preset_moves_to_the_sound_of_a_film(studio_here: StudioHere, made: Path, tmp_path: Path) -> None:
    made_of = (
        layer("enc", "Conv2d", "input", in_channels=3, out_channels=3, kernel_size=1),
        layer("act", "LeakyReLU", "enc"),
        layer("mix", "Conv2d", "act", in_channels=3, out_channels=3, kernel_size=1),
        layer("out", "Sigmoid", "mix"),
    )
    save_network(network(*made_of), tmp_path / "net")
    address = "/layer/act/negative_slope"
    shared = ("--preset", "net", "--engine", "torch")
    for name, moves in (("still", ()), ("moved", ("--move", f"{address}=sound,floor=0,depth=1"))):
        status, _, err = studio_here("render", str(made / "film.mp4"), name, "--codec", "png", *shared, *moves)
        assert status == 0, err
    files = sorted(file.name for file in (tmp_path / "still").glob("*.png"))
    assert files
    differ = [(tmp_path / "still" / f).read_bytes() != (tmp_path / "moved" / f).read_bytes() for f in files]
    assert any(differ)


@pytest.mark.long
def test_a_performance_is_rendered(studio_here: StudioHere, tmp_path: Path) -> None:
    network = load_preset(find_preset("paper-kites")).network
    events = tuple(Turned(k / 10, "/latent/z/3", 0.5 * k) for k in range(2, 6))
    save_performance(Performance(network.sha256(), "landscapes", events), tmp_path / "a.performance")
    moved = "--performance", "a.performance"
    shared = ("--preset", "landscapes", "--fps", "10", "--frames", "0:6", "--engine", "torch", "--size", "64")
    for name, options in (("still", ()), ("a", moved), ("b", moved)):
        status, _, err = studio_here("render", "latent:walk,seed=2", name, *shared, *options)
        assert status == 0, err
    pictures = {
        name: [file.read_bytes() for file in sorted((tmp_path / name).glob("*.png"))] for name in ("still", "a", "b")
    }
    assert pictures["a"] == pictures["b"]
    assert pictures["a"][:2] == pictures["still"][:2]
    assert all(x != y for x, y in zip(pictures["a"][2:], pictures["still"][2:], strict=True))
    status, _, err = studio_here("render", "demo", "x.mp4", "--preset", "dusk", *moved)
    assert status == 2
    assert 'played on another network, with the preset "landscapes"' in err


@pytest.mark.long
def test_a_fade_begins_at_one_preset_and_ends_at_the_other(studio_here: StudioHere, tmp_path: Path) -> None:
    shared = ("--fps", "10", "--frames", "0:5", "--engine", "torch", "--size", "64")
    fade = ("--fade-to", "cloud-country", "--move", "/fade=keyframes,keys=0.1:0/0.3:1,depth=1")
    runs = {
        "a": ("--preset", "paper-kites"),
        "b": ("--preset", "cloud-country"),
        "faded": ("--preset", "paper-kites", *fade),
        "again": ("--preset", "paper-kites", *fade),
    }
    pictures = {}
    for name, options in runs.items():
        status, _, err = studio_here("render", "latent:walk,seed=2", name, *shared, *options)
        assert status == 0, err
        pictures[name] = [file.read_bytes() for file in sorted((tmp_path / name).glob("*.png"))]
    assert pictures["faded"] == pictures["again"]
    assert pictures["faded"][:2] == pictures["a"][:2]
    assert pictures["faded"][3:] == pictures["b"][3:]
    assert pictures["faded"][2] not in (pictures["a"][2], pictures["b"][2])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--move", "/fade=lfo"), "There is nothing to fade to for /fade"),
        (("--fade-to", "cloud-country", "--fade-to", "dusk", "--fade-to", "landscapes"), "bend different networks"),
        (("--fade-to", "dusk", "--tile", "64"), "mixes whole pictures of both; leave out --tile, or --fade-to"),
        (("--fade-to", "dusk", "--layer", "up0"), "mixes whole pictures of both; leave out --layer, or --fade-to"),
        (("--fade-to", "cloud-country") * 2, "A fade goes between two presets and a morph among four, not 3"),
        (("--fade-to", "cloud-country", "--move", "/morph/x=lfo"), "There is no number at /morph/x"),
    ],
)
def test_fades_that_cannot_be_are_said(studio_here: StudioHere, options: tuple[str, ...], sentence: str) -> None:
    status, _, err = studio_here("render", "latent", "x.mp4", "--preset", "paper-kites", *options)
    assert status == 2
    assert sentence in err


def test_a_live_edit_of_a_preset_is_moved_by_its_address(studio_here: StudioHere, tmp_path: Path) -> None:
    made = Preset("edited", tiny_network(), {})
    edit = LiveEdit(1, "enc.weight", make_edit("Gain", {"factor": 2.0}))
    save_network(made.network, tmp_path / "tiny")
    save_preset(replace(made, weights_path=tmp_path / "tiny").with_section(EDITS, (edit,)), tmp_path / "edited")
    status, out, err = studio_here("addresses", str(tmp_path / "edited"))
    assert (status, err) == (0, "")
    assert "/edit/1/factor" in out
    shared = ("--preset", str(tmp_path / "edited"), "--size", "32", "--frames", "0:3", "--engine", "torch")
    for name, options in (
        ("still", ()),
        ("moved", ("--move", "/edit/1/amount=lfo,rate=2,depth=-0.9")),
    ):
        status, _, err = studio_here("render", "demo", name, *shared, *options)
        assert status == 0, err
    still, moved = (
        [file.read_bytes() for file in sorted((tmp_path / name).glob("*.png"))] for name in ("still", "moved")
    )
    assert len(still) == len(moved) == 3
    assert still[0] == moved[0]  # a sine begins at nothing
    assert still[1:] != moved[1:]
    status, _, err = studio_here("render", "demo", "gone", *shared, "--move", "/edit/2/amount=lfo")
    assert status == 2
    assert "There is no number at /edit/2/amount. Did you mean /edit/1/amount?" in err


def test_a_fade_between_networks_mixes_their_pictures(studio_here: StudioHere, made: Path, tmp_path: Path) -> None:
    for seed, name in enumerate("ab"):
        (tmp_path / "nets").mkdir(exist_ok=True)
        save_network(tiny_network(seed=seed), tmp_path / "nets" / name)
    shared = ("--fps", "10", "--frames", "0:5", "--engine", "torch", "--size", "32", "--codec", "png")
    fade = ("--fade-to", "nets/b", "--move", "/fade=keyframes,keys=0.1:0/0.3:1,depth=1")
    runs = {
        "first": ("--preset", "nets/a"),
        "second": ("--preset", "nets/b"),
        "faded": ("--preset", "nets/a", *fade),
        "again": ("--preset", "nets/a", *fade),
        # It moves by the sound of the film as anything else does.
        "heard": ("--preset", "nets/a", "--fade-to", "nets/b", "--move", "/fade=sound,floor=0,depth=1,base=0.2"),
    }
    pictures: dict[str, list[np.ndarray]] = {}
    for name, options in runs.items():
        status, _, err = studio_here("render", str(made / "film.mp4"), name, *shared, *options)
        assert status == 0, err
        pictures[name] = [np.asarray(cv2.imread(str(file))) for file in sorted((tmp_path / name).glob("*.png"))]
    assert len(pictures["faded"]) == 5
    for number, part in enumerate((0.0, 0.0, 0.5, 1.0, 1.0)):
        a, b = (pictures[name][number].astype(np.float64) for name in ("first", "second"))
        np.testing.assert_allclose(
            pictures["faded"][number], (1 - part) * a + part * b, atol=0.5 if part == 0.5 else 0.0
        )
        np.testing.assert_array_equal(pictures["again"][number], pictures["faded"][number])
    assert any(not np.array_equal(x, y) for x, y in zip(pictures["heard"], pictures["first"], strict=True))
