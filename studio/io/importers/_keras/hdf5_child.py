"""Reads a Keras file's HDF5 in a process of its own, as a script: ``hdf5_child.py PATH LIMIT``, or ``-`` for its input.

HDF5's library may run for ever, or fall, over a damaged file; then this process does, and not the program. To standard
output go eight bytes that count a JSON text, that text, and the numbers of every tensor in its order, little-endian.
"""

from __future__ import annotations

import io
import json
import math
import struct
import sys
from collections.abc import Iterator
from typing import Any

_SAID = ("model_config", "keras_version", "backend")
_TRAINING = ("optimizer", "optimizer_weights")
_DEEPEST = 32


class RefusedError(Exception):
    """What is wrong, in words for the person."""


def main() -> None:
    """Read the file that the command line names, and write what is in it."""
    import h5py

    source, limit = sys.argv[1], int(sys.argv[2])
    opened: Any = io.BytesIO(sys.stdin.buffer.read()) if source == "-" else source
    datasets: dict[str, Any] = {}
    try:
        with h5py.File(opened, "r") as file:
            header = _read(file, datasets)
            total = sum(math.prod(dataset.shape) * max(dataset.dtype.itemsize, 4) for dataset in datasets.values())
            if total > limit:
                raise RefusedError(f"the model has {total / 2**30:.1f} GiB, but at most {limit >> 30} GiB are read")
            arrays = {name: dataset[()] for name, dataset in datasets.items()}
    except RefusedError as error:
        header, arrays = {"error": str(error)}, {}
    # h5py raises many kinds of error for a damaged file.
    except Exception as error:  # noqa: BLE001
        header, arrays = {"error": f"it is damaged or cut short ({str(error)[:100]})"}, {}
    plain = {name: values.astype(values.dtype.newbyteorder("<"), copy=False) for name, values in arrays.items()}
    header["tensors"] = [[name, values.dtype.str, list(values.shape)] for name, values in plain.items()]
    text = json.dumps(header).encode()
    out = sys.stdout.buffer
    out.write(struct.pack("<Q", len(text)) + text)
    for values in plain.values():
        out.write(values.tobytes())


def _read(file: Any, datasets: dict[str, Any]) -> dict[str, Any]:
    said = {key: _text(file.attrs[key]) for key in _SAID if key in file.attrs}
    root: Any = file.get("model_weights", file)
    said |= {key: _text(root.attrs[key]) for key in _SAID if key in root.attrs}
    if "layer_names" not in root.attrs and "layer_names0" not in root.attrs:
        datasets.update(_datasets(root, ""))
        return {"said": said, "groups": None, "names": _names(root, datasets)}
    groups: dict[str, list[str]] = {}
    for layer in _texts(root, "layer_names"):
        group, groups[layer] = root[layer], []
        for name in _texts(group, "weight_names"):
            clean = name.removesuffix(":0")
            # Layers of several models may share names; the group then tells them apart.
            key = clean if clean not in datasets else f"{layer}/{clean}"
            datasets[key] = _checked(group[name], name)
            groups[layer].append(key)
    return {"said": said, "groups": groups, "names": {}}


def _datasets(group: Any, prefix: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    if depth > _DEEPEST:
        raise RefusedError("its groups lie in each other too deep")
    for name in group:
        if prefix == "" and name in _TRAINING:
            continue
        if type(group.get(name, getlink=True)).__name__ != "HardLink":
            raise RefusedError(f'its part "{name}" is a link to another file or group, which is not followed')
        item = group[name]
        if hasattr(item, "shape"):
            if item.dtype.kind in "fiu":
                yield prefix + name, _checked(item, prefix + name)
        else:
            yield from _datasets(item, f"{prefix}{name}/", depth + 1)


def _names(root: Any, datasets: dict[str, Any]) -> dict[str, str]:
    """What the layers of Keras 3's groups are called."""
    groups = {name.rpartition("vars/")[0] for name in datasets}
    groups |= {"/".join([*parts[:k], ""]) for parts in (g.split("/") for g in groups) for k in range(2, len(parts), 2)}
    held = {group: root.get(f"{group}vars") for group in groups if group}
    return {group: _text(v.attrs["name"]) for group, v in held.items() if v is not None and "name" in v.attrs}


def _checked(dataset: Any, name: str) -> Any:
    if not hasattr(dataset, "shape") or dataset.shape is None or dataset.dtype.kind not in "fiu":
        raise RefusedError(f'its tensor "{name}" holds no numbers')
    if dataset.external or dataset.is_virtual:
        raise RefusedError(f'its tensor "{name}" lies in another file, which is not read')
    return dataset


def _texts(group: Any, name: str) -> list[str]:
    """An attribute of texts; where it was too long for one, it is in several that are numbered."""
    several = [f"{name}{k}" for k in range(len(group.attrs)) if f"{name}{k}" in group.attrs]
    parts = [name] if name in group.attrs else several
    return [_text(value) for part in parts for value in list(group.attrs[part])]


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


if __name__ == "__main__":
    main()
