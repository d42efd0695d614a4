"""XPM pictures: FFmpeg knows colours of one or two digits each, and takes those of three or four, and greys, for black.

Source: XPM Manual, by A. Le Hors: strings of C, first the size, then the colours, then the rows.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

from studio.io.sources._files.xpm_head import XpmHead, head_of_xpm
from studio.io.sources._films.convert import RgbConverter
from studio.io.sources._still import Still
from studio.io.sources.base import Reading, undecodable

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

_DIGITS = re.compile(rb"(\sc\s+)#((?:[0-9A-Fa-f]{3}){3,4})(?![0-9A-Fa-f])")
_GREY = re.compile(rb"(\sc\s+)gr[ae]y(\d{1,3})(?!\w)", re.IGNORECASE)


def read_xpm(path: Path, data: bytes, reading: Reading) -> Still:
    """Decode an XPM.

    Args:
        path: of the file, for messages.
        data: its content, of which `head_of_xpm` knows the first string.
        reading: how it is read.

    Raises:
        StudioError: when it is damaged or cut off.
    """
    import av

    head = head_of_xpm(data)
    assert head is not None, "its header has been read"
    convert = RgbConverter(head.size, tone_map=reading.tone_map)
    context = cast("VideoCodecContext", av.CodecContext.create("xpm", "r"))
    try:
        picture = convert(context.decode(av.Packet(_known(data, head)))[0])
    except (av.FFmpegError, ValueError, IndexError) as error:
        raise undecodable(path) from error
    is_cut = data.count(b'"') < 2 * (1 + head.colours + head.size.height)
    return Still(picture, warning=f"{path} is cut off, and black where it has no rows" if is_cut else None)


def _known(data: bytes, head: XpmHead) -> bytes:
    """The same, its colours by two digits each: of more X takes the first ones."""
    # Between quotes stand the size, then the colours, each behind the characters of a pixel.
    end = 2 * head.colours + 3
    parts = data.split(b'"', end)
    for place in range(3, min(end, len(parts)), 2):
        colours = _GREY.sub(_shade, _DIGITS.sub(_short, parts[place][head.wide :]))
        parts[place] = parts[place][: head.wide] + colours
    return b'"'.join(parts)


def _short(found: re.Match[bytes]) -> bytes:
    digits, each = found[2], len(found[2]) // 3
    return found[1] + b"#" + b"".join(digits[place : place + 2] for place in range(0, len(digits), each))


def _shade(found: re.Match[bytes]) -> bytes:
    return found[1] + b"#" + b"%02x" % int(min(int(found[2]), 100) * 2.55 + 0.5) * 3
