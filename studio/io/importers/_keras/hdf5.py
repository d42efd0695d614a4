"""HDF5 files of Keras, read by a process of its own (`hdf5_child`), which may fall without the program."""

from __future__ import annotations

import json
import math
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.folders import open_regular
from studio.io.importers._keras.weights import ByName, ByPlace
from studio.io.importers._values.views import Numbers
from studio.io.importers.base import check_size
from studio.io.stored import LIMIT

HDF5 = b"\x89HDF\r\n\x1a\n"
_CHILD = Path(__file__).with_name("hdf5_child.py")
_SECONDS, _SPEED = 15, 20 * 2**20
_DAMAGED = "it is damaged or cut short; save it anew, or fetch it again."


@dataclass(frozen=True)
class Contents:
    """What an HDF5 file of Keras holds.

    Attributes:
        said: the texts beside the weights: model_config, keras_version.
        weights: its tensors.
        layers: names of the layers that have some.
    """

    said: dict[str, str]
    weights: ByName | ByPlace
    layers: tuple[str, ...]


def read_hdf5(source: Path | bytes, path: Path) -> Contents:
    """The contents of a file, or of bytes of one.

    Args:
        source: which.
        path: of the file, for messages.

    Raises:
        StudioError: where it is damaged, too large, or reaches into other files.
    """
    size = len(source) if isinstance(source, bytes) else _size(source)
    check_size(size, path)
    command = [sys.executable, "-I", str(_CHILD), "-" if isinstance(source, bytes) else str(source), str(LIMIT)]
    given = source if isinstance(source, bytes) else b""
    try:
        done = subprocess.run(  # noqa: S603 - our own script, by our own interpreter
            command, input=given, capture_output=True, timeout=_SECONDS + size / _SPEED, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise StudioError(_DAMAGED) from error
    except OSError as error:
        raise StudioError(
            f"no process could be started to read it ({error.strerror}); close other programs."
        ) from error
    if done.returncode != 0:
        if b"No module named 'h5py'" in done.stderr:
            raise StudioError("Keras's files need the package h5py; pip install h5py.")
        raise StudioError(_DAMAGED)
    return _contents(done.stdout)


def _size(path: Path) -> int:
    with open_regular(path) as (file, size):
        if file.read(len(HDF5)) != HDF5:
            raise StudioError(f"{path}: this is no file of Keras, or it is cut short; fetch it anew.")
    return size


def _contents(data: bytes) -> Contents:
    (length,) = struct.unpack_from("<Q", data)
    header: dict[str, Any] = json.loads(data[8 : 8 + length])
    if "error" in header:
        raise StudioError(f"{header['error']}; save it anew.")
    tensors: dict[str, Numbers] = {}
    start = 8 + length
    for name, kind, shape in header["tensors"]:
        dtype, count = np.dtype(kind), math.prod(shape)
        tensors[name] = np.frombuffer(data, dtype, count, start).reshape(shape)
        start += count * dtype.itemsize
    groups = header["groups"]
    weights = ByPlace(tensors, header["names"]) if groups is None else ByName(tensors, groups)
    named = header["names"].values() if groups is None else (layer for layer, held in groups.items() if held)
    return Contents(header["said"], weights, tuple(named))
