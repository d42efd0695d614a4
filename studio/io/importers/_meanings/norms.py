"""Norms, and what they are made of: means and sums over any axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Weight
from studio.io.importers._meanings.batches import Batches
from studio.io.importers._values.views import Value, constant, reshaped


class Norms(Batches):
    """Adds norms to a draft."""

    def mean(self, value: Value, axes: Sequence[int], keepdim: bool) -> Value:
        """Mean over any axes."""
        return self.reduced("Mean", value, axes, keepdim)

    def total(self, value: Value, axes: Sequence[int], keepdim: bool) -> Value:
        """Sum over any axes."""
        return self.reduced("Sum", value, axes, keepdim)

    def softmax(self, value: Value, axis: int) -> Value:
        """Over any axis."""
        return self.along(value, axis, lambda node: self.draft.add("Softmax2d", node, name=self.name))

    def norm(
        self,
        op: str,
        value: Value,
        weight: Value | None,
        bias: Value | None,
        eps: float,
        statistics: tuple[Value, Value] | None = None,
        groups: int = 0,
        momentum: float = 0.1,
    ) -> Value:
        """A norm of the studio by its name; one of weight and bias alone is completed by ones or zeros.

        Where weight or bias are worked out from the picture, they are multiplied and added behind it. The momentum is
        PyTorch's, of statistics alone.
        """
        if any(row is not None and not row.is_constant for row in (weight, bias)):
            return self._weighed(self.norm(op, value, None, None, eps, statistics, groups, momentum), weight, bias)
        channels = value.shape[1] if len(value.shape) > 1 else 0
        tensors = {}
        if affine := (weight is not None or bias is not None):
            tensors["weight"] = weight.weight() if weight else Weight(np.ones(channels, np.float32))
            tensors["bias"] = bias.weight() if bias else Weight(np.zeros(channels, np.float32))
        if statistics:
            tensors |= {"running_mean": statistics[0].weight(), "running_var": statistics[1].weight()}
        sizes: dict[str, Any] = {"num_groups": groups} if op == "GroupNorm" else {}
        sizes["num_features" if op in ("BatchNorm2d", "InstanceNorm2d") else "num_channels"] = channels
        sizes |= {"eps": eps, "affine": affine}
        if op == "BatchNorm2d":
            # No picture depends on it, so no file is refused for it.
            sizes["momentum"] = momentum if 0 <= momentum <= 1 else 0.1
        rank, alone = len(value.shape), value.shape[0] == 1
        if (rank == 4 and (alone or op != "BatchNorm2d")) or (rank == 2 and alone):
            return self.layer(op, value, tensors=tensors, vector=rank == 2, **sizes)
        if op == "BatchNorm2d":
            return self.along(value, 1, lambda x: self.draft.add(op, x, name=self.name, tensors=tensors, **sizes))
        if not alone:
            raise StudioError(f"it normalises values of shape {value.shape}; only those of one picture are supported.")
        # Where the places of each channel lie makes no difference, as long as they are all of the map's.
        work = lambda x: self.draft.add(op, x, name=self.name, tensors=tensors, **sizes)  # noqa: E731
        return self.along(value, 1, work, whole=True)

    def norm_by_own(self, value: Value, weight: Value | None, bias: Value | None, eps: float) -> Value:
        """A batch norm by the statistics of its own batch, which is one picture, or constants."""
        if value.constant is not None:
            held = np.asarray(value.constant, np.float64)
            over = tuple(axis for axis in range(held.ndim) if axis != 1)
            mean, variance = held.mean(over, keepdims=True), held.var(over, keepdims=True)
            made = constant(((held - mean) / np.sqrt(variance + eps)).astype(np.float32))
            return self._weighed(made, weight, bias)
        if len(value.shape) != 4 or value.shape[0] != 1 or value.shape[2:] == (1, 1):
            raise StudioError(
                f"it takes statistics of its own batch, of shape {value.shape}; call eval() on the module, or keep "
                "running statistics."
            )
        return self.norm("InstanceNorm2d", value, weight, bias, eps)

    def _weighed(self, value: Value, weight: Value | None, bias: Value | None) -> Value:
        """Multiplied by and added to a row, one for each channel."""
        shape = (1, value.shape[1], *[1] * (len(value.shape) - 2))
        for kind, row in (("Mul", weight), ("Add", bias)):
            value = value if row is None else self.binary(kind, value, reshaped(row, shape))
        return value

    def layer_norm(
        self, value: Value, weight: Value | None, bias: Value | None, eps: float, axes: Sequence[int]
    ) -> Value:
        """LayerNorm2d over the one axis that is normalised; GroupNorm of one group over several, then its weights."""
        rank = len(value.shape)
        over = sorted({axis % rank for axis in axes})
        sides = [axis for axis in over if value.shape[axis] > 1] or over[-1:]
        if len(sides) == 1 and (len(over) == 1 or not (weight or bias)):
            return self._layer_norm(value, weight, bias, eps, sides[0])
        if rank == 4 and over == [1, 2, 3]:
            made = self.norm("GroupNorm", value, None, None, eps, groups=1)
        else:
            mean = self.mean(value, over, keepdim=True)
            centred = self.binary("Sub", value, mean)
            variance = self.mean(self.binary("Mul", centred, centred), over, keepdim=True)
            made = self.binary(
                "Mul", centred, self.each("Pow", self.each("Affine", variance, scale=1.0, shift=eps), exponent=-0.5)
            )
        made = made if weight is None else self.binary("Mul", made, weight)
        return made if bias is None else self.binary("Add", made, bias)

    def _layer_norm(self, value: Value, weight: Value | None, bias: Value | None, eps: float, axis: int) -> Value:
        channels = value.shape[axis]
        tensors = {}
        if affine := (weight is not None or bias is not None):
            tensors["weight"] = weight.weight() if weight else Weight(np.ones(channels, np.float32))
            tensors["bias"] = bias.weight() if bias else Weight(np.zeros(channels, np.float32))
        sizes: dict[str, Any] = {"num_channels": channels, "eps": eps, "affine": affine}
        return self.along(
            value, axis, lambda node: self.draft.add("LayerNorm2d", node, name=self.name, tensors=tensors, **sizes)
        )
