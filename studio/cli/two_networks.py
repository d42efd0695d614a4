"""``studio render --fade-to`` a preset of another network: their pictures are mixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from studio.cli.common import open_preset
from studio.cli.moving import crossing_of, fade_routes, with_sound
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.control.crossing import Crossing
    from studio.model.networks.latent import LatentPath
    from studio.model.networks.preset import Preset
    from studio.runtime.render.frame_runner import FrameRunner
    from studio.runtime.render.mover import Bend, Listen


class Fades:
    """What ``--fade-to`` asks for.

    Args:
        preset: that is faded from.
        others: names or paths of those that it is faded to.
        moves: all movements; those of the fade count.

    Raises:
        StudioError: where they cannot be mixed, or a movement leads to a fade that there is not.

    Attributes:
        crossing: mixes presets of one network; None for others.
    """

    def __init__(self, preset: Preset, others: Sequence[str], moves: Sequence[str]) -> None:
        self._preset, self._moves = preset, moves
        self._other = open_preset(others[0]) if len(others) == 1 else None
        if self._other is not None and self._other.network.sha256() == preset.network.sha256():
            self._other = None
        self.crossing: Crossing | None = None
        if self._other is None:
            self.crossing = crossing_of(preset, others, moves)

    def __bool__(self) -> bool:
        return self.crossing is not None or self._other is not None

    def beside(
        self,
        stack: ExitStack,
        whole: Bend,
        feeder: FrameRunner,
        engine: str,
        path: LatentPath | None,
        listen: Listen,
        sound: Path | None,
        odd: Mapping[str, object],
    ) -> Bend:
        """What makes pictures: as it is, or mixed with those of the other network.

        Args:
            stack: closes its engine.
            whole: makes pictures of the first network.
            feeder: of the first network.
            engine: as the command line names it.
            path: that vectors go; None where the preset says it.
            listen: what is heard of the film, for what moves the fade.
            sound: the film itself; None where it has no sound.
            odd: options, and whether they ask for something that only one network can do.

        Raises:
            StudioError: where there are such options, or the other network cannot be run.
        """
        if self._other is None:
            return whole
        given = " and ".join(option for option, asks in odd.items() if asks)
        if given:
            raise StudioError(f"A fade between networks mixes whole pictures of both; leave out {given}, or --fade-to.")
        from studio.engine.choose import open_engine
        from studio.runtime.render.frame_runner import FrameRunner
        from studio.runtime.render.mover import Mover
        from studio.runtime.render.two_networks import TwoNetworks

        other, heard = with_sound(self._other, "", sound)
        runner, _ = open_engine(other.bent, engine)
        stack.callback(runner.close)
        second = FrameRunner(runner, None, path)
        mover, routes = Mover(other, runner, second, listen=heard), fade_routes(self._moves)
        return TwoNetworks(whole, feeder, mover, second, self._preset, routes, listen)
