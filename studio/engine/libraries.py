"""Large libraries, loaded while other threads run: Python's import keeps its lock for all that time."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from contextlib import suppress
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

_CUDA = re.compile(r"^cuda\b[^=\n]*=\s*['\"]\d", re.MULTILINE)
_NAMES = {"linux": ("libtorch_cpu.so", "libtorch_cuda.so"), "darwin": ("libtorch_cpu.dylib",)}


@cache
def load_torch() -> None:
    """Have the system load them, so that the import that follows finds them there.

    They take half of what the import takes. On Windows PyTorch does so itself. Whatever is in the way, the import says.
    """
    _load("torch", *(f"lib/{name}" for name in _NAMES.get(sys.platform, ())))


@cache
def has_cuda() -> bool:
    """Whether the PyTorch that is installed was built for CUDA; neither it nor its libraries are loaded for that."""
    # Not `find_spec`: a window loads them as soon as anybody asks for it.
    found = PathFinder.find_spec("torch")
    if found is None or not found.origin:
        return False
    with suppress(OSError, UnicodeDecodeError):
        return _CUDA.search(Path(found.origin).with_name("version.py").read_text("utf-8")) is not None
    return False


@cache
def load_llvm() -> None:
    """As `load_torch`, for LLVM, whose library is most of what its import takes."""
    name = {"linux": "libllvmlite.so", "darwin": "libllvmlite.dylib"}.get(sys.platform)
    if name is not None:
        _load("llvmlite", f"binding/{name}")


def _load(package: str, *files: str) -> None:
    found = find_spec(package) if package not in sys.modules else None
    if found is None or not found.submodule_search_locations:
        return
    for file in files:
        path = Path(found.submodule_search_locations[0]) / file
        if path.exists():
            # Unlike `ctypes.CDLL`, a foreign function lets go of the lock.
            load = ctypes.CDLL(None).dlopen
            load.restype, load.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_int]
            load(os.fsencode(path), os.RTLD_NOW | os.RTLD_LOCAL)
