"""Channels by what was found out about them: the strongest, or a cluster; asked for here, and waited for."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QSpinBox, QWidget

from studio.model.bends.stage import ChannelList, Cluster
from studio.model.networks.picture import Picture
from studio.ui.bends.findings import Findings
from studio.ui.kit import theme
from studio.ui.kit.icons import icon
from studio.ui.kit.images import image_of

_ICON = 20
_MOST = 1 << 16
_PROPOSED, _MOST_CLUSTERS = 1, 999


def narrow(box: QComboBox, letters: int) -> None:
    """Let a list be as narrow as so many letters, though what it opens shows every entry whole."""
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(letters)
    box.view().setMinimumWidth(box.view().sizeHintForColumn(0) + 2 * theme.SPACE)


class _Found(QWidget):
    """A control, and beside it what it waits for.

    ``chosen`` brings the channels that a person asked for; ``ended`` comes where they are not found out any more: it
    was stopped, has failed, or something else is found out instead.
    """

    chosen = Signal(object)
    ended = Signal()

    def __init__(self, findings: Findings, layer: Callable[[], str], control: QWidget, waits: str) -> None:
        super().__init__()
        self._findings, self._layer = findings, layer
        self.waits = False
        self._began = False  # whether what a person waits for is under way
        self._waits = QLabel(waits)
        self._waits.setStyleSheet(f"color: {theme.FAINT};")
        self._waits.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._waits.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        row.addWidget(control, 1)
        row.addWidget(self._waits, 1)

    def ask(self) -> None:
        """A person has asked for such channels: tell them, now or once they are known."""
        self._wait(True)
        if not self.take():
            self._order()

    def take(self) -> bool:
        """Tell the channels that a person waits for, where they are known; whether they were told."""
        if not self.waits:
            return False
        found = self._channels()
        if found is None:
            began, self._began = self._began, self._is_under_way()
            if began and not self._began:
                self.ended.emit()
            return False
        self._wait(False)
        self.chosen.emit(found)
        return True

    def forget(self) -> None:
        """Wait no more."""
        self._wait(False)

    def _wait(self, waits: bool) -> None:
        self.waits, self._began = waits, False
        self._waits.setVisible(waits)

    def _order(self) -> None:
        raise NotImplementedError

    def _is_under_way(self) -> bool:
        raise NotImplementedError

    def _channels(self) -> ChannelList | None:
        raise NotImplementedError


class StrongestChannels(_Found):
    """So many channels that change the picture most."""

    tip = "The channels that change the picture most, measured while it runs"
    how_many = "How many of the strongest channels"

    def __init__(self, findings: Findings, layer: Callable[[], str]) -> None:
        self.count = QSpinBox(minimum=1, maximum=_MOST, value=8)
        self.count.setKeyboardTracking(False)
        self.count.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.count.setAccessibleName(self.how_many)
        self.count.setToolTip(self.tip)
        super().__init__(findings, layer, self.count, "measuring…")
        self.count.valueChanged.connect(self.ask)

    def show_count(self, count: int) -> None:
        """Show how many; tells nobody."""
        blocked = self.count.blockSignals(True)
        self.count.setValue(count)
        self.count.blockSignals(blocked)

    def _order(self) -> None:
        self._findings.measure(self._layer())

    def _is_under_way(self) -> bool:
        return self._findings.measuring == self._layer()

    def _channels(self) -> ChannelList | None:
        return self._findings.strongest(self._layer(), self.count.value())


class StrongestByNorm(StrongestChannels):
    """So many channels whose maps are strongest in the picture that runs when they are asked for."""

    tip = "The channels with the strongest maps in the picture that runs now"
    how_many = "How many of the channels with the strongest maps"

    def __init__(self, findings: Findings, layer: Callable[[], str]) -> None:
        super().__init__(findings, layer)
        self._old: object = None  # of an earlier picture

    def ask(self) -> None:
        """See `_Found.ask`: each time of the picture of then."""
        self._old = self._findings.norms(self._layer())
        super().ask()

    def _order(self) -> None:
        self._findings.measure_norms(self._layer())

    def _is_under_way(self) -> bool:
        return self._findings.measuring_norms == self._layer()

    def _channels(self) -> ChannelList | None:
        if self._findings.norms(self._layer()) is self._old:
            return None
        return self._findings.strongest_by_norm(self._layer(), self.count.value())


class ClusterChannels(_Found):
    """One of the clusters that the preset keeps, or of those that were found; the last choice finds them anew.

    Beside it is how many are looked for, or *auto* for as many as are told apart best; another number finds them anew.
    """

    def __init__(self, findings: Findings, layer: Callable[[], str]) -> None:
        self.count = QSpinBox(minimum=_PROPOSED, maximum=_MOST_CLUSTERS, value=_PROPOSED)
        self.count.setSpecialValueText("auto")
        self.count.setKeyboardTracking(False)
        self.count.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.count.setAccessibleName("How many clusters")
        self.count.setToolTip("How many clusters are looked for: 2 or more, or auto for as many as are told apart best")
        self.list = QComboBox()
        self.list.setAccessibleName("Cluster")
        self.list.setToolTip("Channels whose maps look alike: kept with the preset, or found by the frames")
        self.list.setIconSize(QSize(_ICON, _ICON))
        both = QWidget()
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        row.addWidget(self.list, 1)
        row.addWidget(self.count)
        super().__init__(findings, layer, both, "looking…")
        self._known: tuple[Cluster, ...] = ()  # as they are listed
        self._shown: object = None
        self._old: object = None  # what has been found while others are looked for
        self.list.activated.connect(self._choose)
        self.count.valueChanged.connect(self._find_anew)

    def ask(self) -> None:
        """See `_Found.ask`."""
        self.refresh()
        super().ask()

    def take(self) -> bool:
        """See `_Found.take`."""
        self.refresh()
        return super().take()

    def refresh(self) -> None:
        """Show the clusters that are known."""
        layer = self._layer()
        kept, found = self._findings.kept(layer), self._findings.clusters(layer)
        self.list.setVisible(bool(kept or found))
        if (kept, found) == self._shown:
            return
        self._shown, self._known = (kept, found), (*kept, *found)
        self.list.clear()
        for cluster in kept:
            self.list.addItem(icon("tag"), f"{cluster.name} ({len(cluster.channels)})")
        for cluster, picture in zip(found, self._findings.pictures(layer), strict=True):
            self.list.addItem(_icon(picture), f"{cluster.name} ({len(cluster.channels)})")
        if self._known:
            self.list.addItem("Find anew" if found else "Find…")
            narrow(self.list, 6)

    def show_channels(self, channels: ChannelList) -> bool:
        """Show the cluster that these are; False where they are none of those known. Tells nobody."""
        self.refresh()
        known = [cluster.as_channels for cluster in self._known]
        if channels not in known:
            return False
        self.list.setCurrentIndex(known.index(channels))
        return True

    def _choose(self, row: int) -> None:
        if row < len(self._known):
            self.ask()
            return
        self._find_anew()

    def _find_anew(self) -> None:
        self._old = self._findings.clusters(self._layer())
        # Of those that are found the largest is chosen, where one is shown already.
        self.list.setCurrentIndex(len(self._findings.kept(self._layer())))
        self.ask()

    def _order(self) -> None:
        self._findings.find_clusters(self._layer(), self._asked)

    @property
    def _asked(self) -> int | None:
        return self.count.value() if self.count.value() > _PROPOSED else None

    def _is_under_way(self) -> bool:
        return self._findings.looking == self._layer()

    def forget(self) -> None:
        """See `_Found.forget`."""
        self._old = None
        super().forget()

    def _channels(self) -> ChannelList | None:
        found = self._findings.clusters(self._layer())
        # What is found meanwhile may still be what was asked for before.
        others = self._findings.clusters_asked(self._layer()) != self._asked
        waits = self._old is not None and (found is self._old or others)
        if not self._known or waits:
            return None
        row = self.list.currentIndex()
        if self._old is not None:
            row = len(self._findings.kept(self._layer()))
        self._old = None
        return self._known[min(max(0, row), len(self._known) - 1)].as_channels


def _icon(picture: Picture) -> QIcon:
    return QIcon(QPixmap.fromImage(image_of(picture)))
