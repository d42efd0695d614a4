"""The log file: what went wrong in the window, for whoever is to mend it. Nothing in it leaves the computer."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from studio import paths
from studio.runtime.services.failures import LOG

_LARGEST = 2**20
_OLDER = 3
"""Files of this many bytes that are kept beside the newest."""


def log_path() -> Path:
    """Where it is on this system: on Linux ``~/.local/state/network-bending-studio/log/studio.log``."""
    return paths.own_folder("log") / "studio.log"


def open_log(path: Path | None = None) -> logging.Handler | None:
    """Note what fails from now on; None where no file can be written, which stops nothing.

    Args:
        path: of the file; it is made when there is something to note.
    """
    path = path or log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = _Quiet(path, maxBytes=_LARGEST, backupCount=_OLDER, encoding="utf-8", delay=True)
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s: %(message)s"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    return handler


def close_log(handler: logging.Handler | None) -> None:
    """Note nothing more."""
    if handler is not None:
        LOG.removeHandler(handler)
        handler.close()


class _Quiet(RotatingFileHandler):
    """A full disk is no reason to say anything, and another studio that has the file open none to lose what is said."""

    def _open(self) -> TextIOWrapper:
        # A pipe of that name would be waited for, with the work that notes something.
        if os.path.lexists(self.baseFilename) and not Path(self.baseFilename).is_file():
            raise OSError(errno.EINVAL, "no file", self.baseFilename)
        return super()._open()

    def doRollover(self) -> None:  # noqa: N802 - logging's name
        if self.stream is not None:
            self.stream.close()
            self.stream = None
        try:
            # Windows lets nobody rename what another has open; found out before the older files have moved up.
            Path(self.baseFilename).rename(self.baseFilename)
        except OSError:
            return  # it grows meanwhile
        super().doRollover()

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError):
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        pass
