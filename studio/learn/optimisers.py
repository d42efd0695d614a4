"""How gradients move weights: SGD, Adam, AdamW, Adadelta, and how the rate goes up and down over the steps."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from studio.model.declared.explain import validated
from studio.model.declared.param import Declared, param
from studio.model.declared.registry import named

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer


class Optimiser(Declared):
    """A rule by which weights move.

    Its arithmetic is PyTorch's, and the same in ``shaders/learn/`` under its shader's name. What it remembers of every
    weight has the names of its slots, under which checkpoints keep it.
    """

    name: ClassVar[str]
    shader: ClassVar[str]
    slots: ClassVar[MappingProxyType[str, str]]
    """What it remembers of every weight, and PyTorch's name for that."""

    usual_rate: ClassVar[float]
    momentum_name: ClassVar[str]
    """The parameter that is its momentum: how much of the steps before is carried on."""

    def for_torch(self, tensors: list[Tensor]) -> Optimizer:
        """PyTorch's own, which sets the rate of its one group before every step."""
        raise NotImplementedError

    def numbers(self, step: int) -> dict[str, float]:
        """What the shader is told besides the rate, in its step of this number, counted from 1."""
        raise NotImplementedError


class SGD(Optimiser):
    """Gradient descent with momentum, as ``torch.optim.SGD``."""

    name = "sgd"
    shader = "sgd"
    slots = MappingProxyType({"momentum": "momentum_buffer"})
    usual_rate = 1e-2
    momentum_name = "momentum"

    momentum: float = param(0.9, lo=0.0, hi=0.9999, doc="How much of the previous step is carried on")
    nesterov: bool = param(False, doc="Whether the momentum is taken ahead")
    weight_decay: float = param(0.0, lo=0.0, hi=1.0, doc="How strongly weights are drawn to zero")

    def for_torch(self, tensors: list[Tensor]) -> Optimizer:
        """See `Optimiser.for_torch`."""
        from torch import optim

        nesterov = self.nesterov and self.momentum > 0
        return optim.SGD(tensors, 1.0, self.momentum, weight_decay=self.weight_decay, nesterov=nesterov)

    def numbers(self, step: int) -> dict[str, float]:
        """See `Optimiser.numbers`."""
        del step
        return {"momentum": self.momentum, "nesterov": float(self.nesterov), "decay": self.weight_decay}


class Adam(Optimiser):
    """Steps of a size that follows from how steady the gradient is, as ``torch.optim.Adam``.

    Source: D. Kingma and J. Ba, "Adam: a method for stochastic optimization", 2014.
    """

    name = "adam"
    shader = "adam"
    slots = MappingProxyType({"mean": "exp_avg", "square": "exp_avg_sq"})
    usual_rate = 1e-3
    momentum_name = "beta1"

    beta1: float = param(0.9, lo=0.0, hi=0.9999, doc="How slowly the mean of gradients moves")
    beta2: float = param(0.999, lo=0.0, hi=0.99999, doc="How slowly the mean of their squares moves")
    eps: float = param(1e-8, lo=1e-12, hi=1.0, doc="Added to the root that is divided by")
    weight_decay: float = param(0.0, lo=0.0, hi=1.0, doc="How strongly weights are drawn to zero")

    decoupled: ClassVar[bool] = False

    def for_torch(self, tensors: list[Tensor]) -> Optimizer:
        """See `Optimiser.for_torch`."""
        from torch import optim

        kind: Any = optim.AdamW if self.decoupled else optim.Adam
        made: Optimizer = kind(
            tensors, 1.0, (self.beta1, self.beta2), self.eps, weight_decay=self.weight_decay, fused=True
        )
        return made

    def numbers(self, step: int) -> dict[str, float]:
        """See `Optimiser.numbers`."""
        found = {"beta1": self.beta1, "beta2": self.beta2, "eps": self.eps, "decay": self.weight_decay}
        found |= {"decoupled": float(self.decoupled), "so_far1": 1 - self.beta1**step}
        return found | {"so_far2": math.sqrt(1 - self.beta2**step)}


class AdamW(Adam):
    """Adam whose weights decay by themselves, as ``torch.optim.AdamW``.

    Source: I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", 2017.
    """

    name = "adamw"
    decoupled = True

    weight_decay: float = param(0.01, lo=0.0, hi=1.0, doc="How strongly weights are drawn to zero")


class Adadelta(Optimiser):
    """Steps in the proportion of what the last steps and gradients were, as ``torch.optim.Adadelta``.

    Source: M. Zeiler, "ADADELTA: an adaptive learning rate method", 2012.
    """

    name = "adadelta"
    shader = "adadelta"
    slots = MappingProxyType({"square": "square_avg", "delta": "acc_delta"})
    usual_rate = 1.0
    momentum_name = "rho"

    rho: float = param(0.9, lo=0.0, hi=0.9999, doc="How slowly both means move")
    eps: float = param(1e-6, lo=1e-12, hi=1.0, doc="Added to the roots")
    weight_decay: float = param(0.0, lo=0.0, hi=1.0, doc="How strongly weights are drawn to zero")

    def for_torch(self, tensors: list[Tensor]) -> Optimizer:
        """See `Optimiser.for_torch`."""
        from torch import optim

        return optim.Adadelta(tensors, 1.0, self.rho, self.eps, self.weight_decay)

    def numbers(self, step: int) -> dict[str, float]:
        """See `Optimiser.numbers`."""
        del step
        return {"rho": self.rho, "eps": self.eps, "decay": self.weight_decay}


OPTIMISERS = MappingProxyType({kind.name: kind for kind in (SGD, Adam, AdamW, Adadelta)})


def optimiser(name: str, **params: object) -> Optimiser:
    """The optimiser of this name.

    Raises:
        StudioError: listing those there are, or naming the parameter at fault.
    """
    return validated(named(OPTIMISERS, name, "optimiser"), params, f"The optimiser {name}")


class Schedule(Declared):
    """The rate of every step.

    It rises in equal parts over the warm-up, stays, or falls along half a cosine to its end.
    """

    rate: float = param(1e-3, lo=0.0, hi=100.0, doc="How far a step goes")
    warmup: int = param(0, lo=0, hi=1_000_000, doc="Steps over which the rate rises from nothing", unit="steps")
    kind: Literal["constant", "cosine"] = param("constant", doc="What it does then")
    steps: int = param(1000, lo=1, hi=100_000_000, doc="Where the cosine ends", unit="steps")
    floor: float = param(0.0, lo=0.0, hi=1.0, doc="What part of the rate is left at the end")

    def at(self, step: int) -> float:
        """The rate of this step, counted from 1."""
        if step <= self.warmup:
            return self.rate * step / self.warmup
        if self.kind == "constant":
            return self.rate
        part = min((step - 1 - self.warmup) / max(self.steps - self.warmup, 1), 1.0)
        return self.rate * (self.floor + (1 - self.floor) * (1 + math.cos(math.pi * part)) / 2)
