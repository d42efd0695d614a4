"""Modules of PyTorch, odd ones and ones at random, learn here as they do there: five steps, three engines."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.io.importers.base import Options
from studio.io.importers.module import imported_module
from studio.learn.bank import Bank, Cut
from studio.learn.learner import Learner
from studio.learn.lesson import Lesson
from studio.learn.losses import L2
from studio.learn.optimisers import OPTIMISERS, Schedule
from studio.learn.settings import Settings
from studio.model.declared.size import Size
from studio.model.networks.network import Network
from studio.model.networks.picture import Picture, to_tensor
from studio.ops._reference import reference

SIDE, STEPS = 16, 5
RATES = {"sgd": 1e-2, "adam": 1e-3}


class Noise(Lesson):
    """Noise, and other noise that is wanted."""

    def __init__(self) -> None:
        self.bank = Bank()

    def pair(self, rng: np.random.Generator, size: Size, made: Size) -> tuple[Picture, Picture]:
        """See `Lesson.pair`."""
        return tuple(rng.integers(0, 256, (*side, 3), np.uint8) for side in (size, made))  # type: ignore[return-value]

    def pair_at(self, where: Cut, rng: np.random.Generator, size: Size, made: Size) -> tuple[Picture, Picture]:
        """See `Lesson.pair_at`."""
        del where
        return self.pair(rng, size, made)


class Skips(nn.Module):
    """A map that is read four times, added, multiplied and laid beside others."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1, groups=2)
        self.c, self.d = nn.Conv2d(12, 6, 1), nn.Conv2d(9, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        a = F.silu(self.a(x))
        b = a * torch.sigmoid(self.b(a)) + a
        c = self.c(torch.cat([b, a], 1)) - a
        return self.d(torch.cat([c, x], 1))


class Shared(nn.Module):
    """One convolution and one norm that run three times."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.again = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
        self.norm, self.last = nn.GroupNorm(2, 6), nn.Conv2d(6, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for _ in range(3):
            x = x + F.gelu(self.norm(self.again(x)))
        return self.last(x)


class Attention(nn.Module):
    """Every place looks at every other."""

    def __init__(self) -> None:
        super().__init__()
        self.into, self.qkv = nn.Conv2d(3, 8, 4, stride=4), nn.Conv2d(8, 24, 1)
        self.out = nn.ConvTranspose2d(8, 3, 4, stride=4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.into(x)
        q, k, v = self.qkv(x).flatten(2).chunk(3, 1)
        seen = torch.softmax(q.transpose(1, 2) @ k / 8**0.5, -1)
        return self.out(x + (v @ seen.transpose(1, 2)).reshape(x.shape))


class Squeezed(nn.Module):
    """Squeeze and excitation, and a gate by a pooled map."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.down, self.up = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 2, 1), nn.Conv2d(2, 8, 1)
        self.last = nn.Conv2d(8, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.hardswish(self.a(x))
        gate = F.hardsigmoid(self.up(F.relu(self.down(F.adaptive_avg_pool2d(x, 1)))))
        return self.last(x * gate)


def _with(middle: nn.Module, channels: int = 8, made: int = 0, up: int = 1) -> Callable[[], nn.Module]:
    """A convolution, what is looked at, and a convolution."""

    def make() -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(3, channels, 3, padding=1), copy.deepcopy(middle), nn.Conv2d(made or channels, 3, 3, stride=up)
        )

    return make


ACTIVATIONS = (
    nn.ReLU(), nn.LeakyReLU(0.1), nn.PReLU(8, 0.2), nn.ELU(0.7), nn.SELU(), nn.CELU(1.3), nn.GELU(), nn.GELU("tanh"),
    nn.SiLU(), nn.Mish(), nn.Softplus(), nn.Softsign(), nn.Tanh(), nn.Sigmoid(), nn.Hardtanh(-0.4, 0.6), nn.ReLU6(),
    nn.Hardsigmoid(), nn.Hardswish(), nn.LogSigmoid(), nn.Tanhshrink(), nn.Softshrink(0.1), nn.Hardshrink(0.1),
    nn.Threshold(0.1, -0.3), nn.Softmax(1), nn.Softmax2d(), nn.LogSoftmax(1),
)  # fmt: skip


class Activations(nn.Module):
    """One map through all of them, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.into, self.acts = nn.Conv2d(3, 8, 3, padding=1), nn.ModuleList(copy.deepcopy(ACTIVATIONS))
        self.last = nn.Conv2d(8 * len(ACTIVATIONS) + 4, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.into(x)
        return self.last(torch.cat([*(act(x) for act in self.acts), F.glu(x, 1)], 1))


CASES: dict[str, Callable[[], nn.Module]] = {
    "grouped": _with(nn.Conv2d(8, 12, (3, 5), padding=(1, 2), groups=4), made=12),
    "depthwise": _with(nn.Conv2d(8, 16, 3, padding=1, groups=8), made=16),
    "dilated": _with(nn.Conv2d(8, 5, 3, padding=(4, 6), dilation=(2, 3)), made=5),
    "strided": _with(nn.Conv2d(8, 5, (4, 3), stride=(3, 2), padding=(1, 2)), made=5),
    "reflected": _with(nn.Conv2d(8, 5, 5, padding=2, padding_mode="reflect"), made=5),
    "replicated": _with(nn.Conv2d(8, 5, 5, padding=2, padding_mode="replicate"), made=5),
    "round": _with(nn.Conv2d(8, 5, 5, padding=2, padding_mode="circular"), made=5),
    "transposed": _with(nn.ConvTranspose2d(8, 5, 3, stride=2, padding=1, output_padding=1), made=5),
    "transposed, odd": _with(
        nn.ConvTranspose2d(8, 6, (5, 4), stride=(3, 2), padding=(2, 1), output_padding=(1, 0), groups=2), made=6
    ),
    "transposed, dilated": _with(nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, dilation=2), made=4),
    "shuffled": _with(nn.PixelShuffle(2), made=2),
    "unshuffled": _with(nn.PixelUnshuffle(2), made=32),
    "nearest": _with(nn.Upsample(scale_factor=2, mode="nearest"), up=2),
    "bilinear": _with(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False), up=2),
    "corners": _with(nn.Upsample(scale_factor=3, mode="bilinear", align_corners=True), up=2),
    "bicubic": _with(nn.Upsample(scale_factor=2, mode="bicubic"), up=2),
    "max": _with(nn.MaxPool2d(3, stride=2, padding=1)),
    "mean": _with(nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)),
    "power": _with(nn.LPPool2d(2, 3, stride=2)),
    "adaptive": _with(nn.AdaptiveAvgPool2d((5, 7))),
    "adaptive max": _with(nn.AdaptiveMaxPool2d((5, 7))),
    "batch norm": _with(nn.BatchNorm2d(8)),
    "batch norm, bare": _with(nn.BatchNorm2d(8, affine=False, eps=1e-3)),
    "instance norm": _with(nn.InstanceNorm2d(8, affine=True)),
    "group norm": _with(nn.GroupNorm(4, 8)),
    "layer norm": _with(nn.GroupNorm(1, 8)),
    "padded": _with(nn.ReflectionPad2d((1, 3, 2, 0))),
    "zeros round": _with(nn.ZeroPad2d((2, 0, 1, 3))),
    "skips": Skips,
    "shared": Shared,
    "attention": Attention,
    "squeezed": Squeezed,
    "activations": Activations,
}


def at_random(seed: int) -> nn.Module:
    """A few layers of any kind, each of which fits the one before it."""
    rng, parts, channels, up = np.random.default_rng(seed), list[nn.Module](), 3, 0
    for _ in range(int(rng.integers(3, 7))):
        made = int(rng.choice([4, 6, 8, 12]))
        kind = rng.choice(["conv", "conv", "down", "up", "norm", "act", "act", "pool", "resize", "depth"])
        if kind == "conv" or channels == 3:
            kernel = int(rng.choice([1, 3, 5]))
            groups = int(rng.choice([g for g in (1, 2, 4) if channels % g == 0 and made % g == 0]))
            parts.append(
                nn.Conv2d(channels, made, kernel, padding=kernel // 2, groups=groups, bias=bool(rng.integers(2)))
            )
            channels = made
        elif kind == "down" and up > -2:
            parts.append(nn.Conv2d(channels, made, int(rng.choice([2, 3, 4])), stride=2, padding=1))
            channels, up = made, up - 1
        elif kind == "up" and up < 1:
            parts.append(nn.ConvTranspose2d(channels, made, 4, stride=2, padding=1))
            channels, up = made, up + 1
        elif kind == "norm":
            kinds = (nn.BatchNorm2d(channels), nn.InstanceNorm2d(channels, affine=True), nn.GroupNorm(2, channels))
            parts.append(kinds[int(rng.integers(3))])
        elif kind == "pool" and up > -2:
            parts.append((nn.MaxPool2d(2), nn.AvgPool2d(3, 2, 1))[int(rng.integers(2))])
            up -= 1
        elif kind == "resize" and up < 1:
            mode = str(rng.choice(["nearest", "bilinear", "bicubic"]))
            parts.append(nn.Upsample(scale_factor=2, mode=mode))
            up += 1
        elif kind == "depth":
            parts.append(nn.Conv2d(channels, channels, 3, padding=2, dilation=2, groups=channels))
        else:
            parts.append((nn.ReLU(), nn.LeakyReLU(0.2), nn.GELU(), nn.Mish(), nn.ELU())[int(rng.integers(5))])
    return nn.Sequential(*parts, nn.Conv2d(channels, 3, 3, padding=1))


RANDOM = {f"random {seed}": lambda seed=seed: at_random(seed) for seed in range(20)}


@cache
def learnt(case: str) -> tuple[Network, nn.Module, Tensor, str]:
    """The network as it is imported, and the module after as many steps by PyTorch."""
    torch.manual_seed(sum(map(ord, case)))
    module = (CASES | RANDOM)[case]()
    example = torch.rand(1, 3, SIDE, SIDE)
    made, _ = imported_module(module.eval(), example, Path("made"), Options())
    network = made.network
    # The bias before a norm has no gradient but rounding, of which Adam would make steps.
    normed = any("Norm" in type(part).__name__ for part in module.modules())
    name = "sgd" if normed or sum(map(ord, case)) % 2 else "adam"
    module.train()
    kind = torch.optim.Adam if name == "adam" else torch.optim.SGD
    more = {} if name == "adam" else {"momentum": 0.9}
    optimiser = kind(module.parameters(), lr=RATES[name], **more)  # type: ignore[arg-type]
    rng = np.random.default_rng(0)
    size = network.graph.fitting_size(Size(SIDE, SIDE))
    shape = network.graph.shapes({network.graph.inputs[0].name: size})[network.graph.output]
    for _ in range(STEPS):
        shown, wanted = (to_tensor(p, 3, (0.0, 1.0)) for p in Noise().pair(rng, size, shape.size))
        optimiser.zero_grad()
        F.mse_loss(module(torch.tensor(shown)[None]), torch.tensor(wanted)[None]).backward()
        optimiser.step()
    return network, module.eval(), example, name


@pytest.mark.parametrize("engine", ["torch", "gl", "gl-fragment"])
@pytest.mark.parametrize("case", [*CASES, *(pytest.param(case, marks=pytest.mark.long) for case in RANDOM)])
def test_a_module_learns_as_it_does_there(case: str, engine: str) -> None:
    network, module, example, name = learnt(case)
    size = network.graph.fitting_size(Size(SIDE, SIDE))
    settings = Settings(size, (L2(),), OPTIMISERS[name](), Schedule(rate=RATES[name]), batch=1)
    learner = Learner(network, Noise(), settings, engine)
    for _ in range(STEPS):
        learner.step()
    (fed,) = network.graph.inputs
    own = reference(learner.result(), {fed.name: example})[network.graph.output]
    with torch.no_grad():
        right = module(example)
    learner.close()
    before = reference(network, {fed.name: example})[network.graph.output]
    assert (before - right).norm() > 1e-4 * right.norm(), "it has learnt something"
    assert (own - right).norm() <= 1e-4 * right.norm()
