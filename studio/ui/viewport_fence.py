"""Fences of OpenGL: whether what a viewer drew is done can be asked from another thread."""

from __future__ import annotations

import ctypes
import sys

from PySide6.QtGui import QOpenGLContext

_COMPLETE = 0x9117
_NANOSECONDS = 1_000_000_000

# Pointers of either kind let other threads run while they are called.
if sys.platform == "win32":
    _convention = ctypes.WINFUNCTYPE
else:
    _convention = ctypes.CFUNCTYPE


class Fences:
    """Makes fences on the context that is current."""

    def __init__(self) -> None:
        self._fence = _function("glFenceSync", ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint)
        self._wait = _function("glClientWaitSync", ctypes.c_uint, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint64)
        self._delete = _function("glDeleteSync", None, ctypes.c_void_p)
        self._flush = _function("glFlush", None)

    def make(self) -> SyncFence:
        """A fence behind everything asked for so far."""
        sync = self._fence(_COMPLETE, 0)
        # A fence that is not sent off is never reached for another context.
        self._flush()
        return SyncFence(sync, self)

    def wait_for(self, sync: int) -> None:
        """Wait a second at most: a context that was lost never gets there."""
        self._wait(sync, 0, _NANOSECONDS)

    def delete(self, sync: int) -> None:
        """Free it."""
        self._delete(sync)


class SyncFence:
    """See `studio.engine.gl.screen.Fence`."""

    def __init__(self, sync: int, calls: Fences) -> None:
        self._sync = sync
        self._calls = calls

    def wait(self) -> None:
        """See `Fence.wait`."""
        self._calls.wait_for(self._sync)
        self._calls.delete(self._sync)

    def drop(self) -> None:
        """See `Fence.drop`."""
        self._calls.delete(self._sync)


def _function(name: str, result: type[ctypes._SimpleCData] | None, *arguments: type[ctypes._SimpleCData]):  # type: ignore[type-arg,no-untyped-def]
    context = QOpenGLContext.currentContext()
    assert context is not None, "fences are made where a context is current"
    return _convention(result, *arguments)(int(context.getProcAddress(name.encode())))
