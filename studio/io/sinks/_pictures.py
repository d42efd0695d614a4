"""Recordings whose pictures are files of their own: one, numbered in a folder of the studio's, or by a pattern."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from pathlib import Path

from studio.errors import StudioError
from studio.io._leftovers import beside_of
from studio.io._swap import exchange_folder
from studio.io.atomic import (
    as_private,
    exists,
    is_folder,
    is_other,
    keep_rights,
    put_in_place,
    require_parent,
    sync,
    sync_rename,
)
from studio.io.sinks import _manifest
from studio.io.sinks._place import check_place
from studio.io.sinks.base import BaseSink, Recording, cannot_record
from studio.model.networks.picture import DeepPicture

NUMBERED = re.compile(r"%0?(\d*)d")
_MOST_DIGITS = 20

Encoder = Callable[[DeepPicture], bytes]
"""(H, W, 3) RGB of 8 or 16 bits to the bytes of a file."""


class PictureSink(BaseSink):
    """What the three share: coding a picture, and writing it whole or not at all.

    Args:
        recording: what and where.
        part: where it grows.
        encode: makes the bytes of a file.
        what: the codec's name, for messages.
    """

    def __init__(self, recording: Recording, part: Path, encode: Encoder, what: str) -> None:
        super().__init__(recording, part)
        self._encode = encode
        self._bytes = 0
        if recording.audio is not None:
            self._warning = f"{recording.path}: {what} files hold no sound; it was left out"

    @property
    def bytes_written(self) -> int:
        """Bytes of all pictures so far."""
        return self._bytes

    def _file(self, index: int) -> Path:
        raise NotImplementedError

    def _put(self, picture: DeepPicture) -> None:
        data = self._encode(picture)
        file = self._file(self.frames)
        beside = beside_of(file, "new")
        new = beside.open("xb")
        try:
            with new:
                new.write(data)
            put_in_place(beside, file, overwrite=False)
        except OSError:
            # It is closed by now: Windows removes nothing that is open.
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
            raise
        self._bytes += len(data)
        self._written(file, data)

    def _written(self, file: Path, data: bytes) -> None:
        """What is to be remembered of a picture."""

    def _failed(self) -> None:
        if not self._count():
            self._discard()

    def _count(self) -> int:
        return sum(exists(self._file(index)) for index in range(self.frames))


class StillSink(PictureSink):
    """One picture in one file; it grows in FILE.part."""

    def __init__(self, recording: Recording, encode: Encoder, what: str) -> None:
        check_place(recording)
        try:
            part = _claim(recording.path, lambda part: part.open("xb").close())
        except OSError as error:
            raise cannot_record(recording.path, error) from error
        super().__init__(recording, part, encode, what)
        self._whole = True

    def _put(self, picture: DeepPicture) -> None:
        if self.frames:
            self._whole = False
            name = self.path.parent / f"%05d{self.path.suffix}"
            raise StudioError(f"{self.path} holds one picture: for more give a folder, or a pattern such as {name}")
        data = self._encode(picture)
        self.part.write_bytes(data)
        self._bytes = len(data)

    def _complete(self) -> None:
        sync(self.part)

    def keep(self) -> None:
        """Keep the picture, unless more were to go into its file: it is not what was wanted then."""
        if self._whole:
            super().keep()
        else:
            self.abort()

    def _place(self, overwrite: bool) -> None:
        put_in_place(self.part, self.path, overwrite)
        sync_rename(self.path.parent)

    def _count(self) -> int:
        return 0

    def _discard(self) -> None:
        with contextlib.suppress(OSError):
            self.part.unlink(missing_ok=True)


class PatternSink(PictureSink):
    """Pictures at out/%05d.png, where none of such a name may stand; the folder is made where it alone is missing."""

    def __init__(self, recording: Recording, encode: Encoder, what: str) -> None:
        path, folder = recording.path, recording.path.parent
        if len(NUMBERED.findall(path.name)) != 1:
            raise StudioError(f"{path} should have one number in its name, such as {folder / '%05d'}{path.suffix}")
        digits = NUMBERED.findall(path.name)[0]
        if len(digits) > 2 or int(digits or 1) > _MOST_DIGITS:
            raise StudioError(f"{path} asks for numbers of {digits} digits; give {_MOST_DIGITS} at most, such as %05d")
        require_parent(folder)
        if is_other(folder):
            raise StudioError(f"cannot record to {path}: {folder} is not a folder; choose another name")
        before, after = (re.escape(text) for text in NUMBERED.split(path.name)[::2])
        ours = re.compile(f"{before}\\d+{after}")
        if is_folder(folder) and any(ours.fullmatch(file.name) for file in folder.iterdir()):
            raise StudioError(f"pictures named like {path} exist already; remove them or give another name")
        self._created = False
        try:
            if not exists(folder):
                folder.mkdir()
                self._created = True
        except OSError as error:
            raise cannot_record(path, error) from error
        super().__init__(recording, folder, encode, what)
        self._sums: list[str] = []

    def _written(self, file: Path, data: bytes) -> None:
        del file
        self._sums.append(_manifest.digest(data))

    def _file(self, index: int) -> Path:
        name = NUMBERED.sub(lambda found: f"{index:0{found[1] or 1}d}", self.path.name, count=1)
        return self.path.parent / name

    def _complete(self) -> None:
        for index in range(self.frames):
            sync(self._file(index))
        sync(self.path.parent)

    def _place(self, overwrite: bool) -> None:
        """They stand there already."""

    def _discard(self) -> None:
        with contextlib.suppress(OSError):
            for index, known in enumerate(self._sums):
                # Somebody may have put another there meanwhile.
                if _manifest.is_as_written(self._file(index), known):
                    self._file(index).unlink(missing_ok=True)
            if self._created:
                self.path.parent.rmdir()


class FolderSink(PictureSink):
    """Pictures in a folder, frame_00000.png and so on, with a list of them; they grow in FOLDER.part.

    Closed, the folder takes the place of an earlier recording, of which just the pictures go that it wrote and nobody
    has changed. Files of others stay; where one has the name of a picture, nothing is recorded there.
    """

    def __init__(self, recording: Recording, encode: Encoder, what: str, suffix: str) -> None:
        path = recording.path
        require_parent(path)
        if is_other(path):
            raise StudioError(f"cannot record to {path}: it is not a folder; choose another name")
        self._suffix = suffix
        others = self._others(path, recording.overwrite)
        try:
            part = _claim(path, Path.mkdir)
        except OSError as error:
            raise cannot_record(path, error) from error
        super().__init__(recording, part, encode, what)
        self._files: dict[str, str] = {}
        if others:
            self._warning = f"{path} also holds {_some(others)}, which the studio did not write: left as it is"

    def _others(self, path: Path, overwrite: bool) -> list[str]:
        """Files of others in the folder; StudioError where recording there would touch them, or replaces unasked."""
        try:
            names = {entry.name for entry in path.iterdir()} if is_folder(path) else set()
        except OSError as error:
            raise StudioError(f"the folder {path} cannot be looked into ({error.strerror}); give a new one") from error
        ours = _manifest.recorded(path)
        others = sorted(names - ours)
        numbered = re.compile(rf"frame_\d+{re.escape(self._suffix)}", re.IGNORECASE)
        if taken := [name for name in others if numbered.fullmatch(name) or name.casefold() == _manifest.NAME]:
            raise StudioError(
                f"the folder {path} holds {_some(taken)}, which the studio did not write there and a recording would "
                "replace; give a new folder"
            )
        if ours and not overwrite:
            raise StudioError(f"{path} holds a recording already; give another name, or --overwrite to replace it")
        return others

    def _file(self, index: int) -> Path:
        return self.part / f"frame_{index:05d}{self._suffix}"

    def _written(self, file: Path, data: bytes) -> None:
        self._files[file.name] = _manifest.digest(data)

    def _complete(self) -> None:
        _manifest.write(self.part, self._files)
        for index in range(self.frames):
            sync(self._file(index))
        sync(self.part)

    def _place(self, overwrite: bool) -> None:
        try:
            self._others(self.path, overwrite)
        except StudioError as error:
            raise FileExistsError(None, str(error)) from error
        with contextlib.suppress(OSError):
            keep_rights(self.path, self.part)
        old = exchange_folder(self.part, self.path)
        if old is not None:
            _empty(old, self.path)
        sync_rename(self.path.parent)

    def _discard(self) -> None:
        with contextlib.suppress(OSError):
            (self.part / _manifest.NAME).unlink(missing_ok=True)
        for name, known in self._files.items():
            if _manifest.is_as_written(self.part / name, known):
                with contextlib.suppress(OSError):
                    (self.part / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.part.rmdir()  # not what somebody else has put there


def _empty(old: Path, new: Path) -> None:
    """Remove of a replaced folder what the studio recorded, and take the rest over; what cannot go stays there."""
    for name in _manifest.recorded(old):
        with contextlib.suppress(OSError):
            (old / name).unlink()
    for entry in list(old.iterdir()):
        with contextlib.suppress(OSError):
            put_in_place(entry, new / entry.name, overwrite=False)
    with contextlib.suppress(OSError):
        old.rmdir()


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _claim(path: Path, make: Callable[[Path], None]) -> Path:
    number = 1
    while True:
        part = path.with_name(f"{path.name}.part{number if number > 1 else ''}")
        try:
            make(part)
        except FileExistsError:
            number += 1
            continue
        as_private(path, part)
        return part


def open_pictures(recording: Recording, encode: Encoder, what: str, suffix: str, *, deep: bool) -> BaseSink:
    """A recording to one file, a pattern or a folder, whichever the path is.

    Args:
        recording: what and where.
        encode: makes the bytes of a file.
        what: the codec's name, for messages.
        suffix: of its files.
        deep: whether `encode` is to be given 16 bits.

    Raises:
        StudioError: when it cannot be begun there.
    """
    sink: BaseSink
    if recording.path.suffix.lower() != suffix:
        sink = FolderSink(recording, encode, what, suffix)
    elif NUMBERED.search(recording.path.name):
        sink = PatternSink(recording, encode, what)
    else:
        sink = StillSink(recording, encode, what)
    sink.deep = deep
    return sink
