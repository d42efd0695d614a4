"""Clusters of channels and what matters, on networks whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import EngineFor, layer, network, normal, tiny_network

from studio.bends import make_bend
from studio.errors import StudioError
from studio.model.bends.stage import Stage
from studio.model.networks.shape import Array
from studio.runtime.bending.clusters import ClusterFinder, described
from studio.runtime.bending.estimate import estimated
from studio.runtime.bending.impact import Impact, ranked, strongest_by_norm


def families(seed: int = 0) -> tuple[Array, list[int]]:
    """Twelve maps of three looks, each at a strength and with noise of its own; and which look each has."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:24, :20] / 20.0
    looks = [np.sin(6 * x), np.sin(5 * y), np.exp(-8 * ((x - 0.5) ** 2 + (y - 0.5) ** 2))]
    of = [k % 3 for k in range(12)]
    maps = [looks[k] * rng.uniform(0.2, 30) + rng.standard_normal((24, 20)) * 0.02 for k in of]
    return np.array(maps, np.float32), of


@pytest.mark.parametrize("count", [3, None])
def test_clusters_are_the_channels_that_look_alike(count: int | None) -> None:
    maps, of = families()
    finder = ClusterFinder("enc")
    finder.add(maps)
    finder.add(maps * 2 + 1)
    found = finder.clusters(count)

    wanted = {tuple(c for c, look in enumerate(of) if look == k) for k in range(3)}
    assert {cluster.channels for cluster in found} == wanted
    assert {cluster.layer for cluster in found} == {"enc"}
    assert finder.clusters(count) == found
    assert finder.picture(found[0]).shape == (24, 20, 3)


def test_channels_of_outlines_belong_together_by_where_they_are() -> None:
    """Their signs go to and fro, and would be nothing on average."""
    rng = np.random.default_rng(2)
    maps = rng.standard_normal((12, 64, 48)).astype(np.float32)
    for c in range(12):
        maps[c, :, (24 if c % 2 else 0) : (48 if c % 2 else 24)] *= 0.05
    finder = ClusterFinder("enc")
    finder.add(maps)
    finder.add(-maps)
    assert {cluster.channels for cluster in finder.clusters(2)} == {tuple(range(0, 12, 2)), tuple(range(1, 12, 2))}


def test_maps_that_are_flat_or_broken_disturb_no_cluster() -> None:
    maps, _ = families()
    maps[3], maps[4, 2, 2], maps[5, 1, 1] = 7.0, np.nan, np.inf

    assert np.isfinite(described(maps)).all()
    assert not described(maps)[3].any()


def test_clusters_need_a_map_and_a_possible_number() -> None:
    finder = ClusterFinder("enc")
    with pytest.raises(StudioError, match="run the network first"):
        finder.clusters()
    finder.add(normal(4, 5, 5))
    with pytest.raises(StudioError, match="4 channels; choose 1 to 4"):
        finder.clusters(5)
    assert sum(len(c.channels) for c in finder.clusters(4)) == 4
    with pytest.raises(StudioError, match="4 channels, not 3"):
        finder.add(normal(3, 5, 5))


def weighted() -> tuple[object, Array]:
    """Channel c of "enc" reaches the output c times as strongly."""
    made = network(
        layer("enc", "Conv2d", "input", in_channels=3, out_channels=5, kernel_size=1, bias=False),
        layer("out", "Conv2d", "enc", in_channels=5, out_channels=1, kernel_size=1, bias=False),
    )
    strengths = np.array([0.0, 3.0, 1.0, 4.0, 2.0], np.float32)
    weight = np.ones((5, 3, 1, 1), np.float32)
    return made.with_tensors({"enc.weight": weight, "out.weight": strengths.reshape(1, 5, 1, 1)}), strengths


@pytest.mark.parametrize("how", ["ablate", "scale"])
def test_an_impact_is_what_the_output_changes_by(engine_for: EngineFor, how: str) -> None:
    made, strengths = weighted()
    engine = engine_for(made)  # type: ignore[arg-type]
    x = normal(3, 20, 18)
    engine.run({"input": x})
    impact = Impact(engine, "enc", how)  # type: ignore[arg-type]

    assert impact.measure()
    np.testing.assert_allclose(impact.of, strengths * np.sqrt((x.sum(0) ** 2).mean()), rtol=1e-4, atol=1e-6)
    assert impact.strongest(3) == (3, 1, 4)
    assert engine.stages == ()


def test_a_measurement_in_parts_leaves_the_picture_as_it_is(engine_for: EngineFor) -> None:
    engine = engine_for(tiny_network())
    stages = (Stage(1, "enc", make_bend("RunningMean", {})), Stage(2, "act", make_bend("Blur", {})))
    engine.set_stages(stages)
    inputs = [{"input": normal(3, 16, 12, seed=k)} for k in range(4)]
    plain = []
    for each in inputs:
        engine.run(each)
        plain.append(engine.output())
    whole = Impact(engine, "enc")
    whole.measure()

    engine.forget()
    impact, calls = Impact(engine, "enc"), 0
    for each, wanted in zip(inputs, plain, strict=True):
        engine.run(each)
        np.testing.assert_array_equal(engine.output(), wanted)
    while not impact.measure(seconds=0.0):
        calls += 1
        np.testing.assert_array_equal(engine.output(), plain[-1])
    assert calls == 5
    assert engine.stages == stages
    np.testing.assert_array_equal(impact.of, whole.of)


def test_those_that_matter_most_are_measured_first(engine_for: EngineFor) -> None:
    """By what reads them, through a norm and an activation: the map alone says nothing of it."""
    made = network(
        layer("enc", "Conv2d", "input", in_channels=3, out_channels=32, kernel_size=3, padding=1),
        layer("norm", "BatchNorm2d", "enc", num_features=32),
        layer("act", "LeakyReLU", "norm", negative_slope=0.2),
        layer("dec", "ConvTranspose2d", "act", in_channels=32, out_channels=3, kernel_size=4, stride=2, padding=1),
        layer("out", "Tanh", "dec"),
    )
    strengths = np.exp(np.random.default_rng(4).standard_normal(32)).astype(np.float32)
    weight = made.tensors["dec.weight"] * strengths[:, None, None, None]
    engine = engine_for(made.with_tensors({**made.tensors, "dec.weight": weight}))
    engine.run({"input": normal(3, 20, 18)})
    whole, part = Impact(engine, "enc"), Impact(engine, "enc")
    whole.measure()
    for _ in range(8):
        part.measure(seconds=0.0)
    assert np.isfinite(part.of).sum() == 8
    assert part.strongest(2) == whole.strongest(2)
    assert len(set(part.strongest(6)) & set(whole.strongest(6))) >= 4
    part.end()
    # Without anybody that reads it channel by channel it is the map alone.
    alone = estimated(engine, "out")
    np.testing.assert_allclose(alone, np.sqrt((engine.output() ** 2).mean((1, 2))), rtol=0.3)


def test_a_place_of_the_picture_leads_to_the_channels_that_make_it(engine_for: EngineFor) -> None:
    made = network(layer("enc", "Identity", "input"), layer("out", "Sum", "enc", dim="channels"))
    engine = engine_for(made)
    x = np.zeros((3, 16, 16), np.float32)
    x[0, :4], x[1, 12:, :8], x[2, 12:, 8:] = 1.0, 1.0, 1.0
    engine.run({"input": x})
    impact = Impact(engine, "enc")
    impact.measure()

    assert [impact.at(*place, 1) for place in ((0.1, 0.5), (0.9, 0.2), (0.9, 0.9))] == [(0,), (1,), (2,)]


def test_ranks_pass_over_what_has_not_been_measured() -> None:
    assert ranked(np.array([1.0, np.nan, 3.0, 3.0], np.float32), 4) == (2, 3, 0)
    assert strongest_by_norm(np.array([[[1.0]], [[-9.0]], [[np.nan]]], np.float32), 2) == (1, 0)
    assert strongest_by_norm(np.zeros((3, 2, 2), np.float32), 4) == (0, 1, 2)
    with pytest.raises(StudioError, match="one of the strongest channels or more, not 0"):
        strongest_by_norm(np.zeros((3, 2, 2), np.float32), 0)


@pytest.mark.parametrize("frames", [1, 8])
def test_channels_of_a_dense_layer_are_clustered_by_how_they_go_from_frame_to_frame(frames: int) -> None:
    """Where a map is a single value it has no shape, and all were taken to be alike."""
    finder = ClusterFinder("dense")
    courses = np.random.default_rng(3).standard_normal((frames, 3)).astype(np.float32)
    if frames == 1:
        courses = np.array([[-1.0, 0.1, 1.0]], np.float32)
    scales = np.ones(12, np.float32) if frames == 1 else np.linspace(1.0, 3.0, 12, dtype=np.float32)
    for course in courses:
        finder.add((course[np.arange(12) % 3] * scales)[:, None, None])
    for count in (3, None):
        found = {cluster.channels for cluster in finder.clusters(count)}
        assert found == {(0, 3, 6, 9), (1, 4, 7, 10), (2, 5, 8, 11)}
