"""Where a Keras model's weights lie: HDF5 files of Keras 2 and 3, and TensorFlow.js's manifests."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from studio.errors import StudioError
from studio.io.importers._keras.plan import Layer
from studio.io.importers._views import Numbers
from studio.io.importers.base import check_size

if TYPE_CHECKING:
    import h5py

Named = list[tuple[str, Numbers]]
_CONTAINERS = ("layers", "_layer_checkpoint_dependencies", "_layers")


class Weights(Protocol):
    """Finds a layer's tensors."""

    def of(self, path: Sequence[Layer], siblings: Sequence[Sequence[Layer]]) -> Named:
        """Names and numbers of a layer's tensors, in Keras's order.

        Args:
            path: the layer, after the models that it lies in, outermost first.
            siblings: for each of these all layers of its model, in the file's order.
        """
        ...

    @property
    def all(self) -> Mapping[str, Numbers]:
        """Every tensor that was found, by its name in the file."""
        ...


class ByName:
    """Tensors under names that end in their layer's and their own: ``conv2d/kernel``."""

    def __init__(self, tensors: Mapping[str, Numbers], groups: Mapping[str, list[str]] | None = None) -> None:
        self._tensors = dict(tensors)
        self._groups = groups

    @property
    def all(self) -> Mapping[str, Numbers]:
        """See `Weights`."""
        return self._tensors

    def of(self, path: Sequence[Layer], siblings: Sequence[Sequence[Layer]]) -> Named:
        """See `Weights`."""
        names = list(self._tensors) if self._groups is None else self._groups.get(path[0].name, [])
        if len(path) > 1 or self._groups is None:
            own, others = path[-1].name, {layer.name for layer in siblings[-1]}
            exact = [name for name in names if _scope(name) == own or _scope(name).endswith(f"/{own}")]
            names = exact or [n for n in names if _unnumbered(_scope(n), own) and _scope(n) not in others]
            within = [name for name in names if all(f"{outer.name}/" in name for outer in path[:-1])]
            names = within or names
        keys = [name.rpartition("/")[2] for name in names]
        if len(set(keys)) < len(keys):
            raise StudioError(f"the file holds several tensors that may be its own ({', '.join(names[:4])}).")
        return [(name, self._tensors[name]) for name in names]


def _scope(name: str) -> str:
    return name.rpartition("/")[0]


def _unnumbered(scope: str, layer: str) -> bool:
    # A layer that was used twice had its scope numbered: conv2d_1_1/kernel.
    return re.fullmatch(rf"(.*/)?{re.escape(layer)}_\d+", scope) is not None


class ByPlace:
    """Tensors of Keras 3, in the order of the layers: ``layers/conv2d_1/vars/0``.

    Args:
        tensors: by their paths.
        names: what the layers of some groups are called, by the groups' paths.
    """

    def __init__(self, tensors: Mapping[str, Numbers], names: Mapping[str, str]) -> None:
        self._tensors = dict(tensors)
        self._names = dict(names)

    @property
    def all(self) -> Mapping[str, Numbers]:
        """See `Weights`."""
        return self._tensors

    def of(self, path: Sequence[Layer], siblings: Sequence[Sequence[Layer]]) -> Named:
        """See `Weights`."""
        prefix = ""
        for layer, others in zip(path, siblings, strict=True):
            place = place_of(layer, others)
            starts = [f"{prefix}{container}/{place}/" for container in _CONTAINERS]
            prefix = next((s for s in starts if any(n.startswith(s) for n in self._tensors)), starts[0])
        return self._within(prefix) or self._of_its_name([layer.name for layer in path])

    def _within(self, prefix: str) -> Named:
        found = {name: values for name, values in self._tensors.items() if name.startswith(f"{prefix}vars/")}
        return sorted(found.items(), key=lambda item: int(item[0].rpartition("/")[2]))

    def _of_its_name(self, path: list[str]) -> Named:
        """What is used in several places is saved in the first of them, which names tell."""
        for start in range(1, len(path)):
            groups = [group for group in self._names if self._named_path(group)[-len(path) + start :] == path[start:]]
            if len(groups) == 1:
                return self._within(groups[0])
        return []

    def _named_path(self, group: str) -> list[str]:
        parts = group.split("/")
        inner = ["/".join([*parts[: k + 2], ""]) for k in range(0, len(parts) - 1, 2)]
        return [self._names.get(each, "") for each in inner]


def place_of(layer: Layer, siblings: Sequence[Layer]) -> str:
    """What Keras 3 calls a layer among the layers of its model: after its class, numbered from the second on."""
    alike = [other.place for other in siblings if _snake(other.kind) == _snake(layer.kind) and other.place >= 0]
    number = alike.index(layer.place)
    return _snake(layer.kind) + (f"_{number}" if number else "")


def _snake(kind: str) -> str:
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


# -- HDF5 ------------------------------------------------------------------------------------------------------------


def from_hdf5(file: h5py.File, path: Path) -> ByName | ByPlace:
    """The weights in an HDF5 file.

    Raises:
        StudioError: where it holds none, or more than is read.
    """
    root: Any = file.get("model_weights", file)
    if "layer_names" in root.attrs or "layer_names0" in root.attrs:
        return _named_groups(root, path)
    tensors = dict(_datasets(root, "", path))
    groups = {name.rpartition("vars/")[0] for name in tensors}
    groups |= {"/".join([*parts[:k], ""]) for parts in (g.split("/") for g in groups) for k in range(2, len(parts), 2)}
    held = {group: root.get(f"{group}vars") for group in groups if group}
    names = {
        group: str(vars_.attrs["name"]) for group, vars_ in held.items() if vars_ is not None and "name" in vars_.attrs
    }
    return ByPlace(tensors, names)


def _named_groups(root: Any, path: Path) -> ByName:
    tensors: dict[str, Numbers] = {}
    groups: dict[str, list[str]] = {}
    for layer in _texts(root, "layer_names"):
        group = root[layer]
        names = _texts(group, "weight_names")
        groups[layer] = []
        for name in names:
            clean = name.removesuffix(":0")
            # Layers of several models may share names; the group then tells them apart.
            key = clean if clean not in tensors else f"{layer}/{clean}"
            tensors[key] = _numbers(group[name], name, path)
            groups[layer].append(key)
    return ByName(tensors, groups)


def _datasets(group: Any, prefix: str, path: Path, depth: int = 0) -> Iterator[tuple[str, Numbers]]:
    if depth > 32:
        raise StudioError("its groups lie in each other too deep.")
    for name in group:
        if prefix == "" and name in ("optimizer", "optimizer_weights"):
            continue
        link = group.get(name, getlink=True)
        if type(link).__name__ != "HardLink":
            raise StudioError(f'its part "{name}" is a link to another file or group, which is not followed.')
        item = group[name]
        if hasattr(item, "shape"):
            if item.dtype.kind in "fiu":
                yield prefix + name, _numbers(item, prefix + name, path)
        else:
            yield from _datasets(item, f"{prefix}{name}/", path, depth + 1)


def _numbers(dataset: Any, name: str, path: Path) -> Numbers:
    if not hasattr(dataset, "shape") or dataset.shape is None or dataset.dtype.kind not in "fiu":
        raise StudioError(f'its tensor "{name}" holds no numbers.')
    check_size(math.prod(dataset.shape) * 4, path)
    if dataset.external or dataset.is_virtual:
        raise StudioError(f'its tensor "{name}" lies in another file, which is not read.')
    return np.asarray(dataset[()])


def _texts(group: Any, name: str) -> list[str]:
    """An attribute of texts; where it was too long for one, it is in several that are numbered."""
    several = [f"{name}{k}" for k in range(len(group.attrs)) if f"{name}{k}" in group.attrs]
    parts = [name] if name in group.attrs else several
    values = [value for part in parts for value in list(group.attrs[part])]
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values]
