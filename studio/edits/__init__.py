"""The edits of filters: one file per edit, found by scanning this folder.

To add one, write a file here with an `Edit` subclass; other packages add theirs through the entry point group
``studio.edits``, naming a module. Nothing else needs to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from studio.model.declared.explain import validated
from studio.model.declared.form import fields
from studio.model.declared.registry import having, lookup, scan
from studio.model.filters.edit import Edit


@cache
def registry() -> MappingProxyType[str, type[Edit]]:
    """Every edit by its class name."""
    return scan(Edit, __name__, __path__, _check)


def _check(kind: type[Edit]) -> None:
    having("label")(kind)
    fields(kind)


def make_edit(name: str, params: Mapping[str, Any]) -> Edit:
    """The edit of this name with these parameters.

    Raises:
        StudioError: listing the edits there are, or naming the parameter at fault.
    """
    return validated(lookup(Edit, __name__, __path__, name, registry, "edit"), params)
