"""The form of any declared record, without a toolkit: what to ask for, with which limits, in which words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from studio.model.declared.param import Declared

Kind = Literal["number", "integer", "choice", "boolean", "seed", "points", "tuple", "text"]


@dataclass(frozen=True)
class Field:
    """One parameter as a form shows it.

    Attributes:
        name: the parameter's name in code and files.
        label: its name in plain words ("Kernel size").
        kind: what to ask for it with: a number, a whole number, one of ``choices``, a tick, a seed (a whole number
            with a button that draws another), a line drawn on the sheet, a tuple of numbers, or a line of text.
        default: its value where none is given; None where it is ``required``.
        required: whether there is no default.
        lo: smallest value allowed, where there is one.
        hi: largest value allowed, where there is one.
        unit: what the number counts; may be empty.
        doc: one line for the tool tip.
        choices: what there is to choose from, for "choice" alone.
        safe: smallest and largest value within which pictures mostly stay pictures, where that is known.
        live: whether it is a number that can be turned while a network runs.
        drawn: smallest and largest value that chance draws; None where nothing is declared.
        in_deviations: whether ``drawn`` counts standard deviations of the weights that are edited.
    """

    name: str
    label: str
    kind: Kind
    default: Any
    required: bool
    lo: float | None
    hi: float | None
    unit: str
    doc: str
    choices: tuple[Any, ...]
    safe: tuple[float, float] | None = None
    live: bool = False
    drawn: tuple[float, float] | None = None
    in_deviations: bool = False


@cache
def fields(cls: type[Declared]) -> tuple[Field, ...]:
    """Every parameter of a declared record, in the order of its declaration.

    Raises:
        TypeError: for a parameter of a type that no form can ask for.
    """
    return tuple(_field(name, info) for name, info in cls.model_fields.items())


@cache
def field_of(cls: type[Declared], name: str) -> Field:
    """One parameter of a declared record; TypeError where no form can ask for it."""
    return _field(name, cls.model_fields[name])


def _field(name: str, info: FieldInfo) -> Field:
    said = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    required, annotation = info.is_required(), _without_none(info.annotation)
    return Field(
        name=name,
        label=str(said.get("label") or name.replace("_", " ").capitalize()),
        kind=cast(Kind, said["kind"]) if "kind" in said else _kind(name, annotation),
        default=None if required else info.default,
        required=required,
        lo=_limit(next((rule.ge for rule in info.metadata if isinstance(rule, Ge)), None)),
        hi=_limit(next((rule.le for rule in info.metadata if isinstance(rule, Le)), None)),
        unit=str(said.get("unit", "")),
        doc=info.description or "",
        choices=get_args(annotation) if get_origin(annotation) is Literal else (),
        safe=_pair(said.get("safe")),
        live=bool(said.get("live")),
        drawn=_pair(said.get("drawn")),
        in_deviations=bool(said.get("in_deviations")),
    )


def _kind(name: str, annotation: Any) -> Kind:
    if get_origin(annotation) is Literal:
        return "choice"
    if get_origin(annotation) is tuple:
        return "points" if Ellipsis in get_args(annotation) else "tuple"
    kinds: dict[Any, Kind] = {bool: "boolean", int: "integer", float: "number", str: "text"}
    if annotation not in kinds:
        raise TypeError(f'no form can ask for "{name}", which is of type {annotation}')
    return kinds[annotation]


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, UnionType):
        left = [kind for kind in get_args(annotation) if kind is not NoneType]
        return left[0] if len(left) == 1 else annotation
    return annotation


def _limit(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) else None


def _pair(value: Any) -> tuple[float, float] | None:
    return (float(value[0]), float(value[1])) if isinstance(value, list) else None
