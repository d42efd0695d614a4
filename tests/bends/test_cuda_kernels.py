"""Bends as kernels for CUDA, of the same GLSL as on OpenGL; here compiled for this processor: no GPU is needed."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from bend_cases import FRAMES, play, staged
from helpers import on_torch, relative_error

from studio.bends import make_bend, registry
from studio.engine.cuda.compiler import Argument, Launch, StillCompilingError
from studio.engine.cuda.source import THREADS, KernelSource, _in_cpp
from studio.engine.cuda.stages import StageKernels
from studio.engine.gl.driver.text import include_file
from studio.engine.torch.engine import TorchEngine
from studio.model.bends.bend import Bend
from studio.model.bends.stage import (
    AllChannels,
    ChannelRange,
    Channels,
    Guard,
    Luma,
    Mask,
    Painted,
    SomeChannels,
    Stage,
)
from studio.model.declared.form import fields
from studio.model.networks.network import Network
from studio.model.networks.shape import Shape

SHAPES = (10, 7, 9), (8, 12, 5), (3, 6, 11), (1, 9, 8)
GUARDS = ("none", "finite", "deviation", "norm")
CHANNELS: tuple[Channels, ...] = (AllChannels(), ChannelRange(first=1, last=1), SomeChannels(share=0.5, seed=3))
MASKS: tuple[Mask | None, ...] = (
    None,
    Painted(np.random.default_rng(1).uniform(0, 1, (4, 6)).astype(np.float32)),
    Luma(source="small", low=-0.5, high=0.5),
)

_HOST = """
#include <math.h>
#undef INFINITY
#define __global__
struct Place { int x; };
static thread_local Place blockIdx, threadIdx;
extern "C" void place_thread(int block, int thread) { blockIdx.x = block; threadIdx.x = thread; }
"""


class HostCompiler:
    """Compiles kernels in one go, once all are known: first it notes them, and then it runs them."""

    def __init__(self) -> None:
        self.wanted: dict[KernelSource, int] = {}
        self.library: Any = None
        self.is_late = False

    def ask(self, source: KernelSource) -> None:
        """See `Compiler.ask`."""
        self.wanted.setdefault(source, len(self.wanted))

    def launch(self, source: KernelSource, *, waits: bool) -> Launch:
        """Runs a kernel thread by thread."""
        if self.is_late and not waits:
            raise StillCompilingError
        number = self.wanted[source]

        def launch(threads: int, arguments: Sequence[Argument]) -> None:
            if self.library is None:
                return
            kernel = getattr(self.library, f"texels_{number}")
            for at in range(threads + 1):  # one too many makes nothing
                self.library.place_thread(at // THREADS, at % THREADS)
                kernel(*arguments)

        return launch

    def close(self) -> None:
        """See `Compiler.close`."""

    def compile(self, folder: Path) -> None:
        """Make a library of all that were asked for."""
        parts = [_HOST, include_file("cuda/glsl.h")]
        for source, number in self.wanted.items():
            own = source.own_text().replace(" texels(", f" texels_{number}(")
            parts.append(f"namespace glsl {{ namespace n{number} {{\n{own}\n}} }}")
            parts += [f"#undef {name}" for name in sorted(set(re.findall(r"#define (\w+)", own)))]
        text, made = folder / "kernels.cpp", folder / "kernels.so"
        text.write_text("\n".join(parts))
        command = ["g++", "-std=c++20", "-O0", "-w", "-fPIC", "-shared", "-o", str(made), str(text)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[:3000]
        self.library = ctypes.CDLL(str(made))


class AtOnce:
    """In the place of graphs: all is run as it comes."""

    def run(self, nodes: Any, numbers: Any, maps: Any, run: Callable[[Any], None], told: Any) -> None:
        """See `Captured.run`."""
        del numbers, maps, told
        run(nodes)


def in_this_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for no device of CUDA's."""
    monkeypatch.setattr("studio.engine.torch.engine.make_current", lambda _: None)
    monkeypatch.setattr("studio.engine.torch.engine.Captured", AtOnce)


class Kernels(TorchEngine):
    """An engine whose stages are kernels, on this processor."""

    def __init__(self, made: Network, compiler: HostCompiler) -> None:
        super().__init__(made, "cpu")
        self._packable = set()
        self._captured = AtOnce()  # type: ignore[assignment]
        self._kernels = StageKernels(torch.device("cpu"), lambda: compiler)
        self.time_every, self._timed_at = np.inf, 0.0


def variants() -> Iterator[tuple[str, tuple[int, int, int], Stage]]:
    """Every bend with each choice that is compiled, and with other numbers; stages of all kinds around them."""
    count = 0
    for name, kind in sorted(registry().items()):
        choices = {field.name: field.choices for field in fields(kind) if field.kind == "choice"}
        for turn in range(max([2, *(len(each) for each in choices.values())])):
            chosen = {key: each[turn % len(each)] for key, each in choices.items()}
            yield name, SHAPES[count % 4], stage_of(kind, chosen, count, low=turn % 2 == 1)
            count += 1


def stage_of(kind: type[Bend], chosen: dict[str, Any], count: int, *, low: bool) -> Stage:
    turned: dict[str, Any] = {}
    for field in fields(kind):
        if low and field.kind in ("number", "integer") and field.safe is not None:
            turned[field.name] = field.safe[0] + (field.safe[1] - field.safe[0]) * 0.2
            if field.kind == "integer":
                turned[field.name] = int(turned[field.name])
    return Stage(
        1,
        "layer",
        kind.model_validate(chosen | turned),
        CHANNELS[count % 3] if SHAPES[count % 4][0] > 1 else AllChannels(),
        MASKS[count // 2 % 3],
        (1.0, 0.35)[count % 2],
        Guard(kind=GUARDS[count // 3 % 4]),  # type: ignore[arg-type]
        source="small" if kind.other == "layer" else None,
    )


CASES = list(variants())


class NotedCompiler:
    """Runs nothing, and notes what each kernel is given."""

    def __init__(self) -> None:
        self.given: list[Sequence[Argument]] = []

    def ask(self, source: KernelSource) -> None:
        """See `Compiler.ask`."""

    def launch(self, source: KernelSource, *, waits: bool) -> Launch:
        """See `Compiler.launch`."""
        del source, waits
        return lambda threads, arguments: self.given.append(arguments)  # noqa: ARG005 - as it is called

    def close(self) -> None:
        """See `Compiler.close`."""


def kernels_of(noted: NotedCompiler) -> StageKernels:
    """Those of an engine that has run a stage behind "layer", a map of 8 × 4 × 4."""
    engine = Kernels(staged(8), noted)  # type: ignore[arg-type]
    play(engine, (8, 4, 4), [Stage(1, "layer", make_bend("Add", {}))], 1)
    assert engine._kernels is not None
    return engine._kernels


def test_maps_that_kernels_cannot_count_run_through_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    in_this_processor(monkeypatch)
    kernels = kernels_of(NotedCompiler())
    engine = on_torch(staged(8))
    play(engine, (8, 4, 4), [Stage(1, "layer", make_bend("Add", {}))], 1)
    node = next(each for each in engine._running.nodes if each.name == "layer")
    for side, is_planned in ((16384, False), (16383, True)):
        assert (kernels._planned(node, dict.fromkeys(node.inputs, Shape(8, side, 16384))) is not None) == is_planned


def test_kernels_are_given_maps_that_begin_at_sixteen_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    in_this_processor(monkeypatch)
    noted = NotedCompiler()
    kernels = kernels_of(noted)
    room = torch.zeros(8 * 4 * 4 + 1)
    found = room[1:].view(1, 4, 4, 8).permute(0, 3, 1, 2)
    assert found.data_ptr() % 16
    kernels.run("layer", [found])
    made, _, rows, read = (each.value for each in noted.given[-1] if isinstance(each, ctypes.c_void_p))
    assert [(each or 0) % 16 for each in (made, rows, read)] == [0, 0, 0]


def test_maps_are_handed_on_in_the_order_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    in_this_processor(monkeypatch)
    kernels, given = kernels_of(NotedCompiler()), torch.zeros(1, 8, 4, 4)
    assert kernels.run("layer", [given])[1].is_contiguous(memory_format=torch.channels_last)
    kernels._order = torch.contiguous_format
    bent, handed_on = kernels.run("layer", [given])
    assert bent is handed_on
    assert handed_on.is_contiguous()


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> HostCompiler:
    trial = ["g++", "-std=c++20", "-fsyntax-only", "-x", "c++", "-"]
    text = "struct A { float x; }; A a = A(1.0f); unsigned b = __builtin_bit_cast(unsigned, 1.0f);"
    if shutil.which("g++") is None or subprocess.run(trial, input=text, text=True, check=False).returncode:
        pytest.skip("no compiler of this C++")
    found = HostCompiler()
    with pytest.MonkeyPatch.context() as patch:
        in_this_processor(patch)
        for _, shape, stage in CASES:
            engine = Kernels(staged(shape[0]), found)
            play(engine, shape, [stage], 1)
            engine.close()
    found.compile(tmp_path_factory.mktemp("kernels"))
    return found


@pytest.mark.parametrize(
    ("statement", "is_taken"),
    [
        ("low = high;", True),
        ("low += high;", True),
        ("low[1] = 2.0;", True),
        ("low.xy = high.zw;", False),
        ("low.xy += high.zw;", False),
        ("low.xyz *= 2.0;", False),
        ("low.xxxx = high;", False),
    ],
)
def test_a_swizzle_that_is_assigned_to_is_refused(compiler: HostCompiler, statement: str, is_taken: bool) -> None:
    """It would be lost without a word; what is refused runs through PyTorch's operators."""
    del compiler  # that there is one
    body = _in_cpp(f"vec4 changed(vec4 low, vec4 high) {{ {statement} return low; }}")
    text = "\n".join([_HOST, include_file("cuda/glsl.h"), f"namespace glsl {{ {body} }}"])
    command = ["g++", "-std=c++20", "-w", "-fsyntax-only", "-x", "c++", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == is_taken, done.stderr[:2000]


@pytest.mark.parametrize("name", sorted(registry()))
def test_a_bend_as_a_kernel_agrees_with_pytorch(
    name: str, compiler: HostCompiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_this_processor(monkeypatch)
    for own, shape, stage in CASES:
        if own != name:
            continue
        made = staged(shape[0])
        wanted = play(on_torch(made), shape, [stage])
        engine = Kernels(made, compiler)
        found = play(engine, shape, [stage])
        assert engine._kernels is not None
        bends = stage.channels.chosen(shape[0]).any() or stage.bend.memory() is not None
        assert engine._kernels.names == ({"layer"} if bends else set())
        engine.close()
        for frame in range(FRAMES):
            if getattr(stage.bend, "interpolation", "") == "nearest":
                # A place between two pixels falls to either side by a rounding.
                assert np.isclose(found[frame], wanted[frame], rtol=0.1, atol=1e-3).mean() > 0.8
            else:
                assert relative_error(found[frame], wanted[frame]) <= 1e-5, stage


def test_while_a_window_plays_pytorch_bends_until_kernels_are_compiled(
    compiler: HostCompiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_this_processor(monkeypatch)
    _, shape, stage = next(case for case in CASES if case[0] == "Rotate")
    made = staged(shape[0])
    wanted = play(on_torch(made), shape, [stage], 1)[0]
    engine = Kernels(made, compiler)
    assert engine._kernels is not None
    engine.tunes_later = True
    for is_late in (True, True, False, False):
        monkeypatch.setattr(compiler, "is_late", is_late)
        (found,) = play(engine, shape, [stage], 1)
        assert bool(engine._kernels.names) != is_late
        assert relative_error(found, wanted) <= 1e-5
    engine.close()


def test_what_cannot_be_compiled_runs_through_pytorch(compiler: HostCompiler, monkeypatch: pytest.MonkeyPatch) -> None:
    in_this_processor(monkeypatch)
    monkeypatch.setattr(compiler, "launch", lambda _, waits: None)  # noqa: ARG005 - as it is called
    _, shape, stage = next(case for case in CASES if case[0] == "Rotate")
    made = staged(shape[0])
    engine = Kernels(made, compiler)
    found = play(engine, shape, [stage])
    np.testing.assert_array_equal(found, play(on_torch(made), shape, [stage]))
    assert engine._kernels is not None
    assert not engine._kernels.names
    engine.close()


def test_a_compiler_is_looked_for_once_when_something_bends(monkeypatch: pytest.MonkeyPatch) -> None:
    in_this_processor(monkeypatch)
    _, shape, stage = next(case for case in CASES if case[0] == "Rotate")
    made, looked = staged(shape[0]), []
    engine = Kernels(made, HostCompiler())
    engine._kernels = StageKernels(torch.device("cpu"), lambda: looked.append(1))
    play(engine, shape, [], 1)
    assert not looked, "to look for it loads it"
    for _ in range(2):
        found = play(engine, shape, [stage])
        np.testing.assert_array_equal(found, play(on_torch(made), shape, [stage]))
        play(engine, shape, [], 1)
    assert looked == [1]
    engine.close()
