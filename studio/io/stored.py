"""Tensors as files of others hold them: any type of number, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.model.networks.shape import Array

if TYPE_CHECKING:
    from torch import Tensor

LIMIT = 2 * 2**30
"""Bytes of a model, on disk and unpacked: beyond this no network runs live, and memory runs out first."""

DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U8": "u1",
    "BOOL": "?",
}
"""Types of numbers as safetensors calls them, and what numpy holds them in; of BF16, which it lacks, the bits."""

FLOATS = ("F64", "F32", "F16", "BF16")

_BFLOAT16 = "BF16"
CODES = {np.dtype(held): code for code, held in DTYPES.items() if code != _BFLOAT16}
"""What safetensors calls the types of numpy."""


@dataclass(frozen=True, eq=False)
class Stored:
    """One tensor of a file.

    Attributes:
        dtype: a key of `DTYPES`.
        values: of the type that `DTYPES` says, in the file's own layout.
    """

    dtype: str
    values: NDArray[Any]

    def numbers(self) -> Array | None:
        """Its values as float32; None where they are no floating-point numbers."""
        if self.dtype not in FLOATS:
            return None
        if self.dtype == _BFLOAT16:
            return (self.values.astype(np.uint32) << 16).view(np.float32)
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(self.values, np.float32)


def stored(values: NDArray[Any]) -> Stored | None:
    """An array as a tensor of a file; None where no file of tensors holds such numbers."""
    code = CODES.get(values.dtype.newbyteorder("<"))
    return Stored(code, values.astype(DTYPES[code], copy=False)) if code else None


def narrowed(values: Array, dtype: str, name: str) -> Stored:
    """float32 values as another floating type, rounded to the nearest.

    Raises:
        StudioError: naming the tensor, where a value is too large for that type.
    """
    if dtype == _BFLOAT16:
        bits = np.ascontiguousarray(values).view(np.uint32).astype(np.uint64)
        # Half of the last bit kept, and that bit itself, so that ties go to even.
        found = Stored(dtype, ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16))
    else:
        with np.errstate(over="ignore"):
            found = Stored(dtype, values.astype(DTYPES[dtype]))
    numbers = found.numbers()
    if numbers is None or not np.array_equal(np.isfinite(numbers), np.isfinite(values)):
        raise StudioError(
            f'The tensor "{name}" was bent past what its file\'s {dtype} can hold; bend it less, or export to .onnx.'
        )
    return found


def to_torch(tensor: Stored) -> Tensor:
    """The same numbers as a PyTorch tensor of that type."""
    import torch

    values = np.array(tensor.values, order="C")
    if tensor.dtype == _BFLOAT16:
        return torch.from_numpy(values.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(values)


def from_torch(tensor: Tensor) -> Stored | None:
    """A PyTorch tensor as a file holds it; None for numbers that `DTYPES` does not list."""
    import torch

    dense = tensor.detach().cpu().contiguous()
    if dense.dtype == torch.bfloat16:
        return Stored(_BFLOAT16, dense.view(torch.int16).numpy().view(np.uint16))
    return stored(np.asarray(dense.numpy()))


def is_plain(value: object) -> bool:
    """Whether it is a tensor of PyTorch's with plain numbers: neither sparse, quantised nor complex."""
    import torch

    if not isinstance(value, torch.Tensor):
        return False
    return value.layout == torch.strided and not (value.is_quantized or value.is_complex() or value.is_meta)


def stored_of(mapping: Mapping[str, Any]) -> dict[str, Stored]:
    """The tensors of a state dict as they are; types of numbers that no file of tensors holds are left out."""
    found = {name: from_torch(value) for name, value in mapping.items() if is_plain(value)}
    return {name: tensor for name, tensor in found.items() if tensor is not None}
