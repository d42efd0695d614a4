from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

from studio.errors import StudioError
from studio.io.sources import Frame, open_source
from studio.io.sources.camera import CameraSource, list_cameras
from studio.model.declared.size import Size
from studio.model.views.camera_setup import setup_given


class FalseCamera:
    """Gives blue pictures (BGR) whose green counts up; dies when told to."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.open = not world.dead
        world.opened += self.open

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.open

    def read(self) -> tuple[bool, Any]:
        time.sleep(0.005)
        if self.world.dead or not self.open:
            return False, None
        self.world.count += 1
        picture = np.zeros((4, 6, 3), np.uint8)
        picture[:, :, 0] = 255
        picture[:, :, 1] = self.world.count % 256
        picture[1, :, 1] = self.world.count // 256
        return True, picture

    def get(self, _property: int, /) -> float:
        return 29.97

    def release(self) -> None:
        self.world.released += self.open
        self.open = False


class World:
    dead = False
    count = 0
    opened = 0
    released = 0

    def opener(self, _index: int) -> FalseCamera:
        return FalseCamera(self)


def number(frame: Frame) -> int:
    """How many pictures the camera had given with this one."""
    return int(frame.picture[0, 0, 1]) + 256 * int(frame.picture[1, 0, 1])


_OTHERS = set[threading.Thread]()
"""What other tests have left running."""


@pytest.fixture(autouse=True)
def _who_runs_already() -> None:
    _OTHERS.clear()
    _OTHERS.update(threading.enumerate())


def threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("camera") and each not in _OTHERS]


def test_the_newest_frame_wins_and_none_comes_twice() -> None:
    world = World()
    with CameraSource(3, opener=world.opener) as source:
        assert (source.info.size, source.info.frames) == (Size(4, 6), None)
        frames = iter(source)
        seen = [number(next(frames)) for _ in range(5)]
        assert len(set(seen)) == 5
        assert next(frames).picture[0, 0].tolist()[::2] == [0, 255]
        while world.count < seen[-1] + 20:
            time.sleep(0.005)
        assert number(next(frames)) > seen[-1] + 10
    assert next(frames, None) is None
    assert world.opened == world.released == 1
    assert threads() == []


def test_a_camera_that_dies_comes_back() -> None:
    world = World()
    with CameraSource(opener=world.opener, timeout=0.05, max_wait=0.1) as source:
        assert isinstance(source, CameraSource)
        frames = iter(source)
        next(frames)
        assert source.status == "live"
        world.dead = True
        deadline = time.monotonic() + 60
        while source.status == "live" and time.monotonic() < deadline:
            next(frames)
        assert source.status.startswith("lost: ")
        # It is not waited for until it is back: it stays away.
        last = next(frames)
        assert last.picture.shape == (4, 6, 3)
        world.dead = False
        while source.status != "live" and time.monotonic() < deadline:
            next(frames)
        assert source.status == "live"
        before = world.count
        assert number(next(frames)) >= before - 1
    assert world.opened == world.released == 2
    assert threads() == []


def test_whatever_a_driver_throws_the_camera_comes_back() -> None:
    world = World()

    class Odd(FalseCamera):
        def read(self) -> tuple[bool, Any]:
            if world.count > 3 and world.opened == 1:
                raise RuntimeError("the driver is gone")
            return super().read()

    with CameraSource(opener=lambda _: Odd(world), timeout=0.05, max_wait=0.1) as source:
        frames = iter(source)
        deadline = time.monotonic() + 60
        said = set()
        while world.count < 20 and time.monotonic() < deadline:
            next(frames)
            said.add(source.status)
        assert source.status == "live"
        assert any("RuntimeError: the driver is gone" in each for each in said)
    assert world.opened == world.released == 2
    assert threads() == []


def test_closing_while_lost_and_twice() -> None:
    world = World()
    source = CameraSource(opener=world.opener)
    assert isinstance(source, CameraSource)
    wait = source._stop.wait
    # It is tried again in ten minutes.
    source._stop.wait = lambda _: wait(600)  # type: ignore[method-assign, assignment, misc]
    world.dead = True
    until(lambda: source.status.startswith("lost"))
    began = time.monotonic()
    source.close()
    source.close()
    assert time.monotonic() - began < 60
    assert source.status == "closed"
    assert world.opened == world.released
    assert threads() == []


def test_no_camera() -> None:
    world = World()
    world.dead = True
    with pytest.raises(StudioError, match=r"camera 0 cannot be opened: connect it"):
        CameraSource(opener=world.opener)
    assert list_cameras(world.opener) == []


def test_a_camera_without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    monkeypatch.setattr(FalseCamera, "read", lambda _: (False, None))
    with pytest.raises(StudioError, match="camera 0 gives no picture"):
        CameraSource(opener=world.opener)
    assert world.opened == world.released == 1


def test_specs(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StudioError, match="names no camera"):
        open_source("camera:front")
    with pytest.raises(StudioError, match="camera 99 cannot be opened"):
        open_source("camera:99")
    assert capfd.readouterr().err == ""


class AskedCamera(FalseCamera):
    """Takes what is asked of it as far as it can, and notes it."""

    sizes = ((4, 6), (8, 12))

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.asked: list[tuple[int, float]] = []
        self.size, self.fps, self.shutter = (4, 6), 30.0, -6.0
        world.last = self  # type: ignore[attr-defined]

    def set(self, prop: int, value: float, /) -> bool:
        self.asked.append((prop, value))
        if prop in (3, 4):
            axis = 1 if prop == 3 else 0
            self.size = min(self.sizes, key=lambda size: abs(size[axis] - value))
        elif prop == 5:
            self.fps = min(value, 60.0)
        elif prop == 15:
            self.shutter = value
        return True

    def get(self, prop: int, /) -> float:
        return {5: self.fps, 15: self.shutter}.get(prop, 0.0)

    def read(self) -> tuple[bool, Any]:
        good, _ = super().read()
        picture = np.zeros((*self.size, 3), np.uint8)
        picture[:, 0] = 200  # bright at its left
        return good, picture


class AskedWorld(World):
    last: AskedCamera

    def opener(self, _index: int) -> AskedCamera:
        return AskedCamera(self)


def test_size_and_rate_are_asked_for_before_the_first_picture_and_what_it_gives_instead_is_said() -> None:
    world = AskedWorld()
    with CameraSource(opener=world.opener, setup=setup_given("camera:0,size=12x8,fps=50")) as source:
        assert (source.info.size, source.info.fps, source.remark) == (Size(8, 12), 50, None)
        assert world.last.asked[:3] == [(3, 12.0), (4, 8.0), (5, 50.0)]
    with CameraSource(opener=world.opener, setup=setup_given("camera:0,size=100x80,fps=120")) as source:
        assert source.remark == "camera 0 gives 12x8 in place of 100x80 and 60 pictures a second in place of 120"


def test_mirror_and_exposure_follow_while_it_is_open_and_size_does_not() -> None:
    world = AskedWorld()
    with CameraSource(opener=world.opener) as source:
        frames = iter(source)
        assert next(frames).picture[0, :, 0].tolist() == [200, 0, 0, 0, 0, 0]
        assert source.exposure == -6.0
        assert source.adjust("camera:0,mirror,exposure=-9")
        until(lambda: next(frames).picture[0, -1, 0] == 200 and source.exposure == -9.0)
        assert source.adjust("camera")
        until(lambda: next(frames).picture[0, 0, 0] == 200 and world.last.asked[-1][0] == 21)
        assert world.opened == 1
        assert not source.adjust("camera:1")
        assert not source.adjust("camera:0,size=12x8")
        assert not source.adjust("demo")


def test_a_camera_that_comes_back_is_asked_again() -> None:
    world = AskedWorld()
    setup = setup_given("camera:0,exposure=-3")
    with CameraSource(opener=world.opener, setup=setup, timeout=0.05, max_wait=0.1) as source:
        frames, first = iter(source), world.last
        assert (15, -3.0) in first.asked
        world.dead = True
        until(lambda: next(frames) and source.status.startswith("lost"))
        world.dead = False
        until(lambda: next(frames) and source.status == "live")
        assert world.last is not first
        assert (15, -3.0) in world.last.asked


def until(true: Any) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
