"""File > New network: what it asks for is made beside the window."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog
from whole_window import WholeWindow

from studio.learn.networks import NEW, Autoencoder
from studio.model.networks.network import Network
from studio.ui.learning.new_network import NewNetworkDialog


def test_the_window_makes_no_weights_and_hashes_none(whole: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    made_in: list[threading.Thread] = []
    make = Autoencoder.make

    def note(wanted: Autoencoder) -> Network:
        made_in.append(threading.current_thread())
        return make(wanted)

    monkeypatch.setattr(Autoencoder, "make", note)
    before = whole.studio.document.network

    def answer(dialog: NewNetworkDialog) -> int:
        dialog.kind.setCurrentIndex(dialog.kind.findData(next(name for name in NEW if NEW[name] is Autoencoder)))
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(NewNetworkDialog, "exec", answer)
    whole.command("learn.new")
    whole.until(lambda: whole.studio.document.network is not before)
    assert [each is threading.main_thread() for each in made_in] == [False]
    assert "_digest" in vars(whole.studio.document.network)
    whole.command("edit.undo")
    assert whole.studio.document.network is before


def test_return_makes_what_the_dialog_shows(whole: WholeWindow) -> None:
    """In the list of kinds, which had the keyboard first, it opened that list."""
    dialog = NewNetworkDialog(whole.window)
    dialog.show()
    dialog.activateWindow()
    whole.until(dialog.isActiveWindow)
    whole.qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Return)
    assert dialog.result() == QDialog.DialogCode.Accepted
