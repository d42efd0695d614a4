"""How the studio was left is remembered, and offered at the next start."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import cast, get_args

from pydantic import ValidationError

from studio.model.documents.document import Document
from studio.model.networks.preset import Preset
from studio.model.views.brush import Brush
from studio.model.views.view import Colours, Scaling, View, ViewKind
from studio.model.views.workspace import BrushUnit, RowOrder, Workspace
from studio.runtime.live.report import Message
from studio.runtime.services.loading import Loader
from studio.ui.services.choices import Hand, LastSession
from studio.ui.services.messages import Action
from studio.ui.services.session import Session


class Reopening:
    """The last session, again.

    Args:
        document: what is opened into.
        workspace: what is looked at, at which size and on which engine.
        play: plays a source.
        loader: opens presets and networks.
        session: remembers.
        say: takes sentences with buttons, as `MessageBar.say` does.
    """

    def __init__(
        self,
        document: Document,
        workspace: Workspace,
        play: Callable[[str], None],
        loader: Loader,
        session: Session,
        say: Callable[[Message, Sequence[Action]], None],
    ) -> None:
        self._document = document
        self._workspace = workspace
        self._play = play
        self._loader = loader
        self._session = session
        self._say = say

    def remember(self, source: str) -> None:
        """Note how the studio is left, and what is playing."""
        workspace, opened = self._workspace, self._opened
        if opened:
            view = workspace.view
            last = LastSession(opened, source, workspace.size, workspace.engine, view.kind, view.name)
            self._session.remember(last)
        brush = workspace.brush.model_dump_json()
        self._session.hand = Hand(
            workspace.colours,
            workspace.scaling,
            workspace.protected,
            workspace.stands,
            brush,
            workspace.brush_unit,
            workspace.row_order,
            workspace.kernel_scaling,
        )

    def offer(self, source: str) -> None:
        """Take up the tools as they were left; where the same preset is open on the same source, size and engine, too.

        Where another is, ask whether it is to be as it was.
        """
        self._take_up(self._session.hand)
        last = self._session.last
        if last is None:
            return
        if (last.opened, last.source) == (self._opened, source):
            self._workspace.size, self._workspace.engine = last.size, last.engine
            return
        text = f"Last time “{Path(last.opened).name}” was open, on {Path(last.source).name}."
        self._say(Message(text), [("Reopen", partial(self.reopen, last))])

    def reopen(self, last: LastSession) -> None:
        """Open what was open, and look at it as before; the preset that is open now comes back by undo."""
        self._loader.open(last.opened, partial(self._restore, last))

    def _take_up(self, hand: Hand) -> None:
        workspace = self._workspace
        if hand.colours in get_args(Colours):
            workspace.colours = cast(Colours, hand.colours)
        if hand.scaling in get_args(Scaling):
            workspace.scaling = cast(Scaling, hand.scaling)
        workspace.protected, workspace.stands = hand.protected, hand.stands
        # What an earlier or later studio has written may not be a brush of this one's.
        with contextlib.suppress(ValidationError):
            workspace.brush = Brush.model_validate_json(hand.brush)
        if hand.brush_unit in get_args(BrushUnit):
            workspace.brush_unit = cast(BrushUnit, hand.brush_unit)
        if hand.row_order in get_args(RowOrder):
            workspace.row_order = cast(RowOrder, hand.row_order)
        if hand.kernel_scaling in get_args(Scaling):
            workspace.kernel_scaling = cast(Scaling, hand.kernel_scaling)

    @property
    def _opened(self) -> str:
        path = self._document.path or self._document.weights_path
        return "" if path is None else str(path.absolute())

    def _restore(self, last: LastSession, preset: Preset, path: Path | None) -> None:
        self._document.load(preset, path)
        self._workspace.size, self._workspace.engine = last.size, last.engine
        self._play(last.source)
        graph = self._document.graph
        known = {"layer": last.view_name in graph, "filters": last.view_name in graph.tensor_shapes}
        if last.view in get_args(ViewKind) and known.get(last.view, True):
            self._workspace.view = View(cast(ViewKind, last.view), last.view_name)
