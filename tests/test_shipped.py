"""What comes with the studio: the demo film, the trained networks, the presets."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import cache
from itertools import combinations, islice, pairwise
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

import studio
from studio.control.sound import SoundTrack
from studio.engine.choose import open_engine
from studio.io.networks import list_networks, load_network
from studio.io.opening import open_preset
from studio.io.presets import list_presets, load_preset
from studio.io.resize import resized
from studio.io.sources import Frame, Source, open_source
from studio.io.sources.latent import path_of_source
from studio.model.bends.stages import STAGES, Stages
from studio.model.declared.size import Size
from studio.model.filters.live_edits import EDITS, LiveEdits
from studio.model.movement.route import ROUTES, Routes
from studio.model.networks.picture import Picture
from studio.model.networks.shape import Array
from studio.paths import DEMO_CLIP
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Mover

NETWORKS = {card.name: card for card in list_networks()}
PRESETS = {card.name: card for card in list_presets()}
PACK = ("style-ink", "style-mosaic", "style-aurora", "edges-to-picture", "restorer", "landscapes")
WALK = "latent:loop,seed=3,seconds=12"
THUMBNAILED = (12, 25, 60, 80, 112, 130, 170, 200, 215, 300)
MOVED = range(280, 286)


class Said(NamedTuple):
    """What a preset says, without its tensors: each is read once, and all of them would be large."""

    network: str
    sha256: str
    source: str
    routes: Routes
    stages: Stages
    edits: LiveEdits
    changes: bool


@cache
def said_by(name: str) -> Said:
    preset = load_preset(PRESETS[name].path)
    network, routes, stages, edits = preset.network, *(preset.section(each) for each in (ROUTES, STAGES, EDITS))
    changes = bool(preset.changed or preset.bypassed or stages or edits)
    return Said(network.name, network.sha256(), preset.source or "demo", routes, stages, edits, changes)


def _is_lively(said: Said) -> bool:
    return bool(said.routes) or any(stage.bend.memory() is not None for stage in said.stages)


LIVELY = {name for name in PRESETS if _is_lively(said_by(name))}
"""Presets that move by themselves, or whose bends remember earlier frames."""


@cache
def demo_sound() -> SoundTrack:
    """The sound of the demo film, measured."""
    return SoundTrack.of(DEMO_CLIP)


@cache
def demo_frames() -> list[Picture]:
    """One frame of every second, at 256×256."""
    with open_source("demo") as film:
        return [resized(frame.picture, Size(256, 256)) for frame in film if frame.index % 25 == 12]


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def test_the_demo_film_lasts_and_moves() -> None:
    with open_source("demo") as film:
        assert film.info.duration is not None
        assert film.info.duration >= 10
        assert film.info.has_audio
        changes = list(differences(film))
    assert np.median(changes) > 1.0
    assert min(changes) > 0.0


def differences(film: Source) -> Iterator[float]:
    before = None
    for frame in film:
        now = resized(frame.picture, Size(64, 64)).astype(np.int16)
        if before is not None:
            yield float(np.abs(now - before).mean())
        before = now


@pytest.mark.parametrize("name", ["autoencoder-transposed", "autoencoder-fractional"])
def test_each_autoencoder_gives_the_demo_film_back(name: str) -> None:
    with studio.load(name, engine="torch") as net:
        errors = []
        for frame in demo_frames():
            wanted = frame.transpose(2, 0, 1).astype(np.float32) / 255
            errors.append(float(((net.run(wanted) - wanted) ** 2).mean()))
    assert np.mean(-10 * np.log10(errors)) >= 30.0
    assert -10 * np.log10(np.mean(errors)) >= 30.0


@pytest.mark.parametrize("name", NETWORKS)
def test_each_network_is_small_licensed_and_says_how_it_was_trained(name: str) -> None:
    card = NETWORKS[name]
    assert not card.problem
    assert card.description
    assert card.license in ("MIT", "CC0-1.0")
    assert (card.path / "LICENSE").read_text("utf-8").strip()
    record = json.loads((card.path / "training.json").read_text("utf-8"))
    assert "seed" in json.dumps(record)
    assert "loss" in json.dumps(record)
    assert size_of(card.path) < 8_000_000


@pytest.mark.parametrize("name", PACK)
def test_each_network_of_the_pack_has_four_presets_that_fit_it(name: str) -> None:
    network = load_network(NETWORKS[name].path)
    bends = [said for said in map(said_by, PRESETS) if said.network == name]
    assert len(bends) >= 4
    assert {said.sha256 for said in bends} == {network.sha256()}


@pytest.mark.parametrize("name", ["style-ink", "style-mosaic", "style-aurora", "edges-to-picture"])
def test_each_painter_paints_the_demo_film_and_keeps_its_forms(name: str) -> None:
    frames = demo_frames()[::5]
    with studio.load(name, engine="torch") as net:
        pairs = [(frame, net(frame)) for frame in frames]
    assert min(apart(before, after) for before, after in pairs) > 8.0
    likeness = [np.corrcoef(lightness(before), lightness(after))[0, 1] for before, after in pairs]
    assert np.mean(likeness) > 0.6


def lightness(picture: Picture) -> Array:
    return resized(picture, Size(32, 32)).mean(axis=2, dtype=np.float32).ravel()


def test_the_restorer_takes_noise_off_and_leaves_what_is_clean() -> None:
    rng = np.random.default_rng(0)
    clean = demo_frames()[::5]
    noisy = [np.clip(frame + rng.normal(0, 20, frame.shape), 0, 255).astype(np.uint8) for frame in clean]
    with studio.load("restorer", engine="torch") as net:
        restored = np.mean([apart(net(spoilt), frame) for spoilt, frame in zip(noisy, clean, strict=True)])
        kept = np.mean([apart(net(frame), frame) for frame in clean])
    assert restored < 0.6 * np.mean([apart(*pair) for pair in zip(noisy, clean, strict=True)])
    assert kept < 4.0


def test_the_landscapes_move_with_their_vector() -> None:
    looks = shown("landscapes", moments("landscapes", range(0, 300, 60)))
    assert min(apart(a, b) for a, b in combinations(looks, 2)) > 8.0
    assert min(float(look.std()) for look in looks) > 20.0


def test_there_are_presets_to_start_with_and_the_default_is_one() -> None:
    from studio.cli.render import DEFAULT_PRESET

    assert len(PRESETS) >= 8
    assert DEFAULT_PRESET in PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_opens_and_its_thumbnail_is_what_it_does(name: str) -> None:
    card = PRESETS[name]
    assert not card.problem
    assert card.description
    assert "\n" not in card.description
    assert said_by(name).changes
    assert card.thumbnail is not None
    thumbnail = cv2.imread(str(card.thumbnail))[:, :, ::-1]
    assert max(thumbnail.shape[:2]) == 256
    if name in LIVELY:
        return
    assert any(apart(look, thumbnail) < 0.5 for look in each_shown(name, moments(name, THUMBNAILED)))


@pytest.mark.parametrize("name", sorted(LIVELY))
def test_a_preset_that_moves_or_remembers_makes_another_picture_each_time_and_the_same_again(name: str) -> None:
    small = [replace(frame, picture=resized(frame.picture, Size(96, 96))) for frame in moments(name, MOVED)]
    looks = shown(name, small)
    assert min(apart(a, b) for a, b in pairwise(looks)) > 0.2
    assert all(np.array_equal(a, b) for a, b in zip(looks, shown(name, small), strict=True))


def test_presets_that_move_are_enough_to_try_everything() -> None:
    all_said = [said_by(name) for name in PRESETS]
    assert len({route.source.label for said in all_said for route in said.routes}) >= 3
    assert sum(any(route.source.label == "Sound" for route in said.routes) for said in all_said) >= 4
    assert sum(bool(said.routes) for said in all_said) >= 10
    assert sum(bool(said.stages) for said in all_said) >= 26
    assert sum(bool(said.edits) for said in all_said) >= 2


def moments(name: str, numbers: Collection[int]) -> list[Frame]:
    """Frames of what a preset was made on, at 256×256."""
    frames = frames_of(source_of(name))
    return [frames[number] for number in numbers if number in frames]


@cache
def frames_of(source: str) -> dict[int, Frame]:
    """Those that any test looks at; all presets share few sources, whose films are decoded once."""
    numbers = {*THUMBNAILED, *MOVED, *range(0, 300, 60)}
    with open_source(source) as opened:
        return {
            frame.index: replace(frame, picture=resized(frame.picture, Size(256, 256)))
            for frame in islice(opened, max(numbers) + 1)
            if frame.index in numbers
        }


def source_of(name: str) -> str:
    return said_by(name).source if name in PRESETS else WALK


def shown(name: str, frames: list[Frame]) -> list[Picture]:
    """Frames through a preset or a network."""
    return list(each_shown(name, frames))


def each_shown(name: str, frames: list[Frame]) -> Iterator[Picture]:
    """The same, one at a time as they are asked for."""
    preset = open_preset(name)
    engine, _ = open_engine(preset.bent, "torch")
    try:
        mover = Mover(preset, engine, FrameRunner(engine, path=path_of_source(WALK)), listen=demo_sound().at)
        mover.begin()
        for frame in frames:
            yield mover(frame.picture, frame.time, frame.index)
    finally:
        engine.close()


def apart(a: Picture, b: Picture) -> float:
    """Mean absolute difference in grey levels."""
    return float(np.abs(a.astype(np.int16) - b).mean())


@pytest.mark.parametrize("source", ["demo", WALK])
def test_presets_look_different_from_the_film_and_from_each_other(source: str) -> None:
    unbent = [name for name in PACK if name != "restorer" and (source == "demo") != (name == "landscapes")]
    names = [name for name in PRESETS if source_of(name) == source and name not in LIVELY]
    if source == WALK:
        frames = moments("landscapes", (12, 112, 200))
        looks = {}
    else:
        frames = [Frame(picture, 0.0, 0) for picture in demo_frames()[::5]]
        looks = {"the film": np.stack([frame.picture for frame in frames])}
    for name in [*unbent, *names]:
        looks[name] = np.stack(shown(name, frames))
    closest = min((apart(looks[a], looks[b]), a, b) for a, b in combinations(looks, 2))
    assert closest[0] > 8.0, closest
