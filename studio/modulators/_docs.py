"""Writes the sources and curves of docs/instrument.md from their declarations: python -m studio.modulators._docs."""

from __future__ import annotations

import re
from pathlib import Path

from studio.model.declared.form import Field, fields
from studio.model.declared.param import Declared
from studio.model.movement.curve import CURVES
from studio.modulators import registry, word_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "instrument.md"
_WORD_BEGINS = re.compile(r"(?<!^)(?=[A-Z])")
_BEGIN, _END = "<!-- made by python -m studio.modulators._docs -->\n", "<!-- end -->\n"


def text() -> str:
    """The page as it should be."""
    page = PAGE.read_text("utf-8")
    head, _, rest = page.partition(_BEGIN)
    return head + _BEGIN + _tables() + _END + rest.partition(_END)[2]


def _tables() -> str:
    found = "\n### Sources\n"
    for kind in registry().values():
        found += f"\n**{kind.label}** (`{word_of(kind)}`): {_said(kind)}\n\n{_rows(kind)}"
    found += "\n### Curves\n"
    for curve in CURVES:
        word = _WORD_BEGINS.sub("_", curve.__name__).lower()
        found += f"\n**{curve.label}** (`{word}`): {_said(curve)}\n\n{_rows(curve)}"
    return found + "\n"


def _said(kind: type[Declared]) -> str:
    return " ".join((kind.__doc__ or "").split())


def _rows(kind: type[Declared]) -> str:
    declared = [field for field in fields(kind) if field.name != "kind"]
    lines = [f"- `{field.name}`: {field.doc}{_limits(field)}. Default: {_shown(field.default)}." for field in declared]
    return "\n".join(lines) + "\n"


def _limits(field: Field) -> str:
    if field.choices:
        return f" ({', '.join(map(str, field.choices))})"
    unit = f" {field.unit}" if field.unit else ""
    if field.kind in ("number", "integer") and field.lo is not None and field.hi is not None:
        return f" ({field.lo:g} to {field.hi:g}{unit})"
    return f" (in{unit})" if unit else ""


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join("(" + ", ".join(map(str, row)) + ")" if isinstance(row, tuple) else str(row) for row in value)
    return f"{value:g}" if isinstance(value, float) else str(value) or "none"


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")
