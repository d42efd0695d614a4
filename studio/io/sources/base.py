"""What a source of pictures is, and what all of them share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, runtime_checkable

import numpy as np

from studio.errors import StudioError
from studio.io.sources._colours.screens import ToneMap
from studio.model.declared.size import Size
from studio.model.networks.picture import DeepPicture

HAIR = 1e-6
"""Seconds, or ticks, by which a time in floating point may fall short of the one that is meant."""
Turn = tuple[bool, bool, bool]
"""How to turn a picture upright, for `orient`: exchange rows and columns, mirror left-right, mirror top-bottom."""
MAX_SIDE = 16384
MAX_PIXELS = 100_000_000
"""No picture is larger: beyond this no network runs, and one frame alone takes hundreds of megabytes."""
MAX_BYTES = 1 << 30
"""No file is larger that is read whole: pictures, animated ones too."""
PAGES = re.compile(r"(?:pages|page:(\d{1,5})):(.+)", re.DOTALL)
"""A file of several pictures, behind which of them are shown: the number of one, or none for all; and its path."""


@dataclass(frozen=True)
class SourceInfo:
    """What is known of a source before its first frame is asked for.

    Attributes:
        size: of every frame as displayed: rotation applied, pixels made square.
        fps: frames per second, of a variable rate those of its finest passages; None for a still picture.
        frames: how many there are at `fps`: exact when the file says so, else the best estimate; None when unknown or
            endless (a camera).
        duration: seconds; None when unknown, endless, or a still picture.
        has_audio: whether `Source.audio_path` holds sound that belongs to the pictures.
        description: for the eye, such as "h264 1280x720 29.97 fps".
    """

    size: Size
    fps: Fraction | None
    frames: int | None
    duration: float | None
    has_audio: bool
    description: str


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a source.

    Attributes:
        picture: (H, W, 3) RGB, C-contiguous; of 16 bits a value where the source has more than 8. Repeated frames share
            it: do not write into it.
        time: seconds from the start of the source.
        index: position in the source, from 0.
        duration: seconds for which the source shows it, when the source says so.
    """

    picture: DeepPicture
    time: float
    index: int
    duration: float | None = None


@dataclass(frozen=True)
class Reading:
    """How pictures are read, where there is a choice.

    Attributes:
        tone_map: what becomes of light brighter than the white of ordinary pictures; see `to_ordinary`.
        deinterlace: whether the two fields of each picture, taken one after the other, are made one.
        ahead: whether pictures are decoded some way ahead of whoever asks for them, several at once: all come sooner,
            and the first one later.
    """

    tone_map: ToneMap = "knee"
    deinterlace: bool = False
    ahead: bool = False


class Source(Protocol):
    """Something that gives pictures. A context manager: leaving it closes the source.

    Attributes:
        info: what is known of it.
        audio_path: the film whose sound belongs to the pictures, else None.
        warning: what was wrong with the source though it could be read, else None. Set while iterating.
        remark: what was done to its pictures or its clock that a person may want otherwise, else None. Set while
            iterating.
        reading: how its pictures are read; may be set before iterating.
    """

    info: SourceInfo
    audio_path: Path | None
    warning: str | None
    remark: str | None
    reading: Reading

    @property
    def status(self) -> str:
        """Empty for what is recorded; a device says "live", "lost: ..." with the reason, or "closed"."""

    def __iter__(self) -> Iterator[Frame]:
        """Give the frames from the start; a film, a folder and a still can be iterated again."""

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Give the frames from the one shown at `start` seconds; past the end that is the last one. A device has none
        but the newest, whatever `start` is.
        """

    def close(self) -> None:
        """Release files and devices; a running iteration ends. May be called twice, and from another thread."""

    def __enter__(self) -> Source:
        """Give itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""


class SourceKind(Protocol):
    """What a module of this folder declares as `KIND`, and one that a plug-in names under `studio.sources`.

    Attributes:
        name: one word, for messages.
        order: kinds are asked in rising order; the first that matches opens. Keywords 0-9, pictures and folders
            10-49, anything else that exists 50-99.
    """

    name: str
    order: int

    def match(self, spec: str) -> bool:
        """Whether this kind can open `spec`, judged quickly: by the word, the suffix, the first bytes of a file."""

    def open(self, spec: str, fps: Fraction | None) -> Source:
        """Open it.

        Raises:
            StudioError: when it cannot be opened.
        """


@runtime_checkable
class GoesOn(Protocol):
    """A source that has something to show after its end: played in a loop it goes on instead of beginning again."""

    def onwards(self, start: float) -> Iterator[Frame]:
        """Frames from a time past the end, in seconds, without end."""


@runtime_checkable
class Adjustable(Protocol):
    """A device that can be asked for something else while it is open."""

    @property
    def exposure(self) -> float | None:
        """What it says of its exposure, in the driver's own unit; None where it says nothing."""

    def adjust(self, spec: str) -> bool:
        """Do what another name of the same device asks for; False where it is to be opened anew for that.

        Raises:
            StudioError: where the name cannot be read.
        """


class BaseSource:
    """The part of `Source` that most share: no sound, nothing to warn of, closing as a context manager."""

    info: SourceInfo
    audio_path: Path | None = None
    warning: str | None = None
    remark: str | None = None
    reading: Reading = Reading()

    @property
    def status(self) -> str:
        """Nothing: it is no device."""
        return ""

    def __iter__(self) -> Iterator[Frame]:
        """Give the frames from the start."""
        raise NotImplementedError

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Give the frames from the one shown at `start` seconds, passing over those before it."""
        frames = iter(self)
        passed: Frame | None = None
        for frame in frames:
            if start <= 0 or frame.time > start + HAIR:
                yield from (passed, frame) if passed is not None else (frame,)
                yield from frames
                return
            passed = frame
        if passed is not None:
            yield passed

    def close(self) -> None:
        """Release what is held: nothing, unless a subclass says otherwise."""

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def check_size(size: Size, where: object) -> None:
    """Refuse a picture too large to work with, before it is decoded.

    Raises:
        StudioError: when a side exceeds `MAX_SIDE`, the whole exceeds `MAX_PIXELS`, or a side is not positive.
    """
    if min(size) <= 0:
        raise StudioError(f"{where} says it is {size.typed} pixels: the file is damaged; export it again")
    if max(size) > MAX_SIDE or size.pixels > MAX_PIXELS:
        raise StudioError(
            f"{where} is {size.typed} pixels, more than the limit of {MAX_SIDE} a side "
            f"and {MAX_PIXELS // 1_000_000} megapixels; scale it down first"
        )


def rate_text(fps: Fraction) -> str:
    """`fps` for the eye: "25 fps", "29.97 fps"."""
    return f"{float(fps):.2f}".rstrip("0").rstrip(".") + " fps"


def orient(picture: DeepPicture, transpose: bool, flip_x: bool, flip_y: bool) -> DeepPicture:
    """Turn a picture upright: first exchange rows and columns, then mirror left-right, then top-bottom.

    All eight orientations of a camera held any way, mirrored or not, are such a triple.
    """
    if transpose:
        picture = picture.transpose(1, 0, 2)
    if flip_x:
        picture = picture[:, ::-1]
    if flip_y:
        picture = picture[::-1]
    return np.ascontiguousarray(picture, picture.dtype)


def read_content(path: Path) -> bytes:
    """All bytes of a picture's file; StudioError where it cannot be read or is larger than a picture may be."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise StudioError(f"{path} is larger than {MAX_BYTES >> 20} MiB: scale it down or save it compressed")
        return path.read_bytes()
    except OSError as error:
        raise StudioError(f"{path} cannot be read ({error.strerror}); check the file and its rights") from error


def undecodable(path: Path) -> StudioError:
    """What is said of a picture of a known kind that cannot be decoded, and why is not known."""
    return StudioError(f"{path} cannot be decoded: it is damaged or cut off; save it again")


def path_in(spec: str) -> str:
    """The path in `spec`, without what says which pages of a file are shown."""
    found = PAGES.fullmatch(spec)
    return found[2] if found else spec


def file_at(spec: str) -> Path | None:
    """The file that `spec` is the path of, or None. A spec that can be no path at all is none."""
    try:
        return Path(spec) if spec and Path(spec).is_file() else None
    except (OSError, ValueError):
        return None


def folder_at(spec: str) -> Path | None:
    """The folder that `spec` is the path of, or None."""
    try:
        return Path(spec) if spec and Path(spec).is_dir() else None
    except (OSError, ValueError):
        return None
