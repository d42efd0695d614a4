"""Which frames the window gets to see."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial

from studio.engine.base import Engine
from studio.engine.display import Display
from studio.model.declared.size import Size
from studio.model.views.view import View
from studio.runtime.live.journal import Journal
from studio.runtime.live.looked_at import looked_at
from studio.runtime.services.right_of_way import RightOfWay


class Showing:
    """Has frames copied to where the window finds them; belongs to the render thread.

    Args:
        display: copies them.
        journal: is told what fails.
        way: is left where no other frame is due.
        seen: seconds from one frame that is copied to the next, where frames follow each other sooner: the window is
            not told of more, and with ``torch`` on CUDA each takes the GPU half a millisecond.
        clock: seconds.

    Attributes:
        output_too: whether the output is shown whatever the view is.
    """

    def __init__(
        self,
        display: Display,
        journal: Journal,
        way: RightOfWay,
        seen: float,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._display, self._journal, self._way, self._seen, self._clock = display, journal, way, seen, clock
        self.output_too = False
        self._is_unseen, self._copied_at = False, 0.0

    def show(
        self, engine: Engine, view: View, crops: Mapping[str, Size], *, ran: bool, looked: bool, pressed: bool
    ) -> None:
        """Show a frame, or leave it to the next.

        Args:
            engine: after a run.
            view: what is on the screen.
            crops: (height, width) of what belongs to the picture, of the maps that have a border.
            ran: whether it is new.
            looked: whether something else is looked at since the last time.
            pressed: whether the next frame is due already.
        """
        # A GPU goes on with the next frame, where there is one, while this thread gets it ready.
        pressed = pressed and not self._display.is_software
        now = self._clock()
        self._is_unseen |= ran or looked
        waits = pressed and not looked and now - self._copied_at < self._seen
        if self._is_unseen and not waits:
            names, pictures = looked_at(engine.graph, view, output_too=self.output_too)
            self._journal.attempt(
                "screen", "Showing the picture", partial(self._display.copy, engine, names, crops, pictures)
            )
            self._is_unseen, self._copied_at = False, now
        elif pressed:
            # What was copied before waits for nothing more.
            self._attempt_to_publish()
        if not pressed:
            self.publish()

    def publish(self) -> None:
        """Let the window have what was copied last, and others the GPU."""
        self._attempt_to_publish()
        self._way.leave()

    def _attempt_to_publish(self) -> None:
        self._journal.attempt("publishing", "Showing the picture", self._display.publish)
