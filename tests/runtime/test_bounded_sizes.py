"""Networks whose author bounds the sides of their pictures, wherever the studio chooses a size itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import on_torch, tiny_network

from studio.engine.measured import seconds_of
from studio.errors import StudioError
from studio.io.exporters import export_preset
from studio.learn.prepare import _fitting
from studio.model.declared.size import Size
from studio.model.networks.inputs import Span
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset
from studio.model.networks.values import values_of, with_values
from studio.runtime.bending.palette import _sized
from studio.runtime.live.playing import Newest
from studio.runtime.live.proofs import Bench

BOUNDS: list[tuple[Span, Span]] = [((16, 64), (16, 96)), ((320, None), (320, 640))]


def bounded(heights: Span, widths: Span) -> Network:
    made = tiny_network()
    inputs = tuple(replace(put, heights=heights, widths=widths) for put in made.graph.inputs)
    return replace(made, graph=replace(made.graph, inputs=inputs))


@pytest.mark.parametrize(("heights", "widths"), BOUNDS)
def test_small_pictures_of_other_presets_are_of_a_size_that_it_takes(heights: Span, widths: Span) -> None:
    network, picture = bounded(heights, widths), np.zeros((480, 640, 3), np.uint8)
    made = Bench(Preset("p", network, {})).picture(Newest(1, picture, "demo"), 0.0)
    size = Size.of(made)
    assert network.graph.inputs[0].nearest(size) == size
    size = Size.of(_sized(picture, on_torch(network)))
    assert network.graph.inputs[0].nearest(size) == size


@pytest.mark.parametrize(("heights", "widths"), BOUNDS)
def test_it_is_measured_exported_and_taught_at_a_size_that_it_takes(
    heights: Span, widths: Span, tmp_path: Path
) -> None:
    network, notes = bounded(heights, widths), list[str]()
    assert seconds_of(on_torch(network), network) > 0
    export_preset(Preset("p", network, {}), tmp_path / "made.onnx")
    size = _fitting(network, 128, notes)
    assert network.graph.inputs[0].nearest(Size(128, 128)) == size
    assert notes == [f'"tiny" takes crops of {size} instead of 128×128.']


@pytest.mark.parametrize(("heights", "widths"), BOUNDS)
def test_whether_it_makes_luma_is_told_at_a_size_that_it_takes(heights: Span, widths: Span) -> None:
    graph = bounded(heights, widths).graph
    with pytest.raises(StudioError, match="must be luma, of 1 channel, not 3"):
        with_values(graph, replace(values_of(graph), colour="input"))
