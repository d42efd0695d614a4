"""Convolutions with packed weights in the torch engine."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import layer, network, normal, relative_error, single

from studio.engine.torch.engine import TorchEngine
from studio.engine.torch.packed import can_pack
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network

SIZES = {"in_channels": 20, "out_channels": 18}
KINDS = {
    "plain": single("Conv2d", 20, **SIZES, kernel_size=(3, 4), padding=(1, 2)),
    "strided": single("Conv2d", 20, **SIZES, kernel_size=4, stride=(2, 1), padding=1),
    "dilated": single("Conv2d", 20, **SIZES, kernel_size=3, dilation=2),
    "without bias": single("Conv2d", 20, **SIZES, kernel_size=1, bias=False),
    "transposed": single("ConvTranspose2d", 20, **SIZES, kernel_size=4, stride=2, padding=1),
    "uneven": single("ConvTranspose2d", 20, **SIZES, kernel_size=(5, 3), stride=(3, 2), padding=1, output_padding=1),
    "fractional": single("FractionalConv2d", 20, **SIZES, kernel_size=4),
    "fractional, uneven": single("FractionalConv2d", 20, **SIZES, kernel_size=(3, 5), scale_factor=(3, 2), bias=False),
    "fractional, one way": single("FractionalConv2d", 20, **SIZES, kernel_size=(4, 2), scale_factor=(1, 4)),
    "transposed, dilated": single("ConvTranspose2d", 20, **SIZES, kernel_size=3, dilation=2, bias=False),
}


def wanted_of(made: Network, x: np.ndarray) -> np.ndarray:
    tensors = {name.partition(".")[2]: torch.from_numpy(values) for name, values in made.tensors.items()}
    return made.graph.node("layer").op.torch([torch.from_numpy(x)[None]], tensors)[0].numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_packed_weights_mean_the_same_at_every_size(kind: str) -> None:
    made = KINDS[kind]
    if not can_pack(made.graph.node("layer").op, torch.device("cpu")):
        pytest.skip("this PyTorch packs nothing")
    engine = TorchEngine(made, "cpu")
    for height, width in ((9, 12), (16, 7), (9, 12)):
        x = normal(20, height, width, seed=height)
        engine.run({"in0": x})
        assert relative_error(engine.output(), wanted_of(made, x)) <= 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_a_rectangle_replaced_in_packed_weights_gives_what_a_fresh_engine_gives(kind: str) -> None:
    made, x = KINDS[kind], normal(20, 9, 12)
    edited = TorchEngine(made, "cpu")
    edited.run({"in0": x})
    edited.replace("layer.weight", Rect(1, 2, 2, 3), normal(2, 3, seed=5))
    edited.update()

    fresh = TorchEngine(made.with_tensors({"layer.weight": edited.tensor("layer.weight")}), "cpu")
    fresh.run({"in0": x})
    np.testing.assert_array_equal(edited.output(), fresh.output())
    np.testing.assert_array_equal(edited.sheet("layer.weight"), fresh.sheet("layer.weight"))
    # The network that it was opened on keeps its own weights.
    assert not np.array_equal(made.tensors["layer.weight"], edited.tensor("layer.weight"))


def test_a_bypassed_layer_with_packed_weights_comes_back() -> None:
    made = network(
        layer("enc", "Conv2d", "input", in_channels=3, out_channels=16, kernel_size=3, padding=1),
        layer("mid", "Conv2d", "enc", in_channels=16, out_channels=16, kernel_size=3, padding=1),
    )
    engine, x = TorchEngine(made, "cpu"), normal(3, 8, 8)
    engine.run({"input": x})
    before = engine.output()
    engine.bypass({"mid"})
    engine.update()
    np.testing.assert_array_equal(engine.output(), engine.activation("enc"))
    engine.bypass(())
    engine.update()
    np.testing.assert_array_equal(engine.output(), before)
