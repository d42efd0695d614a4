"""Validation errors of pydantic as one plain sentence about the first field at fault."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from studio.errors import StudioError

_LONGEST = 80

M = TypeVar("M", bound=BaseModel)


def validated(kind: type[M], params: Mapping[str, Any], name: str = "") -> M:
    """One of this kind with these parameters.

    Args:
        kind: what is made.
        params: by field; those that are left out have their defaults.
        name: what people call it, where that is not the name of its class.

    Raises:
        StudioError: naming the parameter at fault.
    """
    try:
        return kind.model_validate(dict(params))
    except ValidationError as error:
        raise StudioError(f"{name or kind.__name__}: {explain(error, known=kind.model_fields)}.") from error


def explain(error: ValidationError, within: str = "", known: Iterable[str] = ()) -> str:
    """What is wrong with the first offending field, without a full stop: ``the field "inputs[0].name" is missing``.

    Args:
        error: of one value or record.
        within: the field that holds the value; empty for a whole file.
        known: the fields that there are, to be listed where one does not belong there.
    """
    first = error.errors(include_url=False)[0]
    field = _field((within, *first["loc"]) if within else first["loc"])
    if first["type"] == "missing":
        return f"{field} is missing"
    if first["type"] == "extra_forbidden":
        there = ", ".join(known)
        return f"{field} is not one that belongs there" + (f"; known: {there}" if there else "")
    message = first["msg"].removeprefix("Value error, ").replace(" after validation", "")
    # "Input should be ...", "String should have ...": the field is the subject here.
    message = re.sub(r"^\w+ should\b", "should", message)
    if not message.startswith(("should", "must", "may")):
        message = f"is wrong: {message[:1].lower()}{message[1:]}"
    # Of what is too long or too short, the message gives the length.
    value = "" if first["type"] in ("too_long", "too_short") else f", not {_shortened(reprlib.repr(first['input']))}"
    return f"{field} {message}{value}"


def _field(place: tuple[int | str, ...]) -> str:
    """("layers", 3, "op") as ``the field "layers[3].op"``; what a file calls its keys may be long or unprintable."""
    name = ""
    for step in place:
        name += f"[{step}]" if isinstance(step, int) else f".{repr(step)[1:-1]}"
    name = name.lstrip(".")
    return f'the field "{_shortened(name)}"' if name else "it"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
