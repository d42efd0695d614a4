"""Rendering on several devices of one machine."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from studio.cli.common import note

if TYPE_CHECKING:
    from studio.model.latent import LatentPath
    from studio.model.preset import Preset
    from studio.runtime.render.frame_runner import FrameRunner
    from studio.runtime.render.mover import Listen, Mover
    from studio.runtime.render.shared import Opens


def lanes_on(
    engine: str,
    devices: str,
    bent: Preset,
    feeder: FrameRunner,
    listen: Listen,
    path: LatentPath | None,
    alone: str,
) -> list[Opens]:
    """What bends on each of these devices; nothing where it must be one, which is said."""
    from studio.engine.devices import devices_of, open_on
    from studio.runtime.render.frame_runner import FrameRunner
    from studio.runtime.render.mover import Mover

    names = devices_of(engine, devices)
    if alone or len(names) < 2:
        note(f"Rendered on one device, because {alone or f'there is one alone for {engine}'}.")
        return []

    def opens(name: str) -> tuple[Mover, Callable[[], None]]:
        running = open_on(bent.bent, engine, name)
        try:
            running.time_every = math.inf
            own = FrameRunner(running, None, path)
            own.deep = feeder.deep
            return Mover(bent, running, own, None, listen), running.close
        except BaseException:
            running.close()
            raise

    note(f"Frames are shared among {len(names)} devices: {', '.join(names)}.")
    return [partial(opens, name) for name in names]
