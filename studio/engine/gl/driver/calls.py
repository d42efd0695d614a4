"""OpenGL functions by their addresses: moderngl holds Python's GIL in every call, and these do not."""

from __future__ import annotations

import ctypes
import math
import sys
import time
from collections.abc import Callable
from typing import Any, cast

import moderngl
import numpy as np

from studio.errors import StudioError
from studio.model.networks.picture import Picture
from studio.model.networks.shape import Array

Load = Callable[[str], int]

Binary = tuple[int, bytes]
"""A program as a driver keeps it: of which kind, and what."""

_TEXTURE_2D = 0x0DE1
_TRIANGLES = 0x0004
_FLOAT, _BYTE = 0x1406, 0x1401
_FORMATS = {1: 0x1903, 4: 0x1908}  # red, RGBA
_BGRA = 0x80E1
_UNPACK_ALIGNMENT, _PACK_ALIGNMENT = 0x0CF5, 0x0D05
_ARRAY_BUFFER = 0x8892
_RGBA32F, _RGBA16F, _WRITE_ONLY = 0x8814, 0x881A, 0x88B9

_int, _uint, _address, _size = ctypes.c_int, ctypes.c_uint, ctypes.c_void_p, ctypes.c_ssize_t
_byte, _handle = ctypes.c_ubyte, ctypes.c_uint64
_SIGNATURES: dict[str, tuple[type[ctypes._SimpleCData], ...]] = {  # type: ignore[type-arg]
    "glMemoryBarrier": (_uint,),
    "glBindBufferRange": (_uint, _uint, _uint, _size, _size),
    "glActiveTexture": (_uint,),
    "glBindTexture": (_uint, _uint),
    "glBindImageTexture": (_uint, _uint, _int, _byte, _int, _uint, _uint),
    "glFinish": (),
    "glFlush": (),
    "glGetIntegerv": (_uint, _address),
    "glUseProgram": (_uint,),
    "glBindVertexArray": (_uint,),
    "glDrawArrays": (_uint, _int, _int),
    "glDispatchCompute": (_uint, _uint, _uint),
    "glPixelStorei": (_uint, _int),
    "glGetTexImage": (_uint, _int, _uint, _uint, _address),
    "glTexSubImage2D": (_uint, _int, _int, _int, _int, _int, _uint, _uint, _address),
    "glBindBuffer": (_uint, _uint),
    "glBufferSubData": (_uint, _size, _size, _address),
    "glBufferStorage": (_uint, _size, _address, _uint),
    "glMapBufferRange": (_uint, _size, _size, _uint),
    "glFenceSync": (_uint, _uint),
    "glClientWaitSync": (_address, _uint, ctypes.c_uint64),
    "glDeleteSync": (_address,),
    "glCreateShader": (_uint,),
    "glShaderSource": (_uint, _int, _address, _address),
    "glCompileShader": (_uint,),
    "glDeleteShader": (_uint,),
    "glGetAttachedShaders": (_uint, _int, _address, _address),
    "glAttachShader": (_uint, _uint),
    "glDetachShader": (_uint, _uint),
    "glLinkProgram": (_uint,),
    "glGetProgramiv": (_uint, _uint, _address),
    "glCreateProgram": (),
    "glDeleteProgram": (_uint,),
    "glProgramParameteri": (_uint, _uint, _int),
    "glGetProgramBinary": (_uint, _int, _address, _address, _address),
    "glProgramBinary": (_uint, _uint, _address, _int),
    "glGetTextureHandleARB": (_uint,),
    "glIsTextureHandleResidentARB": (_handle,),
    "glMakeTextureHandleResidentARB": (_handle,),
    "glGetImageHandleARB": (_uint, _int, _byte, _int, _uint),
    "glIsImageHandleResidentARB": (_handle,),
    "glMakeImageHandleResidentARB": (_handle, _uint),
}
_RESULTS: dict[str, type[ctypes._SimpleCData]] = {  # type: ignore[type-arg]
    "glMapBufferRange": _address,
    "glFenceSync": _address,
    "glClientWaitSync": _uint,
    "glCreateShader": _uint,
    "glCreateProgram": _uint,
    "glGetTextureHandleARB": _handle,
    "glIsTextureHandleResidentARB": _byte,
    "glGetImageHandleARB": _handle,
    "glIsImageHandleResidentARB": _byte,
}
_MAP_READ, _MAP_WRITE, _PERSISTENT, _COHERENT = 1, 2, 0x40, 0x80
_COMPUTE_SHADER, _LINK_STATUS = 0x91B9, 0x8B82
_BINARY_LENGTH, _BINARY_HINT = 0x8741, 0x8257
_GPU_COMMANDS_COMPLETE, _FLUSH_COMMANDS, _TIMEOUT_EXPIRED = 0x9117, 1, 0x911B
_BRIEF = "glFlush", "glFenceSync", "glDeleteSync"
_TURN = 10**9  # nanoseconds that are waited at a time
# Windows' drivers have a calling convention of their own; both kinds of pointer let other threads run meanwhile.
if sys.platform == "win32":
    _convention = ctypes.WINFUNCTYPE
else:
    _convention = ctypes.CFUNCTYPE


class _Missing:
    """Stands for a function that the driver lacks; says so when it is called."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *_: object) -> None:
        raise StudioError(f"This graphics driver does not offer {self._name}; update it, or use the engine torch.")


def _made(convention: Callable[..., Any], name: str, address: int) -> Callable[..., object]:
    made = convention(_RESULTS.get(name), *_SIGNATURES[name])(address) if address else _Missing(name)
    return cast("Callable[..., object]", made)


class Calls:
    """The calls that may take long, each for the context that is current in the calling thread.

    Args:
        load: gives the address of an OpenGL function by its name, 0 where there is none; its context is current.
    """

    def __init__(self, load: Load) -> None:
        self._addresses = {name: load(name) for name in _SIGNATURES}
        self._functions: dict[str, Callable[..., object]] = {
            name: _made(_convention, name, address) for name, address in self._addresses.items()
        }
        self._asks: Callable[..., object] = self._functions["glClientWaitSync"]
        # How often work was begun, and when each fence was left; whether all of it is known to be done.
        self._begun = 0
        self._left: dict[int, int] = {}
        self._is_idle = True

    def begin(self) -> bool:
        """Take note that work begins; whether the GPU has no other left, as far as anybody has waited for it."""
        idle, self._is_idle = self._is_idle, False
        self._begun += 1
        return idle

    def be_brief(self) -> None:
        """Hold Python's lock in calls that a GPU's driver comes back from at once: to let it go takes longer.

        Whoever wants it has it for half a millisecond, if he needs it, and this thread waits for that.
        """
        brief = {name: _made(ctypes.PYFUNCTYPE, name, self._addresses[name]) for name in _BRIEF}
        self._functions |= brief
        self._asks = _made(ctypes.PYFUNCTYPE, "glClientWaitSync", self._addresses["glClientWaitSync"])

    def address(self, name: str) -> int:
        """Where a function is; 0 where the driver lacks it."""
        return self._addresses[name]

    def finish(self) -> None:
        """Wait until everything asked for so far is done."""
        self._functions["glFinish"]()
        self._is_idle = True

    def flush(self) -> None:
        """Send off everything asked for so far."""
        self._functions["glFlush"]()

    def integer(self, name: int) -> int:
        """The value of a limit or a state, by its number in OpenGL's headers."""
        found = ctypes.c_int()
        self._functions["glGetIntegerv"](name, ctypes.addressof(found))
        return found.value

    def relink(self, program: int, text: str) -> bool:
        """Compile a compute shader, and let a program be this one from now on; False where the driver refuses it.

        Args:
            program: the number of a program of another compute shader, which it is no more, whatever comes of it.
            text: GLSL.
        """
        call = self._functions
        attached, found = (_uint * 8)(), ctypes.c_int()
        call["glGetAttachedShaders"](program, len(attached), ctypes.addressof(found), ctypes.addressof(attached))
        for number in attached[: found.value]:
            call["glDetachShader"](program, number)
        return self._link(program, text)

    def binary(self, text: str) -> Binary | None:
        """What the driver makes of a compute shader, for `take_binary`; None where it refuses or keeps it.

        Args:
            text: GLSL.
        """
        call = self._functions
        program = call["glCreateProgram"]()
        try:
            call["glProgramParameteri"](program, _BINARY_HINT, 1)
            if not self._link(program, text) or not (size := self._of_program(program, _BINARY_LENGTH)):
                return None
            held, length, kind = ctypes.create_string_buffer(size), ctypes.c_int(), _uint()
            at = (ctypes.addressof(each) for each in (length, kind, held))
            call["glGetProgramBinary"](program, size, *at)
            return kind.value, held.raw[: length.value]
        finally:
            call["glDeleteProgram"](program)

    def take_binary(self, program: int, binary: Binary) -> bool:
        """Let a program be what the driver made in another context; False where it does not know it.

        Args:
            program: the number of a program of a compute shader, which it is no more, whatever comes of it.
            binary: of `binary`, by the same driver on the same GPU.
        """
        kind, held = binary
        memory = ctypes.create_string_buffer(held, len(held))
        self._functions["glProgramBinary"](program, kind, ctypes.addressof(memory), len(held))
        return bool(self._of_program(program, _LINK_STATUS))

    def _link(self, program: object, text: str) -> bool:
        call, source = self._functions, text.encode()
        line, count = ctypes.c_char_p(source), ctypes.c_int(len(source))
        shader = call["glCreateShader"](_COMPUTE_SHADER)
        try:
            call["glShaderSource"](shader, 1, ctypes.addressof(line), ctypes.addressof(count))
            call["glCompileShader"](shader)
            call["glAttachShader"](program, shader)
            call["glLinkProgram"](program)
            call["glDetachShader"](program, shader)
        finally:
            call["glDeleteShader"](shader)
        return bool(self._of_program(program, _LINK_STATUS))

    def _of_program(self, program: object, name: int) -> int:
        found = ctypes.c_int()
        self._functions["glGetProgramiv"](program, name, ctypes.addressof(found))
        return found.value

    def dispatch(self, program: moderngl.ComputeShader, x: int, y: int = 1, z: int = 1) -> None:
        """Run so many workgroups of a compute shader."""
        self._functions["glUseProgram"](program.glo)
        self._functions["glDispatchCompute"](x, y, z)

    def draw(self, triangle: moderngl.VertexArray) -> None:
        """Draw the three vertices of this array with its program, into the target in use."""
        self._functions["glUseProgram"](triangle.program.glo)
        self._functions["glBindVertexArray"](triangle.glo)
        self._functions["glDrawArrays"](_TRIANGLES, 0, 3)

    def read(self, texture: moderngl.Texture) -> Array:
        """(height, width, components) float32 of a float texture of one or four components."""
        found = np.empty((texture.height, texture.width, texture.components), np.float32)
        texture.use(0)
        self._functions["glPixelStorei"](_PACK_ALIGNMENT, 4)
        self._functions["glGetTexImage"](_TEXTURE_2D, 0, _FORMATS[texture.components], _FLOAT, found.ctypes.data)
        self._is_idle = True
        return found

    def read_picture(self, texture: moderngl.Texture) -> Picture:
        """(height, width, 4) uint8 of a texture of four bytes a texel: blue, green, red, alpha."""
        found = np.empty((texture.height, texture.width, 4), np.uint8)
        texture.use(0)
        self._functions["glGetTexImage"](_TEXTURE_2D, 0, _BGRA, _BYTE, found.ctypes.data)
        self._is_idle = True
        return found

    def write(self, texture: moderngl.Texture, values: Array, place: tuple[int, int] = (0, 0)) -> None:
        """Write (height, width, components) float32 into a float texture, its corner at this place (x, y)."""
        values = np.ascontiguousarray(values, np.float32)
        height, width = values.shape[:2]
        texture.use(0)
        self._functions["glPixelStorei"](_UNPACK_ALIGNMENT, 4)
        kind = (_FORMATS[texture.components], _FLOAT)
        self._functions["glTexSubImage2D"](_TEXTURE_2D, 0, *place, width, height, *kind, values.ctypes.data)

    def write_buffer(self, buffer: moderngl.Buffer, values: Array, offset: int = 0) -> None:
        """Write float32 values into a buffer, so many bytes behind its beginning."""
        values = np.ascontiguousarray(values, np.float32)
        self._functions["glBindBuffer"](_ARRAY_BUFFER, buffer.glo)
        self._functions["glBufferSubData"](_ARRAY_BUFFER, offset, values.nbytes, values.ctypes.data)

    def handle(self, texture: moderngl.Texture) -> int:
        """The handle by which shaders sample a texture, whose settings are then fixed; it is valid until that is freed.

        See `Device.has_handles`.
        """
        return self._resident("Texture", self._functions["glGetTextureHandleARB"](texture.glo))

    def image_handle(self, texture: moderngl.Texture) -> int:
        """The handle by which shaders write into a texture of float32 or float16 RGBA, valid until that is freed."""
        kind = _RGBA16F if texture.dtype == "f2" else _RGBA32F
        made = self._functions["glGetImageHandleARB"](texture.glo, 0, 0, 0, kind)
        return self._resident("Image", made, _WRITE_ONLY)

    def _resident(self, kind: str, handle: object, *access: int) -> int:
        """The handle, which may be used in shaders now; it was before where it has been asked for before."""
        if not handle or not isinstance(handle, int):
            raise StudioError("The graphics driver has no texture handles left; use the engine torch.")
        if not self._functions[f"glIs{kind}HandleResidentARB"](handle):
            self._functions[f"glMake{kind}HandleResidentARB"](handle, *access)
        return handle

    def keep_mapped(self, buffer: moderngl.Buffer, *, reads: bool) -> int | None:
        """Give a buffer new memory that stays open to this process, for reading or for writing.

        Returns:
            Its address, good until the buffer is freed; None where the driver refuses.
        """
        # With GL_CLIENT_STORAGE_BIT NVIDIA's driver took five frames longer to read a picture back.
        access = (_MAP_READ if reads else _MAP_WRITE) | _PERSISTENT | _COHERENT
        self._functions["glBindBuffer"](_ARRAY_BUFFER, buffer.glo)
        self._functions["glBufferStorage"](_ARRAY_BUFFER, buffer.size, None, access)
        address = self._functions["glMapBufferRange"](_ARRAY_BUFFER, 0, buffer.size, access)
        return address if isinstance(address, int) else None

    def fence(self) -> int | None:
        """A mark behind everything asked for so far; None in a context that was lost."""
        made = self._functions["glFenceSync"](_GPU_COMMANDS_COMPLETE, 0)
        if not isinstance(made, int):
            return None
        self._left[made] = self._begun
        return made

    def is_reached(self, fence: int) -> bool:
        """Whether the GPU has come to this mark; asks, and does not wait."""
        return self._reached(fence, self._asks(fence, _FLUSH_COMMANDS, 0))

    def _reached(self, fence: int, answer: object) -> bool:
        if answer == _TIMEOUT_EXPIRED:
            return False
        self._is_idle |= self._left.get(fence) == self._begun
        return True

    def wait_fence(self, fence: int, at_most: float = math.inf) -> None:
        """Wait until the GPU has come to this mark, so many seconds at most, and free it."""
        if self.is_reached(fence):
            self.drop_fence(fence)
            return
        until = time.monotonic() + at_most
        while not self._reached(fence, self._functions["glClientWaitSync"](fence, _FLUSH_COMMANDS, _TURN)):
            if time.monotonic() >= until:
                break
        self.drop_fence(fence)

    def drop_fence(self, fence: int) -> None:
        """Free a mark."""
        self._left.pop(fence, None)
        self._functions["glDeleteSync"](fence)
