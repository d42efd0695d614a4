"""The GL engine of compute shaders, for GL 4.3 and later."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property, partial

import numpy as np

from studio.engine.gl.driver.device import Device, Patience
from studio.engine.gl.engines.bank import Crop, CutPass, PictureBank
from studio.engine.gl.engines.compute import ComputePasses
from studio.engine.gl.engines.pixels import PixelFeed
from studio.engine.gl.engines.stats import ComputeStats, FragmentStats
from studio.engine.gl.engines.unread import SparingEngine
from studio.engine.gl.frame.dispatch import Dispatch, Recorded, in_a_row
from studio.engine.gl.frame.fuse import Group, grouped
from studio.engine.gl.frame.passes import Step
from studio.engine.gl.frame.rows import Made, in_rounds
from studio.engine.gl.memory.mapped import Feed
from studio.engine.gl.tuning.settings import Settings
from studio.engine.ring import kept_of
from studio.engine.store import TensorStore
from studio.errors import EngineError, NextTime, Pending, StudioError
from studio.model.bends.lowering import Running
from studio.model.bends.stage import layer_of
from studio.model.bends.staged import Staged
from studio.model.declared.size import Size
from studio.model.declared.tick import START, Tick
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.picture import DeepPicture
from studio.model.networks.shape import Array

Make = Callable[[Group], list[Dispatch]]
"""Makes the passes of a layer, with what is fused into it."""


class GLEngine(SparingEngine):
    """Compute shaders, for GL 4.3 and later.

    Args:
        network: what it runs.
        device: None opens one of its own.
        settings: how passes are made; None takes what suits the device.
        store: where the weights are that it shares with other engines; None copies the network's.
    """

    name = "gl"

    def __init__(
        self,
        network: Network,
        device: Device | None = None,
        settings: Settings | None = None,
        store: TensorStore | None = None,
    ) -> None:
        self._asked = settings
        self._planes: dict[str, Feed] = {}
        self._pixels: dict[str, PixelFeed] = {}
        # Whether faster passes than those that run are still to be compiled, and whether some are for the next start.
        self._awaits = self._is_late = False
        self._banks: dict[int, PictureBank] = {}
        self._cut: CutPass | None = None
        super().__init__(network, device, store)
        if not self._device.has_compute:
            self.close()
            raise StudioError(
                f"This driver offers OpenGL {self._device.version}, but the engine {self.name} needs 4.3; "
                "use gl-fragment or torch."
            )

    def close(self) -> None:
        """See `Engine.close`."""
        if not self.is_closed:
            self._device.use()
            self._drop_planes()
            self._banks.clear()
            self._drop_cut()
        super().close()

    @cached_property
    def _settings(self) -> Settings:
        return self._asked or self._usual_settings()

    def _usual_settings(self) -> Settings:
        return Settings.for_device(self._device)

    @property
    def _sums_at_once(self) -> bool:
        # A software rasteriser gains nothing by shared memory.
        return self._settings.kernels == "shared"

    @property
    def _units(self) -> int | None:
        # Earlier maps are found at units even so, and what else their pass reads with them.
        by_handle = self._settings.handles and not any(map(kept_of, self._running.nodes))
        return None if by_handle else super()._units

    def _is_half(self, name: str) -> bool:
        # What a layer looks at before it begins stays in full: it may be sums of squares. It has a name with a tilde,
        # see `studio.engine.gl.frame.passes`.
        return self._settings.half and "~" not in name

    def _make_stats(self) -> ComputeStats | FragmentStats:
        return ComputeStats(self._device) if self._device.has_compute else FragmentStats(self._device)

    def _kernel_limit(self) -> int | None:
        # Software rasterisers fetch texels faster than they check the bounds of a buffer.
        return None if self._settings.kernels == "shared" else self._device.max_texture

    def _adopt(self, before: Running, *, anew: bool) -> None:
        super()._adopt(before, anew=anew)
        if anew:
            self._drop_cut()
            self._passes = ComputePasses(
                self._device, self._settings, self._atlases, self._textures, self._bound, self._map, self._told
            )
            self._feeds: dict[str, list[Dispatch]] = {}
        self._is_late = False
        self._passes.choose([passes[-1] for passes in self._passes_of.values()], later=self.tunes_later)

    def tune(self) -> tuple[int, int] | None:
        """See `Engine.tune`."""
        if not self._shapes or (self._passes.tuning is None and not self._awaits):
            return None
        self._begin()
        if self._awaits and not self._are_there():
            return None
        tuning = self._passes.tuning
        if tuning is None:
            return None
        if self._passes.tune():
            self._is_late = False
            self._steps.clear()
        self._context.gc()
        return None if tuning.is_over else (tuning.done, tuning.total)

    def unhurried(self) -> AbstractContextManager[None]:
        """See `Engine.unhurried`."""
        return self._device.being("asks")

    def _make_room(self, names: Collection[str], *, anew: bool) -> None:
        super()._make_room(names, anew=anew)
        if anew:
            self._drop_planes()

    def _drop_planes(self) -> None:
        for planes in self._planes.values():
            planes.drop_fences()
        for pixels in self._pixels.values():
            pixels.drop_fences()
        self._planes.clear()
        self._pixels.clear()

    def _planes_of(self, name: str) -> Feed:
        """The buffers for an input's floats, made when they are first asked for: pictures need none."""
        if name not in self._planes:
            channels, height, width = self._shapes[name]
            feed = Feed(self._device, channels * height * width * 4)
            # Either both or none: a driver may refuse the program.
            self._feeds[name] = [self._passes.feed(name, planes.buffer) for planes in feed.buffers]
            self._planes[name] = feed
        return self._planes[name]

    def input_memory(self, name: str, size: Size) -> Array | None:
        """See `Engine.input_memory`."""
        if self._sizes.get(name) != size:
            return None
        self._begin()
        memory = self._planes_of(name).next.memory
        return None if memory is None else memory.reshape(self._shapes[name])

    def _feed(self, name: str, picture: Array) -> None:
        number, planes = self._planes_of(name).take()
        planes.fill(picture)
        self._feeds[name][number].run(self._device)
        self._planes_of(name).leave_fence()

    def _feed_picture(self, wanted: Input, picture: DeepPicture) -> None:
        # In software the processor does it either way.
        if self._settings.kernels != "shared" or not self._device.can_map:
            super()._feed_picture(wanted, picture)
            return
        name = wanted.name
        feed = self._pixels.get(name)
        if feed is None or not feed.fits(picture):
            make = partial(self._passes.pixels, name, deep=picture.dtype == np.uint16)
            feed = self._pixels[name] = PixelFeed(self._device, wanted, picture, make)
        if not feed.run(picture):
            super()._feed_picture(wanted, picture)

    def run_cut(self, crops: Mapping[str, Crop], sizes: Mapping[str, Size], tick: Tick = START) -> bool:
        """As `run`, on crops of pictures that are kept on the device.

        Args:
            crops: of each of the network's inputs.
            sizes: of each input.
            tick: as for `run`.

        Returns:
            False where one cannot be made there: nothing has been run.
        """
        self._begin()
        if dict(sizes) != self._sizes or self._cut is None or not self._cut.is_of(crops):
            if any(fed.kind != "picture" or fed.name not in crops for fed in self.graph.inputs):
                return False
            if dict(sizes) != self._sizes:
                self._take_sizes(dict(sizes))
            self._cut = self._cut_pass(crops)
        if not self._cut.run(crops):
            return False
        self._run_fed(tick)
        return True

    def _cut_pass(self, crops: Mapping[str, Crop]) -> CutPass:
        held = [crops[fed.name].pictures for fed in self.graph.inputs]
        # Pictures that no crop is of any more, as of a lesson before it was turned, are let go.
        self._drop_cut()
        known, self._banks = self._banks, {}
        for pictures in held:
            self._banks.setdefault(id(pictures), known.get(id(pictures)) or PictureBank(self._device))
        banks = {fed.name: self._banks[id(each)] for fed, each in zip(self.graph.inputs, held, strict=True)}
        return CutPass(self._device, self.graph.inputs, crops, banks, self._passes.cut)

    def _drop_cut(self) -> None:
        if self._cut is not None:
            self._cut.close()
        self._cut = None

    def _are_there(self) -> bool:
        """Whether the passes that are faster than the usual ones are compiled, and run from now on.

        Those of some layers may be compiled for the next start alone; the others run from now on.
        """
        with self._device.being("asks"):
            try:
                self._steps_of(self._running.nodes, frozenset())
                late = False
            except NextTime:
                if self._ask_for(self._groups_of(self._running.nodes, frozenset()), self._fastest):
                    return False
                late = True
            except Pending:
                return False
            except EngineError:  # what a driver refuses is not the fastest
                self._awaits = False
                return True
        self._awaits, self._is_late = False, late
        self._steps.clear()
        return True

    def _make_steps(self, nodes: Sequence[Node], whole: Collection[str]) -> list[Step]:
        """The fastest passes; where somebody waits for the picture others, until those are compiled.

        Those are layers as they were before they bent, with stages by themselves, and at last each layer as fast as it
        is compiled, or in its usual way.
        """
        with self._passes.as_usual() as differs:
            pass
        bends = any(isinstance(node.op, Staged) and node.op.is_pointwise for node in nodes) and self._sums_at_once
        if not self.tunes_later or self._device.compiler is None:
            if bends and not self.tunes_later:
                # A driver that refuses a layer's shader with a stage in it may take both by themselves.
                with contextlib.suppress(EngineError):
                    return self._steps_of(nodes, whole)
            return self._steps_of(nodes, whole, bends=False)
        for apart in (False, True)[: 1 + bends] if differs or bends else ():
            with contextlib.suppress(Pending), self._device.being("looks"):
                return self._steps_of(nodes, whole, bends=not apart)
            self._awaits = not self._is_late
        is_all = nodes is self._running.nodes
        with nullcontext() if is_all else self._device.being("asks"):
            try:
                return self._steps_of(nodes, whole, bends=False, make=self._as_is_there)
            except Pending:
                self._ask_for(self._groups_of(nodes, whole, bends=False), self._as_is_there)
                raise

    def _fastest(self, group: Group) -> list[Dispatch]:
        return self._passes.group(group, self._passes_of[group.head.name])

    def _as_is_there(self, group: Group) -> list[Dispatch]:
        """A layer's fastest passes if they are compiled, else its usual ones: one that bends slows no other down."""
        with contextlib.suppress(Pending), self._device.being("looks"):
            return self._fastest(group)
        with self._passes.as_usual():
            return self._fastest(group)

    def _groups_of(self, nodes: Sequence[Node], whole: Collection[str], *, bends: bool = True) -> list[Group]:
        pictures = {i.name for i in self.graph.inputs}
        whole = {*whole, *(node.name for node in nodes if pictures.intersection(node.inputs))}
        shapes, most = self._running.shapes, self._settings.most_outputs
        # In software a pass costs little, and a layer's shader is not compiled anew for every stage.
        bends = bends and self._settings.kernels == "shared"
        return grouped(nodes, shapes, most, whole, sums_at_once=self._sums_at_once, bends=bends)

    def _ask_for(self, groups: Sequence[Group], make: Make, patience: Patience = "asks") -> bool:
        """Have all shaders compiled side by side, before the first is waited for; whether some will run here soon."""
        awaits = False
        with self._device.being(patience):
            for group in groups:
                # What is refused is said by whoever waits for it.
                try:
                    make(group)
                except (Pending, EngineError) as error:
                    awaits |= isinstance(error, Pending) and not isinstance(error, NextTime)
        return awaits

    def _steps_of(
        self, nodes: Sequence[Node], whole: Collection[str], *, bends: bool = True, make: Make | None = None
    ) -> list[Step]:
        make, groups = make or self._fastest, self._groups_of(nodes, whole, bends=bends)
        # In software a map that is not written gains nothing.
        if self._settings.kernels == "shared":
            unread = self._unread(groups)
            for group in groups:
                group.unread = frozenset(unread.intersection(group.names))
        if self._device.waits_elsewhere:
            self._ask_for(groups, make, "begins")
        made = []
        for group in groups:
            self._device.layer = layer_of(group.head.name)
            made.append(make(group))
        self._device.layer = ""
        parts: list[Made] = [(((group, 1.0),), passes) for group, passes in zip(groups, made, strict=True)]
        turns: list[int] = []
        if self._settings.kernels == "shared":
            parts, turns = in_rounds(list(zip(groups, made, strict=True)), self._running.shapes, self._device)
        ready = iter(in_a_row([dispatch for _, passes in parts for dispatch in passes], turns))
        steps: list[Step] = []
        begun: set[str] = set()
        for together, passes in parts:
            run = Recorded([next(ready) for _ in passes], self._device)
            new = [group for group, _ in together if group.head.name not in begun]
            covers = [name for group in new for name in group.names]
            steps.append(Step({group.head.name: share for group, share in together}, tuple(covers), run))
            begun |= {group.head.name for group in new}
        return steps

    def _settle(self) -> None:
        super()._settle()
        self._context.memory_barrier()
