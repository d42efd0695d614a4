"""Rows of things that each have a number of their own, which stays theirs: stages, routes, live edits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Protocol, TypeVar

from studio.errors import StudioError

LARGEST_NUMBER = 10**9
"""So that files and addresses may hold it."""


class Numbered(Protocol):
    """Has a number, from 1 to `LARGEST_NUMBER`."""

    @property
    def id(self) -> int:
        """Which."""


T = TypeVar("T", bound=Numbered)


def free_number(taken: Iterable[int]) -> int:
    """A number for one more: the first past all others, or the smallest that is free where there is none."""
    held = set(taken)
    past = 1 + max(held, default=0)
    return past if past <= LARGEST_NUMBER else next(number for number in count(1) if number not in held)


def of_number(row: Sequence[T], number: int, what: str) -> T:
    """The one of this number; StudioError, which says what they are and which there are, where there is none."""
    for each in row:
        if each.id == number:
            return each
    there = ", ".join(str(each.id) for each in row) or "none"
    raise StudioError(f"There is no {what} {number}; there are {there}.")


def put_back(row: Sequence[T], made: T) -> tuple[T, ...]:
    """The row with this one in the place of the one that has its number."""
    return tuple(made if each.id == made.id else each for each in row)
