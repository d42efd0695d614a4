"""Rendering on several devices of one machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.cli.common import note

if TYPE_CHECKING:
    from studio.model.networks.preset import Preset
    from studio.runtime.render.frame_runner import FrameRunner
    from studio.runtime.render.mover import Listen
    from studio.runtime.render.shared import Lanes


def lanes_on(engine: str, devices: str, bent: Preset, feeder: FrameRunner, listen: Listen, alone: str) -> Lanes | None:
    """What bends on each of these devices; None where it must be one, which is said."""
    from studio.engine.devices import devices_of
    from studio.runtime.render.shared import Lanes

    names = devices_of(engine, devices)
    if alone or len(names) < 2:
        note(f"Rendered on one device, because {alone or f'there is one alone for {engine}'}.")
        return None
    note(f"Frames are shared among {len(names)} devices: {', '.join(names)}.")
    return Lanes(bent, engine, names, feeder, listen)
