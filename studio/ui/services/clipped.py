"""Says once of a network that its output lies outside of what is shown: it was opened with the wrong range."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from studio.model.documents.document import Document
from studio.runtime.live.report import Message, OutputValues
from studio.runtime.live.telemetry import Telemetry

MOST = 0.95
"""What part of the values; of a picture that is too dark or too bright, more lie within."""

PATIENCE = 3000
"""Milliseconds for which it is so; a film may begin in black."""


class Clipped(QObject):
    """Follows what is measured of the output while the network runs as it was trained.

    Args:
        document: whose network it is. What is bent may be meant to look so.
        telemetry: tells of the output.
        say: shows a sentence.
        parent: what it ends with.
    """

    def __init__(
        self, document: Document, telemetry: Telemetry, say: Callable[[Message], object], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._telemetry, self._say = document, telemetry, say
        self._told: set[tuple[str, tuple[float, float]]] = set()
        self._later = QTimer(self, singleShot=True, interval=PATIENCE)
        self._later.timeout.connect(self._tell)
        telemetry.on(OutputValues, self._take)

    def _take(self, found: OutputValues) -> None:
        if found.outside < MOST:
            self._later.stop()
        elif self._which not in self._told and not self._later.isActive():
            self._later.start()

    @property
    def _which(self) -> tuple[str, tuple[float, float]]:
        return self._document.network.name, self._document.graph.output_range

    def _tell(self) -> None:
        found = self._telemetry[OutputValues]
        # Another network, or one that is bent by now.
        if found.graph is not self._document.graph or found.outside < MOST or not self._document.is_as_trained:
            return
        self._told.add(self._which)
        (low, high), (least, most) = self._document.graph.output_range, found.ends
        self._say(
            Message(
                f"The output's values, from {least:.3g} to {most:.3g}, are not those that are shown black and white, "
                f"{low:g} to {high:g}: choose them in Layer > Picture values.",
                "warning",
            )
        )
