"""Every dialog and every window that opens over the studio's fits small screens, and nothing in it is cut."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from cut import cut_in
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QInputDialog, QLabel, QMessageBox, QWidget
from test_import_dialog import write_onnx
from whole_window import WholeWindow

from studio.learn.networks import NEW
from studio.runtime.live.report import Message
from studio.ui.bends.panel import BendsPanel
from studio.ui.importing.import_dialog import ImportDialog
from studio.ui.importing.import_model import look_at
from studio.ui.kit import fitting
from studio.ui.learning.compare import CompareWindow
from studio.ui.learning.new_network import NewNetworkDialog
from studio.ui.services.closing import ask_over
from studio.ui.services.finishing import FinishingDialog
from studio.ui.services.message_details import MessageDetails
from studio.ui.shell.about import show_about
from studio.ui.shell.palette import Palette
from studio.ui.shell.shortcut_sheet import ShortcutSheet
from studio.ui.viewport.projection import Projection

SCREENS = {"960 x 600": QSize(960, 600), "640 x 360": QSize(640, 360)}
LONG = "/home/somebody/Films and pictures/of the summer/2024/a film with a name that is rather long.mp4"


@pytest.fixture(params=SCREENS.values(), ids=SCREENS)
def screen(request: pytest.FixtureRequest, whole: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> QSize:
    """What a window can be on a screen of that size; the studio's own is as large."""
    size: QSize = request.param
    room = size - fitting._AROUND
    monkeypatch.setattr(fitting, "room_for", lambda _: room)
    whole.window.resize(size)
    whole.qtbot.wait(200)
    whole.settle()
    return room


def faults(whole: WholeWindow, dialog: QWidget, room: QSize) -> list[str]:
    dialog.show()
    whole.qtbot.waitExposed(dialog)
    whole.qtbot.wait(50)
    size = dialog.size()
    large = size.width() > room.width() or size.height() > room.height()
    return [*([f"is {size.toTuple()} where there is room for {room.toTuple()}"] if large else []), *cut_in(dialog)]


def finishing(whole: WholeWindow) -> QWidget:
    pending = SimpleNamespace(pending=(f"Writing {LONG}", f"Recording {LONG}"), dialog=None)
    return FinishingDialog(pending, lambda: None, whole.window)  # type: ignore[arg-type]


def details(whole: WholeWindow) -> QWidget:
    return MessageDetails(Message(f"{LONG} cannot be read", "error", "Traceback\n" + LONG * 4), whole.window)


def shortcuts(whole: WholeWindow) -> QWidget:
    whole.command("help.shortcuts")
    return whole.context[ShortcutSheet]


def palette(whole: WholeWindow) -> QWidget:
    whole.command("help.palette")
    return whole.context[Palette]


def values(whole: WholeWindow) -> QWidget:
    from studio.ui.values.panel import ValuesPanel

    whole.command("layer.picture_values")
    return whole.context[ValuesPanel]


def compare(whole: WholeWindow) -> QWidget:
    whole.command("learn.compare")
    return whole.context[CompareWindow]


def imported(whole: WholeWindow) -> QWidget:
    folder = whole.studio.parts.networks.parent
    folder.mkdir(parents=True, exist_ok=True)
    path = write_onnx(folder / "a network with a name that is rather long.onnx", (3, 4, 3))
    return ImportDialog(whole.window, look_at(path), whole.studio.parts.importer)


def input_(whole: WholeWindow) -> QWidget:
    row = whole.editor.brush.named
    assert row is not None
    row.ask_keep()
    dialog = row.window().findChild(QInputDialog)
    assert dialog is not None
    return dialog


def bends(whole: WholeWindow) -> QWidget:
    panel = whole.context[BendsPanel]
    panel.open_palette()
    assert panel._palette is not None
    return panel._palette


def log(whole: WholeWindow) -> QWidget:
    for number in range(4):
        whole.studio.messages.say(Message(f"{number}: {LONG} cannot be read, and nothing was changed.", "error"))
    whole.studio.messages.show_log()
    popup = whole.studio.messages._popup
    assert popup is not None
    return popup


MAKERS: dict[str, Callable[[WholeWindow], QWidget]] = {
    "new network": lambda whole: NewNetworkDialog(whole.window),
    "compare": compare,
    "values": values,
    "details": details,
    "finishing": finishing,
    "shortcuts": shortcuts,
    "palette": palette,
    "about": lambda whole: show_about(whole.window),
    "import": imported,
    "name": input_,
    "bends": bends,
    "log": log,
}


def each_dialog(whole: WholeWindow, screen: QSize) -> list[str]:
    """The faults of all of them."""
    found = []
    for name, make in MAKERS.items():
        dialog = make(whole)
        found += [f"{name}: {each}" for each in faults(whole, dialog, screen)]
        dialog.close()
        QApplication.processEvents()
    new = NewNetworkDialog(whole.window)
    for row, name in enumerate(NEW):
        new.kind.setCurrentIndex(row)
        found += [f"new {name}: {each}" for each in faults(whole, new, screen)]
    new.close()
    return found


@pytest.mark.gl
def test_every_dialog_fits_the_screen(whole: WholeWindow, screen: QSize) -> None:
    found = each_dialog(whole, screen)
    assert not found, "\n".join(found)


@pytest.mark.gl
@pytest.mark.parametrize("screen", [QSize(1024, 700)], ids=["1024 x 700"], indirect=True)
def test_every_dialog_is_whole_in_large_letters(letters: int, whole: WholeWindow, screen: QSize) -> None:
    assert whole.window.font().pointSizeF() == letters
    found = each_dialog(whole, screen)
    assert not found, "\n".join(found)


@pytest.mark.gl
def test_what_is_asked_and_said_and_shown_besides_fits(
    whole: WholeWindow, screen: QSize, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []

    def answer(box: QMessageBox) -> int:
        found.extend(faults(whole, box, screen))
        box.close()
        return QMessageBox.StandardButton.Cancel.value

    monkeypatch.setattr(QMessageBox, "exec", answer)
    question = "Save the changes to “a preset whose name is as long as names are allowed to be”?"
    assert ask_over(whole.window, question, "Undo history is not saved with it.") == QMessageBox.StandardButton.Cancel
    text = (
        "The last session ended unexpectedly; its bends and its lesson of “violet-strokes” from 28 November, 22:06 "
        "are kept."
    )
    bar = whole.studio.messages
    bar.say(Message(text, "warning"), [("Restore", lambda: None), ("Discard", lambda: None)])
    whole.qtbot.wait(50)
    found += [f"after a crash: {each}" for each in cut_in(bar)]
    [line] = [label for label in bar.findChildren(QLabel) if text[:20] in label.text()]
    assert line.heightForWidth(line.width()) <= line.height() + 1
    whole.context[Projection].toggle_output()
    window = whole.context[Projection].output
    assert window is not None
    window.resize(screen / 2)
    whole.qtbot.wait(50)
    assert window.size() == screen / 2
    whole.context[Projection].toggle_output()
    assert not found, "\n".join(found)
