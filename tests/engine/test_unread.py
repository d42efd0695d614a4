"""Maps that nobody reads are not written until somebody looks at them, and are then what they would have been."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import layer, network, normal, relative_error
from hypothesis import given, settings
from hypothesis import strategies as st
from test_fuse import joined_networks, networks

from studio.bends import make_bend
from studio.engine.base import Engine
from studio.engine.gl.display.display_buffers import DisplayBuffers
from studio.engine.gl.driver.device import Device, open_device
from studio.engine.gl.engines.half import GLHalfEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.frame.fuse import MOST_OUTPUTS
from studio.engine.gl.tuning.loops import Plan
from studio.engine.gl.tuning.plans import plans
from studio.engine.gl.tuning.settings import Settings
from studio.engine.torch.engine import TorchEngine
from studio.model.bends.stage import Stage
from studio.model.networks.layout import unpack_atlas
from studio.model.networks.network import Network
from studio.model.networks.shape import Array

pytestmark = [pytest.mark.gl, pytest.mark.usefixtures("compute_shaders")]

INVERT = Stage(1, "act", make_bend("Invert", {}))
TURN = Stage(2, "act", make_bend("Rotate", {"angle": 40.0}))


def row_of_layers() -> Network:
    return network(
        layer("conv", "Conv2d", "input", in_channels=3, out_channels=6, kernel_size=3, padding=1),
        layer("act", "LeakyReLU", "conv", negative_slope=0.2),
        layer("next", "Conv2d", "act", in_channels=6, out_channels=4, kernel_size=3, padding=1),
        layer("out", "Tanh", "next"),
    )


def poison(engine: GLEngine) -> None:
    for texture in engine._textures.values():
        texture.write(np.full((texture.height, texture.width, 4), np.nan, texture.dtype))


def untouched(engine: GLEngine) -> set[str]:
    """The maps into which nothing was written since."""
    engine._context.finish()
    kinds = {"f4": np.float32, "f2": np.float16}
    return {
        name
        for name, texture in engine._textures.items()
        if np.isnan(np.frombuffer(texture.read(), kinds[texture.dtype])).all()
    }


def run_alike(engine: Engine, oracle: Engine, seed: int = 0) -> None:
    for each in (engine, oracle):
        each.run({"input": normal(3, 7, 9, seed=seed)})


@pytest.mark.parametrize("kind", [GLEngine, GLHalfEngine])
def test_a_map_that_only_its_own_pass_reads_is_written_from_the_first_look_on(
    device: Device, kind: type[GLEngine]
) -> None:
    settings = Settings("shared", half=kind is GLHalfEngine, handles=device.has_handles)
    engine, oracle = kind(row_of_layers(), device, settings), TorchEngine(row_of_layers(), "cpu")
    nearly = 1e-5 if kind is GLEngine else 5e-3
    run_alike(engine, oracle)
    poison(engine)
    run_alike(engine, oracle, seed=1)
    assert untouched(engine) == {"conv", "next"}
    compiled = device.compiled
    assert relative_error(engine.activation("conv"), oracle.activation("conv")) <= nearly
    poison(engine)
    run_alike(engine, oracle, seed=2)
    assert untouched(engine) == {"next"}
    for name in ("conv", "act", "next", "out"):
        assert relative_error(engine.activation(name), oracle.activation(name)) <= nearly, name
    assert device.compiled == compiled
    engine.close()


def test_a_map_as_it_was_before_it_bent_is_written_where_a_stage_reads_it_by_itself(device: Device) -> None:
    engine, oracle = GLEngine(row_of_layers(), device, Settings("shared")), TorchEngine(row_of_layers(), "cpu")
    for each in (engine, oracle):
        each.set_stages([INVERT])
    run_alike(engine, oracle)
    poison(engine)
    run_alike(engine, oracle)
    assert untouched(engine) == {"conv", "act>made", "next"}
    # Turned by itself the stage reads it.
    for each in (engine, oracle):
        each.set_number(1, "amount", 0.5)
        each.update()
    assert untouched(engine) == {"conv", "next"}
    assert relative_error(engine.output(), oracle.output()) <= 1e-5
    for each in (engine, oracle):
        each.set_stages([INVERT, TURN])
        each.update()
    run_alike(engine, oracle, seed=1)
    assert relative_error(engine.output(), oracle.output()) <= 1e-5
    for name in ("act>made", "act>1", "conv", "act"):
        assert relative_error(engine.activation(name), oracle.activation(name)) <= 1e-5, name
    engine.close()


def test_whoever_has_a_maps_texture_finds_it_there_after_every_run(device: Device) -> None:
    engine, oracle = GLEngine(row_of_layers(), device, Settings("shared")), TorchEngine(row_of_layers(), "cpu")
    run_alike(engine, oracle)
    texture, _ = engine.texture_of("conv")
    assert np.isfinite(np.frombuffer(texture.read(), np.float32)).all()
    poison(engine)
    run_alike(engine, oracle)
    engine._context.finish()
    assert np.isfinite(np.frombuffer(texture.read(), np.float32)).all()
    engine.close()


@pytest.mark.usefixtures("device")
def test_a_map_is_found_while_another_context_is_current() -> None:
    own, other = open_device(), open_device()
    oracle = TorchEngine(row_of_layers(), "cpu")
    engines = [GLEngine(row_of_layers(), each, Settings("shared")) for each in (own, other)]
    for engine in engines:
        run_alike(engine, oracle)
    texture, atlas = engines[0].texture_of("conv")
    found = unpack_atlas(own.calls.read(texture), atlas)
    assert relative_error(found, oracle.activation("conv")) <= 1e-5
    other.use()
    poison(engines[1])
    run_alike(engines[1], oracle)
    assert "conv" in untouched(engines[1])
    for engine, each in zip(engines, (own, other), strict=True):
        engine.close()
        each.close()


def test_what_is_said_to_be_looked_at_is_there_after_one_run(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, runs = GLEngine(row_of_layers(), device, Settings("shared")), []
    execute = engine._execute
    monkeypatch.setattr(engine, "_execute", lambda *asked: (runs.append(asked), execute(*asked)))
    engine.look_at(["conv"])
    oracle = TorchEngine(row_of_layers(), "cpu")
    run_alike(engine, oracle)
    assert relative_error(engine.activation("conv"), oracle.activation("conv")) <= 1e-5
    assert len(runs) == 1
    # Behind a run, too: from the next on.
    engine.look_at(["conv", "next"])
    run_alike(engine, oracle, seed=1)
    assert relative_error(engine.activation("next"), oracle.activation("next")) <= 1e-5
    assert len(runs) == 2
    engine.close()


def test_for_all_that_a_window_begins_to_show_a_frame_runs_again_once(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, oracle, runs = (
        GLEngine(row_of_layers(), device, Settings("shared")),
        TorchEngine(row_of_layers(), "cpu"),
        [],
    )
    run_alike(engine, oracle)
    execute = engine._execute
    monkeypatch.setattr(engine, "_execute", lambda *asked: (runs.append(asked), execute(*asked)))
    screen = DisplayBuffers(device)
    screen.show(engine, ("input", "conv", "act", "next", "out", "conv.weight"))
    assert len(runs) == 1
    for name in ("conv", "next"):
        assert relative_error(engine.activation(name), oracle.activation(name)) <= 1e-5, name
    assert len(runs) == 1
    screen.close()
    engine.close()


@pytest.mark.parametrize("look", ["activation", "stats", "sample", "picture"])
def test_every_way_of_looking_finds_the_map(device: Device, look: str) -> None:
    made = network(*row_of_layers().graph.nodes[:3], layer("end", "Tanh", "next"), layer("out", "Affine", "end"))
    engine, oracle = GLEngine(made, device, Settings("shared")), TorchEngine(made, "cpu")
    run_alike(engine, oracle)
    poison(engine)
    run_alike(engine, oracle)
    assert "end" in untouched(engine)
    right = oracle.activation("end")
    if look == "stats":
        assert engine.stats("end").mean == pytest.approx(right.mean(), rel=1e-4)
    elif look == "sample":
        found = engine.sample("end", 4, right.shape[1:], right.shape[1:])  # type: ignore[arg-type]
        assert relative_error(found, right) <= 1e-5
    elif look == "activation":
        assert relative_error(engine.activation("end"), right) <= 1e-5
    else:
        np.testing.assert_array_equal(engine.picture(), oracle.picture())
    engine.close()


@pytest.mark.parametrize("apart", [False, True])
def test_sums_that_workgroups_share_need_no_map_that_is_written(device: Device, apart: bool) -> None:
    made = network(
        layer("conv", "Conv2d", "input", in_channels=3, out_channels=6, kernel_size=3, padding=1),
        layer("act", "LeakyReLU", "conv", negative_slope=0.2),
        layer("deep", "Conv2d", "act", in_channels=6, out_channels=9, kernel_size=3, padding=1),
        layer("out", "Tanh", "deep"),
    )
    first = GLEngine(made, device, Settings("shared"))
    run_alike(first, first)
    work = first._passes._work(first._passes_of["deep"][-1])
    plan: Plan = next(p for p in plans(work, device.shared_memory) if p.parts > 1 and p.apart == apart)  # type: ignore[arg-type]
    first.close()
    engine, oracle = GLEngine(made, device, Settings("shared", plan=plan)), TorchEngine(made, "cpu")
    run_alike(engine, oracle)
    assert "deep" in engine._missing
    for name in ("out", "deep", "conv", "act"):
        assert relative_error(engine.activation(name), oracle.activation(name)) <= 1e-5, name
    engine.close()


@settings(max_examples=15)
@given(data=st.data(), made=st.one_of(joined_networks(), networks()), most=st.integers(1, MOST_OUTPUTS))
def test_whatever_is_looked_at_whenever_is_what_pytorch_makes(
    device: Device, data: st.DataObject, made: Network, most: int
) -> None:
    engine, oracle = GLEngine(made, device, Settings("shared", most_outputs=most)), TorchEngine(made, "cpu")
    names = [node.name for node in made.graph.nodes]
    rng = np.random.default_rng(0)
    run_alike(engine, oracle)
    for turn in range(3):
        for name in data.draw(st.lists(st.sampled_from(names), max_size=2)):
            assert relative_error(engine.activation(name), oracle.activation(name)) <= 1e-5, name
        kind = data.draw(st.sampled_from(["run", "weights", "numbers", "bypass", "stage"]))
        if kind == "run":
            run_alike(engine, oracle, seed=turn + 1)
            continue
        tensors: dict[str, Array] = {}
        if kind == "weights" and made.graph.tensor_shapes:
            tensor = data.draw(st.sampled_from(sorted(made.graph.tensor_shapes)))
            tensors[tensor] = rng.uniform(0.5, 1.5, made.graph.tensor_shapes[tensor]).astype(np.float32)
        numbers = engine.numbers * np.float32(0.9) if kind == "numbers" else engine.numbers
        layer_name = data.draw(st.sampled_from(names))
        for each in (engine, oracle):
            for tensor, values in tensors.items():
                each.set_tensor(tensor, values)
            each.set_numbers(numbers)
            if kind == "bypass":
                each.bypass({layer_name})
            if kind == "stage":
                each.set_stages([Stage(1, layer_name, make_bend("Multiply", {"factor": 1.5}))])
            each.update()
    assert relative_error(engine.output(), oracle.output()) <= 1e-5
    for name in names:
        assert relative_error(engine.activation(name), oracle.activation(name)) <= 1e-5, name
    engine.close()
