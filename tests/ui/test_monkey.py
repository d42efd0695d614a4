"""Two thousand things that a restless artist does: nothing breaks, nothing leaks, and all of it can be undone."""

from __future__ import annotations

import gc
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import tiny_network
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from restless_hands import RestlessHands, come_to_rest
from whole_window import HARMLESS, WholeWindow

from studio.edits import registry
from studio.errors import StudioError
from studio.io.networks import save_network
from studio.io.presets import save_preset
from studio.learn.prepare import Asked
from studio.model.declared.form import fields
from studio.model.filters.edit import Selection
from studio.model.filters.live_edits import bound
from studio.model.networks.changes import Change, HistoryChanged, NetworkChanged, WeightsChanged
from studio.model.networks.layout import crop, put
from studio.model.networks.preset import Preset
from studio.model.networks.section import BypassChanged
from studio.model.views.view import View
from studio.runtime.learning.session import LearningSession
from studio.runtime.live.overlap import LANES
from studio.runtime.live.report import EngineState
from studio.runtime.services import memory

pytestmark = pytest.mark.gl

ACTIONS = 2000
WARM_UP = 500
NONE = Qt.KeyboardModifier.NoModifier


class Replay:
    """Holds what the document should hold, by its changes alone."""

    def __init__(self, whole: WholeWindow) -> None:
        self._document = whole.document
        self._take_all()
        whole.document.changed.connect(self._follow)

    def _take_all(self) -> None:
        self.tensors = {name: np.array(self._document.tensor(name)) for name in self._document.network.tensors}
        self.bypassed = self._document.bypassed

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged):
            self._take_all()
        elif isinstance(change, WeightsChanged):
            new = crop(self._document.tensor(change.tensor), change.rect)
            put(self.tensors[change.tensor], change.rect, new)
        elif isinstance(change, BypassChanged):
            self.bypassed = self._document.bypassed

    def check(self) -> None:
        assert self.bypassed == self._document.bypassed
        assert self.tensors.keys() == self._document.network.tensors.keys()
        for name, tensor in self.tensors.items():
            np.testing.assert_array_equal(tensor.view(np.uint32), self._document.tensor(name).view(np.uint32), name)


class Monkey(RestlessHands):
    engines = ("torch", "gl", "gl-fragment")

    def __init__(self, whole: WholeWindow, presets: list[Path], out: Path, seed: int) -> None:
        super().__init__(whole, seed)
        self.presets, self.out = presets, out
        self.ways = [
            (30, self.stroke),
            (12, self.select),
            (14, self.edit),
            (10, self.drag_slider),
            (12, self.undo_or_redo),
            (4, self.travel),
            (10, self.choose_layer),
            (6, self.click_list),
            (8, self.look),
            (6, self.wheel),
            (14, self.command),
            (4, self.brush),
            (3, self.resize),
            (2, self.float_dock),
            (3, self.open_preset),
            (1, self.engine),
            (1, self.size),
            (5, self.transport),
            (6, self.learn),
        ]

    def _point(self) -> QPoint:
        rect = self.whole.editor.sheet.rect()
        return QPoint(self.rng.randrange(rect.width()), self.rng.randrange(rect.height()))

    def _drag(self, count: int) -> None:
        sheet = self.whole.editor.sheet
        if not sheet.isVisible():
            return
        modifiers = self.rng.choice([NONE, NONE, Qt.KeyboardModifier.ShiftModifier])
        QTest.mousePress(sheet, Qt.MouseButton.LeftButton, modifiers, self._point())
        for _ in range(count):
            QTest.mouseMove(sheet, self._point())
        if self.rng.random() < 0.1:
            QTest.keyClick(sheet, Qt.Key.Key_Escape)
        QTest.mouseRelease(sheet, Qt.MouseButton.LeftButton, modifiers, self._point())

    def stroke(self) -> None:
        self.whole.workspace.tool = "paint"
        self._drag(self.rng.randrange(5))

    def select(self) -> None:
        self.whole.workspace.tool = "select"
        self._drag(self.rng.randrange(2))
        tensor = self.whole.workspace.tensor
        if tensor is not None and self.rng.random() < 0.3:
            shape = self.whole.document.tensor(tensor).shape
            self.whole.workspace.select(Selection.random(shape, self.rng.randrange(1, 5), self.rng.randrange(99)))

    def _edit(self) -> tuple[str, object] | None:
        kind = self.rng.choice(list(registry().values()))
        if any(field.required for field in fields(kind)) or kind.needs_other:
            return None
        values = {}
        for field in fields(kind):
            if field.kind == "number" and field.lo is not None and field.hi is not None:
                values[field.name] = max(field.lo, min(field.hi, self.rng.uniform(-1.5, 1.5)))
        return kind.label, kind(**values)

    def edit(self) -> None:
        tensor, selection, made = self.whole.workspace.tensor, self.whole.workspace.selection, self._edit()
        if tensor is not None and selection is not None and made is not None:
            self.whole.studio.parts.editing.apply(made[0], made[1], tensor, selection)  # type: ignore[arg-type]

    def drag_slider(self) -> None:
        tensor, selection = self.whole.workspace.tensor, self.whole.workspace.selection
        editing, made = self.whole.studio.parts.editing, self._edit()
        if tensor is None or selection is None or made is None:
            return
        for _ in range(3):
            editing.preview(made[0], made[1], tensor, selection)  # type: ignore[arg-type]
            QApplication.processEvents()
        editing.cancel() if self.rng.random() < 0.2 else editing.commit()

    def choose_layer(self) -> None:
        nodes = self.whole.document.graph.nodes
        self.whole.workspace.choose(self.rng.choice(nodes).name, self.rng.choice(["weight", "bias"]))

    def click_list(self) -> None:
        view = self.whole.network.list.viewport()
        if view.isVisible():
            at = QPoint(self.rng.randrange(view.width()), self.rng.randrange(view.height()))
            QTest.mouseClick(view, Qt.MouseButton.LeftButton, NONE, at)

    def look(self) -> None:
        workspace = self.whole.workspace
        names = {"layer": workspace.layer, "filters": workspace.tensor or ""}
        kind = self.rng.choice(["output", "split", "layer", "filters"])
        if kind != "filters" or workspace.tensor is not None:
            workspace.view = View(kind, names.get(kind, ""))  # type: ignore[arg-type]

    def wheel(self) -> None:
        widget = self.rng.choice([self.whole.viewport, self.whole.editor.sheet])
        at = QPoint(self.rng.randrange(max(1, widget.width())), self.rng.randrange(max(1, widget.height())))
        delta = QPoint(0, self.rng.choice([-120, 120]))
        event = QWheelEvent(
            QPointF(at), QPointF(widget.mapToGlobal(at)), QPoint(), delta, Qt.MouseButton.NoButton, NONE,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)

    def command(self) -> None:
        # Pictures and recordings on the disk have tests of their own, and a sheet or a panel above is only in the way.
        left_out = (
            "file.record",
            "file.still",
            "file.layer_sheet",
            "file.save",
            "file.save_as",
            "help.shortcuts",
            "layer.originals",
            "layer.picture_values",
            "help.palette",
            "help.messages",
        )
        # What bends is random, and has a monkey of its own; lessons are begun below, on a picture that is small.
        others = ("bend.", "learn.toggle", "learn.step")
        names = [name for name in HARMLESS if name not in left_out and not name.startswith(others)]
        self.whole.command(self.rng.choice(names))

    def brush(self) -> None:
        rng, brush = self.rng, self.whole.workspace.brush
        self.whole.workspace.brush = brush.model_copy(
            update={
                "mode": rng.choice(["add", "set", "multiply", "erase", "smooth", "noise"]),
                "radius": rng.uniform(0.5, 12),
                "value": rng.uniform(-2, 2),
                "repeat": rng.choice(["none", "none", "row", "column", "all"]),
                "mirror": rng.choice(["none", "none", "horizontal", "both"]),
            }
        )

        self.whole.workspace.paints = rng.choice(["weights", "weights", "rates", "pulls"])
        self.whole.workspace.rate, self.whole.workspace.pull = rng.choice([0.0, 0.0, 1.0, 10.0]), rng.random()

    def learn(self) -> None:
        session, rng = self.whole.context[LearningSession], self.rng
        if not session.is_open:
            asked = Asked(str(self.out / "still.png"), size=16, batch=1, rate=rng.choice([1e-4, 1e-2]))
            session.begin(asked, "torch", steps=rng.randrange(1, 40))
            return
        acts: list[Callable[[], object]] = [
            session.pause,
            session.end,
            session.keep,
            lambda: session.go_on(rng.randrange(1, 40)),
            lambda: session.turn(replace(session.asked or Asked(), rate=rng.choice([1e-4, 1e-3, 1e9]))),
            lambda: session.restore(rng.choice(session.checkpoints)) if session.checkpoints else None,
        ]
        rng.choice(acts)()

    def resize(self) -> None:
        self.whole.window.resize(self.rng.randrange(960, 1700), self.rng.randrange(560, 1100))

    def float_dock(self) -> None:
        dock = self.rng.choice(list(self.whole.window.docks.values()))
        dock.setFloating(not dock.isFloating())

    def open_preset(self) -> None:
        self.whole.opening.open(self.rng.choice(self.presets))
        loader = self.whole.studio.parts.loader
        self.whole.until(lambda: not loader.opening)

    def size(self) -> None:
        self.whole.workspace.size = self.rng.choice(["32", "48", "source"])

    def transport(self) -> None:
        live = self.whole.live
        self.rng.choice(
            [
                lambda: live.pause(True),
                lambda: live.pause(False),
                lambda: live.seek(self.rng.uniform(0, 20)),
                lambda: live.set_speed(self.rng.uniform(0.3, 3)),
                lambda: setattr(self.whole.workspace, "comparison", self.rng.choice([None, None, "*", "enc"])),
            ]
        )()


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    del gl_app
    save_network(tiny_network(), tmp_path / "tiny")
    save_network(tiny_network(seed=5), tmp_path / "other")
    for number in range(3):
        bent = {"enc.bias": np.full(6, number / 2, np.float32), "dec.bias": np.full(3, -number / 2, np.float32)}
        save_preset(Preset(f"bent {number}", tiny_network(), bent), tmp_path / f"bent-{number}")
    cv2.imwrite(str(tmp_path / "still.png"), np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8))
    opened = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "tiny"), str(tmp_path / "still.png"))
    yield opened
    opened.close()


def resident() -> int:
    """Bytes of memory that this process holds; what is free has been given back, as the window does now and then."""
    gc.collect()
    memory.trim()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def no_thread_is_left_over(before: Collection[threading.Thread]) -> bool:
    """Besides those there were before: of other tests."""
    new = set(threading.enumerate()).difference(before)
    kinds = Counter(re.sub(r"[\d_ ]+$", "", thread.name) for thread in new)
    # Two frames overlap, bends share their loops among the cores; the viewport draws in one thread, the output window
    # in another.
    needed = {"lane": LANES, "lanes": sys.maxsize, "drawing": 2}
    assert not {kind: number for kind, number in kinds.items() if number > needed.get(kind, 1)}
    return True


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc, which only Linux has")
def test_two_thousand_actions(whole: WholeWindow, tmp_path: Path) -> None:
    presets = [tmp_path / name for name in ("bent-0", "bent-1", "bent-2", "tiny", "other")]
    monkey, replay = Monkey(whole, presets, tmp_path, seed=20), Replay(whole)
    first = {name: np.array(whole.document.tensor(name)) for name in whole.document.network.tensors}
    held, made, learnt = 0, 0, 0
    before = set(threading.enumerate())

    def count(change: Change) -> None:
        nonlocal made
        made += isinstance(change, HistoryChanged)

    def count_steps(what: str) -> None:
        nonlocal learnt
        learnt += what == "steps"

    whole.document.changed.connect(count)
    whole.context[LearningSession].changed.connect(count_steps)
    # With the first step of a lesson comes a part of PyTorch of 80 MB, which is to be there before memory is measured,
    # however late the monkey's own first lesson gets to one.
    session = whole.context[LearningSession]
    session.begin(Asked(str(tmp_path / "still.png"), size=16, batch=1), "torch", steps=1)
    whole.until(lambda: learnt)
    session.end()
    whole.until(lambda: session.rests)
    for number in range(ACTIONS):
        try:
            monkey.act()
        except (StudioError, AssertionError) as error:
            raise AssertionError(f"action {number}, after {monkey.done[-8:]}: {error}") from error
        if number == WARM_UP:
            held = resident()
        if number % 100 == 0:
            replay.check()
    whole.workspace.comparison = None
    assert learnt > 10, "lessons must get somewhere"
    session.end()
    whole.until(lambda: session.rests)
    come_to_rest(whole)
    replay.check()
    assert made > ACTIONS / 8, "much of what a monkey does must reach the document"
    # Which of them run is the monkey's choice; that one ends before the next of its kind begins is not.
    whole.until(lambda: no_thread_is_left_over(before))
    grown = resident() / held
    assert grown < 1.10, f"memory grew by {grown - 1:.0%} over {ACTIONS - WARM_UP} actions"
    position = whole.document.history.position
    last = dict(replay.tensors)
    last = {name: tensor.copy() for name, tensor in last.items()}
    whole.document.go(0)
    for name, tensor in first.items():
        np.testing.assert_array_equal(tensor.view(np.uint32), whole.document.tensor(name).view(np.uint32))
    whole.document.go(position)
    for name, tensor in last.items():
        np.testing.assert_array_equal(tensor.view(np.uint32), whole.document.tensor(name).view(np.uint32))
    errors = [message.text for message in whole.studio.messages.log if message.kind == "error"]
    assert not [text for text in errors if "stopped" in text]
    # What is on the screen at the end is what a fresh engine makes of the document.
    whole.workspace.engine, whole.workspace.size, whole.workspace.held = "torch", "source", False
    from studio.engine.torch.engine import TorchEngine
    from studio.io.sources import open_source
    from studio.runtime.render.frame_runner import FrameRunner

    engine = TorchEngine(whole.document.network.with_tensors(whole.document.bent()))
    engine.bypass(whole.document.bypassed)
    engine.set_edits(bound(whole.document.edits, whole.document.network.tensors))
    with open_source(str(tmp_path / "still.png")) as source:
        wanted = FrameRunner(engine)(next(iter(source)).picture)
    whole.until(lambda: whole.told[EngineState].name == "torch" and whole.told[EngineState].size == (48, 64))
    np.testing.assert_array_equal(whole.picture(), wanted)
