"""Calls that native code makes are those that Python makes: frames, numbers that move, earlier maps, learning."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from helpers import assert_same_bits, layer, network, normal, tiny_network

from studio.bends import make_bend
from studio.engine.gl.driver import tape
from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.tape import Made, Row, Tape
from studio.engine.gl.engines.half import GLHalfEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.frame.dispatch import Recorded
from studio.engine.gl.frame.passes import Step
from studio.engine.gl.frame.step_row import StepRow
from studio.engine.gl.tuning.settings import Settings
from studio.learn.bank import Bank
from studio.learn.lesson import Batch, Same
from studio.learn.losses import L2
from studio.learn.on_gl import GLBackend
from studio.learn.optimisers import Adam
from studio.learn.settings import Settings as Lesson
from studio.learn.settings import objective_of
from studio.model.bends.stage import Stage
from studio.model.declared.size import Size
from studio.model.declared.tick import Tick
from studio.model.networks.shape import Array

pytestmark = pytest.mark.gl


@pytest.fixture(scope="module", autouse=True)
def llvm() -> Iterator[None]:
    """Tapes can be made in these tests; the others have it as they had it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tape, "_loading", tape._Loading())
        tape._player.cache_clear()
        if not tape.prepare():
            pytest.skip("LLVM does not work here")
        yield
    tape._player.cache_clear()


@pytest.fixture
def played(device: Device, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each tape has that is played: a frame is one tape where nothing is timed."""
    found: list[int] = []
    run = tape._Run.__call__

    def noted(self: tape._Run) -> None:
        found.append(len(self._rows))
        run(self)

    monkeypatch.setattr(tape._Run, "__call__", noted)
    plain = StepRow.run
    monkeypatch.setattr(StepRow, "run", lambda self, _timed=None, **asked: plain(self, **asked))
    if not device.has_compute:
        pytest.skip("no compute shaders here")
    return found


Maps = dict[str, Array]


def both(device: Device, monkeypatch: pytest.MonkeyPatch, make: Callable[[], Maps]) -> list[Maps]:
    """What comes of it where Python makes the calls, and where native code does."""
    found = []
    for least in (np.inf, 1):
        monkeypatch.setattr(device, "taped_from", least)
        found.append(make())
    return found


def test_a_frame_is_the_same_with_numbers_that_are_turned_and_earlier_maps(
    device: Device, monkeypatch: pytest.MonkeyPatch, played: list[int]
) -> None:
    made = network(
        layer("conv", "Conv2d", "input", in_channels=3, out_channels=5, kernel_size=3, padding=1),
        layer("elu", "ELU", "conv", alpha=0.7),
        layer("norm", "InstanceNorm2d", "elu", num_features=5),
        layer("out", "Conv2d", "norm", in_channels=5, out_channels=3, kernel_size=3),
    )

    def frames() -> dict[str, Array]:
        engine = GLEngine(made, device)
        engine.set_stages([Stage(1, "conv", make_bend("Delay", {"frames": 2}), amount=0.5)])
        kept: dict[str, Array] = {}
        for number in range(4):
            engine.run({"input": normal(3, 9, 12, seed=number)}, Tick(number))
            engine.set_number("elu", "alpha", 0.3 + number)
            kept |= {f"{name} {number}": engine.activation(name) for name in ("conv", "elu", "out")}
        engine.close()
        return kept

    plain, native = both(device, monkeypatch, frames)
    assert_same_bits(native, plain)
    assert len(played) >= 8, "an earlier map is bound by Python, between two tapes of a frame"


@pytest.mark.parametrize("kind", [GLEngine, GLHalfEngine])
@pytest.mark.parametrize("kernels", ["shared", "blocks"])
def test_textures_and_images_are_bound_as_python_does(
    device: Device, monkeypatch: pytest.MonkeyPatch, played: list[int], kind: type[GLEngine], kernels: str
) -> None:
    if kind is GLHalfEngine and kernels == "blocks":
        pytest.skip("half precision has no blocks")
    made = tiny_network()
    chosen = (
        Settings("shared", half=kind is GLHalfEngine) if kernels == "shared" else Settings("blocks", most_outputs=6)
    )

    def frame() -> dict[str, Array]:
        engine = kind(made, device, chosen)
        for seed in range(2):
            engine.run({"input": normal(3, 8, 8, seed=seed)})
        found = {node.name: engine.activation(node.name) for node in made.graph.nodes}
        engine.close()
        return found

    plain, native = both(device, monkeypatch, frame)
    assert_same_bits(native, plain)
    assert played


@pytest.mark.parametrize("batch", [1, 2])
def test_steps_of_learning_are_the_same(
    device: Device, monkeypatch: pytest.MonkeyPatch, played: list[int], batch: int
) -> None:
    made = network(
        layer("a", "Conv2d", "input", in_channels=3, out_channels=6, kernel_size=3, padding=1),
        layer("norm", "BatchNorm2d", "a", num_features=6),
        layer("act", "ReLU", "norm"),
        layer("out", "Conv2d", "act", in_channels=6, out_channels=3, kernel_size=1),
    )
    black = np.zeros((1, 1, 3), np.uint8)

    def learnt() -> dict[str, Array]:
        size = Size(8, 8)
        backend = GLBackend(objective_of(made, Lesson(size, (L2(),), batch=batch)), Adam(), "gl", device)
        for seed in range(3):
            pictures = normal(2 * batch, 3, *size, seed=seed)
            backend.accumulate(Batch({"input": pictures[:batch]}, pictures[batch:], (black, black)), 1.0)
            backend.take(1e-2, 1.0)
        assert all(outcome.is_finite for outcome in backend.outcomes(wait=True))
        found = {name: backend.tensor(name) for name in made.tensors}
        backend.close()
        return found

    plain, native = both(device, monkeypatch, learnt)
    assert_same_bits(native, plain)
    assert not np.array_equal(native["a.weight"], made.tensors["a.weight"])
    assert played


def test_crops_a_row_of_layers_and_the_move_of_the_weights_are_a_tape_each(
    device: Device, monkeypatch: pytest.MonkeyPatch, played: list[int]
) -> None:
    made, size = tiny_network(), Size(8, 8)
    pictures = [np.random.default_rng(k).integers(0, 256, (12, 16, 3), np.uint8) for k in range(3)]

    def learnt() -> dict[str, Array]:
        backend = GLBackend(objective_of(made, Lesson(size, (L2(),), batch=1)), Adam(), "gl", device)
        rng, shown = np.random.default_rng(3), Same(Bank([*pictures], "here"))
        output = made.graph.shapes({"input": size})[made.graph.output]
        for number in range(4):
            if number == 2:
                # They move into a larger buffer.
                shown.bank.pictures += pictures
            played.clear()
            backend.accumulate(shown.batch(rng, 1, made.graph, size, Size(*output[1:])), 1.0)
            backend.take(1e-2, 1.0)
            backend.outcomes(wait=True)
        found = {name: backend.tensor(name) for name in made.tensors}
        backend.close()
        return found

    plain, native = both(device, monkeypatch, learnt)
    assert_same_bits(native, plain)
    assert len(played) == 3


def test_what_python_alone_can_do_comes_in_its_place(device: Device) -> None:
    order: list[str] = []
    barrier = Made(lambda: order.append("barrier"), (Row("glMemoryBarrier", (1,)),))
    made = [barrier, Made(lambda: order.append("one")), barrier, barrier, Made(lambda: order.append("two"))]
    recorded = Tape(made, device.calls)
    kinds = [isinstance(call, tape._Run) for call in recorded._calls]
    assert kinds == [True, False, True, False]
    recorded()
    assert order == ["one", "two"]


def test_what_is_bound_already_is_not_bound_again(device: Device) -> None:
    def rows(*given: Row) -> int:
        (run,) = Tape([Made(lambda: None, given)], device.calls)._calls
        assert isinstance(run, tape._Run)
        return len(run._rows)

    use, other = Row("glUseProgram", (0,)), Row("glUseProgram", (5,))
    block, elsewhere = Row("glBindBufferRange", (0x8A11, 0, 3, 0, 16)), Row("glBindBufferRange", (0x8A11, 1, 3, 0, 16))
    assert rows(use, use, use) == 1
    assert rows(use, other, use) == 3
    assert rows(block, elsewhere, block, elsewhere) == 2
    assert rows(block, block._replace(numbers=(0x8A11, 0, 4, 0, 16)), block) == 3
    assert rows(block, block._replace(cell=True)) == 2
    assert rows(*[Row("glDispatchCompute", (1, 1, 1))] * 2, *[Row("glMemoryBarrier", (1,))] * 2) == 4
    between = Tape([Made(lambda: None, (use,)), Made(lambda: None), Made(lambda: None, (use,))], device.calls)
    assert len(between._calls) == 3, "Python may have bound something else"


def test_llvm_is_loaded_after_some_frames_and_may_be_missing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun: list[object] = []

    class Noted:
        def __init__(self, target: object, name: str) -> None:
            assert name == "tape"
            begun.append(target)

        def start(self) -> None:
            pass

    monkeypatch.setattr(tape, "Thread", Noted)
    loading = tape._Loading()
    for _ in range(tape._ASKED_BEFORE):
        assert not begun
        assert not loading.is_over
    assert begun == [loading.load]
    assert not loading.is_over
    assert len(begun) == 1
    assert loading.load() != 0
    assert loading.is_over
    monkeypatch.setattr("studio.lanes.machine.works", lambda: False)
    monkeypatch.setattr("studio.lanes.machine.problem", lambda: "LLVM does not work (no such file)")
    lacking = tape._Loading()
    with caplog.at_level(logging.DEBUG, logger="studio"):
        assert lacking.load() == 0
    assert not lacking.is_over
    said = [(each.levelname, each.getMessage()) for each in caplog.records if each.name == tape.__name__]
    assert said == [("DEBUG", "Python makes the calls of OpenGL: LLVM does not work (no such file).")]


def test_a_program_that_ends_while_llvm_is_loaded_waits_for_it() -> None:
    said = "from studio.engine.gl.driver import tape; any(tape._loading.is_over for _ in range(tape._ASKED_BEFORE)); "
    said += "import atexit; atexit.register(lambda: print(tape._loading.load() != 0))"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("True", "")


@pytest.mark.parametrize("name", tape._FUNCTIONS)
def test_python_makes_the_calls_where_the_driver_lacks_one(
    device: Device, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(device, "taped_from", 1)
    address = device.calls.address
    assert device.can_play(1) is all(address(each) for each in tape._FUNCTIONS)
    monkeypatch.setattr(device.calls, "address", lambda asked: 0 if asked == name else address(asked))
    assert not device.can_play(1)


def test_what_native_code_runs_is_sent_off_in_parts(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "is_software", False)
    empty = Recorded([], device)
    row = StepRow([Step({str(number): 1.0}, (str(number),), empty) for number in range(9)], device)
    sent = {(idle, on): len(row._whole(is_idle=idle, sent_later=on)) for idle in (True, False) for on in (True, False)}
    # Behind the first and the fourth where there is nothing else to do, and behind the last where no more follows.
    assert sent == {(True, False): 3, (True, True): 2, (False, False): 1, (False, True): 0}
