"""What a stage means in PyTorch; its passes and shaders are told in `studio.model.staged`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from studio.model.bend import Given
from studio.model.plugins import guarded
from studio.model.stage import Guard, Luma, Mask
from studio.model.staged import Staged
from studio.ops._constants import on_device

if TYPE_CHECKING:
    from torch import Tensor

LUMA = (0.299, 0.587, 0.114)
"""Of red, green and blue: Rec. 601."""


def bent_and_mixed(op: Staged, inputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """What the bend makes of the map, and what the stage hands on.

    Args:
        op: the stage.
        inputs: what it reads, in the order of its node's inputs.
    """
    import torch

    x, stage = inputs[0], op.stage
    if not op.chosen.any() and stage.bend.memory() is None:
        return x, x
    rest = list(inputs[1:])
    other = rest.pop(0) if op.other else None
    mask = rest.pop() if op.mask else None
    with guarded(stage.bend):
        bent = stage.bend.torch(x, Given(op.tick, rest, other))
    chosen = on_device(op.chosen, x.device)[:, None, None]
    held = _held(x, bent, stage.guard)
    share: Tensor | float = stage.amount
    if mask is None and share == 1.0 and bool(op.chosen.all()):
        return bent, held
    if mask is not None:
        share = _share(stage.mask, mask, (x.shape[2], x.shape[3])) * stage.amount
    share = torch.where(chosen, torch.as_tensor(share, dtype=x.dtype, device=x.device), 0.0)
    # Neither side may spoil what it has no share in.
    mixed = torch.where(share == 0.0, x, torch.where(share == 1.0, held, x * (1.0 - share) + held * share))
    return bent, mixed


def _share(rule: Mask | None, seen: Tensor, size: tuple[int, int]) -> Tensor:
    """(1, 1, H, W): how much is bent at every place."""
    from torch.nn import functional as F

    if isinstance(rule, Luma):
        weights = on_device(np.array(LUMA, np.float32), seen.device, seen.dtype)[:, None, None]
        seen = (seen * weights).sum(1, keepdim=True) if seen.shape[1] == 3 else seen.mean(1, keepdim=True)
        span = rule.high - rule.low
        seen = (seen - rule.low) / span if span else (seen >= rule.low).to(seen.dtype)
    seen = seen.nan_to_num().clamp(0.0, 1.0)
    small = min(seen.shape[2], size[0]), min(seen.shape[3], size[1])
    return F.interpolate(F.adaptive_avg_pool2d(seen, small), size=size, mode="bilinear", align_corners=False)


def _held(x: Tensor, bent: Tensor, guard: Guard) -> Tensor:
    import torch

    if guard.kind == "none":
        return bent
    bent = torch.where(bent.isfinite(), bent, 0.0)
    if guard.kind == "deviation":
        mean = x.mean((2, 3), keepdim=True)
        reach = guard.times * x.var((2, 3), unbiased=False, keepdim=True).sqrt()
        held = torch.minimum(torch.maximum(bent, mean - reach), mean + reach)
        return torch.where((mean + reach).isfinite(), held, bent)
    if guard.kind == "norm":
        finite = torch.where(x.isfinite(), x, 0.0)
        had, has = ((each * each).mean((2, 3), keepdim=True) for each in (finite, bent))
        scale = (had / has).sqrt()
        return torch.where(scale.isfinite(), bent * scale, bent)
    return bent
