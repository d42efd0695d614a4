"""What both GL engines share: one texture for every feature map, and what is read from it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

import moderngl

from studio.engine.base import Places, Stats
from studio.engine.gl.driver.device import Device, open_device
from studio.engine.gl.driver.programs import set_uniforms
from studio.engine.gl.driver.shaders import Source
from studio.engine.gl.engines.drawn import DrawnEngine
from studio.engine.gl.engines.stats import ComputeStats, FragmentStats
from studio.engine.gl.frame.fuse import made_in_part
from studio.engine.gl.frame.passes import Pass, Step, passes
from studio.engine.gl.frame.step_row import StepRow
from studio.engine.gl.frame.step_times import StepTimes
from studio.engine.gl.kernels.weights import LayerWeights
from studio.engine.gl.memory.kept import Kept, Past
from studio.engine.gl.memory.told import Told
from studio.engine.ring import kept_of, ring_of
from studio.engine.store import TensorStore
from studio.errors import MemoryLackError, NextTime, Pending, StudioError
from studio.model.bends.lowering import Running
from studio.model.bends.stage import layer_of
from studio.model.bends.staged import Staged
from studio.model.declared.size import Size
from studio.model.networks.layout import Atlas, atlas_for, pack_atlas, unpack_atlas
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.shape import Array

_Key = tuple[tuple[str, ...], frozenset[str]]
_ALL: _Key = (), frozenset()
"""The list of all layers; others have their names, and those that are made whole."""


class AtlasEngine(DrawnEngine):
    """A GL engine; the two differ in how they make a frame's steps.

    Attributes:
        owns_device: whether the context is closed with it.
        is_closed: whether it is over, and nothing of it is left.
        sent_later: whether more is asked of the device right behind each run, and sent off with it.
    """

    def __init__(self, network: Network, device: Device | None = None, store: TensorStore | None = None) -> None:
        super().__init__(network, device or open_device(), store)
        self.owns_device = device is None
        self.sent_later = False
        self._device.use()
        self._context = self._device.context
        self.is_closed = False
        self._times = StepTimes(self._device)
        self._passes_of: dict[str, tuple[Pass, ...]] = {}
        self._atlases: dict[str, Atlas] = {}
        self._textures: dict[str, moderngl.Texture] = {}
        self._sheets: dict[str, moderngl.Texture] = {}
        self._steps: dict[_Key, StepRow] = {}
        self._all: tuple[str, ...] = ()
        # The tensors of every layer, and what its passes bind of them: nothing while it is bypassed.
        self._weights: dict[str, LayerWeights] = {}
        self._bound: dict[str, LayerWeights] = {}
        # What stages choose of every channel, by number and channels; and the earlier maps of those with memory.
        self._chosen: dict[tuple[int, tuple[int, ...]], LayerWeights] = {}
        self._kept: dict[str, Kept] = {}
        self._told = Told(self._device)
        # What is packed of every tensor, and under which name.
        self._packings: dict[str, list[tuple[LayerWeights, str]]] = {}
        # Layers whose maps still hold what they made when they were bypassed, or the other way round.
        self._outdated: set[str] = set()
        try:
            self._stats = self._make_stats()
            self._load_weights()
            self._store.follow(self)
            if self._device.is_out_of_memory:
                raise StudioError(
                    f"The weights of this network need more memory than {self._device.renderer} has; "
                    "use the engine torch."
                )
        except StudioError:
            self.close()
            raise

    def _make_stats(self) -> ComputeStats | FragmentStats:
        raise NotImplementedError

    @property
    def _sums_at_once(self) -> bool:
        """Whether what needs a sum over a map makes it in one pass, by invocations that share memory."""
        return False

    @property
    def _units(self) -> int | None:
        """How many textures a pass reads at most; None for any number."""
        return self._device.units

    def _make_steps(self, nodes: Sequence[Node], whole: Collection[str]) -> list[Step]:
        """What runs these layers, in order; maps of the whole ones hold nothing that may be kept.

        `Pending` where only some of the layers are to run, and that would have to be compiled first.
        """
        raise NotImplementedError

    def beside(self) -> AtlasEngine:
        """See `Engine.beside`."""
        engine = type(self)(self._network, self._device, store=self._store)
        engine.tunes_later = self.tunes_later
        return engine

    @property
    def device(self) -> str:
        """See `Engine.device`."""
        return f"{self._device.renderer}, OpenGL {self._device.version}"

    def close(self) -> None:
        """See `Engine.close`."""
        if self.is_closed:
            return
        self.is_closed = True
        self._store.forget(self)
        self._device.use()
        # moderngl keeps the framebuffer that was bound last, and its texture.
        self._device.unbind()
        for held in (
            self._weights,
            self._packings,
            self._bound,
            self._textures,
            self._sheets,
            self._times,
            self._steps,
            self._chosen,
            self._kept,
            self._next,
        ):
            held.clear()
        self.kernels = None
        self._told.close()
        for name in ("_stats", "_passes", "_feeds", "_targets", "_banks", "_drawing", "_packer"):
            self.__dict__.pop(name, None)
        self._context.gc()
        if self.owns_device:
            self._device.close()

    def _node_times(self) -> dict[str, float]:
        self._begin()
        return self._times.read()

    def texture_of(self, name: str) -> tuple[moderngl.Texture, Atlas]:
        """The texture of a layer's or an input's activation, ready to be read, and where its channels lie.

        It is the engine's own: the next run writes into it.
        """
        node = self._require_run(name)
        self._begin()
        self._settle()
        return self._textures[node], self._atlases[node]

    def _begin(self) -> None:
        self._device.use()

    def _adopt(self, before: Running, *, anew: bool) -> None:
        running = self._running
        ask = partial(passes, shapes=running.shapes, at_once=self._sums_at_once, units=self._units)
        self._passes_of = {node.name: ask(node) for node in running.nodes}
        shapes = dict(running.shapes)
        shapes |= {each.target: each.shape for steps in self._passes_of.values() for each in steps}
        atlases = {}
        for name, shape in shapes.items():
            known = self._atlases.get(name)
            try:
                atlases[name] = known if known and known.shape == shape else atlas_for(shape, self._device.max_texture)
            except StudioError as error:
                raise StudioError(f'Layer "{layer_of(name.partition("~")[0])}": {error}') from None
        for name in list(self._textures):
            if anew or name not in atlases or atlases[name] is not self._atlases[name]:
                del self._textures[name]
        self._steps.clear()
        self._all = ()
        self._context.gc()
        self._atlases.clear()
        self._atlases.update(atlases)
        self._outdated = set() if anew else self._outdated & self._passes_of.keys()
        known_nodes = {node.name: node for node in before.nodes}
        self._outdated |= {node.name for node in running.nodes if known_nodes.get(node.name) != node}
        self._connect()
        try:
            self._make_room([name for name in atlases if name not in self._textures and "~past" not in name], anew=anew)
            is_short = self._device.is_out_of_memory
        except moderngl.Error:  # a framebuffer of a texture without memory
            self._context.clear_errors()
            is_short = True
        if is_short:
            self._textures.clear()
            self._shapes = {}
            texels = {name: atlas.size.pixels for name, atlas in atlases.items()}
            size = sum(count * (8 if self._is_half(name) else 16) for name, count in texels.items()) // 2**20
            raise MemoryLackError(
                f"The maps of a picture of this size take {size} MB, more than {self._device.renderer} has; "
                "work at a smaller size, or use the engine torch."
            )

    def _make_room(self, names: Collection[str], *, anew: bool) -> None:
        """Make the textures of these maps, and what goes with them."""
        del anew
        for name in names:
            self._textures[name] = self._device.texture(self._atlases[name].size, half=self._is_half(name))
        self._keep_room()

    def _keep_room(self) -> None:
        """Have textures for the earlier maps of stages with memory; those that stay as they are keep what they hold."""
        found: dict[str, Kept] = {}
        for node in self._running.nodes:
            kept = kept_of(node)
            if kept is None:
                continue
            key, size = ring_of(node), self._atlases[kept].size
            known = self._kept.get(key)
            fits = known is not None and known.ring is self._rings[key] and known.size == size
            found[key] = known if known is not None and fits else Kept(self._device, self._rings[key], size)
            found[key].keep_from(self._textures[kept])
        self._kept = found

    def _map(self, name: str, first: str) -> moderngl.Texture | Past:
        """The texture of a map that a node reads; of an earlier one what stands for it, with the node's first input."""
        key, is_past, delay = name.partition("~past")
        return Past(self._kept[key], int(delay), self._textures[first]) if is_past else self._textures[name]

    def _is_half(self, name: str) -> bool:
        """Whether this texture is of float16."""
        del name
        return False

    def _connect(self) -> None:
        """Say what the passes of every node bind besides maps."""
        self._times.keep_only(self._passes_of.keys())
        self._told.adopt(self._numbers)
        self._bound.clear()
        chosen: dict[tuple[int, tuple[int, ...]], LayerWeights] = {}
        for node in self._running.nodes:
            layer = self.graph.node(layer_of(node.name))
            if isinstance(node.op, Staged):
                key = node.op.stage.id, node.op.vectors({}).shape
                chosen[key] = self._chosen.get(key) or LayerWeights(self._device, node, {}, None)
                self._bound[node.name] = chosen[key]
            elif node.op is layer.op:
                self._bound[node.name] = self._weights[layer.name]
            else:
                self._bound[node.name] = LayerWeights(self._device, node, {}, None)
        self._chosen = chosen

    def _retouch(self, names: Collection[str]) -> None:
        for node in self._running.nodes:
            if node.name in names:
                self._bound[node.name].retouched(node)

    def _hand_in(self, name: str, values: Array) -> None:
        self._device.calls.write(self._textures[name], pack_atlas(values, self._atlases[name]))

    def _execute(self, nodes: Sequence[Node], stale: Collection[str] = ()) -> None:
        # All layers, the most usual list, need not be told from others by their names.
        is_all = nodes is self._running.nodes
        names = self._all if is_all and self._all else tuple(node.name for node in nodes)
        self._all = names if is_all else self._all
        changed = self._outdated.union(stale)
        whole: frozenset[str] = frozenset()
        if len(changed) > 1 and not is_all:
            # One alone is the first that runs: nothing of what it reads is made again.
            whole = frozenset(changed & made_in_part(nodes))
        key = (() if is_all else names), whole
        row = self._steps[key] if key in self._steps else self._make_row(key, nodes)
        if self._outdated:
            self._outdated.difference_update(names)
        self._told.write(self._numbers)
        row.run(self._times.run if self._times.is_due(self.time_every) else None, sent_later=self.sent_later)
        self._ran = row.makes, row.unwritten
        self._keep(names)
        self._context.gc()

    def _make_row(self, key: _Key, nodes: Sequence[Node]) -> StepRow:
        try:
            row = self._steps[key] = StepRow(self._make_steps(nodes, key[1]), self._device)
        except Pending as late:
            if key == _ALL:
                raise
            # Until their own passes are compiled, some of the layers run with all others.
            row = self._steps[_ALL] if _ALL in self._steps else self._make_row(_ALL, self._running.nodes)
            if isinstance(late, NextTime):
                self._steps[key] = row
        return row

    def _keep(self, names: Collection[str]) -> None:
        """Keep the maps of this frame for bends with memory."""
        if not self._kept:
            return
        self._settle()
        for node in self._running.nodes:
            if node.name in names and kept_of(node) is not None:
                self._kept[ring_of(node)].keep()

    def _settle(self) -> None:
        """Called before shaders or this process read maps: what shaders wrote into them is there then."""
        if self._device.is_software:
            # There the reading waits, with Python's lock in hand.
            self._device.finish()

    def _shader_shape(self, name: str) -> tuple[int, int, int, int]:
        atlas = self._atlases[name]
        return (*atlas.shape, atlas.columns)

    def _read_activation(self, name: str) -> Array:
        self._settle()
        return unpack_atlas(self._device.calls.read(self._textures[name]), self._atlases[name])

    def _read_sample(self, name: str, channels: slice, ys: Places, xs: Places) -> Array:
        self._settle()
        source = Source("fragment", ("stats/sample.glsl",))
        triangle = self._device.fragment(source)
        count = channels.stop - channels.start
        picked = self._context.texture(Size(count * len(ys), len(xs)).wh, 1, dtype="f4")
        places = []
        for unit, line in enumerate((xs, ys), start=1):
            places.append(self._context.texture(Size(1, len(line)).wh, 1, line.astype("<i4"), dtype="i4"))
            places[-1].use(unit)
        self._textures[name].use(0)
        uniforms = {"u_values": 0, "u_xs": 1, "u_ys": 2, "u_shape": self._shader_shape(name), "u_first": channels.start}
        set_uniforms(triangle.program, uniforms)
        target = self._context.framebuffer([picked])
        target.use()
        self._device.calls.draw(triangle)
        return self._device.calls.read(picked).reshape(count, len(ys), len(xs))

    def _activation_stats(self, name: str) -> Stats:
        self._settle()
        return self._stats.of(self._textures[name], self._shader_shape(name))
