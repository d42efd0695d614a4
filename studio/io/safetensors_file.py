"""The format .safetensors: read with every claim of its header checked, and written as its library writes it.

The library itself holds all of Python for as long as it writes, and puts remarks in the order of a hash.
"""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.io.atomic import replacing
from studio.io.folders import open_regular
from studio.io.stored import CODES, DTYPES, Stored

_ORDER = ("I64", "F64", "F32", "I32", "BF16", "F16", "I16", "I8", "U8", "BOOL")
"""In which tensors stand in a file by their types."""

_LONGEST = 16 * 2**20
# From here on a file is mapped into memory, so that what is not looked at is not read.
_MAPPED = 256 * 2**20


def read_tensors(path: Path, limit: int) -> dict[str, Stored]:
    """Every tensor of a file by its name.

    Args:
        path: the file.
        limit: bytes of the largest file that is read.

    Raises:
        StudioError: where it is too large, cut short, something else, or where its header lies.
    """
    with open_regular(path) as (file, size):
        if size > limit:
            raise StudioError(f"{path}: the file has {size / 2**30:.1f} GiB, but at most {limit >> 30} GiB are read.")
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(_LONGEST, size - 8):
            raise StudioError(f"{path} is no safetensors file, or was cut short; choose another, or fetch it anew.")
        header = file.read(length)
        data = memoryview(_mapped(file))[8 + length :] if size > _MAPPED else memoryview(file.read(size))
    try:
        described = json.loads(header)
        return {str(name): _tensor(name, entry, data) for name, entry in described.items() if name != "__metadata__"}
    # The header's word is taken for its form; where that was wrong, it is damaged.
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError) as error:
        raise StudioError(f"{path}: its header is damaged; fetch it anew.") from error
    except StudioError as error:
        raise StudioError(f"{path}: {error}") from error


def encode_tensors(tensors: Mapping[str, Stored], metadata: Mapping[str, str] | None = None) -> bytes:
    """The content of a file that holds these tensors, and these remarks in its header; the same ones every time."""
    return b"".join(_pieces(tensors, {"__metadata__": dict(sorted((metadata or {}).items()))}))


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], *, overwrite: bool = True) -> None:
    """Write arrays as a file, atomically, and one after the other, so that no other thread waits for them.

    Args:
        path: the file.
        arrays: by their names; of numbers that the format has.
        overwrite: whether a file that stands there may be replaced.

    Raises:
        FileExistsError: without `overwrite`, where something stands there.
        StudioError: where it cannot be written.
    """
    tensors = {name: Stored(CODES[values.dtype], values) for name, values in arrays.items()}
    with replacing(path, overwrite=overwrite) as beside, beside.open("wb") as file:
        file.writelines(_pieces(tensors, {}))


def _pieces(tensors: Mapping[str, Stored], header: Mapping[str, object]) -> Iterator[bytes | memoryview]:
    """What stands in a file, piece by piece: its header, then the numbers of each tensor, in the library's order."""
    # The widest numbers come first, so that each tensor stands at a multiple of what its numbers take.
    names = sorted(tensors, key=lambda name: (_ORDER.index(tensors[name].dtype), name))
    described, end = dict(header), 0
    for name in names:
        tensor = tensors[name]
        start, end = end, end + tensor.values.nbytes
        described[name] = {"dtype": tensor.dtype, "shape": list(tensor.values.shape), "data_offsets": [start, end]}
    yield _begun(described)
    for name in names:
        yield np.ascontiguousarray(tensors[name].values).reshape(-1).view(np.uint8).data


def _begun(header: Mapping[str, object]) -> bytes:
    """What stands before the numbers."""
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # as the library does, so that tensors stand at multiples of eight bytes
    return len(text).to_bytes(8, "little") + text


def _mapped(file: BinaryIO) -> mmap.mmap:
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _tensor(name: str, entry: dict[str, Any], data: memoryview) -> Stored:
    kind, shape, (start, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
    if kind not in DTYPES:
        raise StudioError(f'its tensor "{name}" holds {kind}, which is not supported; save it as F32.')
    whole = all(isinstance(number, int) and number >= 0 for number in (*shape, start, end))
    dtype = np.dtype(DTYPES[kind])
    if not whole or len(shape) > 8 or not start <= end <= len(data) or end - start != math.prod(shape) * dtype.itemsize:
        raise StudioError(
            f'its header lies about the tensor "{name}": {shape} in the bytes {start} to {end}; fetch it anew.'
        )
    return Stored(kind, np.frombuffer(data, dtype, math.prod(shape), start).reshape(shape))
