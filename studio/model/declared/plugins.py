"""Packages of others that add to the studio: how they are loaded, whose a thing is, and what is wrong with them.

A plug-in names a module as an entry point. One that cannot be loaded, or declares what the studio cannot use, is left
out and told of by `problems`; what it raises while it works becomes a sentence with its name. Nothing of it is fatal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from importlib.metadata import EntryPoint, EntryPoints
from types import ModuleType
from typing import Any, TypeVar, cast

from studio.errors import StudioError

VERSION = 1
"""Of what `studio.plugin` offers; a plug-in may say in ``STUDIO_PLUGIN`` which one it was written for."""

T = TypeVar("T")

_OWN = __name__.partition(".")[0]


@dataclass(frozen=True)
class Plugin:
    """One entry point of another package.

    Attributes:
        group: what it adds to: "studio.ops".
        name: the entry point's.
        module: the module that it names.
        package: the distribution and its version; empty where that is not known.
    """

    group: str
    name: str
    module: str
    package: str = ""

    def __str__(self) -> str:
        return f'"{self.name}" ({self.package or self.module})'


_owners: dict[str, Plugin] = {}
"""By module, and by package for what its other modules define."""
_problems: dict[tuple[Plugin, str], None] = {}
_failed: set[Plugin] = set()


@cache
def _installed() -> Callable[..., EntryPoints]:
    """Selects among the entry points of all that is installed; to look for those takes some milliseconds."""
    return cast(Callable[..., EntryPoints], metadata.entry_points().select)


def entry_points(group: str) -> EntryPoints:
    """What packages add to a group."""
    return _installed()(group=group)


def load(group: str) -> Iterator[tuple[Plugin, ModuleType]]:
    """The modules that plug-ins add to a group; those that cannot be loaded become problems."""
    for point in entry_points(group=group):
        plugin = Plugin(group, point.name, point.value, _package(point))
        if plugin in _failed:
            continue
        try:
            module = point.load()
        # Foreign code may fail in any way, may even ask to exit; whichever it is, the studio goes on without it.
        except (Exception, SystemExit) as error:  # noqa: BLE001
            _fail(plugin, f"cannot be loaded: {_words(error)}; update or uninstall it")
            continue
        if not isinstance(module, ModuleType):
            _fail(plugin, f"names {point.value}, which is no module; its entry point must name a module")
        elif getattr(module, "STUDIO_PLUGIN", VERSION) > VERSION:
            _fail(plugin, f"was written for a later studio (its STUDIO_PLUGIN is above {VERSION}); update the studio")
        else:
            _owners[module.__name__] = plugin
            _owners.setdefault(_root(module.__name__), plugin)
            yield plugin, module


def report(plugin: Plugin, sentence: str) -> None:
    """Note what is wrong with a plug-in, to follow its name, without a full stop."""
    _problems[plugin, sentence] = None


def problems() -> tuple[str, ...]:
    """What is wrong with plug-ins as far as they have been asked for, a sentence each."""
    return tuple(f"The plug-in {plugin} {sentence}." for plugin, sentence in _problems)


def loaded() -> tuple[Plugin, ...]:
    """The plug-ins that have been loaded."""
    return tuple(dict.fromkeys(_owners.values()))


def forget() -> None:
    """Ask every plug-in anew; for tests, and after one was installed."""
    _installed.cache_clear()
    _owners.clear()
    _problems.clear()
    _failed.clear()


def owner_of(thing: object) -> Plugin | None:
    """Whose class, object, function or module this is; None where it is the studio's own."""
    # Functions and classes say in which module they were made, objects in which their class was.
    named = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", type(thing).__module__)
    return _owners.get(str(named)) or _owners.get(_root(str(named)))


def blamed(thing: object, error: BaseException) -> BaseException:
    """What to raise where a thing has raised this: a sentence with the plug-in's name, if it is a plug-in's."""
    plugin = owner_of(thing)
    if plugin is None or isinstance(error, StudioError):
        return error
    return StudioError(f"The plug-in {plugin} has failed: {_words(error)}; update or uninstall it.")


@contextmanager
def guarded(thing: object) -> Iterator[None]:
    """Let a thing work: what a plug-in's raises becomes a StudioError with the plug-in's name."""
    try:
        yield
    except (Exception, SystemExit) as error:
        told = blamed(thing, error)
        if told is error:
            raise
        raise told from error


def answer(thing: object, question: Callable[[], T], otherwise: T) -> T:
    """What a thing answers; where a plug-in's fails at it, that is a problem and the answer is another.

    So a plug-in that is asked in turn with others ("is this file yours?") cannot spoil what is theirs.
    """
    try:
        return question()
    except (Exception, SystemExit) as error:
        plugin = owner_of(thing)
        if plugin is None:
            raise
        report(plugin, f"has failed: {_words(error)}; it is passed over")
        return otherwise


class Guarded:
    """Stands for a thing of a plug-in: whatever its methods raise becomes a StudioError with the plug-in's name.

    Args:
        thing: an open source or recording, say.
        owner: something of the same plug-in, where the thing's class is of another package.
    """

    def __init__(self, thing: Any, owner: object = None) -> None:
        self._thing = thing
        self._owner = thing if owner is None else owner

    def __getattr__(self, name: str) -> Any:
        with guarded(self._owner):
            found = getattr(self._thing, name)
        return self._method(found) if callable(found) else found

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
            return
        with guarded(self._owner):
            setattr(self._thing, name, value)

    def __iter__(self) -> Iterator[Any]:
        with guarded(self._owner):
            items = iter(self._thing)
        return self._items(items)

    def __enter__(self) -> Guarded:
        with guarded(self._owner):
            self._thing.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        with guarded(self._owner):
            self._thing.__exit__(*raised)

    def _method(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            with guarded(self._owner):
                found = method(*args, **kwargs)
            return self._items(found) if isinstance(found, Iterator) else found

        return call

    def _items(self, items: Iterator[Any]) -> Iterator[Any]:
        with guarded(self._owner):
            yield from items


def guarding(thing: T, owner: object = None) -> T:
    """The thing, or what stands for it where it is a plug-in's."""
    is_foreign = owner_of(thing if owner is None else owner) is not None
    return cast(T, Guarded(thing, owner)) if is_foreign else thing


def _fail(plugin: Plugin, sentence: str) -> None:
    _failed.add(plugin)
    report(plugin, sentence)


def _package(point: EntryPoint) -> str:
    found = getattr(point, "dist", None)
    return f"{found.name} {found.version}" if found is not None else ""


def _root(module: str) -> str:
    root = module.partition(".")[0]
    # Parts of the studio that name themselves as entry points, as tests do, have owners of their own.
    return module if root == _OWN else root


def _words(error: BaseException) -> str:
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
