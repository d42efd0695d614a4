"""The GL engines: one texture for every feature map, one pass for every layer."""

from __future__ import annotations

import time
from collections.abc import Sequence

import moderngl
import numpy as np

from studio.engine.base import Engine, Stats
from studio.engine.gl.device import Device, open_device, set_uniforms
from studio.engine.gl.plan import Pass, passes
from studio.engine.gl.shaders import Constants, Source
from studio.engine.gl.stats import ComputeStats, FragmentStats
from studio.engine.gl.weights import LayerWeights
from studio.errors import StudioError
from studio.model.graph import Node
from studio.model.layout import Atlas, Rect, atlas_for, pack_atlas, sheet_size, to_sheet, unpack_atlas
from studio.model.network import Network
from studio.model.op import Array

# A compute block of 4 pixels × 2 tiles fills 32 vec4 registers, which measured best on a software rasteriser.
_PIXELS = 4
_OUT_TILES = 2
_GROUP = 8


class _GLEngine(Engine):
    """What both GL engines share; they differ in how one pass runs."""

    def __init__(self, network: Network, device: Device | None = None) -> None:
        super().__init__(network)
        self._owns_device = device is None
        self._device = device or open_device()
        self._device.use()
        self._context = self._device.context
        self._closed = False
        self._plan: dict[str, tuple[Pass, ...]] = {}
        self._atlases: dict[str, Atlas] = {}
        self._textures: dict[str, moderngl.Texture] = {}
        self._sheets: dict[str, moderngl.Texture] = {}
        self._queries: dict[str, moderngl.Query] = {}
        self._times: dict[str, float] = {}
        self._weights: dict[str, LayerWeights] = {}
        try:
            self._stats = self._make_stats()
            for node in self.graph.nodes:
                if node.owner not in self._weights:
                    owner, tensors = self.graph.node(node.owner), self._tensors_of(node)
                    self._weights[owner.name] = LayerWeights(self._context, owner, tensors, self._device.max_texture)
                self._weights[node.name] = self._weights[node.owner]
        except StudioError:
            self.close()
            raise

    def _make_stats(self) -> ComputeStats | FragmentStats:
        raise NotImplementedError

    def _run_pass(self, step: Pass, constants: Constants) -> None:
        raise NotImplementedError

    @property
    def device(self) -> str:
        """See `Engine.device`."""
        return f"{self._device.renderer}, OpenGL {self._device.version}"

    def close(self) -> None:
        """See `Engine.close`."""
        if self._closed:
            return
        self._closed = True
        self._device.use()
        for held in (self._weights, self._textures, self._sheets, self._queries, self.__dict__.pop("_targets", {})):
            held.clear()
        self.__dict__.pop("_stats", None)
        self._context.gc()
        if self._owns_device:
            self._device.close()

    def times(self) -> dict[str, float]:
        """See `Engine.times`: GPU time, by timer queries."""
        self._begin()
        for name, query in self._queries.items():
            self._times[name] = query.elapsed / 1e9
        return dict(self._times)

    def _begin(self) -> None:
        self._device.use()

    def _resize(self) -> None:
        plan = {node.name: passes(node, self._shapes) for node in self.graph.nodes}
        shapes = {i.name: self._shapes[i.name] for i in self.graph.inputs}
        shapes |= {each.target: each.shape for steps in plan.values() for each in steps}
        atlases = {}
        for name, shape in shapes.items():
            try:
                atlases[name] = atlas_for(shape, self._device.max_texture)
            except StudioError as error:
                raise StudioError(f'Layer "{name.partition("~")[0]}": {error}') from None
        self._textures.clear()
        self._context.gc()
        self._plan, self._atlases = plan, atlases
        for name, atlas in atlases.items():
            self._textures[name] = self._context.texture(atlas.size, 4, dtype="f4")

    def _feed(self, name: str, picture: Array) -> None:
        self._textures[name].write(pack_atlas(picture, self._atlases[name]))

    def _execute(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            if self._device.is_software:
                # Timer queries of software rasterisers leave compute out; there is no GPU to keep busy meanwhile.
                start = time.perf_counter()
                self._run_layer(node)
                self._context.finish()
                self._times[node.name] = time.perf_counter() - start
                continue
            if node.name not in self._queries:
                self._queries[node.name] = self._context.query(time=True)
            with self._queries[node.name]:
                self._run_layer(node)
        self._context.gc()

    def _run_layer(self, node: Node) -> None:
        constants = tuple(node.op.constants().items())
        for each in self._plan[node.name]:
            weights = self._weights[node.name]
            folds = (("KERNEL_FOLDS", weights.folds),) if self._convolves(each) else ()
            self._run_pass(each, constants + folds)

    def _convolves(self, step: Pass) -> bool:
        return step.is_last and self._weights[step.node.name].kernel is not None

    def _bind(self, step: Pass, program: moderngl.Program | moderngl.ComputeShader) -> None:
        """Bind what a pass reads: its inputs, the layer's kernel and vectors."""
        weights = self._weights[step.node.name]
        uniforms: dict[str, object] = {"u_shape": self._shader_shape(step.target)}
        for k, name in enumerate(step.inputs):
            self._textures[name].use(k)
            uniforms[f"u_input{k}"] = k
            uniforms[f"u_shape{k}"] = self._shader_shape(name)
        unit = len(step.inputs)
        for uniform, texture in (("u_kernel", weights.kernel), ("u_vectors", weights.vectors)):
            if texture is not None:
                texture.use(unit)
                uniforms[uniform] = unit
                unit += 1
        if weights.kernel is not None:
            uniforms["u_kernel_layout"] = weights.layout
        set_uniforms(program, uniforms)

    def _shader_shape(self, name: str) -> tuple[int, int, int, int]:
        atlas = self._atlases[name]
        return (*atlas.shape, atlas.columns)

    def _upload(self, tensor: str, rect: Rect) -> None:
        layer, _, key = tensor.rpartition(".")
        self._weights[layer].changed(key, rect)
        if tensor in self._sheets:
            whole = to_sheet(self._tensors[tensor])
            part = whole[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]
            viewport = (rect.x, rect.y, rect.width, rect.height)
            self._sheets[tensor].write(np.ascontiguousarray(part), viewport=viewport, alignment=4)

    def _sheet_texture(self, tensor: str) -> moderngl.Texture:
        """The R32F texture of a filter sheet, made when it is first asked for."""
        if tensor not in self._sheets:
            height, width = sheet_size(self._tensors[tensor].shape)
            if max(height, width) > self._device.max_texture:
                raise StudioError(
                    f'Tensor "{tensor}": its filter sheet of {width}×{height} weights passes this GPU\'s largest '
                    f"texture, {self._device.max_texture}×{self._device.max_texture}; use --engine torch."
                )
            self._sheets[tensor] = self._context.texture((width, height), 1, dtype="f4")
            self._sheets[tensor].write(to_sheet(self._tensors[tensor]), alignment=4)
        return self._sheets[tensor]

    def _read_activation(self, name: str) -> Array:
        atlas = self._atlases[name]
        width, height = atlas.size
        texels = np.frombuffer(self._textures[name].read(), np.float32)
        return unpack_atlas(texels.reshape(height, width, 4), atlas)

    def _read_sheet(self, tensor: str) -> Array:
        height, width = sheet_size(self._tensors[tensor].shape)
        texels = self._sheet_texture(tensor).read(alignment=4)
        return np.frombuffer(texels, np.float32).reshape(height, width).copy()

    def _activation_stats(self, name: str) -> Stats:
        return self._stats.of(self._textures[name], self._shader_shape(name))

    def _tensor_stats(self, tensor: str) -> Stats:
        height, width = sheet_size(self._tensors[tensor].shape)
        return self._stats.of(self._sheet_texture(tensor), (1, height, width, 1))


class GLEngine(_GLEngine):
    """Compute shaders, for GL 4.3 and later: convolutions in register blocks, the rest a texel to an invocation."""

    name = "gl"

    def __init__(self, network: Network, device: Device | None = None) -> None:
        super().__init__(network, device)
        if not self._device.has_compute:
            self.close()
            raise StudioError(
                f"This driver offers OpenGL {self._device.version}, but --engine gl needs 4.3; "
                "use --engine gl-fragment or torch."
            )

    def _make_stats(self) -> ComputeStats | FragmentStats:
        return ComputeStats(self._device) if self._device.has_compute else FragmentStats(self._device)

    def _run_pass(self, step: Pass, constants: Constants) -> None:
        atlas = self._atlases[step.target]
        channels, height, width = atlas.shape
        wrapper = "lib/compute.glsl"
        groups = (-(-width // _GROUP), -(-height // _GROUP), atlas.tiles)
        if self._convolves(step):
            phases = step.node.op.phases()
            # Output tiles of different groups read different inputs, so a block must not span two.
            out_tiles = 1 if self._weights[step.node.name].grouped or channels <= 4 else _OUT_TILES
            constants += (("PIXELS", _PIXELS), ("OUT_TILES", out_tiles), ("STEP", phases))
            wrapper = "lib/convolve_block.glsl"
            blocks = -(-width // (_PIXELS * phases)) * phases
            groups = (-(-blocks // _GROUP), groups[1], -(-atlas.tiles // out_tiles))
        files = (f"ops/{step.shader}.glsl", wrapper)
        program = self._device.compute(Source("compute", files, constants, len(step.inputs)))
        self._bind(step, program)
        self._textures[step.target].bind_to_image(0, read=False, write=True)
        program.run(*groups)
        barriers = moderngl.TEXTURE_FETCH_BARRIER_BIT | moderngl.TEXTURE_UPDATE_BARRIER_BIT
        self._context.memory_barrier(barriers)


class GLFragmentEngine(_GLEngine):
    """Fragment shaders throughout, for GL 3.3: macOS stops at 4.1, which has no compute shaders."""

    name = "gl-fragment"

    def _make_stats(self) -> ComputeStats | FragmentStats:
        return FragmentStats(self._device)

    def _resize(self) -> None:
        super()._resize()
        self._targets = {
            each.target: self._context.framebuffer([self._textures[each.target]])
            for steps in self._plan.values()
            for each in steps
        }

    def _run_pass(self, step: Pass, constants: Constants) -> None:
        loop = ("lib/convolve.glsl",) if self._convolves(step) else ()
        files = (f"ops/{step.shader}.glsl", *loop, "lib/fragment.glsl")
        triangle = self._device.fragment(Source("fragment", files, constants, len(step.inputs)))
        self._bind(step, triangle.program)
        self._targets[step.target].use()
        triangle.render(vertices=3)
