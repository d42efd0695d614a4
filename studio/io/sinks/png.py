"""Numbered PNG files: every picture bit by bit, for any other program."""

from __future__ import annotations

from pathlib import Path

from studio.errors import StudioError
from studio.io.atomic import is_folder
from studio.io.sinks._pictures import open_pictures
from studio.io.sinks.base import Recording, Sink
from studio.model.networks.picture import DeepPicture


def encode_png(picture: DeepPicture) -> bytes:
    """(H, W, 3) RGB of 8 or 16 bits as a PNG of as many.

    Raises:
        OSError: when it cannot be coded.
    """
    import cv2

    # Level 1: a network's pictures hardly shrink further, and a recording must keep up.
    good, data = cv2.imencode(".png", picture[:, :, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not good:
        raise OSError(0, "the picture cannot be coded as PNG")
    return data.tobytes()


class Png:
    """Numbered PNG files, lossless. No sound."""

    name = "png"
    description = "numbered PNG files in a folder: lossless, 8 or 16 bits, large, no sound"
    suffixes: tuple[str, ...] = ("", ".png")
    order = 50
    depths = (8, 16)

    def match(self, path: Path) -> bool:
        """Whether the path is one of a folder, of a pattern such as out/%05d.png, or of a .png file."""
        return path.suffix.lower() in self.suffixes or is_folder(path)

    def open(self, recording: Recording) -> Sink:
        """Begin a recording; PNG files know no rate.

        Raises:
            StudioError: when the name ends like something else, or it cannot be begun there.
        """
        if not self.match(recording.path):
            raise StudioError(
                f"png cannot be recorded to {recording.path}: end its name in .png, or in nothing for a folder"
            )
        return open_pictures(recording, encode_png, "PNG", ".png", deep=recording.bits == 16)


CODEC = Png()
