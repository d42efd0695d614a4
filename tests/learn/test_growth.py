"""Cellular automata that learn: through all their steps as PyTorch's autograd does, from a pool, on every engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from helpers import layer, network
from torch import Tensor, nn
from torch.nn import functional as F

from studio.cli import app
from studio.draws import drawn
from studio.errors import StudioError
from studio.io.networks import load_network
from studio.learn.asked import Asked
from studio.learn.checkpoint import load_checkpoint, save_checkpoint
from studio.learn.growth import grown
from studio.learn.learner import Learner
from studio.learn.networks import parse_new
from studio.learn.prepare import prepare
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.runtime.learning.look import maps_of, pictures_of

pytestmark = pytest.mark.long

SIZE, CHANNELS = 14, 6


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    drawn_on = np.zeros((20, 20, 3), np.uint8)
    cv2.circle(drawn_on, (10, 10), 6, (40, 200, 255), -1)
    path = tmp_path / "disc.png"
    cv2.imwrite(str(path), drawn_on)
    return path


def automaton(words: str = "") -> Network:
    return parse_new(f"automaton,channels={CHANNELS},width=10,seed=2{words}").make()


def lesson(picture: Path, **more: object) -> Asked:
    return replace(Asked(str(picture), size=SIZE, batch=3, rate=5e-3, unrolled=4, pool=5, seed=3), **more)  # type: ignore[arg-type]


def taught(picture: Path, engine: str, made: Network | None = None, **more: object) -> Learner:
    return prepare(made or automaton(), lesson(picture, **more), engine)[0]


class Oracle(nn.Module):
    """The same cells as people write them in PyTorch."""

    def __init__(self, made: Network) -> None:
        super().__init__()
        self.tensors = nn.ParameterDict(
            {name.replace(".", "_"): nn.Parameter(torch.tensor(value)) for name, value in made.tensors.items()}
        )

    def forward(self, x: Tensor, step: int) -> Tensor:
        own = self.tensors

        def alive(cells: Tensor) -> Tensor:
            return F.max_pool2d(cells[:, 3:4], 3, 1, 1) > 0.1

        seen = F.conv2d(x, own["sees_weight"], padding=1, groups=x.shape[1])
        change = F.conv2d(F.relu(F.conv2d(seen, own["thinks_weight"], own["thinks_bias"])), own["changes_weight"])
        acts = drawn(x[:1, :1], 0, step, "uniform") > 0.5
        moved = x + change * acts
        return moved * (alive(x) & alive(moved))


@pytest.mark.parametrize("engine", ["torch", "gl", "gl-fragment"])
def test_it_learns_through_all_its_steps_as_autograd_does(picture: Path, engine: str) -> None:
    made, learner = automaton(), taught(picture, engine)
    oracle = Oracle(made)
    optimiser = torch.optim.Adam(oracle.parameters(), lr=5e-3)
    for number in range(4):
        step = learner.step()
        batch = learner.batch
        assert batch is not None
        assert 4 <= batch.steps <= 6
        state = torch.tensor(batch.shown["cells"])
        for k in range(batch.steps):
            state = oracle(state, batch.draw + k)
        loss = F.mse_loss(state[:, :3] + 1 - state[:, 3:4], torch.tensor(batch.wanted))
        optimiser.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(oracle.parameters(), 1.0)
        assert step.loss == pytest.approx(loss.item(), rel=1e-4), number
        assert step.norm == pytest.approx(norm.item(), rel=1e-3), number
        for name, value in oracle.tensors.items():
            gradient = learner.gradient(name.replace("_", ".").replace("thinks.act", "thinks_act"))
            assert gradient is not None
            assert value.grad is not None
            error = np.linalg.norm(gradient - value.grad.numpy()) / (np.linalg.norm(value.grad.numpy()) or 1.0)
            assert error < 1e-4, (number, name)
        optimiser.step()
    for name, value in oracle.tensors.items():
        own = learner.tensor(name.replace("_", "."))
        assert np.linalg.norm(own - value.detach().numpy()) < 1e-3 * np.linalg.norm(own), name
    learner.close()


def test_crops_taken_one_by_one_are_the_same_step(picture: Path) -> None:
    whole, parts = taught(picture, "torch"), taught(picture, "torch", at_once=1)
    for _ in range(3):
        assert whole.step().loss == pytest.approx(parts.step().loss, rel=1e-5)
    for name, values in whole.result().tensors.items():
        assert np.allclose(values, parts.tensor(name), atol=1e-5), name


def test_states_go_on_from_step_to_step_and_the_worst_begins_anew(picture: Path) -> None:
    learner = taught(picture, "torch")
    begun = 0
    for number in range(6):
        learner.step()
        assert learner.batch is not None
        cells = learner.batch.shown["cells"]
        alone = (cells != 0).any(1).sum((1, 2)) == 1
        assert alone[0], "the first crop of a step is a single cell"
        begun += int(alone.sum())
        if number:
            held = learner.lesson.remembered()
            assert held["cells"].shape == (5, CHANNELS, SIZE, SIZE)
            assert (held["errors"] > 0).any()
    assert begun < 18, "others go on from what they had become"


def test_it_goes_on_from_a_checkpoint_in_a_file_exactly(picture: Path, tmp_path: Path) -> None:
    first = taught(picture, "torch")
    for _ in range(3):
        first.step()
    file = tmp_path / "kept.safetensors"
    save_checkpoint(first.checkpoint(), file, lesson(picture))
    wanted = [first.step().loss for _ in range(3)]
    again = taught(picture, "torch")
    again.restore(load_checkpoint(file, automaton()))
    assert [again.step().loss for _ in range(3)] == wanted
    for name, values in first.result().tensors.items():
        assert np.array_equal(values, again.tensor(name)), name


def test_a_step_that_was_begun_is_begun_anew_with_its_states(picture: Path) -> None:
    wanted = [taught(picture, "torch", at_once=1).step().loss]
    learner = taught(picture, "torch", at_once=1)
    assert learner.advance(0.0) == []
    learner.turn(learner.settings)
    assert [learner.step().loss] == pytest.approx(wanted)


def test_it_grows_towards_the_picture(picture: Path) -> None:
    learner = taught(picture, "torch", batch=4, unrolled=10, pool=16, rate=4e-3)
    first = learner.step().loss
    found = [learner.step().loss for _ in range(70)]
    assert np.mean(found[-8:]) < 0.7 * first


def test_textures_learn_a_style_without_a_picture_of_their_own(picture: Path) -> None:
    made = automaton(",mortal=false")
    # Sizes at which an extractor with two halvings sees something.
    asked = {"losses": "style=1", "style": str(picture), "size": 16}
    learners = [taught(picture, engine, made, **asked) for engine in ("torch", "gl")]
    for _ in range(2):
        one, other = (learner.step() for learner in learners)
        assert other.loss == pytest.approx(one.loss, rel=1e-4)


def test_one_that_is_fed_pictures_too_begins_anew_with_each(picture: Path) -> None:
    made = network(
        layer("both", "Concat", ("cells", "picture")),
        layer("step", "Conv2d", "both", in_channels=7, out_channels=4, kernel_size=3, padding=1),
        layer("next", "Tanh", "step"),
        layer("out", "SliceChannels", "next", start=0, end=3),
        inputs=(Input("picture"), Input("cells", 4, kind="state", comes_from="next", begins="picture")),
    )
    learners = [taught(picture, engine, made) for engine in ("torch", "gl", "gl-fragment")]
    for _ in range(3):
        losses = [learner.step().loss for learner in learners]
        assert losses == pytest.approx([losses[0]] * 3, rel=1e-4)
    batch = learners[0].batch
    assert batch is not None
    assert (batch.shown["cells"][:, 3] == 1).all()


def test_each_crop_begins_with_its_own_picture(tmp_path: Path) -> None:
    for number in range(4):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((20, 24, 3), 50 * number, np.uint8))
    made = network(
        layer("both", "Concat", ("cells", "picture")),
        layer("next", "Conv2d", "both", in_channels=7, out_channels=4, kernel_size=1),
        layer("out", "SliceChannels", "next", start=0, end=3),
        inputs=(Input("picture"), Input("cells", 4, kind="state", comes_from="next", begins="picture")),
    )
    learner = taught(tmp_path, "torch", made, batch=8)
    learner.step()
    assert learner.batch is not None
    shown = learner.batch.shown
    assert len({float(each.mean()) for each in shown["picture"]}) > 1
    np.testing.assert_array_equal(shown["cells"][:, :3], shown["picture"])


def wanted_of(learner: Learner) -> np.ndarray:
    learner.step()
    assert learner.pictures is not None
    return learner.pictures[1]


def test_it_grows_into_what_is_wanted_of_the_picture(picture: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    cv2.imwrite(str(other), np.full((20, 20, 3), 77, np.uint8))
    assert (wanted_of(taught(picture, "torch", wanted=str(other))) == 77).all()

    outlined = wanted_of(taught(picture, "torch", wanted="effect:edges"))
    assert np.ptp(outlined.astype(int), axis=2).max() == 0
    assert outlined.max() > 100
    noisy = taught(picture, "torch", wanted="effect:noise=0.2")
    assert np.array_equal(wanted_of(noisy), wanted_of(noisy)), "it is one picture"

    seen = wanted_of(taught(picture, "torch"))
    painted = wanted_of(taught(picture, "torch", wanted="as:negative-space"))
    assert painted.shape == seen.shape
    assert not np.array_equal(painted, seen)


def test_what_is_shown_no_picture_is_not_damaged_and_it_is_said(picture: Path) -> None:
    learner, notes = prepare(automaton(), lesson(picture, wanted="damage:blur=3"), "torch")
    assert "It is shown no picture, so that nothing is damaged; it grows into the whole one." in notes
    assert np.array_equal(wanted_of(learner), wanted_of(taught(picture, "torch")))


@pytest.mark.parametrize("name", ["cells", "errors"])
@pytest.mark.parametrize("damage", [lambda held: held.astype(np.float64), lambda held: np.full_like(held, np.nan)])
def test_a_checkpoint_of_damaged_states_is_refused(
    picture: Path, tmp_path: Path, name: str, damage: Callable[[np.ndarray], np.ndarray]
) -> None:
    learner, file = taught(picture, "torch"), tmp_path / "damaged.safetensors"
    learner.step()
    found = learner.checkpoint()
    remembered = {**found.remembered, name: damage(found.remembered[name])}
    save_checkpoint(replace(found, remembered=remembered), file)
    with pytest.raises(StudioError, match=f'what its lesson remembers as "{name}" is damaged; go back to another'):
        load_checkpoint(file, learner.network)


@pytest.mark.parametrize("shape", [(), (5, 2)])
def test_states_whose_errors_are_none_of_each_begin_anew(picture: Path, shape: tuple[int, ...]) -> None:
    learner = taught(picture, "torch")
    learner.step()
    found = learner.checkpoint()
    learner.restore(replace(found, remembered={**found.remembered, "errors": np.full(shape, 1, np.float32)}))
    assert not learner.lesson.remembered()
    learner.step()
    assert learner.lesson.remembered()["errors"].shape == (5,)


def test_what_is_looked_at_is_what_has_grown(picture: Path) -> None:
    learner = taught(picture, "torch")
    learner.watch(["changes"])
    learner.step()
    found, first = pictures_of(learner, automaton()), maps_of(automaton(), learner)
    assert found is not None
    assert all(each.shape == (SIZE, SIZE, 3) for each in found)
    assert learner.batch is not None
    assert np.array_equal(first["out"], grown(automaton(), learner.batch)["out"][0].numpy())
    gradient = learner.map_gradient("changes")
    assert gradient is not None
    assert gradient.shape == (CHANNELS, SIZE, SIZE)
    other = taught(picture, "gl")
    other.watch(["changes"])
    other.step()
    on_gl = other.map_gradient("changes")
    assert on_gl is not None
    assert np.linalg.norm(on_gl - gradient) < 1e-4 * np.linalg.norm(gradient)


def test_several_pictures_are_said_and_the_first_is_grown(tmp_path: Path) -> None:
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((20, 24, 3), 60 * number, np.uint8))
    learner, notes = prepare(automaton(), lesson(tmp_path), "torch")
    assert "It grows into the first of 3 pictures." in notes
    assert any("clipped to a norm of 1" in note for note in notes)
    learner.step()
    assert learner.pictures is not None
    assert not learner.pictures[1].any()


@pytest.mark.parametrize(
    ("words", "said"),
    [({"unrolled": 0}, "unrolled"), ({"unrolled": 5000}, "unrolled"), ({"pool": 0}, "pool"), ({"batch": 0}, "batch")],
)
def test_numbers_out_of_range_are_named(picture: Path, words: dict[str, object], said: str) -> None:
    with pytest.raises(StudioError, match=f'The lesson: the field "{said}"'):
        taught(picture, "torch", **words)


def test_by_the_command_line(picture: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "grows"
    words = f"train new:automaton,channels=5,width=8,seed=1 {picture} {out} --size 12 --batch 2 --unrolled 3 --steps 3"
    app([*words.split(), "--pool", "4", "--engine", "torch"], standalone_mode=False)
    assert "3 steps" in capfd.readouterr().out
    made = load_network(out)
    assert made.graph.states[0].begins == "seed"
    assert '"unrolled": 3' in (out / "training.json").read_text("utf-8")
