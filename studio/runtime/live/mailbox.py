"""Where orders for the render thread wait for it."""

from __future__ import annotations

import threading

from studio.runtime.live.orders import Order, Together


class Mailbox:
    """Filled from any thread, emptied by one; no call waits but `wait`."""

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._woken = False
        self._orders: list[Order] = []

    def put(self, order: Order) -> None:
        """An order, behind what it leaves of those that wait: see `Order.merge`."""
        with self._ready:
            for each in order.orders if isinstance(order, Together) else (order,):
                far = 0 if each.reach is None else max(0, len(self._orders) - each.reach)
                left = [each.merge(earlier) for earlier in self._orders[far:]]
                self._orders[far:] = [*(earlier for earlier in left if earlier is not None), each]
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

    def take(self) -> tuple[Order, ...]:
        """Everything since the last time, in order."""
        with self._ready:
            orders, self._orders = tuple(self._orders), []
            self._woken = False
            return orders
