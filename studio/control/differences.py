"""What leads from one state of a preset to another, as events of a performance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from studio.io.preset_file import section_to_json
from studio.io.sections import registry
from studio.model import numbers
from studio.model.filters.edit import Patch
from studio.model.networks.layout import Rect, crop, to_sheet
from studio.model.networks.preset import Preset
from studio.model.networks.values import values_of
from studio.model.performances.performed import Arranged, Event, NetworkOpened, Stroke, Turned

_ROWS = 256
"""Rows of a tensor's sheet in one event, so that no line of a file becomes too long to be read."""


def differences(before: Preset, after: Preset, time: float, names: Iterable[str]) -> Iterator[Event]:
    """What leads from one state of a preset's sections to another: turned numbers where that is all, else sections.

    Args:
        before: the one.
        after: the other.
        time: of the events.
        names: of the sections that count.
    """
    keys = {key.name: key for key in (*before.sections, *after.sections)}
    left = [key for name in names if (key := keys.get(name)) is not None and before.section(key) != after.section(key)]
    if not left:
        return
    stood = {knob.number.address: knob.get(before) for knob in numbers.knobs(before)}
    again, turned = before, []
    for knob in numbers.knobs(after):
        value, address = knob.get(after), knob.number.address
        if stood.get(address, value) != value:
            again = numbers.turned(again, address, value)
            turned.append(Turned(time, address, value))
    for key in left:
        if again.section(key) != after.section(key):
            yield Arranged(time, key.name, *section_to_json(key, after.section(key)))
    yield from turned


def opening(
    time: float, preset: Preset, folder: Path, seconds: float = 0.0, easing: str = "linear", *, both: bool = False
) -> Iterator[Event]:
    """Events that open a preset of another network, and make it of the trained one.

    Args:
        time: of the events.
        preset: what was opened.
        folder: in which its network lies.
        seconds: how long its picture took to fade in.
        easing: how it did.
        both: whether the network before ran on meanwhile.
    """
    weights = str(folder.absolute())
    how = seconds, easing, both, values_of(preset.network.graph)
    yield NetworkOpened(time, preset.network.sha256(), preset.name, weights, *how)
    yield from (replace(part, time=time) for part in beginning(preset))


def beginning(preset: Preset) -> Iterator[Stroke | Arranged]:
    """Events at time 0 that make a preset of its trained network, whatever it says."""
    for known in registry().values():
        if preset.section(known.section) != known.section.default:
            yield Arranged(0.0, known.section.name, *section_to_json(known.section, preset.section(known.section)))
    for name, tensor in preset.changed.items():
        sheet, trained = (to_sheet(np.asarray(each, np.float32)) for each in (tensor, preset.network.tensors[name]))
        rows, columns = np.nonzero(sheet.view(np.int32) != trained.view(np.int32))
        if len(rows):
            top, left, right = int(rows[0]), int(columns.min()), int(columns.max()) + 1
            for first in range(top, int(rows[-1]) + 1, _ROWS):
                rect = Rect(first, left, min(_ROWS, int(rows[-1]) + 1 - first), right - left)
                yield Stroke(0.0, name, Patch(rect, crop(tensor, rect)))
