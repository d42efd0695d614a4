"""Models under wrong suffixes open by what they hold, and parts that were never fetched are told."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from studio.errors import StudioError
from studio.io.importers import format_of, open_model

pytestmark = pytest.mark.filterwarnings("ignore")
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345678\n"
SUFFIXES = ["", ".pth", ".onnx", ".pt2", ".safetensors", ".h5", ".pb", ".bin", ".zip"]


def _chain() -> nn.Sequential:
    """A state dict that opens by itself: an autoencoder of a tutorial."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.ConvTranspose2d(8, 3, 4, 2, 1), nn.Sigmoid()).eval()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, module, picture = tmp_path_factory.mktemp("models"), _chain(), torch.rand(1, 3, 16, 24)
    found = {name: folder / name for name in ("ONNX", "torch.export", "PyTorch state dict", "safetensors")}
    torch.onnx.export(module, (picture,), found["ONNX"], dynamo=False)
    torch.export.save(torch.export.export(module, (picture,)), folder / "made.pt2")
    shutil.copy(folder / "made.pt2", found["torch.export"])
    torch.save(module.state_dict(), found["PyTorch state dict"])
    save_file(module.state_dict(), found["safetensors"])
    return found


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("format_", ["ONNX", "torch.export", "PyTorch state dict", "safetensors"])
def test_a_model_opens_whatever_it_is_called(
    format_: str, suffix: str, written: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / f"model{suffix}"
    shutil.copy(written[format_], path)
    if format_ in ("ONNX", "torch.export"):
        assert open_model(path).format == format_
        return
    # Bare numbers of a Sequential fit nothing; that says that the tensors were read.
    with pytest.raises(StudioError, match=r"fit no architecture.*0\.weight 8×3×3×3"):
        open_model(path)


@pytest.mark.parametrize("suffix", [".onnx", ".pth", ".h5", ".pb"])
def test_a_graph_of_tensorflow_is_told_whatever_it_is_called(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"m{suffix}").write_bytes(
        b"\n\x1f\n\x05input\x12\x0bPlaceholder*\t\n\x05dtype\x12\x020\x01" + b"\n" * 40
    )
    with pytest.raises(StudioError, match=rf"graph of TensorFlow.*--graphdef m\{suffix}"):
        open_model(tmp_path / f"m{suffix}")


def test_the_graph_of_a_saved_model_names_its_folder(tmp_path: Path) -> None:
    (tmp_path / "painter").mkdir()
    (tmp_path / "painter" / "saved_model.pb").write_bytes(b"\x08\x01\x12" + b"\n" * 40)
    with pytest.raises(StudioError, match=r"SavedModel of TensorFlow.*--saved-model painter"):
        open_model(tmp_path / "painter" / "saved_model.pb")


def test_pointers_of_git_lfs_among_the_parts_of_a_model_are_told(written: dict[str, Path], tmp_path: Path) -> None:
    arrays = tmp_path / "arrays"
    arrays.mkdir()
    np.save(arrays / "a.weight.npy", np.zeros((3, 3), np.float32))
    (arrays / "b.weight.npy").write_bytes(POINTER)
    web = tmp_path / "web"
    web.mkdir()
    (web / "model.json").write_text(json.dumps({"format": "layers-model", "modelTopology": {}}), encoding="utf-8")
    (web / "group1-shard1of1.bin").write_bytes(POINTER)
    shutil.copy(written["ONNX"], tmp_path / "big.onnx")
    (tmp_path / "big.onnx.data").write_bytes(POINTER)
    for path, part in (
        (arrays, "b.weight.npy"),
        (web, "group1-shard1of1.bin"),
        (web / "model.json", "group1-shard1of1.bin"),
        (tmp_path / "big.onnx", "big.onnx.data"),
    ):
        with pytest.raises(StudioError, match=rf"{part}: this is a pointer of Git LFS.*git lfs pull"):
            open_model(path)


def test_weights_of_tensorflow_js_name_their_model(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{}", encoding="utf-8")
    (tmp_path / "group1-shard1of1.bin").write_bytes(bytes(range(64)))
    with pytest.raises(StudioError, match=r"weights of TensorFlow\.js; open the model.json beside them"):
        open_model(tmp_path / "group1-shard1of1.bin")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        # Both begin with a version and a field of the same numbers.
        ("net.mlmodel", b"\x08\x04\x12\x07\n\x05\n\x03img\xa2\x1f\x02\x08\x01", r"this is a model of Core ML"),
        ("net.mlmodel", b"\x08\x04\x12\x07\n\x05\n\x03img", r"this is a model of Core ML"),
        ("net.ort", b"\x08\x04\x12" + bytes(300), r"ONNX Runtime's own form"),
        ("net.dlc", b"\x08\x04\x12" + b"\xff" * 300, r"made for one kind of chip"),
    ],
)
def test_what_only_begins_like_onnx_is_told_for_what_it_is(
    name: str, content: bytes, told: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    assert format_of(tmp_path / name) == ""
    with pytest.raises(StudioError, match=told):
        open_model(tmp_path / name)


@pytest.mark.parametrize("held", ["project/models/config.json", "project/weights/data.pkl"])
def test_an_archive_of_a_project_is_told_to_be_unpacked(held: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "project.zip", "w") as archive:
        archive.writestr("project/read.me", "")
        archive.writestr(held, "{}")
    with pytest.raises(StudioError, match=r"this is an archive; unpack it"):
        open_model(tmp_path / "project.zip")
