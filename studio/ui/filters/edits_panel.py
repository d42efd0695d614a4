"""Every edit there is, the form of the chosen one, and its live preview."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QFont, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from studio.edits import registry
from studio.errors import StudioError
from studio.model.declared.form import fields
from studio.model.documents.document import Document
from studio.model.filters.edit import Edit
from studio.model.networks.changes import Change, HistoryChanged, WeightsChanged
from studio.model.networks.shape import Array
from studio.model.views.workspace import Workspace
from studio.runtime.editing.counterparts import counterpart
from studio.runtime.editing.edit_labels import label_of
from studio.runtime.editing.previews import Editing
from studio.ui.filters.live_list import LiveList
from studio.ui.filters.others import Others
from studio.ui.kit import theme
from studio.ui.kit.forms import Form
from studio.ui.kit.reached import name_control
from studio.ui.kit.scrolled import bring_into_sight

_QUICK = 200
"""Milliseconds of work that are not worth a word."""

_ORDER = ("Values", "Pattern", "Order", "Chance", "Blend")


def edit_groups() -> dict[str, list[type[Edit]]]:
    """The edits that a form can ask for, by heading, each group by label; those drawn on the sheet are left out."""
    groups: dict[str, list[type[Edit]]] = {}
    for kind in sorted(registry().values(), key=lambda kind: kind.label):
        if all(field.kind != "points" for field in fields(kind)):
            groups.setdefault(kind.group, []).append(kind)
    known = [name for name in _ORDER if name in groups]
    return {name: groups[name] for name in [*known, *sorted(groups.keys() - set(known))]}


class EditsPanel(QWidget):
    """Choose an edit; moving its sliders shows it on the selected kernels at once, and letting go keeps it.

    A slider that is moved again starts from the same values as before, until something else changes the tensor or
    Apply is pressed once more.
    """

    def __init__(self, document: Document, workspace: Workspace, editing: Editing) -> None:
        super().__init__()
        self._document = document
        self._workspace = workspace
        self._editing = editing
        self._kinds: list[type[Edit] | None] = []
        self.forms: dict[type[Edit], Form[Edit]] = {}
        self.chooser = QComboBox()
        self.chooser.setAccessibleName("Edit")
        self.chooser.setToolTip("What to do with the selected kernels")
        self.chooser.setMaxVisibleItems(40)
        self._fill()
        self.doc = QLabel()
        self.doc.setWordWrap(True)
        self.doc.setStyleSheet(f"color: {theme.FAINT};")
        self.others = Others(document, editing)
        self.apply = QPushButton("Apply")
        name_control(self.apply, "apply")
        self.apply.setObjectName("primary")
        self.apply.clicked.connect(self.apply_now)
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Take the preview back (Esc)")
        self.cancel.clicked.connect(editing.cancel)
        self.live = LiveList(document, workspace)
        self.keep = QPushButton("Keep live")
        self.keep.setToolTip("Lay it over the selected kernels, with numbers that stay turnable and can be moved")
        self.keep.clicked.connect(self.keep_live)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(4)
        self.progress.setAccessibleName("Being worked out")
        room = self.progress.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self.progress.setSizePolicy(room)
        self.progress.hide()
        # What is quick needs no progress, which would only flicker.
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(_QUICK)
        self._slow.timeout.connect(self.progress.show)
        self._place = QVBoxLayout()
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE // 2)
        buttons.addWidget(self.apply, 1)
        buttons.addWidget(self.keep)
        buttons.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.SPACE, 0, 0)
        column.setSpacing(theme.SPACE)
        column.addWidget(self.chooser)
        column.addWidget(self.doc)
        column.addWidget(self.others)
        column.addLayout(self._place)
        column.addLayout(buttons)
        column.addWidget(self.progress)
        column.addWidget(self.live)
        column.addStretch(1)
        self.chooser.activated.connect(self._show)
        self.others.chosen.connect(self._preview_and_keep)
        document.changed.connect(self._follow)
        workspace.changed.connect(self._listen)
        editing.busy.connect(self._show_busy)
        self.choose(next(iter(edit_groups().values()))[0].__name__)

    @property
    def kind(self) -> type[Edit]:
        """The chosen edit."""
        kind = self._kinds[self.chooser.currentIndex()]
        assert kind is not None
        return kind

    @property
    def form(self) -> Form[Edit]:
        """The chosen edit's form."""
        return self.forms[self.kind]

    def choose(self, name: str) -> None:
        """Choose an edit by its class name; KeyError where there is none."""
        self.chooser.setCurrentIndex(self._kinds.index(registry()[name]))
        self._show()

    def open_other(self, path: Path) -> None:
        """Take the second tensor from another network or preset, once it is read."""
        self.others.open(path)

    def apply_now(self) -> None:
        """Apply the edit as its form says; pressed again, it is applied to what it made."""
        self._do(applied=True)

    def keep_live(self) -> None:
        """Keep the edit live as its form says; what it has just been applied as is taken back for it."""
        name, selection = self._workspace.tensor, self._workspace.selection
        if name is None or selection is None:
            return
        self._editing.cancel()
        beneath = self._editing.beneath(self.kind, name, selection)
        chosen = None if selection.mask.all() else selection
        try:
            edit: Edit = self.form.record()
            kept = self._document.add_edit(name, edit, chosen, beneath=beneath)
        except StudioError as error:
            self._editing.report(str(error))
            return
        self._editing.settle()
        self._show_buttons()
        # It lies below the form, which fills a low panel.
        if (card := self.live.cards.get(kept.id)) is not None:
            bring_into_sight(card)

    # -- within ---------------------------------------------------------------------------------------------------

    def _do(self, *, applied: bool) -> None:
        name, selection = self._workspace.tensor, self._workspace.selection
        if name is None or selection is None:
            return
        try:
            edit: Edit = self.form.record()
            if self.kind.needs_other:
                edit = edit.with_other(self._other(name))
        except StudioError as error:
            self._editing.report(str(error))
            return
        do = self._editing.apply if applied else self._editing.preview
        do(label_of(edit, name), edit, name, selection)
        self._show_buttons()

    def _other(self, name: str) -> Array:
        network = self.others.network
        if network is None:
            return self._document.original(name)
        return counterpart(network, name, self._document.tensor(name).shape)

    def _preview(self) -> None:
        self._do(applied=False)

    def _keep(self) -> None:
        self._editing.commit()
        self._show_buttons()

    def _preview_and_keep(self) -> None:
        # Another network in the middle of a mix: what was mixed before is mixed anew.
        if self._continues():
            self._preview()
            self._keep()

    def _fill(self) -> None:
        model, bold = QStandardItemModel(self.chooser), QFont(self.font())
        bold.setBold(True)
        for group, kinds in edit_groups().items():
            heading = QStandardItem(group)
            heading.setFlags(Qt.ItemFlag.NoItemFlags)
            heading.setForeground(QColor(theme.FAINT))
            heading.setFont(bold)
            model.appendRow(heading)
            self._kinds.append(None)
            for kind in kinds:
                item = QStandardItem(kind.label)
                item.setToolTip(_first_line(kind))
                model.appendRow(item)
                self._kinds.append(kind)
        self.chooser.setModel(model)

    def _show(self) -> None:
        kind = self.kind
        if kind not in self.forms:
            form: Form[Edit] = Form(kind)
            form.changed.connect(self._preview)
            form.settled.connect(self._keep)
            self.forms[kind] = form
            self._place.addWidget(form)
        for other, form in self.forms.items():
            form.setVisible(other is kind)
        self.others.setVisible(kind.needs_other)
        self.doc.setText(_first_line(kind))
        self._show_buttons()

    def _continues(self) -> bool:
        name, selection = self._workspace.tensor, self._workspace.selection
        return name is not None and selection is not None and self._editing.continues(self.kind, name, selection)

    def _show_buttons(self) -> None:
        again = self._continues()
        self.apply.setText("Apply again" if again else "Apply")
        self.apply.setToolTip(
            "Apply it once more, to what it has made" if again else "Apply it to the selected kernels as set above"
        )
        self.apply.setEnabled(self._workspace.tensor is not None)
        self.keep.setEnabled(self._workspace.tensor is not None)
        self.form.setEnabled(self._workspace.tensor is not None)
        self.cancel.setEnabled(self._editing.is_active)

    def _show_busy(self, busy: bool) -> None:
        self._show_buttons()
        if busy:
            self._slow.start()
        else:
            self._slow.stop()
            self.progress.hide()

    def _follow(self, change: Change) -> None:
        if isinstance(change, HistoryChanged | WeightsChanged):
            self._show_buttons()

    def _listen(self, field: str) -> None:
        if field in ("layer", "key", "selection"):
            self._show_buttons()


def _first_line(kind: type[Edit]) -> str:
    """The first paragraph of an edit's docstring, without its markup."""
    return " ".join((kind.__doc__ or kind.label).split("\n\n")[0].replace("``", "").split())
