"""docs/edits.md, made from the registry: ``python -m studio.edits._docs > docs/edits.md``."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from typing import Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from studio.edits import registry


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
    for name, kind in registry().items():
        yield ""
        yield f"## {name}"
        yield ""
        yield inspect.cleandoc(kind.__doc__ or "")
        yield ""
        for field, info in kind.model_fields.items():
            yield f"- `{field}`{_values(info)}: {info.description}"


def _values(info: FieldInfo) -> str:
    """Unit, choices or range, and default, as far as they are declared."""
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    said = [str(extra["unit"])] if extra.get("unit") else []
    if get_origin(info.annotation) is Literal:
        said.append(" | ".join(map(str, get_args(info.annotation))))
    low = next((rule.ge for rule in info.metadata if isinstance(rule, Ge)), None)
    high = next((rule.le for rule in info.metadata if isinstance(rule, Le)), None)
    if low is not None and high is not None:
        said.append(f"{low:g} to {high:g}")
    said.append("required" if info.is_required() else f"default {info.default}")
    return f" ({', '.join(said)})"


if __name__ == "__main__":
    sys.stdout.write(edits_page())
