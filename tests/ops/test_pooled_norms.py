"""Batch norms of several pictures in one graph, and their derivatives, against PyTorch's batch norm in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers import EngineFor, layer, network
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from torch.nn import functional as F

from studio.errors import StudioError
from studio.learn._gl_graph import inputs_of, with_gradients
from studio.learn.losses import L2
from studio.learn.objective import WANTED
from studio.learn.settings import Settings, objective_of
from studio.model.declared.size import Size
from studio.model.networks.network import Network
from studio.model.networks.shape import Array, Shape
from studio.ops._together import PooledMoments

TOLERANCES = {"torch": 1e-5, "gl": 1e-4, "gl-fragment": 1e-4}


def made(channels: int, affine: bool, eps: float) -> Network:
    return network(
        layer("a", "Conv2d", "input", in_channels=3, out_channels=channels, kernel_size=3, padding=1),
        layer("norm", "BatchNorm2d", "a", num_features=channels, affine=affine, eps=eps),
        layer("act", "SiLU", "norm"),
        layer("b", "Conv2d", "act", in_channels=channels, out_channels=3, kernel_size=1),
    )


def by_autograd(of: Network, shown: Array, wanted: Array, affine: bool, eps: float) -> dict[str, Array]:
    """The gradients of the mean squared error in training mode, and the moments."""
    tensors = {name: torch.tensor(value).double() for name, value in of.tensors.items()}
    learns = [name for name in tensors if "running" not in name]
    for name in learns:
        tensors[name].requires_grad_()
    x = F.conv2d(torch.tensor(shown).double(), tensors["a.weight"], tensors["a.bias"], padding=1)
    weight, bias = (tensors[f"norm.{key}"] if affine else None for key in ("weight", "bias"))
    y = F.batch_norm(x, None, None, weight, bias, training=True, eps=eps)
    y = F.conv2d(F.silu(y), tensors["b.weight"], tensors["b.bias"])
    loss = ((y - torch.tensor(wanted).double()) ** 2).mean()
    found = dict(zip(learns, (g.numpy() for g in torch.autograd.grad(loss, [tensors[n] for n in learns])), strict=True))
    variance, mean = torch.var_mean(x.detach(), (0, 2, 3), correction=0)
    return found | {"loss": np.array([loss.item()]), "moments": torch.stack([mean, variance], 1).numpy()}


@pytest.mark.long
@examples(max_examples=12)
@given(
    st.integers(2, 19),
    st.integers(1, 9),
    st.tuples(st.integers(2, 7), st.integers(2, 7)),
    st.booleans(),
    st.sampled_from([1e-5, 1e-2]),
    st.sampled_from([0.0, 1.0, 20.0]),
    st.integers(0, 2**16),
)
def test_gradients_and_moments_are_those_of_autograd(
    engine_for: EngineFor,
    pictures: int,
    channels: int,
    size: tuple[int, int],
    affine: bool,
    eps: float,
    offset: float,
    seed: int,
) -> None:
    of = made(channels, affine, eps)
    rng = np.random.default_rng(seed)
    shown, wanted = (rng.standard_normal((pictures, 3, *size)).astype(np.float32) for _ in range(2))
    # Pictures whose means are far apart, and far from zero.
    shown += np.float32(offset) * rng.standard_normal((pictures, 1, 1, 1)).astype(np.float32)
    objective = objective_of(of, Settings(Size(*size), (L2(),), batch=pictures))
    behind, held, _, said = with_gradients(objective)
    engine = engine_for(behind)
    fed = {}
    for k in range(pictures):
        own = inputs_of(objective, k)
        fed |= {own["input"]: shown[k], own[WANTED]: wanted[k]}
    engine.run(fed)
    right = by_autograd(of, shown, wanted, affine, eps)
    tolerance = TOLERANCES[engine.name]
    assert engine.activation("told~")[said.index("~total"), 0, 0] == pytest.approx(right["loss"][0], rel=1e-4)
    moments = engine.activation(objective.statistics["norm"].moments)[:, 0]
    assert np.linalg.norm(moments - right["moments"]) <= 10 * tolerance * np.linalg.norm(right["moments"])
    largest = max(np.linalg.norm(right[name]) for name in objective.learns)
    for name in objective.learns:
        found = engine.activation(held[name]).reshape(right[name].shape)
        # Of a bias before a norm nothing is left but rounding.
        allowed = tolerance * max(np.linalg.norm(right[name]), 0.05 * largest) * (1 + offset)
        assert np.linalg.norm(found - right[name]) <= allowed, name
    engine.close()


def test_moments_that_do_not_fit_are_refused() -> None:
    op = PooledMoments(counts=(1, 1))
    for shapes in ((Shape(3, 1, 2),), (Shape(3, 1, 2), Shape(4, 1, 2)), (Shape(3, 2, 2),) * 2, (Shape(3, 1, 2),) * 3):
        with pytest.raises(StudioError, match="pools moments of 2 to 8 maps"):
            op.output_shape(*shapes)
    assert op.output_shape(*[Shape(3, 1, 2)] * 2) == Shape(3, 1, 2)
