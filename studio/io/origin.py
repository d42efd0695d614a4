"""``origin.json`` beside an imported network: what the file that it came from calls its tensors, for the way back."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from studio.io.atomic import replacing_folder
from studio.io.folders import carry_over, contained, is_file, require_replaceable
from studio.io.manifest import Line, Part, checked, read_manifest, to_json
from studio.io.networks import KIND as NETWORK
from studio.io.networks import MANIFEST, owned_by, write_network_files
from studio.io.safetensors_file import encode_tensors, read_tensors
from studio.io.stored import DTYPES, LIMIT, Stored
from studio.model.networks.shape import Array

if TYPE_CHECKING:
    from studio.io.importers.base import Imported

ORIGIN = "origin.json"
REST = "origin.safetensors"
KIND = "studio-origin"
VERSION = 1

_Side = Annotated[int, Field(ge=0, le=2**31)]


def _known(dtype: str) -> str:
    if dtype not in DTYPES:
        raise ValueError(f"must be one of {', '.join(DTYPES)}")
    return dtype


class FileTensor(Part):
    """One tensor of the file that a network came from.

    Attributes:
        name: what the file calls it.
        dtype: type of its numbers, a key of `studio.io.stored.DTYPES`.
        shape: as it lies in the file.
        of: the network's tensor that it became; empty where none, and then it lies in ``origin.safetensors``.
        axes: order of the network's tensor's axes in the file; empty where it is the same, but for lengths of one.
    """

    name: str
    dtype: Annotated[str, AfterValidator(_known)]
    shape: Annotated[tuple[_Side, ...], Field(max_length=8)] = ()
    of: str = ""
    axes: Annotated[tuple[_Side, ...], Field(max_length=8)] = ()


class Origin(Part):
    """Where a network came from.

    Attributes:
        source: the format of its file.
        arch: the architecture that was recognised, or empty.
        size: (height, width) that it was traced for.
        names: for every tensor, what the file calls it; several names where they share one storage.
        leftover: whole numbers that the file holds besides, such as counters of batch norms.
        tensors: all that the way back needs of the file's tensors, in its order; empty where it was not kept.
        computed: SHA-256 of every tensor that was computed from the file's, and so has no place there.
    """

    format: Literal["studio-origin"] = "studio-origin"
    version: int = VERSION
    source: Line = ""
    arch: Line = ""
    size: tuple[int, int] = (0, 0)
    names: dict[str, list[str]] = Field(default_factory=dict)
    leftover: dict[str, int] = Field(default_factory=dict)
    tensors: list[FileTensor] = Field(default_factory=list)
    computed: dict[str, str] = Field(default_factory=dict)


def save_imported(imported: Imported, path: Path, *, overwrite: bool = True) -> None:
    """Make ``path`` the folder of this network, with its origin beside it, whole or not at all.

    Raises:
        FileExistsError: without ``overwrite``, where something stands there by then.
        StudioError: as `studio.io.networks.save_network` does.
    """
    require_replaceable(path, MANIFEST, NETWORK, "network")
    names = {full: list(origin) for full, origin in imported.names.items() if origin}
    tensors = list(_way_back(imported))
    found = {tensor.of for tensor in tensors}
    computed = {full: digest(values) for full, values in imported.network.tensors.items() if full not in found}
    origin = Origin(
        source=imported.format,
        arch=imported.arch,
        size=imported.size,
        names=names,
        leftover=dict(imported.leftover),
        tensors=tensors,
        computed=computed if imported.complete else {},
    )
    rest = {tensor.name: imported.stored[tensor.name] for tensor in tensors if _is_kept(tensor, imported)}
    owned = owned_by(path)
    with replacing_folder(path, overwrite=overwrite) as folder:
        carry_over(path, folder, lambda name: owned(name) or name in (ORIGIN, REST))
        write_network_files(imported.network, folder)
        (folder / ORIGIN).write_bytes(to_json(origin.model_dump(mode="json")))
        if rest:
            (folder / REST).write_bytes(encode_tensors(rest))


def read_origin(folder: Path) -> Origin:
    """What lies beside a network; an empty one where nothing does.

    Raises:
        StudioError: where it is damaged.
    """
    file = folder / ORIGIN
    if not is_file(file):
        return Origin()
    return checked(Origin, read_manifest(file, KIND, VERSION, {}), file)


def read_rest(folder: Path) -> dict[str, Stored]:
    """The file's tensors that the network does not hold; none where there is no such file.

    Raises:
        StudioError: where it is damaged.
    """
    file = contained(folder, REST)
    return read_tensors(file, LIMIT) if is_file(file) else {}


def digest(values: Array) -> str:
    """SHA-256 of a tensor's values."""
    return hashlib.sha256(np.ascontiguousarray(values, "<f4").data).hexdigest()


def _way_back(imported: Imported) -> Iterator[FileTensor]:
    became: dict[str, tuple[str, tuple[int, ...]]] = {}
    for full, names in imported.names.items():
        for name in (f"{imported.prefix}{name}" for name in names):
            numbers = imported.stored[name].numbers() if name in imported.stored else None
            axes = None if numbers is None else _axes(imported.network.tensors[full], numbers)
            if axes is not None:
                became.setdefault(name, (full, axes))
    for name, tensor in imported.stored.items():
        if name in became or imported.complete:
            of, axes = became.get(name, ("", ()))
            yield FileTensor(name=name, dtype=tensor.dtype, shape=tensor.values.shape, of=of, axes=axes)


def _axes(values: Array, numbers: Array) -> tuple[int, ...] | None:
    """Order of the axes in which a tensor is what the file holds, bit for bit; None where there is none."""
    if values.size != numbers.size:
        return None
    if _same(values, numbers):
        return ()
    orders = itertools.permutations(range(values.ndim)) if values.ndim <= 4 else ()
    return next((order for order in orders if _same(values.transpose(order), numbers)), None)


def _same(a: NDArray[np.float32], b: Array) -> bool:
    short = [tuple(side for side in shape if side != 1) for shape in (a.shape, b.shape)]
    return short[0] == short[1] and bool((np.ravel(a).view(np.uint32) == np.ravel(b).view(np.uint32)).all())


def _is_kept(tensor: FileTensor, imported: Imported) -> bool:
    """Whether the network alone could not give a tensor back: it has no part of it, or has rounded it."""
    held = imported.stored[tensor.name]
    return not tensor.of or (held.dtype == "F64" and not np.array_equal(held.values, held.values.astype(np.float32)))
