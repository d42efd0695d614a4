"""Shaders compiled in a process of their own: the picture goes on, and changes over when they are there."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zlib import crc32

import moderngl
import numpy as np
import pytest
from helpers import branched_network, normal, on_torch, relative_error

from studio.bends import make_bend
from studio.engine.base import Engine
from studio.engine.gl.driver import compiler as compiling
from studio.engine.gl.driver import device as opengl
from studio.engine.gl.driver.api import current_api
from studio.engine.gl.driver.calls import Binary
from studio.engine.gl.driver.compiler import Compiler
from studio.engine.gl.driver.device import Device, open_device
from studio.engine.gl.driver.machine_code import KeptCode
from studio.engine.gl.driver.shaders import HANDLES_TRIAL, Source
from studio.engine.gl.engines.compute import ComputePasses
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.tuning.loops import Plan
from studio.engine.gl.tuning.settings import Settings
from studio.engine.gl.tuning.tune import Tuner
from studio.errors import EngineError, NextTime, Pending, StudioError
from studio.model.bends.stage import Stage
from studio.model.declared.size import Size
from studio.model.networks.layout import Rect, sheet_size
from studio.model.networks.network import Network
from studio.runtime.bending.impact import Impact

pytestmark = pytest.mark.gl


@pytest.fixture
def gpu(device: Device, monkeypatch: pytest.MonkeyPatch) -> Iterator[Device]:
    """A device of its own, with nothing compiled yet, whose compute shaders are compiled as a window's on a GPU."""
    if not device.has_compute:
        pytest.skip("no compute shaders here")
    own = open_device()
    monkeypatch.setattr(own, "is_software", False)
    # However busy the machine is.
    monkeypatch.setattr(opengl, "LONGEST", 120.0)
    made = own.compiler = Compiler(own.renderer, current_api(), 2)
    yield own
    made.close()
    made.join(60)
    own.close()
    device.use()


def planes() -> Source:
    return Source("compute", HANDLES_TRIAL.files, inputs=1)


def other(number: int = 1) -> Source:
    return Source("compute", HANDLES_TRIAL.files, (("OTHER", number),), inputs=1)


def test_what_is_compiled_elsewhere_is_asked_for_and_waited_for_as_one_likes(gpu: Device) -> None:
    with gpu.being("looks"), pytest.raises(Pending):
        gpu.compute(planes())
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
    assert gpu.compute(other()).glo
    # What was foreseen is there, or will be.
    gpu.foresee([other(2), other(3)])
    assert gpu.compute(other(3)).glo
    assert gpu.compiler is not None
    assert gpu.context.error == "GL_NO_ERROR"


def test_what_somebody_waits_for_comes_before_what_was_asked_for_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    done, begins = list[str](), threading.Event()

    def compiled(_: object, text: str | None) -> Binary:
        if text is None:
            begins.wait(60)
            return 0, b"a GPU"
        done.append(text)
        return 1, text.encode()

    monkeypatch.setattr(compiling, "_started", lambda *_: SimpleNamespace())
    monkeypatch.setattr(compiling, "_end", lambda _: None)
    monkeypatch.setattr(compiling, "_safely", compiled)
    compiler = Compiler("a GPU", "", 1)
    sooner = [compiler.ask(text) for text in ("a", "b", "c")]
    waited = [compiler.ask(text, waits=True) for text in ("c", "d")]
    begins.set()
    assert [future.result(60) for future in (*sooner, *waited)] == [(1, text.encode()) for text in (*"abc", *"cd")]
    assert done == ["c", "d", "a", "b"]
    assert waited[0] is sooner[2]
    compiler.forget("d")
    assert compiler.ask("d").result(60) == (1, b"d")
    assert done[-1] == "d"
    compiler.close()
    compiler.join(60)
    # Whoever asks now does it himself.
    assert compiler.is_lost
    assert compiler.ask("e").result(60) is None


def test_a_process_with_nothing_to_do_ends_and_another_begins_when_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = list[object](), queue.SimpleQueue[object]()

    def started(*_: object) -> SimpleNamespace:
        begun.append(SimpleNamespace())
        return begun[-1]  # type: ignore[return-value]

    monkeypatch.setattr(compiling, "IDLE", 0.001)
    monkeypatch.setattr(compiling, "_started", started)
    monkeypatch.setattr(compiling, "_end", ended.put)
    monkeypatch.setattr(compiling, "_safely", lambda _, text: (1, (text or "a GPU").encode()))
    compiler = Compiler("a GPU", "", 1)
    assert ended.get(timeout=60) is begun[0]
    assert compiler.ask("a").result(60) == (1, b"a")
    assert ended.get(timeout=60) is begun[1]
    compiler.close()
    compiler.join(60)
    assert len(begun) == 2


def test_what_a_process_leaves_others_compile_and_in_the_end_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    turns, begins = iter(range(100)), threading.Event()

    def dies(_: object, text: str | None) -> Binary | None:
        if text is None:
            begins.wait(60)
            return 0, b"a GPU"
        return None if next(turns) < 2 else (1, text.encode())

    monkeypatch.setattr(compiling, "_started", lambda *_: SimpleNamespace())
    monkeypatch.setattr(compiling, "_end", lambda _: None)
    monkeypatch.setattr(compiling, "_safely", dies)
    compiler = Compiler("a GPU", "", 3)
    asked = [compiler.ask(text) for text in "abcd"]
    begins.set()
    found = [future.result(60) for future in asked]
    assert sorted(str(each) for each in found) == sorted(
        str(found[n] and (1, text.encode())) for n, text in enumerate("abcd")
    )
    assert found.count(None) == 2
    assert not compiler.is_lost
    compiler.close()
    compiler.join(60)


def test_of_what_lies_on_the_disk_one_process_makes_all_and_the_others_begin_with_what_does_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Four that began together were there after half a second, in which the window waited for the driver, too."""
    begun = list[int]()
    several = threading.Event()

    def started(_: object, number: int) -> SimpleNamespace:
        begun.append(number)
        if len(begun) == 3:
            several.set()
        return SimpleNamespace()

    monkeypatch.setattr(compiling, "_started", started)
    monkeypatch.setattr(compiling, "_end", lambda _: None)
    monkeypatch.setattr(compiling, "_safely", lambda _, text: (1, (text or "a GPU").encode()))
    path = tmp_path / "machine-code.json"
    for text in "ab":
        KeptCode("a GPU", path).note(text)
    compiler = Compiler("a GPU", "", 3, kept=KeptCode("a GPU", path))
    for text in "ab":
        assert compiler.ask(text, waits=True).result(60) == (1, text.encode())
    assert begun == [0]
    assert compiler.ask("c").result(60) == (1, b"c")
    assert several.wait(60)
    assert sorted(begun) == [0, 1, 2]
    compiler.close()
    compiler.join(60)
    # Those that never began end as well, and whoever asks then does it himself.
    unasked = Compiler("a GPU", "", 3, kept=KeptCode("a GPU", path))
    unasked.close()
    unasked.join(60)
    assert not any(thread.is_alive() for thread in unasked._threads)
    assert unasked.ask("a").result(60) is None


def test_where_the_processes_end_or_make_what_is_of_no_use_the_device_compiles(
    gpu: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gpu.compiler is not None
    with monkeypatch.context() as wrong:
        wrong.setattr(gpu.compiler, "ask", lambda _, **__: _known((77, b"no program")))
        assert gpu.compute(planes()).glo
    assert gpu.compiler is None
    assert gpu.context.error == "GL_NO_ERROR"
    monkeypatch.setattr(compiling, "read", lambda _: None)
    gone = gpu.compiler = Compiler(gpu.renderer, current_api(), 2)
    assert gpu.compute(other()).glo
    gone.join(60)
    assert gone.is_lost
    assert gpu.compute(other(2)).glo


def test_a_process_that_never_answers_keeps_nobody_waiting_for_ever(
    gpu: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gpu.compiler is not None
    monkeypatch.setattr(opengl, "LONGEST", 0.0)
    monkeypatch.setattr(gpu.compiler, "ask", lambda *_, **__: Future())
    assert gpu.compute(planes()).glo
    assert gpu.compiler is None


def _known(binary: tuple[int, bytes]) -> Future[Binary | None]:
    found: Future[Binary | None] = Future()
    found.set_result(binary)
    return found


def test_all_that_a_picture_needs_is_asked_for_before_the_first_is_waited_for(
    gpu: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gpu.compiler is not None
    asked, ask = list[tuple[str, bool]](), gpu.compiler.ask

    def noted(text: str, *, waits: bool = False) -> Future[Binary | None]:
        asked.append((text, waits))
        return ask(text, waits=waits)

    monkeypatch.setattr(gpu.compiler, "ask", noted)
    made, fed = branched_network(), {"input": normal(3, 16, 20)}
    wanted = on_torch(made)
    wanted.run(fed)
    engine = GLEngine(made, gpu, Settings("shared"))
    engine.input_memory("input", Size(16, 20))
    asked.clear()
    engine.run(fed)
    assert relative_error(engine.output(), wanted.output()) <= 1e-5
    needed = {text for text, waits in asked if waits}
    assert len(needed) > 3
    # Nobody waits between the first of the layers' shaders and the last.
    begins = next(place for place, (text, waits) in enumerate(asked) if not waits and text in needed)
    waited = next(place for place, (_, waits) in enumerate(asked) if waits and place > begins)
    assert len({text for text, _ in asked[begins:waited]} & needed) > 3
    engine.close()


@pytest.mark.usefixtures("gpu")
def test_processes_have_their_contexts_by_the_interface_that_made_the_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    # A driver has a library for each, and refuses what the other made.
    assert current_api() == ("egl" if sys.platform.startswith("linux") else "")
    asked = list[dict[str, Any]]()

    def refused(**settings: Any) -> None:
        asked.append(settings)
        raise RuntimeError("none here")

    monkeypatch.setattr(moderngl, "create_context", refused)
    for api in ("egl", "glx"):
        asked.clear()
        with pytest.raises(StudioError, match="none here"):
            open_device(api=api)  # type: ignore[arg-type]
        assert [settings.get("backend") for settings in asked] == [{"egl": "egl", "glx": None}[api]] * 2


@pytest.mark.parametrize("renderer", ["", "another GPU"])
def test_what_the_driver_refuses_is_said_whoever_compiles(
    gpu: Device, monkeypatch: pytest.MonkeyPatch, renderer: str
) -> None:
    if renderer:
        # Then the processes make nothing, and the device does it itself.
        another = gpu.compiler = Compiler(renderer, current_api(), 1)
        assert gpu.compute(planes()).glo
        another.close()
        another.join(60)
    text = Source.text
    monkeypatch.setattr(Source, "text", lambda self: text(self) + "\n nonsense")
    with pytest.raises(EngineError, match=r"driver cannot compile lib/planes.glsl"):
        gpu.compute(other())
    assert gpu.context.error == "GL_NO_ERROR"


def the_usual_way_is_the_slowest(self: ComputePasses, each: Any, plan: Plan) -> float:
    """In place of what measures plans."""
    return 2.0 if plan == self._usual(each) else 1.0 + (crc32(repr(plan).encode()) % 1000) / 1000


def until_settled(engine: GLEngine, fed: dict[str, np.ndarray], end: float) -> None:
    """Run and tune until nothing is measured or waited for any more, and once behind that."""
    quiet = 0
    while quiet < 2 and time.monotonic() < end:
        engine.run(fed)
        quiet = quiet + 1 if engine.tune() is None and not engine._awaits else 0
        time.sleep(0.002)
    # What was measured last changes over with the next picture.
    engine.run(fed)


def sources_of(engine: GLEngine) -> dict[str, list[Source]]:
    """The shaders of each layer that runs, by its name."""
    of = {program.glo: source for source, program in engine._device._computes.items()}
    return {
        step.covers[0].partition(">")[0]: [of[each.program.glo] for each in step.run.dispatches]  # type: ignore[attr-defined]
        for step in next(iter(engine._steps.values()))
    }


def followed(engine: GLEngine) -> str:
    """A layer into whose pass another is fused: that is made behind its stage where it bends."""
    return next(step.covers[0] for step in next(iter(engine._steps.values())) if len(step.covers) > 1)


def test_pictures_come_in_the_usual_way_until_the_faster_is_compiled(
    gpu: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, fed = branched_network(), {"input": normal(3, 16, 20)}
    wanted = on_torch(made)
    wanted.run(fed)

    monkeypatch.setattr(ComputePasses, "_seconds", the_usual_way_is_the_slowest)

    def engine() -> GLEngine:
        opened = GLEngine(made, gpu, Settings("shared", tuner=Tuner("a GPU", tmp_path / "plans.json")))
        opened.tunes_later = True
        opened.run(fed)
        assert relative_error(opened.output(), wanted.output()) <= 1e-5
        return opened

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


def test_where_machine_code_stays_with_the_driver_nothing_changes_over_until_the_next_start(
    gpu: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, fed = branched_network(), {"input": normal(3, 16, 20)}
    wanted = on_torch(made)
    wanted.run(fed)

    monkeypatch.setattr(ComputePasses, "_seconds", the_usual_way_is_the_slowest)

    def noted(self: Device, text: str) -> Binary | None:
        found = binary(self, text)
        if self._patience != "waits":
            taken.add(text in kept)
        return found

    binary, taken = Device._binary, set[bool]()
    monkeypatch.setattr(Device, "_binary", noted)
    own = gpu.compiler
    until, starts = time.monotonic() + 240, list[tuple[bool, set[Source]]]()
    for _ in range(3):
        # As a process begins: nothing is compiled, and what is on the disk is looked at.
        kept = KeptCode("a GPU", tmp_path / "machine-code.json")
        compiler = gpu.compiler = Compiler(gpu.renderer, current_api(), 2, kept=kept)
        gpu._computes.clear()
        engine = GLEngine(made, gpu, Settings("shared", tuner=Tuner("a GPU", tmp_path / "plans.json")))
        engine.tunes_later = True
        until_settled(engine, fed, until)
        assert relative_error(engine.output(), wanted.output()) <= 1e-5
        with engine._passes.as_usual() as differs:
            starts.append((differs, {source for sources in sources_of(engine).values() for source in sources}))
        # By the end all that was asked for is compiled.
        for future in list(compiler._futures.values()):
            assert future.result(120) is not None
        engine.close()
        compiler.close()
        compiler.join(60)
    gpu.compiler = own
    (first, usual), (second, _), (third, faster) = starts
    # Nothing is measured, then what is faster is known, and compiled as it is fused, and in the end it runs.
    assert (first, second, third) == (False, True, True)
    assert faster != usual
    # Nobody was held up in between.
    assert taken == {True}


def test_a_layer_goes_on_as_it_is_until_its_pass_with_a_stage_is_compiled(gpu: Device) -> None:
    made, fed = branched_network(), {"input": normal(3, 16, 20)}
    last = made.graph.nodes[-1].name
    wanted, engine = on_torch(made), GLEngine(made, gpu, Settings("shared"))
    engine.tunes_later = True
    engine.run(fed)
    alone = len(list(next(iter(engine._steps.values()))))
    for each in (wanted, engine):
        each.set_stages([Stage(1, last, make_bend("Add", {"value": 0.75}))])
        each.run(fed)
    assert engine._awaits
    assert len(list(next(iter(engine._steps.values())))) == alone + 1
    assert relative_error(engine.output(), wanted.output()) <= 1e-5
    until = time.monotonic() + 120
    while engine._awaits and time.monotonic() < until:
        engine.tune()
        time.sleep(0.002)
    engine.run(fed)
    assert len(list(next(iter(engine._steps.values())))) == alone
    assert relative_error(engine.output(), wanted.output()) <= 1e-5
    engine.close()


def test_a_layer_whose_faster_way_is_not_compiled_slows_no_other_down(
    gpu: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While channels of one layer were measured, all others ran in their usual ways: half as fast on one card."""
    made, fed = branched_network(), {"input": normal(3, 16, 20)}
    wanted = on_torch(made)
    monkeypatch.setattr(ComputePasses, "_seconds", the_usual_way_is_the_slowest)
    engine = GLEngine(made, gpu, Settings("shared", tuner=Tuner("a GPU", tmp_path / "plans.json")))
    engine.tunes_later = True
    until_settled(engine, fed, time.monotonic() + 240)
    before, bent, own = sources_of(engine), followed(engine), gpu.compiler
    gpu.compiler = Nothing()  # type: ignore[assignment]
    for each in (wanted, engine):
        each.set_stages([Stage(1, bent, make_bend("Add", {"value": 0.75}))])
        each.run(fed)
    assert relative_error(engine.output(), wanted.output()) <= 1e-5
    assert engine._awaits
    after = sources_of(engine)
    assert len(before) > 2
    assert {name for name in before if after[name] != before[name]} == {bent}
    gpu.compiler = own
    engine.close()


def test_layers_whose_faster_way_is_on_the_disk_do_not_wait_for_one_that_is_not(
    gpu: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All waited for the next start: a window that measured channels at its first ran every layer in its usual way."""
    made, fed = branched_network(), {"input": normal(3, 16, 20)}
    wanted = on_torch(made)
    monkeypatch.setattr(ComputePasses, "_seconds", the_usual_way_is_the_slowest)
    settings = Settings("shared", tuner=Tuner("a GPU", tmp_path / "plans.json"))
    until, own = time.monotonic() + 240, gpu.compiler
    engine = GLEngine(made, gpu, settings)
    engine.tunes_later = True
    until_settled(engine, fed, until)
    faster, bent = sources_of(engine), followed(engine)
    engine.close()
    # As at the next start: what ran is on the disk, and what a stage makes of its layer is not.
    known = {source.text() for sources in faster.values() for source in sources}
    gpu._computes.clear()
    compiler = gpu.compiler = Compiler(gpu.renderer, current_api(), 2, kept=KeptCode("a GPU", tmp_path / "none.json"))
    monkeypatch.setattr(compiler, "is_quick", lambda text: text in known)
    engine = GLEngine(made, gpu, settings)
    engine.tunes_later = True
    for each in (wanted, engine):
        each.set_stages([Stage(1, bent, make_bend("Add", {"value": 0.75}))])
        each.run(fed)
    until_settled(engine, fed, until)
    after = sources_of(engine)
    assert relative_error(engine.output(), wanted.output()) <= 1e-5
    assert {name for name in faster if after[name] != faster[name]} == {bent}
    engine.close()
    compiler.close()
    compiler.join(60)
    gpu.compiler = own


class Nothing:
    """Stands for processes that compile on and on, or hand over what `made` holds, none of which is on the disk."""

    def __init__(self, made: dict[str, Binary] | None = None) -> None:
        self.made, self.asked = made or {}, list[str]()

    def ask(self, text: str, *, waits: bool = False) -> Future[Binary | None]:
        del waits
        self.asked.append(text)
        future = Future[Binary | None]()
        if text in self.made:
            future.set_result(self.made[text])
        return future

    def is_quick(self, _: str) -> bool:
        return False

    def forget(self, _: str) -> None:
        pass


def ran(made: Network, gpu: Device) -> tuple[Engine, GLEngine]:
    """PyTorch's engine and one that tunes later, which have run once."""
    wanted, engine = on_torch(made), GLEngine(made, gpu, Settings("shared"))
    engine.tunes_later = True
    for each in (wanted, engine):
        each.run({"input": normal(3, 16, 20)})
    return wanted, engine


def test_what_would_be_compiled_again_here_anyway_is_not_waited_for(
    gpu: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opengl, "LONGEST", 0.1)
    own, nothing = gpu.compiler, Nothing()
    gpu.compiler = nothing  # type: ignore[assignment]
    made, compiles, before = branched_network(), gpu.context.compute_shader, dict[str, int]()

    def compiled(text: str) -> moderngl.ComputeShader:
        before[text] = len(nothing.asked)
        return compiles(text)

    monkeypatch.setattr(gpu.context, "compute_shader", compiled)
    wanted, engine = ran(made, gpu)
    assert relative_error(engine.output(), wanted.output()) <= 1e-5
    # Other processes are not at it at the same time: it is asked for behind that.
    assert [text for text, asked in before.items() if text in nothing.asked[:asked]] == []
    # All was asked for, so that it is on the disk by the next start, and none was waited for in vain.
    assert {source.text() for source in gpu._computes} <= set(nothing.asked)
    assert isinstance(gpu.compiler, Nothing)
    gpu.compiler = own
    engine.close()


def test_what_is_not_on_the_disk_is_compiled_once_where_it_is_wanted_though_others_have_compiled_it(
    gpu: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver whose bytes hold no machine code compiled it a second time, while the first picture waited for it."""
    assert gpu.compiler is not None
    own, made = gpu.compiler, {other(1).text(): (1, b"of no use"), other(2).text(): (1, b"of no use")}
    gpu.compiler = nothing = Nothing(made)  # type: ignore[assignment]
    taken = list[int]()
    monkeypatch.setattr(gpu.calls, "take_binary", lambda program, _: bool(taken.append(program)))
    assert gpu.compute(other(1)).glo
    # What is foreseen is compiled while nobody waits yet: nobody else does it sooner.
    gpu.foresee([other(2)])
    assert gpu.has(other(2))
    assert taken == []
    # By the next start both are on the disk.
    assert set(nothing.asked) == made.keys()
    assert gpu.compiler is nothing
    gpu.compiler = own


def test_what_a_driver_refuses_is_no_error_as_long_as_it_is_but_foreseen(gpu: Device) -> None:
    own, wrong = gpu.compiler, Source("compute", ("lib/compute.glsl",), (("NONE", 1),))
    gpu.compiler = Nothing()  # type: ignore[assignment]
    gpu.foresee([wrong, other(5)])
    assert gpu.has(other(5))
    assert not gpu.has(wrong)
    with pytest.raises(EngineError):
        gpu.compute(wrong)
    gpu.compiler = own


def test_what_nobody_waits_for_is_taken_a_little_between_two_frames_and_runs_once_before_it_is_used(
    gpu: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large programs that were on the disk took 30 to 220 ms each when they first ran, all in one frame."""
    assert gpu.compiler is not None
    texts = [other(number).text() for number in (3, 4)]
    own, made = gpu.compiler, {text: gpu.calls.binary(text) for text in texts}
    if None in made.values():
        pytest.skip("this driver hands nothing over")
    gpu.compiler = Nothing(made)  # type: ignore[arg-type, assignment]
    monkeypatch.setattr(Nothing, "is_quick", lambda *_: True)
    monkeypatch.setattr(opengl, "_AT_ONCE", 0.0)
    done = list[int]()
    monkeypatch.setattr(gpu.calls, "dispatch", lambda program, *_: done.append(program.glo))
    for taken in (1, 2):
        with gpu.being("asks"):
            programs = [gpu.compute(other(number)).glo for number in range(3, 3 + taken)]
            assert done == programs
            if taken == 1:
                with pytest.raises(Pending) as late:
                    gpu.compute(other(4))
                # It is taken behind the next frame, and not at the next start.
                assert type(late.value) is Pending
    gpu.compiler = own


def test_what_nobody_waits_for_is_not_compiled_where_it_runs_and_the_engine_stays_as_it_was(gpu: Device) -> None:
    own, nothing = gpu.compiler, Nothing()
    gpu.compiler = nothing  # type: ignore[assignment]
    made = branched_network()
    wanted, engine = ran(made, gpu)
    weighted = next(node.name for node in made.graph.nodes if node.op.tensor_shapes())
    compiled = gpu.programs
    nothing.asked.clear()
    with engine.unhurried(), pytest.raises(NextTime):
        Impact(engine, weighted).measure()
    assert gpu.programs == compiled
    assert engine.stages == ()
    # All of it is asked for, and the next start has it.
    assert len(set(nothing.asked)) > 1
    for each in (wanted, engine):
        each.update()
        assert relative_error(each.output(), wanted.output()) <= 1e-5
    assert gpu.programs == compiled
    # Where somebody waits, it is compiled at once.
    impact = Impact(engine, weighted)
    assert impact.measure()
    assert gpu.programs > compiled
    other = Impact(wanted, weighted)
    other.measure()
    assert relative_error(impact.of, other.of) <= 1e-4
    gpu.compiler = own
    engine.close()


def test_what_was_not_run_for_want_of_its_shaders_is_still_to_be_run(gpu: Device) -> None:
    """It counted as done: the picture stayed as it was before the stage."""
    own, nothing = gpu.compiler, Nothing()
    gpu.compiler = nothing  # type: ignore[assignment]
    made = branched_network()
    wanted, engine = ran(made, gpu)
    weighted = next(node.name for node in made.graph.nodes if node.op.tensor_shapes())
    for each in (wanted, engine):
        each.set_stages([Stage(1, weighted, make_bend("Multiply", {"factor": 3.0}))])
    before = engine.output()
    with engine.unhurried(), pytest.raises(NextTime):
        engine.update()
    assert np.array_equal(engine.output(), before)
    assert engine.update() == wanted.update()
    assert relative_error(engine.output(), wanted.output()) <= 1e-5
    gpu.compiler = own
    engine.close()


@pytest.mark.parametrize("is_kept", [True, False])
def test_what_an_edit_reaches_runs_with_all_other_layers_until_its_own_passes_are_compiled(
    gpu: Device, monkeypatch: pytest.MonkeyPatch, is_kept: bool
) -> None:
    own, nothing = gpu.compiler, Nothing()
    gpu.compiler = nothing  # type: ignore[assignment]
    monkeypatch.setattr(Nothing, "is_quick", lambda *_: not is_kept)
    made, fed = branched_network(), {"input": normal(3, 16, 20)}
    wanted, engine = on_torch(made), GLEngine(made, gpu, Settings("shared"))
    # The frame itself is waited for, and the processes never answer.
    monkeypatch.setattr(opengl, "LONGEST", 0.0)
    gpu.compiler = None
    for each in (wanted, engine):
        each.run(fed)
    gpu.compiler = nothing  # type: ignore[assignment]
    engine.tunes_later = True
    # What follows it joins layers of which some do not run again.
    compiled, name = gpu.compiled, "norm.weight"
    for turn in range(3):
        values = np.full(sheet_size(made.tensors[name].shape), 0.25 * (turn + 1), np.float32)
        for each in (wanted, engine):
            each.replace(name, Rect(0, 0, *values.shape), values)
            each.update()
        assert relative_error(engine.output(), wanted.output()) <= 1e-5
        assert gpu.compiled == compiled
    gpu.compiler = own
    engine.close()
