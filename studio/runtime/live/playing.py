"""What is told of a source that plays, and what it is to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from studio.io.sources import SourceInfo
from studio.model.networks.picture import DeepPicture
from studio.runtime.live.report import Message, Part

Fit = Callable[[DeepPicture], DeepPicture]


@dataclass(frozen=True)
class Orders:
    """What the capture thread is to do. Taken by it as a whole; `seek` and `steps` are then spent."""

    serial: int = 0  # of the source
    paused: bool = False
    loop: bool = True
    speed: float = 1.0
    fit: Fit | None = None
    seek: float | None = None
    steps: int = 0


@dataclass(frozen=True)
class PlayerState(Part):
    """What is being played.

    Attributes:
        spec: what was given to `Player.play`; "" when nothing plays.
        info: size, rate and length of the source.
        position: seconds from its start of the picture that is shown.
        duration: seconds; None when unknown, endless, or a still picture.
        playing: not paused.
        ended: the last frame stands, and nothing follows.
        loop: whether it begins again at its end.
        speed: seconds of the source in one second.
        status: of a camera, "live" or "lost: ..." with the reason; else "".
        exposure: what a camera says of it, in the driver's own unit; None where there is none to set.
        is_camera: it has no length, cannot be gone through, and comes as it comes.
        opening: the spec that is being opened meanwhile, else "".
        warning: what is wrong with the source though it plays, or was done to its pictures, else None.
        dropped: frames that were passed over because decoding, or the speed, left no time to show them.
        sound: the film whose sound belongs to the pictures; None where there is none.
        problem: why what was asked for last does not play; None where it does.
    """

    spec: str = ""
    info: SourceInfo | None = None
    position: float = 0.0
    duration: float | None = None
    playing: bool = True
    ended: bool = False
    loop: bool = True
    speed: float = 1.0
    status: str = ""
    exposure: float | None = None
    is_camera: bool = False
    opening: str = ""
    warning: str | None = None
    dropped: int = 0
    sound: Path | None = None
    problem: Message | None = None


class Newest(NamedTuple):
    """A picture of the source.

    Attributes:
        number: rises with every new one.
        picture: (H, W, 3) RGB of 8 or 16 bits, shared: do not write into it.
        spec: of the source that it is from.
        position: seconds from the source's start.
        laps: how often the source had begun again before it.
        era: another where it does not follow the picture before: another source, a seek, a loop.
        ahead: what `Player.ahead` made of it.
    """

    number: int
    picture: DeepPicture
    spec: str = ""
    position: float = 0.0
    laps: int = 0
    era: tuple[int, int] = (0, 0)
    ahead: DeepPicture | None = None
