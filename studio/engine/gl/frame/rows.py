"""Small passes of one shader that do not wait for one another as one dispatch: a driver takes microseconds for each.

Each is a row of the uniform block: what it is told, and its workgroups, which are counted through::

    row    what it is told    workgroups (16, 2, 4)   from 0
           ...                           (8, 1, 1)    from 128
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import moderngl
import numpy as np

from studio.engine.gl.driver.device import Device
from studio.engine.gl.frame.dispatch import Dispatch
from studio.engine.gl.frame.fuse import Group
from studio.engine.gl.frame.order import side_by_side
from studio.model.networks.shape import Shape

Made = tuple[tuple[tuple[Group, float], ...], Sequence[Dispatch]]
"""Groups of layers, each with its part of the workgroups, and the passes that make them."""

_MOST_GROUPS = 65535
"""Workgroups along x in any GL 4.3 driver."""

_MOST_BYTES = 16384
"""Of a uniform block in any."""

_FULL = 200
"""Workgroups that fill a GPU by themselves: as a row these took a sixth longer (H200, gradients of large kernels)."""

_MOST_UNITS, _MOST_IMAGES = 16, 8
"""Textures that a shader samples and writes, where it finds them at units, in any."""


def in_rounds(
    made: Sequence[tuple[Group, Sequence[Dispatch]]], shapes: Mapping[str, Shape], device: Device
) -> tuple[list[Made], list[int]]:
    """The same passes, as few dispatches; and the round of each for `studio.engine.gl.frame.dispatch.in_a_row`.

    Args:
        made: groups with their passes, in running order.
        shapes: of every map.
        device: what they run on.
    """
    parts: list[Made] = []
    rounds: list[int] = []
    for several in side_by_side(made, shapes):
        rows, first = in_rows(several, device), len(rounds)
        count = sum(len(passes) for _, passes in rows)
        parts += rows
        # The passes of one layer by itself wait for one another.
        rounds += [first] * count if len(several) > 1 else range(first, first + count)
    return parts, rounds


def in_rows(made: Sequence[tuple[Group, Sequence[Dispatch]]], device: Device) -> list[Made]:
    """The same passes, of which none waits for another, as few dispatches.

    Args:
        made: groups with their passes; those with several, and those that are large, are left as they are.
        device: what they run on.
    """
    alike: dict[tuple[object, ...], list[tuple[Group, Dispatch]]] = {}
    rest: list[Made] = []
    for group, passes in made:
        if len(passes) == 1 and _can_be_row(passes[0]):
            held = tuple(id(buffer) for buffer in passes[0].buffers)
            alike.setdefault((passes[0].source, held), []).append((group, passes[0]))
        else:
            rest.append((((group, 1.0),), passes))
    return [one for each in alike.values() for one in _rows_of(each, device)] + rest


def _can_be_row(each: Dispatch) -> bool:
    if math.prod(each.groups) > _FULL:
        return False
    at_units = all(isinstance(texture, moderngl.Texture | None) for texture in each.textures)
    alone = each.blocks or each.images or any(region is not None for region in each.numbers)
    return each.source is not None and not alone and (each.by_handle or at_units)


def _rows_of(made: Sequence[tuple[Group, Dispatch]], device: Device) -> list[Made]:
    found: list[list[tuple[Group, Dispatch]]] = []
    for each in made:
        if not found or not _fit([dispatch for _, dispatch in (*found[-1], each)]):
            found.append([])
        found[-1].append(each)
    made_of: list[Made] = []
    for rows in found:
        counts = [math.prod(dispatch.groups) for _, dispatch in rows]
        shares = tuple((group, count / sum(counts)) for (group, _), count in zip(rows, counts, strict=True))
        made_of.append((shares, [_together([dispatch for _, dispatch in rows], device)]))
    return made_of


def _fit(rows: Sequence[Dispatch]) -> bool:
    first = rows[0]
    fits = sum(math.prod(row.groups) for row in rows) <= _MOST_GROUPS
    fits &= len(rows) * (len(first.told) + 16) <= _MOST_BYTES
    at_units = len(rows) * len(first.textures) <= _MOST_UNITS and len(rows) * len(first.outputs) <= _MOST_IMAGES
    return fits and (first.by_handle or at_units)


def _together(rows: Sequence[Dispatch], device: Device) -> Dispatch:
    first = rows[0]
    if len(rows) == 1:
        return first
    assert first.source is not None
    told, total = b"", 0
    for row in rows:
        told += row.told + np.array([*row.groups, total], np.int32).tobytes()
        total += math.prod(row.groups)
    block = device.context.buffer(told)
    for number, row in enumerate(rows):
        for writes in row.writes:
            writes.stands_in(block, number * (len(told) // len(rows)))
    return replace(
        first,
        program=device.compute(replace(first.source, rows=len(rows))),
        groups=(total, 1, 1),
        block=block,
        # Those of one name side by side.
        textures=tuple(texture for one in zip(*(row.textures for row in rows), strict=True) for texture in one),
        outputs=tuple(texture for one in zip(*(row.outputs for row in rows), strict=True) for texture in one),
        writes=tuple(writes for row in rows for writes in row.writes),
        source=None,
        told=b"",
    )
