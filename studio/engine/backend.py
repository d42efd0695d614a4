"""What an engine is made of, and what each kind of engine has to do for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from studio.engine.numbers import Numbers
from studio.engine.ring import Ring
from studio.engine.stats import Stats
from studio.engine.store import TensorStore
from studio.model.bends.lowering import Running
from studio.model.bends.stage import Stage
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.shape import Array, Shape

Places = NDArray[np.int64]


class Backend(ABC):
    """The state of an engine, and the calls that differ from kind to kind."""

    name: ClassVar[str]

    def __init__(self, network: Network, store: TensorStore | None = None) -> None:
        self.graph: Graph = network.graph
        self._network = network
        self._store = store or TensorStore(network.tensors)
        # In memory; a device may have newer ones, see `Reading._tensor`.
        self._tensors = self._store.arrays
        self._sizes: dict[str, Size] = {}
        self._shapes: dict[str, Shape] = {}
        self._stale: set[str] = set()
        self._bypassed: frozenset[str] = frozenset()
        self._stages: tuple[Stage, ...] = ()
        # Maps that stages are lent, by their numbers, and those that were handed in, by their names.
        self._lent: dict[int, Array] = {}
        self._handed: dict[str, Array] = {}
        self._running = Running()
        self._numbers = Numbers()
        # Of every stage with memory, by the name of what it hands on.
        self._rings: dict[str, Ring] = {}
        # Steps that the network's states have gone since they began.
        self._stepped = 0
        # What runs again after a node, by its name.
        self._after: dict[str, tuple[Node, ...]] = {}
        self.colour: Array | None = None
        self.time_every = 0.0
        self.tunes_later = False

    # -- what a backend does ------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def device(self) -> str:
        """What it runs on, for people: "llvmpipe (software)", "cpu, 2 threads"."""

    @abstractmethod
    def close(self) -> None:
        """Free everything it holds on the device."""

    @abstractmethod
    def _node_times(self) -> dict[str, float]:
        """Seconds that each node took when it was last timed; waits for the device. Empty before the first run."""

    def _begin(self) -> None:  # noqa: B027 - not every backend has something to do
        """Called before any of what follows: make the device ready for calls from this thread."""

    @abstractmethod
    def _adopt(self, before: Running, *, anew: bool) -> None:
        """Get ready to run ``self._running`` in place of what ran before.

        Args:
            before: what ran before. Maps whose names and shapes are the same keep what they hold.
            anew: whether the sizes are others, so that nothing of before is of use.

        Raises:
            StudioError: where there is no room; what ran before may be lost then, and ``self._shapes`` is cleared.
        """

    @abstractmethod
    def _retouch(self, names: Collection[str]) -> None:
        """Called when of these stages the channels are others, in what is otherwise the same to run."""

    @abstractmethod
    def _hand_in(self, name: str, values: Array) -> None:
        """Take over a map of (C, H, W) that is no input: a mask, or what a stage is lent."""

    @abstractmethod
    def _feed(self, name: str, picture: Array) -> None:
        """Take over an input of (C, H, W)."""

    @abstractmethod
    def _keep_state(self, name: str, node: str) -> None:
        """Keep what this node made for an input, which is a state, until the next step."""

    @abstractmethod
    def _hand_back(self, name: str) -> None:
        """Feed a state what was kept for it."""

    @abstractmethod
    def _read_state(self, name: str) -> Array:
        """What was kept for a state."""

    @abstractmethod
    def _execute(self, nodes: Sequence[Node], stale: Collection[str] = ()) -> None:
        """Run these layers, in this order.

        Args:
            nodes: the layers.
            stale: of an update, those that have changed themselves; others among them read what has.
        """

    @abstractmethod
    def _upload(self, tensor: str, rect: Rect) -> None:
        """Carry the rectangle of a tensor's sheet over to the device."""

    @abstractmethod
    def _read_activation(self, name: str) -> Array: ...

    @abstractmethod
    def _read_sample(self, name: str, channels: slice, ys: Places, xs: Places) -> Array: ...

    @abstractmethod
    def _read_sheet(self, tensor: str) -> Array: ...

    @abstractmethod
    def _activation_stats(self, name: str) -> Stats: ...

    @abstractmethod
    def _tensor_stats(self, tensor: str) -> Stats: ...
