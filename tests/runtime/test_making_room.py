"""Room for strokes is made beside; where there is no memory for it, strokes go on without."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from helpers import tiny_network

from studio.model.documents.document import Document
from studio.model.filters import room
from studio.model.filters.edit import Patch
from studio.model.networks.layout import Rect
from studio.model.networks.preset import Preset
from studio.runtime.editing import making_room
from studio.runtime.editing.making_room import MakingRoom
from studio.runtime.services.worker import Worker


def test_where_there_is_no_memory_for_room_strokes_go_on_and_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    tried, calls = list[int](), list[Callable[[], None]]()

    def none(weights: int) -> np.ndarray:
        tried.append(weights)
        raise MemoryError

    monkeypatch.setattr(room, "LARGE", 2)
    monkeypatch.setattr(making_room, "make", none)
    document = Document(Preset("tiny", tiny_network(), {}))
    worker = Worker(calls.append)
    making = MakingRoom(document, worker)
    ends = time.monotonic() + 60
    while not calls and time.monotonic() < ends:
        time.sleep(0.01)
    calls.pop()()
    name = next(iter(document.network.tensors))
    for value in (1.0, 2.0):
        document.apply("Paint", name, Patch(Rect(0, 0, 2, 2), np.full((2, 2), value, np.float32)))
    making.close()
    assert worker.close(60)
    assert document.tensor(name).flat[0] == 2.0
    assert tried == [max(tensor.size for tensor in document.network.tensors.values())]
    assert not calls
