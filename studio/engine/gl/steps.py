"""Steps of learning in compute shaders that nobody waits for: all tensors at once, and what is said is read later.

A step is a few dispatches behind those of the gradients::

    gradients ── squares ── judge ── step ── statistics        every tensor moved and packed where it lies
                              └── what is said of the step, in memory that this process looks at when a fence is reached

Whether a step may be taken is found out on the device. After one that may not, none is, until `forgive`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import moderngl
import numpy as np

from studio.engine.gl.device import Device
from studio.engine.gl.dispatch import ALL_WRITES, Dispatch, Recorded, block_of
from studio.engine.gl.mapped import Mapped
from studio.engine.gl.shaders import Source
from studio.engine.gl.table import Entry, Table
from studio.model.op import Array

AHEAD = 3
"""Steps that may be under way: enough that the device never waits, and few enough that nobody waits for them long."""

_SQUARED_ITEMS = 1024

# Tensors may be read by this process next, or written into by it, and by who draws of them; what was said is read.
_TO_PROCESS = ALL_WRITES | 0x0080 | 0x0100 | 0x0200 | 0x0400 | 0x4000
"""Pixel buffers, textures and buffers updated, framebuffers, mapped memory: the bits of glMemoryBarrier."""

Numbers = Mapping[str, float]


class Said(NamedTuple):
    """What a step came to.

    Attributes:
        taken: whether weights were moved.
        norm: of all gradients together.
        values: what the layer holds that is read for it.
    """

    taken: bool
    norm: float
    values: Array


class Group(NamedTuple):
    """Tensors that are moved with the same numbers; and, for statistics, whose running values follow."""

    entries: Sequence[Entry]
    statistics: bool = False


class Steps:
    """Runs steps behind the gradients of an engine.

    Args:
        device: what they run on.
        rule: how weights move: ``shaders/learn/<rule>.glsl``.
        slots: how many numbers it remembers of each weight.
        numbers: what it is told, by name.
        said: how many numbers are said of a step.
    """

    def __init__(self, device: Device, rule: str, slots: int, numbers: Sequence[str], said: int) -> None:
        self._device = device
        self._rule = rule
        self._slots = slots
        self._names = tuple(f"u_{name}" for name in ("share", "kept", "clip", "follow", "rate", "first", *numbers))
        self._count = said
        context = device.context
        self._verdict = context.buffer(np.array([0, 1, 0, 0], np.float32).tobytes())
        self._sum = context.buffer(bytes(max(said, 4) * 4))
        self._general = context.buffer(reserve=self._size)
        self._outcomes = [Mapped(device, (2 + said) * 4, "reads") for _ in range(AHEAD)]
        self._free = deque(range(AHEAD))
        self._under_way: deque[int] = deque()
        self._told: list[moderngl.Buffer] = []
        # What buffers have been told already, most of which stays the same from step to step.
        self._known: dict[moderngl.Buffer, Numbers] = {}
        self._kept: dict[str, float] = {}
        self._say: Recorded | None = None
        self._add: Recorded | None = None
        self._moves: list[Recorded] = []

    @property
    def _size(self) -> int:
        return -(-len(self._names) // 4) * 16

    @property
    def is_full(self) -> bool:
        """Whether one must be waited for before the next."""
        return not self._free

    def close(self) -> None:
        """Free what it holds on the device."""
        for held in self._outcomes:
            held.drop_fence()
        self._outcomes.clear()
        self._moves.clear()
        self._say = self._add = None

    def arrange(
        self,
        groups: Sequence[Group],
        added: Sequence[Entry],
        kernels: moderngl.Buffer | None,
        said: tuple[moderngl.Texture, int],
    ) -> None:
        """Say what the next steps work on.

        Args:
            groups: what moves.
            added: totals that the gradients of crops are added to, as the entries' weights.
            kernels: the buffer that tensors are packed into.
            said: the texture that holds what is said of a crop, and its columns of tiles.
        """
        context = self._device.context
        texture, columns = said
        block = block_of(context, [(self._count, columns, 0, 0)])
        self._say = Recorded([self._single("learn/say_compute.glsl", block, {3: self._sum}, (texture,))], self._device)
        self._add = None
        if added:
            table = Table(self._device, added)
            passes = table.dispatches(("learn/add_compute.glsl",), (), self._names, self._general, {})
            self._add = Recorded(passes, self._device)
        moved = [entry for group in groups if not group.statistics for entry in group.entries]
        squares = Table(self._device, moved, _SQUARED_ITEMS)
        sums = context.buffer(reserve=max(squares.groups, 4) * 4)
        before = squares.dispatches(("learn/squares_compute.glsl",), (), self._names, self._general, {2: sums})
        block = block_of(context, [(self._count, 0, squares.groups, 0)])
        self._told = [context.buffer(reserve=self._size) for _ in groups]
        self._known.clear()
        after: list[Dispatch] = []
        verdict = {4: self._verdict} | ({0: kernels} if kernels is not None else {})
        for told, group in zip(self._told, groups, strict=True):
            table = Table(self._device, group.entries)
            files: tuple[str, ...] = ("learn/statistics_compute.glsl",)
            if not group.statistics:
                files = ("learn/table.glsl", f"learn/{self._rule}.glsl", "learn/step.glsl", "learn/step_compute.glsl")
            constants = (("TOLD", 1), ("SLOTS", self._slots))
            after += table.dispatches(files, constants, self._names, told, verdict)
        self._moves = []
        for outcome in self._outcomes:
            held = {2: sums, 3: self._sum, 4: self._verdict, 5: outcome.buffer}
            judge = self._single("learn/judge_compute.glsl", block, held)
            self._moves.append(Recorded([*before, judge, *after], self._device))

    def _single(
        self,
        file: str,
        block: moderngl.Buffer,
        buffers: Mapping[int, moderngl.Buffer],
        textures: tuple[moderngl.Texture, ...] = (),
    ) -> Dispatch:
        program = self._device.compute(Source("compute", (file,), numbers=self._names))
        held = tuple(buffers.get(n) for n in range(max(buffers) + 1))
        blocks = ((1, self._general),)
        return Dispatch(program, (1, 1, 1), block, textures, buffers=held, barrier=ALL_WRITES, blocks=blocks)

    def crop(self, share: float, *, anew: bool, adds: bool) -> None:
        """Take what is said of a crop that has been run, and, where that is not all of the step, its gradients.

        Args:
            share: of the step.
            anew: whether it is the step's first.
            adds: whether gradients are added up.
        """
        assert self._say is not None
        self._kept |= {"share": share, "kept": float(not anew)}
        self._tell(self._general, self._kept)
        if adds and self._add is not None:
            self._add()
        self._say()

    def take(self, clip: float, numbers: Sequence[Numbers]) -> None:
        """Take the step.

        Args:
            clip: what the norm is brought down to.
            numbers: of each group.
        """
        self._kept |= {"clip": min(clip, 3e38)}
        self._tell(self._general, self._kept)
        for told, said in zip(self._told, numbers, strict=True):
            self._tell(told, said)
        slot = self._free.popleft()
        self._moves[slot]()
        self._device.context.memory_barrier(_TO_PROCESS)
        self._outcomes[slot].leave_fence()
        self._under_way.append(slot)
        if not self._device.is_software:
            self._device.calls.flush()

    def _tell(self, buffer: moderngl.Buffer, numbers: Numbers) -> None:
        if self._known.get(buffer) == numbers:
            return
        self._known[buffer] = dict(numbers)
        values = np.zeros(self._size // 4, np.float32)
        for name, value in numbers.items():
            values[self._names.index(f"u_{name}")] = value
        buffer.write(values)

    def outcomes(self, *, wait: bool) -> list[Said]:
        """What the steps came to that are done, in order; waits for the rest where that is wanted."""
        found = []
        while self._under_way:
            held = self._outcomes[self._under_way[0]]
            if not wait and not held.is_reached:
                break
            values = held.raw.view(np.float32).copy()
            found.append(Said(bool(values[0]), float(values[1]), values[2:]))
            self._free.append(self._under_way.popleft())
        return found

    def forgive(self) -> None:
        """Take steps again after one that was not."""
        self._verdict.write(np.array([0, 1], np.float32))
