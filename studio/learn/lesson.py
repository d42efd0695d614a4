"""What a network is shown, and what is wanted of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from studio.errors import StudioError
from studio.io.resize import resized
from studio.learn.bank import Bank, Cut, Part, load_bank
from studio.learn.damage import Damaging, damaged, parse_damage
from studio.learn.values import Made, values_of
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.picture import Picture
from studio.model.networks.shape import Array

Teacher = Callable[[Picture], Picture]
"""Makes what is wanted of what is shown, both (H, W, 3) uint8."""


class Batch:
    """Some crops of a step.

    Args:
        shown: see below.
        wanted: see below.
        pictures: see below.
        crops: of each, what is shown and what is wanted as parts of pictures, where they are nothing else.
        make: makes the first three when one of them is asked for, in their place.
        steps: of its own, that a network with a state takes from what is shown to what is compared.
        draw: which step what it draws at random goes by in the first of them.

    Attributes:
        shown: by the name of each of the network's inputs, (N, C, h, w) float32 in its own values.
        wanted: (N, C, h', w') float32 in the values of its output.
        pictures: what is shown and what is wanted of the last crop, as pictures.
    """

    def __init__(
        self,
        shown: Mapping[str, Array] | None = None,
        wanted: Array | None = None,
        pictures: tuple[Picture, Picture] | None = None,
        *,
        crops: Sequence[tuple[Part, Part]] = (),
        make: Callable[[], Made] | None = None,
        steps: int = 0,
        draw: int = 0,
    ) -> None:
        self.crops = tuple(crops)
        self.steps, self.draw = steps, draw
        self._make = make
        if shown is not None and wanted is not None and pictures is not None:
            self._made = dict(shown), wanted, pictures

    @cached_property
    def _made(self) -> Made:
        assert self._make is not None
        return self._make()

    @property
    def shown(self) -> Mapping[str, Array]:
        """See the class."""
        return self._made[0]

    @property
    def wanted(self) -> Array:
        """See the class."""
        return self._made[1]

    @property
    def pictures(self) -> tuple[Picture, Picture]:
        """See the class."""
        return self._made[2]

    def __len__(self) -> int:
        return len(self.crops) or len(self.wanted)

    def crop(self, number: int) -> dict[str, Array]:
        """What one crop shows, by the network's inputs."""
        return {name: np.ascontiguousarray(values[number]) for name, values in self.shown.items()}


class Lesson(ABC):
    """Where crops come from.

    Attributes:
        bank: what is wanted, or where it is made from.
        flips: whether crops are mirrored at random.
        notes: remarks on what was not taken as it is.
    """

    bank: Bank
    flips: bool = True
    notes: tuple[str, ...] = ()

    def parts(self, rng: np.random.Generator, size: Size, made: Size) -> tuple[Part, Part] | None:
        """One crop where both are parts of pictures and nothing else; None, and nothing chosen, where they are not."""
        del rng, size, made
        return None

    def pair(self, rng: np.random.Generator, size: Size, made: Size) -> tuple[Picture, Picture]:
        """One crop: what is shown, of ``size``, and what is wanted, of ``made``."""
        return self.pair_at(self.bank.choose(rng, flips=self.flips), rng, size, made)

    @abstractmethod
    def pair_at(self, where: Cut, rng: np.random.Generator, size: Size, made: Size) -> tuple[Picture, Picture]:
        """The same of a crop that has been chosen; damages are drawn by ``rng``."""

    def batch(self, rng: np.random.Generator, count: int, graph: Graph, size: Size, made: Size) -> Batch:
        """So many crops, as the network's inputs and its output hold them.

        Args:
            rng: what chooses them.
            count: how many.
            graph: the network.
            size: height and width of what it is shown.
            made: height and width of what it makes.
        """
        found = [self.parts(rng, size, made) for _ in range(count)]
        crops = [parts for parts in found if parts is not None]
        if crops and all(fed.kind == "picture" for fed in graph.inputs):

            def cut() -> Made:
                return values_of([_cut(*parts) for parts in crops], rng, graph, size)

            return Batch(crops=crops, make=cut)
        pairs = [_cut(*parts) for parts in crops] or [self.pair(rng, size, made) for _ in range(count)]
        return Batch(*values_of(pairs, rng, graph, size))

    def take(self, left: Mapping[str, Array]) -> None:
        """What a network with a state has made of the last batch; see `studio.learn.backend.Backend.accumulate`."""
        del left

    def settle(self) -> None:  # noqa: B027 - only what remembers has something to do
        """The step is complete."""

    def drop(self) -> None:  # noqa: B027
        """The step begins anew, without what was taken in since the last."""

    def close(self) -> None:
        """Nothing more is learnt of it."""
        self.bank.close()

    def remembered(self) -> dict[str, Array]:
        """What the next step goes on from besides the weights, by names of its own; not to be changed."""
        return {}

    def recall(self, remembered: Mapping[str, Array]) -> None:
        """Go on from there; from the beginning where nothing is remembered."""
        del remembered


def _cut(shown: Part, wanted: Part) -> tuple[Picture, Picture]:
    """Both crops: the same array where they are the same part."""
    first = shown.cut()
    return first, first if wanted is shown else wanted.cut()


@dataclass
class Same(Lesson):
    """What is shown is wanted back, whole or through a damage, or the damage is wanted of what is whole.

    Attributes:
        how: what is done to pictures.
        undo: whether the network is shown what is damaged; else it is to do the damage.
    """

    bank: Bank
    how: Damaging = ()
    undo: bool = True
    flips: bool = True

    def parts(self, rng: np.random.Generator, size: Size, made: Size) -> tuple[Part, Part] | None:
        """See `Lesson.parts`."""
        if self.how or size != made:
            return None
        part = self.bank.part(self.bank.choose(rng, flips=self.flips), made)
        return part, part

    def pair_at(self, where: Cut, rng: np.random.Generator, size: Size, made: Size) -> tuple[Picture, Picture]:
        """See `Lesson.pair_at`."""
        whole = self.bank.cut(where, made)
        shown, wanted = resized(whole, size), whole
        if self.how and self.undo:
            shown = damaged(shown, self.how, rng)
        elif self.how:
            wanted = damaged(wanted, self.how, rng)
        return shown, wanted


@dataclass
class Pairs(Lesson):
    """Two sources of as many pictures, of which each belongs to the one of the same number."""

    bank: Bank
    others: Bank
    flips: bool = True

    @classmethod
    def of(cls, bank: Bank, others: Bank) -> Pairs:
        """Of two sources: the same pictures of both are kept, and those that are wanted get the size of those shown.

        Raises:
            StudioError: where one has more pictures than the other, or no end.
        """
        for each in (bank, others):
            if each.endless:
                raise StudioError(f"{each.name} goes on without end; pairs need as many pictures of both, in order.")
        _require_as_many(others.name, others.count, bank.name, bank.count)
        every = max(bank.every, others.every)
        for each in (bank, others):
            each.thin_out(every)
        others.pictures = [
            other if other.shape == one.shape else resized(other, Size.of(one))
            for one, other in zip(bank.pictures, others.pictures, strict=True)
        ]
        made = cls(bank, others)
        if bank.size is not None and others.size is not None and bank.size != others.size:
            made.notes = (f"Wanted pictures are {others.size}, those shown {bank.size}: they are resized.",)
        return made

    def __post_init__(self) -> None:
        _require_as_many(self.others.name, len(self.others.pictures), self.bank.name, len(self.bank.pictures))

    def close(self) -> None:
        """See `Lesson.close`."""
        self.bank.close()
        self.others.close()

    def parts(self, rng: np.random.Generator, size: Size, made: Size) -> tuple[Part, Part] | None:
        """See `Lesson.parts`."""
        if size != made:
            return None
        where = self.bank.choose(rng, flips=self.flips)
        return self.bank.part(where, made), self.others.part(where, made)

    def pair_at(self, where: Cut, rng: np.random.Generator, size: Size, made: Size) -> tuple[Picture, Picture]:
        """See `Lesson.pair_at`."""
        del rng
        return resized(self.bank.cut(where, made), size), self.others.cut(where, made)


def _require_as_many(one: str, count: int, other: str, wanted: int) -> None:
    if count != wanted:
        raise StudioError(
            f"{one} has {count} picture{'s' * (count != 1)} and {other} {wanted}; pairs need as many of both, in order."
        )


@dataclass
class Taught(Lesson):
    """What another network or preset makes of what is shown."""

    bank: Bank
    teacher: Teacher
    flips: bool = True

    def pair_at(self, where: Cut, rng: np.random.Generator, size: Size, made: Size) -> tuple[Picture, Picture]:
        """See `Lesson.pair_at`."""
        del rng
        shown = self.bank.cut(where, size)
        return shown, resized(self.teacher(shown), made)


def open_lesson(
    source: str, wanted: str, size: Size, zoom: float = 1.0, teach: Callable[[str], Teacher] | None = None
) -> Lesson:
    """A lesson by what the command line says of it.

    Args:
        source: what is shown: a film, a picture, a folder, "camera" or "demo".
        wanted: "same"; "damage:blur=2,noise" to undo that; "effect:edges" to do it; "as:NAME" for what another network
            or preset makes; else a film or folder whose pictures belong to the source's one by one.
        size: of the larger of what is shown and made, height and width.
        zoom: see `studio.learn.bank.load_bank`.
        teach: opens what stands behind "as:".

    Raises:
        StudioError: where something of this is not there or does not fit.
    """
    kind, _, rest = wanted.partition(":")
    if wanted == "same":
        return Same(load_bank(source, size, zoom))
    if kind in ("damage", "effect"):
        how = parse_damage(rest)
        return Same(load_bank(source, size, zoom), how, undo=kind == "damage")
    if kind == "as" and not rest.strip():
        raise StudioError("Say what is to be learnt from: a network or a preset, as in as:negative-space.")
    if kind == "as" and teach is not None:
        teacher = teach(rest)
        return Taught(load_bank(source, size, zoom), teacher)
    with ExitStack() as opened:
        banks = []
        for spec in (source, wanted):
            banks.append(load_bank(spec, size, zoom))
            opened.callback(banks[-1].close)
        pairs = Pairs.of(*banks)
        opened.pop_all()
    return pairs
