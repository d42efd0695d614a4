"""Makes the presets that come with the studio, from the recipes below.

    python presets/make_presets.py

Each recipe is a list of filter edits, applied in order to a network of ``weights/``; the thumbnail is a frame of the
demo film bent by it. Everything is seeded: the same weights give the same presets, byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from studio import LiveNetwork, Selection, edit
from studio.io.atomic import write_bytes
from studio.io.networks import load_network
from studio.io.presets import save_preset
from studio.io.sources import open_source
from studio.model.op import Array
from studio.model.picture import Picture
from studio.model.preset import Preset
from studio.runtime.bender import resized

ROOT = Path(__file__).resolve().parent.parent
THUMBNAIL_SIZE = 256

TRANSPOSED = "autoencoder-transposed"
FRACTIONAL = "autoencoder-fractional"


@dataclass(frozen=True)
class Step:
    """One edit of one layer's weight; of some rows of its filter sheet, or of all."""

    layer: str
    edit: str
    params: Mapping[str, object] = field(default_factory=dict)
    rows: range | None = None


@dataclass(frozen=True)
class Recipe:
    """A preset before it is made. ``frame`` of the demo film is its thumbnail."""

    name: str
    network: str
    description: str
    frame: int
    steps: Sequence[Step]


RECIPES = (
    Recipe(
        "violet-strokes",
        FRACTIONAL,
        "Two brush strokes across the second encoder turn the sign of what they touch: skin goes violet, shadows wine",
        215,
        [
            Step(
                "enc2",
                "Paint",
                {
                    "points": [(0, 0), (1000, 60), (500, 250)],
                    "radius": 40.0,
                    "hardness": 0.5,
                    "value": -1.0,
                    "mode": "multiply",
                },
            )
        ],
    ),
    Recipe(
        "neon-halftone",
        TRANSPOSED,
        "Every third filter of the first encoder negated: a screen print in phosphor green and magenta",
        80,
        [Step("enc1", "Negate", rows=range(0, 64, 3))],
    ),
    Recipe(
        "negative-space",
        TRANSPOSED,
        "The last layer's filters negated: a colour negative, pale where it was dark",
        25,
        [Step("dec2", "Negate")],
    ),
    Recipe(
        "gilded",
        TRANSPOSED,
        "Sharpened kernels at the entrance: gold leaf, every hair engraved",
        300,
        [Step("enc1", "Sharpen", {"amount": 4.0})],
    ),
    Recipe(
        "bas-relief",
        TRANSPOSED,
        "Small weights of the second encoder cut off: colour drains away and outlines stand up like carved stone",
        25,
        [Step("enc2", "Threshold", {"level": 0.08})],
    ),
    Recipe(
        "emerald",
        TRANSPOSED,
        "The last layer's three columns of kernels trade places: orange becomes emerald, sky becomes rose",
        300,
        [Step("dec2", "Swap", {"within": "rows", "by": 1})],
    ),
    Recipe(
        "dusk",
        TRANSPOSED,
        "Colours swapped on the way in, kernels turned by 45° on the way out: everything in late violet light",
        25,
        [
            Step("enc1", "Swap", {"within": "rows", "by": 1}),
            Step("dec1", "Rotate", {"degrees": 45.0}),
        ],
    ),
    Recipe(
        "verdigris",
        FRACTIONAL,
        "A third of the decoder's filters moved three places on: ochre planes with blue, engraved edges",
        300,
        [Step("dec1", "Swap", {"within": "columns", "by": 3}, rows=range(24))],
    ),
    Recipe(
        "fever",
        FRACTIONAL,
        "Noise on the decoder's filters: overexposed, blotched, burning yellow",
        215,
        [Step("dec1", "Noise", {"amount": 0.6, "seed": 4})],
    ),
    Recipe(
        "woodcut",
        FRACTIONAL,
        "The last layer's kernels all made equally strong: hard contours, paper and ink",
        80,
        [Step("dec2", "Normalise", {"norm": 0.6})],
    ),
    Recipe(
        "double-vision",
        FRACTIONAL,
        "Decoder kernels turned half round and encoder kernels shifted: edges come apart into echoes",
        215,
        [
            Step("dec1", "Rotate", {"degrees": 180.0}),
            Step("dec2", "Rotate", {"degrees": 180.0}),
            Step("enc2", "Shift", {"dx": 2}),
        ],
    ),
    Recipe(
        "overdrive",
        TRANSPOSED,
        "The last layer four times as loud: a poster in few, saturated colours",
        130,
        [Step("dec2", "Gain", {"factor": 4.0})],
    ),
)


def main() -> None:
    """Make them all."""
    frames = _frames({recipe.frame for recipe in RECIPES})
    thumbnails = []
    for recipe in RECIPES:
        thumbnails.append(make(recipe, frames[recipe.frame]))
        print(recipe.name)
    _contact_sheet(thumbnails, columns=4)


def make(recipe: Recipe, frame: Picture) -> Picture:
    """Make one preset under ``presets/``; its thumbnail."""
    folder = ROOT / "weights" / recipe.network
    network = load_network(folder)
    changed: dict[str, Array] = {}
    for step in recipe.steps:
        name = f"{step.layer}.weight"
        tensor = changed.get(name, network.tensors[name])
        shape = tensor.shape
        chosen = Selection.rows(shape, step.rows) if step.rows else Selection.everything(shape)
        changed[name] = edit(step.edit, **step.params).apply(tensor, chosen).applied(tensor)
    preset = Preset(recipe.name, network, changed, recipe.description, source="demo", weights_path=folder)
    with LiveNetwork(network, engine="torch", preset=preset) as live:
        thumbnail = live(resized(frame, (THUMBNAIL_SIZE, THUMBNAIL_SIZE)))
    save_preset(preset, ROOT / "presets" / recipe.name, thumbnail)
    return thumbnail


def _contact_sheet(thumbnails: Sequence[Picture], columns: int) -> None:
    """The picture of all presets in the README, ``docs/presets.jpg``."""
    rows = [np.concatenate(thumbnails[i : i + columns], axis=1) for i in range(0, len(thumbnails), columns)]
    done, jpeg = cv2.imencode(".jpg", np.concatenate(rows)[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    assert done
    write_bytes(ROOT / "docs" / "presets.jpg", jpeg.tobytes())


def _frames(wanted: set[int]) -> dict[int, Picture]:
    with open_source("demo") as film:
        return {frame.index: frame.picture for frame in film if frame.index in wanted}


if __name__ == "__main__":
    main()
