"""DPX pictures: scans of film by its density, light, and values for screens, held in any of eight ways."""

from __future__ import annotations

from pathlib import Path

from studio.errors import StudioError
from studio.io.sources._colours.screens import DENSITY, LINEAR, Colours
from studio.io.sources._files.dpx_head import head_of
from studio.io.sources._films.convert import RgbConverter
from studio.io.sources._films.opening import square_size
from studio.io.sources._still import Still, remark_of
from studio.io.sources.base import Reading


def read_dpx(path: Path, data: bytes, reading: Reading) -> Still:
    """Decode a DPX picture.

    Args:
        path: of the file, for messages.
        data: its content, of which `head_of` knows the header.
        reading: how it is read.

    Raises:
        StudioError: when it is damaged, or stored in a way that cannot be read.
    """
    import av

    head = head_of(data)
    assert head is not None, "its header has been read"
    colours = Colours(transfer=DENSITY if head.is_density else LINEAR if head.is_light else 2)
    context = av.CodecContext.create("dpx", "r")
    try:
        frame = context.decode(av.Packet(data))[0]
        # What FFmpeg says of it is the header's word, which is looked at above.
        frame.color_trc = 2
        size = square_size(head.size, context.sample_aspect_ratio)
        convert = RgbConverter(size, colours=colours, tone_map=reading.tone_map, turn=head.turn)
        picture = convert(frame)
    except (av.FFmpegError, ValueError, IndexError) as error:
        raise StudioError(
            f"{path} cannot be decoded: it is damaged or cut off, or packed in a way that is not read; "
            "save it with 10 or 16 bits in RGB"
        ) from error
    return Still(picture, remark_of(path, convert.remark))
