"""A network learns: as PyTorch by hand, the same twice, through strokes and pins, and stops before it is spoilt."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from helpers import layer, network, normal
from torch import nn

from studio.engine.torch.engine import TorchEngine
from studio.errors import StudioError
from studio.learn.backend import Pull
from studio.learn.bank import Bank
from studio.learn.checkpoint import load_checkpoint, save_checkpoint
from studio.learn.learner import Learner
from studio.learn.lesson import Same
from studio.learn.losses import L1, L2
from studio.learn.networks import parse_new
from studio.learn.optimisers import OPTIMISERS, Schedule
from studio.learn.settings import Settings
from studio.learn.sheets import pinned
from studio.model.declared.size import Size
from studio.model.networks.layout import Rect, crop, sheet_size, to_sheet
from studio.model.networks.network import Network

SIZE = Size(16, 16)


def lesson(seed: int = 0, count: int = 5) -> Same:
    rng = np.random.default_rng(seed)
    coarse = [rng.integers(0, 256, (4, 4, 3), np.uint8) for _ in range(count)]
    return Same(Bank([np.kron(c, np.ones((4, 4, 1), np.uint8)) for c in coarse], "made"))


def small() -> Network:
    return parse_new("autoencoder,width=4,seed=3").make()


def learner(made: Network | None = None, **how: object) -> Learner:
    settings = {"size": SIZE, "losses": (L2(),), "batch": 4, "schedule": Schedule(rate=1e-2), **how}
    return Learner(made or small(), lesson(), Settings(**settings), "torch")


def by_hand(name: str, steps: int) -> list[float]:
    """The same lesson in plain PyTorch, the crops drawn by the same seed."""
    made, taught = small(), lesson()
    module = nn.Sequential(
        *(nn.Conv2d(3, 4, 4, 2, 1), nn.ReLU(), nn.Conv2d(4, 16, 4, 2, 1), nn.ReLU()),
        *(nn.ConvTranspose2d(16, 4, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(4, 3, 4, 2, 1), nn.Sigmoid()),
    )
    layers = dict(zip(("enc1", "enc2", "dec1", "dec2"), (module[k] for k in (0, 2, 4, 6)), strict=True))
    with torch.no_grad():
        for key, conv in layers.items():
            conv.weight.copy_(torch.tensor(made.tensors[f"{key}.weight"]))
            conv.bias.copy_(torch.tensor(made.tensors[f"{key}.bias"]))
    rates = {"sgd": 0.05, "adam": 1e-2, "adamw": 1e-2, "adadelta": 1.0}
    kinds = {
        "sgd": lambda p: torch.optim.SGD(p, rates["sgd"], momentum=0.9),
        "adam": lambda p: torch.optim.Adam(p, rates["adam"]),
        "adamw": lambda p: torch.optim.AdamW(p, rates["adamw"], weight_decay=0.01),
        "adadelta": lambda p: torch.optim.Adadelta(p, rates["adadelta"]),
    }
    optimiser, rng, losses = kinds[name](module.parameters()), np.random.default_rng(0), []
    for _ in range(steps):
        x = torch.tensor(taught.batch(rng, 4, made.graph, SIZE, SIZE).wanted)
        optimiser.zero_grad()
        loss = ((module(x) - x) ** 2).mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(OPTIMISERS))
def test_a_hundred_steps_are_those_of_pytorch_by_hand(name: str) -> None:
    rates = {"sgd": 0.05, "adam": 1e-2, "adamw": 1e-2, "adadelta": 1.0}
    taught = learner(optimiser=OPTIMISERS[name](), schedule=Schedule(rate=rates[name]))

    found = [taught.step().loss for _ in range(100)]

    np.testing.assert_allclose(found, by_hand(name, 100), rtol=0.01)
    assert np.mean(found[-20:]) < np.mean(found[:20])


def test_the_same_lesson_twice_makes_the_same_weights() -> None:
    first, second = learner(), learner()
    for each in (first, second):
        for _ in range(5):
            each.step()
    for name, values in first.result().tensors.items():
        np.testing.assert_array_equal(values, second.result().tensors[name])


def test_crops_taken_one_by_one_make_the_step_of_all_at_once() -> None:
    made = network(
        layer("a", "Conv2d", "input", in_channels=3, out_channels=6, kernel_size=3, padding=1),
        layer("norm", "InstanceNorm2d", "a", num_features=6, affine=True),
        layer("act", "ReLU", "norm"),
        layer("b", "Conv2d", "act", in_channels=6, out_channels=3, kernel_size=3, padding=1),
    )
    # Of a bias before a norm the gradient is nothing but rounding, which Adam would make steps of.
    how = {"batch": 5, "optimiser": OPTIMISERS["sgd"]()}
    whole, parts = learner(made, **how), learner(made, at_once=2, **how)
    for _ in range(3):
        assert whole.step().loss == pytest.approx(parts.step().loss, rel=1e-5)
    for name, values in whole.result().tensors.items():
        np.testing.assert_allclose(parts.result().tensors[name], values, rtol=1e-3, atol=1e-5, err_msg=name)


def test_a_time_budget_leaves_a_step_unfinished_and_the_next_call_goes_on() -> None:
    taught = learner(batch=4, at_once=1)
    wanted = learner(batch=4, at_once=1).step()

    found = []
    for _ in range(4):
        assert not found
        found = taught.advance(0.0)

    assert [step.number for step in found] == [1]
    assert found[0].loss == wanted.loss


def test_batch_norms_learn_their_statistics_as_pytorch_does_with_one_picture() -> None:
    made = network(
        layer("norm", "BatchNorm2d", "input", num_features=3),
        layer("out", "Sigmoid", "norm"),
    )
    taught = learner(made, batch=1)
    module = nn.BatchNorm2d(3)
    with torch.no_grad():
        for key in ("weight", "bias", "running_mean", "running_var"):
            getattr(module, key).copy_(torch.tensor(made.tensors[f"norm.{key}"]))
    rng = np.random.default_rng(0)
    for _ in range(3):
        module(torch.tensor(lesson().batch(rng, 1, made.graph, SIZE, SIZE).shown["input"]))
        taught.step()

    np.testing.assert_allclose(taught.tensor("norm.running_mean"), module.running_mean.numpy(), rtol=1e-5)
    np.testing.assert_allclose(taught.tensor("norm.running_var"), module.running_var.numpy(), rtol=1e-5)


@pytest.mark.parametrize(
    "engine", ["torch", pytest.param("gl", marks=pytest.mark.gl), pytest.param("gl-fragment", marks=pytest.mark.gl)]
)
def test_statistics_that_overflow_end_the_lesson_before_they_are_followed(engine: str) -> None:
    """Loss and gradients are finite all the same: what is divided by an infinite deviation is 0."""
    made = network(
        layer("c", "Conv2d", "input", in_channels=3, out_channels=3, kernel_size=1),
        layer("norm", "BatchNorm2d", "c", num_features=3),
        layer("out", "Sigmoid", "norm"),
    )
    made.tensors["c.weight"][...] = 1e25
    before = {key: made.tensors[f"norm.{key}"].copy() for key in ("running_mean", "running_var")}
    settings = Settings(size=SIZE, losses=(L2(),), batch=4, schedule=Schedule(rate=1e-2), learns=("norm.weight",))
    taught = Learner(made, lesson(), settings, engine)
    with pytest.raises(StudioError, match="statistics of batch norms that are not finite, and was not taken"):
        list(islice(taught, 3))
    np.testing.assert_array_equal(taught.tensor("norm.running_var"), before["running_var"])
    assert np.isfinite(taught.tensor("norm.running_mean")).all()
    taught.close()


@pytest.mark.parametrize("way", ["checkpoint", "stroke"])
@pytest.mark.parametrize(
    "engine", ["torch", pytest.param("gl", marks=pytest.mark.gl), pytest.param("gl-fragment", marks=pytest.mark.gl)]
)
def test_once_weights_are_mended_statistics_that_overflowed_stop_no_step(engine: str, way: str) -> None:
    """On a device they are found behind a step, which is the last before somebody goes back."""
    made = network(
        layer("c", "Conv2d", "input", in_channels=3, out_channels=3, kernel_size=1),
        layer("norm", "BatchNorm2d", "c", num_features=3),
        layer("out", "Sigmoid", "norm"),
    )
    settings = Settings(size=SIZE, losses=(L2(),), batch=4, schedule=Schedule(rate=1e-2), learns=("norm.weight",))
    taught = Learner(made, lesson(), settings, engine)
    good, own = taught.checkpoint(), to_sheet(taught.tensor("c.weight"))
    whole = Rect(0, 0, *own.shape)
    taught.replace("c.weight", whole, np.full_like(own, 1e25))
    with suppress(StudioError):
        taught.step()
    if way == "checkpoint":
        taught.restore(good)
    else:
        taught.replace("c.weight", whole, own)
    assert len(list(islice(taught, 2))) == 2
    taught.close()


@pytest.mark.parametrize("wrong", [np.float32(-1.0), np.float32(np.nan), np.float32(1e9)])
def test_a_checkpoint_of_ones_own_whose_rates_or_pulls_do_not_fit_is_refused(wrong: np.float32) -> None:
    taught = learner()
    held, own = taught.checkpoint(), taught.tensor("enc1.weight")
    painted = np.full(own.shape, wrong, np.float32)
    for odd in (
        replace(held, rates={"enc1.weight": painted}),
        replace(held, rates={"enc1.weight": np.ones((2, 2), np.float32)}),
        replace(held, rates={"nothing.weight": np.ones((2, 2), np.float32)}),
        replace(held, pulls={"enc1.weight": Pull(painted, own)}),
        replace(held, pulls={"enc1.weight": Pull(np.ones_like(own), own * np.nan)}),
    ):
        with pytest.raises(StudioError, match=r"rates or pulls of .* do not fit"):
            taught.restore(odd)
    taught.restore(held)


def test_fixed_statistics_stay() -> None:
    made = network(layer("norm", "BatchNorm2d", "input", num_features=3), layer("out", "Sigmoid", "norm"))
    taught = learner(made, statistics=False)
    taught.step()
    np.testing.assert_array_equal(taught.tensor("norm.running_var"), made.tensors["norm.running_var"])
    assert not np.array_equal(taught.tensor("norm.weight"), made.tensors["norm.weight"])


def test_a_stroke_between_two_steps_is_learnt_on_from() -> None:
    taught = learner()
    taught.step()
    before, rect = taught.tensor("enc2.weight"), Rect(3, 2, 4, 5)
    taught.replace("enc2.weight", rect, np.full((4, 5), 0.5, np.float32))

    held = taught.tensor("enc2.weight")
    np.testing.assert_array_equal(crop(held, rect), 0.5)
    assert (held != before).sum() == 20
    taught.step()

    moved = np.abs(crop(taught.tensor("enc2.weight"), rect) - 0.5)
    assert moved.max() < 0.05
    assert moved.any()


def test_pinned_weights_stay_bit_for_bit_while_the_rest_learns() -> None:
    taught = learner()
    rect = Rect(0, 0, 6, 7)
    painted = normal(6, 7, seed=4)
    taught.replace("enc1.weight", rect, painted)
    taught.set_rate("enc1.weight", pinned((4, 3, 4, 4), rect))
    begun = taught.tensor("enc1.weight")
    for _ in range(3):
        taught.step()

    found = taught.tensor("enc1.weight")
    np.testing.assert_array_equal(crop(found, rect), painted)
    assert (found != begun).sum() == begun.size - 42


def test_only_what_is_chosen_learns() -> None:
    taught = learner(learns=("dec*",), frozen=("dec2.bias",))
    taught.step()
    begun = small().tensors
    changed = {name for name in begun if not np.array_equal(begun[name], taught.tensor(name))}
    assert changed == {"dec1.weight", "dec1.bias", "dec2.weight"}


@pytest.mark.parametrize("name", sorted(OPTIMISERS))
def test_learning_goes_on_from_a_checkpoint_exactly(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    taught = learner(optimiser=OPTIMISERS[name]())
    for _ in range(3):
        taught.step()
    path = tmp_path_factory.mktemp("checkpoint") / "a.safetensors"
    save_checkpoint(taught.checkpoint(), path)
    wanted = [taught.step().loss for _ in range(3)]

    other = learner(optimiser=OPTIMISERS[name]())
    other.step()
    other.restore(load_checkpoint(path, small()))

    assert other.steps == 3
    assert [other.step().loss for _ in range(3)] == wanted
    taught.restore(load_checkpoint(path, small()))
    assert taught.step().loss == wanted[0]


def test_a_step_that_is_not_finite_is_not_taken() -> None:
    taught = learner(schedule=Schedule(rate=1e-2))
    taught.step()
    taught.turn(replace(taught.settings, schedule=Schedule(rate=100.0), losses=(L2(weight=1e6),)))
    before = taught.result().tensors
    spoilt = before["dec2.weight"].copy()
    spoilt[0, 0, 0, 0] = np.inf
    taught.replace("dec2.weight", Rect(0, 0, 1, 1), np.full((1, 1), np.inf, np.float32))

    with pytest.raises(StudioError, match=r'was not taken: "dec2.weight" was not finite before it\. Undo'):
        taught.step()

    for name, values in taught.result().tensors.items():
        np.testing.assert_array_equal(values, spoilt if name == "dec2.weight" else before[name])
    taught.replace("dec2.weight", Rect(0, 0, 1, 1), np.zeros((1, 1), np.float32))
    whole = sheet_size(before["enc1.weight"].shape)
    taught.replace("enc1.weight", Rect(0, 0, *whole), np.full(whole, 3e38, np.float32))
    with pytest.raises(StudioError, match=r"was not taken: weights are as after step 1\. Lower the rate of 100,"):
        taught.step()


def test_other_settings_keep_what_was_learnt_and_remembered() -> None:
    taught = learner()
    for _ in range(3):
        taught.step()
    before = taught.result().tensors
    taught.turn(replace(taught.settings, losses=(L1(),), size=Size(8, 8), frozen=("enc1",)))

    for name, values in taught.result().tensors.items():
        np.testing.assert_array_equal(values, before[name])
    assert taught.step().number == 4
    np.testing.assert_array_equal(taught.tensor("enc1.weight"), before["enc1.weight"])
    with pytest.raises(StudioError, match="fits no tensor"):
        taught.turn(replace(taught.settings, learns=("nothing",)))
    assert taught.step().number == 5


def test_gradients_are_clipped_to_their_norm() -> None:
    free, clipped = (
        learner(optimiser=OPTIMISERS["sgd"](momentum=0.0), clip=clip, schedule=Schedule(rate=1.0))
        for clip in (math.inf, 1e-3)
    )
    assert free.step().norm == pytest.approx(clipped.step().norm)
    begun = small().tensors
    moved = np.concatenate([(clipped.tensor(name) - begun[name]).ravel() for name in begun])
    assert np.linalg.norm(moved) == pytest.approx(1e-3, rel=1e-3)


def test_the_rate_warms_up_and_falls_along_a_cosine() -> None:
    rates = [Schedule(rate=2.0, warmup=4, kind="cosine", steps=104, floor=0.1).at(k) for k in (1, 4, 5, 55, 105)]
    np.testing.assert_allclose(rates, [0.5, 2.0, 2.0, 1.1, 0.2], rtol=1e-6)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"frozen": ("*",)}, "no tensor to learn"),
        ({"learns": ("nobody",)}, '"nobody" fits no tensor'),
        ({"losses": ()}, "Without a loss"),
        ({"size": Size(15, 15)}, "takes crops of 16×16"),
    ],
)
def test_what_cannot_be_learnt_is_said_in_a_sentence(how: dict[str, object], words: str) -> None:
    with pytest.raises(StudioError, match=words):
        learner(**how)


def test_a_pull_draws_weights_back_to_what_they_were() -> None:
    free, drawn = learner(), learner()
    drawn.set_pull("enc1.weight", np.full((4, 3, 4, 4), 0.5, np.float32))
    for _ in range(5):
        free.step()
        drawn.step()
    begun = small().tensors["enc1.weight"]
    far = [np.linalg.norm(each.tensor("enc1.weight") - begun) for each in (free, drawn)]
    assert far[1] < far[0] / 2
    with pytest.raises(StudioError, match="strengths from 0 to 1"):
        drawn.set_pull("enc1.weight", np.full((4, 3, 4, 4), 2.0, np.float32))


def test_the_gradient_of_a_watched_map_is_that_of_its_crop() -> None:
    taught = learner(batch=3)
    assert taught.map_gradient("out") is None
    taught.watch(["out"])
    taught.step()
    found = taught.map_gradient("out")
    assert found is not None
    assert found.shape == (3, 16, 16)
    shown, wanted = taught.pictures
    made = TorchEngine(small(), "cpu")
    made.run({"input": shown.transpose(2, 0, 1).astype(np.float32) / 255})
    right = 2 * (made.output() - wanted.transpose(2, 0, 1) / 255) / made.output().size
    np.testing.assert_allclose(found, right, rtol=1e-3, atol=1e-8)
