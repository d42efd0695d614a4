"""The GL engine of fragment shaders alone, for GL 3.3."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property, partial

import moderngl

from studio.engine.gl.driver.device import NUMBERS, Device
from studio.engine.gl.driver.programs import set_uniforms
from studio.engine.gl.driver.shaders import Source
from studio.engine.gl.driver.strips import Strips
from studio.engine.gl.driver.text import Constants
from studio.engine.gl.engines.atlases import AtlasEngine
from studio.engine.gl.engines.stats import ComputeStats, FragmentStats
from studio.engine.gl.frame.passes import Pass, Step
from studio.engine.gl.kernels.blocks import Banks, Sums
from studio.engine.gl.memory.kept import Past
from studio.engine.store import TensorStore
from studio.model.bends.stage import layer_of
from studio.model.networks.layout import pack_atlas
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.passes import Banked
from studio.model.networks.shape import Array

Map = tuple[moderngl.Texture | Past, tuple[int, int, int, int]]
"""A texture and its shape as shaders are told it."""


class GLFragmentEngine(AtlasEngine):
    """Fragment shaders throughout, for GL 3.3: macOS stops at 4.1, which has no compute shaders.

    Args:
        network: what it runs.
        device: None opens one of its own.
        blocks: whether convolutions are made in blocks, and maps read by sampling; None does so in software alone.
        store: where the weights are that it shares with other engines; None copies the network's.
    """

    name = "gl-fragment"

    def __init__(
        self,
        network: Network,
        device: Device | None = None,
        blocks: bool | None = None,
        store: TensorStore | None = None,
    ) -> None:
        self._asked = blocks
        self._targets: dict[str, moderngl.Framebuffer] = {}
        self._banks: Banks | None = None
        self._sums: Sums | None = None
        self._banked: dict[str, Banked] = {}
        super().__init__(network, device, store)

    @cached_property
    def _in_blocks(self) -> bool:
        return self._device.is_software if self._asked is None else self._asked

    def _make_stats(self) -> ComputeStats | FragmentStats:
        return FragmentStats(self._device)

    def _kernel_limit(self) -> int | None:
        return self._device.max_texture

    @cached_property
    def _strips(self) -> Strips:
        return Strips(self._device)

    def _make_room(self, names: Collection[str], *, anew: bool) -> None:
        if anew:
            self._strips.clear()
            self._banks = self._sums = None
        # They would keep the textures that are gone.
        known = {} if anew else self._targets
        self._targets = {name: known[name] for name in known if name in self._textures}
        self._device.unbind()
        self._context.gc()
        super()._make_room(names, anew=anew)
        made = {each.target for passes in self._passes_of.values() for each in passes}
        for name in made.intersection(names):
            self._targets[name] = self._context.framebuffer([self._textures[name]])
        if not anew:
            return
        layers = {
            node.name: (self._shapes[node.name], weights)
            for node in self.graph.nodes
            if (weights := self._weights[node.name]).kernel is not None
        }
        if self._in_blocks and layers:
            self._banks = Banks(self._device, layers)
        self._banked = {
            node.name: banked
            for node in self.graph.nodes
            if self._in_blocks and (banked := node.op.banked(*(self._shapes[name] for name in node.inputs))) is not None
        }
        if self._banked:
            self._sums = Sums(self._device, self._banked)

    def _feed(self, name: str, picture: Array) -> None:
        self._device.calls.write(self._textures[name], pack_atlas(picture, self._atlases[name]))

    def _make_steps(self, nodes: Sequence[Node], whole: Collection[str]) -> list[Step]:
        del whole  # every layer has a pass of its own
        return [Step({node.name: 1.0}, (node.name,), partial(self._run_layer, node)) for node in nodes]

    def _run_layer(self, node: Node) -> None:
        self._device.layer = layer_of(node.name)
        for each in self._passes_of[node.name]:
            weights = self._bound[node.name]
            constants: Constants = each.structure
            maps = [(self._map(name, node.inputs[0]), self._shader_shape(name)) for name in each.inputs]
            if each.is_last and self._sums is not None and node.name in self._banked:
                self._draw_sums(each, self._sums, self._banked[node.name], maps)
                continue
            if not each.is_last or weights.kernel is None:
                self._draw(each, (*each.files, "lib/fragment.glsl"), constants, maps)
                continue
            constants += (*weights.constants, ("KERNEL_FOLDS", weights.folds))
            if self._banks is None:
                self._draw(each, (*each.files, "lib/convolve.glsl", "lib/fragment.glsl"), constants, maps)
            else:
                self._draw_blocks(each, self._banks, constants, maps)

    def _draw_sums(self, each: Pass, sums: Sums, banked: Banked, maps: Sequence[Map]) -> None:
        layer = each.node.name
        atlas = sums.atlases[layer]
        lying = (*atlas.shape, atlas.columns)
        self._draw(each, (*each.files, banked.shader), each.structure, maps, sums.target(layer), lying)
        filled: list[Map] = [(texture, lying) for texture in sums.textures(layer)]
        self._draw(each, (banked.rows, "lib/fragment.glsl"), each.structure, filled)

    def _draw_blocks(self, each: Pass, banks: Banks, constants: Constants, maps: Sequence[Map]) -> None:
        layer = layer_of(each.target)
        atlas = banks.atlases[layer]
        lying = (*atlas.shape, atlas.columns)
        constants += (*banks.blocks[layer].constants, ("KERNEL_SAMPLED", 1))
        self._draw(each, (*each.files, "lib/convolve_bank.glsl"), constants, maps, banks.target(layer), lying)
        filled: list[Map] = [(texture, lying) for texture in banks.textures(layer)]
        self._draw(each, ("lib/banks.glsl", "lib/fragment.glsl"), constants, filled)

    def _draw(
        self,
        each: Pass,
        files: tuple[str, ...],
        constants: Constants,
        maps: Sequence[Map],
        banks: moderngl.Framebuffer | None = None,
        lying: tuple[int, int, int, int] = (0, 0, 0, 0),
    ) -> None:
        """Draw a map, or banks of blocks that lie so, with a shader that reads these maps."""
        weights = self._bound[each.node.name]
        source = Source("fragment", files, constants, len(maps), software=self._in_blocks, numbers=each.numbers)
        region = self._told.region(each.node.name)
        if region is not None:
            region.bind(NUMBERS)
        triangle = self._device.fragment(source)
        uniforms: dict[str, object] = {"u_shape": self._shader_shape(each.target), "u_blocks": lying}
        for k, (found, shape) in enumerate(maps):
            texture = found.texture if isinstance(found, Past) else found
            texture.use(k)
            uniforms |= {f"u_input{k}": k, f"u_shape{k}": shape, f"u_texel{k}": _texel(texture)}
        for unit, (uniform, held) in enumerate((("u_kernel", weights.kernel), ("u_vectors", weights.vectors))):
            if isinstance(held, moderngl.Texture):
                held.use(len(maps) + unit)
                uniforms |= {uniform: len(maps) + unit, f"{uniform}_texel": _texel(held)}
        if weights.kernel is not None:
            uniforms["u_kernel_layout"] = weights.layout
        set_uniforms(triangle.program, uniforms)
        target = self._targets[each.target] if banks is None else banks
        self._strips.draw(triangle, target, (each.target, banks is None))


def _texel(texture: moderngl.Texture) -> tuple[float, float]:
    """Width and height of a texel, of a texture that is one wide and high."""
    return 1 / texture.width, 1 / texture.height
