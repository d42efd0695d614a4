"""Mean and variance of every channel, as bends ask for them: passes for shaders, and PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.bends.bend import Scratch
from studio.model.networks.passes import AtOnce
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor

EPS = 1e-5
"""Added to a variance before its square root."""


def moments(shape: Shape, of: int, first: int) -> tuple[Scratch, ...]:
    """Four passes: means of rows, the mean, moments of rows around it, and those of the channel; on GPUs one.

    ``lib/moments_of.glsl`` reads them: the second holds the mean; the fourth in column 0 what that lost to rounding, in
    column 1 the mean square around it, or, where it is the only one, mean and variance.

    Args:
        shape: of the map.
        of: its number among what the bend reads.
        first: the number of the first of these passes.
    """
    tall, one = shape._replace(width=1), Shape(shape.channels, 1, 1)
    left_out = AtOnce("")
    return (
        Scratch("adaptive_avg_pool2d", tall, (of,), at_once=left_out),
        Scratch("adaptive_avg_pool2d", one, (first,), at_once=left_out),
        Scratch("row_moments", tall._replace(width=2), (of, first + 1), at_once=left_out),
        Scratch(
            "adaptive_avg_pool2d", one._replace(width=2), (first + 2,), at_once=AtOnce("lib/moments_block.glsl", of)
        ),
    )


def variance_and_mean(x: Tensor) -> tuple[Tensor, Tensor]:
    """(N, C, 1, 1) each; the variance is the biased one."""
    import torch

    if x.device.type != "cpu":
        return torch.var_mean(x, (2, 3), correction=0, keepdim=True)
    # On CPUs in a twentieth of the time; what the mean lost to rounding is taken off as the shaders do.
    mean = x.mean((2, 3), keepdim=True)
    rest = x - mean
    first = rest.mean((2, 3), keepdim=True)
    second = rest.square_().mean((2, 3), keepdim=True)
    return (second - first * first).clamp(min=0.0), mean + first


def with_moments_of(x: Tensor, other: Tensor) -> Tensor:
    """Every channel brought to the mean and deviation of the other map's, whose channels come around again."""
    import torch

    variance, mean = variance_and_mean(x)
    their_variance, their_mean = variance_and_mean(other)
    at = torch.arange(x.shape[1], device=x.device) % other.shape[1]
    gain = (their_variance[:, at] + EPS).sqrt() / (variance + EPS).sqrt()
    return turned(x, mean, gain, their_mean[:, at])


def turned(x: Tensor, mean: Tensor, gain: Tensor, onto: Tensor) -> Tensor:
    """``(x - mean) * gain + onto``, each of them (N, C, 1, 1); channels of a pixel lie side by side."""
    found = x.permute(0, 2, 3, 1) - mean.permute(0, 2, 3, 1)
    found *= gain.permute(0, 2, 3, 1)
    found += onto.permute(0, 2, 3, 1)
    return found.permute(0, 3, 1, 2)
