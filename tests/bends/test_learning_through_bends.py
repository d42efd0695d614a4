"""A network that learns through bends: layers that do what they do, and gradients that PyTorch's autograd finds."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from bend_cases import shapes, staged, stages
from gradient_checks import check
from helpers import EngineFor, normal, on_torch, relative_error
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from studio.bends import make_bend, registry
from studio.errors import StudioError
from studio.learn.bends import with_bends
from studio.learn.learner import Learner
from studio.learn.networks import parse_new
from studio.learn.prepare import Asked, prepare, turn
from studio.model.bends.bend import Bend
from studio.model.bends.stage import ChannelRange, Guard, Luma, Painted, SomeChannels, Stage
from studio.model.declared.size import Size
from studio.ops._reference import reference

PLACELESS = {"BinaryThreshold", "Posterise", "Quantise", "Median", "Flow", "Displace"}
"""Of single pictures, but with jumps, or a derivative that nobody wrote down."""

OF_FRAMES = {
    *("Delay", "Feedback", "FrameDifference", "Freeze", "RunningMean", "SlitScan"),
    *("FromPicture", "StyleOfPicture"),
}
WITHOUT = PLACELESS | OF_FRAMES
BENT = sorted(registry().keys() - WITHOUT)


def fed(shape: tuple[int, int, int], seed: int = 0) -> dict[str, np.ndarray]:
    return {"input": normal(*shape, seed=seed), "other": normal(3, *shape[1:], seed=50 + seed)}


def test_bends_without_a_way_back_are_those_that_jump_or_need_other_frames() -> None:
    for name in registry():
        source = "small" if registry()[name].other == "layer" else None
        found = with_bends(staged(6), Size(9, 8), [Stage(1, "layer", make_bend(name, {}), source=source)])
        assert bool(found.left_out) == (name in WITHOUT), name
        assert bool(found.stages) == (name not in WITHOUT), name
        for said in found.left_out:
            why = "crops are single pictures" if name in OF_FRAMES else "knows no derivative of it"
            assert f"({registry()[name].label} behind layer)" in said
            assert why in said


@pytest.mark.parametrize(
    "mask", [Painted(np.ones((4, 6), np.float32)), Luma(source="small", low=-0.5, high=0.5), Luma(source="after")]
)
def test_of_a_bend_that_is_left_out_no_layer_stays(mask: Painted | Luma) -> None:
    made = staged(6)
    name = "Rotate" if mask == Luma(source="after") else "Median"
    found = with_bends(made, Size(9, 8), [Stage(1, "layer", make_bend(name, {}), mask=mask)])
    assert found.left_out
    assert found.network.graph == made.graph
    assert found.network.tensors.keys() == made.tensors.keys()


@pytest.mark.parametrize("name", BENT)
@settings(max_examples=8)
@given(data=st.data(), shape=shapes)
def test_layers_do_what_the_bend_does(name: str, data: st.DataObject, shape: tuple[int, int, int]) -> None:
    stage, made, given_ = data.draw(stages(name, 1, shape[0])), staged(shape[0]), fed(shape)
    engine = on_torch(made)
    engine.set_stages([stage])
    engine.run(given_)
    bent = with_bends(made, Size(*shape[1:]), [stage])
    if not bent.stages:  # a bend that draws one number for a channel, or works nowhere
        assert stage.amount == 0.0 or name == "Noise"
        return
    maps = reference(bent.network, {name: torch.from_numpy(x)[None] for name, x in given_.items()})
    found, right = maps[bent.network.graph.output][0].numpy(), engine.activation("after")
    if stage.guard.kind == "norm":
        # What is left of a channel may be rounding alone, which the guard would bring to the level that it had.
        engine.set_stages([Stage(1, "layer", stage.bend, guard=Guard(kind="none"), source=stage.source)])
        engine.run(given_)
        left = np.abs(engine.activation("layer")).max((1, 2)) > 1e-3
        found, right = found[left], right[left]
    if stage.guard.kind in ("deviation", "norm"):
        assert np.allclose(found, right, rtol=1e-3, atol=2e-3 * (1 + np.abs(right).max(initial=0.0)))
    else:
        assert relative_error(found, right) <= 1e-5


@pytest.mark.parametrize("name", BENT)
@settings(max_examples=4)
@given(data=st.data(), seed=st.integers(0, 99))
def test_gradients_through_a_bend_are_those_of_autograd(name: str, data: st.DataObject, seed: int) -> None:
    """By the rules of the operators that it is made of, each of which is compared on every engine for itself."""
    shape = data.draw(st.tuples(st.sampled_from([1, 3, 5, 8]), st.integers(3, 9), st.integers(3, 9)))
    stage = data.draw(stages(name, 1, shape[0]))
    bent = with_bends(staged(shape[0]), Size(*shape[1:]), [stage])
    assume(bent.stages and stage.guard.kind in ("none", "finite"))
    # Where a bend changes nothing, what a mask learns from is rounding.
    wanted = ["input"] if isinstance(stage.mask, Luma) else ["input", "other"]
    check(on_torch, bent.network, fed(shape, seed), seed, wanted)


@settings(max_examples=6)
@given(data=st.data(), shape=shapes, angle=st.integers(-180, 180), border=st.sampled_from(["zero", "reflect", "wrap"]))
def test_a_warp_has_the_same_gradients_on_every_engine(
    engine_for: EngineFor, data: st.DataObject, shape: tuple[int, int, int], angle: int, border: str
) -> None:
    how = data.draw(st.sampled_from(["bilinear", "nearest"]))
    stage = Stage(1, "layer", make_bend("Rotate", {"angle": angle, "border": border, "interpolation": how}))
    check(engine_for, with_bends(staged(shape[0]), Size(*shape[1:]), [stage]).network, fed(shape), 0, ["input"])


# -- lessons -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(3):
        small = np.random.default_rng(number).integers(0, 256, (6, 8, 3), np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), cv2.resize(small, (32, 24), interpolation=cv2.INTER_CUBIC))
    return folder


def chain() -> tuple[Stage, ...]:
    """Bends of many kinds, with masks, guards, some channels, and one that cannot be learnt through."""
    painted = Painted(np.random.default_rng(0).uniform(0, 1, (7, 9)).astype(np.float32))
    return (
        Stage(1, "down1", make_bend("Rotate", {"angle": 20.0}), amount=0.7),
        Stage(2, "down1", make_bend("Blur", {}), channels=SomeChannels(share=0.5)),
        Stage(3, "down2", make_bend("Noise", {"strength": 0.1})),
        Stage(4, "up2", make_bend("Median", {})),
        Stage(5, "up1", make_bend("Kaleidoscope", {}), mask=Luma(source="input", low=-0.5, high=0.5)),
        Stage(6, "up1", make_bend("MixChannels", {}), guard=Guard(kind="norm")),
        Stage(7, "out", make_bend("Invert", {}), mask=painted, guard=Guard(kind="deviation")),
    )


def learner(pictures: Path, engine: str = "torch", bends: tuple[Stage, ...] = (), **how: object) -> Learner:
    asked = Asked(str(pictures), size=16, batch=3, losses="l1=1", optimiser="sgd", rate=0.1, bends=True, **how)  # type: ignore[arg-type]
    made, notes = prepare(parse_new("unet,width=4,depth=2,seed=3").make(), asked, engine, stages=bends)
    assert sum("Stage 4 (Median behind up2) is left out" in said for said in notes) == any(s.id == 4 for s in bends)
    return made


def losses_of(taught: Learner, steps: int = 5) -> list[float]:
    found = [taught.step().loss for _ in range(steps)]
    taught.close()
    return found


def test_all_engines_lose_alike_through_bends(pictures: Path) -> None:
    right = losses_of(learner(pictures, "torch", chain()))
    without = losses_of(learner(pictures, "torch"))
    assert not np.allclose(right, without, rtol=1e-3)
    for engine in ("gl", "gl-fragment"):
        assert np.allclose(losses_of(learner(pictures, engine, chain())), right, rtol=1e-4)


def test_one_crop_at_a_time_is_the_same_step_though_noise_is_drawn(pictures: Path) -> None:
    noise = (Stage(1, "down1", make_bend("DropPixels", {})), Stage(2, "up2", make_bend("Noise", {})))
    whole = losses_of(learner(pictures, "torch", noise, statistics=False))
    for engine in ("torch", "gl"):
        parts = learner(pictures, engine, noise, statistics=False, at_once=1)
        assert np.allclose(losses_of(parts), whole, rtol=1e-4)


def test_noise_is_drawn_anew_in_every_step(pictures: Path) -> None:
    held = Asked(str(pictures / "0.png"), size=16, batch=1, losses="l2=1", rate=0.0, bends=True, flips=False)
    noise = (Stage(1, "enc1", make_bend("Noise", {})),)
    for engine in ("torch", "gl", "gl-fragment"):
        taught, _ = prepare(parse_new("autoencoder,width=2").make(), held, engine, stages=noise)
        taught.lesson.pair = lambda *_: (np.zeros((16, 16, 3), np.uint8),) * 2  # type: ignore[method-assign]
        taught.lesson.parts = lambda *_: None  # type: ignore[method-assign]
        first, second = losses_of(taught, 2)
        assert first != second


def test_a_bend_that_is_turned_while_it_learns_counts_from_the_next_step(pictures: Path) -> None:
    asked = Asked(str(pictures), size=16, batch=2, optimiser="sgd", rate=0.1, bends=True)
    bend, turned = (Stage(1, "enc1", make_bend("Multiply", {"factor": f}), amount=0.5) for f in (1.5, -2.0))
    for engine in ("torch", "gl"):
        found = []
        for stage in (bend, turned):
            taught, _ = prepare(parse_new("autoencoder,width=2,seed=2").make(), asked, engine, stages=(stage,))
            taught.step()
            begun = taught.checkpoint()
            turn(taught, asked, asked, (turned,))
            taught.restore(begun)
            found.append((begun, taught))
        found[1][1].restore(found[0][0])
        one, other = (taught.step().loss for _, taught in found)
        assert one == pytest.approx(other, rel=1e-6)
        for _, taught in found:
            taught.close()


def test_it_learns_around_a_bend(pictures: Path) -> None:
    """What a factor of -3 does to the first layer is taken back by those behind it."""
    bend = (Stage(1, "enc1", make_bend("Multiply", {"factor": -3.0})),)
    asked = Asked(str(pictures), size=16, batch=4, rate=5e-3, bends=True)
    taught, _ = prepare(parse_new("autoencoder,width=4,seed=1").make(), asked, "torch", stages=bend)
    lost = losses_of(taught, 60)
    assert np.mean(lost[-5:]) < 0.8 * lost[0]


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        (Stage(1, "nowhere", make_bend("Invert", {})), 'there is no layer "nowhere"'),
        (
            Stage(1, "down1", make_bend("Invert", {}), channels=ChannelRange(first=0, last=99)),
            "channels 0 to 99 are not among",
        ),
    ],
)
def test_a_bend_that_does_not_fit_is_named(pictures: Path, stage: Stage, said: str) -> None:
    with pytest.raises(StudioError, match=said):
        learner(pictures, "torch", (stage,))


def test_a_network_with_a_state_learns_without_bends_and_says_so(pictures: Path) -> None:
    asked = Asked(str(pictures / "0.png"), size=16, batch=1, unrolled=2, pool=2, bends=True)
    bend = (Stage(1, "thinks", make_bend("Invert", {})),)
    taught, notes = prepare(parse_new("automaton,channels=4,width=4").make(), asked, "torch", stages=bend)
    assert any("Bends are left out: the network has a state" in said for said in notes)
    taught.step()
    taught.close()


def test_a_plug_ins_bend_without_layers_is_left_out() -> None:
    class Own(Bend):
        """Another package's."""

        label = "Own"
        shader = "ablate"

    found = with_bends(staged(3), Size(8, 8), [Stage(1, "layer", Own())])
    assert found.network.graph == staged(3).graph
    assert "(Own behind layer)" in found.left_out[0]
