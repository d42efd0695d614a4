"""What a command of the window is: its place, its keys, what it does, and what it acts on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, TypeVar, cast
from weakref import ref

from psygnal import Signal, SignalInstance
from PySide6.QtCore import SignalInstance as QtSignal
from PySide6.QtWidgets import QWidget

from studio.model.documents.document import Document
from studio.model.views.workspace import Workspace
from studio.runtime.editing.previews import Editing
from studio.runtime.live.session import LiveSession

MENUS = ("File", "Edit", "View", "Layer", "Tools", "Run", "Panels", "Help")
"""The menus of the window, in their order; "Tools/Brush" is a menu within "Tools"."""

T = TypeVar("T")


class Place(NamedTuple):
    """Where a command stands in a menu or a toolbar.

    Attributes:
        menu: one of `MENUS`, or a menu within one: "Tools/Brush".
        group: commands of one group stand together; a line parts the groups, which rise.
        order: within its group, rising.
    """

    menu: str
    group: int = 50
    order: int = 50


class Slot(NamedTuple):
    """Where a command stands in the toolbar: groups and orders rise, as in `Place`."""

    group: int
    order: int


class Context:
    """What commands and panels act on, found by type.

    Args:
        window: over which dialogs lie.
        things: parts of the studio, each found by its own type.

    Attributes:
        changed: emits a topic when something has changed that commands follow; see `Command.follows`.
        supply: makes one more thing that may be asked for, and says whether there was one to make.
    """

    changed: ClassVar[SignalInstance] = Signal(str)  # type: ignore[assignment]

    def __init__(self, window: QWidget, *things: object) -> None:
        self.window = window
        self._things: dict[type, object] = {type(thing): thing for thing in things}
        self.supply: Callable[[], bool] = lambda: False

    def __getitem__(self, kind: type[T]) -> T:
        """The part or panel of this type, made now if it was to be made later; KeyError where there is none."""
        while kind not in self._things:
            if not self.supply():
                raise KeyError(f"The window has no {kind.__name__}")
        return cast(T, self._things[kind])

    def __contains__(self, kind: type) -> bool:
        return kind in self._things

    def add(self, thing: T) -> T:
        """Let a part be found by its type; returns it."""
        self._things[type(thing)] = thing
        return thing

    def once(self, kind: type[T], make: Callable[[], T]) -> T:
        """The part of this type, made when it is asked for the first time."""
        return self[kind] if kind in self else self.add(make())

    def tell(self, topic: str) -> None:
        """Something has changed that commands follow."""
        self.changed.emit(topic)

    def tell_of(self, signal: QtSignal | SignalInstance, topic: str) -> None:
        """Tell it whenever a signal comes. Qt holds what is connected, so that this context would never end."""
        here = ref(self)

        def told(*_: object) -> None:
            if (context := here()) is not None:
                context.tell(topic)

        signal.connect(told)

    @property
    def document(self) -> Document:
        """What is worked on."""
        return self[Document]

    @property
    def workspace(self) -> Workspace:
        """What is looked at and held in the hand."""
        return self[Workspace]

    @property
    def editing(self) -> Editing:
        """Works out edits."""
        return self[Editing]

    @property
    def live(self) -> LiveSession:
        """The running engine."""
        return self[LiveSession]


@dataclass(frozen=True)
class Command:
    """One command; menu, keys, toolbar, shortcut sheet and command palette follow from it.

    Attributes:
        id: stable, by which toolbars, tests and keys of one's own find it: "view.output".
        text: its entry in the menu.
        run: what it does; StudioErrors become messages.
        menu: where it stands; None for commands that the palette alone shows.
        toolbar: where it stands there; None for nowhere.
        keys: its shortcuts.
        icon: a Phosphor name.
        tip: one line more than the text says.
        label: a short text for the toolbar.
        is_on: for commands that switch something: whether it is on.
        enabled: whether there is something to do.
        follows: topics after which `is_on` and `enabled` are asked again. "network", "history" (also when a
            stroke ends, never during one), "details" and "section.NAME" are of the document, "workspace.NAME" of a
            field of the workspace; others are told by `Context.tell`.
    """

    id: str
    text: str
    run: Callable[[Context], object]
    menu: Place | None = None
    toolbar: Slot | None = None
    keys: tuple[str, ...] = ()
    icon: str = ""
    tip: str = ""
    label: str = ""
    is_on: Callable[[Context], bool] | None = None
    enabled: Callable[[Context], bool] | None = None
    follows: frozenset[str] = frozenset()


def switch(field: str, on: object, off: object) -> Callable[[Context], None]:
    """A command's `run` that sets a field of the workspace to one value, or the other where it has the first."""

    def run(context: Context) -> None:
        workspace = context.workspace
        setattr(workspace, field, off if getattr(workspace, field) == on else on)

    return run


def holds(field: str, value: object) -> Callable[[Context], bool]:
    """A command's `is_on`: whether a field of the workspace has this value."""
    return lambda context: bool(getattr(context.workspace, field) == value)


def has_tensor(context: Context) -> bool:
    """A command's `enabled`: whether the selected layer has weights."""
    return context.workspace.tensor is not None


LAYER = frozenset({"network", "workspace.layer", "workspace.key"})
"""What `has_tensor` follows."""
