"""A file read at two sizes, which tells what in it follows the size of the picture."""

from __future__ import annotations

import math
from collections.abc import Callable

from studio.errors import StudioError
from studio.io.importers._draft import Draft
from studio.io.importers._sizes import agreed

Size = tuple[int, int]
Read = Callable[[Size | None], tuple[Draft, str]]

# Strides of networks divide it, so that SAME borders fall as they do at every size that pictures are padded to.
_STEP = 64
_LARGEST = 1536 * 1536


def read_twice(read: Read, *, any_size: bool) -> tuple[Draft, str, bool]:
    """The layers of a model for every size where that can be.

    Args:
        read: the layers and the output's name for pictures of this size, the file's own where None.
        any_size: whether the file says that it takes pictures of other sizes.

    Returns:
        The draft, its output, and whether it goes with its own size alone. Where it does, a remark says why.
    """
    draft, output = read(None)
    sizes = {draft.shapes[i.name][1:] for i in draft.inputs if i.kind == "picture"}
    if len(sizes) != 1:
        return draft, output, False
    ((height, width),) = sizes
    other = (_another(height), _another(width) + _STEP)
    if math.prod(other) > _LARGEST:
        return draft, output, False
    try:
        twin, twin_output = read(other)
    except StudioError as error:
        # A file of one size may say nothing of others; one of any size that fails there is one of its own.
        if any_size:
            _say(draft, (height, width), f"at {other[0]}×{other[1]}, {str(error).rstrip('.')}")
        return draft, output, any_size
    merged, layer = agreed(draft, twin)
    if layer or twin_output != output:
        _say(draft, (height, width), f'its layer "{layer or output}" was made for that size')
        return draft, output, True
    return merged, output, False


def _another(side: int) -> int:
    # As small as may be: attention has a number for each two of all places.
    return (side // _STEP + 1) * _STEP


def _say(draft: Draft, size: Size, why: str) -> None:
    draft.notes.append(f"It takes pictures of {size[0]}×{size[1]} (height × width) alone: {why}.")
