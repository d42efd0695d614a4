"""Presets mixed: each end is itself, numbers lie between, nothing jumps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from helpers import EngineFor, tiny_network
from hypothesis import given
from hypothesis import strategies as st

from studio.bends import make_bend
from studio.control.blend import Blend, fade_shares, morph_shares
from studio.control.move import move
from studio.errors import StudioError
from studio.model.bends.stage import Luma
from studio.model.bends.stages import STAGES
from studio.model.documents.document import Document
from studio.model.movement.macros import aimed, changed
from studio.model.movement.route import MACRO_BANK, ROUTES
from studio.model.networks.preset import Preset
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Mover

NETWORK = tiny_network()


def first() -> Preset:
    document = Document(Preset("first", NETWORK, {"enc.weight": NETWORK.tensors["enc.weight"] * 2}))
    document.add_stage("enc", make_bend("Rotate", {"angle": 10.0}), amount=0.5)
    document.add_stage("act", make_bend("Multiply", {"factor": 2.0}), mask=Luma(source="input", high=0.5))
    routes, _ = move((), "/bend/1/angle", "lfo", rate=1.0, depth=0.2)
    routes, _ = move(routes, "/bend/2/amount", "drift", depth=-0.5)
    document.set_section(ROUTES, routes, "Routes")
    document.set("/tempo/bpm", 100)
    return document.preset()


def second() -> Preset:
    bias = np.linspace(-1, 1, 6, dtype=np.float32)
    document = Document(Preset("second", NETWORK, {"enc.bias": bias}))
    document.add_stage("act", make_bend("Invert", {}), amount=0.8)
    document.add_stage("enc", make_bend("Rotate", {"angle": 50.0}))
    document.add_stage("enc", make_bend("Rotate", {"angle": -20.0, "border": "wrap"}))
    routes, _ = move((), "/bend/2/angle", "lfo", rate=3.0, depth=0.6)
    document.set_section(ROUTES, routes, "Routes")
    document.set("/tempo/bpm", 140)
    document.set_bypassed("out", True)
    return document.preset()


def test_with_the_whole_share_a_preset_is_itself() -> None:
    a, b = first(), second()
    blend = Blend((a, b))
    assert blend.at((1.0, 0.0)) is a
    assert blend.at((0.0, 3.0)) is b
    assert Blend((a, b, a, b)).at(morph_shares(1.0, 0.0)) is b


def test_half_way_everything_lies_between() -> None:
    mixed = Blend((first(), second())).at(fade_shares(0.25))
    trained = NETWORK.tensors
    np.testing.assert_allclose(mixed.changed["enc.weight"], trained["enc.weight"] * 1.75, rtol=1e-6)
    bias = 0.75 * trained["enc.bias"] + 0.25 * np.linspace(-1, 1, 6, dtype=np.float32)
    np.testing.assert_allclose(mixed.changed["enc.bias"], bias, rtol=1e-5, atol=1e-6)
    found = {(stage.layer, type(stage.bend).__name__): stage for stage in mixed.section(STAGES)[::-1]}
    assert len(mixed.section(STAGES)) == 4
    rotate = found["enc", "Rotate"]
    assert rotate.amount == pytest.approx(0.75 * 0.5 + 0.25)
    assert rotate.bend.angle == pytest.approx(20.0)  # type: ignore[attr-defined]
    assert found["act", "Multiply"].amount == pytest.approx(0.75)
    assert found["act", "Multiply"].bend.factor == 2.0  # type: ignore[attr-defined]
    assert found["act", "Invert"].amount == pytest.approx(0.2)
    routes = {(type(route.source).__name__, route.target): route for route in mixed.section(ROUTES)}
    # Of two paces each comes or goes by itself: between them there would be every pace, and a rush through all phases.
    lfos = [r for r in mixed.section(ROUTES) if r.target == f"/bend/{rotate.id}/angle"]
    assert {lfo.source.rate: lfo.depth for lfo in lfos} == pytest.approx({1.0: 0.75 * 0.2, 3.0: 0.25 * 0.6})  # type: ignore[attr-defined]
    drift = routes["Drift", f"/bend/{found['act', 'Multiply'].id}/amount"]
    assert drift.depth == pytest.approx(-0.375)
    assert Document(mixed).get("/tempo/bpm") == pytest.approx(110.0)
    assert mixed.bypassed == frozenset()
    assert Blend((first(), second())).at(fade_shares(0.75)).bypassed == {"out"}


def test_a_fade_never_jumps_in_the_picture(engine_for: EngineFor) -> None:
    a, b = first(), second().with_section(ROUTES, ())
    from studio.model.networks.section import BYPASSED

    b = b.with_section(BYPASSED, frozenset())
    blend, engine = Blend((a, b)), engine_for(NETWORK)
    mover = Mover(a, engine, FrameRunner(engine))
    picture = np.random.default_rng(1).integers(0, 256, (16, 16, 3), np.uint8)
    outputs = []
    for part in np.linspace(0, 1, 21):
        mixed = blend.at(fade_shares(float(part)))
        for name, tensor in mixed.bent.tensors.items():
            engine.set_tensor(name, tensor)
        mover.show(mixed)
        mover(picture, 0.0)
        outputs.append(engine.output())
    steps = [float(np.abs(x - y).mean()) for x, y in pairwise(outputs)]
    whole = float(np.abs(outputs[0] - outputs[-1]).mean())
    assert whole > 0.01
    assert max(steps) < 0.35 * whole


def test_what_cannot_be_mixed_is_said() -> None:
    with pytest.raises(StudioError, match='"first" and "other" bend different networks'):
        Blend((first(), Preset("other", tiny_network(seed=1), {})))
    blend = Blend((first(), second()))
    for shares in ((1.0,), (0.0, 0.0), (2.0, -1.0), (float("nan"), 0.0)):
        with pytest.raises(StudioError, match="needs as many shares"):
            blend.at(shares)


@given(st.floats(-1, 2), st.floats(-1, 2))
def test_shares_add_up_to_one(x: float, y: float) -> None:
    assert sum(fade_shares(x)) == pytest.approx(1.0)
    assert sum(morph_shares(x, y)) == pytest.approx(1.0)
    assert min(morph_shares(x, y)) >= 0.0


def test_movements_of_one_pace_are_one_whose_depth_lies_between() -> None:
    first_, second_ = (
        preset.with_section(ROUTES, move((), "/bend/1/amount", "lfo", rate=2.0, phase=phase, depth=depth)[0])
        for preset, phase, depth in ((first(), 0.0, 0.2), (first(), 0.5, 0.6))
    )
    [lfo] = Blend((first_, second_)).at(fade_shares(0.25)).section(ROUTES)
    assert lfo.depth == pytest.approx(0.3)
    assert lfo.source.phase == pytest.approx(0.125)  # type: ignore[attr-defined]


def test_macros_that_turn_the_same_lie_between_and_others_leave_what_they_turned() -> None:
    bank = aimed(MACRO_BANK.default, 2, Document(first()).number("/bend/1/amount"), 0.5)
    a, b = (first().with_section(MACRO_BANK, changed(bank, 2, value=value)) for value in (0.2, 0.6))
    mixed = Blend((a, b)).at(fade_shares(0.25))
    assert Document(mixed).get("/macro/2") == pytest.approx(0.3)
    assert mixed.section(MACRO_BANK)[1].aims == bank[1].aims
    plain = Blend((b, second())).at(fade_shares(0.25))
    assert not any(macro.aims for macro in plain.section(MACRO_BANK))
    # 0.6 is where the macro had it, and the other preset has such a stage with an amount of 1.
    rotate = next(stage for stage in plain.section(STAGES) if type(stage.bend).__name__ == "Rotate")
    assert rotate.amount == pytest.approx(0.75 * 0.6 + 0.25)
    assert Blend((b, second())).at((1.0, 0.0)) is b


def test_only_tensors_that_differ_are_mixed() -> None:
    a, b = first(), first()
    assert Blend((a, b)).tensors == []
    assert Blend((a, second())).tensors == ["enc.bias", "enc.weight"]
