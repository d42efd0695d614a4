"""What a file or a folder is that somebody drops on the window or chooses in a dialog."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from studio.errors import StudioError
from studio.io.networks import MANIFEST as NETWORK
from studio.io.preset_file import MANIFEST as PRESET

Kind = Literal["preset", "model", "source"]

# Refused as models, in a sentence that says the way on, rather than as pictures.
_FOREIGN = (
    ".pb", ".tflite", ".caffemodel", ".pkl", ".npz", ".mlmodel", ".pdmodel", ".engine", ".gguf", ".ort", ".weights"
)  # fmt: skip


_LARGEST_MANIFEST = 2**22
_LAYOUT = re.compile(rb'"kernels"\s*:')


def kind_of(path: Path) -> Kind:
    """Judged by names, a network.json by whether its kernels lie in a layout of others, and files of no known name by
    what they begin with; no weights are read.

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
        return "model" if any(next(path.glob(where), None) for where in held) or _is_taken(path) else "source"
    named = path.name.lower().endswith((*model_suffixes(), *_FOREIGN, ".npy", ".json"))
    return "model" if named or _holds_a_model(path) else "source"


def model_suffixes() -> tuple[str, ...]:
    """What files of models end in, as the formats of importers say, those of plug-ins among them."""
    from studio.io.importers import formats

    found = dict.fromkeys(suffix for importer in formats() for suffix in importer.suffixes)
    # A format of folders says so in words.
    return tuple(suffix for suffix in found if "." in suffix)


def export_filters() -> str:
    """The formats that a network can be exported in, as a file dialog takes them: PyTorch's first, folders last."""
    from studio.io.exporters import formats

    ordered = sorted(formats(), key=lambda each: (".pt" not in each.suffixes, not each.suffixes))
    patterns = (" ".join(f"*{suffix}" for suffix in each.suffixes) or "*" for each in ordered)
    return ";;".join(
        f"{each.description[:1].upper()}{each.description[1:]} ({pattern})"
        for each, pattern in zip(ordered, patterns, strict=True)
    )


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


def _is_taken(folder: Path) -> bool:
    from studio.io.importers import takes_folder

    return takes_folder(folder)


def _holds_a_model(path: Path) -> bool:
    from studio.io.importers import format_of

    try:
        return bool(format_of(path))
    except (OSError, StudioError):
        return False


def _names_layout(manifest: Path) -> bool:
    try:
        return manifest.stat().st_size <= _LARGEST_MANIFEST and _LAYOUT.search(manifest.read_bytes()) is not None
    except OSError:
        return False
