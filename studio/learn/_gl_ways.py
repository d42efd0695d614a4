"""How steps are taken in GLSL; here by compute shaders, which nobody waits for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.atlases import AtlasEngine
from studio.engine.gl.engines.steps import Group, Said, Steps
from studio.engine.gl.kernels.table import Entry, Packed
from studio.engine.gl.kernels.weights import LayerWeights
from studio.engine.gl.memory.tensors import DeviceTensor, DeviceTensors, Texture
from studio.engine.store import TensorStore
from studio.learn._gl_graph import TOLD
from studio.learn.backend import Pull
from studio.learn.objective import Statistic, running
from studio.learn.optimisers import Optimiser
from studio.model.networks.shape import Array

_MOST_PACKED = 2


@dataclass
class Training:
    """What learns on an engine, and what is remembered of it.

    Attributes:
        engine: runs the network with its gradients.
        device: what it runs on.
        store: the weights.
        tensors: the weights on the device.
        gradients: by tensor, the layer that holds its gradient.
        statistics: by the name of a norm, the layer of its moments.
        said: how many numbers the layer ``told~`` holds.
        optimiser: how weights move.
        moved_before: how often each tensor had moved before these steps.
        moved_since: how often all of them that have a gradient have since.
        slots: what the optimiser remembers of each.
        painted: rates and pulls on the device, with the array that each was brought over from.
        totals: sums of gradients and moments over the crops of a step.
    """

    engine: AtlasEngine
    device: Device
    store: TensorStore
    tensors: DeviceTensors
    gradients: Mapping[str, str]
    statistics: Mapping[str, Statistic]
    said: int
    optimiser: Optimiser
    moved_before: dict[str, int]
    moved_since: int = 0
    slots: dict[str, list[DeviceTensor]] = field(default_factory=dict)
    painted: dict[tuple[str, str], tuple[Array, DeviceTensor]] = field(default_factory=dict)
    totals: dict[str, DeviceTensor] = field(default_factory=dict)

    def moved(self, name: str) -> int:
        """How often a tensor was moved."""
        return self.moved_before[name] + (self.moved_since if name in self.gradients else 0)

    def empty(self, shape: tuple[int, ...]) -> DeviceTensor:
        """Zeros on the device."""
        made = DeviceTensor(self.device, shape)
        made.write(np.zeros(shape, np.float32))
        return made

    def slots_of(self, name: str) -> list[DeviceTensor]:
        """What is remembered of a tensor; zeros at first."""
        if name not in self.slots:
            shape = self.store.arrays[name].shape
            self.slots[name] = [self.empty(shape) for _ in self.optimiser.slots]
        return self.slots[name]

    def total_of(self, name: str) -> DeviceTensor:
        """Where gradients of a tensor, or moments of a layer, are added up."""
        if name not in self.totals:
            self.totals[name] = self.empty(self.shape_of(name))
        return self.totals[name]

    def shape_of(self, name: str) -> tuple[int, ...]:
        """Of a tensor; of the moments of a norm as a tensor."""
        if name in self.statistics:
            return (self.store.arrays[self.statistics[name].running[0]].shape[0], 1, 1, 2)
        return self.store.arrays[name].shape

    def layer_of(self, name: str) -> str:
        """The layer that holds a tensor's gradient or a norm's moments."""
        return self.statistics[name].moments if name in self.statistics else self.gradients[name]

    def sheet_of(self, use: str, name: str, asked: Array | None) -> DeviceTensor | None:
        """What was painted beside a tensor, on the device; brought over when it is another."""
        if asked is None:
            return None
        known = self.painted.get((use, name))
        if known is None or known[0] is not asked:
            held = DeviceTensor(self.device, asked.shape)
            held.write(asked)
            self.painted[use, name] = known = asked, held
        return known[1]

    def pull_of(self, name: str, pull: Pull | None) -> tuple[DeviceTensor, DeviceTensor] | None:
        """Strength and target of a pull on the device."""
        if pull is None:
            return None
        strength, target = self.sheet_of("strength", name, pull.strength), self.sheet_of("target", name, pull.target)
        assert strength is not None
        assert target is not None
        return strength, target


Rates = Mapping[str, Array]
Pulls = Mapping[str, Pull]


class Way(ABC):
    """Takes the steps.

    Args:
        training: what learns.
    """

    def __init__(self, training: Training) -> None:
        self._training = training

    @abstractmethod
    def crop(self, share: float, *, anew: bool, single: bool) -> None:
        """Take what has been run: such a part of the step, its first, or all of it."""

    @abstractmethod
    def take(self, rate: float, clip: float, rates: Rates, pulls: Pulls) -> None:
        """Take the step."""

    @abstractmethod
    def outcomes(self, *, wait: bool) -> list[Said]:
        """What the steps that are done came to."""

    @property
    def is_full(self) -> bool:
        """Whether an outcome must be waited for before the next step."""
        return False

    def forgive(self) -> None:  # noqa: B027 - only who looks ahead has something to do
        """Take steps again after one that was not."""

    def rearrange(self) -> None:  # noqa: B027
        """Called when what is remembered of the weights is another."""

    def close(self) -> None:  # noqa: B027
        """Free what it holds."""


class ComputeWay(Way):
    """For GL 4.3: all on the device, several steps ahead of who reads what they came to."""

    def __init__(self, training: Training) -> None:
        super().__init__(training)
        optimiser = training.optimiser
        self._steps = Steps(
            training.device, optimiser.shader, len(optimiser.slots), [*optimiser.numbers(1)], training.said
        )
        self._single: bool | None = None
        self._arranged: tuple[object, ...] | None = None
        self._groups: list[tuple[int, list[str]]] = []
        self._rest: list[tuple[LayerWeights, str]] = []
        self._version = -1
        self._names = [*training.gradients]
        self._all = (*self._names, *running(training.statistics))
        self._rounds = rounds(training.statistics)

    @property
    def is_full(self) -> bool:
        """See `Way.is_full`."""
        return self._steps.is_full

    def close(self) -> None:
        """See `Way.close`."""
        self._steps.close()

    def rearrange(self) -> None:
        """See `Way.rearrange`."""
        self._arranged = None

    def forgive(self) -> None:
        """See `Way.forgive`."""
        self._steps.forgive()

    def outcomes(self, *, wait: bool) -> list[Said]:
        """See `Way.outcomes`."""
        return self._steps.outcomes(wait=wait)

    def crop(self, share: float, *, anew: bool, single: bool) -> None:
        """See `Way.crop`."""
        if self._single is not single or self._arranged is None:
            self._single = single
            self._arrange({}, {})
        self._steps.crop(share, anew=anew)

    def take(self, rate: float, clip: float, rates: Rates, pulls: Pulls) -> None:
        """See `Way.take`."""
        training, names = self._training, self._names
        beside = [name for name in {**rates, **pulls} if name in training.moved_before]
        painted = tuple((name, rates.get(name), pulls.get(name)) for name in beside)
        if self._is_other(painted):
            self._arrange(rates, pulls)
            self._arranged = painted
        # What was painted or brought back since the last step is uploaded here.
        if self._version != training.store.version:
            for name in self._all:
                training.tensors.of(name)
            self._version = training.store.version
            if self._steps.rests:
                # It may be what mends statistics that overflowed behind the last step.
                self.forgive()
        told = []
        for first, _ in self._groups:
            count = first + training.moved(names[0])
            told.append({**training.optimiser.numbers(count), "rate": rate, "first": float(count == 1)})
        self._steps.take(clip, [*told, *({"follow": momentum} for momentum, _ in self._rounds)])
        training.tensors.moved(self._all, but=training.engine)
        for packed, key in self._rest:
            packed.repack(training.tensors, key)

    def _is_other(self, painted: tuple[tuple[str, Array | None, Pull | None], ...]) -> bool:
        before = self._arranged
        if before is None or len(before) != len(painted):
            return True
        return any(
            a is not b
            for old, new in zip(before, painted, strict=True)
            for a, b in zip(old, new, strict=True)  # type: ignore[call-overload]
        )

    def _arrange(self, rates: Rates, pulls: Pulls) -> None:
        training, single = self._training, bool(self._single)
        names = [*training.gradients]
        base = training.moved(names[0])
        by_count: dict[int, list[str]] = {}
        for name in names:
            by_count.setdefault(training.moved(name) - base, []).append(name)
        self._groups = [*by_count.items()]
        self._rest = []
        groups = [
            Group([self._entry(name, rates.get(name), pulls.get(name)) for name in group]) for _, group in self._groups
        ]
        for _, layers in self._rounds:
            groups.append(Group([each for layer in layers for each in self._following(layer)], statistics=True))
        added = []
        if not single:
            added = [
                Entry(
                    training.shape_of(name),
                    training.engine.texture_of(training.layer_of(name))[0],
                    training.total_of(name),
                )
                for name in (*names, *training.statistics)
            ]
        texture, atlas = training.engine.texture_of(TOLD)
        self._steps.arrange(groups, added, training.engine.kernels, (texture, atlas.columns))
        self._arranged = ()

    def _source(self, name: str) -> Texture:
        training = self._training
        if self._single:
            return training.engine.texture_of(training.layer_of(name))[0]
        return training.total_of(name).texture

    def _entry(self, name: str, rates: Array | None, pull: Pull | None) -> Entry:
        training = self._training
        places: list[Packed] = []
        for held, key in training.engine.packings(name):
            found = held.packed(key)
            shared = training.engine.kernels is not None or key != "weight"
            if found is None or not shared or len(places) + len(found) > _MOST_PACKED:
                self._rest.append((held, key))
            else:
                places += found
        return Entry(
            training.store.arrays[name].shape,
            self._source(name),
            training.tensors.of(name),
            tuple(training.slots_of(name)),
            training.sheet_of("rate", name, rates),
            training.pull_of(name, pull),
            tuple(places),
        )

    def _following(self, layer: str) -> list[Entry]:
        """How the running mean and variance of a norm follow its moments."""
        training = self._training
        found: list[Entry] = []
        channels = training.shape_of(layer)[0]
        columns = training.engine.texture_of(training.layer_of(layer))[1].columns
        statistic = training.statistics[layer]
        for column, (name, by) in enumerate(zip(statistic.running, (1.0, statistic.unbiased), strict=True)):
            bits = int(np.float32(by).view(np.uint32))
            found.append(
                Entry((channels,), self._source(layer), training.tensors.of(name), more=(columns, column, bits))
            )
        return found


def rounds(statistics: Mapping[str, Statistic]) -> list[tuple[float, list[str]]]:
    """Norms whose statistics are followed at once, and how far; one that is used again follows in a later round."""
    found: dict[tuple[int, float], list[str]] = {}
    uses: Counter[str] = Counter()
    for layer, each in statistics.items():
        found.setdefault((uses[each.norm], each.momentum), []).append(layer)
        uses[each.norm] += 1
    return [(momentum, found[use, momentum]) for use, momentum in sorted(found)]
