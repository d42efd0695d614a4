"""Cellular automata as people write them in PyTorch, with random weights."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Texture(nn.Module):
    """Identity, Sobel and Laplacian over each channel by itself, round the edges; a part of the cells at random."""

    def __init__(self, channels: int = 12, hidden: int = 24) -> None:
        super().__init__()
        self.w1 = nn.Conv2d(channels * 4, hidden, 1)
        self.w2 = nn.Conv2d(hidden, channels, 1, bias=False)
        nn.init.normal_(self.w2.weight, std=0.05)

    def perceived(self, x: Tensor) -> Tensor:
        identity = torch.tensor([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
        sobel = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
        laplacian = torch.tensor([[1.0, 2.0, 1.0], [2.0, -12.0, 2.0], [1.0, 2.0, 1.0]])
        filters = torch.stack([identity, sobel, sobel.T, laplacian])[:, None]
        b, channels, height, width = x.shape
        y = F.pad(x.reshape(b * channels, 1, height, width), [1, 1, 1, 1], "circular")
        return F.conv2d(y, filters).reshape(b, -1, height, width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.w2(torch.relu(self.w1(self.perceived(x))))
        b, _, height, width = y.shape
        return x + y * (torch.rand(b, 1, height, width) + 0.5).floor()


class Growing(nn.Module):
    """Layers over channels that lie last, half of the cells at random, and only cells near living ones."""

    def __init__(self, channels: int = 16, hidden: int = 32) -> None:
        super().__init__()
        self.channels = channels
        self.fc0 = nn.Linear(channels * 3, hidden)
        self.fc1 = nn.Linear(hidden, channels, bias=False)
        nn.init.normal_(self.fc1.weight, std=0.1)

    def alive(self, x: Tensor) -> Tensor:
        return F.max_pool2d(x[:, 3:4], 3, 1, 1) > 0.1

    def perceive(self, x: Tensor) -> Tensor:
        def seen(kernel: np.ndarray) -> Tensor:
            weight = torch.from_numpy(kernel.astype(np.float32)).view(1, 1, 3, 3).repeat(self.channels, 1, 1, 1)
            return F.conv2d(x, weight, padding=1, groups=self.channels)

        sobel = np.outer([1, 2, 1], [-1, 0, 1]) / 8.0
        return torch.cat((x, seen(sobel), seen(sobel.T)), 1)

    def forward(self, x: Tensor) -> Tensor:
        before = self.alive(x)
        change = self.fc1(F.relu(self.fc0(self.perceive(x).transpose(1, 3))))
        drawn = torch.rand([change.size(0), change.size(1), change.size(2), 1]) > 0.5
        x = x + (change * drawn.float()).transpose(1, 3)
        return x * (before & self.alive(x)).float()


class Leaky(nn.Module):
    """Learnt perception, no chance, a state that is held within bounds; as networks for the web are written."""

    def __init__(self, channels: int = 8) -> None:
        super().__init__()
        self.perceive = nn.Conv2d(channels, channels * 3, 3, padding=1, padding_mode="circular", groups=channels)
        self.update = nn.Sequential(nn.Conv2d(channels * 3, 20, 1), nn.LeakyReLU(), nn.Conv2d(20, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x + 0.3 * self.update(self.perceive(x)))


class Dropping(nn.Module):
    """The mask as functions of PyTorch draw it: bernoulli of a map, dropout at work, noise added."""

    def __init__(self, channels: int = 5) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        mask = torch.bernoulli(torch.full_like(x[:, :1], 0.3))
        change = F.dropout(torch.tanh(self.conv(x)), 0.4, training=True)
        return x + change * mask + 0.01 * torch.randn_like(x)


AUTOMATA = {"texture": Texture, "growing": Growing, "leaky": Leaky, "dropping": Dropping}
CHANNELS = {"texture": 12, "growing": 16, "leaky": 8, "dropping": 5}
