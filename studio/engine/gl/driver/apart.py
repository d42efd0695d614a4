"""A context in a library of NVIDIA's driver that the window does not use: what it compiles holds up nothing there.

While that driver compiles, every other call of OpenGL in the process waits, but only those of the same library, and it
has one for GLX and one for EGL. Both can be current in one process, each in a thread of its own, where libglvnd, which
hands calls on to them, is told in time not to write jumps to the first into its functions.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import moderngl

from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.machine_code import files_apart, is_nvidia
from studio.errors import StudioError

_STAYS_WHOLE = "__GLVND_DISALLOW_PATCHING"

_DEVICES, _PLATFORM = 16, 0x313F
_VERSION = (0x3098, 4, 0x30FB, 3, 0x30FD, 1, 0x3038)
"""OpenGL 4.3, its core profile."""

_CONFIG = (0x3033, 1, 0x3040, 8, 0x3038)
"""Of surfaces in memory, for OpenGL."""

_OPENGL = 0x30A2
_EMPTY = "#version 430\nlayout(local_size_x = 1) in;\nvoid main() {}\n"

_address, _int = ctypes.c_void_p, ctypes.c_int
_SIGNATURES: dict[str, tuple[type[ctypes._SimpleCData] | None, tuple[type[ctypes._SimpleCData], ...]]] = {  # type: ignore[type-arg]
    "eglGetProcAddress": (_address, (ctypes.c_char_p,)),
    "eglQueryDevicesEXT": (_int, (_int, _address, _address)),
    "eglGetPlatformDisplayEXT": (_address, (_int, _address, _address)),
    "eglInitialize": (_int, (_address, _address, _address)),
    "eglChooseConfig": (_int, (_address, _address, _address, _int, _address)),
    "eglBindAPI": (_int, (_int,)),
    "eglCreateContext": (_address, (_address, _address, _address, _address)),
    "eglMakeCurrent": (_int, (_address, _address, _address, _address)),
    "eglDestroyContext": (_int, (_address, _address)),
}


def allow_both() -> None:
    """Let EGL be used beside GLX; before the process has its first context. What people have set stays."""
    if is_nvidia():
        os.environ.setdefault(_STAYS_WHOLE, "1")


def device_apart(renderer: str) -> Device | None:
    """A device of EGL on the GPU of this name, current in the calling thread; None where that cannot be.

    Other Python threads run while the driver makes it, which may take a while.
    """
    if not sys.platform.startswith("linux"):
        return None
    with files_apart(), contextlib.suppress(OSError, AttributeError, StudioError):
        for context in _contexts(_Egl()):
            if (device := _device_on(context, renderer)) is not None:
                return device
    return None


def _device_on(context: _Context, renderer: str) -> Device | None:
    """A context's device, current from now on; None where it cannot be, or is of another GPU: the context is freed."""
    settings: dict[str, Any] = {"require": 430, "standalone": True, "context": context}
    with contextlib.suppress(StudioError, moderngl.Error, ValueError):
        context.__enter__()
        device = Device(moderngl.create_context(**settings))
        if device.renderer == renderer:
            # What it keeps machine code in is open then.
            device.calls.binary(_EMPTY)
            return device
    # One that stayed current would let no other library's be so in this thread.
    context.release()
    return None


class _Egl:
    """EGL's functions; each lets other Python threads run.

    Raises OSError and AttributeError where there are none.
    """

    def __init__(self) -> None:
        library = ctypes.CDLL("libEGL.so.1")
        library.eglGetProcAddress.restype, library.eglGetProcAddress.argtypes = _SIGNATURES["eglGetProcAddress"]
        self._functions: dict[str, Callable[..., int | None]] = {}
        for name, (result, arguments) in _SIGNATURES.items():
            # Of an extension libglvnd's library has no function to link with.
            known = getattr(library, name, None)
            address = ctypes.cast(known, _address).value if known else library.eglGetProcAddress(name.encode())
            if not address:
                raise AttributeError(name)
            self._functions[name] = ctypes.CFUNCTYPE(result, *arguments)(address)

    def ask(self, name: str, *arguments: object) -> int:
        """What a function gives; 0 for nothing."""
        return self._functions[name](*arguments) or 0

    def call(self, name: str, *arguments: object) -> int:
        """What a function gives; StudioError where that is nothing."""
        found = self.ask(name, *arguments)
        if not found:
            raise StudioError(f"{name} gives nothing.")
        return found


class _Context:
    """A context of EGL without a surface, as moderngl uses one.

    Args:
        egl: its functions.
        display: where it is.
        made: its number there.
    """

    def __init__(self, egl: _Egl, display: int, made: int) -> None:
        self._egl, self._display, self._made = egl, display, made

    def load_opengl_function(self, name: str) -> int:
        """The address of a function; 0 where there is none."""
        return self._egl.ask("eglGetProcAddress", name.encode())

    def __enter__(self) -> None:
        self._egl.call("eglMakeCurrent", self._display, None, None, self._made)

    def __exit__(self, *_: object) -> None:
        self._egl.ask("eglMakeCurrent", self._display, None, None, None)

    def release(self) -> None:
        """Free it."""
        self.__exit__()
        self._egl.ask("eglDestroyContext", self._display, self._made)


def _contexts(egl: _Egl) -> Iterator[_Context]:
    """One on each of EGL's devices, made when it is asked for."""
    devices, count = (_address * _DEVICES)(), _int()
    egl.call("eglQueryDevicesEXT", _DEVICES, ctypes.addressof(devices), ctypes.addressof(count))
    for device in devices[: count.value]:
        with contextlib.suppress(StudioError):
            display = egl.call("eglGetPlatformDisplayEXT", _PLATFORM, device, None)
            egl.call("eglInitialize", display, None, None)
            wanted, config, found = (_int * len(_CONFIG))(*_CONFIG), _address(), _int()
            at = ctypes.addressof(wanted), ctypes.addressof(config), 1, ctypes.addressof(found)
            egl.call("eglChooseConfig", display, *at)
            egl.call("eglBindAPI", _OPENGL)
            version = (_int * len(_VERSION))(*_VERSION)
            made = egl.call("eglCreateContext", display, config.value, None, ctypes.addressof(version))
            yield _Context(egl, display, made)
