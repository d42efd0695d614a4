"""A lane's frames: each begins while the one before it is on its way, and all that were begun are handed over."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import numpy as np
import pytest
from helpers import tiny_network

from studio.engine.torch.engine import TorchEngine
from studio.errors import StudioError
from studio.model.declared.size import Size
from studio.model.networks.picture import DeepPicture
from studio.model.networks.preset import Preset
from studio.pipe import read, write
from studio.runtime.render.coming import DeepComing
from studio.runtime.render.lane import Says, Told, place_of
from studio.runtime.render.lane_child import _Bending
from studio.runtime.render.mover import Mover
from studio.runtime.render.ring import Ring, bytes_of, memory_to_share

SIZE = Size(8, 12)
HELD = 6


class Desk:
    """A lane that is given frames of its own; what it does with each is noted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fails_at: int) -> None:
        self.done: list[str] = []
        with memory_to_share(bytes_of(2 * HELD, SIZE)) as (memory, _, _):
            self.ring = Ring(memory, 2 * HELD)
        self.told = io.BytesIO()
        own = {"path": None, "deep": False, "count": 1, "number": 0, "held": HELD}
        network = tiny_network()
        engine = TorchEngine(network, "cpu")
        self.lane = _Bending(own, Preset("made", network, {}), self.ring, engine, self.told)

        def later(_: Mover, picture: DeepPicture, time: float, frame: int) -> DeepComing:
            del time
            if frame == fails_at:
                raise StudioError("It cannot be bent.")
            self.done.append(f"begin {frame}")

            def wait() -> DeepPicture:
                self.done.append(f"wait {frame}")
                return picture + np.uint8(1)

            return wait

        monkeypatch.setattr(Mover, "later", later)

    def run(self, frames: Sequence[int], *, is_last: bool) -> bool:
        asked = io.BytesIO()
        for frame in frames:
            self.ring.put(place_of(frame), np.full((*SIZE, 3), frame, np.uint8))
            write(asked, Told.FRAMES, json.dumps([[frame, frame / 10, {}, {}, {}]]).encode())
        if is_last:
            write(asked, Told.LAST, b"")
        asked.seek(0)
        return self.lane.run(asked)

    def answered(self) -> int:
        """How many frames were told of."""
        self.told.seek(0)
        found = list(iter(lambda: read(self.told), None))
        assert {number for number, _ in found} <= {Says.MADE}
        return len(found)


@pytest.mark.parametrize("is_last", [True, False])
def test_a_frame_is_waited_for_when_the_next_one_is_begun_or_none_comes(
    monkeypatch: pytest.MonkeyPatch, is_last: bool
) -> None:
    desk = Desk(monkeypatch, -1)
    assert desk.run([0, 1, 2], is_last=is_last) is is_last
    assert desk.done == ["begin 0", "begin 1", "wait 0", "begin 2", "wait 1", "wait 2"]
    assert desk.answered() == 3
    for frame in range(3):
        assert (desk.ring.picture(place_of(frame, made=True)) == frame + 1).all()


def test_what_was_begun_before_one_fails_is_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, 2)
    with pytest.raises(StudioError, match="cannot be bent"):
        desk.run([0, 1, 2, 3], is_last=True)
    assert desk.answered() == 2
    assert (desk.ring.picture(place_of(1, made=True)) == 2).all()
