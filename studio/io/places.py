"""How what is read and what is written lie to each other: neither may be within the other."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from studio import paths
from studio.errors import StudioError
from studio.io.sources.base import file_at, folder_at
from studio.io.sources.folder import listed
from studio.io.sources.pages import file_of as file_of_pages
from studio.io.sources.pattern import KIND as PATTERN
from studio.io.sources.pattern import matching

Identity = tuple[int, int]


def refuse_overlap(source: str, output: Path, what: str = "The recording") -> None:
    """Check that writing to `output` touches nothing of `source`, and that the source does not read what is written.

    Places are compared as the disk has them: through links, and whatever the case of letters where that says nothing.

    Args:
        source: what `open_source` takes.
        output: a file, a folder, or a pattern such as out/%05d.png.
        what: is written, for messages.

    Raises:
        StudioError: when they are one, or one lies within the other.
    """
    place = _place(source)
    if place is None:
        return
    read = [place, *_pictures(source, place)]
    there = _identity(output)
    if there is not None and there in map(_identity, read):
        raise StudioError(f'{what} "{output}" would replace its own source; give another name.')
    ours = Path(os.path.realpath(output))
    # Links may lead anywhere; other pictures of a folder lie where that does.
    for each in (place, *(path for path in read[1:] if path.is_symlink())):
        theirs = Path(os.path.realpath(each))
        if ours == theirs:
            raise StudioError(f'{what} "{output}" would replace its own source; give another name.')
        if _is_within(theirs, ours):
            raise StudioError(f'The source "{source}" lies in the folder that is to be written; give another folder.')
    if _is_within(ours, Path(os.path.realpath(place))):
        raise StudioError(f'{what} "{output}" would lie in the folder that is its own source; give another folder.')


def refuse_replacing(read: Iterable[Path | None], output: Path) -> None:
    """Check that writing to `output` replaces no file that is read besides; None is none.

    Raises:
        StudioError: naming it.
    """
    there = _identity(output)
    for path in filter(None, read):
        if there is not None and there == _identity(path):
            raise StudioError(f'"{output}" would replace "{path}", which it is made from; give another name.')


def _is_within(inner: Path, outer: Path) -> bool:
    if inner.is_relative_to(outer):
        return True
    there = _identity(outer)
    return there is not None and there in map(_identity, (inner, *inner.parents))


def _identity(path: Path) -> Identity | None:
    """By which the disk tells one thing from another; None where nothing is there."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def _pictures(source: str, place: Path) -> Iterator[Path]:
    """The files that a folder or a pattern stands for."""
    if not place.is_dir():
        return
    try:
        yield from listed(place.iterdir()) if folder_at(source) else matching(Path(source))
    except OSError:
        return  # what is wrong with it is said when it is read


def _place(source: str) -> Path | None:
    if source == "demo":
        return paths.DEMO_CLIP
    found = file_at(source) or folder_at(source) or file_of_pages(source)
    if found is None and PATTERN.match(source) and matching(Path(source)):
        return Path(source).parent
    return found
