"""Tensors as .npy files.

What is written is the narrowest form there is, so that npyjs and the WebGL CNN's own loader can read it: format 1.0,
little-endian float32, C order, a header shorter than 256 bytes (both read its length as one byte).
"""

from __future__ import annotations

import io
import math
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy_format

from studio.errors import StudioError
from studio.io.atomic import write_bytes
from studio.io.folders import open_regular
from studio.model.networks.shape import Array

# Headers of plain arrays take 118 bytes; only structured ones, which are refused, are longer.
_LONGEST_HEADER = 1024
_MOST_AXES = 8


def read_npy(path: Path, shape: tuple[int, ...] | None = None) -> Array:
    """The array of a .npy file as float32 in C order.

    Any real floating type (float16 to long double), byte order and memory order is read and converted; whatever the
    header claims, no memory is taken before the file is known to hold that many bytes.

    Args:
        path: the file.
        shape: the shape it must have; any where not given.

    Raises:
        StudioError: where the file is missing, is no .npy file, is cut short or too long, holds no or another type of
            numbers, another shape, or a value that float32 can only hold as NaN or infinity.
    """
    with open_regular(path) as (file, size):
        found, fortran_order, dtype, start = _header(file, path)
        if shape is not None and found != shape:
            raise StudioError(f"{path}: the array has shape {found}, but {shape} is needed; use the file that fits.")
        count = math.prod(found)
        _check_length(path, size - start, count * dtype.itemsize)
        file.seek(start)
        data = np.fromfile(file, dtype, count)
    if data.size != count:
        raise StudioError(f"{path}: the file became shorter while it was read; try again.")
    with np.errstate(over="ignore", invalid="ignore"):
        array = data.reshape(found, order="F" if fortran_order else "C").astype(np.float32, order="C", copy=False)
    _check_finite(array, str(path), "export the weights anew")
    return array


def write_npy(path: Path, array: Array) -> None:
    """Make the file hold this array, whole or not at all.

    Raises:
        StudioError: where it holds NaN or infinity, or the file cannot be written.
    """
    write_bytes(path, encode_npy(array, str(path)))


def encode_npy(array: Array, what: str) -> bytes:
    """The bytes of a .npy file.

    Args:
        array: float32, at most 8 axes, at least one element.
        what: what error messages call it.

    Raises:
        StudioError: where it holds NaN or infinity, which would not be read again.
    """
    if array.dtype != np.float32 or array.ndim > _MOST_AXES or not array.size:
        raise ValueError(f"{what}: an array of {array.dtype} with shape {array.shape} is no tensor of the studio")
    _check_finite(array, what, "undo the edit that made them")
    buffer = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": array.shape}
    npy_format.write_array_header_1_0(buffer, header)
    length = int.from_bytes(buffer.getvalue()[8:10], "little")
    assert length < 256, f"a header of {length} bytes cannot be read as one byte"
    return buffer.getvalue() + np.asarray(array, "<f4", order="C").tobytes()


def _header(file: BinaryIO, path: Path) -> tuple[tuple[int, ...], bool, np.dtype[np.generic], int]:
    """Shape, Fortran order, type, and where the data begin."""
    # Parsed from a bounded copy: a header's claim to be of gigabytes would otherwise be believed.
    head = io.BytesIO(file.read(_LONGEST_HEADER + 12))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            version = npy_format.read_magic(head)
            read = {
                (1, 0): npy_format.read_array_header_1_0,
                (2, 0): npy_format.read_array_header_2_0,
            }[version]
            shape, fortran_order, dtype = read(head, max_header_size=_LONGEST_HEADER)
    # numpy evaluates the header as a Python literal; whatever that may raise, the header is at fault.
    except Exception as error:
        raise StudioError(f"{path}: this is no .npy file that can be read, or its header is damaged.") from error
    if dtype.kind != "f" or dtype.hasobject:
        raise StudioError(f"{path}: the array holds {_kind(dtype)}; save it as float32.")
    if len(shape) > _MOST_AXES or min(shape, default=1) < 1:
        raise StudioError(f"{path}: an array of shape {shape} is no tensor; export the weights anew.")
    return tuple(int(length) for length in shape), fortran_order, dtype, head.tell()


def _kind(dtype: np.dtype[np.generic]) -> str:
    if dtype.hasobject:
        return "Python objects, which are never read"
    return "records" if dtype.kind == "V" else f"{dtype.name} values"


def _check_length(path: Path, have: int, need: int) -> None:
    if have < need:
        raise StudioError(f"{path}: the file is cut short: {have} bytes of data where its header says {need}.")
    if have > need:
        raise StudioError(f"{path}: {have - need} bytes follow the array; the file is damaged, export it anew.")


def _check_finite(array: Array, what: str, remedy: str) -> None:
    wrong = array.size - int(np.count_nonzero(np.isfinite(array)))
    if wrong:
        raise StudioError(
            f"{what}: {wrong} of {array.size} values are NaN or infinite as float32, "
            f"which would turn every picture black; {remedy}."
        )
