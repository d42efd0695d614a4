"""Bypasses, stages and live numbers of an engine: what runs for a network, and how that changes while it runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np

from studio.engine.numbers import Owner, Place
from studio.engine.reading import Reading
from studio.engine.ring import Ring, ring_of, signature
from studio.errors import StudioError
from studio.model.bends.lowering import Running, check_names, lower
from studio.model.bends.stage import Stage
from studio.model.bends.staged import Staged
from studio.model.declared.size import Size
from studio.model.networks.node import Node
from studio.model.networks.shape import Array, Shape
from studio.ops._pass_through import bypassed


class Staging(Reading):
    """Changes what runs, all or nothing."""

    def bypass(self, names: Collection[str]) -> None:
        """Bypass these layers, and no others; the next `update` or `run` shows it.

        A bypassed layer hands on what its first input gives it, in the shape that it would have made: channels are
        repeated or left out (channel c is the input's c % C), pixels as by nearest resizing. Its weights are kept, and
        stages behind it bend what it hands on.

        Raises:
            StudioError: for a name that is no layer's.
        """
        wanted = frozenset(self.graph.node(name).name for name in names)
        if wanted != self._bypassed:
            self._change(bypass=wanted)

    @property
    def bypassed(self) -> frozenset[str]:
        """The layers that hand on what their first input gives them."""
        return self._bypassed

    def set_stages(self, stages: Iterable[Stage]) -> None:
        """Bend what layers hand on by these stages, and no others; the next `update` or `run` shows it.

        Where stages differ in numbers alone from those before, nothing is compiled or made. Numbers that were turned
        stay turned, unless a stage now declares another value.

        Args:
            stages: of all layers, those of each in their order.

        Raises:
            StudioError: naming the stage that does not fit; what was set before stays.
        """
        wanted = tuple(stages)
        check_names(self.graph, wanted)
        self._change(stages=wanted)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages as they were set."""
        return self._stages

    @property
    def remembers(self) -> bool:
        """Whether a bend has a memory, or the network a state, so that a `run` needs those before it."""
        return bool(self.graph.states) or any(stage.bend.memory() is not None for stage in self._stages)

    @property
    def moves(self) -> bool:
        """Whether the next `run` may give another picture of the same inputs: something moves, or has a memory."""
        return self._numbers.moves or bool(self._rings) or bool(self.graph.states)

    def lend(self, stage: int, values: Array | None) -> None:
        """Give a stage the map of a second picture, which it keeps until it gets another; None takes it back.

        Args:
            stage: the number of a stage whose bend needs one; it is passed over while it has none.
            values: (C, H, W) float32, of any size.
        """
        lent = {number: held for number, held in self._lent.items() if number != stage}
        if values is not None:
            if values.ndim != 3 or min(values.shape) < 1:
                raise StudioError(f"A map has the shape (channels, height, width), not {tuple(values.shape)}.")
            lent[stage] = np.ascontiguousarray(values, np.float32)
        self._change(lent=lent)

    @property
    def lent(self) -> Mapping[int, Array]:
        """What stages have been lent, (C, H, W) float32 each, by their numbers."""
        return dict(self._lent)

    # -- numbers ----------------------------------------------------------------------------------------------------

    @property
    def places(self) -> tuple[Place, ...]:
        """Whose number each of `numbers` is, and its limits; they change with stages, bypasses and the first run."""
        return self._numbers.places

    @property
    def numbers(self) -> Array:
        """(places,) float32: every live number as it is turned; a copy, to be changed and given to `set_numbers`."""
        return self._numbers.values.copy()

    def set_numbers(self, values: Array) -> None:
        """Turn all live numbers at once; each is held to its limits, and the next `update` or `run` shows it.

        Args:
            values: (places,) float32.
        """
        changed = self._numbers.turn(np.asarray(values, np.float32))
        self._stale |= changed

    def set_number(self, owner: Owner, name: str, value: float) -> None:
        """Turn one live number: of a layer by its name, or of a stage by its number.

        Raises:
            StudioError: listing the numbers that there are; before the first run there are none.
        """
        values = self._numbers.values.copy()
        values[self._numbers.index(owner, name)] = value
        self.set_numbers(values)

    # -- within ---------------------------------------------------------------------------------------------------

    def _take_sizes(self, sizes: dict[str, Size]) -> None:
        """Make room for inputs of these sizes."""
        before = self._shapes, self._running
        shapes = self.graph.shapes(sizes)
        running = self._lowered(shapes)
        self._shapes, self._stepped = shapes, 0
        try:
            self._run_as(running, anew=True)
        except StudioError:
            # An engine that could not keep its old room either has cleared them.
            self._shapes, self._running = before if self._shapes else ({}, Running())
            self._sizes = self._sizes if self._shapes else {}
            self._numbers.adopt(self._running.nodes)
            self._after.clear()
            raise
        self._sizes = sizes

    def _lowered(self, shapes: Mapping[str, Shape]) -> Running:
        lent = {stage: Shape(*values.shape) for stage, values in self._lent.items()}
        replaced = {name: bypassed(self.graph.node(name), shapes[name]) for name in self._bypassed}
        return lower(self.graph, replaced, self._stages, shapes, lent)

    def _change(
        self,
        *,
        bypass: frozenset[str] | None = None,
        stages: tuple[Stage, ...] | None = None,
        lent: dict[int, Array] | None = None,
    ) -> None:
        """Bypass other layers, or take other stages, or other maps that they are lent; all or nothing."""
        before = self._bypassed, self._stages, self._lent
        self._bypassed = self._bypassed if bypass is None else bypass
        self._stages = self._stages if stages is None else stages
        self._lent = self._lent if lent is None else lent
        if not self._shapes:
            return
        try:
            self._run_as(self._lowered(self._shapes))
        except Exception:  # a plug-in's bend may fail in any way
            self._bypassed, self._stages, self._lent = before
            if self._shapes:
                self._run_as(self._lowered(self._shapes))
            raise

    def _run_as(self, running: Running, *, anew: bool = False) -> None:
        """Run this from now on, as far as it is not what runs already."""
        before, self._running = self._running, running
        self._begin()
        known = {node.name: signature(node, before.shapes[node.name]) for node in before.nodes}
        wanted = {node.name: signature(node, running.shapes[node.name]) for node in running.nodes}
        turned = self._numbers.adopt(running.nodes)
        if anew or known != wanted or list(known) != list(wanted):
            self._after.clear()
            self._remember(anew=anew)
            self._adopt(before, anew=anew)
        self._stale = {name for name in self._stale if name in wanted}
        self._stale |= {name for name in wanted if known.get(name) != wanted[name]} | turned
        self._touch(before, anew=anew)

    def _remember(self, *, anew: bool) -> None:
        """Have a ring for every stage with memory; those that stay as they are keep what they hold."""
        found = {}
        for node in self._running.nodes:
            if isinstance(node.op, Staged) and node.op.past:
                key = ring_of(node)
                memory = node.op.stage.bend.memory()
                assert memory is not None
                ring = self._rings.get(key)
                found[key] = ring if ring is not None and ring.memory == memory else Ring(memory)
                if anew:
                    found[key].forget()
        self._rings = found

    def _touch(self, before: Running, *, anew: bool) -> None:
        """Hand in what stages have besides numbers: channels, painted masks, maps that they are lent."""
        told = {node.op.stage.id: node.op.vectors({}) for node in before.nodes if isinstance(node.op, Staged)}
        others = {
            node.name
            for node in self._running.nodes
            if isinstance(node.op, Staged) and not np.array_equal(node.op.vectors({}), told.get(node.op.stage.id, ()))
        }
        self._retouch(others)
        self._stale |= others
        readers = {name: node.name for node in self._running.nodes for name in node.inputs if "~" in name}
        for name, mask in self._running.painted.items():
            if anew or before.painted.get(name) is not mask:
                self._hand_in(name, np.clip(mask.values, 0.0, 1.0).astype(np.float32)[None])
                self._stale.add(readers[name])
        wanted = {name: self._lent[stage] for stage, name in self._running.borrowed.items()}
        for name, values in wanted.items():
            if anew or self._handed.get(name) is not values:
                self._hand_in(name, values)
                self._stale.add(readers[name])
        # What no stage reads any more is gone from the device.
        self._handed = wanted

    def _reached(self, stale: Collection[str]) -> tuple[Node, ...]:
        """These nodes and those after them, in running order; all from the first on, where it does not lead to all."""
        first = min(stale, key=self._running.places.__getitem__)
        if first not in self._after:
            self._after[first] = self._running.downstream(first)
        after = self._after[first]
        if len(stale) == 1 or {node.name for node in after}.issuperset(stale):
            return after
        return self._running.nodes[self._running.places[first] :]
