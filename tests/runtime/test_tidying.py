"""Memory that is free goes back to the system."""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys
import weakref

import numpy as np
import pytest
from helpers import EngineFor, tiny_network

from studio.model.op import Shape
from studio.model.view import View
from studio.runtime.live.feature import Frame
from studio.runtime.live.tidying import Tidying

_FREED = """
import os, sys
import numpy as np
from studio.runtime.services import memory

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

if sys.argv[1] == "bound":
    memory.bound()
# What a large array leaves behind raises glibc's limit, so that those that follow lie among small things.
np.ones(30 << 17)
before = resident()
kept, large = [], []
for k in range(60):
    large.append(np.ones(5 << 17))
    kept.append(np.ones(1 << 10))
del large
if sys.argv[1] == "trim":
    memory.trim()
print(resident() - before)
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="glibc's"
)
def test_large_arrays_are_given_back_though_small_ones_lie_between_them() -> None:
    held = {
        how: float(subprocess.run([sys.executable, "-c", _FREED, how], check=True, capture_output=True).stdout)
        for how in ("left", "bound", "trim")
    }
    # 300 MB were made and let go of.
    assert held["bound"] < 30
    assert held["trim"] < 30


class Engine:
    """Has an output of a size."""

    class graph:  # noqa: N801 - an attribute of engines
        output = "out"

    size = 64

    def shape(self, _: str) -> Shape:
        return Shape(3, self.size, self.size)


def test_it_is_done_once_things_are_gone_and_now_and_then() -> None:
    now, engine, trims = [0.0], Engine(), list[float]()
    tidying = Tidying(lambda: trims.append(now[0]), lambda: now[0])
    frame = Frame(engine, View(), {}, True, 1)  # type: ignore[arg-type]
    tidying.opened(engine, engine.graph)  # type: ignore[arg-type]
    for tick in range(2000):
        now[0] = tick / 10
        if tick == 300:
            engine.size = 32
        tidying.rest(frame)
    assert trims == pytest.approx([1.0, 31.0, 91.0, 151.0])


def test_a_closed_engine_is_gone_without_the_collector(engine_for: EngineFor) -> None:
    engine = engine_for(tiny_network())
    engine.run({"input": np.zeros((3, 16, 16), np.float32)})
    engine.stats("enc")
    engine.sample("enc", 2, (4, 4), (8, 8))
    engine.bypass({"act"})
    engine.update()
    engine.close()
    found = weakref.ref(engine)
    closed = engine_for.__closure__
    assert closed is not None
    for cell in closed:
        if isinstance(cell.cell_contents, list):
            cell.cell_contents.clear()
    gc.disable()
    try:
        del engine
        assert found() is None
    finally:
        gc.enable()
