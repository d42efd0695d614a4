"""Where a film grows: under a hidden name until something of it plays, then beside the place where it will be.

.NAME.1f2e3d4c5a6b7c8d.new.mp4   nothing plays yet: what a killed process left is removed by the next recording
NAME.part.mp4                    plays, at any moment
NAME.mp4                         finished
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable
from pathlib import Path

from studio.io._leftovers import beside_of, let_go, locked, sweep
from studio.io._rename import take_free
from studio.io.atomic import as_private
from studio.io.sinks.base import cannot_record

_RENAMES_OPEN_FILES = os.name != "nt"


class GrowingPart:
    """The file of a recording that is under way.

    Attributes:
        path: where it is now.

    Raises:
        StudioError: when nothing can be created there.
    """

    def __init__(self, path: Path) -> None:
        self._wanted = path
        self._lock: int | None = None
        self._size = 0
        self.is_hidden = _RENAMES_OPEN_FILES
        try:
            if self.is_hidden:
                sweep(path.parent, path.stem)
                self.path = beside_of(path, "new")
                self._lock = locked(self.path, os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666))
            else:
                self.path = self._free(lambda part: part.open("xb").close())
            as_private(path, self.path)
        except OSError as error:
            raise cannot_record(path, error) from error

    def has_grown(self) -> bool:
        """Whether, still hidden, it is larger than when this was last asked.

        Raises:
            OSError: where it is gone.
        """
        before, self._size = self._size, self.path.stat().st_size if self.is_hidden else self._size
        return self._size > before

    def show(self) -> None:
        """Give it a name that can be seen: NAME.part.SUFFIX, or .part2 and so on, where an earlier one lies.

        Raises:
            OSError: where that fails.
        """
        if self.is_hidden:
            self.path = self._free(lambda part: take_free(self.path, part))
            self.is_hidden = False
            self._let_go()

    def remove(self) -> None:
        """There is nothing to keep."""
        self.path.unlink(missing_ok=True)
        self._let_go()

    def _free(self, take: Callable[[Path], object]) -> Path:
        for number in itertools.count(1):
            part = self._wanted.with_name(
                f"{self._wanted.stem}.part{number if number > 1 else ''}{self._wanted.suffix}"
            )
            with contextlib.suppress(FileExistsError):
                take(part)
                return part
        raise AssertionError("numbers do not end")

    def _let_go(self) -> None:
        let_go(self._lock)
        self._lock = None
