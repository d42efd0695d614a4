"""The film or picture whose maps bends of a second picture take: ``"second": "demo"``."""

from __future__ import annotations

from studio.io.manifest import Line
from studio.io.sections._base import SectionFile
from studio.model.section import SECOND

SECTION = SectionFile(SECOND, Line | None, place=11)
