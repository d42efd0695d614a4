"""Activations of special values, and digits kept where a plain formula would lose them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import EngineFor, normal, single

from studio.model.networks.shape import Array

SPECIAL = np.array(
    [np.nan, np.inf, -np.inf, 0.0, 1e-30, -1e-6, 1e-6, 0.3, -0.3, 9.0, -30.0, 200.0, -200.0, 3e37, -3e37], np.float32
)
MODULES = {
    "ReLU6": {},
    "Hardtanh": {"min_val": -0.25, "max_val": 3.0},
    "ELU": {"alpha": 1.5},
    "SiLU": {},
    "GELU": {"approximate": "tanh"},
    "Softplus": {},
    "Hardswish": {},
    "Hardsigmoid": {},
    "Identity": {},
}


def through(engine_for: EngineFor, op: str, values: Array, **params: object) -> Array:
    engine = engine_for(single(op, values.shape[0], **params))
    engine.run({"in0": values})
    return engine.output()


@pytest.mark.parametrize("op", MODULES)
def test_activations_of_special_values_are_those_of_torch(engine_for: EngineFor, op: str) -> None:
    values = SPECIAL.reshape(1, 3, 5)
    wanted = getattr(torch.nn, op)(**MODULES[op])(torch.tensor(values)).numpy()

    found = through(engine_for, op, values, **MODULES[op])

    np.testing.assert_allclose(found, wanted, rtol=2e-6, atol=1e-37)


@pytest.mark.parametrize("op", ["ELU", "Softplus", "SiLU"])
def test_smooth_activations_keep_their_digits(engine_for: EngineFor, op: str) -> None:
    magnitudes = np.geomspace(1e-20, 30, 400)
    values = np.concatenate([-magnitudes, magnitudes]).astype(np.float32).reshape(2, 20, 20)
    wanted = getattr(torch.nn, op)()(torch.tensor(values).double()).numpy()

    found = through(engine_for, op, values)

    np.testing.assert_allclose(found, wanted, rtol=5e-6, atol=1e-30)


def test_gelu_is_within_float32_of_its_definition(engine_for: EngineFor) -> None:
    values = np.linspace(-6, 6, 800, dtype=np.float32).reshape(2, 20, 20)
    wanted = torch.nn.GELU()(torch.tensor(values).double()).numpy()

    assert np.abs(through(engine_for, "GELU", values) - wanted).max() < 1e-6


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_softmax_of_special_values_is_that_of_torch(engine_for: EngineFor, special: float) -> None:
    values = normal(6, 4, 5) * 50
    values[4, 1, 2] = special
    wanted = torch.nn.Softmax2d()(torch.tensor(values)).numpy()

    np.testing.assert_allclose(through(engine_for, "Softmax2d", values), wanted, rtol=2e-5, atol=1e-37)
