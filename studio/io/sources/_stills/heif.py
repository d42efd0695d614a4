"""HEIC and AVIF: the whole picture of a grid of tiles, with its crop, its turn, its opacity and its colours."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.errors import StudioError
from studio.io.sources._colours.icc import to_srgb
from studio.io.sources._colours.screens import HLG, PQ, Colours
from studio.io.sources._files.header import orientation_of, read_header
from studio.io.sources._files.iso import colours_by_number
from studio.io.sources._files.pillow import open_picture
from studio.io.sources._films.convert import rgb_of
from studio.io.sources._films.crop import crop_of_picture
from studio.io.sources._still import Still
from studio.io.sources.base import Reading, Turn, check_size, orient
from studio.model.declared.size import Size

if TYPE_CHECKING:
    from PIL.Image import Image

_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_AVIF = {b"avif", b"avis"}
_MOVING = ("WEBP", "AVIF")


def kind_of(data: bytes) -> str:
    """Whether a file begins as a HEIC ("heic") or an AVIF ("avif"), by its brands; else nothing."""
    if data[4:8] != b"ftyp":
        return ""
    length = min(int.from_bytes(data[:4], "big"), len(data), 512)
    brands = {data[8:12], *(data[place : place + 4] for place in range(16, length - 3, 4))}
    if brands & _AVIF:
        return "avif"
    # "mif1" alone says that it holds a picture, of whatever codec; phones write HEVC.
    return "heic" if brands & _HEIC or data[8:12] in (b"mif1", b"msf1") else ""


def read_heic(path: Path, data: bytes, reading: Reading) -> Still:
    """Decode the primary picture of a HEIC file.

    Raises:
        StudioError: when it is damaged, or too large.
    """
    import pi_heif

    try:
        file = pi_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
        check_size(Size.from_wh(file.size), path)
        # A copy: what the library gives lies in memory that goes with its own object.
        values = np.array(file)
        profile, said = file.info.get("icc_profile"), file.info.get("nclx_profile") or {}
    except StudioError:
        raise
    except Exception as error:  # whatever it is, the file is at fault
        raise StudioError(f"{path} cannot be decoded ({error}); it is damaged or cut off, or save it as PNG") from error
    if values.ndim == 2:
        values = np.repeat(values[:, :, None], 3, axis=2)
    elif values.shape[2] == 2:
        values = values[:, :, [0, 0, 0, 1]]
    colours = Colours(int(said.get("color_primaries", 2)), int(said.get("transfer_characteristics", 2)))
    return _shown(path, values, colours, profile, reading)


def read_avif(path: Path, data: bytes, reading: Reading) -> Still:
    """Decode an AVIF picture of 8 bits.

    Raises:
        StudioError: when it is damaged, or too large.
    """
    from PIL import ImageOps

    try:
        with open_picture(data, ("AVIF",)) as image:
            check_size(Size.from_wh(image.size), path)
            upright = ImageOps.exif_transpose(_cropped(image, data))
            values = np.array(upright.convert("RGBA" if "A" in upright.getbands() else "RGB"))
            profile = image.info.get("icc_profile")
    except StudioError:
        raise
    except Exception as error:  # whatever it is, the file is at fault
        raise StudioError(f"{path} cannot be decoded ({error}); it is damaged or cut off, or save it as PNG") from error
    return _shown(path, values, Colours(*colours_by_number(data)), profile, reading)


def is_deep(data: bytes) -> bool:
    """Whether the picture at the beginning of an AVIF file has more than 8 bits a value, which Pillow would cut off."""
    at = data.find(b"pixi", 0, 1 << 16)
    if at < 0 or at + 8 >= len(data):
        return False
    return any(bits > 8 for bits in data[at + 9 : at + 9 + min(data[at + 8], 4)])


def moving(data: bytes) -> tuple[int, Size]:
    """How many pictures a WebP or AVIF file shows in turn, and of which size; 0 where it is unreadable."""
    try:
        with open_picture(data, _MOVING) as image:
            stored = Size.from_wh(image.size)
            crop = crop_of_picture(data, stored)
            size = crop.size if crop else stored
            return int(getattr(image, "n_frames", 1)), Size(*reversed(size)) if _turn(image, data)[0] else size
    except Exception:  # noqa: BLE001 - a damaged file may fail in any way; whoever decodes it says how
        return 0, Size(0, 0)


def frames_of(data: bytes) -> Iterator[tuple[np.ndarray, int, int]]:
    """The pictures of an animated WebP or AVIF, (H, W, 3 | 4) uint8, with the milliseconds at which each begins and for
    which it is shown.

    Raises:
        OSError: or another of Pillow's, where the file is damaged.
    """
    with open_picture(data, _MOVING) as image:
        opened: Any = image
        turn = _turn(image, data)
        for number in range(opened.n_frames):
            image.seek(number)
            image.load()
            shown = _cropped(image, data).convert("RGBA" if "A" in image.getbands() else "RGB")
            yield orient(np.array(shown), *turn), int(image.info["timestamp"]), int(image.info.get("duration") or 100)


def _turn(image: Image, data: bytes) -> Turn:
    """How to turn all of an animation's pictures upright. Of an AVIF Pillow makes it EXIF's word."""
    header = read_header(data)
    return header.turn if header is not None else orientation_of(image.info.get("exif", b""))


def _cropped(image: Image, data: bytes) -> Image:
    """Pillow obeys the turn of an AVIF, and not its crop, which comes before that."""
    crop = crop_of_picture(data, Size.from_wh(image.size))
    if crop is None:
        return image
    return image.crop((crop.left, crop.top, crop.left + crop.size.width, crop.top + crop.size.height))


def beside(profile: bytes | None, colours: Colours) -> Colours:
    """What numbers say of colours beside a profile, which says more, but of those of high dynamic range."""
    return Colours() if profile and colours.transfer not in (PQ, HLG) else colours


def _shown(path: Path, values: np.ndarray, colours: Colours, profile: bytes | None, reading: Reading) -> Still:
    colours = beside(profile, colours)
    picture = rgb_of(values, colours, reading.tone_map, partial(to_srgb, profile=profile) if profile else None)
    said = colours.remark(reading.tone_map)
    return Still(picture, f"{path}: {said}" if said else None)
