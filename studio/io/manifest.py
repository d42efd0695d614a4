"""The JSON file at the heart of a document: read within limits, brought up to date, checked, and written for eyes."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from studio.errors import StudioError
from studio.io.folders import open_regular
from studio.io.text import no_text
from studio.model.declared.explain import explain

Document = dict[str, Any]
Migration = Callable[[Document], Document]

LIMIT = 16 * 2**20
"""Bytes a manifest may have."""

_LONGEST_TITLE = 120
_NO_LINE = ("Cc", "Cs", "Zl", "Zp")
"""Unicode's categories of what a line of text cannot hold."""

_PORTS = {f"{port}{number}" for port in ("com", "lpt") for number in "123456789¹²³"}
_RESERVED = {"con", "conin$", "conout$", "prn", "aux", "nul", *_PORTS}
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")


def is_reserved(name: str) -> bool:
    """Whether Windows keeps a name for a device, whatever stands behind its first dot."""
    return name.split(".", 1)[0].strip().lower() in _RESERVED


def file_name(value: str) -> str:
    """The value, where it may be part of a file's name on every system; ValueError in plain words where not."""
    if not value or value.startswith(".") or not _NAME_CHARACTERS.issuperset(value):
        raise ValueError('may hold the letters a to z, digits, "_", "-" and "." only, and not begin with "."')
    if is_reserved(value):
        raise ValueError("may not be a name that Windows keeps for a device")
    return value


def title_of(text: str, otherwise: str) -> str:
    """Any text, such as a file's name, as a `Title`: one line, short enough, without what is no text.

    Args:
        text: anything.
        otherwise: the title where nothing is left.
    """
    kinds = ((unicodedata.category(character), character) for character in text)
    plain = "".join("\ufffd" if kind == "Cs" else " " if kind in _NO_LINE else character for kind, character in kinds)
    return " ".join(plain.split())[:_LONGEST_TITLE].strip() or otherwise


def _line(value: str) -> str:
    if any(unicodedata.category(character) in _NO_LINE for character in value):
        raise ValueError("must be a single line of text")
    return value


def distinct(names: list[str]) -> list[str]:
    """The names, where no two differ in nothing but capitals; ValueError in plain words where two do."""
    if len({name.lower() for name in names}) < len(names):
        raise ValueError("must name each of them once")
    return names


FileName = Annotated[str, StringConstraints(max_length=120), AfterValidator(file_name)]
"""What may be part of a file's name on every system."""

Line = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_line)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST_TITLE), AfterValidator(_line)]


class Part(BaseModel):
    """A part of a manifest: unknown keys and infinite numbers are errors."""

    # What no file holds is never checked, so what checks it is made when the first file does.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


M = TypeVar("M", bound=BaseModel)
V = TypeVar("V")


def read_manifest(path: Path, kind: str, version: int, migrations: Mapping[int, Migration]) -> Document:
    """A manifest as it would be written today.

    Args:
        path: the file.
        kind: what its "format" must be.
        version: the version written today.
        migrations: for each earlier version, what makes it the next one.

    Raises:
        StudioError: where it cannot be read, is too large, is no JSON, of another format or of a later version.
    """
    with open_regular(path) as (file, size):
        if size > LIMIT:
            raise StudioError(f"{path}: the file has {size / 2**20:.1f} MiB, but at most {LIMIT >> 20} are read.")
        data = file.read(LIMIT)
    try:
        document = json.loads(data, parse_int=_bounded_int, parse_float=_finite, parse_constant=_refused)
    except UnicodeDecodeError as error:
        raise no_text(path, error.start) from None
    except (ValueError, RecursionError) as error:
        raise StudioError(f"{path}: this is no valid JSON ({error}); mend it or fetch it anew.") from error
    if not isinstance(document, dict) or document.get("format") != kind:
        raise StudioError(f'{path}: this file does not say "format": "{kind}" and is something else.')
    found = document.get("version")
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise StudioError(f'{path}: the field "version" must be a whole number from 1 to {version}.')
    if found > version:
        raise StudioError(f"{path}: this was made by a later version of the studio; update the studio to open it.")
    return _migrated(document, found, version, migrations, path)


def _migrated(
    document: Document, found: int, version: int, migrations: Mapping[int, Migration], path: Path
) -> Document:
    for step in range(found, version):
        try:
            document = migrations[step](document) | {"version": step + 1}
        # A migration takes an older document's word for its shape; where that was wrong, the document is.
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise StudioError(f"{path}: this file of version {step} is damaged and cannot be updated.") from error
    return document


def checked(model: type[M], document: object, where: object) -> M:
    """The document as a record; StudioError, beginning with ``where``, names the first field at fault."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise StudioError(f"{where}: {explain(error)}.") from error


def checked_value(form: TypeAdapter[V], value: object, name: str, where: object) -> V:
    """One field's value; StudioError, beginning with ``where``, says what of the field of that name is wrong."""
    try:
        return form.validate_python(value)
    except ValidationError as error:
        raise StudioError(f"{where}: {explain(error, name)}.") from error


def to_json(document: Mapping[str, object]) -> bytes:
    """UTF-8 JSON with one line for every key, and for every element of a list of records."""
    lines = []
    for key, value in document.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n    ".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in value)
            text = f"[\n    {rows}\n  ]"
        else:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        lines.append(f"  {json.dumps(key)}: {text}")
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _bounded_int(digits: str) -> int:
    # Python's own integers have no end, and arithmetic on thousands of digits no good one.
    if len(digits) > 15:
        raise ValueError(f"the number {digits[:15]}… is too large")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"the number {digits[:15]} is too large")
    return value


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
