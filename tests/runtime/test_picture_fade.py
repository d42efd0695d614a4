"""From one network to another: the picture before lies over that of the other, and goes without a jump."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import layer, network, tiny_network
from test_live import Studio

from studio.bends import make_bend
from studio.engine.base import Engine
from studio.engine.gl.driver.device import Device
from studio.model.declared.tick import Tick
from studio.model.filters.edit import Patch
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.model.networks.picture import DeepPicture, Picture
from studio.model.networks.preset import Preset
from studio.runtime.live import picture_fade, render_loop
from studio.runtime.live.clock import Clock
from studio.runtime.live.picture_fade import FadePictures
from studio.runtime.live.report import EngineState, Progress
from studio.runtime.render.frame_runner import FrameRunner

pytestmark = pytest.mark.gl


def flat(value: float, channels: int = 3, stride: int = 1, span: tuple[float, float] = (0.0, 1.0)) -> Network:
    """A network whose output is one grey, whatever it is fed, in values of its own."""
    made = network(
        layer("grey", "Conv2d", "input", in_channels=3, out_channels=channels, kernel_size=stride, stride=stride),
        layer("up", "Upsample", "grey", scale_factor=stride) if stride > 1 else layer("up", "ReLU", "grey"),
        name=f"flat {value:g}",
    )
    weight, bias = (np.zeros_like(made.tensors[f"grey.{key}"]) for key in ("weight", "bias"))
    bias += span[0] + value * (span[1] - span[0])

    return replace(
        made, graph=replace(made.graph, output_range=span), tensors={"grey.weight": weight, "grey.bias": bias}
    )


class Hand:
    """Turns the clock by which frames take place; it stands still otherwise, however long they take.

    Attributes:
        now: nanoseconds.
        begun: how many fades have had their first frame.
        fade: what has them.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 10**12
        self.begun = 0
        self.fade: picture_fade.PictureFade | None = None
        monkeypatch.setattr(render_loop, "Clock", partial(Clock, lambda: self.now))
        before = picture_fade.PictureFade.before

        def noted(fade: picture_fade.PictureFade, runner: FrameRunner, tick: Tick, picture: DeepPicture) -> None:
            is_first = fade._leaving is not None and fade._leaving.start is None
            before(fade, runner, tick, picture)
            self.fade = fade
            self.begun += is_first

        monkeypatch.setattr(picture_fade.PictureFade, "before", noted)

    def begin(self, running: Studio, seconds: float, preset: Preset) -> None:
        """Fade to another network, up to the first frame of it."""
        begun = self.begun
        running.live.order(FadePictures(seconds, "linear"))
        running.document.load(preset)
        running.until(lambda: self.begun > begun)

    def turn(self, seconds: float) -> None:
        self.now += round(seconds * 1e9)

    def end(self, running: Studio) -> None:
        """Let so much time go by that the fade is over."""
        self.turn(100.0)
        running.until(lambda: self.fade is not None and not self.fade.is_under_way)


@pytest.fixture(autouse=True)
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    return Hand(monkeypatch)


@pytest.fixture
def still(tmp_path: Path) -> Path:
    cv2.imwrite(str(tmp_path / "still.png"), np.random.default_rng(0).integers(0, 256, (24, 33, 3), np.uint8))
    return tmp_path / "still.png"


@pytest.fixture
def running(gl_device: Device, still: Path) -> Iterator[Studio]:
    del gl_device
    found = Studio(Preset("black", flat(0.0), {}))
    found.live.play(str(still))
    found.until(lambda: found.telemetry[Progress].serial)
    yield found
    found.live.close()


def greys(running: Studio, wanted: float) -> list[float]:
    """The means of pictures until one is this grey, to within what rounding makes of it."""
    seen: list[float] = []

    def is_there() -> bool:
        seen.append(float(running.picture().mean()))
        return abs(seen[-1] - wanted) <= 2.0

    running.until(is_there)
    return seen


@pytest.mark.parametrize("engine", ["torch", "gl", "gl-fragment"])
@pytest.mark.parametrize(
    "other",
    [flat(1.0), flat(1.0, channels=1, span=(-2.0, 6.0)), flat(1.0, stride=2)],
    ids=["alike", "luma in a range of its own", "of a stride that leaves a border"],
)
def test_it_goes_from_one_to_the_other_without_a_jump(running: Studio, hand: Hand, engine: str, other: Network) -> None:
    running.workspace.engine = engine
    running.until(lambda: running.telemetry[EngineState].name == engine)
    assert running.picture().mean() == 0.0
    hand.begin(running, 1.2, Preset("white", other, {}))
    seen = greys(running, 0.0)
    for part in range(1, 9):
        hand.turn(0.15)
        seen += greys(running, 255.0 * part / 8)
    assert seen == sorted(seen)
    running.until(lambda: running.picture().min() == 255)


def test_both_run_where_there_is_time_and_the_last_picture_stays_where_not(
    gl_device: Device, still: Path, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    del gl_device
    kept: list[bool] = []
    keep = picture_fade.PictureFade.keep

    def noted(self: picture_fade.PictureFade, engine: Engine, runner: FrameRunner) -> bool:
        kept.append(keep(self, engine, runner))
        return kept[-1]

    monkeypatch.setattr(picture_fade.PictureFade, "keep", noted)
    again = Studio(Preset("black", flat(0.0), {}))
    again.live.play(str(still))
    again.until(lambda: again.telemetry[Progress].serial)
    for limit in (60.0, -1.0):
        monkeypatch.setattr(picture_fade, "_BOTH", limit)
        for value in (1.0, 0.0):
            hand.begin(again, 0.3, Preset("next", flat(value, stride=2 if value else 1), {}))
            hand.end(again)
            again.until(lambda value=value: again.picture().mean() == 255 * value)
    again.live.close()
    assert kept == [True, True, False, False]
    assert again.messages == []


def test_edits_and_stages_meanwhile_reach_the_network_that_is_open(running: Studio, hand: Hand) -> None:
    hand.begin(running, 0.8, Preset("white", flat(1.0), {}))
    running.document.add_stage("grey", make_bend("Multiply", {"factor": 0.5}))
    running.document.apply(
        "half",
        "grey.bias",
        Patch(Rect(0, 0, 1, 3), np.full((1, 3), 0.5, np.float32)),
    )
    hand.end(running)
    running.until(lambda: abs(running.picture().mean() - 64) < 1)


def test_another_network_in_the_middle_begins_from_what_is_on_the_screen(running: Studio, hand: Hand) -> None:
    hand.begin(running, 3.0, Preset("white", flat(1.0), {}))
    hand.turn(1.2)
    greys(running, 102.0)
    hand.begin(running, 0.8, Preset("tiny", flat(0.0, stride=2), {}))
    seen = greys(running, 102.0)
    hand.turn(0.4)
    seen += greys(running, 51.0)
    hand.turn(0.4)
    seen += greys(running, 0.0)
    assert seen == sorted(seen, reverse=True)
    running.until(lambda: running.picture().max() == 0)


def test_without_the_order_it_is_a_cut_and_another_engine_ends_a_fade(running: Studio, hand: Hand) -> None:
    running.document.load(Preset("white", flat(1.0), {}))
    running.until(lambda: running.picture().mean() == 255.0)
    hand.begin(running, 30.0, Preset("black", flat(0.0), {}))
    hand.turn(15.0)
    greys(running, 127.5)
    running.workspace.engine = "gl"
    running.until(lambda: running.telemetry[EngineState].name == "gl" and running.picture().mean() == 0.0)


def test_a_real_network_is_bit_for_bit_itself_behind_a_fade(running: Studio, hand: Hand) -> None:
    preset = Preset("tiny", tiny_network(), {})
    hand.begin(running, 0.3, preset)
    hand.end(running)
    faded: Picture = running.picture()
    running.document.load(Preset("black", flat(0.0), {}))
    running.until(lambda: running.picture().mean() == 0.0)
    running.document.load(preset)
    running.until(lambda: running.picture().mean() > 0)
    np.testing.assert_array_equal(running.picture(), faded)
