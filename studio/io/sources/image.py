"""Still pictures."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

from studio.errors import StudioError
from studio.io.sources._colours.adobe_rgb import is_adobe_rgb, of_adobe_rgb
from studio.io.sources._colours.icc import cmyk_to_srgb, profile_of, to_srgb
from studio.io.sources._colours.other_profiles import other_profile_of
from studio.io.sources._colours.png_colours import further_of_png, widened
from studio.io.sources._colours.screens import Colours, Further
from studio.io.sources._files.header import Header, read_header
from studio.io.sources._files.other_files import what_else
from studio.io.sources._files.pillow import open_picture
from studio.io.sources._files.png_parts import claims_more
from studio.io.sources._films.convert import rgb_of
from studio.io.sources._still import Still, StillSource, remark_of
from studio.io.sources._stills.bmp import masked
from studio.io.sources._stills.cineon import read_cineon
from studio.io.sources._stills.dpx import read_dpx
from studio.io.sources._stills.exr_still import read_exr
from studio.io.sources._stills.heif import is_deep, kind_of, moving, read_avif, read_heic
from studio.io.sources._stills.icons import read_icon
from studio.io.sources._stills.odd_tiff import is_odd, is_raw, read_odd
from studio.io.sources._stills.psd import read_psd
from studio.io.sources._stills.radiance import read_radiance
from studio.io.sources._stills.stored import as_meant
from studio.io.sources._stills.tga import read_tga
from studio.io.sources._stills.tiff_damage import is_damaged
from studio.io.sources._stills.tiff_pages import Pages
from studio.io.sources._stills.xpm import read_xpm
from studio.io.sources.base import Reading, Source, check_size, file_at, orient, read_content, undecodable
from studio.model.networks.picture import DeepPicture

SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pnm")
"""Suffixes of pictures of which the first bytes are always understood here."""

OTHER_SUFFIXES = (
    *(
        ".heic",
        ".heif",
        ".hif",
        ".avif",
        ".exr",
        ".jp2",
        ".j2k",
        ".jpf",
        ".jpx",
        ".tga",
        ".pcx",
        ".dpx",
        ".hdr",
        ".sgi",
    ),
    *(".gif", ".apng", ".pbm", ".pam", ".pfm", ".qoi", ".ico", ".cur", ".icns", ".psd", ".psb", ".cin", ".dds"),
)
"""Suffixes of other pictures that can be read: what a folder of pictures may hold besides."""

# What a file that was cut off at its very end lacks, after which it is whole: all of its picture is there.
_ENDS = {"jpeg": b"\xff\xd9", "png": b"\0\0\0\0IEND\xaeB`\x82"}


def read_still(path: Path, reading: Reading | None = None, page: int = 0) -> Still:
    """Decode the picture file `path`, upright, in sRGB.

    Orientation, colour profile and curve are obeyed wherever the file says them. Sixteen bits stay; floating point is
    taken as 0 to 1; grey becomes RGB; transparent pictures are laid over black.

    Args:
        path: a PNG, JPEG, TIFF, BMP, WebP, PNM, HEIC or AVIF file.
        reading: how it is read.
        page: of a TIFF of several, from 1; 0 for the first, of which it is then said that there are others.

    Raises:
        StudioError: when it has no such page, cannot be read, is damaged, is no such picture, or is larger than
            `base.MAX_SIDE` a side or `base.MAX_PIXELS`; that is found out before it is decoded.
    """
    data = read_content(path)
    pages = Pages(data)
    if page > len(pages):
        raise StudioError(
            f"{path} holds {len(pages)} picture{'s' * (len(pages) > 1)}, and none of number {page}; give a smaller one"
        )
    if page:
        return still_of(path, pages.alone(page), reading)
    first = pages.shown()
    # What stands behind the preview of a raw photograph is no picture yet.
    return still_of(path, data if first is not data and is_raw(data) else first, reading, len(pages))


def still_of(path: Path, data: bytes, reading: Reading | None = None, pages: int = 1) -> Still:
    """Decode a picture file that has been read; see `read_still`.

    Args:
        path: of the file, for messages.
        data: its content, or a TIFF of one of its pages.
        reading: how it is read.
        pages: how many pictures the file holds, of which this is the first.

    Raises:
        StudioError: as for `read_still`.
    """
    way = reading or Reading()
    kind = kind_of(data)
    if kind == "heic":
        return read_heic(path, data, way)
    if kind == "avif":
        return read_avif(path, data, way)
    header = read_header(data)
    if header is None:
        other = what_else(path) or "not a picture that can be read: it is damaged, cut off, or something else"
        raise StudioError(f"{path} is {other}")
    check_size(header.size, path)
    if claims_more(data):
        raise undecodable(path)
    if header.kind in _READERS:
        return _READERS[header.kind](path, data, way)
    is_tiff, turn = header.kind == "tiff", header.turn
    stored, warning = _decoded(path, data, header) if not is_tiff or not is_odd(data) else (None, None)
    others = f'"pages:{path}" plays all, "page:2:{path}" shows another'
    said = [f"it holds {pages} pictures, of which the first is shown; {others}"] if pages > 1 else []
    inks = cmyk_to_srgb(data) if header.kind in ("jpeg", "tiff") and stored is not None else None
    if inks is not None:
        return Still(orient(inks, *turn), remark_of(path, *said), warning)
    colours = Colours(*header.colours)
    if stored is None:
        values = _sixteen(read_odd(path, data))
    else:
        values = _ordered(as_meant(stored, data, header), path)
        if is_tiff and is_damaged(data):
            warning = f"{path} is damaged, and wrong in places"
        turn = (False, False, False) if is_tiff else turn
        values = widened(values) if header.is_narrow else values
    picture = rgb_of(values, colours, way.tone_map, _further(data, header))
    return Still(orient(picture, *turn), remark_of(path, *said, colours.remark(way.tone_map)), warning)


def _further(data: bytes, header: Header) -> Further | None:
    if header.kind == "png":
        return further_of_png(data)
    # Most files have no profile, so that Pillow is not imported for them.
    is_jpeg = header.kind in ("jpeg", "lossless jpeg")
    profile = profile_of(data) if b"ICC_PROFILE" in data or not is_jpeg else None
    if profile is None and is_jpeg and is_adobe_rgb(data):
        return of_adobe_rgb
    return partial(to_srgb, profile=profile) if profile else None


def _bitmap(path: Path, data: bytes, way: Reading) -> Still:
    """A BMP, of which OpenCV takes what is not used for opacity, and old headers and 16 bits for something else."""
    profile = other_profile_of(data)
    further = partial(to_srgb, profile=profile) if profile else None
    values: np.ndarray | None = masked(data)
    if values is not None:
        return Still(rgb_of(values, Colours(), way.tone_map, further))
    try:
        with open_picture(data, ("BMP",)) as image:
            values = np.array(image.convert("RGBA" if "A" in image.getbands() else "RGB"))
    except Exception:  # noqa: BLE001 - Pillow says by many that it does not know a kind, or that it is damaged
        return _by_ffmpeg(path, way)
    return Still(rgb_of(values, Colours(), way.tone_map, further))


def _lossless(path: Path, data: bytes, way: Reading) -> Still:
    """A JPEG whose luma and chroma OpenCV takes for RGB; FFmpeg leaves out its profile."""
    still, header = _by_ffmpeg(path, way), read_header(data)
    further = _further(data, header) if header else None
    return replace(still, picture=further(still.picture)) if further else still


def _by_ffmpeg(path: Path, way: Reading) -> Still:
    from studio.io.sources.video import VideoSource

    return VideoSource(path).still(way)


# Kinds of pictures that OpenCV does not know, or takes for something else.
_READERS = {
    "lossless jpeg": _lossless,
    "bmp": _bitmap,
    "tga": read_tga,
    "icon": read_icon,
    "xpm": read_xpm,
    "dpx": read_dpx,
    "cineon": read_cineon,
    "exr": read_exr,
    "hdr": read_radiance,
    "psd": read_psd,
}


def read_picture(path: Path, reading: Reading | None = None) -> DeepPicture:
    """The picture of `read_still` alone: (H, W, 3) RGB, of 16 bits a value where the file has more than 8.

    Raises:
        StudioError: as for `read_still`.
    """
    return read_still(path, reading).picture


def read_any_still(path: Path, reading: Reading | None = None) -> Still:
    """Decode a picture of any kind, an EXR or a JPEG 2000 too; of a film or an animation its first frame.

    Raises:
        StudioError: when it cannot be read.
    """
    if path.suffix.lower() in SUFFIXES or _is_picture(path):
        return read_still(path, reading)
    from studio.io.sources.video import VideoSource

    return VideoSource(path).still(reading or Reading())


def read_any_picture(path: Path, reading: Reading | None = None) -> DeepPicture:
    """The picture of `read_any_still` alone.

    Raises:
        StudioError: as for `read_any_still`.
    """
    return read_any_still(path, reading).picture


def _decoded(path: Path, data: bytes, header: Header) -> tuple[np.ndarray | None, str | None]:
    """What OpenCV gives, and what was wrong with the file; of a TIFF that it refuses nothing."""
    import cv2

    # What is wrong is said in a sentence of our own.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    end = _ENDS.get(header.kind, b"")
    # OpenCV misses the last number of those that are text where nothing stands behind it.
    data += b"\n" if header.kind == "pnm" else b""
    lacks_end = not data.rstrip(b"\0").endswith(end)
    for content in (data, data + end) if lacks_end else (data,):
        try:
            # Unchanged, because only so the alpha channel survives; the orientation is then ours to apply.
            stored = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
        except cv2.error as error:
            raise StudioError(f"{path} cannot be decoded ({error.err}); save it as PNG first") from error
        if stored is None and header.kind == "tiff":
            return None, None
        if stored is not None:
            return np.asarray(stored), None if content is data else f"{path} is cut off; it is shown as far as it goes"
    raise undecodable(path)


def _ordered(stored: np.ndarray, path: Path) -> np.ndarray:
    """(H, W, 3 | 4) RGB from what OpenCV gives: (H, W) or (H, W, 1 | 2 | 3 | 4) BGR, of 8 or 16 bits or float."""
    stored = _sixteen(stored)
    if stored.dtype not in (np.uint8, np.uint16):
        raise StudioError(f"{path} has pixels of type {stored.dtype}; save it with 8 or 16 bits a channel")
    planes = stored[:, :, None] if stored.ndim == 2 else stored
    places = {1: [0, 0, 0], 2: [0, 0, 0, 1], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[min(planes.shape[2], 4)]
    return planes[:, :, places]


def _sixteen(values: np.ndarray) -> np.ndarray:
    """Floats from 0 to 1 as 16 bits; others as they are."""
    if values.dtype.kind != "f":
        return values
    return np.asarray(np.rint(np.clip(np.nan_to_num(values), 0.0, 1.0) * 65535), np.uint16)


def _is_picture(path: Path) -> bool:
    """Whether the first bytes are those of a still picture that `read_still` takes."""
    try:
        with path.open("rb") as file:
            data = file.read(1 << 16)
    except OSError:
        return False
    kind = kind_of(data)
    if kind == "avif":
        # FFmpeg keeps all bits of a deep one; Pillow knows grids and opacity.
        return not is_deep(data) and moving(read_content(path))[0] == 1
    header = read_header(data)
    return kind == "heic" or (header is not None and not header.moves)


_STREAMS = (".mjpeg", ".mjpg")
_READ_HERE = tuple(
    f"{kind}_pipe"
    for kind in ("png", "jpeg", "bmp", "tiff", "webp", "pbm", "pgm", "ppm", "exr", "hdr", "psd", "dpx", "xpm")
)


class ImageKind:
    """A path to a file with a still picture's first bytes, or with its suffix and nothing else's bytes."""

    name = "picture"
    order = 10

    def match(self, spec: str) -> bool:
        """Whether `spec` is a picture file, judged by its first bytes, and where they say nothing by its suffix."""
        path = file_at(spec)
        # A stream of JPEGs begins as each of its pictures does, and a phone's JPEG may have another behind it.
        if path is None or path.suffix.lower() in _STREAMS:
            return False
        if _is_picture(path):
            return True
        return path.suffix.lower() in SUFFIXES and not _moves(path)

    def open(self, spec: str, fps: Fraction | None) -> Source:  # noqa: ARG002 - a still has no rate
        """Decode the picture.

        Raises:
            StudioError: as for `read_still`.
        """
        path = Path(spec)
        return StillSource(path, lambda reading: read_still(path, reading))


def _moves(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            data = file.read(1 << 16)
    except OSError:
        return False
    header = read_header(data)
    if header is not None:
        return header.moves
    return bool(data) and (kind_of(data) != "" or _is_film(path))


def _is_film(path: Path) -> bool:
    """Whether FFmpeg finds a film, a GIF or a picture of another kind under a picture's name."""
    from studio.io.sources._films.opening import open_film

    try:
        with open_film(path) as film:
            # "image2" goes by the name, and pipes of these kinds are damaged where they are not read here.
            return bool(film.streams.video) and film.format.name not in ("image2", *_READ_HERE)
    except StudioError:
        return False


KIND = ImageKind()
