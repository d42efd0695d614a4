"""A run of training: its batches, its clock, its averages, and what it leaves."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tools.pack.settings import EMA, Picture


@dataclass
class Run:
    """What a training needs: where, how long, and its random numbers."""

    name: str
    steps: int
    seed: int
    device: torch.device
    data: Path
    demo: Path
    seconds: float

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        self.chance = torch.Generator(self.device).manual_seed(self.seed)
        self.order = torch.Generator().manual_seed(self.seed)
        self.curve: list[dict[str, float]] = []
        self._sums: dict[str, Tensor] = {}
        self._count = 0
        self._begun = time.monotonic()

    def autocast(self) -> torch.autocast:
        """bfloat16 where the device has it."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")

    def optimiser(self, modules: list[nn.Module], rate: float, betas: tuple[float, float]) -> torch.optim.Adam:
        """Adam over what is trained of the modules."""
        parameters = [p for module in modules for p in module.parameters() if p.requires_grad]
        optimiser = torch.optim.Adam(parameters, rate, betas, fused=self.device.type == "cuda")
        for group in optimiser.param_groups:
            group["initial"] = rate
        return optimiser

    def over(self, *optimisers: torch.optim.Optimizer) -> Iterator[int]:
        """The steps; rates rise over the first and fall in a cosine. What lasts longer than it may ends early."""
        for step in range(self.steps):
            if time.monotonic() - self._begun > self.seconds:
                print(f"{self.name}: ended after {step} of {self.steps} steps, out of time", flush=True)
                self.steps = step
                return
            t = step / self.steps
            share = min(1.0, (step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * t)))
            for optimiser in optimisers:
                for group in optimiser.param_groups:
                    group["lr"] = group["initial"] * share
            yield step

    def note(self, step: int, **losses: Tensor) -> None:
        """Keep the losses; fifty means over the run go into the record."""
        for key, value in losses.items():
            self._sums[key] = self._sums.get(key, torch.zeros((), device=self.device)) + value.detach()
        self._count += 1
        if (step + 1) % max(1, self.steps // 50) == 0 or step == self.steps - 1:
            means = {key: float(value) / self._count for key, value in self._sums.items()}
            self.curve.append({"step": step + 1, **means})
            self._sums, self._count = {}, 0
            if len(self.curve) % 5 == 1:
                spent = time.monotonic() - self._begun
                told = "  ".join(f"{key} {value:.4f}" for key, value in means.items())
                print(f"{self.name}: step {step + 1}/{self.steps}, {spent:.0f} s: {told}", flush=True)

    def crops(self, count: int, extent: int, *banks: Tensor) -> list[Tensor]:
        """The same random squares of several banks, flipped at random, as (count, 3, extent, extent) in 0..1."""
        pick = torch.randint(len(banks[0]), (count,), generator=self.order).tolist()
        room = banks[0].shape[-1] - extent + 1
        places = torch.randint(room, (count, 2), generator=self.order).tolist()
        flip = bool(torch.randint(2, (1,), generator=self.order))
        found = []
        for stored in banks:
            squares = [stored[i, :, y : y + extent, x : x + extent] for i, (y, x) in zip(pick, places, strict=True)]
            batch = torch.stack(squares).float() / 255
            found.append(batch.flip(3) if flip else batch)
        return found

    def normal(self, *shape: int) -> Tensor:
        """Normal random numbers."""
        return torch.randn(shape, generator=self.chance, device=self.device)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Uniform random numbers."""
        return low + (high - low) * torch.rand(shape, generator=self.chance, device=self.device)


class Average:
    """The moving average of a module's weights; counters and statistics are copied."""

    def __init__(self, module: nn.Module) -> None:
        self.state = {name: value.detach().clone() for name, value in module.state_dict().items()}

    @torch.no_grad()
    def add(self, module: nn.Module, step: int) -> None:
        """Take in the weights after a step."""
        keep = min(EMA, (step + 1) / (step + 10))
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                self.state[name].lerp_(value, 1 - keep)
            else:
                self.state[name].copy_(value)


@dataclass(frozen=True)
class Result:
    """A trained network: its weights, pictures to look at, what was measured, and how it was done."""

    state: dict[str, Tensor]
    preview: Picture
    record: dict[str, Any]


def shown(*rows: Tensor) -> Picture:
    """Batches of pictures as rows of one picture."""
    lines = [torch.cat(list(row), 2) for row in rows]
    return (torch.cat(lines, 1).permute(1, 2, 0).clamp(0, 1) * 255).byte().cpu().numpy()
