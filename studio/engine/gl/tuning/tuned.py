"""Ways to run convolutions and weights' gradients on a GPU: chosen by measuring, or between frames, or as is usual."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import moderngl

from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.shaders import Source
from studio.engine.gl.frame.dispatch import Dispatch, in_a_row, line_of
from studio.engine.gl.frame.fuse import Group
from studio.engine.gl.frame.passes import Pass
from studio.engine.gl.kernels.weights import LayerWeights
from studio.engine.gl.memory.kept import Past
from studio.engine.gl.memory.rooms import SHARED, Rooms
from studio.engine.gl.memory.told import Told
from studio.engine.gl.tuning.loops import Plan, WinogradLoop, Work, groups
from studio.engine.gl.tuning.plans import gradient_plans, plans, usual, usual_gradient
from studio.engine.gl.tuning.products import GradientWork
from studio.engine.gl.tuning.settings import Settings
from studio.engine.gl.tuning.tune import Job, Tuning
from studio.errors import NextTime, Pending
from studio.model.bends.stage import layer_of
from studio.model.declared.size import Size
from studio.model.networks.layout import Atlas, tile_count
from studio.ops._backward.convolve import WeightGradient

# Seconds, and runs at most, of a convolution that is timed.
_ROW = 0.001
_MOST_RUNS = 60

# Seconds that giving a pass keeps the processor: of two ways that are about as fast, that of fewer passes is taken.
_GIVING = 2e-6


class TunedPasses(ABC):
    """How the passes of one network at one size run.

    Args:
        device: what they run on.
        settings: how they are made.
        atlases: where every map's channels lie.
        textures: every map.
        weights: what every node's passes bind of tensors.
        maps: gives the texture of a map that a node reads, and of an earlier one, by its name and the node's first.
        told: the numbers of every node.
    """

    def __init__(
        self,
        device: Device,
        settings: Settings,
        atlases: Mapping[str, Atlas],
        textures: Mapping[str, moderngl.Texture],
        weights: Mapping[str, LayerWeights],
        maps: Callable[[str, str], moderngl.Texture | Past],
        told: Told,
    ) -> None:
        self._device = device
        self._settings = settings
        self._atlases = atlases
        self._textures = textures
        self._weights = weights
        self._maps = maps
        self._told = told
        self._plans: dict[str, Plan] = {}
        self._usual_plans: dict[str, Plan] = {}
        self._layers: dict[str, list[Pass]] = {}
        self._planned_layers: list[Pass] = []
        self._tried: frozenset[Source] = frozenset()
        self.tuning: Tuning | None = None
        self._rooms = Rooms(device)

    def choose(self, layers: Sequence[Pass], *, later: bool = False) -> None:
        """Choose how these convolutions run, before any of them is made.

        Args:
            layers: the last passes of all nodes.
            later: whether what was not measured yet runs in the usual way at first, and is measured by `tune`.
        """
        planned = self._planned_layers = [
            layer for layer in layers if self._is_convolution(layer) or self._is_product(layer)
        ]
        self._usual_plans = {layer_of(layer.target): self._usual(layer) for layer in planned}
        tuner = self._settings.tuner
        self.tuning = None
        if self._settings.plan is not None:
            given = self._settings.plan
            self._plans = {
                layer_of(layer.target): self._usual(layer) if self._is_product(layer) else given for layer in planned
            }
        elif tuner is None:
            self._plans = dict(self._usual_plans)
        else:
            jobs = {self._key(layer): self._job(layer) for layer in planned}
            chosen = tuner.known(jobs) if later else tuner.choose(jobs)
            self._plans = {
                layer_of(layer.target): chosen.get(self._key(layer)) or self._usual(layer) for layer in planned
            }
            unknown = {key: job for key, job in jobs.items() if key not in chosen}
            self.tuning = Tuning(tuner, unknown) if unknown else None
            self._layers = {key: [layer for layer in planned if self._key(layer) == key] for key in unknown}
        self._make_rooms()

    def tune(self) -> bool:
        """Measure a little; whether some convolution runs in another way from now on, and is to be made anew."""
        if self.tuning is None:
            return False
        programs = self._device.programs
        decided = self.tuning.step()
        is_over = self.tuning.is_over
        if is_over:
            self.tuning = None
        if decided is None:
            self._tried |= self._device.programs - programs
            return is_over and self._make_rooms()
        # What lost is not kept; the winner is compiled anew, with what is fused into it.
        self._device.drop(self._tried)
        self._tried = frozenset()
        key, plan = decided
        changed = False
        for layer in self._layers[key]:
            changed |= self._plans[layer_of(layer.target)] != plan
            self._plans[layer_of(layer.target)] = plan
            self._reserve_parts(layer, plan)
        return (is_over and self._make_rooms()) or changed

    def _make_rooms(self) -> bool:
        """Have no more room than what is chosen needs; whether what was tried, or was before, had another."""
        before, self._rooms = self._rooms, Rooms(self._device)
        for layer in self._planned_layers:
            self._reserve_parts(layer, self._plans[layer_of(layer.target)])
        if self._rooms.needs != before.needs:
            return True
        self._rooms = before
        return False

    @contextmanager
    def as_usual(self) -> Iterator[bool]:
        """While this lasts, make passes in the usual way, whatever is faster; whether any would be another."""
        chosen, self._plans = self._plans, self._usual_plans
        try:
            yield chosen != self._usual_plans
        finally:
            self._plans = chosen

    def _is_half(self, name: str) -> bool:
        return self._textures[name].dtype == "f2"

    def _is_convolution(self, each: Pass) -> bool:
        """Whether it is a convolution by a loop in shared memory, for which there is a plan."""
        weights = self._weights[each.node.name]
        # The channels of a tile all read the same inputs, which those of different groups do not.
        return weights.kernel is not None and not weights.grouped and self._settings.kernels == "shared"

    def _is_product(self, each: Pass) -> bool:
        """Whether it is a weight's gradient, made as a product of matrices."""
        op = each.node.op
        return isinstance(op, WeightGradient) and op.groups == 1 and self._settings.kernels == "shared"

    def _phase_size(self, each: Pass) -> Size:
        sides = zip(each.shape.size, self._weights[each.node.name].taps, strict=True)
        return Size(*(-(-side // len(taps.phases)) for side, taps in sides))

    def _work(self, each: Pass) -> Work | GradientWork:
        op = each.node.op
        if isinstance(op, WeightGradient):
            x, grad = (self._atlases[name].shape for name in each.inputs)
            pairs = tile_count(x.channels) * op.kernel_size[0] * op.kernel_size[1]
            return GradientWork(grad.channels, pairs, grad.height * grad.width)
        weights = self._weights[each.node.name]
        return Work(self._phase_size(each), each.shape.channels, weights.layout[0], weights.taps)

    def _key(self, each: Pass) -> str:
        """What layers have in common that run alike."""
        shapes = " ".join(repr(self._atlases[name].shape) for name in each.inputs)
        return f"{each.node.op!r} {shapes}"

    def _job(self, each: Pass) -> Job:
        work = self._work(each)
        if isinstance(work, GradientWork):
            found = gradient_plans(work)
        else:
            found = plans(work, self._device.shared_memory, halves=self._settings.halves)
        return Job(found, partial(self._seconds, each), partial(self._is_ready, each))

    def _usual(self, each: Pass) -> Plan:
        work = self._work(each)
        return usual_gradient(work) if isinstance(work, GradientWork) else usual(work)

    @abstractmethod
    def _planned(self, group: Group, each: Pass, plan: Plan, *, alone: bool = False) -> list[Dispatch]:
        """The passes of a layer that runs so; alone where nothing else runs at the same time."""

    def _is_ready(self, each: Pass, plan: Plan) -> bool:
        """Whether what runs it so is compiled; it will be. `NextTime` where that is for the next start."""
        try:
            with self._device.being("asks"):
                self._planned(Group(each.node), each, plan, alone=True)
        except NextTime:
            raise
        except Pending:
            return False
        return True

    def _seconds(self, each: Pass, plan: Plan) -> float:
        """Time of a convolution alone, in a row long enough to be told from others."""
        context = self._device.context
        passes = in_a_row(self._planned(Group(each.node), each, plan, alone=True))

        def run(times: int) -> float:
            query = context.query(time=True)
            with query:
                for _ in range(times):
                    for dispatch in passes:
                        dispatch.run(self._device)
            self._device.finish()
            return query.elapsed / 1e9 / times

        return run(max(1, min(_MOST_RUNS, int(_ROW / run(1))))) + _GIVING * (len(passes) - 1)

    def _reserve_parts(self, each: Pass, plan: Plan, *, alone: bool = False) -> str:
        """Make room for the parts of this layer's sums, and counts of zero, or for what is made of points; its name."""
        name = each.target if self._is_product(each) and not alone else SHARED
        if isinstance(plan.loop, WinogradLoop):
            work = self._work(each)
            assert isinstance(work, Work)
            self._rooms.reserve(name, plan.loop.texels(work), 0)
        if plan.parts == 1:
            return name
        channels, height, width = each.shape
        # Where a pass of its own adds them up, the first lies in the map, unless that would round it.
        kept = plan.parts - (plan.apart and not self._is_half(each.target))
        along_m, along_n, deep = groups(self._work(each), plan)
        columns, rows = line_of(along_m * along_n)
        self._rooms.reserve(name, kept * tile_count(channels) * height * width, columns * rows * deep // plan.parts)
        return name
