"""What there is to see of the selected tensor: laid out, in colours, with what was touched; kept up to date."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter

from studio.model.bends.clusters import CLUSTERS, of_layer
from studio.model.declared.size import Size
from studio.model.documents.document import Document
from studio.model.filters.edit import Selection
from studio.model.filters.learning_sheets import LEARNING_SHEETS, LearningSheetsChanged
from studio.model.networks.changes import Change, NetworkChanged, WeightsChanged
from studio.model.networks.layout import Rect, kernel_grid
from studio.model.networks.section import SectionChanged
from studio.model.networks.shape import Array
from studio.model.views.workspace import Workspace
from studio.runtime.editing.varying import filters_of
from studio.ui.filters import sheet_painter
from studio.ui.filters.arrangement import Arrangement, Box, arranged
from studio.ui.filters.card_painter import CardPainter, map_box
from studio.ui.filters.cards import Cards, carded, marked
from studio.ui.filters.effect_bars import EffectBars
from studio.ui.filters.glow import Glow
from studio.ui.filters.laid_sheet import LaidSheet
from studio.ui.filters.live_maps import LiveMaps
from studio.ui.filters.ordering import row_order
from studio.ui.filters.sheet_veil import draw_veils
from studio.ui.services.effects import Effects, shares
from studio.ui.viewport.camera import Camera

_MANY = 1 << 21
"""Weights of a sheet that is made ready in one paint and drawn in the next."""


Seen = tuple[slice, slice]
"""Rows and columns of cells."""


class Changed(Protocol):
    """Told of every change."""

    def __call__(self, *, is_other: bool = False, within: Box | None = None) -> None:
        """Something is to be drawn anew.

        Args:
            is_other: where it is another sheet, or lies otherwise.
            within: the cells that all of it lies in; None where it may be anywhere.
        """


class SheetScene:
    """The selected tensor as it is drawn.

    Args:
        document: whose tensors they are.
        workspace: says which is selected, in which colours and order it is shown.
        view: width and height that there is room for, in logical pixels.
        changed: told of every change.
        effects: how much rows and columns change the picture; None where nothing measures.
        maps: the live maps of channels; None where nothing runs.

    Attributes:
        on_cards: whether the kernels are to lie on cards, a card for each output channel.
    """

    def __init__(
        self,
        document: Document,
        workspace: Workspace,
        view: Callable[[], Size],
        changed: Changed,
        effects: Effects | None = None,
        maps: LiveMaps | None = None,
    ) -> None:
        self.glow = Glow()
        self.on_cards = False
        self.arrangement: Arrangement | None = None
        self._document = document
        self._workspace = workspace
        self._view = view
        self._changed = changed
        self._effects = effects
        self._maps = maps
        self._ordered: Array | None = None  # the effects by which rows are ordered
        self._outline = sheet_painter.Outline()
        self._sheet: LaidSheet | None = None
        self._is_marked = True
        document.changed.connect(self._follow)
        workspace.changed.connect(self._listen)
        if effects is not None:
            effects.follow(self._measured)
        if maps is not None:
            maps.follow(self._mapped)
        self._lay_out()

    @property
    def tensor(self) -> Array | None:
        """The selected tensor; None where the layer has none."""
        name = self._workspace.tensor
        return None if name is None else self._document.tensor(name)

    @property
    def kernels(self) -> Array | None:
        """It as (rows, columns, kh, kw)."""
        tensor = self.tensor
        return None if tensor is None else tensor.reshape(kernel_grid(tensor.shape))

    def arrange(self) -> None:
        """Fold it to the room that there is now."""
        before = self.arrangement
        if before is not None:
            self.on_cards = False
            after = self._arranged(before.grid)
            if (after.blocks, after.across) != (before.blocks, before.across):
                self._show(after)
        self._changed(is_other=before is not None)

    def lie(self, *, on_cards: bool) -> None:
        """Lay the kernels on cards, or as the sheet has them; there stays what makes no channels."""
        arrangement = self.arrangement
        if arrangement is None or (on_cards and self._channels is None):
            return
        self.on_cards = on_cards
        after = self._arranged(arrangement.grid)
        lines = [each.line if isinstance(each, Cards) else 0 for each in (arrangement, after)]
        if lines[0] != lines[1]:
            self._show(after)

    def see_maps(self, camera: Camera, scale: float) -> None:
        """Have the maps told that a camera sees now; the scale is pixels of the screen in a logical one."""
        cards = self.arrangement
        if self._maps is None:
            return
        if not isinstance(cards, Cards):
            self._maps.want("")
            return
        seen = tuple(int(cards.channels[card]) for card in cards.seen(*sheet_painter.seen_cells(camera, cards)))
        box = map_box(camera, cards, 0)
        self._maps.want(self._workspace.layer, seen, max(box.width(), box.height()) / scale)

    def want_no_maps(self) -> None:
        """Nobody sees them any more."""
        if self._maps is not None:
            self._maps.want("")

    def make_ready(self, camera: Camera) -> Seen | None:
        """Lay out and colour what a camera sees, as far as one turn of the event loop allows.

        Returns:
            The rows and columns of cells that may be drawn now; None where there are none, or in the next turn.
        """
        arrangement, kernels = self.arrangement, self.kernels
        if arrangement is None or kernels is None:
            return None
        if self._sheet is None:
            trained = self._document.original(self._workspace.tensor or "").reshape(kernels.shape)
            colours, scaling = self._workspace.colours, self._workspace.kernel_scaling
            self._sheet = LaidSheet(kernels, trained, arrangement, colours, scaling)
            if kernels.size > _MANY:
                # One turn of the event loop for this, the next for the first colours.
                self._changed()
                return None
        rows, columns = sheet_painter.seen_cells(camera, arrangement)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return None
        if not self._sheet.refresh(kernels, rows, columns):
            # The rest has its colours with the next paint.
            self._changed()
        return rows, columns

    def draw(self, painter: QPainter, camera: Camera, selection: Selection, scale: float) -> None:
        """Draw what a camera sees, in pixels of the screen, as it lies there: what was touched is another's."""
        arrangement, kernels, seen = self.arrangement, self.kernels, self.make_ready(camera)
        if arrangement is None or kernels is None or self._sheet is None or seen is None:
            return
        rows, columns = seen
        sheet_painter.draw_sheet(painter, camera, self._sheet, kernels, scale)
        target = sheet_painter.target_of(camera, arrangement, rows, columns)
        if isinstance(arrangement, Cards):
            self._draw_cards(painter, camera, arrangement, selection, seen, scale)
        sheets, name = self._document.section(LEARNING_SHEETS), self._workspace.tensor or ""
        draw_veils(painter, target, arrangement, sheets, name, self._workspace.paints, seen)
        bent = arrangement.lay_mask(self._sheet.bent, seen)
        sheet_painter.draw_changed(painter, target, bent, scale)
        if (is_marked := int(np.count_nonzero(bent)) <= sheet_painter.MOST_EDGES) != self._is_marked:
            # One kernel more or less, and all marks go or come, also where nothing else has changed.
            self._is_marked = is_marked
            self._changed()
        if not selection.mask.all():
            selected = arrangement.lay_mask(selection.mask, seen)
            blank = arrangement.blank[rows, columns]
            sheet_painter.draw_selection(painter, target, selected, blank, self._outline, scale)

    def draw_touched(self, painter: QPainter, camera: Camera) -> None:
        """Draw what was touched lately over what has been drawn."""
        if self.arrangement is not None and self._sheet is not None and self.glow.lasts:
            rows, columns = sheet_painter.seen_cells(camera, self.arrangement)
            if rows.start < rows.stop and columns.start < columns.stop:
                target = sheet_painter.target_of(camera, self.arrangement, rows, columns)
                self.glow.draw(painter, target, rows, columns)

    def draw_effects(self, painter: QPainter, camera: Camera, size: QSize, scale: float) -> None:
        """Draw the bars along the sheet, in logical pixels of the whole canvas."""
        name = self._workspace.tensor
        bare = self.arrangement is None or isinstance(self.arrangement, Cards)
        if self._effects is not None and self.arrangement is not None and not bare and name is not None:
            bars = EffectBars(painter, camera, self.arrangement, size, scale)
            bars.draw(self._effects.rows(name), self._effects.columns(name))

    # -- within ---------------------------------------------------------------------------------------------------

    @property
    def _channels(self) -> tuple[int, bool] | None:
        """How many channels the tensor's filters make, and whether they are its columns; None where it is no filter."""
        workspace, tensor, graph = self._workspace, self.tensor, self._document.graph
        if workspace.layer not in graph or workspace.key != "weight" or tensor is None or tensor.ndim not in (2, 4):
            return None
        across = type(graph.node(workspace.layer).op).__name__.startswith("ConvTranspose")
        return tensor.shape[1 if across else 0], across

    def _arranged(self, grid: tuple[int, int, int, int]) -> Arrangement:
        kernels, channels = self.kernels, self._channels
        if not self.on_cards or kernels is None or channels is None:
            return arranged(grid, self._view(), self._order)
        count, across = channels
        order = self._order
        if across:
            # Cards are columns here; the order of rows is that of the kernels on each.
            effects = (
                None if self._ordered is None or self._effects is None else self._effects.of(self._workspace.layer)
            )
            effects = None if effects is None or len(effects) != count or np.isnan(effects).any() else effects
            order = row_order(kernels.transpose(1, 0, 2, 3), self._workspace.row_order, effects)
        order = np.arange(count) if order is None else order
        inner = self._order if across and self._order is not None else np.arange(grid[0 if across else 1])
        return carded(grid, self._view(), order, inner, across)

    def _draw_cards(
        self,
        painter: QPainter,
        camera: Camera,
        cards: Cards,
        selection: Selection,
        seen: Seen,
        scale: float,
    ) -> None:
        layer, maps = self._workspace.layer, self._maps
        effects = None if self._effects is None else self._effects.of(layer)
        names: dict[int, str] = {}
        for cluster in of_layer(self._document.section(CLUSTERS), layer):
            names |= dict.fromkeys(cluster.channels, cluster.name)
        CardPainter(painter, camera, cards, scale, self._workspace.colours).draw(
            seen,
            (lambda _: None) if maps is None else (lambda channel: maps.map_of(layer, channel)),
            None if effects is None else shares(effects),
            None if selection.mask.all() else marked(cards, selection.mask),
            names,
        )

    def _mapped(self) -> None:
        if isinstance(self.arrangement, Cards):
            self._changed()

    def _lay_out(self) -> None:
        """Another tensor, or another order of its rows."""
        kernels = self.kernels
        if kernels is None:
            self.arrangement = self._sheet = None
            return
        self._ordered = self._known_effects()
        self._order = row_order(kernels, self._workspace.row_order, self._ordered)
        grid = kernel_grid(kernels.shape)
        self.on_cards = self.on_cards and self._channels is not None
        self._show(self._arranged(grid))

    def _known_effects(self) -> Array | None:
        """Of all rows, where they are to be ordered by it; what is not known is asked for."""
        name = self._workspace.tensor
        if self._effects is None or name is None or self._workspace.row_order != "effect":
            return None
        found = self._effects.whole_rows(name)
        if found is None:
            self._effects.ask(name)
        return found

    def _measured(self) -> None:
        """More effects are known. Rows that lie in their order stay, though they are measured anew, under the hand."""
        name = self._workspace.tensor
        if self._effects is None or name is None:
            return
        waits = self._workspace.row_order == "effect" and self._ordered is None
        if waits and self._effects.whole_rows(name) is not None:
            self._lay_out()
            self._changed(is_other=True)
        else:
            self._changed()

    def _show(self, arrangement: Arrangement) -> None:
        self.arrangement, self._sheet = arrangement, None
        self.glow.forget(arrangement.cells)

    def _follow(self, change: Change) -> None:
        if isinstance(change, WeightsChanged) and change.tensor == self._workspace.tensor:
            self._touched(change.rect)
        elif isinstance(change, NetworkChanged):
            self._lay_out()
            self._changed(is_other=True)
        elif isinstance(change, LearningSheetsChanged) or (
            isinstance(change, SectionChanged) and change.section == CLUSTERS.name
        ):
            self._changed()

    def _touched(self, rect: Rect) -> None:
        kernels, arrangement = self.kernels, self.arrangement
        if kernels is None or arrangement is None:
            return
        if self._sheet is not None:
            self._sheet.changed(kernels, rect)
        rows, columns, kh, kw = kernels.shape
        if (rect.height, rect.width) != (rows * kh, columns * kw):
            # Where all has changed, as it does while the network learns, a glow would only hide it.
            self.glow.touch(arrangement, rect)
        self._changed(within=arrangement.around(rect))

    def _listen(self, field: str) -> None:
        if field in ("layer", "key", "row_order"):
            self._lay_out()
            self._changed(is_other=True)
        elif field in ("colours", "kernel_scaling"):
            self._sheet = None
            self._changed()
        elif field == "found":
            self._light_up()
        elif field == "paints":
            self._changed()

    def _light_up(self) -> None:
        """What was found for a place of the picture glows."""
        layer, channels = self._workspace.found
        arrangement, kernels = self.arrangement, self.kernels
        if arrangement is None or kernels is None or self._workspace.tensor != f"{layer}.weight":
            return
        self.glow.touch_cells(arrangement.lay_mask(filters_of(self._document.graph, layer, channels)))
        if self.glow.lasts:
            self._changed(within=self.glow.box)
