"""What ``studio render --performance`` needs besides."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from studio.cli.common import is_given, note
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.cli.enlarging import Enlarging
    from studio.control.performing import Replay
    from studio.model.declared.size import Size
    from studio.model.networks.graph import Graph
    from studio.model.networks.latent import LatentPath
    from studio.model.networks.preset import Preset
    from studio.model.performances.performance import Performance
    from studio.runtime.live.second_film import SecondFilm
    from studio.runtime.render.mover import Listen, Mover
    from studio.runtime.render.scenes import Running, Scenes
    from studio.runtime.render.turns import Paths, Turn


_PATIENCE = 60.0
"""Seconds that a frame waits for one of the second film; nobody is watching."""


def performance_of(path: Path, beside: Sequence[str]) -> Performance:
    """A performance from its file; what is odd about the file is noted.

    Args:
        path: of the file.
        beside: what is to move and bend besides.

    Raises:
        StudioError: where it cannot be read, or holds itself what moves and bends.
    """
    from studio.io.performances import load_performance

    performance = load_performance(path)
    if performance.note:
        note(performance.note)
    if performance.take.whole and beside:
        raise StudioError(
            "The performance holds what bends and moves itself; leave out --move, --bend, --bpm and --fade-to."
        )
    return performance


def its_own(
    context: typer.Context, performance: Performance | None, file: Path | None, *, preset: str, size: str
) -> tuple[str, str]:
    """Preset and size as given, or else those of the performance in this file."""
    if performance is None or file is None:
        return preset, size
    from studio.io.opening import open_preset as opened
    from studio.io.performed_networks import place_of

    if not is_given(context, "preset") and performance.take.whole and performance.preset:
        preset, first = performance.preset, performance.scenes()[0]
        try:
            with suppress(StudioError):
                preset = place_of(first, file.absolute().parent)
            opened(preset)
        except StudioError as error:
            raise StudioError(
                f'The performance was played with the preset "{preset}", which is not found here; give one of the same '
                "network, or the network itself, with --preset."
            ) from error
    if performance.take.size and not is_given(context, "size"):
        size = performance.take.size
    return preset, size


def second_for(stack: ExitStack, given: str) -> SecondFilm:
    """What lends the maps of the second film that a performance says, at the times at which they were lent.

    Args:
        stack: closes it.
        given: a film or picture to take instead; empty for none.
    """
    from studio.runtime.live.second_film import SecondFilm

    second = SecondFilm(_PATIENCE, given)
    stack.callback(second.close)
    return second


def tile_of(preset: Preset, tile: int) -> int:
    """Pixels of a tile's side; StudioError where the whole output is to come back, and there is none."""
    from studio.runtime.render.mover import feeds_back

    if tile and feeds_back(preset):
        raise StudioError("The output is fed back whole, which tiles cannot be; leave out --tile, or /feedback/amount.")
    return tile


def turns_of(
    performance: Performance, rate: Fraction, frames: tuple[int, int | None], paths: Paths
) -> list[Turn] | None:
    """The runs of a performance that lead to these frames; None where it does not say when the network ran.

    At the rate at which it was recorded they are those that took place, and the film has the same frames.
    """
    from studio.io.sources.camera import KIND as CAMERA
    from studio.runtime.render.turns import between, from_the_start, turns_as_recorded, turns_at

    take = performance.take
    if not performance.runs() and len(performance.scenes()) == 1:
        return None
    found = turns_as_recorded(performance, paths) if rate == take.rate else turns_at(performance, rate, paths)
    if CAMERA.match(take.source):
        found = from_the_start(found)
    return between(found, *frames)


@dataclass(frozen=True)
class Shown:
    """What is shown of every network that a performance opens.

    Attributes:
        size: at which they work.
        layer: the layer whose maps are shown; empty for the output.
        before_bends: whether they are shown as the layer made them.
        tile: pixels of a tile's side; 0 for whole pictures.
        enlarging: how what they make is enlarged.
    """

    size: Size
    layer: str
    before_bends: bool
    tile: int
    enlarging: Enlarging


class OtherNetworks:
    """Those that are opened while a performance goes on.

    Args:
        performance: that is played; None for none.
        file: of it.
        path: how vectors move, as the command line says; None where presets say it.
        smooth: see `Replay`.

    Raises:
        StudioError: where one is not found.
    """

    def __init__(
        self, performance: Performance | None, file: Path | None, path: LatentPath | None, *, smooth: bool
    ) -> None:
        from studio.io.performed_networks import networks_of

        self._scenes = () if performance is None else performance.scenes()
        self._networks: tuple[Preset, ...] = ()
        if performance is not None and file is not None:
            self._networks = networks_of(performance, file.absolute().parent)
        self._smooth, self._path = smooth, path

    def __bool__(self) -> bool:
        return bool(self._networks)

    def layer_of(self, first: Graph, layer: str) -> str | None:
        """The layer whose maps are shown of the network that the performance begins on; None for its output.

        What shows its output for want of such a layer is noted.

        Args:
            first: its graph.
            layer: its name; empty for none.

        Raises:
            StudioError: where no network has such a layer.
        """
        graphs = [each.network.graph for each in self._networks]
        if layer and not any(layer in graph for graph in (first, *graphs)):
            first.node(layer)  # says what there is
        played = zip(self._scenes, (first, *graphs), strict=False)
        lacks = dict.fromkeys(f'"{scene.own.preset}"' for scene, graph in played if layer not in graph)
        if layer and lacks:
            note(f'There is no layer "{layer}" in {", ".join(lacks)}: the output is shown there instead.')
        return layer if layer in first else None

    def paths(self, preset: Preset) -> Paths:
        """How vectors move in each network; the first is the preset's."""
        from studio.model.movement.generator import GENERATOR

        own = [preset]
        for number, scene in enumerate(self._scenes[1:], start=1):
            assert scene.opened is not None, "only the first has not been opened"
            own.append(self._replay(number).at(scene.opened.time).preset)
        return [self._path or each.section(GENERATOR).path for each in own]

    def _replay(self, number: int) -> Replay:
        from studio.control.performing import Replay

        return Replay(self._scenes[number].own, self._networks[number - 1], smooth=self._smooth)

    def _check(self, shown: Shown, engine: str) -> None:
        """Raise StudioError, naming the network, where one cannot be bent by tiles, or enlarged, as it is asked for.

        It is found out before anything is written.
        """
        from studio.engine.choose import open_engine
        from studio.runtime.render.frame_runner import FrameRunner

        tried: set[str] = set()
        for scene, network in zip(self._scenes[1:], self._networks, strict=True):
            if scene.own.network in tried:
                continue
            tried.add(scene.own.network)
            runner, _ = open_engine(network.network, engine)
            try:
                feeder = FrameRunner(runner, None, self._path)
                cut = shown.enlarging.cut(feeder, shown.tile)
                if cut is not None:
                    cut.check(shown.size)
            except StudioError as error:
                raise StudioError(f'"{scene.own.preset}", which the performance opens: {error}') from error
            finally:
                runner.close()

    def followed(
        self,
        stack: ExitStack,
        first: Running,
        engine: str,
        listen: Listen,
        second: str,
        shown: Shown,
    ) -> Mover | Scenes:
        """What replays all of it: as it is, where it is of one network.

        Args:
            stack: frees what is opened.
            first: replays what was played on the first network.
            engine: as the command line names it, for the others.
            listen: what is heard of the film.
            second: a second film that is given besides; empty for none.
            shown: what is shown of each network.

        Raises:
            StudioError: where one of them cannot be bent by tiles, or enlarged, as it is asked for.
        """
        from studio.engine.choose import open_engine
        from studio.runtime.render.frame_runner import FrameRunner
        from studio.runtime.render.mover import Mover
        from studio.runtime.render.scenes import Running, Scenes

        if not self:
            return first.mover
        self._check(shown, engine)

        def run(number: int) -> Running:
            trained = self._networks[number - 1]
            runner, _ = open_engine(trained.network, engine)
            layer = shown.layer if shown.layer in trained.network.graph else None
            fed = FrameRunner(runner, layer, self._path, before_bends=shown.before_bends)
            own = ExitStack()
            own.callback(runner.close)
            lends, replay, cut = second_for(own, second), self._replay(number), shown.enlarging.cut(fed, shown.tile)
            mover = Mover(trained, runner, fed, cut, listen, replay, second=lends, as_played=True)
            return Running(mover, fed, runner, own.close, cut)

        scenes = Scenes(first, self._scenes, run, listen, by_layer=bool(shown.layer))
        stack.callback(scenes.close)
        return scenes
