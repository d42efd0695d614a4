"""How a source and an output lie to each other: neither may be within the other."""

from __future__ import annotations

import os
from pathlib import Path

from studio import paths
from studio.errors import StudioError
from studio.io.sources.base import file_at, folder_at
from studio.io.sources.pattern import KIND as PATTERN
from studio.io.sources.pattern import matching


def refuse_overlap(source: str, output: Path) -> None:
    """Check that recording to `output` touches nothing of `source`, and that the source does not read the recording.

    Args:
        source: what `open_source` takes.
        output: a file, a folder, or a pattern such as out/%05d.png.

    Raises:
        StudioError: when they are one, or one lies within the other.
    """
    place = _place(source)
    if place is None:
        return
    try:
        same = output.samefile(place)
    except (OSError, ValueError):
        same = False  # one of them is no file, or not yet
    ours, theirs = (Path(os.path.realpath(path)) for path in (output, place))
    if same or ours == theirs:
        raise StudioError(f'The recording "{output}" would replace its own source; give another name.')
    if theirs.is_relative_to(ours):
        raise StudioError(f'The source "{source}" lies in the folder that is to be recorded to; give another folder.')
    if ours.is_relative_to(theirs):
        raise StudioError(
            f'The recording "{output}" would lie in the folder that is its own source; give another folder.'
        )


def _place(source: str) -> Path | None:
    if source == "demo":
        return paths.DEMO_CLIP
    found = file_at(source) or folder_at(source)
    if found is None and PATTERN.match(source) and matching(Path(source)):
        return Path(source).parent
    return found
