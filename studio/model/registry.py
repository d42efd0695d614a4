"""Finding what a folder declares: operators, edits and their like register by being there."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from types import MappingProxyType, ModuleType
from typing import TypeVar

from studio.errors import StudioError

T = TypeVar("T")


def scan(base: type[T], package: str, folders: Iterable[str]) -> MappingProxyType[str, type[T]]:
    """Every public subclass of ``base`` that a package's own modules or other packages define, by class name.

    Args:
        base: what they all derive from.
        package: the package's name, ``"studio.ops"``; also the entry point group in which others name a module.
        folders: the package's ``__path__``.

    Raises:
        StudioError: where another package's module cannot be loaded, or where two modules define one name.
    """
    found: dict[str, type[T]] = {}
    for module in modules(package, folders):
        for name, value in vars(module).items():
            declares = isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__
            if not declares or name.startswith("_"):
                continue
            if name in found:
                raise StudioError(
                    f'Both {found[name].__module__} and {module.__name__} define "{name}" for {package}; '
                    "uninstall one of them."
                )
            found[name] = value
    return MappingProxyType(dict(sorted(found.items())))


def declared(attribute: str, package: str, folders: Iterable[str]) -> Iterator[object]:
    """What each module of a package, or one that another package adds, holds under this name.

    Args:
        attribute: the name; a module without it declares nothing.
        package: the package's name, ``"studio.io.sources"``; its last part is the entry point group ``studio.sources``.
        folders: the package's ``__path__``.

    Raises:
        StudioError: where another package's module cannot be loaded.
    """
    for module in modules(package, folders):
        if hasattr(module, attribute):
            yield getattr(module, attribute)


def modules(package: str, folders: Iterable[str], group: str = "") -> Iterator[ModuleType]:
    """The modules of a package by name, helpers (``_name``) left out, and those that others add by entry points.

    Args:
        package: the package's name.
        folders: its ``__path__``.
        group: the entry point group, where it is not the last part of the package's name.

    Raises:
        StudioError: where another package's module cannot be loaded.
    """
    for here in sorted(pkgutil.iter_modules(folders), key=lambda found: found.name):
        if not here.name.startswith("_"):
            yield importlib.import_module(f"{package}.{here.name}")
    for point in entry_points(group=group or f"studio.{package.rpartition('.')[2]}"):
        try:
            yield point.load()
        # Foreign code may fail in any way; whichever it is, the person must learn whose it is.
        except Exception as error:
            raise StudioError(
                f'The plug-in "{point.name}" ({point.value}) cannot be loaded: {error}; update or uninstall it.'
            ) from error
