"""Screenshots of the filter sheet at each depth, of every network, at three sizes of the window, to be looked at.

    python -m tools.make_depths [FOLDER] [NETWORK ...]

They go into a folder (``out/depths``) with a contact sheet for each size; nothing of them is part of the documentation.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize

from benchmarks.window import application, display, opened, spin, until
from studio.app import Studio
from studio.io.resize import resized
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture
from studio.paths import WEIGHTS
from studio.runtime.live.card_maps import ShownMaps
from studio.runtime.live.report import Progress
from studio.ui.filters import FilterEditor
from studio.ui.filters.depths import Depth

SIZES = ((1280, 720), (1600, 1000), (3840, 2160))
DEPTHS: tuple[Depth, ...] = ("overview", "filters", "weights")
_COLUMN = 960
_GAP = 8


def main() -> None:
    """Take all of them."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "out/depths")
    networks = sys.argv[2:] or sorted(each.parent.name for each in WEIGHTS.glob("*/network.json"))
    folder.mkdir(parents=True, exist_ok=True)
    taken: dict[tuple[int, int], list[Picture]] = {size: [] for size in SIZES}
    with display("3840x2160x24"):
        app = application()
        for name in networks:
            source = "latent:loop,seed=12,seconds=6" if name == "landscapes" else "demo"
            with opened(name, source=source, size=SIZES[0]) as studio:
                _settle(studio)
                for size in SIZES:
                    taken[size] += [_take(studio, size, depth, folder / name) for depth in DEPTHS]
        app.shutdown()
    for size, pictures in taken.items():
        _write(folder / f"sheet-{size[0]}x{size[1]}.jpg", _sheet(pictures))


def _settle(studio: Studio) -> None:
    until(lambda: studio.telemetry[Progress].serial)
    studio.workspace.stage = True
    _choose(studio)
    spin(1.0)


def _choose(studio: Studio) -> None:
    """Select the layer in the middle of those with filters: neither a handful of kernels, nor the most of all."""
    graph = studio.document.graph
    layers = [node.name for node in graph.nodes if len(node.op.tensor_shapes().get("weight", ())) == 4]
    studio.workspace.choose(layers[len(layers) // 2], "weight")


def _take(studio: Studio, size: tuple[int, int], depth: Depth, path: Path) -> Picture:
    studio.window.resize(QSize(*size))
    spin(0.4)
    sheet = studio.window.context[FilterEditor].sheet
    sheet.show_depth(depth)
    if depth == "filters":
        until(lambda: studio.telemetry[ShownMaps].maps, 20)
        spin(2.0)
    spin(0.4)
    image = studio.window.grab().toImage()
    whole = np.array(image.bits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    picture = np.ascontiguousarray(whole[:, : image.width(), 2::-1])
    _write(path.with_name(f"{path.name}-{size[0]}x{size[1]}-{depth}.jpg"), picture)
    return resized(picture, Size(round(_COLUMN * size[1] / size[0]), _COLUMN))


def _sheet(pictures: list[Picture]) -> Picture:
    """A line for each network."""
    padded = [np.pad(each, ((0, _GAP), (0, _GAP), (0, 0))) for each in pictures]
    lines = [padded[k : k + len(DEPTHS)] for k in range(0, len(padded), len(DEPTHS))]
    return np.concatenate([np.concatenate(line, axis=1) for line in lines])


def _write(path: Path, picture: Picture) -> None:
    import cv2

    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
