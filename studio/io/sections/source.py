"""What a preset was made on: ``"source": "demo"``."""

from __future__ import annotations

from studio.io.manifest import Line
from studio.io.sections._base import SectionFile
from studio.model.section import SOURCE

SECTION = SectionFile(SOURCE, Line | None, place=1)
