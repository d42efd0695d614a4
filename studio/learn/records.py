"""What is kept of learning: what a step came to, and what the next one goes on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.learn.backend import Outcome, Pull, State
from studio.model.networks.network import Network
from studio.model.networks.shape import Array

MOST_RATE = 100.0
"""That a weight's own may be multiplied by."""
_MOST_STEPS = 2.0**62


@dataclass(frozen=True)
class Step:
    """What one step came to.

    Attributes:
        number: counted from 1.
        loss: the weighted sum of all parts, as the mean over the crops.
        parts: every loss by its name, unweighted.
        psnr: of what was made against what was wanted, in decibels.
        norm: of all gradients together, before clipping.
        rate: how far the step went.
        seconds: how long it took.
    """

    number: int
    loss: float
    parts: Mapping[str, float]
    psnr: float
    norm: float
    rate: float
    seconds: float


@dataclass(frozen=True)
class Checkpoint:
    """What learning goes on from, exactly.

    Attributes:
        state: of the weights and the optimiser.
        random: of what chooses crops, as numpy gives it.
        rates: of single weights, by tensor; see `Learner.set_rate`.
        pulls: of single weights, by tensor; see `Learner.set_pull`.
        remembered: what the lesson goes on from; see `studio.learn.lesson.Lesson.remembered`.
    """

    state: State
    random: Mapping[str, Any]
    rates: Mapping[str, Array] = field(default_factory=dict)
    pulls: Mapping[str, Pull] = field(default_factory=dict)
    remembered: Mapping[str, Array] = field(default_factory=dict)


def numbers(values: object) -> Array:
    """A copy as float32; NaN, which fits nowhere, of what is no array of numbers."""
    try:
        return np.array(values, np.float32, order="C")
    except (TypeError, ValueError):
        return np.array(np.nan, np.float32)


def require_fitting(checkpoint: Checkpoint, network: Network) -> None:
    """Refuse a checkpoint whose tensors, or what is remembered of them, a network has not, or in other shapes.

    StudioError names the first.

    Args:
        checkpoint: of any lesson.
        network: what learns, its critic's tensors among its own.
    """
    for name, value in checkpoint.state.tensors.items():
        own = network.tensors.get(name)
        if own is None and "~" in name:
            continue
        if own is None or own.shape != value.shape:
            raise StudioError(
                f'The checkpoint holds "{name}" of shape {value.shape}, which does not fit "{network.name}"; it is '
                "another network's."
            )
    for name, value in checkpoint.state.slots.items():
        tensor, _, slot = name.rpartition("/")
        own = network.tensors.get(tensor)
        if own is None:
            continue
        # An optimiser reads as much of them as the tensor has, whatever is there.
        fits = value.dtype == np.float32 and value.shape == ((1,) if slot == "steps" else own.shape)
        if not fits or (slot == "steps" and not 0 <= value[0] < _MOST_STEPS):
            raise StudioError(
                f'What the checkpoint remembers as "{name}" does not fit "{network.name}"; it is damaged, or another '
                "network's."
            )
    painted = [(name, value, 0.0, MOST_RATE) for name, value in checkpoint.rates.items()]
    for name, pull in checkpoint.pulls.items():
        painted += [(name, pull.strength, 0.0, 1.0), (name, pull.target, -np.inf, np.inf)]
    for name, value, least, most in painted:
        if not fits_as_painted(value, network.tensors.get(name), least, most):
            raise StudioError(f'The checkpoint\'s rates or pulls of "{name}" do not fit "{network.name}".')


def fits_as_painted(value: Array, own: Array | None, least: float, most: float) -> bool:
    """Whether numbers that are painted for a tensor, which there may not be, fit it and their own bounds."""
    fits = isinstance(value, np.ndarray) and own is not None and own.shape == value.shape and value.dtype == np.float32
    return fits and bool((np.isfinite(value) & (value >= least) & (value <= most)).all())


def not_taken(number: int, rate: float, outcome: Outcome, tensors: Mapping[str, Array]) -> StudioError:
    """Why a step that is not finite was not taken, and what to do.

    Args:
        number: of the step.
        rate: how far it would have gone.
        outcome: what it came to.
        tensors: of the network, as they were before it.
    """
    came = "gradients that are not finite" if np.isfinite(outcome.total) else f"a loss of {outcome.total}"
    if np.isfinite([outcome.total, outcome.norm]).all() and not outcome.follows:
        came = "statistics of batch norms that are not finite"
    said = f"Step {number} came to {came}, and was not taken"
    for name, values in tensors.items():
        if not np.isfinite(values).all():
            return StudioError(
                f'{said}: "{name}" was not finite before it. Undo what was painted, lower the rate of {rate:g}, or go '
                "back to a checkpoint."
            )
    return StudioError(
        f"{said}: weights are as after step {number - 1}. Lower the rate of {rate:g}, clip gradients, or go back to a "
        "checkpoint."
    )
