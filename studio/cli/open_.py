"""``studio open``, and ``studio`` alone: the window."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from studio.cli.render import DEFAULT_PRESET
from studio.errors import StudioError

DEFAULT_SOURCE = "demo"


def open_(
    preset: Annotated[str, typer.Argument(help="A preset or a network, by name or path.")] = DEFAULT_PRESET,
    source: Annotated[
        str, typer.Option(help='What it works on: "demo", "camera", "camera:1", a film, a picture, a folder.')
    ] = DEFAULT_SOURCE,
) -> None:
    """Open the window."""
    if not has_display():
        raise StudioError(
            "There is no display for a window: log in to a desktop, or bend a film without one by: "
            "studio render demo bent.mp4"
        )
    from studio.app import run

    raise typer.Exit(run(preset, source))


def has_display() -> bool:
    """Whether a window can be opened, judged by what the environment says."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
