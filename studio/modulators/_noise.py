"""Random numbers that are a function of a place: the same seed and the same number give the same value."""

from __future__ import annotations

from functools import lru_cache

_MASK = (1 << 64) - 1


def uniform(seed: int, place: int, stream: int = 0) -> float:
    """A value from 0 to below 1: SplitMix64 of seed, place and stream (S. Vigna, 2015), in 53 bits."""
    x = (seed * 0x9E3779B97F4A7C15 + place * 0xBF58476D1CE4E5B9 + stream * 0x94D049BB133111EB) & _MASK
    for _ in range(2):
        x = (x + 0x9E3779B97F4A7C15) & _MASK
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
        x ^= x >> 31
    return (x >> 11) / 9007199254740992.0


@lru_cache(maxsize=1 << 14)
def swing(seed: int, place: int, stream: int = 0) -> float:
    """A value from -1 to below 1; remembered, since it is asked for in every frame until the next place comes."""
    return 2.0 * uniform(seed, place, stream) - 1.0


def smooth(seed: int, at: float, stream: int = 0) -> float:
    """Values from -1 to 1 at whole places, and a smooth way between them, with no slope at either end."""
    first = int(at // 1)
    t = at - first
    a, b = swing(seed, first, stream), swing(seed, first + 1, stream)
    return a + (b - a) * t * t * (3.0 - 2.0 * t)
