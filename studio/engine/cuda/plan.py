"""Which kernels a stage takes for maps of some shapes, and what each reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from studio.engine.cuda.source import KernelSource
from studio.engine.gl.frame.passes import passes
from studio.model.bends.staged import Staged
from studio.model.networks.node import Node
from studio.model.networks.shape import Shape


@dataclass(frozen=True)
class Kernel:
    """One map made from others.

    Attributes:
        source: what makes it.
        shape: of the map that it makes.
        reads: the maps that it reads, by number: the stage's inputs, and behind them what the kernels before it made.
    """

    source: KernelSource
    shape: Shape
    reads: tuple[int, ...]


@dataclass(frozen=True)
class StagePlan:
    """The kernels of a stage, of which the last makes what it hands on.

    Attributes:
        kernels: in order.
        bent: which of them makes the bent map, where that is made apart.
    """

    kernels: tuple[Kernel, ...]
    bent: int | None


def plan(node: Node, shapes: Sequence[Shape]) -> StagePlan:
    """What runs for a stage whose inputs have these shapes."""
    op = node.op
    assert isinstance(op, Staged)
    # A map may be read twice under one name; of inputs only places count.
    inputs = tuple(f"{k}" for k in range(len(shapes)))
    alone = Node("made", op, inputs)
    known = dict(zip(inputs, shapes, strict=True)) | {"made": shapes[0]}
    numbers: dict[str, int] = {name: k for k, name in enumerate(inputs)}
    kernels = []
    for each in passes(alone, known):
        channels = (*(known[name].channels % 4 == 0 for name in each.inputs), each.shape.channels % 4 == 0)
        constants, span = each.structure, 1
        if each.is_last and op.stage.bend.lanes_alike and each.blocks is not None:
            # What is made side by side shares what is read, and has registers for no more than one channel of it.
            constants, span = (*constants, *each.blocks.constants), dict(each.blocks.constants)["SPAN"]
        source = KernelSource(each.files, constants, each.numbers, channels, span)
        kernels.append(Kernel(source, each.shape, tuple(numbers[name] for name in each.inputs)))
        known[each.target] = each.shape
        numbers[each.target] = len(numbers)
    return StagePlan(tuple(kernels), op.bent_scratch if op.is_apart else None)
