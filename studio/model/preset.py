"""A preset as data: one way of bending one network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from studio.model.network import Network
from studio.model.op import Array


@dataclass(frozen=True, eq=False)
class Preset:
    """One way of bending one network.

    Attributes:
        name: what the artist calls it.
        network: the network as it was trained.
        changed: the tensors that are bent, by full name.
        description: one line.
        author: who made it, or empty.
        source: what it was made on, as the command line would name it ("demo").
        view_layer: the layer that is shown; None for the output.
        weights_path: the network's folder; None for one that has none yet.
        bypassed: the layers that hand on what they read.
    """

    name: str
    network: Network
    changed: Mapping[str, Array]
    description: str = ""
    author: str = ""
    source: str | None = None
    view_layer: str | None = None
    weights_path: Path | None = None
    bypassed: frozenset[str] = field(default_factory=frozenset)

    @property
    def bent(self) -> Network:
        """The network with its bent tensors; StudioError where one does not fit it."""
        return self.network.with_tensors(self.changed)
