"""Keys that the window names are those of the system."""

from __future__ import annotations

import re

import pytest
from PySide6.QtWidgets import QLabel, QWidget
from whole_window import WholeWindow

from studio.ui.kit import actions, keys
from studio.ui.kit.keys import keyed
from studio.ui.shell import shortcut_sheet
from studio.ui.shell.declared import declared
from studio.ui.shell.shortcut_sheet import groups_of

_THEIRS = re.compile(r"\b(?:Ctrl|Alt)\b")


@pytest.mark.parametrize(
    ("text", "on_macos"),
    [
        ("Save preset as… (Ctrl+Shift+S)", "Save preset as… (⌘⇧S)"),
        (
            "F2 takes the first, Ctrl+[ and Ctrl+] the one before and after",
            "F2 takes the first, ⌘[ and ⌘] the one before and after",
        ),
        ("Ctrl adds, Shift takes away", "⌘ adds, Shift takes away"),
        ("\tCtrl+Alt+3", "\t⌘⌥3"),
        ("Alter the altitude in Controls", "Alter the altitude in Controls"),
    ],
)
def test_keys_in_a_sentence(text: str, on_macos: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for platform, wanted in (("linux", text), ("win32", text), ("darwin", on_macos)):
        monkeypatch.setattr(keys, "PLATFORM", platform)
        assert keyed(text) == wanted


@pytest.fixture
def _macos(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another system; what Qt itself makes of the keys of commands is as it is here, and left out."""
    monkeypatch.setattr(keys, "PLATFORM", "darwin")
    for each in (actions, shortcut_sheet):
        monkeypatch.setattr(each, "keys_of", lambda command: ["key"] * len(command.keys))


@pytest.fixture
def said(_macos: None, whole: WholeWindow) -> list[str]:
    """All tips, labels and lines of the sheet of shortcuts."""
    found = [widget.toolTip() for widget in whole.window.findChildren(QWidget)]
    found += [label.text() for label in whole.window.findChildren(QLabel)]
    return found + [each for _, lines in groups_of(declared()) for line in lines for each in line]


def test_on_macos_nothing_in_the_window_names_another_systems_keys(said: list[str]) -> None:
    """Command is what Qt calls Ctrl there: tips and the sheet of shortcuts said Ctrl."""
    assert any("⌘" in text for text in said)
    assert [text for text in said if _THEIRS.search(text)] == []
