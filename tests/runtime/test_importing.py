"""What a model would become, before anything is written; and that it becomes just that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from studio.errors import StudioError
from studio.io.importers import Options
from studio.io.networks import load_network
from studio.model.declared.size import Size
from studio.model.networks.values import Values
from studio.runtime.services.importing import import_model, preview


def model(folder: Path) -> Path:
    torch.manual_seed(0)
    layers = {"encoder.0": nn.Conv2d(3, 4, 4, 2, 1), "decoder.0": nn.ConvTranspose2d(4, 3, 4, 2, 1)}
    state = {f"{name}.{key}": value for name, layer in layers.items() for key, value in layer.state_dict().items()}
    torch.save({"state_dict": state}, folder / "model.pth")
    return folder / "model.pth"


def test_a_preview_says_layers_tensors_values_and_what_was_guessed(tmp_path: Path) -> None:
    found = preview(model(tmp_path), Options(input_size=Size(32, 24)))
    assert [layer.op for layer in found.layers] == ["Conv2d", "ReLU", "ConvTranspose2d", "Sigmoid"]
    assert (found.format, found.arch, found.size) == ("PyTorch state dict", "autoencoder", (32, 24))
    first = found.layers[0]
    assert tuple(first.shape) == (4, 16, 12)
    assert first.inputs == (found.inputs[0].name,)
    assert [(t.name, t.shape, t.origin) for t in first.tensors] == [
        ("encoder.0.weight", (4, 3, 4, 4), ("encoder.0.weight",)),
        ("encoder.0.bias", (4,), ("encoder.0.bias",)),
    ]
    assert found.parameters == 4 * 3 * 16 * 2 + 4 + 3
    assert found.values == Values((0.0, 1.0), (), (), "rgb", (0.0, 1.0), "rgb", "own")
    assert any("guessed" in note for note in found.notes)
    assert [path.name for path in tmp_path.iterdir()] == ["model.pth"]


def test_what_was_looked_at_is_imported_without_reading_it_again(tmp_path: Path) -> None:
    path = model(tmp_path)
    found = preview(path).with_values(Values(range=(0.0, 255.0), order="bgr"))
    path.unlink()
    preset, notes = import_model(path, tmp_path / "home", imported=found.imported)
    network = load_network(tmp_path / "home" / "model")
    assert network.sha256() == preset.network.sha256() == found.imported.network.sha256()
    assert network.graph.inputs[0].order == "bgr"
    assert network.graph.inputs[0].range == (0.0, 255.0)
    assert all(np.array_equal(network.tensors[k], v) for k, v in found.imported.network.tensors.items())
    assert notes == found.notes


def test_options_reach_the_network_and_a_second_import_stands_beside_the_first(tmp_path: Path) -> None:
    path = model(tmp_path)
    import_model(path, tmp_path / "home")
    preset, _ = import_model(path, tmp_path / "home", Options(input_range=(-1.0, 1.0)))
    assert preset.weights_path == tmp_path / "home" / "model-2"
    assert load_network(tmp_path / "home" / "model-2").graph.inputs[0].range == (-1.0, 1.0)


def test_what_cannot_be_opened_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "no.onnx").write_bytes(b"nothing")
    with pytest.raises(StudioError, match="is no ONNX model"):
        preview(tmp_path / "no.onnx")
    with pytest.raises(StudioError, match="no architecture"):
        preview(model(tmp_path), Options(arch="no-such"))
    with pytest.raises(StudioError, match="is no ONNX model"):
        import_model(tmp_path / "no.onnx", tmp_path / "home")
    assert not (tmp_path / "home").exists()
