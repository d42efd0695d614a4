"""Damage in a TIFF that OpenCV passes over: a part whose Deflate ends early or whose sum is wrong is black or noise."""

from __future__ import annotations

import io
import zlib

from studio.io.sources._files.header import tags_of_tiff

_COMPRESSION = 259
_DEFLATE = (8, 32946)


def is_damaged(data: bytes) -> bool:
    """Whether a strip or tile of the first picture of a TIFF is not what was packed; False where nothing tells.

    Args:
        data: content of the file.
    """
    if tags_of_tiff(data).get(_COMPRESSION) not in _DEFLATE:
        return False
    import tifffile

    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page = file.pages[0]
            parts = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    except Exception:  # noqa: BLE001 - what OpenCV reads and tifffile does not is not judged by that
        return False
    return any(length and not _is_whole(data[at : at + length]) for at, length in parts)


def _is_whole(packed: bytes) -> bool:
    """Whether it unpacks up to its end, with the sum that stands there; by pieces, so that no bomb takes memory."""
    unpacks = zlib.decompressobj()
    try:
        while packed and not unpacks.eof:
            unpacks.decompress(packed, 1 << 20)
            packed = unpacks.unconsumed_tail
    except zlib.error:
        return False
    return unpacks.eof
