"""Layers as compute passes: one for a layer and what is fused into it, two where parts of sums are added up apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import moderngl

from studio.engine.gl.blocks import block_for
from studio.engine.gl.device import Device
from studio.engine.gl.dispatch import ALL_WRITES, Dispatch, block_of, in_a_row, line_of
from studio.engine.gl.fuse import Follower, Group
from studio.engine.gl.kept import Past
from studio.engine.gl.plan import Pass
from studio.engine.gl.settings import Settings
from studio.engine.gl.shaders import Constants, Extra, Source
from studio.engine.gl.tiles import Plan, Work, groups, plans, usual
from studio.engine.gl.told import Told
from studio.engine.gl.tune import Job, Tuning
from studio.engine.gl.weights import LayerWeights
from studio.model.layout import Atlas, tile_count
from studio.model.stage import layer_of

# Blocks that a software rasteriser works on at once, in the lanes of its vectors; that a workgroup of a GPU does; and
# that keep a GPU busy.
_LANES = 8
_THREADS = 64
_BUSY = 1 << 14

# Invocations of a GPU that share a block of a weight's gradient.
_PARTS = 16

# Seconds, and runs at most, of a convolution that is timed.
_ROW = 0.001
_MOST_RUNS = 60
Ivec4 = tuple[int, int, int, int]


class ComputePasses:
    """Makes the passes of one network at one size.

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
        self._layers: dict[str, list[Pass]] = {}
        self._tried: frozenset[Source] = frozenset()
        self.tuning: Tuning | None = None
        self._parts: moderngl.Buffer | None = None
        self._counts: moderngl.Buffer | None = None

    def choose(self, layers: Sequence[Pass], *, later: bool = False) -> None:
        """Choose how these convolutions run, before any of them is made.

        Args:
            layers: the last passes of all nodes.
            later: whether what was not measured yet runs in the usual way at first, and is measured by `tune`.
        """
        tiled = [layer for layer in layers if self._is_tiled(layer)]
        tuner = self._settings.tuner
        self.tuning = None
        if self._settings.plan is not None:
            self._plans = {layer_of(layer.target): self._settings.plan for layer in tiled}
        elif tuner is None:
            self._plans = {layer_of(layer.target): usual(self._work(layer)) for layer in tiled}
        else:
            jobs = {self._key(layer): self._job(layer) for layer in tiled}
            chosen = tuner.known(jobs) if later else tuner.choose(jobs)
            self._plans = {
                layer_of(layer.target): chosen.get(self._key(layer)) or usual(self._work(layer)) for layer in tiled
            }
            unknown = {key: job for key, job in jobs.items() if key not in chosen}
            self.tuning = Tuning(tuner, unknown) if unknown else None
            self._layers = {key: [layer for layer in tiled if self._key(layer) == key] for key in unknown}
        self._parts = self._counts = None
        for layer in tiled:
            self._reserve_parts(layer, self._plans[layer_of(layer.target)])

    def tune(self) -> bool:
        """Measure a little; whether some convolution runs in another way from now on, and is to be made anew."""
        if self.tuning is None:
            return False
        programs = self._device.programs
        decided = self.tuning.step()
        if self.tuning.is_over:
            self.tuning = None
        if decided is None:
            self._tried |= self._device.programs - programs
            return False
        # What lost is not kept; the winner is compiled anew, with what is fused into it.
        self._device.drop(self._tried)
        self._tried = frozenset()
        key, plan = decided
        changed = False
        for layer in self._layers[key]:
            changed |= self._plans[layer_of(layer.target)] != plan
            self._plans[layer_of(layer.target)] = plan
            self._reserve_parts(layer, plan)
        return changed

    def feed(self, name: str, planes: moderngl.Buffer) -> Dispatch:
        """The pass that makes an input's map from its planes."""
        sizes = [self.shader_shape(name), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)]
        source = Source("compute", ("lib/planes.glsl", "lib/compute.glsl"), inputs=1, half=self._is_half(name))
        made = self._ready(source, self._texel_groups(name), sizes, (None, None), (self._textures[name],))
        return replace(made, buffers=(planes,), barrier=ALL_WRITES)

    def group(self, group: Group, passes: Sequence[Pass]) -> list[Dispatch]:
        """The passes of a layer, the last of which also makes what is fused into it."""
        made = [self._texel(Group(each.node), each) for each in passes[:-1]]
        last = passes[-1]
        if self._weights[last.node.name].kernel is None:
            return [*made, self._texel(group, last)]
        if self._is_tiled(last):
            return made + self._tiled(group, last, self._plans[layer_of(last.target)])
        return [*made, self._blocked(group, last)]

    def shader_shape(self, name: str) -> Ivec4:
        """A map's shape as shaders are told it: channels, height, width, columns of tiles."""
        atlas = self._atlases[name]
        return (*atlas.shape, atlas.columns)

    # -- the three kinds of pass ------------------------------------------------------------------------------------

    def _texel(self, group: Group, each: Pass) -> Dispatch:
        blocks = each.node.op.blocks(*(self._atlases[name].shape for name in each.inputs)) if each.is_last else None
        if blocks is not None:
            in_software = self._settings.kernels == "blocks"
            # On a GPU invocations share a block, of which there are few; a software rasteriser is busy with one each.
            lanes, parts = (_LANES, 1) if in_software else (_THREADS, _PARTS)
            constants = (*each.structure, *blocks.constants, ("LANES", lanes), ("PARTS", parts))
            count = (*line_of(-(-blocks.line * parts // lanes)), blocks.deep)
            files = (*each.files, blocks.shader)
            return self._dispatch(group, each, files, constants, count, as_images=in_software)
        files = (*each.files, "lib/compute.glsl")
        return self._dispatch(group, each, files, each.structure, self._texel_groups(each.target))

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

    def _tiled(self, group: Group, each: Pass, plan: Plan) -> list[Dispatch]:
        weights = self._weights[each.node.name]
        across, down = self._phase_size(each)
        along_m, along_n, deep = groups(self._work(each), plan)
        count = (*line_of(along_m * along_n), deep)
        grid = (-plan.parts if plan.apart else plan.parts, along_n, across, down)
        constants = (*each.structure, *weights.constants, *plan.tile.constants(self._work(each)))
        files = (*each.files, plan.tile.shader)
        # Nothing follows the parts of sums.
        made = self._dispatch(Group(each.node) if plan.apart else group, each, files, constants, count, grid)
        if plan.parts == 1:
            return [made]
        self._reserve_parts(each, plan)
        if not plan.apart:
            return [replace(made, buffers=(*made.buffers, self._parts, self._counts))]
        texels = self._texel_groups(each.target)
        files = ("lib/convolve_sum.glsl", "lib/compute.glsl")
        added = self._dispatch(group, replace(each, inputs=(each.target,)), files, (), texels, grid)
        return [replace(made, buffers=(*made.buffers, self._parts)), replace(added, buffers=(None, self._parts))]

    def _dispatch(
        self,
        group: Group,
        each: Pass,
        files: tuple[str, ...],
        constants: Constants,
        count: tuple[int, int, int],
        grid: Ivec4 = (0, 0, 0, 0),
        *,
        as_images: bool = False,
    ) -> Dispatch:
        weights = self._weights[each.node.name]
        followers = group.followers if each.is_last else []
        layout = weights.layout if weights.kernel is not None else (0, 0, 0, 0)
        sizes = [self.shader_shape(each.target), grid, layout, *(self.shader_shape(name) for name in each.inputs)]
        for follower in followers:
            sizes += [self.shader_shape(follower.node.name), (follower.tile, 0, 0, 0)]
        extras = tuple(_extra(f) for f in followers)
        in_blocks = as_images or isinstance(weights.kernel, moderngl.Texture)
        half = self._is_half(each.target)
        source = Source("compute", files, constants, len(each.inputs), extras, in_blocks, half, numbers=each.numbers)
        inputs = [self._maps(name, each.node.inputs[0]) for name in each.inputs]
        told = (self._told.region(each.node.name), *(self._told.region(f.node.name) for f in followers))
        vectors = [weights.vectors, *(self._weights[f.node.name].vectors for f in followers)]
        outputs = [self._textures[each.target], *(self._textures[f.node.name] for f in followers)]
        if in_blocks:
            made = self._ready(source, count, sizes, (*(None for _ in inputs), *vectors), outputs)
            kernels = [weights.kernel] if isinstance(weights.kernel, moderngl.Texture) else []
            images = [texture for texture in inputs if isinstance(texture, moderngl.Texture)]
            return replace(made, images=(*images, *kernels), numbers=told)
        made = self._ready(source, count, sizes, (*inputs, *vectors), outputs)
        kernel = weights.kernel if isinstance(weights.kernel, moderngl.Buffer) else None
        return replace(made, buffers=(kernel,), numbers=told)

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
        return Dispatch(
            self._device.compute(replace(source, handles=by_handle)),
            count,
            block_of(self._device.context, sizes, handles),
            tuple(textures),
            tuple(outputs),
            by_handle=by_handle,
        )

    def _is_half(self, name: str) -> bool:
        return self._textures[name].dtype == "f2"

    def _texel_groups(self, name: str) -> tuple[int, int, int]:
        channels, height, width = self._atlases[name].shape
        return (*line_of(-(-height * width // 64)), tile_count(channels))

    # -- tiled convolutions -----------------------------------------------------------------------------------------

    def _is_tiled(self, each: Pass) -> bool:
        weights = self._weights[each.node.name]
        # A tile's channels all read the same inputs, which those of different groups do not.
        return weights.kernel is not None and not weights.grouped and self._settings.kernels == "tiles"

    def _phase_size(self, each: Pass) -> tuple[int, int]:
        down, across = self._weights[each.node.name].taps
        return -(-each.shape.width // len(across.phases)), -(-each.shape.height // len(down.phases))

    def _work(self, each: Pass) -> Work:
        weights = self._weights[each.node.name]
        return Work(*self._phase_size(each), each.shape.channels, weights.layout[0], weights.taps)

    def _key(self, each: Pass) -> str:
        """What layers have in common that run alike."""
        return f"{each.node.op!r} {self._atlases[each.inputs[0]].shape}"

    def _job(self, each: Pass) -> Job:
        return Job(plans(self._work(each), self._device.shared_memory), partial(self._seconds, each))

    def _seconds(self, each: Pass, plan: Plan) -> float:
        """Time of a convolution alone, in a row long enough to be told from others."""
        context = self._device.context
        passes = in_a_row(self._tiled(Group(each.node), each, plan))

        def run(times: int) -> float:
            query = context.query(time=True)
            with query:
                for _ in range(times):
                    for dispatch in passes:
                        dispatch.run(self._device)
            self._device.finish()
            return query.elapsed / 1e9 / times

        return run(max(1, min(_MOST_RUNS, int(_ROW / run(1)))))

    def _reserve_parts(self, each: Pass, plan: Plan) -> None:
        """Make room for the parts of this layer's sums, and counts of zero; layers use it one after the other."""
        if plan.parts == 1:
            return
        context = self._device.context
        channels, height, width = each.shape
        # Where a pass of its own adds them up, the first lies in the map, unless that would round it.
        kept = plan.parts - (plan.apart and not self._is_half(each.target))
        size = kept * tile_count(channels) * height * width * 16
        along_m, along_n, deep = groups(self._work(each), plan)
        columns, rows = line_of(along_m * along_n)
        counts = columns * rows * deep // plan.parts * 4
        if self._parts is None or self._parts.size < size:
            self._parts = context.buffer(reserve=size)
        if self._counts is None or self._counts.size < counts:
            self._counts = context.buffer(bytes(counts))


def _extra(follower: Follower) -> Extra:
    op = follower.node.op
    if follower.is_copy:
        return Extra(follower.parent, "")
    return Extra(follower.parent, op.shader, tuple(op.structure().items()), tuple(op.numbers()))
