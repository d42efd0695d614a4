"""A step of learning in few passes: norms behind their moments, and sums where what they add up is made."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import layer, network, normal, relative_error
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.frame.fuse import grouped
from studio.engine.gl.tuning.settings import Settings
from studio.learn._gl_graph import inputs_of, with_gradients
from studio.learn.losses import L2
from studio.learn.objective import WANTED, Objective
from studio.learn.settings import Settings as Lesson
from studio.learn.settings import objective_of
from studio.model.declared.size import Size
from studio.model.networks.network import Network

pytestmark = pytest.mark.gl

SIZE = Size(6, 10)


def normed(channels: int, kind: str = "BatchNorm2d", size: Size = SIZE, pictures: int = 1) -> tuple[Network, Objective]:
    """The graph that learns two convolutions with a norm and a concatenation between them, and its gradients."""
    affine = {"affine": True} if kind == "InstanceNorm2d" else {}
    made = network(
        layer("a", "Conv2d", "input", in_channels=3, out_channels=channels, kernel_size=3, padding=1),
        layer("norm", kind, "a", num_features=channels, **affine),
        layer("act", "ReLU", "norm"),
        layer("join", "Concat", ("act", "norm")),
        layer("out", "Conv2d", "join", in_channels=2 * channels, out_channels=3, kernel_size=1),
    )
    objective = objective_of(made, Lesson(size, (L2(),), batch=pictures))
    return with_gradients(objective)[0], objective


def heads(made: Network, size: Size, *, sums_at_once: bool) -> dict[str, list[str]]:
    graph = made.graph
    shapes = graph.shapes({fed.name: size for fed in graph.inputs})
    groups = grouped(graph.nodes, shapes, sums_at_once=sums_at_once)
    return {group.head.name: [follower.node.name for follower in group.followers] for group in groups}


def test_a_norm_is_made_with_its_moments_and_a_bias_with_what_it_is_the_sum_of() -> None:
    found = heads(normed(8)[0], SIZE, sums_at_once=True)
    assert found["norm~moments"][:2] == ["norm", "act"]
    # The gradient by the map, by bias and by weight, and by the bias of the convolution.
    assert found["norm~g0"] == ["norm~g1", "norm~g2", "norm~g3", "a~g2"]
    # The last convolution's is the sum of a map that no workgroup makes a channel of.
    assert found["out~g2"] == []


def test_where_sums_are_made_row_by_row_or_a_map_is_large_they_stay_apart() -> None:
    assert heads(normed(8)[0], SIZE, sums_at_once=False)["norm~moments"] == []
    large = Size(80, 80)
    assert "norm" in heads(normed(8, size=large)[0], large, sums_at_once=True)


@given(
    channels=st.sampled_from([4, 5, 8, 11]),
    kind=st.sampled_from(["BatchNorm2d", "InstanceNorm2d"]),
    height=st.integers(1, 9),
    width=st.integers(2, 12),
    pictures=st.sampled_from([1, 3]),
)
@settings(max_examples=12)
def test_fusing_changes_no_map_of_a_step(
    device: Device, channels: int, kind: str, height: int, width: int, pictures: int
) -> None:
    if not device.has_compute:
        pytest.skip("no compute shaders here")
    made, objective = normed(channels, kind, Size(height, width), pictures)
    fed = {}
    for k in range(objective.pictures):
        for seed, (name, here) in enumerate(inputs_of(objective, k).items(), start=2 * k):
            assert name in ("input", WANTED)
            fed[here] = normal(3, height, width, seed=seed)
    fused, apart = (
        GLEngine(made, device, Settings("shared")),
        GLEngine(made, device, Settings("shared", most_outputs=1)),
    )
    for engine in (fused, apart):
        engine.run(fed)
    for node in made.graph.nodes:
        found, wanted = fused.activation(node.name), apart.activation(node.name)
        # What is zero but for rounding is as good as any other.
        if np.abs(wanted).max() > 1e-5:
            assert relative_error(found, wanted) <= 1e-5, node.name
    fused.close()
    apart.close()
