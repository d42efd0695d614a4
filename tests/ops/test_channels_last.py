"""PyTorch's autograd makes of every operator the gradients that it makes in float64, wherever channels lie in memory.

Learning on `torch` keeps channels last, which PyTorch is quick with, and trusts autograd. For a single picture autograd
took the gradients of normalising by a picture's own statistics from the wrong places, and said nothing.
"""

from __future__ import annotations

import cases_more  # noqa: F401 - registers its cases
import cases_traced  # noqa: F401
import numpy as np
import pytest
import torch
from cases import CASES
from helpers import normal, single
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from studio.model.networks.network import Network
from studio.ops import registry

LAST = torch.channels_last


def laid(value: torch.Tensor) -> torch.Tensor:
    return value.contiguous(memory_format=LAST) if value.ndim == 4 else value.contiguous()


def gradients(
    made: Network, fed: list[torch.Tensor], grad: torch.Tensor | None, dtype: torch.dtype
) -> tuple[torch.Tensor, list[torch.Tensor | None]]:
    node = made.graph.nodes[-1]
    lay = laid if dtype == torch.float32 else torch.Tensor.contiguous
    tensors = {
        name: lay(torch.tensor(value).to(dtype)).requires_grad_("running" not in name)
        for name, value in made.tensors.items()
    }
    maps = [lay(value.to(dtype)).requires_grad_() for value in fed]
    output = node.op.torch(maps, {key: tensors[name] for key, name in node.tensor_names.items()})
    if grad is None or not output.requires_grad:
        return output, []
    leaves = [*maps, *(tensors[name] for name in made.tensors if "running" not in name)]
    return output, list(torch.autograd.grad(output, leaves, lay(grad.to(dtype)), allow_unused=True))


@pytest.mark.parametrize("op", sorted(registry()))
@examples(max_examples=10)
@given(data=st.data(), seed=st.integers(0, 2**16), count=st.sampled_from([1, 1, 2]))
def test_gradients_do_not_depend_on_where_channels_lie(op: str, data: st.DataObject, seed: int, count: int) -> None:
    case = data.draw(CASES[op])
    made = single(op, *(shape[0] for shape in case.shapes), seed=seed, **case.params)
    fed = [
        case.domain(torch.tensor(np.stack([normal(*shape, seed=seed + 7 * k + n) for n in range(count)])))
        for k, shape in enumerate(case.shapes)
    ]
    output, _ = gradients(made, fed, None, torch.float64)
    grad = torch.tensor(np.random.default_rng(seed).standard_normal(output.shape))
    if op in ("InstanceNorm2d", "GroupNorm", "LayerNorm2d", "LearningBatchNorm2d", "LearningInstanceNorm2d"):
        # Of two or three values a norm leaves next to nothing that the input could change.
        assume(min(np.prod(case.shapes[0][1:]), case.shapes[0][0]) > 3)
    _, right = gradients(made, fed, grad, torch.float64)
    _, found = gradients(made, fed, grad, torch.float32)
    for one, other in zip(found, right, strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            error = float((one.double() - other).norm())
            assert error <= 1e-3 * float(other.norm()) + 1e-4 * float(grad.norm()), op
