"""Cases of the operators that imported networks bring; `cases` says what a case is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cases import Case, Draw, case_of, channel_counts, module, sizes
from hypothesis import strategies as st
from torch import Tensor, nn

EPSILONS = [1e-5, 1e-3, 0.5]

_several_pixels = sizes.filter(lambda size: size != (1, 1))  # the norms' modules refuse a single one


def _map(draw: Draw) -> tuple[int, int, int]:
    return draw(channel_counts), *draw(sizes)


def _one_map(made: Callable[..., nn.Module], **params: st.SearchStrategy) -> Callable[[Draw], Case]:
    def build(draw: Draw) -> Case:
        drawn = {name: draw(values) for name, values in params.items()}
        return Case((_map(draw),), module(made(**drawn)), drawn)

    return build


for _made in (nn.ReLU6, nn.Hardsigmoid, nn.Hardswish, nn.SiLU, nn.Softmax2d, nn.Identity):
    case_of(_made.__name__)(_one_map(_made))

_bounds = {"min_val": st.sampled_from([-1.0, 0.0, -0.25, -3e38]), "max_val": st.sampled_from([1.0, 0.5, 6.0, 3e38])}
case_of("Hardtanh")(_one_map(nn.Hardtanh, **_bounds))
case_of("ELU")(_one_map(nn.ELU, alpha=st.sampled_from([1.0, 0.1, 2.5, -0.5])))
case_of("GELU")(_one_map(nn.GELU, approximate=st.sampled_from(["none", "tanh"])))
case_of("Softplus")(
    _one_map(nn.Softplus, beta=st.sampled_from([1.0, 0.3, 20.0]), threshold=st.sampled_from([20.0, 5.0, 0.0]))
)


@case_of("PReLU")
def _prelu(draw: Draw) -> Case:
    shape = _map(draw)
    params = {"num_parameters": draw(st.sampled_from([1, shape[0]]))}
    return Case((shape,), module(nn.PReLU(**params)), params)


@case_of("InstanceNorm2d")
def _instance_norm2d(draw: Draw) -> Case:
    channels, eps = draw(channel_counts), draw(st.sampled_from(EPSILONS))
    params = {"num_features": channels, "eps": eps, "affine": draw(st.booleans())}
    return Case(((channels, *draw(_several_pixels)),), module(nn.InstanceNorm2d(**params)), params)


@case_of("GroupNorm")
def _group_norm(draw: Draw) -> Case:
    groups, size = draw(st.integers(1, 5)), draw(st.integers(1, 7))
    params = {
        "num_groups": groups,
        "num_channels": groups * size,
        "eps": draw(st.sampled_from(EPSILONS)),
        "affine": draw(st.booleans()),
    }
    return Case(((groups * size, *draw(_several_pixels)),), module(nn.GroupNorm(**params)), params)


@case_of("ScaleShift")
def _scale_shift(draw: Draw) -> Case:
    shape = _map(draw)

    def reference(inputs: Sequence[Tensor], tensors: dict[str, Tensor]) -> Tensor:
        return inputs[0] * tensors["weight"].reshape(1, -1, 1, 1) + tensors["bias"].reshape(1, -1, 1, 1)

    return Case((shape,), reference, {"num_features": shape[0]})


_output_sizes = st.tuples(st.none() | st.integers(1, 9), st.none() | st.integers(1, 9)) | st.integers(1, 9)
case_of("AdaptiveAvgPool2d")(_one_map(nn.AdaptiveAvgPool2d, output_size=_output_sizes))
case_of("AdaptiveMaxPool2d")(_one_map(nn.AdaptiveMaxPool2d, output_size=_output_sizes))


@case_of("Mean")
def _mean(draw: Draw) -> Case:
    params = {"dim": draw(st.sampled_from(["space", "channels"])), "keepdim": draw(st.booleans())}
    axes = (2, 3) if params["dim"] == "space" else (1,)
    return Case((_map(draw),), lambda inputs, _: inputs[0].mean(axes, keepdim=True), params)
