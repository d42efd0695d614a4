"""A preset's tensors under the names, and in the layouts and types, of the file that its network came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from studio.errors import StudioError
from studio.io.origin import ORIGIN, REST, FileTensor, Origin, digest, read_origin, read_rest
from studio.io.stored import Stored, narrowed
from studio.model.filters.live_edits import as_run
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array


def named_tensors(preset: Preset) -> dict[str, Stored]:
    """Every tensor as the network's own module calls it: what was not bent is the file's, bit for bit.

    A network without an origin has the studio's names, ``layer.tensor``.

    Raises:
        StudioError: naming the tensor, where a bent one has no place in the file, or the origin does not fit.
    """
    folder = preset.weights_path
    origin = Origin() if folder is None else read_origin(folder)
    tensors = as_run(preset).tensors
    if folder is None or not origin.tensors:
        return _as_named(tensors, origin)
    rest = read_rest(folder)
    found = {entry.name: _tensor(entry, tensors, rest, folder) for entry in origin.tensors}
    held = {entry.of for entry in origin.tensors}
    for full, values in tensors.items():
        if full in held:
            continue
        if full not in origin.computed:
            _add(found, full, values)
        elif digest(values) != origin.computed[full]:
            raise StudioError(
                f'The tensor "{full}" was bent, but the file that the network came from has none like it: it was '
                "computed from others on import; undo that edit, or export to .onnx."
            )
    return found


def _as_named(tensors: Mapping[str, Array], origin: Origin) -> dict[str, Stored]:
    found: dict[str, Stored] = {}
    for full, values in tensors.items():
        for name in origin.names.get(full, [full]):
            _add(found, name, values)
    counters = {name: Stored("I64", np.asarray(value, np.int64)) for name, value in origin.leftover.items()}
    return found | counters


def _add(found: dict[str, Stored], name: str, values: Array) -> None:
    if name in found:
        raise StudioError(f'Two tensors would be called "{name}" in the export; give the layer another name.')
    found[name] = Stored("F32", values)


def _tensor(entry: FileTensor, tensors: Mapping[str, Array], rest: Mapping[str, Stored], folder: Path) -> Stored:
    kept = rest.get(entry.name)
    if kept is not None and (kept.dtype, kept.values.shape) != (entry.dtype, entry.shape):
        raise StudioError(f'{folder}: {REST} and {ORIGIN} disagree about "{entry.name}"; import the network anew.')
    if not entry.of:
        if kept is None:
            raise StudioError(f'{folder}: {REST} lacks "{entry.name}"; import the network anew.')
        return kept
    values = _laid_out(entry, tensors, folder)
    if kept is not None and (numbers := kept.numbers()) is not None and _same_bits(numbers, values):
        return kept
    return Stored("F32", values) if entry.dtype == "F32" else narrowed(values, entry.dtype, entry.name)


def _laid_out(entry: FileTensor, tensors: Mapping[str, Array], folder: Path) -> Array:
    try:
        values = tensors[entry.of]
        return np.ascontiguousarray(values.transpose(entry.axes) if entry.axes else values).reshape(entry.shape)
    except (KeyError, ValueError) as error:
        raise StudioError(
            f'{folder}: {ORIGIN} speaks of a tensor "{entry.of}" that this network does not have in that shape; '
            f"remove {ORIGIN} to export under the studio's own names."
        ) from error


def _same_bits(a: Array, b: Array) -> bool:
    return np.array_equal(np.ascontiguousarray(a).view(np.uint32), np.ascontiguousarray(b).view(np.uint32))


def shared(tensors: Mapping[str, Stored]) -> Iterator[tuple[str, str]]:
    """Every name with the first name that has the very same tensor, itself where it is the first."""
    first: dict[tuple[object, ...], str] = {}
    for name, tensor in tensors.items():
        place = tensor.values.__array_interface__["data"][0], tensor.dtype, tensor.values.shape, tensor.values.strides
        yield name, first.setdefault(place, name) if tensor.values.size else name
