"""``studio export``: a network and its bends as somebody else's model, or one sentence."""

from __future__ import annotations

import json
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

import studio
from studio.io.networks import load_network

StudioHere = Callable[..., tuple[int, str, str]]


def module() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 4, 2, 1), nn.BatchNorm2d(4), nn.ReLU()).eval()


@pytest.fixture
def bent(tmp_path: Path) -> nn.Module:
    """A module, its network in "mine", and in "louder" a preset of it, whose bends it has."""
    made = module()
    studio.export_torch(made, torch.randn(1, 3, 16, 16), tmp_path / "mine", input_range=(-1.0, 1.0))
    with studio.load(tmp_path / "mine", engine="torch") as live:
        live["0"].edit(studio.edit("Gain", factor=3.0), rows=[1])
        live.save(tmp_path / "louder")
    with torch.no_grad():
        made[0].weight[1] *= 3
    return made


def test_a_preset_goes_back_into_its_module(studio_here: StudioHere, tmp_path: Path, bent: nn.Module) -> None:
    status, out, err = studio_here("export", "louder", "louder.pt")
    assert status == 0, err
    assert "louder.pt: a PyTorch state dict" in out
    assert "1 bent tensor," in out
    assert "black at -1 and white at 1." in err
    other = module()
    other[0].weight.data.zero_()
    other.load_state_dict(torch.load(tmp_path / "louder.pt", weights_only=True), strict=True)
    example = torch.randn(1, 3, 16, 16)
    assert torch.equal(other(example), bent(example))


def test_a_preset_becomes_a_model_for_onnxruntime(studio_here: StudioHere, tmp_path: Path, bent: nn.Module) -> None:
    status, out, err = studio_here("export", "louder", "louder.onnx", "--size", "20x12", "--json")
    assert status == 0, err
    facts = json.loads(out)
    assert (facts["format"], facts["bent"], facts["bypassed"]) == ("onnx", ["0.weight"], [])
    assert facts["bytes"] == (tmp_path / "louder.onnx").stat().st_size
    example = torch.randn(1, 3, 20, 12)
    session = onnxruntime.InferenceSession(tmp_path / "louder.onnx", providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: example.numpy()})
    np.testing.assert_allclose(found, bent(example).detach().numpy(), atol=1e-5)


@pytest.mark.usefixtures("bent")
def test_a_network_goes_into_a_folder_or_a_format_that_is_named(studio_here: StudioHere, tmp_path: Path) -> None:
    assert studio_here("export", "louder", "plain")[0] == 0
    assert load_network(tmp_path / "plain").name == "louder"
    assert studio_here("export", "mine", "weights.bin", "--format", "safetensors")[0] == 0
    assert studio_here("import", "plain", "again")[0] == 0
    assert load_network(tmp_path / "again").sha256() == load_network(tmp_path / "plain").sha256()


@pytest.mark.usefixtures("bent")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("louder", "out.tflite"), "does not say what to export"),
        (("louder", "out.pt", "--format", "caffe"), 'There is no format "caffe"'),
        (("nobody", "out.pt"), 'There is no preset or network "nobody"'),
        (("louder", "nowhere/out.pt"), "does not exist; create it first"),
        (("louder", "out.onnx", "--size", "huge"), '"huge" is no input size'),
        (("louder", "out.onnx", "--size", "1x1"), "leaves it no output"),
        (("mine", "mine", "--overwrite"), "is the network itself"),
    ],
)
def test_bad_input_is_one_sentence(
    studio_here: StudioHere, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    status, out, err = studio_here("export", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("Error: ")
    assert said in err
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["a.pt", "a.safetensors", "a.onnx", "a"])
def test_an_export_replaces_nothing_unasked(
    studio_here: StudioHere, tmp_path: Path, bent: nn.Module, name: str
) -> None:
    del bent
    assert studio_here("export", "louder", name)[0] == 0

    def held() -> dict[str, bytes]:
        files = tmp_path.glob(f"{name}*/*") if "." not in name else [tmp_path / name]
        return {file.name: file.read_bytes() for file in files}

    before = held()
    status, _, err = studio_here("export", "mine", name)
    assert status == 2
    assert f"{name} exists already; give another name, or --overwrite" in err
    assert held() == before
    assert studio_here("export", "mine", name, "--overwrite")[0] == 0
    assert held() != before
    assert studio_here("export", "louder", name, "--overwrite")[0] == 0
    assert held() == before, "the same network gives the same bytes"


@pytest.mark.parametrize("suffix", [".pt", ".safetensors", ".onnx", ""])
def test_a_full_disk_is_one_sentence(studio_here: StudioHere, tmp_path: Path, bent: nn.Module, suffix: str) -> None:
    del bent
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        status, _, err = studio_here("export", "louder", f"x{suffix}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert status == 2
    assert "larger than this disk allows" in err
    assert not (tmp_path / f"x{suffix}").exists()


@pytest.mark.usefixtures("bent")
def test_an_export_over_a_folder_leaves_a_person_s_files(studio_here: StudioHere, tmp_path: Path) -> None:
    assert studio_here("export", "louder", "out")[0] == 0
    (tmp_path / "out" / "notes.txt").write_text("mine")
    (tmp_path / "out" / "mask.npy").write_bytes(b"mine")
    (tmp_path / "mine" / "LICENSE").write_text("terms")
    assert studio_here("export", "mine", "out", "--overwrite")[0] == 0
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"
    assert (tmp_path / "out" / "mask.npy").read_bytes() == b"mine"
    assert (tmp_path / "out" / "LICENSE").read_text() == "terms"
    assert load_network(tmp_path / "out").sha256() == load_network(tmp_path / "mine").sha256()
