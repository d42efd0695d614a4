"""What holds for every edit there is, found by the registry and filled from its declared parameters."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from studio.edits import make_edit, registry
from studio.errors import StudioError
from studio.model.declared.form import Field, Kind, fields
from studio.model.filters.edit import Edit, Selection
from studio.model.networks.layout import kernel_grid, put, sheet_size, to_sheet

Array = NDArray[np.float32]
EDITS = pytest.mark.parametrize("edit_type", registry().values(), ids=list(registry()))

# Conv2d is OIHW, ConvTranspose2d IOHW: other counts on the same axes. Vectors are biases and norms.
sizes = st.integers(1, 4)
shapes = st.one_of(st.tuples(sizes, sizes, sizes, sizes), st.tuples(st.integers(1, 9)), st.tuples(sizes, sizes))
finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


# What an edit may refuse, besides wrong parameters: each says so in its docstring.
REFUSING = ("Clamp", "Perturb", "Reinitialise", "Transpose")


def _values(field: Field) -> st.SearchStrategy[Any]:
    if field.kind == "choice":
        return st.sampled_from(field.choices)
    if field.kind in ("integer", "seed"):
        return st.integers(int(field.lo or 0), int(field.hi or 0))
    if field.kind == "number":
        return st.floats(field.lo, field.hi)
    if field.kind == "boolean":
        return st.booleans()
    assert field.kind == "points", f"the generic test needs to learn about parameters of kind {field.kind}"
    point = st.tuples(st.floats(-4, 20), st.floats(-4, 20), st.floats(0, 1))
    return st.lists(point, min_size=1, max_size=5).map(tuple)


def edits(edit_type: type[Edit]) -> st.SearchStrategy[Edit]:
    return st.fixed_dictionaries({field.name: _values(field) for field in fields(edit_type)}).map(
        edit_type.model_validate
    )


def usual(edit_type: type[Edit], tensor: Array) -> Edit:
    """The edit as a form opens it, ready for this tensor."""
    points = {"points": [[0.5, 1.5], [5, 6]]} if "points" in edit_type.model_fields else {}
    edit = make_edit(edit_type.__name__, points)
    return edit.with_other(np.flip(tensor)) if edit.needs_other else edit


@st.composite
def cases(draw: st.DrawFn, edit_type: type[Edit]) -> tuple[Edit, Array, Selection]:
    shape = draw(shapes)
    tensor = draw(arrays(np.float32, shape, elements=finite))
    mask = draw(arrays(np.bool_, kernel_grid(shape)[:2]).filter(np.any))
    edit = draw(edits(edit_type))
    if edit.needs_other:
        edit = edit.with_other(draw(arrays(np.float32, shape, elements=finite)))
    return edit, tensor, Selection(mask)


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
        if edit_type.__name__ not in REFUSING:
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
    for field in fields(edit_type):
        assert field.doc, field.name
        assert field.kind in get_args(Kind), field.name
        if field.kind in ("number", "integer", "seed"):
            assert field.lo is not None, f"{field.name} needs both ends of its slider"
            assert field.hi is not None, f"{field.name} needs both ends of its slider"
            assert field.lo <= field.default <= field.hi
        elif field.kind == "choice":
            assert field.default in field.choices


@EDITS
@pytest.mark.parametrize("shape", [(70, 5, 16, 16), (40, 60, 6, 6), (3, 70000, 1, 1)], ids=str)
def test_a_large_tensor_is_edited_in_pieces_like_a_small_one(edit_type: type[Edit], shape: tuple[int, ...]) -> None:
    """Pieces must not show: what lies far down agrees with the same edit of one piece that is as large as all."""
    if shape[2] == 1 and edit_type.__name__ == "Perturb":
        pytest.skip("refuses kernels of 1×1")
    tensor = np.random.default_rng(4).standard_normal(shape).astype(np.float32)
    selection = Selection.random(shape, shape[0] * shape[1] // 2, seed=5) | Selection.rows(shape, [0, shape[0] - 1])
    edit = usual(edit_type, tensor)
    in_pieces = edit.apply(tensor, selection)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("studio.model.filters.edit._PIECE", tensor.size)
        whole = edit.apply(tensor, selection)
    assert whole.rect == in_pieces.rect
    assert np.allclose(whole.values, in_pieces.values, rtol=1e-6, atol=1e-6)


@EDITS
def test_edits_of_several_threads_at_once_agree(edit_type: type[Edit]) -> None:
    tensor = np.random.default_rng(6).standard_normal((64, 32, 4, 4)).astype(np.float32)
    tensor.flags.writeable = False
    edit, selection = usual(edit_type, tensor), Selection.everything(tensor.shape)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: edit.apply(tensor, selection).values, range(8)))
    assert all(np.array_equal(bits(result), bits(results[0])) for result in results)


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
    edit, selection = usual(edit_type, view), Selection.everything(view.shape)
    assert np.array_equal(edit.apply(view, selection).values, edit.apply(np.ascontiguousarray(view), selection).values)


def test_unknown_edit_lists_those_there_are() -> None:
    with pytest.raises(StudioError, match=r'no edit "Melt"; there are .* and [0-9]+ more'):
        make_edit("Melt", {})


def test_bad_value_is_told_in_plain_words() -> None:
    with pytest.raises(
        StudioError, match=r'^Gain: the field "factor" should be less than or equal to 100, not 1e\+30\.$'
    ):
        make_edit("Gain", {"factor": 1e30})


@EDITS
def test_nothing_selected_is_said(edit_type: type[Edit]) -> None:
    tensor = np.ones((2, 2, 3, 3), np.float32)
    nothing = Selection.everything(tensor.shape).invert()
    with pytest.raises(StudioError, match="No filter is selected"):
        usual(edit_type, tensor).apply(tensor, nothing)


def test_put_reaches_the_whole_sheet() -> None:
    tensor = np.zeros((2, 3, 2, 4), np.float32)
    patch = make_edit("Offset", {"amount": 1.0}).apply(tensor, Selection.everything(tensor.shape))
    put(tensor, patch.rect, patch.values)
    assert patch.values.shape == sheet_size(tensor.shape)
    assert (tensor == 1).all()
