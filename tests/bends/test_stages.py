"""Stages on a running network: what changes when they do, what is remembered, and what goes wrong in words."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from helpers import EngineFor, assert_same_bits, branched_network, normal, tiny_network

from studio.bends import make_bend
from studio.engine.base import Engine
from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.errors import StudioError
from studio.model.bends.stage import ChannelList, Guard, Painted, Stage, after, made
from studio.model.declared.tick import Tick
from studio.model.networks.shape import Array

X = {"input": normal(3, 16, 12)}


def stage(number: int, layer: str, name: str, **settings: object) -> Stage:
    params = settings.pop("params", {})
    return Stage(number, layer, make_bend(name, params), **settings)  # type: ignore[arg-type]


def maps(engine: Engine) -> dict[str, Array]:
    return {node.name: engine.activation(node.name) for node in engine.graph.nodes}


def test_what_a_layer_made_and_each_stage_handed_on_can_be_looked_at(engine_for: EngineFor) -> None:
    engine = engine_for(branched_network())
    engine.run(X)
    trained = engine.activation("mid")
    double, one_more = (
        stage(4, "mid", "Multiply", params={"factor": 2.0}),
        stage(2, "mid", "Add", params={"value": 1.0}),
    )
    engine.set_stages([double, one_more])

    assert engine.update() == ("mid", "up", "join", "norm", "frac", "out")
    np.testing.assert_array_equal(engine.activation(made("mid")), trained)
    np.testing.assert_array_equal(engine.activation(after("mid", 4)), trained * 2)
    np.testing.assert_allclose(engine.activation("mid"), trained * 2 + 1, rtol=1e-6)
    assert engine.shape(made("mid")) == engine.shape("mid")
    assert engine.stats(made("mid")).maximum == pytest.approx(float(trained.max()))
    assert set(engine.times()) >= {"mid", "mid>made", "mid>4", "mid>2"}


def test_stages_work_in_their_order(engine_for: EngineFor) -> None:
    engine = engine_for(tiny_network())
    chain = [stage(1, "enc", "Multiply", params={"factor": 2.0}), stage(2, "enc", "Add", params={"value": 1.0})]
    engine.run(X)
    plain = engine.activation("enc")
    for order, wanted in ((chain, plain * 2 + 1), (chain[::-1], (plain + 1) * 2)):
        engine.set_stages(order)
        engine.update()
        np.testing.assert_allclose(engine.activation("enc"), wanted, rtol=1e-5)


def test_a_network_is_as_it_was_when_its_stages_are_gone(engine_for: EngineFor) -> None:
    engine = engine_for(branched_network())
    engine.run(X)
    trained = maps(engine)
    engine.set_stages([stage(1, "enc", "Rotate"), stage(2, "join", "Erode"), stage(3, "up", "Invert")])
    engine.update()
    engine.set_stages([replace(engine.stages[0], on=False)])
    engine.update()
    assert_same_bits(maps(engine), trained)
    engine.set_stages([])
    assert engine.update() == ()
    assert_same_bits(maps(engine), trained)


@pytest.mark.parametrize("bypassed", [(), ("mid",), ("enc", "join")])
def test_changing_stages_while_it_runs_is_as_beginning_with_them(
    engine_for: EngineFor, bypassed: tuple[str, ...]
) -> None:
    engine = engine_for(branched_network())
    engine.run(X)
    seen = [stage(1, "mid", "Rotate"), stage(2, "join", "Blur"), stage(3, "act", "Normalise", guard=Guard(kind="norm"))]
    for chain in (seen, seen[::-1], seen[1:], [replace(seen[0], layer="enc"), *seen[1:]]):
        engine.set_stages(chain)
        engine.bypass(bypassed)
        engine.update()

        fresh = engine_for(branched_network())
        fresh.bypass(bypassed)
        fresh.set_stages(chain)
        fresh.run(X)
        assert_same_bits(maps(engine), maps(fresh))


def test_a_bypassed_layer_hands_on_what_its_stages_make_of_its_input(engine_for: EngineFor) -> None:
    engine = engine_for(tiny_network())
    engine.bypass(["act"])
    engine.set_stages([stage(1, "act", "Invert")])
    engine.run(X)

    np.testing.assert_allclose(engine.activation("act"), 1 - engine.activation("enc"), rtol=1e-6)


def test_an_edit_of_a_layer_goes_through_its_stages(engine_for: EngineFor) -> None:
    engine = engine_for(tiny_network())
    engine.set_stages([stage(1, "enc", "Invert")])
    engine.run(X)
    engine.set_tensor("enc.bias", np.full(6, 3.0, np.float32))

    assert engine.update() == ("enc", "act", "dec", "out")
    np.testing.assert_allclose(engine.activation("enc"), 1 - engine.activation(made("enc")), rtol=1e-5, atol=1e-6)


def test_other_layers_keep_their_textures(gl_class: type[GLEngine] | type[GLFragmentEngine], device: Device) -> None:
    engine = gl_class(branched_network(), device)
    engine.run(X)
    before = dict(engine._textures)
    chain = [stage(1, "mid", "Rotate"), stage(2, "mid", "Erode")]
    for stages in (chain, chain[::-1], chain[:1], []):
        engine.set_stages(stages)
        engine.update()
        for name, texture in before.items():
            assert engine._textures[name] is texture, name
    assert engine._textures.keys() == before.keys()
    engine.close()


def test_numbers_of_stages_compile_and_make_nothing(
    gl_class: type[GLEngine] | type[GLFragmentEngine], device: Device
) -> None:
    engine = gl_class(tiny_network(), device)
    mask = Painted(np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4))
    chain = [stage(1, "enc", "Rotate", mask=mask), stage(2, "act", "Erode"), stage(3, "act", "Blur", amount=0.4)]
    engine.set_stages(chain)
    engine.run(X)
    compiled, textures = device.compiled, dict(engine._textures)

    for k in range(20):
        turned = [
            replace(chain[0], bend=make_bend("Rotate", {"angle": 10.0 * k}), amount=k / 20),
            replace(chain[1], bend=make_bend("Erode", {"radius": k % 4})),
            replace(chain[2], channels=ChannelList(channels=(k % 6,))),
        ]
        engine.set_stages(turned)
        assert engine.update()
        engine.set_number(3, "sigma", k / 5)
        assert engine.update() == ("act", "dec", "out")

    assert device.compiled == compiled
    assert dict(engine._textures) == textures
    fresh = gl_class(tiny_network(), device)
    fresh.set_stages([turned[0], turned[1], replace(turned[2], bend=make_bend("Blur", {"sigma": 19 / 5}))])
    fresh.run(X)
    assert_same_bits(maps(engine), maps(fresh))
    engine.close()
    fresh.close()


@pytest.mark.slow
def test_a_known_stage_comes_and_goes_within_20_ms(
    gl_class: type[GLEngine] | type[GLFragmentEngine], device: Device
) -> None:
    engine = gl_class(tiny_network(), device)
    engine.run(X)
    chain, taken = [stage(1, "enc", "Rotate")], []
    for k in range(12):
        start = time.perf_counter()
        engine.set_stages(chain if k % 2 == 0 else [])
        engine.update()
        taken.append(time.perf_counter() - start)
    assert sorted(taken)[len(taken) // 2] < 0.02
    engine.close()


# -- time -------------------------------------------------------------------------------------------------------------

WITH_MEMORY = ["Delay", "Feedback", "FrameDifference", "Freeze", "RunningMean", "SlitScan"]


def film(engine: Engine, count: int, *, reruns: bool = False) -> list[Array]:
    found = []
    for frame in range(count):
        engine.run({"input": normal(3, 16, 12, seed=frame)}, Tick(frame, Fraction(frame, 25)))
        if reruns and frame % 2:
            bias = engine.tensor("enc.bias")
            engine.set_tensor("enc.bias", bias + 1)
            engine.update()
            engine.set_tensor("enc.bias", bias)
            engine.update()
        found.append(engine.activation("act"))
    return found


@pytest.mark.parametrize("name", [*WITH_MEMORY, "Noise", "DropPixels", "Flow"])
def test_a_render_repeats_and_reruns_move_nothing_on(engine_for: EngineFor, name: str) -> None:
    engine = engine_for(tiny_network())
    engine.set_stages([stage(1, "act", name, params={"frames": 3} if name == "Delay" else {})])
    first = film(engine, 7)
    engine.forget()
    again = film(engine, 7, reruns=True)

    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.array_equal(first[0], first[6]) == (name == "Freeze")


@pytest.mark.parametrize("name", WITH_MEMORY)
def test_another_size_begins_anew(engine_for: EngineFor, name: str) -> None:
    engine = engine_for(tiny_network())
    engine.set_stages([stage(1, "act", name)])
    first = film(engine, 3)
    engine.run({"input": normal(3, 8, 8)})
    again = film(engine, 3)

    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_delay_gives_the_frame_of_then_and_first_the_first(engine_for: EngineFor) -> None:
    plain = engine_for(tiny_network())
    engine = engine_for(tiny_network())
    engine.set_stages([stage(1, "act", "Delay", params={"frames": 3}, guard=Guard(kind="none"))])
    wanted, found = film(plain, 6), film(engine, 6)

    for frame in range(6):
        np.testing.assert_array_equal(found[frame], wanted[max(0, frame - 3)])


def test_what_is_frozen_later_stands_still_from_then_on(engine_for: EngineFor) -> None:
    engine = engine_for(tiny_network())
    engine.set_stages([stage(1, "act", "Freeze", params={"frozen": False})])
    moving = film(engine, 3)
    engine.set_number(1, "frozen", 1.0)
    frozen = film(engine, 2)

    np.testing.assert_array_equal(frozen[0], moving[2])
    np.testing.assert_array_equal(frozen[1], moving[2])


def test_stages_that_stay_remember_while_others_change(engine_for: EngineFor) -> None:
    delay = stage(1, "act", "Delay", params={"frames": 2}, guard=Guard(kind="none"))
    plain, engine = engine_for(tiny_network()), engine_for(tiny_network())
    engine.set_stages([delay])
    wanted = film(plain, 4)
    film(engine, 3)
    engine.set_stages([delay, stage(2, "dec", "Invert")])
    engine.run({"input": normal(3, 16, 12, seed=3)})

    np.testing.assert_array_equal(engine.activation("act"), wanted[1])


# -- guards, and what goes wrong --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["finite", "deviation", "norm"])
def test_a_guard_lets_nothing_through_that_is_not_finite(engine_for: EngineFor, kind: str) -> None:
    engine = engine_for(tiny_network())
    huge = stage(1, "act", "Multiply", params={"factor": 1000.0}, guard=Guard(kind=kind))  # type: ignore[arg-type]
    engine.set_stages([replace(huge, id=k) for k in range(1, 16)])
    engine.run({"input": normal(3, 16, 12) * np.float32(1e3)})

    assert np.isfinite(engine.activation("act")).all()


def test_deviations_are_counted_from_what_the_layer_had(engine_for: EngineFor) -> None:
    engine = engine_for(tiny_network())
    engine.set_stages([stage(1, "enc", "Multiply", params={"factor": 50.0}, guard=Guard(kind="deviation", times=2.0))])
    engine.run(X)
    was, found = engine.activation(made("enc")), engine.activation("enc")

    mean, reach = was.mean((1, 2), keepdims=True), 2.0 * was.std((1, 2), keepdims=True)
    np.testing.assert_allclose(found, np.clip(was * 50, mean - reach, mean + reach), rtol=1e-4, atol=1e-5)


def test_a_kept_norm_is_that_of_every_channel(engine_for: EngineFor) -> None:
    engine = engine_for(tiny_network())
    engine.set_stages([stage(1, "enc", "Blur", guard=Guard(kind="norm"))])
    engine.run(X)

    norms = [np.sqrt((engine.activation(name) ** 2).mean((1, 2))) for name in ("enc", made("enc"))]
    np.testing.assert_allclose(*norms, rtol=1e-5)


def test_a_mask_bends_where_it_is_painted(engine_for: EngineFor) -> None:
    left = np.zeros((16, 12), np.float32)
    left[:, :6] = 1.0
    engine = engine_for(tiny_network())
    engine.set_stages([stage(1, "enc", "Ablate", mask=Painted(left))])
    engine.run(X)
    was, found = engine.activation(made("enc")), engine.activation("enc")

    assert not found[:, :, :3].any()
    np.testing.assert_array_equal(found[:, :, 3:], was[:, :, 3:])


def test_a_stage_that_does_not_fit_leaves_all_as_it_was(engine_for: EngineFor) -> None:
    engine = engine_for(tiny_network())
    good = [stage(1, "enc", "Invert")]
    engine.set_stages(good)
    engine.run(X)
    was = engine.output()

    with pytest.raises(StudioError, match=r"Stage 2 .* channel 9 is not among 0 to 5"):
        engine.set_stages([*good, stage(2, "enc", "Add", channels=ChannelList(channels=(9,)))])
    with pytest.raises(StudioError, match='no layer "nowhere"'):
        engine.set_stages([stage(2, "nowhere", "Add")])

    assert engine.stages == tuple(good)
    engine.run(X)
    np.testing.assert_array_equal(engine.output(), was)


def test_a_lent_map_is_taken_until_it_is_taken_back(engine_for: EngineFor) -> None:
    engine = engine_for(tiny_network())
    engine.set_stages([stage(1, "enc", "FromPicture")])
    engine.run(X)
    plain, lent = engine.activation("enc"), normal(6, 8, 6, seed=9)
    engine.lend(1, lent)
    engine.update()
    np.testing.assert_array_equal(engine.activation("enc"), lent)
    engine.lend(1, None)
    engine.update()
    np.testing.assert_array_equal(engine.activation("enc"), plain)
    with pytest.raises(StudioError, match="shape"):
        engine.lend(1, np.zeros(3, np.float32))


def test_a_lent_map_is_there_again_with_its_stage_wherever_that_stands(engine_for: EngineFor) -> None:
    engine = engine_for(tiny_network())
    mine = stage(1, "enc", "FromPicture")
    lent = normal(6, 8, 6, seed=9)
    engine.run(X)
    engine.lend(1, lent)
    for stages in ([mine], [], [mine], [replace(mine, layer="act")], [replace(mine, on=False)], [mine]):
        engine.set_stages(stages)
        engine.update()
    np.testing.assert_array_equal(engine.activation("enc"), lent)


def test_a_hundred_stages_run(engine_for: EngineFor) -> None:
    engine = engine_for(tiny_network())
    engine.set_stages([stage(k, ("enc", "act", "dec")[k % 3], "Invert") for k in range(1, 101)])
    engine.run(X)

    assert np.isfinite(engine.output()).all()
    assert len(engine.places) == 100
