"""PyTorch's random draws replaced by the studio's: how a module that draws is compared with the network made of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

_DRAWS = ("rand", "rand_like", "randn", "randn_like", "bernoulli", "bernoulli_", "uniform_", "normal_", "normal")


@contextmanager
def drawing(orders: Mapping[int, tuple[int, ...]] = MappingProxyType({}), step: int = 0) -> Iterator[None]:
    """Have every draw that PyTorch makes be that of `studio.ops.random_map.RandomMap`, by its number and this step.

    The numbers count the draws from 0, as those of a trace are counted, whichever of them its output needs.

    Args:
        orders: in which order the axes of each draw lie in its map, `Draft.draws`; as they are where it does not say.
        step: which step it is.
    """
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    from studio.draws import drawn

    class Draws(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call]
            self.number = 0

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            del types
            name, kwargs = func.overloadpacket.__name__, kwargs or {}
            if name not in _DRAWS:
                return func(*args, **kwargs)
            given = dict(zip((argument.name for argument in func._schema.arguments), args, strict=False)) | kwargs
            read = args[0] if isinstance(args[0], torch.Tensor) else None
            shape = tuple(given["size"] if read is None else read.shape)
            kind = "gaussian" if name.startswith(("randn", "normal")) else "uniform"
            long = (1,) * (2 - len(shape)) + shape
            order = orders.get(self.number, tuple(range(len(long))))
            long += (1,) * (len(order) - len(long))  # of a vector, whose values are channels
            laid = [long[axis] for axis in order]
            like = torch.zeros(1, math.prod(laid[:-2]), *laid[-2:])
            made = drawn(like, self.number, step, "gaussian" if kind == "gaussian" else "uniform").reshape(laid)
            made = made.permute([order.index(axis) for axis in range(len(long))]).reshape(shape)
            self.number += 1
            if name == "uniform_":
                made = made * (given.get("to", 1.0) - given.get("from", 0.0)) + given.get("from", 0.0)
            elif name.startswith("normal"):
                made = made * given.get("std", 1.0) + given.get("mean", 0.0)
            elif name.startswith("bernoulli"):
                made = (made < given.get("p", read if name == "bernoulli" else 0.5)).to(like.dtype)
            if name.endswith("_"):
                assert read is not None
                return read.copy_(made)
            return made

    with Draws():
        yield
