"""How the window looks: dark, with one accent, so that the picture is the brightest thing."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

ACCENT = "#FF9632"
NEGATIVE = "#4696FF"
POSITIVE = "#FF9632"
FOCUS = "#FFFFFF"
WARNING = "#FFD166"
DANGER = "#FF5C5C"

GROUND = "#16171A"
PANEL = "#1E2024"
RAISED = "#2A2D33"
LINE = "#3A3E46"
EDGE = "#7C828D"
CHOSEN = "#4A3520"
TEXT = "#E6E7EA"
FAINT = "#9A9FA8"
"""Text of less weight; 5.9 : 1 against `PANEL`."""

SPACE = 8
"""Pixels between things that belong apart; half of it between things that belong together."""

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
QMenu {{ border: 1px solid {LINE}; padding: 4px 0; }}
QMenu::item {{ padding: 5px 28px 5px 24px; }}
QMenu::item:disabled {{ color: #6C717A; }}
QMenu::separator {{ height: 1px; background: {LINE}; margin: 4px 8px; }}
QStatusBar::item {{ border: none; }}
QToolBar {{ spacing: 4px; padding: 3px 6px; }}
QPushButton, QToolButton, QComboBox, QSpinBox, QDoubleSpinBox, QLineEdit {{
    background: {RAISED}; border: 1px solid {LINE}; border-radius: 4px; padding: 3px 8px; min-height: 18px; }}
QToolButton {{ padding: 3px; }}
QToolBar QToolButton {{ background: transparent; border-color: transparent; }}
QPushButton:hover, QToolButton:hover, QComboBox:hover {{ border-color: {FAINT}; }}
QPushButton:pressed, QToolButton:pressed, QToolButton:checked, QPushButton:checked {{
    background: #4A3520; border-color: {ACCENT}; }}
QPushButton:disabled, QToolButton:disabled, QComboBox:disabled, QAbstractSpinBox:disabled, QLineEdit:disabled {{
    color: #6C717A; background: {PANEL}; border-color: {RAISED}; }}
QPushButton:focus, QToolButton:focus, QComboBox:focus, QAbstractSpinBox:focus, QLineEdit:focus {{
    border-color: {ACCENT}; }}
QComboBox QLineEdit {{ background: transparent; border: none; padding: 0; min-height: 0; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width: 0; border: none; }}
QPushButton#primary {{ background: {ACCENT}; color: #1A1206; border-color: {ACCENT}; font-weight: 600; }}
QPushButton#primary:disabled {{ background: {RAISED}; color: #6C717A; border-color: {LINE}; }}
QComboBox QAbstractItemView, QAbstractItemView {{
    background: {PANEL}; border: 1px solid {LINE}; selection-background-color: #4A3520; outline: none; }}
QAbstractItemView::item:selected {{ background: #4A3520; color: {TEXT}; }}
QHeaderView::section {{ background: {PANEL}; color: {FAINT}; border: none; padding: 4px 6px; }}
QSlider::groove:horizontal {{ height: 4px; background: {LINE}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {ACCENT}; border-radius: 2px; }}
QSlider::sub-page:horizontal:disabled {{ background: {LINE}; }}
QSlider::handle:horizontal {{
    width: 12px; height: 12px; margin: -5px 0; border-radius: 7px; background: {TEXT}; border: 1px solid {GROUND}; }}
QSlider::handle:horizontal:focus {{ border: 2px solid {ACCENT}; }}
QScrollBar:vertical {{ width: 10px; background: transparent; }}
QScrollBar:horizontal {{ height: 10px; background: transparent; }}
QScrollBar::handle {{ background: {LINE}; border-radius: 4px; min-height: 24px; min-width: 24px; margin: 1px; }}
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
QProgressBar {{ background: {RAISED}; border: none; border-radius: 3px; height: 6px; text-align: center; }}
QProgressBar::chunk {{ background: {ACCENT}; border-radius: 3px; }}
QScrollArea {{ border: none; background: {PANEL}; }}
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
        QPalette.ColorRole.HighlightedText: "#1A1206",
        QPalette.ColorRole.Link: ACCENT,
        QPalette.ColorRole.ToolTipBase: RAISED,
        QPalette.ColorRole.ToolTipText: TEXT,
    }
    for role, colour in colours.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor("#6C717A"))
    app.setPalette(palette)
    app.setStyleSheet(_STYLE)
