"""How programs are asked to end, and what processes of the studio's own take from the one that starts them."""

from __future__ import annotations

import _thread
import ctypes
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any

_REQUESTS = "SIGTERM", "SIGHUP", "SIGBREAK"
"""A request to end, a session that goes, and what Windows has for both: Ctrl+Break, or a console that is closed."""

_BREAK = 1  # CTRL_BREAK_EVENT of Windows
_CLOSED = 2, 5, 6  # its CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT and CTRL_SHUTDOWN_EVENT
_GRANTED = 10.0
"""Seconds, more than the five after which Windows ends the process."""

_kept: list[Any] = []
"""What Windows calls, for as long as the process lives."""


def requests_to_end() -> list[int]:
    """The signals, but for that of Ctrl+C, by which this system asks a program to end."""
    return [getattr(signal, name) for name in _REQUESTS if hasattr(signal, name)]


def await_ends() -> None:
    """On Windows: let a console that is closed, or a session that ends, wait for what handles `SIGBREAK`.

    The system ends a process as soon as it has been told of that, which is before Python calls the handler, unless
    whoever is told keeps it waiting. Where there is no handler, nothing is held up.
    """
    if sys.platform == "win32" and not _kept:
        _kept.append(ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_ulong)(_told))
        ctypes.windll.kernel32.SetConsoleCtrlHandler(_kept[0], True)


def _told(event: int) -> bool:
    """What Windows tells of the console, in a thread of its own; False has it tell others, too."""
    number = getattr(signal, _REQUESTS[-1])
    if event in _CLOSED and callable(signal.getsignal(number)):
        _thread.interrupt_main(number)
        time.sleep(_GRANTED)
    return False


def apart() -> dict[str, Any]:
    """For `subprocess.Popen`: a process that an interrupt at the keyboard does not reach."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def behind() -> dict[str, Any]:
    """For `subprocess.Popen`: what Windows has to know of a process that steps back, and may be asked to end."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.BELOW_NORMAL_PRIORITY_CLASS}
    return {}


def ask_to_end(process: subprocess.Popen[Any]) -> None:
    """Ask a process that was started `behind` this one to end as after Ctrl+C.

    Windows knows no request but to those of one console; where the studio has none, the process is ended.
    """
    if sys.platform == "win32":
        with suppress(OSError):
            process.send_signal(_BREAK)
            return
    process.terminate()
