"""Stills that are larger than the output."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.networks.picture import Picture
from studio.model.views.workspace import Workspace
from studio.runtime.live.report import Message
from studio.runtime.live.session import LiveSession
from studio.runtime.services.failures import told
from studio.runtime.services.worker import Post, Worker

LARGER = {
    "": "As the network works",
    "2 restorer": "2 times, by the restorer",
    "4 restorer": "4 times, by the restorer",
    "2 network": "2 times, by the network",
    "4 network": "4 times, by the network",
}
LARGER_TIP = (
    "By the restorer: the same picture, enlarged and sharpened, with no more in it.\n"
    "By the network: a larger picture of the source is bent, so strokes are finer, and there are more of them."
)
"""Which ways of enlarging there are, and what each does."""

Say = Callable[[Message], object]


class LargeStills:
    """Works them out beside what runs, and says where they are.

    Args:
        document: what is open.
        workspace: at which size the network works.
        live: has the output and the source's picture.
        worker: works them out; the window's end waits for it.
        post: has something called in the window's thread.
        say: takes sentences for the person.
    """

    def __init__(
        self, document: Document, workspace: Workspace, live: LiveSession, worker: Worker, post: Post, say: Say
    ) -> None:
        self._document, self._workspace, self._live = document, workspace, live
        self._worker, self._post, self._say = worker, post, say

    def write(self, path: Path, times: int, how: str) -> None:
        """Write a still so many times as large as the output, soon.

        Args:
            path: the file; where something stands there, with a number behind its name.
            times: 2 or 4.
            how: "restorer" enlarges the output, "network" bends a larger picture of the source.
        """
        if how == "restorer":
            # The output is given in the render thread.
            self._live.snapshot(lambda picture: self._post(partial(self._restore, picture, times, path)))
            return
        newest = self._live.player.newest()
        if newest is None:
            self._say(Message("There is no picture of the source yet; try again in a moment.", "warning"))
            return
        preset, size = self._document.preset(), self._workspace.size

        def work() -> Path:
            from studio.runtime.render.enlarge import still_by_network

            return still_by_network(preset, newest.picture, newest.spec, newest.position, size, times, path)

        self._do(work, f"{times} times by the network", path)

    def _restore(self, picture: Picture, times: int, path: Path) -> None:
        def work() -> Path:
            from studio.runtime.render.enlarge import still_by_restorer

            return still_by_restorer(picture, times, path)

        self._do(work, f"{times} times by the restorer", path)

    def _do(self, work: Callable[[], Path], how: str, path: Path) -> None:
        self._say(Message(f"The still is being enlarged {how}."))
        written = partial(self._written, how)
        self._worker.do(work, written, self._failed, f"Writing {path}", writes=True)

    def _written(self, how: str, path: Path) -> None:
        self._say(Message(f"Wrote {path}, enlarged {how}."))

    def _failed(self, error: StudioError) -> None:
        self._say(told(error))
