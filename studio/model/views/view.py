"""What the viewport shows, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from studio.model.bends.stage import made

ViewKind = Literal["output", "split", "layer", "filters"]
Colours = Literal["signed", "grey"]
Scaling = Literal["tile", "all"]


@dataclass(frozen=True)
class View:
    """What is on the screen.

    Attributes:
        kind: the network's output; input and output side by side; a layer's activation as tiles; a tensor's sheet.
        name: the layer of "layer", the tensor ("layer.tensor") of "filters"; else empty.
        before: of "layer", whether it is shown as the layer made it, before its bends.
    """

    kind: ViewKind = "output"
    name: str = ""
    before: bool = False

    @property
    def shows(self) -> str:
        """What engines call what is looked at: the map of "layer", the tensor of "filters"; else empty."""
        return made(self.name) if self.before else self.name
