"""The filter sheet of the selected tensor as it is seen, drawn by the CPU: what is visible, and no more."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from studio.model.declared.size import Size
from studio.model.documents.document import Document
from studio.model.filters.edit import Selection
from studio.model.networks.shape import Array
from studio.model.views.workspace import Workspace
from studio.ui.filters import sheet_painter
from studio.ui.filters.arrangement import Arrangement, Box
from studio.ui.filters.depths import Depth, Depths
from studio.ui.filters.kept_sheet import KeptSheet
from studio.ui.filters.live_maps import LiveMaps
from studio.ui.filters.rulers import LEFT, TOP, Rulers
from studio.ui.filters.sheet_scene import SheetScene
from studio.ui.filters.sheet_tools import SheetTools
from studio.ui.kit import theme
from studio.ui.services.effects import Effects
from studio.ui.viewport.camera import Camera
from studio.ui.viewport.sights import Sight, Sights

_ZOOM_STEP = 1.2
_GLOW_EVERY = 40
_BESIDE = 3
"""Logical pixels by which lines and marks lie beside their cells at most."""


class SheetView(QWidget):
    """Shows the workspace's tensor as a sheet, on cards, or as single weights.

    Where the sheet is folded to the panel's shape or lies on cards, places are those of the tensor's own sheet all the
    same. ``zoomed`` comes when another depth may be looked at.

    Args:
        document: whose tensors they are.
        workspace: says which is selected.
        tools: what is held over the sheet.
        effects: how much rows and columns change the picture; None where nothing measures.
        maps: the live maps of channels; None where nothing runs.
    """

    zoomed = Signal()

    def __init__(
        self,
        document: Document,
        workspace: Workspace,
        tools: SheetTools,
        effects: Effects | None = None,
        maps: LiveMaps | None = None,
    ) -> None:
        super().__init__()
        # What is under the mouse stays there when kernels at the edge go to cards.
        self.camera = Camera(slack=0.45)
        self._sights: dict[str, Sights] = {}
        self._workspace = workspace
        self._tools = tools
        self._scene = SheetScene(document, workspace, self._room, self._changed, effects, maps)
        self.depths = Depths(self.camera, self._scene, self.devicePixelRatioF)
        self._rulers, self._kept = Rulers(), KeptSheet()
        self._fading = QTimer(self, interval=_GLOW_EVERY)
        self._fading.timeout.connect(self._fade)

    def sizeHint(self) -> QSize:  # noqa: N802
        """See `QWidget.sizeHint`."""
        return QSize(320, 280)

    @property
    def tensor(self) -> Array | None:
        """What is shown; None where the layer has no tensor."""
        return self._scene.tensor

    @property
    def arrangement(self) -> Arrangement | None:
        """Where its kernels lie; None where there is none."""
        return self._scene.arrangement

    def go_back(self) -> None:
        """Show what was seen of this tensor before the last move."""
        self._see(self.sights.back(self._sight))

    def go_forth(self) -> None:
        """Show what was seen of it before one went back."""
        self._see(self.sights.forth(self._sight))

    @property
    def sights(self) -> Sights:
        """What was seen of the present tensor before."""
        return self._sights.setdefault(self._workspace.tensor or "", Sights())

    @property
    def _sight(self) -> Sight:
        return replace(self.camera.sight, on_cards=self._scene.on_cards)

    def _note(self) -> None:
        """Something else is about to be looked at."""
        self.sights.note(self._sight)

    def _see(self, sight: Sight | None) -> None:
        if sight is None or self._tools.is_held:
            return
        if not sight.zoom and not sight.on_cards:
            self.camera.fitted = True
            self._scene.arrange()
        else:
            self._scene.lie(on_cards=sight.on_cards)
            if (arrangement := self.arrangement) is not None:
                self.camera.see(arrangement.size, self.camera.view)
            self.camera.take(sight)
        self.zoomed.emit()
        self._renew()

    def fit(self) -> None:
        """Show the whole sheet, folded to the panel's shape."""
        self._note()
        self.camera.fitted = True
        self._scene.arrange()

    def one_to_one(self) -> None:
        """A pixel for each weight."""
        self._note()
        self.zoom(1.0 / self.camera.zoom)
        self.camera.one_to_one()
        self._renew()

    def zoom_in(self) -> None:
        """Zoom in by a step, at the middle."""
        self.zoom(_ZOOM_STEP)

    def zoom_out(self) -> None:
        """Zoom out by a step, at the middle."""
        self.zoom(1 / _ZOOM_STEP)

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom at a place of the widget, or at the middle."""
        self._note()
        scale = self.devicePixelRatioF()
        x, y = self.camera.middle
        if at is not None:
            x, y = (at.x() - LEFT) * scale, (at.y() - TOP) * scale
        if self._tools.is_held:
            # A stroke goes on where it lies.
            self.camera.zoom_at(factor, x, y)
        else:
            self.depths.zoom(factor, x, y)
        self.zoomed.emit()
        self._renew()

    def show_depth(self, depth: Depth) -> None:
        """Show the whole sheet, a card for each filter, or single weights: of what is selected, where not all is."""
        self._tools.cancel()
        self._note()
        selection = self._workspace.selection
        chosen = None
        if selection is not None and not selection.mask.all():
            chosen = int(selection.mask.any(axis=1).argmax()), int(selection.mask.any(axis=0).argmax())
        if depth == "overview":
            self.fit()
        else:
            self.depths.show(depth, chosen)
        self.zoomed.emit()
        self._renew()

    def place(self, at: QPointF) -> tuple[float, float]:
        """Row and column of the tensor's sheet, in weights, at a place of the widget."""
        return self.depths.place(at)

    def at(self, y: float, x: float) -> QPointF:
        """The inverse of `place`."""
        return self.depths.at(y, x)

    def _draw_hand(self, painter: QPainter, scale: float) -> None:
        """Draw what is held, in pixels of the screen from the view's corner."""

    # -- what changes ---------------------------------------------------------------------------------------------

    def _renew(self) -> None:
        """All of it is to be drawn anew."""
        self._kept.spoil()
        self.update()

    def _area(self, within: Box) -> QRect:
        """What these cells cover of the widget, with all that is drawn for them."""
        arrangement, scale = self.arrangement, self.devicePixelRatioF()
        assert arrangement is not None, "there are cells"
        # Where pixels are averaged, those of the next cells are part of it.
        rows, columns = slice(within[0] - 1, within[1] + 1), slice(within[2] - 1, within[3] + 1)
        box = sheet_painter.target_of(self.camera, arrangement, rows, columns)
        where = QRectF(box.x() / scale + LEFT, box.y() / scale + TOP, box.width() / scale, box.height() / scale)
        # All of that is drawn within the rulers.
        room = self.rect().adjusted(LEFT, TOP, 0, 0)
        return where.toAlignedRect().adjusted(-_BESIDE, -_BESIDE, _BESIDE, _BESIDE) & room

    def _changed(self, *, is_other: bool = False, within: Box | None = None) -> None:
        """The scene has changed; where it is another sheet, it is shown whole."""
        arrangement = self.arrangement
        if arrangement is not None:
            if is_other:
                self.camera.fitted = True
            self.camera.see(arrangement.size, self._view())
            if is_other:
                # Whoever looks at filters does so at those of the next layer.
                if self._scene.on_cards:
                    self.depths.show("filters", None)
                self.zoomed.emit()
        if self._scene.glow.lasts and not self._fading.isActive():
            self._fading.start()
        if within is None or is_other or arrangement is None:
            self._renew()
        else:
            area = self._area(within)
            self._kept.spoil(area)
            self.update(area)

    def _fade(self) -> None:
        if not self._scene.glow.lasts:
            self._fading.stop()
        if self.arrangement is not None:
            self.update(self._area(self._scene.glow.box))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """See `QWidget.changeEvent`: another font, or style."""
        super().changeEvent(event)
        self._renew()

    def _room(self) -> Size:
        return Size(max(1, self.height() - TOP), max(1, self.width() - LEFT))

    def _view(self) -> Size:
        scale = self.devicePixelRatioF()
        return Size(max(1, round((self.height() - TOP) * scale)), max(1, round((self.width() - LEFT) * scale)))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """See `QWidget.resizeEvent`: what is shown whole is folded anew."""
        super().resizeEvent(event)
        if self.camera.fitted and not self._tools.is_held:
            self._scene.arrange()
        self.camera.see(self.camera.content, self._view())
        if not self._tools.is_held:
            self.depths.fold_anew()

    # -- drawing --------------------------------------------------------------------------------------------------

    def make_ready(self) -> None:
        """Lay out and colour what will be seen, so that the first paint of the window has not to do that, too."""
        self._scene.make_ready(self.camera)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """See `QWidget.paintEvent`."""
        del event
        painter = QPainter(self)
        arrangement, selection = self.arrangement, self._workspace.selection
        if arrangement is None or selection is None:
            painter.fillRect(self.rect(), QColor(theme.GROUND))
            return
        # The scale may be another since the window moved to another screen.
        self.camera.see(self.camera.content, self._view())
        scale = self.devicePixelRatioF()
        follows = arrangement, selection, self.camera.zoom, self.camera.origin
        draw = partial(self._draw_sheet, arrangement, selection, scale)
        painter.drawPixmap(0, 0, self._kept.picture(self.size(), scale, follows, self.font(), draw))
        self._enter(painter, scale)
        self._scene.draw_touched(painter, self.camera)
        self._draw_hand(painter, scale)
        self._scene.see_maps(self.camera, scale)

    def _draw_sheet(self, arrangement: Arrangement, selection: Selection, scale: float, painter: QPainter) -> None:
        """Draw all but what comes and goes."""
        painter.fillRect(self.rect(), QColor(theme.GROUND))
        painter.save()
        self._enter(painter, scale)
        self._scene.draw(painter, self.camera, selection, scale)
        painter.restore()
        drawn = painter.clipBoundingRect() if painter.hasClipping() else QRectF(self.rect())
        reaches_rulers = drawn.left() < LEFT or drawn.top() < TOP
        if reaches_rulers:
            self._rulers.draw(painter, self.camera, arrangement, selection, self.size(), scale)
        if reaches_rulers or arrangement.blocks > 1:
            self._scene.draw_effects(painter, self.camera, self.size(), scale)

    def _enter(self, painter: QPainter, scale: float) -> None:
        """Go on in pixels of the screen, within the rulers."""
        room = QRectF(LEFT, TOP, self.width() - LEFT, self.height() - TOP)
        painter.setClipRect(room, Qt.ClipOperation.IntersectClip)
        painter.translate(LEFT, TOP)
        painter.scale(1 / scale, 1 / scale)
