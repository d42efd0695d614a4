"""Presets tried on what is playing: the one under the mouse live, and all of them once on demand."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, QTimer
from PySide6.QtGui import QImage, QPainter

from studio.io.opening import find_and_open
from studio.model.networks.picture import Picture
from studio.model.networks.preset import Preset
from studio.runtime.live.proofs import SIDE, Make, Proofs
from studio.ui.kit.images import image_of
from studio.ui.presets.preset_list import PresetList
from studio.ui.presets.preset_tiles import TILE, PresetTile
from studio.ui.viewport import overlay
from studio.ui.viewport.scene import Part
from studio.ui.viewport.widget import Viewport

_HOVER, _ALL = "hovered preset", "all presets"
LARGE = 224
"""Pixels of the longer side of what is shown in the large picture: several frames a second in a third of a core."""
_LINGER = 250
"""Milliseconds that the mouse stays on a tile before its preset is tried."""

_LONGEST = 4000
"""Milliseconds after its first picture at which the tile stands still again: a mouse left lying costs nothing."""


class Trying(QObject):
    """Has presets run small on the running source, and their pictures shown in their tiles.

    The one under the mouse is shown in the large picture, too, where that is wanted. It lies over the viewport's
    picture alone: what runs, is recorded or sent out goes on.

    Args:
        tiles: where they are shown.
        proofs: runs them.
        viewport: has the large picture; None where there is none.
    """

    def __init__(self, tiles: PresetList, proofs: Proofs, viewport: Viewport | None = None) -> None:
        super().__init__(tiles)
        self._viewport = viewport
        self._is_large = viewport is not None
        self.large: QImage | None = None
        self._title = ""
        if viewport is not None:
            viewport.over.append(self.draw)
        self._tiles, self._proofs = tiles, proofs
        self._wanted: Path | None = None
        self._own: dict[Path, QImage] = {}
        self._is_own = False
        self._linger = QTimer(self, interval=_LINGER, singleShot=True)
        self._linger.timeout.connect(self._begin)
        self._end = QTimer(self, interval=_LONGEST, singleShot=True)
        self._end.timeout.connect(self._stop)
        tiles.setMouseTracking(True)
        tiles.entered.connect(self._enter)
        tiles.viewportEntered.connect(self._leave)
        tiles.viewport().installEventFilter(self)
        tiles.tiles_changed.connect(self._renew)

    def show_large(self, wanted: bool) -> None:
        """Show the preset under the mouse in the large picture as well, or in its tile alone."""
        self._leave()
        self._is_large = wanted and self._viewport is not None

    def draw(self, painter: QPainter, parts: Sequence[Part], ratio: float) -> None:
        """Paint what is tried in the place of the network's picture, and its name."""
        if self.large is not None:
            overlay.instead(painter, parts, self.large, ratio)
            overlay.upper_label(painter, f"{self._title} · tried on what is playing; a click opens it")

    def show_own(self, own: bool) -> None:
        """Show every preset on the person's own source, once each, or as it was saved."""
        self._is_own = own
        self._own.clear()
        self._tiles.delegate.pictures = {}
        self._proofs.show(_ALL, {})
        self._tiles.viewport().update()
        if own:
            self._renew()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """The mouse has left, or the deck is seen no more."""
        del watched
        if event.type() in (QEvent.Type.Leave, QEvent.Type.Hide):
            self._leave()
        return False

    # -- one, live --------------------------------------------------------------------------------------------------

    def _enter(self, index: QModelIndex) -> None:
        tile: PresetTile = index.data(TILE)
        if tile.card.path != self._wanted:
            self._leave()
            # What is open plays there already, and better.
            if not tile.card.problem and tile.card.path != self._tiles.delegate.open_path:
                self._wanted, self._title = tile.card.path, tile.card.title
                self._linger.start()

    def _leave(self) -> None:
        self._linger.stop()
        self._wanted = None
        self._stop()

    def _begin(self) -> None:
        path = self._wanted
        if path is not None:
            side = LARGE if self._is_large else SIDE
            wanted: dict[Hashable, Make] = {path: partial(_preset, path)}
            self._proofs.show(_HOVER, wanted, self._take, lambda *_: self._stop(), side=side)

    def _stop(self) -> None:
        self._end.stop()
        self._proofs.show(_HOVER, {})
        self._enlarge(None)
        self._tiles.delegate.pictures = dict(self._own)
        self._tiles.viewport().update()

    def _take(self, key: Hashable, picture: Picture) -> None:
        if isinstance(key, Path):
            if not self._end.isActive():
                self._end.start()
            image = image_of(picture)
            small = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            self._tiles.delegate.pictures[key] = image.scaled(SIDE, SIDE, *small) if self._is_large else image
            self._tiles.viewport().update()
            self._enlarge(image if self._is_large else None)

    def _enlarge(self, image: QImage | None) -> None:
        if self._viewport is not None and (image is not None or self.large is not None):
            self.large = image
            self._viewport.refresh()

    # -- all, once --------------------------------------------------------------------------------------------------

    def _renew(self) -> None:
        """Try those that have not been tried, the visible ones first."""
        if not self._is_own:
            return
        seen = self._tiles.viewport().rect()
        paths: list[tuple[bool, Path]] = []
        for row, tile in enumerate(self._tiles.tiles):
            if not tile.card.problem and tile.card.path not in self._own:
                place = self._tiles.visualRect(self._tiles.model().index(row, 0))
                paths.append((not place.intersects(seen), tile.card.path))
        wanted: dict[Hashable, Make] = {
            path: partial(_preset, path) for _, path in sorted(paths, key=lambda each: each[0])
        }
        self._proofs.show(_ALL, wanted, self._take_own, lasts=False)

    def _take_own(self, key: Hashable, picture: Picture) -> None:
        if isinstance(key, Path):
            self._own[key] = self._tiles.delegate.pictures[key] = image_of(picture)
            self._tiles.viewport().update()


def _preset(path: Path) -> Preset:
    return find_and_open(str(path))[0]
