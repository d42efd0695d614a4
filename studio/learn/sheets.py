"""Painted rates and pulls, as a learner takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from studio.errors import StudioError
from studio.io.opening import open_preset
from studio.model.filters.learning_sheets import LearningSheets
from studio.model.networks.layout import Rect, from_sheet, sheet_size, to_sheet
from studio.model.networks.network import Network
from studio.model.networks.shape import Array

# The window's brush asks what weights are pulled towards long before anything learns.
if TYPE_CHECKING:
    from studio.learn.learner import Checkpoint, Learner


def aim_of(towards: str, network: Network) -> Network:
    """What weights are pulled towards.

    Args:
        towards: a preset or a network, by name or path; empty for the network itself.
        network: as it was trained.

    Raises:
        StudioError: where it is not there, or is none of this network's layers.
    """
    if not towards:
        return network
    found = open_preset(towards).bent
    shapes = {name: tensor.shape for name, tensor in found.tensors.items()}
    if not any(shapes.get(name) == tensor.shape for name, tensor in network.tensors.items()):
        raise StudioError(
            f'"{towards}" has no tensor in common with "{network.name}"; pull towards a preset of the same network.'
        )
    return found


def steer(learner: Learner, sheets: LearningSheets, before: LearningSheets, network: Network) -> None:
    """Let a learner go on by painted sheets; those that have not changed since ``before`` are left alone.

    A pinned weight stays where it is, whatever pulls at it.

    Args:
        learner: between two steps.
        sheets: what is painted.
        before: what was painted when this was called last.
        network: as it was trained, which weights are pulled towards where nothing else is said.

    Raises:
        StudioError: where what is pulled towards does not fit; rates are taken all the same.
    """
    shapes = {name: tensor.shape for name, tensor in learner.network.tensors.items()}
    touched = [name for name in shapes if _differ(sheets, before, name)]
    for name in touched:
        rates = from_sheet(sheets.of("rates", name, shapes[name]), shapes[name]) if name in sheets.rates else None
        learner.set_rate(name, rates)
    if sheets.towards != before.towards:
        touched = [*shapes]
    aim = aim_of(sheets.towards, network).tensors if sheets.pulls else {}
    for name in touched:
        target = aim.get(name)
        if name in sheets.pulls and target is not None and target.shape == shapes[name]:
            learner.set_pull(name, _strength(sheets, name, shapes[name]), target, sheets.towards)
        else:
            learner.set_pull(name, None)


def _differ(one: LearningSheets, other: LearningSheets, name: str) -> bool:
    return one.rates.get(name) is not other.rates.get(name) or one.pulls.get(name) is not other.pulls.get(name)


def _strength(sheets: LearningSheets, name: str, shape: tuple[int, ...]) -> Array:
    pinned = sheets.of("rates", name, shape) == 0
    return from_sheet(np.where(pinned, 0, sheets.of("pulls", name, shape)).astype(np.float32), shape)


def pinned(shape: tuple[int, ...], rect: Rect) -> Array:
    """Rates of a tensor that keep a rectangle of its sheet, and let the rest learn."""
    sheet = np.ones(sheet_size(shape), np.float32)
    sheet[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width] = 0.0
    return from_sheet(sheet, shape)


def sheets_of(checkpoint: Checkpoint, towards: str = "") -> LearningSheets:
    """The rates and pulls that a checkpoint keeps, as they are painted.

    Args:
        checkpoint: of any lesson.
        towards: what weights are pulled towards where it does not say.
    """
    said = [pull.towards for pull in checkpoint.pulls.values() if pull.towards is not None]
    found = LearningSheets(towards=said[0] if said else towards)
    for name, rates in checkpoint.rates.items():
        found = found.with_sheet("rates", name, to_sheet(rates))
    for name, pull in checkpoint.pulls.items():
        found = found.with_sheet("pulls", name, to_sheet(pull.strength))
    return found
