"""Programs that are compiled while other Python threads run, as on GPUs, whose drivers take their time."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from helpers import branched_network, normal, on_torch, relative_error

from studio.bends.multiply import Multiply
from studio.engine.gl.driver.device import Device, open_device
from studio.engine.gl.driver.shaders import HANDLES_TRIAL, Source
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.tuning.settings import Settings
from studio.errors import EngineError
from studio.model.bends.stage import Stage

pytestmark = pytest.mark.gl


@pytest.fixture
def gpu(device: Device, monkeypatch: pytest.MonkeyPatch) -> Iterator[Device]:
    """A device of its own, with nothing compiled yet, that compiles as a GPU's does."""
    if not device.has_compute:
        pytest.skip("no compute shaders here")
    own = open_device()
    monkeypatch.setattr(own, "is_software", False)
    yield own
    own.close()
    device.use()


def test_a_network_of_relinked_programs_is_the_same(gpu: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    linked: list[bool] = []
    relink = gpu.calls.relink

    def noted(program: int, text: str) -> bool:
        linked.append(relink(program, text))
        return linked[-1]

    monkeypatch.setattr(gpu.calls, "relink", noted)
    network, fed = branched_network(), {"input": normal(3, 16, 20)}
    engine, plain = GLEngine(network, gpu, Settings("shared")), on_torch(network)
    for each in (engine, plain):
        each.run(fed)
    assert linked
    assert all(linked)
    assert relative_error(engine.output(), plain.output()) <= 1e-5
    # And what is told of numbers by uniforms finds them.
    assert engine.stats("join").maximum == pytest.approx(plain.stats("join").maximum, rel=1e-5)
    assert gpu.context.error == "GL_NO_ERROR"
    engine.close()


def test_what_the_driver_refuses_is_said_with_its_reason(gpu: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    text = Source.text
    monkeypatch.setattr(Source, "text", lambda self: text(self) + "\n nonsense")
    gpu.layer = "enc"
    with pytest.raises(EngineError, match=r"Layer enc: the driver cannot compile lib/planes.glsl.*: .*error"):
        gpu.compute(replace(HANDLES_TRIAL, handles=False))
    assert gpu.context.error == "GL_NO_ERROR"


def test_other_threads_run_meanwhile(gpu: Device) -> None:
    within, done = threading.Event(), threading.Event()
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        within.wait()
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    # Long, and new to drivers that keep what they have compiled.
    new = secrets.randbelow(2**31)
    body = "".join(f"value = sin(value * {k}.{new}) + cos(value.yzwx * {k}.25);\n" for k in range(1500))
    head = "#version 430\nlayout(local_size_x = 1) in;\nlayout(std430, binding = 0) buffer Out { vec4 value; };\n"
    program = gpu.context.compute_shader("#version 430\nlayout(local_size_x = 1) in;\nvoid main() {}\n")
    thread = threading.Thread(target=tick)
    thread.start()
    within.set()
    assert gpu.calls.relink(program.glo, f"{head}void main() {{\n{body}}}\n")
    done.set()
    thread.join()
    assert ticks > 3, "it was compiled in one piece"


def test_times_of_a_run_before_stages_came_and_went_are_asked_for_in_vain(gpu: Device) -> None:
    engine = GLEngine(branched_network(), gpu, Settings("shared"))
    engine.time_every = 0
    fed = {"input": normal(3, 16, 20)}
    engine.set_stages((Stage(1, "enc", Multiply(factor=2.0)),))
    engine.run(fed)
    engine.set_stages(())
    # Nothing of it has run since.
    assert engine.times().keys() <= {node.name for node in engine.graph.nodes}
    engine.run(fed)
    assert set(engine.times()) == {node.name for node in engine.graph.nodes}
    engine.close()
