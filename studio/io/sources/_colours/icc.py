"""Colour profiles of pictures: values as they are stored, to those that an sRGB screen needs for the same colours."""

from __future__ import annotations

import contextlib
import io
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from studio.io.sources._colours.icc_curves import by_curves
from studio.io.sources._files.header import profile_of_tiff
from studio.io.sources._files.pillow import open_picture
from studio.model.networks.picture import DeepPicture

if TYPE_CHECKING:
    from PIL.Image import Image


def to_srgb(picture: DeepPicture, profile: bytes) -> DeepPicture:
    """The picture in sRGB, by an ICC profile; the same where the profile says nothing new or cannot be read.

    Args:
        picture: (H, W, 3) RGB of 8 or 16 bits. Tables of colours in a profile are followed in 8 bits; what lies below
            is kept.
        profile: content of the profile.
    """
    table = _changes(profile)
    if table is None:
        return picture
    if picture.dtype != np.uint8 and (exact := by_curves(picture, profile)) is not None:
        return exact
    from PIL import Image, ImageCms

    transform, is_grey = table
    assert isinstance(transform, ImageCms.ImageCmsTransform)
    deep = picture.dtype != np.uint8
    if is_grey:
        ramp = np.array(ImageCms.applyTransform(Image.fromarray(np.arange(256, dtype=np.uint8)[None]), transform))[0]
        if not deep:
            return np.asarray(ramp[picture[:, :, 0]], np.uint8)
        places = picture[:, :, 0] / 257
        between = [np.interp(places, np.arange(256), ramp[:, channel] * 257.0) for channel in range(3)]
        return np.asarray(np.rint(np.stack(between, axis=-1)), np.uint16)
    coarse = ((picture.astype(np.uint32) + 128) // 257).astype(np.uint8) if deep else picture
    shown = np.array(ImageCms.applyTransform(Image.fromarray(coarse), transform))
    if not deep:
        return shown
    rest = picture.astype(np.int32) - coarse.astype(np.int32) * 257
    return np.clip(shown.astype(np.int32) * 257 + rest, 0, 65535).astype(np.uint16)


def cmyk_to_srgb(data: bytes) -> NDArray[np.uint8] | None:
    """(H, W, 3) uint8 of a picture file of four inks, by the profile in it; None where it is none, or has none."""
    try:
        with open_picture(data) as image:
            if image.mode != "CMYK" or "icc_profile" not in image.info:
                return None
            return _printed(image, image.info["icc_profile"])
    # Pillow says by many exceptions that a file is not as it should be; OpenCV reads it, or says so.
    except Exception:  # noqa: BLE001
        return None


def inks_to_srgb(inks: NDArray[np.uint8], profile: bytes | None) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 of (H, W, 4) uint8 of inks, by a profile, and without one that can be read by subtraction."""
    import PIL.Image

    if profile:
        with contextlib.suppress(Exception):
            shown = _printed(PIL.Image.fromarray(inks, "CMYK"), profile)
            if shown is not None:
                return shown
    paper = 255 - inks.astype(np.uint32)
    return np.asarray((paper[:, :, :3] * paper[:, :, 3:] + 127) // 255, np.uint8)


def _printed(image: Image, profile: bytes) -> NDArray[np.uint8] | None:
    from PIL import ImageCms

    own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    shown = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
    return None if shown is None else np.array(shown)


def profile_of(data: bytes) -> bytes | None:
    """The ICC profile in a PNG, JPEG, TIFF or WebP file, or None."""
    if (in_tiff := profile_of_tiff(data)) is not None:
        return in_tiff or None
    try:
        with open_picture(data) as image:
            found = image.info.get("icc_profile")
    except Exception:  # noqa: BLE001 - as above
        # Lossless JPEGs are none for Pillow.
        return _of_jpeg(data)
    return found if isinstance(found, bytes) and found else None


def _of_jpeg(data: bytes) -> bytes | None:
    """The profile in a JPEG's segments, which may be cut into several: ICC.1:2022, B.4."""
    place, parts = 2, dict[int, bytes]()
    while data.startswith(b"\xff\xd8") and place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != 0xDA:
        end = place + 2 + max(2, int.from_bytes(data[place + 2 : place + 4], "big"))
        if data[place + 1] == 0xE2 and data[place + 4 : place + 16] == b"ICC_PROFILE\0":
            parts.setdefault(int.from_bytes(data[place + 16 : place + 17], "big"), data[place + 18 : end])
        place = end
    return b"".join(parts[number] for number in sorted(parts)) or None


@lru_cache(maxsize=8)
def _changes(profile: bytes) -> tuple[object, bool] | None:
    """The transform to sRGB, and whether it is one of greys; None where it moves no value by more than two levels, or
    cannot be made.
    """
    from PIL import Image, ImageCms

    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = str(own.profile.xcolor_space).strip()
        if space not in ("RGB", "GRAY"):
            return None
        is_grey = space == "GRAY"
        transform = ImageCms.buildTransform(own, ImageCms.createProfile("sRGB"), "L" if is_grey else "RGB", "RGB")
        steps = np.linspace(0, 255, 9).astype(np.uint8)
        probe = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 9, 3)
        shown = ImageCms.applyTransform(Image.fromarray(probe[:, :, 0] if is_grey else probe), transform)
        before = probe[:, :, :1] if is_grey else probe
        moved = int(np.abs(np.array(shown).astype(int) - before).max())
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return (transform, is_grey) if moved > 2 else None
