"""Batch norms learn by the statistics of all crops of a step, as PyTorch's do in training mode, on every engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from helpers import layer, network
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from test_learner import lesson
from torch import nn
from torch.nn import functional as F

from studio.errors import StudioError
from studio.learn import memory
from studio.learn.learner import Learner
from studio.learn.losses import L2
from studio.learn.optimisers import OPTIMISERS, Schedule
from studio.learn.prepare import Asked, prepare
from studio.learn.settings import Settings, objective_of
from studio.model.declared.size import Size
from studio.model.networks.network import Network
from studio.model.networks.node import Node

SIZE = Size(8, 8)
ENGINES = ("torch", pytest.param("gl", marks=pytest.mark.gl), pytest.param("gl-fragment", marks=pytest.mark.gl))


def made(affine: bool = True, momenta: tuple[float, float] = (0.1, 0.1)) -> Network:
    conv = {"kernel_size": 3, "padding": 1}
    return network(
        layer("a", "Conv2d", "input", in_channels=3, out_channels=6, stride=2, **conv),
        layer("one", "BatchNorm2d", "a", num_features=6, affine=affine, momentum=momenta[0]),
        layer("act", "LeakyReLU", "one", negative_slope=0.2),
        layer("b", "ConvTranspose2d", "act", in_channels=6, out_channels=5, kernel_size=4, stride=2, padding=1),
        layer("two", "BatchNorm2d", "b", num_features=5, eps=1e-3, momentum=momenta[1]),
        layer("c", "Conv2d", "two", in_channels=5, out_channels=3, kernel_size=1),
    )


class ByHand:
    """The same in plain PyTorch, in training mode."""

    def __init__(self, of: Network, affine: bool, rate: float, momenta: tuple[float, float] = (0.1, 0.1)) -> None:
        self.module = nn.Sequential(
            nn.Conv2d(3, 6, 3, 2, 1),
            nn.BatchNorm2d(6, affine=affine, momentum=momenta[0]),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(6, 5, 4, 2, 1),
            nn.BatchNorm2d(5, eps=1e-3, momentum=momenta[1]),
            nn.Conv2d(5, 3, 1),
        )
        self.keys = {"a": "0", "one": "1", "b": "3", "two": "4", "c": "5"}
        state = {self._key(name): torch.tensor(value) for name, value in of.tensors.items()}
        self.module.load_state_dict(state, strict=False)
        self.optimiser = torch.optim.SGD(self.module.parameters(), rate, momentum=0.9)

    def _key(self, name: str) -> str:
        owner, _, key = name.rpartition(".")
        return f"{self.keys[owner]}.{key}"

    def step(self, shown: np.ndarray, wanted: np.ndarray) -> float:
        self.module.train()
        self.optimiser.zero_grad()
        loss = ((self.module(torch.tensor(shown)) - torch.tensor(wanted)) ** 2).mean()
        loss.backward()
        self.optimiser.step()
        return loss.item()

    def tensor(self, name: str) -> np.ndarray:
        return self.module.state_dict()[self._key(name)].numpy()


def learner(of: Network, engine: str, batch: int, **how: object) -> Learner:
    settings = Settings(SIZE, (L2(),), OPTIMISERS["sgd"](), Schedule(rate=0.05), batch=batch, **how)  # type: ignore[arg-type]
    return Learner(of, lesson(), settings, engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("batch", "affine"), [(1, True), (2, True), (3, False), (5, True), (11, True)])
def test_steps_are_those_of_pytorch_in_training_mode(engine: str, batch: int, affine: bool) -> None:
    of = made(affine)
    taught, oracle = learner(of, engine, batch), ByHand(of, affine, 0.05)
    crops, shown = np.random.default_rng(0), lesson()
    for _ in range(3):
        drawn = shown.batch(crops, batch, of.graph, SIZE, SIZE)
        wanted = oracle.step(np.array(drawn.shown["input"]), np.array(drawn.wanted))
        assert taught.step().loss == pytest.approx(wanted, rel=1e-4)
    moved = {name: (taught.tensor(name) - value, oracle.tensor(name) - value) for name, value in of.tensors.items()}
    for name, (found, right) in moved.items():
        # Of a bias before a norm the gradient is nothing but rounding.
        if name not in ("a.bias", "b.bias"):
            assert np.linalg.norm(found - right) <= 1e-3 * np.linalg.norm(right) + 1e-6, name
    taught.close()


@pytest.mark.parametrize("engine", ENGINES)
@examples(max_examples=5)
@given(st.tuples(*[st.sampled_from([0.0, 0.01, 1.0]) | st.floats(0.0, 1.0, width=32)] * 2), st.integers(1, 3))
@example((0.0, 1.0), 2)
@example((0.01, 0.3), 1)
def test_statistics_follow_as_far_as_each_norm_says(engine: str, momenta: tuple[float, float], batch: int) -> None:
    of = made(momenta=momenta)
    taught, oracle = learner(of, engine, batch), ByHand(of, True, 0.05, momenta)
    crops, shown = np.random.default_rng(0), lesson()
    for _ in range(3):
        drawn = shown.batch(crops, batch, of.graph, SIZE, SIZE)
        oracle.step(np.array(drawn.shown["input"]), np.array(drawn.wanted))
        taught.step()
    for norm, momentum in zip(("one", "two"), momenta, strict=True):
        for name in (f"{norm}.running_mean", f"{norm}.running_var"):
            np.testing.assert_allclose(taught.tensor(name), oracle.tensor(name), rtol=1e-3, atol=1e-5, err_msg=name)
            assert np.array_equal(taught.tensor(name), of.tensors[name]) == (momentum == 0), name
    taught.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_of_statistics_that_were_far_off_nothing_stays_but_what_pytorch_leaves(engine: str) -> None:
    momenta = (1.0, 0.75)
    of = made(momenta=momenta)
    of = of.with_tensors({name: np.full_like(of.tensors[name], 1e8) for name in of.tensors if "running" in name})
    taught, oracle, shown = learner(of, engine, 2), ByHand(of, True, 0.05, momenta), lesson()
    drawn = shown.batch(np.random.default_rng(0), 2, of.graph, SIZE, SIZE)
    oracle.step(np.array(drawn.shown["input"]), np.array(drawn.wanted))
    taught.step()
    for name in (name for name in of.tensors if "running" in name):
        np.testing.assert_allclose(taught.tensor(name), oracle.tensor(name), rtol=1e-3, atol=1e-5, err_msg=name)
    taught.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_an_unrolled_step_accumulates_parts_by_their_own_statistics(engine: str) -> None:
    of = made()
    parts, torchs = learner(of, engine, 6, at_once=2), learner(of, "torch", 6, at_once=2)
    for _ in range(2):
        assert parts.step().loss == pytest.approx(torchs.step().loss, rel=1e-5)
    for name in of.tensors:
        np.testing.assert_allclose(parts.tensor(name), torchs.tensor(name), rtol=2e-3, atol=1e-5, err_msg=name)
    whole = learner(of, "torch", 6)
    assert whole.step().loss != pytest.approx(learner(of, "torch", 6, at_once=2).step().loss, rel=1e-5)
    parts.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_batch_is_turned_while_it_learns(engine: str) -> None:
    of = made()
    mine, oracle = learner(of, engine, 2), learner(of, "torch", 2)
    for batch in (2, 5, 1, 3):
        for each in (mine, oracle):
            each.turn(replace(each.settings, batch=batch))
        assert mine.step().loss == pytest.approx(oracle.step().loss, rel=1e-4)
    for name in of.tensors:
        if name not in ("a.bias", "b.bias"):
            np.testing.assert_allclose(mine.tensor(name), oracle.tensor(name), rtol=2e-3, atol=1e-4, err_msg=name)
    mine.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_looked_at_is_that_of_the_last_crop(engine: str) -> None:
    of = made()
    mine, oracle = learner(of, engine, 3), learner(of, "torch", 3)
    for each in (mine, oracle):
        each.watch(["a", "act", "c"])
        each.step()
    for name in ("a", "act", "c"):
        found, right = mine.map_gradient(name), oracle.map_gradient(name)
        assert found is not None
        assert right is not None
        assert np.linalg.norm(found - right) <= 1e-4 * np.linalg.norm(right), name
    for name in ("c.weight", "two.weight", "one.bias"):
        found, right = mine.gradient(name), oracle.gradient(name)
        assert found is not None
        np.testing.assert_allclose(found, right, rtol=1e-3, atol=1e-6)
    mine.backend.time_next()
    mine.step()
    assert set(mine.backend.times()) <= {"a", "one", "act", "b", "two", "c", "~loss"}
    mine.close()


class Again(nn.Module):
    """A convolution and a norm that run three times, at two sizes, and a norm that runs once between them."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.n, self.m = nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3), nn.BatchNorm2d(3, momentum=0.4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = torch.tanh(self.n(self.a(x)))
        second = torch.tanh(self.m(self.n(self.a(first))))
        return F.interpolate(self.n(F.avg_pool2d(second, 2)), scale_factor=2) + second


def again() -> Network:
    conv = layer("a", "Conv2d", "input", in_channels=3, out_channels=3, kernel_size=3, padding=1)
    norm = layer("n", "BatchNorm2d", "a", num_features=3)
    return network(
        conv,
        norm,
        layer("first", "Tanh", "n"),
        Node("a2", conv.op, ("first",), tensors_of="a"),
        Node("n2", norm.op, ("a2",), tensors_of="n"),
        layer("m", "BatchNorm2d", "n2", num_features=3, momentum=0.4),
        layer("second", "Tanh", "m"),
        layer("pool", "AvgPool2d", "second", kernel_size=2),
        Node("n3", norm.op, ("pool",), tensors_of="n"),
        layer("up", "Upsample", "n3", scale_factor=2, mode="nearest"),
        layer("out", "Add", ("up", "second")),
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_a_norm_that_runs_several_times_follows_each_in_turn(engine: str) -> None:
    of, module = again(), Again()
    module.load_state_dict({name: torch.tensor(value) for name, value in of.tensors.items()}, strict=False)
    optimiser = torch.optim.SGD(module.parameters(), 0.05, momentum=0.9)
    taught, crops, shown = learner(of, engine, 3), np.random.default_rng(0), lesson()
    for _ in range(3):
        drawn = shown.batch(crops, 3, of.graph, SIZE, SIZE)
        optimiser.zero_grad()
        loss = F.mse_loss(module(torch.tensor(drawn.shown["input"])), torch.tensor(drawn.wanted))
        loss.backward()
        optimiser.step()
        assert taught.step().loss == pytest.approx(loss.item(), rel=1e-4)
    for name, value in module.state_dict().items():
        if name in of.tensors and name != "a.bias":
            np.testing.assert_allclose(taught.tensor(name), value.numpy(), rtol=1e-3, atol=1e-5, err_msg=name)
    taught.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_more_at_once_than_a_step_has_is_all_of_it(engine: str) -> None:
    of = made()
    mine, oracle = learner(of, engine, 4, at_once=16), learner(of, "torch", 4)
    for _ in range(2):
        assert mine.step().loss == pytest.approx(oracle.step().loss, rel=1e-4)
    for name in ("one.running_var", "two.running_var", "c.weight"):
        np.testing.assert_allclose(mine.tensor(name), oracle.tensor(name), rtol=1e-4, err_msg=name)
    mine.close()


def test_crops_that_do_not_come_out_even_are_refused() -> None:
    with pytest.raises(StudioError, match="4 at once do not divide the 6 of a step"):
        objective_of(made(), Settings(SIZE, (L2(),), batch=6, at_once=4))
    assert objective_of(made(), Settings(SIZE, (L2(),), batch=6, at_once=4, statistics=False)).pictures == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_lesson_is_not_turned_to_crops_that_do_not_come_out_even(engine: str) -> None:
    mine, other = (learner(made(), engine, 6, at_once=3) for _ in range(2))
    with pytest.raises(StudioError, match="3 at once do not divide the 7 of a step"):
        mine.turn(replace(mine.settings, batch=7))
    assert mine.step().loss == other.step().loss
    mine.turn(replace(mine.settings, batch=7, statistics=False))
    assert mine.step().number == 2
    for each in (mine, other):
        each.close()


def test_norms_that_keep_their_statistics_have_each_crop_for_itself() -> None:
    of = made()
    assert objective_of(of, Settings(SIZE, (L2(),), batch=4)).pictures == 4
    assert objective_of(of, Settings(SIZE, (L2(),), batch=4, at_once=2)).pictures == 2
    assert objective_of(of, Settings(SIZE, (L2(),), batch=4, statistics=False)).pictures == 1


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for number in range(3):
        picture = np.random.default_rng(number).integers(0, 256, (20, 24, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture)
    return tmp_path


@pytest.mark.parametrize(("asked", "even"), [(3, 2), (4, 4), (5, 4), (1, 1)])
def test_as_many_crops_are_computed_together_each_time_and_it_is_said(pictures: Path, asked: int, even: int) -> None:
    taught, notes = prepare(made(), Asked(str(pictures), size=8, batch=8, at_once=asked), "torch")
    assert taught.settings.at_once == even
    some = "1 crop" if even == 1 else f"{even} crops"
    assert f"Batch norms take their statistics of {some} at a time, not of all 8 of a step." in notes
    taught.close()


def test_all_crops_together_or_no_batch_norm_needs_no_word(pictures: Path) -> None:
    for of, how in ((made(), {}), (made(), {"at_once": 8}), (made(), {"at_once": 2, "statistics": False})):
        taught, notes = prepare(of, Asked(str(pictures), size=8, batch=8, **how), "torch")  # type: ignore[arg-type]
        assert not [note for note in notes if "Batch norms" in note]
        taught.close()


@pytest.mark.parametrize("engine", ["torch", "gl"])
def test_where_not_all_fit_fewer_are_taken_and_it_is_said(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    asked = Asked(str(pictures), size=8, batch=6)
    settings = Settings(SIZE, (L2(),), batch=6)
    need = memory.need_of(objective_of(made(), settings), settings, engine)
    assert need.crops == 6

    def free(crops: float) -> Callable[[str], int]:
        return lambda _: int((need.weights + crops * need.crop) / 0.89)

    monkeypatch.setattr(memory, "free_memory", free(5.5))
    found, less, remark = memory.fitted(made(), settings, engine)
    assert (found.at_once, less.crops) == (3, 3), "five do not divide six"
    assert "3 at a time are computed, and batch norms take their statistics of those." in remark
    monkeypatch.setattr(memory, "free_memory", free(0.5))
    with pytest.raises(StudioError, match="of memory, and"):
        memory.fitted(made(), settings, engine)
    del asked
