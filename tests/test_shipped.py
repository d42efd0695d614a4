"""What comes with the studio: the demo film, the trained networks, the presets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest

import studio
from studio.io.networks import list_networks
from studio.io.presets import list_presets, load_preset
from studio.io.resize import resized
from studio.io.sources import Frame, Source, open_source
from studio.model.picture import Picture

NETWORKS = {card.name: card for card in list_networks()}
PRESETS = {card.name: card for card in list_presets()}
MEGABYTE = 1 << 20


@cache
def demo_frames() -> list[Picture]:
    """One frame of every second, at 256×256."""
    with open_source("demo") as film:
        return [resized(frame.picture, (256, 256)) for frame in film if frame.index % 25 == 12]


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
        now = resized(frame.picture, (64, 64)).astype(np.int16)
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
    assert size_of(card.path) < 6 * MEGABYTE


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
    assert load_preset(card.path).changed
    assert card.thumbnail is not None
    thumbnail = cv2.imread(str(card.thumbnail))[:, :, ::-1]
    assert max(thumbnail.shape[:2]) == 256
    with open_source("demo") as film, studio.load(name, engine="torch") as net:
        closest = min(apart(net(resized(frame.picture, (256, 256))), thumbnail) for frame in film if thumbnailed(frame))
    assert closest < 0.5


def thumbnailed(frame: Frame) -> bool:
    return frame.index in (25, 80, 130, 215, 300)


def apart(a: Picture, b: Picture) -> float:
    """Mean absolute difference in grey levels."""
    return float(np.abs(a.astype(np.int16) - b).mean())


def test_presets_look_different_from_the_film_and_from_each_other() -> None:
    frames = demo_frames()[::3]
    looks = {"the film": np.stack(frames)}
    for name in PRESETS:
        with studio.load(name, engine="torch") as net:
            looks[name] = np.stack([net(frame) for frame in frames])
    closest = min((apart(looks[a], looks[b]), a, b) for a, b in combinations(looks, 2))
    assert closest[0] > 8.0, closest
