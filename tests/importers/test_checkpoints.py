"""Checkpoints as training leaves them: several networks, averages, optimisers, arguments, norms of weights."""

from __future__ import annotations

import argparse
import collections
import datetime
import os
import pathlib
import pickle
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import on_torch, relative_error
from hypothesis import given, settings
from hypothesis import strategies as st
from modules import made
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from studio.errors import StudioError
from studio.io.importers import Imported, Options, open_model
from studio.io.importers._draft import Weight
from studio.io.importers._state_dict.weight_norms import plain_weights

TOLERANCE = 1e-5


def opened(path: Path, held: object, name: str = "model.pth", **options: Any) -> Imported:
    torch.save(held, path / name)
    return open_model(path / name, Options(**options))


def same(imported: Imported, module: nn.Module, example: torch.Tensor) -> bool:
    engine = on_torch(imported.network)
    engine.run({imported.network.graph.inputs[0].name: example[0].numpy()})
    with torch.no_grad():
        return relative_error(engine.output(), module.eval()(example)[0].numpy()) < TOLERANCE


def _prefixed(prefix: str, state: dict[str, Any]) -> dict[str, Any]:
    return {prefix + name: value for name, value in state.items()}


def espcn() -> tuple[nn.Module, torch.Tensor]:
    torch.manual_seed(0)
    _, module, example = made("espcn")
    return module, example


def _checkpoints() -> dict[str, tuple[object, str]]:
    module, _ = espcn()
    state = {name: value.clone() for name, value in module.state_dict().items()}
    other = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 1, 3)).state_dict()
    rms = torch.optim.Adam(module.parameters())
    module(torch.rand(1, 1, 8, 8)).sum().backward()
    rms.step()
    return {
        "critic first": ({"discriminator": other, "generator": state}, "generator"),
        "optimiser first": ({"optim": rms.state_dict(), "net": state}, "net"),
        "numbers beside": ({"loss": torch.tensor(0.3), "step": torch.tensor(7), "model_state_dict": state}, ""),
        "one dictionary": ({"state_dict": {**_prefixed("netG.", state), **_prefixed("netD.", other)}}, "netG"),
        "a critic beside both": (
            {"state_dict": {**_prefixed("netG.", state), **_prefixed("netD.", state)}, "netD": state},
            "state_dict.netG",
        ),
        "what judged it": (
            {"state_dict": {**_prefixed("model.", state), **_prefixed("criterion.vgg.", other)}},
            "state_dict.model",
        ),
        "a list": ({"models": [state, other]}, "models.0"),
        "deep": ({"models": {"D": other, "G": {"module": state}}}, "module"),
        "an average": ({"net": {k: torch.zeros_like(v) for k, v in state.items()}, "net_ema": state}, "net_ema"),
        "two of a kind": ({"b": other, "G_A": state, "G_B": {k: v * 0 for k, v in state.items()}}, "G_A"),
    }


@pytest.mark.parametrize("kind", _checkpoints())
def test_the_set_that_fits_best_is_taken_and_it_is_said(kind: str, tmp_path: Path) -> None:
    module, example = espcn()
    held, label = _checkpoints()[kind]
    imported = opened(tmp_path, held)
    assert imported.arch == "espcn"
    assert imported.pick.endswith(label)
    if label in ("net_ema", "G_A", "generator"):
        assert any(f'"{imported.pick}" was taken; --pick' in note for note in imported.notes)
    assert same(imported, module, example)


def test_another_set_is_picked_and_one_that_is_not_there_is_refused(tmp_path: Path) -> None:
    held, _ = _checkpoints()["an average"]
    imported = opened(tmp_path, held, pick="net")
    assert imported.pick == "net"
    assert not any(tensor.any() for tensor in imported.network.tensors.values())
    with pytest.raises(StudioError, match='no tensors under "other"; there are net_ema, net'):
        opened(tmp_path, held, pick="other")


def _extras() -> dict[str, object]:
    return {
        "arguments": argparse.Namespace(lr=0.1, path=pathlib.PurePosixPath("a/b")),
        "a number of NumPy": np.float64(31.25),
        "an array of NumPy": np.arange(6).reshape(2, 3),
        "a counter": collections.Counter("aab"),
        "a dictionary of lists": collections.defaultdict(list, a=[1]),
        "a date": datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC),
        "a random state": random.getstate(),
        "a device": torch.device("cpu"),
        "a type": np.dtype("float32"),
        "a set": {1, 2},
    }


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("kind", _extras())
def test_what_lies_beside_the_tensors_is_left_out(kind: str, zipped: bool, tmp_path: Path) -> None:
    _, module, example = made("espcn")
    held = {"extra": _extras()[kind], "state_dict": module.state_dict()}
    torch.save(held, tmp_path / "model.pth", _use_new_zipfile_serialization=zipped)
    assert same(open_model(tmp_path / "model.pth"), module, example)


@pytest.mark.parametrize("how", ["save", "bare", "old"])
def test_arrays_of_numpy_are_tensors(how: str, tmp_path: Path) -> None:
    _, module, example = made("espcn")
    state = {name: np.asfortranarray(value.numpy()) for name, value in module.state_dict().items()}
    if how == "save":
        torch.save(state, tmp_path / "model.pkl")
    else:
        (tmp_path / "model.pkl").write_bytes(pickle.dumps(state, protocol=2 if how == "old" else 5))
    assert same(open_model(tmp_path / "model.pkl"), module, example)


class Calling:
    def __init__(self, function: Any, *args: object) -> None:
        self.called = function, args

    def __reduce__(self) -> Any:
        return self.called


@pytest.mark.parametrize("zipped", [True, False, None])
@pytest.mark.parametrize(
    "function", [os.mkdir, pathlib.Path.touch, eval, exec, os.system, print], ids=lambda called: called.__qualname__
)
def test_a_call_that_would_do_something_is_refused_and_never_made(
    function: Any, zipped: bool | None, tmp_path: Path
) -> None:
    mark = tmp_path / "made"
    argument = {eval: f"open({str(mark)!r}, 'w')", exec: f"open({str(mark)!r}, 'w')", os.system: f"touch {mark}"}
    held = {**made("espcn")[1].state_dict(), "extra": Calling(function, argument.get(function, mark))}
    if zipped is None:
        (tmp_path / "model.pth").write_bytes(pickle.dumps(held))
    else:
        torch.save(held, tmp_path / "model.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(StudioError, match="would call"):
        open_model(tmp_path / "model.pth")
    assert not mark.exists()


@pytest.mark.parametrize("name", ["model.tar", "checkpoint.pth.tar", "latest", "net.weights", "net_G.pkl", "a.b.c"])
def test_a_file_is_known_by_what_it_holds(name: str, tmp_path: Path) -> None:
    _, module, example = made("espcn")
    assert same(opened(tmp_path, {"state_dict": module.state_dict()}, name), module, example)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        (b"<!DOCTYPE html><html><head></head></html>", "a web page"),
    ],
)
def test_what_is_something_else_is_told_for_what_it_is(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "model.pth").write_bytes(content)
    with pytest.raises(StudioError, match=words):
        open_model(tmp_path / "model.pth")


@pytest.mark.parametrize("opcode", [pickle.BYTEARRAY8, pickle.BINBYTES8], ids=["byte array", "bytes"])
def test_what_says_it_is_longer_than_the_file_is_refused(
    opcode: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind: list[object] = []
    monkeypatch.setattr(sys, "excepthook", lambda *raised: behind.append(raised))
    (tmp_path / "model.pkl").write_bytes(b"\x80\x05" + opcode + (2**62).to_bytes(8, "little") + b"few.")
    with pytest.raises(StudioError, match="damaged or cut short"):
        open_model(tmp_path / "model.pkl")
    assert not behind


NORMS = {
    "spectral": nn.utils.spectral_norm,
    "weight": nn.utils.weight_norm,
    "new spectral": parametrizations.spectral_norm,
    "new weight": parametrizations.weight_norm,
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family", ["espcn", "dcgan", "cyclegan"])
@pytest.mark.parametrize("norm", NORMS)
def test_weights_in_parts_are_worked_out(norm: str, family: str, tmp_path: Path) -> None:
    _, module, example = made(family)
    for part in module.modules():
        if isinstance(part, (nn.Conv2d, nn.ConvTranspose2d)):
            NORMS[norm](part)
    with torch.no_grad():
        for _ in range(5):  # the vectors of a spectral norm settle
            module.train()(example)
    assert same(opened(tmp_path, module.state_dict()), module, example)


def test_pix2pix_with_the_pictures_own_statistics(tmp_path: Path) -> None:
    _, module, example = made("pix2pix")
    learnt = opened(tmp_path, module.state_dict())
    assert any("--statistics picture" in note for note in learnt.notes)
    own = opened(tmp_path, module.state_dict(), statistics="picture")
    for part in module.modules():
        part.training = isinstance(part, nn.BatchNorm2d)
    engine = on_torch(own.network)
    engine.run({own.network.graph.inputs[0].name: example[0].numpy()})
    with torch.no_grad():
        assert relative_error(engine.output(), module(example)[0].numpy()) < TOLERANCE


@settings(max_examples=40)
@given(data=st.data())
def test_damaged_checkpoints_are_refused_or_opened_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    whole = pickle.dumps({"args": argparse.Namespace(a=1), "x": np.float32(2), "w": np.ones((2, 3), np.float32)})
    damaged = bytearray(whole)
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=5)):
        damaged[place] = data.draw(st.integers(0, 255))
    (folder / "model.pkl").write_bytes(damaged)
    with pytest.raises(StudioError):
        open_model(folder / "model.pkl")


def test_tensors_of_other_numbers_are_left_out_and_said(tmp_path: Path) -> None:
    _, module, _ = made("srcnn")
    others = {"phases": torch.zeros(3, dtype=torch.complex64), "table": torch.eye(3).to_sparse()}
    torch.save({**module.state_dict(), **others}, tmp_path / "net.pth")
    imported = open_model(tmp_path / "net.pth")
    assert imported.arch == "srcnn"
    assert "left out: phases, table" in " ".join(imported.notes)
    torch.save(others, tmp_path / "none.pth")
    with pytest.raises(StudioError, match="as float32"):
        open_model(tmp_path / "none.pth")


def test_a_file_of_pytorch_under_another_name_is_told_by_its_content(tmp_path: Path) -> None:
    _, module, _ = made("srcnn")
    torch.save(module.state_dict(), tmp_path / "net.safetensors")
    assert open_model(tmp_path / "net.safetensors").arch == "srcnn"


def test_the_spectral_norm_of_a_square_kernel_is_a_convolutions_where_nothing_says_more() -> None:
    torch.manual_seed(0)
    for _ in range(4):
        conv = nn.utils.spectral_norm(nn.Conv2d(4, 4, 1, bias=False)).eval()
        conv(torch.zeros(1, 4, 1, 1))
        held = {name: Weight(tensor.numpy()) for name, tensor in conv.state_dict().items()}
        np.testing.assert_allclose(plain_weights(held)["weight"].values, conv.weight.detach(), rtol=1e-4)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("spoil", [lambda part: part[:-1], lambda part: torch.stack([part, part])])
def test_parts_of_a_weight_that_do_not_fit_it_are_refused(
    norm: str, spoil: Callable[[Tensor], Tensor], tmp_path: Path
) -> None:
    state = nn.Sequential(NORMS[norm](nn.Conv2d(3, 5, 3)), nn.ReLU(), nn.Conv2d(5, 3, 3)).state_dict()
    part = next(name for name in state if name.endswith(("_u", "_g", "original0")))
    state[part] = spoil(state[part]).clone()
    torch.save(state, tmp_path / "net.pth")
    with pytest.raises(StudioError, match=r'the tensors that its "0\.weight" is kept in do not fit each other'):
        open_model(tmp_path / "net.pth")
