"""How the window looks: dark, with one accent, so that the picture is the brightest thing.

There are two palettes. Which one holds is settled when the program starts, by the person's choice or by
``STUDIO_THEME`` of the environment. Contrasts, by WCAG 2.2: text 4.5 : 1 and what tells controls and states apart
3 : 1 at least, each against every ground that it lies on; the test of this module measures them. The palette of high
contrast has 7 : 1 and 4.5 : 1.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtGui import QColor, QFont, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication


@dataclass(frozen=True)
class Colours:
    """One palette.

    Attributes:
        accent: what is chosen, on, or of the studio's own.
        negative: weights below zero.
        positive: weights above zero.
        focus: the ring around what has the keyboard.
        warning: of warnings.
        danger: of errors, and of recording.
        ground: behind everything.
        panel: of panels.
        raised: of controls.
        line: between things; decoration alone.
        edge: of controls.
        chosen: ground of what is chosen.
        text: of text.
        faint: of text of less weight.
        disabled: of text of what cannot be used now.
        on_accent: text on the accent.
    """

    accent: str = "#FF9632"
    negative: str = "#4696FF"
    positive: str = "#FF9632"
    focus: str = "#FFFFFF"
    warning: str = "#FFD166"
    danger: str = "#FF6B6B"
    ground: str = "#16171A"
    panel: str = "#1E2024"
    raised: str = "#2A2D33"
    line: str = "#3A3E46"
    edge: str = "#737984"
    chosen: str = "#4A3520"
    text: str = "#E6E7EA"
    faint: str = "#A9AEB7"
    disabled: str = "#9095A0"
    on_accent: str = "#1A1206"


PALETTES = {
    "dark": Colours(),
    "high contrast": Colours(
        accent="#FFB000",
        negative="#6CB6FF",
        positive="#FFB000",
        warning="#FFE08A",
        danger="#FF9B9B",
        ground="#000000",
        panel="#000000",
        raised="#101114",
        line="#5A5F68",
        edge="#C9CCD3",
        chosen="#3A2A00",
        text="#FFFFFF",
        faint="#DADDE2",
        disabled="#9DA2AB",
        on_accent="#000000",
    ),
}
_SETTING = "theme"


_LEAST_POINTS, _LEAST_PIXELS = 6.0, 9
_USUAL_PIXELS = 12


def _settings() -> QSettings:
    return QSettings("network-bending-studio", "network-bending-studio")


def chosen_name() -> str:
    """The palette that holds from the next start on."""
    name = os.environ.get("STUDIO_THEME") or str(_settings().value(_SETTING, "dark"))
    return name if name in PALETTES else "dark"


def choose(name: str) -> None:
    """Choose a palette for the next start; KeyError for one that there is not."""
    if name not in PALETTES:
        raise KeyError(name)
    _settings().setValue(_SETTING, name)


NAME = chosen_name()
"""The palette that holds."""
COLOURS = PALETTES[NAME]

ACCENT = COLOURS.accent
NEGATIVE = COLOURS.negative
POSITIVE = COLOURS.positive
FOCUS = COLOURS.focus
WARNING = COLOURS.warning
DANGER = COLOURS.danger
GROUND = COLOURS.ground
PANEL = COLOURS.panel
RAISED = COLOURS.raised
LINE = COLOURS.line
EDGE = COLOURS.edge
CHOSEN = COLOURS.chosen
TEXT = COLOURS.text
FAINT = COLOURS.faint
DISABLED = COLOURS.disabled
ON_ACCENT = COLOURS.on_accent

SPACE = 8
"""Pixels between things that belong apart; half of it between things that belong together."""

_ARROW = Path(__file__).with_name("arrow.png").as_posix()
"""Qt's own arrow stands in a raised frame of another style."""

_STYLE = f"""
QWidget {{ color: {TEXT}; }}
QMainWindow, QDialog {{ background: {GROUND}; }}
QMainWindow::separator {{ background: {GROUND}; width: 5px; height: 5px; }}
QMainWindow::separator:hover {{ background: {ACCENT}; }}
QToolTip {{ background: {RAISED}; color: {TEXT}; border: 1px solid {LINE}; padding: 4px; }}
QDockWidget {{ color: {FAINT}; }}
QDockWidget::title {{ background: {PANEL}; padding: 3px 8px; text-align: left; }}
QDockWidget > QWidget {{ background: {PANEL}; }}
QMenuBar, QMenu, QStatusBar, QToolBar {{ background: {PANEL}; border: none; }}
QMenuBar::item {{ padding: 4px 10px; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: {RAISED}; }}
QMenu {{ border: 1px solid {LINE}; padding: 4px; }}
QMenu::item {{ padding: 5px 24px 5px 20px; border-radius: 3px; }}
QMenu::icon {{ padding-left: 8px; }}
QMenu::item:disabled {{ color: {DISABLED}; }}
QMenu::separator {{ height: 1px; background: {LINE}; margin: 4px; }}
QStatusBar::item {{ border: none; }}
QToolBar {{ spacing: 4px; padding: 3px 6px; }}
QPushButton, QToolButton, QComboBox, QSpinBox, QDoubleSpinBox, QLineEdit {{
    background: {RAISED}; border: 1px solid {EDGE}; border-radius: 4px; padding: 3px 8px; min-height: 1.3em; }}
QLineEdit {{ placeholder-text-color: {FAINT}; }}
QToolButton {{ padding: 3px; }}
QLineEdit > QToolButton {{ padding: 0; min-height: 0; border: none; background: transparent; }}
QToolBar QToolButton {{ background: transparent; border-color: transparent; }}
QToolButton#qt_toolbar_ext_button {{ padding: 0; border-color: {EDGE}; border-radius: 3px; }}
QPushButton:hover, QToolButton:hover, QComboBox:hover {{ border-color: {FAINT}; }}
QPushButton:pressed, QToolButton:pressed, QToolButton:checked, QPushButton:checked {{
    background: {CHOSEN}; border-color: {ACCENT}; }}
QPushButton:disabled, QToolButton:disabled, QComboBox:disabled, QAbstractSpinBox:disabled, QLineEdit:disabled {{
    color: {DISABLED}; background: {PANEL}; border-color: {LINE}; }}
QPushButton:focus, QToolButton:focus, QComboBox:focus, QAbstractSpinBox:focus, QLineEdit:focus {{
    border-color: {FOCUS}; }}
QComboBox::drop-down {{ border: none; width: 15px; }}
QComboBox::down-arrow {{ image: url("{_ARROW}"); width: 10px; height: 6px; position: relative; right: 3px; }}
QComboBox QLineEdit {{ background: transparent; border: none; padding: 0; min-height: 0; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width: 0; border: none; }}
QPushButton#primary {{ background: {ACCENT}; color: {ON_ACCENT}; border-color: {ACCENT}; font-weight: 600; }}
QPushButton#primary:disabled {{ background: {RAISED}; color: {DISABLED}; border-color: {LINE}; }}
QComboBox QAbstractItemView, QAbstractItemView {{
    background: {PANEL}; border: 1px solid {LINE}; selection-background-color: {CHOSEN}; outline: none; }}
QAbstractItemView::item:selected {{ background: {CHOSEN}; color: {TEXT}; }}
QHeaderView::section {{ background: {PANEL}; color: {FAINT}; border: none; padding: 4px 6px; }}
QSlider::groove:horizontal {{ height: 4px; background: {EDGE}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {ACCENT}; border-radius: 2px; }}
QSlider::sub-page:horizontal:disabled {{ background: {LINE}; }}
QSlider::handle:horizontal {{
    width: 12px; height: 12px; margin: -5px 0; border-radius: 7px; background: {TEXT}; border: 1px solid {GROUND}; }}
QSlider::handle:horizontal:focus {{ border: 2px solid {ACCENT}; }}
QScrollBar:vertical {{ width: 10px; background: transparent; }}
QScrollBar:horizontal {{ height: 10px; background: transparent; }}
QScrollBar::handle {{ background: {EDGE}; border-radius: 4px; min-height: 24px; min-width: 24px; margin: 1px; }}
QScrollBar::handle:hover {{ background: {FAINT}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
    background: none; border: none; width: 0; height: 0; }}
QCheckBox::indicator, QRadioButton::indicator {{
    width: 14px; height: 14px; border: 1px solid {FAINT}; border-radius: 3px; background: {RAISED}; }}
QCheckBox::indicator:checked, QRadioButton::indicator:checked {{ background: {ACCENT}; border-color: {ACCENT}; }}
QTabBar {{ qproperty-drawBase: 0; }}
QTabBar::tab {{ background: {PANEL}; color: {FAINT}; padding: 4px 12px; border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {TEXT}; border-bottom-color: {ACCENT}; }}
QTabBar::tab:hover {{ color: {TEXT}; }}
QTabWidget::pane {{ border: none; }}
QGroupBox {{ border: none; margin-top: 18px; font-weight: 600; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 0; color: {FAINT}; }}
QWidget#messages {{ background: {RAISED}; border: 1px solid {EDGE}; border-radius: 6px; }}
QProgressBar {{ background: {RAISED}; border: none; border-radius: 3px; height: 6px; text-align: center; }}
QProgressBar::chunk {{ background: {ACCENT}; border-radius: 3px; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QScrollArea {{ border: none; background: {PANEL}; }}
QScrollArea#body, QWidget#body {{ background: {GROUND}; }}
"""


def apply(app: QApplication) -> None:
    """Give the application its colours."""
    app.setStyle("Fusion")
    palette = QPalette()
    colours = {
        QPalette.ColorRole.Window: PANEL,
        QPalette.ColorRole.WindowText: TEXT,
        QPalette.ColorRole.Base: PANEL,
        QPalette.ColorRole.AlternateBase: RAISED,
        QPalette.ColorRole.Text: TEXT,
        QPalette.ColorRole.PlaceholderText: FAINT,
        QPalette.ColorRole.Button: RAISED,
        QPalette.ColorRole.ButtonText: TEXT,
        QPalette.ColorRole.Highlight: ACCENT,
        QPalette.ColorRole.HighlightedText: ON_ACCENT,
        QPalette.ColorRole.Link: ACCENT,
        QPalette.ColorRole.ToolTipBase: RAISED,
        QPalette.ColorRole.ToolTipText: TEXT,
    }
    for role, colour in colours.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(DISABLED))
    app.setPalette(palette)
    app.setStyleSheet(_STYLE)


def smaller(font: QFont, factor: float) -> QFont:
    """The same letters, smaller; a font has its size in points or in pixels, as a desktop or a style gives it."""
    made = QFont(font)
    if font.pointSizeF() > 0:
        made.setPointSizeF(max(_LEAST_POINTS, font.pointSizeF() * factor))
    else:
        made.setPixelSize(max(_LEAST_PIXELS, round(font.pixelSize() * factor)))
    return made


def room(font: QFont, pixels: int) -> int:
    """What text needs that is so many pixels wide in letters of 12 pixels: more where a desktop's are larger."""
    return max(pixels, math.ceil(pixels * QFontInfo(font).pixelSize() / _USUAL_PIXELS))
