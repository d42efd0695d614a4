"""What is exported goes back where it came from: the same names, types, shapes and, where nothing was bent, bits."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from helpers import ROOT, branched_network, layer, network, tiny_network
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

sys.path.append(str(ROOT / "tests" / "importers"))

from modules import FAMILIES, made

import studio
from studio.errors import StudioError
from studio.io.exporters import export_preset, exporter_for, formats
from studio.io.exporters.base import normalising
from studio.io.importers import Options, open_model, save_imported
from studio.io.networks import load_network, save_network
from studio.io.opening import open_preset
from studio.io.origin import read_origin
from studio.io.performances import save_performance
from studio.io.presets import save_preset
from studio.model.filters.live_edits import EDITS, LiveEdit
from studio.model.networks.inputs import Input
from studio.model.networks.preset import Preset
from studio.model.networks.section import BYPASSED
from studio.model.networks.values import Values
from studio.model.performances.performance import Performance

State = dict[str, Tensor]


def imported(file: Path, folder: Path, options: Options | None = None) -> Preset:
    save_imported(open_model(file, options), folder)
    return open_preset(str(folder))


def exported(preset: Preset, folder: Path) -> tuple[State, State]:
    """As a state dict, and as .safetensors."""
    export_preset(preset, folder / "out.pt")
    export_preset(preset, folder / "out.safetensors")
    return torch.load(folder / "out.pt", weights_only=True), safetensors.torch.load_file(folder / "out.safetensors")


def bits(tensor: Tensor) -> bytes:
    return tensor.contiguous().view(torch.uint8).numpy().tobytes() if tensor.ndim else tensor.numpy().tobytes()


def assert_the_same(found: State, wanted: State) -> None:
    assert found.keys() == wanted.keys()
    for name, tensor in wanted.items():
        assert (found[name].dtype, found[name].shape) == (tensor.dtype, tensor.shape), name
        assert bits(found[name]) == bits(tensor), name


@pytest.mark.parametrize("family", FAMILIES)
def test_a_state_dict_comes_back_bit_for_bit(family: str, tmp_path: Path) -> None:
    _, module, example = made(family)
    for count, buffer in enumerate(b for b in module.buffers() if b.dtype == torch.int64):
        buffer.fill_(count + 1000)
    torch.save(module.state_dict(), tmp_path / "model.pth")
    for state in exported(imported(tmp_path / "model.pth", tmp_path / "network"), tmp_path):
        assert_the_same(state, module.state_dict())
        _, fresh, _ = made(family, seed=1)
        fresh.load_state_dict(state, strict=True)
        assert torch.equal(fresh(example), module(example))


@pytest.mark.long
@pytest.mark.parametrize("family", FAMILIES)
def test_a_module_exported_in_one_line_comes_back_bit_for_bit(family: str, tmp_path: Path) -> None:
    _, module, example = made(family)
    studio.export_torch(module, example, tmp_path / "network")
    for state in exported(open_preset(str(tmp_path / "network")), tmp_path):
        assert_the_same(state, module.state_dict())


@pytest.mark.long
@pytest.mark.parametrize("family", ["dcgan", "srvgg x2"])
def test_a_torch_export_comes_back_bit_for_bit(family: str, tmp_path: Path) -> None:
    _, module, example = made(family)
    torch.export.save(torch.export.export(module, (example,)), tmp_path / "model.pt2")
    for state in exported(imported(tmp_path / "model.pt2", tmp_path / "network"), tmp_path):
        assert_the_same(state, module.state_dict())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_types_of_numbers_come_back_as_they_were(dtype: torch.dtype, tmp_path: Path) -> None:
    _, module, _ = made("espcn")
    torch.manual_seed(3)
    state = {name: (torch.randn(v.shape, dtype=torch.float64) / 3).to(dtype) for name, v in module.state_dict().items()}
    torch.save(state, tmp_path / "model.pth")
    preset = imported(tmp_path / "model.pth", tmp_path / "network")
    for found in exported(preset, tmp_path):
        assert_the_same(found, state)

    values = preset.network.tensors["conv1.weight"].copy()
    values[0] *= -2
    bent = exported(replace(preset, changed={"conv1.weight": values}), tmp_path)
    for found in bent:
        assert_the_same({**found, "conv1.weight": state["conv1.weight"]}, state)
        assert torch.equal(found["conv1.weight"], torch.from_numpy(values).to(dtype))


def test_a_bend_past_half_precision_is_refused(tmp_path: Path) -> None:
    _, module, _ = made("espcn")
    torch.save(module.half().state_dict(), tmp_path / "model.pth")
    preset = imported(tmp_path / "model.pth", tmp_path / "network")
    changed = {"conv2.bias": preset.network.tensors["conv2.bias"] + np.float32(1e6)}
    with pytest.raises(StudioError, match=r'"conv2\.bias" was bent past what its file\'s F16'):
        export_preset(replace(preset, changed=changed), tmp_path / "out.pt")
    assert not (tmp_path / "out.pt").exists()


def test_names_keep_what_they_all_begin_with(tmp_path: Path) -> None:
    _, module, _ = made("dcgan")
    state = {f"module.{name}": value for name, value in module.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": state}, tmp_path / "model.pth")
    for found in exported(imported(tmp_path / "model.pth", tmp_path / "network"), tmp_path):
        assert_the_same(found, state)
        nn.DataParallel(made("dcgan", seed=1)[1]).load_state_dict(found, strict=True)


def test_a_bend_goes_into_its_own_tensor_alone(tmp_path: Path) -> None:
    _, module, example = made("pix2pix")
    torch.save(module.state_dict(), tmp_path / "model.pth")
    network = imported(tmp_path / "model.pth", tmp_path / "network").network
    name = next(name for name in network.tensors if name.endswith("running_var"))
    original = read_origin(tmp_path / "network").names[name][0]
    preset = Preset("mine", network, {name: network.tensors[name] * 4}, weights_path=tmp_path / "network")
    save_preset(preset, tmp_path / "preset")

    state, also = exported(open_preset(str(tmp_path / "preset")), tmp_path)
    assert_the_same(also, state)
    assert_the_same(state, module.state_dict() | {original: module.state_dict()[original] * 4})
    module.load_state_dict(state, strict=True)
    engine = studio.load(tmp_path / "preset", engine="torch")
    with torch.no_grad():
        torch.testing.assert_close(torch.from_numpy(engine.run(example[0].numpy())), module(example)[0])
    engine.close()


class Twice(nn.Module):
    """One layer under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 3, 3, padding=1)
        self.second = self.first
        self.register_buffer("palette", torch.arange(6).reshape(2, 3))
        self.register_buffer("unused", torch.randn(4))

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x).relu())


@pytest.mark.parametrize("how", ["export_torch", "pt2"])
def test_tied_tensors_stay_tied_and_what_never_runs_is_kept(how: str, tmp_path: Path) -> None:
    module, example = Twice().eval(), torch.randn(1, 3, 8, 8)
    if how == "pt2":
        torch.export.save(torch.export.export(module, (example,)), tmp_path / "model.pt2")
        preset = imported(tmp_path / "model.pt2", tmp_path / "network")
    else:
        studio.export_torch(module, example, tmp_path / "network")
        preset = open_preset(str(tmp_path / "network"))
    (name,) = (name for name in preset.network.tensors if name.endswith("weight"))
    state, also = exported(replace(preset, changed={name: -preset.network.tensors[name]}), tmp_path)
    weight = -module.first.weight.detach()
    for found in (state, also):
        assert_the_same(found, module.state_dict() | {"first.weight": weight, "second.weight": weight})
        Twice().load_state_dict(found, strict=True)
    assert state["first.weight"].data_ptr() == state["second.weight"].data_ptr()


def test_what_was_reckoned_on_import_goes_back_unbent_and_is_refused_bent(tmp_path: Path) -> None:
    module = nn.Sequential(weight_norm(nn.Conv2d(3, 4, 3)), nn.ReLU())
    studio.export_torch(module, torch.randn(1, 3, 8, 8), tmp_path / "network")
    preset = open_preset(str(tmp_path / "network"))
    for found in exported(preset, tmp_path):
        assert_the_same(found, module.state_dict())
    (name,) = (name for name, values in preset.network.tensors.items() if values.ndim == 4)
    bent = replace(preset, changed={name: preset.network.tensors[name] * 2})
    with pytest.raises(StudioError, match=rf'The tensor "{name}" was bent, but the file'):
        export_preset(bent, tmp_path / "other.pt")


def test_keras_kernels_come_back_in_their_own_layout(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shapes = {"conv2d_1_kernel": (4, 4, 1, 4), "conv2d_1_bias": (4,), "conv2d_transpose_2_kernel": (4, 4, 1, 4)}
    (tmp_path / "keras").mkdir()
    arrays = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    for name, array in arrays.items():
        np.save(tmp_path / "keras" / f"{name}.npy", array)
    for found in exported(imported(tmp_path / "keras", tmp_path / "network"), tmp_path):
        assert_the_same(found, {name: torch.from_numpy(array) for name, array in arrays.items()})


def test_an_onnx_model_keeps_the_names_of_its_weights(tmp_path: Path) -> None:
    network = tiny_network()
    export_preset(Preset("p", network, {}), tmp_path / "model.onnx")
    for found in exported(imported(tmp_path / "model.onnx", tmp_path / "network"), tmp_path):
        assert_the_same(found, {name: torch.from_numpy(values) for name, values in network.tensors.items()})


def test_live_edits_are_worked_out_in_what_is_exported(tmp_path: Path) -> None:
    network = tiny_network()
    edit = LiveEdit(1, "enc.weight", studio.edit("Gain", factor=3.0), amount=0.5)
    preset = Preset("p", network, {}).with_section(EDITS, (edit,))
    for found in exported(preset, tmp_path):
        torch.testing.assert_close(found["enc.weight"], torch.from_numpy(network.tensors["enc.weight"] * 2))
    export_preset(preset, tmp_path / "model.onnx")
    export_preset(preset, tmp_path / "folder")
    wanted = network.tensors["enc.weight"] * 2
    np.testing.assert_allclose(load_network(tmp_path / "folder").tensors["enc.weight"], wanted, rtol=1e-6)
    found_again = imported(tmp_path / "model.onnx", tmp_path / "network").network.tensors
    assert any(np.allclose(tensor, wanted) for tensor in found_again.values() if tensor.shape == wanted.shape)


def test_a_network_of_the_studio_has_the_names_of_its_layers(tmp_path: Path) -> None:
    network = branched_network()
    for found in exported(Preset("p", network, {}), tmp_path):
        assert_the_same(found, {name: torch.from_numpy(values) for name, values in network.tensors.items()})


def test_an_origin_written_by_an_earlier_studio_still_gives_the_names(tmp_path: Path) -> None:
    network = tiny_network()
    save_network(network, tmp_path / "network")
    origin = {"format": "studio-origin", "version": 1, "leftover": {"norm.num_batches_tracked": 7}}
    origin["names"] = {"enc.weight": ["net.0.weight", "net.9.weight"]}
    (tmp_path / "network" / "origin.json").write_text(json.dumps(origin))
    state, _ = exported(open_preset(str(tmp_path / "network")), tmp_path)
    assert state.keys() == {"net.0.weight", "net.9.weight", "enc.bias", "dec.weight", "dec.bias"} | set(
        origin["leftover"]
    )
    assert state["norm.num_batches_tracked"] == 7


def damaged(folder: Path, what: str) -> str:
    """Break what lies beside a network; what is to be said of it."""
    file = folder / "origin.json"
    origin: dict[str, Any] = json.loads(file.read_text())
    counter = next(entry for entry in origin["tensors"] if not entry["of"])
    if what == "missing":
        (folder / "origin.safetensors").unlink()
        return "origin.safetensors lacks"
    if what == "cut":
        whole = (folder / "origin.safetensors").read_bytes()
        (folder / "origin.safetensors").write_bytes(whole[:-4])
        return "lies about the tensor"
    if what == "disagree":
        counter["shape"] = [3]
    elif what == "unknown":
        counter["of"] = "nothing.weight"
    elif what == "axes":
        next(entry for entry in origin["tensors"] if entry["of"])["axes"] = [7, 7]
    else:
        counter["dtype"] = "C64"
    file.write_text(json.dumps(origin))
    said = {
        "disagree": "disagree about",
        "unknown": 'speaks of a tensor "nothing.weight"',
        "axes": "speaks of a tensor",
    }
    return said.get(what, "must be one of")


@pytest.mark.parametrize("what", ["missing", "cut", "disagree", "unknown", "axes", "dtype"])
def test_a_damaged_origin_is_one_sentence(what: str, tmp_path: Path) -> None:
    torch.save(made("dcgan")[1].state_dict(), tmp_path / "model.pth")
    preset = imported(tmp_path / "model.pth", tmp_path / "network")
    said = damaged(tmp_path / "network", what)
    with pytest.raises(StudioError, match=said):
        export_preset(preset, tmp_path / "out.pt")
    assert not (tmp_path / "out.pt").exists()


def test_a_folder_of_npy_is_a_network_with_the_bends_and_the_way_back(tmp_path: Path) -> None:
    _, module, _ = made("dcgan")
    torch.save(module.state_dict(), tmp_path / "model.pth")
    preset = imported(tmp_path / "model.pth", tmp_path / "network")
    (tmp_path / "network" / "LICENSE").write_text("free")
    changed = {"main.0.weight": preset.network.tensors["main.0.weight"] * 2}
    bent = replace(preset, name="louder", changed=changed)
    export_preset(bent, tmp_path / "out")
    again = open_preset(str(tmp_path / "out"))
    assert again.network.name == "louder"
    assert (tmp_path / "out" / "LICENSE").read_text() == "free"
    for name, values in bent.bent.tensors.items():
        np.testing.assert_array_equal(again.network.tensors[name], values)
    state, _ = exported(again, tmp_path)
    assert_the_same(state, module.state_dict() | {"main.0.weight": module.state_dict()["main.0.weight"] * 2})


def test_neither_the_network_itself_nor_another_folder_is_replaced(tmp_path: Path) -> None:
    save_network(tiny_network(), tmp_path / "network")
    preset = open_preset(str(tmp_path / "network"))
    with pytest.raises(StudioError, match="is the network itself"):
        export_preset(preset, tmp_path / "network")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("dear")
    with pytest.raises(StudioError, match="is no network"):
        export_preset(preset, tmp_path / "letters")
    assert (tmp_path / "letters" / "dear.txt").read_text() == "dear"
    assert load_network(tmp_path / "network").sha256() == tiny_network().sha256()


def test_bypassed_layers_are_told_of_where_weights_cannot_say_them(tmp_path: Path) -> None:
    preset = Preset("p", tiny_network(), {}, sections={BYPASSED: frozenset({"act"})})
    for name in ("out.pt", "out.safetensors", "out"):
        assert '"act" work again there' in export_preset(preset, tmp_path / name)[0]
    assert not any("act" in remark for remark in export_preset(preset, tmp_path / "out.onnx"))


def test_safetensors_say_how_to_feed_the_network(tmp_path: Path) -> None:
    export_preset(Preset("p", tiny_network(), {}), tmp_path / "out.safetensors")
    with safetensors.safe_open(tmp_path / "out.safetensors", "pt") as file:
        said = file.metadata()
    assert said["format"] == "pt"
    assert said["studio.use"].startswith('Its input "input" takes 3 channels, black at 0 and white at 1.')


def test_the_suffix_or_the_name_says_the_format() -> None:
    for path, name in (("a.pt", "pytorch"), ("a.PTH", "pytorch"), ("a.onnx", "onnx"), ("a", "npy")):
        assert exporter_for(Path(path)).name == name
    assert exporter_for(Path("a.bin"), "pytorch").name == "pytorch"
    assert {f.name for f in formats()} == {"pytorch", "safetensors", "onnx", "npy"}
    with pytest.raises(StudioError, match=r"end it in .*\.onnx, \.pt"):
        exporter_for(Path("a.bin"))
    with pytest.raises(StudioError, match='no format "coreml"; there are npy, onnx'):
        exporter_for(Path("a.pt"), "coreml")


@pytest.mark.parametrize("name", ["out.pt", "out.safetensors", "out.onnx", "out"])
def test_what_cannot_be_written_is_one_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="does not exist; create it first"):
        export_preset(Preset("p", tiny_network(), {}), tmp_path / "nowhere" / name)


MODELS = ROOT.parent / "shared" / "models"


@pytest.mark.parametrize(
    "name", ["autolume_fast_sr", "btcvae_celeba", "cci_conv_autoencoder", "cloud_unet", "fns_nc8_mosaic"]
)
def test_a_public_state_dict_comes_back_bit_for_bit(name: str, tmp_path: Path) -> None:
    if not (MODELS / name).is_dir():
        pytest.skip(f"{MODELS / name} is not there: real networks are not part of the project")
    file = next(path for path in (MODELS / name).iterdir() if path.suffix != ".npy")
    state = torch.load(file, map_location="cpu", weights_only=True)
    for found in exported(imported(file, tmp_path / "network"), tmp_path):
        assert_the_same(found, dict(state))


def test_public_keras_kernels_come_back_bit_for_bit(tmp_path: Path) -> None:
    folder = MODELS / "cci_tf_autoencoder_npy" / "cci_tf_autoencoder_npy"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: real networks are not part of the project")
    files = {f.relative_to(folder).as_posix().removesuffix(".npy"): np.load(f) for f in folder.rglob("*.npy")}
    for found in exported(imported(folder, tmp_path / "network"), tmp_path):
        assert_the_same(found, {name: torch.from_numpy(array) for name, array in files.items()})


def test_order_and_luma_are_said_on_the_way_out() -> None:
    colour, grey = (network(layer("a", "Identity", "input"), inputs=[Input("input", n)]) for n in (3, 1))
    said = " ".join(normalising(Preset("p", colour.with_values(Values(order="bgr", output_order="bgr")), {})))
    assert said.count("in the order blue, green, red") == 2
    assert "luma" in " ".join(normalising(Preset("p", grey.with_values(Values(colour="input")), {})))
    assert not any(word in " ".join(normalising(Preset("p", colour, {}))) for word in ("blue", "luma"))


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".safetensors", ".onnx", ""])
def test_a_preset_that_is_exported_twice_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    """Whatever the file is called: of two exports people can tell whether anything differs."""
    network = tiny_network()
    preset = Preset("louder", network, {"enc.bias": network.tensors["enc.bias"] * 2})
    made = []
    for name in ("one", "another name"):
        path = tmp_path / f"{name}{suffix}"
        export_preset(preset, path)
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        made.append([(file.name if path.is_dir() else "", file.read_bytes()) for file in files])
    assert made[0] == made[1]


LINKED: dict[str, Callable[[Path, Preset], object]] = {
    "a.onnx": lambda path, preset: export_preset(preset, path),
    "a.pt": lambda path, preset: export_preset(preset, path),
    "a.safetensors": lambda path, preset: export_preset(preset, path),
    "folder": lambda path, preset: export_preset(preset, path),
    "network": lambda path, preset: save_network(preset.network, path),
    "preset": lambda path, preset: save_preset(preset, path),
    "a.studio-performance": lambda path, preset: save_performance(Performance(preset.network.sha256(), "", ()), path),
}


@pytest.mark.parametrize("name", LINKED)
def test_what_is_written_through_a_link_stands_where_it_leads_and_the_link_stays(name: str, tmp_path: Path) -> None:
    save_network(tiny_network(), tmp_path / "tiny")
    preset = open_preset(str(tmp_path / "tiny"))
    (tmp_path / "far").mkdir()
    LINKED[name](tmp_path / "far" / name, preset)
    (tmp_path / name).symlink_to(tmp_path / "far" / name)
    before = (tmp_path / "far" / name).stat().st_ino
    LINKED[name](tmp_path / name, preset)
    assert (tmp_path / name).is_symlink()
    assert (tmp_path / "far" / name).stat().st_ino != before, "it was not written anew"
    assert [each.name for each in (tmp_path / "far").iterdir()] == [name]
