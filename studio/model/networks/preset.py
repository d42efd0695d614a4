"""A preset as data: one way of bending one network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from studio.model.networks.network import Network
from studio.model.networks.section import BYPASSED, SOURCE, VIEW, Section
from studio.model.networks.shape import Array

T = TypeVar("T")


@dataclass(frozen=True)
class Unread:
    """A section of a file that this studio cannot use; it is kept as it is, and written again.

    Attributes:
        value: what JSON says there.
        version: the section's version.
        reason: why it is not used, to follow "The section NAME".
    """

    value: object
    version: int
    reason: str


@dataclass(frozen=True, eq=False)
class Preset:
    """One way of bending one network.

    Attributes:
        name: what the artist calls it.
        network: the network as it was trained.
        changed: the tensors that are bent, by full name.
        description: one line.
        author: who made it, or empty.
        weights_path: the network's folder; None for one that has none yet.
        sections: what it says besides, by `Section`; those at their defaults may be missing.
        unread: sections that this studio cannot use, by name.
    """

    name: str
    network: Network
    changed: Mapping[str, Array]
    description: str = ""
    author: str = ""
    weights_path: Path | None = None
    sections: Mapping[Section[Any], Any] = field(default_factory=dict)
    unread: Mapping[str, Unread] = field(default_factory=dict)

    def section(self, section: Section[T]) -> T:
        """The value of a section, its default where the preset says nothing of it."""
        found: T = self.sections.get(section, section.default)
        return found

    def with_section(self, section: Section[T], value: T) -> Preset:
        """The same preset with another value of one section."""
        return replace(self, sections={**self.sections, section: value})

    @property
    def source(self) -> str | None:
        """What it was made on, as the command line would name it ("demo")."""
        return self.section(SOURCE)

    @property
    def view_layer(self) -> str | None:
        """The layer that is shown; None for the output."""
        return self.section(VIEW)

    @property
    def bypassed(self) -> frozenset[str]:
        """The layers that hand on what they read."""
        return self.section(BYPASSED)

    @property
    def bent(self) -> Network:
        """The network with its bent tensors; StudioError where one does not fit it."""
        return self.network.with_tensors(self.changed)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person who opens it should know, a sentence each: what is kept but not used, and what is off."""
        unused = [f'The section "{name}" {unread.reason}.' for name, unread in self.unread.items()]
        said = [key.remarks(value) for key, value in self.sections.items() if key.remarks is not None]
        return (*unused, *(sentence for some in said for sentence in some))
