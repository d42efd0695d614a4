"""Finding what a folder declares: operators, edits and their like register by being there."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TypeVar

from studio.errors import StudioError, choices
from studio.model.declared import plugins
from studio.model.declared.plugins import Plugin

T = TypeVar("T")

_CLASS = re.compile(rb"^class ([^\W_]\w*)", re.MULTILINE)


def _accepts(found: object) -> None:
    del found


def scan(
    base: type[T], package: str, folders: Iterable[str], check: Callable[[type[T]], object] = _accepts
) -> MappingProxyType[str, type[T]]:
    """Every public subclass of ``base`` that a package's own modules or plug-ins define, by class name.

    A plug-in's class whose name is taken, or that does not pass, is left out and told of by `plugins.problems`.

    Args:
        base: what they all derive from.
        package: the package's name, ``"studio.ops"``; also the entry point group in which others name a module.
        folders: the package's ``__path__``.
        check: raises what is wrong with a class of a plug-in.
    """
    found: dict[str, type[T]] = {}
    for module in _own(package, folders):
        for name, value in vars(module).items():
            if isinstance(value, type) and issubclass(value, base) and _declares(module, name, value):
                found[name] = value
    for plugin, module in plugins.load(_group(package)):
        theirs = {
            name: value
            for name, value in vars(module).items()
            if isinstance(value, type) and issubclass(value, base) and _declares(module, name, value, plugin)
        }
        if not theirs:
            plugins.report(plugin, f"defines no {base.__name__} in {module.__name__}")
        for name, value in theirs.items():
            if _passes(plugin, name, value, check) and not _is_taken(plugin, name, found.get(name)):
                found[name] = value
    return MappingProxyType(dict(sorted(found.items())))


def declared(
    attribute: str, package: str, folders: Iterable[str], check: Callable[[object], object] = _accepts
) -> Iterator[object]:
    """What each module of a package, or one that a plug-in adds, holds under this name.

    Args:
        attribute: the name; a module of the package without it declares nothing.
        package: the package's name, ``"studio.io.sources"``; its last part is the entry point group ``studio.sources``.
        folders: the package's ``__path__``.
        check: raises what is wrong with what a plug-in declares; `having` makes one.
    """
    for module in _own(package, folders):
        if hasattr(module, attribute):
            yield getattr(module, attribute)
    for plugin, module in plugins.load(_group(package)):
        found = getattr(module, attribute, None)
        if found is None:
            plugins.report(plugin, f"declares no {attribute} in {module.__name__}")
        elif _passes(plugin, attribute, found, check):
            yield found


def modules(package: str, folders: Iterable[str], group: str = "") -> Iterator[ModuleType]:
    """The modules of a package by name, helpers (``_name``) left out, and those that plug-ins add.

    Args:
        package: the package's name.
        folders: its ``__path__``.
        group: the entry point group, where it is not the last part of the package's name.
    """
    yield from _own(package, folders)
    for _, module in plugins.load(group or _group(package)):
        yield module


def lookup(
    base: type[T],
    package: str,
    folders: Iterable[str],
    name: str,
    known: Callable[[], Mapping[str, type[T]]],
    what: str,
) -> type[T]:
    """The subclass of this name, as `scan` would find it: where the package defines it, only its module is imported.

    Args:
        base: what they all derive from.
        package: the package's name, ``"studio.ops"``.
        folders: the package's ``__path__``.
        name: the class's.
        known: all of them, those of plug-ins among them; asked for a name that the package does not define.
        what: what they are, ``"operator"``.

    Raises:
        StudioError: where none has it, as `named` says it.
    """
    home = _homes(tuple(folders)).get(name)
    found = getattr(importlib.import_module(f"{package}.{home}"), name) if home is not None else None
    if isinstance(found, type) and issubclass(found, base):
        return found
    return named(known(), name, what)


@cache
def _homes(folders: tuple[str, ...]) -> Mapping[str, str]:
    """Which of a package's own modules defines each public class, read from the sources; none where those are not.

    Importing them takes twenty times as long.
    """
    found = {}
    for folder in folders:
        for file in Path(folder).glob("[!_]*.py"):
            for name in _CLASS.findall(file.read_bytes()):
                found[name.decode()] = file.stem
    return found


def named(known: Mapping[str, T], name: str, what: str) -> T:
    """What is known by this name.

    Raises:
        StudioError: where none of this kind, ``"bend"``, has it: with the one that is spelled alike, or with all names.
    """
    if name not in known:
        if close := difflib.get_close_matches(name, known, n=1, cutoff=0.75):
            raise StudioError(f'There is no {what} "{name}"; did you mean "{close[0]}"?')
        raise StudioError(f'There is no {what} "{name}"; there are {choices(known, name)}.')
    return known[name]


def having(*attributes: str) -> Callable[[object], None]:
    """A check that a thing has these attributes."""

    def check(found: object) -> None:
        if missing := [name for name in attributes if not hasattr(found, name)]:
            raise StudioError(f"it has no {missing[0]}")

    return check


def _own(package: str, folders: Iterable[str]) -> Iterator[ModuleType]:
    for here in sorted(pkgutil.iter_modules(folders), key=lambda found: found.name):
        if not here.name.startswith("_"):
            yield importlib.import_module(f"{package}.{here.name}")


def _group(package: str) -> str:
    return f"studio.{package.rpartition('.')[2]}"


def _declares(module: ModuleType, name: str, value: type, plugin: Plugin | None = None) -> bool:
    """Whether the module defines the class; a plug-in's may hand on what another module of its package defines."""
    if name.startswith("_"):
        return False
    return value.__module__ == module.__name__ or (plugin is not None and _of_package(value) == _of_package(module))


def _of_package(thing: object) -> str:
    name = thing.__name__ if isinstance(thing, ModuleType) else thing.__module__
    return name.partition(".")[0]


def _is_taken(plugin: Plugin, name: str, other: type | None) -> bool:
    if other is not None:
        plugins.report(plugin, f'defines "{name}", as {other.__module__} does; it is left out')
    return other is not None


def _passes(plugin: Plugin, name: str, found: T, check: Callable[[T], object]) -> bool:
    try:
        check(found)
    # Looking at a thing may run any code of it.
    except (Exception, SystemExit) as error:  # noqa: BLE001
        plugins.report(plugin, f'declares "{name}", which the studio cannot use: {error}')
        return False
    return True
