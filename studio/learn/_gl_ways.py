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
from studio.learn.backend import MOMENTUM, Pull
from studio.learn.objective import Statistic, running
from studio.learn.optimisers import Optimiser
from studio.model.networks.op import Array

_MOST_PACKED = 2


@dataclass
class Course:
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
        before: how often each tensor had moved before these steps.
        taken: how often all of them that have a gradient have since.
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
    before: dict[str, int]
    taken: int = 0
    slots: dict[str, list[DeviceTensor]] = field(default_factory=dict)
    painted: dict[tuple[str, str], tuple[Array, DeviceTensor]] = field(default_factory=dict)
    totals: dict[str, DeviceTensor] = field(default_factory=dict)

    def moved(self, name: str) -> int:
        """How often a tensor was moved."""
        return self.before[name] + (self.taken if name in self.gradients else 0)

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
            return (self.store.arrays[f"{self.statistics[name].norm}.running_mean"].shape[0], 1, 1, 2)
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

    def unbiased(self, name: str) -> float:
        """By what the variance of a norm's map is larger than the mean square of its deviations."""
        count = self.statistics[name].count
        return count / (count - 1) if count > 1 else 1.0


Rates = Mapping[str, Array]
Pulls = Mapping[str, Pull]


class Way(ABC):
    """Takes the steps of a course.

    Args:
        course: what learns.
    """

    def __init__(self, course: Course) -> None:
        self._course = course

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

    def __init__(self, course: Course) -> None:
        super().__init__(course)
        optimiser = course.optimiser
        self._steps = Steps(course.device, optimiser.shader, len(optimiser.slots), [*optimiser.numbers(1)], course.said)
        self._single: bool | None = None
        self._arranged: tuple[object, ...] | None = None
        self._groups: list[tuple[int, list[str]]] = []
        self._rest: list[tuple[LayerWeights, str]] = []
        self._version = -1
        self._names = [*course.gradients]
        self._all = (*self._names, *running(course.statistics))
        self._rounds = rounds(course.statistics)

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
        course, names = self._course, self._names
        beside = [name for name in {**rates, **pulls} if name in course.before]
        painted = tuple((name, rates.get(name), pulls.get(name)) for name in beside)
        if self._is_other(painted):
            self._arrange(rates, pulls)
            self._arranged = painted
        # What was painted or brought back since the last step is uploaded here.
        if self._version != course.store.version:
            for name in self._all:
                course.tensors.of(name)
            self._version = course.store.version
        told = []
        for first, _ in self._groups:
            count = first + course.moved(names[0])
            told.append({**course.optimiser.numbers(count), "rate": rate, "first": float(count == 1)})
        self._steps.take(clip, [*told, *([{"follow": MOMENTUM}] * len(self._rounds))])
        course.tensors.moved(self._all, but=course.engine)
        for packed, key in self._rest:
            packed.repack(course.tensors, key)

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
        course, single = self._course, bool(self._single)
        names = [*course.gradients]
        base = course.moved(names[0])
        by_count: dict[int, list[str]] = {}
        for name in names:
            by_count.setdefault(course.moved(name) - base, []).append(name)
        self._groups = [*by_count.items()]
        self._rest = []
        groups = [
            Group([self._entry(name, rates.get(name), pulls.get(name)) for name in group]) for _, group in self._groups
        ]
        for layers in self._rounds:
            groups.append(Group([each for layer in layers for each in self._following(layer)], statistics=True))
        added = []
        if not single:
            added = [
                Entry(course.shape_of(name), course.engine.texture_of(course.layer_of(name))[0], course.total_of(name))
                for name in (*names, *course.statistics)
            ]
        texture, atlas = course.engine.texture_of(TOLD)
        self._steps.arrange(groups, added, course.engine.kernels, (texture, atlas.columns))
        self._arranged = ()

    def _source(self, name: str) -> Texture:
        course = self._course
        if self._single:
            return course.engine.texture_of(course.layer_of(name))[0]
        return course.total_of(name).texture

    def _entry(self, name: str, rates: Array | None, pull: Pull | None) -> Entry:
        course = self._course
        places: list[Packed] = []
        for held, key in course.engine.packings(name):
            found = held.packed(key)
            shared = course.engine.kernels is not None or key != "weight"
            if found is None or not shared or len(places) + len(found) > _MOST_PACKED:
                self._rest.append((held, key))
            else:
                places += found
        return Entry(
            course.store.arrays[name].shape,
            self._source(name),
            course.tensors.of(name),
            tuple(course.slots_of(name)),
            course.sheet_of("rate", name, rates),
            course.pull_of(name, pull),
            tuple(places),
        )

    def _following(self, layer: str) -> list[Entry]:
        """How the running mean and variance of a norm follow its moments."""
        course = self._course
        found: list[Entry] = []
        channels = course.shape_of(layer)[0]
        columns = course.engine.texture_of(course.layer_of(layer))[1].columns
        for column, (key, by) in enumerate((("running_mean", 1.0), ("running_var", course.unbiased(layer)))):
            bits = int(np.float32(by).view(np.uint32))
            tensor = course.tensors.of(f"{course.statistics[layer].norm}.{key}")
            found.append(Entry((channels,), self._source(layer), tensor, more=(columns, column, bits)))
        return found


def rounds(statistics: Mapping[str, Statistic]) -> list[list[str]]:
    """Norms whose statistics are followed at once; one that is used again follows in a round behind the one before."""
    found: list[list[str]] = []
    uses: Counter[str] = Counter()
    for layer, each in statistics.items():
        if uses[each.norm] == len(found):
            found.append([])
        found[uses[each.norm]].append(layer)
        uses[each.norm] += 1
    return found
