"""Presets tried on what is playing: the one under the mouse live, and all of them once on demand."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QModelIndex, QObject, QTimer
from PySide6.QtGui import QImage

from studio.io.opening import find_and_open
from studio.model.picture import Picture
from studio.model.preset import Preset
from studio.runtime.live.proofs import Make, Proofs
from studio.ui.presets.preset_list import PresetList
from studio.ui.presets.preset_tiles import TILE, Tile

_HOVER, _ALL = "hovered preset", "all presets"
_LINGER = 250
"""Milliseconds that the mouse stays on a tile before its preset is tried."""

_LONGEST = 4000
"""Milliseconds after which the tile stands still again, so that a mouse left lying costs nothing."""


class Trying(QObject):
    """Has presets run small on the running source, and their pictures shown in their tiles.

    Args:
        tiles: where they are shown.
        proofs: runs them.
    """

    def __init__(self, tiles: PresetList, proofs: Proofs) -> None:
        super().__init__(tiles)
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
        tile: Tile = index.data(TILE)
        if tile.card.path != self._wanted:
            self._leave()
            if not tile.card.problem:
                self._wanted = tile.card.path
                self._linger.start()

    def _leave(self) -> None:
        self._linger.stop()
        self._wanted = None
        self._stop()

    def _begin(self) -> None:
        path = self._wanted
        if path is not None:
            self._end.start()
            self._proofs.show(_HOVER, {path: partial(_preset, path)}, self._take)

    def _stop(self) -> None:
        self._end.stop()
        self._proofs.show(_HOVER, {})
        self._tiles.delegate.pictures = dict(self._own)
        self._tiles.viewport().update()

    def _take(self, key: Hashable, picture: Picture) -> None:
        if isinstance(key, Path):
            self._tiles.delegate.pictures[key] = _image(picture)
            self._tiles.viewport().update()

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
            self._own[key] = self._tiles.delegate.pictures[key] = _image(picture)
            self._tiles.viewport().update()


def _preset(path: Path) -> Preset:
    return find_and_open(str(path))[0]


def _image(picture: Picture) -> QImage:
    height, width = picture.shape[:2]
    return QImage(picture.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
