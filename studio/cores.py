"""The processor's cores."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """How many this process may run on: a batch system, a container or `taskset` may have left it a few of them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
