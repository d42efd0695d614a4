"""One picture as a source: iterating gives one frame. Holding it for a while is the caller's business."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.io.sources.base import BaseSource, Frame, Reading, SourceInfo
from studio.model.declared.size import Size
from studio.model.networks.picture import DeepPicture


@dataclass(frozen=True, eq=False)
class Still:
    """A decoded picture.

    Attributes:
        picture: (H, W, 3) RGB, of 16 bits a value where the file has more than 8.
        remark: what was done to its colours, or None.
        warning: what was wrong with the file though it could be read, or None.
    """

    picture: DeepPicture
    remark: str | None = None
    warning: str | None = None


def remark_of(path: Path, *said: str | None) -> str | None:
    """What `Still.remark` says of a file; None where nothing was said."""
    found = "; ".join(filter(None, said))
    return f"{path}: {found}" if found else None


class StillSource(BaseSource):
    """A picture, decoded when it is opened, and once more where it is to be read in another way.

    Args:
        path: of the file, for its description.
        read: decodes it.

    Raises:
        StudioError: what `read` raises.
    """

    def __init__(self, path: Path, read: Callable[[Reading], Still]) -> None:
        self._read = read
        self._way = Reading()
        self._still = read(self._way)
        size = Size.of(self._still.picture)
        self.info = SourceInfo(size, None, 1, None, False, f"{path.suffix[1:].lower()} {size.typed}".strip())

    def __iter__(self) -> Iterator[Frame]:
        """Give the one frame, at time 0."""
        if self.reading != self._way:
            self._way, self._still = self.reading, self._read(self.reading)
        self.warning, self.remark = self._still.warning, self._still.remark
        yield Frame(self._still.picture, 0.0, 0)
