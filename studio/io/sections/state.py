"""How states are stepped: ``"state": {"steps": 4.0, "picture": 0.1}``."""

from __future__ import annotations

from studio.io.sections._base import SectionFile
from studio.model.networks.state import STEPPING, Stepping

SECTION = SectionFile(
    STEPPING, Stepping, to_document=lambda stepping: stepping.model_dump(mode="json", exclude_defaults=True)
)
