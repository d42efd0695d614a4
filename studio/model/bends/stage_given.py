"""What callers give of a stage, in the forms that come to hand in Python, as what a stage holds; or a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.model.bends.bend import Bend
from studio.model.bends.stage import AllChannels, ChannelList, Channels, Cluster, Guard, Luma, Mask, Painted
from studio.model.networks.shape import Array

_KINDS = get_args(Guard.model_fields["kind"].annotation)


def given_bend(bend: Bend) -> Bend:
    """A bend; StudioError, saying how one is made, for anything else."""
    if not isinstance(bend, Bend):
        raise StudioError(f'{_shown(bend)} is no bend; make one by studio.bend("Rotate", angle=30).')
    return bend


def given_channels(channels: Channels | Cluster | Iterable[int] | NDArray[np.bool_] | None, count: int) -> Channels:
    """Channels by number, by (count,) booleans, of a cluster, or as they are; None is all.

    Raises:
        StudioError: where they are none, or a cluster is of a layer with fewer or more.
    """
    if channels is None:
        return AllChannels()
    if isinstance(channels, Channels):
        return channels
    if isinstance(channels, Cluster):
        return channels.as_channels
    try:
        # Of no channels numpy would make floats.
        found = np.asarray(list(channels)) if channels is not None else np.zeros(0)
    except (TypeError, ValueError):
        raise StudioError(_no_channels(channels)) from None
    if found.dtype == np.bool_:
        if found.shape != (count,):
            raise StudioError(f"Channels as booleans are {count}, one for each channel, not {found.shape}.")
        return ChannelList(channels=tuple(int(c) for c in np.flatnonzero(found)))
    if found.size and (found.ndim != 1 or not np.issubdtype(found.dtype, np.integer)):
        raise StudioError(_no_channels(channels))
    if missing := [int(c) for c in found if not 0 <= c < count]:
        raise StudioError(f"Channel {missing[0]} is not among 0 to {count - 1}.")
    return ChannelList(channels=tuple(int(c) for c in found))


def given_mask(mask: Mask | Array | Sequence[Sequence[float]] | str | None) -> Mask | None:
    """A mask as an array of (height, width) from 0 to 1, the name of an input or layer, or as it is.

    Raises:
        StudioError: where it is none.
    """
    if mask is None or isinstance(mask, Painted | Luma):
        return mask
    if isinstance(mask, str):
        return Luma(source=mask)
    try:
        values = np.asarray(mask, np.float32)
    except (TypeError, ValueError):
        raise StudioError(f"A mask is an array of (height, width) from 0 to 1, not {_shown(mask)}.") from None
    painted = Painted(values)
    if values.min() < 0.0 or values.max() > 1.0:
        raise StudioError(f"A mask holds numbers from 0 to 1, not {values.min():g} to {values.max():g}; scale it.")
    return painted


def given_guard(guard: Guard | str | None) -> Guard:
    """A guard, or one by its kind; None makes what is not finite zero. StudioError where it is none."""
    if guard is None:
        return Guard()
    if isinstance(guard, Guard):
        if guard.kind != "deviation" and "times" in guard.model_fields_set:
            raise StudioError(f'The guard "{guard.kind}" takes no times; leave them out, or take "deviation".')
        return guard
    if guard not in _KINDS:
        raise StudioError(f"{_shown(guard)} is no guard; there are {', '.join(_KINDS)}.")
    return Guard(kind=guard)  # type: ignore[arg-type]


def _no_channels(channels: object) -> str:
    return f"{_shown(channels)} are no channels; give their numbers, a cluster, or the name of one that is kept."


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
