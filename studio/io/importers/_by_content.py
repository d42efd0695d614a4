"""What format a file is of by what it holds, whatever it is called."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import BinaryIO

from studio.io.folders import is_file, open_regular

_OLDEST_IR, _NEWEST_IR = 3, 20
# Fields of an ONNX model, of which one has to be there: its graph.
_ONNX_FIELDS, _GRAPH = frozenset((*range(1, 9), 14, 20, 25, 26)), 7
_MOST_FIELDS = 10_000
_VARINT, _BYTES = 0, 2


def format_of(path: Path) -> str:
    """The name of a format of the studio's own that a file's content says beyond doubt; empty where it says none."""
    if not is_file(path):
        return ""
    with open_regular(path) as (file, size):
        begins = file.read(16)
        # Of a version of ONNX's own: a SavedModel of TensorFlow begins so with a 1, and a model of Core ML just so.
        is_onnx = len(begins) > 2 and begins[0] == 0x08 and _OLDEST_IR <= begins[1] <= _NEWEST_IR
        is_onnx = is_onnx and _has_onnx_fields(file, size)
    if begins.startswith(b"PK\x03\x04"):
        return _of_archive(path)
    if 2 < int.from_bytes(begins[:8], "little") <= size - 8 and begins[8:9] == b"{":
        return "safetensors"
    return "ONNX" if is_onnx else ""


def _has_onnx_fields(file: BinaryIO, size: int) -> bool:
    """Whether a message of protobuf has a model's fields, its graph among them, to its end; nothing in them is read."""
    at, found = 0, set[int]()
    for _ in range(_MOST_FIELDS):
        if at >= size:
            break
        file.seek(at)
        head = file.read(20)
        tag, used = _varint(head)
        number, more = _varint(head[used:])
        if not used or not more or tag >> 3 not in _ONNX_FIELDS or tag & 7 not in (_VARINT, _BYTES):
            return False
        found.add(tag >> 3)
        at += used + more + (number if tag & 7 == _BYTES else 0)
    return at == size and _GRAPH in found


def _varint(data: bytes) -> tuple[int, int]:
    """A whole number as protobuf writes it, and how many bytes it takes: 0 where it does not end."""
    number = 0
    for k, byte in enumerate(data[:10]):
        number |= (byte & 0x7F) << 7 * k
        if byte < 0x80:
            return number, k + 1
    return 0, 0


def _of_archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError, ValueError):
        return ""
    # Of one folder at the root, as PyTorch writes them: archives of projects may hold files of these names, too.
    inner = {name.partition("/")[2] for name in names}
    if "archive_format" in inner and any(name.startswith("models/") for name in inner):
        return "torch.export"
    if "config.json" in names and any(name.endswith(".weights.h5") for name in names):
        return "Keras"
    return "PyTorch state dict" if {"data.pkl", "version"} <= inner else ""
