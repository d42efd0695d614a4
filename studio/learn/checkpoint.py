"""Checkpoints as files: what learning goes on from tomorrow, as .safetensors with the random state in its header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from studio.errors import StudioError
from studio.io.safetensors_file import read_tensors, write_arrays
from studio.learn.asked import Asked
from studio.learn.backend import Pull, State
from studio.learn.records import MOST_RATE, Checkpoint, fits_as_painted
from studio.model.declared.explain import explain
from studio.model.networks.network import Network
from studio.model.networks.shape import Array

KIND = "studio-checkpoint"
VERSION = 3
"""2 has the rates and pulls of single weights, too; 3 what the lesson itself remembers, where that is something."""

_LARGEST = 16 * 2**30
_MOST = 2**62
"""Steps, and more than any version."""


def save_checkpoint(checkpoint: Checkpoint, path: Path, asked: Asked | None = None, *, overwrite: bool = True) -> None:
    """Write a checkpoint, whole or not at all.

    Args:
        checkpoint: what learning goes on from.
        path: the file.
        asked: the lesson, which `lesson_of` finds there.
        overwrite: whether a file that stands there may be replaced.

    Raises:
        FileExistsError: without `overwrite`, where something stands there.
        StudioError: where it cannot be written.
    """
    state = checkpoint.state
    arrays: dict[str, NDArray[Any]] = {f"tensor:{name}": value for name, value in state.tensors.items()}
    arrays |= {f"slot:{name}": value for name, value in state.slots.items()}
    arrays |= {f"rate:{name}": value for name, value in checkpoint.rates.items()}
    for name, pull in checkpoint.pulls.items():
        arrays |= {f"pull:{name}": pull.strength, f"aim:{name}": pull.target}
    arrays |= {f"lesson:{name}": value for name, value in checkpoint.remembered.items()}
    # The random state and the number of the step travel as bytes, so that the tensors' reader reads everything.
    version = VERSION if checkpoint.remembered else VERSION - 1
    said = {"format": KIND, "version": version, "steps": state.steps, "random": checkpoint.random}
    if aims := {name: pull.towards for name, pull in checkpoint.pulls.items() if pull.towards is not None}:
        said["towards"] = aims
    if asked is not None:
        said["lesson"] = asdict(asked)
    arrays["said"] = np.frombuffer(json.dumps(said).encode(), np.uint8)
    write_arrays(path, arrays, overwrite=overwrite)


def load_checkpoint(path: Path, network: Network) -> Checkpoint:
    """A checkpoint of this network.

    Raises:
        StudioError: where it is none, or another network's.
    """
    found = {name: stored.values for name, stored in read_tensors(path, _LARGEST).items()}
    said = _said(path, found.pop("said", None))
    tensors, slots, rates, pulls, aims = (_of(found, kind) for kind in ("tensor", "slot", "rate", "pull", "aim"))
    for name, value in tensors.items():
        own = network.tensors.get(name)
        if own is None and "~" not in name:
            raise StudioError(
                f'{path}: it has a tensor "{name}" that "{network.name}" has not; it is another network\'s.'
            )
        if own is not None and own.shape != value.shape:
            raise StudioError(
                f'{path}: its "{name}" has shape {value.shape}, not {own.shape}; it is another network\'s.'
            )
    for held, least, most in ((rates, 0.0, MOST_RATE), (pulls, 0.0, 1.0), (aims, -np.inf, np.inf)):
        for name, value in held.items():
            if not fits_as_painted(value, network.tensors.get(name), least, most):
                raise StudioError(f'{path}: its rates or pulls of "{name}" do not fit "{network.name}".')
    drawn = {name: Pull(value, aims[name], said["towards"].get(name)) for name, value in pulls.items() if name in aims}
    state = State(tensors, slots, said["steps"])
    return Checkpoint(state, said["random"], rates, drawn, _remembered(path, found))


def _remembered(path: Path, found: Mapping[str, Array]) -> dict[str, Array]:
    held = _of(found, "lesson")
    for name, value in held.items():
        if value.dtype != np.float32 or not np.isfinite(value).all():
            raise StudioError(f'{path}: what its lesson remembers as "{name}" is damaged; go back to another.')
    return held


def lesson_of(path: Path) -> Asked | None:
    """The lesson that a checkpoint was taken in; None where it does not say.

    Raises:
        StudioError: where it is no checkpoint.
    """
    stored = read_tensors(path, _LARGEST).get("said")
    said = _said(path, None if stored is None else stored.values)
    if "lesson" not in said:
        return None
    try:
        return TypeAdapter(Asked).validate_python(said["lesson"])
    except ValidationError as error:
        raise StudioError(f"{path}: the lesson of this checkpoint cannot be read: {explain(error)}.") from error


def _of(found: Mapping[str, Array], kind: str) -> dict[str, Array]:
    """What of a file is of this kind, by the name behind it."""
    return {name.partition(":")[2]: value for name, value in found.items() if name.startswith(f"{kind}:")}


def _said(path: Path, held: np.ndarray | None) -> dict[str, Any]:
    try:
        said = json.loads(held.tobytes()) if held is not None and held.dtype == np.uint8 else None
        if not isinstance(said, dict) or said["format"] != KIND:
            raise ValueError
        if not all(type(said[key]) is int and 0 <= said[key] < _MOST for key in ("version", "steps")):
            raise ValueError
        said.setdefault("towards", {})
        if not all(isinstance(aim, str) for aim in said["towards"].values()):
            raise ValueError
        # A generator of the same kind takes nothing else for its state.
        np.random.default_rng(0).bit_generator.state = said["random"]
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        raise StudioError(f"{path} is no checkpoint of learning.") from None
    if said["version"] > VERSION:
        raise StudioError(f"{path} was written by a newer studio; update this one.")
    return said
