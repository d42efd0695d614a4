"""How a section of a preset is written into its file, and read from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from studio.errors import StudioError
from studio.io.manifest import checked_value
from studio.model.networks.network import Network
from studio.model.networks.section import Section

T = TypeVar("T")
Json = Any
Migration = Callable[[Json], Json]


def _fits(value: object, network: Network, where: object) -> None:
    del value, network, where


@dataclass(frozen=True, eq=False)
class SectionFile(Generic[T]):
    """One section as files hold it.

    Attributes:
        section: its key, with the name and the default.
        form: a type that pydantic can check, of what JSON holds.
        from_document: makes the value of what was checked; by default that is the value.
        to_document: the value as JSON holds it; a value at its default is not written.
        check: raises StudioError, beginning with where it stands, if the value does not fit the network.
        settle: the value as it can be used with a network, where parts of it that cannot may be set aside.
        version: the version written today.
        migrations: for each version before today's, what turns its JSON into the next one's.
        place: sections stand in files in this order, then by name.
    """

    section: Section[T]
    form: Any
    from_document: Callable[[Any], T] = lambda value: value
    to_document: Callable[[T], Json] = lambda value: value
    check: Callable[[T, Network, object], None] = _fits
    settle: Callable[[T, Network], T] = lambda value, _: value
    version: int = 1
    migrations: Mapping[int, Migration] = field(default_factory=dict)
    place: int = 100

    @cached_property
    def _checks(self) -> TypeAdapter[Any]:
        """What checks the form: made once, because pydantic takes milliseconds, and presets have a hundred sections."""
        return TypeAdapter(self.form)

    def read(self, document: Json, version: int, where: object) -> T:
        """The value that a file of this version holds.

        Raises:
            StudioError: beginning with ``where``, naming the field at fault.
        """
        for step in range(version, self.version):
            try:
                document = self.migrations[step](document)
            # A migration takes an older document's word for its shape; where that was wrong, the document is.
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                raise StudioError(
                    f'{where}: the section "{self.section.name}" of version {step} is damaged and cannot be updated.'
                ) from error
        found = checked_value(self._checks, document, self.section.name, where)
        try:
            return self.from_document(found)
        except StudioError as error:
            raise StudioError(f'{where}: the section "{self.section.name}": {error}') from error
