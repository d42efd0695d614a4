"""Shaders compiled in a process of their own: the picture goes on, and changes over when they are there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from helpers import branched_network, normal, on_torch, relative_error

from studio.engine.gl.calls import Binary
from studio.engine.gl.compiler import Compiler, Pending
from studio.engine.gl.compute import ComputePasses
from studio.engine.gl.device import Device, open_device
from studio.engine.gl.pipeline import GLEngine
from studio.engine.gl.settings import Settings
from studio.engine.gl.shaders import HANDLES_TRIAL, Source
from studio.engine.gl.tiles import Plan
from studio.engine.gl.tune import Tuner
from studio.errors import EngineError

pytestmark = pytest.mark.gl


@pytest.fixture
def gpu(device: Device, monkeypatch: pytest.MonkeyPatch) -> Iterator[Device]:
    """A device of its own, with nothing compiled yet, whose compute shaders are compiled as a window's on a GPU."""
    if not device.has_compute:
        pytest.skip("no compute shaders here")
    own = open_device()
    monkeypatch.setattr(own, "is_software", False)
    made = own.compiler = Compiler(own.renderer)
    yield own
    made.close()
    made._thread.join(30)
    own.close()
    device.use()


def planes() -> Source:
    return Source("compute", HANDLES_TRIAL.files, inputs=1)


def up(compiler: Compiler | None) -> None:
    until = time.monotonic() + 60
    while compiler is not None and not compiler.is_up:
        assert time.monotonic() < until, "the process does not come up"
        time.sleep(0.01)


def test_what_is_compiled_elsewhere_is_asked_for_and_waited_for_as_one_likes(gpu: Device) -> None:
    with gpu.being("looks"), pytest.raises(Pending):
        gpu.compute(planes())
    up(gpu.compiler)
    until = time.monotonic() + 120
    with gpu.being("asks"):
        while time.monotonic() < until:
            try:
                made = gpu.compute(planes())
                break
            except Pending:
                time.sleep(0.005)
    assert gpu.compute(planes()) is made
    # What it is waited for in is the same.
    assert gpu.compute(Source("compute", HANDLES_TRIAL.files, (("OTHER", 1),), inputs=1)).glo
    assert gpu.context.error == "GL_NO_ERROR"


def test_where_the_process_ends_or_makes_what_is_of_no_use_the_device_compiles(
    gpu: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    up(gpu.compiler)
    assert gpu.compiler is not None
    with monkeypatch.context() as wrong:
        wrong.setattr(gpu.compiler, "ask", lambda _: _known((77, b"no program")))
        assert gpu.compute(planes()).glo
    assert gpu.compiler is None
    assert gpu.context.error == "GL_NO_ERROR"
    gone = gpu.compiler = Compiler(gpu.renderer)
    up(gone)
    monkeypatch.setattr("studio.engine.gl.compiler.read", lambda _: None)
    assert gpu.compute(Source("compute", HANDLES_TRIAL.files, (("OTHER", 1),), inputs=1)).glo
    assert not gone.is_up
    gone.close()
    gone._thread.join(30)


def _known(binary: tuple[int, bytes]) -> Future[Binary | None]:
    found: Future[Binary | None] = Future()
    found.set_result(binary)
    return found


@pytest.mark.parametrize("renderer", ["", "another GPU"])
def test_what_the_driver_refuses_is_said_whoever_compiles(
    gpu: Device, monkeypatch: pytest.MonkeyPatch, renderer: str
) -> None:
    if renderer:
        # Then the thread makes nothing, and the device does it itself.
        other = gpu.compiler = Compiler(renderer)
        assert gpu.compute(planes()).glo
        other.close()
        other._thread.join(30)
    else:
        up(gpu.compiler)
    text = Source.text
    monkeypatch.setattr(Source, "text", lambda self: text(self) + "\n nonsense")
    with pytest.raises(EngineError, match=r"driver cannot compile lib/planes.glsl"):
        gpu.compute(Source("compute", HANDLES_TRIAL.files, (("OTHER", 1),), inputs=1))
    assert gpu.context.error == "GL_NO_ERROR"


def test_pictures_come_in_the_usual_way_until_the_faster_is_compiled(
    gpu: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, fed = branched_network(), {"input": normal(3, 16, 20)}
    wanted = on_torch(made)
    wanted.run(fed)

    def timed(self: ComputePasses, each: Any, plan: Plan) -> float:
        # The usual way is the slowest.
        return 2.0 if plan == self._usual(each) else 1.0 + (crc32(repr(plan).encode()) % 1000) / 1000

    monkeypatch.setattr(ComputePasses, "_seconds", timed)

    def engine() -> GLEngine:
        opened = GLEngine(made, gpu, Settings("tiles", tuner=Tuner("a GPU", tmp_path / "tiles.json")))
        opened.tunes_later = True
        opened.run(fed)
        assert relative_error(opened.output(), wanted.output()) <= 1e-5
        return opened

    up(gpu.compiler)
    first = engine()
    until = time.monotonic() + 120
    while (first.tune() is not None or first._awaits) and time.monotonic() < until:
        first.run(fed)
        assert relative_error(first.output(), wanted.output()) <= 1e-5
        time.sleep(0.002)
    assert first._passes.tuning is None
    faster = dict(first._passes._plans)
    with first._passes.as_usual() as differs:
        assert differs
    # Another window on the same network: what is faster is known, and not compiled.
    gpu._computes.clear()
    second = engine()
    assert second._awaits
    assert second._passes.tuning is None
    assert second._passes._plans == faster
    usual = {dispatch.program.glo for step in next(iter(second._steps.values())) for dispatch in step.run.dispatches}  # type: ignore[attr-defined]
    while second._awaits and time.monotonic() < until:
        second.tune()
        time.sleep(0.002)
    assert not second._awaits
    second.run(fed)
    assert relative_error(second.output(), wanted.output()) <= 1e-5
    runs = {dispatch.program.glo for step in next(iter(second._steps.values())) for dispatch in step.run.dispatches}  # type: ignore[attr-defined]
    assert runs != usual
    assert gpu.context.error == "GL_NO_ERROR"
    first.close()
    second.close()
