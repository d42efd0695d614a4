"""One layer of a network: an operator under a name, and what it reads."""

from __future__ import annotations

from dataclasses import dataclass

from studio.model.networks.op import Op


@dataclass(frozen=True)
class Node:
    """One layer: a name, an operator, and the names of what it reads.

    Attributes:
        name: its own.
        op: what it does.
        inputs: the layers and inputs that it reads, by name.
        tensors_of: the layer whose tensors it uses, where a layer runs several times; None where it has its own.
        borrowed: the full names of tensors that it uses of layers of another kind, beside its own names for them: the
            gradient of a convolution by its input is a transposed one on the same weight. Files hold no such layers.
    """

    name: str
    op: Op
    inputs: tuple[str, ...]
    tensors_of: str | None = None
    borrowed: tuple[tuple[str, str], ...] = ()

    @property
    def owner(self) -> str:
        """The layer under whose name its tensors go."""
        return self.tensors_of or self.name

    @property
    def tensor_names(self) -> dict[str, str]:
        """The full name, ``layer.tensor``, of every tensor that it uses, by the operator's own name for it."""
        return dict(self.borrowed) or {key: f"{self.owner}.{key}" for key in self.op.tensor_shapes()}
