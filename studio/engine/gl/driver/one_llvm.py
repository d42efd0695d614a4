"""One LLVM in a process: Mesa's drivers bring one, and Triton, which PyTorch's wheels for CUDA bring, has another."""

from __future__ import annotations

import sys
from pathlib import Path

_MAPS = Path("/proc/self/maps")


def leave_triton_out(maps: Path = _MAPS) -> None:
    """Where a driver has loaded LLVM, let an import of Triton fail; called once there is a context.

    The two share symbols by name, and loading Triton's after Mesa's ends the process (a segmentation fault). PyTorch
    imports it, where it is there, for its optimisers and exports, and does without where it is not. The studio's own
    kernels of CUDA need none of it. What has been imported already stays.

    Args:
        maps: lists the libraries of this process, as Linux does.
    """
    if "triton" in sys.modules:
        return
    try:
        loaded = maps.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    if "/libLLVM" in loaded:
        sys.modules["triton"] = None  # type: ignore[assignment]
