"""Bypassing a layer, at once or on the beat."""

from __future__ import annotations

from studio.control.quantised import switches_of
from studio.model.documents.document import Document


def bypass_or_not(document: Document, layer: str) -> None:
    """Bypass a layer, or let it work again."""
    switches, name = switches_of(document), f"bypass {layer}"
    bypassed = not switches.waiting.get(name, layer in document.bypassed)

    def switch() -> None:
        # Another network may have been opened meanwhile.
        if layer in document.graph:
            document.set_bypassed(layer, bypassed)

    switches.switch(name, bypassed, switch)
