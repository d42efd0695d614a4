"""What of a window's texts is cut: looked for in all that is visible below a widget."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollArea,
    QStyle,
    QStyleOptionComboBox,
    QTabBar,
    QToolButton,
    QWidget,
)

from studio.ui.histogram.chart import Title
from studio.ui.kit.elided import ElidedLabel

_SLACK = 1


def cut_in(root: QWidget) -> list[str]:
    """A line for each text that has not the room it needs, and for each control that is squeezed or lies on another."""
    return [*_overlaps(root)] + [
        f"{_path(widget, root)}: {why}"
        for widget in root.findChildren(QWidget)
        if widget.isVisible() and not widget.visibleRegion().isEmpty()
        for why in _cuts(widget)
    ]


def _overlaps(root: QWidget) -> Iterator[str]:
    controls = [each for kind in (QAbstractButton, QComboBox, QAbstractSpinBox) for each in root.findChildren(kind)]
    seen = [each for each in controls if each.isVisible() and not each.visibleRegion().isEmpty()]
    for place, one in enumerate(seen):
        for other in seen[place + 1 :]:
            # A bar of tabs lays its own arrows.
            if (
                one.parent() is other.parent()
                and not isinstance(one.parent(), QTabBar)
                and one.geometry().intersects(other.geometry())
            ):
                yield f"{_path(one, root)} lies on {_path(other, root)}"


def _cuts(widget: QWidget) -> Iterator[str]:
    for kind, look in _LOOKS:
        if isinstance(widget, kind):
            yield from look(widget)
            break
    hint = widget.minimumSizeHint()
    if isinstance(widget.parent(), QLineEdit):
        return  # a field's own buttons are as high as it
    controls = (QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox)
    if isinstance(widget, controls) and hint.isValid() and widget.height() < hint.height() - 4:
        yield f"is {widget.height()} high, needs {hint.height()}"


def _wide(widget: QWidget, text: str) -> int:
    return widget.fontMetrics().horizontalAdvance(text)


def _label(label: QLabel) -> Iterator[str]:
    text, room = label.text(), label.contentsRect()
    if isinstance(label, ElidedLabel | Title) or not text:
        return  # an elided one shows the whole of it as its tip
    is_rich = label.textFormat() == Qt.TextFormat.AutoText and "</" in text
    if is_rich or label.textFormat() == Qt.TextFormat.RichText:
        if not label.wordWrap() and label.sizeHint().width() > label.width() + _SLACK:
            yield f"“{text}” needs {label.sizeHint().width()}, has {label.width()}"
    elif label.wordWrap():
        needed = label.heightForWidth(label.width())
        if needed > label.height() + _SLACK:
            yield f"“{text}” needs {needed} pixels of height, has {label.height()}"
    elif max(_wide(label, line) for line in text.split("\n")) > room.width() + _SLACK:
        yield f"“{text}” needs {_wide(label, text)}, has {room.width()}"


def _combo(box: QComboBox) -> Iterator[str]:
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    part = QStyle.SubControl.SC_ComboBoxEditField
    field: QRect = box.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, box)
    if _wide(box, box.currentText()) > field.width() + _SLACK:
        yield f"“{box.currentText()}” needs {_wide(box, box.currentText())}, has {field.width()}"


def _button(button: QAbstractButton) -> Iterator[str]:
    icon_only = (
        isinstance(button, QToolButton)
        and not button.icon().isNull()
        and button.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly
    )
    if button.text() and not icon_only:
        beside = isinstance(button, QToolButton) and not button.icon().isNull()
        beside &= getattr(button, "toolButtonStyle", lambda: None)() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        needed = _wide(button, button.text()) + (button.iconSize().width() if beside else 0)
        if needed > button.width() - 4:
            yield f"“{button.text()}” needs {needed}, has {button.width()}"


def _tabs(bar: QTabBar) -> Iterator[str]:
    for place in range(bar.count()):
        least = _wide(bar, bar.tabText(place))
        if bar.elideMode() != Qt.TextElideMode.ElideNone and least > bar.tabRect(place).width() - 4:
            yield f"tab “{bar.tabText(place)}” has {bar.tabRect(place).width()}"


def _field(field: QLineEdit) -> Iterator[str]:
    # What a person has written may be longer than its field; what invites to write may not, nor may a number.
    text = field.text() if isinstance(field.parent(), QAbstractSpinBox) else ""
    text = text or ("" if field.text() else field.placeholderText())
    if _wide(field, text) > field.contentsRect().width():
        yield f"“{text}” needs {_wide(field, text)}, has {field.contentsRect().width()}"


def _scrolled(area: QScrollArea) -> Iterator[str]:
    content, room = area.widget(), area.viewport().width()
    off = area.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff
    if content is not None and off and content.width() > room:
        large = [each for each in content.findChildren(QWidget) if each.minimumSizeHint().width() > 0.8 * room]
        names = [f"{type(each).__name__} {each.accessibleName()}" for each in large]
        yield f"what it scrolls is {content.width()} wide, and it {room}: {names}"


_LOOKS: tuple[tuple[type[QWidget], Callable[..., Iterator[str]]], ...] = (
    (QLabel, _label),
    (QComboBox, _combo),
    (QAbstractButton, _button),
    (QTabBar, _tabs),
    (QLineEdit, _field),
    (QScrollArea, _scrolled),
)


def _path(widget: QWidget, root: QWidget) -> str:
    names = []
    here: QWidget | None = widget
    while here is not None and here is not root:
        name = here.objectName()
        if (name and not name.startswith("qt_")) or type(here).__module__.startswith("studio"):
            names.append(name or type(here).__name__)
        here = here.parentWidget()
    return " / ".join([*reversed(names[:3]), f"{type(widget).__name__} {widget.accessibleName()!r}"])
