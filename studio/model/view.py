"""What the viewport shows, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ViewKind = Literal["output", "split", "layer", "filters"]
Colours = Literal["signed", "grey"]
Scaling = Literal["tile", "all"]


@dataclass(frozen=True)
class View:
    """What is on the screen.

    Attributes:
        kind: the network's output; input and output side by side; a layer's activation as tiles; a tensor's sheet.
        name: the layer of "layer", the tensor ("layer.tensor") of "filters"; else empty.
    """

    kind: ViewKind = "output"
    name: str = ""
