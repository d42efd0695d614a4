"""At which size a network works on pictures, and what that asks of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from studio.errors import StudioError
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph

_LARGEST = 16384


@dataclass(frozen=True)
class WorkingSize:
    """Three sizes.

    Attributes:
        picture: what every picture is resized to.
        padded: what the network is fed: the picture, its right and bottom edges continued by reflection.
        output: what is cropped from the network's output.
    """

    picture: Size
    padded: Size
    output: Size

    @property
    def note(self) -> str:
        """One sentence where a border is added, else nothing."""
        if self.picture == self.padded:
            return ""
        return (
            f"The network's strides do not divide {self.picture}: it works on {self.padded}, cropped back afterwards."
        )


def working_size(graph: Graph, picture: Size) -> WorkingSize:
    """How a graph takes pictures of this size.

    Raises:
        StudioError: naming the layer that such a picture does not fit, where padding does not help, and the size that
            a network of fixed size takes.
    """
    padded = graph.fitting_size(picture)
    try:
        shape = graph.shapes({i.name: padded for i in graph.inputs})[graph.output]
    except StudioError as error:
        if graph.only_size is None or any(i.size is not None for i in graph.inputs):  # which the error names
            raise
        only = graph.only_size
        pictures = f"{only}{'' if only.width == only.height else ' (width × height)'}"
        raise StudioError(f"{str(error).rstrip('.')}; this network takes pictures of {pictures} only.") from error
    height, width = graph.output_size(picture)
    return WorkingSize(picture, padded, Size(min(height, shape.height), min(width, shape.width)))


def parse_size(text: str, source: Size) -> Size:
    """A size as the command line gives it.

    Args:
        text: "source"; one number for the longer side, the other following the source's proportions; or "WxH".
        source: that of the source.

    Raises:
        StudioError: where it is none of these.
    """
    if text == "source":
        return source
    if found := re.fullmatch(r"(\d+)[xX×](\d+)", text):
        size = Size(width=int(found[1]), height=int(found[2]))
    elif text.isdecimal():
        longer = int(text)
        size = Size(*(max(min(1, longer), round(side * longer / max(source))) for side in source))
    else:
        raise StudioError(f'"{text}" is no size; give 256 (the longer side), 640x360 or "source".')
    if not all(1 <= side <= _LARGEST for side in size):
        raise StudioError(f"A size of {size} is out of range; each side may be 1 to {_LARGEST} pixels.")
    return size
