"""How single weights learn, a sheet for each tensor that a hand has painted on.

{"rates": {"enc2.weight": {"size": [1024, 256], "values": "eJzt..."}}, "pulls": {...}, "towards": "negative-space"}

What is at its default is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from studio.errors import StudioError
from studio.io.manifest import Line, Part
from studio.io.sections._base import SectionFile
from studio.io.sections._packed import Packed, packed, unpacked
from studio.model.filters.learning_sheets import LEARNING_SHEETS, Kind, LearningSheets, WeightSheet, check
from studio.model.networks.layout import sheet_size
from studio.model.networks.network import Network

_Sheets = Annotated[dict[Line, Packed], Field(max_length=4096)]


class _Form(Part):
    rates: _Sheets = Field(default_factory=dict)
    pulls: _Sheets = Field(default_factory=dict)
    towards: Line = ""


def _read(found: _Form) -> LearningSheets:
    return LearningSheets(_all("rates", found.rates), _all("pulls", found.pulls), found.towards)


def _all(kind: Kind, found: Mapping[str, Packed]) -> dict[str, WeightSheet]:
    sheets = {name: unpacked(said, f'the {kind} of "{name}"') for name, said in found.items()}
    for values in sheets.values():
        check(kind, values)
    return {name: WeightSheet(values) for name, values in sheets.items()}


def _written(held: LearningSheets) -> dict[str, Any]:
    said: dict[str, Any] = {
        kind: {name: packed(sheet.values) for name, sheet in sorted(sheets.items())}
        for kind, sheets in (("rates", held.rates), ("pulls", held.pulls))
        if sheets
    }
    return said | ({"towards": held.towards} if held.towards else {})


def _check(held: LearningSheets, network: Network, where: object) -> None:
    shapes = network.graph.tensor_shapes
    for kind, sheets in (("rates", held.rates), ("pulls", held.pulls)):
        for name, sheet in sheets.items():
            if name not in shapes:
                raise StudioError(f'{where}: it has {kind} for "{name}", a tensor that "{network.name}" has not.')
            size, wanted = sheet.values.shape, sheet_size(shapes[name])
            if size != wanted:
                raise StudioError(
                    f'{where}: the {kind} of "{name}" are {size[0]}×{size[1]}, and its sheet {wanted[0]}×{wanted[1]}.'
                )


SECTION = SectionFile(LEARNING_SHEETS, _Form, _read, _written, _check)
