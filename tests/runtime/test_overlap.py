"""Frames overlap where that is faster and nobody is in the way, on machines made up; and they are the same frames."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_network
from test_live import Studio, expected, gain

from studio.engine.gl.driver.device import Device
from studio.engine.torch.engine import TorchEngine
from studio.io.sources import SourceInfo
from studio.model.declared.size import Size
from studio.model.declared.tick import Tick
from studio.model.networks.layout import Rect
from studio.model.networks.picture import Picture
from studio.runtime.live import overlap
from studio.runtime.live.cores import Cores
from studio.runtime.live.overlap import Overlap, OverlapChoice
from studio.runtime.live.pictures import Pictures
from studio.runtime.live.playing import Newest, PlayerState
from studio.runtime.live.report import Progress
from studio.runtime.render.frame_runner import FrameRunner


class Machine:
    """Frames of so much work on two cores; one after the other each waits for what goes on beside it."""

    def __init__(self, work: float = 0.04, beside: float = 0.01, cores: int = 2) -> None:
        self.work, self.beside, self.now, self.pressed, self.frames = work, beside, 0.0, True, 0
        self.choice = OverlapChoice(cores, 0.0)

    def frame(self) -> None:
        alone = self.work / 2 + self.beside
        # In lanes everything shares both cores; two frames come one shortly behind the other.
        self.frames += 1
        uneven = 0.6 if self.frames % 2 else 1.4
        seconds = (self.work + self.beside) / 2 * uneven if self.choice.on else alone
        self.now += seconds
        self.choice.frame(seconds, self.now, pressed=self.pressed)

    def run(self, seconds: float) -> list[bool]:
        end, used = self.now + seconds, []
        while self.now < end:
            used.append(self.choice.on)
            self.frame()
        return used


def test_frames_overlap_while_pictures_wait_for_them() -> None:
    machine = Machine()
    assert not machine.run(0.2)[0]
    machine.run(1.0)
    assert all(machine.run(20.0))
    machine.pressed = False
    machine.run(1.0)
    assert not any(machine.run(20.0))


@pytest.mark.parametrize("machine", [Machine(cores=1), Machine(work=0.2), Machine(beside=-0.002)])
def test_they_do_not_on_one_core_nor_long_ones_nor_where_it_gains_nothing(machine: Machine) -> None:
    used = machine.run(120.0)
    assert sum(used) / len(used) < 0.03


def test_where_another_program_wants_the_cores_they_follow_one_another_within_a_second() -> None:
    machine = Machine()
    machine.run(5.0)
    assert machine.choice.on
    machine.work, start = 0.1, machine.now
    while machine.choice.on:
        machine.frame()
    assert machine.now - start < 1.0


@pytest.mark.parametrize(("count", "seconds"), [(1, 0.25), (4, 0.06)])
def test_a_few_slow_frames_change_nothing(count: int, seconds: float) -> None:
    """A layer is looked at, or a panel drawn, every now and then."""
    machine = Machine()
    machine.run(5.0)
    for _ in range(20):
        for _ in range(count):
            machine.now += seconds
            assert machine.choice.frame(seconds, machine.now, pressed=True)
        machine.run(1.0)
    assert machine.choice.on


def test_a_hand_at_work_has_its_frames_by_themselves_for_a_second() -> None:
    machine = Machine()
    machine.run(5.0)
    machine.choice.begin(machine.now)
    assert not any(machine.run(0.95))
    machine.run(1.0)
    assert machine.choice.on


def test_on_a_busy_machine_nothing_is_tried() -> None:
    choice, now = OverlapChoice(2, 0.0), 0.0
    for _ in range(400):
        now += 0.03
        assert not choice.frame(0.03, now, pressed=True, busy=True)


# -- frames -----------------------------------------------------------------------------------------------------------


class Fast:
    """A player that has a new picture whenever one is asked for, and frames that take their time by a made-up clock."""

    def __init__(self) -> None:
        self.number, self.now, self.is_camera = 0, 0.0, False
        self.ahead = lambda _: None
        self.taken: list[Picture] = []

    def newest(self) -> Newest:
        return Newest(self.number, self.picture(self.number), "film", self.number / 25)

    @staticmethod
    def picture(number: int) -> Picture:
        return np.random.default_rng(number).integers(0, 256, (24, 32, 3), np.uint8)

    def state(self) -> PlayerState:
        info = SourceInfo(Size(24, 32), Fraction(25), 250, 10.0, False, "h264")
        return PlayerState("film", info, playing=True, is_camera=self.is_camera)


class Desk:
    """The render thread's part of it: `run` as the loop calls it, and what the engine held after each frame."""

    def __init__(self) -> None:
        self.player = Fast()
        self.engine = TorchEngine(tiny_network(), "cpu")
        self.runner = FrameRunner(self.engine)
        self.pictures = Pictures(self.player)  # type: ignore[arg-type]
        self.pictures.size = "source"
        self.woken = threading.Event()
        self.overlap = Overlap(self.pictures, Cores(cores=2), self.woken.set, lambda: self.player.now)
        self.ticks: list[Tick] = []
        self.most = 0

    def turn(self, *, moves: bool = False, alone: bool = False, seconds: float = 0.03) -> bool:
        self.player.number += 1
        self.player.now += seconds
        ran = self.overlap.run(self.engine, self.runner, moves=moves, alone=alone, prepare=self._prepare)
        self.most = max(self.most, len(self.overlap._under_way))
        return ran

    def _prepare(self, _: FrameRunner, tick: Tick, __: object) -> None:
        self.ticks.append(tick)

    def wait(self) -> None:
        assert self.woken.wait(60.0)
        self.woken.clear()

    def until_one_fails(self) -> None:
        for _ in range(10):
            self.turn()
            if self.overlap.waits:
                self.wait()

    def overlapping(self) -> Desk:
        for _ in range(30):
            self.turn()
        assert self.overlap._choice.on
        return self


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    # Whatever else this machine has to do.
    monkeypatch.setattr(overlap, "is_busy", lambda _: False)
    made = Desk()
    yield made
    made.overlap.close()


def test_frames_that_overlap_come_in_order_and_are_those_of_a_render(desk: Desk) -> None:
    desk.overlapping()
    render = FrameRunner(TorchEngine(tiny_network(), "cpu"))
    seen: list[int] = []
    for _ in range(400):
        if desk.turn(seconds=0.01):
            run = desk.pictures.last
            assert run is not None
            number = round(run.position * 25)
            wanted = render(desk.player.picture(number))
            assert desk.pictures.working is not None
            np.testing.assert_array_equal(desk.runner.seen(desk.pictures.working), wanted)
            seen.append(number)
        elif desk.overlap.waits:
            desk.wait()
    assert len(seen) > 50
    assert seen == sorted(set(seen))
    assert desk.most == 2
    frames = [tick.frame for tick in desk.ticks]
    assert frames == list(range(len(frames)))


def test_what_is_under_way_is_over_before_anything_changes_and_its_picture_is_shown(desk: Desk) -> None:
    desk.overlapping()
    desk.turn()
    assert desk.overlap._under_way
    begun = desk.overlap._under_way[-1].run
    desk.overlap.settle(desk.runner)
    assert not desk.overlap._under_way
    desk.pictures.held = True
    assert desk.turn(), "it is shown though no other picture may be taken"
    assert desk.pictures.last is begun
    assert not desk.turn()
    desk.pictures.held = False
    for _ in range(20):
        desk.turn()
        assert not desk.overlap._under_way, "a hand is at work"


def test_a_picture_whose_frame_is_useless_when_it_lands_is_run_again(desk: Desk) -> None:
    desk.overlapping()
    desk.turn()
    assert desk.overlap._under_way
    begun = desk.overlap._under_way[-1].run
    desk.engine.replace("enc.weight", Rect(0, 0, 2, 2), np.ones((2, 2), np.float32))
    desk.overlap.settle(desk.runner)
    desk.pictures.held = True
    assert desk.turn()
    bent = tiny_network().with_tensors({"enc.weight": desk.engine.tensor("enc.weight")})
    wanted = FrameRunner(TorchEngine(bent, "cpu"))(desk.player.picture(round(begun.position * 25)))
    assert desk.pictures.working is not None
    np.testing.assert_array_equal(desk.runner.seen(desk.pictures.working), wanted)
    assert not desk.turn(), "once"


@pytest.mark.parametrize("what", ["moves", "alone"])
def test_what_moves_and_what_is_written_down_frame_by_frame_does_not_overlap(desk: Desk, what: str) -> None:
    desk.overlapping()
    for each in list(desk.overlap._under_way):
        each.launched.flight.wait()
    ran = [desk.turn(moves=what == "moves", alone=what == "alone") for _ in range(10)]
    assert all(ran)
    assert not desk.overlap._under_way


def test_where_an_engine_has_no_use_for_it_no_thread_is_made_and_pytorch_not_loaded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TorchEngine, "overlaps", False)
    for _ in range(200):
        assert desk.turn()
    assert desk.overlap.is_pressed
    assert not desk.overlap._choice.on
    assert desk.overlap._lanes is None, "its threads set PyTorch's, which takes a second to import"


def test_it_knows_whether_pictures_wait(desk: Desk) -> None:
    assert desk.turn()
    assert not desk.overlap.is_pressed
    assert desk.turn()
    assert desk.overlap.is_pressed
    desk.player.number -= 1
    assert not desk.turn(), "there is no other picture"
    assert not desk.overlap.is_pressed
    desk.overlapping()
    while not desk.turn():
        if desk.overlap.waits:
            desk.wait()
    assert desk.overlap.is_pressed


def test_before_a_camera_frames_do_not_overlap(desk: Desk) -> None:
    desk.player.is_camera = True
    for _ in range(100):
        assert desk.turn()
    assert desk.most == 0


def test_they_wait_until_it_is_known_how_many_cores_are_free(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Cores, "is_settled", False)
        for _ in range(100):
            assert desk.turn()
        assert desk.most == 0
    desk.overlapping()


def test_a_picture_that_fails_under_way_is_run_by_itself_and_so_are_those_after_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.overlapping()
    with monkeypatch.context() as patched:
        patched.setattr(TorchEngine, "_fly", lambda *_: 1 / 0)
        while desk.overlap._choice.on:
            desk.turn()
            if desk.overlap.waits:
                desk.wait()
        assert not desk.overlap._under_way
        assert all(desk.turn() for _ in range(50))
        desk.player.now += 8.0
        while not desk.overlap._under_way:
            desk.turn()
        desk.overlap.settle(desk.runner)
    assert desk.turn()


def test_what_fails_by_itself_too_is_raised(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.overlapping()
    with monkeypatch.context() as patched:
        patched.setattr(TorchEngine, "_run", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            desk.until_one_fails()
    assert desk.turn()


# -- the loop ---------------------------------------------------------------------------------------------------------


@pytest.mark.gl
def test_edits_while_frames_overlap_are_in_the_next_picture(
    gl_device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del gl_device
    import cv2

    chosen: list[bool] = []
    monkeypatch.setattr(OverlapChoice, "begin", lambda choice, _: setattr(choice, "on", False))
    monkeypatch.setattr(OverlapChoice, "frame", lambda choice, *_, **__: setattr(choice, "on", True))
    launch = Pictures.launch
    monkeypatch.setattr(Pictures, "launch", lambda *given: _noted(launch(*given), chosen))
    for number in range(40):
        noise = np.random.default_rng(number).integers(0, 256, (24, 32, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{number:03}.png"), noise)
    running = Studio()
    try:
        running.live.play(str(tmp_path))
        running.live.set_speed(4.0)
        for factor in (2.0, 0.5, 1.5):
            before = len(chosen)
            running.until(lambda count=before: sum(chosen[count:]) > 5)
            gain(running.document, factor)
            assert running.picture().shape == (24, 32, 3)
        running.live.pause(True)
        running.live.seek(0.0)
        running.until(lambda: np.array_equal(running.picture(), expected(running.document, tmp_path / "000.png")))
        assert running.telemetry[Progress].serial > 15
        assert not running.messages
    finally:
        running.live.close()


def _noted(found: object, chosen: list[bool]) -> object:
    chosen.append(found is not None)
    return found
