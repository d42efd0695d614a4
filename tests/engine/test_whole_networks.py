"""Networks as they are used: each engine against an independent torch.nn.Module."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import EngineFor, normal, relative_error
from networks import autoencoder, pix2pix
from torch import nn

from studio.model.networks.network import Network
from studio.model.networks.shape import Array

TOLERANCE = 1e-4


def wanted(module: nn.Module, x: Array) -> Array:
    with torch.no_grad():
        found: Array = module(torch.tensor(x)[None])[0].numpy()
    return found


@pytest.mark.parametrize("kind", ["transposed", "fractional"])
def test_the_autoencoders_agree_with_torch(engine_for: EngineFor, kind: str) -> None:
    network, module = autoencoder(kind)
    engine, x = engine_for(network), np.abs(normal(3, 64, 64))
    engine.run({"input": x})

    assert engine.output().shape == (3, 64, 64)
    assert relative_error(engine.output(), wanted(module, x)) <= TOLERANCE


@pytest.fixture(scope="module")
def generator() -> tuple[Network, Array, Array]:
    network, module = pix2pix()
    x = normal(3, 256, 256).clip(-1, 1)
    return network, x, wanted(module, x)


def test_pix2pix_agrees_with_torch(engine_for: EngineFor, generator: tuple[Network, Array, Array]) -> None:
    network, x, output = generator
    assert sum(t.size for name, t in network.tensors.items() if "running" not in name) == 54_413_955
    assert output.std() > 0.01
    engine = engine_for(network)
    engine.run({"input": x})

    assert engine.shape("down8") == (512, 1, 1)
    assert relative_error(engine.output(), output) <= TOLERANCE
