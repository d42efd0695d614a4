"""docs/edits.md, made from the registry: ``python -m studio.edits._docs > docs/edits.md``."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

from studio.edits import registry
from studio.model.declared.form import Field, fields


def edits_page() -> str:
    """The page as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Edits of filters"
    yield ""
    yield "Made by `python -m studio.edits._docs > docs/edits.md` from the registry; a test holds it to that."
    yield ""
    yield '`net["dec1"].edit(studio.edit("Gain", factor=3.0))` applies one to a layer\'s weight; `rows`, `columns` or a'
    yield "`studio.Selection` choose kernels of its filter sheet, `tensor` another tensor of the layer."
    yield 'An edit that works from a second tensor gets it first: `studio.edit("Mix", amount=0.3).with_other(array)`.'
    for name, kind in registry().items():
        yield ""
        yield f"## {name}"
        yield ""
        yield inspect.cleandoc(kind.__doc__ or "")
        declared = fields(kind)
        if declared:
            yield ""
        for field in declared:
            yield f"- `{field.name}`{_values(field)}: {field.doc}"


def _values(field: Field) -> str:
    """Unit, choices or range, and default, as far as they are declared."""
    said = [field.unit] if field.unit else []
    if field.choices:
        said.append(" | ".join(map(str, field.choices)))
    if field.lo is not None and field.hi is not None:
        whole = field.kind in ("integer", "seed")
        said.append(f"{field.lo} to {field.hi}" if whole else f"{field.lo:g} to {field.hi:g}")
    said.append("required" if field.required else f"default {field.default}")
    return f" ({', '.join(said)})"


if __name__ == "__main__":
    sys.stdout.write(edits_page())
