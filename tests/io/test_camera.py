from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

from studio.errors import StudioError
from studio.io.sources import open_source
from studio.io.sources.camera import CameraSource, list_cameras


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


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("camera")]


def test_the_newest_frame_wins_and_none_comes_twice() -> None:
    world = World()
    with CameraSource(3, opener=world.opener) as source:
        assert (source.info.width, source.info.height, source.info.frames) == (6, 4, None)
        frames = iter(source)
        seen = [int(next(frames).picture[0, 0, 1]) for _ in range(5)]
        assert len(set(seen)) == 5
        assert next(frames).picture[0, 0].tolist()[::2] == [0, 255]
        time.sleep(0.3)
        assert int(next(frames).picture[0, 0, 1]) > seen[-1] + 10
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
        deadline = time.monotonic() + 5
        while source.status == "live" and time.monotonic() < deadline:
            next(frames)
        assert source.status.startswith("lost: ")
        began = time.monotonic()
        last = next(frames)
        assert time.monotonic() - began < 0.5
        assert last.picture.shape == (4, 6, 3)
        world.dead = False
        while source.status != "live" and time.monotonic() < deadline:
            next(frames)
        assert source.status == "live"
        before = world.count
        assert int(next(frames).picture[0, 0, 1]) >= before - 1
    assert world.opened == world.released == 2
    assert threads() == []


def test_closing_while_lost_and_twice() -> None:
    world = World()
    source = CameraSource(opener=world.opener, max_wait=60)
    world.dead = True
    time.sleep(0.1)
    began = time.monotonic()
    source.close()
    source.close()
    assert time.monotonic() - began < 1
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
