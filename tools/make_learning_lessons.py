"""Makes the pictures of docs/learning.md: lessons from zero, which upsampling learns better, and what grows.

    python -m tools.make_learning_lessons                # all of them, by the clock on the wall
    python -m tools.make_learning_lessons --by core      # seconds of one core, on a machine that others use, too
    python -m tools.make_learning_lessons colouring      # one of them

Each lesson is a picture: frames of the film, what the network makes of them after 0, 10, 60 and 300 seconds of steps,
and what is wanted. What it came to goes into ``docs/learning/lessons.json``, from which the page is written by hand.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from studio.io.atomic import write_bytes
from studio.io.resize import resized
from studio.io.sources import open_source
from studio.learn import growth
from studio.learn.damage import damaged, parse_damage
from studio.learn.learner import Step
from studio.learn.lesson import Batch
from studio.learn.prepare import Asked, open_network, prepare
from studio.learn.teacher import teacher
from studio.model.declared.size import Size
from studio.model.networks.network import Network
from studio.model.networks.picture import Picture, shallow, to_picture, to_tensor
from studio.model.networks.state import beginning

DOCS = Path(__file__).resolve().parents[1] / "docs" / "learning"
SECONDS = (0, 10, 60, 300)
FRAMES = (25, 215, 300)
SIDE, GAP = 128, 6
COMPARED_AT = (50, 150, 300, 600)
"""Steps at which both upsamplings are looked at."""
_RECENT = 20
GROWS = "new:automaton,seed=1"
FLOWER = 32
OWN_STEPS = (8, 16, 32, 48, 400)
"""Of the automaton, at which what has grown is looked at."""

Clock = Callable[[], float]


@dataclass(frozen=True)
class Taught:
    """A lesson, as the command line says it.

    Attributes:
        network: what learns.
        asked: the lesson.
        side: of the frames that are shown: another than that of its crops where it has learnt what holds at any size.
    """

    network: str
    asked: Asked
    side: int = SIDE


LESSONS = {
    "autoencoder": Taught("new:autoencoder,seed=1", Asked("demo", size=64, batch=16, rate=1e-3)),
    "colouring": Taught(
        "new:unet,width=16,depth=4,seed=1",
        Asked("demo", wanted="damage:grey", losses="l1=1", size=64, batch=8, rate=1e-3),
        side=64,
    ),
    "bend": Taught(
        "new:autoencoder,width=32,seed=1",
        Asked("demo", wanted="as:negative-space", losses="l1=1", size=64, batch=8, rate=1e-3),
    ),
}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Make the pictures of docs/learning.md.")
    parser.add_argument("names", nargs="*", help=f"of {', '.join((*LESSONS, *ALONE))}; all by default")
    parser.add_argument("--by", choices=("wall", "core"), default="wall", help="the clock that seconds are told by")
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of the pictures")
    asked = parser.parse_args()
    asked.out.mkdir(exist_ok=True)
    clock: Clock = time.perf_counter if asked.by == "wall" else _core
    if asked.by == "core":
        import torch

        torch.set_num_threads(1)
    for name in asked.names or (*LESSONS, *ALONE):
        found: dict[str, Any]
        if name in ALONE:
            found = ALONE[name](asked.out, clock)
        else:
            found = teach(LESSONS[name], asked.out / f"{name}.jpg", clock)
        _note(asked.out / "lessons.json", name, {"clock": asked.by, **found})


def _core() -> float:
    return time.thread_time()


def teach(taught: Taught, picture: Path, clock: Clock) -> dict[str, Any]:
    """Teach a lesson, and make its picture; the step and the decibels at each of its moments."""
    learner, _ = prepare(open_network(taught.network), taught.asked, "torch")
    shown, wanted = examples(taught.asked, taught.side)
    columns = [shown, through(learner.network, shown)]
    told: list[dict[str, float]] = [{"seconds": 0, "step": 0}]
    passed, recent = 0.0, [0.0]
    step: Step | None = None
    for until in SECONDS[1:]:
        while passed < until:
            began = clock()
            step = learner.step()
            passed += clock() - began
            recent = [*recent, step.psnr][-_RECENT:]
        assert step is not None
        columns.append(through(learner.result(), shown))
        told.append({"seconds": until, "step": step.number, "psnr": round(sum(recent) / len(recent), 2)})
        print(picture.stem, told[-1], flush=True)
    if taught.asked.wanted != "same":
        columns.append(wanted)
    _write(picture, columns)
    learner.close()
    return {"network": taught.network, "wanted": taught.asked.wanted, "moments": told}


def grow(out: Path, clock: Clock) -> dict[str, Any]:
    """Teach a cellular automaton to grow a flower; draw what it grows into after each moment, and how at last."""
    asked = Asked(str(out / "flower.png"), size=FLOWER, batch=4, rate=2e-3, unrolled=32, seed=1)
    wanted = flower(FLOWER)
    write_bytes(out / "flower.png", cv2.imencode(".png", wanted[:, :, ::-1])[1].tobytes())
    learner, _ = prepare(open_network(GROWS), asked, "torch")
    first = [grown(learner.network, OWN_STEPS[-2])]
    told: list[dict[str, float]] = [{"seconds": 0, "step": 0}]
    passed, losses = 0.0, [0.0]
    for until in SECONDS[1:]:
        while passed < until:
            began = clock()
            losses = [*losses, learner.step().loss][-_RECENT:]
            passed += clock() - began
        first.append(grown(learner.result(), OWN_STEPS[-2]))
        told.append({"seconds": until, "step": learner.steps, "loss": sum(losses) / len(losses)})
        print("automaton", told[-1], flush=True)
    last = [grown(learner.result(), steps) for steps in OWN_STEPS]
    _write(out / "automaton.jpg", [list(column) for column in zip([*first, wanted], last, strict=True)])
    learner.close()
    return {"network": GROWS, "own steps": OWN_STEPS, "moments": told}


def flower(side: int) -> Picture:
    """Petals round a middle on white, which is what no living cell is seen as."""
    large = 8 * side
    y, x = (np.mgrid[:large, :large] + 0.5) / large - 0.5
    far, angle = np.hypot(y, x), np.arctan2(y, x)
    petals = far < 0.24 + 0.12 * np.cos(6 * angle)
    shade = np.clip(far / 0.36, 0, 1)[:, :, None]
    colours = (1 - shade) * np.array([255, 96, 32]) + shade * np.array([232, 40, 140])
    made = np.where(petals[:, :, None], colours, 255)
    made[far < 0.1] = (255, 214, 64)
    return np.asarray(cv2.resize(made, (side, side), interpolation=cv2.INTER_AREA).round(), np.uint8)


def grown(network: Network, steps: int) -> Picture:
    """What has become of a single cell."""
    put, graph = network.graph.states[0], network.graph
    black = np.zeros((3, FLOWER, FLOWER), np.float32)
    state = beginning(put.begins, put.channels, Size(FLOWER, FLOWER), put.seed, black)
    nothing = np.zeros((FLOWER, FLOWER, 3), np.uint8)
    maps = growth.grown(network, Batch({put.name: state[None]}, black[None], (nothing, nothing), steps=steps))
    return to_picture(maps[graph.output][0].numpy(), graph.output_range, graph.output_order)


def compare(out: Path, clock: Clock) -> dict[str, Any]:
    """Teach the autoencoder on both upsamplings, the same crops in the same order, and draw both curves."""
    asked = Asked("demo", size=64, batch=16, rate=1e-3)
    shown, _ = examples(asked, SIDE)
    found: dict[str, Any] = {}
    curves, columns = {}, [shown]
    for upsampling in ("transposed", "fractional"):
        learner, _ = prepare(open_network(f"new:autoencoder,upsampling={upsampling},seed=1"), asked, "torch")
        curve: list[float] = []
        passed, moments = 0.0, []
        while len(curve) < COMPARED_AT[-1]:
            began = clock()
            curve.append(learner.step().psnr)
            passed += clock() - began
            if len(curve) in COMPARED_AT:
                mean = round(sum(curve[-_RECENT:]) / _RECENT, 2)
                moments.append({"step": len(curve), "seconds": round(passed, 1), "psnr": mean})
                print(upsampling, moments[-1], flush=True)
                if len(curve) in (COMPARED_AT[0], COMPARED_AT[-1]):
                    columns.append(through(learner.result(), shown))
        curves[upsampling] = curve
        found[upsampling] = moments
        learner.close()
    _write(out / "upsampling.jpg", columns)
    write_bytes(out / "upsampling-curves.png", cv2.imencode(".png", drawn(curves))[1].tobytes())
    return found


def examples(asked: Asked, side: int) -> tuple[list[Picture], list[Picture]]:
    """Some frames as a lesson shows them, and as it wants them."""
    with open_source("demo") as film:
        frames = [shallow(resized(f.picture, Size(side, side))) for f in film if f.index in FRAMES]
    kind, _, rest = asked.wanted.partition(":")
    rng = np.random.default_rng(0)
    if kind == "damage":
        return [damaged(frame, parse_damage(rest), rng) for frame in frames], frames
    if kind == "as":
        make = teacher(rest)
        return frames, [make(frame) for frame in frames]
    return frames, frames


def through(network: Network, shown: Sequence[Picture]) -> list[Picture]:
    """What a network makes of pictures."""
    import torch

    from studio.ops._reference import reference

    (fed,), graph = network.graph.inputs, network.graph
    made = []
    for picture in shown:
        values = to_tensor(picture, fed.channels, fed.range, fed.mean, fed.std, fed.order)[None]
        maps = reference(network, {fed.name: torch.from_numpy(values)})
        made.append(to_picture(maps[graph.output][0].numpy(), graph.output_range, graph.output_order))
    return made


def drawn(curves: dict[str, list[float]], size: tuple[int, int] = (260, 640)) -> Picture:
    """Decibels over the steps, (height, width, 3) BGR: orange and blue, as in the window."""
    height, width = size
    left, bottom = 44, 30
    picture = np.full((height, width, 3), 255, np.uint8)
    values = [np.convolve(curve, np.ones(_RECENT) / _RECENT, "valid") for curve in curves.values()]
    # Above the highest curve is room for its name.
    lo, hi = 5 * np.floor(min(v.min() for v in values) / 5), 5 * np.ceil((max(v.max() for v in values) + 1.5) / 5)
    steps = max(len(curve) for curve in curves.values())

    def place(step: float, value: float) -> tuple[int, int]:
        x = left + (width - left - 10) * step / steps
        return round(x), round((height - bottom) - (height - bottom - 10) * (value - lo) / (hi - lo))

    grey, font = (120, 120, 120), cv2.FONT_HERSHEY_SIMPLEX
    for value in np.arange(lo, hi + 1, 5):
        cv2.line(picture, place(0, value), place(steps, value), (225, 225, 225), 1)
        cv2.putText(picture, f"{value:.0f} dB", (2, place(0, value)[1] + 4), font, 0.36, grey, 1, cv2.LINE_AA)
    for step in range(0, steps + 1, steps // 5):
        x, y = place(step, lo)
        cv2.putText(picture, str(step), (x - 12, y + 18), font, 0.36, grey, 1, cv2.LINE_AA)
    for (name, _), means, colour in zip(curves.items(), values, ((30, 140, 240), (220, 120, 40)), strict=True):
        points = np.array([place(k + _RECENT, float(v)) for k, v in enumerate(means)], np.int32)
        cv2.polylines(picture, [points], False, colour, 2, cv2.LINE_AA)
        at = points[-1] - np.array([90, 0])
        cv2.putText(picture, name, (int(at[0]), int(at[1]) + (24 if name == "fractional" else -12)), font, 0.42,
                    colour, 1, cv2.LINE_AA)  # fmt: skip
    return picture


def _write(path: Path, columns: Sequence[Sequence[Picture]]) -> None:
    """A row for each frame, a column for each moment."""
    count, rows = len(columns), len(columns[0])
    picture = np.full((rows * (SIDE + GAP) - GAP, count * (SIDE + GAP) - GAP, 3), 255, np.uint8)
    for x, column in enumerate(columns):
        for y, one in enumerate(column):
            tile = resized(one, Size(SIDE, SIDE))
            picture[y * (SIDE + GAP) :, x * (SIDE + GAP) :][:SIDE, :SIDE] = tile
    data = cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])[1]
    write_bytes(path, data.tobytes())


def _note(path: Path, name: str, found: dict[str, Any]) -> None:
    held = json.loads(path.read_text()) if path.exists() else {}
    write_bytes(path, (json.dumps({**held, name: found}, indent=2) + "\n").encode())


ALONE = {"upsampling": compare, "automaton": grow}
"""Those that have a picture of their own kind."""


if __name__ == "__main__":
    main()
