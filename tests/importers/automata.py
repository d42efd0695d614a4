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


class Replicating(nn.Module):
    """Edges that go on, a choice by a mask, values held within bounds."""

    def __init__(self, channels: int = 6) -> None:
        super().__init__()
        self.channels = channels
        self.update = nn.Sequential(nn.Conv2d(3 * channels, 12, 1), nn.ReLU(), nn.Conv2d(12, channels, 1))
        sobel = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
        self.register_buffer("kernels", torch.stack([sobel, sobel.T]).repeat(channels, 1, 1)[:, None])

    def forward(self, x: Tensor) -> Tensor:
        seen = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), self.kernels, groups=self.channels)
        change = self.update(torch.cat([x, seen], 1))
        chosen = torch.rand(x.shape[0], 1, x.shape[2], x.shape[3]) < 0.5
        return torch.where(chosen, x + change, x).clamp(-2, 2)


class Turning(nn.Module):
    """The last channel is an angle by which the others are seen; noise is added."""

    def __init__(self, channels: int = 7) -> None:
        super().__init__()
        self.channels = channels
        self.out = nn.Conv2d(2 * channels, channels - 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        angle, rest = x[:, -1:], x[:, :-1]
        seen = torch.cat([rest * torch.cos(angle), rest * torch.sin(angle), x[:, :2]], 1)
        noise = torch.normal(0.0, 0.1, rest.shape)
        return torch.cat([rest + 0.1 * self.out(seen) + noise, angle + 0.01], 1)


class FourSteps(nn.Module):
    """Several steps in one, each with a mask of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.step = Replicating(4)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(4):
            x = self.step(x)
        return x


class GrayScott(nn.Module):
    """Two substances that react and spread."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer(
            "spread", torch.tensor([[0.05, 0.2, 0.05], [0.2, -1.0, 0.2], [0.05, 0.2, 0.05]])[None, None]
        )

    def forward(self, x: Tensor) -> Tensor:
        a, b = x[:, :1], x[:, 1:]
        near = [F.conv2d(F.pad(each, (1, 1, 1, 1), "circular"), self.spread) for each in (a, b)]
        reacted = a * b * b
        fed = a + near[0] - reacted + 0.055 * (1 - a)
        return torch.cat([fed, b + 0.5 * near[1] + reacted - 0.117 * b], 1)


class Life(nn.Module):
    """Conway's: a cell lives by how many of its eight neighbours do, counted by rolling."""

    def forward(self, x: Tensor) -> Tensor:
        places = [(y, z) for y in (-1, 0, 1) for z in (-1, 0, 1) if y or z]
        count = sum(torch.roll(x.round(), place, (2, 3)) for place in places)
        alive = x > 0.5
        return (alive & (count > 1.5) & (count < 3.5) | ~alive & (count > 2.5) & (count < 3.5)).float()


class Lenia(nn.Module):
    """Life of values between: a wide ring, and growth by a bell."""

    def __init__(self, radius: int = 4) -> None:
        super().__init__()
        line = torch.arange(-radius, radius + 1.0)
        far = (line[:, None] ** 2 + line**2).sqrt() / radius
        ring = torch.exp(4 - 1 / (far * (1 - far)).clamp(min=1e-6)) * (far < 1)
        self.radius = radius
        self.register_buffer("ring", (ring / ring.sum())[None, None])

    def forward(self, x: Tensor) -> Tensor:
        near = F.conv2d(F.pad(x, [self.radius] * 4, mode="circular"), self.ring)
        growth = 2 * torch.exp(-(((near - 0.5) / 0.15) ** 2) / 2) - 1
        return torch.clip(x + 0.1 * growth, 0, 1)


AUTOMATA |= {
    "replicating": Replicating,
    "turning": Turning,
    "four steps": FourSteps,
    "gray-scott": GrayScott,
    "life": Life,
    "lenia": Lenia,
}
CHANNELS |= {"replicating": 6, "turning": 7, "four steps": 4, "gray-scott": 2, "life": 1, "lenia": 1}
