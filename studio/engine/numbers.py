"""The live numbers of what runs: as they are turned, and as shaders are told them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from studio.errors import StudioError
from studio.model.bends.stage import layer_of
from studio.model.bends.staged import Staged
from studio.model.declared.tick import START, Tick
from studio.model.networks.node import Node
from studio.model.networks.op import Op
from studio.model.networks.shape import Array

Owner = str | int
"""A layer by its name, or a stage by its number."""


class Place(NamedTuple):
    """One live number.

    Attributes:
        owner: the layer or stage that it belongs to.
        name: of the parameter; of a stage also "amount", "guard_times", "mask_low" and "mask_high".
        lo: smallest value allowed.
        hi: largest value allowed.
    """

    owner: Owner
    name: str
    lo: float
    hi: float


class Numbers:
    """The numbers of all running nodes, in one array.

    Attributes:
        places: whose number each is.
        values: (places,) float32, as they are turned.
        ops: every node's operator as it is turned, by the node's name.
        told: float32, what shaders are told: the numbers of each node behind one another.
        spans: where in ``told`` each node's are; nodes without numbers are not there.
        version: counts what has changed in ``told``.
    """

    def __init__(self) -> None:
        self.places: tuple[Place, ...] = ()
        self.values: Array = np.zeros(0, np.float32)
        self.ops: dict[str, Op] = {}
        self.told: Array = np.zeros(0, np.float32)
        self.spans: dict[str, slice] = {}
        self.version = 0
        self._index: dict[tuple[Owner, str], int] = {}
        self._node_at: list[str] = []
        self._declared: list[float] = []
        self._timed: tuple[str, ...] = ()
        self._lo = self._hi = self.values
        self._tick = START
        # What each was declared as when it was turned: a number stays turned until it is declared anew.
        self._turned: dict[tuple[Owner, str], tuple[float, float]] = {}

    def adopt(self, nodes: Iterable[Node]) -> frozenset[str]:
        """Take over what runs from now on; names of the nodes whose numbers are other than before."""
        before = {name: self.told[span].tobytes() for name, span in self.spans.items()}
        places: list[Place] = []
        values: list[float] = []
        self._node_at, self._declared, self.ops = [], [], {}
        for node in nodes:
            owner = owner_of(node)
            op, turned = node.op, {}
            for live in node.op.live_params():
                declared = node.op.live_value(live.name)
                known, value = self._turned.get((owner, live.name), (declared, declared))
                if known != declared:
                    value = declared
                    del self._turned[owner, live.name]
                if value != declared:
                    turned[live.name] = value
                places.append(Place(owner, *live[:3]))
                values.append(value)
                self._declared.append(declared)
                self._node_at.append(node.name)
            op = op.turned(turned) if turned else op
            self.ops[node.name] = op.at(self._tick)
        self.places, self.values = tuple(places), np.array(values, np.float32)
        self._index = {(place.owner, place.name): k for k, place in enumerate(places)}
        self._lo = np.array([place.lo for place in places], np.float32)
        self._hi = np.array([place.hi for place in places], np.float32)
        self._timed = tuple(name for name, op in self.ops.items() if _goes_by_time(op))
        self._tell()
        return frozenset(name for name, span in self.spans.items() if before.get(name) != self.told[span].tobytes())

    def index(self, owner: Owner, name: str) -> int:
        """The place of a number.

        Raises:
            StudioError: naming those that this owner has.
        """
        if (owner, name) not in self._index:
            whose = f"Stage {owner}" if isinstance(owner, int) else f'Layer "{owner}"'
            known = ", ".join(place.name for place in self.places if place.owner == owner)
            raise StudioError(
                f'{whose} has no live number "{name}"; ' + (f"it has {known}." if known else "it has none.")
            )
        return self._index[owner, name]

    def turn(self, values: Array) -> frozenset[str]:
        """Turn all numbers, each held to its limits; names of the nodes that this changes."""
        if values.shape != self.values.shape:
            raise StudioError(f"There are {len(self.places)} live numbers, not {values.size}.")
        if not np.isfinite(values).all():
            place = self.places[int(np.flatnonzero(~np.isfinite(values))[0])]
            raise StudioError(f'The live number "{place.name}" of {place.owner} must be finite.')
        wanted = np.clip(values, self._lo, self._hi).astype(np.float32)
        changed: dict[str, dict[str, float]] = {}
        for k in np.flatnonzero(wanted != self.values):
            place, value = self.places[k], float(wanted[k])
            changed.setdefault(self._node_at[k], {})[place.name] = value
            self._turned[place.owner, place.name] = self._declared[k], value
        self.values = wanted
        for name, turned in changed.items():
            self.ops[name] = self.ops[name].turned(turned)
            self._tell_of(name)
        self.version += bool(changed)
        return frozenset(changed)

    def at(self, tick: Tick) -> None:
        """Take what moves by itself to another time."""
        if tick == self._tick:
            return
        self._tick = tick
        for name in self._timed:
            self.ops[name] = self.ops[name].at(tick)
            self._tell_of(name)
        self.version += self.moves

    @property
    def moves(self) -> bool:
        """Whether anything moves by itself."""
        return any(self.ops[name].moves() for name in self._timed)

    @property
    def moving(self) -> frozenset[str]:
        """The nodes that move by themselves."""
        return frozenset(name for name in self._timed if self.ops[name].moves())

    def _tell(self) -> None:
        told: list[float] = []
        self.spans = {}
        for name, op in self.ops.items():
            numbers = list(op.numbers().values())
            if numbers:
                self.spans[name] = slice(len(told), len(told) + len(numbers))
                told += numbers
        self.told = np.array(told, np.float32)
        self.version += 1

    def _tell_of(self, name: str) -> None:
        self.told[self.spans[name]] = list(self.ops[name].numbers().values())


def _goes_by_time(op: Op) -> bool:
    """Whether an operator may move: a bend says so once, others by numbers that can be turned."""
    return op.moves() if isinstance(op, Staged) else type(op).at is not Op.at


def owner_of(node: Node) -> Owner:
    """Whose numbers a node has: those of the stage that it is, or of the layer."""
    return node.op.stage.id if isinstance(node.op, Staged) else layer_of(node.name)
