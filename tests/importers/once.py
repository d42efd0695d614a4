"""What `conftest.once` gives: of all engines on which a test runs, the first one makes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Once(Protocol):
    def __call__(self, make: Callable[[], T]) -> T: ...
