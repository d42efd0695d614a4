"""Pictures larger than the network works: by the network itself on a larger picture, or by the shipped restorer.

The two are not the same. The network, on a picture of twice the size, draws its strokes as fine as before: they cover
half as much of the picture, and there is more of them. The restorer takes the picture that came out, enlarges it by
cubic interpolation and takes the blur off: the same picture, sharper than by interpolation, with no more in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

import cv2
import numpy as np

from studio.errors import StudioError
from studio.io.atomic import write_free
from studio.io.networks import find_network, load_network
from studio.io.resize import resized
from studio.io.sources.latent import path_given
from studio.model.declared.size import Size
from studio.model.networks.picture import DeepPicture
from studio.model.networks.preset import Preset
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Mover
from studio.runtime.render.scenes import Scenes
from studio.runtime.render.size import parse_size
from studio.runtime.render.tiles import TiledRunner
from studio.runtime.render.turns import Turn

How = Literal["restorer", "network"]
HOWS: tuple[How, ...] = get_args(How)
TIMES = (2, 4)
RESTORER = "restorer"
TILE = 512
"""Pixels of a tile's side."""

_WHOLE = 1024
"""Pixels of the longer side up to which a picture is bent whole."""


def checked(times: int, how: str) -> How:
    """How pictures are enlarged; StudioError where it is none of the ways, or so many times are not offered."""
    if times not in TIMES:
        raise StudioError(f"Pictures are enlarged 2 or 4 times, not {times}.")
    for known in HOWS:
        if how == known:
            return known
    raise StudioError(f'"{how}" does not enlarge pictures; give {" or ".join(HOWS)}.')


class Restorer:
    """Enlarges pictures twice or four times; each doubling is interpolated, then restored, tile by tile.

    Args:
        times: 2 or 4.
    """

    def __init__(self, times: int) -> None:
        from studio.engine.torch.engine import TorchEngine  # a second that the command line's help need not wait

        checked(times, "restorer")
        self._doublings = times.bit_length() - 1
        self._engine = TorchEngine(load_network(find_network(RESTORER)))
        self._runner = FrameRunner(self._engine)
        self._tiled = TiledRunner(self._runner, TILE)

    def __call__(self, picture: DeepPicture) -> DeepPicture:
        """(H, W, 3) RGB of 8 or 16 bits, so many times as high and wide."""
        self._runner.deep = picture.dtype == np.uint16
        for _ in range(self._doublings):
            picture = self._tiled(resized(picture, Size.of(picture).times(2)))
        return picture

    def close(self) -> None:
        """Free what its engine holds."""
        self._engine.close()


class Restored:
    """A performance of several networks, whose pictures are enlarged when they have been laid over one another.

    Args:
        scenes: replays it.
        restorer: enlarges.
    """

    def __init__(self, scenes: Scenes, restorer: Restorer) -> None:
        self._scenes, self._restorer = scenes, restorer

    def begin(self) -> None:
        """Start from the beginning."""
        self._scenes.begin()

    def replayed(self, picture: DeepPicture, turn: Turn) -> DeepPicture:
        """A run as it took place, larger; see `Scenes.replayed`."""
        return self._restorer(self._scenes.replayed(picture, turn))


class ByNetwork:
    """Bends pictures that are larger than usual, in tiles where they are large.

    Args:
        runner: runs the network.
        side: pixels of a tile; 0 for the usual.
    """

    def __init__(self, runner: FrameRunner, side: int = 0) -> None:
        self._runner = runner
        self._side = side
        self._tiled = TiledRunner(runner, side or TILE)

    def __call__(self, picture: DeepPicture, time: float = 0.0) -> DeepPicture:
        """(H, W, 3) RGB bent; see `TiledRunner`.

        Raises:
            StudioError: where the picture is large and the network looks at the whole of it at once.
        """
        if self._takes_whole(Size.of(picture)):
            return self._runner(picture, time)
        with _enlarging():
            return self._tiled(picture, time)

    def check(self, size: Size) -> None:
        """Raise StudioError where pictures of this size cannot be bent, as far as that can be told without one."""
        self._runner.size_for(size)
        if not self._takes_whole(size):
            with _enlarging():
                self._tiled.check(size)

    def _takes_whole(self, size: Size) -> bool:
        return not self._side and max(size) <= _WHOLE


@contextmanager
def _enlarging() -> Iterator[None]:
    try:
        yield
    except StudioError as error:
        why = str(error).replace("; leave --tile out.", ".")
        raise StudioError(f"{why} It cannot be enlarged by the network; use the restorer.") from error


def still_by_restorer(picture: DeepPicture, times: int, path: Path) -> Path:
    """Write a picture that came out, enlarged, as a PNG; where it was written."""
    restorer = Restorer(times)
    try:
        return _written(restorer(picture), path)
    finally:
        restorer.close()


def still_by_network(
    preset: Preset, picture: DeepPicture, spec: str, position: float, size: str, times: int, path: Path
) -> Path:
    """Bend a picture of the source at a larger size, and write that as a PNG.

    Bends with memory begin with it.

    Args:
        preset: what it is bent by.
        picture: (H, W, 3) RGB of the source.
        spec: the source's name, which may say how vectors move.
        position: seconds from the source's start.
        size: at which the network works otherwise, as the command line gives it.
        times: how many times as large.
        path: the file; where something stands there, with a number behind its name.
    """
    from studio.engine.torch.engine import TorchEngine

    engine = TorchEngine(preset.bent)
    try:
        if engine.graph.states:
            raise StudioError("This network's state cannot be enlarged; enlarge by the restorer.")
        if engine.graph.only_size is not None:
            raise StudioError("This network takes pictures of one size only; enlarge by the restorer.")
        runner = FrameRunner(engine, path=path_given(spec))
        bend: Callable[[DeepPicture, float], DeepPicture] = ByNetwork(runner)
        wanted = parse_size(size, Size.of(picture)).times(times)
        return _written(Mover(preset, engine, runner, bend)(resized(picture, wanted), position), path)
    finally:
        engine.close()


def _written(picture: DeepPicture, path: Path) -> Path:
    good, data = cv2.imencode(".png", np.ascontiguousarray(picture[:, :, ::-1]))
    assert good, "the PNG encoder takes every picture of 8 or 16 bits"
    return write_free(path, data.tobytes())
