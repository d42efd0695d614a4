"""PyTorch's largest libraries, loaded while other threads run: Python's import keeps its lock for all that time."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_NAMES = {"linux": ("libtorch_cpu.so", "libtorch_cuda.so"), "darwin": ("libtorch_cpu.dylib",)}


@cache
def load_torch() -> None:
    """Have the system load them, so that the import that follows finds them there.

    They take half of what the import takes. On Windows PyTorch does so itself. Whatever is in the way, the import says.
    """
    found = find_spec("torch") if "torch" not in sys.modules else None
    if found is None or not found.submodule_search_locations:
        return
    for name in _NAMES.get(sys.platform, ()):
        path = Path(found.submodule_search_locations[0]) / "lib" / name
        if path.exists():
            # Unlike `ctypes.CDLL`, a foreign function lets go of the lock.
            load = ctypes.CDLL(None).dlopen
            load.restype, load.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_int]
            load(os.fsencode(path), os.RTLD_NOW | os.RTLD_LOCAL)
