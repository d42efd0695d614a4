"""What each edit does, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from studio.edits import make_edit
from studio.errors import StudioError
from studio.model.filters.edit import Selection

Array = NDArray[np.float32]
sides = st.integers(1, 5)
weights = st.floats(-4, 4, width=32)
squares = sides.flatmap(lambda side: arrays(np.float32, (2, 3, side, side), elements=weights))
oblongs = st.tuples(sides, sides).flatmap(lambda size: arrays(np.float32, (2, 3, *size), elements=weights))


def run(tensor: Array, name: str, selection: Selection | None = None, **params: object) -> Array:
    edit = make_edit(name, params)
    return edit.apply(tensor, selection or Selection.everything(tensor.shape)).applied(tensor)


def identical(a: Array, b: Array) -> bool:
    return np.array_equal(a.view(np.uint32), b.view(np.uint32))


@given(oblongs, st.sampled_from(["horizontal", "vertical", "both"]))
def test_flip_twice_is_nothing(tensor: Array, axis: str) -> None:
    assert identical(run(run(tensor, "Flip", axis=axis), "Flip", axis=axis), tensor)


def test_flip_mirrors_within_each_kernel() -> None:
    tensor = np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2)
    assert run(tensor, "Flip").ravel().tolist() == [1, 0, 3, 2, 5, 4, 7, 6]
    assert run(tensor, "Flip", axis="vertical").ravel().tolist() == [2, 3, 0, 1, 6, 7, 4, 5]
    assert run(tensor, "Flip", axis="both").ravel().tolist() == [3, 2, 1, 0, 7, 6, 5, 4]


@given(squares)
def test_transpose_twice_is_nothing(tensor: Array) -> None:
    once = run(tensor, "Transpose")
    assert identical(once, np.ascontiguousarray(tensor.transpose(0, 1, 3, 2)))
    assert identical(run(once, "Transpose"), tensor)


def test_transpose_refuses_oblong_kernels() -> None:
    with pytest.raises(StudioError, match="Kernels of 2×3 cannot be transposed"):
        run(np.ones((1, 1, 2, 3), np.float32), "Transpose")


@given(oblongs)
def test_negate_twice_is_nothing(tensor: Array) -> None:
    assert identical(run(run(tensor, "Negate"), "Negate"), tensor)


@given(squares, st.sampled_from([90.0, -90.0, 270.0]))
def test_four_quarter_turns_are_nothing(tensor: Array, degrees: float) -> None:
    turned = tensor
    for _ in range(4):
        turned = run(turned, "Rotate", degrees=degrees)
    assert identical(turned, tensor)


@given(oblongs)
def test_half_turn_is_both_flips(tensor: Array) -> None:
    assert identical(run(tensor, "Rotate", degrees=180.0), run(tensor, "Flip", axis="both"))
    assert identical(run(tensor, "Rotate", degrees=0.0), tensor)


@given(squares)
@settings(max_examples=25)
def test_interpolated_turns_meet_the_exact_ones(tensor: Array) -> None:
    almost, exact = run(tensor, "Rotate", degrees=90.0 + 1e-6), run(tensor, "Rotate", degrees=90.0)
    assert np.allclose(almost, exact, atol=1e-4)


def test_rotate_goes_counter_clockwise_and_keeps_the_centre() -> None:
    tensor = np.zeros((1, 1, 3, 3), np.float32)
    tensor[0, 0, 0, 1] = 1  # up
    assert run(tensor, "Rotate")[0, 0, 1, 0] == 1  # left
    tensor[0, 0, 1, 1] = 5
    assert run(tensor, "Rotate", degrees=33.0)[0, 0, 1, 1] == pytest.approx(5)
    # A quarter turn of an oblong kernel has no exact form: what leaves it is lost.
    row = np.array([1, 2, 3], np.float32).reshape(1, 1, 1, 3)
    assert run(row, "Rotate").ravel() == pytest.approx([0, 2, 0], abs=1e-6)


@given(oblongs, st.integers(-8, 8), st.integers(-8, 8))
def test_wrapped_shift_comes_back(tensor: Array, dy: int, dx: int) -> None:
    assert identical(run(run(tensor, "Shift", dy=dy, dx=dx), "Shift", dy=-dy, dx=-dx), tensor)


@pytest.mark.parametrize(
    ("dy", "dx", "expected"),
    [(0, 1, [0, 1, 0, 3]), (0, -1, [2, 0, 4, 0]), (1, 0, [0, 0, 1, 2]), (-1, 1, [0, 3, 0, 0]), (0, 5, [0, 0, 0, 0])],
)
def test_shift_fills_with_zeros(dy: int, dx: int, expected: list[float]) -> None:
    tensor = np.array([1, 2, 3, 4], np.float32).reshape(1, 1, 2, 2)
    assert run(tensor, "Shift", dy=dy, dx=dx, border="zero").ravel().tolist() == expected


def test_gain_offset_threshold_and_clamp() -> None:
    bias = np.array([-2, -0.25, 0, 0.25, 2], np.float32)
    assert run(bias, "Gain", factor=-3.0).tolist() == [6, 0.75, 0, -0.75, -6]
    assert run(bias, "Offset", amount=0.5).tolist() == [-1.5, 0.25, 0.5, 0.75, 2.5]
    assert run(bias, "Threshold", level=0.5).tolist() == [-2, 0, 0, 0, 2]
    assert run(bias, "Threshold", level=0.25).tolist() == bias.tolist()
    assert run(bias, "Clamp", low=-1.0, high=0.125).tolist() == [-1, -0.25, 0, 0.125, 0.125]
    with pytest.raises(StudioError, match=r"Nothing lies between 1 and 0"):
        run(bias, "Clamp", low=1.0, high=0.0)


def test_gain_saturates() -> None:
    assert run(np.array([3e38, -3e38], np.float32), "Gain", factor=100.0).tolist() == [
        float(np.finfo(np.float32).max),
        -float(np.finfo(np.float32).max),
    ]


def test_gain_of_one_keeps_every_bit() -> None:
    odd = np.array([-0.0, 1e-45, -1e-40, 3.4e38], np.float32)
    assert identical(run(odd, "Gain", factor=1.0), odd)


@given(oblongs, st.floats(0.01, 10))
def test_normalise(tensor: Array, norm: float) -> None:
    before = np.linalg.norm(tensor.astype(np.float64), axis=(2, 3))
    after = np.linalg.norm(run(tensor, "Normalise", norm=norm).astype(np.float64), axis=(2, 3))
    assert np.allclose(after[before > 0], norm, rtol=1e-5)
    assert (after[before == 0] == 0).all()


@given(oblongs, st.integers(2, 16))
def test_quantise_leaves_few_values_near_the_old(tensor: Array, levels: int) -> None:
    result = run(tensor, "Quantise", levels=levels)
    assert len(np.unique(result)) <= levels
    peak = float(np.abs(tensor).max())
    assert np.abs(result - tensor).max() <= peak / (levels - 1) * (1 + 1e-5) + 1e-44
    assert np.abs(result).max() <= peak * (1 + 1e-6)


@given(oblongs, st.sampled_from(["Swap", "Shuffle"]), st.sampled_from(["rows", "columns", "all"]), st.data())
def test_whole_kernels_change_places_within_their_line(
    tensor: Array, name: str, within: str, data: st.DataObject
) -> None:
    mask = data.draw(arrays(np.bool_, (2, 3)).filter(np.any))
    number = {"by": data.draw(st.integers(-5, 5))} if name == "Swap" else {"seed": data.draw(st.integers(0, 99))}
    result = run(tensor, name, Selection(mask), within=within, **number)
    lines: list[Any] = {
        "rows": [(row, slice(None)) for row in range(2)],
        "columns": [(slice(None), column) for column in range(3)],
        "all": [(slice(None), slice(None))],
    }[within]
    for line in lines:
        old, new = ([k.tobytes() for k in t[line].reshape(-1, *t.shape[2:])] for t in (tensor, result))
        assert sorted(old) == sorted(new)


def test_swap_by_one_and_back() -> None:
    tensor = np.arange(6, dtype=np.float32).reshape(2, 3, 1, 1)
    assert run(tensor, "Swap").ravel().tolist() == [2, 0, 1, 5, 3, 4]
    assert run(tensor, "Swap", within="columns").ravel().tolist() == [3, 4, 5, 0, 1, 2]
    assert run(tensor, "Swap", within="all").ravel().tolist() == [5, 0, 1, 2, 3, 4]
    only = Selection(np.array([[True, False, True], [False, False, False]]))
    assert run(tensor, "Swap", only).ravel().tolist() == [2, 1, 0, 3, 4, 5]
    assert identical(run(run(tensor, "Swap", by=2), "Swap", by=-2), tensor)


def test_shuffles_differ_by_seed() -> None:
    tensor = np.arange(64, dtype=np.float32).reshape(1, 64, 1, 1)
    a, b = (run(tensor, "Shuffle", seed=seed) for seed in (1, 2))
    assert not np.array_equal(a, b)
    assert not np.array_equal(a, tensor)


@pytest.mark.parametrize("within", ["rows", "columns"])
def test_shuffled_together_whole_channels_change_places(within: str) -> None:
    tensor = np.arange(12 * 12, dtype=np.float32).reshape(12, 12, 1, 1)
    together = run(tensor, "Shuffle", within=within, together=True, seed=3)[:, :, 0, 0]
    apart = run(tensor, "Shuffle", within=within, seed=3)[:, :, 0, 0]
    lines, mixed = (together.T, apart.T) if within == "rows" else (together, apart)
    whole = {tuple(line) for line in (tensor[:, :, 0, 0].T if within == "rows" else tensor[:, :, 0, 0])}
    assert {tuple(line) for line in lines} == whole
    assert not np.array_equal(together, tensor[:, :, 0, 0])
    assert {tuple(line) for line in mixed} != whole


@given(oblongs, st.floats(0, 1))
def test_mix_lies_between_and_its_ends_are_exact(tensor: Array, amount: float) -> None:
    other = np.random.default_rng(1).standard_normal(tensor.shape).astype(np.float32)
    other.flat[0] = -0.0
    everything = Selection.everything(tensor.shape)

    def mixed(share: float) -> Array:
        return make_edit("Mix", {"amount": share}).with_other(other).apply(tensor, everything).applied(tensor)

    assert identical(mixed(0.0), tensor)
    assert identical(mixed(1.0), other)
    assert np.allclose(mixed(amount), tensor + amount * (other - tensor), atol=1e-5)


def test_mix_takes_the_other_from_where_the_selection_is() -> None:
    tensor, other = np.zeros((3, 3, 1, 2), np.float32), np.arange(18, dtype=np.float32).reshape(3, 3, 1, 2)
    selection = Selection.kernels(tensor.shape, [(1, 2), (2, 1)])
    mixed = make_edit("Mix", {"amount": 1.0}).with_other(other).apply(tensor, selection).applied(tensor)
    assert np.array_equal(mixed, np.where(selection.mask[:, :, None, None], other, 0))


def test_mix_says_what_it_lacks() -> None:
    bias, everything = np.zeros(4, np.float32), Selection.everything((4,))
    mix = make_edit("Mix", {})
    with pytest.raises(StudioError, match="Mix needs a second tensor"):
        mix.apply(bias, everything)
    with pytest.raises(StudioError, match="two tensors of one shape, not 2×2 and 4"):
        mix.with_other(np.zeros((2, 2), np.float32)).apply(bias, everything)
    with pytest.raises(ValueError, match="Gain takes no other"):
        make_edit("Gain", {}).with_other(bias)
    # The edit that was asked is as it was, and edits with arrays can be compared.
    assert mix == make_edit("Mix", {})
    assert mix.with_other(bias) != mix.with_other(bias.copy())


@pytest.mark.parametrize("scheme", ["kaiming_uniform", "kaiming_normal", "xavier_uniform", "xavier_normal"])
@pytest.mark.parametrize("shape", [(48, 32, 4, 4), (200, 100)])
def test_reinitialised_like_torch(scheme: str, shape: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    wanted = torch.empty(shape)
    if scheme.startswith("kaiming"):
        getattr(torch.nn.init, f"{scheme}_")(wanted, nonlinearity="relu")
    else:
        getattr(torch.nn.init, f"{scheme}_")(wanted)
    got = run(np.full(shape, 9, np.float32), "Reinitialise", scheme=scheme, seed=2)
    assert got.std() == pytest.approx(float(wanted.std()), rel=0.02)
    assert abs(got.mean()) < 0.02 * got.std() * 4
    if scheme.endswith("uniform"):
        assert np.abs(got).max() == pytest.approx(float(wanted.abs().max()), rel=0.01)
    else:
        assert np.abs(got).max() > 3 * got.std()
    assert identical(run(got * 0, "Reinitialise", scheme=scheme, seed=2), got)
    assert not np.array_equal(run(got, "Reinitialise", scheme=scheme, seed=3), got)
    assert np.allclose(run(got, "Reinitialise", scheme=scheme, seed=2, gain=3.0), 3 * got, rtol=1e-6)


def test_a_vector_cannot_be_reinitialised() -> None:
    with pytest.raises(StudioError, match="A vector has no fan"):
        run(np.ones(3, np.float32), "Reinitialise")


def test_perturb_follows_each_kernel() -> None:
    tensor = np.random.default_rng(0).standard_normal((1, 3, 40, 40)).astype(np.float32)
    tensor *= np.array([1, 0.01, 0], np.float32)[:, None, None]
    added = run(tensor, "Perturb", amount=0.5, seed=1) - tensor
    assert added[0, 0].std() == pytest.approx(0.5, rel=0.05)
    assert added[0, 1].std() == pytest.approx(0.005, rel=0.05)
    assert (added[0, 2] == 0).all()
    assert not np.array_equal(run(tensor, "Perturb", amount=0.5, seed=2) - tensor, added)
    with pytest.raises(StudioError, match="use Noise instead"):
        run(np.ones(3, np.float32), "Perturb")


def test_scale_resizes_about_the_centre() -> None:
    line = np.array([0, 0, 1, 0, 0], np.float32).reshape(1, 1, 1, 5)
    assert run(line, "Scale", factor=2.0).ravel().tolist() == [0, 0.5, 1, 0.5, 0]
    bar = np.array([1, 2, 3, 4, 5], np.float32).reshape(1, 1, 1, 5)
    assert run(bar, "Scale", factor=0.5).ravel().tolist() == [0, 1, 3, 5, 0]
    even = np.array([1, 2, 2, 1], np.float32).reshape(1, 1, 4, 1)
    assert run(even, "Scale", factor=1.5).ravel() == pytest.approx([1.5, 2, 2, 1.5])


@given(oblongs)
def test_scale_by_one_keeps_every_bit(tensor: Array) -> None:
    assert identical(run(tensor, "Scale", factor=1.0), tensor)


@given(squares, st.floats(0.1, 10))
@settings(max_examples=25)
def test_scale_knows_no_direction(tensor: Array, factor: float) -> None:
    turned = run(run(tensor, "Rotate", degrees=90.0), "Scale", factor=factor)
    assert np.allclose(turned, run(run(tensor, "Scale", factor=factor), "Rotate", degrees=90.0), atol=1e-5)


@pytest.mark.parametrize("name", ["Blur", "Scale", "Rotate"])
def test_large_kernels_are_treated_like_small_ones(name: str) -> None:
    """A small kernel in the midst of a large one: both ways of computing agree away from the border."""
    params: dict[str, object] = {"degrees": 30.0} if name == "Rotate" else {"sigma": 0.3} if name == "Blur" else {}
    small, large = np.zeros((1, 1, 7, 7), np.float32), np.zeros((1, 1, 15, 15), np.float32)
    small[0, 0, 2:5, 2:5] = large[0, 0, 6:9, 6:9] = np.random.default_rng(2).standard_normal((3, 3))
    assert np.allclose(run(small, name, **params), run(large, name, **params)[:, :, 4:11, 4:11], atol=1e-6)


def test_noise_is_in_proportion_and_follows_its_seed() -> None:
    tensor = np.random.default_rng(0).normal(0, 0.02, (16, 16, 4, 4)).astype(np.float32)
    added = run(tensor, "Noise", amount=0.5, seed=1) - tensor
    assert added.std() == pytest.approx(0.01, rel=0.05)
    assert not np.array_equal(run(tensor, "Noise", amount=0.5, seed=2) - tensor, added)
    assert identical(run(tensor, "Noise", amount=0.0), tensor)


@given(st.floats(-2, 2, width=32), st.tuples(sides, sides), st.floats(0.1, 16))
def test_blur_keeps_flat_kernels_flat(value: float, size: tuple[int, int], sigma: float) -> None:
    tensor = np.full((1, 2, *size), value, np.float32)
    for name in ("Blur", "Sharpen"):
        assert np.allclose(run(tensor, name, sigma=sigma), tensor, atol=1e-6)


def test_blur_smooths_and_sharpen_exaggerates() -> None:
    tensor = np.zeros((1, 1, 5, 5), np.float32)
    tensor[0, 0, 2, 2] = 1
    blurred, sharp = run(tensor, "Blur"), run(tensor, "Sharpen")
    assert 0 < blurred[0, 0, 2, 1] < blurred[0, 0, 2, 2] < 1
    assert sharp[0, 0, 2, 2] > 1
    assert sharp[0, 0, 2, 1] < 0
    assert blurred[0, 0, 2, 1] == blurred[0, 0, 1, 2]
    assert np.allclose(sharp, 2 * tensor - blurred)
