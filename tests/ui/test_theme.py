"""Colours that can be read: contrasts by WCAG 2.2, of both palettes and of what is on the screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from helpers import tiny_network
from PySide6.QtCore import QPoint, QRect, qInstallMessageHandler
from PySide6.QtGui import QColor, QFont, QImage
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QMenu, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.io.networks import save_network
from studio.model.documents.document import Document
from studio.model.networks.preset import Preset
from studio.model.views.workspace import Workspace
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit import theme
from studio.ui.kit.icons import icon
from studio.ui.layers.network_rows import KINDS
from studio.ui.layers.panel import NetworkPanel

NEEDED = {"dark": (4.5, 3.0), "high contrast": (7.0, 4.5)}


def luminance(colour: QColor) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: QColor | str, other: QColor | str) -> float:
    low, high = sorted(luminance(QColor(each)) for each in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", sorted(theme.PALETTES))
def test_every_text_can_be_read_on_every_ground_that_it_lies_on(name: str) -> None:
    colours, (text, _) = asdict(theme.PALETTES[name]), NEEDED[name]
    grounds = ("ground", "panel", "raised", "chosen")
    for each in ("text", "faint", "accent", "warning", "danger"):
        for ground in grounds:
            # What warns and what is lit never stands on what is chosen but as a large sign.
            needed = text if each in ("text", "faint") or ground != "chosen" else 3.0
            assert contrast(colours[each], colours[ground]) >= needed, (each, ground)
    for ground in ("panel", "raised", "ground"):
        assert contrast(colours["disabled"], colours[ground]) >= 4.5, ground
    assert contrast(colours["on_accent"], colours["accent"]) >= text
    assert contrast(colours["on_accent"], colours["danger"]) >= 4.5


@pytest.mark.parametrize("name", sorted(theme.PALETTES))
def test_controls_and_states_can_be_told(name: str) -> None:
    colours, (_, shape) = asdict(theme.PALETTES[name]), NEEDED[name]
    for each in ("edge", "focus", "accent", "negative", "positive"):
        for ground in ("ground", "panel", "raised"):
            assert contrast(colours[each], colours[ground]) >= shape, (each, ground)
    # What is chosen has an edge of the accent besides its ground.
    assert contrast(colours["focus"], colours["chosen"]) >= shape


def test_kinds_of_layers_can_be_told_from_their_ground() -> None:
    for kind, (_, colour) in KINDS.items():
        assert contrast(colour, theme.RAISED) >= 3.0, kind


def test_a_palette_is_chosen_for_the_next_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from PySide6.QtCore import QSettings

    monkeypatch.delenv("STUDIO_THEME", raising=False)
    settings = QSettings(str(tmp_path / "theme.ini"), QSettings.Format.IniFormat)
    monkeypatch.setattr(theme, "_settings", lambda: settings)
    assert theme.chosen_name() == "dark"
    theme.choose("high contrast")
    assert theme.chosen_name() == "high contrast"
    with pytest.raises(KeyError):
        theme.choose("pink")
    monkeypatch.setenv("STUDIO_THEME", "dark")
    assert theme.chosen_name() == "dark"
    monkeypatch.setenv("STUDIO_THEME", "pink")
    assert theme.chosen_name() == "dark"


@pytest.fixture
def themed(gl_app: QApplication) -> Iterator[QApplication]:
    """The application in the studio's colours, while a test runs."""
    sheet, palette = gl_app.styleSheet(), gl_app.palette()
    theme.apply(gl_app)
    yield gl_app
    gl_app.setStyleSheet(sheet)
    gl_app.setPalette(palette)


@pytest.fixture
def whole(qtbot: QtBot, themed: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    (tmp_path / "weights").mkdir()
    save_network(tiny_network(), tmp_path / "weights" / "tiny")
    made = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "weights" / "tiny"), "demo", "64")
    assert themed.styleSheet()
    yield made
    made.close()


def of_text(image: QImage, rect: QRect) -> float:
    """The contrast of what is written there: the strongest colour against the commonest."""
    counts: dict[int, int] = {}
    for y in range(max(0, rect.top()), min(image.height(), rect.bottom() + 1)):
        for x in range(max(0, rect.left()), min(image.width(), rect.right() + 1)):
            colour = image.pixel(x, y)
            counts[colour] = counts.get(colour, 0) + 1
    ground = QColor(max(counts, key=counts.__getitem__))
    return max(contrast(QColor(colour), ground) for colour in counts)


@pytest.mark.gl
@pytest.mark.parametrize("width", [960, 1280, 1600])
def test_on_the_screen_every_label_can_be_read_and_none_is_cut(whole: WholeWindow, width: int) -> None:
    window = whole.window
    window.resize(width, 800)
    # The status bar says what runs, and how fast, from the first picture on.
    whole.until(lambda: any("fps" in label.text() for label in window.statusBar().findChildren(QLabel)))
    whole.settle()
    image = window.grab().toImage()
    seen = list[str]()
    for label in window.findChildren(QLabel):
        if not label.isVisible() or not label.text().strip() or label.text().lstrip().startswith("<"):
            continue
        if window._docks.is_behind(label):
            continue
        place = clipped(label, window)
        if place.height() < label.height() or place.width() < label.width() or label.height() < 8:
            continue
        seen.append(label.text())
        assert of_text(image, place) >= 4.5, (label.text(), "too faint")
        if not label.wordWrap() and type(label) is QLabel and label.sizePolicy().horizontalPolicy().name != "Ignored":
            assert label.width() >= label.sizeHint().width() - 1, (label.text(), "cut")
    assert len(seen) > 12, seen


def clipped(widget: QWidget, window: QWidget) -> QRect:
    seen, above = QRect(QPoint(), window.size()), widget
    while above is not window:
        seen &= QRect(above.mapTo(window, QPoint()), above.size())
        above = above.parentWidget()
    return seen


@pytest.mark.parametrize(("points", "pixels"), [(10.0, 0), (0.0, 15)])
def test_smaller_letters_come_of_fonts_by_points_and_by_pixels(
    qtbot: QtBot, qapp: QApplication, points: float, pixels: int
) -> None:
    """A desktop whose font is given in pixels had Qt complain of one of -0.9 points, which the window then said."""
    usual, font = QApplication.font(), QFont()
    if points:
        font.setPointSizeF(points)
    else:
        font.setPixelSize(pixels)
    smaller = theme.smaller(font, 0.8)
    assert (smaller.pointSizeF(), smaller.pixelSize()) == ((8.0, -1) if points else (-1.0, 12))
    assert theme.smaller(font, 0.1).pointSizeF() == (6.0 if points else -1.0)
    qapp.setFont(font)
    said: list[str] = []
    before = qInstallMessageHandler(lambda _kind, _context, text: said.append(text))
    try:
        document = Document(Preset("tiny", tiny_network(), {}))
        qtbot.addWidget(NetworkPanel(document, Workspace(document), Telemetry()))
    finally:
        qInstallMessageHandler(before)
        qapp.setFont(usual)
    assert said == []


def test_a_search_fields_icons_lie_in_the_middle_of_its_height(qtbot: QtBot, themed: QApplication) -> None:
    """The padding of buttons beside it made them taller than the field, and its glass stood too low."""
    field = QLineEdit("enc")
    qtbot.addWidget(field)
    field.addAction(icon("magnifying-glass", theme.FAINT), QLineEdit.ActionPosition.LeadingPosition)
    field.setClearButtonEnabled(True)
    field.show()
    themed.processEvents()
    buttons = field.findChildren(QToolButton)
    assert len(buttons) == 2
    assert all(abs(button.geometry().center().y() - field.rect().center().y()) <= 1 for button in buttons)


def test_a_choice_has_one_flat_arrow_and_no_frame_of_another_style(qapp: QApplication) -> None:
    sheet, palette = qapp.styleSheet(), qapp.palette()
    theme.apply(qapp)
    try:
        box = QComboBox()
        box.addItem("")
        box.resize(160, box.sizeHint().height())
        shown = box.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    finally:
        qapp.setStyleSheet(sheet)
        qapp.setPalette(palette)
    grey = [[shown.pixelColor(x, y).value() for x in range(4, shown.width() - 4)] for y in range(4, shown.height() - 4)]
    ground = QColor(theme.RAISED).toRgb()
    level = round(0.299 * ground.red() + 0.587 * ground.green() + 0.114 * ground.blue())
    # Nothing is darker than the ground, as the shadow of a raised button is; the arrow is brighter, and stands alone.
    assert min(map(min, grey)) >= level - 2
    bright = [x for row in grey for x, value in enumerate(row) if value > level + 40]
    assert bright
    assert len(grey[0]) - 30 < min(bright) <= max(bright) < len(grey[0]) - 3


def test_icons_of_a_menu_stand_off_its_edge(qtbot: QtBot, themed: QApplication) -> None:
    menu = QMenu()
    qtbot.addWidget(menu)
    menu.addAction(icon("image"), "A picture")
    menu.popup(QPoint(0, 0))
    themed.processEvents()
    shown = menu.grab().toImage()
    row = range(8, shown.height() - 8)
    bright = [x for x in range(2, shown.width() - 2) if any(shown.pixelColor(x, y).value() > 120 for y in row)]
    menu.close()
    assert 9 <= min(bright) <= 16
