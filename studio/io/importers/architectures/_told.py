"""Architectures that are told in PyTorch's functions on the tensors of their files, and read as a module is.

Attention over places, and what is worked out of weights, take one line there and a dozen layers in a sketch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studio.errors import StudioError
from studio.io.importers._draft import Weight

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass
class Told:
    """Runs layers by the names of their tensors.

    Attributes:
        module: holds the tensors under the file's names.
        names: of all of them.
        used: of those that have been asked for.
    """

    module: nn.Module
    names: frozenset[str]
    used: set[str] = field(default_factory=set)

    def has(self, name: str) -> bool:
        """Whether the file has such a tensor."""
        return name in self.names

    def take(self, name: str) -> Tensor:
        """A tensor; StudioError where there is none."""
        if name not in self.names:
            raise StudioError(f'it has no tensor "{name}"')
        self.used.add(name)
        return self.module.get_parameter(name)

    def maybe(self, name: str) -> Tensor | None:
        """A tensor, or None."""
        return self.take(name) if self.has(name) else None

    def conv(self, name: str, x: Tensor, *, stride: int = 1, padding: int | None = None) -> Tensor:
        """conv2d; half the kernel as padding where none is given, and as many groups as the weight leaves."""
        from torch.nn import functional as F

        weight = self.take(f"{name}.weight")
        if weight.ndim != 4:
            raise StudioError(f'its tensor "{name}.weight" has {weight.ndim} axes, not those of a convolution')
        border = weight.shape[2] // 2 if padding is None else padding
        groups = x.shape[1] // weight.shape[1]
        return F.conv2d(x, weight, self.maybe(f"{name}.bias"), stride, border, 1, groups)

    def up(self, name: str, x: Tensor, stride: int) -> Tensor:
        """conv_transpose2d whose kernel is as large as its stride."""
        from torch.nn import functional as F

        return F.conv_transpose2d(x, self.take(f"{name}.weight"), self.maybe(f"{name}.bias"), stride)

    def linear(self, name: str, x: Tensor) -> Tensor:
        """linear, over the last axis."""
        from torch.nn import functional as F

        return F.linear(x, self.take(f"{name}.weight"), self.maybe(f"{name}.bias"))

    def layer_norm(self, name: str, x: Tensor, eps: float) -> Tensor:
        """layer_norm over the last axis."""
        from torch.nn import functional as F

        weight = self.take(f"{name}.weight")
        return F.layer_norm(x, (len(weight),), weight, self.maybe(f"{name}.bias"), eps)

    def count(self, pattern: str) -> int:
        """How many there are of a numbered part: "blocks.{}.weight"."""
        number = 0
        while self.has(pattern.format(number)):
            number += 1
        return number


Forward = Callable[[Told, Any], Any]
"""What the network returns for a picture of (1, C, H, W)."""


def told(tensors: Mapping[str, Weight], forward: Forward) -> tuple[nn.Module, Told]:
    """A module of these tensors that does what ``forward`` says."""
    import torch
    from torch import nn

    class Module(nn.Module):
        def forward(self, x: Tensor) -> Any:
            return forward(parts, x)

    module = Module()
    for name, weight in tensors.items():
        *path, last = name.split(".")
        holder: nn.Module = module
        for part in path:
            if part not in holder._modules:
                holder.add_module(part, nn.Module())
            holder = holder.get_submodule(part)
        holder.register_parameter(last, nn.Parameter(torch.from_numpy(weight.values), requires_grad=False))
    parts = Told(module, frozenset(tensors))
    return module, parts
