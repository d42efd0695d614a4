"""Which channels a stage bends: all, a share drawn by seed, some side by side, a list, the strongest, or a cluster."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QInputDialog,
    QLineEdit,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from studio.model.bends.stage import AllChannels, ChannelList, ChannelRange, Channels, SomeChannels
from studio.ui.bends.findings import BY_EFFECT, BY_NORM, Findings
from studio.ui.bends.found_channels import ClusterChannels, StrongestByNorm, StrongestChannels, narrow
from studio.ui.kit import theme
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.controls import Seed
from studio.ui.kit.spins import DecimalSpin

KINDS = (
    "All channels",
    "A share",
    "From – to",
    "These",
    "Strongest n (by effect)",
    "Strongest n (by norm)",
    "Cluster …",
)
_STRONGEST, _BY_NORM, _CLUSTER = 4, 5, 6


def numbers_text(channels: tuple[int, ...]) -> str:
    """Channels in few words: ``0-3, 7, 9``."""
    parts: list[list[int]] = []
    for channel in sorted(set(channels)):
        if parts and parts[-1][-1] == channel - 1:
            parts[-1].append(channel)
        else:
            parts.append([channel])
    return ", ".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts)


def numbers_of(text: str) -> tuple[int, ...] | None:
    """The channels that a text lists, ``0-3, 7``; None where it lists none rightly."""
    found: list[int] = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        match = re.fullmatch(r"(\d{1,6})(?:\s*[-–]\s*(\d{1,6}))?", part)
        if match is None:
            return None
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or last - first > 1 << 16:
            return None
        found += range(first, last + 1)
    return tuple(dict.fromkeys(found)) or None


class ChannelsEditor(QWidget):
    """The kind of choice, and below it what is chosen; ``changed`` brings the channels when a person has chosen others.

    Args:
        findings: what is known of the channels of layers.
        layer: gives the layer whose channels they are.
    """

    changed = Signal(object)

    def __init__(self, findings: Findings, layer: Callable[[], str]) -> None:
        super().__init__()
        self._findings, self._layer = findings, layer
        self._shown: Channels = AllChannels()
        self.kind = QComboBox()
        self.kind.addItems(KINDS)
        self.kind.setAccessibleName("Channels")
        self.kind.setToolTip("Which of the layer's channels are bent; the others pass as they are")
        narrow(self.kind, 6)
        self.share = DecimalSpin(minimum=0, maximum=100, value=50, decimals=0, suffix=" %")
        self.share.setKeyboardTracking(False)
        self.share.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        self.share.setAccessibleName("Share of the channels")
        self.seed = Seed(0, 2**31 - 1, 0)
        self.seed.name_parts("Seed of the channels", "Which of them are drawn")
        self.seed.spin.setMinimumWidth(48)
        for spin in (self.share, self.seed.spin):
            spin.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.share.setMinimumWidth(44)
        self.range, self.list = QLineEdit("0-0"), QLineEdit()
        for line, tip in ((self.range, "First and last channel: 4-11"), (self.list, "Channels: 0-3, 7, 9")):
            line.setToolTip(tip)
            line.setAccessibleName(tip.partition(":")[0])
        self.strongest, self.by_norm = StrongestChannels(findings, layer), StrongestByNorm(findings, layer)
        self.cluster = ClusterChannels(findings, layer)
        self._found = {_STRONGEST: self.strongest, _BY_NORM: self.by_norm, _CLUSTER: self.cluster}
        drawn = QWidget()
        row = QHBoxLayout(drawn)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        row.addWidget(self.share)
        row.addWidget(self.seed, 1)
        self._more = QStackedWidget()
        for page in (QWidget(), drawn, self.range, self.list, *self._found.values()):
            self._more.addWidget(page)
        self._more.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # Below, as beside it a card would be wider than the panel.
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        self.keep = tool_button("tag", "Keep these channels as a cluster with a name", "Keep as a cluster", self._ask)
        self.forget_kept = tool_button("x", "Forget this cluster", "Forget this cluster", self._drop)
        first = QHBoxLayout()
        first.setSpacing(theme.SPACE // 2)
        first.addWidget(self.kind, 1)
        first.addWidget(self.keep)
        first.addWidget(self.forget_kept)
        whole.addLayout(first)
        whole.addWidget(self._more)
        self.kind.activated.connect(self._turn)
        self.share.valueChanged.connect(self._tell)
        self.seed.settled.connect(self._tell)
        self.range.editingFinished.connect(self._tell)
        self.list.editingFinished.connect(self._tell)
        for found in self._found.values():
            found.chosen.connect(self.changed)
            found.ended.connect(self.give_up)
        self._quiet = False

    def show_channels(self, channels: Channels) -> None:
        """Show other channels; tells nobody. While a person waits for what is being found out, the same stay."""
        if channels == self._shown and any(found.waits for found in self._found.values()):
            return
        self._forget()
        self._shown = channels
        self._quiet = True
        if isinstance(channels, AllChannels):
            self.kind.setCurrentIndex(0)
        elif isinstance(channels, SomeChannels):
            self.kind.setCurrentIndex(1)
            self.share.setValue(100 * channels.share)
            self.seed.show_value(channels.seed)
        elif isinstance(channels, ChannelRange):
            self.kind.setCurrentIndex(2)
            self.range.setText(f"{channels.first}-{channels.last}")
        else:
            self.kind.setCurrentIndex(self._kind_of(channels))
            self.list.setText(numbers_text(channels.channels))
        self._open_page()
        self._quiet = False
        is_kept = isinstance(channels, ChannelList) and self._is_kept(channels)
        self.keep.setVisible(isinstance(channels, ChannelList) and bool(channels.channels) and not is_kept)
        self.forget_kept.setVisible(is_kept)

    def _is_kept(self, channels: ChannelList) -> bool:
        return channels in [cluster.as_channels for cluster in self._findings.kept(self._layer())]

    def name_cluster(self, name: str) -> None:
        """Keep the channels that are shown as a cluster of this name, and bend by it, as one undo each.

        Raises:
            StudioError: for a name that can name none.
        """
        if not isinstance(self._shown, ChannelList):
            return
        self._findings.keep(self._layer(), name, self._shown)
        cluster = next(c for c in self._findings.kept(self._layer()) if c.name == name.strip())
        if cluster.as_channels != self._shown:
            self.changed.emit(cluster.as_channels)

    def _ask(self) -> None:
        dialog = QInputDialog(self.window())
        dialog.setWindowTitle("Keep as a cluster")
        dialog.setLabelText("Name of the cluster, which the preset keeps")
        dialog.setTextValue(self._shown.name if isinstance(self._shown, ChannelList) else "")
        dialog.textValueSelected.connect(self.name_cluster)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _drop(self) -> None:
        if isinstance(self._shown, ChannelList):
            self._findings.drop(self._layer(), self._shown.name)

    def _kind_of(self, channels: ChannelList) -> int:
        """How a list is shown: as what it was chosen by, where that is known."""
        for name, kind, strongest in ((BY_EFFECT, _STRONGEST, self.strongest), (BY_NORM, _BY_NORM, self.by_norm)):
            if channels.name == name:
                strongest.show_count(len(channels.channels))
                return kind
        return _CLUSTER if channels.name and self.cluster.show_channels(channels) else 3

    def take_findings(self) -> None:
        """Something has been found out: it may be what a person waits for."""
        for found in self._found.values():
            found.take()

    def give_up(self) -> None:
        """Nothing more is found out: show again what there is."""
        self._forget()
        self.show_channels(self._shown)

    def _open_page(self) -> None:
        self._more.setCurrentIndex(self.kind.currentIndex())
        self._more.setVisible(self.kind.currentIndex() > 0)

    def _forget(self) -> None:
        for found in self._found.values():
            found.forget()

    def channels(self) -> Channels | None:
        """What is said; None where it is not said rightly yet."""
        kind = self.kind.currentIndex()
        if kind == 0:
            return AllChannels()
        if kind == 1:
            return SomeChannels(share=self.share.value() / 100, seed=int(self.seed.value()))
        found = numbers_of((self.range if kind == 2 else self.list).text())
        if found is None:
            return None
        if kind == 2:
            return ChannelRange(first=min(found), last=max(found))
        before = self._shown
        if isinstance(before, ChannelList) and set(before.channels) == set(found):
            return before
        # What was changed by hand is no cluster any more.
        return ChannelList(channels=found)

    def _turn(self, kind: int) -> None:
        self._open_page()
        self._forget()
        if kind in self._found:
            self._found[kind].ask()
            return
        if kind == 3 and not self.list.text():
            self.list.setText(self.range.text())
        self._tell()

    def _tell(self) -> None:
        if self._quiet:
            return
        found = self.channels()
        wrong = found is None
        for line in (self.range, self.list):
            line.setStyleSheet(f"border-color: {theme.DANGER};" if wrong and line.isVisible() else "")
        if found is not None:
            self.changed.emit(found)


def channels_text(channels: Channels, name_limit: int = 20) -> str:
    """Channels in a word or two, for a card's head."""
    if isinstance(channels, AllChannels):
        return ""
    if isinstance(channels, SomeChannels):
        return f"{100 * channels.share:.0f} % of channels"
    if isinstance(channels, ChannelRange):
        return f"channels {channels.first}–{channels.last}"
    if channels.name in (BY_EFFECT, BY_NORM):
        return f"strongest {len(channels.channels)}"
    if channels.name:
        return channels.name
    text = numbers_text(channels.channels)
    return f"channels {text}" if len(text) <= name_limit else f"{len(channels.channels)} channels"
