"""Keeps the running engine in step with the document, and runs the originals in its place when asked."""

from __future__ import annotations

from typing import Protocol

from studio.bends.ablate import Ablate
from studio.errors import StudioError
from studio.model.bends.stage import ChannelList, Guard, Stage
from studio.model.bends.stages import STAGES, StagesChanged
from studio.model.documents.document import Document
from studio.model.filters.learning_sheets import LearningSheetsChanged
from studio.model.filters.live_edits import EDITS
from studio.model.movement.route import MACRO_BANK, ROUTES
from studio.model.networks.changes import Change, MixBegan, MixEnded, NetworkChanged, WeightsChanged
from studio.model.networks.layout import crop, sheet_size
from studio.model.networks.section import SECOND, BypassChanged, SectionChanged
from studio.model.views.workspace import ORIGINALS, Workspace
from studio.runtime.editing.varying import channel_count
from studio.runtime.live.movement import Move
from studio.runtime.live.orders import (
    Bypass,
    ChooseEngine,
    Hold,
    LookAt,
    Mix,
    Open,
    Order,
    Renew,
    Replace,
    SetStages,
    Together,
    WorkAt,
)
from studio.runtime.live.second_film import PlaySecond

_LISTENING = -2
"""Of the stage that leaves channels out for a moment; those of documents count from 1, what measures is -1."""


class Runner(Protocol):
    """What is asked of `studio.runtime.live.session.LiveSession`."""

    def order(self, order: Order) -> None:
        """Have an order carried out, soon."""


class DocumentSync:
    """From document and workspace to the engine; nothing comes back.

    While `Workspace.comparison` is `ORIGINALS` every layer runs as it was trained, none bypassed or followed by stages;
    while it names a layer, all but that one do.
    """

    def __init__(self, document: Document, workspace: Workspace, runner: Runner) -> None:
        self._document = document
        self._workspace = workspace
        self._runner = runner
        self._trained: frozenset[str] = frozenset()
        self._step: list[Order] | None = None  # of a fade, whose orders go together
        document.changed.connect(self._follow)
        workspace.changed.connect(self._listen)
        self._send(ChooseEngine(workspace.engine))
        self._send(WorkAt(workspace.size))
        self._send(Hold(workspace.held))
        self._open()

    def _follow(self, change: Change) -> None:
        if isinstance(change, MixBegan):
            # While something is compared, what runs is no mixture.
            compares = self._workspace.comparison is not None
            self._step = [] if compares else [Mix(self._document.graph, change)]
        elif isinstance(change, MixEnded):
            step, self._step = self._step, None
            self._runner.order(Together(tuple(step or ())))
        elif isinstance(change, NetworkChanged):
            self._open()
        elif isinstance(change, BypassChanged):
            self._bypass()
        elif isinstance(change, StagesChanged):
            self._set_stages()
            self._move()
        elif isinstance(change, SectionChanged) and not isinstance(change, LearningSheetsChanged):
            if change.section == SECOND.name:
                self._play_second()
            self._move()
        elif isinstance(change, WeightsChanged) and change.tensor not in self._trained:
            self._send(self._changed(change))

    def _changed(self, change: WeightsChanged) -> Order:
        graph, name, rect = self._document.graph, change.tensor, change.rect
        tensor = self._document.tensor(name)
        if (rect.height, rect.width) == sheet_size(tensor.shape):
            return Renew(graph, name, self._document.hold(name).values, change.urgent)
        return Replace(graph, name, rect, crop(tensor, rect))

    def _send(self, order: Order) -> None:
        if self._step is None:
            self._runner.order(order)
        else:
            self._step.append(order)

    def _open(self) -> None:
        self._trained = self._heard_as_trained()
        bent = {name: tensor for name, tensor in self._document.bent().items() if name not in self._trained}
        network = self._document.network.with_tensors(bent)
        preset = self._document.preset()
        self._send(Open(network, self._bypassed(), self._workspace.view, self._stages(), preset))
        self._play_second()
        self._move()

    def _play_second(self) -> None:
        self._send(PlaySecond(self._document.section(SECOND) or ""))

    def _listen(self, field: str) -> None:
        workspace, order = self._workspace, self._send
        if field == "comparison":
            self._compare()
        elif field == "listening" or (field == "pointed" and workspace.listening):
            self._set_stages()
        elif field == "view":
            order(LookAt(self._document.graph, workspace.view))
        elif field == "engine":
            order(ChooseEngine(workspace.engine))
        elif field == "size":
            order(WorkAt(workspace.size))
        elif field == "held":
            order(Hold(workspace.held))

    def _compare(self) -> None:
        before, self._trained = self._trained, self._heard_as_trained()
        for name in sorted(before ^ self._trained):
            # Of another network that is just being opened, neither is there.
            if name in self._document.graph.tensor_shapes and self._document.is_bent(name):
                trained = name in self._trained
                values = self._document.original(name) if trained else self._document.hold(name).values
                self._send(Renew(self._document.graph, name, values))
        self._bypass()
        self._set_stages()
        self._move()

    def _set_stages(self) -> None:
        self._send(SetStages(self._document.graph, self._stages() + self._listened()))

    def _move(self) -> None:
        preset = self._document.sections_now().with_section(STAGES, self._stages())
        if self._workspace.comparison is not None:
            preset = preset.with_section(ROUTES, ()).with_section(MACRO_BANK, MACRO_BANK.default)
            untouched = tuple(edit for edit in self._document.edits if edit.tensor not in self._trained)
            preset = preset.with_section(EDITS, untouched)
        self._send(Move(self._document.graph, preset))

    def _stages(self) -> tuple[Stage, ...]:
        compared = self._workspace.comparison
        return tuple(stage for stage in self._document.stages if compared is None or stage.layer == compared)

    def _listened(self) -> tuple[Stage, ...]:
        """What leaves the pointed channel out, or all others of its layer, while a key is held."""
        workspace = self._workspace
        if not workspace.listening or workspace.pointed is None or workspace.pointed[0] not in self._document.graph:
            return ()
        layer, channel = workspace.pointed
        left_out: tuple[int, ...] = (channel,)
        if workspace.listening == "solo":
            try:
                count = channel_count(self._document.graph, layer)
            except StudioError:
                return ()
            left_out = tuple(k for k in range(count) if k != channel)
        return (Stage(_LISTENING, layer, Ablate(), ChannelList(channels=left_out), guard=Guard(kind="none")),)

    def _bypass(self) -> None:
        self._send(Bypass(self._document.graph, self._bypassed()))

    def _bypassed(self) -> frozenset[str]:
        compared = self._workspace.comparison
        if compared is None:
            return self._document.bypassed
        return self._document.bypassed & {compared}

    def _heard_as_trained(self) -> frozenset[str]:
        compared, graph = self._workspace.comparison, self._document.graph
        if compared is None:
            return frozenset()
        own = "" if compared == ORIGINALS or compared not in graph else graph.node(compared).owner
        return frozenset(name for name in graph.tensor_shapes if name.rpartition(".")[0] != own)
