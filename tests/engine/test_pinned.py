"""Inputs on their way to CUDA: what the device makes of a picture is what the processor makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from helpers import normal
from hypothesis import given
from hypothesis import strategies as st
from played_graphs import Played, Stream, play_graphs

from studio.engine.torch import pinned, pinned_outputs
from studio.engine.torch.pinned import PinnedInputs, made_of
from studio.engine.torch.pinned_outputs import PinnedOutputs
from studio.engine.torch.reached import Reached
from studio.model.networks.inputs import Input
from studio.model.networks.picture import to_tensor, white


@st.composite
def inputs(draw: st.DrawFn) -> Input:
    channels = draw(st.sampled_from([1, 3]))
    mean = draw(st.sampled_from([(), (0.4,) * channels, (0.485, 0.456, 0.406)[:channels]]))
    std = draw(st.sampled_from([(), (0.229, 0.224, 0.225)[:channels]]))
    order = draw(st.sampled_from(["rgb", "bgr"]))
    return Input(
        "input", channels, range=draw(st.sampled_from([(0.0, 1.0), (-1.0, 1.0)])), mean=mean, std=std, order=order
    )


@given(fed=inputs(), deep=st.booleans(), height=st.integers(1, 9), width=st.integers(1, 9), seed=st.integers(0, 99))
def test_pictures_become_the_floats_that_the_processor_makes(
    fed: Input, deep: bool, height: int, width: int, seed: int
) -> None:
    most, kind = (65536, np.uint16) if deep else (256, np.uint8)
    picture = np.random.default_rng(seed).integers(0, most, (height, width, 3)).astype(kind)
    wanted = to_tensor(picture, fed.channels, fed.range, fed.mean, fed.std, fed.order)
    there = torch.from_numpy(picture.view(np.int16) if deep else picture)
    found = made_of(there, fed, white(picture))[0].numpy()
    if fed.channels == 3:
        np.testing.assert_array_equal(found, wanted)
    else:
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)


class _Event:
    def record(self, stream: object = None) -> None:
        del stream

    def wait(self, stream: object) -> None:
        del stream

    def synchronize(self) -> None:
        pass


class _Driver:
    """Registers memory, but for some lengths."""

    def __init__(self) -> None:
        self.registered: list[int] = []
        self.refuses: set[int] = set()
        self.last = 0

    def cudaHostRegister(self, address: int, size: int, flags: int) -> int:  # noqa: N802 - CUDA's own name
        assert flags == 0
        if size in self.refuses:
            self.last = 2
            return 2
        self.registered.append(address)
        return 0

    def cudaHostUnregister(self, address: int) -> int:  # noqa: N802 - CUDA's own name
        self.registered.remove(address)
        return 0


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> _Driver:
    made = _Driver()
    monkeypatch.setattr(torch.cuda, "cudart", lambda: made)
    return made


@pytest.fixture
def reached(driver: _Driver) -> Reached:
    del driver
    return Reached()


@pytest.fixture
def fed(monkeypatch: pytest.MonkeyPatch, reached: Reached) -> PinnedInputs:
    play_graphs(monkeypatch)
    empty = torch.empty

    def anywhere(*size: int, **given: Any) -> torch.Tensor:
        given.pop("pin_memory", None)
        return empty(*size, **given)

    monkeypatch.setattr(torch, "empty", anywhere)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _: None)
    monkeypatch.setattr(pinned, "mark", _Event)
    return PinnedInputs(torch.device("cpu"), reached)


def test_what_is_written_into_the_memory_arrives_and_its_layout_is_one_launch(fed: PinnedInputs) -> None:
    to = torch.zeros(1, 3, 5, 6).contiguous(memory_format=torch.channels_last)
    for seed in range(5):
        values = normal(3, 5, 6, seed=seed)
        memory = fed.memory("input", (3, 5, 6))
        memory[...] = values
        fed.copy("input", memory, to)
        np.testing.assert_array_equal(to[0].numpy(), values)
        fed.copy("input", values + 1, to)
        np.testing.assert_array_equal(to[0].numpy(), values + 1)
    assert (Played.made, Played.replayed) == (3, 7), "one for each place"


def test_frames_wait_for_a_picture_and_the_next_copy_until_its_place_has_been_read(
    fed: PinnedInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, int, str, bool]] = []
    to, frames = torch.zeros(1, 3, 2, 2), Stream()
    values = normal(5, 3, 2, 2)

    class Event:
        """Notes what of the picture is there, and what of it is laid out, when it is recorded or waited for."""

        count = 0

        def __init__(self) -> None:
            self.number = Event.count
            Event.count += 1

        def _note(self, what: str, stream: Stream) -> None:
            done.append((what, self.number, "frames" if stream is frames else "copies", laid()))

        def record(self, stream: Stream) -> None:
            self._note("record", stream)

        def wait(self, stream: Stream) -> None:
            self._note("wait", stream)

        def synchronize(self) -> None:
            pass

    def laid() -> bool:
        return bool(np.array_equal(to[0].numpy(), values[turn]))

    monkeypatch.setattr(pinned, "mark", Event)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _: frames)
    for turn in range(5):
        fed.copy("input", values[turn], to)
    wanted = []
    for turn in range(5):
        arrived, read = turn % 3 * 2, turn % 3 * 2 + 1
        wanted += [("wait", read, "copies", False), ("record", arrived, "copies", False)]
        wanted += [("wait", arrived, "frames", False), ("record", read, "frames", True)]
    assert done == wanted


def test_another_size_or_another_place_begins_anew(fed: PinnedInputs) -> None:
    shown: Any = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    put = Input("input", 3, range=(-1.0, 1.0))
    for size in ((4, 5), (4, 4), (4, 5)):
        picture = np.ascontiguousarray(shown[:, : size[1]])
        to = torch.zeros(1, 3, *size)
        for _ in range(3):
            fed.picture(put, picture, to)
            np.testing.assert_array_equal(to[0].numpy(), to_tensor(picture, 3, (-1.0, 1.0)))
            to.zero_()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_picture_that_the_device_reads_by_itself_is_not_copied_first(
    fed: PinnedInputs, reached: Reached, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = np.zeros(1000, np.uint8)
    reached.add(memory)
    put = Input("input", 3, range=(-1.0, 1.0))
    picture = memory[64 : 64 + 60 * np.dtype(kind).itemsize].view(kind).reshape(4, 5, 3)
    to = torch.zeros(1, 3, 4, 5)
    monkeypatch.setattr(np, "copyto", None)
    for seed in range(4):
        picture[...] = np.random.default_rng(seed).integers(0, np.iinfo(kind).max, picture.shape, kind)
        fed.picture(put, picture, to)
        np.testing.assert_array_equal(to[0].numpy(), to_tensor(picture, 3, (-1.0, 1.0)))


@pytest.mark.usefixtures("fed")
def test_pictures_come_back_each_in_its_place_however_late_they_are_taken(
    reached: Reached, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pinned_outputs, "mark", _Event)
    memory = np.zeros(1000, np.uint8)
    reached.add(memory)
    outgoing, coming, places = PinnedOutputs(reached), [], []
    for seed in range(6):
        made = torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (4, 5, 3), np.uint8))
        place = (None, np.zeros((4, 5, 3), np.uint8), memory[64 * seed :][:60].reshape(4, 5, 3))[seed % 3]
        coming.append(outgoing.ask(made, place))
        places.append((made.numpy().copy(), place))
        made.zero_()  # the device goes on
    for take, (wanted, place) in zip(coming, places, strict=True):
        found = take()
        np.testing.assert_array_equal(found, wanted)
        assert place is None or np.shares_memory(found, place)


def test_memory_that_the_driver_refuses_is_as_other_memory_is(
    reached: Reached, driver: _Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Kernel:
        def __init__(self, *_: object, device: str) -> None:
            assert device == "cuda"

        def fill_(self, _: int) -> None:
            if driver.last:
                driver.last = 0  # as PyTorch, which asks for the last error, and so has CUDA forget it
                raise RuntimeError("CUDA error: out of memory")

    monkeypatch.setattr(torch, "empty", Kernel)
    small, large = np.zeros(64, np.uint8), np.zeros(128, np.uint8)
    driver.refuses = {128}
    for each in (small, large):
        reached.add(each)
    # The next kernel raises nothing.
    assert driver.last == 0
    assert reached.holds(small[8:24])
    assert not reached.holds(large[8:24])
    assert not reached.holds(small[::2])
    reached.close()
    assert driver.registered == []
    assert not reached.holds(small)
