"""Networks that work on bytes: what their first layers do with the picture tells that black is 0 and white 255."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from studio.io.importers._draft import Draft
from studio.model.networks.node import Node

_BYTES = (0.0, 255.0)
_NARROWED = (1 / 300, 1 / 40)  # by deviations of colours and 255, as they lie in files
_NARROWED_ALONE = 1 / 120  # where nothing is taken off: by 255, or by half of it
_HUNDREDTH = 1 / 100  # of lightness in Lab, which goes from 0 to 100
_TAKEN_OFF = 20.0


def guess_bytes(draft: Draft) -> None:
    """Have pictures whose every reader divides by 255 or so, or takes off a mean of bytes, be fed bytes; and say so."""
    for place, put in enumerate(draft.inputs):
        if put.kind != "picture" or put.range != (0.0, 1.0):
            continue
        said = [_said(draft, node) for node in draft.nodes if put.name in node.inputs]
        if said and all(said):
            draft.inputs[place] = replace(put, range=_BYTES)
            draft.notes.append(f"Its first layer {said[0]}, so black was taken to be 0 and white 255.")


def gives_bytes(draft: Draft, output: str) -> bool:
    """Whether the output is multiplied by 255 at the end, or by the half of it and moved up, or kept in 0 to 255.

    Whether it is rounded then makes no difference.
    """
    makers = {node.name: node for node in draft.nodes}
    node = makers.get(output)
    while node is not None and type(node.op).__name__ == "Round":
        node = makers.get(node.inputs[0])
    if node is not None and type(node.op).__name__ == "Hardtanh":
        held = node.op.model_dump()
        return (held["min_val"], held["max_val"]) == _BYTES
    scale, shift = 1.0, 0.0
    while node is not None and type(node.op).__name__ == "Affine":
        held = node.op.model_dump()
        scale, shift = scale * held["scale"], shift + scale * held["shift"]
        if (np.isclose(scale, 255.0) and shift >= 0) or (np.isclose(scale, 127.5) and shift > _TAKEN_OFF):
            return True
        node = makers.get(node.inputs[0])
    return False


def _said(draft: Draft, node: Node) -> str:
    """What a layer that reads a picture, and those behind it, do to bytes; empty where they do something else."""
    scale, shift = np.ones(1), np.zeros(1)
    for each in _lines(draft, node):
        held = each.op.model_dump()
        if type(each.op).__name__ == "Affine":
            factor, more = np.array([held["scale"]]), np.array([held["shift"]])
        else:
            factor, more = (draft.weights[f"{each.owner}.{key}"].values for key in ("weight", "bias"))
        scale, shift = scale * factor, shift * factor + more
    most = _NARROWED[1] if np.any(shift) else _NARROWED_ALONE
    narrows = ((np.abs(scale) >= _NARROWED[0]) & (np.abs(scale) <= most)).all()
    if narrows and not np.allclose(scale, _HUNDREDTH, rtol=1e-4):
        return "divides by 255 or so"
    if np.allclose(scale, 1.0) and (shift <= -_TAKEN_OFF).all():
        return "takes off the mean of bytes"
    return ""


def _lines(draft: Draft, node: Node) -> Iterator[Node]:
    """Layers one behind the other that multiply each channel by a number and add to it."""
    while type(node.op).__name__ in ("Affine", "ScaleShift"):
        yield node
        readers = [other for other in draft.nodes if node.name in other.inputs]
        if len(readers) != 1:
            return
        node = readers[0]
