"""What a hand says of how every single weight learns: its rate, and how strongly it is drawn to what it was.

Each is a sheet as large as the tensor's own, painted with the same brush, undone and saved with the preset.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from studio.errors import StudioError
from studio.model.filters.edit import Patch, Selection
from studio.model.networks.layout import kernel_grid, sheet_size
from studio.model.networks.section import Section, SectionChanged
from studio.model.networks.shape import Array

Kind = Literal["rates", "pulls"]

USUAL: Mapping[Kind, float] = MappingProxyType({"rates": 1.0, "pulls": 0.0})
"""What a weight has of which nothing is said."""

MOST: Mapping[Kind, float] = MappingProxyType({"rates": 100.0, "pulls": 1.0})
"""The largest value; the smallest is 0."""

_RANGE: Mapping[Kind, str] = MappingProxyType(
    {
        "rates": "A rate is multiplied by 0 to 100, not {:g}.",
        "pulls": "A pull goes 0 to 1 of the way in a step, not {:g}.",
    }
)


@dataclass(frozen=True, eq=False)
class WeightSheet:
    """A number for every weight of a tensor.

    Attributes:
        values: float32, as large as the tensor's sheet (`networks.layout.sheet_size`); not to be written to, for
            another stroke is another sheet.
    """

    values: Array

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, WeightSheet) and np.array_equal(self.values, other.values))


@dataclass(frozen=True)
class LearningSheets:
    """The painted sheets of a network, by the full names of its tensors.

    Attributes:
        rates: what the rate of each weight is multiplied by: 0 pins it bit for bit, 1 is as usual, more hurries.
        pulls: what part of the way to its aim each weight is drawn in every step, 0 to 1.
        towards: the preset or network whose weights are the aim; empty for the network's own, as it was trained.
    """

    rates: Mapping[str, WeightSheet] = field(default_factory=dict)
    pulls: Mapping[str, WeightSheet] = field(default_factory=dict)
    towards: str = ""

    def of(self, kind: Kind, tensor: str, shape: tuple[int, ...]) -> Array:
        """What is painted for a tensor of this shape, as large as its sheet; not to be written to."""
        found = self.sheets(kind).get(tensor)
        size = sheet_size(shape)
        return (
            found.values if found is not None and found.values.shape == size else np.full(size, USUAL[kind], np.float32)
        )

    def sheets(self, kind: Kind) -> Mapping[str, WeightSheet]:
        """All sheets of a kind."""
        return self.rates if kind == "rates" else self.pulls

    def with_sheet(self, kind: Kind, tensor: str, values: Array) -> LearningSheets:
        """The same with another sheet for a tensor; one that says nothing is left out.

        Raises:
            StudioError: where a value is out of range.
        """
        check(kind, values)
        held = dict(self.sheets(kind))
        if (values == USUAL[kind]).all():
            held.pop(tensor, None)
        else:
            own = np.array(values, np.float32, order="C")
            own.flags.writeable = False
            held[tensor] = WeightSheet(own)
        return replace(self, rates=held) if kind == "rates" else replace(self, pulls=held)

    def with_kernels(
        self, kind: Kind, tensor: str, shape: tuple[int, ...], selection: Selection, value: float
    ) -> LearningSheets:
        """The same with one value for all weights of the selected kernels; StudioError where it is out of range."""
        _, _, kh, kw = kernel_grid(shape)
        values = self.of(kind, tensor, shape).copy()
        values[np.repeat(np.repeat(selection.mask, kh, axis=0), kw, axis=1)] = value
        return self.with_sheet(kind, tensor, values)

    def with_patches(self, kind: Kind, tensor: str, shape: tuple[int, ...], patches: Iterable[Patch]) -> LearningSheets:
        """The same with other values in some rectangles of a tensor's sheet; StudioError where one is out of range."""
        values = self.of(kind, tensor, shape).copy()
        for patch in patches:
            y, x, height, width = patch.rect
            values[y : y + height, x : x + width] = patch.values
        return self.with_sheet(kind, tensor, values)

    @property
    def nbytes(self) -> int:
        """Memory that the sheets hold."""
        return sum(sheet.values.nbytes for held in (self.rates, self.pulls) for sheet in held.values())


def check(kind: Kind, values: Array) -> None:
    """Raise StudioError unless all values are in range."""
    if not ((values >= 0) & (values <= MOST[kind])).all():
        worst = float(values[~((values >= 0) & (values <= MOST[kind]))].flat[0])
        raise StudioError(_RANGE[kind].format(worst))


@dataclass(frozen=True)
class LearningSheetsChanged(SectionChanged):
    """Weights learn at other rates, or are pulled otherwise; what runs is as before."""

    section: str = "learning"


LEARNING_SHEETS: Section[LearningSheets] = Section("learning", LearningSheets(), LearningSheetsChanged())
"""How every weight learns."""
