"""Whoever wants statistics and samples of layers says so; the engine is asked for all of them together."""

from __future__ import annotations

from collections.abc import Callable

from studio.model.networks.graph import Graph


class Watching:
    """What is watched by whom.

    Args:
        watch: asks the running engine for these layers and tensors of a network, and no others.
    """

    def __init__(self, watch: Callable[[Graph, tuple[str, ...]], None]) -> None:
        self._watch = watch
        self._wanted: dict[str, tuple[str, ...]] = {}
        self._asked: tuple[Graph | None, tuple[str, ...]] = (None, ())

    def want(self, who: str, graph: Graph, names: tuple[str, ...]) -> None:
        """Watch these layers and tensors for somebody, in place of what was watched for them before."""
        self._wanted[who] = names
        every = tuple(dict.fromkeys(name for some in self._wanted.values() for name in some))
        if (graph, every) != self._asked:
            self._asked = graph, every
            self._watch(graph, every)
