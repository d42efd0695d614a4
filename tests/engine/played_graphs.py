"""CUDA's graphs on a CPU: what records PyTorch's operators, and calls them again on the same memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, ClassVar

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Played:
    """As `torch.cuda.CUDAGraph`: operators with what they were called with, and what they made."""

    made: int = 0
    replayed: int = 0
    streams: ClassVar[list[object]] = []

    def __init__(self) -> None:
        self.calls: list[tuple[Any, Any, Any, Any]] = []
        Played.made += 1

    @torch.inference_mode()
    def replay(self) -> None:
        Played.replayed += 1
        for called, args, kwargs, made in self.calls:
            again = called(*args, **kwargs)
            for place, value in zip(_tensors(made), _tensors(again), strict=True):
                if place.data_ptr() != value.data_ptr():
                    place.copy_(value)


class _Recording(TorchDispatchMode):
    def __init__(self, into: Played) -> None:
        super().__init__()
        self._into = into

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in (torch.ops.aten.item.default, torch.ops.aten._local_scalar_dense.default):
            raise RuntimeError("operation not permitted when stream is capturing")
        made = func(*args, **(kwargs or {}))
        self._into.calls.append((func, args, kwargs or {}, made))
        return made


def _tensors(made: Any) -> list[torch.Tensor]:
    return [each for each in (made if isinstance(made, tuple | list) else (made,)) if isinstance(each, torch.Tensor)]


@contextmanager
def _capture(graph: Played, stream: object, capture_error_mode: str) -> Iterator[None]:
    assert capture_error_mode == "thread_local"
    # The default is the first device's, where nothing is captured of another.
    assert stream not in Played.streams
    Played.streams.append(stream)
    with _Recording(graph):
        yield


class Stream:
    """As `torch.cuda.Stream`: what it is asked for is done at once."""

    def __init__(self, device: object = None) -> None:
        del device

    def wait_stream(self, other: object) -> None:
        """All has been done."""


def play_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `torch.cuda` make such graphs, and ask for no device."""
    Played.made = Played.replayed = 0
    Played.streams.clear()
    for name, stands_for in (("CUDAGraph", Played), ("graph", _capture), ("synchronize", lambda *_: None)):
        monkeypatch.setattr(torch.cuda, name, stands_for)
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "stream", nullcontext)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: None)
