"""How fast beats follow each other: ``"tempo": {"bpm": 96.0, "offset": 0.0, "beats_per_bar": 4}``."""

from __future__ import annotations

from studio.io.sections._base import SectionFile
from studio.model.movement.tempo import TEMPO, Tempo

SECTION = SectionFile(TEMPO, Tempo, to_document=lambda tempo: tempo.model_dump(mode="json"))
