"""``studio import``: a model of others becomes a network, or one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from studio.io.networks import load_network
from studio.model.networks.picture import to_tensor

StudioHere = Callable[..., tuple[int, str, str]]


def autoencoder(channels: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    layers = {"encoder.0": nn.Conv2d(channels, 4, 4, 2, 1), "decoder.0": nn.ConvTranspose2d(4, channels, 4, 2, 1)}
    return {f"{name}.{key}": value for name, layer in layers.items() for key, value in layer.state_dict().items()}


def model(folder: Path) -> Path:
    torch.save(autoencoder(3), folder / "model.pth")
    return folder / "model.pth"


def test_a_state_dict_becomes_a_network_that_renders(studio_here: StudioHere, tmp_path: Path) -> None:
    status, out, err = studio_here("import", model(tmp_path), "mine", "--range", "0..255")
    assert status == 0, err
    assert "4 layers" in out
    assert "guessed" in err
    assert load_network(tmp_path / "mine").graph.inputs[0].range == (0.0, 255.0)
    status, _, err = studio_here("render", "demo", "out.png", "--preset", "mine", "--size", "32", "--frames", "0:1")
    assert status == 0, err


def test_mean_and_deviation_go_into_the_file_and_not_into_the_weights(studio_here: StudioHere, tmp_path: Path) -> None:
    options = ("--mean", "0.5,0.4,0.3", "--std", "0.2", "--json", "--arch", "autoencoder", "--input-size", "32x24")
    plain, _, _ = studio_here("import", model(tmp_path), "plain")
    status, out, err = studio_here("import", model(tmp_path), "mine", *options)
    assert (plain, status) == (0, 0), err
    assert json.loads(out)["size"] == [24, 32]
    assert json.loads(out)["tensors"]["encoder.0.weight"] == ["encoder.0.weight"]
    network, before = load_network(tmp_path / "mine"), load_network(tmp_path / "plain")
    assert all(np.array_equal(network.tensors[name], values) for name, values in before.tensors.items())
    assert network.sha256() != before.sha256()
    put = network.graph.inputs[0]
    fed = to_tensor(np.full((2, 2, 3), 255, np.uint8), put.channels, put.range, put.mean, put.std)
    np.testing.assert_allclose(fed[:, 0, 0], [2.5, 3.0, 3.5], rtol=1e-6)


def test_order_and_luma_are_said_on_the_command_line(studio_here: StudioHere, tmp_path: Path) -> None:
    status, out, err = studio_here("import", model(tmp_path), "mine", "--bgr", "--output-range", "-1..1", "--json")
    assert status == 0, err
    values = json.loads(out)["values"]
    assert (values["order"], values["output_order"], values["output_range"]) == ("bgr", "bgr", [-1.0, 1.0])
    torch.save(autoencoder(1), tmp_path / "grey.pth")
    for flag, colour in (("--luma", "input"), ("--grey", "own")):
        status, _, err = studio_here("import", tmp_path / "grey.pth", "grey", flag, "--overwrite")
        assert status == 0, err
        assert load_network(tmp_path / "grey").graph.colour == colour
    status, _, err = studio_here("render", "demo", "out.png", "--preset", "grey", "--size", "32", "--frames", "0:1")
    assert status == 0, err


def test_bad_options_are_one_sentence_and_leave_what_is_there(studio_here: StudioHere, tmp_path: Path) -> None:
    file = model(tmp_path)
    assert studio_here("import", file, "mine")[0] == 0
    before = load_network(tmp_path / "mine").sha256()
    for options in (
        ("--range", "1..0"),
        ("--range", "black"),
        ("--input-size", "huge"),
        ("--mean", "1,2"),
        ("--std", "0"),
        ("--luma",),
        ("--output-range", "3..3"),
        ("--arch", "pix2pix"),
    ):
        status, _, err = studio_here("import", file, "mine", *options)
        assert status == 2
        assert err.startswith("Error: ")
        assert "Traceback" not in err
    assert studio_here("import", tmp_path / "nothing.onnx", "mine")[0] == 2
    assert studio_here("import", tmp_path / "mine" / "network.json", "other")[0] == 2
    assert load_network(tmp_path / "mine").sha256() == before


def test_an_import_replaces_nothing_unasked_and_leaves_what_is_not_the_network_s(
    studio_here: StudioHere, tmp_path: Path
) -> None:
    assert studio_here("import", model(tmp_path), "mine")[0] == 0
    (tmp_path / "mine" / "mask.npy").write_bytes(b"a person's")
    (tmp_path / "mine" / ".notes").write_bytes(b"a person's")
    before = (tmp_path / "mine" / "network.json").stat().st_ino
    status, _, err = studio_here("import", model(tmp_path), "mine")
    assert status == 2
    assert "mine exists already; give another name, or --overwrite" in err
    assert (tmp_path / "mine" / "network.json").stat().st_ino == before
    assert studio_here("import", model(tmp_path), "mine", "--overwrite")[0] == 0
    assert (tmp_path / "mine" / "mask.npy").read_bytes() == b"a person's"
    assert (tmp_path / "mine" / ".notes").read_bytes() == b"a person's"
    assert (tmp_path / "mine" / "network.json").stat().st_ino != before
