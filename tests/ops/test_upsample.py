"""Resizing to sizes and by broken factors, and files that have always said whole ones."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
import torch
from helpers import EngineFor, layer, network, normal, relative_error, single
from pydantic import ValidationError
from torch.nn import functional as F

from studio.model.declared.explain import explain
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.ops import operator
from studio.runtime.render.size import working_size


@pytest.mark.parametrize(("size", "out"), [*itertools.product([5, 13, 64, 333], [1, 7, 40, 99, 640])])
def test_nearest_to_a_size_takes_torchs_pixels(engine_for: EngineFor, size: int, out: int) -> None:
    values = normal(1, 2, size)
    engine = engine_for(single("Upsample", 1, size=(3, out)))
    engine.run({"in0": values})

    np.testing.assert_array_equal(engine.output(), F.interpolate(torch.tensor(values)[None], size=(3, out))[0])


@pytest.mark.parametrize("factor", [0.3, 0.7, 1 / 3, 1.1, 1.7, 2.3])
def test_nearest_by_a_broken_factor_takes_torchs_pixels(engine_for: EngineFor, factor: float) -> None:
    values = normal(1, 7, 500)
    engine = engine_for(single("Upsample", 1, scale_factor=factor))
    engine.run({"in0": values})

    np.testing.assert_array_equal(engine.output(), F.interpolate(torch.tensor(values)[None], scale_factor=factor)[0])


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("corners", [False, True])
def test_a_large_map_is_no_further_from_torch_than_the_truth(engine_for: EngineFor, mode: str, corners: bool) -> None:
    values = normal(3, 300, 211)
    engine = engine_for(single("Upsample", 3, scale_factor=(1.5, 3), mode=mode, align_corners=corners))
    engine.run({"in0": values})
    wanted = F.interpolate(torch.tensor(values)[None], scale_factor=(1.5, 3.0), mode=mode, align_corners=corners)

    # Places are reckoned in float32: 300 pixels on, PyTorch itself is 2e-5 from the same in float64.
    assert relative_error(engine.output(), wanted[0].numpy()) <= 3e-5


@pytest.mark.parametrize("factor", [2, 2.0, (2, 2), [2.0, 2]])
def test_whole_factors_are_written_as_whole_numbers(factor: object) -> None:
    op = operator("Upsample").model_validate({"scale_factor": factor})

    assert op.model_dump_json(exclude_defaults=True) == '{"scale_factor":[2,2]}'


def test_the_digest_of_whole_factors_is_what_it_was() -> None:
    graph = Graph((Input("input"),), (layer("u", "Upsample", "input", scale_factor=2, mode="bilinear"),), "u")

    assert Network("x", graph, {}).sha256() == "09679c89e0e9807b43c0917cebe2d669e16d42195a7173ce102b02c7e7b681ba"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "must have either a scale_factor or a size"),
        ({"scale_factor": 2, "size": 8}, "must have either a scale_factor or a size"),
        ({"scale_factor": 0}, r'the field "scale_factor\[0\]" should be greater'),
        ({"size": (0, 4)}, r'the field "size\[0\]" should be greater'),
    ],
)
def test_a_resize_without_a_target_is_refused(params: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        operator("Upsample").model_validate(params)
    assert re.search(words, explain(caught.value))


def test_broken_factors_and_sizes_say_what_pictures_fit() -> None:
    half = network(layer("half", "Upsample", "input", scale_factor=0.5)).graph
    assert half.multiple == (2, 2)
    assert working_size(half, Size(20, 31)).padded == Size(20, 32)

    fixed = network(layer("small", "Upsample", "input", size=(8, 9))).graph
    assert fixed.multiple == (1, 1)
    assert fixed.square_size is None
    assert working_size(fixed, Size(20, 31)).output == Size(8, 9)


def test_a_resize_to_a_size_that_meets_another_map_fixes_the_pictures_size() -> None:
    graph = network(
        layer("down", "MaxPool2d", "input", kernel_size=2),
        layer("up", "Upsample", "down", size=(24, 24)),
        layer("join", "Concat", ("up", "input")),
    ).graph
    assert graph.square_size == 24
    assert graph.scales["join"] == (1, 1)
