"""What a stage means in PyTorch; its passes and shaders are told in `studio.model.bends.staged`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from studio.model.bends.bend import Given
from studio.model.bends.stage import Chosen, Guard, Luma, Mask, Painted
from studio.model.bends.staged import Staged
from studio.model.declared.plugins import guarded
from studio.model.declared.size import Size
from studio.model.networks.shape import Array
from studio.tables import on_device

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
    held = _held(x, bent, stage.guard)
    if mask is None and stage.amount == 1.0 and bool(op.chosen.all()):
        return bent, held
    places = None if mask is None else _share(stage.mask, mask, Size(x.shape[2], x.shape[3]))
    if x.device.type == "cpu":
        return bent, _mixed_on_cpu(x, held, op.chosen, stage.amount, places)
    share: Tensor | float = stage.amount if places is None else places * stage.amount
    chosen = on_device(op.chosen, x.device)[:, None, None]
    share = torch.where(chosen, share, 0.0).to(x.dtype)
    return bent, _mixed(x, held, share)


def _mixed(x: Tensor, held: Tensor, share: Tensor) -> Tensor:
    """Neither side may spoil what it has no share in, by what is not finite."""
    import torch

    return torch.where(share == 0.0, x, torch.where(share == 1.0, held, x * (1.0 - share) + held * share))


def _mixed_on_cpu(x: Tensor, held: Tensor, chosen: Chosen, amount: float, places: Tensor | None) -> Tensor:
    """The same in a tenth of the time: a processor cannot foresee which of two values it is to take, so none is chosen.

    Args:
        x: (N, C, H, W) the map.
        held: what it is bent to.
        chosen: (C,) which channels are.
        amount: how much.
        places: (1, 1, H, W) how much of that at each place; None is all.
    """
    import torch

    if places is not None:
        share = places * amount
        if bool((x.sum() + held.sum()).isfinite()):
            both = x * (1.0 - share)
            both += held * share
        else:
            both = _mixed(x, held, share)
    elif amount in (0.0, 1.0):
        both = held if amount else x
    else:
        both = (x * (1.0 - amount)).add_(held, alpha=amount)
    if bool(chosen.all()):
        return both
    # Of each value all bits from one side.
    bits = torch.from_numpy(np.where(chosen, np.int32(-1), np.int32(0)))
    before, after = (each.permute(0, 2, 3, 1).view(torch.int32) for each in (x, both))
    mixed = before ^ after
    mixed &= bits
    mixed ^= before
    return mixed.view(x.dtype).permute(0, 3, 1, 2)


def _share(rule: Mask | None, seen: Tensor, size: Size) -> Tensor:
    """(1, 1, H, W): how much is bent at every place."""
    from torch.nn import functional as F

    if isinstance(rule, Luma):
        weights = on_device(np.array(LUMA, np.float32), seen.device, seen.dtype)[:, None, None]
        seen = (seen * weights).sum(1, keepdim=True) if seen.shape[1] == 3 else seen.mean(1, keepdim=True)
        span = rule.high - rule.low
        seen = (seen - rule.low) / span if span else (seen >= rule.low).to(seen.dtype)
    seen = seen.nan_to_num().clamp(0.0, 1.0)
    small = min(seen.shape[2], size.height), min(seen.shape[3], size.width)
    return F.interpolate(F.adaptive_avg_pool2d(seen, small), size=size, mode="bilinear", align_corners=False)


def share_at(mask: Painted, size: Size) -> Array:
    """(1, H, W): how much a painted mask bends at every place of a map of this size."""
    import torch

    return _share(mask, torch.from_numpy(mask.values)[None, None], size)[0].numpy()


def _held(x: Tensor, bent: Tensor, guard: Guard) -> Tensor:
    import torch

    if guard.kind == "none":
        return bent
    bent = bent.nan_to_num(0.0, 0.0, 0.0)
    if guard.kind == "deviation":
        mean = x.mean((2, 3), keepdim=True)
        rest = x - mean
        reach = guard.times * (rest * rest).mean((2, 3), keepdim=True).sqrt()
        # What was not finite itself holds nothing.
        known = (mean + reach).isfinite()
        low, high = torch.where(known, mean - reach, -torch.inf), torch.where(known, mean + reach, torch.inf)
        return torch.minimum(torch.maximum(bent, low), high)
    if guard.kind == "norm":
        finite = x.nan_to_num(0.0, 0.0, 0.0)
        had, has = ((each * each).mean((2, 3), keepdim=True) for each in (finite, bent))
        scale = (had / has).sqrt()
        return bent * torch.where(scale.isfinite(), scale, 1.0)
    return bent
