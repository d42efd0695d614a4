"""State dicts as .safetensors: a JSON header with the place of every tensor, read here with every claim checked."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.folders import is_file, open_regular
from studio.io.importers._draft import Weight
from studio.io.importers._match import matched
from studio.io.importers.base import Imported, Options, check_size

_DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2"}
_DTYPES |= {"I8": "i1", "U8": "u1", "BOOL": "?"}
_FLOATS = ("F64", "F32", "F16", "BF16")
_LONGEST = 16 * 2**20


class Safetensors:
    """State dicts of Hugging Face's format."""

    name = "safetensors"
    suffixes = (".safetensors",)

    def match(self, path: Path) -> bool:
        """By its suffix."""
        return is_file(path) and path.suffix.lower() in self.suffixes

    def open(self, path: Path, options: Options) -> Imported:
        """The tensors, and the architecture that they fit."""
        with open_regular(path) as (file, size):
            check_size(size, path)
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(_LONGEST, size - 8):
                raise StudioError(f"{path}: its header claims {length} bytes of a file of {size}; fetch it anew.")
            header, data = file.read(length), file.read(size)
        try:
            described = json.loads(header)
            entries = {str(name): entry for name, entry in described.items() if name != "__metadata__"}
            arrays = {name: _array(name, entry, data) for name, entry in entries.items()}
        # The header's word is taken for its form; where that was wrong, it is damaged.
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError) as error:
            raise StudioError(f"{path}: its header is damaged; fetch it anew.") from error
        except StudioError as error:
            raise StudioError(f"{path}: {error}") from error
        floats = {
            n: Weight(np.ascontiguousarray(a, np.float32), (n,)) for n, a in arrays.items() if a.dtype.kind == "f"
        }
        leftover = {n: int(a.flat[0]) for n, a in arrays.items() if a.dtype.kind in "iu" and a.size == 1}
        return matched(floats, leftover, path, self.name, options)


IMPORTER = Safetensors()


def _array(name: str, entry: dict[str, Any], data: bytes) -> np.ndarray[Any, Any]:
    kind, shape, (start, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
    if kind not in _DTYPES:
        raise StudioError(f'its tensor "{name}" holds {kind}, which is not supported; save it as F32.')
    whole = all(isinstance(number, int) and number >= 0 for number in (*shape, start, end))
    dtype = np.dtype(_DTYPES[kind])
    if not whole or len(shape) > 8 or not start <= end <= len(data) or end - start != math.prod(shape) * dtype.itemsize:
        raise StudioError(
            f'its header lies about the tensor "{name}": {shape} in the bytes {start} to {end}; fetch it anew.'
        )
    found = np.frombuffer(data, dtype, math.prod(shape), start).reshape(shape)
    return (found.astype(np.uint32) << 16).view(np.float32) if kind == "BF16" else found
