"""The sections that preset.json may hold, one file each.

A module declares ``SECTION``, a `SectionFile`. Other packages add modules through the entry point group
``studio.sections``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, cast

from studio.errors import StudioError
from studio.io.sections._base import SectionFile as SectionFile
from studio.model.declared.registry import declared


@cache
def registry() -> Mapping[str, SectionFile[Any]]:
    """All sections by name, in the order in which they are written."""
    found = [cast(SectionFile[Any], each) for each in declared("SECTION", __name__, __path__, _check)]
    ordered = sorted(found, key=lambda each: (each.place, each.section.name))
    return MappingProxyType({each.section.name: each for each in ordered})


def _check(found: object) -> None:
    if not isinstance(found, SectionFile):
        raise StudioError("it is no SectionFile")
