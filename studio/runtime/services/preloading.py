"""Large libraries are loaded before Python imports what needs them: an import holds Python's lock all the while."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

_FIRST = "libtorch_global_deps.so"
_THEN = "libtorch.so"
"""PyTorch's libraries but those that call Python; the first is loaded for all to see, as PyTorch itself does."""


class Preloader(MetaPathFinder):
    """Loads PyTorch's libraries, a second's work, when PyTorch is about to be imported, in whichever thread.

    To be the first of `sys.meta_path`. Other threads run meanwhile, a window's too; the import then finds them loaded.
    It finds no module itself, and gives way after the first time.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See `MetaPathFinder`."""
        if fullname == "torch" and self in sys.meta_path:
            sys.meta_path.remove(self)
            spec = PathFinder.find_spec(fullname, path, target)
            if spec is not None and spec.origin:
                load_libraries(Path(spec.origin).parent)
        return None


def preload_torch() -> None:
    """Have PyTorch's libraries loaded without Python's lock, on Linux, when somebody imports it."""
    known = any(isinstance(each, Preloader) for each in sys.meta_path)
    if sys.platform.startswith("linux") and "torch" not in sys.modules and not known:
        sys.meta_path.insert(0, Preloader())


def load_libraries(package: Path) -> list[str]:
    """Load what PyTorch's own import would; whatever is missing it finds, or says, itself.

    Args:
        package: PyTorch's folder.

    Returns:
        The names of those that were loaded.
    """
    opens = ctypes.CDLL(None).dlopen
    opens.restype, opens.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    # PyTorch, too, has this one first: it might find another toolkit's by itself.
    wanted = [(str(file), os.RTLD_LAZY) for file in package.parent.glob("nvidia/*/lib/libcublasLt.so.*[0-9]")]
    wanted += [(str(package / "lib" / _FIRST), os.RTLD_NOW | os.RTLD_GLOBAL)]
    wanted += [(str(package / "lib" / _THEN), os.RTLD_NOW)]
    return [Path(file).name for file, mode in wanted if opens(os.fsencode(file), mode)]
