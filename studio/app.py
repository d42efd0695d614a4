"""The composition root of the window: the one place that wires everything."""

from __future__ import annotations

import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, QTimer
from PySide6.QtWidgets import QApplication

from studio.io.autosave import Recovery
from studio.io.library import Library
from studio.io.opening import find_and_open
from studio.io.snapshots import Shelf
from studio.model.documents.document import Document
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.networks.preset import Preset
from studio.model.views.view import View
from studio.model.views.workspace import Workspace
from studio.plugin import check
from studio.runtime.editing.making_room import MakingRoom
from studio.runtime.editing.previews import Editing
from studio.runtime.learning.comparison import Comparison
from studio.runtime.learning.session import LearningSession
from studio.runtime.live.document_sync import DocumentSync
from studio.runtime.live.film_sound import FilmSound
from studio.runtime.live.movement import Movement
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.proofs import Proofs
from studio.runtime.live.report import EngineState, Message, Report
from studio.runtime.live.session import LiveSession
from studio.runtime.live.sound_out import SoundOut
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.services import memory
from studio.runtime.services.leaving import Deadline, end_within, leave, note_unwritten
from studio.runtime.services.loading import Loader
from studio.runtime.services.log import close_log, open_log
from studio.runtime.services.preloading import preload_torch
from studio.runtime.services.priority import shorten_turns, spin_little
from studio.runtime.services.worker import Worker
from studio.ui.kit import theme
from studio.ui.kit.seen import once_painted
from studio.ui.services.autosave import Autosave
from studio.ui.services.closing import Closing, ask_over
from studio.ui.services.collecting import Collector
from studio.ui.services.controllers import Controllers
from studio.ui.services.end_on_signals import end_on_signals
from studio.ui.services.fades import Fades
from studio.ui.services.finishing import Finishing
from studio.ui.services.held import SNAPSHOTS
from studio.ui.services.hooks import Hooks
from studio.ui.services.keeping_rate import KeepingRate
from studio.ui.services.leading import Leading
from studio.ui.services.messages import MessageBar
from studio.ui.services.parts import Parts
from studio.ui.services.posting import Post
from studio.ui.services.preset_opener import PresetOpener
from studio.ui.services.preset_saver import PresetSaver
from studio.ui.services.reopening import Reopening
from studio.ui.services.session import Session
from studio.ui.services.snapshots import SnapshotKeeper
from studio.ui.services.switching import Switching
from studio.ui.services.weighing import Weighing
from studio.ui.shell.main_window import MainWindow
from studio.ui.source.panel import Transport
from studio.ui.viewport import gl_context

if TYPE_CHECKING:
    from studio.engine.gl.display.display_buffers import DisplayBuffers

DEFAULT_SOURCE = "demo"

_PATIENCE = 10.0
"""Seconds that the end waits in all: for what is being written, too, where nobody has given up on it."""

_IN_PASSING = 2.0
"""Seconds that it takes besides; then the process ends, though one of its threads waits for a disk."""

_FOR_STILLS = 60.0
"""Seconds in which a picture that is written beside all that must be done where a person has closed the window."""

_UNASKED = 5.0
"""Seconds that it waits for what nobody would miss."""

_UNSEEN = 1000
"""Milliseconds after which the network runs though nobody has seen the window: it may be minimised."""


class Studio:
    """A running studio with its window; to be closed by `close`, which the window's end calls.

    Args:
        preset: what to begin with.
        path: the preset's folder; None for a network without one.
        source: what to play.
        session: what is remembered.
        home: where the person's presets and networks are.
    """

    def __init__(self, preset: Preset, path: Path | None, source: str, session: Session, home: Path) -> None:
        shorten_turns()
        spin_little()
        preload_torch()
        self._collector = Collector()
        self._compiler = gl_context.shader_compiler()
        self._context = gl_context.RenderContext(self._compiler)
        self._post = Post()
        self.telemetry = Telemetry()
        self.live = LiveSession(
            self._open_display,
            self._carry,
            self._context.close,
            # Made when the render thread begins, when there are controllers to listen to.
            lambda: (Movement(lambda time: self._sound.listen(time) | self.controllers.listen(time)),),
            prepare=self._context.open,
            quick=not gl_context.draws_in_software(),
        )
        self.live.prepare()
        self.document = Document(preset, path)
        self.workspace = Workspace(self.document)
        self.telemetry.follow(self.document.graph)
        # Before any panel hears of another network.
        self.document.changed.connect(self._follow)
        if preset.view_layer is not None:
            self.workspace.view = View("layer", preset.view_layer)
        self._link = DocumentSync(self.document, self.workspace, self.live)
        self.messages = MessageBar()
        self._hooks = Hooks(self._post, self.messages.say)
        say, post, order = self.messages.say, self._post, self.live.order
        self._sound = FilmSound(self.document, self.telemetry, self.live.player, Worker(post, "sound"), say)
        library, worker = Library(home / "presets"), Worker(post, held=True)
        saver = PresetSaver(self.document, library, self.live.snapshot, worker, post, say, self._scene)

        def fail(text: str, details: str) -> None:
            say(Message(text, "error", details, about="lesson"))

        context = partial(gl_context.LessonContext, self._compiler)
        learning = LearningSession(self.document, post, fail, context, self.live.way)
        self._room = MakingRoom(self.document, Worker(post, "room"))
        recovery = Recovery(home / "recovery")
        self._autosave = Autosave(
            self.document, recovery, worker, say, lambda: self._scene()[0], self.live.play, learning
        )
        saver.saved.connect(session.note_preset)
        loader = Loader(post, say)
        fades = Fades(self.document, self.telemetry, session, say, self.live.order)
        self._sound_out = SoundOut(
            self.live.player.state, self.live.player.newest, lambda text: post(partial(self._unheard, text))
        )
        self._keeping = KeepingRate(self.workspace, self.telemetry)
        self.controllers = Controllers(self.document, self.telemetry, post, say, session)
        names = self.controllers.hub.names
        self.controllers.add(fades.dials)
        self._switching = Switching(self.document, fades)
        shelf = Shelf(home / "snapshots", SNAPSHOTS)
        self._snapshots = SnapshotKeeper(fades, self.document, shelf, worker, say)
        self._leading = Leading(self.document, names, self.telemetry, order, say, lambda: fades.resting)
        fades.changed.connect(self._leading.look)
        self.controllers.reached.connect(self._leading.look)

        self.parts = Parts(
            document=self.document,
            workspace=self.workspace,
            live=self.live,
            telemetry=self.telemetry,
            editing=Editing(self.document, post, lambda text: say(Message(text, "error"))),
            loader=loader,
            opener=PresetOpener(self.document, self.workspace, loader, session, say, fades),
            fades=fades,
            sound=self._sound,
            worker=worker,
            importer=Worker(post, "importer"),
            renderer=Worker(post, "renderer"),
            saver=saver,
            session=session,
            messages=self.messages,
            learning=learning,
            comparison=Comparison(post, fail),
            proofs=Proofs(self.live.player.newest, post),
            post=post,
            library=library,
            networks=home / "weights",
            controllers=self.controllers,
        )
        closing = Closing(self.document, saver, lambda *asked: ask_over(self.window, *asked))
        workers = worker, self.parts.importer, self.parts.renderer
        self._finishing = finishing = Finishing(workers, self.live, self.telemetry, lambda: self.window)
        busy = lambda: finishing.pending or not learning.rests or self.parts.comparison.state != "off"  # noqa: E731
        self._weighing = Weighing(self.document, self.telemetry, order, post, busy, self._compiler)
        self.window: MainWindow = MainWindow(
            self.parts, lambda close: closing.may_close(close) and finishing.may_close(close)
        )
        self.window.context[Transport].set_sound(self._sound_out)
        self._reopening = Reopening(self.document, self.workspace, self.live.play, self.parts.loader, session, say)
        self._reopening.offer(source)
        self._autosave.offer()
        for note in preset.notes:
            say(Message(note, "warning"))
        self.window.panels.begun = worker.begin
        self.window.panels.finished = self._settle
        self.telemetry.on(EngineState, lambda state: self.parts.learning.run_on(state.name))
        self._source, self._has_begun = source, False
        self.is_ended = False
        """Whether the process was asked to end, where nobody is there to answer questions."""
        once_painted(self.window, self._begin)
        QTimer.singleShot(_UNSEEN, self.window, self._begin)

    def _begin(self) -> None:
        """Play and run: engine and source, loaded while the window is made, would keep it from coming for as long."""
        if self._has_begun:
            return
        self._has_begun = True
        self.live.start()
        QTimer.singleShot(0, self.window, threading.Thread(target=self._bring, name="films", daemon=True).start)

    def _bring(self) -> None:
        """Import what plays films beside the window, and then play.

        Two threads that import PyAV at once wait for each other for ever: others do it behind the first picture.
        """
        try:
            import av  # noqa: F401
        finally:
            self._post(self._play)

    def _play(self) -> None:
        """Play what the window begins with, unless somebody has opened something meanwhile."""
        state = self.live.player.state()
        if not state.opening and state.info is None:
            self.live.play(self._source)

    def _open_display(self) -> DisplayBuffers:
        from studio.engine.gl.display.display_buffers import DisplayBuffers

        return DisplayBuffers(self._context.device)

    def _unheard(self, why: str) -> None:
        self.window.context[Transport].cannot_sound(why)

    def hear(self) -> None:
        """Let the film be heard."""
        self._sound_out.start()

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged):
            self.telemetry.follow(self.document.graph)

    def _tell_problems(self, problems: tuple[str, ...]) -> None:
        for problem in problems:
            self.messages.say(Message(problem, "warning"))

    def _scene(self) -> tuple[str | None, str | None]:
        """The source that is playing, and the layer that is looked at."""
        view = self.workspace.view
        return self.telemetry[PlayerState].spec or None, view.name if view.kind == "layer" else None

    def _settle(self) -> None:
        """The first picture is there, and every panel."""
        # It imports all that plug-ins may add to.
        self.parts.worker.do(check, self._tell_problems)
        self._tell_problems(tuple(filter(None, (self.parts.session.problem,))))
        self._collector.begin()

    def _carry(self, report: Report) -> None:
        """From the render thread to the window's."""
        self._post(lambda: self.telemetry.take(report))

    def unwritten(self) -> tuple[str, ...]:
        """What is being written, in words."""
        return self._finishing.pending

    def close(self) -> None:
        """End every thread and free what they hold."""
        # What waits for the window to be painted waits for nothing any more.
        self._has_begun = True
        self.parts.fades.close()
        self._switching.close()
        # Only where there is one: to ask for it would make its panel, and all before it.
        from studio.ui.performance.stage_hand import StageHand

        if StageHand in self.window.context:
            self.window.context[StageHand].close()
        self._sound_out.close()
        self._weighing.close()
        self.controllers.close()
        self._reopening.remember(self.telemetry[PlayerState].spec or self._source)
        self._autosave.end(unasked=self.is_ended)
        deadline = Deadline(_PATIENCE)
        self._sound.close(deadline.left(_UNASKED))
        self.parts.editing.close()
        self._room.close()
        self.parts.proofs.close()
        self.parts.loader.close()
        self.parts.learning.close(deadline.left(_UNASKED))
        self.parts.comparison.end(deadline.left(_UNASKED))
        patience = 0.0 if self._finishing.has_given_up else _PATIENCE
        recording = self._finishing.recording
        is_over = self.live.close(deadline.left(patience if recording else min(_UNASKED, patience)))
        lost = [recording] if recording and not is_over else []
        for worker, unasked in ((self.parts.worker, _UNASKED), (self.parts.importer, 0.0), (self.parts.renderer, 0.0)):
            worker.close(deadline.left(patience if worker.pending else min(unasked, patience)))
            lost += worker.pending
        note_unwritten(lambda: lost)
        if self._compiler is not None:
            self._compiler.close()
        self._hooks.remove()
        self._post.close()
        self._collector.close()


def run(preset: str, source: str, osc: tuple[str, int] | None = None, midi: bool = False) -> int:
    """Open the window and stay until it is closed; the exit status.

    Args:
        preset: a preset or a network, by name or path.
        source: what to play: "demo", "camera", a path.
        osc: host and UDP port to hear OSC at.
        midi: whether MIDI ports are heard.
    """
    memory.bound()
    gl_context.prepare()
    application = QApplication(sys.argv[:1])
    application.setApplicationName("network-bending-studio")
    application.setApplicationDisplayName("Network Bending Studio")
    application.setOrganizationName("network-bending-studio")
    theme.apply(application)
    data = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    home = Path(data) / application.applicationName()
    log = open_log()
    studio = Studio(*find_and_open(preset), source, Session(), home)
    studio.controllers.start(osc, midi)
    studio.window.show()
    studio.hear()

    def end() -> None:
        studio.is_ended = True
        end_within(_PATIENCE + _IN_PASSING, 0, studio.unwritten)
        application.exit()

    end_on_signals(application, end)
    try:
        status = 0 if studio.is_ended else application.exec()
    finally:
        end_within(_FOR_STILLS, 1, studio.unwritten)
        studio.close()
        close_log(log)
    return leave(status)
