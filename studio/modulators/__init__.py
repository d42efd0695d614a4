"""The sources of movement: one file each, found by scanning this folder.

To add one, write a file here with a `Modulator` subclass; other packages add theirs through the entry point group
``studio.modulators``, naming a module. Nothing else needs to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from studio.errors import StudioError
from studio.model.explain import validated
from studio.model.form import fields
from studio.model.modulator import Modulator
from studio.model.registry import having, scan


@cache
def registry() -> MappingProxyType[str, type[Modulator]]:
    """Every source by its class name."""
    return scan(Modulator, __name__, __path__, _check)


def make_modulator(name: str, params: Mapping[str, Any]) -> Modulator:
    """The source of this name, whatever its capitals, with these parameters.

    Raises:
        StudioError: listing the sources there are, or naming the parameter at fault.
    """
    known = {each.lower(): kind for each, kind in registry().items()}
    kind = known.get(name.lower())
    if kind is None:
        raise StudioError(f'There is no source of movement "{name}"; there are {", ".join(known)}.')
    return validated(kind, params, name)


def _check(kind: type[Modulator]) -> None:
    having("label")(kind)
    fields(kind)
