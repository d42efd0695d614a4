"""Every operator means in every engine what plain PyTorch means by it."""

from __future__ import annotations

import itertools

import cases_more  # noqa: F401 - registers its cases
import cases_traced  # noqa: F401
import numpy as np
import pytest
import torch
from cases import CASES, Case
from helpers import EngineFor, conditioned, normal, on_torch, relative_error, single
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.engine.base import Engine
from studio.model.networks.network import Network
from studio.model.networks.shape import Array
from studio.ops import registry

TOLERANCE = 1e-5


def reference(case: Case, network: Network, inputs: list[Array]) -> Array:
    tensors = {name.partition(".")[2]: torch.tensor(values) for name, values in network.tensors.items()}
    with torch.no_grad():
        return case.reference([torch.tensor(values)[None] for values in inputs], tensors)[0].numpy()


def run(engine: Engine, inputs: list[Array]) -> Array:
    engine.run({f"in{k}": values for k, values in enumerate(inputs)})
    return engine.output()


def test_no_operator_is_without_a_case() -> None:
    assert CASES.keys() == registry().keys()


@pytest.mark.parametrize("op", sorted(registry()))
@settings(max_examples=25)
@given(data=st.data(), seed=st.integers(0, 2**16), scale=st.sampled_from([1.0, 1e4, 1e-4]))
def test_an_operator_agrees_with_plain_torch(
    op: str, engine_for: EngineFor, data: st.DataObject, seed: int, scale: float
) -> None:
    case = data.draw(CASES[op])
    network = single(op, *(shape[0] for shape in case.shapes), seed=seed, **case.params)
    drawn = [normal(*shape, seed=seed + k) * np.float32(scale) for k, shape in enumerate(case.shapes)]
    inputs = [case.domain(torch.tensor(values)).numpy() for values in drawn]
    wanted = reference(case, network, inputs)

    engine = engine_for(network)
    found = run(engine, inputs)

    assert tuple(engine.shape("layer")) == wanted.shape
    error = relative_error(found, wanted)
    assert error <= TOLERANCE or error <= conditioned(TOLERANCE, wanted, inputs, lambda x: reference(case, network, x))
    engine.close()


def by_the_definition(x: Array, weight: Array, bias: Array, scale: tuple[int, int]) -> Array:
    """FractionalConv2d as its docstring says it, a tap at a time."""
    (out, channels, kh, kw), (_, height, width) = weight.shape, x.shape
    result = np.zeros((out, height * scale[0], width * scale[1]))
    for y, column, ky, kx in itertools.product(range(result.shape[1]), range(result.shape[2]), range(kh), range(kw)):
        row_read = (y - (kh - 1) // 2 + ky) // scale[0]
        column_read = (column - (kw - 1) // 2 + kx) // scale[1]
        if 0 <= row_read < height and 0 <= column_read < width:
            for o, c in itertools.product(range(out), range(channels)):
                result[o, y, column] += float(weight[o, c, ky, kx]) * float(x[c, row_read, column_read])
    return (result + bias[:, None, None]).astype(np.float32)


@pytest.mark.parametrize(
    ("kernel", "scale"), [((4, 4), (2, 2)), ((3, 5), (3, 2)), ((1, 2), (4, 1)), ((6, 1), (2, 5)), ((2, 7), (3, 3))]
)
def test_fractional_convolution_is_the_integer_floor_of_its_definition(
    engine_for: EngineFor, kernel: tuple[int, int], scale: tuple[int, int]
) -> None:
    network = single("FractionalConv2d", 2, in_channels=2, out_channels=3, kernel_size=kernel, scale_factor=scale)
    x = normal(2, 4, 5)
    wanted = by_the_definition(x, network.tensors["layer.weight"], network.tensors["layer.bias"], scale)

    assert relative_error(run(engine_for(network), [x]), wanted) <= TOLERANCE


def test_fractional_convolution_of_the_seeds_kernel_reads_these_pixels(engine_for: EngineFor) -> None:
    """The table of the docstring: taps of output pixel 2 read a b b c, those of pixel 3 read b b c c."""
    network = single("FractionalConv2d", 1, in_channels=1, out_channels=1, kernel_size=(1, 4), scale_factor=(1, 2))
    taps = np.array([1, 10, 100, 1000], np.float32).reshape(1, 1, 1, 4)
    network = network.with_tensors({"layer.weight": taps, "layer.bias": np.zeros(1, np.float32)})
    a, b, c, d = 1.0, 2.0, 3.0, 4.0

    row = run(engine_for(network), [np.array([[[a, b, c, d]]], np.float32)])[0, 0]

    assert row[2] == a + 10 * b + 100 * b + 1000 * c
    assert row[3] == b + 10 * b + 100 * c + 1000 * c
    assert row[0] == 0 + 10 * a + 100 * a + 1000 * b
    assert row[7] == d + 10 * d


LARGE = np.array([-1e4, 1e4, -65520.0, 65520.0, -3e38, 3e38, 1e-30, -0.5], np.float32).reshape(1, 2, 4)

MOVES_ONLY = {
    "Conv2d": {"in_channels": 1, "out_channels": 1, "kernel_size": 1},
    "ConvTranspose2d": {"in_channels": 1, "out_channels": 1, "kernel_size": 1},
    "FractionalConv2d": {"in_channels": 1, "out_channels": 1, "kernel_size": 1, "scale_factor": 1},
    "MaxPool2d": {"kernel_size": 1},
    "AvgPool2d": {"kernel_size": 1},
    "Upsample": {"scale_factor": 1},
    "Pad": {"padding": (0, 0, 0, 0)},
    "LeakyReLU": {"negative_slope": 1.0},
}


@pytest.mark.parametrize("op", sorted(MOVES_ONLY))
def test_large_signed_values_never_clip(engine_for: EngineFor, op: str) -> None:
    network = single(op, 1, **MOVES_ONLY[op])
    network = network.with_tensors(
        {name: np.full_like(t, 1.0 if name.endswith("weight") else 0.0) for name, t in network.tensors.items()}
    )

    np.testing.assert_array_equal(run(engine_for(network), [LARGE]), LARGE)


SPECIAL = np.array(
    [np.nan, np.inf, -np.inf, 0.0, 1e-30, -1e-6, 1e-6, 0.3, -0.3, 9.0, -30.0, 200.0, -200.0, 3e38, -3e38], np.float32
)


@pytest.mark.parametrize("op", ["ReLU", "LeakyReLU", "Sigmoid", "Tanh"])
def test_activations_of_special_values_are_those_of_torch(engine_for: EngineFor, op: str) -> None:
    values = SPECIAL.reshape(1, 3, 5)
    wanted = getattr(torch.nn, op)()(torch.tensor(values)).numpy()

    np.testing.assert_allclose(run(engine_for(single(op, 1)), [values]), wanted, rtol=2e-6, atol=1e-37)


def test_tanh_keeps_its_digits_at_every_magnitude(engine_for: EngineFor) -> None:
    magnitudes = np.geomspace(1e-20, 20, 400).astype(np.float32)
    values = np.concatenate([-magnitudes, magnitudes]).reshape(2, 20, 20)

    np.testing.assert_allclose(
        run(engine_for(single("Tanh", 2)), [values]), np.tanh(values.astype(np.float64)), rtol=2e-6
    )


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", range(4))
def test_max_pool_passes_a_special_value_on_wherever_it_lies(engine_for: EngineFor, special: float, place: int) -> None:
    values = normal(5, 4, 6)
    values[2, place // 2, 2 + place % 2] = special
    wanted = torch.nn.MaxPool2d(2)(torch.tensor(values)).numpy()

    np.testing.assert_array_equal(run(engine_for(single("MaxPool2d", 5, kernel_size=2)), [values]), wanted)


def test_max_pool_of_a_window_of_minus_infinity_is_minus_infinity(engine_for: EngineFor) -> None:
    values = np.full((3, 4, 4), -np.inf, np.float32)

    np.testing.assert_array_equal(
        run(engine_for(single("MaxPool2d", 3, kernel_size=2, padding=1)), [values]), np.full((3, 3, 3), -np.inf)
    )


@pytest.mark.parametrize("op", ["Conv2d", "ConvTranspose2d", "FractionalConv2d"])
def test_a_filter_of_nan_spoils_its_own_channel_alone(engine_for: EngineFor, op: str) -> None:
    network = single(op, 5, in_channels=5, out_channels=6, kernel_size=3)
    weight = network.tensors["layer.weight"].copy()
    weight[(slice(None), 2) if op == "ConvTranspose2d" else 2] = np.nan

    found = run(engine_for(network.with_tensors({"layer.weight": weight})), [normal(5, 6, 6)])

    assert np.isnan(found[2]).all()
    assert np.isfinite(np.delete(found, 2, axis=0)).all()


def test_a_negative_variance_gives_nan_in_its_channel_alone(engine_for: EngineFor) -> None:
    network = single("BatchNorm2d", 6, num_features=6)
    variance = network.tensors["layer.running_var"].copy()
    variance[4] = -1.0

    found = run(engine_for(network.with_tensors({"layer.running_var": variance})), [normal(6, 3, 3)])

    assert np.isnan(found[4]).all()
    assert np.isfinite(np.delete(found, 4, axis=0)).all()


@pytest.mark.parametrize(
    ("op", "channels", "params", "words"),
    [
        ("Conv2d", (4,), {"in_channels": 3, "out_channels": 2, "kernel_size": 3}, "3 channels, but its input has 4"),
        ("BatchNorm2d", (4,), {"num_features": 5}, "5 channels, but its input has 4"),
        (
            "Conv2d",
            (3,),
            {"in_channels": 3, "out_channels": 3, "kernel_size": 3, "padding": 9, "padding_mode": "reflect"},
            "reflect padding",
        ),
        ("Conv2d", (3,), {"in_channels": 3, "out_channels": 3, "kernel_size": 12}, "larger picture"),
        (
            "ConvTranspose2d",
            (3,),
            {"in_channels": 3, "out_channels": 3, "kernel_size": 3, "output_padding": 1},
            "output_padding",
        ),
        ("MaxPool2d", (3,), {"kernel_size": 3, "padding": 2}, "at most half"),
        ("Pad", (3,), {"padding": (8, 0, 0, 0), "mode": "reflect"}, "reflect padding"),
        ("Upsample", (3,), {"scale_factor": 2, "align_corners": True}, "bilinear"),
        ("Add", (3, 4), {}, "different shapes"),
        ("Mul", (3, 2), {}, "different shapes"),
        ("InstanceNorm2d", (4,), {"num_features": 5}, "5 channels, but its input has 4"),
        ("GroupNorm", (4,), {"num_groups": 3, "num_channels": 4}, "3 groups do not divide 4"),
        ("PReLU", (4,), {"num_parameters": 3}, "3 slopes need as many channels"),
        ("PixelShuffle", (6,), {"upscale_factor": 2}, "needs a multiple of 4 channels, not 6"),
        ("PixelUnshuffle", (3,), {"downscale_factor": 3}, "3 does not divide 8×8"),
        ("SliceChannels", (3,), {"start": 1, "end": 4}, "takes channels 1 to 3, but its input has 3"),
        ("SliceChannels", (3,), {"start": 2, "end": 2}, "takes channels 2 to 1"),
        ("Crop", (3,), {"left": 5, "right": 3}, "larger picture"),
        ("Linear", (3,), {"in_features": 3, "out_features": 2}, "takes a vector, but its input is 3×8×8"),
        ("Unflatten", (3,), {"channels": 3, "height": 4, "width": 4}, "takes a vector of 48, not 3×8×8"),
        ("Hardtanh", (4,), {"min_val": 3.0, "max_val": 1.0}, "must not pass"),
    ],
)
def test_inputs_that_do_not_fit_are_refused_with_the_layers_name(
    op: str, channels: tuple[int, ...], params: dict[str, object], words: str
) -> None:
    from studio.errors import StudioError

    engine = on_torch(single(op, *channels, **params))

    with pytest.raises(StudioError, match=rf'^Layer "layer" \({op}\): .*{words}'):
        run(engine, [normal(count, 8, 8) for count in channels])
