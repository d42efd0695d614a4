"""Wrong values to what Python calls of learning: one sentence each, and what learns goes on as before."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import layer, network

import studio
from studio.errors import StudioError
from studio.learn.asked import Asked
from studio.learn.backend import Pull
from studio.learn.checkpoint import load_checkpoint, save_checkpoint
from studio.learn.learner import Learner, Step
from studio.learn.networks import parse_new
from studio.learn.optimisers import optimiser
from studio.learn.prepare import prepare
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network

NAN = math.nan
WEIGHT = "enc1.weight"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for number in range(2):
        cv2.imwrite(
            str(tmp_path / f"{number}.png"), np.random.default_rng(number).integers(0, 256, (20, 24, 3), np.uint8)
        )
    return tmp_path


def taught(pictures: Path, made: Network | None = None, **asked: object) -> Learner:
    wanted = {"source": str(pictures), "size": 16, "batch": 2, **asked}
    return prepare(made or parse_new("autoencoder,width=2,seed=1").make(), Asked(**wanted), "torch")[0]  # type: ignore[arg-type]


FIELDS: dict[str, tuple[object, ...]] = {
    "size": (0, -4, NAN, "x", 10**7, None, 1.5),
    "zoom": (0, -1, NAN, math.inf, "x", 65),
    "batch": (0, -1, NAN, "a", 10**6),
    "at_once": (-1, NAN, "a"),
    "rate": (NAN, -1, math.inf, "x", 1e9),
    "warmup": (-1, NAN, "x"),
    "steps": (0, -1, NAN),
    "clip": (0, -1, NAN, "x"),
    "seed": (-1, NAN, "x", 2**70),
    "losses": ("", "l9", "l1=nan", "l1=-1", "l1,l1", "l1=0", "=", ",", 3, None),
    "optimiser": ("", "adamm", 3, None),
    "optimiser_numbers": ({"weight_decay": NAN}, {"weight_decay": -1}, {"foo": 1}, {"momentum": 2}, 3),
    "wanted": ("", "nothing", "latent", "damage:", "damage:blur=nan", "effect:noise=-1", "as:", "as:no where", 3, None),
    "source": ("", "/nowhere", "camera:99", "latent", "latent:loop,seed=3", 3, None),
    "learns": (("nope",), "dec*", ("",), 3),
    "frozen": (("*",), ("nope",), 3),
    "style": ("/nowhere", "latent", "\0"),
    "flips": ("x",),
    "statistics": (3,),
    "cosine": ("x",),
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in FIELDS.items() for value in values])
def test_every_field_of_a_lesson_is_refused_in_a_sentence(pictures: Path, field: str, value: object) -> None:
    with pytest.raises(StudioError) as found:
        taught(pictures, **{field: value})
    assert "\n" not in str(found.value)


LEARNERS: dict[str, Callable[[Learner], object]] = {
    "rates that are NaN": lambda it: it.set_rate(WEIGHT, np.full((2, 3, 4, 4), np.nan, np.float32)),
    "rates of another shape": lambda it: it.set_rate(WEIGHT, np.ones(3, np.float32)),
    "rates as a list": lambda it: it.set_rate(WEIGHT, [1, 2]),  # type: ignore[arg-type]
    "rates as a word": lambda it: it.set_rate(WEIGHT, "x"),  # type: ignore[arg-type]
    "a pull of a number": lambda it: it.set_pull(WEIGHT, 0.5),  # type: ignore[arg-type]
    "a pull to NaN": lambda it: it.set_pull(
        WEIGHT, np.ones((2, 3, 4, 4), np.float32), np.full((2, 3, 4, 4), np.nan, np.float32)
    ),
    "no time at all": lambda it: it.advance(NAN),
    "time gone by": lambda it: it.advance(-1),
    "no crop": lambda it: it.turn(replace(it.settings, batch=0)),
    "a clip of NaN": lambda it: it.turn(replace(it.settings, clip=NAN)),
    "no loss": lambda it: it.turn(replace(it.settings, losses=())),
    "all frozen": lambda it: it.turn(replace(it.settings, frozen=("*",))),
    "a layer that there is not": lambda it: it.watch(["nope"]),
}


@pytest.mark.parametrize("case", LEARNERS)
def test_a_learner_refuses_and_goes_on_as_before(pictures: Path, case: str) -> None:
    one, other = taught(pictures), taught(pictures)
    with pytest.raises(StudioError):
        LEARNERS[case](one)
    assert [one.step().loss for _ in range(2)] == [other.step().loss for _ in range(2)]


@pytest.mark.parametrize("engine", ["torch", "gl"])
@pytest.mark.parametrize(
    ("slot", "value"),
    [
        ("mean", np.zeros(3, np.float32)),
        ("square", np.zeros((2, 3, 4, 4), np.float64)),
        ("steps", np.zeros(0, np.float32)),
        ("steps", np.full(1, np.nan, np.float32)),
        ("steps", np.full(1, -1, np.float32)),
    ],
)
def test_a_checkpoint_that_remembers_what_does_not_fit_is_refused(
    pictures: Path, tmp_path: Path, engine: str, slot: str, value: np.ndarray
) -> None:
    made = parse_new("autoencoder,width=2,seed=1").make()
    learner, other = (prepare(made, Asked(str(pictures), size=16, batch=2), engine)[0] for _ in range(2))
    for each in (learner, other):
        each.step()
    found = learner.checkpoint()
    damaged = replace(found, state=replace(found.state, slots={**found.state.slots, f"{WEIGHT}/{slot}": value}))
    file = tmp_path / "damaged.safetensors"
    save_checkpoint(damaged, file)
    with pytest.raises(StudioError, match=f'"{WEIGHT}/{slot}" does not fit "new autoencoder"; it is damaged'):
        learner.restore(load_checkpoint(file, made))
    assert learner.step().loss == other.step().loss


SHAPE = (2, 3, 4, 4)


@pytest.mark.parametrize(
    "painted",
    [
        {"rates": {WEIGHT: np.ones(SHAPE, np.float64)}},
        {"rates": {WEIGHT: np.full(SHAPE, -1, np.float32)}},
        {"rates": {WEIGHT: np.full(SHAPE, 101, np.float32)}},
        {"pulls": {WEIGHT: Pull(np.ones(SHAPE, np.float64), np.zeros(SHAPE, np.float64))}},
        {"pulls": {WEIGHT: Pull(np.full(SHAPE, 2, np.float32), np.zeros(SHAPE, np.float32))}},
    ],
)
def test_a_checkpoint_of_rates_and_pulls_that_nobody_paints_is_refused(
    pictures: Path, tmp_path: Path, painted: dict[str, dict[str, object]]
) -> None:
    learner, file = taught(pictures), tmp_path / "odd.safetensors"
    save_checkpoint(replace(learner.checkpoint(), **painted), file)  # type: ignore[arg-type]
    with pytest.raises(StudioError, match=f'its rates or pulls of "{WEIGHT}" do not fit'):
        load_checkpoint(file, learner.network)


@pytest.mark.parametrize("other", ["autoencoder,width=3", "unet,width=2,depth=3"])
def test_another_networks_checkpoint_is_refused(pictures: Path, other: str) -> None:
    learner, wanted = taught(pictures), taught(pictures)
    with pytest.raises(StudioError, match="another network's"):
        learner.restore(taught(pictures, parse_new(other).make()).checkpoint())
    assert learner.step().loss == wanted.step().loss


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (network(layer("a", "ReLU", "input")), '"made" has no tensor that could learn; choose another network'),
        (network(layer("a", "Conv2d", "input", in_channels=3, out_channels=5, kernel_size=1)), "maps of 5 channels"),
        (
            network(
                layer("a", "Conv2d", "input", in_channels=5, out_channels=3, kernel_size=1), inputs=(Input("input", 5),)
            ),
            "input takes 5",
        ),
        (
            network(
                layer("a", "Conv2d", "input", in_channels=3, out_channels=3, kernel_size=1),
                layer("b", "Round", "a"),
            ),
            'No gradient reaches what learns of "made": behind it all is rounded or compared',
        ),
    ],
)
def test_networks_that_cannot_learn_from_pictures_are_named(pictures: Path, made: Network, said: str) -> None:
    with pytest.raises(StudioError, match=said):
        taught(pictures, made)


def test_a_file_that_is_no_checkpoint_is_said_to_be_something_else(pictures: Path) -> None:
    made = parse_new("autoencoder,width=2,seed=1").make()
    with pytest.raises(StudioError, match=r"0\.png is no safetensors file, or was cut short; choose another"):
        load_checkpoint(pictures / "0.png", made)


def test_networks_that_are_fed_vectors_or_enlarge_learn(pictures: Path) -> None:
    for words in ("generator,width=2,doublings=2,numbers=4", "upscaler,width=2,depth=1"):
        assert np.isfinite(taught(pictures, parse_new(words).make()).step().loss)


def test_a_step_that_fails_comes_after_those_before_it(pictures: Path) -> None:
    made = parse_new("upscaler,width=4,depth=3,seed=1").make()
    learner = taught(pictures, made, rate=100.0, optimiser="sgd", losses="l2=1000000")
    found: list[Step] = []

    def learn() -> None:
        while learner.steps < 500:
            found.extend(learner.advance(0.05))

    with pytest.raises(StudioError, match="was not taken"):
        learn()
    assert [step.number for step in found] == list(range(1, learner.steps + 1))


def test_the_python_api_names_what_is_wrong(pictures: Path) -> None:
    net = studio.load("autoencoder-transposed", engine="torch")
    for words in ({"foo": 1}, {"size": -1}, {"batch": "x"}, {"losses": None}):
        with pytest.raises(StudioError):
            next(net.learn(str(pictures), **{"size": 16, **words}))
    with pytest.raises(StudioError, match="The optimiser adam"):
        optimiser("adam", weight_decay=NAN)
