"""One knob for many numbers.

{"value": 0.5, "name": "Storm", "aims": [{"target": "/bend/1/amount", "lo": 0.0, "hi": 1.0}]}

The last ones, as long as they do nothing, are left out.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from studio.io.manifest import Line, Part
from studio.io.sections._base import SectionFile
from studio.model.movement.route import MACRO_BANK, MACROS, Aim, Macro, MacroBank


class _Aim(Part):
    target: Line
    lo: float
    hi: float


class _Macro(Part):
    value: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    name: Line = ""
    aims: Annotated[tuple[_Aim, ...], Field(max_length=1000)] = ()


_Form = Annotated[tuple[_Macro, ...], Field(max_length=MACROS)]


def _read(found: tuple[_Macro, ...]) -> MacroBank:
    bank = [Macro(m.value, tuple(Aim(aim.target, aim.lo, aim.hi) for aim in m.aims), m.name) for m in found]
    return (*bank, *(Macro() for _ in range(MACROS - len(bank))))


def _written(bank: MacroBank) -> list[dict[str, Any]]:
    used = max(place + 1 for place, macro in enumerate(bank) if macro != Macro())
    return [{"value": m.value, "name": m.name, "aims": [vars(aim) for aim in m.aims]} for m in bank[:used]]


SECTION = SectionFile(MACRO_BANK, _Form, _read, _written)
