"""Layers as compute passes: one for a layer and what is fused into it, two where parts of sums are added up apart."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import moderngl

from studio.engine.gl.driver.shaders import Extra, Source
from studio.engine.gl.driver.text import Constants
from studio.engine.gl.frame.dispatch import ALL_WRITES, Dispatch, bytes_of, line_of
from studio.engine.gl.frame.fuse import MOST_OUTPUTS, Follower, Group
from studio.engine.gl.frame.passes import Pass
from studio.engine.gl.frame.writes import Writes
from studio.engine.gl.kernels.blocks import block_for
from studio.engine.gl.memory.kept import Past
from studio.engine.gl.memory.rooms import Room
from studio.engine.gl.memory.told import Region
from studio.engine.gl.tuning.loops import MatrixLoop, NarrowLoop, Plan, WindowLoop, WinogradLoop, groups
from studio.engine.gl.tuning.products import GradientWork, Product
from studio.engine.gl.tuning.tuned import TunedPasses
from studio.errors import EngineError, Pending
from studio.model.bends.stage import layer_of
from studio.model.networks.layout import tile_count

# Blocks that a software rasteriser works on at once, in the lanes of its vectors; that a workgroup of a GPU does; and
# that keep a GPU busy.
_LANES = 8
_THREADS = 64
_BUSY = 1 << 14

# Invocations of a GPU that share a block of a weight's gradient.
_PARTS = 16

# Invocations of a workgroup that GL 4.3 promises.
_MOST_LANES = 1024

Ivec4 = tuple[int, int, int, int]


class ComputePasses(TunedPasses):
    """Makes the passes of one network at one size; see `TunedPasses`."""

    def feed(self, name: str, planes: moderngl.Buffer) -> Dispatch:
        """The pass that makes an input's map from its planes."""
        sizes = [self.shader_shape(name), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)]
        source = Source("compute", ("lib/planes.glsl", "lib/compute.glsl"), inputs=1, half=self._is_half(name))
        made = self._ready(source, self._texel_groups(name), sizes, (None, None), (self._textures[name],))
        return replace(made, buffers=(planes,), barrier=ALL_WRITES)

    def pixels(self, name: str, pixels: moderngl.Buffer, numbers: moderngl.Buffer, *, deep: bool) -> Dispatch:
        """The pass that makes an input's map of a picture of 8 bits a value, or 16 where it is deep."""
        sizes = [self.shader_shape(name), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)]
        files, constants = ("lib/pixels.glsl", "lib/compute.glsl"), (("DEEP", int(deep)),)
        source = Source("compute", files, constants, inputs=1, half=self._is_half(name))
        made = self._ready(source, self._texel_groups(name), sizes, (None, None), (self._textures[name],))
        return replace(made, buffers=(pixels,), blocks=((1, numbers),), barrier=ALL_WRITES)

    def cut(self, name: str, pixels: moderngl.Buffer, told: Region) -> Dispatch:
        """The pass that makes an input's map of a crop; see `studio.engine.gl.engines.bank`."""
        sizes = [self.shader_shape(name), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)]
        source = Source("compute", ("learn/cut.glsl", "lib/compute.glsl"), inputs=1, half=self._is_half(name))
        made = self._ready(source, self._texel_groups(name), sizes, (None, None), (self._textures[name],))
        return replace(made, buffers=(pixels,), numbers=(told,))

    def group(self, group: Group, passes: Sequence[Pass]) -> list[Dispatch]:
        """The passes of a layer, the last of which also makes what is fused into it."""
        made = [self._texel(Group(each.node), each) for each in passes[:-1]]
        last = passes[-1]
        if self._is_convolution(last) or self._is_product(last):
            return made + self._planned(group, last, self._plans[layer_of(last.target)])
        if self._weights[last.node.name].kernel is None:
            return [*made, self._texel(group, last)]
        return [*made, self._blocked(group, last)]

    def shader_shape(self, name: str) -> Ivec4:
        """A map's shape as shaders are told it: channels, height, width, columns of tiles."""
        atlas = self._atlases[name]
        return (*atlas.shape, atlas.columns)

    # -- the three kinds of pass ------------------------------------------------------------------------------------

    def _texel(self, group: Group, each: Pass) -> Dispatch:
        blocks, in_software = each.blocks, self._settings.kernels == "blocks"
        if blocks is None or (blocks.in_software and not in_software):
            files = (*each.files, "lib/compute.glsl")
            return self._dispatch(group, each, files, each.structure, self._texel_groups(each.target))
        files = (*each.files, blocks.shader)
        if blocks.whole:
            constants = (*each.structure, *blocks.constants, ("LANES", _lanes_for(blocks.whole)))
            return self._dispatch(group, each, files, constants, (*line_of(blocks.line), blocks.deep))
        # On a GPU invocations share a block, of which there are few; a software rasteriser is busy with one each.
        lanes, parts = (_LANES, 1) if in_software else (_THREADS, _PARTS)
        constants = (*each.structure, *blocks.constants, ("LANES", lanes), ("PARTS", parts))
        count = (*line_of(-(-blocks.line * parts // lanes)), blocks.deep)
        return self._dispatch(group, each, files, constants, count, as_images=in_software)

    def _blocked(self, group: Group, each: Pass) -> Dispatch:
        weights = self._weights[each.node.name]
        # Grouped convolutions are made in blocks on GPUs as well.
        in_software = isinstance(weights.kernel, moderngl.Texture)
        lanes = _LANES if in_software else _THREADS
        block = block_for(each.shape, weights, _LANES if in_software else _BUSY)
        blocks = block.across(each.shape.width, len(weights.taps[1].phases)) * each.shape.height
        count = (*line_of(-(-blocks // lanes)), block.groups(each.shape.channels))
        constants = (*each.structure, *weights.constants, *block.constants, ("LANES", lanes))
        if in_software:
            # The unit behind those of the maps that are written, and of the one that is read.
            constants += (("KERNEL_FOLDS", weights.folds), ("KERNEL_UNIT", 2 + len(group.followers)))
        return self._dispatch(group, each, (*each.files, "lib/convolve_block.glsl"), constants, count)

    def _planned(self, group: Group, each: Pass, plan: Plan, *, alone: bool = False) -> list[Dispatch]:
        name = self._reserve_parts(each, plan, alone=alone)
        try:
            room = self._rooms.room(name) if plan.parts > 1 or isinstance(plan.loop, WinogradLoop) else Room()
        except EngineError:
            usual = self._usual(each)
            if alone or plan == usual:
                raise
            return self._planned(group, each, usual)
        if isinstance(plan.loop, WinogradLoop):
            return self._by_points(group, each, plan, plan.loop, room)
        try:
            made, grid = (
                self._product(group, each, plan, room)
                if self._is_product(each)
                else self._convolution(group, each, plan)
            )
        except Pending:
            # What adds its parts up is compiled beside it.
            if plan.parts > 1 and plan.apart:
                with contextlib.suppress(Pending, EngineError):
                    self._added(group, each, (0, 0, 0, 0))
            raise
        if plan.parts == 1:
            return [made]
        if not plan.apart:
            return [replace(made, buffers=(*made.buffers, room.parts, room.counts))]
        added = self._added(group, each, grid)
        return [replace(made, buffers=(*made.buffers, room.parts)), replace(added, buffers=(None, room.parts))]

    def _added(self, group: Group, each: Pass, grid: Ivec4) -> Dispatch:
        """What adds the parts of sums up."""
        texels = self._texel_groups(each.target)
        files = ("lib/convolve_sum.glsl", "lib/compute.glsl")
        constants: Constants = (("UNBIASED", 1),) if self._is_product(each) else ()
        # Nothing follows the parts of sums.
        return self._dispatch(group, replace(each, inputs=(each.target,)), files, constants, texels, grid)

    def _convolution(self, group: Group, each: Pass, plan: Plan) -> tuple[Dispatch, Ivec4]:
        weights, work, loop = self._weights[each.node.name], self._work(each), plan.loop
        assert not isinstance(work, GradientWork)
        assert isinstance(loop, MatrixLoop | WindowLoop | NarrowLoop)
        size = self._phase_size(each)
        along_m, along_n, deep = groups(work, plan)
        grid = (-plan.parts if plan.apart else plan.parts, along_n, *size.wh)
        constants = (*each.structure, *weights.constants, *loop.constants(work))
        constants += ("RUN", plan.run), ("ALL_HALF", int(plan.all_half))
        count = (*line_of(along_m * along_n), deep)
        own = Group(each.node) if plan.apart else group
        constants += self._spared(own, each, plan)
        files = (*each.files, loop.shader)
        return self._dispatch(own, each, files, constants, count, grid, halves=plan.run > 0), grid

    def _by_points(self, group: Group, each: Pass, plan: Plan, loop: WinogradLoop, room: Room) -> list[Dispatch]:
        """What a convolution's points see, their products, and the layer from these: ``shaders/lib/winograd.glsl``."""
        weights, work = self._weights[each.node.name], self._work(each)
        assert not isinstance(work, GradientWork)
        along_m, along_n, points = groups(work, plan)
        cells, rows = loop.cells(work), loop.rows(work)
        line = line_of(-(-cells.pixels // (loop.each * _THREADS)))
        kernels = rows * tile_count(work.channels) * work.phases * 4
        deep = rows + -(-kernels // (line[0] * line[1] * _THREADS))
        own, behind, grid = Group(each.node), replace(each, inputs=(each.target,)), (1, along_n, *cells.wh)
        reads = (*each.structure, *weights.constants, *loop.reads(work), ("RUN", plan.run))
        makes = (*reads, *loop.constants(work), ("ALL_HALF", int(plan.all_half)))
        spread, gather = (*each.files, "lib/winograd_spread.glsl"), ("lib/winograd_gather.glsl", "lib/compute.glsl")
        count = (*line_of(along_m * along_n), points)
        steps = (
            partial(self._dispatch, own, each, spread, reads, (*line, deep), grid, halves=plan.run > 0),
            partial(self._dispatch, own, behind, (loop.shader,), makes, count, grid, halves=plan.run > 0),
            partial(self._dispatch, group, behind, gather, reads, self._texel_groups(each.target), grid),
        )
        made, late = list[Dispatch](), None
        for step in steps:
            try:
                dispatch = step()
                made.append(replace(dispatch, buffers=(*dispatch.buffers, room.parts)))
            except Pending as pending:  # the others are compiled beside it
                late = pending
        if late is not None:
            raise late
        return made

    def _product(self, group: Group, each: Pass, plan: Plan, room: Room) -> tuple[Dispatch, Ivec4]:
        work, loop = self._work(each), plan.loop
        assert isinstance(work, GradientWork)
        assert isinstance(loop, Product)
        along_m, along_n, deep = groups(work, plan)
        grid = (-plan.parts if plan.apart else plan.parts, along_n, work.pairs, room.first)
        constants: Constants = (*each.structure, *loop.constants(), ("UNBIASED", 1))
        count = (*line_of(along_m * along_n), deep)
        own = Group(each.node) if plan.apart else group
        constants += self._spared(own, each, plan)
        counts = (room.first_count, 0, 0, 0)
        return self._dispatch(own, each, (*each.files, loop.shader), constants, count, grid, counts), grid

    def _spared(self, own: Group, each: Pass, plan: Plan) -> Constants:
        """What a pass with layers fused into it never does with a texel, so that its program is smaller."""
        if not own.followers or not each.is_last:
            return ()
        # The usual way has the same program at all sizes: one that is new would be waited for.
        whole = plan.parts == 1 and plan != self._usual(each)
        return (("FOLLOWED", 1), ("ONE_PART", 1)) if whole else (("FOLLOWED", 1),)

    def _dispatch(
        self,
        group: Group,
        each: Pass,
        files: tuple[str, ...],
        constants: Constants,
        count: tuple[int, int, int],
        grid: Ivec4 = (0, 0, 0, 0),
        layout: Ivec4 = (0, 0, 0, 0),
        *,
        as_images: bool = False,
        halves: bool = False,
    ) -> Dispatch:
        weights = self._weights[each.node.name]
        followers = group.followers if each.is_last else []
        layout = weights.layout if weights.kernel is not None else layout
        sizes = [self.shader_shape(each.target), grid, layout]
        writes = None
        if self._settings.kernels == "shared":
            names = group.names if each.is_last else (each.target,)
            writes = Writes(names, group.unread if each.is_last else ())
            assert len(sizes) == writes.AT
            sizes.append(writes.vector)
        sizes += [self.shader_shape(name) for name in each.inputs]
        for follower in followers:
            sizes += [self.shader_shape(follower.node.name), (follower.tile, *follower.place, 0)]
        named = [(follower, name) for follower in followers for name in follower.reads if isinstance(name, str)]
        sizes += [self.shader_shape(name) for follower, name in named if follower.is_behind]
        extras = tuple(self._extra(f) for f in followers)
        inputs = [self._maps(name, each.node.inputs[0]) for name in each.inputs]
        in_blocks = as_images or isinstance(weights.kernel, moderngl.Texture) or self._reads_images(inputs, followers)
        half = self._is_half(each.target)
        source = Source("compute", files, constants, len(each.inputs), extras, in_blocks, half, numbers=each.numbers)
        # Where a driver has no numbers of float16, those of float32 take their place.
        source = replace(source, halves=halves and self._device.has_halves, chooses=writes is not None)
        told = (self._told.region(each.node.name), *(self._told.region(f.node.name) for f in followers))
        vectors = [weights.vectors, *(self._weights[f.node.name].vectors for f in followers)]
        # A map that a body reads twice is bound twice.
        vectors += [self._textures[name] for _, name in named]
        outputs = [self._textures[each.target], *(self._textures[f.node.name] for f in followers)]
        if in_blocks:
            made = self._ready(source, count, sizes, (*(None for _ in inputs), *vectors), outputs)
            kernels = [weights.kernel] if isinstance(weights.kernel, moderngl.Texture) else []
            images = [texture for texture in inputs if isinstance(texture, moderngl.Texture)]
            return replace(made, images=(*images, *kernels), numbers=told)
        made = self._ready(source, count, sizes, (*inputs, *vectors), outputs)
        if writes is not None:
            writes.stands_in(made.block)
        kernel = weights.kernel if isinstance(weights.kernel, moderngl.Buffer) else None
        return replace(made, buffers=(kernel,), numbers=told, writes=() if writes is None else (writes,))

    def _reads_images(self, inputs: Sequence[object], followers: Sequence[Follower]) -> bool:
        """Whether a software rasteriser loads these maps from images, which is quicker than fetching their texels.

        An earlier map is another texture in each frame, and OpenGL promises no more than so many images.
        """
        fits = len(inputs) + 1 + len(followers) <= MOST_OUTPUTS
        return self._settings.kernels == "blocks" and fits and all(isinstance(i, moderngl.Texture) for i in inputs)

    def _extra(self, follower: Follower) -> Extra:
        op = follower.node.op
        if follower.is_copy:
            return Extra(follower.parent, (), is_part=follower.is_part)
        own = self._atlases[follower.node.name].shape
        reads = tuple(
            (-1 if self._atlases[read].shape == own else -2) if isinstance(read, str) else read
            for read in follower.reads
        )
        structure, numbers = tuple(op.structure().items()), tuple(op.numbers())
        if follower.is_sum:
            return Extra(follower.parent, (), is_sum=True)
        return Extra(follower.parent, op.files(), structure, numbers, reads=reads, is_behind=follower.is_behind)

    def _ready(
        self,
        source: Source,
        count: tuple[int, int, int],
        sizes: Sequence[Ivec4],
        textures: Sequence[moderngl.Texture | Past | None],
        outputs: Sequence[moderngl.Texture],
    ) -> Dispatch:
        """A pass that finds these textures at their units, or by handles."""
        handles: list[int] = []
        # An earlier map is another texture in each frame.
        by_handle = self._settings.handles and not any(isinstance(texture, Past) for texture in textures)
        if by_handle:
            calls = self._device.calls
            handles = [calls.handle(texture) if isinstance(texture, moderngl.Texture) else 0 for texture in textures]
            handles += [calls.image_handle(texture) for texture in outputs]
        source, told = replace(source, handles=by_handle), bytes_of(sizes, handles)
        return Dispatch(
            self._device.compute(source),
            count,
            self._device.context.buffer(told),
            tuple(textures),
            tuple(outputs),
            by_handle=by_handle,
            source=source,
            told=told,
        )

    def _texel_groups(self, name: str) -> tuple[int, int, int]:
        channels, height, width = self._atlases[name].shape
        return (*line_of(-(-height * width // 64)), tile_count(channels))


def _lanes_for(texels: int) -> int:
    """How many invocations look over so many texels together: a few each, as many as any driver lets work together."""
    lanes = 64
    while lanes < _MOST_LANES and lanes * 4 < texels:
        lanes *= 2
    return lanes
