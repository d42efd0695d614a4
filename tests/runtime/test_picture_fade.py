"""From one network to another: the picture before lies over that of the other, and goes without a jump."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import layer, network, tiny_network
from test_live import Studio

from studio.bends import make_bend
from studio.engine.base import Engine
from studio.engine.gl.device import Device
from studio.model.layout import Rect
from studio.model.network import Network
from studio.model.picture import Picture
from studio.model.preset import Preset
from studio.runtime.live import picture_fade
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


def greys(running: Studio, seconds: float) -> list[float]:
    """The mean of every picture for so long."""
    seen, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        seen.append(float(running.picture().mean()))
    return seen


@pytest.mark.parametrize("engine", ["torch", "gl", "gl-fragment"])
@pytest.mark.parametrize(
    "other",
    [flat(1.0), flat(1.0, channels=1, span=(-2.0, 6.0)), flat(1.0, stride=2)],
    ids=["alike", "luma in a range of its own", "of a stride that leaves a border"],
)
def test_it_goes_from_one_to_the_other_without_a_jump(running: Studio, engine: str, other: Network) -> None:
    running.workspace.engine = engine
    running.until(lambda: running.telemetry[EngineState].name == engine)
    assert running.picture().mean() == 0.0
    running.live.order(FadePictures(1.2, "linear"))
    running.document.load(Preset("white", other, {}))
    seen = greys(running, 1.6)
    assert seen == sorted(seen)
    assert seen[0] < 90
    assert len({round(grey) for grey in seen}) > 5
    assert max(np.diff(seen)) < 110
    running.until(lambda: running.picture().min() == 255)


def test_both_run_where_there_is_time_and_the_last_picture_stays_where_not(
    gl_device: Device, still: Path, monkeypatch: pytest.MonkeyPatch
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
            again.live.order(FadePictures(0.3, "linear"))
            again.document.load(Preset("next", flat(value, stride=2 if value else 1), {}))
            again.until(lambda value=value: again.picture().mean() == 255 * value)
    again.live.close()
    assert kept == [True, True, False, False]
    assert again.messages == []


def test_edits_and_stages_meanwhile_reach_the_network_that_is_open(running: Studio) -> None:
    running.live.order(FadePictures(0.8, "linear"))
    running.document.load(Preset("white", flat(1.0), {}))
    running.document.add_stage("grey", make_bend("Multiply", {"factor": 0.5}))
    running.document.apply(
        "half",
        "grey.bias",
        __import__("studio.model.edit", fromlist=["Patch"]).Patch(Rect(0, 0, 1, 3), np.full((1, 3), 0.5, np.float32)),
    )
    running.until(lambda: abs(running.picture().mean() - 64) < 1)


def test_another_network_in_the_middle_begins_from_what_is_on_the_screen(running: Studio) -> None:
    running.live.order(FadePictures(3.0, "linear"))
    running.document.load(Preset("white", flat(1.0), {}))
    running.until(lambda: running.picture().mean() > 60)
    running.live.order(FadePictures(0.8, "linear"))
    before = running.picture().mean()
    running.document.load(Preset("tiny", flat(0.0, stride=2), {}))
    seen = greys(running, 1.2)
    assert before - 90 < seen[0] <= before + 60
    assert seen[-1] == 0.0


def test_without_the_order_it_is_a_cut_and_another_engine_ends_a_fade(running: Studio) -> None:
    running.document.load(Preset("white", flat(1.0), {}))
    running.until(lambda: running.picture().mean() == 255.0)
    running.live.order(FadePictures(30.0, "linear"))
    running.document.load(Preset("black", flat(0.0), {}))
    running.until(lambda: 0 < running.picture().mean() < 255)
    running.workspace.engine = "gl"
    running.until(lambda: running.telemetry[EngineState].name == "gl" and running.picture().mean() == 0.0)


def test_a_real_network_is_bit_for_bit_itself_behind_a_fade(running: Studio) -> None:
    running.live.order(FadePictures(0.3))
    preset = Preset("tiny", tiny_network(), {})
    running.document.load(preset)
    running.until(lambda: running.telemetry[Progress].serial)
    time.sleep(0.5)
    faded: Picture = running.picture()
    running.document.load(Preset("black", flat(0.0), {}))
    running.until(lambda: running.picture().mean() == 0.0)
    running.document.load(preset)
    running.until(lambda: running.picture().mean() > 0)
    np.testing.assert_array_equal(running.picture(), faded)
