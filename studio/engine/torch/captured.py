"""Frames of the torch engine on CUDA as graphs: what PyTorch launches operator by operator is launched at once.

A list of layers is cut where something changes from frame to frame: where a number has moved lately, noise is drawn, or
earlier maps are remembered; not where a kernel finds its numbers in the device's memory (`studio.engine.cuda`). Those
layers are *loose* and run operator by operator; each run of layers between them is a graph::

    enc1  enc1_act  enc2>made │ enc2, its stage turned │ enc2_act  dec1  dec1_act
    ──────── a graph ──────── │ operator by operator   │ ──────── a graph ────────

A part is captured when it runs for the second time: the first time cuDNN chooses its algorithms. A graph
reads and writes at fixed addresses, so a map that lies elsewhere is copied to where the graph first read it. A layer
that cannot be captured, because its operator asks the device for a value, is loose from then on.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import torch

from studio.engine.numbers import Numbers
from studio.engine.ring import kept_of
from studio.model.networks.node import Node
from studio.tables import listed

Maps = dict[str, torch.Tensor]


class Run(Protocol):
    """Runs layers operator by operator, and puts what they make into the maps."""

    def __call__(self, nodes: Sequence[Node], *, captures: bool = False) -> None:
        """Run these layers. While a graph is captured, an exception is passed on, and no map is lost."""


RESTS = 30
"""Runs after which a number that has not moved counts as still: no graph is made for a moment's rest."""

_MOST_RESTS = 32 * RESTS
"""The most of them for a number that moves again and again, as by a step sequence: each time it takes twice as many."""

_MOST = 24
"""Graphs that are kept, each with the maps that it makes: of frames as they are, and of what was edited lately."""

_Key = tuple[tuple[str, ...], bytes]


@dataclass
class _Graph:
    """A captured part: tables and maps that it reads, where it reads them, and maps that it makes."""

    graph: torch.cuda.CUDAGraph
    tables: Sequence[torch.Tensor]
    reads: Mapping[str, torch.Tensor]
    made: Mapping[str, torch.Tensor]

    def replay(self, maps: Maps) -> None:
        """Run it, and put what it makes into ``maps``."""
        for name, place in self.reads.items():
            given = maps[name]
            if given is not place:
                with torch.inference_mode():
                    place.copy_(given)
        self.graph.replay()
        maps.update(self.made)


@dataclass
class _Part:
    """Layers that run as one graph; or, without a key, operator by operator."""

    nodes: tuple[Node, ...]
    key: _Key | None


@dataclass
class _Cut:
    """How a list of layers was cut last."""

    version: int
    parts: list[_Part] = field(default_factory=list)
    is_settled: bool = True
    """Whether nothing in it is loose because a number has moved lately."""


_one_at_a_time = threading.Lock()


@contextmanager
def capturing(graph: torch.cuda.CUDAGraph) -> Iterator[None]:
    """While this lasts, what the current device is asked for becomes the graph; other threads may run other devices.

    By default PyTorch captures on one stream for the whole process, that of the device which captures first. It takes
    one capture at a time: others wait.
    """
    with _one_at_a_time:
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            yield


class Captured:
    """Graphs of parts of frames, as long as the same layers run at the same size."""

    def __init__(self) -> None:
        self._graphs: OrderedDict[_Key, _Graph | None] = OrderedDict()
        self._seen: set[_Key] = set()
        self._cuts: dict[tuple[str, ...], _Cut] = {}
        self._whole: tuple[Sequence[Node], _Cut] | None = None
        # What each layer was told in its last run, and how many runs ago that was another thing.
        self._told: dict[str, bytes] = {}
        self._rested: dict[str, int] = {}
        # After how many of them each that has moved counts as lying still.
        self._rests: dict[str, int] = {}
        self._uncapturable: set[str] = set()

    def run(
        self, nodes: Sequence[Node], numbers: Numbers, maps: Maps, run: Run, told: Collection[str] = frozenset()
    ) -> None:
        """Run these layers, as graphs as far as that can be.

        Args:
            nodes: in running order.
            numbers: of all that runs; those of what does not move are part of a graph.
            maps: of every input and layer.
            run: see `Run`.
            told: the layers that read their numbers from the device's memory, where a graph finds the newest.
        """
        for part in self._parts_of(nodes, numbers, told):
            graph = self._graph_of(part.key, part.nodes, numbers, maps, run) if part.key is not None else None
            if graph is None:
                run(part.nodes)
            else:
                graph.replay(maps)

    # -- where a list is cut ----------------------------------------------------------------------------------------

    def _parts_of(self, nodes: Sequence[Node], numbers: Numbers, told: Collection[str]) -> list[_Part]:
        # The same list as before with the same numbers, which is most frames, has nothing to be worked out.
        if self._whole is not None and self._whole[0] is nodes:
            known = self._whole[1]
            if known.version == numbers.version and known.is_settled:
                return known.parts
        moved = self._look([node for node in nodes if node.name not in told], numbers)
        found = _Cut(numbers.version, is_settled=not moved)
        loose = moved | self._uncapturable | numbers.moving.difference(told)
        for node in nodes:
            if node.name in loose or kept_of(node) is not None:
                found.parts.append(_Part((node,), None))
            elif found.parts and found.parts[-1].key is not None:
                found.parts[-1].nodes += (node,)
            else:
                found.parts.append(_Part((node,), ((), b"")))
        for part in found.parts:
            if part.key is not None:
                names = tuple(node.name for node in part.nodes)
                part.key = names, b"".join(self._told.get(name, b"") for name in names if name not in told)
        self._drop_others(tuple(node.name for node in nodes), found)
        self._whole = nodes, found
        return found.parts

    def _look(self, nodes: Sequence[Node], numbers: Numbers) -> set[str]:
        """Those of the layers whose numbers have moved lately."""
        moved = set()
        for node in nodes:
            span = numbers.spans.get(node.name)
            if span is None:
                continue
            told = numbers.told[span].tobytes()
            before = self._told.get(node.name, told)
            self._told[node.name] = told
            rests, rested = self._rests.get(node.name, 0), self._rested.get(node.name, 0) + 1
            if told != before:
                if rested > rests:
                    rests = self._rests[node.name] = min(2 * rests or RESTS, _MOST_RESTS)
                rested = 0
            self._rested[node.name] = rested
            if rested < rests:
                moved.add(node.name)
        return moved

    def _drop_others(self, names: tuple[str, ...], now: _Cut) -> None:
        """Graphs of this list as it was cut before hold maps, and will hardly be needed again."""
        before = self._cuts.get(names)
        self._cuts[names] = now
        if before is None:
            return
        wanted = {part.key for part in now.parts}
        for part in before.parts:
            if part.key is not None and part.key not in wanted:
                self._graphs.pop(part.key, None)
                self._seen.discard(part.key)

    # -- graphs -----------------------------------------------------------------------------------------------------

    def _graph_of(self, key: _Key, nodes: Sequence[Node], numbers: Numbers, maps: Maps, run: Run) -> _Graph | None:
        """The graph of this part, which may be made for it; None where it runs operator by operator this time."""
        known = self._graphs.get(key)
        if known is not None and any(self._lies_elsewhere(known, name, maps) for name in known.reads):
            del self._graphs[key]
        if key not in self._graphs:
            if key not in self._seen:
                self._seen.add(key)
                return None
            self._graphs[key] = self._capture(nodes, numbers, maps, run)
            if len(self._graphs) > _MOST:
                self._graphs.popitem(last=False)
            if self._graphs[key] is None:
                # What stands in the way is loose from now on.
                self._whole = None
        self._graphs.move_to_end(key)
        return self._graphs[key]

    def _lies_elsewhere(self, graph: _Graph, name: str, maps: Maps) -> bool:
        """Whether a map lies for good where another graph makes it, and none where this one reads it."""
        given, place = maps[name], graph.reads[name]
        return given is not place and self._is_fixed(name, given) and not self._is_fixed(name, place)

    def _is_fixed(self, name: str, given: torch.Tensor) -> bool:
        """Whether a map lies where a graph makes it."""
        return any(graph is not None and graph.made.get(name) is given for graph in self._graphs.values())

    def _capture(self, nodes: Sequence[Node], numbers: Numbers, maps: Maps, run: Run) -> _Graph | None:
        names = {node.name for node in nodes}
        reads: Maps = {}
        for name in dict.fromkeys(name for node in nodes for name in node.inputs if name not in names):
            # Inputs have their places; a layer that runs operator by operator makes a new map each time.
            has_place = name not in numbers.ops or self._is_fixed(name, maps[name])
            reads[name] = maps[name] if has_place else maps[name].clone()
        before = dict(maps)
        maps.update(reads)
        graph, at = torch.cuda.CUDAGraph(), ""
        try:
            torch.cuda.synchronize()
            with listed() as tables, capturing(graph):
                for node in nodes:
                    at = node.name
                    run((node,), captures=True)
                at = ""
        except torch.OutOfMemoryError:
            # There is no room for a second set of maps.
            at, failed = "", True
        except Exception:  # noqa: BLE001 - whatever an operator fails with, it fails again when it runs by itself
            # An operator asks for a value, say.
            failed = True
        else:
            failed = False
        if failed:
            torch.cuda.synchronize()
            maps.clear()
            maps.update(before)
            if at:
                self._uncapturable.add(at)
            return None
        return _Graph(graph, tables, reads, {name: maps[name] for name in names})
