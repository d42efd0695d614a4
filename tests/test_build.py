"""Networks in a few lines of Python."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import normal, picture, relative_error
from torch.nn import functional as F

from studio.build import Add, Concat, Conv2D, Input, Layer, build
from studio.errors import StudioError


def test_the_example_of_the_module_runs() -> None:
    source = Input(3)
    a = Conv2D(source, 64, kernel=4, stride=2, activation="relu")
    b = Conv2D(a, 256, kernel=4, stride=2, activation="relu")
    c = Conv2D(b, 64, kernel=4, stride=2, direction="up", activation="relu")
    d = Conv2D(c, 3, kernel=4, stride=2, direction="up", fractional=True, activation="sigmoid")
    with build(d, engine="torch") as net:
        bent = net(picture(16, 20))

        assert bent.shape == (16, 20, 3)
        assert source.output.shape == (3, 16, 20)
        assert a.output.shape == (64, 8, 10)
        assert b.output.shape == (256, 4, 5)
        assert c.output.shape == (64, 8, 10)
        assert d.output.shape == (3, 16, 20)
        assert (b.filter.shape, c.filter.shape, d.filter.shape) == (
            (256, 64, 4, 4),
            (256, 64, 4, 4),
            (3, 64, 4, 4),
        )
        assert a.output.min() == 0
        assert [layer.name for layer in net] == [name for k in range(1, 5) for name in (f"conv{k}", f"conv{k}_act")]
        assert net.network.graph.node("conv3").op.__class__.__name__ == "ConvTranspose2d"
        assert net.network.graph.node("conv4").op.__class__.__name__ == "FractionalConv2d"


def test_a_built_network_is_what_torch_makes_of_its_weights() -> None:
    source = Input(3)
    down = Conv2D(source, 8, kernel=4, stride=2, activation="leaky_relu", name="down")
    up = Conv2D(down, 5, kernel=4, stride=2, direction="up", name="up")
    joined = Concat(up, source, name="skip")
    out = Conv2D(joined, 3, kernel=3, activation="tanh", name="out")
    net, x = build(out, engine="torch", seed=4), normal(3, 12, 10)
    w = {name: torch.tensor(t) for name, t in net.network.tensors.items()}
    half = F.leaky_relu(F.conv2d(torch.tensor(x)[None], w["down.weight"], w["down.bias"], 2, 1), 0.01)
    whole = F.conv_transpose2d(half, w["up.weight"], w["up.bias"], 2, 1)
    both = torch.cat([whole, torch.tensor(x)[None]], 1)
    wanted = F.conv2d(both, w["out.weight"], w["out.bias"], 1, 1).tanh()[0].numpy()

    assert relative_error(net.run(x), wanted) < 1e-6
    assert joined.output.shape == (8, 12, 10)
    assert joined.channels == 8
    assert net.network.graph.output_range == (-1.0, 1.0)
    assert net.network.graph.output == "out_act"
    assert out.name == "out"


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5, 6, 7])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_sizes_come_out_whole_down_and_up(kernel: int, stride: int) -> None:
    source = Input(3)
    down = Conv2D(source, 2, kernel=kernel, stride=stride)
    up = Conv2D(source, 2, kernel=kernel, stride=stride, direction="up")
    fractional = Conv2D(source, 2, kernel=kernel, stride=stride, direction="up", fractional=True)
    # No border is the same on both sides and keeps the size at stride 1 where the kernel is even.
    more = 1 if stride == 1 and kernel % 2 == 0 else 0
    for layer, size in ((down, 12 // stride + more), (up, 12 * stride + more), (fractional, 12 * stride)):
        net = build(layer, engine="torch")
        net.run(normal(3, 12, 12))
        assert layer.output.shape == (2, size, size)


def test_branches_meet_by_sum_and_layers_are_shared() -> None:
    source = Input(3)
    shared = Conv2D(source, 4, kernel=3)
    left, right = Conv2D(shared, 4, kernel=1), Conv2D(shared, 4, kernel=3)
    total = Add(left, right, shared)
    net = build(total, engine="torch")
    net.run(normal(3, 6, 6))

    np.testing.assert_allclose(total.output, left.output + right.output + shared.output, rtol=1e-6)
    assert [layer.name for layer in net] == ["conv1", "conv2", "conv3", "add1"]


def test_several_inputs_are_fed_in_the_order_in_which_they_are_read() -> None:
    colour, grey = Input(3, (-1.0, 1.0)), Input(1)
    out = Add(Conv2D(colour, 2, kernel=1), Conv2D(grey, 2, kernel=1))
    net = build(out, engine="torch")
    net.run(normal(3, 4, 4), normal(1, 4, 4, seed=1))

    np.testing.assert_array_equal(colour.output, normal(3, 4, 4))
    np.testing.assert_array_equal(grey.output, normal(1, 4, 4, seed=1))
    assert net.network.graph.inputs[0].range == (-1.0, 1.0)


def test_weights_follow_from_the_seed_or_are_given() -> None:
    def made(**settings: object) -> np.ndarray:
        layer = Conv2D(Input(3), 16, kernel=5)
        build(layer, engine="torch", **settings)  # type: ignore[arg-type]
        return layer.filter

    given = {"conv1.weight": normal(16, 3, 5, 5), "conv1.bias": np.ones(16, np.float32)}
    np.testing.assert_array_equal(made(seed=7), made(seed=7))
    assert not np.array_equal(made(seed=7), made(seed=8))
    assert made().std() == pytest.approx((2 / 75) ** 0.5, rel=0.1)
    np.testing.assert_array_equal(made(tensors=given), given["conv1.weight"])


def test_a_layers_filter_can_be_assigned() -> None:
    layer = Conv2D(Input(3), 2, kernel=3)
    net = build(layer, engine="torch")
    net.run(normal(3, 6, 6))
    layer.filter = np.zeros((2, 3, 3, 3), np.float32)
    assert net.update() == ("conv1",)
    assert not layer.output.any()


def wrong_weights() -> Layer:
    layer = Conv2D(Input(3), 2, kernel=3)
    build(layer, tensors={"conv1.weight": normal(2, 3, 3, 3)}, engine="torch")
    return layer


def mismatched_sum() -> None:
    source = Input(3)
    build(Add(Conv2D(source, 2, kernel=3), Conv2D(source, 3, kernel=3)), engine="torch").run(normal(3, 8, 8))


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: Conv2D(Input(3), 2).output, "runs nowhere yet"),
        (lambda: Conv2D(Input(3), 2).name, "runs nowhere yet"),
        (lambda: Input(3).output, "runs nowhere yet"),
        (lambda: build(Input(3)), "An input alone is no network"),
        (lambda: Conv2D(Input(3), 0), "Conv2d: .*out_channels"),
        (lambda: Conv2D(Input(3), 2, kernel=0), "Conv2d: .*kernel_size"),
        (lambda: Conv2D(Input(3), 2, kernel=99, direction="up", fractional=True), "FractionalConv2d: .*kernel_size"),
        (lambda: Conv2D(Input(3), 2, activation="softmax"), 'no activation "softmax"; there are relu'),  # type: ignore[arg-type]
        (lambda: Conv2D(Input(3), 2, direction="sideways"), '"down" or "up", not "sideways"'),  # type: ignore[arg-type]
        (lambda: build(Conv2D(Conv2D(Input(3), 3, name="x"), 3, name="x")), 'are called "x"'),
        (lambda: build(Add(Input(3))), "at least two inputs"),
        (wrong_weights, 'lacks the tensor "conv1.bias"'),
        (mismatched_sum, r'Layer "add1" \(Add\): it combines maps'),
    ],
)
def test_mistakes_are_answered_in_a_sentence(act: object, words: str) -> None:
    with pytest.raises(StudioError, match=words):
        act()  # type: ignore[operator]
