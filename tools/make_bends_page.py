"""Writes docs/bends.md and a picture of every bend: ``python -m tools.make_bends_page [NAME ...]``."""

from __future__ import annotations

import argparse
from fractions import Fraction
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from studio.bends import registry
from studio.bends._docs import bends_page
from studio.engine.choose import open_engine
from studio.io.opening import open_preset
from studio.io.resize import resized
from studio.io.sources import open_source
from studio.model.bends.stage import Stage
from studio.model.declared.size import Size
from studio.model.declared.tick import Tick
from studio.model.networks.picture import Picture
from studio.runtime.render.frame_runner import FrameRunner

DOCS = Path(__file__).resolve().parent.parent / "docs"
NETWORK, LAYER, OTHER = "autoencoder-transposed", "enc2_act", "enc1_act"
SIZE, SHOWN = Size(144, 256), Size(108, 192)
FRAMES = range(30, 40)
"""Of one scene: behind them it fades into the next."""


def pictures() -> list[Picture]:
    """Some frames of the demo film, in a row."""
    with open_source("demo") as film:
        frames = [np.asarray(frame.picture) for frame in islice(film, FRAMES.start, FRAMES.stop)]
    return [np.asarray(resized(picture, SIZE)) for picture in frames]


def main() -> None:
    """Make the pictures and the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="bends whose pictures are made anew; all where none is given")
    wanted = parser.parse_args().names or sorted(registry())
    (DOCS / "bends").mkdir(exist_ok=True)
    film = pictures()
    engine, _ = open_engine(open_preset(NETWORK).bent, "torch")
    runner = FrameRunner(engine)
    runner.run(film[0][:, ::-1])
    lent = engine.activation(LAYER)
    for name in wanted:
        kind = registry()[name]
        engine.set_stages([Stage(1, LAYER, kind(), source=OTHER if kind.other == "layer" else None)])
        engine.lend(1, lent)
        engine.forget()
        bend = engine.stages[0].bend
        shown = film if bend.memory() or bend.moves else film[-1:]
        for number, picture in enumerate(shown):
            runner.tick = Tick(number, Fraction(number, 25))
            bent = runner(picture)
        small = cv2.resize(bent, SHOWN[::-1], interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(DOCS / "bends" / f"{name}.jpg"), small[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 82])
        print(name)
    (DOCS / "bends.md").write_text(bends_page(), "utf-8")


if __name__ == "__main__":
    main()
