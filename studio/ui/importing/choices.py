"""Choices that a model leaves open, each a row of the import dialog where there is something to choose."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox, QLabel

from studio.io.importers import CHANNEL_WAYS, STATE_WAYS, fed_back, unfed_input
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph

_FIELDS = {
    "arch": "Architecture",
    "pick": "Tensors",
    "output": "Output",
    "statistics": "Batch norms",
    "dropout": "Dropout",
    "channels": "Channels",
    "state": "State",
    "input-size": "Input size",
}
_OPTIONS = re.compile(rf"--({'|'.join(_FIELDS)})(?![\w-])")


def in_the_dialog(said: str) -> str:
    """What an importer says, with the dialog's fields for the options of the command line."""
    return _OPTIONS.sub(lambda option: f"“{_FIELDS[option[1]]}”", said)


def without_the_dialog(said: str) -> str:
    """The same where no dialog comes of it: the options are those of the command."""
    return _OPTIONS.sub(lambda option: f"{option[0]} of studio import", said)


class Choice(QComboBox):
    """One of several, with its label; both are hidden where there are fewer than two.

    Args:
        text: of the label.
        tip: what is chosen.
    """

    def __init__(self, text: str, tip: str) -> None:
        super().__init__()
        self.text, self.tip, self.label = text, tip, QLabel(text)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def offer(self, values: Sequence[tuple[str, str]], chosen: str) -> None:
        """Put these here, each what is read and what it stands for, and show the chosen one."""
        self.clear()
        for text, value in values:
            self.addItem(text, value)
        self.setCurrentIndex(max(self.findData(chosen), 0))
        for part in (self, self.label):
            part.setVisible(len(values) > 1)

    @property
    def value(self) -> str:
        """What was chosen; empty where there is no choice."""
        return str(self.currentData()) if self.count() > 1 else ""


def names(found: Sequence[str]) -> list[tuple[str, str]]:
    """Names that stand for themselves; the file itself has none."""
    return [(name or "the file itself", name) for name in found]


def statistics(graph: Graph, chosen: str) -> list[tuple[str, str]]:
    """What batch norms may go by, where there are any."""
    has = chosen == "picture" or any(type(node.op).__name__ == "BatchNorm2d" for node in graph.nodes)
    return [("as learnt", "learnt"), ("the picture's own (pix2pix's authors)", "picture")] if has else []


def dropout(arch: str, chosen: bool) -> list[tuple[str, str]]:
    """Whether values are left out by chance, of the family whose authors do so in their pictures."""
    return [("none", ""), ("as its authors run it", "on")] if chosen or arch == "pix2pix" else []


def channels(graph: Graph, chosen: str) -> list[tuple[str, str]]:
    """How a picture's channels may become those that the network takes, where it takes others."""
    if not chosen and unfed_input(graph.inputs) is None:
        return []
    return [("as they are: no source can feed it", ""), *((text, way) for way, text in CHANNEL_WAYS.items())]


def state(graph: Graph, size: Size, chosen: str, own: str) -> list[tuple[str, str]]:
    """What the input may begin as, where the output may be the next input and is no plain picture."""
    put = None if chosen else fed_back(graph, size)
    if not chosen and (put is None or put.channels in (1, 3)):
        return []
    none = [] if own else [("none: its input is a picture", "")]
    return [*none, *((f"begins as {text}", way) for way, text in STATE_WAYS.items())]
