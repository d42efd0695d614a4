"""The palette: a grid of pictures of what each bend does to the open network, to choose one from."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QObject, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QListView, QListWidgetItem, QWidget

from studio.bends import registry
from studio.model.documents.document import Document
from studio.model.networks.changes import Change, HistoryChanged, NetworkChanged
from studio.model.networks.picture import DeepPicture, Picture
from studio.runtime.bending.palette import SIDE, Asked, PaletteMaker
from studio.ui.bends.adding import bend_groups, first_line
from studio.ui.kit import theme
from studio.ui.kit.chooser import CHOICE, Chooser
from studio.ui.kit.images import image_of
from studio.ui.services.posting import Post

_FILM = 6
"""Pictures in a row that bends which remember are shown on."""

_CELL = QSize(SIDE + 22, SIDE + 34)


class Pictures(QObject):
    """Pictures of bends by layer, kept until the network is another; made anew after edits, when they are asked for.

    Args:
        document: the open network.
        newest: gives what plays now; None while nothing does.
        parent: what it ends with.
    """

    made = Signal(str, str, object)
    """A picture has been made: layer, bend, (H, W, 3) uint8 RGB."""

    def __init__(self, document: Document, newest: Callable[[], DeepPicture | None], parent: QObject) -> None:
        super().__init__(parent)
        self._document, self._newest = document, newest
        self._known: dict[str, dict[str, Picture]] = {}
        self._fresh: set[str] = set()  # the layers of which no edit has been made since
        self._film: list[DeepPicture] = []
        self._maker: PaletteMaker | None = None
        self._post = Post(self)
        self.made.connect(self._take)
        document.changed.connect(self._follow)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.stop)

    def of(self, layer: str) -> dict[str, Picture]:
        """By bend, what is known of a layer."""
        return self._known.get(layer, {})

    def look(self) -> None:
        """Remember what plays now, for bends that remember: called now and then."""
        picture = self._newest()
        if picture is not None and (not self._film or self._film[-1] is not picture):
            self._film = [*self._film, picture][-_FILM:]

    def want(self, layer: str) -> None:
        """Have the pictures of a layer made, where they are not; those of another are made no more."""
        self.look()
        if layer not in self._document.graph or not self._film:
            return
        if layer in self._fresh and (self._maker is not None or len(self.of(layer)) == len(registry())):
            return
        self.stop()
        self._fresh.add(layer)
        document = self._document
        network = document.network.with_tensors(document.bent())
        working = tuple(stage for stage in document.stages if stage.on)
        asked = Asked(network, layer, working, tuple(self._film), document.bypassed)
        kinds = [kind for some in bend_groups().values() for kind in some]

        def took(name: str, picture: Picture) -> None:
            self._post(lambda: self.made.emit(layer, name, picture))

        self._maker = PaletteMaker(asked, took, kinds)

    def stop(self) -> None:
        """Make no more."""
        maker, self._maker = self._maker, None
        if maker is not None:
            maker.stop()
            self._fresh.clear()

    def _take(self, layer: str, name: str, picture: Picture) -> None:
        self._known.setdefault(layer, {})[name] = picture

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged):
            self.stop()
            self._known.clear()
            self._film.clear()
        if isinstance(change, HistoryChanged | NetworkChanged):
            self._fresh.clear()


class BendPalette(Chooser):
    """Chooses a bend by its picture; ``chosen`` brings its class.

    Args:
        parent: what it opens over.
        pictures: of every bend.
    """

    def __init__(self, parent: QWidget, pictures: Pictures) -> None:
        super().__init__(parent, "Find bend", "Bends as pictures", 4 * _CELL.width() + 40)
        self._pictures = pictures
        self._layer = ""
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setIconSize(QSize(SIDE, SIDE))
        self.list.setGridSize(_CELL)
        self.list.setWordWrap(True)
        self.wanted.setHeight(560)
        self._blank = QIcon(_ground())
        self.items: dict[str, QListWidgetItem] = {}
        for kinds in bend_groups().values():
            for kind in kinds:
                item = self.items[kind.__name__] = QListWidgetItem(self._blank, kind.label)
                item.setToolTip(first_line(kind))
                item.setData(CHOICE, kind)
                item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
                self.list.addItem(item)
        pictures.made.connect(self._show)

    def show_layer(self, layer: str) -> None:
        """Show what bends do behind a layer; what is not known yet comes as it is made."""
        self._layer = layer
        known = self._pictures.of(layer)
        for name, item in self.items.items():
            item.setIcon(_icon(known[name]) if name in known else self._blank)
        self._pictures.want(layer)

    def matches(self, item: QListWidgetItem, text: str) -> bool:
        """See `Chooser.matches`."""
        kind, wanted = item.data(CHOICE), text.strip()
        return wanted in kind.label.lower() or wanted in first_line(kind).lower()

    def _show(self, layer: str, name: str, picture: Picture) -> None:
        if layer == self._layer and name in self.items:
            self.items[name].setIcon(_icon(picture))


def _ground() -> QPixmap:
    ground = QPixmap(SIDE, SIDE)
    ground.fill(theme.RAISED)
    return ground


def _icon(picture: Picture) -> QIcon:
    """A picture in the middle of as large a square as every other has: the name below it stays where it is.

    That of a network of few pixels is enlarged, its pixels to be seen.
    """
    ground, image = _ground(), image_of(picture)
    shown = image.scaled(SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.FastTransformation)
    painter = QPainter(ground)
    painter.drawImage((SIDE - shown.width()) // 2, (SIDE - shown.height()) // 2, shown)
    painter.end()
    return QIcon(ground)
