"""XPM pictures: FFmpeg knows colours of one or two digits each, and names of CSS; all else is black to it.

Sources: XPM Manual, by A. Le Hors: strings of C, first the size, then the colours, then the rows; X11's `rgb.txt`.
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

# A colour for screens of colour, else of greys, else of two colours.
_KEYS = (b"c", b"g", b"g4", b"m")
_PAIR = re.compile(rb"\s(c|g4|g|m|s)\s+(.*?)\s*(?=\s(?:c|g4|g|m|s)\s|$)", re.DOTALL)
_DIGITS = re.compile(r"#(?:[0-9a-f]{3}){1,4}")
_GREY = re.compile(r"gr[ae]y(\d{1,3})")
_CLEAR = ("none", "transparent")
# Where X11's names mean something else than those of CSS.
_OF_X11 = {"gray": "#bebebe", "grey": "#bebebe", "green": "#00ff00", "maroon": "#b03060", "purple": "#a020f0"}


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
        known, unknown = _known(data, head)
        picture = convert(context.decode(av.Packet(known))[0])
    except (av.FFmpegError, ValueError, IndexError) as error:
        raise undecodable(path) from error
    is_cut = data.count(b'"') < 2 * (1 + head.colours + head.size.height)
    warning = f"{path} is cut off, and black where it has no rows" if is_cut else None
    if unknown and not is_cut:
        some = ", ".join(sorted(unknown)[:3])
        warning = f"{path} names colours that are not known here, and are black ({some}); save it as PNG"
    return Still(picture, warning=warning)


def _known(data: bytes, head: XpmHead) -> tuple[bytes, set[str]]:
    """The same, its colours by two digits each, and the names of those that are not known."""
    # Between quotes stand the size, then the colours, each behind the characters of a pixel.
    end = 2 * head.colours + 3
    parts, unknown = data.split(b'"', end), set[str]()
    for place in range(3, min(end, len(parts)), 2):
        pairs = dict(_PAIR.findall(parts[place][head.wide :]))
        said = next((pairs[key] for key in _KEYS if key in pairs), None)
        if said is None:
            continue
        name = said.decode("latin-1")
        colour = _colour("".join(name.lower().split()))
        if colour is None:
            unknown.add(name)
        parts[place] = parts[place][: head.wide] + f" c {colour or '#000000'}".encode()
    return b'"'.join(parts), unknown


def _colour(name: str) -> str | None:
    """Six digits behind a hash, or "None"; None where it is not known. Of more than two digits the first count."""
    from PIL import ImageColor

    if name in _CLEAR:
        return "None"
    if _DIGITS.fullmatch(name):
        each = (len(name) - 1) // 3
        return "#" + "".join((name[place : place + each] + "0")[:2] for place in range(1, len(name), each))
    if grey := _GREY.fullmatch(name):
        return "#" + f"{int(min(int(grey[1]), 100) * 2.55 + 0.5):02x}" * 3
    found = _OF_X11.get(name) or ImageColor.colormap.get(name)
    return found if isinstance(found, str) else None
