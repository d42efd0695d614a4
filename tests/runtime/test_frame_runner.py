"""One picture through a network and back."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import deep_network, identity_network, layer, network, on_torch, picture, tiny_network

from studio.engine.base import Engine
from studio.errors import StudioError
from studio.io.resize import resized
from studio.model.declared.size import Size
from studio.model.networks.inputs import Input
from studio.model.networks.picture import signed_view, to_picture, to_tensor
from studio.runtime.render.frame_runner import FrameRunner


@pytest.mark.parametrize("size", [(202, 250), (1, 1), (3, 97), (64, 64)])
def test_a_picture_through_a_network_that_changes_nothing_comes_back(size: tuple[int, int]) -> None:
    taken = picture(*size)
    np.testing.assert_array_equal(FrameRunner(on_torch(identity_network()))(taken), taken)


@pytest.mark.parametrize(("size", "padded"), [((202, 250), (204, 252)), ((1, 1), (4, 4)), ((8, 5), (8, 8))])
def test_pictures_are_padded_by_reflection_and_cropped_back(size: tuple[int, int], padded: tuple[int, int]) -> None:
    engine, taken = on_torch(deep_network(2)), picture(*size)
    bent = FrameRunner(engine)(taken)
    fed = engine.activation("input")

    assert fed.shape == (3, *padded)
    np.testing.assert_array_equal(fed[:, : size[0], : size[1]], to_tensor(taken, 3, (0.0, 1.0)))
    for y in range(size[0], padded[0]):
        np.testing.assert_array_equal(fed[:, y], fed[:, max(0, 2 * size[0] - 1 - y)] if size[0] > 1 else fed[:, 0])
    np.testing.assert_array_equal(bent, to_picture(engine.output(), (0.0, 1.0))[: size[0], : size[1]])


def test_pictures_of_changing_sizes_pass() -> None:
    bender = FrameRunner(on_torch(tiny_network()))
    for size in ((8, 8), (5, 9), (8, 8)):
        assert bender(picture(*size)).shape == (*size, 3)


def test_every_input_is_fed_the_picture_in_its_own_range() -> None:
    made = network(
        layer("a", "Conv2d", "grey", in_channels=1, out_channels=3, kernel_size=1),
        layer("sum", "Add", ("a", "colour")),
        inputs=[Input("colour", 3, (-1.0, 1.0)), Input("grey", 1, (0.0, 255.0))],
    )
    engine, taken = on_torch(made), picture(6, 6)
    FrameRunner(engine)(taken)

    np.testing.assert_array_equal(engine.activation("colour"), to_tensor(taken, 3, (-1.0, 1.0)))
    np.testing.assert_array_equal(engine.activation("grey"), to_tensor(taken, 1, (0.0, 255.0)))


def test_a_layers_tiles_keep_the_widest_scale_that_any_picture_needed() -> None:
    engine = on_torch(tiny_network())
    bender = FrameRunner(engine, "enc")
    widest = np.zeros(engine.graph.node("enc").op.out_channels, np.float32)
    for seed in (0, 1, 2):
        shown = bender(picture(8, 8, seed=seed))
        activation = engine.activation("enc")
        widest = np.maximum(widest, np.abs(activation).max(axis=(1, 2)))
        np.testing.assert_array_equal(shown, signed_view(activation, widest))


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_a_layer_with_a_broken_channel_still_shows_the_others(special: float) -> None:
    made = identity_network()
    engine: Engine = on_torch(made.with_tensors({"same.bias": np.array([special, 0, 0], np.float32)}))
    shown = FrameRunner(engine, "same")(np.full((4, 4, 3), 255, np.uint8))

    assert (shown[:4, 4:8] == [255, 150, 50]).all()


def test_an_unknown_layer_is_refused_before_anything_runs() -> None:
    with pytest.raises(StudioError, match='no layer "nope"; this network has enc, act, dec, out'):
        FrameRunner(on_torch(tiny_network()), "nope")


def test_resizing_keeps_flat_colours_and_gives_the_size_asked_for() -> None:
    flat = np.full((7, 9, 3), (10, 200, 77), np.uint8)
    for size in (Size(7, 9), Size(3, 4), Size(20, 30), Size(20, 3)):
        found = resized(flat, size)
        assert found.shape == (*size, 3)
        assert (found == (10, 200, 77)).all()
    assert resized(flat, Size(7, 9)) is flat


def test_shrinking_averages() -> None:
    checks = (255 * (np.indices((8, 8)).sum(0) % 2)).astype(np.uint8)[:, :, None].repeat(3, 2)
    assert np.abs(resized(checks, Size(4, 4)).astype(int) - 127).max() <= 1


def test_a_large_signed_activation_is_fed_on_unclipped() -> None:
    made = network(
        layer("up", "Conv2d", "input", in_channels=3, out_channels=3, kernel_size=1, bias=False),
        layer("down", "Conv2d", "up", in_channels=3, out_channels=3, kernel_size=1, bias=False),
    )
    eye = np.eye(3, dtype=np.float32)[:, :, None, None]
    engine = on_torch(made.with_tensors({"up.weight": eye * -4096, "down.weight": eye / -4096}))
    taken = picture(5, 5)

    np.testing.assert_array_equal(FrameRunner(engine)(taken), taken)
    assert engine.activation("up").min() < -3000
