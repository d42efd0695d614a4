"""What the shipped networks and presets were and looked like when they were recorded, and how to record new ones.

PYTHONPATH=.:tests python -m shipped_looks    adds those that are not recorded yet; what is recorded stays
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from studio.engine.choose import open_engine
from studio.io.networks import list_networks
from studio.io.opening import open_preset
from studio.io.presets import list_presets
from studio.model.networks.picture import Picture
from studio.model.networks.shape import Array
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Mover

HERE = Path(__file__).parent / "shipped"
_SIDE, _TILE, _ACROSS = 64, 32, 7
_TIME = 1.5


def shipped() -> dict[str, Path]:
    """Every network and preset that comes with the studio: its folder by its name."""
    return {card.name: card.path for card in (*list_networks(), *list_presets())}


def fixed_input() -> Picture:
    """64×64 of colours, edges and a little noise, made by whole numbers alone so that it is the same everywhere."""
    y, x = np.mgrid[0:_SIDE, 0:_SIDE].astype(np.int64)
    noise = (x * 7919 + y * 104729 + x * y * 31) % 23
    disc = ((x - 36) ** 2 + (y - 24) ** 2 < 300) * 70
    channels = [(x * 3 + noise) % 256, (y * 3 + disc + noise) % 256, ((x + y) // 9 % 2) * 120 + 40 + noise]
    return np.clip(np.stack(channels, axis=2), 0, 255).astype(np.uint8)


def look(name: str) -> Picture:
    """(32, 32, 3) uint8: evenly spaced pixels of what a network or preset makes of the input, run by PyTorch."""
    preset = open_preset(str(shipped()[name]))
    engine, _ = open_engine(preset.bent, "torch")
    try:
        made = Mover(preset, engine, FrameRunner(engine))(fixed_input(), _TIME)
    finally:
        engine.close()
    step = made.shape[0] // _TILE
    return np.ascontiguousarray(made[step // 2 :: step, step // 2 :: step])


def facts(name: str) -> dict[str, object]:
    """Digests of a network and of every tensor that a preset bends, and what the preset says besides."""
    preset = open_preset(str(shipped()[name]))
    found: dict[str, object] = {
        "network": preset.network.sha256(),
        "tensors": {key: _digest(tensor) for key, tensor in sorted(preset.changed.items())},
        "bypassed": sorted(preset.bypassed),
        "said": [preset.name, preset.description, preset.author, preset.source, preset.view_layer],
    }
    manifest = shipped()[name] / "preset.json"
    return found | ({"manifest": hashlib.sha256(manifest.read_bytes()).hexdigest()} if manifest.is_file() else {})


def recorded_facts() -> dict[str, dict[str, object]]:
    """The facts as they were recorded, by name."""
    found: dict[str, dict[str, object]] = json.loads((HERE / "facts.json").read_text("utf-8"))
    return found


def recorded_looks() -> dict[str, Picture]:
    """The looks as they were recorded, by name: tiles of one picture in the order of the facts."""
    sheet = cv2.imread(str(HERE / "looks.png"))[:, :, ::-1]
    return dict(zip(recorded_facts(), _tiles(np.asarray(sheet, np.uint8)), strict=False))


def _tiles(sheet: Picture) -> Iterator[Picture]:
    for y in range(0, sheet.shape[0], _TILE):
        for x in range(0, sheet.shape[1], _TILE):
            yield sheet[y : y + _TILE, x : x + _TILE]


def _digest(tensor: Array) -> str:
    return hashlib.sha256(np.ascontiguousarray(tensor, "<f4").data).hexdigest()


def _record() -> None:
    HERE.mkdir(exist_ok=True)
    known = recorded_facts() if (HERE / "facts.json").exists() else {}
    looks = recorded_looks() if known else {}
    for name in [name for name in shipped() if name not in known]:
        known[name], looks[name] = facts(name), look(name)
    rows = -(-len(looks) // _ACROSS)
    sheet = np.zeros((rows * _TILE, _ACROSS * _TILE, 3), np.uint8)
    for tile, picture in zip(_tiles(sheet), looks.values(), strict=False):
        tile[:] = picture
    cv2.imwrite(str(HERE / "looks.png"), sheet[:, :, ::-1])
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(fact, ensure_ascii=False)}" for name, fact in known.items())
    (HERE / "facts.json").write_text("{\n" + lines + "\n}\n", "utf-8")


if __name__ == "__main__":
    _record()
