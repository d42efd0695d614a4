"""What a file or a folder is that somebody drops on the window or chooses in a dialog."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from studio.io.networks import MANIFEST as NETWORK
from studio.io.preset_file import MANIFEST as PRESET

Kind = Literal["preset", "model", "source"]

MODEL_SUFFIXES = (".pt", ".pth", ".ckpt", ".model", ".pt2", ".onnx", ".safetensors", ".bin", ".t7")


def kind_of(path: Path) -> Kind:
    """Judged by name alone, so that nothing is read: a preset or network, a model of others, or pictures."""
    if path.name in (PRESET, NETWORK):
        return "preset"
    if path.is_dir():
        if (path / PRESET).is_file() or (path / NETWORK).is_file():
            return "preset"
        return "model" if next(path.glob("*.npy"), None) else "source"
    return "model" if path.suffix.lower() in (*MODEL_SUFFIXES, ".npy") else "source"
