"""Stages can be part of a CUDA graph: from the second frame on nothing comes from memory, and no value is asked for."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal

import numpy as np
import pytest
import torch
from bend_cases import staged
from helpers import normal
from torch.utils._python_dispatch import TorchDispatchMode

from studio.bends import make_bend, registry
from studio.engine.torch.engine import TorchEngine
from studio.model.bends.stage import AllChannels, ChannelRange, Channels, Guard, Luma, Mask, Painted, Stage
from studio.model.declared.tick import Tick

SHAPE = 9, 12, 14


class _Copies(TorchDispatchMode):
    """Notes what takes a table in memory to the device."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        given = [each for arg in args for each in (arg if isinstance(arg, list | tuple) else (arg,))]
        read = [each for each in given if isinstance(each, torch.Tensor) and each.device.type == "cpu"]
        if isinstance(made, torch.Tensor) and made.is_meta and read:
            self.found.append(str(func))
        return made


GUARDED = [("Rotate", kind) for kind in ("finite", "deviation", "norm")]
"""What is done around a bend is the same for all."""


@pytest.mark.parametrize(("name", "kind"), [*((name, "none") for name in sorted(registry())), *GUARDED])
def test_a_frame_reads_nothing_from_memory(name: str, kind: Literal["none", "finite", "deviation", "norm"]) -> None:
    painted, luma = Painted(np.full((4, 4), 0.5, np.float32)), Luma(source="small", low=0.0, high=1.0)
    ways: list[tuple[float, Channels, Mask | None]] = [
        (1.0, AllChannels(), None),
        (0.4, AllChannels(), None),
        (1.0, ChannelRange(first=2, last=5), None),
        (0.7, AllChannels(), painted),
        (0.7, ChannelRange(first=2, last=5), luma),
    ]
    bend = make_bend(name, {})
    source = "small" if bend.other == "layer" else None
    for amount, channels, mask in ways:
        engine = TorchEngine(staged(SHAPE[0]), "meta")
        engine.set_stages([Stage(1, "layer", bend, channels, mask, amount, Guard(kind=kind), source=source)])
        if bend.other == "picture":
            engine.lend(1, normal(*SHAPE))
        engine.run({"input": normal(*SHAPE), "other": normal(3, *SHAPE[1:])}, Tick(1, Fraction(1, 25)))
        with _Copies() as copies:
            engine._execute(engine._running.nodes)
        # What moves runs operator by operator, and may be told by what.
        assert copies.found == [] or bend.moves
        assert engine.shape("layer") == SHAPE
