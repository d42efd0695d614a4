"""Norms that take a map's own statistics, where sums in float32 would lose them.

PyTorch's own norms multiply before they subtract, and its GroupNorm's variance of large maps far from zero is some
percent off on CPUs; the torch engine is theirs, but that it takes a group's mean off before its GroupNorm.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import EngineFor, normal, relative_error, single

from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.model.networks.shape import Array


def through(engine_for: EngineFor, op: str, values: Array, **params: object) -> Array:
    engine = engine_for(single(op, values.shape[0], **params))
    engine.run({"in0": values})
    return engine.output()


def double(values: Array, groups: int) -> Array:
    return torch.nn.functional.group_norm(torch.tensor(values).double()[None], groups)[0].float().numpy()


@pytest.mark.parametrize("offset", [0.0, 100.0, -3.0])
def test_a_large_map_far_from_zero_keeps_its_statistics(
    device: Device, gl_class: type[GLEngine] | type[GLFragmentEngine], offset: float
) -> None:
    values = normal(6, 301, 517) + np.float32(offset)
    instance = single("InstanceNorm2d", 6, num_features=6)
    group = single("GroupNorm", 6, num_groups=2, num_channels=6, affine=False)

    for network, groups in ((instance, 6), (group, 2)):
        engine = gl_class(network, device)
        engine.run({"in0": values})
        assert relative_error(engine.output(), double(values, groups)) <= 1e-5
        engine.close()


@pytest.mark.parametrize("offset", [100.0, -3.0])
@pytest.mark.parametrize("groups", [1, 3, 6])
def test_groups_of_little_contrast_keep_their_digits(engine_for: EngineFor, groups: int, offset: float) -> None:
    values = normal(6, 9, 8) * np.float32(0.03) + np.float32(offset)
    found = through(engine_for, "GroupNorm", values, num_groups=groups, num_channels=6, affine=False)
    assert relative_error(found, double(values, groups)) <= 1e-5


@pytest.mark.parametrize("size", [(13, 11), (1, 1)])
@pytest.mark.parametrize("value", [0.0, 0.7, 12345.678, -1e-3])
def test_a_flat_map_comes_out_as_the_bias(engine_for: EngineFor, value: float, size: tuple[int, int]) -> None:
    network = single("InstanceNorm2d", 5, num_features=5, affine=True)
    engine = engine_for(network)
    engine.run({"in0": np.full((5, *size), value, np.float32)})

    bias = np.broadcast_to(network.tensors["layer.bias"][:, None, None], (5, *size))
    tolerance = 1e-6 if engine.name != "torch" else 1e-6 + abs(value) * 1e-4
    np.testing.assert_allclose(engine.output(), bias, atol=tolerance)


@pytest.mark.parametrize("special", [np.nan, np.inf])
def test_a_special_value_spoils_its_own_channel_alone(engine_for: EngineFor, special: float) -> None:
    values = normal(6, 5, 7)
    values[4, 2, 3] = special

    found = through(engine_for, "InstanceNorm2d", values, num_features=6)

    assert np.isnan(found[4]).all()
    assert np.isfinite(np.delete(found, 4, axis=0)).all()


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_adaptive_max_pool_passes_a_special_value_on(engine_for: EngineFor, special: float) -> None:
    values = normal(5, 7, 9)
    values[2, 3, 4] = special
    wanted = torch.nn.AdaptiveMaxPool2d((3, 2))(torch.tensor(values)).numpy()

    np.testing.assert_array_equal(through(engine_for, "AdaptiveMaxPool2d", values, output_size=(3, 2)), wanted)
