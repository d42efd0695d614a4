"""OpenGL functions by their addresses: moderngl holds Python's GIL in every call, and these do not."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

import moderngl
import numpy as np

from studio.errors import StudioError
from studio.model.op import Array
from studio.model.picture import Picture

Load = Callable[[str], int]

_TEXTURE_2D = 0x0DE1
_TRIANGLES = 0x0004
_FLOAT, _BYTE = 0x1406, 0x1401
_FORMATS = {1: 0x1903, 4: 0x1908}  # red, RGBA
_BGRA = 0x80E1
_UNPACK_ALIGNMENT, _PACK_ALIGNMENT = 0x0CF5, 0x0D05
_ARRAY_BUFFER = 0x8892

_int, _uint, _address, _size = ctypes.c_int, ctypes.c_uint, ctypes.c_void_p, ctypes.c_ssize_t
_SIGNATURES: dict[str, tuple[type[ctypes._SimpleCData], ...]] = {  # type: ignore[type-arg]
    "glFinish": (),
    "glUseProgram": (_uint,),
    "glBindVertexArray": (_uint,),
    "glDrawArrays": (_uint, _int, _int),
    "glDispatchCompute": (_uint, _uint, _uint),
    "glPixelStorei": (_uint, _int),
    "glGetTexImage": (_uint, _int, _uint, _uint, _address),
    "glTexSubImage2D": (_uint, _int, _int, _int, _int, _int, _uint, _uint, _address),
    "glBindBuffer": (_uint, _uint),
    "glBufferSubData": (_uint, _size, _size, _address),
}
# Windows' drivers have a calling convention of their own; both kinds of pointer let other threads run meanwhile.
if sys.platform == "win32":
    _convention = ctypes.WINFUNCTYPE
else:
    _convention = ctypes.CFUNCTYPE


class Calls:
    """The calls that may take long, each for the context that is current in the calling thread.

    Args:
        load: gives the address of an OpenGL function by its name, 0 where there is none; its context is current.
    """

    def __init__(self, load: Load) -> None:
        self._functions = {
            name: _convention(None, *arguments)(address)
            for name, arguments in _SIGNATURES.items()
            if (address := load(name))
        }

    def _call(self, name: str, *arguments: object) -> None:
        if name not in self._functions:
            raise StudioError(f"This graphics driver does not offer {name}; update it, or use --engine torch.")
        self._functions[name](*arguments)

    def finish(self) -> None:
        """Wait until everything asked for so far is done."""
        self._call("glFinish")

    def dispatch(self, program: moderngl.ComputeShader, x: int, y: int = 1, z: int = 1) -> None:
        """Run so many workgroups of a compute shader."""
        self._call("glUseProgram", program.glo)
        self._call("glDispatchCompute", x, y, z)

    def draw(self, triangle: moderngl.VertexArray) -> None:
        """Draw the three vertices of this array with its program, into the target in use."""
        self._call("glUseProgram", triangle.program.glo)
        self._call("glBindVertexArray", triangle.glo)
        self._call("glDrawArrays", _TRIANGLES, 0, 3)

    def read(self, texture: moderngl.Texture) -> Array:
        """(height, width, components) float32 of a float texture of one or four components."""
        found = np.empty((texture.height, texture.width, texture.components), np.float32)
        texture.use(0)
        self._call("glPixelStorei", _PACK_ALIGNMENT, 4)
        self._call("glGetTexImage", _TEXTURE_2D, 0, _FORMATS[texture.components], _FLOAT, found.ctypes.data)
        return found

    def read_picture(self, texture: moderngl.Texture) -> Picture:
        """(height, width, 4) uint8 of a texture of four bytes a texel: blue, green, red, alpha."""
        found = np.empty((texture.height, texture.width, 4), np.uint8)
        texture.use(0)
        self._call("glGetTexImage", _TEXTURE_2D, 0, _BGRA, _BYTE, found.ctypes.data)
        return found

    def write(self, texture: moderngl.Texture, values: Array, place: tuple[int, int] = (0, 0)) -> None:
        """Write (height, width, components) float32 into a float texture, its corner at this place (x, y)."""
        values = np.ascontiguousarray(values, np.float32)
        height, width = values.shape[:2]
        texture.use(0)
        self._call("glPixelStorei", _UNPACK_ALIGNMENT, 4)
        kind = (_FORMATS[texture.components], _FLOAT)
        self._call("glTexSubImage2D", _TEXTURE_2D, 0, *place, width, height, *kind, values.ctypes.data)

    def write_buffer(self, buffer: moderngl.Buffer, values: Array, offset: int = 0) -> None:
        """Write float32 values into a buffer, so many bytes behind its beginning."""
        values = np.ascontiguousarray(values, np.float32)
        self._call("glBindBuffer", _ARRAY_BUFFER, buffer.glo)
        self._call("glBufferSubData", _ARRAY_BUFFER, offset, values.nbytes, values.ctypes.data)
