"""What is painted on a filter sheet, however its cells are arranged, reaches the kernels of those cells."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from studio.model.filters.edit import Patch
from studio.model.networks.layout import Rect, put, to_sheet
from studio.ui.filters.arrangement import Arrangement


def assert_paint_reaches_its_kernels(made: Arrangement, data: st.DataObject) -> None:
    """Turn the sign of all that lies in a rectangle that is drawn: of these weights and of no others."""
    _, _, kh, kw = made.grid
    tensor = np.arange(np.prod(made.grid), dtype=np.float32).reshape(made.grid) + 1
    height, width = made.size
    y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    rect = Rect(y, x, data.draw(st.integers(1, height - y)), data.draw(st.integers(1, width - x)))
    laid = to_sheet(np.array(made.lay(tensor)))
    assert ((laid == 0) == np.repeat(np.repeat(made.blank, kh, 0), kw, 1)).all()
    painted = -laid[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]
    for patch in made.patches_of(Patch(rect, painted)):
        put(tensor, patch.rect, patch.values)
    wanted = laid.copy()
    wanted[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width] *= -1
    np.testing.assert_array_equal(to_sheet(np.array(made.lay(tensor))), wanted)
    # Every place goes there and back.
    place = made.to_sheet(y + 0.5, x + 0.5)
    if place is not None:
        assert made.from_sheet(*place) == (y + 0.5, x + 0.5)
