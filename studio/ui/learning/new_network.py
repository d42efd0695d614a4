"""File > New network: a kind, its parameters, and a seed."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from studio.errors import StudioError
from studio.learn.networks import NEW, NewNetwork
from studio.model.networks.preset import Preset
from studio.ui.kit import theme
from studio.ui.kit.fitting import fit, scrolled_body
from studio.ui.kit.forms import Form


class NewNetworkDialog(QDialog):
    """Asks for a network that has learnt nothing yet."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("New network")
        self.kind = QComboBox()
        self.kind.setAccessibleName("Kind of network")
        for name, kind in NEW.items():
            self.kind.addItem(kind.about, name)
        self.doc = QLabel(wordWrap=True)
        self.doc.setStyleSheet(f"color: {theme.FAINT};")
        self.parameters = QLabel()
        self.parameters.setStyleSheet(f"color: {theme.FAINT};")
        self.forms: dict[str, Form[NewNetwork]] = {}
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.make = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.make.setText("Make")
        self.make.setObjectName("primary")
        self.make.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        whole = QVBoxLayout(self)
        whole.setSpacing(theme.SPACE)
        column = scrolled_body(whole)
        column.setSpacing(theme.SPACE)
        column.addWidget(self.kind)
        column.addWidget(self.doc)
        for name, kind in NEW.items():
            form: Form[NewNetwork] = Form(kind)
            form.changed.connect(lambda _: self._count())
            self.forms[name] = form
            column.addWidget(form)
        column.addWidget(self.parameters)
        column.addStretch(1)
        whole.addWidget(buttons)
        self.kind.currentIndexChanged.connect(self._show)
        self._show()
        # Return makes what is shown; in a choice it would open the list.
        self.make.setFocus()
        fit(self, QSize(440, 360))

    def wanted(self) -> NewNetwork:
        """What is asked for; StudioError where its values do not go together."""
        return self.forms[self.kind.currentData()].record()

    def _show(self) -> None:
        name = self.kind.currentData()
        for other, form in self.forms.items():
            form.setVisible(other == name)
        self.doc.setText(" ".join((NEW[name].__doc__ or "").split("\n\n")[0].split()))
        self._count()

    def _count(self) -> None:
        try:
            shapes = self.wanted().graph().tensor_shapes.values()
        except StudioError as error:
            self.parameters.setText(str(error))
            return
        count = 0
        for shape in shapes:
            size = 1
            for side in shape:
                size *= side
            count += size
        self.parameters.setText(f"{count:,} parameters")


def ask_for_network(parent: QWidget) -> NewNetwork | None:
    """The network that the person asks for, which is still to be made; None where they do not."""
    dialog = NewNetworkDialog(parent)
    return dialog.wanted() if dialog.exec() else None


def made(wanted: NewNetwork) -> Preset:
    """A preset of it, in any thread: of tens of millions of weights it takes a second."""
    network = wanted.make()
    return Preset(network.name, network, {})
