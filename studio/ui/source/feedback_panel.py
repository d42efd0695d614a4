"""The panel of the output as a source: how much of it comes back, how large, how turned, how faded."""

from __future__ import annotations

from studio.model.documents.document import Document
from studio.model.movement.feedback import FEEDBACK
from studio.ui.source.section_panel import About, SectionPanel

_ABOUT = About(
    "Feedback",
    FEEDBACK,
    "feedback",
    "A part of every picture is the output of the frame before. It begins again with every seek.",
    "picture",
    "This network takes no pictures, so nothing can be fed back",
)


class FeedbackPanel(SectionPanel):
    """The feedback of the preset."""

    def __init__(self, document: Document) -> None:
        super().__init__(document, _ABOUT)
