"""Cases of the operators that imported networks bring; `cases` says what a case is."""

from __future__ import annotations

from collections.abc import Callable

from cases import Case, Draw, case_of, channel_counts, module, sizes
from hypothesis import strategies as st
from torch import nn


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
