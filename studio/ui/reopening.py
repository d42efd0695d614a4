"""How the studio was left is remembered, and offered at the next start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from studio.model.document import Document
from studio.model.preset import Preset
from studio.model.view import View
from studio.model.workspace import Workspace
from studio.runtime.live import Live
from studio.runtime.loading import Loader
from studio.runtime.report import Message
from studio.ui.message_bar import Action
from studio.ui.session import LastSession, Session

_KINDS = {view.kind: view for view in (View("output"), View("split"), View("layer"), View("filters"))}


class Reopening:
    """The last session, again.

    Args:
        document: what is opened into.
        workspace: what is looked at.
        live: plays and runs.
        loader: opens presets and networks.
        session: remembers.
        say: takes sentences with buttons, as `MessageBar.say` does.
    """

    def __init__(
        self,
        document: Document,
        workspace: Workspace,
        live: Live,
        loader: Loader,
        session: Session,
        say: Callable[[Message, Sequence[Action]], None],
    ) -> None:
        self._document = document
        self._workspace = workspace
        self._live = live
        self._loader = loader
        self._session = session
        self._say = say

    def remember(self, source: str, size: str, engine: str) -> None:
        """Note how the studio is left.

        Args:
            source: what is playing.
            size: as `Live.work_at` takes it.
            engine: as `Live.choose_engine` takes it.
        """
        opened, view = self._opened, self._workspace.view
        if opened:
            self._session.remember(LastSession(opened, source, size, engine, view.kind, view.name))

    def offer(self) -> None:
        """Ask whether it is to be as it was, where it is not."""
        last = self._session.last
        if last is None or last.opened == self._opened:
            return
        text = f"Last time “{Path(last.opened).name}” was open."
        self._say(Message(text), [("Reopen", partial(self.reopen, last))])

    def reopen(self, last: LastSession) -> None:
        """Open what was open, and look at it as before; what is open now comes back by undo."""
        self._loader.open(last.opened, partial(self._restore, last))

    @property
    def _opened(self) -> str:
        path = self._document.path or self._document.weights_path
        return "" if path is None else str(path.absolute())

    def _restore(self, last: LastSession, preset: Preset, path: Path | None) -> None:
        self._document.load(preset, path)
        self._live.choose_engine(last.engine)
        self._live.work_at(last.size)
        self._live.play(last.source)
        graph = self._document.graph
        known = {"layer": last.view_name in graph, "filters": last.view_name in graph.tensor_shapes}
        if last.view in _KINDS and known.get(last.view, True):
            self._workspace.view = View(_KINDS[last.view].kind, last.view_name)
