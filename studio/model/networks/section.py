"""The sections of a preset: all that it says of a network besides its tensors, each a value under a key of its own.

What a section is called in files, and how it is written there, is declared in `studio.io.sections`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T", covariant=True)


@dataclass(frozen=True)
class SectionChanged:
    """A section of the preset has another value.

    Attributes:
        section: its name.
    """

    section: str


@dataclass(frozen=True)
class BypassChanged(SectionChanged):
    """Other layers are bypassed."""

    section: str = "bypassed"


@dataclass(frozen=True, eq=False)
class Section(Generic[T]):
    """The key of one section; its values are immutable and compared by ``==``.

    Attributes:
        name: the section's name, also its key in preset.json.
        default: the value of a preset that says nothing of it.
        told: what the document tells where the value changes; a plain `SectionChanged` where None.
        remarks: what a person who opens it should know of a value, a sentence each; None for nothing ever.
        held: bytes that the history holds for a change from one value to another; None for too few to count.
    """

    name: str
    default: T
    told: SectionChanged | None = None
    held: Callable[[Any, Any], int] | None = None
    remarks: Callable[[Any], tuple[str, ...]] | None = None

    def nbytes(self, before: object, after: object) -> int:
        """Bytes that the history holds for a change from one value to another."""
        return self.held(before, after) if self.held else 0

    @property
    def change(self) -> SectionChanged:
        """What the document tells where the value changes."""
        return self.told or SectionChanged(self.name)


SOURCE: Section[str | None] = Section("source", None)
"""What the preset was made on, as the command line would name it."""

SECOND: Section[str | None] = Section("second", None)
"""The film or picture whose maps bends of a second picture take, as the command line would name it."""

VIEW: Section[str | None] = Section("view", None)
"""The layer that is shown; None for the output."""

BYPASSED: Section[frozenset[str]] = Section("bypassed", frozenset(), BypassChanged())
"""The layers that hand on what they read."""
