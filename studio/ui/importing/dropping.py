"""What a file or a folder is that somebody drops on the window or chooses in a dialog."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from studio.io.networks import MANIFEST as NETWORK
from studio.io.preset_file import MANIFEST as PRESET

Kind = Literal["preset", "model", "source"]

MODEL_SUFFIXES = (
    ".pt", ".pth", ".ckpt", ".model", ".pt2", ".onnx", ".safetensors", ".bin", ".t7", ".keras", ".h5", ".hdf5", ".json"
)  # fmt: skip

# Refused as models, in a sentence that says the way on, rather than as pictures.
_FOREIGN = (
    ".pb", ".tflite", ".caffemodel", ".pkl", ".npz", ".mlmodel", ".pdmodel", ".engine", ".gguf", ".ort", ".weights"
)  # fmt: skip


_LARGEST_MANIFEST = 2**22
_LAYOUT = re.compile(rb'"kernels"\s*:')


def kind_of(path: Path) -> Kind:
    """Judged by names, and a network.json by whether its kernels lie in a layout of others; no weights are read.

    A preset or network, a model of others, or pictures.
    """
    if path.name in (PRESET, NETWORK):
        return "model" if path.name == NETWORK and _names_layout(path) else "preset"
    if path.is_dir():
        if (path / PRESET).is_file():
            return "preset"
        if (path / NETWORK).is_file():
            return kind_of(path / NETWORK)
        held = ("*.npy", "*/*.npy", "model.json", "saved_model.pb")
        return "model" if any(next(path.glob(where), None) for where in held) else "source"
    return "model" if path.suffix.lower() in (*MODEL_SUFFIXES, *_FOREIGN, ".npy") else "source"


def says_of_drop(path: Path) -> str:
    """What dropping this would do, in a sentence."""
    does = {"preset": "Open", "model": "Import", "source": "Play"}[kind_of(path)]
    if does == "Open":
        return f"Open “{path.parent.name if path.is_file() else path.name}”; undo brings back what is open now"
    if does == "Import":
        return f"Import “{path.name}” as a network; you see what it becomes before anything is written"
    return f"Play “{path.name}”"


def model_at(path: Path) -> Path:
    """What is imported where somebody points at this: the folder, for a file of a folder of .npy."""
    return path.parent if path.name == NETWORK or path.suffix.lower() == ".npy" else path


def _names_layout(manifest: Path) -> bool:
    try:
        return manifest.stat().st_size <= _LARGEST_MANIFEST and _LAYOUT.search(manifest.read_bytes()) is not None
    except OSError:
        return False
