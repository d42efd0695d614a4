"""What ``--enlarge`` and ``--enlarge-by`` ask for."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.cli.common import note
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.model.graph import Size
    from studio.model.picture import DeepPicture
    from studio.runtime.render.frame_runner import FrameRunner
    from studio.runtime.render.mover import Bend


@dataclass(frozen=True)
class Enlarging:
    """Attributes:
    times: how many times as large; 1 for as it is.
    how: "restorer" or "network".
    """

    times: int = 1
    how: str = "restorer"

    def working(self, size: Size) -> Size:
        """(height, width) at which the network works."""
        from studio.runtime.render.enlarge import larger

        return larger(size, self.times) if self.how == "network" else size

    def bend(self, stack: ExitStack, feeder: FrameRunner, tile: int) -> Bend:
        """What makes a picture of a picture; what it opens is closed with the stack."""
        from studio.runtime.render.enlarge import ByNetwork, Restorer
        from studio.runtime.render.tiles import TiledRunner

        if self.times > 1 and self.how == "network":
            note(f"Enlarged {self.times} times by the network, which bends a larger picture.")
            return ByNetwork(feeder, tile)
        whole: Bend = TiledRunner(feeder, tile) if tile else feeder
        if self.times == 1:
            return whole
        note(f"Enlarged {self.times} times by interpolation and the restorer: the same picture, with no more in it.")
        restorer = Restorer(self.times)
        stack.callback(restorer.close)

        def enlarged(picture: DeepPicture, time: float) -> DeepPicture:
            return restorer(whole(picture, time))

        return enlarged


def enlarging(times: int, how: str, layer: str) -> Enlarging:
    """What is asked for.

    Raises:
        StudioError: where it is not offered, or does not go with the rest.
    """
    from studio.runtime.render.enlarge import checked

    if times == 1:
        return Enlarging()
    if layer:
        raise StudioError("The activations of a layer are shown as they are; leave out --enlarge or --layer.")
    return Enlarging(times, checked(times, how))
