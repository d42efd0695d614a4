"""What a model of another program would become, and what was guessed of it, before anything is written."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from studio.errors import StudioError
from studio.io.importers import Options, families
from studio.model.declared.size import Size
from studio.model.networks.values import Values
from studio.runtime.services.worker import Worker
from studio.ui.importing.choices import Choice, channels, dropout, in_the_dialog, names, state, statistics
from studio.ui.importing.import_model import Found, PreviewModel, look_at
from studio.ui.kit import theme
from studio.ui.kit.controls import SPIN_WIDTH
from studio.ui.kit.elided import ElidedLabel
from studio.ui.kit.fitting import fit
from studio.ui.kit.scrolled import ScrolledColumn
from studio.ui.values.form import LABEL_WIDTH, ValuesForm

_LARGEST_SIDE = 8192
_FORM_WIDTH = 372
_LONGEST_NAME = 100
_COLUMN_WIDTHS = (190, 140, 140)


class ImportDialog(QDialog):
    """Layers and tensors on the left, what can be changed on the right; Enter imports, Escape does not.

    ``chosen`` brings the `ImportPreview` and the name to import it under.

    Args:
        window: over which it lies.
        found: what was read of the model.
        importer: reads it anew where another architecture or size is asked for.
    """

    chosen = Signal(object, str)

    def __init__(self, window: QWidget, found: Found, importer: Worker) -> None:
        super().__init__(window)
        self._importer = importer
        self._found = found
        self.preview = found.preview
        self._size = found.preview.size
        self._asked, self._options = Values(), Options()
        self._serial = 0
        self._is_reading = self._is_taken = False
        self._problem = ""
        self.setWindowTitle(f"Import {found.preview.path.name}")
        self.setObjectName("import")
        self.setModal(False)
        self._make_parts()
        self._lay_out(window)
        self._show(found)

    def _make_parts(self) -> None:
        self.title, self.facts = ElidedLabel(), ElidedLabel()
        self.title.setStyleSheet("font-weight: 600;")
        self.facts.setStyleSheet(f"color: {theme.FAINT};")
        self.model = PreviewModel(self)
        self.table = _table(self.model)
        self.name = QLineEdit(self.preview.imported.network.name[:_LONGEST_NAME])
        self.name.setMaxLength(_LONGEST_NAME)
        self.name.textEdited.connect(self._refresh)
        self.arch = QComboBox()
        self.arch.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.arch.addItem("Automatic", "")
        for name, title in families().items():
            self.arch.addItem(f"{title} ({name})", name)
        self.arch.activated.connect(self._read_anew)
        self.pick = Choice("Tensors", "Which of the sets of tensors in the file is the network; the best comes first")
        self.output = Choice("Output", "Which of the outputs that the file gives is the picture")
        self.statistics = Choice("Batch norms", "Whose mean and deviation they take: what was learnt, or the picture's")
        self.dropout = Choice("Dropout", "Whether values are left out by chance, the same in each frame")
        self.channels = Choice("Channels", "What the channels that it takes are made of, by a layer before it")
        self.state = Choice("State", "What a cellular automaton, whose output is its next input, begins as")
        self.choices = (self.pick, self.output, self.statistics, self.dropout, self.state, self.channels)
        for choice in self.choices:
            choice.activated.connect(self._read_anew)
        self.height_, self.width_ = _side("Input height"), _side("Input width")
        for side in (self.height_, self.width_):
            side.editingFinished.connect(self._resize)
        self.values = ValuesForm()
        self.values.changed.connect(self._change)
        self.values.failed.connect(self._say)
        self.remarks, self.problem = _text(theme.WARNING), _text(theme.DANGER)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.button = QPushButton("Import")
        self.button.setObjectName("primary")
        self.button.setToolTip("Make a network of it and open it (Enter); undo brings back what is open now")
        self.buttons.addButton(self.button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.cancel = self.buttons.button(QDialogButtonBox.StandardButton.Cancel)
        self.cancel.setIcon(QIcon())
        self.cancel.setAutoDefault(False)
        self.cancel.setToolTip("Leave everything as it is (Escape)")
        self.buttons.accepted.connect(self._take)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self, window: QWidget) -> None:
        form = QGridLayout()
        form.setHorizontalSpacing(theme.SPACE)
        form.setVerticalSpacing(theme.SPACE // 2)
        form.setColumnMinimumWidth(0, LABEL_WIDTH)
        form.setColumnStretch(1, 1)
        sides = QWidget()
        size = QHBoxLayout(sides)
        size.setContentsMargins(0, 0, 0, 0)
        size.setSpacing(theme.SPACE // 2)
        size.addWidget(self.width_, 1)
        size.addWidget(QLabel("×"))
        size.addWidget(self.height_, 1)
        for text, part, tip in (
            ("Name", self.name, "Of the network, and of its folder"),
            ("Architecture", self.arch, "Of which family these tensors are; the file does not say its layers"),
            *((choice.text, choice, choice.tip) for choice in self.choices),
            ("Input size", sides, "Width × height that the layers are read for; most networks run at others too"),
        ):
            label = part.label if isinstance(part, Choice) else QLabel(text)
            label.setBuddy(part)
            part.setAccessibleName(text)
            for widget in (label, part):
                widget.setToolTip(tip)
            form.addWidget(label, form.rowCount(), 0)
            form.addWidget(part, form.rowCount() - 1, 1)
        self.guessed = _text(theme.FAINT)
        column = QWidget()
        beneath = QVBoxLayout(column)
        beneath.setContentsMargins(0, 0, theme.SPACE, 0)
        beneath.setSpacing(theme.SPACE)
        beneath.addLayout(form)
        beneath.addWidget(self.guessed)
        beneath.addWidget(self.values)
        beneath.addWidget(self.remarks)
        beneath.addStretch(1)
        scrolled = ScrolledColumn()
        # Fields of numbers grow with the letters.
        scrolled.setFixedWidth(_FORM_WIDTH - SPIN_WIDTH + theme.room(self.font(), SPIN_WIDTH))
        scrolled.setStyleSheet(f"QScrollArea, QScrollArea > QWidget > QWidget#column {{ background: {theme.GROUND}; }}")
        column.setObjectName("column")
        scrolled.setWidget(column)
        middle = QHBoxLayout()
        middle.setSpacing(2 * theme.SPACE)
        middle.addWidget(self.table, 1)
        middle.addWidget(scrolled)
        foot = QHBoxLayout()
        foot.addWidget(self.problem, 1)
        foot.addWidget(self.buttons, 0, Qt.AlignmentFlag.AlignBottom)
        box = QVBoxLayout(self)
        box.setContentsMargins(*(2 * theme.SPACE,) * 4)
        box.setSpacing(theme.SPACE)
        box.addWidget(self.title)
        box.addWidget(self.facts)
        box.addLayout(middle, 1)
        box.addLayout(foot)
        # On a small screen more of it than of a small window.
        fit(
            self,
            QSize(min(1180, max(760, round(window.width() * 0.86))), min(760, max(520, round(window.height() * 0.84)))),
        )
        # Only a button that lies in the dialog already becomes the one that Enter presses.
        self.button.setDefault(True)
        self.name.setFocus()
        self.name.selectAll()

    # -- what is shown ------------------------------------------------------------------------------------------------

    def _show(self, found: Found) -> None:
        """Take what was read, in the values that were asked for."""
        self._found, read = found, found.preview
        self._size = read.size
        self.model.show_rows(found.rows)
        network, title = read.imported.network, families().get(read.arch, read.arch)
        self.title.say(f"{read.format}, {title}" if read.arch else read.format)
        weights = f"{read.parameters:,}"
        self.facts.say(f"{len(network.graph.nodes)} layers, {len(network.tensors)} tensors, {weights} weights")
        self._show_arch(title)
        asked = self._options
        self.pick.offer(names(read.imported.picks), read.imported.pick)
        self.output.offer(names(read.imported.outputs), read.imported.picked)
        self.statistics.offer(statistics(network.graph, asked.statistics) if read.arch else [], asked.statistics)
        self.dropout.offer(dropout(read.arch, asked.dropout), "on" if asked.dropout else "")
        self.channels.offer(channels(network.graph, asked.channels), asked.channels)
        own = read.imported.state
        self.state.offer(state(network.graph, read.size, asked.state or own, own), asked.state or own)
        for side, length in zip((self.height_, self.width_), read.size, strict=True):
            side.setValue(length)
            side.setEnabled(any(i.has_size for i in read.inputs))
        family = "The file does not say these; they are what its family uses."
        self.guessed.setText(f"{family if read.arch else 'The file does not say these.'} Change what is wrong.")
        remarks = read.notes
        self.remarks.setText(in_the_dialog("\n\n".join(remarks)))
        self.remarks.setVisible(bool(remarks))
        self._check()

    def _show_arch(self, title: str) -> None:
        is_known = bool(self._found.preview.arch)
        self.arch.setEnabled(is_known)
        if not is_known:
            self.arch.setItemText(0, "As the file says")
        elif not self.arch.currentData():
            self.arch.setItemText(0, f"Automatic: {title}")

    def _check(self) -> None:
        """See whether the values that were asked for fit."""
        asked = self._asked
        if asked.output_range is None and asked.range is not None and not self._found.preview.arch:
            # Where no family says otherwise, a network answers in the values it is asked in.
            asked = replace(asked, output_range=asked.range)
        try:
            self.preview = self._found.preview.with_values(asked)
        except StudioError as error:
            self._say(str(error))
            return
        self.values.show_graph(self.preview.imported.network.graph, self._found.output_channels)
        self._say("")

    def _say(self, problem: str) -> None:
        """Show what does not fit; nothing can be imported as long as there is something."""
        self._problem = in_the_dialog(problem)
        self._refresh()

    def _refresh(self) -> None:
        problem = self._problem or ("" if self.name.text().strip() else "Give the network a name.")
        self.problem.setText("Reading …" if self._is_reading else problem)
        self.problem.setStyleSheet(f"color: {theme.FAINT if self._is_reading else theme.DANGER};")
        self.cancel.setEnabled(not self._is_taken)
        self.button.setEnabled(not (problem or self._is_reading or self._is_taken))

    # -- what is changed ----------------------------------------------------------------------------------------------

    def _change(self, values: Values) -> None:
        said = {field: value for field, value in asdict(values).items() if value is not None}
        self._asked = replace(self._asked, **said)
        self._check()

    def _resize(self) -> None:
        size = Size(self.height_.value(), self.width_.value())
        if size != self._size:
            self._size = size
            self._read_anew()

    def _read_anew(self) -> None:
        """Read the file for another architecture, output or size, in a thread; the values that were asked for stay."""
        self._serial += 1
        self._is_reading = True
        size = self._size if self._size != self._found.preview.size else None
        self._options = Options(
            arch=self.arch.currentData(),
            input_size=size,
            output=self.output.value,
            pick=self.pick.value,
            statistics="picture" if self.statistics.value == "picture" else "learnt",
            dropout=self.dropout.value == "on",
            channels=self.channels.value,
            state=self.state.value,
        )
        work = partial(look_at, self._found.preview.path, self._options)
        self._importer.do(work, partial(self._have_read, self._serial), partial(self._cannot, self._serial))
        self._refresh()

    def _have_read(self, serial: int, found: Found) -> None:
        if serial == self._serial:
            self._is_reading = False
            self._show(found)

    def _cannot(self, serial: int, error: StudioError) -> None:
        if serial == self._serial:
            self._is_reading = False
            self._say(str(error))

    # -- its end ------------------------------------------------------------------------------------------------------

    def _take(self) -> None:
        if self.button.isEnabled():
            self._is_taken = True
            self._refresh()
            self.chosen.emit(self.preview, self.name.text().strip())

    def offer_again(self, problem: str) -> None:
        """It could not be written, and why; it may be tried again."""
        self._is_taken = False
        self._say(problem)

    def reject(self) -> None:
        """Nothing is imported; too late while it is being written."""
        if not self._is_taken:
            super().reject()

    def done(self, result: int) -> None:
        """What is still being read is not waited for."""
        self._serial += 1
        super().done(result)


def _table(model: PreviewModel) -> QTreeView:
    table = QTreeView()
    table.setModel(model)
    table.setAccessibleName("Layers and tensors")
    table.setRootIsDecorated(False)
    table.setUniformRowHeights(True)
    table.setItemsExpandable(False)
    table.setStyleSheet("QTreeView::item { padding: 2px 4px; }")
    table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    header = table.header()
    header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    header.setStretchLastSection(True)
    for column, width in enumerate(_COLUMN_WIDTHS):
        header.resizeSection(column, width)
    return table


def _side(name: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(1, _LARGEST_SIDE)
    # Read anew when the number is whole, not at each of its digits.
    spin.setKeyboardTracking(False)
    spin.setAccessibleName(name)
    spin.setToolTip(name)
    return spin


def _text(colour: str) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setStyleSheet(f"color: {colour};")
    return label
