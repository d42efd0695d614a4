"""Vectors as maps of C × 1 × 1, and networks that take pictures of one size alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import EngineFor, layer, network, normal, relative_error, single
from torch import nn

from studio.errors import StudioError
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.runtime.render.size import WorkingSize, working_size

CONV = {"in_channels": 3, "out_channels": 5, "kernel_size": 3, "stride": 2, "padding": 1}


def coder() -> Network:
    """Pictures of 16 × 16 through a vector of seven and back."""
    return network(
        layer("enc", "Conv2d", "input", **CONV),
        layer("flat", "Flatten", "enc"),
        layer("code", "Linear", "flat", in_features=5 * 8 * 8, out_features=7),
        layer("wide", "Linear", "code", in_features=7, out_features=5 * 8 * 8, bias=False),
        layer("map", "Unflatten", "wide", channels=5, height=8, width=8),
        layer("dec", "ConvTranspose2d", "map", in_channels=5, out_channels=3, kernel_size=4, stride=2, padding=1),
    )


def gated() -> Network:
    """Squeeze and excitation: a vector of the whole map scales its channels."""
    return network(
        layer("enc", "Conv2d", "input", **CONV),
        layer("mean", "Mean", "enc"),
        layer("gate", "Linear", "mean", in_features=5, out_features=5),
        layer("scaled", "Mul", ("gate", "enc")),
    )


def test_a_vector_in_the_middle_agrees_with_torch(engine_for: EngineFor) -> None:
    made, x = coder(), normal(3, 16, 16)
    module = nn.Sequential(
        nn.Conv2d(3, 5, 3, 2, 1), nn.Flatten(), nn.Linear(320, 7), nn.Linear(7, 320, bias=False),
        nn.Unflatten(1, (5, 8, 8)), nn.ConvTranspose2d(5, 3, 4, 2, 1),
    )  # fmt: skip
    places = {"enc": 0, "code": 2, "wide": 3, "dec": 5}
    named = {name.partition(".")[::2]: torch.from_numpy(t) for name, t in made.tensors.items()}
    module.load_state_dict({f"{places[node]}.{key}": t for (node, key), t in named.items()})
    engine = engine_for(made)
    engine.run({"input": x})

    with torch.no_grad():
        wanted = module(torch.tensor(x)[None])[0].numpy()
    assert relative_error(engine.output(), wanted) <= 1e-5
    assert engine.sheet("code.weight").shape == (7, 320)


def test_a_dab_on_the_matrix_is_one_weight(engine_for: EngineFor) -> None:
    made = single("Linear", 9, in_features=9, out_features=6)
    engine = engine_for(made)
    engine.run({"in0": normal(9, 1, 1)})
    before = engine.output()

    engine.replace("layer.weight", Rect(4, 7, 1, 1), np.full((1, 1), 50, np.float32))
    engine.update()

    assert np.flatnonzero(engine.output() != before).tolist() == [4]
    assert engine.tensor("layer.weight")[4, 7] == 50


def test_a_network_behind_flatten_takes_one_size_and_says_which() -> None:
    graph = coder().graph
    assert graph.square_size == 16
    assert working_size(graph, Size(16, 16)) == WorkingSize(Size(16, 16), Size(16, 16), Size(16, 16))

    with pytest.raises(
        StudioError,
        match=r'^Layer "code" \(Linear\): its weights take 320 channels, but its input has 600; '
        r"this network takes pictures of 16×16 only\.$",
    ):
        working_size(graph, Size(20, 24))


def test_a_picture_that_gives_maps_of_the_fixed_size_is_taken_as_it_is() -> None:
    assert working_size(coder().graph, Size(15, 16)) == WorkingSize(Size(15, 16), Size(15, 16), Size(16, 16))


def test_a_network_of_fixed_size_is_not_padded_out_of_it() -> None:
    nodes = (
        layer("pool", "MaxPool2d", "input", kernel_size=2),
        layer("flat", "Flatten", "pool"),
        layer("code", "Linear", "flat", in_features=3 * 7 * 7, out_features=4),
    )
    graph = network(*nodes).graph
    assert working_size(graph, Size(15, 15)) == WorkingSize(Size(15, 15), Size(15, 15), Size(1, 1))
    assert working_size(graph, Size(14, 14)).output == Size(1, 1)


def test_a_gate_fixes_no_size() -> None:
    graph = gated().graph
    assert graph.square_size is None
    assert graph.multiple == (2, 2)
    assert working_size(graph, Size(20, 31)).padded == Size(20, 31)
    assert working_size(graph, Size(20, 31)).output == Size(10, 16)


def test_the_size_of_a_gated_map_is_the_maps(engine_for: EngineFor) -> None:
    engine = engine_for(gated())
    engine.run({"input": normal(3, 20, 31)})

    assert engine.output().shape == (5, 10, 16)


def test_a_network_that_takes_any_size_keeps_its_own_message() -> None:
    conv = layer("conv", "Conv2d", "input", in_channels=3, out_channels=1, kernel_size=9)
    graph = Graph((Input("input"),), (conv, layer("mean", "Mean", "conv")), "mean")

    with pytest.raises(StudioError, match="use a larger picture"):
        working_size(graph, Size(1, 1))


def test_many_features_go_through_the_convolution_path(engine_for: EngineFor) -> None:
    made, x = single("Linear", 4099, in_features=4099, out_features=513), normal(4099, 1, 1)
    engine = engine_for(made)
    engine.run({"in0": x})
    wanted = made.tensors["layer.weight"].astype(np.float64) @ x[:, 0, 0] + made.tensors["layer.bias"]

    assert relative_error(engine.output()[:, 0, 0], wanted) <= 1e-5
