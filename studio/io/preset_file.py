"""preset.json: its fields, its sections, their limits, and how older ones are brought up to date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, StringConstraints

from studio.errors import StudioError
from studio.io.manifest import (
    Document,
    Line,
    Migration,
    Part,
    Title,
    checked,
    distinct,
    file_name,
    read_manifest,
    to_json,
)
from studio.io.sections import registry
from studio.model.networks.network import Network
from studio.model.networks.preset import Unread
from studio.model.networks.section import Section

T = TypeVar("T")

MANIFEST = "preset.json"
KIND = "studio-preset"
VERSION = 1

MIGRATIONS: dict[int, Migration] = {}
"""For each version before today's, what turns its preset.json into the next one's."""


def _relative(value: str) -> str:
    if "\\" in value or ":" in value or any(part in ("", ".", "..") for part in value.split("/")):
        raise ValueError('must be a relative path with forward slashes that stays below its folder ("weights/NAME")')
    return value


RelativePath = Annotated[Line, StringConstraints(max_length=400), AfterValidator(_relative)]
# A layer's name, a dot, a tensor's name.
TensorName = Annotated[str, StringConstraints(max_length=200), AfterValidator(file_name)]


class Weights(Part):
    """Which network a preset bends."""

    path: RelativePath
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Core(Part):
    """preset.json, version 1, but for its sections.

    ``versions`` names the version of each section that is not in its first.
    """

    format: Literal["studio-preset"]
    version: int
    name: Title
    description: Line = ""
    author: Line = ""
    weights: Weights
    tensors: Annotated[list[TensorName], Field(max_length=65536), AfterValidator(distinct)]
    versions: Annotated[dict[Line, Annotated[int, Field(ge=1, strict=True)]], Field(default_factory=dict)]


@dataclass(frozen=True, eq=False)
class PresetFile:
    """A whole preset.json.

    Attributes:
        core: what every preset has.
        sections: the values of its sections.
        unread: sections that this studio does not know, or not in that version; written again as they are.
    """

    core: Core
    sections: Mapping[Section[Any], Any]
    unread: Mapping[str, Unread]

    def check(self, network: Network, where: object) -> None:
        """Raise StudioError, beginning with ``where``, if a section does not fit the network."""
        known = registry()
        for section, value in self.sections.items():
            known[section.name].check(value, network, where)

    def settled(self, network: Network) -> PresetFile:
        """The same preset as it can be used with a network: what does not fit may be set aside, see `SectionFile`."""
        known = registry()
        sections = {key: known[key.name].settle(value, network) for key, value in self.sections.items()}
        return replace(self, sections=sections)

    def renamed(self, name: str) -> PresetFile:
        """The same preset under another name, which must be a `Title`."""
        return replace(self, core=self.core.model_copy(update={"name": name}))

    def to_json(self) -> bytes:
        """The file's bytes, without the optional fields that say nothing."""
        core = self.core.model_dump(mode="json", exclude={"tensors", "versions"})
        if not core["author"]:
            del core["author"]
        written, versions = sections_to_json(self.sections, self.unread)
        last: Document = {"tensors": self.core.tensors} | ({"versions": versions} if versions else {})
        return to_json(core | written | last)


def read_preset_file(
    file: Path, migrations: Mapping[int, Migration] = MIGRATIONS, version: int = VERSION
) -> PresetFile:
    """A preset.json, brought up to date and checked.

    Raises:
        StudioError: naming the file and the field at fault.
    """
    return preset_file(read_manifest(file, KIND, version, migrations), file)


def preset_file(document: Document, where: object) -> PresetFile:
    """What a preset.json's fields say; StudioError, beginning with ``where``, names the field at fault."""
    core = checked(Core, {key: value for key, value in document.items() if key in Core.model_fields}, where)
    rest = {key: value for key, value in document.items() if key not in Core.model_fields}
    return PresetFile(core, *sections_from_json(rest, core.versions, where))


def sections_from_json(
    document: Document, versions: Mapping[str, int], where: object
) -> tuple[dict[Section[Any], Any], dict[str, Unread]]:
    """The sections of a document by key, and those that cannot be used.

    Raises:
        StudioError: beginning with ``where``, naming the section's field at fault.
    """
    known = registry()
    sections: dict[Section[Any], Any] = {}
    unread: dict[str, Unread] = {}
    for name, value in document.items():
        version = versions.get(name, 1)
        if name not in known:
            unread[name] = Unread(value, version, "is not known to this studio, which keeps it without using it")
        elif version > known[name].version:
            unread[name] = Unread(value, version, "is of a later version of the studio; it is kept without being used")
        else:
            sections[known[name].section] = known[name].read(value, version, where)
    return sections, unread


def sections_to_json(
    sections: Mapping[Section[Any], Any], unread: Mapping[str, Unread]
) -> tuple[Document, dict[str, int]]:
    """Sections as a document holds them, those at their defaults left out, and the versions past the first."""
    document: Document = {}
    versions: dict[str, int] = {}
    values = {section.name: value for section, value in sections.items()}
    assert values.keys() <= registry().keys(), "a module of studio.sections declares each section that is used"
    for name, known in registry().items():
        if values.get(name, known.section.default) != known.section.default:
            document[name], versions[name] = known.to_document(values[name]), known.version
    for name, kept in unread.items():
        if name not in document:
            document[name], versions[name] = kept.value, kept.version
    return document, {name: version for name, version in versions.items() if version > 1}


def section_to_json(section: Section[T], value: T) -> tuple[Any, int]:
    """One section's value as a document holds it, None for the default; and the version of that form."""
    known = registry()[section.name]
    return None if value == section.default else known.to_document(value), known.version


def section_from_json(name: str, document: Any, version: int, network: Network) -> tuple[Section[Any], Any]:
    """A section and its value, as `section_to_json` gave them.

    Raises:
        StudioError: where there is no such section, or its value is wrong or does not fit the network.
    """
    known = registry().get(name)
    if known is None:
        raise StudioError(f'There is no section "{name}"; a plug-in may be missing.')
    if version > known.version:
        raise StudioError(f'The section "{name}" was made by a later version of the studio; update the studio.')
    if document is None:
        return known.section, known.section.default
    value = known.read(document, version, f'The section "{name}"')
    known.check(value, network, f'The section "{name}"')
    return known.section, value
