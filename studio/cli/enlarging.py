"""What ``--enlarge`` and ``--enlarge-by`` ask for."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.cli.common import note
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.model.declared.size import Size
    from studio.model.networks.graph import Graph
    from studio.model.networks.picture import DeepPicture
    from studio.runtime.render.enlarge import ByNetwork, Restored, Restorer
    from studio.runtime.render.frame_runner import FrameRunner
    from studio.runtime.render.mover import Bend
    from studio.runtime.render.scenes import Scenes
    from studio.runtime.render.tiles import TiledRunner


@dataclass(frozen=True)
class Enlarging:
    """Attributes:
    times: how many times as large; 1 for as it is.
    how: "restorer" or "network".
    """

    times: int = 1
    how: str = "restorer"

    def working(self, size: Size, graph: Graph) -> Size:
        """At which the network works; StudioError for one that takes no larger pictures."""
        if self.times == 1 or self.restores:
            return size
        if graph.only_size is not None:
            raise StudioError("This network takes pictures of one size only; enlarge by the restorer.")
        return size.times(self.times)

    @property
    def restores(self) -> bool:
        """Whether the picture that comes out is enlarged, whatever it came out of."""
        return self.times > 1 and self.how == "restorer"

    def scenes(self, stack: ExitStack, scenes: Scenes) -> Scenes | Restored:
        """A performance of several networks, enlarged as a whole where the restorer does it."""
        from studio.runtime.render.enlarge import Restored

        return Restored(scenes, self._restorer(stack)) if self.restores else scenes

    def cut(self, feeder: FrameRunner, tile: int) -> TiledRunner | ByNetwork | None:
        """What runs a network by tiles, or on pictures that are larger than usual; None where `feeder` itself does.

        Args:
            feeder: runs it.
            tile: pixels of a tile's side; 0 for none.
        """
        from studio.runtime.render.enlarge import ByNetwork
        from studio.runtime.render.tiles import TiledRunner

        if self.times > 1 and not self.restores:
            return ByNetwork(feeder, tile)
        return TiledRunner(feeder, tile) if tile else None

    def _restorer(self, stack: ExitStack) -> Restorer:
        from studio.runtime.render.enlarge import Restorer

        note(f"Enlarged {self.times} times by interpolation and the restorer: the same picture, with no more in it.")
        restorer = Restorer(self.times)
        stack.callback(restorer.close)
        return restorer

    def bend(self, stack: ExitStack, feeder: FrameRunner, tile: int, *, is_apart: bool = False) -> Bend:
        """What makes a picture of a picture; what it opens is closed with the stack.

        Args:
            stack: closes it.
            feeder: runs the network.
            tile: pixels of a tile's side; 0 for none.
            is_apart: whether `scenes` restores what comes out.
        """
        whole: Bend = self.cut(feeder, tile) or feeder
        if self.times > 1 and not self.restores:
            note(f"Enlarged {self.times} times by the network, which bends a larger picture.")
        if not self.restores or is_apart:
            return whole
        restorer = self._restorer(stack)

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
