"""The whole window with the learning panel in front, folders of pictures, and hands that type."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.learn.networks import parse_new
from studio.model.networks.preset import Preset
from studio.runtime.learning.session import LearningSession
from studio.ui.learning.panel import LearningPanel


class Room:
    """The whole window with folders of good and of odd pictures, and hands that type."""

    def __init__(self, qtbot: QtBot, home: Path) -> None:
        rng = np.random.default_rng(0)
        self.home = home
        for name, shapes in (
            ("good", [(40, 40, 3)] * 3),
            ("one", [(40, 40, 3)]),
            ("dot", [(1, 1, 3)]),
            ("mixed", [(40, 60, 3), (17, 90, 4), (33, 20, 1)]),
        ):
            (home / name).mkdir(parents=True)
            for number, shape in enumerate(shapes):
                cv2.imwrite(str(home / name / f"{number}.png"), rng.integers(0, 256, shape, np.uint8))
        (home / "none").mkdir()
        (home / "broken").mkdir()
        (home / "broken" / "0.png").write_bytes(b"\x89PNG\r\n\x1a\nand no more")
        (home / "text.safetensors").write_text("no checkpoint")
        self.whole = WholeWindow(qtbot, home / "home", "autoencoder-transposed", "demo", "64")
        self.qtbot, self.panel = qtbot, self.whole.context[LearningPanel]
        self.session = self.whole.context[LearningSession]
        self.whole.window.docks["learning"].raise_()
        self.whole.document.load(Preset("small", parse_new("autoencoder,width=4,seed=1").make(), {}))
        form = self.panel.lesson.form
        form.controls["size"].show_value(16)
        form.controls["batch"].show_value(1)

    def type(self, line: QLineEdit | None, text: str) -> None:
        assert line is not None
        line.selectAll()
        QTest.keyClick(line, Qt.Key.Key_Delete)
        QTest.keyClicks(line, text)
        QTest.keyClick(line, Qt.Key.Key_Return)

    def learn_from(self, source: str, wanted: str = "same", detail: str = "") -> None:
        lesson = self.panel.lesson
        self.type(lesson.source.lineEdit(), source)
        lesson.wanted.setCurrentIndex(lesson.wanted.findData(wanted))
        if wanted != "same":
            self.type(lesson.detail, detail)

    def refused(self) -> str:
        """Click on Learn, which is not to begin."""
        before = len(self.whole.said)
        self.whole.click(self.panel.learn)
        self.whole.until(lambda: len(self.whole.said) > before and self.session.state == "off")
        assert self.whole.document.history.labels[1:] == (), "nothing has been learnt"
        return self.whole.said[-1]

    def learns(self) -> None:
        """Click on Learn, and take some steps."""
        self.whole.click(self.panel.learn)
        self.whole.until(lambda: self.session.state == "learning" and self.session.step >= 2)

    def goes_on(self) -> None:
        step = self.session.step
        self.whole.until(lambda: self.session.step >= step + 3)
        assert self.session.state == "learning"
        assert not self.session.problem

    def end(self) -> None:
        self.whole.click(self.panel.end)
        self.whole.until(lambda: self.session.rests)
        while len(self.whole.document.history.labels) > 1 and self.whole.document.history.position > 1:
            self.whole.document.undo()
