"""Maps on their way from CUDA to the screen: CUDA writes them into a buffer of OpenGL's, without a copy through memory.

CUDA's driver lets the two work on a buffer by turns. Changing over and back takes an H200 0.3 to 0.7 ms, whatever there
is to copy. So all maps of a moment go together, and CUDA's next turn is asked for right behind what OpenGL does with
them: when the next maps are copied, it has long begun::

    maps on CUDA ──copied──> one buffer of planes ──view/planes.glsl──> a texture for each
                   CUDA's turn                      OpenGL's

Where the two share no card, or OpenGL runs in software, maps are copied through memory.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

import moderngl

from studio.engine.base import Engine
from studio.engine.gl.driver.device import Device
from studio.errors import EngineError

if TYPE_CHECKING:
    import torch

_ALIGNED = 256
"""Bytes. Every driver binds a buffer at multiples of this."""

_WRITES_ALL = 2  # CU_GRAPHICS_REGISTER_FLAGS_WRITE_DISCARD
_ALL_DEVICES = 1  # CU_GL_DEVICE_LIST_ALL


class Planes(NamedTuple):
    """A map in the buffer: float32, channel by channel.

    Attributes:
        buffer: the one to bind.
        offset: where it begins, in bytes.
        size: in bytes.
    """

    buffer: moderngl.Buffer
    offset: int
    size: int


class Driver(Protocol):
    """The calls of CUDA's driver that share memory with OpenGL; each raises `EngineError` where the driver refuses."""

    def devices(self) -> Collection[int]:
        """The numbers of those devices that the current context of OpenGL draws on."""

    def register(self, buffer: int) -> int:
        """Let CUDA write a buffer of OpenGL's, given by its number; returns the handle for the other calls."""

    def unregister(self, registered: int) -> None:
        """Release it, which must come before the buffer is freed."""

    def begin(self, registered: int, stream: int) -> int:
        """CUDA's turn, behind all that OpenGL was asked for: the address of the buffer's memory."""

    def end(self, registered: int, stream: int) -> None:
        """OpenGL's turn, behind all that the stream was asked for."""

    def tensor(self, address: int, count: int, device: torch.device) -> torch.Tensor:
        """A tensor over so many float32 values at an address."""


class FromCuda:
    """The buffer between a CUDA engine and the screen's context.

    Args:
        device: the screen's, current in each call.
        driver: None takes CUDA's own.
    """

    def __init__(self, device: Device, driver: Driver | None = None) -> None:
        self._device = device
        self._driver = driver
        self._buffer: moderngl.Buffer | None = None
        self._registered: int | None = None
        self._refused = not device.has_compute
        self._whole: tuple[int, torch.Tensor] | None = None
        # Where CUDA finds the buffer while it is its turn, and the stream that waits until it is.
        self._address: int | None = None
        self._waiting: torch.cuda.Stream | None = None

    def bring(self, engine: Engine, names: Collection[str]) -> Mapping[str, Planes]:
        """Copy maps of an engine to where OpenGL reads them; those that are left out must be read from the engine.

        Args:
            engine: after a run.
            names: layers and inputs.
        """
        if self._refused:
            return {}
        maps = {name: found for name in names if (found := engine.cuda_map(name)) is not None}
        maps = {name: found for name, found in maps.items() if found.numel() * 4 <= self._device.most_storage}
        if not maps:
            return {}
        try:
            return self._brought(maps)
        except (EngineError, OSError, RuntimeError, moderngl.Error):
            self._device.context.clear_errors()
            self._refused = True
            self.close()
            return {}

    def _brought(self, maps: Mapping[str, torch.Tensor]) -> dict[str, Planes]:
        import torch

        places, end = {}, 0
        for name, found in maps.items():
            places[name] = end, found.numel() * 4
            end += -(-found.numel() * 4 // _ALIGNED) * _ALIGNED
        device = next(iter(maps.values())).device
        driver, buffer, registered = self._room(end, device)
        stream = torch.cuda.current_stream(device)
        if self._address is None:
            self._address = driver.begin(registered, stream.cuda_stream)
        elif self._waiting is not None:
            stream.wait_stream(self._waiting)
        address = self._address
        try:
            if self._whole is None or self._whole[0] != address:
                self._whole = address, driver.tensor(address, buffer.size // 4, device)
            for name, found in maps.items():
                first = places[name][0] // 4
                self._whole[1][first : first + found.numel()].view(found.shape).copy_(found)
        finally:
            self._address = None
            driver.end(registered, stream.cuda_stream)
        return {name: Planes(buffer, *place) for name, place in places.items()}

    def give_back(self) -> None:
        """Let it be CUDA's turn once OpenGL has done what it was asked for; nobody waits for that."""
        if self._driver is None or self._registered is None or self._whole is None or self._address is not None:
            return
        import torch

        try:
            # On a stream of its own: the next frame does not wait for the screen.
            self._waiting = self._waiting or torch.cuda.Stream(self._whole[1].device)  # type: ignore[no-untyped-call]
            self._address = self._driver.begin(self._registered, self._waiting.cuda_stream)
        except (EngineError, RuntimeError):
            self._refused = True
            self.close()

    def _room(self, size: int, device: torch.device) -> tuple[Driver, moderngl.Buffer, int]:
        """The driver, and a registered buffer of at least so many bytes."""
        if self._driver is None:
            self._driver = CudaDriver()
        is_other = self._whole is not None and self._whole[1].device != device
        if self._buffer is None or self._registered is None or self._buffer.size < size or is_other:
            self.close()
            if device.index not in self._driver.devices():
                raise EngineError("OpenGL draws on another card")
            self._buffer = self._device.context.buffer(reserve=size)
            self._registered = self._driver.register(self._buffer.glo)
        return self._driver, self._buffer, self._registered

    def close(self) -> None:
        """Free the buffer."""
        registered, self._registered = self._registered, None
        if registered is not None and self._driver is not None:
            if self._address is not None and self._waiting is not None:
                with contextlib.suppress(EngineError):
                    self._driver.end(registered, self._waiting.cuda_stream)
            with contextlib.suppress(EngineError):
                self._driver.unregister(registered)
        self._buffer = self._whole = self._address = self._waiting = None


class _Memory:
    """Memory of CUDA's, as PyTorch is told of it."""

    def __init__(self, address: int, count: int) -> None:
        self.__cuda_array_interface__ = {
            "data": (address, False),
            "shape": (count,),
            "typestr": "<f4",
            "strides": None,
            "version": 3,
        }


class CudaDriver:
    """See `Driver`: NVIDIA's, of whose functions PyTorch gives none."""

    def __init__(self) -> None:
        self._calls = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")

    def _call(self, name: str, *given: object) -> None:
        if not hasattr(self._calls, name) or (status := getattr(self._calls, name)(*given)):
            raise EngineError(f"{name}: {status if hasattr(self._calls, name) else 'missing'}")

    def devices(self) -> Collection[int]:
        """See `Driver`."""
        count, found = ctypes.c_uint(), (ctypes.c_int * 16)()
        self._call("cuGLGetDevices_v2", ctypes.byref(count), found, len(found), _ALL_DEVICES)
        return found[: count.value]

    def register(self, buffer: int) -> int:
        """See `Driver`."""
        made = ctypes.c_void_p()
        self._call("cuGraphicsGLRegisterBuffer", ctypes.byref(made), ctypes.c_uint(buffer), _WRITES_ALL)
        return made.value or 0

    def unregister(self, registered: int) -> None:
        """See `Driver`."""
        self._call("cuGraphicsUnregisterResource", ctypes.c_void_p(registered))

    def begin(self, registered: int, stream: int) -> int:
        """See `Driver`."""
        named = ctypes.c_void_p(registered)
        self._call("cuGraphicsMapResources", 1, ctypes.byref(named), ctypes.c_void_p(stream))
        address, size = ctypes.c_uint64(), ctypes.c_size_t()
        self._call("cuGraphicsResourceGetMappedPointer_v2", ctypes.byref(address), ctypes.byref(size), named)
        return address.value

    def end(self, registered: int, stream: int) -> None:
        """See `Driver`."""
        named = ctypes.c_void_p(registered)
        self._call("cuGraphicsUnmapResources", 1, ctypes.byref(named), ctypes.c_void_p(stream))

    def tensor(self, address: int, count: int, device: torch.device) -> torch.Tensor:
        """See `Driver`."""
        import torch

        return torch.as_tensor(_Memory(address, count), device=device)
