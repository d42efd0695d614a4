"""Where kernels lie on cards, one card for each output channel: beside its live map, folded to a block.

The map is a square as high as the block; a blank cell parts the cards, which follow each other line by line::

    +------+---------+   +------+---------+
    | map  | k k k k |   | map  | k k k k |
    |      | k k k k |   |      | k k k k |
    +------+---------+   +------+---------+

A channel of a convolution is a row of its sheet, one of a transposed convolution a column.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from studio.model.declared.size import Size
from studio.model.filters.edit import Mask
from studio.ui.filters.arrangement import Arrangement, Grid, Numbers

_LEAST = 4
"""Rows of cells of a card, at least: a map of fewer could not be made out."""
READABLE = 14.0
"""Pixels of a kernel at which cards can be read: so large, a line of cards fits into the view."""
_WIDE = 2.0
"""How much wider than high the block of kernels is, about."""


@dataclass(frozen=True, eq=False)
class Cards(Arrangement):
    """Cells in cards; those that hold no kernel are blank.

    Attributes:
        channels: (cards,) the channel on each card.
        block: rows and columns of cells of a card's kernels.
        map_columns: columns of cells that its map takes.
        line: how many cards lie side by side.
    """

    channels: Numbers = field(default_factory=lambda: np.zeros(0, np.int32))
    block: tuple[int, int] = (1, 1)
    map_columns: int = 1
    line: int = 1

    @cached_property
    def is_plain(self) -> bool:
        """Never: kernels lie elsewhere than in the tensor."""
        return False

    @property
    def pitch(self) -> tuple[int, int]:
        """Rows and columns of cells from one card to the next."""
        return self.block[0] + 1, self.block[1] + self.map_columns + 1

    def card_at(self, y: float, x: float) -> int | None:
        """The number of the card at a place, in weights; None between cards."""
        cell = self.cell_at(y, x)
        if cell is None:
            return None
        (row, down), (column, right) = (divmod(at, pitch) for at, pitch in zip(cell, self.pitch, strict=True))
        number = row * self.line + column
        inside = down < self.block[0] and right < self.pitch[1] - 1 and column < self.line
        return number if inside and number < len(self.channels) else None

    def map_at(self, y: float, x: float) -> int | None:
        """The channel whose map is at a place, in weights; None beside the maps."""
        card, cell = self.card_at(y, x), self.cell_at(y, x)
        if card is None or cell is None or cell[1] % self.pitch[1] >= self.map_columns:
            return None
        return int(self.channels[card])

    def corner(self, card: int) -> tuple[int, int]:
        """Row and column of a card's first cell."""
        row, column = divmod(card, self.line)
        return row * self.pitch[0], column * self.pitch[1]

    def seen(self, rows: slice, columns: slice) -> Iterator[int]:
        """The cards that have some of these rows and columns of cells."""
        down, right = self.pitch
        for row in range(rows.start // down, -(-rows.stop // down)):
            for column in range(columns.start // right, min(-(-columns.stop // right), self.line)):
                card = row * self.line + column
                if card < len(self.channels):
                    yield card


def carded(grid: Grid, view: Size, order: NDArray[np.int64], kernels: NDArray[np.int64], across: bool) -> Cards:
    """Cards in lines that make the shape of a view, or that are as long as it is wide where they can be read.

    Args:
        grid: rows and columns of kernels, height and width of a kernel.
        view: that of the view, in logical pixels.
        order: the channels, as their cards follow each other.
        kernels: the kernels of a channel, as they follow each other on its card.
        across: whether a channel is a column of the sheet, and its kernels lie in the rows.
    """
    _, _, kh, kw = grid
    count = len(kernels)
    high = max(_LEAST, math.ceil(math.sqrt(count * kw / (_WIDE * kh))))
    wide = math.ceil(count / high)
    map_columns = max(1, round(high * kh / kw))
    down, right = high + 1, wide + map_columns + 1
    line = max(range(1, len(order) + 1), key=lambda n: _zoom(grid, view, -(-len(order) // n) * down, n * right))
    line = min(line, max(1, int((view.width / (READABLE * max(1.0, kw / kh)) + 1) // right)))
    lines = -(-len(order) // line)
    row_of = np.full((lines * down - 1, line * right - 1), -1, np.int32)
    column_of = np.full_like(row_of, -1)
    fold_rows, fold_columns = np.divmod(np.arange(count), wide)
    card_rows, card_columns = np.divmod(np.arange(len(order)), line)
    places = (
        card_rows[:, None] * down + fold_rows,
        card_columns[:, None] * right + map_columns + fold_columns,
    )
    row_of[places] = kernels[None, :] if across else order[:, None]
    column_of[places] = order[:, None] if across else kernels[None, :]
    return Cards(grid, row_of, column_of, 0, across, order.astype(np.int32), (high, wide), map_columns, line)


def marked(cards: Cards, mask: Mask) -> NDArray[np.bool_]:
    """(cards,) whether any of a card's kernels is one of a mask, (rows, columns)."""
    chosen = np.atleast_1d(mask.any(axis=0 if cards.across else 1))
    return np.asarray(chosen[cards.channels], np.bool_)


def _zoom(grid: Grid, view: Size, rows: int, columns: int) -> float:
    return min(view.width / (columns * grid[3]), view.height / (rows * grid[2]))
