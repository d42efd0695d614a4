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

from studio.model.declared.size import Size
from studio.model.networks.shape import Shape
from studio.model.views.view import View
from studio.runtime.live.feature import Frame
from studio.runtime.live.tidying import Tidying

_FREED = """
import os
import numpy as np
from studio.runtime.services import memory

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

memory.bound()
before = resident()
kept, large = [], []
for k in range(60):
    large.append(np.ones(5 << 17))
    kept.append(np.ones(1 << 10))
del large
memory.trim()
print(resident() - before)
"""

_MAPS = """
import resource, sys
import numpy as np
from studio.runtime.services import memory

if sys.argv[1] == "bound":
    memory.bound()
np.ones(2 << 20)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    np.ones(2 << 20)
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) * resource.getpagesize() / 1e6)
"""

_GLIBC = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="glibc's"
)


def printed(script: str, *args: str) -> float:
    run = [sys.executable, "-c", script, *args]
    return float(subprocess.run(run, check=True, capture_output=True).stdout)


@_GLIBC
def test_large_arrays_are_given_back_though_small_ones_lie_between_them() -> None:
    # 300 MB were made and let go of.
    assert printed(_FREED) < 30


@_GLIBC
def test_maps_that_come_and_go_with_every_frame_take_no_new_pages() -> None:
    # 50 maps of 16 MB, one after another.
    assert printed(_MAPS, "bound") < 50


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
    engine.sample("enc", 2, Size(4, 4), Size(8, 8))
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
