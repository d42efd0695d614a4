"""Every number of a lesson is turned while it learns; what is remembered and where time goes can be looked at."""

from __future__ import annotations

import importlib
import math
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from helpers import normal

from studio.cli import app
from studio.errors import StudioError
from studio.learn.asked import ITSELF, Asked
from studio.learn.backend import LOSS
from studio.learn.learner import Learner
from studio.learn.networks import parse_new
from studio.learn.optimisers import OPTIMISERS
from studio.learn.others import Features, Style
from studio.learn.prepare import prepare, settings_of, turn
from studio.learn.terms import terms_of
from studio.model.bends.stage import Stage
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network
from studio.model.networks.picture import to_tensor
from studio.ops._reference import reference
from studio.runtime.learning.look import Meter

ENGINES = ["torch", pytest.param("gl", marks=pytest.mark.gl), pytest.param("gl-fragment", marks=pytest.mark.gl)]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        picture = np.random.default_rng(number).integers(0, 256, (40, 48, 3), np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), picture)
    return folder


def made() -> Network:
    return parse_new("autoencoder,width=2,seed=1").make()


def taught(asked: Asked, engine: str = "torch", network: Network | None = None) -> Learner:
    return prepare(network or made(), asked, engine)[0]


CHANGES: dict[str, dict[str, object]] = {
    "size": {"size": 32},
    "smaller": {"size": 8},
    "zoom": {"zoom": 1.5},
    "flips": {"flips": False},
    "seed": {"seed": 5},
    "batch": {"batch": 3},
    "momentum": {"momentum": 0.3},
    "decay": {"optimiser_numbers": {"weight_decay": 0.2}},
    "cosine": {"cosine": True, "steps": 6},
    "warmup": {"warmup": 50},
    "clip": {"clip": 1e-3},
    "losses": {"losses": "l1=0.5,edges=1"},
    "optimiser": {"optimiser": "sgd"},
    "learns": {"learns": ("dec*",)},
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_turned_counts_from_the_next_step_as_if_it_had_begun_so(pictures: Path, name: str) -> None:
    before = Asked(str(pictures), size=16, batch=2, rate=1e-3)
    after = replace(before, **CHANGES[name])  # type: ignore[arg-type]
    learner, other = taught(before), taught(after)
    for _ in range(3):
        learner.step()
    checkpoint = learner.checkpoint()
    turn(learner, before, after)
    if name == "seed":
        checkpoint = replace(checkpoint, random=np.random.default_rng(5).bit_generator.state)
    if name == "optimiser":
        checkpoint = replace(checkpoint, state=replace(checkpoint.state, slots={}))
    other.restore(checkpoint)

    for _ in range(2):
        assert learner.step().loss == pytest.approx(other.step().loss, rel=1e-5)
    assert learner.steps == 5
    for tensor, values in other.result().tensors.items():
        np.testing.assert_allclose(learner.tensor(tensor), values, rtol=1e-4, atol=1e-6)
    assert learner.pictures is not None
    assert learner.pictures[1].shape[0] == after.size


def test_a_turn_that_is_refused_changes_nothing(pictures: Path, tmp_path: Path) -> None:
    asked = Asked(str(pictures), size=16, batch=2)
    one, other = taught(asked), taught(asked)
    pictures.rename(tmp_path / "gone")
    for wrong in (replace(asked, size=32), replace(asked, learns=("nope",)), replace(asked, momentum=2.0)):
        with pytest.raises(StudioError):
            turn(one, asked, wrong)
    assert [one.step().loss for _ in range(2)] == [other.step().loss for _ in range(2)]


def test_states_of_an_automaton_go_on_where_only_its_own_steps_are_turned(pictures: Path) -> None:
    network = parse_new("automaton,channels=5,width=6,seed=1").make()
    before = Asked(str(pictures), size=12, batch=2, unrolled=3, pool=4)
    learner = taught(before, network=network)
    learner.step()
    held = learner.lesson.remembered()
    turn(learner, before, replace(before, unrolled=5))
    for name, values in learner.lesson.remembered().items():
        np.testing.assert_array_equal(values, held[name])
    learner.step()
    assert learner.batch is not None
    assert 5 <= learner.batch.steps <= 7
    turn(learner, replace(before, unrolled=5), replace(before, unrolled=5, pool=6))
    learner.step()
    assert len(learner.lesson.remembered()["errors"]) == 6


def test_of_a_single_crop_some_states_go_on_where_the_batch_is_turned(pictures: Path) -> None:
    network = parse_new("automaton,channels=5,width=6,seed=1").make()
    before = Asked(str(pictures), size=12, batch=2, unrolled=1, pool=4)
    learner = taught(before, network=network)
    learner.replace("changes.weight", Rect(0, 0, 5, 6), normal(5, 6))
    for _ in range(4):
        learner.step()
    held = learner.lesson.remembered()
    turn(learner, before, replace(before, batch=1))
    for name, values in learner.lesson.remembered().items():
        np.testing.assert_array_equal(values, held[name])
    begun = []
    for _ in range(16):
        learner.step()
        assert learner.batch is not None
        begun.append((learner.batch.shown["cells"][0, 3:] != 0).sum() == 2)
    assert 0 < sum(begun) < 16


def test_another_picture_of_a_style_counts_though_no_layer_is_another(pictures: Path) -> None:
    first, second = (str(pictures / f"{number}.png") for number in (0, 1))
    before = Asked(str(pictures), size=16, batch=1, losses="style=1", style=first, extractor=ITSELF)
    after = replace(before, style=second)
    learner, other = taught(before), taught(after)
    checkpoint = learner.checkpoint()
    turn(learner, before, after)
    other.restore(checkpoint)
    assert learner.step().loss == pytest.approx(other.step().loss, rel=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("layers", [("enc1", "dec1_act"), ("enc*",)])
def test_a_style_is_compared_in_any_layer_of_the_network_itself(
    pictures: Path, engine: str, layers: tuple[str, ...]
) -> None:
    style = cv2.cvtColor(cv2.imread(str(pictures / "0.png")), cv2.COLOR_BGR2RGB)
    cv2.imwrite(str(pictures / "style.png"), cv2.resize(style, (256, 256)))
    asked = Asked(str(pictures), size=16, batch=1, losses="style=2", style=str(pictures / "style.png"))
    asked = replace(asked, extractor=ITSELF, layers=layers)
    learner = taught(asked, engine)
    (term,) = learner.settings.losses
    assert isinstance(term, Style)
    named = {"enc1", "enc1_act", "enc2", "enc2_act"} if layers == ("enc*",) else set(layers)
    assert set(term.grams) == named
    step = learner.step()
    assert learner.pictures is not None
    network, shown = made(), learner.pictures[0]
    tensors = {name: torch.tensor(value).requires_grad_() for name, value in network.tensors.items()}
    maps = {"input": torch.tensor(to_tensor(shown, 3, (0.0, 1.0)))[None]}
    for node in network.graph.nodes:
        own = {key: tensors[name] for key, name in node.tensor_names.items()}
        maps[node.name] = node.op.torch([maps[name] for name in node.inputs], own)
    picture = cv2.cvtColor(cv2.imread(str(pictures / "style.png")), cv2.COLOR_BGR2RGB)
    wanted = reference(network, {"input": torch.tensor(to_tensor(picture, 3, (0.0, 1.0)))[None]})

    def gram(found: torch.Tensor) -> torch.Tensor:
        flat = found[0].flatten(1)
        return flat @ flat.T / found.numel()

    loss = torch.stack(
        [((gram(maps[name]) - gram(wanted[name])) ** 2).mean() / (gram(wanted[name]) ** 2).mean() for name in named]
    ).mean()
    assert step.parts["style"] == pytest.approx(float(loss.detach()), rel=1e-4)
    assert step.loss == pytest.approx(2 * float(loss.detach()), rel=1e-4)
    loss.backward()
    gradient = learner.gradient("enc1.weight")
    assert gradient is not None
    right = 2 * tensors["enc1.weight"].grad.numpy()  # type: ignore[union-attr]
    assert np.linalg.norm(gradient - right) <= 1e-3 * np.linalg.norm(right)
    learner.close()


def test_layers_and_extractors_that_cannot_look_are_one_sentence(pictures: Path) -> None:
    asked = Asked(str(pictures), size=16, batch=1, losses="features=1")
    (term,) = terms_of(made(), replace(asked, layers=("enc2", "enc1*")))
    assert isinstance(term, Features)
    assert term.layers == ("enc1", "enc1_act", "enc2")
    for change, said in (
        ({"layers": ("nope",)}, '"nope" fits no layer of "'),
        ({"extractor": "landscapes"}, "is fed something else than one picture"),
        ({"extractor": "nowhere at all"}, "There is no preset or network"),
    ):
        with pytest.raises(StudioError, match=said):
            terms_of(made(), replace(asked, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(OPTIMISERS))
def test_how_much_goes_on_is_the_optimisers_own_number(pictures: Path, name: str) -> None:
    settings, _ = settings_of(made(), Asked(str(pictures), optimiser=name, momentum=0.25))
    assert getattr(settings.optimiser, settings.optimiser.momentum_name) == 0.25
    usual, _ = settings_of(made(), Asked(str(pictures), optimiser=name))
    assert getattr(usual.optimiser, usual.optimiser.momentum_name) == 0.9


def test_the_command_line_turns_them_too(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Asked] = []

    def looked(network: Network, asked: Asked, engine: str, *, stages: tuple[Stage, ...]) -> None:
        del network, engine, stages
        found.append(asked)
        raise StudioError("enough")

    monkeypatch.setattr(importlib.import_module("studio.learn.prepare"), "prepare", looked)
    words = ["train", "new:autoencoder,width=2", str(pictures), str(tmp_path / "out")]
    for more in (
        ["--momentum", "0.5", "--decay", "0", "--optimiser", "adamw"],
        ["--loss", "features", "--layers", "enc1*, enc2", "--extractor", "self"],
    ):
        with pytest.raises(StudioError, match="enough"):
            app([*words, *more], standalone_mode=False)
    assert (found[0].momentum, found[0].optimiser_numbers) == (0.5, {"weight_decay": 0.0})
    assert (found[1].momentum, found[1].optimiser_numbers) == (None, {})
    assert (found[1].layers, found[1].extractor) == (("enc1*", "enc2"), "self")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["sgd", "adam", "adadelta"])
def test_what_the_optimiser_remembers_is_pytorchs(pictures: Path, engine: str, name: str) -> None:
    learner = taught(Asked(str(pictures), size=16, batch=1, optimiser=name), engine)
    assert not learner.backend.remembered("dec2.weight")
    weight = torch.nn.Parameter(torch.tensor(learner.tensor("dec2.weight")))
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adadelta": torch.optim.Adadelta}
    oracle = kinds[name]([weight], lr=0.0, **({"momentum": 0.9} if name == "sgd" else {}))
    for _ in range(2):
        learner.step()
        gradient = learner.gradient("dec2.weight")
        assert gradient is not None
        weight.grad = torch.tensor(gradient)
        oracle.step()
    found = learner.backend.remembered("dec2.weight")
    slots = learner.settings.optimiser.slots
    assert found.keys() == slots.keys()
    for slot, key in slots.items():
        right = oracle.state[weight][key].numpy()
        if slot != "delta":  # that of steps, which this oracle takes none of
            assert np.linalg.norm(found[slot] - right) <= 1e-4 * np.linalg.norm(right), slot
    assert not learner.backend.remembered("nobody")
    learner.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_gradient_that_is_looked_at_is_not_clipped(pictures: Path, engine: str) -> None:
    asked = Asked(str(pictures), size=16, batch=1)
    free, clipped = taught(asked, engine), taught(replace(asked, clip=1e-4), engine)
    for learner in (free, clipped):
        assert learner.step().norm > 1e-3
    one, other = (learner.gradient("enc1.weight") for learner in (free, clipped))
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-8)
    for learner in (free, clipped):
        learner.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_time_of_a_step_is_told_by_layer(pictures: Path, engine: str) -> None:
    learner = taught(Asked(str(pictures), size=32, batch=2, losses="l2=1,ssim=1"), engine)
    learner.step()
    learner.backend.time_next()
    learner.step()
    times = learner.backend.times()
    assert times.keys() <= {node.name for node in made().graph.nodes} | {LOSS}
    assert times.keys() >= {"enc1", "enc2", "dec1", "dec2", LOSS}
    assert all(seconds >= 0 for seconds in times.values())
    assert 0 < sum(times.values()) < 60
    meter = Meter()
    learner.step()
    meter.add(1)
    effort = meter.read(learner)
    assert 0 <= effort.part <= 1
    assert effort.times.keys() == times.keys()
    learner.close()


def test_a_layer_that_costs_more_takes_longer(pictures: Path) -> None:
    learner = taught(Asked(str(pictures), size=40, batch=4), network=parse_new("autoencoder,width=24").make())
    found = []
    for _ in range(9):
        learner.backend.time_next()
        learner.step()
        found.append(learner.backend.times())
    # What else the machine does can only add to it.
    least = {name: min(times[name] for times in found) for name in found[0]}
    # Three quarters of all multiplications are theirs.
    assert least["enc2"] + least["dec1"] > least["enc1"] + least["dec2"]


def test_without_a_step_nothing_is_known_of_the_time(pictures: Path) -> None:
    learner = taught(Asked(str(pictures), size=16, batch=1))
    assert learner.backend.times() == {}
    assert not math.isnan(Meter().read(learner).part)
