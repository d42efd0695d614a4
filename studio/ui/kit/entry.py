"""What the command palette finds, and how well a few letters fit it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_START, _WORD, _INSIDE, _SCATTERED = 8.0, 6.0, 3.0, 1.0


@dataclass(frozen=True)
class Entry:
    """Something that can be chosen by a few letters.

    Attributes:
        text: what it is called.
        kind: what it is: "Layer", "Preset", "Edit".
        run: what choosing it does; it is given the words typed behind its own, where it `takes_value`.
        detail: a few words more: its keys, its shape, its range.
        icon: a Phosphor name.
        takes_value: whether a value may be typed behind it: "/bend/1/amount 0.5".
        address: of the number that it is; empty for what has none.
    """

    text: str
    kind: str
    run: Callable[[str], object]
    detail: str = ""
    icon: str = ""
    takes_value: bool = False
    address: str = ""


def plain(call: Callable[[], object]) -> Callable[[str], object]:
    """An entry's `run` that needs no value."""
    return lambda _: call()


def fit(typed: str, text: str) -> float:
    """How well letters fit a text: 0 for not at all, the more the better.

    Each word that was typed must be found: at the start of a word best, within one, or with its letters scattered in
    order. Of two texts that fit alike the shorter one is meant.
    """
    low, total = text.casefold(), 0.0
    for word in typed.casefold().split():
        if low.startswith(word):
            total += _START
        elif any(part.startswith(word) for part in _words(low)):
            total += _WORD
        elif word in low:
            total += _INSIDE
        elif len(word) > 1 and _is_scattered(word, low):
            total += _SCATTERED
        else:
            return 0.0
    return total + 1 / (1 + len(text)) if typed.strip() else 1 / (1 + len(text))


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in text).split()


def _is_scattered(letters: str, text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)
