"""A fence behind what a viewer drew, for the render thread to wait at."""

from __future__ import annotations

from studio.engine.gl.driver.calls import Calls

_LONGEST_WAIT = 1.0
"""Seconds; a context that was lost never gets there."""


def fence_behind(calls: Calls) -> SyncFence | None:
    """A fence behind everything that the current context has been asked for; None where the context was lost.

    Args:
        calls: of that context.
    """
    fence = calls.fence()
    # One that is not sent off is never reached for another context.
    calls.flush()
    return None if fence is None else SyncFence(calls, fence)


class SyncFence:
    """See `studio.engine.display.Fence`."""

    def __init__(self, calls: Calls, fence: int) -> None:
        self._calls = calls
        self._fence = fence

    def wait(self) -> None:
        """See `Fence.wait`."""
        self._calls.wait_fence(self._fence, _LONGEST_WAIT)

    def drop(self) -> None:
        """See `Fence.drop`."""
        self._calls.drop_fence(self._fence)
