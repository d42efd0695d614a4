"""What becomes of the open lesson between two steps: other numbers, other bends, another engine."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from studio.model.bends.stages import STAGES
from studio.model.documents.document import Document
from studio.runtime.learning.keeping import Keeping

if TYPE_CHECKING:
    from studio.learn.prepare import Asked

LEARNS_ON = MappingProxyType({"gl-half": "gl", "torch-tf32": "torch", "torch-half": "torch"})
"""What learns where networks run on an engine that rounds too coarsely to learn."""


class Turning(Keeping):
    """What a `LearningSession` does with the lesson that is open; belongs to the document's thread.

    Attributes:
        engine: that it learns on, which is the one that runs.
    """

    engine: str
    _document: Document

    def turn(self, asked: Asked) -> None:
        """Learn on by other numbers from the next step: rate, batch, size, losses, what is frozen, bends as they are.

        The source and what is wanted stay; for others a new lesson begins. Of several that come during one step only
        the last is built. What does not fit is told, and the lesson stays as it was.
        """
        before = self.asked
        if self._trainer is not None and before is not None:
            self.asked = replace(asked, source=before.source, wanted=before.wanted)
            self._wish()

    def run_on(self, engine: str) -> None:
        """Learn on the engine that runs the network; a lesson that is open goes on there, exactly where it is."""
        engine = LEARNS_ON.get(engine, engine)
        if not engine or engine == self.engine:
            return
        self.engine = engine
        opening = self._opening
        if self._trainer is not None and opening is not None:

            def stay(name: str) -> None:
                self._post(lambda: setattr(self, "engine", name))

            self._trainer.order(lambda learner: opening.move(learner, engine, stay))

    def watch(self, tensor: str) -> None:
        """Look at how a tensor moves; empty for none."""
        if self._trainer is not None:
            self._trainer.watch(tensor)

    def _wish(self) -> None:
        """Have the lesson as it is asked for now taken up after the step under way, with the bends as they are now."""
        if self._trainer is not None and self._opening is not None and self.asked is not None:
            self._opening.wish(self.asked, self._document.section(STAGES))
            self._trainer.order(self._opening.turn)
