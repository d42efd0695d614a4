"""Learning in an open document: weights come in, hands go in, undo takes back, checkpoints bring back."""

from __future__ import annotations

import importlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import cv2
import numpy as np
import pytest

from studio.bends import make_bend
from studio.errors import StudioError
from studio.io.networks import save_network
from studio.io.opening import find_and_open
from studio.learn import on_gl, prepare
from studio.learn.checkpoint import lesson_of, save_checkpoint
from studio.learn.goal import MEAN, Goal
from studio.learn.learner import Learner, Step
from studio.learn.networks import parse_new
from studio.learn.prepare import Asked
from studio.model.bends.stage import Stage
from studio.model.bends.stages import STAGES
from studio.model.documents.document import Document
from studio.model.filters import room
from studio.model.filters.edit import Patch, Selection
from studio.model.filters.learning_sheets import LEARNING_SHEETS, Kind, LearningSheets
from studio.model.networks.layout import Rect, crop
from studio.model.networks.preset import Preset
from studio.model.networks.section import SOURCE
from studio.model.networks.shape import Array
from studio.model.views.workspace import Workspace
from studio.runtime.editing.making_room import MakingRoom
from studio.runtime.learning import look
from studio.runtime.learning import trainer as training
from studio.runtime.learning.giving_way import LONGEST, TURN, turn_of
from studio.runtime.learning.record import Curves, Mark, alarm
from studio.runtime.learning.session import LearningSession
from studio.runtime.learning.trainer import Trainer
from studio.runtime.live.document_sync import DocumentSync
from studio.runtime.services.right_of_way import RightOfWay
from studio.runtime.services.worker import Worker

_RESTING = set[Trainer]()
"""Those that have told all that is new, and wait for orders."""


@pytest.fixture(autouse=True)
def _who_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    wait = Trainer._wait

    def noted(trainer: Trainer, seconds: float) -> tuple[list[Callable[[Learner], object]], float, bool]:
        # While anything is still to be told it waits for less than a second, or not at all.
        with trainer._ready:
            (_RESTING.add if seconds >= 1.0 else _RESTING.discard)(trainer)
            found = wait(trainer, seconds)
            if any(found):
                _RESTING.discard(trainer)
            return found

    monkeypatch.setattr(Trainer, "_wait", noted)


_LOOKING = {
    "model.filters.version": ("differing", "total_of", "sum_of"),
    "model.filters.bent": ("differing", "total_of", "sum_of", "crop", "put", "from_sheet"),
    "model.filters.changed_weights": ("same_bits", "crop"),
    "model.filters.gesture": ("crop",),
    "runtime.learning.session": ("crop",),
    "runtime.learning.trainer": ("to_sheet",),
    "runtime.learning.versions": ("same_bits",),
    "runtime.live.document_sync": ("crop",),
}
"""What goes over the weights of tensors, where they are learnt or changed."""


class Desk:
    """A document that learns, with a queue in place of an event loop."""

    def __init__(self, folder: Path) -> None:
        network = parse_new("autoencoder,width=4,seed=1").make()
        self.document = Document(Preset("new", network, {}))
        self.calls: deque[Callable[[], None]] = deque()
        self.said: list[str] = []
        self.session = LearningSession(self.document, self.calls.append, lambda text, _: self.said.append(text))
        self.asked = Asked(source=str(folder), size=16, batch=2, rate=1e-3)

    def until(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it has not happened in time"
            while self.calls:
                self.calls.popleft()()
            time.sleep(0.002)

    def learn(self, steps: int) -> None:
        wanted = self.session.step + steps
        if self.session.is_open:
            self.session.go_on(steps)
        else:
            self.session.begin(self.asked, "torch", steps=steps)
        self.until(lambda: self.session.step >= wanted)
        self.session.pause()
        self.settle()

    def settle(self) -> None:
        """Until the last weights are in the document: nothing is left to be done, and all has been told and taken."""
        self.until(self.is_idle)
        while self.calls:
            while self.calls:
                self.calls.popleft()()
            self.until(self.is_idle)

    def is_idle(self) -> bool:
        trainer = self.session._trainer
        if trainer is None:
            return self.session.rests
        with trainer._ready:
            waits = trainer._orders or trainer._closing or trainer._steps_left > 0
            return trainer in _RESTING and not waits

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While a step goes on: what is asked for meanwhile waits."""
        busy, free, trainer = threading.Event(), threading.Event(), self.session._trainer
        assert trainer is not None

        def work(_: Learner) -> None:
            busy.set()
            assert free.wait(60.0)

        trainer.order(work)
        assert busy.wait(60.0)
        yield
        free.set()

    def paint(self, kind: Kind, tensor: str, rect: Rect, value: float) -> None:
        """A stroke on the rates or pulls of a tensor."""
        shape = self.document.tensor(tensor).shape
        values = np.full((rect.height, rect.width), value, np.float32)
        after = self.document.section(LEARNING_SHEETS).with_patches(kind, tensor, shape, [Patch(rect, values)])
        self.document.set_section(LEARNING_SHEETS, after, f"Paint {kind}")

    def tensor(self, name: str) -> np.ndarray:
        return np.array(self.document.tensor(name))


def built_by(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Asked, tuple[Stage, ...]]]:
    """Lessons and bends by which learners were turned, from now on."""
    built: list[tuple[Asked, tuple[Stage, ...]]] = []
    turn = prepare.turn

    def noted(learner: Learner, before: Asked, asked: Asked, stages: tuple[Stage, ...]) -> tuple[str, ...]:
        found = turn(learner, before, asked, stages)
        built.append((asked, stages))
        return found

    monkeypatch.setattr(prepare, "turn", noted)
    return built


def wait_for(condition: Callable[[], object]) -> None:
    """Until something has happened in another thread; nothing is done in this one."""
    end = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < end, "it has not happened in time"
        time.sleep(0.002)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    for number in range(4):
        picture = np.random.default_rng(number).integers(0, 256, (20, 24, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture)
    made = Desk(tmp_path)
    yield made
    made.session.end()


def test_what_is_learnt_is_the_documents_and_one_undo(desk: Desk) -> None:
    before = {name: desk.tensor(name) for name in desk.document.network.tensors}
    desk.learn(5)
    assert desk.document.history.labels == ("Learn",)
    assert any(not np.array_equal(desk.tensor(name), value) for name, value in before.items())
    assert desk.session.curves.steps[-1] == 5
    assert desk.session.last is not None
    assert np.isfinite(desk.session.last.loss)
    desk.document.undo()
    assert all(np.array_equal(desk.tensor(name), value) for name, value in before.items())


def test_a_pause_makes_one_item_of_a_run_though_weights_of_before_are_still_on_their_way(desk: Desk) -> None:
    session = desk.session
    session.begin(desk.asked, "torch")
    trainer, taken = session._trainer, list[int]()
    assert trainer is not None
    # The window is busy: it has been told of weights, and steps were taken since.
    wait_for(lambda: not trainer._is_told)
    trainer.order(lambda learner: taken.append(learner.steps))
    wait_for(lambda: taken)
    while taken[-1] < taken[0] + 2:
        count = len(taken)
        trainer.order(lambda learner: taken.append(learner.steps))
        wait_for(lambda count=count: len(taken) > count)  # type: ignore[misc]
    session.pause()
    desk.settle()
    assert session.state == "paused"
    assert session.step >= taken[-1]
    assert desk.document.history.labels == ("Learn",)


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_pause_behind_the_last_step_makes_an_item_though_its_weights_were_told_before(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, is_taken: bool
) -> None:
    session, is_told, goes, tell = desk.session, threading.Event(), threading.Event(), training.Trainer._tell

    def tells(trainer: training.Trainer, told: training.Told) -> None:
        tell(trainer, told)
        if told.weights is not None and not is_told.is_set():
            is_told.set()
            assert goes.wait(60.0)

    monkeypatch.setattr(training.Trainer, "_tell", tells)
    session.begin(desk.asked, "torch")
    wait_for(is_told.is_set)
    if is_taken:
        desk.until(lambda: session.step > 0 and not desk.calls)
    # No step is taken any more.
    session.pause()
    goes.set()
    desk.settle()
    assert session.state == "paused"
    assert desk.document.history.labels == ("Learn",)


@pytest.mark.parametrize("ends", [False, True])
def test_weights_that_wait_for_a_hand_are_not_lost_where_others_are_told_meanwhile(
    desk: Desk, ends: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = desk.session
    session.begin(desk.asked, "torch")
    desk.until(lambda: session.step > 0)
    hand = desk.document.begin("Drag")
    desk.until(lambda: session._late is not None)
    # What is told from now on is without these.
    told: list[training.Told] = []
    take = session._take
    monkeypatch.setattr(session, "_take", lambda trainer, news: (told.append(news), take(trainer, news)))
    session.turn(replace(desk.asked, frozen=("enc1",)))
    desk.until(lambda: any(news.weights and "enc1.weight" not in news.weights for news in told))
    session.pause()
    desk.settle()
    session.keep()
    desk.until(lambda: session.checkpoints and session.checkpoints[-1].step == session.step)
    if ends:
        session.end()
        desk.until(lambda: session._late is not None and session._late[1].ended)
    hand.commit()
    desk.settle()
    for name, values in session.checkpoints[-1].checkpoint.state.tensors.items():
        assert np.array_equal(desk.tensor(name), values), name


def test_weights_that_were_not_finite_when_it_began_are_said_to_be(desk: Desk) -> None:
    desk.document.apply("Paint", "enc2.bias", Patch(Rect(0, 0, 1, 1), np.full((1, 1), np.nan, np.float32)))
    desk.session.begin(desk.asked, "torch")
    desk.until(lambda: desk.session.problem)
    assert '"enc2.bias" was not finite before it. Undo what was painted' in desk.session.problem
    assert "have gone back" not in desk.session.problem
    desk.settle()
    desk.document.undo()
    desk.learn(2)
    assert not desk.session.problem


def test_what_is_no_number_counts_wherever_it_stands() -> None:
    held = {name: np.array([value], np.float32) for name, value in (("a", 2.0), ("b", np.nan), ("c", -3.0))}
    assert np.isnan(look._peak(held))
    assert look._peak({name: held[name] for name in "ac"}) == 3.0
    assert look._peak({}) == 0.0


def test_what_is_asked_for_while_a_step_is_taken_is_not_lost(desk: Desk) -> None:
    session = desk.session
    session.begin(desk.asked, "torch", running=False)
    trainer = session._trainer
    assert trainer is not None

    def press_during_the_first(learner: Learner) -> None:
        def step() -> Step:
            learner.step = plain  # type: ignore[method-assign]
            trainer.run(2)
            return plain()

        plain = learner.step
        learner.step = step  # type: ignore[method-assign]

    trainer.order(press_during_the_first)
    session.go_on(1)
    desk.until(lambda: session.step >= 3)
    # Told in the window before it hears that the last had come to rest.
    desk.until(lambda: session.state == "paused")
    taken = len(desk.calls)
    session.go_on(1)
    end = time.monotonic() + 60
    while len(desk.calls) == taken or trainer.is_wanted:
        assert time.monotonic() < end
        time.sleep(0.002)
    session.go_on()
    desk.until(lambda: session.step >= 6)
    assert session.state == "learning"


def test_it_learns_on_from_what_an_undo_brought_back(desk: Desk) -> None:
    start = desk.tensor("dec2.weight")
    desk.learn(3)
    desk.document.undo()
    desk.learn(1)
    moved = np.abs(desk.tensor("dec2.weight") - start).max()
    # A step of Adam moves a weight by about its rate: three of them would have moved some further.
    assert 0 < moved < 2e-3


def test_a_stroke_while_it_learns_is_in_the_weights_and_stays_where_it_is_pinned(desk: Desk) -> None:
    desk.session.begin(desk.asked, "torch")
    desk.until(lambda: desk.session.step >= 2)
    mask = np.zeros(desk.tensor("enc2.weight").shape[:2], bool)
    mask[0, 0] = True
    shape = desk.tensor("enc2.weight").shape
    pinned = LearningSheets().with_kernels("rates", "enc2.weight", shape, Selection(mask), 0.0)
    desk.document.set_section(LEARNING_SHEETS, pinned, "Pin kernels")
    rect = Rect(0, 0, 4, 4)
    stroke = np.full((4, 4), 0.75, np.float32)
    desk.document.apply("Paint", "enc2.weight", Patch(rect, stroke))
    number = desk.session.step
    desk.until(lambda: desk.session.step >= number + 6)
    desk.session.pause()
    desk.settle()
    assert np.array_equal(desk.tensor("enc2.weight")[0, 0], stroke)
    assert not np.array_equal(desk.tensor("enc2.weight")[1:], np.array(desk.document.original("enc2.weight"))[1:])
    assert "Paint" in desk.document.history.labels


def test_a_stroke_that_is_under_way_is_not_painted_over(desk: Desk) -> None:
    desk.session.begin(desk.asked, "torch")
    desk.until(lambda: desk.session.step >= 2)
    gesture = desk.document.begin("Paint")
    gesture.put("enc1.weight", Patch(Rect(0, 0, 2, 2), np.full((2, 2), 3.0, np.float32)))
    number = desk.session.step
    desk.until(lambda: desk.session.step >= number + 4)
    assert (desk.tensor("enc1.weight")[0, 0, :2, :2] == 3.0).all()
    gesture.commit()
    desk.until(lambda: desk.session.step >= number + 8)
    desk.session.pause()
    desk.settle()
    # It has learnt on from the stroke, by steps that are small.
    assert np.abs(desk.tensor("enc1.weight")[0, 0, :2, :2] - 3.0).max() < 0.1


@pytest.mark.parametrize("does", ["open", "undo", "paint"])
def test_the_last_weights_of_a_lesson_that_was_ended_are_not_laid_over_what_is_done_then(desk: Desk, does: str) -> None:
    desk.session.begin(desk.asked, "torch")
    desk.until(lambda: desk.session.step >= 3 and desk.document.gesture is not None)
    trainer = desk.session._trainer
    assert trainer is not None
    desk.session.end()
    # They are on their way: nothing has been taken from the queue since.
    name = "enc1.weight"
    if does == "open":
        desk.document.load(Preset("opened", desk.document.network, {name: np.full_like(desk.tensor(name), 9.0)}))
    elif does == "undo":
        desk.document.undo()
    else:
        desk.document.apply("Paint", name, Patch(Rect(0, 0, 2, 2), np.full((2, 2), 3.0, np.float32)))
    before, items = desk.tensor(name), len(desk.document.history)
    desk.until(lambda: not trainer._thread.is_alive())
    desk.settle()
    np.testing.assert_array_equal(desk.tensor(name), before)
    assert len(desk.document.history) == items
    assert desk.session.rests


def test_a_checkpoint_brings_the_same_weights_back(desk: Desk) -> None:
    desk.learn(2)
    desk.session.keep()
    desk.until(lambda: desk.session.checkpoints[-1].step == 2)
    mark = desk.session.checkpoints[-1]
    then = desk.tensor("dec1.weight")
    desk.learn(3)
    ahead = desk.tensor("dec1.weight")
    assert not np.array_equal(ahead, then)
    desk.session.restore(mark)
    desk.settle()
    assert np.array_equal(desk.tensor("dec1.weight"), then)
    assert desk.session.curves.steps[-1] == mark.step
    desk.learn(3)
    assert np.array_equal(desk.tensor("dec1.weight"), ahead), "the same steps from the same checkpoint"


def test_of_steps_that_were_under_way_nothing_comes_behind_going_back(desk: Desk) -> None:
    """They were counted, and drawn behind the checkpoint: whoever went back while it learnt was told of step 84."""
    desk.learn(2)
    desk.session.keep()
    desk.until(lambda: desk.session.checkpoints[-1].step == 2)
    mark, then = desk.session.checkpoints[-1], desk.tensor("dec1.weight")
    desk.session.go_on()
    desk.until(lambda: desk.session.step >= 4)
    end = time.monotonic() + 60.0
    while len(desk.calls) < 5:
        assert time.monotonic() < end, "it learns on"
        time.sleep(0.002)
    desk.session.restore(mark)
    desk.settle()
    session = desk.session
    assert (session.step, session.last, session.curves.steps, session.state) == (2, None, [1, 2], "paused")
    # What was made of a crop, and which channels were dead, was so with other weights.
    assert (session.pictures, session.watched, session.dead) == (None, None, {})
    assert np.array_equal(desk.tensor("dec1.weight"), then)
    desk.learn(2)
    assert session.curves.steps == [1, 2, 3, 4]
    assert session.pictures is not None


def test_what_is_ordered_behind_something_that_fails_is_done_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that was learnt came any more: the way back, or the edit, was waited for and had been dropped."""

    plain = Learner.checkpoint

    def fails(_: Learner) -> None:
        monkeypatch.setattr(Learner, "checkpoint", plain)
        raise MemoryError

    desk.learn(2)
    desk.session.keep()
    desk.until(lambda: desk.session.checkpoints[-1].step == 2)
    mark = desk.session.checkpoints[-1]
    desk.learn(2)
    monkeypatch.setattr(Learner, "checkpoint", fails)
    with desk.busy():
        desk.session.keep()
        desk.session.restore(mark)
        desk.document.apply("Paint", "dec1.weight", Patch(Rect(0, 0, 2, 2), np.full((2, 2), 9.0, np.float32)))
    desk.settle()
    assert desk.said
    assert desk.session.step == 2
    desk.learn(2)
    assert desk.session.curves.steps == [1, 2, 3, 4]
    assert 8.0 < desk.tensor("dec1.weight").flat[0] < 10.0


def test_learning_goes_another_way_from_a_checkpoint_and_the_first_way_is_still_there(desk: Desk) -> None:
    def kept() -> Mark:
        desk.session.keep()
        desk.settle()
        return desk.session.checkpoints[-1]

    desk.learn(1)
    fork = kept()
    desk.learn(2)
    first, one = kept(), desk.tensor("dec1.weight")
    desk.session.restore(fork)
    desk.settle()
    desk.session.turn(replace(desk.asked, rate=1e-2))
    desk.learn(2)
    second, other = kept(), desk.tensor("dec1.weight")
    assert (fork.step, first.step, second.step) == (1, 3, 3)
    assert not np.array_equal(one, other)
    for mark, way in ((first, one), (second, other)):
        assert any(mark is each for each in desk.session.checkpoints)
        desk.session.restore(mark)
        desk.settle()
        assert np.array_equal(desk.tensor("dec1.weight"), way)


@pytest.mark.parametrize("running", [True, False])
def test_a_lesson_that_is_prepared_to_run_is_said_to_learn_before_its_first_step_has_come(
    desk: Desk, running: bool
) -> None:
    states: list[str] = []
    desk.session.changed.connect(lambda what: states.append(desk.session.state) if what == "state" else None)
    desk.session.begin(desk.asked, "torch", running=running, steps=2)
    desk.until(lambda: desk.session.step == 2 if running else desk.session.state == "paused")
    desk.settle()
    assert list(dict.fromkeys(states)) == ["preparing", *(["learning"] if running else []), "paused"]


def test_other_numbers_are_taken_between_steps(desk: Desk) -> None:
    desk.learn(1)
    desk.session.turn(replace(desk.asked, rate=0.0, learns=("dec2",)))
    still = desk.tensor("dec2.weight")
    desk.learn(2)
    assert np.array_equal(desk.tensor("dec2.weight"), still)


def test_bends_that_are_asked_for_work_while_it_learns_and_are_turned(desk: Desk) -> None:
    median = Stage(2, "enc2", make_bend("Median", {}))

    def bend(factor: float) -> None:
        turned = Stage(1, "enc1", make_bend("Multiply", {"factor": factor}))
        desk.document.set_section(STAGES, (turned, median), "Turn a bend")

    bend(1.0)
    desk.asked = replace(desk.asked, rate=0.0, bends=True, flips=False, source=f"{desk.asked.source}/0.png", size=24)
    desk.learn(1)
    assert any("Median behind enc2) is left out while it learns" in said for said in desk.session.notes)
    bend(-9.0)
    desk.settle()
    desk.learn(1)
    one, other = desk.session.curves.total
    assert other != pytest.approx(one, rel=1e-3)
    desk.session.turn(replace(desk.asked, bends=False))
    desk.until(lambda: not any("Median" in said for said in desk.session.notes))


@pytest.mark.parametrize("ends", ["goes on", "closes"])
def test_of_a_bend_that_is_dragged_only_where_it_is_now_is_built(
    desk: Desk, ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = built_by(monkeypatch)

    def bend(angle: float) -> None:
        bent = Stage(1, "enc1", make_bend("Rotate", {"angle": angle}))
        desk.document.set_section(STAGES, (bent,), "Turn a bend")
        while desk.calls:  # the event loop comes round
            desk.calls.popleft()()

    bend(1.0)
    desk.asked = replace(desk.asked, bends=True)
    desk.learn(1)
    with desk.busy():
        for angle in (2.0, 3.0, 4.0, 5.0):
            bend(angle)
        desk.session.turn(replace(desk.asked, rate=0.5))
        for angle in (6.0, 7.0, 8.0):
            bend(angle)
        if ends == "closes":
            desk.session.end()
    desk.settle()
    last = [] if ends == "closes" else [(8.0, 0.5)]
    assert [(stages[0].bend.angle, asked.rate) for asked, stages in built] == last


def test_of_several_turns_of_a_lesson_during_one_step_only_the_last_is_built(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    built = built_by(monkeypatch)
    desk.learn(1)
    asked = desk.asked
    with desk.busy():
        for size, losses in ((24, "l1=1"), (32, "l1=1"), (32, "l1=1,edges=0.5"), (20, "ssim=1")):
            asked = replace(asked, size=size, losses=losses)
            desk.session.turn(asked)
    desk.settle()
    assert [each for each, _ in built] == [asked]
    assert desk.session.asked == asked
    desk.learn(1)
    assert desk.session.last is not None
    assert "ssim" in desk.session.last.parts
    # What is refused is told, and what was asked for before it is what is learnt, shown and saved.
    good = replace(asked, rate=1e-4, size=32)
    with desk.busy():
        for each in (good, replace(good, losses="nonsense=1"), replace(good, learns=("nothing*",))):
            desk.session.turn(each)
        desk.session.save(tmp_path / "lesson.safetensors")
    desk.settle()
    assert [each for each, _ in built] == [asked, good]
    assert "nothing*" in desk.session.problem
    assert desk.session.asked == good
    assert lesson_of(tmp_path / "lesson.safetensors") == good
    desk.session.run_on("gl-fragment")
    with desk.busy():
        desk.session.turn(replace(good, losses="nonsense=1"))
    desk.settle()
    assert desk.session.asked == good
    desk.learn(1)


def test_a_stroke_between_weights_that_come_in_stays_and_all_others_come_after_it(desk: Desk) -> None:
    session = desk.session
    desk.learn(2)
    held = {name: desk.tensor(name) for name in desk.document.network.tensors}
    session.keep()
    desk.until(lambda: session.checkpoints[-1].step == 2)
    for name, values in session.checkpoints[-1].checkpoint.state.tensors.items():
        assert np.array_equal(held[name], values), name
    session.go_on()
    desk.until(lambda: desk.document.gesture is not None)
    desk.document.apply("Paint", "dec2.weight", Patch(Rect(0, 0, 2, 2), np.full((2, 2), 3.0, np.float32)))
    step = session.step
    desk.until(lambda: session.step >= step + 4)
    session.pause()
    desk.settle()
    assert np.abs(crop(desk.tensor("dec2.weight"), Rect(0, 0, 2, 2)) - 3.0).max() < 0.2
    session.keep()
    desk.until(lambda: session.checkpoints[-1].step == session.step)
    desk.settle()
    for name, values in session.checkpoints[-1].checkpoint.state.tensors.items():
        assert np.array_equal(desk.tensor(name), values), name
    # What is ended in between is whole.
    session.go_on()
    desk.until(lambda: session.step >= step + 6)
    session.end()
    desk.settle()
    assert session.rests
    assert set(desk.document.history.labels) == {"Learn", "Paint"}


def test_the_window_looks_at_no_weight_that_is_learnt(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are: they are compared and measured where they are learnt, and handed over as they are."""
    here, looked = threading.get_ident(), {"here": 0, "there": 0}

    def counted(plain: Callable[..., object]) -> Callable[..., object]:
        def count(values: np.ndarray, *more: object) -> object:
            area = (more[0].height * more[0].width,) if more and isinstance(more[0], Rect) else values.shape
            looked["here" if threading.get_ident() == here else "there"] += math.prod(area)
            return plain(values, *more)

        return count

    for module, names in _LOOKING.items():
        for name in names:
            plain = getattr(importlib.import_module(f"studio.{module}"), name)
            monkeypatch.setattr(f"studio.{module}.{name}", counted(plain))
    orders = list[object]()
    sync = DocumentSync(desk.document, Workspace(desk.document), SimpleNamespace(order=orders.append))
    desk.learn(4)
    desk.session.keep()
    desk.until(lambda: desk.session.checkpoints[-1].step == 4)
    desk.session.compare(desk.session.checkpoints[0])
    desk.session.compare(None)
    desk.session.restore(desk.session.checkpoints[0])
    desk.settle()
    desk.document.go(0)
    desk.document.go(len(desk.document.history))
    desk.learn(2)
    desk.document.undo()
    desk.document.redo()
    desk.document.preset()
    desk.settle()
    assert looked["here"] == 0
    assert looked["there"] > 10_000
    # A stroke into what is learnt costs what the stroke costs.
    desk.session.go_on()
    desk.until(lambda: desk.document.gesture is not None)
    rect = Rect(0, 0, 2, 2)
    desk.document.apply("Paint", "dec2.weight", Patch(rect, np.full((2, 2), 3.0, np.float32)))
    desk.session.pause()
    desk.settle()
    assert 0 < looked["here"] <= 20 * 4
    assert orders
    del sync


@pytest.mark.parametrize("then", ["pause", "end", "pause, then end"])
def test_what_comes_in_while_a_hand_turns_something_else_is_the_documents_once_it_lets_go(
    desk: Desk, then: str
) -> None:
    desk.session.begin(desk.asked, "torch")
    desk.until(lambda: desk.session.step >= 2)
    turning = desk.document.begin("Turn")
    turning.set_section(SOURCE, "film")
    before = desk.tensor("dec2.weight")
    step = desk.session.step
    desk.until(lambda: desk.session.step >= step + 4)
    trainer = desk.session._trainer
    assert trainer is not None
    if then != "end":
        desk.session.pause()
        desk.settle()
    if then != "pause":
        desk.session.end()
        desk.until(lambda: not trainer._thread.is_alive())
        while desk.calls:
            desk.calls.popleft()()
    assert desk.document.gesture is turning, "it is not taken out of the hand"
    assert np.array_equal(desk.tensor("dec2.weight"), before)
    turning.commit()
    desk.settle()
    assert desk.document.history.labels[-2:] == ("Turn", "Learn")
    newest = trainer.versions._newest
    assert all(np.array_equal(desk.tensor(name), version.values) for name, version in newest.items())
    assert not np.array_equal(desk.tensor("dec2.weight"), before)
    assert desk.document.gesture is None
    assert desk.session.rests == (then != "pause")


def test_on_a_gpu_no_step_begins_while_the_picture_has_a_frame_under_way(desk: Desk) -> None:
    assert turn_of(queues=True) < turn_of(queues=False) == TURN
    way = RightOfWay()
    assert way.wait(0.0)
    way.take()
    assert not way.wait(0.0)
    way.leave()
    assert way.wait(0.0)

    class Noted(RightOfWay):
        waits: ClassVar[list[float]] = []

        def wait(self, at_most: float) -> bool:
            self.waits.append(at_most)
            return super().wait(0.0)

    desk.session._way = Noted()
    desk.session.begin(desk.asked, "torch", running=False)
    trainer = desk.session._trainer
    assert trainer is not None
    desk.learn(3)
    assert not Noted.waits, "a processor is shared out by the system"
    trainer.order(lambda learner: setattr(learner.backend, "queues", True))
    desk.session._way.take()
    desk.learn(3)
    assert len(Noted.waits) >= 3, "it goes on, after each wait"
    assert set(Noted.waits) == {LONGEST}


class Waited(RightOfWay):
    """Counts who waits, for no time, and does something meanwhile."""

    def __init__(self, *, frees: bool, meanwhile: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.count, self._frees, self._meanwhile = 0, frees, meanwhile

    def wait(self, at_most: float) -> bool:
        assert 0 < at_most <= LONGEST
        self.count += 1
        self._meanwhile()
        return self._frees


def test_a_step_of_many_parts_waits_in_vain_once(desk: Desk) -> None:
    desk.session._way = way = Waited(frees=False)
    desk.asked = replace(desk.asked, batch=4, at_once=1)
    desk.session.begin(desk.asked, "torch", running=False)
    trainer = desk.session._trainer
    assert trainer is not None
    trainer.order(lambda learner: setattr(learner.backend, "queues", True))
    desk.learn(3)
    assert way.count == 3


@pytest.mark.parametrize("told", ["pause", "end", "order"])
def test_where_a_hand_waits_for_a_step_it_waits_for_nobody(desk: Desk, told: str) -> None:
    does: dict[str, Callable[[Trainer], object]] = {
        "pause": lambda trainer: trainer.run(0),
        "end": lambda trainer: trainer.close(),
        "order": lambda trainer: trainer.order(lambda _: None),
    }

    def meanwhile() -> None:
        assert trainer is not None
        does[told](trainer)

    desk.session._way = way = Waited(frees=True, meanwhile=meanwhile)
    desk.asked = replace(desk.asked, batch=4, at_once=1)
    desk.session.begin(desk.asked, "torch", running=False)
    trainer = desk.session._trainer
    assert trainer is not None
    trainer.order(lambda learner: setattr(learner.backend, "queues", True))
    desk.session.go_on(1)
    desk.until(lambda: desk.session.step == 1)
    desk.settle()
    assert way.count == 1


@pytest.mark.parametrize("tensor", ["enc2.weight", "dec2.weight", "dec1.weight"])
def test_a_stroke_while_it_learns_finds_room_whichever_tensor_it_is_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tensor: str
) -> None:
    monkeypatch.setattr(room, "LARGE", 2)
    making = MakingRoom(desk.document, Worker(desk.calls.append))
    desk.learn(2)
    for value in (0.5, 0.25):
        desk.until(lambda: not desk.document.room_wanted)
        made, learnt = desk.document._room._held, desk.document.hold(tensor).values
        assert made is not None
        before = np.array(learnt)
        desk.document.apply("Paint", tensor, Patch(Rect(0, 0, 2, 2), np.full((2, 2), value, np.float32)))
        assert np.shares_memory(desk.document.tensor(tensor), made)
        assert np.array_equal(learnt, before)
        desk.learn(1)
    desk.until(lambda: not desk.document.room_wanted)
    making.close()
    desk.document.apply("Paint", tensor, Patch(Rect(0, 0, 2, 2), np.ones((2, 2), np.float32)))
    desk.learn(1)
    assert desk.document.room_wanted, "and nobody makes more"


def test_what_is_frozen_while_it_learns_is_in_the_document_as_it_had_become(desk: Desk) -> None:
    desk.session.begin(desk.asked, "torch")
    for frozen in (("enc1", "dec1"), (), ("dec2",)):
        step = desk.session.step
        desk.until(lambda step=step: desk.session.step >= step + 4)  # type: ignore[misc]
        desk.session.turn(replace(desk.asked, frozen=frozen))
    step = desk.session.step
    desk.until(lambda: desk.session.step >= step + 4)
    desk.session.pause()
    desk.settle()
    desk.session.keep()
    desk.until(lambda: desk.session.checkpoints and desk.session.checkpoints[-1].step == desk.session.step)
    for name, values in desk.session.checkpoints[-1].checkpoint.state.tensors.items():
        assert np.array_equal(desk.tensor(name), values), name
    # Back to where it began: what does not learn now goes back, too.
    desk.session.restore(desk.session.checkpoints[0])
    desk.settle()
    for name, tensor in desk.document.network.tensors.items():
        assert np.array_equal(desk.tensor(name), tensor), name


def test_a_step_that_is_not_finite_is_not_taken(desk: Desk) -> None:
    sheet = np.full((16, 12), 1e38, np.float32)
    desk.document.apply("Paint", "enc1.weight", Patch(Rect(0, 0, 16, 12), sheet))
    before = {name: desk.tensor(name) for name in desk.document.network.tensors}
    desk.session.begin(desk.asked, "torch", steps=200)
    desk.until(lambda: desk.session.problem)
    desk.settle()
    assert "not taken" in desk.session.problem
    assert desk.session.state == "paused"
    assert all(np.array_equal(desk.tensor(name), value) for name, value in before.items())
    # The next action works.
    desk.document.undo()
    desk.learn(2)
    assert not desk.session.problem


def test_it_goes_on_after_a_restart_as_if_it_had_not_stopped(desk: Desk, tmp_path: Path) -> None:
    desk.learn(3)
    desk.session.save(tmp_path / "tonight.safetensors")
    saved: list[str] = []
    desk.session.changed.connect(saved.append)
    desk.until(lambda: "saved" in saved)
    then = desk.document.preset()
    desk.learn(3)
    ahead = {name: desk.tensor(name) for name in desk.document.network.tensors}
    # Tomorrow: another document of the same preset, another session, another thread.
    tomorrow = Desk(Path(desk.asked.source))
    tomorrow.document.load(then)
    tomorrow.session.begin(desk.asked, "torch", running=False, resume=tmp_path / "tonight.safetensors")
    tomorrow.until(lambda: tomorrow.session.state == "paused")
    tomorrow.settle()
    assert tomorrow.session.step == 3
    tomorrow.learn(3)
    assert tomorrow.session.curves.steps == [4, 5, 6]
    for name, values in ahead.items():
        assert np.array_equal(tomorrow.tensor(name), values), name
    tomorrow.session.end()
    tomorrow.settle()
    # One of another network's, or none at all, is a sentence.
    tomorrow.document.load(Preset("up", parse_new("upscaler,width=4").make(), {}))
    tomorrow.session.begin(desk.asked, "torch", resume=tmp_path / "tonight.safetensors")
    tomorrow.until(lambda: tomorrow.session.problem)
    assert "another network's" in tomorrow.session.problem
    assert tomorrow.session.state == "off"
    tomorrow.settle()


@pytest.mark.parametrize("then", ["end", "another"])
def test_a_lesson_that_was_ended_while_its_file_was_read_changes_no_other(
    then: str, desk: Desk, tmp_path: Path
) -> None:
    desk.paint("rates", "enc1.weight", Rect(0, 0, 2, 2), 0.5)
    desk.learn(2)
    desk.session.save(tmp_path / "file.safetensors")
    saved: list[str] = []
    desk.session.changed.connect(saved.append)
    desk.until(lambda: "saved" in saved)
    desk.session.end()
    desk.settle()
    desk.paint("rates", "enc1.weight", Rect(0, 0, 2, 2), 0.25)
    painted = desk.document.section(LEARNING_SHEETS)
    asked = replace(desk.asked, rate=5e-3)
    desk.session.begin(asked, "torch", running=False, resume=tmp_path / "file.safetensors")
    opened = threading.Event()
    assert desk.session._trainer is not None
    desk.session._trainer.order(lambda _: opened.set())
    assert opened.wait(60.0)
    # What it tells of the file waits behind this.
    if then == "end":
        desk.session.end()
    else:
        desk.session.begin(asked, "torch", running=False)
        desk.until(lambda: desk.session.state == "paused")
    desk.settle()
    assert (desk.session.asked, desk.session.step) == (asked, 0)
    assert desk.document.section(LEARNING_SHEETS) == painted


def test_a_source_that_has_ended_goes_on_being_learnt_from(desk: Desk) -> None:
    """Its pictures are kept: deleting the file, or a film at its end, stops nothing."""
    desk.learn(2)
    for picture in Path(desk.asked.source).iterdir():
        picture.unlink()
    desk.learn(5)
    assert desk.session.step == 7
    assert not desk.session.problem


def test_a_checkpoint_is_seen_while_a_key_is_held_and_learning_goes_on(desk: Desk) -> None:
    start = {name: desk.tensor(name) for name in desk.document.network.tensors}
    desk.session.begin(desk.asked, "torch")
    desk.until(lambda: desk.session.step >= 3 and desk.session.checkpoints)
    desk.session.compare(desk.session.checkpoints[0])
    step = desk.session.step
    desk.until(lambda: desk.session.step >= step + 3)
    assert all(np.array_equal(desk.tensor(name), value) for name, value in start.items())
    desk.session.compare(None)
    desk.session.pause()
    desk.settle()
    # It has learnt on from its own weights, and the history knows of learning alone.
    assert not np.array_equal(desk.tensor("dec2.weight"), start["dec2.weight"])
    assert set(desk.document.history.labels) == {"Learn"}
    last = desk.session.step
    desk.session.keep()
    desk.until(lambda: desk.session.checkpoints[-1].step == last)
    for name, values in desk.session.checkpoints[-1].checkpoint.state.tensors.items():
        assert np.array_equal(desk.tensor(name), values)


def test_weights_that_go_wild_are_not_shown_and_those_of_before_come_back(desk: Desk) -> None:
    # Without a sigmoid at its end, which would hold what it makes.
    desk.document.load(Preset("up", parse_new("upscaler,width=4,depth=3,seed=1").make(), {}))
    desk.learn(2)
    before = {name: desk.tensor(name) for name in desk.document.network.tensors}
    # Gradients are finite; what the next crop comes to is not.
    desk.session.turn(replace(desk.asked, optimiser="sgd", rate=100.0, losses="l2=1000000"))
    desk.session.go_on()
    desk.until(lambda: desk.session.problem)
    desk.settle()
    assert "gone back to those of step" in desk.session.problem
    assert desk.session.state == "paused"
    for name, tensor in before.items():
        assert np.abs(desk.tensor(name) - tensor).max() < 1.0
    desk.session.turn(desk.asked)
    desk.learn(2)
    assert not desk.session.problem


def test_weights_that_were_pinned_since_stay_pinned_where_others_go_back(desk: Desk) -> None:
    desk.document.load(Preset("up", parse_new("upscaler,width=4,depth=3,seed=1").make(), {}))
    desk.learn(2)
    name = next(name for name, tensor in desk.document.network.tensors.items() if tensor.ndim == 4)
    before, rect = desk.tensor(name), Rect(0, 0, 3, 6)
    desk.paint("rates", name, rect, 0.0)
    desk.session.turn(replace(desk.asked, optimiser="sgd", rate=100.0, losses="l2=1000000"))
    desk.session.go_on()
    desk.until(lambda: desk.session.problem)
    desk.settle()
    assert "gone back to those of step" in desk.session.problem
    desk.session.turn(desk.asked)
    desk.learn(3)
    after = desk.tensor(name)
    assert np.array_equal(crop(after, rect).view(np.uint32), crop(before, rect).view(np.uint32))
    assert not np.array_equal(after, before)


def test_it_pauses_at_a_goal_of_seconds_or_decibels(desk: Desk) -> None:
    desk.session.begin(desk.asked, "torch", goal=Goal(seconds=0.0))
    desk.until(lambda: desk.session.state == "paused")
    desk.settle()
    assert desk.session.step >= 1
    came = desk.session.step
    desk.session.go_on(goal=Goal(decibels=1.0))
    desk.until(lambda: desk.session.state == "paused")
    # So many steps are what a mean is of.
    assert desk.session.step >= came + MEAN
    desk.settle()
    assert not desk.session.problem


def test_a_tensor_that_is_chosen_while_it_rests_is_looked_at(desk: Desk) -> None:
    desk.session.begin(desk.asked, "torch", running=False)
    desk.settle()
    desk.session.watch("enc2.weight")
    desk.settle()
    assert desk.session.watched is None, "nothing has been learnt"
    desk.learn(2)
    desk.session.watch("dec1.weight")
    desk.settle()
    found = desk.session.watched
    assert found is not None
    assert found.name == "dec1.weight"
    assert found.gradient is not None
    assert np.abs(found.gradient).max() > 0
    assert found.update is found.of_map is None
    assert set(found.state) == {"mean", "square"}


def test_what_goes_wrong_is_an_alarm_with_what_to_do() -> None:
    def step(number: int, loss: float, norm: float = 1.0) -> Step:
        return Step(number, loss, {"l2": loss}, 20.0, norm, 1e-3, 0.01)

    curves = Curves()
    for number in range(1, 41):
        curves.add(step(number, 0.1))
    assert alarm(step(40, 0.1), curves, {}) == ""
    assert "lower the rate" in alarm(step(40, 0.1, norm=1e4), curves, {})
    assert "32 of 64 channels of act" in alarm(step(40, 0.1), curves, {"act": (32, 64)})
    assert alarm(step(40, 0.1), curves, {"act": (31, 64)}) == ""
    assert "gradients are zero" in alarm(step(40, 0.1, norm=0.0), curves, {})
    for number in range(41, 51):
        curves.add(step(number, 0.9))
    assert "9 times its least" in alarm(step(50, 0.9), curves, {})


def test_a_loss_that_counts_for_a_part_of_the_run_has_a_curve_in_its_place() -> None:
    curves = Curves()
    for number in range(1, 9001):
        parts = {"l2": 1.0} | ({"edges": 2.0} if 3000 < number <= 6000 else {})
        curves.add(Step(number, 1.0, parts, 20.0, 1.0, 1e-3, 0.01))
    edges = dict(zip(curves.steps, curves.parts["edges"], strict=True))
    assert all((value == 2.0) == (3000 < number <= 6000) for number, value in edges.items())
    assert all(np.isnan(value) for number, value in edges.items() if number <= 3000)
    curves.cut(3500)
    assert len(curves.parts["edges"]) == len(curves.parts["l2"]) == len(curves.steps)


def test_dead_units_are_counted(desk: Desk) -> None:
    bias = desk.tensor("enc1.bias")
    desk.document.apply("Set", "enc1.bias", Patch(Rect(0, 0, 1, len(bias)), np.full((1, len(bias)), -9.0, np.float32)))
    for _ in range(4):
        desk.learn(1)
    desk.until(lambda: desk.session.dead.get("enc1_act") == (len(bias), len(bias)))
    assert "channels of enc1_act" in alarm(desk.session.last, desk.session.curves, desk.session.dead)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"source": "/nowhere"}, "nothing at"), ({"losses": "l9=1"}, "l9"), ({"learns": ("nothing",)}, "fits no tensor")],
)
def test_what_does_not_fit_is_one_sentence_and_changes_nothing(
    desk: Desk, change: dict[str, object], said: str
) -> None:
    desk.session.begin(replace(desk.asked, **change), "torch")  # type: ignore[arg-type]
    desk.until(lambda: desk.session.problem)
    desk.settle()
    assert said in desk.session.problem
    assert desk.said == [desk.session.problem]
    assert desk.session.state == "off"
    assert desk.document.history.labels == ()


@pytest.mark.parametrize("engines", [("gl", "torch"), ("gl-fragment", "gl")])
def test_another_engine_goes_on_from_the_same_weights_with_what_the_optimiser_remembers(
    desk: Desk, tmp_path: Path, engines: tuple[str, str]
) -> None:
    alone = Desk(tmp_path)
    for each in (desk, alone):
        each.paint("rates", "dec1.weight", Rect(0, 0, 2, 2), 0.0)
    alone.learn(12)
    desk.learn(3)
    for engine in engines:
        # While it learns; what runs coarsely is learnt beside.
        desk.session.go_on(4)
        desk.session.run_on({"gl": "gl-half"}.get(engine, engine))
        desk.until(lambda: desk.session.state == "paused")
        desk.settle()
    assert desk.session.engine == engines[1]
    desk.learn(1)
    assert desk.session.step == alone.session.step == 12
    assert desk.session.problem == ""
    for name in desk.document.network.tensors:
        assert np.abs(desk.tensor(name) - alone.tensor(name)).max() < 2e-5, name
    alone.session.end()


def test_an_engine_that_cannot_be_had_leaves_the_lesson_where_it_was(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.learn(2)
    before = desk.tensor("dec2.weight")

    def none(*_: object) -> None:
        raise StudioError("There is no OpenGL 4.3 here.")

    monkeypatch.setattr(on_gl, "GLBackend", none)
    desk.session.run_on("gl")
    desk.until(lambda: desk.session.problem)
    assert desk.session.problem == "There is no OpenGL 4.3 here."
    assert np.array_equal(desk.tensor("dec2.weight"), before)
    desk.learn(1)
    assert desk.session.step == 3


def test_painted_rates_hold_single_weights_bit_for_bit_and_hurry_others_and_undo_lets_them_go(desk: Desk) -> None:
    desk.session.begin(desk.asked, "torch")
    desk.until(lambda: desk.session.step >= 2)
    pinned, hurried = Rect(1, 2, 3, 5), Rect(6, 0, 2, 12)
    desk.paint("rates", "dec2.weight", pinned, 0.0)
    desk.paint("rates", "dec2.weight", hurried, 10.0)
    desk.learn(1)
    before = desk.tensor("dec2.weight")
    desk.learn(6)
    after = desk.tensor("dec2.weight")
    assert np.array_equal(crop(after, pinned).view(np.uint32), crop(before, pinned).view(np.uint32))
    moved = np.abs(after - before)
    assert crop(moved, hurried).mean() > 4 * crop(moved, Rect(8, 0, 8, 12)).mean() > 0
    desk.document.undo()
    while desk.document.section(LEARNING_SHEETS).rates:
        assert desk.document.undo()
    desk.learn(2)
    assert not np.array_equal(crop(desk.tensor("dec2.weight"), pinned), crop(before, pinned))


def test_a_painted_pull_draws_weights_back_to_what_they_were_and_pinned_ones_stay(desk: Desk) -> None:
    trained, rect = desk.tensor("enc1.weight"), Rect(0, 0, 4, 6)
    desk.document.apply("Paint", "enc1.weight", Patch(Rect(0, 0, 8, 12), np.full((8, 12), 2.0, np.float32)))
    desk.paint("pulls", "enc1.weight", rect, 0.5)
    desk.paint("rates", "enc1.weight", Rect(0, 0, 1, 6), 0.0)
    desk.learn(12)
    now = desk.tensor("enc1.weight")
    assert (crop(now, Rect(0, 0, 1, 6)) == 2.0).all()
    drawn, goal = crop(now, Rect(1, 0, 3, 6)), crop(trained, Rect(1, 0, 3, 6))
    # Twelve times half the way, against steps of the size of the rate.
    assert np.abs(drawn - goal).max() < 0.01
    assert (crop(now, Rect(4, 0, 4, 12)) > 1.9).all()


def test_weights_are_pulled_towards_another_preset_and_one_of_another_network_is_refused(
    desk: Desk, tmp_path: Path
) -> None:
    network = desk.document.network
    goal = {name: tensor + 0.25 for name, tensor in network.tensors.items()}
    save_network(replace(network.with_tensors(goal), name="goal"), tmp_path / "goal")
    held = desk.document.section(LEARNING_SHEETS)
    desk.document.set_section(LEARNING_SHEETS, replace(held, towards=str(tmp_path / "goal")), "Pull towards")
    desk.paint("pulls", "dec1.weight", Rect(0, 0, 64, 16), 1.0)
    desk.learn(1)
    assert np.allclose(desk.tensor("dec1.weight"), goal["dec1.weight"], atol=1e-6)
    desk.document.set_section(
        LEARNING_SHEETS, replace(desk.document.section(LEARNING_SHEETS), towards="landscapes"), "Pull towards"
    )
    desk.until(lambda: desk.session.problem)
    assert "in common" in desk.session.problem


def test_weights_are_not_told_again_because_one_is_looked_at(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.learn(2)
    told = list[Learner]()
    plain = training._weights

    def counted(learner: Learner, moving: Collection[str]) -> dict[str, Array]:
        told.append(learner)
        return plain(learner, moving)

    monkeypatch.setattr(training, "_weights", counted)
    for name in ("dec1.weight", "enc2.weight"):
        desk.session.watch(name)
        desk.settle()
        assert desk.session.watched is not None
        assert desk.session.watched.name == name
    assert not told
    desk.learn(1)
    assert told


def go_on_tomorrow(desk: Desk, path: Path) -> None:
    """End the lesson, and go on from a file in another window, which knows nothing of it."""
    desk.session.end()
    desk.settle()
    desk.document.set_section(LEARNING_SHEETS, LearningSheets(), "Forget")
    desk.session.begin(desk.asked, "torch", running=False, resume=path)
    desk.until(lambda: desk.session.state == "paused")
    desk.settle()


def test_a_lesson_from_a_file_is_pulled_towards_what_it_was_pulled_towards(desk: Desk, tmp_path: Path) -> None:
    network = desk.document.network
    goal = {name: tensor + 0.25 for name, tensor in network.tensors.items()}
    save_network(replace(network.with_tensors(goal), name="goal"), tmp_path / "goal")
    held, aim = desk.document.section(LEARNING_SHEETS), str(tmp_path / "goal")
    desk.document.set_section(LEARNING_SHEETS, replace(held, towards=aim), "Pull towards")
    desk.paint("pulls", "dec1.weight", Rect(0, 0, 64, 16), 0.5)
    desk.learn(1)
    desk.session.save(tmp_path / "kept.safetensors")
    go_on_tomorrow(desk, tmp_path / "kept.safetensors")
    assert desk.document.section(LEARNING_SHEETS).towards == aim
    desk.learn(20)
    assert np.allclose(desk.tensor("dec1.weight"), goal["dec1.weight"], atol=0.02)


def test_checkpoints_keep_painted_rates_and_bring_them_back(desk: Desk, tmp_path: Path) -> None:
    rect = Rect(0, 0, 4, 4)
    desk.paint("rates", "dec2.weight", rect, 0.0)
    desk.learn(2)
    desk.session.keep()
    desk.until(lambda: desk.session.checkpoints[-1].step == 2)
    mark = desk.session.checkpoints[-1]
    then = desk.document.section(LEARNING_SHEETS)
    desk.paint("rates", "dec2.weight", rect, 1.0)
    desk.learn(2)
    ahead = desk.tensor("dec2.weight")
    assert not desk.document.section(LEARNING_SHEETS).rates
    desk.session.restore(mark)
    assert desk.document.section(LEARNING_SHEETS) == then
    desk.settle()
    held = crop(desk.tensor("dec2.weight"), rect)
    desk.learn(2)
    assert np.array_equal(crop(desk.tensor("dec2.weight"), rect), held)
    assert not np.array_equal(desk.tensor("dec2.weight"), ahead)
    # As a file, tomorrow.
    save_checkpoint(mark.checkpoint, tmp_path / "kept.safetensors")
    go_on_tomorrow(desk, tmp_path / "kept.safetensors")
    assert desk.document.section(LEARNING_SHEETS) == then
    assert desk.session.step == mark.step
    assert np.array_equal(desk.tensor("dec1.weight"), mark.checkpoint.state.tensors["dec1.weight"])
    desk.learn(1)
    assert np.array_equal(crop(desk.tensor("dec2.weight"), rect), held)
    assert desk.session.step == mark.step + 1


def test_opening_another_network_ends_the_lesson(desk: Desk) -> None:
    desk.learn(1)
    preset, path = find_and_open("autoencoder-transposed")
    desk.document.load(preset, path)
    assert desk.session.state == "off"
    desk.settle()
    assert not any(desk.document.is_bent(name) for name in desk.document.network.tensors)


def test_closing_while_it_learns_keeps_what_was_learnt(desk: Desk) -> None:
    desk.session.begin(desk.asked, "torch")
    desk.until(lambda: desk.session.step >= 3)
    desk.session.end()
    desk.settle()
    assert desk.session.state == "off"
    assert desk.document.is_bent("dec2.weight")
    assert desk.document.history.labels == ("Learn",)
