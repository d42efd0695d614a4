"""Standard output and standard error: whoever reads them may have gone, and the disk behind them may be full.

Work goes on without them. What cannot be said on standard error is not said; what cannot be said on standard output
ends a command that only says things, and no other.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO, cast

from studio.errors import StudioError


class ReaderGoneError(Exception):
    """Whoever read standard output has gone ("studio info x | head")."""


class _Stream:
    """A stream of text of which an error is met once: from then on what is written goes nowhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write text; how much was taken, which is all of it."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._lost(error)
        return len(text)

    def flush(self) -> None:
        """Hand on what is held back."""
        try:
            self._stream.flush()
        except OSError as error:
            self._lost(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _lost(self, error: OSError) -> None:
        del error
        # What is still held back would be tried again at the end of the program, which fails then.
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


class _Output(_Stream):
    def _lost(self, error: OSError) -> None:
        super()._lost(error)
        if error.errno in (errno.EPIPE, errno.EINVAL, errno.EIO):  # EINVAL is Windows' word for a closed pipe
            raise ReaderGoneError from error
        from studio.io.atomic import cannot_write

        raise cannot_write(Path("standard output"), error) from error


@contextmanager
def standard_streams() -> Iterator[None]:
    """Let commands write to standard output and standard error whatever becomes of those meanwhile.

    Raises:
        ReaderGoneError: of what is written to standard output, once, where nobody reads it any more.
        StudioError: likewise, where it cannot be written for another reason.
    """
    _open_closed()
    before = sys.stdout, sys.stderr
    for stream in before:
        # A pipe of an old encoding gets a question mark for what it lacks, not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    output, told = (stream or Path(os.devnull).open("w", encoding="utf-8") for stream in before)  # noqa: SIM115
    sys.stdout, sys.stderr = cast(TextIO, _Output(output)), cast(TextIO, _Stream(told))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _open_closed() -> None:
    """Let the numbers of the three streams be taken: a recording that had one would get whatever libraries print."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def say(text: str) -> None:
    """What a command has done, on standard output; where that cannot be said, it is done all the same."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except ReaderGoneError:
        pass
    except StudioError as error:
        sys.stderr.write(f"{error}\n")
