"""What each bend costs: ``python -m benchmarks.bends [--engine torch gl] [--rounds 5] [--processor] [--frames]``.

Behind a layer of 256 channels at 64×64, in parts of the frame of the autoencoder in which it ran, and of pix2pix-256;
and beside kornia on the same tensor and CPU, where it has the like (``pip install kornia``). Parts are medians over
frames, so that what else a machine does falls on both sides; on a busy one, which has no GPU, ``--processor`` takes the
processor's time instead, of a layer of that shape that only hands on, with the stage and without it. On a GPU, which
works on while it is given more, ``--frames`` takes whole frames in a row: by how much they become slower, while the
bend's numbers rest and while its amount is turned in every frame.
"""

from __future__ import annotations

import argparse
import itertools
import math
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from statistics import median

import numpy as np
import torch

from benchmarks.networks import autoencoder_transposed, pix2pix
from studio.bends import make_bend, registry
from studio.engine.base import Engine
from studio.engine.choose import open_engine
from studio.model.bends.bend import Bend
from studio.model.bends.stage import Guard, Stage, after
from studio.model.declared.size import Size
from studio.model.declared.tick import Tick
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.ops import operator

LAYER, SHAPE = "enc2_act", (256, 64, 64)
PARAMS: dict[str, dict[str, object]] = {"Erode": {"radius": 3}, "Dilate": {"radius": 3}, "Median": {"radius": 3}}
HEAVY = {"Erode", "Dilate", "Median"}
FRAMES = 3
IN_A_ROW = 50
WARM = 0.1
"""Seconds of frames before those that are timed."""
PICTURE = np.random.default_rng(0).random((3, 256, 256), np.float32)
MAP = np.random.default_rng(0).standard_normal(SHAPE, np.float32)


def best(run: Callable[[], object], rounds: int) -> float:
    """Seconds of the processor in the quickest of some rounds: what else the machine does only adds to it."""
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        taken.append(time.process_time() - start)
    return min(taken)


def run_picture(engine: Engine) -> None:
    engine.run({"input": np.random.default_rng(0).random((3, 256, 256), np.float32)})
    engine.activation(engine.graph.output)


def frame_seconds(engine: Engine, rounds: int) -> float:
    x = {"input": np.random.default_rng(0).random((3, 256, 256), np.float32)}
    engine.run(x)
    found = []
    for _ in range(rounds):
        engine.run(x)
        found.append(sum(engine.times().values()))
    return min(found)


def stage_seconds(engine: Engine, stage: Stage, rounds: int) -> tuple[float, float]:
    """The median of a stage's seconds, and of its part of the other layers' in the same frame."""
    engine.set_stages([stage])
    if stage.bend.other == "picture":
        engine.lend(stage.id, np.ones(SHAPE, np.float32))
    taken, parts = [], []
    for frame in range(rounds + FRAMES):
        x = np.random.default_rng(frame).random((3, 256, 256), np.float32)
        engine.run({"input": x}, Tick(frame, Fraction(frame, 25)))
        times = engine.times()
        own = times[after(LAYER, stage.id)]
        taken.append(own)
        parts.append(own / (sum(times[node.name] for node in engine.graph.nodes) - own))
    return median(taken[FRAMES:]), median(parts[FRAMES:])


def frames_apart(engine: Engine, stage: Stage, rounds: int) -> tuple[float, float, float]:
    """Medians of seconds a frame: without the stage, with it, and with it while its amount is turned in every frame."""
    found: tuple[list[float], ...] = ([], [], [])
    for _ in range(rounds):
        for taken, stages, turns in zip(found, ([], [stage], [stage]), (False, False, True), strict=True):
            engine.set_stages(stages)
            if stages and stage.bend.other == "picture":
                engine.lend(stage.id, np.ones(SHAPE, np.float32))
            taken.append(in_a_row(engine, stage.id if turns else None))
    return median(found[0]), median(found[1]), median(found[2])


def in_a_row(engine: Engine, turned: int | None) -> float:
    """Seconds of each of many frames, which are waited for together.

    Args:
        engine: whose layers are not timed.
        turned: the stage whose amount is another in every frame.
    """
    counted = itertools.count()

    def frame() -> None:
        number = next(counted)
        if turned is not None and number:
            engine.set_number(turned, "amount", 1.0 - number % 100 / 200)
        memory = engine.input_memory("input", Size(256, 256))
        engine.run({"input": PICTURE if memory is None else memory}, Tick(number, Fraction(number, 25)))

    # A GPU that has idled while something was compiled is slow at first.
    until = time.perf_counter() + WARM
    while time.perf_counter() < until:
        for _ in range(2 * FRAMES):
            frame()
        finish(engine)
    start = time.perf_counter()
    for _ in range(IN_A_ROW):
        frame()
    finish(engine)
    taken = (time.perf_counter() - start) / IN_A_ROW
    if turned is not None:
        # A number that was turned stays so.
        engine.set_number(turned, "amount", 1.0)
    return taken


def finish(engine: Engine) -> None:
    """Wait until all is done that the engine was asked for."""
    engine.sample(engine.graph.output, 1, Size(1, 1), Size(1, 1))


def processor_seconds(kind: str, stage: Stage | None, rounds: int) -> float:
    """The processor's seconds of a layer of this shape that only hands on, with a stage behind it or none."""
    node = Node(LAYER, operator("Identity")(), ("input",))
    engine, _ = open_engine(Network("alone", Graph((Input("input", SHAPE[0]),), (node,), LAYER), {}), kind)
    if stage is not None:
        engine.set_stages([replace(stage, source=stage.source and "input")])
        if stage.bend.other == "picture":
            engine.lend(stage.id, np.ones(SHAPE, np.float32))
    frames = itertools.count()

    def run() -> None:
        frame = next(frames)
        engine.run({"input": MAP}, Tick(frame, Fraction(frame, 25)))
        engine.activation(LAYER)

    for _ in range(FRAMES):
        run()
    found = best(run, rounds)
    engine.close()
    return found


def stage_of(bend: Bend) -> Stage:
    return Stage(1, LAYER, bend, guard=Guard(kind="none"), source="enc1_act" if bend.other == "layer" else None)


def kornia_peers(x: torch.Tensor) -> dict[str, Callable[[], object]]:
    """What kornia has that does the like."""
    try:
        import kornia
    except ImportError:
        return {}
    size = torch.ones(7, 7)
    angle, shift, twice = torch.tensor([30.0]), torch.tensor([[16.0, 0.0]]), torch.tensor([[1.5, 1.5]])
    geometry, filters, morphology = kornia.geometry, kornia.filters, kornia.morphology
    field = torch.rand(1, 2, *SHAPE[1:]) - 0.5
    return {
        "Rotate": lambda: geometry.rotate(x, angle),
        "Translate": lambda: geometry.translate(x, shift),
        "Scale": lambda: geometry.scale(x, twice),
        "FlipHorizontal": lambda: geometry.hflip(x),
        "FlipVertical": lambda: geometry.vflip(x),
        "Erode": lambda: morphology.erosion(x, size, engine="convolution"),
        "Dilate": lambda: morphology.dilation(x, size, engine="convolution"),
        "Median": lambda: filters.median_blur(x, (7, 7)),
        "Blur": lambda: filters.gaussian_blur2d(x, (11, 11), (1.5, 1.5)),
        "Sobel": lambda: filters.spatial_gradient(x),
        "Gradient": lambda: filters.sobel(x),
        "Sharpen": lambda: filters.unsharp_mask(x, (11, 11), (1.5, 1.5)),
        "Invert": lambda: kornia.enhance.invert(x, torch.tensor(1.0)),
        "Flow": lambda: geometry.elastic_transform2d(x, field, padding_mode="reflection"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", nargs="*", default=["torch", "gl"], help="none for kornia alone")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--processor", action="store_true", help="by the processor's time")
    parser.add_argument("--frames", action="store_true", help="by whole frames in a row, on a GPU")
    parser.add_argument("--bend", nargs="+", default=sorted(registry()))
    asked = parser.parse_args()
    stages = {name: stage_of(make_bend(name, PARAMS.get(name, {}))) for name in asked.bend}
    for kind in asked.engine:
        engine, _ = open_engine(autoencoder_transposed()[1], kind)
        whole, _ = open_engine(pix2pix()[1], kind)
        if asked.frames:
            engine.time_every = whole.time_every = math.inf
            own, other = in_a_row(engine, None), in_a_row(whole, None)
        else:
            own, other = frame_seconds(engine, asked.rounds), frame_seconds(whole, 2)
        alone = processor_seconds(kind, None, asked.rounds) if asked.processor else 0.0
        if asked.processor:
            own, other = (best(partial(run_picture, each), asked.rounds) for each in (engine, whole))
        whole.close()
        if asked.frames:
            print_frames(engine, stages, asked.rounds, (own, other))
            engine.close()
            continue
        print(f"\n{kind} on {engine.device}: a frame {own * 1e3:.1f} ms, of pix2pix-256 {other * 1e3:.1f} ms\n")
        print("| Bend | ms | of a frame, % | of pix2pix-256, % | aim, % |\n| --- | --- | --- | --- | --- |")
        for name, stage in stages.items():
            if asked.processor:
                taken = processor_seconds(kind, stage, asked.rounds) - alone
                part = taken / own
            else:
                taken, part = stage_seconds(engine, stage, asked.rounds)
            aim = 15 if name in HEAVY else 5
            print(f"| {name} | {taken * 1e3:.2f} | {part:.1%} | {part * own / other:.1%} | {aim} |".replace("%", ""))
        engine.close()
    print_peers(stages, asked.rounds)


def print_frames(engine: Engine, stages: dict[str, Stage], rounds: int, alone: tuple[float, float]) -> None:
    """By how much frames become slower, in parts of those of the autoencoder and of pix2pix-256."""
    own, other = alone
    print(f"\n{engine.name} on {engine.device}: a frame {own * 1e3:.3f} ms, of pix2pix-256 {other * 1e3:.3f} ms\n")
    print("| Bend | ms | of a frame, % | of pix2pix-256, % | while it is turned, ms | aim, % |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, stage in stages.items():
        without, still, turned = frames_apart(engine, stage, rounds)
        more, aim = still - without, 15 if name in HEAVY else 5
        cells = f"{more * 1e3:.3f}", f"{more / without:.1%}", f"{more / other:.1%}", f"{(turned - without) * 1e3:.3f}"
        print(f"| {name} | {' | '.join(cells)} | {aim} |".replace("%", ""), flush=True)


def print_peers(stages: dict[str, Stage], rounds: int) -> None:
    """Our meaning in PyTorch, and kornia's, on the same tensor and one thread."""
    from studio.model.bends.bend import Given

    torch.set_num_threads(1)
    planes = torch.rand(1, *SHAPE)
    for order, x in (("planes", planes), ("as in an engine", planes.to(memory_format=torch.channels_last))):
        peers = {name: peer for name, peer in kornia_peers(x).items() if name in stages}
        if not peers:
            return
        print(f"\n| Bend, on the CPU, {order} | ms | kornia, ms | kornia over ours |\n| --- | --- | --- | --- |")
        with torch.inference_mode():
            for name, peer in peers.items():
                bend = stages[name].bend
                ours, theirs = [], []
                for _ in range(rounds):  # by turns, so that the machine's other work falls on both
                    ours.append(best(partial(bend.torch, x, Given()), 1))
                    theirs.append(best(peer, 1))
                print(f"| {name} | {min(ours) * 1e3:.2f} | {min(theirs) * 1e3:.2f} | {min(theirs) / min(ours):.2f} |")


if __name__ == "__main__":
    main()
