"""Vectors: inputs that are no pictures, and the ways on which they move."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers import EngineFor, layer, network, normal, on_torch
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.errors import StudioError
from studio.io.networks import load_network, save_network
from studio.model.declared.size import Size
from studio.model.networks.inputs import Input
from studio.model.networks.latent import Latent, LatentPath
from studio.model.networks.network import Network
from studio.model.networks.picture import to_picture
from studio.model.networks.shape import Shape
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.size import WorkingSize, working_size

VECTOR = Input("z", 10, (-3.0, 3.0), kind="vector")


def generator() -> Network:
    """A vector of 10 to a picture of 8 × 8."""
    return network(
        layer("a", "ConvTranspose2d", "z", in_channels=10, out_channels=6, kernel_size=4, bias=False),
        layer("norm", "BatchNorm2d", "a", num_features=6),
        layer("act", "ReLU", "norm"),
        layer("b", "ConvTranspose2d", "act", in_channels=6, out_channels=3, kernel_size=4, stride=2, padding=1),
        layer("out", "Tanh", "b"),
        inputs=[VECTOR],
        name="generator",
    )


def gated() -> Network:
    """A picture whose channels a vector scales, at half its size."""
    return network(
        layer("map", "Conv2d", "input", in_channels=3, out_channels=4, kernel_size=4, stride=2, padding=1),
        layer("gate", "Linear", "z", in_features=10, out_features=4),
        layer("mul", "Mul", ("map", "gate")),
        layer("out", "Conv2d", "mul", in_channels=4, out_channels=3, kernel_size=1),
        inputs=[Input("input"), VECTOR],
        name="gated",
    )


def joined() -> Network:
    """A picture beside what a vector became, which is 8 × 8."""
    return network(
        layer("up", "ConvTranspose2d", "z", in_channels=10, out_channels=2, kernel_size=8),
        layer("out", "Concat", ("input", "up")),
        inputs=[Input("input"), VECTOR],
    )


def test_no_size_of_a_picture_reaches_what_is_made_of_a_vector() -> None:
    graph = generator().graph
    assert set(graph.scales.values()) == {None}
    assert (graph.multiple, graph.square_size) == ((1, 1), None)
    for size in (Size(1, 1), Size(37, 21), Size(256, 256)):
        assert graph.shapes({"z": size})["z"] == Shape(10, 1, 1)
        assert graph.output_size(size) == Size(8, 8)
        assert working_size(graph, size) == WorkingSize(size, size, Size(8, 8))


def test_pictures_and_vectors_mixed() -> None:
    graph = gated().graph
    assert graph.scales["gate"] is None
    assert graph.scales["out"] == (0.5, 0.5)
    assert (graph.multiple, graph.square_size) == ((2, 2), None)
    assert working_size(graph, Size(7, 12)) == WorkingSize(Size(7, 12), Size(8, 12), Size(4, 6))
    assert joined().graph.square_size == 8
    with pytest.raises(StudioError, match="takes pictures of 8×8 only"):
        working_size(joined().graph, Size(9, 9))


def test_an_input_says_that_it_is_a_vector_and_older_files_that_it_is_a_picture(tmp_path: Path) -> None:
    save_network(gated(), tmp_path / "mixed")
    file = tmp_path / "mixed" / "network.json"
    document = json.loads(file.read_text())
    assert [put.get("kind") for put in document["inputs"]] == [None, "vector"]
    assert load_network(tmp_path / "mixed").graph == gated().graph
    digest = load_network(tmp_path / "mixed").sha256()
    del document["inputs"][1]["kind"]
    file.write_text(json.dumps(document))
    assert [put.kind for put in load_network(tmp_path / "mixed").graph.inputs] == ["picture", "picture"]
    assert load_network(tmp_path / "mixed").sha256() == digest
    document["inputs"][1]["kind"] = "sound"
    file.write_text(json.dumps(document))
    with pytest.raises(StudioError, match="kind"):
        load_network(tmp_path / "mixed")


def test_an_engine_takes_no_map_for_a_vector() -> None:
    engine = on_torch(generator())
    engine.run({"z": normal(10, 1, 1)})
    assert engine.output().shape == (3, 8, 8)
    with pytest.raises(StudioError, match=r'"z" is a vector and needs the shape \(10, 1, 1\), not \(10, 2, 2\)'):
        engine.run({"z": normal(10, 2, 2)})


@pytest.mark.parametrize("made", [generator, gated])
def test_every_engine_takes_vectors(made: Callable[[], Network], engine_for: EngineFor) -> None:
    of = made()
    black = np.zeros((16, 16, 3), np.uint8)
    found, wanted = (FrameRunner(engine)(black, 1.5) for engine in (engine_for(of), on_torch(of)))
    assert np.abs(found.astype(int) - wanted).max() <= 1


@pytest.mark.parametrize("made", [generator, gated])
def test_a_bender_moves_vectors_with_time(made: Callable[[], Network]) -> None:
    of = made()
    bender = FrameRunner(on_torch(of), path=LatentPath("loop", seed=3, seconds=4.0))
    black = np.zeros((16, 16, 3), np.uint8)
    first, later, again = (bender(black, time) for time in (0.0, 1.5, 4.0))
    assert first.shape == (8, 8, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, later)

    engine = on_torch(of)
    feeds = {put.name: np.zeros((put.channels, 16, 16), np.float32) for put in of.graph.inputs}
    engine.run(feeds | {"z": Latent(10, 3).loop(1.5, 4.0)})
    assert np.array_equal(later, to_picture(engine.output(), of.graph.output_range))


PATHS = [LatentPath("walk", 5), LatentPath("loop", 5, seconds=3.0), LatentPath("between", 5, 9, 3.0)]


@pytest.mark.parametrize("path", PATHS, ids=[path.kind for path in PATHS])
def test_a_path_is_smooth_and_the_same_each_time(path: LatentPath) -> None:
    times = np.linspace(0, path.seconds, 400)
    places = np.stack([path.at(time, 64)[:, 0, 0] for time in times])
    assert places.dtype == np.float32
    assert np.array_equal(places, np.stack([path.at(time, 64)[:, 0, 0] for time in times]))
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    assert 0 < steps.max() < 5 * np.median(steps)
    assert np.linalg.norm(np.diff(places, n=2, axis=0), axis=1).max() < 0.1 * steps.max()
    assert not np.array_equal(places, np.stack([path.at(time, 64, stream=1)[:, 0, 0] for time in times]))


@settings(max_examples=40)
@given(time=st.floats(-1e4, 1e4), seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(["walk", "loop"]))
def test_values_stay_as_those_that_generators_are_trained_on(time: float, seed: int, kind: str) -> None:
    path = LatentPath("walk" if kind == "walk" else "loop", seed)
    values = path.at(time, 4096)
    assert values.shape == (4096, 1, 1)
    assert abs(values.mean()) < 0.1
    assert abs(values.std() - 1) < 0.1


@pytest.mark.parametrize("seconds", [0.5, 3.0, 8.0, 61.7])
def test_a_loop_closes_without_a_seam(seconds: float) -> None:
    latent, step = Latent(32, 7), 1e-3
    start, end = latent.loop(0.0, seconds), latent.loop(seconds - step, seconds)
    assert np.array_equal(latent.loop(seconds, seconds), start)
    assert np.array_equal(latent.loop(1.5 * seconds, seconds), latent.loop(0.5 * seconds, seconds))
    across = (start - end) / step
    within = (latent.loop(step, seconds) - start) / step
    assert np.linalg.norm(across - within) < 0.05 * np.linalg.norm(within)
    assert np.linalg.norm(latent.loop(seconds / 2, seconds) - start) > 1


def test_between_two_points_runs_along_a_great_circle() -> None:
    latent = Latent(256, 1)
    start, end = Latent(256, 1).point(), Latent(256, 2).point()
    np.testing.assert_allclose(latent.between(0.0, 4.0, 2), start, atol=1e-5)
    np.testing.assert_allclose(latent.between(4.0, 4.0, 2), end, atol=1e-5)
    assert np.array_equal(latent.between(-1.0, 4.0, 2), latent.between(0.0, 4.0, 2))
    assert np.array_equal(latent.between(9.0, 4.0, 2), latent.between(4.0, 4.0, 2))
    middle = latent.between(2.0, 4.0, 2)
    lengths = [float(np.linalg.norm(point)) for point in (start, middle, end)]
    assert math.isclose(lengths[1], (lengths[0] + lengths[2]) / 2, rel_tol=1e-5)
    to_start, to_end = (np.vdot(middle, point) / np.linalg.norm(point) for point in (start, end))
    assert math.isclose(to_start, to_end, rel_tol=1e-4)
    assert np.array_equal(latent.between(1.0, 4.0, 1), start)
