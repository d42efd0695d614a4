"""A fade between two presets or a morph among four, by numbers: ``/fade``, or ``/morph/x`` and ``/morph/y``."""

from __future__ import annotations

from collections.abc import Sequence

from studio.control.blend import Blend, fade_shares, morph_shares
from studio.control.matrix import Matrix
from studio.errors import StudioError
from studio.model.movement.address import Number, nothing_at
from studio.model.movement.modulator import NOTHING, Measurements
from studio.model.movement.route import Routes
from studio.model.movement.tempo import TEMPO
from studio.model.networks.preset import Preset

FADE = Number("/fade", "Fade", "number", 0.0, 0.0, 1.0, "", "From the first preset to the second")
MORPH = (
    Number("/morph/x", "Morph across", "number", 0.0, 0.0, 1.0, "", "From the presets on the left to the right"),
    Number("/morph/y", "Morph down", "number", 0.0, 0.0, 1.0, "", "From the presets above to those below"),
)
ADDRESSES = tuple(number.address for number in (FADE, *MORPH))


class Crossing:
    """Presets of one network, and where between them it is.

    Args:
        presets: two for a fade, four for a morph: upper left, upper right, lower left, lower right.
        routes: what moves the fade or the morph.

    Raises:
        StudioError: where there are as many as neither takes, they are of different networks, or a route leads
            elsewhere.
    """

    def __init__(self, presets: Sequence[Preset], routes: Routes = ()) -> None:
        if len(presets) not in (2, 4):
            raise StudioError(f"A fade goes between two presets and a morph among four, not {len(presets)}.")
        self._blend = Blend(presets)
        self.numbers = (FADE,) if len(presets) == 2 else MORPH
        known = [number.address for number in self.numbers]
        for route in routes:
            if route.target not in known:
                raise nothing_at(route.target, known)
        self._places = dict.fromkeys(known, 0.0)
        tempo = presets[0].section(TEMPO)
        self._matrix = Matrix([(number, 0.0) for number in self.numbers], routes, tempo=tempo)
        self._shares: Sequence[float] = ()

    @property
    def signals(self) -> frozenset[str]:
        """Names of all that must be measured."""
        return self._matrix.signals

    @property
    def tensors(self) -> frozenset[str]:
        """The tensors that may be others from one place to the next."""
        return frozenset(self._blend.tensors)

    def reset(self) -> None:
        """Begin anew."""
        self._matrix.reset()
        self._shares = ()

    def set(self, address: str, value: object) -> None:
        """Move it by hand; StudioError where there is no such number, or the value is out of range."""
        number = next((each for each in self.numbers if each.address == address), None)
        if number is None:
            raise nothing_at(address, self._places)
        self._places[address] = number.checked(value)
        self._matrix.turn(address, self._places[address])

    def at(self, time: float, measured: Measurements = NOTHING) -> Preset | None:
        """The mixture at a time in seconds; None where it is the same as before."""
        places = self._places | self._matrix.values(time, measured)
        values = [places[number.address] for number in self.numbers]
        shares = fade_shares(values[0]) if len(values) == 1 else morph_shares(*values)
        if shares == self._shares:
            return None
        self._shares = shares
        return self._blend.at(shares)
