"""How long each layer takes of a step of learning on PyTorch, there and back."""

from __future__ import annotations

import time
from functools import partial

import torch

from studio.learn.backend import LOSS


class TorchTimes:
    """Times one crop, or some together; belongs to one run.

    Autograd goes back in one call: the gradient of a layer's map is there when those of the layers behind it are done,
    and what passes until the next gradient is there is the layer's own.

    Args:
        device: what is waited for, layer by layer.
        share: what part of a step is run.

    Attributes:
        seconds: of a whole step, by the name of what was run.
    """

    def __init__(self, device: torch.device, share: float) -> None:
        self._device, self._share = device, share
        self.seconds: dict[str, float] = {}
        self._layer = ""
        self._since = self._now()

    def there(self, name: str, made: torch.Tensor) -> None:
        """A layer has been run."""
        self._add(name)
        if made.requires_grad:
            made.register_hook(partial(self._reached, name))  # type: ignore[no-untyped-call]

    def back(self) -> None:
        """All have; now the gradients."""
        self._since, self._layer = self._now(), LOSS

    def end(self) -> None:
        """The gradients are there."""
        self._add(self._layer)

    def _reached(self, name: str, grad: torch.Tensor) -> None:
        del grad
        self._add(self._layer)
        self._layer = name

    def _add(self, name: str) -> None:
        now = self._now()
        self.seconds[name] = self.seconds.get(name, 0.0) + (now - self._since) / self._share
        self._since = now

    def _now(self) -> float:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        elif self._device.type == "mps":
            torch.mps.synchronize()
        return time.perf_counter()
