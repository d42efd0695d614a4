"""Maps that nobody reads: they are not written until somebody looks at them.

A layer whose activation is made in its pass is read by no other pass, nor is a map as it was before it was bent there::

    enc2 ── enc2_act ── dec1                   one pass, which writes enc2_act alone
    enc2 ── enc2_act>made ── enc2_act ── dec1  the same with a stage

So about half of a frame's maps take no time. A number in its block tells a pass which
of its maps it writes, so nothing is compiled anew for one that is looked at: the frame is run again, once, and from
then on that map is written in every frame.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import moderngl

from studio.engine.base import Places, Stats
from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.atlases import AtlasEngine
from studio.engine.gl.frame.fuse import Group
from studio.engine.gl.frame.passes import Pass
from studio.engine.ring import kept_of
from studio.engine.store import TensorStore
from studio.model.bends.lowering import Running
from studio.model.networks.layout import Atlas
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.shape import Array


def unread_of(
    groups: Sequence[Group], passes: Mapping[str, Sequence[Pass]], nodes: Iterable[Node], wanted: Collection[str]
) -> set[str]:
    """The maps that no other pass than their own reads.

    Args:
        groups: all that run.
        passes: of every layer.
        nodes: all of the network, in running order.
        wanted: maps that are read all the same.
    """
    read = {name for group in groups for each in passes[group.head.name] for name in each.inputs}
    read |= {
        name for group in groups for follower in group.followers for name in follower.reads if isinstance(name, str)
    }
    # Of a joined map, and of what follows from its texels, another list of layers may make a part and keep the rest.
    joined: set[str] = set()
    for node in nodes:
        follows = node.op.is_pointwise or node.op.cut() is not None
        if node.op.joins or (follows and not joined.isdisjoint(node.inputs)):
            joined.add(node.name)
    made = {group.head.name for group in groups}
    made |= {each.node.name for group in groups for each in group.followers if not each.is_copy and not each.is_sum}
    return made - read - joined - {*wanted}


class SparingEngine(AtlasEngine):
    """The part of a GL engine that knows which maps are not written, and writes those that are looked at."""

    def __init__(self, network: Network, device: Device | None = None, store: TensorStore | None = None) -> None:
        self._looked_at: set[str] = set()
        # Those that do not hold what the last run made.
        self._missing: frozenset[str] = frozenset()
        super().__init__(network, device, store)

    def texture_of(self, name: str) -> tuple[moderngl.Texture, Atlas]:
        """See `AtlasEngine.texture_of`; it is written in every run from now on."""
        self._look_at(self._require_run(name))
        return super().texture_of(name)

    def look_at(self, names: Iterable[str]) -> None:
        """See `DrawnEngine.look_at`."""
        new = {self._running.node_of(name) for name in names} - self._looked_at
        if new:
            self._begin()
            self._write(new)

    def _read_activation(self, name: str) -> Array:
        self._look_at(name)
        return super()._read_activation(name)

    def _read_sample(self, name: str, channels: slice, ys: Places, xs: Places) -> Array:
        self._look_at(name)
        return super()._read_sample(name, channels, ys, xs)

    def _activation_stats(self, name: str) -> Stats:
        self._look_at(name)
        return super()._activation_stats(name)

    def _adopt(self, before: Running, *, anew: bool) -> None:
        super()._adopt(before, anew=anew)
        self._looked_at &= self._passes_of.keys()
        self._missing &= self._passes_of.keys()

    def _execute(self, nodes: Sequence[Node], stale: Collection[str] = ()) -> None:
        if self._missing and nodes is not self._running.nodes:
            needed = self._missing.intersection(name for node in nodes for name in node.inputs)
            needed -= {node.name for node in nodes}
            if needed:
                self._write(needed)
                nodes, stale = self._running.nodes, ()
        super()._execute(nodes, stale)
        makes, unwritten = self._ran
        # One run after the other leaves out the same.
        if self._missing is not unwritten:
            left = self._missing - makes
            self._missing = left | unwritten if left else unwritten

    def _unread(self, groups: Sequence[Group]) -> set[str]:
        running = self._running
        wanted = {running.node_of(self.graph.output), *(running.node_of(put.comes_from) for put in self.graph.states)}
        wanted |= {kept for node in running.nodes if (kept := kept_of(node)) is not None}
        return unread_of(groups, self._passes_of, running.nodes, wanted | self._looked_at)

    def _look_at(self, name: str) -> None:
        """Have a map there, now and behind every run."""
        self._begin()
        if name not in self._looked_at:
            self._write([name])
        if name in self._missing:
            self._execute(self._running.nodes)

    def _write(self, names: Collection[str]) -> None:
        """Write these from now on."""
        self._looked_at.update(names)
        for row in self._steps.values():
            row.write(names)
