"""How an operator, an edit or a bend declares its parameters: once, for validation, files and forms alike."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self, TypeVar, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

_LARGEST = 3.4028234e38
"""Of float32, in which shaders are told numbers; whole ones have 32 bits there."""


class Declared(BaseModel):
    """A frozen record of declared parameters; an unknown name or a value out of range is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    @field_validator("*")
    @classmethod
    def _fits(cls, value: Any) -> Any:
        """Refuse what an engine would take for infinity, or for another number."""
        if isinstance(value, float) and abs(value) > _LARGEST:
            raise ValueError(f"must lie within ±{_LARGEST:.2g}, the largest number of float32")
        if isinstance(value, int) and not -(1 << 31) <= value < 1 << 31:
            raise ValueError("must be a whole number of 32 bits")
        return value


class Live(NamedTuple):
    """A number that can be turned while a network runs.

    Attributes:
        name: the parameter's name in code and files.
        lo: smallest value allowed; minus infinity where there is no limit.
        hi: largest value allowed.
        kind: float, or int or bool, whose numbers are rounded.
    """

    name: str
    lo: float
    hi: float
    kind: type


class Shaded(Declared):
    """What a shader is written for: some of its parameters are compiled into it, the live ones are told to it."""

    uncompiled: ClassVar[frozenset[str]] = frozenset()
    """Parameters that the shader needs not know, so that records differing in them alone share one program."""

    def structure(self) -> dict[str, int | float]:
        """Constants of the shader program: by default every parameter that is not live, pairs as ``_H`` and ``_W``."""
        found: dict[str, int | float] = {}
        lives = live_names(type(self))
        for name in type(self).model_fields:
            if name in self.uncompiled or name in lives:
                continue
            value = getattr(self, name)
            if isinstance(value, tuple) and len(value) == 2:
                found[f"{name.upper()}_H"], found[f"{name.upper()}_W"] = value
            elif isinstance(value, str):
                found[f"{name.upper()}_{value.upper()}"] = 1
            elif isinstance(value, (int, float)):
                found[name.upper()] = int(value) if isinstance(value, bool) else value
        return found

    def numbers(self) -> dict[str, float]:
        """Numbers that the shader is told in every frame: by default the live parameters, by their names.

        Those of one class are always the same, in the same order; what a shader would have to work out for every texel
        anew, as a sine of an angle, belongs here as well.
        """
        return {live.name.upper(): float(getattr(self, live.name)) for live in lives(type(self))}

    def live_params(self) -> tuple[Live, ...]:
        """The parameters that can be turned while a network runs."""
        return lives(type(self))

    def live_value(self, name: str) -> float:
        """The value of a live parameter."""
        return float(getattr(self, name))

    def turned(self, values: Mapping[str, float]) -> Self:
        """This with other values of live parameters, which are within their limits: nothing is checked."""
        kinds = {live.name: live.kind for live in lives(type(self))}
        return self.model_copy(update={name: _as_kind(value, kinds[name]) for name, value in values.items()})


def _as_kind(value: float, kind: type) -> float | int | bool:
    if kind is bool:
        return value >= 0.5
    return round(value) if kind is int else float(value)


@cache
def lives(cls: type[Declared]) -> tuple[Live, ...]:
    """The live parameters of a declared record, in the order of their declaration."""
    found = []
    for name, info in cls.model_fields.items():
        said = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        if not said.get("live"):
            continue
        lo = next((float(rule.ge) for rule in info.metadata if isinstance(rule, Ge)), -_LARGEST)  # type: ignore[arg-type]
        hi = next((float(rule.le) for rule in info.metadata if isinstance(rule, Le)), _LARGEST)  # type: ignore[arg-type]
        if info.annotation is bool:
            lo, hi = 0.0, 1.0
        kinds: dict[object, type] = {float: float, int: int, bool: bool}
        found.append(Live(name, lo, hi, kinds[info.annotation]))
    return tuple(found)


@cache
def live_names(cls: type[Declared]) -> frozenset[str]:
    """Their names alone."""
    return frozenset(live.name for live in lives(cls))


Choices = tuple[Any, ...]
D = TypeVar("D", bound=Declared)


@cache
def turnables(cls: type[Declared]) -> Mapping[str, type | Choices]:
    """The parameters that can be turned as a number, live or not, by their names.

    Returns:
        The kind of each, in the order of their declaration: float, int (seeds among them) or bool; of a choice, what
        there is to choose from.
    """
    found: dict[str, type | Choices] = {}
    for name, info in cls.model_fields.items():
        hint: Any = info.annotation
        choices = get_args(hint) if get_origin(hint) is Literal else ()
        if hint in (float, int, bool):
            found[name] = hint
        elif len(choices) > 1:
            found[name] = choices
    return found


def number_in(record: Declared, name: str) -> float:
    """A parameter out of `turnables` as a number: of words to choose from, the place among them."""
    kind, value = turnables(type(record))[name], getattr(record, name)
    return float(kind.index(value) if isinstance(kind, tuple) and isinstance(value, str) else value)


def with_number(record: D, name: str, value: float) -> D:
    """The record with another number for one of its `turnables`, which is within its range: nothing is checked."""
    kind = turnables(type(record))[name]
    if not isinstance(kind, tuple):
        held = _as_kind(value, kind)
    elif isinstance(kind[0], str):
        held = kind[min(max(round(value), 0), len(kind) - 1)]
    else:
        held = min(kind, key=lambda choice: abs(choice - value))
    return record.model_copy(update={name: held})


def param(
    default: Any = ...,
    *,
    lo: float | None = None,
    hi: float | None = None,
    unit: str = "",
    label: str = "",
    kind: str = "",
    live: bool = False,
    safe: tuple[float, float] | None = None,
    drawn: tuple[float, float] | None = None,
    in_deviations: bool = False,
    doc: str,
) -> Any:
    """Declare one parameter.

    Args:
        default: the value where none is given; without it the parameter is required.
        lo: smallest value allowed, inclusive.
        hi: largest value allowed, inclusive.
        unit: what the number counts, for forms ("px", "°").
        label: what forms call it, where its name in plain words does not do.
        kind: what forms ask for it with, where its type does not say (see `studio.model.declared.form`).
        live: whether it is a number that can be turned while a network runs, without a shader being compiled.
        safe: smallest and largest value within which pictures mostly stay pictures; sliders mark it.
        drawn: smallest and largest value that chance draws, where that is neither ``safe`` nor near the default.
        in_deviations: whether ``drawn`` counts standard deviations of the weights that an edit is given.
        doc: one line for tool tips and error messages.
    """
    said: dict[str, Any] = {key: text for key, text in (("unit", unit), ("label", label), ("kind", kind)) if text}
    if live:
        said["live"] = True
    if safe is not None:
        said["safe"] = list(safe)
    if drawn is not None:
        said["drawn"], said["in_deviations"] = list(drawn), in_deviations
    return Field(default, ge=lo, le=hi, description=doc, json_schema_extra=said or None)


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
