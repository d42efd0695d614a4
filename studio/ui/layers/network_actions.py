"""What can be done with a layer, for every panel that shows layers."""

from __future__ import annotations

import time
from functools import partial

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from studio.model.documents.document import Document
from studio.model.filters.edit import Selection
from studio.model.filters.live_edits import EDITS
from studio.model.networks.changes import Change, NetworkChanged, WeightsChanged
from studio.model.networks.section import SectionChanged
from studio.model.views.view import View
from studio.model.views.workspace import Workspace
from studio.runtime.editing.varying import filters_of
from studio.ui.kit.icons import icon
from studio.ui.services.bypassing import bypass_or_not

_SETTLED = 150
# Seconds of looking at a time: large tensors are compared whole.
_LONGEST = 0.005


class LayerActions:
    """Select, look at, bypass and solo layers; inputs can only be looked at."""

    def __init__(self, document: Document, workspace: Workspace) -> None:
        self._document = document
        self._workspace = workspace

    def choose(self, name: str) -> None:
        """Select a layer; an input cannot be selected."""
        if name in self._document.graph:
            self._workspace.choose(name)

    def view(self, name: str) -> None:
        """Show a layer's activation in the viewport; of an input, the picture beside the output."""
        self._workspace.stage = False
        if name in self._document.graph:
            self.choose(name)
            self._workspace.view = View("layer", name)
        else:
            self._workspace.view = View("split")

    def view_filters(self, name: str) -> None:
        """Select a layer and show its filters large; nothing where it has none."""
        self.choose(name)
        tensor = self._workspace.tensor
        if name == self._workspace.layer and tensor is not None:
            self._workspace.stage = True

    def has_filters(self, name: str) -> bool:
        """Whether a layer has tensors."""
        graph = self._document.graph
        return name in graph and bool(graph.node(name).op.tensor_shapes())

    def toggle_bypass(self, name: str) -> None:
        """Bypass a layer, or let it work again."""
        if name in self._document.graph:
            bypass_or_not(self._document, name)

    def toggle_solo(self, name: str) -> None:
        """Solo this layer: every other one runs as trained; or let all bends run again."""
        if name in self._document.graph:
            self._workspace.comparison = None if self._workspace.comparison == name else name

    def select_maker(self, name: str, channel: int, *, add: bool) -> None:
        """Select the filter that makes a channel of a layer, alone or with those that are selected."""
        workspace = self._workspace
        workspace.choose(name, "weight")
        before = workspace.selection
        if before is None:
            return
        mask = filters_of(self._document.graph, name, [channel])
        workspace.select(Selection(before.mask | mask if add and not before.mask.all() else mask))

    def select_makers(self, name: str) -> None:
        """Select the filters that make the place of the picture that was chosen."""
        for made in self._workspace.makers:
            if made.layer == name:
                for channel in made.channels:
                    self.select_maker(name, channel, add=channel != made.channels[0])

    def menu(self, parent: QWidget, name: str) -> QMenu:
        """All of these for one layer or input."""
        menu = QMenu(name, parent)
        menu.setToolTipsVisible(True)
        is_layer = name in self._document.graph

        def add(
            text: str, glyph: str, keys: str, does: str, *, enabled: bool = True, checked: bool | None = None
        ) -> None:
            action = QAction(icon(glyph), f"{text}\t{keys}", menu)
            action.setEnabled(enabled)
            if checked is not None:
                action.setCheckable(True)
                action.setChecked(checked)
            action.triggered.connect(lambda: getattr(self, does)(name))
            menu.addAction(action)

        add("Show activation" if is_layer else "Show beside the output", "image-square", "Enter", "view")
        add("Show filters", "grid-four", "F", "view_filters", enabled=self.has_filters(name))
        if any(made.layer == name for made in self._workspace.makers):
            add("Select the filters that make the place", "crosshair", "", "select_makers")
        if is_layer and (bend := _command(parent, "bend.add")):
            menu.addAction(bend.icon(), bend.text(), partial(self._with_layer, name, bend))
        menu.addSeparator()
        bypassed, alone = name in self._document.bypassed, self._workspace.comparison == name
        add("Bypass", "prohibit", "B", "toggle_bypass", enabled=is_layer, checked=bypassed)
        add("Solo: hear its bends alone", "headphones", "S", "toggle_solo", enabled=is_layer, checked=alone)
        return menu

    def _with_layer(self, name: str, command: QAction) -> None:
        self.choose(name)
        command.trigger()


def _command(widget: QWidget, name: str) -> QAction | None:
    """The action of a command, which another room may have declared: the window that a widget is in has them all."""
    at: QWidget | None = widget
    while at is not None:
        found = at.findChild(QAction, name, Qt.FindChildOption.FindDirectChildrenOnly)
        if isinstance(found, QAction):
            return found
        at = at.parentWidget()
    return None


class BentLayers(QObject):
    """Which layers are bent, looked up when a stroke rests rather than with each of its dabs.

    ``changed`` tells when some layer is bent now and was not, or the other way round.
    """

    changed = Signal()

    def __init__(self, document: Document, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._touched: set[str] = set()
        self._names: frozenset[str] = frozenset()
        self._edited: frozenset[str] = frozenset()
        self._timer = QTimer(self, singleShot=True, interval=_SETTLED)
        self._timer.timeout.connect(self._look)
        document.changed.connect(self._follow)
        self._look_at_all()

    def __contains__(self, layer: object) -> bool:
        return layer in self._names

    def _follow(self, change: Change) -> None:
        if isinstance(change, WeightsChanged):
            self._touched.add(change.tensor.rpartition(".")[0])
            if not self._timer.isActive():
                self._timer.start()
        elif isinstance(change, NetworkChanged):
            self._touched.clear()
            self._look_at_all()
        elif isinstance(change, SectionChanged) and change.section == EDITS.name:
            before, self._edited = self._edited, self._live()
            self._touched |= before ^ self._edited
            if self._touched and not self._timer.isActive():
                self._timer.start()

    def _live(self) -> frozenset[str]:
        """The layers whose tensors have live edits."""
        return frozenset(edit.tensor.rpartition(".")[0] for edit in self._document.edits if edit.on)

    def _is_bent(self, name: str) -> bool:
        return self._document.is_bent(name) or self._document.graph.node(name).owner in self._edited

    def _look_at_all(self) -> None:
        self._edited = self._live()
        self._set(frozenset(node.name for node in self._document.graph.nodes if self._is_bent(node.name)))

    def _look(self) -> None:
        graph, names, start = self._document.graph, set(self._names), time.monotonic()
        while self._touched and time.monotonic() - start < _LONGEST:
            owner = self._touched.pop()
            users = graph.users(owner) if owner in graph else frozenset()
            names -= users
            names |= {name for name in users if self._is_bent(name)}
        self._set(frozenset(names))
        if self._touched:
            self._timer.start()

    def _set(self, names: frozenset[str]) -> None:
        if names != self._names:
            self._names = names
            self.changed.emit()
