"""What a size froze of a resizing: to another map's size, or by a factor."""

from __future__ import annotations

from studio.io.importers._values.pairs import Pair, named
from studio.model.networks.node import Node


def resized(pair: Pair) -> list[Node] | None:
    """To the size of another map, or by a factor."""
    (a, b), (read_a, read_b), said = pair.made(), pair.read(), pair.node.op.model_dump()
    how = {"mode": said["mode"], "align_corners": said["align_corners"]}
    if (like := pair.like(a.size, b.size)) is not None:
        return [named(pair, "UpsampleLike", pair.node.inputs[0], like, **how)]
    for axis, dim in ((1, "width"), (2, "height")):
        # To a row or a column, as long as a map's side.
        fitting = (k for k in pair.before if (pair.one.shapes[k][axis], pair.two.shapes[k][axis]) == (a[axis], b[axis]))
        if a[3 - axis] == b[3 - axis] == 1 and (name := next(fitting, None)) is not None:
            line = named(pair, "Amax", name, name=f"{pair.node.name}.line", dim=dim)
            return [line, named(pair, "UpsampleLike", pair.node.inputs[0], line.name, **how)]
    whole = all(a[k] * read_b[k] == b[k] * read_a[k] for k in (1, 2))
    if whole:
        factor = (a.height / read_a.height, a.width / read_a.width)
        return [named(pair, "Upsample", pair.node.inputs[0], scale_factor=factor, **how)]
    return None


def resized_so(pair: Pair) -> list[Node] | None:
    """A `Resize` to a size that is always the same part, or multiple, of its input's."""
    (a, b), (read_a, read_b) = pair.made(), pair.read()
    if any(a[k] * read_b[k] != b[k] * read_a[k] for k in (1, 2)):
        return None
    said = pair.node.op.model_dump() | {"size": None}
    said["scale_factor"] = (a.height / read_a.height, a.width / read_a.width)
    return [named(pair, "Resize", pair.node.inputs[0], **said)]
