"""Sets the size at which the network works, so that a rate of frames is kept."""

from __future__ import annotations

import time
from collections.abc import Callable

from studio.model.views.workspace import Workspace
from studio.runtime.live.budget import SHARE
from studio.runtime.live.rate_keeper import RateKeeper
from studio.runtime.live.report import EngineState, Progress
from studio.runtime.live.telemetry import Telemetry


class KeepingRate:
    """Follows the workspace's rate; with none it does nothing.

    Args:
        workspace: which rate is to be kept, and at which size the network works.
        telemetry: tells what a frame takes.
        clock: seconds.
    """

    def __init__(self, workspace: Workspace, telemetry: Telemetry, clock: Callable[[], float] = time.monotonic) -> None:
        self._workspace, self._telemetry, self._clock = workspace, telemetry, clock
        self._keeper: RateKeeper | None = None
        workspace.changed.connect(self._listen)
        telemetry.on(Progress, self._take)

    def _listen(self, field: str) -> None:
        if field == "keep_fps":
            fps = self._workspace.keep_fps
            self._keeper = RateKeeper(fps) if fps else None

    def _take(self, progress: Progress) -> None:
        works_at = self._telemetry[EngineState].size
        if self._keeper is None or works_at is None or self._workspace.document.graph.only_size is not None:
            return
        now = max(works_at)
        # Behind the frame comes looking at its layers.
        found = self._keeper.next(now, progress.seconds / (1.0 - SHARE), self._clock())
        found = min(found, self._workspace.document.graph.longest or found)
        if found != now:
            self._workspace.size = str(found)
