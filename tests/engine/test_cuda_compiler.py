"""Kernels for CUDA are compiled in threads that nobody waits for in vain, and what cannot be compiled is told once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from threading import Event

import pytest
import torch

from studio.engine.cuda import compiler
from studio.engine.cuda.compiler import CudaCompiler, StillCompilingError
from studio.engine.cuda.source import KernelSource
from studio.errors import EngineError

PATIENCE = 60.0


def source(number: int) -> KernelSource:
    return KernelSource(("lib/bend.glsl", "bends/add.glsl"), (("NUMBER", number),), (), (True, True))


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No GPU is needed: a kernel's text is its constants, and its code is what runs it."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (9, 0))
    monkeypatch.setattr(KernelSource, "text", lambda self: str(self.constants[0][1]))
    monkeypatch.setattr(compiler, "_launch", lambda code, index: (code, index))
    compiler._warn.cache_clear()
    yield
    compiler._warn.cache_clear()


@pytest.fixture
def opened() -> Iterator[Callable[[], CudaCompiler]]:
    made: list[CudaCompiler] = []

    def one() -> CudaCompiler:
        made.append(CudaCompiler(0))
        return made[-1]

    yield one
    for each in made:
        each.close()


def test_what_is_not_begun_is_given_up_at_closing(
    opened: Callable[[], CudaCompiler], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: Queue[str] = Queue()
    goes_on = Event()

    def code(text: str, _: str) -> bytes:
        begun.put(text)
        assert goes_on.wait(PATIENCE)
        return text.encode()

    monkeypatch.setattr(compiler, "_code", code)
    ours = opened()
    for number in range(12):
        ours.ask(source(number))
    first = {begun.get(timeout=PATIENCE) for _ in range(4)}
    ours.close()
    goes_on.set()
    ours._pool.shutdown(wait=True)
    assert begun.empty()
    assert first == {"0", "1", "2", "3"}


def test_who_waits_for_a_kernel_keeps_nobody_else_waiting(
    opened: Callable[[], CudaCompiler], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on = Event(), Event()

    def code(text: str, _: str) -> bytes:
        if text == "0":
            begun.set()
            assert goes_on.wait(PATIENCE)
        return text.encode()

    monkeypatch.setattr(compiler, "_code", code)
    ours, theirs = opened(), opened()
    with ThreadPoolExecutor(2) as threads:
        ours.ask(source(0))
        assert begun.wait(PATIENCE)
        with pytest.raises(StillCompilingError):
            ours.launch(source(0), waits=False)
        waits = threads.submit(ours.launch, source(0), waits=True)

        def other() -> object:
            theirs.ask(source(1))
            return theirs.launch(source(1), waits=True)

        try:
            assert threads.submit(other).result(PATIENCE) == (b"1", 0)
            assert not waits.done()
        finally:
            goes_on.set()
        found: object = waits.result(PATIENCE)
        assert found == (b"0", 0)


def test_what_is_refused_is_told_once_with_its_files(
    opened: Callable[[], CudaCompiler], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def code(*_: str) -> bytes:
        raise EngineError("error: no such function")

    monkeypatch.setattr(compiler, "_code", code)
    for _ in range(2):
        ours = opened()
        ours.ask(source(0))
        assert ours.launch(source(0), waits=True) is None
        assert ours.launch(source(0), waits=False) is None
    said = "lib/bend.glsl, bends/add.glsl (error: no such function)"
    assert caplog.messages == [f"A bend runs through PyTorch's own operators, which is slower: {said}."]


@pytest.mark.parametrize(
    ("version", "library", "problem"),
    [
        (None, None, "this PyTorch is not made for CUDA"),
        ("12.8", None, "CUDA's compiler is missing"),
        ("12.8", object(), ""),
    ],
)
def test_where_there_is_no_compiler_who_bends_says_so_once(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    version: str | None,
    library: object,
    problem: str,
) -> None:
    monkeypatch.setattr(torch.version, "cuda", version)
    monkeypatch.setattr(compiler, "_library", lambda: library)
    assert compiler.problem() == problem
    assert not caplog.messages, "the doctor asks as well"
    for _ in range(2):
        found = compiler.compiler_for_bends(0)
        assert (found is None) == bool(problem)
        if found is not None:
            found.close()
    said = f"Bends run through PyTorch's own operators, which is slower: {problem}."
    assert caplog.messages == ([said] if problem else [])
