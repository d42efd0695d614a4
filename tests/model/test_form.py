"""The form that any declared record gives."""

from __future__ import annotations

from typing import Literal, get_args

import pytest

from studio.edits import registry as edits
from studio.model.declared.form import Field, Kind, fields
from studio.model.declared.param import Declared, param, seed
from studio.model.views.brush import Brush
from studio.ops import registry as ops


class Sample(Declared):
    kernel_size: int = param(3, lo=1, hi=9, unit="px", doc="Side of the kernel")
    amount: float = param(lo=0.0, doc="How much")
    mode: Literal["one", "two"] = param("two", doc="Which")
    wrap: bool = param(True, doc="Whether it wraps")
    start: int = seed("Which start")
    dy: int = param(0, label="Down", doc="How far down")
    size: tuple[int, int] | None = param(None, doc="How large")
    line: tuple[tuple[float, float], ...] = param((), doc="Where")


class Odd(Declared):
    what: dict[str, int] = param({}, doc="Nothing that a form can ask for")


def test_each_parameter_becomes_a_field() -> None:
    assert fields(Sample) == (
        Field("kernel_size", "Kernel size", "integer", 3, False, 1, 9, "px", "Side of the kernel", ()),
        Field("amount", "Amount", "number", None, True, 0.0, None, "", "How much", ()),
        Field("mode", "Mode", "choice", "two", False, None, None, "", "Which", ("one", "two")),
        Field("wrap", "Wrap", "boolean", True, False, None, None, "", "Whether it wraps", ()),
        Field("start", "Start", "seed", 0, False, 0, 2**31 - 1, "", "Which start", ()),
        Field("dy", "Down", "integer", 0, False, None, None, "", "How far down", ()),
        Field("size", "Size", "tuple", None, False, None, None, "", "How large", ()),
        Field("line", "Line", "points", (), False, None, None, "", "Where", ()),
    )


def test_what_no_form_can_ask_for_is_named() -> None:
    with pytest.raises(TypeError, match='"what"'):
        fields(Odd)


@pytest.mark.parametrize("cls", [Brush, *edits().values(), *ops().values()], ids=lambda cls: cls.__name__)
def test_every_edit_and_operator_has_a_form(cls: type[Declared]) -> None:
    found = fields(cls)
    assert [field.name for field in found] == list(cls.model_fields)
    for field in found:
        assert field.kind in get_args(Kind)
        assert bool(field.choices) == (field.kind == "choice")
        assert field.required == cls.model_fields[field.name].is_required()


def test_every_seed_is_drawn_with_a_button() -> None:
    seeds = [field for edit in edits().values() for field in fields(edit) if field.name == "seed"]
    assert len(seeds) >= 4
    assert {field.kind for field in seeds} == {"seed"}


def test_the_brush_is_all_of_paint_but_its_line() -> None:
    assert {field.name for field in fields(edits()["Paint"])} - {"points"} == {field.name for field in fields(Brush)}
