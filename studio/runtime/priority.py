"""Threads that work in the background step back behind the window's."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

_STEP = 5
"""Of niceness: where both want a core, such a thread gets about a third of what the window's gets."""


def step_back() -> None:
    """Lower the priority of the calling thread, of threads that it will start, and of a software rasteriser's workers.

    Called by the render thread. Where every core is at work for the network, the window's thread would otherwise wait
    its turn with each event. Mesa's workers for compute shaders have the process's own name; those that draw, for the
    window as well, have names of their own and stay as they are. Only Linux knows threads by number; elsewhere nothing
    is done.
    """
    if not sys.platform.startswith("linux"):
        return
    tasks, main = Path("/proc/self/task"), os.getpid()
    least = os.getpriority(os.PRIO_PROCESS, main) + _STEP
    for task in tasks.iterdir():
        number = int(task.name)
        if number != main and _name(task) == _name(tasks / str(main)):
            # It may have ended meanwhile.
            with contextlib.suppress(OSError):
                if os.getpriority(os.PRIO_PROCESS, number) < least:
                    os.setpriority(os.PRIO_PROCESS, number, least)


def _name(task: Path) -> str:
    try:
        return (task / "comm").read_text()
    except OSError:
        return ""
