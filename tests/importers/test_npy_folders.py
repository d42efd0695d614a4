"""Folders of .npy whose network.json names their layout; what is no such folder; and models that are far too large."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from helpers import on_torch, relative_error
from hypothesis import given, settings
from hypothesis import strategies as st
from modules import made
from torch import nn
from torch.nn import functional as F

from studio.errors import StudioError
from studio.io.importers import Imported, Options, open_model, save_imported
from studio.io.importers.base import LIMIT
from studio.io.networks import load_network
from studio.model.declared.size import Size
from studio.model.networks.shape import Array

CONV: dict[str, Any] = {
    "name": "conv",
    "op": "Conv2d",
    "inputs": ["input"],
    "params": {"in_channels": 3, "out_channels": 5, "kernel_size": [3, 2], "padding": [1, 1]},
}


def normal(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def described(*layers: dict[str, Any], **kernels: Any) -> dict[str, Any]:
    return {
        "format": "studio-network",
        "version": 1,
        "name": "mine",
        "inputs": [{"name": "input"}],
        "output": {"layer": layers[-1]["name"]},
        "layers": list(layers),
        "kernels": kernels,
    }


def folder(at: Path, document: dict[str, Any], **arrays: Array) -> Path:
    (at / "network.json").write_text(json.dumps(document))
    for name, array in arrays.items():
        file = at / f"{name.replace('__', '/')}.npy"
        file.parent.mkdir(exist_ok=True)
        np.save(file, array)
    return at


def output(imported: Imported, picture: Array) -> Array:
    engine = on_torch(imported.network)
    engine.run({"input": picture})
    return engine.output()


def test_keras_kernels_run_as_they_did(tmp_path: Path) -> None:
    layers = [
        CONV,
        {
            "name": "depth",
            "op": "Conv2d",
            "inputs": ["conv"],
            "params": {"in_channels": 5, "out_channels": 10, "kernel_size": [3, 3], "groups": 5, "bias": False},
        },
        {
            "name": "up",
            "op": "ConvTranspose2d",
            "inputs": ["depth"],
            "params": {"in_channels": 10, "out_channels": 4, "kernel_size": [4, 4], "stride": [2, 2]},
        },
        {"name": "norm", "op": "BatchNorm2d", "inputs": ["up"], "params": {"num_features": 4}},
        {"name": "mean", "op": "Mean", "inputs": ["norm"]},
        {"name": "dense", "op": "Linear", "inputs": ["mean"], "params": {"in_features": 4, "out_features": 6}},
    ]
    arrays = {
        "conv_kernel": normal(3, 2, 3, 5),
        "conv_bias": normal(5, seed=1),
        "depth__depthwise_kernel": normal(3, 3, 5, 2, seed=2),
        "weights__third": normal(4, 4, 4, 10, seed=3),
        "up.bias": normal(4, seed=4),
        "norm_gamma": normal(4, seed=5),
        "norm_beta": normal(4, seed=6),
        "norm_moving_mean": normal(4, seed=7),
        "norm_moving_variance": np.abs(normal(4, seed=8)) + 0.5,
        "dense_kernel": normal(4, 6, seed=9),
        "dense_bias": normal(6, seed=10),
    }
    document = described(*layers, layout="HWIO", files={"up.weight": "weights/third"})
    imported = open_model(folder(tmp_path, document, **arrays), Options(input_size=Size(9, 8)))

    tensors = {name: torch.tensor(values) for name, values in arrays.items()}
    picture = normal(3, 9, 8, seed=11)
    x = F.conv2d(torch.tensor(picture)[None], tensors["conv_kernel"].permute(3, 2, 0, 1), tensors["conv_bias"], 1, 1)
    depth = tensors["depth__depthwise_kernel"]
    # Output channel c * multiplier + m is input channel c by kernel m.
    x = torch.stack(
        [F.conv2d(x[:, c : c + 1], depth[None, None, :, :, c, m])[0, 0] for c in range(5) for m in range(2)]
    )[None]
    x = F.conv_transpose2d(x, tensors["weights__third"].permute(3, 2, 0, 1), tensors["up.bias"], 2)
    statistics = tensors["norm_moving_mean"], tensors["norm_moving_variance"]
    x = F.batch_norm(x, *statistics, tensors["norm_gamma"], tensors["norm_beta"]).mean((2, 3))
    wanted = x @ tensors["dense_kernel"] + tensors["dense_bias"]

    assert relative_error(output(imported, picture)[:, 0, 0], wanted[0].numpy()) < 1e-5
    assert imported.names["up.weight"] == ("weights/third",)
    assert imported.size == (9, 8)


def test_what_is_imported_is_written_in_the_studios_own_layout(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    source = folder(
        tmp_path / "from", described(CONV, layout="HWIO"), conv_kernel=normal(3, 2, 3, 5), conv_bias=normal(5)
    )
    imported = open_model(source, Options(input_range=(-1.0, 1.0), order="bgr"))
    save_imported(imported, tmp_path / "to")
    made = load_network(tmp_path / "to")
    assert np.array_equal(made.tensors["conv.weight"], normal(3, 2, 3, 5).transpose(3, 2, 0, 1))
    assert made.graph.inputs[0].range == (-1.0, 1.0)
    assert made.graph.inputs[0].order == "bgr"


def make_grid(kernels: Array, nrow: int, padding: int, normalize: bool = False) -> Array:
    """As torchvision.utils.make_grid says it: (n, 1 or 3, h, w) to (3, H, W)."""
    if normalize:
        kernels = (kernels - kernels.min()) / (kernels.max() - kernels.min())
    kernels = np.repeat(kernels, 3, 1) if kernels.shape[1] == 1 else kernels
    if len(kernels) == 1:
        return kernels[0]
    across = min(nrow, len(kernels))
    height, width = kernels.shape[2] + padding, kernels.shape[3] + padding
    sheet = np.zeros((3, math.ceil(len(kernels) / across) * height + padding, across * width + padding), np.float32)
    for k, kernel in enumerate(kernels):
        y, x = k // across * height + padding, k % across * width + padding
        sheet[:, y : y + height - padding, x : x + width - padding] = kernel
    return sheet


@given(
    shape=st.tuples(st.integers(1, 7), st.sampled_from([1, 2, 3, 5]), st.integers(1, 5), st.integers(1, 5)),
    nrow=st.integers(1, 9),
    padding=st.integers(0, 3),
    normalize=st.booleans(),
    form=st.sampled_from(["colour", "grey", "last", "flat"]),
)
@settings(max_examples=60, deadline=None)
def test_a_sheet_gives_its_kernels_back(
    shape: tuple[int, int, int, int],
    nrow: int,
    padding: int,
    normalize: bool,
    form: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    o, i, kh, kw = shape
    weight = normal(*shape)
    weight[0, 0, 0, 0] = -3.0
    colour = i == 3 and form == "colour"
    sheet = make_grid(weight if colour else weight.reshape(-1, 1, kh, kw), nrow, padding, normalize and weight.size > 1)
    sheet = {"last": sheet.transpose(1, 2, 0), "flat": sheet[0]}.get(form, sheet)
    said: dict[str, Any] = {"nrow": nrow, "padding": padding}
    if normalize and weight.size > 1:
        said["range"] = [float(weight.min()), float(weight.max())]
    params = {"in_channels": i, "out_channels": o, "kernel_size": [kh, kw], "bias": False}
    document = described({"name": "conv", "op": "Conv2d", "inputs": ["input"], "params": params}, sheet=said)
    document["inputs"][0]["channels"] = i
    at = folder(tmp_path_factory.mktemp("sheet"), document, **{"conv.weight": sheet})
    np.testing.assert_allclose(open_model(at).network.tensors["conv.weight"], weight, atol=2e-6)


@pytest.mark.parametrize(
    ("kernels", "arrays", "sentence"),
    [
        ({"layout": "HWOI2"}, {}, "layout"),
        ({"colour": 1}, {}, "colour"),
        ({"sheet": {"range": [1, 0]}}, {}, "smaller number, then a larger"),
        ({"layout": "HWIO"}, {}, "has no file conv.weight.npy or conv_kernel.npy"),
        ({"files": {"conv.weight": "../out"}}, {}, "leads out of"),
        ({"layout": "HWIO"}, {"conv.weight": normal(3, 2, 5, 3)}, "as HWIO is no tensor"),
        ({"sheet": {}}, {"conv.weight": normal(3, 9, 9)}, "does not hold the kernels"),
        ({"sheet": {}}, {"conv.weight": normal(4, 9, 9)}, "is no picture of make_grid"),
        (
            {"sheet": {}},
            {"conv.weight": make_grid(np.abs(normal(5, 3, 3, 2)) % 1, 8, 2)},
            "give the smallest and largest",
        ),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    kernels: dict[str, Any], arrays: dict[str, Array], sentence: str, tmp_path: Path
) -> None:
    at = folder(tmp_path, described(CONV, **kernels), **{"conv.bias": normal(5), **arrays})
    with pytest.raises(StudioError, match=sentence):
        open_model(at)


def test_weights_between_zero_and_one_may_be_meant_so(tmp_path: Path) -> None:
    weight = np.abs(normal(5, 3, 3, 2)) % 1
    document = described(CONV, sheet={"normalised": False})
    at = folder(tmp_path, document, **{"conv.weight": make_grid(weight, 8, 2), "conv.bias": normal(5)})
    assert np.array_equal(open_model(at).network.tensors["conv.weight"], weight)


def test_a_sheet_alone_says_what_is_needed(tmp_path: Path) -> None:
    np.save(tmp_path / "conv1.npy", make_grid(normal(5, 3, 3, 2), 8, 2))
    with pytest.raises(StudioError, match=r'looks like a picture of kernels.*"nrow"'):
        open_model(tmp_path)


# -- anything at all ---------------------------------------------------------------------------------------------------

_json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 2**40) | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
_keys = st.sampled_from(["kernels", "layers", "inputs", "output", "format", "version", "name"])
_arrays = st.tuples(
    st.lists(st.integers(0, 4), max_size=5), st.sampled_from(["f4", "f8", "f2", "i4", "c8", "S3", "?"])
).map(lambda made: np.zeros(made[0], made[1]))
_files = st.dictionaries(
    st.sampled_from(
        ["conv.weight", "conv_kernel", "conv_bias", "enc1_kernel", "dec1_transpose_kernel", "a", "b.weight"]
    ),
    _arrays | st.binary(max_size=200),
    max_size=4,
)


@given(files=_files, change=st.none() | st.tuples(_keys, _json) | st.binary(max_size=60), layout=_json)
@settings(max_examples=150, deadline=None)
def test_any_folder_is_a_network_or_one_sentence(
    files: dict[str, Array | bytes], change: Any, layout: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    at = tmp_path_factory.mktemp("any")
    for name, content in files.items():
        if isinstance(content, bytes):
            (at / f"{name}.npy").write_bytes(content)
        else:
            np.save(at / f"{name}.npy", content)
    if isinstance(change, bytes):
        (at / "network.json").write_bytes(change)
    elif change is not None:
        document = described(CONV, layout="HWIO")
        document["kernels"] = layout
        document[change[0]] = change[1]
        (at / "network.json").write_text(json.dumps(document))
    with suppress(StudioError):
        assert open_model(at).network.graph.nodes


def refusal(at: Path) -> str:
    """Why a folder is not opened; nothing where it is."""
    try:
        open_model(at)
    except StudioError as error:
        return str(error)
    return ""


@given(
    changes=st.dictionaries(_keys, _json, max_size=3),
    layout=st.sampled_from(["HWIO", "OIHW"]),
    shape=st.permutations([3, 2, 3, 5]),
)
@settings(max_examples=60, deadline=None)
def test_a_folder_of_the_wrong_form_is_refused_in_one_sentence(
    changes: dict[str, Any], layout: str, shape: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    at = tmp_path_factory.mktemp("one")
    arrays = {"conv.weight": normal(*shape), "conv.bias": normal(5)}
    sentence = refusal(folder(at, described(CONV, layout=layout) | changes, **arrays))
    fits = {"HWIO": [[3, 2, 3, 5]], "OIHW": [[5, 3, 3, 2]]}[layout]
    if not changes:
        assert bool(sentence) == (shape not in fits)
    assert "\n" not in sentence
    assert sentence == "" or sentence.endswith(".")


# -- far too much ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["m.onnx", "m.pt", "m.pth", "m.ckpt", "m.pt2", "m.safetensors", "folder/a.weight.npy", "folder/enc_kernel.npy"],
)
def test_a_model_of_two_gigabytes_is_refused_unread(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    with file.open("wb") as written:
        written.truncate(LIMIT + 4096)  # a hole: nothing lies on the disk
    before = peak()
    with pytest.raises(StudioError, match="GiB"):
        open_model(file if file.parent == tmp_path else file.parent)
    assert peak() - before < 64 * 2**20


def test_just_below_two_gigabytes_only_what_is_looked_at_is_read(tmp_path: Path) -> None:
    header = json.dumps({"strange": {"dtype": "F32", "shape": [480_000_000], "data_offsets": [0, 1_920_000_000]}})
    with (tmp_path / "m.safetensors").open("wb") as written:
        written.write(len(header).to_bytes(8, "little") + header.encode())
        written.truncate(8 + len(header) + 1_920_000_000)
    with torch.serialization.skip_data():
        torch.save({"strange": torch.empty(480_000_000)}, tmp_path / "m.pth")
    for name in ("m.safetensors", "m.pth"):
        before = peak()
        with pytest.raises(StudioError, match="no architecture that the studio knows: strange 480000000"):
            open_model(tmp_path / name)
        assert peak() - before < 256 * 2**20


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_a_mapped_model_is_the_same_network(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, module, _ = made("espcn")
    path = tmp_path / f"m.{suffix}"
    state = module.state_dict()
    torch.save(state, path) if suffix == "pth" else safetensors.torch.save_file(state, path)
    read = open_model(path).network
    monkeypatch.setattr("studio.io.importers.state_dict._MAPPED", 0)
    monkeypatch.setattr("studio.io.safetensors_file._MAPPED", 0)
    mapped = open_model(path)
    assert mapped.network.sha256() == read.sha256()
    save_imported(mapped, tmp_path / "n")
    assert load_network(tmp_path / "n").sha256() == read.sha256()


def test_half_floats_that_would_double_are_refused_unread(tmp_path: Path) -> None:
    header = json.dumps({"x": {"dtype": "F16", "shape": [800_000_000], "data_offsets": [0, 1_600_000_000]}})
    with (tmp_path / "m.safetensors").open("wb") as written:
        written.write(len(header).to_bytes(8, "little") + header.encode())
        written.truncate(8 + len(header) + 1_600_000_000)
    with pytest.raises(StudioError, match="GiB"):
        open_model(tmp_path / "m.safetensors")


def test_memory_that_runs_out_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(nn.Conv2d(3, 3, 3).state_dict(), tmp_path / "m.pth")

    def none_left(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("studio.io.importers.state_dict.tensors_of", none_left)
    with pytest.raises(StudioError, match="more memory than there is"):
        open_model(tmp_path / "m.pth")


def peak() -> int:
    """Most bytes of memory that this process has held."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
