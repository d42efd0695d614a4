"""What tells a network of the pack how far off it is."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tools.pack.run import Run
from tools.pack.settings import ROOT


class Features:
    """The encoder of the project's own autoencoder, as it is shipped."""

    def __init__(self, device: torch.device) -> None:
        folder = ROOT / "weights" / "autoencoder-transposed"
        names = ("enc1.weight", "enc1.bias", "enc2.weight", "enc2.bias")
        self.w1, self.b1, self.w2, self.b2 = (torch.from_numpy(np.load(folder / f"{n}.npy")).to(device) for n in names)

    def __call__(self, x: Tensor) -> list[Tensor]:
        """Both maps: 64 channels at half, 256 at a quarter of the size."""
        first = F.relu(F.conv2d(x, self.w1, self.b1, 2, 1))
        return [first, F.relu(F.conv2d(first, self.w2, self.b2, 2, 1))]


def sliced(found: Tensor, wanted: Tensor, kernel: int, stride: int, run: Run) -> Tensor:
    """Sliced Wasserstein distance of the patches of two batches of the same shape."""
    directions = run.normal(48, found.shape[1], kernel, kernel)
    directions = directions / directions.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    offset = int(torch.randint(stride, (1,), generator=run.order))
    cut = (slice(None), slice(None), slice(offset, None), slice(offset, None))
    a, b = (F.conv2d(batch[cut], directions, stride=stride).transpose(0, 1).flatten(1) for batch in (found, wanted))
    return (a.sort(1).values - b.sort(1).values).abs().mean()


def texture(found: Tensor, wanted: Tensor, features: Features, run: Run) -> Tensor:
    """How differently patches and features are distributed, over the scales."""
    total = sliced(found, wanted, 5, 3, run) + sliced(found, wanted, 11, 4, run)
    a, b = found, wanted
    for stride in (2, 1, 1):
        for one, other in zip(features(a), features(b), strict=True):
            total = total + 0.25 * sliced(one, other, 1, stride, run)
        a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
        total = total + sliced(a, b, 7, stride, run)
    return total


def hinge(judge: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """The discriminator's loss."""
    return F.relu(1 - judge(real)).mean() + F.relu(1 + judge(fake)).mean()
