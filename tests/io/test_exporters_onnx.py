"""What is exported to ONNX gives in onnxruntime what it gave in the studio: every operator, and whole networks."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from helpers import ROOT, branched_network, layer, network, normal, on_torch, relative_error, single, tiny_network
from hypothesis import assume, given, settings
from hypothesis import strategies as st

sys.path += [str(ROOT / "tests" / "ops"), str(ROOT / "tests" / "importers")]

import cases_more  # noqa: F401 - registers its cases
import cases_traced  # noqa: F401
from cases import CASES
from modules import FAMILIES, made

from studio.errors import StudioError
from studio.io.exporters import ExportOptions, export_preset
from studio.io.exporters.onnx import WRITERS, onnx_model
from studio.io.importers import open_model
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.op import Elementwise
from studio.model.networks.preset import Preset
from studio.model.networks.section import BYPASSED
from studio.model.networks.shape import Array
from studio.ops import registry

TOLERANCE = 1e-4


def run(model: onnx.ModelProto | bytes, *inputs: Array) -> Array:
    data = model if isinstance(model, bytes) else model.SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    feeds = {put.name: values[None] for put, values in zip(session.get_inputs(), inputs, strict=True)}
    found: Array = session.run(None, feeds)[0][0]
    return found


def in_the_studio(preset: Preset, *inputs: Array) -> Array:
    engine = on_torch(preset.bent)
    engine.bypass(preset.bypassed)
    engine.run({put.name: values for put, values in zip(preset.network.graph.inputs, inputs, strict=True)})
    return engine.output()


def sized(of: Network, *sizes: Size) -> dict[str, Size]:
    return {put.name: size for put, size in zip(of.graph.inputs, sizes, strict=True)}


def test_every_operator_of_the_registry_can_be_written() -> None:
    assert WRITERS.keys() == registry().keys()


@pytest.mark.long
@pytest.mark.parametrize("op", sorted(registry().keys() - {"RandomMap"}))
@settings(max_examples=15)
@given(data=st.data(), seed=st.integers(0, 999))
def test_an_operator_means_the_same_in_onnxruntime(op: str, data: st.DataObject, seed: int) -> None:
    case = data.draw(CASES[op])
    if op == "MaxUnpool2d":
        # The runtime refuses maps of which its own reckoning leaves nothing, though it is told their size.
        window = (case.params[name] for name in ("stride", "kernel_size", "padding"))
        sides = zip(case.shapes[1][1:], *window, strict=True)
        assume(all((n - 1) * stride + kernel > 2 * padding for n, stride, kernel, padding in sides))
    of = single(op, *(shape[0] for shape in case.shapes), seed=seed, **case.params)
    inputs = [case.domain(torch.tensor(normal(*shape, seed=seed + k))).numpy() for k, shape in enumerate(case.shapes)]
    model, _ = onnx_model(Preset("p", of, {}), sized(of, *(Size(*shape[1:]) for shape in case.shapes)))
    assert relative_error(run(model, *inputs), in_the_studio(Preset("p", of, {}), *inputs)) < TOLERANCE


@pytest.mark.parametrize(
    ("op", "params"),
    [
        ("Roll", {"shifts": (-2, 5)}),
        ("Roll", {"shifts": (0, -1)}),
        ("Roll", {"shifts": (9, 0)}),
        ("MaxPool2d", {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
    ],
)
def test_what_is_written_opens_again_and_means_the_same(op: str, params: dict[str, Any], tmp_path: Path) -> None:
    of, values = single(op, 3, **params), normal(3, 8, 10)
    model, _ = onnx_model(Preset("p", of, {}), sized(of, Size(8, 10)))
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    again = open_model(tmp_path / "net.onnx").network
    wanted = in_the_studio(Preset("p", of, {}), values)
    assert relative_error(in_the_studio(Preset("p", again, {}), values), wanted) < TOLERANCE


@pytest.mark.parametrize(("kind", "mean", "deviation"), [("uniform", 0.5, 12**-0.5), ("gaussian", 0.0, 1.0)])
def test_random_maps_are_drawn_by_the_runtime(kind: str, mean: float, deviation: float) -> None:
    of = single("RandomMap", 3, channels=5, kind=kind)
    model, _ = onnx_model(Preset("p", of, {}), sized(of, Size(40, 30)))
    found = run(model, normal(3, 40, 30))
    assert found.shape == (5, 40, 30)
    assert abs(found.mean() - mean) < 0.05
    assert abs(found.std() - deviation) < 0.05


@pytest.mark.long
@pytest.mark.parametrize("family", FAMILIES)
def test_a_network_and_its_bends_run_in_onnxruntime(family: str, tmp_path: Path) -> None:
    _, module, example = made(family)
    torch.save(module.state_dict(), tmp_path / "model.pth")
    of = open_model(tmp_path / "model.pth").network
    name = next(name for name, values in of.tensors.items() if values.ndim == 4)
    preset = Preset("bent", of, {name: of.tensors[name][::-1].copy()})
    model, _ = onnx_model(preset, sized(of, Size(*example.shape[2:])))
    values = example[0].numpy()
    assert relative_error(run(model, values), in_the_studio(preset, values)) < TOLERANCE
    unbent, _ = onnx_model(Preset("unbent", of, {}), sized(of, Size(*example.shape[2:])))
    assert relative_error(run(unbent, values), module(example)[0].detach().numpy()) < TOLERANCE


@pytest.mark.parametrize("name", [node.name for node in branched_network().graph.nodes])
def test_a_bypassed_layer_is_exported_as_what_it_does(name: str) -> None:
    of = branched_network()
    preset = Preset("p", of, {}, sections={BYPASSED: frozenset({name})})
    values = normal(3, 12, 10)
    model, fixed = onnx_model(preset, sized(of, Size(12, 10)))
    assert fixed == (not isinstance(of.graph.node(name).op, Elementwise))
    assert relative_error(run(model, values), in_the_studio(preset, values)) < TOLERANCE


def test_pictures_of_other_sizes_fit_where_no_layer_asks_for_one(tmp_path: Path) -> None:
    preset = Preset("p", branched_network(), {})
    export_preset(preset, tmp_path / "model.onnx", options=ExportOptions(Size(12, 10)))
    other = normal(3, 20, 16)
    found = run((tmp_path / "model.onnx").read_bytes(), other)
    assert relative_error(found, in_the_studio(preset, other)) < TOLERANCE


def test_a_network_of_one_size_says_so(tmp_path: Path) -> None:
    of = network(
        layer("pool", "AdaptiveAvgPool2d", "input", output_size=(5, 7)),
        layer("up", "Upsample", "pool", size=(24, 24)),
        layer("join", "Concat", ("up", "input")),
    )
    remarks = export_preset(Preset("p", of, {}), tmp_path / "model.onnx")
    assert remarks[0] == "It takes pictures of 24×24 only."
    with pytest.raises(StudioError, match='Layer "join"'):
        export_preset(Preset("p", of, {}), tmp_path / "model.onnx", options=ExportOptions(Size(20, 20)))


def test_of_what_is_written_for_one_size_another_is_offered_in_words_that_hold_in_the_window(tmp_path: Path) -> None:
    of = network(layer("pool", "AdaptiveAvgPool2d", "input", output_size=(5, 7)))
    for size, options in ((Size(256, 256), ExportOptions()), (Size(20, 12), ExportOptions(Size(20, 12)))):
        remarks = export_preset(Preset("p", of, {}), tmp_path / f"{size.height}.onnx", options=options)
        assert remarks[0] == f"It takes pictures of {size} only; studio export writes it for another with --size."


def test_the_file_says_how_to_feed_it(tmp_path: Path) -> None:
    of = tiny_network()
    graph = replace(of.graph, inputs=(replace(of.graph.inputs[0], range=(-1.0, 1.0), mean=(0.1, 0.2, 0.3)),))
    preset = Preset("mine", replace(of, graph=graph, license="CC0-1.0"), {}, "one line", "somebody")
    export_preset(preset, tmp_path / "model.onnx")
    model = onnx.load(tmp_path / "model.onnx")
    said = {prop.key: prop.value for prop in model.metadata_props}
    assert said["studio.name"] == "mine"
    assert said["studio.author"] == "somebody"
    assert said["studio.license"] == "CC0-1.0"
    assert '"range": [-1.0, 1.0]' in said["studio.inputs"]
    assert "black at -1 and white at 1 less the mean 0.1, 0.2, 0.3." in said["studio.use"]
    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for name, values in of.tensors.items():
        np.testing.assert_array_equal(weights[name], values)


def test_what_was_exported_opens_again(tmp_path: Path) -> None:
    preset = Preset("p", branched_network(), {})
    export_preset(preset, tmp_path / "model.onnx", options=ExportOptions(Size(12, 10)))
    again = open_model(tmp_path / "model.onnx")
    values = normal(3, 12, 10)
    found = in_the_studio(Preset("again", again.network, {}), values)
    assert relative_error(found, in_the_studio(preset, values)) < TOLERANCE


class Strange(Elementwise):
    """An operator of another package, which ONNX has no word for."""

    shader = "identity"


def test_an_operator_that_onnx_lacks_is_refused_by_its_own_name_and_its_layers(tmp_path: Path) -> None:
    graph = Graph(tiny_network().graph.inputs, (Node("odd", Strange(), ("input",)),), "odd")
    (tmp_path / "model.onnx").write_text("before")
    with pytest.raises(StudioError, match='Layer "odd": ONNX has no operator for Strange'):
        export_preset(Preset("p", Network("n", graph, {}), {}), tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").read_text() == "before"


MODELS = ROOT.parent / "shared" / "models"
PUBLIC = ("autolume_fast_sr", "btcvae_celeba", "cci_conv_autoencoder", "cloud_unet", "cloud_unet_onnx", "espcn_x3")
PUBLIC += ("fns_nc8_mosaic", "fns_nc8_mosaic_onnx")


@pytest.mark.long
@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_network_gives_in_onnxruntime_what_it_gave(name: str, tmp_path: Path) -> None:
    folder = MODELS / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: real networks are not part of the project")
    file = next(path for path in folder.iterdir() if path.stem not in ("input", "output"))
    preset = Preset("p", open_model(file).network, {})
    values, wanted = np.load(folder / "input.npy")[0], np.load(folder / "output.npy")[0]
    export_preset(preset, tmp_path / "model.onnx", options=ExportOptions(Size(*values.shape[1:])))
    assert relative_error(run((tmp_path / "model.onnx").read_bytes(), values), wanted) < TOLERANCE
