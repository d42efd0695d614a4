"""A lesson of what a camera sees: it begins at once, goes on looking, and shares the camera with what plays."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from studio.errors import StudioError
from studio.io.sources import camera, open_source
from studio.io.sources._shared_camera import Cameras
from studio.learn import bank
from studio.learn.asked import Asked
from studio.learn.bank import load_bank
from studio.learn.networks import parse_new
from studio.learn.prepare import prepare
from studio.model.declared.size import Size
from studio.runtime.learning.opening import Opening, Resumption


class Device:
    """A camera of 24×32 that is told from others by who opened it, and can be open once."""

    def __init__(self, world: World) -> None:
        self.world, self._open = world, not world.busy and not world.gone
        if self._open:
            world.busy, world.opened = True, world.opened + 1

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self._open

    def read(self) -> tuple[bool, Any]:
        time.sleep(0.01)
        if self.world.gone or not self._open:
            return False, None
        self.world.count += 1
        return True, np.full((24, 32, 3), self.world.count % 251, np.uint8)

    def get(self, _property: int, /) -> float:
        return 30.0

    def set(self, _property: int, _value: float, /) -> bool:
        return True

    def release(self) -> None:
        if self._open:
            self._open = self.world.busy = False


class World:
    def __init__(self) -> None:
        self.busy = self.gone = False
        self.opened = self.count = 0


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World()
    monkeypatch.setattr(camera, "_CAMERAS", Cameras(lambda _: Device(made)))
    monkeypatch.setattr(bank, "_LOOK_EVERY", 0.01)
    yield made
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "look"])


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_it_learns_from_the_camera_that_plays_and_goes_on_looking(world: World) -> None:
    with open_source("camera") as playing:
        frames = iter(playing)
        next(frames)
        asked = Asked("camera", size=16, batch=2)
        learner, _ = prepare(parse_new("autoencoder,width=2").make(), asked, "torch")
        # It does not wait for hundreds of pictures.
        first = len(learner.lesson.bank.pictures)
        assert first == 4
        assert np.isfinite(learner.step().loss)
        until(lambda: learner.step() and len(learner.lesson.bank.pictures) > first + 3)
        shades = [int(picture[0, 0, 0]) for picture in learner.lesson.bank.pictures]
        assert len(set(shades)) > first
        learner.close()
        # What plays goes on, with the one device that there is.
        now = world.count
        until(lambda: next(frames) and world.count > now + 2)
        assert world.opened == 1
    until(lambda: not world.busy)


def test_a_checkpoint_that_does_not_fit_leaves_no_camera_open(world: World) -> None:
    made, asked = parse_new("autoencoder,width=2").make(), Asked("camera", size=16, batch=1)
    learner, _ = prepare(made, asked, "torch")
    found = learner.checkpoint()
    learner.close()
    until(lambda: not world.busy)
    weight = next(iter(found.state.tensors))
    damaged = replace(found, state=replace(found.state, tensors={weight: np.zeros(1, np.float32)}))
    opening = Opening(made, asked, "torch", resume=Resumption(asked, damaged))
    with pytest.raises(StudioError, match="does not fit"):
        opening.prepare()
    assert world.opened == 2
    until(lambda: not world.busy)


def test_who_opened_it_first_may_leave_first(world: World) -> None:
    playing = open_source("camera")
    learnt = load_bank("camera", Size(16, 16))
    playing.close()
    assert world.busy
    count = len(learnt.pictures)
    rng = np.random.default_rng(0)
    until(lambda: learnt.choose(rng, flips=False) and len(learnt.pictures) > count + 2)
    learnt.close()
    until(lambda: not world.busy)
    assert world.opened == 1


def test_another_size_of_a_camera_that_is_in_use_is_said(world: World) -> None:
    with open_source("camera") as one, open_source("camera:0,fps=60") as other:
        assert one.remark is None
        assert "30 pictures a second in place of 60" in str(other.remark)
        assert world.opened == 1


def test_a_camera_that_is_pulled_out_comes_back_for_both_and_learning_goes_on(world: World) -> None:
    with open_source("camera") as playing:
        asked = Asked("camera", size=16, batch=2)
        learner, _ = prepare(parse_new("autoencoder,width=2").make(), asked, "torch")
        world.gone = True
        until(lambda: playing.status.startswith("lost"))
        for _ in range(3):
            learner.step()
        world.gone = False
        until(lambda: playing.status == "live")
        assert world.opened == 2
        count = world.count
        until(lambda: learner.step() and world.count > count + 3)
        learner.close()
    until(lambda: not world.busy)


def test_a_full_bank_takes_new_pictures_in_the_place_of_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    del world
    monkeypatch.setattr(bank, "MOST_PICTURES", 6)
    learnt = load_bank("camera", Size(16, 16))
    rng = np.random.default_rng(0)
    seen = {int(picture[0, 0, 0]) for picture in learnt.pictures}

    def new() -> int:
        learnt.choose(rng, flips=False)
        return len({int(picture[0, 0, 0]) for picture in learnt.pictures} - seen)

    until(lambda: new() > 4)
    assert len(learnt.pictures) == 6
    learnt.close()


def test_a_camera_that_is_not_there_is_one_sentence(world: World) -> None:
    world.gone = True
    with pytest.raises(StudioError, match="cannot be opened"):
        load_bank("camera", Size(16, 16))


def test_a_lesson_that_is_refused_lets_go_of_its_camera(world: World, tmp_path: Path) -> None:
    network = parse_new("autoencoder,width=2").make()
    for number in range(4):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((24, 32, 3), number, np.uint8))
    for wanted, said in (
        (str(tmp_path), "goes on without end"),
        ("camera", "goes on without end"),
        (str(tmp_path / "nowhere"), "there is nothing at"),
    ):
        with pytest.raises(StudioError, match=said):
            prepare(network, Asked("camera", wanted=wanted, size=16, batch=1), "torch")
        until(lambda: not world.busy)
    with pytest.raises(StudioError, match="goes on without end"):
        prepare(network, Asked(str(tmp_path), wanted="camera", size=16, batch=1), "torch")
    until(lambda: not world.busy)
    # What is known to fail is so before the camera is opened; an engine that cannot be had comes after.
    with pytest.raises(StudioError, match="nowhere"):
        prepare(network, Asked("camera", size=16, batch=1), "nowhere")
    until(lambda: not world.busy)
