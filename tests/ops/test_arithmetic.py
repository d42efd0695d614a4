"""Arithmetic and functions of special values."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from helpers import EngineFor, single

SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, 1e-30, -1e-6, 0.3, -0.3, 9.0, -30.0, 3e38, -3e38], np.float32)


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "Div", "Maximum", "Minimum"])
def test_pairs_of_special_values_give_what_torch_gives(engine_for: EngineFor, op: str) -> None:
    pairs = np.array(list(itertools.product(SPECIAL, SPECIAL)), np.float32).T.reshape(2, 1, 12, 12)
    wanted = getattr(torch, op.lower())(*torch.tensor(pairs)).numpy()
    engine = engine_for(single(op, 1, 1))
    engine.run({"in0": pairs[0], "in1": pairs[1]})

    np.testing.assert_allclose(engine.output(), wanted, rtol=1e-6, atol=1e-37)


@pytest.mark.parametrize(
    ("op", "params"),
    [("Sqrt", {}), ("Abs", {}), ("Exp", {}), *(("Pow", {"exponent": e}) for e in (0.0, 1.0, 2.0, 3.0, -1.0, 0.5, 1.5))],
)
def test_functions_of_special_values_give_what_torch_gives(
    engine_for: EngineFor, op: str, params: dict[str, float]
) -> None:
    values = SPECIAL.reshape(1, 3, 4)
    wanted = getattr(torch, op.lower())(torch.tensor(values), *params.values()).numpy()
    engine = engine_for(single(op, 1, **params))
    engine.run({"in0": values})

    np.testing.assert_allclose(engine.output(), wanted, rtol=1e-5, atol=1e-36)
