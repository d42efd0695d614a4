"""Which of a file's tensors are a layer's: by their names, as Keras 2 and TensorFlow.js have it, or by its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from studio.errors import StudioError
from studio.io.importers._keras.model import Layer
from studio.io.importers._values.views import Numbers

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

    def parts(self, path: Sequence[Layer], siblings: Sequence[Sequence[Layer]]) -> Mapping[str, Named]:
        """The same of the layers that a layer is made of, by their names."""
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

    def parts(self, path: Sequence[Layer], siblings: Sequence[Sequence[Layer]]) -> Mapping[str, Named]:
        """See `Weights`."""
        names = list(self._tensors) if self._groups is None else self._groups.get(path[0].name, [])
        within = [name for name in names if all(f"{outer.name}/" in name for outer in path[:-1])] or names
        own, others = path[-1].name, {layer.name for layer in siblings[-1]}
        scopes = {scope for name in within for scope in name.split("/")[:-1]}
        # One that was used twice had its scope numbered.
        scope = own if own in scopes else next((s for s in scopes - others if _unnumbered(s, own)), own)
        found: dict[str, Named] = {}
        for name in within:
            after = f"/{name}".partition(f"/{scope}/")[2]
            if "/" in after:
                found.setdefault(after.split("/")[-2], []).append((name, self._tensors[name]))
        return found


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
        return self._within(self._prefix(path, siblings)) or self._of_its_name([layer.name for layer in path])

    def parts(self, path: Sequence[Layer], siblings: Sequence[Sequence[Layer]]) -> Mapping[str, Named]:
        """See `Weights`."""
        prefix = self._prefix(path, siblings)
        groups = sorted({name.rpartition("vars/")[0] for name in self._tensors if name.startswith(prefix)} - {prefix})
        return {self._names.get(group, group.rstrip("/").rpartition("/")[2]): self._within(group) for group in groups}

    def _prefix(self, path: Sequence[Layer], siblings: Sequence[Sequence[Layer]]) -> str:
        """Where a layer's own tensors begin."""
        prefix = ""
        for layer, others in zip(path, siblings, strict=True):
            place = place_of(layer, others)
            starts = [f"{prefix}{container}/{place}/" for container in _CONTAINERS]
            prefix = next((s for s in starts if any(n.startswith(s) for n in self._tensors)), starts[0])
        return prefix

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
