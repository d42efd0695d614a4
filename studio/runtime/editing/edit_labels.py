"""What the history calls an edit."""

from __future__ import annotations

from studio.model.declared.form import Field, fields
from studio.model.filters.edit import Edit


def label_of(edit: Edit, tensor: str) -> str:
    """What the history calls an edit: "Gain × 1.5 on dec1.weight".

    Of an edit with several parameters it names the numbers, and what else is not at its default.
    """
    declared = fields(type(edit))
    told = [f for f in declared if len(declared) == 1 or f.kind == "number" or getattr(edit, f.name) != f.default]
    shown = [_said(field, getattr(edit, field.name), named=len(declared) > 1) for field in told]
    return f"{' '.join([edit.label, ', '.join(shown)]).strip()} on {tensor}"


def _said(field: Field, value: object, *, named: bool) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ").lower()
    unit = {"": "", "×": "", "°": "°"}.get(field.unit, f" {field.unit}")
    return f"{field.label.lower()} {text}{unit}" if named else f"{'× ' if field.unit == '×' else ''}{text}{unit}"
