"""Reading back what an engine holds: activations and sheets bit for bit, and their statistics."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers import EngineFor, branched_network, identity_network, normal, single, tiny_network
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.engine.base import BINS, Stats
from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.model.networks.layout import to_sheet
from studio.model.networks.shape import Array

SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 3.4e38, -3.4e38, 1.1754944e-38, 1.0000001, -65504.5]


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 7), (4, 2, 9), (5, 1, 1), (13, 3, 2), (64, 4, 4), (1, 40, 1)])
def test_what_is_fed_is_read_back_bit_for_bit(engine_for: EngineFor, shape: tuple[int, int, int]) -> None:
    engine = engine_for(single("ReLU", shape[0]))
    values = np.resize(np.array([*SPECIAL, *normal(99)], np.float32), shape)
    engine.run({"in0": values})

    found = engine.activation("in0")

    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    assert found.tobytes() == values.tobytes()


@pytest.mark.parametrize("tensor", sorted(branched_network().tensors))
def test_tensors_and_their_sheets_are_read_back_bit_for_bit(engine_for: EngineFor, tensor: str) -> None:
    made = branched_network()
    values = made.tensors[tensor].copy()
    values.flat[: min(values.size, 6)] = SPECIAL[: min(values.size, 6)]
    engine = engine_for(made.with_tensors({tensor: values}))

    assert engine.tensor(tensor).tobytes() == values.tobytes()
    assert engine.sheet(tensor).tobytes() == to_sheet(values).tobytes()
    assert engine.sheet(tensor).flags.writeable


def test_an_activation_read_is_a_copy(engine_for: EngineFor) -> None:
    engine = engine_for(identity_network())
    engine.run({"input": normal(3, 4, 4)})
    kept = engine.output()
    engine.output()[:] = 5
    engine.run({"input": normal(3, 4, 4)})

    np.testing.assert_array_equal(engine.output(), kept)


def assert_stats(found: Stats, values: Array) -> None:
    """Against numpy; values within rounding of a bin's edge may lie on either side of it."""
    finite = values[np.isfinite(values)].astype(np.float64)
    assert (found.nan, found.infinite) == (np.isnan(values).sum(), np.isinf(values).sum())
    assert found.histogram.shape == (BINS,)
    assert found.histogram.sum() == finite.size
    if not finite.size:
        assert np.isnan([found.minimum, found.maximum, found.mean]).all()
        return
    assert (found.minimum, found.maximum) == (finite.min(), finite.max())
    assert found.mean == pytest.approx(finite.mean(), rel=1e-5, abs=1e-6 * np.abs(finite).max())
    if finite.min() == finite.max():
        assert found.histogram[0] == finite.size
        return
    wanted, edges = np.histogram(finite, BINS, (finite.min(), finite.max()))
    assert np.abs(np.cumsum(found.histogram - wanted)).max() <= max(1, finite.size // 10_000)
    np.testing.assert_allclose(found.edges, edges, rtol=1e-6)


def stats_of(engine_for: EngineFor, values: Array) -> Stats:
    engine = engine_for(single("ReLU", values.shape[0]))
    engine.run({"in0": values})
    found = engine.stats("in0")
    engine.close()
    return found


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 7), (5, 16, 9), (13, 3, 2), (4, 33, 64)])
def test_statistics_of_a_map_are_numpys(engine_for: EngineFor, shape: tuple[int, int, int]) -> None:
    values = normal(*shape) * 100 - 7
    assert_stats(stats_of(engine_for, values), values)


def test_statistics_of_a_large_map_are_numpys(engine_for: EngineFor) -> None:
    values = normal(18, 256, 300) + 1000
    assert_stats(stats_of(engine_for, values), values)


def test_values_that_fill_the_bins_exactly_are_counted_exactly(engine_for: EngineFor) -> None:
    values = np.resize(np.arange(BINS + 1, dtype=np.float32), (5, 13, 7))
    wanted, _ = np.histogram(values, BINS, (0, BINS))

    np.testing.assert_array_equal(stats_of(engine_for, values).histogram, wanted)


@pytest.mark.parametrize("value", [0.0, -3.5, 1e-20])
def test_a_constant_map_lies_in_the_first_bin(engine_for: EngineFor, value: float) -> None:
    values = np.full((5, 6, 7), value, np.float32)
    assert_stats(stats_of(engine_for, values), values)


@pytest.mark.parametrize(
    "special", [[np.nan], [np.inf], [-np.inf], [np.nan, np.inf], [np.nan, 2.0], [np.inf, -1.0, 4.0, np.nan, -np.inf]]
)
def test_what_is_no_finite_number_is_counted_apart(engine_for: EngineFor, special: list[float]) -> None:
    values = np.resize(np.array(special, np.float32), (3, 9, 5))
    assert_stats(stats_of(engine_for, values), values)


def test_a_histogram_spans_the_whole_range_of_float32(engine_for: EngineFor) -> None:
    values = np.linspace(-3.3e38, 3.3e38, 600).astype(np.float32).reshape(6, 10, 10)
    found = stats_of(engine_for, values)
    wanted, _ = np.histogram(values.astype(np.float64), BINS)

    assert (found.minimum, found.maximum) == (values.min(), values.max())
    assert np.abs(np.cumsum(found.histogram - wanted)).max() <= 1


@settings(max_examples=15)
@given(seed=st.integers(0, 999), tensor=st.sampled_from(sorted(branched_network().tensors)))
def test_statistics_of_tensors_are_numpys_and_follow_edits(engine_for: EngineFor, seed: int, tensor: str) -> None:
    engine = engine_for(branched_network(seed))
    assert_stats(engine.stats(tensor), engine.tensor(tensor))
    engine.set_tensor(tensor, normal(*engine.tensor(tensor).shape, seed=seed) * 9)
    assert_stats(engine.stats(tensor), engine.tensor(tensor))
    engine.close()


def test_every_layer_has_a_time_after_a_run(engine_for: EngineFor) -> None:
    engine = engine_for(branched_network())
    assert engine.times() == {}
    engine.run({"input": normal(3, 8, 8)})

    assert engine.times().keys() == {node.name for node in engine.graph.nodes}
    assert all(0 <= seconds < 10 for seconds in engine.times().values())


@pytest.mark.gl
@pytest.mark.parametrize(("every", "timed"), [(0.0, [True, True]), (60.0, [True, False]), (math.inf, [False, False])])
def test_a_gpu_times_layers_now_and_then(
    device: Device, monkeypatch: pytest.MonkeyPatch, every: float, timed: list[bool]
) -> None:
    monkeypatch.setattr(device, "is_software", False)
    engine = GLFragmentEngine(tiny_network(), device)
    engine.time_every = every
    found = []
    for _ in timed:
        engine.run({"input": normal(3, 8, 8)})
        found.append(engine._times.is_asked)
        engine.times()
    assert found == timed
    assert bool(engine.times()) == any(timed)
    engine.close()
