"""preset.json: its fields, their limits, and how older ones are brought up to date."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from studio.io.manifest import Document, FileName, Line, Migration, Part, Title, file_name

MANIFEST = "preset.json"
KIND = "studio-preset"
VERSION = 1

MIGRATIONS: dict[int, Migration] = {}
"""For each version before today's, what turns its preset.json into the next one's."""


def _relative(value: str) -> str:
    if "\\" in value or ":" in value or any(part in ("", ".", "..") for part in value.split("/")):
        raise ValueError('must be a relative path with forward slashes that stays below its folder ("weights/NAME")')
    return value


def _distinct(names: list[str]) -> list[str]:
    if len({name.lower() for name in names}) < len(names):
        raise ValueError("must name each of them once")
    return names


RelativePath = Annotated[Line, StringConstraints(max_length=400), AfterValidator(_relative)]
# A layer's name, a dot, a tensor's name.
TensorName = Annotated[str, StringConstraints(max_length=200), AfterValidator(file_name)]


class Weights(Part):
    """Which network a preset bends."""

    path: RelativePath
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class View(Part):
    """What the studio shows."""

    layer: FileName | None = None


class PresetFile(Part):
    """preset.json, version 1."""

    format: Literal["studio-preset"]
    version: int
    name: Title
    description: Line = ""
    author: Line = ""
    weights: Weights
    source: Line | None = None
    view: View = View()
    bypassed: Annotated[list[FileName], Field(max_length=65536, default_factory=list), AfterValidator(_distinct)]
    tensors: Annotated[list[TensorName], Field(max_length=65536), AfterValidator(_distinct)]


def to_document(file: PresetFile) -> Document:
    """The fields for JSON, without the optional ones that say nothing."""
    document = file.model_dump(mode="json")
    for key, silent in (("author", ""), ("source", None), ("view", {"layer": None}), ("bypassed", [])):
        if document[key] == silent:
            del document[key]
    return document
