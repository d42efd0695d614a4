"""Where pictures come from: a film, a picture, a folder of pictures, a camera, the demo.

One module of this folder is one kind of source; `open_source` finds the kinds by scanning, so a new file suffices.
Nothing heavy is imported until a source is opened.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import cast

from studio.errors import StudioError
from studio.io.answering import answered, await_answer
from studio.io.sources._colours.screens import TONE_MAPS
from studio.io.sources.base import Frame, Reading, Source, SourceInfo, SourceKind, path_in
from studio.io.sources.rate import at_constant_rate
from studio.model.declared.plugins import answer, guarded, guarding
from studio.model.declared.registry import declared, having
from studio.model.views.camera_setup import is_camera

__all__ = [
    "TONE_MAPS",
    "Frame",
    "Reading",
    "Source",
    "SourceInfo",
    "SourceKind",
    "at_constant_rate",
    "kinds",
    "open_source",
]


def kinds() -> list[SourceKind]:
    """Give all kinds of source, built in and plugged in, in the order in which they are asked."""
    check = having("name", "order", "match", "open")
    found = [cast(SourceKind, kind) for kind in declared("KIND", __name__, __path__, check)]
    return sorted(found, key=lambda kind: kind.order)


def open_source(spec: str, *, fps: Fraction | None = None, reading: Reading | None = None) -> Source:
    """Open what `spec` names.

    Args:
        spec: a path to a film, a picture or a folder of pictures; "demo"; "camera" or "camera:1". A file that is
            really called "camera" or "demo" is reached as "./camera".
        fps: frames per second of a folder of pictures (25 when None). A film and a camera have their
            own: see `at_constant_rate`.
        reading: how pictures are read, where there is a choice.

    Raises:
        StudioError: when nothing is there, it is not readable, it holds no picture, or `fps` is not positive.
    """
    if fps is not None and fps <= 0:
        raise StudioError(f"a frame rate of {fps} is impossible: give one above 0, such as 25 or 30000/1001")
    await_answer(path_in(spec))
    opening = partial(_open, spec, fps, reading)
    source = answered(spec, opening, _close) if _is_stored(spec) else opening()
    if source is not None:
        return source
    # Every file and every folder matches some kind, so it is neither.
    # An empty name is the folder that is worked in to pathlib, and nothing to a person.
    if spec == "-" or (spec and _is_there(spec)):
        raise StudioError(f"{spec!r} is a pipe or a device, and films are read more than once; save it to a file")
    raise StudioError(f"there is nothing at {spec!r}: give a film, a picture, a folder of pictures, 'demo' or 'camera'")


def _open(spec: str, fps: Fraction | None, reading: Reading | None) -> Source | None:
    """What the first kind that it is one of opens; None where it is of none."""
    for kind in kinds():
        if answer(kind, partial(kind.match, spec), otherwise=False):
            with guarded(kind):
                source = kind.open(spec, fps)
                if reading is not None:
                    source.reading = reading
                return guarding(source, kind)
    return None


def _close(source: Source | None) -> None:
    if source is not None:
        source.close()


def _is_stored(spec: str) -> bool:
    """Whether `spec` names a file or a folder, or files of a folder; a camera, or a sender, may take its time."""
    path = path_in(spec)
    folder = str(Path(path).parent)
    return not is_camera(spec) and (_is_there(spec) or _is_there(path) or (folder != "." and _is_there(folder)))


def _is_there(spec: str) -> bool:
    try:
        return Path(spec).exists()
    except (OSError, ValueError):
        return False
