"""Orders for the render thread: frozen records, dispatched by type, each with its own rule for those before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studio.model.bends.stage import Stage
from studio.model.networks.changes import MixBegan
from studio.model.networks.graph import Graph
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array
from studio.model.views.view import View


@dataclass(frozen=True, eq=False)
class Order:
    """Something that the render thread is to do.

    As it stands an order is an event: all are kept, and carried out as they came.

    Attributes:
        reach: how many of those that wait it may merge with, the newest; None for all. What comes by the thousand,
            when a long history is undone, say, must not look through all that wait.
        only_looks: whether it is about what is looked at alone, and what runs stays as it is.
    """

    reach: ClassVar[int | None] = None
    only_looks: ClassVar[bool] = False

    def merge(self, earlier: Order) -> Order | None:
        """What is left of an earlier order, not yet taken, once this one has come; None where nothing is."""
        return earlier


@dataclass(frozen=True, eq=False)
class Setting(Order):
    """An order of which the newest counts."""

    def merge(self, earlier: Order) -> Order | None:
        """See `Order.merge`."""
        return None if type(earlier) is type(self) else earlier


@dataclass(frozen=True, eq=False)
class LayerOrder(Order):
    """An order that names layers or tensors: where another network runs when its turn comes, it is not carried out.

    Attributes:
        graph: the one whose layers are named; the very object, as two networks may have layers of one name.
    """

    graph: Graph


@dataclass(frozen=True, eq=False)
class Open(Order):
    """Run another network. It carries everything that names layers, so that nothing of it can meet another network.

    Attributes:
        network: with the weights that it is to have.
        bypassed: the layers to bypass.
        view: what is looked at; None for the output.
        stages: the bends of what layers hand on.
        preset: all of what was opened, for who writes it down; None where it cannot be opened again.
    """

    network: Network
    bypassed: frozenset[str] = frozenset()
    view: View | None = None
    stages: tuple[Stage, ...] = ()
    preset: Preset | None = None

    def merge(self, earlier: Order) -> Order | None:
        """See `Order.merge`: what was meant for the layers before is void."""
        return None if isinstance(earlier, Open | Replace | Renew | Bypass | SetStages | LookAt) else earlier


@dataclass(frozen=True, eq=False)
class Replace(LayerOrder):
    """New values of a rectangle of a tensor's sheet.

    Attributes:
        tensor: full name.
        rect: where.
        values: (rect.height, rect.width) float32, not to be changed any more.
    """

    reach: ClassVar[int | None] = 32

    tensor: str
    rect: Rect
    values: Array

    def merge(self, earlier: Order) -> Order | None:
        """See `Order.merge`: values that are covered whole are dropped, so that a long drag stays small."""
        if not isinstance(earlier, Replace) or earlier.graph is not self.graph or earlier.tensor != self.tensor:
            return earlier
        return None if _covers(self.rect, earlier.rect) else earlier


@dataclass(frozen=True, eq=False)
class Renew(LayerOrder):
    """A tensor is another as a whole.

    Attributes:
        tensor: full name.
        values: in its own shape, not to be changed any more: whoever gives the order need not copy them.
        urgent: whether the next frame is to have all of it; else it may come in over a few frames, as what is learnt
            does.
    """

    reach: ClassVar[int | None] = 512

    tensor: str
    values: Array
    urgent: bool = True

    def merge(self, earlier: Order) -> Order | None:
        """See `Order.merge`: nothing is left of what was to become of that tensor."""
        if not isinstance(earlier, Replace | Renew) or earlier.graph is not self.graph:
            return earlier
        return None if earlier.tensor == self.tensor else earlier


@dataclass(frozen=True, eq=False)
class Bypass(LayerOrder, Setting):
    """Bypass just these layers."""

    layers: frozenset[str]


@dataclass(frozen=True, eq=False)
class SetStages(LayerOrder, Setting):
    """Bend what layers hand on by just these stages."""

    stages: tuple[Stage, ...]


@dataclass(frozen=True, eq=False)
class Mix(LayerOrder, Setting):
    """A fade has taken a step; the orders that come with it say what that has changed.

    Attributes:
        step: of which it is told.
    """

    step: MixBegan


@dataclass(frozen=True, eq=False)
class Together(Order):
    """Orders that are carried out between the same two frames; a mailbox keeps each in its place.

    Attributes:
        orders: in their order.
    """

    orders: tuple[Order, ...]


@dataclass(frozen=True, eq=False)
class LookAt(LayerOrder, Setting):
    """Put something else on the screen."""

    only_looks: ClassVar[bool] = True

    view: View


@dataclass(frozen=True)
class ShowOutputToo(Setting):
    """Keep the output on the screen whatever else is looked at."""

    only_looks: ClassVar[bool] = True

    wanted: bool


@dataclass(frozen=True)
class ChooseEngine(Setting):
    """Run on another engine: one of `studio.engine.choose.ENGINE_NAMES`."""

    name: str


@dataclass(frozen=True, eq=False)
class Weighed(LayerOrder, Setting):
    """It has been measured how fast engines run this network, where nothing was known as it was opened.

    Attributes:
        reason: why it is the engine that runs, or which takes over.
    """

    only_looks: ClassVar[bool] = True

    reason: str


@dataclass(frozen=True)
class WorkAt(Setting):
    """Bring pictures to a size, as the command line gives it."""

    size: str


@dataclass(frozen=True)
class Hold(Setting):
    """Take no new pictures in, or take them in again."""

    held: bool


@dataclass(frozen=True)
class BeginAgain(Setting):
    """Let the network's state and bends with memory begin again, though the source goes on."""


@dataclass(frozen=True)
class Stop(Setting):
    """End the render thread."""


def _covers(outer: Rect, inner: Rect) -> bool:
    return (
        outer.y <= inner.y
        and outer.x <= inner.x
        and outer.y + outer.height >= inner.y + inner.height
        and outer.x + outer.width >= inner.x + inner.width
    )
