"""What a document tells of: every change, whether done or undone, is one of these records."""

from __future__ import annotations

from dataclasses import dataclass

from studio.model.layout import Rect


@dataclass(frozen=True)
class WeightsChanged:
    """A rectangle of a tensor's sheet has new values."""

    tensor: str
    rect: Rect


@dataclass(frozen=True)
class NetworkChanged:
    """Another network is open.

    Attributes:
        same_layers: whether layers and tensors are those of before, and only the values at either end are others.
    """

    same_layers: bool = False


@dataclass(frozen=True)
class SectionChanged:
    """A section of the preset has another value.

    Attributes:
        section: its name.
    """

    section: str


@dataclass(frozen=True)
class BypassChanged(SectionChanged):
    """Other layers are bypassed."""

    section: str = "bypassed"


@dataclass(frozen=True)
class StagesChanged(SectionChanged):
    """Bends of activations were added, removed, moved or turned."""

    section: str = "stages"


@dataclass(frozen=True)
class LearningSheetsChanged(SectionChanged):
    """Weights learn at other rates, or are pulled otherwise; what runs is as before."""

    section: str = "learning"


@dataclass(frozen=True)
class DetailsChanged:
    """The name, the path, the source, or whether everything is saved."""


@dataclass(frozen=True)
class HistoryChanged:
    """There is something else to undo or to redo."""


Change = WeightsChanged | NetworkChanged | SectionChanged | DetailsChanged | HistoryChanged
