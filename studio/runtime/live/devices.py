"""Devices, which play as pictures come: adjusted while they run, or closed before they are opened again."""

from __future__ import annotations

import contextlib
from fractions import Fraction

from studio.errors import StudioError
from studio.io.sources import Source, open_source
from studio.io.sources.base import Adjustable
from studio.io.sources.latent import path_of_source
from studio.model.views.camera_setup import is_camera, setup_given


def open_to_play(spec: str, rate: Fraction | None) -> Source:
    """Open a source; what is time alone comes as smoothly as it is shown, at this rate where one is given."""
    is_time = rate is not None and path_of_source(spec) is not None
    return open_source(spec, fps=rate) if is_time else open_source(spec)


def adjusts(source: object, spec: str) -> bool:
    """Whether an open device could be adjusted to what another name of it asks for."""
    # What is wrong with a name is said where it is opened.
    with contextlib.suppress(StudioError):
        return isinstance(source, Adjustable) and source.adjust(spec)
    return False


def exposure_of(source: object) -> float | None:
    """What a device says of its exposure."""
    return source.exposure if isinstance(source, Adjustable) else None


def is_same_device(spec: str, other: str) -> bool:
    """Whether both are the same camera, which can be open only once."""
    with contextlib.suppress(StudioError):
        return is_camera(spec) and is_camera(other) and setup_given(spec).number == setup_given(other).number
    return False
