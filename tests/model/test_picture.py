"""Pictures to feature maps and back."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from studio.errors import StudioError
from studio.model.networks.picture import signed_view, to_picture, to_tensor, to_texels

RANGES = [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), (-128.0, 127.0), (0.25, 0.3), (-1e4, 1e4), (1.0, 0.0)]
LEVELS = np.stack([np.arange(256), np.arange(255, -1, -1), np.roll(np.arange(256), 99)], -1)[None].astype(np.uint8)


@pytest.mark.parametrize("ends", RANGES)
def test_all_levels_come_back_in_every_range(ends: tuple[float, float]) -> None:
    tensor = to_tensor(LEVELS, 3, ends)

    assert tensor.shape == (3, 1, 256)
    assert tensor.dtype == np.float32
    np.testing.assert_array_equal(to_picture(tensor, ends), LEVELS)
    assert tensor[0, 0, 0] == np.float32(ends[0])
    assert tensor[0, 0, 255] == pytest.approx(ends[1], rel=1e-6, abs=1e-6 * max(map(abs, ends)))


@pytest.mark.parametrize("ends", RANGES)
def test_all_grey_levels_come_back_through_one_channel(ends: tuple[float, float]) -> None:
    grey = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2)
    np.testing.assert_array_equal(to_picture(to_tensor(grey, 1, ends), ends), grey)


def test_grey_weighs_colours_as_luma_does() -> None:
    primaries = 255 * np.eye(3, dtype=np.uint8)[None]
    np.testing.assert_allclose(to_tensor(primaries, 1, (0.0, 1.0))[0, 0], [0.299, 0.587, 0.114], rtol=1e-6)


@pytest.mark.parametrize("channels", [2, 4, 64])
def test_inputs_of_other_channel_counts_are_refused(channels: int) -> None:
    with pytest.raises(StudioError, match=f"input takes {channels}"):
        to_tensor(LEVELS, channels, (0.0, 1.0))


def test_values_out_of_range_are_shown_as_its_ends_and_nan_black() -> None:
    values = np.array([np.nan, np.inf, -np.inf, 1.5, -0.5, 3e38, -3e38, 0.5], np.float32)
    shown = to_picture(values.reshape(1, 1, 8), (0.0, 1.0))

    assert shown[0, :, 0].tolist() == [0, 255, 0, 255, 0, 255, 0, 128]
    assert (shown == shown[:, :, :1]).all()


@pytest.mark.parametrize(("channels", "grey"), [(1, True), (2, True), (3, False), (7, True)])
def test_what_is_no_colour_picture_is_shown_by_its_first_channel(channels: int, grey: bool) -> None:
    values = np.linspace(0, 1, channels * 6, dtype=np.float32).reshape(channels, 2, 3)
    shown = to_picture(values, (0.0, 1.0))

    assert shown.shape == (2, 3, 3)
    np.testing.assert_array_equal(shown[:, :, 0], np.rint(values[0] * 255))
    np.testing.assert_array_equal(shown[:, :, 2], np.rint(values[0 if grey else 2] * 255))


def test_the_signed_view_is_black_at_zero_blue_below_and_orange_above() -> None:
    values = np.array([0.0, 1.0, -1.0, 9.0, -9.0, np.nan, np.inf, -np.inf, 3e38], np.float32).reshape(9, 1, 1)
    shown = signed_view(values, np.ones(9, np.float32)).reshape(9, 3).tolist()

    orange, blue, black = [255, 150, 50], [70, 150, 255], [0, 0, 0]
    assert shown == [black, orange, blue, orange, blue, black, orange, blue, orange]


def test_each_channel_has_a_scale_of_its_own_but_a_faint_one_stays_faint() -> None:
    values = np.array([100.0, 10.0, 0.01], np.float32).reshape(3, 1, 1)
    red = signed_view(values, np.abs(values[:, 0, 0]))[:, :, 0].ravel()
    assert red.tolist() == [255, 255, 18, 0]


def test_the_signed_view_of_zeros_is_black() -> None:
    assert not signed_view(np.zeros((5, 2, 2), np.float32), np.zeros(5, np.float32)).any()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("order", ["rgb", "bgr"])
@pytest.mark.parametrize(("mean", "std"), [((), ()), ((0.5, 0.4, 0.3), (0.2, 0.3, 0.1))])
@pytest.mark.parametrize("ends", [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)])
def test_texels_are_the_very_values_of_the_tensor(
    kind: type, order: Literal["rgb", "bgr"], mean: tuple[float, ...], std: tuple[float, ...], ends: tuple[float, float]
) -> None:
    picture = np.random.default_rng(0).integers(0, np.iinfo(kind).max, (37, 11, 3), kind, endpoint=True)
    texels = to_texels(picture, ends, mean, std, order)
    assert texels.flags.c_contiguous
    assert texels.dtype == np.float32
    np.testing.assert_array_equal(texels.transpose(2, 0, 1), to_tensor(picture, 3, ends, mean, std, order))
