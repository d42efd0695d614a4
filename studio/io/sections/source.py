"""What a preset was made on: ``"source": "demo"``."""

from __future__ import annotations

from studio.io.manifest import Line
from studio.io.sections._base import SectionFile
from studio.io.spelling import spelled, unspelled
from studio.model.networks.section import SOURCE

SECTION = SectionFile(
    SOURCE,
    Line | None,
    from_document=lambda text: None if text is None else unspelled(text),
    to_document=lambda spec: None if spec is None else spelled(spec),
    place=1,
)
