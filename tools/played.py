"""Frames of a film through a preset, with all that bends and moves."""

from __future__ import annotations

from collections.abc import Sequence

from studio.control.sound import SoundTrack
from studio.engine.choose import open_engine
from studio.io.resize import resized
from studio.io.sources import open_source
from studio.io.sources.latent import path_of_source
from studio.model.bends.stages import STAGES
from studio.model.declared.size import Size
from studio.model.movement.modulator import NOTHING
from studio.model.networks.picture import Picture, shallow
from studio.model.networks.preset import Preset
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Mover

FRAMES_PER_SECOND = 25
REMEMBERED = 24
"""Frames that come before one that is shown, for bends that remember."""


def played(preset: Preset, source: str, frames: Sequence[int], size: int) -> list[Picture]:
    """Frames of a source through a preset, in rising order, each worked on at `size` × `size`.

    Each begins anew a few frames before it is shown: one, which motion is measured against, or as many as bends that
    remember need.
    """
    remembers = any(stage.bend.memory() is not None for stage in preset.section(STAGES))
    lead = REMEMBERED if remembers else 1
    engine, _ = open_engine(preset.bent, "torch")
    try:
        runner = FrameRunner(engine, path=path_of_source(source))
        with open_source(source) as film:
            sound = SoundTrack.of(film.audio_path) if film.audio_path else None
            mover = Mover(preset, engine, runner, listen=sound.at if sound else lambda _: NOTHING)
            found = []
            for frame in frames:
                mover.begin()
                for seen in film.frames(max(0.0, (frame - lead) / FRAMES_PER_SECOND)):
                    picture = shallow(mover(resized(seen.picture, Size(size, size)), seen.time, seen.index))
                    if seen.index >= frame:
                        found.append(picture)
                        break
        return found
    finally:
        engine.close()
