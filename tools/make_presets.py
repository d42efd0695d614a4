"""Makes the presets that come with the studio, from the recipes below.

    python -m tools.make_presets                 # all
    python -m tools.make_presets mandala tides   # these

Each recipe is a list of filter edits, applied in order to a network of ``weights/``; the thumbnail is a frame of the
demo film bent by it, or, of a network that takes no pictures, of a walk through its vectors. Everything is seeded: the
same weights give the same presets, byte for byte.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
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
from studio.io.sources.latent import path_of_source
from studio.model.bends.stage import AllChannels, SomeChannels
from studio.model.bends.stages import STAGES, Stages, added
from studio.model.declared.size import Size
from studio.model.filters.live_edits import EDITS, LiveEdits
from studio.model.filters.live_edits import added as kept_live
from studio.model.movement.route import ROUTES, Routes
from studio.model.movement.tempo import TEMPO, Tempo
from studio.model.networks.picture import Picture, shallow
from studio.model.networks.preset import Preset
from studio.model.networks.section import BYPASSED, SOURCE, Section
from studio.model.networks.shape import Array
from studio.runtime.render.frame_runner import FrameRunner
from tools.bend_recipes import (
    BENDS,
    MOVES,
    BendRecipe,
)
from tools.played import played
from tools.presets.recipe import Recipe
from tools.presets.recipes import RECIPES

ROOT = Path(__file__).resolve().parent.parent
THUMBNAIL_SIZE = 256


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
    live: LiveEdits = ()
    for each in recipe.edits:
        live, _ = kept_live(live, f"{each.layer}.weight", edit(each.edit, **each.params))
    if live:
        sections[EDITS] = live
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
        return shallow(bender(resized(frame.picture, Size(THUMBNAIL_SIZE, THUMBNAIL_SIZE)), frame.time))
    finally:
        engine.close()


def _contact_sheet(thumbnails: Sequence[Picture], columns: int, side: int) -> None:
    """The picture of all presets in the README, ``docs/presets.jpg``."""
    small = [resized(thumbnail, Size(side, side)) for thumbnail in thumbnails]
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
