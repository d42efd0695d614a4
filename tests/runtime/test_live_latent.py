"""In the render thread, too, vectors move with the time of what plays."""

from __future__ import annotations

import threading
import time
from itertools import pairwise

import numpy as np
import pytest
from helpers import layer, network, on_torch

from studio.engine.gl.display.display_buffers import DisplayBuffers
from studio.engine.gl.driver.device import Device, open_device
from studio.io.sources import open_source
from studio.io.sources.latent import path_of_source
from studio.model.networks.inputs import Input
from studio.model.networks.latent import LatentPath
from studio.model.networks.picture import Picture
from studio.runtime.live.playback import Playback
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.report import Messages, Problems, Progress, Report
from studio.runtime.live.session import LiveSession
from studio.runtime.render.frame_runner import FrameRunner

pytestmark = pytest.mark.gl


def test_a_generator_plays_its_path(gl_device: Device) -> None:
    del gl_device  # skips where there is no OpenGL
    generator = network(
        layer("up", "ConvTranspose2d", "z", in_channels=4, out_channels=3, kernel_size=8),
        layer("out", "Sigmoid", "up"),
        inputs=[Input("z", 4, kind="vector")],
    )
    devices: list[Device] = []
    reports: list[Report] = []
    ran, several = threading.Event(), threading.Event()

    def take(report: Report) -> None:
        reports.append(report)
        state, progress = report.parts.get(PlayerState), report.parts.get(Progress)
        if isinstance(state, PlayerState) and state.position >= 1.96:
            ran.set()
        if isinstance(progress, Progress) and progress.serial >= 3:
            several.set()

    def opened() -> DisplayBuffers:
        devices.append(open_device())
        return DisplayBuffers(devices[0])

    live = LiveSession(opened, take, lambda: devices[0].close())
    live.start()
    try:
        live.choose_engine("torch")
        live.open(generator, frozenset())
        live.play("latent:between,seed=5,to=9,seconds=2")
        live.set_loop(False)
        assert several.wait(60)
        assert ran.wait(60)
        path = LatentPath("between", 5, 9, 2.0)
        wanted = FrameRunner(on_torch(generator), path=path)(np.zeros((8, 8, 3), np.uint8), 49 / 25)
        # The player is at its last picture before the network has run it.
        end, shown = time.monotonic() + 60, still(live)
        while np.abs(shown.astype(int) - wanted).max() > 1:
            assert time.monotonic() < end, "the last picture of the path never came"
            shown = still(live)
    finally:
        live.close()
    parts = [part for report in reports for part in report.parts.values()]
    assert not [part for part in parts if isinstance(part, Messages) or (isinstance(part, Problems) and part.by_cause)]
    assert shown.shape == (8, 8, 3)


def still(live: LiveSession) -> Picture:
    """What is on the screen now."""
    found: list[Picture] = []
    there = threading.Event()
    live.snapshot(lambda picture: (found.append(picture), there.set()))
    assert there.wait(60)
    return found[0]


def test_a_walk_that_is_played_in_a_loop_goes_on_and_never_jumps() -> None:
    clock = [0.0]
    source = open_source("latent:walk,seed=3,seconds=1")
    playback = Playback(source, lambda: clock[0])
    path = path_of_source("latent:walk,seed=3,seconds=1")
    assert path is not None
    times: list[float] = []
    for step in range(3 * 25):
        clock[0] = step / 25
        frame = playback.advance(loop=True)
        if frame is not None:
            times.append(frame.time)
    assert times[-1] > 2.5
    assert (np.diff(times) > 0).all()
    points = [path.at(time, 16) for time in times]
    steps = [float(np.linalg.norm(after - before)) for before, after in pairwise(points)]
    assert max(steps) < 6 * float(np.median(steps))
    # What is not looped ends, and a film gets its seconds alone.
    assert len(list(open_source("latent:walk,seed=3,seconds=1"))) == 25


def test_other_paths_begin_again() -> None:
    clock = [0.0]
    playback = Playback(open_source("latent:loop,seed=3,seconds=1"), lambda: clock[0])
    times = []
    for step in range(60):
        clock[0] = step / 25
        frame = playback.advance(loop=True)
        times += [] if frame is None else [frame.time]
    assert max(times) < 1
    assert (np.diff(times) < 0).any()
