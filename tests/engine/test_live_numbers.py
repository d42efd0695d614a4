"""Live numbers: they are turned while a network runs, mean what PyTorch means, and cost no program and no memory."""

from __future__ import annotations

from collections.abc import Callable

import moderngl
import numpy as np
import pytest
import torch
from helpers import EngineFor, layer, network, normal, relative_error
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.engine.base import Engine
from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.errors import StudioError
from studio.model.declared.param import lives
from studio.model.networks.network import Network
from studio.model.networks.shape import Array
from studio.ops import registry


def knobs() -> Network:
    """Every operator with live numbers, behind a convolution."""
    return network(
        layer("conv", "Conv2d", "input", in_channels=3, out_channels=5, kernel_size=3, padding=1),
        layer("leaky", "LeakyReLU", "conv", negative_slope=0.2),
        layer("affine", "Affine", "leaky", scale=1.5, shift=0.1),
        layer("abs", "Abs", "affine"),
        layer("pow", "Pow", "abs", exponent=2.0),
        layer("tanh", "Hardtanh", "pow", min_val=-0.5, max_val=2.0),
        layer("elu", "ELU", "tanh", alpha=0.7),
        layer("soft", "Softplus", "elu", beta=1.2, threshold=3.0),
        layer("pad", "Pad", "soft", padding=(1, 1, 1, 1), value=0.3),
        layer("out", "Conv2d", "pad", in_channels=5, out_channels=3, kernel_size=3),
    )


def more_knobs() -> Network:
    """The operators with live numbers that `knobs` leaves out."""
    return network(
        layer("resize", "Resize", "input", scale_factor=2.0, mode="bicubic", cubic_a=-0.5),
        layer("compare", "Compare", "resize", value=0.1),
        layer("coords", "Coordinates", "resize"),
        layer("random", "RandomMap", "resize"),
        layer("mask", "WindowMask", "resize", window=4, shift=(2, 2)),
        layer("out", "Concat", ("resize", "compare", "coords", "random")),
    )


def test_every_float_of_an_operator_but_eps_is_live() -> None:
    for op in registry().values():
        hints = {name: str(info.annotation) for name, info in op.model_fields.items() if name != "eps"}
        floats = {name for name, hint in hints.items() if "float" in hint}
        # How large a map becomes is structure: textures follow from it. A norm's momentum counts while it learns alone.
        floats -= {"scale_factor", "momentum"}
        assert floats == {live.name for live in lives(op) if live.kind is float}, op.__name__


def test_every_operator_with_live_numbers_is_turned_here() -> None:
    turned = {type(node.op).__name__ for made in (knobs(), more_knobs()) for node in made.graph.nodes}
    assert {name for name, op in registry().items() if lives(op)} <= turned


def turned_anew(made: Network, engine: Engine) -> Network:
    """The network with its operators as they are turned now."""
    from dataclasses import replace

    turned: dict[str, dict[str, float]] = {}
    for place, value in zip(engine.places, engine.numbers, strict=True):
        turned.setdefault(str(place.owner), {})[place.name] = float(value)
    nodes = tuple(replace(node, op=node.op.turned(turned.get(node.name, {}))) for node in made.graph.nodes)
    return Network(made.name, replace(made.graph, nodes=nodes), made.tensors)


@settings(max_examples=15)
@given(
    values=st.lists(st.sampled_from([-2.0, -0.5, 0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0]), min_size=10, max_size=10),
    reruns=st.booleans(),
)
def test_turned_numbers_make_what_the_network_so_declared_makes(
    engine_for: EngineFor, values: list[float], reruns: bool
) -> None:
    made, x = knobs(), {"input": normal(3, 6, 5)}
    engine = engine_for(made)
    engine.run(x)
    limits = [k for k, place in enumerate(engine.places) if place.owner == "tanh"]
    for k, value in zip(limits, sorted(values[k] for k in limits), strict=True):
        values[k] = value
    engine.set_numbers(np.array(values, np.float32))
    if reruns:
        assert set(engine.update()) <= {node.name for node in made.graph.nodes}
    else:
        engine.run(x)

    fresh = engine_for(turned_anew(made, engine))
    fresh.run(x)
    np.testing.assert_array_equal(engine.output(), fresh.output())
    with torch.no_grad():
        wanted = torch.tensor(fresh.activation("leaky"))
        op = fresh.graph.node("affine").op
        wanted = wanted * op.live_value("scale") + op.live_value("shift")
    assert relative_error(engine.activation("affine"), wanted.numpy()) <= 1e-5


def test_a_number_of_one_layer_reruns_it_and_what_follows(engine_for: EngineFor) -> None:
    engine = engine_for(knobs())
    engine.run({"input": normal(3, 6, 5)})

    engine.set_number("elu", "alpha", 0.1)

    assert engine.update() == ("elu", "soft", "pad", "out")
    assert engine.update() == ()
    engine.set_number("elu", "alpha", 0.1)
    assert engine.update() == ()


def test_numbers_are_held_to_their_limits(engine_for: EngineFor) -> None:
    engine = engine_for(knobs())
    engine.run({"input": normal(3, 6, 5)})

    engine.set_number("soft", "beta", -3.0)

    found = next(v for p, v in zip(engine.places, engine.numbers, strict=True) if (p.owner, p.name) == ("soft", "beta"))
    assert found == np.float32(1e-6)


@pytest.mark.parametrize(
    ("owner", "name", "value", "words"),
    [
        ("elu", "beta", 1.0, 'Layer "elu" has no live number "beta"; it has alpha'),
        ("conv", "stride", 1.0, "it has none"),
        (4, "amount", 1.0, "Stage 4 has no live number"),
        ("elu", "alpha", np.nan, "must be finite"),
    ],
)
def test_numbers_that_there_are_not_are_refused(
    engine_for: EngineFor, owner: str | int, name: str, value: float, words: str
) -> None:
    engine = engine_for(knobs())
    engine.run({"input": normal(3, 6, 5)})

    with pytest.raises(StudioError, match=words):
        engine.set_number(owner, name, value)


def test_numbers_outlast_a_bypass_and_another_size(engine_for: EngineFor) -> None:
    engine = engine_for(knobs())
    engine.run({"input": normal(3, 6, 5)})
    engine.set_number("affine", "scale", 4.0)
    engine.bypass(["affine"])
    engine.run({"input": normal(3, 7, 4)})
    engine.bypass([])
    engine.run({"input": normal(3, 7, 4)})

    was = engine.activation("leaky")
    np.testing.assert_allclose(engine.activation("affine"), was * np.float32(4.0) + np.float32(0.1), rtol=1e-6)


class Counted:
    """Counts what a context is asked to make."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made = 0
        for name in ("buffer", "texture", "framebuffer", "program", "compute_shader", "vertex_array"):
            original = getattr(moderngl.Context, name)

            def counting(*args: object, _original: object = original, **kwargs: object) -> object:
                self.made += 1
                return _original(*args, **kwargs)  # type: ignore[operator]

            monkeypatch.setattr(moderngl.Context, name, counting)


@pytest.mark.parametrize("of", [knobs, more_knobs])
def test_a_thousand_frames_of_moving_numbers_make_nothing(
    gl_class: type[GLEngine] | type[GLFragmentEngine],
    device: Device,
    monkeypatch: pytest.MonkeyPatch,
    of: Callable[[], Network],
) -> None:
    engine = gl_class(of(), device)
    x: dict[str, Array] = {"input": normal(3, 4, 4)}
    rng = np.random.default_rng(0)

    def frame(number: int) -> None:
        engine.set_numbers(rng.uniform(0.1, 2.0, len(engine.places)).astype(np.float32))
        if number % 2:
            engine.update()
        else:
            engine.run(x)

    engine.run(x)
    for number in range(4):
        frame(number)
    counted, compiled = Counted(monkeypatch), device.compiled

    for number in range(1000):
        frame(number)

    assert (counted.made, device.compiled - compiled) == (0, 0)
    engine.close()
