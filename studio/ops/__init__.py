"""The operators of networks: one file per family, found by scanning this folder.

To add one, write a file here with an `Op` subclass and a body in ``shaders/ops``; other packages add theirs through
the entry point group ``studio.ops``, naming a module. Nothing else needs to know.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType

from studio.model.declared.form import fields
from studio.model.declared.registry import having, lookup, scan
from studio.model.declared.shader_files import read_shader, shader_file
from studio.model.networks.op import Op


@cache
def registry() -> MappingProxyType[str, type[Op]]:
    """Every operator by its class name, which is also its name in network.json."""
    return scan(Op, __name__, __path__, _check)


def _check(kind: type[Op]) -> None:
    having("shader")(kind)
    read_shader(shader_file("ops", kind.shader))
    fields(kind)


def operator(name: str) -> type[Op]:
    """The operator of this name.

    Raises:
        StudioError: listing the operators there are.
    """
    return lookup(Op, __name__, __path__, name, registry, "operator")
