"""The bends of activations: one file per bend, found by scanning this folder, and a body in ``shaders/bends``.

To add one, write a file here with a `Bend` subclass and its body; other packages add theirs through the entry point
group ``studio.bends``, naming a module. Nothing else needs to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from studio.model.bends.bend import Bend
from studio.model.declared.explain import validated
from studio.model.declared.form import fields
from studio.model.declared.registry import having, lookup, scan


@cache
def registry() -> MappingProxyType[str, type[Bend]]:
    """Every bend by its class name."""
    return scan(Bend, __name__, __path__, _check)


def _check(kind: type[Bend]) -> None:
    having("label", "shader")(kind)
    fields(kind)


def make_bend(name: str, params: Mapping[str, Any]) -> Bend:
    """The bend of this name with these parameters.

    Raises:
        StudioError: naming the bends there are, or the one that is spelled alike, or the parameter at fault.
    """
    return validated(lookup(Bend, __name__, __path__, name, registry, "bend"), params)
