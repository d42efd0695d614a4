"""Inputs on their way to CUDA: what the device makes of a picture is what the processor makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from helpers import normal
from hypothesis import given
from hypothesis import strategies as st
from played_graphs import Played, play_graphs

from studio.engine import pinned
from studio.engine.pinned import PinnedInputs, made_of
from studio.model.graph import Input
from studio.model.picture import to_tensor, white


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
    def record(self, stream: object) -> None:
        del stream

    def synchronize(self) -> None:
        pass


@pytest.fixture
def fed(monkeypatch: pytest.MonkeyPatch) -> PinnedInputs:
    play_graphs(monkeypatch)
    empty = torch.empty

    def anywhere(*size: int, **given: Any) -> torch.Tensor:
        given.pop("pin_memory", None)
        return empty(*size, **given)

    monkeypatch.setattr(torch, "empty", anywhere)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _: None)
    monkeypatch.setattr(pinned, "mark", _Event)
    return PinnedInputs(torch.device("cpu"))


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
    assert (Played.made, Played.replayed) == (1, 9)


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
