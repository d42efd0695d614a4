"""Where recordings go: H.264, ProRes, FFV1, GIF, numbered PNG.

One module of this folder is one codec; it is found by scanning, so a new file suffices. Nothing heavy is imported
until a recording begins.
"""

from __future__ import annotations

import os
import tempfile
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np

from studio.errors import StudioError
from studio.io.sinks.base import Codec, CodecInfo, Recording, Sink
from studio.model.declared.plugins import answer, guarded, guarding
from studio.model.declared.registry import declared, having
from studio.model.declared.size import Size

__all__ = [
    "Codec",
    "CodecInfo",
    "Recording",
    "Sink",
    "codec_for",
    "codecs",
    "depth",
    "fastest",
    "known",
    "open_sink",
    "suffix_of",
]


def open_sink(
    path: Path,
    *,
    codec: str,
    size: Size,
    fps: Fraction,
    audio: Path | None = None,
    audio_range: tuple[float, float | None] = (0, None),
    overwrite: bool = False,
    bits: int | None = None,
    ahead: bool = False,
) -> Sink:
    """Begin a recording.

    Args:
        path: the file; for png a folder, a pattern such as out/%05d.png, or one .png for one picture. The folder that
            is to hold it must exist.
        codec: a name out of `codecs`, such as "h264"; `codec_for` guesses it from the path.
        size: of every picture. H.264 and ProRes need even sides: a last column or row is doubled where they are odd.
        fps: frames per second, exact: Fraction(30000, 1001).
        audio: a film or sound file whose sound is kept, else None. PNG and GIF hold no sound.
        audio_range: (start, end) in seconds of the sound, from where the film's pictures start; end None: to its end.
        overwrite: whether a file that stands there may be replaced, when the recording is closed and not before. Of a
            folder only an earlier recording of the studio's is ever replaced; other files in it stay.
        bits: bits a value: 8, 10, 12 or 16, as the codec has them; None for what is usual for it.
        ahead: whether pictures come as fast as they are taken: see `Recording`.

    Raises:
        StudioError: when there is no such codec, or it has no such bits, something stands there that may not be
            replaced, or the recording cannot be begun there.
    """
    if path.name in ("", ".."):
        raise StudioError(f'"{path}" gives a recording no name; give that of a file, or of a folder for it')
    # Through a symbolic link, what it points to is replaced: a recording stays on the disk that was chosen for it.
    path = Path(os.path.realpath(path)) if os.path.islink(path) else path  # noqa: PTH114 - Path.is_symlink may raise
    found = _named(codec)
    depth(codec, bits)
    with guarded(found):
        return guarding(found.open(Recording(path, size, fps, audio, audio_range, overwrite, bits, ahead)), found)


def depth(codec: str, bits: int | None = None) -> int:
    """Bits a value of a recording in `codec`: those asked for, else the usual ones.

    Raises:
        StudioError: when there is no such codec, or it has no such bits.
    """
    depths = getattr(_named(codec), "depths", (8,))
    if bits is not None and bits not in depths:
        listed = " or ".join(map(str, depths))
        raise StudioError(f"{codec} records {listed} bits a value, not {bits}; give one of those, or another codec")
    return int(bits or depths[0])


def fastest(codec: str) -> int | None:
    """The highest rate that players show of a codec; None without a limit, or where there is no such codec."""
    found = next((getattr(each, "fastest", None) for each in known() if each.name == codec), None)
    # A plug-in's may be anything; without this the window would not open.
    return found if isinstance(found, int) and found > 0 else None


def suffix_of(codec: str) -> str:
    """The usual suffix of recordings in `codec`, such as ".mp4"; "" where they are folders.

    Raises:
        StudioError: when there is no such codec.
    """
    return _named(codec).suffixes[0]


def codec_for(path: Path) -> str | None:
    """The codec that a path asks for by its suffix, or None when it asks for none that is known."""
    wanted = (codec for codec in known() if answer(codec, partial(codec.match, path), otherwise=False))
    return next((codec.name for codec in wanted), None)


def codecs() -> list[CodecInfo]:
    """All codecs, each tried by recording two small pictures to a temporary folder (in all about half a second)."""
    found = [(codec, _problem(codec)) for codec in known()]
    return [CodecInfo(codec.name, codec.description, codec.suffixes[0], not why, why) for codec, why in found]


def known() -> list[Codec]:
    """All codecs, built in and plugged in, in the order in which they are asked."""
    check = having("name", "description", "suffixes", "order", "match", "open")
    found = [cast(Codec, codec) for codec in declared("CODEC", __name__, __path__, check)]
    return sorted(found, key=lambda codec: codec.order)


def _named(name: str) -> Codec:
    found = known()
    for codec in found:
        if codec.name == name:
            return codec
    raise StudioError(f"there is no codec {name!r}; choose one of {', '.join(codec.name for codec in found)}")


def _problem(codec: Codec) -> str:
    with tempfile.TemporaryDirectory() as folder:
        try:
            trial = Recording(Path(folder) / f"trial{codec.suffixes[0]}", Size(32, 32), Fraction(25))
            with guarded(codec), codec.open(trial) as sink:
                for level in (0, 255):
                    sink.write(np.full((32, 32, 3), level, np.uint8))
        except (StudioError, ImportError) as error:
            return str(error) or "a trial recording failed"
    return ""
