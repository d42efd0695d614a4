"""Loops that LLVM compiles: each operator against NumPy's, lines of all lengths, threads, and machines without LLVM."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from studio.lanes import (
    FLOAT,
    FLOATS,
    NUMBER,
    NUMBERS,
    WORDS,
    Function,
    PlainRoutine,
    Routine,
    Value,
    larger,
    machine,
    maps,
    maximum,
    minimum,
    smaller,
    suits,
    where,
    works,
)

pytestmark = pytest.mark.skipif(not works(), reason="LLVM does not work here")

Two = Callable[[Value, Value], Value]


def each(make: Two, kind: str = FLOATS) -> Routine:
    """A loop over single lines of two arrays."""

    def body(f: Function, first: Value, last: Value) -> None:
        with f.loop(first, last) as line, f.blocks(f["length"]) as at:
            place = line * f["length"] + at
            f.store("out", place, make(f.load("x", place), f.load("y", place)))

    return Routine(body, x=kind, y=kind, out=kind, length=NUMBER)


OF_FLOATS: dict[str, tuple[Routine, Callable[..., object]]] = {
    "sum": (each(lambda x, y: x + y), np.add),
    "difference": (each(lambda x, y: x - y), np.subtract),
    "product": (each(lambda x, y: x * y), np.multiply),
    "ratio": (each(lambda x, y: x / y), np.divide),
    "floor": (each(lambda x, _: x.floor()), lambda x, _: np.floor(x)),
    "sqrt": (each(lambda x, _: x.sqrt()), lambda x, _: np.sqrt(x)),
    "smaller": (each(minimum), lambda x, y: np.where(x < y, x, y)),
    "larger": (each(maximum), lambda x, y: np.where(x > y, x, y)),
    "smaller or none": (each(smaller), np.minimum),
    "larger or none": (each(larger), np.maximum),
    "equal": (each(lambda x, y: where(x.equals(y), y, 0.0)), lambda x, y: np.where(x == y, y, np.float32(0))),
    "at least": (each(lambda x, y: where(x >= y, y, 0.5)), lambda x, y: np.where(x >= y, y, np.float32(0.5))),
    "constant": (each(lambda x, _: x * 0.1), lambda x, _: x * np.float32(0.1)),
}
OF_WORDS: dict[str, tuple[Routine, Callable[..., object]]] = {
    "sum": (each(lambda x, y: x + y, WORDS), np.add),
    "product": (each(lambda x, y: x * y, WORDS), np.multiply),
    "both": (each(lambda x, y: x & y, WORDS), np.bitwise_and),
    "either": (each(lambda x, y: x | y, WORDS), np.bitwise_or),
    "one of them": (each(lambda x, y: x ^ y, WORDS), np.bitwise_xor),
    "moved left": (each(lambda x, y: x << (y & 31), WORDS), lambda x, y: x << (y & np.uint32(31))),
    "moved right": (each(lambda x, y: x >> (y & 31), WORDS), lambda x, y: x >> (y & np.uint32(31))),
    "constant": (each(lambda x, _: x ^ 0xFFFFFFFF, WORDS), lambda x, _: ~x),
}


@pytest.mark.parametrize("name", OF_FLOATS)
@given(data=st.data(), lines=st.integers(1, 3), length=st.integers(1, 70))
def test_operators_are_numpys(name: str, data: st.DataObject, lines: int, length: int) -> None:
    numbers = arrays.arrays(np.float32, (lines, length), elements=st.floats(width=32))
    run, wanted = OF_FLOATS[name]
    x, y = data.draw(numbers), data.draw(numbers)
    found = np.full_like(x, 7.0)
    run(lines, x.size, x=x, y=y, out=found, length=length)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(found, wanted(x, y))


@pytest.mark.parametrize("name", OF_WORDS)
@given(data=st.data(), lines=st.integers(1, 3), length=st.integers(1, 70))
def test_operators_of_words_are_numpys(name: str, data: st.DataObject, lines: int, length: int) -> None:
    numbers = arrays.arrays(np.uint32, (lines, length))
    run, wanted = OF_WORDS[name]
    x, y = data.draw(numbers), data.draw(numbers)
    found = np.zeros_like(x)
    run(lines, x.size, x=x, y=y, out=found, length=length)
    np.testing.assert_array_equal(found, wanted(x, y))


def test_words_become_numbers_by_their_sign() -> None:
    def body(f: Function, first: Value, last: Value) -> None:
        with f.loop(first, last) as line, f.blocks(f["length"]) as at:
            f.store("out", line * f["length"] + at, (f.load("x", at) - 5).float())

    x, found = np.arange(40, dtype=np.uint32), np.empty(40, np.float32)
    Routine(body, x=WORDS, out=FLOATS, length=NUMBER)(1, 40, x=x, out=found, length=40)
    np.testing.assert_array_equal(found, np.arange(-5, 35))


def sums() -> PlainRoutine:
    """Of what lies at certain places of each line, times a factor; 0 where there is less than a limit."""

    def body(f: Function, first: Value, last: Value) -> None:
        with f.loop(first, last) as line:
            total = f.variable(f.real(0.0))
            with f.loop(0, f["count"], 2) as at:
                value = f.one("x", line * f["length"] + f.one("places", at))
                total.set(total.value.plus_product(value, f["factor"]))
            f.store("out", line, f.real(0.0))
            with f.when(total.value > f["limit"]):
                f.store("out", line, total.value)

    given_memory = {"x": FLOATS, "places": NUMBERS, "out": FLOATS}
    return PlainRoutine(body, **given_memory, length=NUMBER, count=NUMBER, factor=FLOAT, limit=FLOAT)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_share_what_there_is_to_do(threads: int) -> None:
    rng = np.random.default_rng(3)
    x, places = rng.integers(-9, 9, (4001, 30)).astype(np.float32), rng.integers(0, 30, 11)
    found, before = np.full(4001, np.nan, np.float32), torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        how = {"length": 30, "count": 11, "factor": 0.5, "limit": 1.0}
        sums()(4001, 1 << 20, x=x, places=places, out=found, **how)
    finally:
        torch.set_num_threads(before)
    wanted = x[:, places[::2]].sum(1) * 0.5
    np.testing.assert_array_equal(found, np.where(wanted > 1.0, wanted, 0.0))


def test_nothing_to_do_is_done() -> None:
    sums()(0, 0, x=np.zeros(1, np.float32), places=np.zeros(1, np.int64), out=np.zeros(1, np.float32),
           length=0, count=0, factor=1.0, limit=0.0)  # fmt: skip


def test_numbers_of_two_kinds_are_not_mixed() -> None:
    def body(f: Function, first: Value, last: Value) -> None:
        with f.loop(first, last) as at:
            f.store("out", at, f.load("x", at) + f.load("words", at))

    with pytest.raises(AssertionError, match="float and i32"):
        Routine(body, x=FLOATS, words=WORDS, out=FLOATS).text(4)


def test_llvm_is_loaded_for_bends_alone() -> None:
    said = "import sys, studio.api, studio.bends; studio.bends.registry(); print('llvmlite' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.fixture
def forgotten() -> Iterator[None]:
    """What is known of LLVM is found out anew, during a test and behind it."""
    known = machine._found, machine._objection, maps._warn
    for each in known:
        each.cache_clear()
    yield
    for each in known:
        each.cache_clear()


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("llvmlite.binding.initialize_native_target", ImportError("no module")),
        ("llvmlite.binding.initialize_native_target", OSError("no library")),
        ("llvmlite.binding.initialize_native_target", RuntimeError("no such target")),
        ("studio.lanes.machine.compiled", OSError("not permitted")),
        ("studio.lanes.machine.compiled", RuntimeError("no memory to run")),
    ],
)
@pytest.mark.usefixtures("forgotten")
def test_without_llvm_who_has_to_do_without_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, problem: Exception, place: str
) -> None:
    def missing(*_: object) -> None:
        raise problem

    monkeypatch.setattr(place, missing)
    assert not works()
    assert machine.problem() == f"LLVM does not work ({problem})"
    assert not caplog.messages, "others than bends ask as well"
    for _ in range(2):
        assert not suits(torch.zeros(1, 3, 4, 5))
    assert caplog.messages == [f"Bends run through PyTorch's own operators, which is slower: {machine.problem()}."]


@pytest.mark.usefixtures("forgotten")
def test_where_llvm_works_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    assert suits(torch.zeros(1, 3, 4, 5))
    assert not suits(torch.zeros(1, 3, 4, 5, dtype=torch.float16))
    assert not machine.problem()
    assert not caplog.messages
