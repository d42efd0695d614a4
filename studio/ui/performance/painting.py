"""How a timeline looks: the line of times, curves with their keyframes, marks, what is chosen, and where it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from studio.ui.kit import theme
from studio.ui.kit.clock import clock
from studio.ui.performance.lanes import HEAD, RULER, Lane, step_of_ruler

_NOTHING = "Nothing is open. Shift+R records a performance with its film; it is shown here when it ends."

Chosen = tuple[str, int] | None
"""Of which lane, by its key, and which of what lies in it."""


@dataclass(frozen=True)
class View:
    """The part of a performance that is seen.

    Attributes:
        area: what there is to draw on.
        x_of: where a time lies.
        left: the time at the left.
        seconds: how long the whole is.
        step: seconds a pixel.
    """

    area: QRect
    x_of: Callable[[float], float]
    left: float
    seconds: float
    step: float


def paint(
    painter: QPainter,
    view: View,
    lanes: Sequence[Lane] | None,
    selection: tuple[float, float] | None,
    position: float,
    chosen: Chosen,
) -> None:
    """Draw a timeline; None for lanes says that nothing is open."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(view.area, QColor(theme.GROUND))
    if lanes is None:
        painter.setPen(QColor(theme.FAINT))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(view.area.adjusted(12, 0, -12, 0), flags, _NOTHING)
        return
    _draw_ruler(painter, view)
    if selection is not None:
        a, b = view.x_of(selection[0]), view.x_of(selection[1])
        colour = QColor(theme.ACCENT)
        colour.setAlpha(48)
        painter.fillRect(QRectF(max(a, HEAD), 0, b - max(a, HEAD), view.area.height()), colour)
    for lane in lanes:
        _draw_lane(painter, view, lane, chosen)
    painter.setPen(QPen(QColor(theme.TEXT), 1.5))
    here = view.x_of(position)
    if here >= HEAD:
        painter.drawLine(QPointF(here, 0), QPointF(here, view.area.height()))


def _draw_ruler(painter: QPainter, view: View) -> None:
    step = step_of_ruler(view.step)
    painter.setPen(QColor(theme.FAINT))
    number = math.ceil(view.left / step)
    while (x := view.x_of(number * step)) <= view.area.width() and number * step <= view.seconds:
        painter.drawLine(QPointF(x, RULER - 6), QPointF(x, RULER))
        text = clock(number * step) if step >= 1 else f"{number * step:.1f}"
        painter.drawText(QPointF(x + 3, RULER - 7), text)
        number += 1


def _draw_lane(painter: QPainter, view: View, lane: Lane, chosen: Chosen) -> None:
    top, bottom, width = lane.top, lane.top + lane.height, view.area.width()
    painter.setPen(QPen(QColor(theme.LINE), 1))
    painter.drawLine(QPointF(0, bottom - 0.5), QPointF(width, bottom - 0.5))
    painter.save()
    painter.setClipRect(QRectF(HEAD, top, width - HEAD, lane.height))
    if lane.turns:
        _draw_curve(painter, view, lane, chosen)
    for place, time in enumerate(lane.marks):
        is_chosen = chosen == (lane.key, place)
        # What cannot be taken hold of is fainter.
        colour = theme.TEXT if is_chosen else theme.ACCENT if lane.groups else theme.FAINT
        painter.setPen(QPen(QColor(colour), 3.0 if is_chosen else 1.5))
        painter.drawLine(QPointF(view.x_of(time), top + 4), QPointF(view.x_of(time), bottom - 5))
    painter.restore()
    painter.setPen(QColor(theme.TEXT))
    text = painter.fontMetrics().elidedText(lane.label, Qt.TextElideMode.ElideRight, HEAD - 16)
    middle = QRectF(8, top, HEAD - 16, lane.height)
    painter.drawText(middle, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


def _draw_curve(painter: QPainter, view: View, lane: Lane, chosen: Chosen) -> None:
    points = lane.points
    line = [QPointF(view.x_of(time), lane.y(value)) for time, value in points]
    if line:
        line.append(QPointF(view.x_of(view.seconds), line[-1].y()))
    painter.setPen(QPen(QColor(theme.ACCENT), 1.5))
    painter.drawPolyline(QPolygonF(line))
    # Recorded as they came, keyframes lie close; where they can be told apart they are drawn.
    wide = view.x_of(lane.turns[-1].time) - view.x_of(lane.turns[0].time)
    apart = len(lane.turns) < 2 or wide / (len(lane.turns) - 1) > 2.5
    painter.setPen(Qt.PenStyle.NoPen)
    for place, turn in enumerate(lane.turns):
        is_chosen = chosen == (lane.key, place)
        if apart or is_chosen:
            painter.setBrush(QColor(theme.TEXT if is_chosen else theme.ACCENT))
            radius = 4.5 if is_chosen else 3.0
            painter.drawEllipse(QPointF(view.x_of(turn.time), lane.y(turn.value)), radius, radius)
