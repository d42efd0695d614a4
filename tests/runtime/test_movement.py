"""What moves while a network runs: once a frame, as a render would, and back to where it was when it stops."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import layer, network, normal, on_torch, tiny_network
from test_live import Studio

from studio.bends import make_bend
from studio.edits import make_edit
from studio.engine.gl.driver.device import Device
from studio.errors import StudioError
from studio.model.bends.stage import Stage
from studio.model.bends.stages import STAGES
from studio.model.declared.tick import Tick
from studio.model.filters.live_edits import EDITS, LiveEdit
from studio.model.movement.modulator import Measurements
from studio.model.movement.route import ROUTES, Route
from studio.model.networks.inputs import Input
from studio.model.networks.layout import to_sheet
from studio.model.networks.preset import Preset
from studio.modulators import make_modulator
from studio.runtime.live.movement import Beats, EditCosts, Move, Moved, Movement, Steered
from studio.runtime.live.report import Progress
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import matrix_of

PICTURE = np.full((8, 8, 3), 100, np.uint8)


def moving(preset: Preset, *routes: Route) -> Preset:
    return preset.with_section(ROUTES, routes)


def lfo(number: int, target: str, **settings: float) -> Route:
    return Route(number, make_modulator("lfo", {"rate": 0.7, "shape": "sine"}), target, **settings)  # type: ignore[arg-type]


def generator() -> Preset:
    made = network(
        layer("up", "ConvTranspose2d", "z", in_channels=4, out_channels=3, kernel_size=8),
        inputs=[Input("z", 4, kind="vector")],
    )
    return Preset("generator", made, {})


def test_vectors_move_as_the_matrix_says_and_come_back() -> None:
    preset = moving(generator(), lfo(1, "/latent/z/2"))
    engine = on_torch(preset.network)
    runner, movement, matrix = FrameRunner(engine), Movement(), matrix_of(preset)
    movement.opened(engine, preset.network.graph)
    assert not movement.moves(engine)
    movement.handlers()[Move](Move(preset.network.graph, preset))
    assert movement.moves(engine)
    seen = []
    for frame in range(20):
        time = Fraction(frame, 25)
        movement.before(runner, Tick(frame, time), PICTURE)
        wanted = matrix.values(float(time))
        assert runner.offsets["z"][2] == wanted["/latent/z/2"]
        moved, steered, beats = movement.parts()
        assert moved == Moved(wanted, matrix.sources(float(time)))
        assert steered == Steered(preset.section(ROUTES))
        assert isinstance(beats, Beats)
        assert beats.time == float(time)
        assert beats.now(beats.at + 0.5) == pytest.approx(float(time) + 0.5)
        seen.append(wanted["/latent/z/2"])
    assert np.ptp(seen) > 0.1
    movement.handlers()[Move](Move(preset.network.graph, generator()))
    # A frame is due, so that it is seen that nothing moves any more.
    assert movement.moves(engine)
    movement.before(runner, Tick(20, Fraction(1)), PICTURE)
    assert not runner.offsets
    assert not movement.moves(engine)


def test_bends_move_and_what_moves_no_more_is_where_it_was() -> None:
    made = tiny_network()
    stage = Stage(1, "enc", make_bend("Invert", {}), amount=0.5)
    still = Preset("bent", made, {}).with_section(STAGES, (stage,))
    preset = moving(still, lfo(1, "/bend/1/amount", depth=0.4))
    engine = on_torch(made)
    engine.set_stages((stage,))
    engine.run({"input": normal(3, 8, 8)})
    runner, movement, matrix = FrameRunner(engine), Movement(), matrix_of(preset)
    movement.opened(engine, made.graph)
    movement.handlers()[Move](Move(made.graph, preset))
    place = next(k for k, place in enumerate(engine.places) if (place.owner, place.name) == (1, "amount"))
    for frame in range(10):
        movement.before(runner, Tick(frame, Fraction(frame, 10)), PICTURE)
        assert engine.numbers[place] == pytest.approx(matrix.values(frame / 10)["/bend/1/amount"], abs=1e-6)
    movement.handlers()[Move](Move(made.graph, still))
    movement.before(runner, Tick(10, Fraction(1)), PICTURE)
    assert engine.numbers[place] == 0.5


def test_what_is_heard_and_seen_moves_it() -> None:
    heard = {"osc/fader": 0.0}
    route = Route(1, make_modulator("osc", {"name": "fader"}), "/latent/z/0", depth=0.5)
    source = route.source
    [name] = source.signals()
    preset = moving(generator(), route)
    engine = on_torch(preset.network)
    movement, runner = Movement(lambda _: Measurements({name: heard["osc/fader"]})), FrameRunner(engine)
    movement.opened(engine, preset.network.graph)
    movement.handlers()[Move](Move(preset.network.graph, preset))
    found = []
    for value in (0.0, 1.0):
        heard["osc/fader"] = value
        movement.before(runner, Tick(), PICTURE)
        found.append(runner.offsets["z"][0])
    assert found[0] != found[1]


def test_an_order_for_other_layers_moves_nothing() -> None:
    preset = moving(generator(), lfo(1, "/latent/z/2"))
    engine = on_torch(preset.network)
    movement = Movement()
    movement.handlers()[Move](Move(preset.network.graph, preset))
    movement.opened(engine, tiny_network().graph)
    assert not movement.moves(engine)


@pytest.mark.gl
def test_a_still_picture_moves_in_the_running_studio(gl_device: Device, tmp_path: Path) -> None:
    del gl_device
    cv2.imwrite(str(tmp_path / "still.png"), np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8))
    stage = Stage(1, "enc", make_bend("Invert", {}), amount=0.5)
    preset = Preset("bent", tiny_network(), {}).with_section(STAGES, (stage,))
    running = Studio(moving(preset, lfo(1, "/bend/1/amount", depth=0.5)))
    try:
        running.live.play(str(tmp_path / "still.png"))
        seen = set()
        for serial in (5, 12, 19, 26):
            running.until(lambda serial=serial: running.telemetry[Progress].serial > serial)
            seen.add(running.picture().tobytes())
        assert len(seen) == 4
        assert "/bend/1/amount" in running.telemetry[Moved].values
        # Without the route it stands still, where it was.
        running.document.set_section(ROUTES, (), "No routes")
        running.until(lambda: not running.telemetry[Moved].values)
        first = running.picture()
        serial = running.telemetry[Progress].serial
        np.testing.assert_array_equal(running.picture(), first)
        running.until(lambda: len(running.reports) > 0)
        assert running.telemetry[Progress].serial <= serial + 1
    finally:
        running.live.close()


def test_live_edits_move_and_strokes_and_other_engines_stay_beneath_them() -> None:
    made = tiny_network()
    edit = LiveEdit(1, "enc.weight", make_edit("Gain", {"factor": 1.0}))
    still = Preset("edited", made, {}).with_section(EDITS, (edit,))
    preset = moving(still, lfo(1, "/edit/1/factor", depth=0.4))
    engine = on_torch(made)
    runner, movement, matrix = FrameRunner(engine), Movement(), matrix_of(preset)
    movement.opened(engine, made.graph)
    movement.handlers()[Move](Move(made.graph, preset))
    trained = made.tensors["enc.weight"]
    for frame in range(5):
        movement.before(runner, Tick(frame, Fraction(frame, 10)), PICTURE)
        factor = matrix.values(frame / 10)["/edit/1/factor"]
        np.testing.assert_allclose(engine.sheet("enc.weight"), to_sheet(trained * np.float32(factor)), rtol=1e-6)
    # What an engine that closes hands to the next is what lies beneath.
    assert np.array_equal(engine.tensor("enc.weight"), trained)
    [costs] = [part for part in movement.parts() if isinstance(part, EditCosts)]
    assert costs.seconds["enc.weight"] > 0
    movement.handlers()[Move](Move(made.graph, Preset("plain", made, {})))
    movement.before(runner, Tick(5, Fraction(1, 2)), PICTURE)
    assert np.array_equal(engine.sheet("enc.weight"), to_sheet(trained))


def test_a_live_edit_that_cannot_work_is_said_for_as_long_as_it_cannot() -> None:
    made = tiny_network()
    edit = LiveEdit(1, "enc.weight", make_edit("Clamp", {"low": -0.1, "high": 0.1}))
    preset = moving(Preset("edited", made, {}).with_section(EDITS, (edit,)), lfo(1, "/edit/1/low", base=0.5, depth=0.0))
    engine = on_torch(made)
    movement = Movement()
    movement.opened(engine, made.graph)
    movement.handlers()[Move](Move(made.graph, preset))
    for frame in range(3):
        with pytest.raises(StudioError, match=r"^Live edit 1 \(Clamp\) of enc\.weight: Nothing lies between 0\.5"):
            movement.before(FrameRunner(engine), Tick(frame, Fraction(frame, 10)), PICTURE)
    assert np.array_equal(engine.sheet("enc.weight"), to_sheet(made.tensors["enc.weight"]))
