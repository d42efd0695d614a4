"""The output as a source: ``"feedback": {"amount": 0.6, "zoom": 1.02, "turn": 1.0, "decay": 0.1}``."""

from __future__ import annotations

from studio.io.sections._base import SectionFile
from studio.model.movement.feedback import FEEDBACK, Feedback

SECTION = SectionFile(FEEDBACK, Feedback, to_document=lambda feedback: feedback.model_dump(mode="json"))
