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
from studio.model.declared.explain import validated
from studio.model.declared.form import fields
from studio.model.declared.registry import having, scan
from studio.model.movement.modulator import Modulator


@cache
def registry() -> MappingProxyType[str, type[Modulator]]:
    """Every source by its class name."""
    return scan(Modulator, __name__, __path__, _check)


def word_of(kind: type[Modulator]) -> str:
    """What a source is called in a line: as in menus, in small letters, with ``_`` for spaces."""
    return kind.label.lower().replace(" ", "_")


def find_modulator(name: str) -> type[Modulator]:
    """The source of this name: of its class or of menus, whatever its capitals, spaces and ``_``.

    Raises:
        StudioError: listing the sources there are.
    """
    wanted = _word(name)
    for known, kind in registry().items():
        if wanted in (known.lower(), _word(kind.label)):
            return kind
    there = ", ".join(map(word_of, registry().values()))
    raise StudioError(f'There is no source of movement "{name}"; there are {there}.')


def make_modulator(name: str, params: Mapping[str, Any]) -> Modulator:
    """The source of this name, as `find_modulator` has it, with these parameters.

    Raises:
        StudioError: listing the sources there are, or naming the parameter at fault.
    """
    return validated(find_modulator(name), params, name)


def _word(name: str) -> str:
    return name.lower().replace(" ", "").replace("_", "")


def _check(kind: type[Modulator]) -> None:
    having("label")(kind)
    fields(kind)
