"""What is heard in sound: levels of bands, onsets, beats; the same for a film's whole sound and for what comes in live.

samples --> windows of 46 ms, a new one each 12 ms --> levels of bands, and how much has come up since: the flux
flux --> onsets: where it rises above what it was;  beats: where it repeats
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.io.sound import RATE, samples
from studio.model.movement.modulator import Measurements
from studio.model.movement.tempo import Tempo
from studio.model.networks.shape import Array

PREFIX = "sound/"
BANDS = {"low": (20.0, 150.0), "low_mid": (150.0, 600.0), "high_mid": (600.0, 2500.0), "high": (2500.0, RATE / 2)}
"""In Hz."""

HOP, WINDOW = 256, 1024
STEP = HOP / RATE
"""Seconds from one measurement to the next."""

_NAMES = ("level", *BANDS)
_QUIETEST = -60.0
_RECENT = round(0.4 / STEP)
_APART = 0.09
"""Seconds within which two onsets are one."""
_LEAST = 0.006
"""A flux below this is no onset, however quiet it was before."""

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Measured:
    """One measurement.

    Attributes:
        time: seconds from the beginning to the middle of what is new in it.
        levels: of the whole and of each band, from 0 (-60 dB or less) to 1 (0 dB, a sine at full scale).
        flux: how much has come up since the measurement before, the mean over all frequencies.
        onset: whether something began.
    """

    time: float
    levels: tuple[float, ...]
    flux: float
    onset: bool


class SoundMeter:
    """Measures sound piece by piece; pieces of any size give the same measurements."""

    def __init__(self) -> None:
        self._hann = np.hanning(WINDOW + 1)[:-1]
        self._scale = 2.0 / (WINDOW * float((self._hann**2).sum()))
        frequencies = np.fft.rfftfreq(WINDOW, 1 / RATE)
        self._bands = [(frequencies >= lo) & (frequencies < hi) for lo, hi in BANDS.values()]
        self._all = np.ones_like(frequencies, bool)
        self._held = np.zeros(WINDOW, np.float64)
        self._waiting = np.zeros(0, np.float64)
        self._before: Values | None = None
        self._fluxes: list[float] = []
        self._count = 0
        self._last_onset = -1.0

    def push(self, piece: Array) -> Iterator[Measured]:
        """Take (samples,) float32 at `studio.io.sound.RATE`; the measurements that are complete with them."""
        self._waiting = np.concatenate([self._waiting, piece])
        while len(self._waiting) >= HOP:
            self._held = np.concatenate([self._held[HOP:], self._waiting[:HOP]])
            self._waiting = self._waiting[HOP:]
            yield self._measure()

    def _measure(self) -> Measured:
        time = (self._count + 0.5) * STEP
        self._count += 1
        spectrum = np.abs(np.fft.rfft(self._held * self._hann))
        power = spectrum**2 * self._scale
        levels = tuple(_level(float(power[band].sum())) for band in (self._all, *self._bands))
        loudness = np.log1p(50.0 * np.sqrt(power))
        flux = 0.0 if self._before is None else float(np.maximum(loudness - self._before, 0.0).mean())
        self._before = loudness
        recent = self._fluxes[-_RECENT:]
        threshold = max(_LEAST, 2.0 * (sum(recent) / len(recent) if recent else 0.0) + _LEAST / 2)
        onset = flux > threshold and time - self._last_onset >= _APART
        if onset:
            self._last_onset = time
        self._fluxes = [*recent, flux]
        return Measured(time, levels, flux, onset)


class SoundTrack:
    """All that is heard in a film's sound, by the time.

    Args:
        pieces: its samples, as `studio.io.sound.samples` gives them.
    """

    def __init__(self, pieces: Iterable[Array]) -> None:
        meter = SoundMeter()
        found: list[Measured] = []
        for piece in pieces:
            found += meter.push(piece)
        self._levels = [each.levels for each in found]
        self.onsets = [each.time for each in found if each.onset]
        self.beats = beats(np.array([each.flux for each in found]))

    @classmethod
    def of(cls, path: Path) -> SoundTrack:
        """The sound of a film or a sound file; StudioError where there is none or it cannot be read."""
        return cls(samples(path))

    @property
    def tempo(self) -> Tempo | None:
        """The tempo of its beats, and when a first one falls; None for sound without a beat."""
        if len(self.beats) < 4:
            return None
        numbers = np.arange(len(self.beats))
        # The line through all beats; a single one may lie beside it.
        length, start = np.polyfit(numbers, self.beats, 1)
        bpm = 60.0 / float(length)
        return Tempo(bpm=bpm, offset=float(start)) if 20.0 <= bpm <= 400.0 else None

    def at(self, time: float) -> Measurements:
        """What was heard until a time in seconds."""
        place = min(int(max(time, 0.0) / STEP), len(self._levels) - 1)
        levels = self._levels[place] if self._levels else (0.0,) * len(_NAMES)
        values = {f"{PREFIX}{name}": level for name, level in zip(_NAMES, levels, strict=True)}
        began = {}
        for name, times in (("onset", self.onsets), ("beat", self.beats)):
            if count := bisect_right(times, time):
                began[f"{PREFIX}{name}"] = times[count - 1]
        return Measurements(values, began)


def beats(flux: Values, step: float = STEP) -> list[float]:
    """When beats fall, in seconds, by dynamic programming (D. Ellis, "Beat tracking by dynamic programming", 2007).

    Args:
        flux: how much came up in each measurement.
        step: seconds from one measurement to the next.

    Returns:
        Rising times; none where nothing repeats.
    """
    if len(flux) * step < 2.0 or float(flux.max(initial=0.0)) < _LEAST:
        return []
    strength = (flux - flux.mean()) / (float(flux.std()) or 1.0)
    period = _period(strength, step)
    if period is None:
        return []
    score, last = strength.copy(), np.full(len(strength), -1)
    near, far = round(period / 2), round(2 * period)
    lags = np.arange(near, far + 1)
    penalty = -100.0 * np.log(lags / period) ** 2
    for place in range(near, len(score)):
        few = lags[: np.searchsorted(lags, place, side="right")]
        ways = score[place - few] + penalty[: len(few)]
        best = int(ways.argmax())
        if ways[best] > 0.0:
            score[place] += ways[best]
            last[place] = place - few[best]
    place = int(score[-round(period) :].argmax()) + len(score) - round(period)
    found = []
    while place >= 0:
        found.append((place + 0.5) * step)
        place = int(last[place])
    return found[::-1]


def _period(strength: Values, step: float) -> float | None:
    """Measurements between beats: where the flux is most like itself, near 120 beats a minute sooner than far off."""
    few = strength[: round(120.0 / step)]
    spectrum = np.fft.rfft(few, 2 * len(few))
    likeness = np.fft.irfft(np.abs(spectrum) ** 2)[: len(few)]
    lags = np.arange(round(60.0 / 240.0 / step), min(round(60.0 / 40.0 / step), len(few) - 2))
    if not len(lags) or likeness[0] <= 0.0:
        return None
    weight = np.exp(-0.5 * (np.log2(lags * step * 120.0 / 60.0) / 0.9) ** 2)
    weighted = likeness[lags] / likeness[0] * weight
    best = int(weighted.argmax())
    if weighted[best] < 0.1:
        return None
    lag = int(lags[best])
    # Between measurements, where a parabola through three of them is highest.
    a, b, c = likeness[lag - 1], likeness[lag], likeness[lag + 1]
    bend = a - 2 * b + c
    return lag + (float(0.5 * (a - c) / bend) if bend < 0.0 else 0.0)


def _level(power: float) -> float:
    # A sine at full scale has a mean square of one half.
    decibels = 10.0 * np.log10(max(2.0 * power, 1e-12))
    return float(min(1.0, max(0.0, 1.0 - decibels / _QUIETEST)))
