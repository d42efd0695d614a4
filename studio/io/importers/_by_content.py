"""What format a file is of by what it holds, whatever it is called."""

from __future__ import annotations

import zipfile
from pathlib import Path

from studio.io.folders import is_file, open_regular

_ONNX_NEXT = frozenset((0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42))
_OLDEST_IR, _NEWEST_IR = 3, 20


def format_of(path: Path) -> str:
    """The name of a format of the studio's own that a file's content says beyond doubt; empty where it says none."""
    if not is_file(path):
        return ""
    with open_regular(path) as (file, size):
        begins = file.read(16)
    if begins.startswith(b"PK\x03\x04"):
        return _of_archive(path)
    if 2 < int.from_bytes(begins[:8], "little") <= size - 8 and begins[8:9] == b"{":
        return "safetensors"
    # A version of ONNX's own, and behind it the next field of a model. A SavedModel of TensorFlow begins so with a 1.
    if len(begins) > 2 and begins[0] == 0x08 and _OLDEST_IR <= begins[1] <= _NEWEST_IR and begins[2] in _ONNX_NEXT:
        return "ONNX"
    return ""


def _of_archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError, ValueError):
        return ""
    if any("/models/" in name and name.endswith(".json") for name in names):
        return "torch.export"
    if "config.json" in names and any(name.endswith(".weights.h5") for name in names):
        return "Keras"
    return "PyTorch state dict" if any(name.endswith("data.pkl") for name in names) else ""
