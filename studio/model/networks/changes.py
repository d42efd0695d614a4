"""What a document tells of: every change, whether done or undone, is one of these records.

Changes of single sections stand beside them: `SectionChanged` and those made of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from studio.model.networks.layout import Rect
from studio.model.networks.preset import Preset
from studio.model.networks.section import SectionChanged


@dataclass(frozen=True)
class WeightsChanged:
    """A rectangle of a tensor's sheet has new values.

    Attributes:
        tensor: full name.
        rect: where.
        urgent: whether a hand did it, which the next picture must show; what is learnt may take a few.
    """

    tensor: str
    rect: Rect
    urgent: bool = True


@dataclass(frozen=True)
class NetworkChanged:
    """Another network is open.

    Attributes:
        same_layers: whether layers and tensors are those of before, and only the values at either end are others.
    """

    same_layers: bool = False


@dataclass(frozen=True)
class DetailsChanged:
    """The name, the path, the source, or whether everything is saved."""


@dataclass(frozen=True)
class HistoryChanged:
    """There is something else to undo or to redo."""


@dataclass(frozen=True)
class Opened:
    """A preset is open in the place of another, or is so again; told after all that is another by that."""


@dataclass(frozen=True)
class Travelled:
    """Something was undone or done again; told after all that is another by that."""


@dataclass(frozen=True, eq=False)
class Passage:
    """What a fade leads between.

    Attributes:
        presets: two, from one to the other, or four.
        tensors: names of those that it changes.
        start: when it begins, by the clock of the tempo's beats.
        seconds: how long it takes.
        easing: how it goes.
        by_hand: whether it goes where a hand, a controller or a route has it, and in no time of its own.
    """

    presets: tuple[Preset, ...]
    tensors: tuple[str, ...]
    start: float = 0.0
    seconds: float = 0.0
    easing: str = "linear"
    by_hand: bool = False


@dataclass(frozen=True, eq=False)
class MixBegan:
    """A fade takes a step: the changes that follow, until `MixEnded`, are one.

    Attributes:
        passage: what it leads between; the same object from step to step.
        shares: of each of its presets.
        mixed: what is there.
    """

    passage: Passage
    shares: tuple[float, ...]
    mixed: Preset


@dataclass(frozen=True)
class MixEnded:
    """The step is taken."""


Told = DetailsChanged | HistoryChanged | Opened | Travelled
Change = WeightsChanged | NetworkChanged | SectionChanged | MixBegan | MixEnded | Told
