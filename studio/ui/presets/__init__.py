"""The presets that there are, and saving."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from studio.paths import WEIGHTS
from studio.ui.kit.command import Command, Context, Place
from studio.ui.kit.entry import Entry, plain
from studio.ui.kit.panel import Panel
from studio.ui.presets.favourites import COMMANDS as FAVOURITES
from studio.ui.presets.panel import PresetDeck
from studio.ui.presets.trying import Trying
from studio.ui.services.parts import Parts
from studio.ui.viewport.widget import Viewport


def _make(context: Context) -> PresetDeck:
    parts = context[Parts]
    made = PresetDeck(
        parts.document,
        parts.library,
        parts.opener,
        parts.saver,
        parts.worker,
        parts.messages.say,
        parts.session,
        (parts.networks, WEIGHTS),
    )
    trying = context.add(Trying(made.list, parts.proofs, context[Viewport]))
    trying.show_large(parts.session.tries_large)
    made.own_button.toggled.connect(trying.show_own)
    made.large_button.toggled.connect(trying.show_large)
    context.tell_of(made.favourites_changed, "favourites")
    context.tell_of(parts.fades.kept, "favourites")
    return made


def _entries(context: Context) -> Iterator[Entry]:
    """Every preset and every network, whichever shelf is shown: choosing one opens it."""
    opener, shelves = context[Parts].opener, context[PresetDeck].shelves
    for tile in (*shelves.get("presets", ()), *shelves.get("networks", ())):
        if not tile.card.problem:
            card, run = tile.card, plain(partial(opener.open, tile.card.path))
            if tile.is_network:
                yield Entry(card.title, "Network", run, card.description, "tree-structure")
            else:
                yield Entry(card.title, "Preset", run, card.weights, "sparkle")


PANELS = (
    Panel(
        "presets",
        "Presets",
        "left",
        _make,
        stack=20,
        order=10,
        entries=_entries,
        commands=(
            *FAVOURITES,
            Command(
                "file.save",
                "Save preset",
                lambda c: c[PresetDeck].save(),
                Place("File", 20, 10),
                keys=("Ctrl+S",),
                icon="floppy-disk",
                tip="Every weight that you have changed, bit for bit",
            ),
            Command(
                "file.save_as",
                "Save preset as…",
                lambda c: c[PresetDeck].save_as(),
                Place("File", 20, 20),
                keys=("Ctrl+Shift+S",),
                icon="floppy-disk-back",
            ),
        ),
    ),
)
