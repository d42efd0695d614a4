"""A run that is under way in another thread, while the engine keeps what the run before it made."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Flight:
    """See `studio.engine.base.Engine.launch`.

    Attributes:
        of: how its engine stood as it began: what it makes is that engine's as long as it stands so.
        maps: of every input and layer, as far as they are made.
        times: seconds by node.
        work: makes them.
    """

    of: object
    maps: dict[str, Any]
    times: dict[str, float] = field(default_factory=dict)
    work: Future[None] = field(default_factory=Future)

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is under way any more."""
        return self.work.done()

    def wait(self) -> None:
        """Until it is over, whatever came of it."""
        self.work.exception()

    def when_over(self, then: Callable[[], object]) -> None:
        """Have this called once it is over, in whichever thread; it must return at once."""
        self.work.add_done_callback(lambda _: then())
