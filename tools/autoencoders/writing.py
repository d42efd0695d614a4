"""A trained autoencoder as a folder of `weights/`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from tools.autoencoders.network import Autoencoder
from tools.autoencoders.settings import DESCRIPTIONS, NAMES


def graph(decoder: str) -> dict[str, Any]:
    """The network as `network.json` states it."""
    layers: list[dict[str, Any]] = []

    def add(name: str, op: str, source: str, **params: Any) -> None:
        layers.append({"name": name, "op": op, "inputs": [source], "params": params})

    strided = {"kernel_size": [4, 4], "stride": [2, 2], "padding": [1, 1]}
    up, how = ("ConvTranspose2d", strided) if decoder == "transposed" else ("FractionalConv2d", {})
    how = how or {"kernel_size": [4, 4], "scale_factor": [2, 2]}
    add("enc1", "Conv2d", "input", in_channels=3, out_channels=64, **strided)
    add("enc1_act", "ReLU", "enc1")
    add("enc2", "Conv2d", "enc1_act", in_channels=64, out_channels=256, **strided)
    add("enc2_act", "ReLU", "enc2")
    add("dec1", up, "enc2_act", in_channels=256, out_channels=64, **how)
    add("dec1_act", "ReLU", "dec1")
    add("dec2", up, "dec1_act", in_channels=64, out_channels=3, **how)
    add("dec2_act", "Sigmoid", "dec2")
    return {
        "format": "studio-network",
        "version": 1,
        "name": NAMES[decoder],
        "description": DESCRIPTIONS[decoder],
        "license": "CC0-1.0",
        "inputs": [{"name": "input", "channels": 3, "range": [0.0, 1.0]}],
        "output": {"layer": "dec2_act", "range": [0.0, 1.0]},
        "layers": layers,
    }


LICENCE = """CC0 1.0 Universal

To the extent possible under law, the authors of network-bending-studio have waived all copyright and related or
neighbouring rights to the files in this folder (the network's description and its trained weights). They may be
copied, changed and used for any purpose, without asking and without naming anyone.

The full text of the dedication is at https://creativecommons.org/publicdomain/zero/1.0/legalcode

The pictures that the network was trained on are listed in training.json with their authors and licences. None of them
is contained in these files.
"""


def write(path: Path, content: bytes) -> None:
    """Writes beside the path, then renames."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)


def save(network: Autoencoder, decoder: str, provenance: dict[str, Any], out: Path) -> None:
    """Writes the network's folder."""
    folder = out / NAMES[decoder]
    folder.mkdir(parents=True, exist_ok=True)
    for name, tensor in network.state_dict().items():
        array = np.ascontiguousarray(tensor.detach().cpu().numpy(), dtype="<f4")
        path = folder / f"{name}.npy"
        part = path.with_name(path.name + ".part")
        with part.open("wb") as file:
            np.lib.format.write_array(file, array, version=(1, 0))
        part.replace(path)
    write(folder / "network.json", (json.dumps(graph(decoder), indent=2) + "\n").encode())
    write(folder / "training.json", (json.dumps(provenance, indent=2, ensure_ascii=False) + "\n").encode())
    write(folder / "LICENSE", LICENCE.encode())


def rounded(value: Any) -> Any:
    """Numbers as they are worth reading."""
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return float(f"{value:.5g}") if isinstance(value, float) else value
