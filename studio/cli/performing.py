"""What ``studio render --performance`` needs besides."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from studio.cli.common import note
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.model.latent import LatentPath
    from studio.model.performance import Performance
    from studio.model.preset import Preset
    from studio.runtime.render.turns import Turn


def performance_of(path: Path, beside: Sequence[str]) -> Performance:
    """A performance from its file; what is odd about the file is noted.

    Args:
        path: of the file.
        beside: what is to move and bend besides.

    Raises:
        StudioError: where it cannot be read, or holds itself what moves and bends.
    """
    from studio.io.performances import load_performance

    performance = load_performance(path)
    if performance.note:
        note(performance.note)
    if performance.take.whole and beside:
        raise StudioError(
            "The performance holds what bends and moves itself; leave out --move, --bend, --bpm and --fade-to."
        )
    return performance


def its_own(context: typer.Context, performance: Performance | None, *, preset: str, size: str) -> tuple[str, str]:
    """Preset and size as they were given, or the performance's own where they were not."""
    if performance is None:
        return preset, size
    from studio.io.opening import open_preset as opened

    source = context.get_parameter_source
    given = {name for name in ("preset", "size") if (found := source(name)) is not None and found.name != "DEFAULT"}
    if "preset" not in given and performance.take.whole and performance.preset:
        preset = performance.preset
        try:
            opened(preset)
        except StudioError as error:
            raise StudioError(
                f'The performance was played with the preset "{preset}", which is not found here; give one of the same '
                "network, or the network itself, with --preset."
            ) from error
    if "size" not in given and performance.take.size:
        size = performance.take.size
    return preset, size


def refuse_tiles_of_feedback(preset: Preset, tile: int) -> None:
    """Raise StudioError where the whole output is to come back, and there is none: it is made by tiles."""
    from studio.model.feedback import FEEDBACK
    from studio.model.route import ROUTES

    moved = any(route.target.startswith("/feedback/") for route in preset.section(ROUTES))
    if tile and (moved or preset.section(FEEDBACK).amount > 0.0):
        raise StudioError("The output is fed back whole, which tiles cannot be; leave out --tile, or /feedback/amount.")


def turns_of(
    performance: Performance, rate: Fraction, frames: tuple[int, int | None], path: LatentPath
) -> list[Turn] | None:
    """The runs of a performance that lead to these frames; None where it does not say when the network ran.

    At the rate at which it was recorded they are those that took place, and the film has the same frames.
    """
    from studio.io.sources.camera import KIND as CAMERA
    from studio.runtime.render.turns import between, from_the_start, turns_as_recorded, turns_at

    take = performance.take
    if not performance.runs():
        return None
    found = turns_as_recorded(performance, path) if rate == take.rate else turns_at(performance, rate, path)
    if CAMERA.match(take.source):
        found = from_the_start(found)
    return between(found, *frames)
