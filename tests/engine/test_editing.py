"""Editing weights of a running network: what runs again, and that it gives what a fresh engine would."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from helpers import (
    EngineFor,
    activations,
    assert_same_bits,
    branched_network,
    layer,
    network,
    normal,
    on_torch,
    relative_error,
    single,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.engine.base import Engine
from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.frame.fuse import MOST_OUTPUTS
from studio.engine.gl.tuning.settings import Settings
from studio.errors import StudioError
from studio.model.networks.inputs import Input
from studio.model.networks.layout import Rect, put, sheet_size
from studio.model.networks.network import Network
from studio.model.networks.shape import Array

PICTURE = normal(3, 12, 13)


@st.composite
def rectangles(draw: st.DrawFn, shape: tuple[int, ...]) -> Rect:
    height, width = sheet_size(shape)
    y, x = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
    return Rect(y, x, draw(st.integers(1, height - y)), draw(st.integers(1, width - x)))


def drawn_edit(data: st.DataObject, made: Network) -> tuple[str, Rect, Array, Network]:
    """A tensor, a rectangle of its sheet, values for it, and the network with them in it."""
    tensor = data.draw(st.sampled_from(sorted(made.tensors)))
    rect = data.draw(rectangles(made.tensors[tensor].shape))
    values = normal(rect.height, rect.width, seed=data.draw(st.integers(0, 99))) ** 2
    changed = made.tensors[tensor].copy()
    put(changed, rect, values)
    return tensor, rect, values, made.with_tensors({tensor: changed})


def assert_edited_is_as_fresh(
    opened: Callable[[Network], Engine], made: Network, inputs: Mapping[str, Array], data: st.DataObject
) -> None:
    tensor, rect, values, changed = drawn_edit(data, made)
    edited, fresh = opened(made), opened(changed)
    edited.run(inputs)
    edited.replace(tensor, rect, values)
    edited.update()
    fresh.run(inputs)
    assert_same_bits(activations(edited), activations(fresh))
    edited.close()
    fresh.close()


def rerun(engine: Engine, tensor: str) -> tuple[str, ...]:
    engine.set_tensor(tensor, engine.tensor(tensor) * 2)
    return engine.update()


@pytest.mark.parametrize(
    ("tensor", "ran"),
    [
        ("enc.weight", ("enc", "act", "mid", "up", "join", "norm", "frac", "out")),
        ("mid.weight", ("mid", "up", "join", "norm", "frac", "out")),
        ("skip.bias", ("skip", "join", "norm", "frac", "out")),
        ("norm.running_mean", ("norm", "frac", "out")),
        ("frac.bias", ("frac", "out")),
    ],
)
def test_an_edit_reruns_its_layer_and_those_after_it_alone(
    engine_for: EngineFor, tensor: str, ran: tuple[str, ...]
) -> None:
    engine = engine_for(branched_network())
    engine.run({"input": PICTURE[:, :, :12]})
    before = activations(engine)

    assert rerun(engine, tensor) == ran

    after = activations(engine)
    assert {name for name in before if not np.array_equal(before[name], after[name])} == set(ran)


def test_edits_of_two_branches_rerun_each_layer_once(engine_for: EngineFor) -> None:
    engine = engine_for(branched_network())
    engine.run({"input": PICTURE[:, :, :12]})
    for tensor in ("up.weight", "skip.weight", "up.bias"):
        engine.set_tensor(tensor, engine.tensor(tensor) + 1)

    assert engine.update() == ("up", "skip", "join", "norm", "frac", "out")
    assert engine.update() == ()


def test_nothing_is_stale_before_the_first_run_and_after_a_run(engine_for: EngineFor) -> None:
    engine = engine_for(branched_network())
    assert rerun(engine, "enc.weight") == ()
    engine.run({"input": PICTURE[:, :, :12]})
    assert engine.update() == ()
    fresh = engine_for(branched_network().with_tensors({"enc.weight": branched_network().tensors["enc.weight"] * 2}))
    fresh.run({"input": PICTURE[:, :, :12]})
    assert_same_bits(activations(engine), activations(fresh))


WEIGHTED = {
    "plain": single("Conv2d", 10, in_channels=10, out_channels=11, kernel_size=(3, 2)),
    "strided": single("Conv2d", 5, in_channels=5, out_channels=9, kernel_size=4, stride=2, bias=False),
    "grouped": single("Conv2d", 12, in_channels=12, out_channels=9, kernel_size=3, groups=3),
    "groups of two": single("Conv2d", 10, in_channels=10, out_channels=10, kernel_size=2, groups=5),
    "depthwise": single("Conv2d", 7, in_channels=7, out_channels=14, kernel_size=(1, 3), groups=7),
    "transposed": single("ConvTranspose2d", 9, in_channels=9, out_channels=10, kernel_size=4, stride=2, padding=1),
    "transposed grouped": single("ConvTranspose2d", 6, in_channels=6, out_channels=9, kernel_size=3, groups=3),
    "fractional": single("FractionalConv2d", 9, in_channels=9, out_channels=6, kernel_size=4),
    "norm": single("BatchNorm2d", 11, num_features=11),
    "instance norm": single("InstanceNorm2d", 6, num_features=6, affine=True),
    "slopes": single("PReLU", 7, num_parameters=7),
}


@pytest.mark.parametrize("kind", WEIGHTED)
@settings(max_examples=12)
@given(data=st.data())
def test_any_rectangle_replaced_gives_what_a_fresh_engine_gives(
    engine_for: EngineFor, kind: str, data: st.DataObject
) -> None:
    made = WEIGHTED[kind]
    tensor, rect, values, changed = drawn_edit(data, made)
    x = {"in0": normal(made.graph.inputs[0].channels, 7, 6)}

    edited, fresh = engine_for(made), engine_for(changed)
    edited.run(x)
    before = edited.output()
    edited.sheet(tensor)
    edited.replace(tensor, rect, values)
    assert edited.update() == ("layer",)
    fresh.run(x)

    np.testing.assert_array_equal(edited.output(), fresh.output())
    np.testing.assert_array_equal(edited.tensor(tensor), changed.tensors[tensor])
    np.testing.assert_array_equal(edited.sheet(tensor), fresh.sheet(tensor))
    assert not np.array_equal(edited.output(), before)
    edited.close()
    fresh.close()


def test_an_engines_edits_stay_its_own(engine_for: EngineFor) -> None:
    made = branched_network()
    kept = {name: tensor.copy() for name, tensor in made.tensors.items()}
    engine, other = engine_for(made), engine_for(made)
    for name, tensor in made.tensors.items():
        engine.set_tensor(name, tensor + 1)
    engine.tensor("enc.weight")[:] = 77

    assert_same_bits(made.tensors, kept)
    assert_same_bits({name: other.tensor(name) for name in kept}, kept)
    assert_same_bits({name: engine.tensor(name) for name in kept}, {name: t + 1 for name, t in kept.items()})


def test_what_the_caller_does_to_its_arrays_later_changes_nothing(engine_for: EngineFor) -> None:
    engine = engine_for(single("Conv2d", 1, in_channels=1, out_channels=2, kernel_size=1))
    x, weight = normal(1, 3, 3), normal(2, 1, 1, 1)
    engine.run({"in0": x})
    engine.set_tensor("layer.weight", weight)
    engine.update()
    wanted, fed = engine.output(), x.copy()

    x[:], weight[:] = 9, 9
    engine.set_tensor("layer.bias", engine.tensor("layer.bias"))
    engine.update()

    np.testing.assert_array_equal(engine.activation("in0"), fed)
    np.testing.assert_array_equal(engine.output(), wanted)


@pytest.mark.parametrize(
    "odd",
    [
        lambda x: np.broadcast_to(x[:1], x.shape),
        lambda x: x.transpose(0, 2, 1)[:, ::-1],
        lambda x: x.astype(np.float64),
        lambda x: (x * 9).astype(np.int32),
    ],
    ids=["not writable", "not contiguous", "float64", "int32"],
)
def test_inputs_of_any_memory_layout_and_number_type_are_taken(engine_for: EngineFor, odd: object) -> None:
    engine = engine_for(single("ReLU", 3))
    values = odd(PICTURE)  # type: ignore[operator]
    engine.run({"in0": values})

    np.testing.assert_array_equal(engine.activation("in0"), values.astype(np.float32))
    np.testing.assert_array_equal(engine.output(), values.astype(np.float32).clip(0))


def test_another_size_on_the_same_engine_gives_what_a_fresh_engine_gives(engine_for: EngineFor) -> None:
    engine = engine_for(branched_network())
    for height, width in ((12, 12), (24, 8), (2, 2), (12, 12)):
        x = {"input": normal(3, height, width)}
        engine.run(x)
        fresh = engine_for(branched_network())
        fresh.run(x)
        assert_same_bits(activations(engine), activations(fresh))
        assert engine.shape("input") == (3, height, width)


def two_inputs() -> Network:
    return network(
        layer("a", "Conv2d", "left", in_channels=3, out_channels=4, kernel_size=3, padding=1, stride=2),
        layer("b", "Conv2d", "right", in_channels=1, out_channels=4, kernel_size=1),
        layer("sum", "Add", ("a", "b", "a")),
        inputs=[Input("left", 3), Input("right", 1)],
    )


def test_several_inputs_of_several_sizes_are_fed(engine_for: EngineFor) -> None:
    x = {"left": normal(3, 8, 10), "right": normal(1, 4, 5, seed=1)}
    engine, oracle = engine_for(two_inputs()), on_torch(two_inputs())
    engine.run(x)
    oracle.run(x)

    assert relative_error(engine.output(), oracle.output()) <= 1e-5
    np.testing.assert_array_equal(
        engine.output(), engine.activation("a") + engine.activation("b") + engine.activation("a")
    )
    assert rerun(engine, "b.weight") == ("b", "sum")


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda e: e.run({}), 'an input "left"'),
        (lambda e: e.run({"left": PICTURE, "right": PICTURE}), r'"right" needs the shape \(1, height, width\)'),
        (lambda e: e.run({"left": PICTURE[0], "right": PICTURE[:1]}), r'"left" needs the shape \(3, height, width\)'),
        (lambda e: e.run({"left": PICTURE, "right": PICTURE[:1]}), 'Layer "sum" .*different shapes'),
        (lambda e: e.activation("a"), '"a" has no activation before'),
        (lambda e: e.activation("left"), '"left" has no activation before'),
        (lambda e: e.stats("sum"), '"sum" has no activation before'),
        (lambda e: e.shape("sum"), '"sum" has no activation before'),
        (lambda e: e.activation("nope"), 'no layer "nope"; this network has a, b, sum'),
        (lambda e: e.stats("nope"), 'no layer "nope"'),
        (lambda e: e.tensor("a.nope"), 'no tensor "a.nope"; this network has a.weight'),
        (lambda e: e.sheet("nope.weight"), 'no tensor "nope.weight"'),
        (lambda e: e.set_tensor("a", PICTURE), 'no tensor "a"'),
        (lambda e: e.set_tensor("a.weight", PICTURE), r'"a.weight" has shape \(4, 3, 3, 3\), not \(3, 12, 13\)'),
        (lambda e: e.replace("a.weight", Rect(11, 8, 2, 1), np.zeros((2, 1))), '"a.weight".*outside .* 12×9'),
        (lambda e: e.replace("a.bias", Rect(-1, 0, 1, 1), np.zeros((1, 1))), '"a.bias".*outside'),
        (lambda e: e.replace("a.bias", Rect(0, 0, 1, 0), np.zeros((1, 0))), '"a.bias".*outside'),
        (lambda e: e.replace("a.weight", Rect(0, 0, 2, 2), np.zeros((2, 3))), '"a.weight".*does not fill'),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_changes_nothing(engine_for: EngineFor, act: object, words: str) -> None:
    engine = engine_for(two_inputs())
    before = {name: engine.tensor(name) for name in engine.graph.tensor_shapes}

    with pytest.raises(StudioError, match=words):
        act(engine)  # type: ignore[operator]

    assert_same_bits({name: engine.tensor(name) for name in before}, before)
    assert engine.update() == ()


# -- limits of a GPU ----------------------------------------------------------------------------------------------

FOLDED = {
    "plain": single("Conv2d", 40, in_channels=40, out_channels=9, kernel_size=3),
    "transposed": single("ConvTranspose2d", 40, in_channels=40, out_channels=9, kernel_size=3, stride=2),
    "grouped": single("Conv2d", 80, in_channels=80, out_channels=10, kernel_size=3, groups=2),
    "fractional": single("FractionalConv2d", 38, in_channels=38, out_channels=5, kernel_size=(3, 2)),
}


def folding(
    kind: type[GLEngine] | type[GLFragmentEngine], made: Network, device: Device
) -> GLEngine | GLFragmentEngine:
    """An engine whose kernels lie in textures, which are folded; GPUs' compute shaders would have them in a buffer."""
    if kind is GLEngine:
        return GLEngine(made, device, Settings("blocks", most_outputs=MOST_OUTPUTS - 2))
    return kind(made, device)


def channels_of(made: Network) -> int:
    return made.graph.inputs[0].channels


@pytest.mark.parametrize("kind", FOLDED)
def test_kernels_folded_to_fit_a_small_gpu_mean_the_same(
    gl_class: type[GLEngine] | type[GLFragmentEngine], device: Device, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    made, oracle = FOLDED[kind], on_torch(FOLDED[kind])
    monkeypatch.setattr(device, "max_texture", 130)
    engine = folding(gl_class, made, device)
    assert engine._weights["layer"].folds > 1
    x = {"in0": normal(channels_of(made), 6, 5)}
    sheet = engine.sheet("layer.weight")
    for rect in (None, Rect(4, 17, 3, 3), Rect(0, 0, 2, sheet.shape[1]), Rect(7, sheet.shape[1] - 1, 1, 1)):
        for each in (engine, oracle):
            if rect is not None:
                each.replace("layer.weight", rect, normal(rect.height, rect.width))
            each.run(x)
        assert relative_error(engine.output(), oracle.output()) <= 1e-5
    engine.close()


@settings(max_examples=15)
@given(data=st.data(), kind=st.sampled_from(sorted(FOLDED)))
@pytest.mark.gl
def test_any_rectangle_of_folded_kernels_is_replaced(device: Device, data: st.DataObject, kind: str) -> None:
    made = FOLDED[kind]
    rect = data.draw(rectangles(made.tensors["layer.weight"].shape))
    values = normal(rect.height, rect.width)
    changed = made.tensors["layer.weight"].copy()
    put(changed, rect, values)
    x = {"in0": normal(channels_of(made), 5, 4)}
    outputs: list[Array] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device, "max_texture", 130)
        edited = folding(GLEngine, made, device)
        fresh = folding(GLEngine, made.with_tensors({"layer.weight": changed}), device)
    edited.replace("layer.weight", rect, values)
    for engine in (edited, fresh):
        engine.run(x)
        outputs.append(engine.output())
        engine.close()

    np.testing.assert_array_equal(*outputs)


def test_a_map_past_the_gpus_limit_is_refused_by_name_and_the_last_size_still_runs(
    gl_class: type[GLEngine] | type[GLFragmentEngine], device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "max_texture", 64)
    engine = gl_class(network(layer("wide", "Upsample", "input", scale_factor=4), layer("end", "ReLU", "wide")), device)
    small = normal(3, 16, 16)
    engine.run({"input": small})
    before = engine.output()

    with pytest.raises(StudioError, match=r'^Layer "wide": .*3×68×64.*64×64.*the engine torch'):
        engine.run({"input": normal(3, 17, 16)})

    np.testing.assert_array_equal(engine.output(), before)
    assert engine.shape("wide") == (3, 64, 64)
    engine.run({"input": small + 1})
    assert not np.array_equal(engine.output(), before)
    engine.close()


def test_weights_past_the_gpus_limit_are_refused_by_name(
    gl_class: type[GLEngine] | type[GLFragmentEngine], device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "max_texture", 32)

    with pytest.raises(StudioError, match=r'^Layer "layer": its packed weights .* 32×32; use the engine torch'):
        folding(gl_class, single("Conv2d", 4, in_channels=4, out_channels=4, kernel_size=3), device)


def test_a_filter_sheet_past_the_gpus_limit_is_refused_by_name_and_the_network_still_runs(
    gl_class: type[GLEngine] | type[GLFragmentEngine], device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "max_texture", 64)
    engine = gl_class(single("Conv2d", 4, in_channels=4, out_channels=33, kernel_size=2), device)
    engine.run({"in0": normal(4, 4, 4)})

    with pytest.raises(StudioError, match=r'^Tensor "layer\.weight": its filter sheet of 8×66 weights'):
        engine.sheet("layer.weight")

    engine.replace("layer.weight", Rect(0, 0, 1, 1), np.ones((1, 1), np.float32))
    assert engine.update() == ("layer",)
    engine.close()
