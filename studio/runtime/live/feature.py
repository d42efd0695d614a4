"""What lives beside the engine in the render thread: recordings, the monitor of layers, and what comes next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from studio.engine.base import Engine
from studio.model.declared.size import Size
from studio.model.declared.tick import Tick
from studio.model.networks.graph import Graph
from studio.model.networks.picture import DeepPicture
from studio.model.views.view import View
from studio.runtime.live.orders import Order
from studio.runtime.live.pictures import Run
from studio.runtime.live.report import Part
from studio.runtime.render.frame_runner import FrameRunner

Handlers = Mapping[type[Order], Callable[[Any], object]]
"""What is done about an order, by its type."""


@dataclass(frozen=True)
class Frame:
    """The picture as it stands after a turn of the loop.

    Attributes:
        engine: after a run.
        view: what is on the screen.
        crops: (height, width) of what belongs to the picture, of the maps that have a border.
        is_new: whether the network has run in this turn.
        serial: counts runs.
        run: how the network ran last.
    """

    engine: Engine
    view: View
    crops: Mapping[str, Size]
    is_new: bool
    serial: int
    run: Run | None = None


class Feature:
    """Something that lives in the render thread; each does what it needs of the following.

    Whatever a method raises is told to the person; the loop and the other features go on.
    """

    def handlers(self) -> Handlers:
        """The orders that it carries out."""
        return {}

    def opened(self, engine: Engine, graph: Graph) -> None:
        """Another engine runs.

        Args:
            engine: before its first run.
            graph: the open network's, as documents and orders know it.
        """

    def closing(self) -> None:
        """The engine is about to be closed."""

    def moves(self, engine: Engine) -> bool:
        """Whether the next run may give another picture of the same inputs, by what it does in `before`."""
        del engine
        return False

    @property
    def alone(self) -> bool:
        """Whether a run must be over before the next begins, so that each of them has its place among the orders."""
        return False

    def before(self, runner: FrameRunner, tick: Tick, picture: DeepPicture) -> None:
        """A run is about to begin.

        Args:
            runner: feeds the engine.
            tick: when it takes place.
            picture: what it is fed, at the size at which the network works.
        """

    def took(self, frame: Frame) -> None:
        """A turn is over, and nothing of it is on the screen yet: what is asked of the GPU now costs no wait."""

    def rest(self, frame: Frame) -> None:
        """The turn's picture is on the screen: do what may wait, a little of it."""

    def blank(self) -> None:
        """A turn is over in which there is no picture of the open network."""

    def parts(self) -> Iterable[Part]:
        """What there is to report."""
        return ()

    @property
    def is_prompt(self) -> bool:
        """Whether what there is to report is wanted with every picture, as what moves is seen to move."""
        return False

    @property
    def period(self) -> float | None:
        """Seconds in which it must have a turn, though nothing comes in; None where it need not."""
        return None

    def close(self) -> None:
        """The thread ends: finish what is under way."""


def having(features: Iterable[Feature], what: str) -> tuple[tuple[str, str, Callable[..., Any]], ...]:
    """Those of the features that do something of their own there: a cause, their name, and what they do."""
    does = (each for each in features if getattr(type(each), what) is not getattr(Feature, what))
    return tuple((f"{type(each).__name__}.{what}", type(each).__name__, getattr(each, what)) for each in does)
