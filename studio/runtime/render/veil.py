"""The picture of a network that was replaced, as it lies over that of the next."""

from __future__ import annotations

import cv2
import numpy as np

from studio.model.declared.size import Size
from studio.model.networks.picture import Picture, to_tensor
from studio.model.networks.shape import Array
from studio.runtime.render.frame_runner import FrameRunner, padded_picture


def laid_over(picture: Picture, runner: FrameRunner, size: Size) -> Array:
    """A picture as a map that fits the network's whole output, in the output's values."""
    graph, sizes = runner.graph, runner.size_for(size)
    whole = graph.shapes({i.name: sizes.padded for i in graph.inputs})[graph.output]
    smaller = sizes.output.height < picture.shape[0]
    fitted = cv2.resize(picture, sizes.output.wh, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    padded = padded_picture(np.asarray(fitted, np.uint8), whole.size)
    return to_tensor(padded, 3 if whole.channels == 3 else 1, graph.output_range, order=graph.output_order)
