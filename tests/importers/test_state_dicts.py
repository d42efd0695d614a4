"""State dicts, in every wrapping in which they are found, and what must not be opened."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from helpers import EngineFor, on_torch, relative_error
from hypothesis import given, settings
from hypothesis import strategies as st
from modules import FAMILIES, Autoencoder, Espcn, made
from torch import nn

from studio.errors import StudioError
from studio.io.importers import Imported, Options, open_model
from studio.io.importers.base import LIMIT

TOLERANCE = 1e-5


def outcome(imported: Imported, picture: torch.Tensor) -> np.ndarray:
    engine = on_torch(imported.network)
    engine.run({imported.network.graph.inputs[0].name: picture[0].numpy()})
    return engine.output()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_recognised_and_runs_as_it_did(family: str, tmp_path: Path, engine_for: EngineFor) -> None:
    arch, module, picture = made(family)
    torch.save(module.state_dict(), tmp_path / "model.pth")
    imported = open_model(tmp_path / "model.pth")
    assert imported.arch == arch

    engine = engine_for(imported.network)
    engine.run({imported.network.graph.inputs[0].name: picture[0].numpy()})
    assert relative_error(engine.output(), module(picture)[0].detach().numpy()) < TOLERANCE


@pytest.mark.parametrize("family", ["pix2pix", "johnson", "dcgan"])
def test_every_tensor_keeps_its_name_and_its_bits(family: str, tmp_path: Path) -> None:
    _, module, _ = made(family)
    torch.save(module.state_dict(), tmp_path / "model.pth")
    imported = open_model(tmp_path / "model.pth")
    back = {name: imported.network.tensors[full] for full, names in imported.names.items() for name in names}
    back |= {name: np.asarray(value) for name, value in imported.leftover.items()}
    state = module.state_dict()
    assert back.keys() == state.keys()
    assert all(np.array_equal(back[name], value.numpy()) for name, value in state.items())


def wrappings(state: dict[str, Any]) -> dict[str, Any]:
    return {
        "plain": state,
        "parallel": OrderedDict((f"module.{name}", value) for name, value in state.items()),
        "nested": {"epoch": 3, "state_dict": state, "optimizer": {"lr": 0.1}},
        "deep": {"generator": {"model": {f"module.{name}": value for name, value in state.items()}}},
        "average": {"params": {}, "params_ema": state},
        "half": {name: value.half() for name, value in state.items()},
    }


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("wrapping", ["plain", "parallel", "nested", "deep", "average", "half"])
def test_every_wrapping_gives_the_same_network(wrapping: str, legacy: bool, tmp_path: Path) -> None:
    _, module, picture = made("espcn")
    wrapped = wrappings(module.state_dict())[wrapping]
    torch.save(wrapped, tmp_path / "model.ckpt", _use_new_zipfile_serialization=not legacy)
    imported = open_model(tmp_path / "model.ckpt", Options(input_range=(-1.0, 1.0)))
    assert imported.network.graph.inputs[0].range == (-1.0, 1.0)
    assert imported.names["conv1.weight"] == ("conv1.weight",)
    allowed = 1e-2 if wrapping == "half" else TOLERANCE
    assert relative_error(outcome(imported, picture), module(picture)[0].detach().numpy()) < allowed


def test_safetensors(tmp_path: Path) -> None:
    _, module, picture = made("srvgg x2")
    safetensors.torch.save_file(module.state_dict(), tmp_path / "model.safetensors", {"made": "here"})
    imported = open_model(tmp_path / "model.safetensors")
    assert relative_error(outcome(imported, picture), module(picture)[0].detach().numpy()) < TOLERANCE


def test_a_folder_of_npy_named_as_a_state_dict(tmp_path: Path) -> None:
    _, module, picture = made("espcn")
    for name, value in module.state_dict().items():
        np.save(tmp_path / f"{name}.npy", value.numpy())
    assert relative_error(outcome(open_model(tmp_path), picture), module(picture)[0].detach().numpy()) < TOLERANCE


def test_tensors_that_fit_nothing_are_listed_with_the_way_out(tmp_path: Path) -> None:
    torch.save(nn.Sequential(nn.Conv2d(3, 5, 3), nn.Conv2d(5, 3, 3)).state_dict(), tmp_path / "model.pt")
    with pytest.raises(StudioError, match=r"0\.weight 5×3×3×3.*studio\.export_torch"):
        open_model(tmp_path / "model.pt")


@pytest.mark.parametrize("arch", ["espcn", "unheard-of"])
def test_an_architecture_that_is_asked_for_and_does_not_fit(arch: str, tmp_path: Path) -> None:
    torch.save(Autoencoder().state_dict(), tmp_path / "model.pt")
    with pytest.raises(StudioError, match=arch):
        open_model(tmp_path / "model.pt", Options(arch=arch))


def test_shapes_that_do_not_fit_each_other(tmp_path: Path) -> None:
    state = Espcn().state_dict()
    state["conv2.weight"] = torch.zeros(8, 7, 3, 3)
    torch.save(state, tmp_path / "model.pt")
    with pytest.raises(StudioError, match=r"conv2.*channels"):
        open_model(tmp_path / "model.pt")


class Trap:
    """A pickle of this makes a file when it is loaded freely."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("how", ["zip", "legacy", "bare"])
def test_a_pickle_that_would_make_a_file_is_refused_and_never_run(how: str, tmp_path: Path) -> None:
    made_by_it, file = tmp_path / "made", tmp_path / "model.pt"
    state = {**Espcn().state_dict(), "extra": Trap(made_by_it)}
    if how == "bare":
        file.write_bytes(pickle.dumps(Trap(made_by_it)))
    else:
        torch.save(state, file, _use_new_zipfile_serialization=how == "zip")
    with pytest.raises(StudioError):
        open_model(file)
    assert not made_by_it.exists()


@pytest.mark.parametrize(("version", "opens"), [("2.5.1+cu124", False), ("2.9.0", False), ("2.10.0a0", True)])
def test_a_pytorch_that_may_run_what_is_in_a_file_opens_none(
    version: str, opens: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.pt").write_bytes(FILES["zip"][1])
    monkeypatch.setattr(torch, "__version__", version)
    if opens:
        open_model(tmp_path / "model.pt")
    else:
        with pytest.raises(StudioError, match=r"install PyTorch 2\.10 or later"):
            open_model(tmp_path / "model.pt")


def test_torchscript_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
        archive.writestr("model/data.pkl", b"")
        archive.writestr("model/code/__torch__.py", b"")
    with pytest.raises(StudioError, match="TorchScript"):
        open_model(tmp_path / "model.pt")


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model/data.pkl", bytes(100 * 2**20))
    with pytest.raises(StudioError, match="far more"):
        open_model(tmp_path / "model.pt")


@pytest.mark.parametrize("suffix", [".pt", ".safetensors", ".onnx", ".pt2"])
def test_a_file_of_more_than_the_limit_is_refused_unread(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"model{suffix}"
    with file.open("wb") as sparse:
        sparse.truncate(LIMIT + 1)
    with pytest.raises(StudioError, match="at most 2 GiB"):
        open_model(file)


def test_a_few_bytes_shown_as_an_endless_tensor_are_refused(tmp_path: Path) -> None:
    torch.save({"conv1.weight": torch.zeros(1).expand(2**20, 2**20)}, tmp_path / "model.pt")
    with pytest.raises(StudioError, match="at most 2 GiB"):
        open_model(tmp_path / "model.pt")


def header(entries: object) -> bytes:
    text = json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text


LIES = {
    "longer than the file": (2**40).to_bytes(8, "little"),
    "beyond the end": header({"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}}),
    "another size": header({"a": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 4]}}) + bytes(4),
    "backwards": header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}) + bytes(4),
    "negative": header({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [4, 0]}}) + bytes(4),
    "no dtype": header({"a": {"shape": [1], "data_offsets": [0, 4]}}) + bytes(4),
    "a list": header([1, 2]),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_header_of_safetensors(lie: str, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(LIES[lie])
    with pytest.raises(StudioError, match="header"):
        open_model(tmp_path / "model.safetensors")


def saved(suffix: str, legacy: bool = False) -> bytes:
    buffer = io.BytesIO()
    if suffix == ".safetensors":
        return safetensors.torch.save(made("espcn")[1].state_dict())
    torch.save(made("espcn")[1].state_dict(), buffer, _use_new_zipfile_serialization=not legacy)
    return buffer.getvalue()


FILES = {
    "zip": (".pt", saved(".pt")),
    "legacy": (".pth", saved(".pt", True)),
    "safe": (".safetensors", saved(".safetensors")),
}


@pytest.mark.parametrize("kind", FILES)
@settings(max_examples=60)
@given(data=st.data())
def test_damaged_files_are_refused_or_opened_and_nothing_else(
    kind: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    suffix, whole = FILES[kind]
    damaged = bytearray(whole)
    early = st.integers(0, min(len(whole), 1500) - 1)
    for place in data.draw(st.lists(st.one_of(early, st.integers(0, len(whole) - 1)), max_size=4)):
        damaged[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))
    file = tmp_path_factory.mktemp("damaged") / f"model{suffix}"
    file.write_bytes(damaged[:end])
    with suppress(StudioError):
        open_model(file)
