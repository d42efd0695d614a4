"""Layers on several maps at once, as windows are: below each other in one map, or each channel by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Weight
from studio.io.importers._meanings.matrices import Matrices
from studio.io.importers._meanings.seen import seen
from studio.io.importers._values.views import Value, numbers, reshaped

Pair = tuple[int, int]

# What looks at one channel alone takes the maps of a batch as channels.
_BY_CHANNEL = ("MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "Upsample", "Pad", "Crop")


def is_batch(value: Value) -> bool:
    """Whether it is more than one map, (N, C, H, W)."""
    return len(value.shape) == 4 and value.shape[0] > 1


class Batches(Matrices):
    """Adds layers of space to a draft."""

    def layer(
        self,
        op: str,
        *reads: Value,
        tensors: Mapping[str, Weight] | None = None,
        vector: bool = False,
        **params: Any,
    ) -> Value:
        """As `Arithmetic.layer`, also on a batch where each channel is worked on by itself."""
        value = reads[0]
        if is_batch(value) and op in _BY_CHANNEL and len(reads) == 1:
            count, channels, *sides = value.shape
            made = super().layer(op, reshaped(value, (1, count * channels, *sides)), **params)
            return reshaped(made, (count, channels, *made.shape[2:]))
        return super().layer(op, *reads, tensors=tensors, vector=vector, **params)

    def over_batch(
        self, value: Value, padding: Sequence[int], span: Pair, stride: Pair, work: Callable[[str], str]
    ) -> Value:
        """What a layer makes of each map of a batch, (N, C, H, W).

        The maps get their borders, are laid below each other and worked on as one; the rows that look at two of them
        are cut off.

        Args:
            value: the batch.
            padding: zeros left, right, above and below each map; ``work`` adds none.
            span: rows and columns from the first to the last value that an output looks at, less one.
            stride: of the layer.
            work: adds the layer to a map.
        """
        count, channels, height, width = value.shape
        left, right, top, bottom = padding
        high = height + top + bottom
        # Each map begins at a multiple of the stride.
        fill = -high % stride[0]
        each, kept = (high + fill) // stride[0], (high - 1 - span[0]) // stride[0] + 1
        if kept < 1 or width + left + right <= span[1]:
            raise StudioError("its kernel is larger than the maps of the batch.")
        index = numbers(self.draft, value).reshape(count * channels, height, width)
        node = self._bordered_map(seen(self.draft, value.node, index, self.name), (left, right, top, bottom + fill))
        pattern = f"(n={count} c={channels}) y={high + fill} x -> c (n y) x"
        made = work(self.draft.add("Rearrange", node, name=f"{self.name}.below", pattern=pattern))
        made = self._bordered_map(made, (0, 0, 0, count * each - self.draft.shapes[made].height))
        pattern = f"c (n={count} y={each}) x -> (n c) y x"
        made = self.draft.add("Rearrange", made, name=f"{self.name}.apart", pattern=pattern)
        made = self._bordered_map(made, (0, 0, 0, kept - each))
        shape = self.draft.shapes[made]
        places = np.arange(math.prod(shape), dtype=np.int32)
        return self.shown(made, places.reshape(count, shape.channels // count, kept, shape.width))

    def _bordered_map(self, node: str, borders: tuple[int, int, int, int]) -> str:
        """Zeros around a map; rows are cut off below where that is negative."""
        if borders[3] < 0:
            return self.draft.add("Crop", node, name=f"{self.name}.crop", bottom=-borders[3])
        if not any(borders):
            return node
        return self.draft.add("Pad", node, name=f"{self.name}.pad", padding=borders, mode="constant")
