"""A brush on the filter sheet: Paint."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from studio.edits.stroke import Stroke
from studio.model.declared.param import param
from studio.model.filters.edit import Edit, Patch, Selection
from studio.model.networks.layout import Rect, around
from studio.model.networks.shape import Array
from studio.model.views.brush import Brush


def _under_full_pressure(point: object) -> object:
    return (*point, 1.0) if isinstance(point, (tuple, list)) and len(point) == 2 else point


_Coordinate = Annotated[float, Field(ge=-1e6, le=1e6)]
_Pressure = Annotated[float, Field(ge=0.0, le=1.0)]
_Point = Annotated[tuple[_Coordinate, _Coordinate, _Pressure], BeforeValidator(_under_full_pressure)]
_Points = Annotated[tuple[_Point, ...], Field(min_length=1, max_length=65536)]


class Paint(Edit, Brush):
    """One stroke of a round brush over the sheet: it covers every selected weight within ``radius`` of its line.

    Coordinates count weights from the sheet's top left corner, so that the weight in row ``i``, column ``j`` has its
    centre at (i + 0.5, j + 0.5). A third number, 0 to 1, is the pen's pressure, which scales the opacity; without it
    the pressure is full. A stroke covers no weight twice, however often it crosses itself::

        add        w + cover * value
        set        w + cover * (value - w)
        multiply   w * (1 + cover * (value - 1))
        erase      w * (1 - cover)
        smooth     w + cover * (mean - w), of the 3×3 weights around it within its kernel
        noise      w + cover * value * noise, which depends on the weight's place and the seed alone

    With ``mirror`` each kernel that the brush touches gets the mirror image of its share too. With ``repeat`` what the
    brush does in one kernel, selected or not, it does at the same place of every selected kernel of that row or
    column, or of the whole sheet.
    """

    label: ClassVar[str] = "Paint"

    points: _Points = param(doc="The line that the brush follows: row, column and perhaps pressure of each point")

    def apply(self, tensor: Array, selection: Selection) -> Patch:
        """See `Edit.apply`: the patch is what the stroke reaches, one unchanged weight where it misses the sheet."""
        stroke = Stroke(self, tensor, selection)
        segments = [stroke.extend(*point) for point in self.points]
        return stroke.patch(around(rect for rect in segments if rect is not None) or Rect(0, 0, 1, 1))
