"""What a performance is made of: events, each with its time in seconds since the beginning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from studio.model.filters.edit import Patch
from studio.model.networks.values import Values

Does = Literal["value", "begin", "end"]


@dataclass(frozen=True)
class Turned:
    """A number was turned.

    Attributes:
        time: seconds since the beginning.
        address: of the number.
        value: what it was turned to.
        glides: whether it goes there in a straight line from where it was turned to before, rather than at once.
    """

    time: float
    address: str
    value: float
    glides: bool = False


@dataclass(frozen=True)
class Signalled:
    """A signal for routes came in: it has a value, it set something off, or it ended.

    Attributes:
        time: seconds since the beginning.
        name: of the signal.
        value: what it is from then on.
        does: which of the three.
        ago: how many seconds before that time it began or ended.
    """

    time: float
    name: str
    value: float
    does: Does = "value"
    ago: float = 0.0


@dataclass(frozen=True, eq=False)
class Stroke:
    """A rectangle of a tensor's sheet got new values."""

    time: float
    tensor: str
    patch: Patch


@dataclass(frozen=True, eq=False)
class Arranged:
    """A section of the preset became another: stages, bypasses, routes.

    Attributes:
        time: seconds since the beginning.
        section: its name.
        document: its value as files hold it; None for the default.
        version: of that form.
    """

    time: float
    section: str
    document: Any
    version: int = 1


@dataclass(frozen=True)
class Ran:
    """The network ran, with all that was done until then.

    Attributes:
        time: seconds since the first run.
        frame: counts frames from the first run on; that of the run before where this is the same frame again.
        place: seconds from the source's start at which its picture stands.
        laps: how often the source had begun again before it.
        is_cut: whether the picture does not follow the one before: bends with memory begin again.
        is_again: whether only what edits reached ran again, on the picture and at the time of the run before.
    """

    time: float
    frame: int
    place: float
    laps: int = 0
    is_cut: bool = False
    is_again: bool = False


@dataclass(frozen=True)
class Recorded:
    """The recording that was made at the same time took the newest picture."""

    time: float


@dataclass(frozen=True)
class Ended:
    """It was over."""

    time: float


@dataclass(frozen=True, eq=False)
class Prepared:
    """A part of a preset that fades lead from or to: what makes it of the trained network.

    Attributes:
        time: seconds since the beginning.
        preset: which one, from 1.
        part: new values of a tensor, or a section.
    """

    time: float
    preset: int
    part: Stroke | Arranged


@dataclass(frozen=True)
class Faded:
    """A fade began, or a crossfader or a pad was touched: what follows is between these presets.

    Attributes:
        time: seconds since the beginning.
        presets: that were prepared; two, from one to the other, or four.
        tensors: names of those that it changes.
        seconds: how long it was to take.
        easing: how it was to go.
        by_hand: whether it went where a hand, a controller or a route had it.
        ago: how many seconds before that time it began.
    """

    time: float
    presets: tuple[int, ...]
    tensors: tuple[str, ...]
    seconds: float = 0.0
    easing: str = "linear"
    by_hand: bool = False
    ago: float = 0.0


@dataclass(frozen=True)
class Mixed:
    """The fade that began last was here.

    Attributes:
        time: seconds since the beginning.
        shares: of each of its presets.
    """

    time: float
    shares: tuple[float, ...]


@dataclass(frozen=True)
class NetworkOpened:
    """Another network was opened; what follows, up to the next, is of it, and begins with the trained one.

    Attributes:
        time: of its first run, in seconds since the beginning.
        network: its digest.
        preset: name of the preset.
        weights: the folder where the network lay.
        seconds: how long its picture took to fade in over that of the network before; 0 where it was there at once.
        easing: how it did.
        both: whether the network before ran on meanwhile; else its last picture stayed.
        values: in which it was fed and shown; None for those that its folder says.
        clock: seconds for which it had run by the first run that follows.
    """

    time: float
    network: str
    preset: str
    weights: str
    seconds: float = 0.0
    easing: str = "linear"
    both: bool = False
    values: Values | None = None
    clock: float = 0.0


Event = Turned | Signalled | Stroke | Arranged | Ran | Recorded | Ended | Prepared | Faded | Mixed | NetworkOpened
