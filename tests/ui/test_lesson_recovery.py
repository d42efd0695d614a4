"""A lesson in the window outlives a crash: weights, what the optimiser remembers, random numbers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import ROOT
from learning_run import LearningRun
from pytestqt.qtbot import QtBot

from studio.errors import StudioError
from studio.learn.checkpoint import lesson_of
from studio.model.filters.edit import Patch
from studio.model.networks.layout import Rect
from studio.model.networks.shape import Array
from studio.runtime.learning.opening import Resumption
from studio.runtime.live.report import Message


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        picture = np.random.default_rng(number).integers(0, 256, (20, 24, 3), np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), picture)
    return folder


Runs = Callable[[], LearningRun]


@pytest.fixture
def runs(qtbot: QtBot, tmp_path: Path, pictures: Path) -> Iterator[Runs]:
    made: list[LearningRun] = []

    def begin() -> LearningRun:
        made.append(LearningRun(tmp_path / "home", pictures, datetime(2026, 3, 4, len(made), tzinfo=UTC)))
        return made[-1]

    yield begin
    for run in made:
        run.close()
        qtbot.wait(50)


def learn(run: LearningRun, qtbot: QtBot, steps: int) -> None:
    wanted = run.session.step + steps
    run.session.go_on(steps)
    rested(run, qtbot, wanted)


def rested(run: LearningRun, qtbot: QtBot, step: int) -> None:
    """Until it rests after that step, and the document has what was learnt."""
    qtbot.waitUntil(lambda: run.session.step == step and run.session.state == "paused")
    trainer, learnt = run.session._trainer, dict[str, Array]()
    assert trainer is not None
    names = list(run.document.network.tensors)
    trainer.order(lambda learner: learnt.update({name: learner.tensor(name) for name in names}))

    def is_told() -> bool:
        return all(name in learnt and np.array_equal(run.document.tensor(name), learnt[name]) for name in names)

    qtbot.waitUntil(is_told)


def written(run: LearningRun, qtbot: QtBot) -> None:
    """Until what is kept is on the disk."""
    done: list[None] = []
    run.autosave._worker.do(lambda: None, done.append)
    qtbot.waitUntil(lambda: bool(done))


def answer(run: LearningRun, qtbot: QtBot, label: str) -> str:
    run.autosave.offer()
    [(message, answers)] = run.offers
    answers[label]()  # type: ignore[operator]
    qtbot.waitUntil(lambda: run.session.state != "off" or bool(run.problems))
    return message.text


def killed(home: Path, pictures: Path) -> Path:
    """A run that has been killed while it learnt; its folder."""
    program = [sys.executable, str(Path(__file__).with_name("learning_run.py")), str(home), str(pictures)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "QT_QPA_PLATFORM": "offscreen"}
    with subprocess.Popen(program, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        until = time.monotonic() + 60
        while not list((home / "recovery").glob("*/learning-*.safetensors")) or not process.stdout.readline():
            assert time.monotonic() < until
            time.sleep(0.02)
        # In the midst of a step, a checkpoint or a write.
        for _ in range(30):
            process.stdout.readline()
        process.kill()
        process.communicate(timeout=60)
    [folder] = (home / "recovery").iterdir()
    return folder


@pytest.mark.long
def test_a_window_that_is_killed_goes_on_learning_as_if_it_had_not_been(
    runs: Runs, qtbot: QtBot, tmp_path: Path, pictures: Path
) -> None:
    folder = killed(tmp_path / "home", pictures)
    assert not [path for path in folder.rglob("*") if path.name.endswith(".tmp")]
    run = runs()
    assert "its bends and its lesson of “new”" in answer(run, qtbot, "Restore")
    qtbot.waitUntil(lambda: run.session.state == "paused" and run.session.step > 0)
    assert run.session.asked == run.asked
    begun = run.session.step
    rested(run, qtbot, begun)
    # What would have come of it: the same lesson, from its beginning.
    other = LearningRun(tmp_path / "elsewhere", pictures)
    other.session.begin(other.asked, "torch", steps=begun)
    rested(other, qtbot, begun)
    for each in (run, other):
        learn(each, qtbot, 3)
    for name in run.document.network.tensors:
        assert np.array_equal(run.document.tensor(name), other.document.tensor(name)), name
    other.close()
    # The old copy has gone, and the new run keeps its own.
    qtbot.waitUntil(lambda: not folder.exists())
    run.autosave.keep()
    qtbot.waitUntil(lambda: len([*run.recovery.folder.glob("learning-*")]) == 1)


def test_what_is_learnt_without_a_hand_is_kept_again_and_again(runs: Runs, qtbot: QtBot) -> None:
    """All of it is one gesture, which nothing ends for as long as it takes."""
    run = runs()
    run.session.begin(run.asked, "torch")
    seen: set[int] = set()

    def there() -> set[int]:
        return {path.stat().st_mtime_ns for path in run.recovery.folder.glob("learning-*")}

    for _ in range(2):
        before = np.array(run.document.tensor("enc1.weight"))
        qtbot.waitUntil(
            lambda before=before: not np.array_equal(run.document.tensor("enc1.weight"), before),  # type: ignore[misc]
        )
        run.autosave._learning_at = 0.0
        run.autosave.keep()
        qtbot.waitUntil(lambda: bool(there() - seen))
        seen.update(there())
    assert len(seen) == 2
    run.session.pause()
    qtbot.waitUntil(lambda: run.session.state == "paused")
    # A lesson that has ended is not gone on with.
    run.session.end()
    qtbot.waitUntil(lambda: run.session.rests)
    run.document.apply("Paint", "enc1.bias", Patch(Rect(0, 0, 1, 1), np.ones((1, 1), np.float32)))
    run.autosave.keep()
    qtbot.waitUntil(lambda: not any(run.recovery.folder.glob("learning-*")))


def test_what_a_hand_did_after_the_checkpoint_is_not_undone_by_it(
    runs: Runs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs()
    run.session.begin(run.asked, "torch", steps=4)
    qtbot.waitUntil(lambda: run.session.step == 4 and run.session.state == "paused")
    qtbot.waitUntil(lambda: run.document.history.labels == ("Learn",))
    run.autosave.keep()
    qtbot.waitUntil(lambda: any(run.recovery.folder.glob("learning-*")))
    # A stroke is kept, and the checkpoint that belongs to it is not written any more.
    run.document.apply("Paint", "enc1.weight", Patch(Rect(0, 0, 2, 2), np.full((2, 2), 7.0, np.float32)))
    monkeypatch.setattr(run.session, "hand_out", lambda _: None)
    run.autosave._learning_at = 0.0
    run.autosave.keep()
    written(run, qtbot)
    assert run.autosave._lock is not None
    run.autosave._lock.unlock()
    crashed = run.recovery.folder
    next_run = runs()
    answer(next_run, qtbot, "Restore")
    rested(next_run, qtbot, 4)
    assert (next_run.document.tensor("enc1.weight")[0, 0, :2, :2] == 7.0).all()
    qtbot.waitUntil(lambda: not crashed.exists())


def test_without_its_pictures_the_weights_come_back_and_the_lesson_is_offered_again(
    runs: Runs, qtbot: QtBot, tmp_path: Path, pictures: Path
) -> None:
    run = runs()
    run.session.begin(run.asked, "torch", steps=2)
    rested(run, qtbot, 2)
    learnt = np.array(run.document.tensor("enc1.weight"))
    run.autosave.keep()
    qtbot.waitUntil(lambda: any(run.recovery.folder.glob("learning-*")))
    [file] = run.recovery.folder.glob("learning-*")
    assert lesson_of(file) == run.asked
    assert run.autosave._lock is not None
    run.autosave._lock.unlock()
    pictures.rename(tmp_path / "moved")
    next_run = runs()
    answer(next_run, qtbot, "Restore")
    qtbot.waitUntil(lambda: bool(next_run.problems))
    assert "nothing at" in next_run.problems[0]
    qtbot.wait(300)
    assert np.array_equal(next_run.document.tensor("enc1.weight"), learnt)
    assert file.exists()
    # A file that is no checkpoint costs nothing else.
    file.write_bytes(b"rubbish")
    third = runs()
    third.autosave.offer()
    third.offers[0][1]["Restore"]()  # type: ignore[operator]
    qtbot.waitUntil(lambda: len(third.offers) > 1)
    assert third.offers[-1][0].text.startswith("The network is restored as it was, but its lesson cannot go on: ")
    assert np.array_equal(third.document.tensor("enc1.weight"), learnt)


FULL = "Unsaved work cannot be kept for a crash: the disk is full"


def bend(run: LearningRun, value: float) -> None:
    run.document.apply("Paint", "enc1.bias", Patch(Rect(0, 0, 1, 1), np.full((1, 1), value, np.float32)))


def test_a_disk_that_is_full_and_has_room_again_is_said_each_time_and_the_lesson_goes_on(
    runs: Runs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, is_full, tries = runs(), [True], [0]
    keep_learning = run.recovery.keep_learning

    def full(*given: object) -> None:
        tries[0] += 1
        if is_full[0]:
            raise StudioError("the disk is full")
        keep_learning(*given)  # type: ignore[arg-type]

    def try_it() -> None:
        # Of what is kept already nothing is written until it is learnt on.
        qtbot.waitUntil(lambda: run.autosave._changes != run.autosave._kept)
        before, run.autosave._learning_at = tries[0], 0.0
        run.autosave.keep()
        qtbot.waitUntil(lambda: tries[0] > before)
        written(run, qtbot)

    # Only the checkpoint, which is the larger of both, finds no room.
    monkeypatch.setattr(run.recovery, "keep_learning", full)
    run.session.begin(run.asked, "torch")
    qtbot.waitUntil(lambda: run.session.step > 1)
    for _ in range(2):
        for _ in range(2):
            try_it()
            qtbot.waitUntil(lambda step=run.session.step: run.session.step > step)  # type: ignore[misc]
        assert run.offers[-1][0] == Message(FULL, "warning")
        is_full[0] = False
        try_it()
        try_it()
        assert run.offers[-1][0] == Message("Unsaved work is kept for a crash again.")
        is_full[0] = True
    assert [answers for _, answers in run.offers] == [{}] * 4
    assert run.session.goes
    assert run.problems == []


def test_what_was_kept_before_the_disk_was_full_goes_once_all_is_saved(
    runs: Runs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = runs()
    bend(run, 1.0)
    run.autosave.keep()
    written(run, qtbot)

    def full(*_: object) -> None:
        raise StudioError("the disk is full")

    monkeypatch.setattr(run.recovery, "keep", full)
    bend(run, 2.0)
    run.autosave.keep()
    written(run, qtbot)
    assert [message.text for message, _ in run.offers] == [FULL]
    assert (run.recovery.folder / "about.json").exists()
    run.document.mark_saved(tmp_path / "elsewhere", "new")
    written(run, qtbot)
    assert not (run.recovery.folder / "about.json").exists()


def test_an_end_from_outside_waits_for_the_newest_checkpoint(qtbot: QtBot, tmp_path: Path, pictures: Path) -> None:
    run = LearningRun(tmp_path / "home", pictures)
    run.session.begin(run.asked, "torch", running=False)
    learn(run, qtbot, 2)
    run.autosave.keep()
    qtbot.waitUntil(lambda: bool(list(run.recovery.folder.glob("learning-*.safetensors"))))
    learn(run, qtbot, 3)
    # From here on nothing is carried to the window's thread any more.
    run.autosave.end(unasked=True)
    run.session.close(60.0)
    assert run.worker.close(60.0)
    run.post.close()
    [kept] = run.recovery.folder.glob("learning-*.safetensors")
    assert Resumption.read(kept, run.document.preset().bent).checkpoint.state.steps == 5
