"""Numbered PNG files: every picture bit by bit, for any other program."""

from __future__ import annotations

import contextlib
import re
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from studio.errors import StudioError
from studio.io.atomic import exists, is_folder, require_parent, swap_folder, sync
from studio.io.sinks.base import BaseSink, Range, Sink, Size, cannot_record

_NUMBERED = re.compile(r"%0?(\d*)d")
_FOLDER_NAMES = "frame_%05d.png"


class PngSink(BaseSink):
    """Pictures in files of their own, each complete as soon as it is there.

    To a folder, FOLDER/frame_00000.png and so on: they grow in FOLDER.part, which takes the place of an earlier
    recording of the same kind when closed. To a pattern, out/%05d.png: directly, where no such file may exist yet; the
    folder is created when it alone is missing. To one .png: one picture.
    """

    def __init__(self, path: Path, size: Size, audio: Path | None) -> None:
        """Prepare the folder.

        Raises:
            StudioError: when the place is missing, not writable, or taken by other files.
        """
        self._single = path.suffix.lower() == ".png" and not _NUMBERED.search(path.name)
        self._pattern = path.name if path.suffix.lower() == ".png" else _FOLDER_NAMES
        self._whole = path.suffix.lower() != ".png"
        if len(_NUMBERED.findall(self._pattern)) != 1 and not self._single:
            raise StudioError(f"{path} should have one number in its name, such as {path.parent / '%05d.png'}")
        folder = path if self._whole else path.parent
        require_parent(path if self._whole or self._single else folder)
        _check_free(path, folder, self._whole, self._single)
        self._created = False
        try:
            if self._whole:
                folder = _claim_folder(path)
            elif self._single:
                path.with_name(f"{path.name}.part").touch()
            elif not exists(folder):
                folder.mkdir()
                self._created = True
        except OSError as error:
            raise cannot_record(path, error) from error
        super().__init__(path, path.with_name(f"{path.name}.part") if self._single else folder, size)
        self._folder = folder
        self._bytes = 0
        if audio is not None:
            self._warning = f"{path}: PNG files hold no sound; it was left out"

    @property
    def bytes_written(self) -> int:
        """Bytes of all pictures so far."""
        return self._bytes

    def _file(self, index: int) -> Path:
        return self._folder / _NUMBERED.sub(lambda found: f"{index:0{found[1] or 1}d}", self._pattern, count=1)

    def _put(self, picture: npt.NDArray[np.uint8]) -> None:
        import cv2

        if self._single and self.frames:
            raise StudioError(
                f"{self.path} holds one picture: for more give a folder, or a pattern such as "
                f"{self.path.parent / '%05d.png'}"
            )
        # Level 1: a network's pictures hardly shrink further, and a recording must keep up.
        good, data = cv2.imencode(".png", picture[:, :, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
        if not good:
            raise OSError(0, "the picture cannot be coded as PNG")
        file = self._file(self.frames)
        beside = file.with_name(file.name + ".part")
        try:
            beside.write_bytes(data.tobytes())
            if not self._single:
                beside.replace(file)
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
            raise
        self._bytes += len(data)

    def _finish(self) -> None:
        if self._single:
            sync(self.part)
            self.part.replace(self.path)
        else:
            for index in range(self.frames):
                sync(self._file(index))
            sync(self._folder)
        if self._whole:
            if self.path.exists():
                # Only an earlier recording stands there: `_check_free` has seen to that, and sees to it again.
                _check_free(self.path, self.path, whole=True, single=False)
            swap_folder(self._folder, self.path)
            self._folder = self.path
        with contextlib.suppress(OSError):
            sync(self.path.parent)

    def _discard(self) -> None:
        if self._whole:
            shutil.rmtree(self._folder, ignore_errors=True)
            return
        with contextlib.suppress(OSError):
            if self._single:
                self.part.unlink(missing_ok=True)
                return
            for index in range(self.frames):
                self._file(index).unlink(missing_ok=True)
            if self._created:
                self._folder.rmdir()


def _check_free(path: Path, folder: Path, whole: bool, single: bool) -> None:
    if single:
        if is_folder(path):
            raise StudioError(f"cannot write {path}: it is a folder; give the name of a file")
        return
    if not is_folder(folder) and exists(folder):
        raise StudioError(f"cannot record to {path}: {folder} is not a folder; choose another name")
    pattern = re.escape(_FOLDER_NAMES if whole else path.name)
    ours = re.compile(re.sub(r"%0?\d*d", r"\\d+", pattern.replace("\\%", "%")))
    names = [file.name for file in folder.iterdir()] if is_folder(folder) else []
    if whole and not all(ours.fullmatch(name) for name in names):
        raise StudioError(
            f"the folder {path} holds other files, which recording there would replace; give a new folder"
        )
    if not whole and any(ours.fullmatch(name) for name in names):
        raise StudioError(f"pictures named like {path} exist already; remove them or give another name")


def _claim_folder(path: Path) -> Path:
    number = 1
    while True:
        part = path.with_name(f"{path.name}.part{number if number > 1 else ''}")
        try:
            part.mkdir()
        except FileExistsError:
            number += 1
            continue
        return part


class Png:
    """Numbered PNG files, lossless. No sound."""

    name = "png"
    description = "numbered PNG files in a folder: lossless, large, no sound"
    suffixes: tuple[str, ...] = ("", ".png")
    order = 50

    def match(self, path: Path) -> bool:
        """Whether the path is one of a folder, of a pattern such as out/%05d.png, or of a .png file."""
        return path.suffix.lower() in self.suffixes or is_folder(path)

    def open(self, path: Path, size: Size, fps: Fraction, audio: Path | None, audio_range: Range) -> Sink:  # noqa: ARG002
        """Begin a recording; PNG files know no rate.

        Raises:
            StudioError: when the name ends like something else, or it cannot be begun there.
        """
        if not self.match(path):
            raise StudioError(f"png cannot be recorded to {path}: end its name in .png, or in nothing for a folder")
        return PngSink(path, size, audio)


CODEC = Png()
