"""What lies between a picture and the first layer, and after the last: order, range, mean, and luma in colour."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import EngineFor, layer, network

from studio.engine.gl.display.display_buffers import DisplayBuffers
from studio.engine.gl.driver.device import Device
from studio.errors import StudioError
from studio.io.networks import load_network, save_network
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.picture import Picture, to_picture, to_tensor
from studio.model.networks.values import Values, values_of, with_values
from studio.model.views.display import spot
from studio.runtime.render.frame_runner import FrameRunner

CAFFE = (103.939, 116.779, 123.68)


def noise(height: int = 12, width: int = 10, seed: int = 0) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def identity(channels: int, values: Values | None = None) -> Network:
    made = network(layer("copy", "Identity", "input"), inputs=[Input("input", channels)])
    return made.with_values(values) if values else made


def enlarging(scale: int) -> Network:
    made = network(layer("up", "Upsample", "input", scale_factor=scale, mode="nearest"), inputs=[Input("input", 1)])
    return made.with_values(Values(colour="input"))


def test_blue_comes_first_where_the_network_was_trained_so() -> None:
    picture = noise()
    values = to_tensor(picture, 3, (0.0, 255.0), CAFFE, order="bgr")
    assert np.allclose(values[0], picture[:, :, 2] - np.float32(CAFFE[0]))
    assert np.array_equal(to_picture(to_tensor(picture, 3, (0.0, 1.0), order="bgr"), (0.0, 1.0), "bgr"), picture)


def test_a_network_in_other_values_still_shows_what_it_is_fed(engine_for: EngineFor) -> None:
    picture = noise()
    values = Values(range=(0.0, 255.0), order="bgr", output_range=(0.0, 255.0), output_order="bgr")
    engine = engine_for(identity(3, values))
    assert np.array_equal(FrameRunner(engine)(picture), picture)
    assert np.allclose(engine.output()[0], picture[:, :, 2], atol=1e-3)


def test_an_output_of_another_order_is_shown_in_its_own(engine_for: EngineFor) -> None:
    picture = noise()
    assert np.array_equal(
        FrameRunner(engine_for(identity(3, Values(output_order="bgr"))))(picture), picture[:, :, ::-1]
    )


def test_a_network_of_luma_keeps_the_colour(engine_for: EngineFor) -> None:
    picture = noise()
    bent = FrameRunner(engine_for(identity(1, Values(colour="input"))))(picture)
    assert np.abs(bent.astype(int) - picture).max() <= 1


def test_colour_is_put_back_as_ycbcr_does() -> None:
    picture = cv2.GaussianBlur(noise(24, 24), (9, 9), 3)
    ycc = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2YCrCb)
    ycc[:, :, 0] = ycc[:, :, 0] * 0.8 + 0.1
    wanted = np.rint(cv2.cvtColor(ycc, cv2.COLOR_YCrCb2RGB).clip(0, 1) * 255)
    from studio.model.networks.picture import chroma

    found = to_picture(ycc[None, :, :, 0], (0.0, 1.0), colour=chroma(picture))
    assert np.abs(found - wanted).max() <= 1


def test_colour_grows_with_the_output(engine_for: EngineFor) -> None:
    picture = np.empty((9, 7, 3), np.uint8)
    picture[:] = (200, 60, 20)
    bent = FrameRunner(engine_for(enlarging(3)))(picture)
    assert bent.shape == (27, 21, 3)
    assert np.abs(bent.astype(int) - (200, 60, 20)).max() <= 1


def test_arrays_that_come_without_a_picture_are_shown_grey(engine_for: EngineFor) -> None:
    engine = engine_for(enlarging(2))
    FrameRunner(engine)(noise(4, 4))
    engine.run({"input": np.full((1, 4, 4), 0.5, np.float32)})
    assert engine.colour is None
    assert (engine.picture() == 128).all()


@pytest.mark.parametrize(
    "made",
    [enlarging(2), identity(3, Values(order="bgr", mean=(0.4, 0.5, 0.6), std=(0.5, 0.6, 0.7), output_order="bgr"))],
)
def test_the_window_shows_what_is_rendered(made: Network, engine_for: EngineFor, device: Device) -> None:
    picture = noise(8, 12)
    engine = engine_for(made)
    rendered = FrameRunner(engine)(picture)
    screen = DisplayBuffers(device)
    found = screen.picture(engine, made.graph.output)
    fed = screen.picture(engine, "input")
    screen.show(engine, (made.graph.output,))
    (shown,) = screen.front()
    screen.close()
    assert np.abs(found.astype(int) - rendered).max() <= 1
    if made.graph.inputs[0].channels == 3:
        assert np.abs(fed.astype(int) - picture).max() <= 1
    at = spot(shown, "picture", 3, 2)
    assert at is not None
    assert at.where == (0, 2, 3)


def test_values_are_kept_in_the_file(tmp_path: Path) -> None:
    asked = Values((0.0, 255.0), CAFFE, (1.0, 2.0, 3.0), "bgr", (-1.0, 1.0), "bgr", "own")
    save_network(identity(3, asked), tmp_path / "n")
    assert values_of(load_network(tmp_path / "n").graph) == asked
    save_network(enlarging(2), tmp_path / "luma")
    assert load_network(tmp_path / "luma").graph == enlarging(2).graph


def test_a_file_that_is_silent_says_what_it_always_said(tmp_path: Path) -> None:
    save_network(identity(3), tmp_path / "n")
    text = (tmp_path / "n" / "network.json").read_text()
    assert not any(word in text for word in ("order", "colour"))
    assert identity(3).sha256() == identity(3, Values(order="rgb", output_order="rgb", colour="own")).sha256()


def test_other_values_are_another_network_of_the_same_weights() -> None:
    made = network(layer("conv", "Conv2d", "input", in_channels=3, out_channels=3, kernel_size=3, padding=1))
    others = [Values(order="bgr"), Values(output_order="bgr"), Values(range=(-1.0, 1.0)), Values(mean=(0.5,))]
    changed = [made.with_values(values) for values in others]
    assert len({each.sha256() for each in [made, *changed]}) == 5
    assert all(each.tensors is made.tensors for each in changed)
    assert changed[3].graph.inputs[0].mean == (0.5, 0.5, 0.5)
    assert changed[3].with_values(Values(mean=())).graph == made.graph


@pytest.mark.parametrize(
    ("values", "channels", "sentence"),
    [
        (Values(order="bgr"), 1, "no picture of three channels"),
        (Values(mean=(1.0, 2.0)), 3, "2 numbers are given for the 3 channels"),
        (Values(mean=(float("nan"),)), 3, "must be finite"),
        (Values(std=(0.0,)), 3, "above 0"),
        (Values(range=(1.0, 1.0)), 3, "smaller number, then a larger"),
        (Values(output_range=(2.0, 1.0)), 3, "output's range must give"),
        (Values(colour="input"), 3, "must be luma, of 1 channel, not 3"),
    ],
)
def test_values_that_do_not_fit_are_refused(values: Values, channels: int, sentence: str) -> None:
    with pytest.raises(StudioError, match=sentence):
        identity(channels, values)


def test_what_is_fed_no_picture_has_no_colour_to_keep() -> None:
    graph = Graph((Input("z", 1, kind="vector"),), (layer("copy", "Identity", "z"),), "copy")
    with pytest.raises(StudioError, match="fed no picture"):
        with_values(graph, Values(colour="input"))


def test_a_file_that_claims_an_order_of_grey_is_refused(tmp_path: Path) -> None:
    save_network(identity(1), tmp_path / "n")
    file = tmp_path / "n" / "network.json"
    document = json.loads(file.read_text())
    document["inputs"][0]["order"] = "bgr"
    file.write_text(json.dumps(document))
    with pytest.raises(StudioError, match="not three, which have no order"):
        load_network(tmp_path / "n")
