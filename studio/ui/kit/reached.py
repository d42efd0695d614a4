"""Every control of the window under an address, also where it turns no number of the preset or of a panel.

::

    /panel/vary/draw_eight     a button: a trigger, or a switch where it stays down
    /panel/fades/easing        a list to choose from
    /panel/bends/3/paint       a button of the third stage's card
    /command/edit.undo         a button of the toolbar, which is a command's

A control is named as screen readers hear it, and stands below its panel, or whatever else has a name; a card gives
those in it a place of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QDockWidget,
    QLineEdit,
    QPushButton,
    QScrollBar,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QWidget,
)

from studio.model.movement.address import joined
from studio.ui.kit.addressed import ADDRESS, addresses_of
from studio.ui.kit.controls import Control, Wholes

HEAD, COMMAND = "panel", "command"
_NAME, _PLACE, _ROOM, _SETS_OFF = "reached_name", "reached_place", "reached_room", "reached_sets_off"
_KINDS = (QAbstractButton, QComboBox, QAbstractSpinBox, QAbstractSlider)


def name_control(widget: QWidget, name: str, *, sets_off: bool = False) -> None:
    """Let a control be reached under a name that stays, where what it is called changes.

    Args:
        widget: the control.
        name: what it is reached as.
        sets_off: whether it does something with every press, though it looks like a switch.
    """
    widget.setProperty(_NAME, name)
    widget.setProperty(_SETS_OFF, sets_off)


def stays_down(control: QAbstractButton) -> bool:
    """Whether a button is a switch, and not a trigger."""
    return control.isCheckable() and not control.property(_SETS_OFF)


def give_place(widget: QWidget, *parts: object) -> None:
    """Let the controls in a widget, such as a card, stand under a place of their own: ``edits/2``."""
    widget.setProperty(_PLACE, "/".join(map(str, parts)))


def give_room(widget: QWidget, name: str) -> None:
    """Let the controls in a widget that is no dock stand under this name."""
    widget.setProperty(_ROOM, name)


def addresses_of_control(widget: QWidget | None) -> tuple[str, ...]:
    """The addresses of the control that a widget is, or is a part of; none where it is none."""
    control = control_of(widget)
    found = "" if control is None or opens_a_list(control) else _command(control) or place_of(control)
    return addresses_of(widget) or ((found,) if found else ())


def control_of(widget: QWidget | None) -> QWidget | None:
    """The control that a widget belongs to, None for none; of a slider, or a die, that has a field, the field."""
    while widget is not None and not _room_name(widget):
        within = widget.parentWidget()
        if isinstance(widget, _KINDS) and not _is_qts(widget):
            paired = isinstance(within, Control) and not isinstance(within, Wholes)
            return within.focus_part() if paired and isinstance(within, Control) else widget
        widget = within
    return None


def controls(window: QWidget) -> Iterator[tuple[str, QWidget]]:
    """Those in a window that are there now and stand for nothing else, with their addresses."""
    heads: dict[QWidget, str] = {}
    # Of one kind after the other Qt would look through all of them each time.
    for widget in window.findChildren(QWidget):
        if isinstance(widget, _KINDS) and (address := reached_as(widget, heads)):
            yield address, widget


def reached_as(widget: QWidget, heads: dict[QWidget, str] | None = None) -> str:
    """The address that a control of `controls` has; empty for all others.

    Args:
        widget: the control.
        heads: what is known of those around it; filled.
    """
    if widget.property(ADDRESS) or _is_hidden(widget) or _is_qts(widget):
        return ""
    head = _head(widget.parentWidget(), {} if heads is None else heads)
    stands = head and control_of(widget) is widget and not opens_a_list(widget) and not _command(widget)
    return f"{head}/{_name(widget)}" if stands and _name(widget) else ""


def place_of(control: QWidget) -> str:
    """The address of a control: its room, the places that it lies in, its name; empty where it lies in no room."""
    parts, each = [_name(control)], control.parentWidget()
    while each is not None and not _room_name(each):
        if place := each.property(_PLACE):
            parts.insert(0, str(place))
        each = each.parentWidget()
    return "" if each is None or not parts[-1] else joined(HEAD, _room_name(each), *parts)


def label_of(control: QWidget) -> str:
    """What a control is called."""
    text = control.text().replace("&", "") if isinstance(control, QAbstractButton) else ""
    return control.accessibleName() or text or control.toolTip().partition("\n")[0]


def opens_a_list(control: QWidget) -> bool:
    """Whether it is a button with a menu, from which the mouse or the keyboard chooses."""
    return isinstance(control, (QToolButton, QPushButton)) and control.menu() is not None


def _is_qts(widget: QWidget) -> bool:
    """Whether it is a part of something of Qt's: an arrow of tabs, the end of a toolbar, the frame of a dock."""
    within = widget.parentWidget()
    of_qt = isinstance(widget, QScrollBar) or isinstance(within, (QTabBar, QLineEdit, QAbstractSpinBox))
    return of_qt or widget.objectName().startswith("qt_")


def _head(within: QWidget | None, known: dict[QWidget, str]) -> str:
    """What the addresses of controls in a widget begin with; empty where none there is to be reached.

    That is where it is hidden though its panel is shown (what lies on a page behind others is not), and where all of it
    stands for one number.
    """
    if within is None:
        return ""
    if within not in known:
        if name := _room_name(within):
            known[within] = joined(HEAD, name)
        elif _is_hidden(within) or within.property(ADDRESS):
            known[within] = ""
        else:
            head, place = _head(within.parentWidget(), known), within.property(_PLACE)
            known[within] = f"{head}/{place}" if head and place else head
    return known[within]


def _is_hidden(widget: QWidget) -> bool:
    return widget.isHidden() and not isinstance(widget.parentWidget(), QStackedWidget)


def _room_name(widget: QWidget) -> str:
    return widget.objectName() if isinstance(widget, QDockWidget) else str(widget.property(_ROOM) or "")


def _command(widget: QWidget) -> str:
    action = widget.defaultAction() if isinstance(widget, QToolButton) else None
    return joined(COMMAND, action.objectName()) if action is not None and action.objectName() else ""


def _name(widget: QWidget) -> str:
    given = str(widget.property(_NAME) or label_of(widget))
    return re.sub(r"[^a-z0-9]+", "_", given.lower()).strip("_")
