"""The pictures of a TIFF of several, a scan or a stack: ``pages:PATH`` as a film, ``page:3:PATH`` the third alone."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from studio.errors import StudioError
from studio.io.sources._still import Still, StillSource
from studio.io.sources._stills.tiff_pages import Pages
from studio.io.sources.base import PAGES, Reading, Source, file_at, path_in, read_content
from studio.io.sources.folder import DEFAULT_RATE, PicturesSource
from studio.io.sources.image import read_still, still_of


def file_of(spec: str) -> Path | None:
    """The file whose pages `spec` names, or None where it is something else or no such file is there."""
    path = path_in(spec)
    return file_at(path) if path != spec else None


class PagesSource(PicturesSource):
    """All pages of one file, in order, each decoded when it is its turn; the file is read once."""

    def __init__(self, path: Path, fps: Fraction) -> None:
        """Read the first page that can be read.

        Raises:
            StudioError: when none can be.
        """
        self._file, self._pages = path, Pages(read_content(path))
        super().__init__([Path(f"page {number} of {path.name}") for number in range(1, len(self._pages) + 1)], fps)

    def _read(self, place: int, reading: Reading) -> Still:
        return still_of(self._file, self._pages.alone(place + 1), reading)


class PagesKind:
    """``pages:PATH``, or ``page:N:PATH``, where such a file is there and none of just that name."""

    name = "pages"
    order = 5

    def match(self, spec: str) -> bool:
        """Whether `spec` names pages of a file."""
        return file_of(spec) is not None and file_at(spec) is None

    def open(self, spec: str, fps: Fraction | None) -> Source:
        """Open all pages at `fps` a second, 25 when None, or the one that is named.

        Raises:
            StudioError: when there is no such page, or none can be read.
        """
        path, found = file_of(spec), PAGES.fullmatch(spec)
        assert path is not None, "it matches"
        assert found is not None, "it matches"
        if found[1] is None:
            return PagesSource(path, fps or DEFAULT_RATE)
        number = int(found[1])
        if not number:
            raise StudioError(f"pages are counted from 1; give page:1:{path} for the first of them")
        return StillSource(path, lambda reading: read_still(path, reading, number))


KIND = PagesKind()
