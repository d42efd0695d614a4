"""Makes the presets that come with the studio, from the recipes below.

    python -m tools.make_presets                 # all
    python -m tools.make_presets mandala tides   # these

Each recipe is a list of filter edits, applied in order to a network of ``weights/``; the thumbnail is a frame of the
demo film bent by it, or, of a network that takes no pictures, of a walk through its vectors. Everything is seeded: the
same weights give the same presets, byte for byte.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from studio import Selection, edit
from studio.bends import make_bend
from studio.control.move import move, parse_move
from studio.engine.choose import open_engine
from studio.io.atomic import write_bytes
from studio.io.networks import load_network
from studio.io.presets import save_preset
from studio.io.resize import resized
from studio.io.sources import Frame, open_source
from studio.io.sources.image import read_picture
from studio.model.latent import path_of_source
from studio.model.op import Array
from studio.model.picture import Picture, shallow
from studio.model.preset import Preset
from studio.model.route import ROUTES, Routes
from studio.model.section import BYPASSED, SOURCE, Section
from studio.model.stage import AllChannels, SomeChannels
from studio.model.stages import STAGES, Stages, added
from studio.model.tempo import TEMPO, Tempo
from studio.runtime.render.frame_runner import FrameRunner
from tools.bend_recipes import (
    AURORA,
    BENDS,
    EDGES,
    FRACTIONAL,
    INK,
    LANDSCAPES,
    MOSAIC,
    MOVES,
    RESTORER,
    TRANSPOSED,
    WALK,
    BendRecipe,
)
from tools.played import played

ROOT = Path(__file__).resolve().parent.parent
THUMBNAIL_SIZE = 256


@dataclass(frozen=True)
class Step:
    """One edit of one tensor of a layer; of some rows of its filter sheet, or of all."""

    layer: str
    edit: str
    params: Mapping[str, object] = field(default_factory=dict)
    rows: range | None = None
    tensor: str = "weight"


@dataclass(frozen=True)
class Recipe:
    """A preset before it is made. ``frame`` of its source is its thumbnail."""

    name: str
    network: str
    description: str
    frame: int
    steps: Sequence[Step]
    bypassed: Sequence[str] = ()
    source: str = "demo"


def residuals(edit: str, params: Mapping[str, object]) -> list[Step]:
    """One edit of all convolutions of a painter's residual blocks."""
    return [Step(f"res{block}.conv{which}", edit, params) for block in range(1, 6) for which in (1, 2)]


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
    Recipe(
        "frosted-glass",
        MOSAIC,
        "The painter's last layer negated: white lead, glass in the colours of ice",
        80,
        [Step("out", "Negate")],
    ),
    Recipe(
        "night-fair",
        MOSAIC,
        "Kernels on the way in moved three places on: dark ground, and lamps where the light was",
        300,
        [Step("down3", "Swap", {"within": "columns", "by": 3})],
    ),
    Recipe(
        "wild-beasts",
        MOSAIC,
        "All residual kernels turned by a quarter: the glass runs into strokes of raw colour",
        215,
        residuals("Rotate", {"degrees": 90.0}),
    ),
    Recipe(
        "molten-window",
        MOSAIC,
        "The last residual block takes away what it added: the lead melts, the colours burn",
        25,
        [Step("res5.norm2", "Negate")],
    ),
    Recipe(
        "blue-hour",
        MOSAIC,
        "Channels before the last layer trade places: tesserae under water, embers between them",
        300,
        [Step("up2", "Swap", {"within": "rows", "by": 1})],
    ),
    Recipe(
        "cyanotype",
        INK,
        "The drawing's last layer negated: white lines, and blue where there was vermilion",
        25,
        [Step("out", "Negate")],
    ),
    Recipe(
        "risograph",
        INK,
        "Channels before the last layer trade places: a print in teal and red that does not quite register",
        300,
        [Step("up2", "Swap", {"within": "rows", "by": 1})],
    ),
    Recipe(
        "cross-hatching",
        INK,
        "All residual kernels turned by a quarter: the pen crosses its own lines",
        215,
        residuals("Rotate", {"degrees": 90.0}),
    ),
    Recipe(
        "linocut",
        INK,
        "The kernels of each filter on the way in moved on by one: cut in red, printed twice",
        300,
        [Step("down3", "Swap", {"within": "rows", "by": 1})],
    ),
    Recipe(
        "daybreak",
        AURORA,
        "The night's last layer negated: cream sky, forms in moss and rust",
        300,
        [Step("out", "Negate")],
    ),
    Recipe(
        "warp-and-weft",
        AURORA,
        "All residual kernels turned by a quarter: light woven into cloth",
        215,
        residuals("Rotate", {"degrees": 90.0}),
    ),
    Recipe(
        "solar-flare",
        AURORA,
        "The last kernels drawn twice as large: everything shines, sulphur and magenta",
        25,
        [Step("out", "Scale", {"factor": 2.0})],
    ),
    Recipe(
        "nebula",
        AURORA,
        "Every second filter of the first layer negated: dark hearts with glowing rims",
        25,
        [Step("down1", "Negate", rows=range(0, 16, 2))],
    ),
    Recipe(
        "lichen",
        AURORA,
        "The last layer's three colours trade places: lime on violet stone",
        300,
        [Step("out", "Swap", {"within": "columns", "by": 1})],
    ),
    Recipe(
        "embers",
        EDGES,
        "The edges turned down until hardly one is left: the network dreams in red clouds",
        300,
        [Step("edges", "Gain", {"factor": 0.3})],
    ),
    Recipe(
        "x-ray",
        EDGES,
        "What comes up from the deepest level negated: pale bones in a navy night",
        300,
        [Step("up4", "Negate", rows=range(128))],
    ),
    Recipe(
        "tapestry",
        EDGES,
        "The innermost layer negated: everything woven from the wool of its opposite",
        215,
        [Step("up5", "Negate")],
    ),
    Recipe(
        "beadwork",
        EDGES,
        "Channels of the last level but one moved five places on: beads on a grey loom",
        215,
        [Step("up2", "Swap", {"within": "columns", "by": 5})],
    ),
    Recipe(
        "overgrown",
        EDGES,
        "The edge finder looks twice as wide: every surface sprouts",
        215,
        [Step("slopes", "Scale", {"factor": 2.0})],
    ),
    Recipe(
        "black-light",
        RESTORER,
        "A quarter of the first filters negated: only edges are left, lit from behind in violet",
        215,
        [Step("conv0", "Negate", rows=range(12, 24))],
    ),
    Recipe(
        "engraved",
        RESTORER,
        "Half of the middle layer negated and the correction four times as strong: blue lines cut into everything",
        215,
        [Step("conv3", "Negate", rows=range(0, 48, 2)), Step("out", "Gain", {"factor": 4.0})],
    ),
    Recipe(
        "candied",
        RESTORER,
        "Half of the last filters negated and the correction six times as strong: sugar crystals, pink and white",
        300,
        [Step("conv5", "Negate", rows=range(0, 48, 2)), Step("out", "Gain", {"factor": 6.0})],
    ),
    Recipe(
        "mint-raster",
        RESTORER,
        "The first activation lets everything through, and more: a screen of mint, four pixels to the cell",
        80,
        [Step("act0", "Offset", {"amount": 1.0})],
    ),
    Recipe(
        "cold-neon",
        RESTORER,
        "Every second filter of the first layer negated: steel blue, with neon along the edges",
        300,
        [Step("conv0", "Negate", rows=range(0, 48, 2))],
    ),
    Recipe(
        "black-sun",
        LANDSCAPES,
        "The last layer negated: white mountains under a black sun",
        112,
        [Step("up6", "Negate")],
        source=WALK,
    ),
    Recipe(
        "eruption",
        LANDSCAPES,
        "One activation of the generator bypassed: the land burns, and soot eats the moon",
        112,
        [],
        bypassed=["relu_3"],
        source=WALK,
    ),
    Recipe(
        "glowing-ridges",
        LANDSCAPES,
        "The last activation bypassed: light seeps out along every skyline",
        12,
        [],
        bypassed=["relu_5"],
        source=WALK,
    ),
    Recipe(
        "cloud-country",
        LANDSCAPES,
        "The first kernels turned by a quarter: the mountains come loose and drift as clouds",
        112,
        [Step("up0", "Rotate", {"degrees": 90.0})],
        source=WALK,
    ),
    Recipe(
        "paper-kites",
        LANDSCAPES,
        "A third of an inner layer negated: a collage of torn hills and hanging kites",
        200,
        [Step("up2", "Negate", rows=range(0, 128, 3))],
        source=WALK,
    ),
)


def main() -> None:
    """Make them all, or those that are named."""
    wanted = set(sys.argv[1:])
    recipes = [recipe for recipe in RECIPES if not wanted or recipe.name in wanted]
    frames = _frames({(recipe.source, recipe.frame) for recipe in recipes})
    for recipe in recipes:
        make(recipe, frames[recipe.source, recipe.frame])
        print(recipe.name)
    for bending in (*BENDS, *MOVES):
        if not wanted or bending.name in wanted:
            make_bending(bending)
            print(bending.name)
    names = [recipe.name for recipe in (*RECIPES, *BENDS, *MOVES)]
    _contact_sheet([_thumbnail(name) for name in names], columns=9, side=150)


def make_bending(recipe: BendRecipe) -> None:
    """Make one preset under ``presets/`` that bends activations, or moves."""
    folder = ROOT / "weights" / recipe.network
    network = load_network(folder)
    stages: Stages = ()
    for behind in recipe.stages:
        channels = AllChannels() if behind.share == 1.0 else SomeChannels(share=behind.share, seed=behind.seed)
        bend = make_bend(behind.bend, behind.params)
        stages, _ = added(stages, behind.layer, bend, channels=channels, amount=behind.amount)
    routes: Routes = ()
    for text in recipe.moves:
        target, source, settings = parse_move(text)
        routes, _ = move(routes, target, source, **settings)
    sections: dict[Section[Any], Any] = {SOURCE: recipe.source, STAGES: stages}
    if routes:
        sections[ROUTES] = routes
    if recipe.bpm:
        sections[TEMPO] = Tempo(bpm=recipe.bpm)
    preset = Preset(recipe.name, network, {}, recipe.description, weights_path=folder, sections=sections)
    save_preset(preset, ROOT / "presets" / recipe.name, _moment(preset, recipe.frame))


def _moment(preset: Preset, frame: int) -> Picture:
    [picture] = played(preset, preset.source or "demo", [frame], THUMBNAIL_SIZE)
    return picture


def _thumbnail(name: str) -> Picture:
    return shallow(read_picture(ROOT / "presets" / name / "thumbnail.png"))


def make(recipe: Recipe, frame: Frame) -> Picture:
    """Make one preset under ``presets/``; its thumbnail."""
    folder = ROOT / "weights" / recipe.network
    network = load_network(folder)
    changed: dict[str, Array] = {}
    for step in recipe.steps:
        name = f"{step.layer}.{step.tensor}"
        tensor = changed.get(name, network.tensors[name])
        shape = tensor.shape
        chosen = Selection.rows(shape, step.rows) if step.rows else Selection.everything(shape)
        changed[name] = edit(step.edit, **step.params).apply(tensor, chosen).applied(tensor)
    preset = Preset(
        recipe.name,
        network,
        changed,
        recipe.description,
        weights_path=folder,
        sections={SOURCE: recipe.source, BYPASSED: frozenset(recipe.bypassed)},
    )
    thumbnail = bent(preset, frame)
    save_preset(preset, ROOT / "presets" / recipe.name, thumbnail)
    return thumbnail


def bent(preset: Preset, frame: Frame) -> Picture:
    """A frame of the preset's source through its network."""
    engine, _ = open_engine(preset.bent, "torch")
    try:
        engine.bypass(preset.bypassed)
        bender = FrameRunner(engine, path=path_of_source(preset.source or "demo"))
        return shallow(bender(resized(frame.picture, (THUMBNAIL_SIZE, THUMBNAIL_SIZE)), frame.time))
    finally:
        engine.close()


def _contact_sheet(thumbnails: Sequence[Picture], columns: int, side: int) -> None:
    """The picture of all presets in the README, ``docs/presets.jpg``."""
    small = [resized(thumbnail, (side, side)) for thumbnail in thumbnails]
    small += [np.zeros_like(small[0])] * (-len(small) % columns)
    rows = [np.concatenate(small[i : i + columns], axis=1) for i in range(0, len(small), columns)]
    done, jpeg = cv2.imencode(".jpg", np.concatenate(rows)[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 86])
    assert done
    write_bytes(ROOT / "docs" / "presets.jpg", jpeg.tobytes())


def _frames(wanted: set[tuple[str, int]]) -> dict[tuple[str, int], Frame]:
    found: dict[tuple[str, int], Frame] = {}
    for spec in {source for source, _ in wanted}:
        with open_source(spec) as film:
            found |= {(spec, frame.index): frame for frame in film if (spec, frame.index) in wanted}
    return found


if __name__ == "__main__":
    main()
