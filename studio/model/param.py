"""How an operator, an edit or a bend declares its parameters: once, for validation, files and forms alike."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Declared(BaseModel):
    """A frozen record of declared parameters; an unknown name or a value out of range is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def param(
    default: Any = ...,
    *,
    lo: float | None = None,
    hi: float | None = None,
    unit: str = "",
    label: str = "",
    kind: str = "",
    doc: str,
) -> Any:
    """Declare one parameter.

    Args:
        default: the value where none is given; without it the parameter is required.
        lo: smallest value allowed, inclusive.
        hi: largest value allowed, inclusive.
        unit: what the number counts, for forms ("px", "°").
        label: what forms call it, where its name in plain words does not do.
        kind: what forms ask for it with, where its type does not say (see `studio.model.form`).
        doc: one line for tool tips and error messages.
    """
    said = {key: text for key, text in (("unit", unit), ("label", label), ("kind", kind)) if text}
    return Field(default, ge=lo, le=hi, description=doc, json_schema_extra={**said} or None)


def seed(doc: str) -> Any:
    """Declare a whole number that chooses among random outcomes; 0 where none is given."""
    return param(0, lo=0, hi=2**31 - 1, kind="seed", doc=doc)


def _as_pair(value: object) -> object:
    return (value, value) if isinstance(value, int) and not isinstance(value, bool) else value


# (height, width), as PyTorch orders it; one number means both.
PositivePair = Annotated[
    tuple[Annotated[int, Field(ge=1, le=64)], Annotated[int, Field(ge=1, le=64)]], BeforeValidator(_as_pair)
]
PaddingPair = Annotated[
    tuple[Annotated[int, Field(ge=0, le=256)], Annotated[int, Field(ge=0, le=256)]], BeforeValidator(_as_pair)
]
