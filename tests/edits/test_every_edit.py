"""What holds for every edit there is, found by the registry and filled from its declared parameters."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest
from annotated_types import Ge, Le
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from studio.edits import make_edit, registry
from studio.errors import StudioError
from studio.model.edit import Edit, Selection
from studio.model.layout import kernel_grid, put, sheet_size, to_sheet

Array = NDArray[np.float32]
EDITS = pytest.mark.parametrize("edit_type", registry().values(), ids=list(registry()))

# Conv2d is OIHW, ConvTranspose2d IOHW: other counts on the same axes. Vectors are biases and norms.
sizes = st.integers(1, 4)
shapes = st.one_of(st.tuples(sizes, sizes, sizes, sizes), st.tuples(st.integers(1, 9)), st.tuples(sizes, sizes))
finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


def _bound(metadata: list[Any], kind: type, missing: float) -> float:
    found: list[Any] = [m.ge if isinstance(m, Ge) else m.le for m in metadata if isinstance(m, kind)]
    return float(found[0]) if found else missing


def _values(annotation: Any, metadata: list[Any]) -> st.SearchStrategy[Any]:
    if get_origin(annotation) is Literal:
        return st.sampled_from(get_args(annotation))
    if annotation is int:
        return st.integers(int(_bound(metadata, Ge, -100)), int(_bound(metadata, Le, 100)))
    if annotation is float:
        return st.floats(_bound(metadata, Ge, -100), _bound(metadata, Le, 100))
    if annotation is bool:
        return st.booleans()
    if get_origin(annotation) is tuple:  # a line of points
        return st.lists(st.tuples(*[st.floats(-4, 20)] * 2), min_size=1, max_size=5).map(tuple)
    raise AssertionError(f"the generic test needs to learn about parameters of type {annotation}")


def edits(edit_type: type[Edit]) -> st.SearchStrategy[Edit]:
    fields = edit_type.model_fields.items()
    return st.fixed_dictionaries({name: _values(f.annotation, f.metadata) for name, f in fields}).map(
        edit_type.model_validate
    )


@st.composite
def cases(draw: st.DrawFn, edit_type: type[Edit]) -> tuple[Edit, Array, Selection]:
    shape = draw(shapes)
    tensor = draw(arrays(np.float32, shape, elements=finite))
    mask = draw(arrays(np.bool_, kernel_grid(shape)[:2]).filter(np.any))
    return draw(edits(edit_type)), tensor, Selection(mask)


def bits(array: Array) -> NDArray[np.uint32]:
    return np.ascontiguousarray(array).view(np.uint32)


@EDITS
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_contract(edit_type: type[Edit], data: st.DataObject) -> None:
    edit, tensor, selection = data.draw(cases(edit_type))
    before = tensor.copy()
    try:
        patch = edit.apply(tensor, selection)
    except StudioError:
        # Only what the edit's own parameters, or kernels that are not square, rule out.
        if edit_type.__name__ not in ("Clamp", "Transpose"):
            raise
        return
    assert np.array_equal(bits(tensor), bits(before)), "the input is untouched"
    assert patch.values.dtype == np.float32
    assert patch.values.shape == (patch.rect.height, patch.rect.width)
    assert np.isfinite(patch.values).all(), "finite weights stay finite"

    changed = patch.applied(tensor)
    assert changed.shape == tensor.shape
    assert changed.dtype == np.float32
    grid = kernel_grid(tensor.shape)
    kept = ~selection.mask
    assert np.array_equal(bits(changed).reshape(grid)[kept], bits(tensor).reshape(grid)[kept]), (
        "unselected, bit for bit"
    )

    sheet = to_sheet(tensor)
    y, x, height, width = patch.rect
    sheet[y : y + height, x : x + width] = patch.values
    assert np.array_equal(bits(to_sheet(changed)), bits(sheet)), "put does what the patch says"

    again = edit.apply(tensor, selection)
    assert again.rect == patch.rect
    assert np.array_equal(bits(again.values), bits(patch.values)), "deterministic"


@EDITS
def test_declaration_is_enough_for_a_menu_and_a_form(edit_type: type[Edit]) -> None:
    assert edit_type.label
    assert edit_type.__doc__
    for name, field in edit_type.model_fields.items():
        assert field.description, name
        if field.annotation in (int, float):
            bounds = [_bound(field.metadata, kind, math.inf) for kind in (Ge, Le)]
            assert all(math.isfinite(bound) for bound in bounds), f"{name} needs both ends of its slider"


@EDITS
def test_an_unknown_parameter_is_named(edit_type: type[Edit]) -> None:
    with pytest.raises(StudioError, match=edit_type.__name__):
        make_edit(edit_type.__name__, {"nonsense": 1})


@EDITS
def test_an_edit_survives_being_saved(edit_type: type[Edit]) -> None:
    params = {"points": [[0.5, 1.5]]} if "points" in edit_type.model_fields else {}
    edit = make_edit(edit_type.__name__, params)
    assert make_edit(edit_type.__name__, edit.model_dump(mode="json")) == edit


@EDITS
def test_a_transposed_view_is_edited_like_its_copy(edit_type: type[Edit]) -> None:
    rng = np.random.default_rng(3)
    view = rng.standard_normal((4, 3, 2, 2)).astype(np.float32).transpose(1, 0, 3, 2)
    params = {"points": [[0.5, 1.5], [5, 6]]} if "points" in edit_type.model_fields else {}
    edit, selection = make_edit(edit_type.__name__, params), Selection.everything(view.shape)
    assert np.array_equal(edit.apply(view, selection).values, edit.apply(np.ascontiguousarray(view), selection).values)


def test_unknown_edit_lists_those_there_are() -> None:
    with pytest.raises(StudioError, match='no edit "Melt"; there are Blur, Clamp'):
        make_edit("Melt", {})


def test_bad_value_is_told_in_plain_words() -> None:
    with pytest.raises(
        StudioError, match=r'^Gain: the field "factor" should be less than or equal to 100, not 1e\+30\.$'
    ):
        make_edit("Gain", {"factor": 1e30})


@EDITS
def test_nothing_selected_is_said(edit_type: type[Edit]) -> None:
    params = {"points": [[0.5, 1.5]]} if "points" in edit_type.model_fields else {}
    nothing = Selection.everything((2, 2, 3, 3)).invert()
    with pytest.raises(StudioError, match="No filter is selected"):
        make_edit(edit_type.__name__, params).apply(np.ones((2, 2, 3, 3), np.float32), nothing)


def test_put_reaches_the_whole_sheet() -> None:
    tensor = np.zeros((2, 3, 2, 4), np.float32)
    patch = make_edit("Offset", {"amount": 1.0}).apply(tensor, Selection.everything(tensor.shape))
    put(tensor, patch.rect, patch.values)
    assert patch.values.shape == sheet_size(tensor.shape)
    assert (tensor == 1).all()
