"""Threads that work in the background step back behind the window's."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

_STEP = 10
"""Of niceness: where both want a core, such a thread gets about a tenth of what the window's gets."""

_ROUNDS = 3000
"""Turns of a waiting thread before it sleeps: about a tenth of a millisecond, as most gaps between operators last."""

_TURN = 0.0002
"""Seconds that a thread goes on running Python while another one waits to; Python's own are 25 times as many.
With fewer the window answers sooner still, but the smallest frames, which Python gives in a hurry, come later."""


def shorten_turns() -> None:
    """Let the window's thread have Python sooner where the others are running it.

    It lets go of Python with each call of Qt's, and waits for it with each handler: dozens of times for one event.
    """
    sys.setswitchinterval(_TURN)


def spin_little() -> None:
    """Let the threads that share an operator sleep soon where one waits for another; before PyTorch is imported.

    Those of GNU's OpenMP, which PyTorch has on Linux, otherwise go round for milliseconds, on a core that the window,
    the film's decoder or another program could use: where all want one, a frame takes several times as long. What
    people have set themselves stays.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", str(_ROUNDS))


def step_back() -> None:
    """Lower the priority of the calling thread, of threads that it will start, and of a software rasteriser's workers.

    Called by threads that work for the window. Where every core is at work for the network, the window's thread would
    otherwise wait its turn with each event. Mesa's workers for compute shaders have the process's own name, those that
    draw have one of their own; a window never waits for either (see `studio.ui.viewport.drawer`). Only Linux knows
    threads by number; elsewhere nothing is done.
    """
    if not sys.platform.startswith("linux"):
        return
    tasks, main = Path("/proc/self/task"), os.getpid()
    least = os.getpriority(os.PRIO_PROCESS, main) + _STEP
    workers = _name(tasks / str(main)), "llvmpipe"
    for task in tasks.iterdir():
        number = int(task.name)
        if number != main and _name(task).startswith(workers):
            # It may have ended meanwhile.
            with contextlib.suppress(OSError):
                if os.getpriority(os.PRIO_PROCESS, number) < least:
                    os.setpriority(os.PRIO_PROCESS, number, least)


def _name(task: Path) -> str:
    try:
        return (task / "comm").read_text().strip()
    except OSError:
        return ""
