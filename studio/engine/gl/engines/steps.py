"""Steps of learning in compute shaders that nobody waits for: all tensors at once, and what is said is read later.

A step is a few dispatches behind those of the gradients::

    gradients ── squares ── judge ── step ── statistics        every tensor moved and packed where it lies
                              └── what is said of the step, in memory that this process looks at when a fence is reached

The gradients of several crops, and what is said of each, are added up before.
Whether a step may be taken is found out on the device. After one that may not, none is, until `forgive`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import moderngl
import numpy as np

from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.shaders import Source
from studio.engine.gl.driver.text import Constants
from studio.engine.gl.frame.dispatch import ALL_WRITES, Dispatch, Taped, block_of
from studio.engine.gl.kernels.table import Entry, Table
from studio.engine.gl.memory.mapped import Mapped
from studio.engine.gl.memory.told import Blocks, Region, Told
from studio.model.networks.shape import Array

AHEAD = 3
"""Steps that may be under way: enough that the device never waits, and few enough that nobody waits for them long."""

_SQUARING_GROUPS, _LEAST_SQUARED, _MOST_SQUARED = 512, 64, 1024
"""Workgroups that keep a GPU busy, and how many items each squares."""

_GENERAL = "general"
"""The block of what is not of one group."""

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
        names = "share", "kept", "clip", "follow", "rate", "first", *numbers
        self._names = tuple(f"u_{name}" for name in names)
        self._places = {name: place for place, name in enumerate(names)}
        self._count = said
        context = device.context
        self._verdict = context.buffer(np.array([0, 1, 0, 0], np.float32).tobytes())
        self._sum = context.buffer(bytes(max(said, 4) * 4))
        self._told = Told(device)
        self._numbers = Blocks({})
        self._outcomes = [Mapped(device, (2 + said) * 4, "reads") for _ in range(AHEAD)]
        self._free = deque(range(AHEAD))
        self._under_way: deque[int] = deque()
        # What is told already, most of which stays the same from step to step.
        self._known: dict[str, Numbers] = {}
        self._add: Taped | None = None
        self._moves: list[Taped] = []

    @property
    def is_full(self) -> bool:
        """Whether one must be waited for before the next."""
        return not self._free

    @property
    def rests(self) -> bool:
        """Whether what all of them came to is known."""
        return not self._under_way

    def close(self) -> None:
        """Free what it holds on the device."""
        for held in self._outcomes:
            held.drop_fence()
        self._outcomes.clear()
        self._told.close()
        self._moves.clear()
        self._add = None

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
        self._numbers = Blocks(dict.fromkeys([_GENERAL, *map(str, range(len(groups)))], len(self._names)))
        self._told.adopt(self._numbers)
        self._known.clear()
        general = self._region(_GENERAL)
        self._add = None
        if added:
            passes = Table(self._device, added).dispatches(("learn/add_compute.glsl",), (), self._names, general, {})
            block = block_of(context, [(self._count, columns, 0, 0)])
            say = self._single("learn/say_compute.glsl", block, {3: self._sum}, (texture,))
            self._add = Taped([*passes, say], self._device)
        moved = [entry for group in groups if not group.statistics for entry in group.entries]
        items = sum(entry.items for entry in moved) // _SQUARING_GROUPS // _LEAST_SQUARED * _LEAST_SQUARED
        squares = Table(self._device, moved, min(max(items, _LEAST_SQUARED), _MOST_SQUARED))
        sums = context.buffer(reserve=max(squares.groups, 4) * 4)
        before = squares.dispatches(("learn/squares_compute.glsl",), (), self._names, general, {2: sums})
        block = block_of(context, [(self._count, columns, squares.groups, 0)])
        after: list[Dispatch] = []
        verdict = {4: self._verdict} | ({0: kernels} if kernels is not None else {})
        for number, group in enumerate(groups):
            table = Table(self._device, group.entries)
            files: tuple[str, ...] = ("learn/statistics_compute.glsl",)
            if not group.statistics:
                files = ("learn/table.glsl", f"learn/{self._rule}.glsl", "learn/step.glsl", "learn/step_compute.glsl")
            constants = (("TOLD", 1), ("SLOTS", self._slots))
            after += table.dispatches(files, constants, self._names, self._region(str(number)), verdict)
        self._moves = []
        for outcome in self._outcomes:
            held = {2: sums, 4: self._verdict, 5: outcome.buffer}
            # Of a single crop what is said is the step's.
            judge = (
                self._single("learn/judge_compute.glsl", block, {**held, 3: self._sum})
                if added
                else self._single("learn/judge_compute.glsl", block, held, (texture,), (("SINGLE", 1),))
            )
            self._moves.append(Taped([*before, judge, *after], self._device, _TO_PROCESS))

    def _region(self, block: str) -> Region:
        region = self._told.region(block)
        assert region is not None
        return region

    def _single(
        self,
        file: str,
        block: moderngl.Buffer,
        buffers: Mapping[int, moderngl.Buffer],
        textures: tuple[moderngl.Texture, ...] = (),
        constants: Constants = (),
    ) -> Dispatch:
        program = self._device.compute(Source("compute", (file,), constants, numbers=self._names))
        held = tuple(buffers.get(n) for n in range(max(buffers) + 1))
        numbers = (self._region(_GENERAL),)
        return Dispatch(program, (1, 1, 1), block, textures, buffers=held, barrier=ALL_WRITES, numbers=numbers)

    def crop(self, share: float, *, anew: bool) -> None:
        """Take what is said of a crop that has been run, and its gradients, where that is not all of the step.

        Args:
            share: of the step.
            anew: whether it is the step's first.
        """
        if self._add is not None:
            self._tell(_GENERAL, {"share": share, "kept": float(not anew)})
            self._told.write(self._numbers)
            self._add()

    def take(self, clip: float, numbers: Sequence[Numbers]) -> None:
        """Take the step.

        Args:
            clip: what the norm is brought down to.
            numbers: of each group.
        """
        self._tell(_GENERAL, {"clip": min(clip, 3e38)})
        for number, said in enumerate(numbers):
            self._tell(str(number), said)
        self._told.write(self._numbers)
        slot = self._free.popleft()
        self._moves[slot]()
        self._outcomes[slot].leave_fence()
        self._under_way.append(slot)
        if not self._device.is_software:
            self._device.calls.flush()

    def _tell(self, block: str, numbers: Numbers) -> None:
        if self._known.get(block) == numbers:
            return
        self._known[block] = numbers
        self._numbers.version += 1
        told = self._numbers.told[self._numbers.spans[block]]
        for name, value in numbers.items():
            told[self._places[name]] = value

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
