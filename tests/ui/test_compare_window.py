"""Which upsampling learns better: the window in the whole studio, by its buttons."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.runtime.learning.comparison import Comparison
from studio.ui.learning.compare import CompareWindow


@pytest.fixture
def whole(qtbot: QtBot, tmp_path: Path, gl_app: QApplication) -> Iterator[WholeWindow]:
    del gl_app
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        picture = np.random.default_rng(number).integers(0, 256, (40, 40, 3), np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), cv2.GaussianBlur(picture, (0, 0), 3))
    made = WholeWindow(qtbot, tmp_path / "home", "autoencoder-transposed", "demo", "64")
    yield made
    made.close()


def test_both_curves_and_both_pictures_and_one_is_opened(whole: WholeWindow, tmp_path: Path) -> None:
    whole.command("learn.compare")
    window, comparison = whole.context[CompareWindow], whole.context[Comparison]
    assert window.isVisible()
    window.source.setCurrentText(str(tmp_path / "pictures"))
    for name, value in (("width", 4), ("size", 32), ("batch", 2)):
        window.form.controls[name].show_value(value)
    whole.click(window.learn)
    whole.until(lambda: comparison.state == "learning" and comparison.runs[1].last is not None)
    assert window.learn.text() == "Pause"
    whole.until(lambda: len(window.plot.listDataItems()) == 4)
    whole.until(lambda: all("dB after" in words.text() for words in window.words))
    whole.click(window.learn)
    whole.until(lambda: comparison.state == "paused")
    window.loss.click()
    whole.until(lambda: not window.pictures[1].pixmap().isNull())
    step = comparison.runs[0].curves.steps[-1]
    whole.click(window.learn)
    whole.until(lambda: comparison.runs[0].curves.steps[-1] > step)
    whole.click(window.keeps[1])
    whole.until(lambda: comparison.state == "paused")
    assert type(whole.document.graph.node("dec1").op).__name__ == "FractionalConv2d"
    assert whole.document.history.labels[-1].startswith("Open ")
    whole.command("edit.undo")
    assert type(whole.document.graph.node("dec1").op).__name__ == "ConvTranspose2d"
    # Qt would hand the keyboard to whatever comes next.
    whole.click(window.end)
    whole.until(lambda: comparison.state == "off")
    assert window.focusWidget() is window.learn
    window.close()


def test_a_source_that_is_not_there_is_said_in_the_window(whole: WholeWindow) -> None:
    whole.command("learn.compare")
    window = whole.context[CompareWindow]
    window.source.setCurrentText("/nowhere/at/all")
    whole.click(window.learn)
    whole.until(window.said.text)
    assert "nothing at" in window.said.text()
    assert window.learn.text() == "Learn"
    window.close()
