"""Makes the gallery: ``docs/gallery.md`` and a picture for each network, unbent and through each of its presets.

    python -m tools.make_gallery [--network NAME ...]

A strip is three moments of the demo film, or, of a network that takes no pictures, of a walk through its vectors.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from studio.io.atomic import write_bytes
from studio.io.networks import list_networks, load_network
from studio.io.presets import list_presets, load_preset
from studio.io.resize import resized
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture
from studio.model.networks.preset import Preset
from studio.model.networks.section import SOURCE
from tools.bend_recipes import WALK
from tools.played import played

DOCS = Path(__file__).resolve().parents[1] / "docs"
MOMENTS = {"demo": (25, 215, 300), WALK: (12, 112, 200)}
"""Frames that are shown of each source."""
WORKING = 256
SHOWN = 170
GAP = 6
COLUMNS = 2

HEAD = """# Gallery

Made by `make gallery`. Every network that comes with the studio, as it was trained and through each of its presets:
three moments of the demo film, or of a walk through its vectors (`latent:loop,seed=3,seconds=12`). The strips lie in
the order of the lists, two in a row, the unbent network first. `weights/NAME/training.json` says how each was trained.
"""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Make the gallery of networks and presets.")
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of gallery.md and its pictures")
    parser.add_argument("--network", nargs="+", help="the pictures of these networks alone; the text is of all")
    asked = parser.parse_args()
    out = asked.out
    bends: dict[str, list[Preset]] = {card.name: [] for card in list_networks()}
    for found in list_presets():
        preset = load_preset(found.path)
        bends[preset.network.name].append(preset)
    text = HEAD
    for card in list_networks():
        network = load_network(card.path)
        pictures = any(put.kind == "picture" for put in network.graph.inputs)
        source = "demo" if pictures else WALK
        plain = Preset(card.name, network, {}, sections={SOURCE: source})
        shown = [plain, *bends[card.name]]
        picture = f"gallery-{card.name}.jpg"
        if asked.network is None or card.name in asked.network:
            _write(out / picture, [strip(preset, source) for preset in shown])
        text += f"\n## {card.name}\n\n{card.description}.\n\n![{card.name}, unbent and bent]({picture})\n\n"
        text += "".join(f"- **{preset.name}**: {preset.description}\n" for preset in bends[card.name])
    write_bytes(out / "gallery.md", text.encode())


def strip(preset: Preset, source: str) -> Picture:
    """Moments of a source through a preset, side by side."""
    row = played(preset, source, MOMENTS[source], WORKING)
    return np.concatenate([resized(picture, Size(SHOWN, SHOWN)) for picture in row], axis=1)


def _write(path: Path, strips: Sequence[Picture]) -> None:
    high, wide = strips[0].shape[:2]
    rows = -(-len(strips) // COLUMNS)
    sheet = np.full((rows * (high + GAP) - GAP, COLUMNS * (wide + GAP) - GAP, 3), 255, np.uint8)
    for index, picture in enumerate(strips):
        top, left = index // COLUMNS * (high + GAP), index % COLUMNS * (wide + GAP)
        sheet[top : top + high, left : left + wide] = picture
    done, jpeg = cv2.imencode(".jpg", sheet[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 78])
    assert done
    write_bytes(path, jpeg.tobytes())


if __name__ == "__main__":
    main()
