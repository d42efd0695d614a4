"""The convolutions in shared memory that GPUs run, on whatever OpenGL there is: each loop and phase, fused or not."""

from __future__ import annotations

from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import (
    activations,
    assert_same_bits,
    branched_network,
    deep_network,
    layer,
    network,
    normal,
    on_torch,
    relative_error,
    single,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from test_editing import assert_edited_is_as_fresh

from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.tape import Made
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.frame.dispatch import Dispatch
from studio.engine.gl.tuning.loops import MATRICES, NARROWS, WINDOWS, MatrixLoop, NarrowLoop, Plan, WindowLoop, Work
from studio.engine.gl.tuning.plans import WINOGRADS
from studio.engine.gl.tuning.products import Product
from studio.engine.gl.tuning.settings import Settings
from studio.engine.gl.tuning.tune import _FORMAT as FORMAT
from studio.engine.gl.tuning.tune import Job, Tuner
from studio.model.declared.size import Size
from studio.model.networks.layout import Rect, crop, sheet_size, tile_count
from studio.model.networks.network import Network

SIZES = {"in_channels": 9, "out_channels": 7}
WEIGHTED = {
    "plain": single("Conv2d", 9, **SIZES, kernel_size=(3, 4), padding=1),
    "strided": single("Conv2d", 9, **SIZES, kernel_size=4, stride=2, padding=1),
    "reflected": single("Conv2d", 9, **SIZES, kernel_size=3, padding=2, dilation=2, padding_mode="reflect"),
    "transposed": single("ConvTranspose2d", 9, **SIZES, kernel_size=4, stride=2, padding=1),
    "uneven phases": single("ConvTranspose2d", 9, **SIZES, kernel_size=(5, 3), stride=(3, 2), output_padding=1),
    "fractional": single("FractionalConv2d", 9, **SIZES, kernel_size=4),
    "fractional, linear": single("FractionalConv2d", 9, **SIZES, kernel_size=3, sampling="linear"),
    "wide": single("Conv2d", 3, in_channels=3, out_channels=70, kernel_size=3, padding=1),
    "to colours": single("Conv2d", 33, in_channels=33, out_channels=3, kernel_size=3, padding=1),
    "strided to colours": single(
        "Conv2d", 9, in_channels=9, out_channels=3, kernel_size=(5, 4), stride=(3, 2), padding=(2, 1)
    ),
    "up to colours": single("ConvTranspose2d", 9, in_channels=9, out_channels=3, kernel_size=4, stride=2, padding=1),
    "fractional to grey": single("FractionalConv2d", 9, in_channels=9, out_channels=1, kernel_size=4),
    "uneven to colours": single("ConvTranspose2d", 5, in_channels=5, out_channels=3, kernel_size=(5, 2), stride=(2, 3)),
}


def shared(device: Device, plan: Plan | None = None) -> Settings:
    """As on a GPU, not tuned; textures are found by handles where there are any."""
    return Settings("shared", plan, handles=device.has_handles)


def output_of(device: Device, made: Network, how: Settings, height: int = 11, width: int = 13) -> np.ndarray:
    engine = GLEngine(made, device, how)
    engine.run({i.name: normal(i.channels, height, width, seed=n) for n, i in enumerate(made.graph.inputs)})
    found = engine.output()
    engine.close()
    return found


def wanted_of(made: Network, height: int = 11, width: int = 13) -> np.ndarray:
    engine = on_torch(made)
    engine.run({i.name: normal(i.channels, height, width, seed=n) for n, i in enumerate(made.graph.inputs)})
    return engine.output()


LOOPS = [*MATRICES, *WINDOWS, *NARROWS]
WAYS = [(1, False), (3, False), (3, True)]
"""Into how many parts sums are shared, and whether a pass of its own adds them up."""


def does_fit(loop: MatrixLoop | WindowLoop | NarrowLoop, kind: str) -> bool:
    op = WEIGHTED[kind].graph.nodes[0].op
    return loop.fits(Work(Size(11, 13), op.out_channels, tile_count(op.in_channels), op.taps()))


ALL = [(loop, *way, kind) for loop in LOOPS for way in WAYS for kind in WEIGHTED if does_fit(loop, kind)]

# Each is a program of its own, which takes a second to compile. How sums are shared is written once for all kinds, and
# kinds once for all ways to share: each two of the three meet here, and all three in `make test-slow`. Narrow loops,
# which fit few kinds, meet them all.
MET = [
    (loop, *way, kind)
    for (n, loop), (m, way), (k, kind) in product(enumerate(LOOPS), enumerate(WAYS), enumerate(WEIGHTED))
    if does_fit(loop, kind) and (isinstance(loop, NarrowLoop) or (n + k) % len(WAYS) == m)
]


def assert_means_the_same(device: Device, loop: MatrixLoop | WindowLoop | NarrowLoop, way: Any, kind: str) -> None:
    if not device.has_compute:
        pytest.skip("no compute shaders here")
    found = output_of(device, WEIGHTED[kind], shared(device, Plan(loop, *way)))
    assert relative_error(found, wanted_of(WEIGHTED[kind])) <= 1e-5


def test_each_loop_meets_each_kind_and_each_way_and_these_each_other() -> None:
    for parts in (slice(0, 3), slice(1, 4)):
        assert {each[parts] for each in MET} == {each[parts] for each in ALL}
    assert {(each[0], each[3]) for each in MET} == {(each[0], each[3]) for each in ALL}


@pytest.mark.parametrize(("loop", "parts", "apart", "kind"), MET, ids=str)
def test_every_loop_means_the_same(
    device: Device, loop: MatrixLoop | WindowLoop | NarrowLoop, parts: int, apart: bool, kind: str
) -> None:
    assert_means_the_same(device, loop, (parts, apart), kind)


@pytest.mark.slow
@pytest.mark.parametrize(("loop", "parts", "apart", "kind"), [each for each in ALL if each not in MET], ids=str)
def test_every_loop_means_the_same_of_each_kind_in_each_way(
    device: Device, loop: MatrixLoop | WindowLoop | NarrowLoop, parts: int, apart: bool, kind: str
) -> None:
    assert_means_the_same(device, loop, (parts, apart), kind)


@pytest.mark.parametrize("size", [(2, 2), (2, 3), (16, 16), (33, 70)])
@pytest.mark.parametrize("kind", ["plain", "transposed", "fractional"])
def test_loops_fit_any_size(device: Device, kind: str, size: tuple[int, int]) -> None:
    found = output_of(device, WEIGHTED[kind], shared(device), *size)
    assert relative_error(found, wanted_of(WEIGHTED[kind], *size)) <= 1e-5


def test_handles_mean_the_same_as_units(device: Device) -> None:
    if not device.has_handles:
        pytest.skip("no handles of textures here")
    at_units = output_of(device, branched_network(), Settings("shared"), 16, 24)
    np.testing.assert_array_equal(output_of(device, branched_network(), shared(device), 16, 24), at_units)


@pytest.mark.parametrize(
    ("plan", "spared"),
    [
        (Plan(MATRICES[0]), {"FOLLOWED", "ONE_PART"}),
        (Plan(MATRICES[0], 2), {"FOLLOWED"}),
        (Plan(MATRICES[0], 2, apart=True), set()),
        (None, {"FOLLOWED"}),
    ],
)
def test_a_program_that_layers_are_fused_into_holds_no_ends_that_never_run(
    device: Device, plan: Plan | None, spared: set[str]
) -> None:
    """They were half of it: compiled for 3 s, and found on the disk in a tenth of a second that held up the window."""
    made = network(
        layer("conv", "Conv2d", "input", in_channels=3, out_channels=8, kernel_size=3, padding=1),
        layer("act", "ReLU", "conv"),
        layer("out", "Conv2d", "act", in_channels=8, out_channels=3, kernel_size=1),
    )
    fed = {"input": normal(3, 8, 12)}
    wanted, engine = on_torch(made), GLEngine(made, device, shared(device, plan))
    for each in (wanted, engine):
        each.run(fed)
    assert relative_error(engine.output(), wanted.output()) <= 1e-5
    passes = [each for step in next(iter(engine._steps.values())) for each in step.run.dispatches]  # type: ignore[attr-defined]
    first = next(each.source for each in passes if "lib/convolve_matrix.glsl" in each.source.files)
    assert {name for name, _ in first.constants} & {"FOLLOWED", "ONE_PART"} == spared
    engine.close()


@pytest.mark.parametrize("apart", [False, True])
def test_a_frame_binds_each_buffer_once(device: Device, monkeypatch: pytest.MonkeyPatch, apart: bool) -> None:
    bound: list[tuple[int, object]] = []
    recorded = Dispatch.calls

    def noting(dispatch: Dispatch, device: Device) -> list[Made]:
        return [noted(made) for made in recorded(dispatch, device)]

    def noted(made: Made) -> Made:
        call: Any = made.call
        if getattr(getattr(call, "func", None), "__name__", "") != "bind_to_storage_buffer":
            return made
        binding, *_ = call.args

        def bind() -> None:
            bound.append((binding, call.func.__self__))
            call()

        return Made(bind)

    monkeypatch.setattr(Dispatch, "calls", noting)
    made = deep_network(2)
    engine = GLEngine(made, device, shared(device, Plan(MATRICES[0], 2, apart)))
    for seed in range(2):
        bound.clear()
        values = {"input": normal(3, 8, 12, seed=seed)}
        engine.run(values)
        # The picture's, and what all layers share: kernels, the parts of sums, and how many of them are there.
        assert Counter(binding for binding, _ in bound) == ({0: 2, 1: 1} if apart else {0: 2, 1: 1, 2: 1})
        assert len({id(buffer) for _, buffer in bound}) == len(bound)
        wanted = on_torch(made)
        wanted.run(values)
        assert relative_error(engine.output(), wanted.output()) <= 1e-5
    engine.close()


def test_a_layer_is_tuned_once_on_a_machine_whoever_tunes_it(tmp_path: Path) -> None:
    first, second = Tuner("a GPU", tmp_path / "plans.json"), Tuner("a GPU", tmp_path / "plans.json")
    slow, fast = Plan(MATRICES[0]), Plan(WINDOWS[1], 2, True)
    seconds = {slow: 0.2, fast: 0.1}
    job = Job([slow, fast], seconds.__getitem__)

    assert first.choose({"conv": job, "narrow": Job([Plan(NARROWS[0], 4)], lambda _: 0.1)})["conv"] == fast
    assert second.choose({"other": Job([slow], seconds.__getitem__)}) == {"other": slow}
    # What the first measured is still known, and the clock is not asked again.
    known = Job([slow, fast], lambda _: pytest.fail("measured twice"))
    for tuner in (second, Tuner("a GPU", tmp_path / "plans.json")):
        assert tuner.choose({"conv": known, "narrow": known._replace(plans=[Plan(NARROWS[0], 4)])})["conv"] == fast
    assert Tuner("another GPU", tmp_path / "plans.json").choose({"conv": job._replace(plans=[slow])}) == {"conv": slow}


def test_one_disturbed_measurement_decides_nothing(tmp_path: Path) -> None:
    slow, fast = Plan(MATRICES[0]), Plan(MATRICES[1])
    asked = Counter[Plan]()

    def seconds(plan: Plan) -> float:
        asked[plan] += 1
        # The first time compiles; the second is the first that counts.
        return 0.3 if plan == fast and asked[plan] == 2 else {slow: 0.2, fast: 0.1}[plan]

    assert Tuner("a GPU", tmp_path / "plans.json").choose({"conv": Job([slow, fast], seconds)}) == {"conv": fast}


@pytest.mark.parametrize(
    "plan", [Plan(loop, 2, True, 4) for loop in (MATRICES[0], WINDOWS[0], NARROWS[0], WINOGRADS[0], Product(64, 64, 8))]
)
def test_a_plan_of_every_kind_comes_back_from_the_cache(tmp_path: Path, plan: Plan) -> None:
    Tuner("a GPU", tmp_path / "plans.json").note("conv", plan)
    job = Job([plan], lambda _: pytest.fail("measured again"))
    assert Tuner("a GPU", tmp_path / "plans.json").known({"conv": job}) == {"conv": plan}


DAMAGED = (
    "[]",
    '[1, "x"]',
    '["MatrixLoop", 1]',
    '["MatrixLoop", 1, 2, 3, 4, 5, 1, 0, -1]',
    '["Sphere", 1, 1, 0, 0]',
    '[["MatrixLoop"]]',
    "7",
)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", *(f'{{"format": {FORMAT}, "gpus": {{"a GPU": {{"conv": {each}}}}}}}' for each in DAMAGED)],
)
def test_a_damaged_cache_of_choices_is_done_without(tmp_path: Path, content: str) -> None:
    (tmp_path / "plans.json").write_text(content, "utf-8")
    plan = Plan(MATRICES[0])
    assert Tuner("a GPU", tmp_path / "plans.json").choose({"conv": Job([plan], lambda _: 1.0)}) == {"conv": plan}


@pytest.mark.parametrize("kernels", ["shared", "blocks"])
def test_fusing_changes_no_map(device: Device, kernels: str) -> None:
    made = branched_network()
    inputs = {i.name: normal(i.channels, 8, 12, seed=n) for n, i in enumerate(made.graph.inputs)}
    fused, apart = GLEngine(made, device, Settings(kernels)), GLEngine(made, device, Settings(kernels, most_outputs=1))
    for engine in (fused, apart):
        engine.run(inputs)
    for node in made.graph.nodes:
        np.testing.assert_array_equal(fused.activation(node.name), apart.activation(node.name), err_msg=node.name)
    fused.close()
    apart.close()


def test_what_only_gpus_do_means_the_same(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "is_software", False)
    made = branched_network()
    changed = {name: normal(*tensor.shape, seed=1) ** 2 for name, tensor in made.tensors.items()}
    edited, fresh = GLEngine(made, device, shared(device)), GLEngine(made.with_tensors(changed), device, shared(device))
    inputs = {i.name: normal(i.channels, 8, 12, seed=n) for n, i in enumerate(made.graph.inputs)}
    for engine in (edited, fresh):
        engine.run(inputs)
    for name, tensor in changed.items():
        # A kernel at a time: a few bytes, somewhere within a buffer.
        height, width = sheet_size(tensor.shape)
        down, across = tensor.shape[2:] if tensor.ndim == 4 else (1, 1)
        for y, x in product(range(0, height, down), range(0, width, across)):
            rect = Rect(y, x, down, across)
            edited.replace(name, rect, crop(tensor, rect))
    edited.update()
    assert_same_bits(activations(edited), activations(fresh))
    edited.close()
    fresh.close()


@pytest.mark.parametrize("kind", ["plain", "strided", "transposed", "fractional"])
@given(data=st.data())
@settings(max_examples=8)
def test_a_rectangle_replaced_in_weights_of_loops_gives_what_a_fresh_engine_gives(
    device: Device, kind: str, data: st.DataObject
) -> None:
    def opened(made: Network) -> GLEngine:
        return GLEngine(made, device, shared(device))

    assert_edited_is_as_fresh(opened, WEIGHTED[kind], {"in0": normal(9, 7, 6)}, data)
