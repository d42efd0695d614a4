"""Lists of names, as text."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The names that stand in a text."""
    return frozenset(text.split())
