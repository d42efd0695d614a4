"""Numbers are read as people type them: with a point or a comma."""

from __future__ import annotations

import re

import pytest
from helpers import ROOT
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.ui.kit.spins import DecimalSpin

_PLAIN = re.compile(r"\bQDoubleSpinBox\(|\(QDoubleSpinBox\)")


@pytest.mark.parametrize("country", ["en_US", "de_DE", "C"])
@pytest.mark.parametrize(
    ("typed", "value"), [("0,5", 0.5), ("0.5", 0.5), ("-1,25", -1.25), (",5", 0.5), ("7", 7.0), ("× 2,5 s", 2.5)]
)
def test_a_comma_is_a_point(qtbot: QtBot, country: str, typed: str, value: float) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(country))
    try:
        box = DecimalSpin(minimum=-10.0, maximum=10.0, decimals=3, prefix="× ", suffix=" s")
        qtbot.addWidget(box)
        box.selectAll()
        QTest.keyClicks(box, typed)
        QTest.keyClick(box, Qt.Key.Key_Return)
        assert box.value() == value
        assert "," not in box.text()
    finally:
        QLocale.setDefault(before)


def test_no_box_of_the_window_is_qts_own() -> None:
    pages = ROOT.glob("studio/ui/**/*.py")
    assert [page.name for page in pages if _PLAIN.search(page.read_text())] == ["spins.py"]
