"""Orders for the render thread: settings, of which the newest counts, and new weights, in their order."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from studio.model.layout import Rect
from studio.model.network import Network
from studio.model.op import Array


@dataclass(frozen=True, eq=False)
class NewWeights:
    """A rectangle of a tensor's sheet, (rect.height, rect.width) float32."""

    tensor: str
    rect: Rect
    values: Array


@dataclass(frozen=True, eq=False)
class Orders:
    """What has come in since the last look.

    Attributes:
        network: another network to run; None keeps the one that runs.
        bypassed: the layers to bypass; None leaves them as they are.
        weights: new values, in order.
        settings: what else was set, by name.
    """

    network: Network | None = None
    bypassed: frozenset[str] | None = None
    weights: tuple[NewWeights, ...] = ()
    settings: dict[str, object] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.network is not None or self.bypassed is not None or bool(self.weights or self.settings)


class Mailbox:
    """Filled from any thread, emptied by one; no call waits but `wait`."""

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._woken = False
        self._network: Network | None = None
        self._bypassed: frozenset[str] | None = None
        self._weights: list[NewWeights] = []
        self._settings: dict[str, object] = {}

    def open(self, network: Network, bypassed: frozenset[str]) -> None:
        """Run another network; weights meant for the old one are dropped."""
        with self._ready:
            self._network, self._bypassed = network, bypassed
            self._weights.clear()
            self._wake()

    def bypass(self, layers: frozenset[str]) -> None:
        """Bypass just these layers."""
        with self._ready:
            self._bypassed = layers
            self._wake()

    def replace(self, tensor: str, rect: Rect, values: Array) -> None:
        """New weights; earlier ones that they cover whole are dropped, so that a long drag stays small."""
        with self._ready:
            self._weights = [old for old in self._weights if old.tensor != tensor or not _covers(rect, old.rect)]
            self._weights.append(NewWeights(tensor, rect, values))
            self._wake()

    def set(self, name: str, value: object) -> None:
        """A setting; an earlier one of that name that has not been seen is forgotten."""
        with self._ready:
            self._settings[name] = value
            self._wake()

    def wake(self) -> None:
        """Let a `wait` return, though there is nothing new."""
        with self._ready:
            self._wake()

    def _wake(self) -> None:
        self._woken = True
        self._ready.notify()

    def wait(self, timeout: float) -> None:
        """Until something comes in, or so many seconds at most."""
        with self._ready:
            self._ready.wait_for(lambda: self._woken, timeout)

    def take(self) -> Orders:
        """Everything since the last time."""
        with self._ready:
            orders = Orders(self._network, self._bypassed, tuple(self._weights), self._settings)
            self._woken = False
            self._network = self._bypassed = None
            self._weights, self._settings = [], {}
            return orders


def _covers(outer: Rect, inner: Rect) -> bool:
    return (
        outer.y <= inner.y
        and outer.x <= inner.x
        and outer.y + outer.height >= inner.y + inner.height
        and outer.x + outer.width >= inner.x + inner.width
    )
