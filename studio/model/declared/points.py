"""Tuples of numbers in one line of text: ``1/0/0.5``, ``0:-1/2:1:hold``; for the command line and for forms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from studio.errors import StudioError


def points_of(text: str, name: str = "The line") -> tuple[Any, ...]:
    """Values between slashes; where one has parts, between colons, each is a tuple of two numbers and words.

    Args:
        text: ``1/0/0.5`` or ``0:-1/2:1:in_and_out``.
        name: what the error calls it.

    Raises:
        StudioError: where a number is none.
    """
    rows = [row.strip().split(":") for row in text.split("/")]
    if all(len(row) == 1 for row in rows):
        return tuple(_number(name, row[0]) for row in rows)
    return tuple((*(_number(name, each) for each in row[:2]), *(_spaced(word) for word in row[2:])) for row in rows)


def points_text(points: Iterable[Any]) -> str:
    """The text from which `points_of` makes these."""
    return "/".join(":".join(map(_word, each)) if isinstance(each, tuple) else _word(each) for each in points)


def _word(value: object) -> str:
    # Shortest text that is read as the same number.
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value).replace(" ", "_")


def _spaced(word: str) -> str:
    return word.strip().replace("_", " ")


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise StudioError(f"{name} takes a number, not {text!r}.") from None
