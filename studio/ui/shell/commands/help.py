"""Keys, and what this program is."""

from __future__ import annotations

from studio.ui.kit.actions import Actions
from studio.ui.kit.command import Command, Context, Place, Slot
from studio.ui.services.messages import MessageBar
from studio.ui.shell.about import show_about
from studio.ui.shell.declared import Declared
from studio.ui.shell.palette import Palette
from studio.ui.shell.shortcut_sheet import ShortcutSheet


def _quit(context: Context) -> None:
    context.window.close()


def _shortcuts(context: Context) -> None:
    sheet = context.once(ShortcutSheet, lambda: ShortcutSheet(context.window, context[Declared]))
    sheet.setVisible(not sheet.isVisible())


def _palette(context: Context) -> None:
    palette = context.once(Palette, lambda: Palette(context, context[Declared], context[Actions]))
    palette.show_over(context.window)


COMMANDS = (
    Command(
        "help.palette",
        "Find anything…",
        _palette,
        Place("Help", 5, 10),
        Slot(5, 10),
        ("Ctrl+K",),
        "magnifying-glass",
        "Every command, layer, preset, edit and number by a few letters",
        label="Find",
    ),
    Command(
        "help.shortcuts",
        "Shortcuts",
        _shortcuts,
        Place("Help", 10, 10),
        keys=("F1", "?"),
        icon="keyboard",
    ),
    Command("file.quit", "Quit", _quit, Place("File", 90, 90), keys=("Ctrl+Q",), icon="sign-out"),
    Command(
        "help.messages",
        "Earlier messages",
        lambda c: c[MessageBar].show_log(),
        Place("Help", 10, 20),
        keys=("Ctrl+M",),
        icon="chat-text",
        tip="All that was said since the start, newest first",
    ),
    Command("help.about", "About", lambda c: show_about(c.window), Place("Help", 90, 90), icon="info"),
)
