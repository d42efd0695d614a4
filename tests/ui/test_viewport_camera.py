"""Zoom and pan as arithmetic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.model.declared.size import Size
from studio.ui.viewport.camera import LARGEST_ZOOM, Camera

SIDES = st.integers(1, 4000)
PLACES = st.floats(0, 1500)


def seeing(content: Size, view: Size) -> Camera:
    camera = Camera()
    camera.see(content, view)
    return camera


@given(content=st.builds(Size, SIDES, SIDES), view=st.builds(Size, SIDES, SIDES))
def test_what_fits_lies_within_the_view_and_touches_two_of_its_sides(content: Size, view: Size) -> None:
    camera = seeing(content, view)
    left, top = camera.to_view(0, 0)
    right, bottom = camera.to_view(*content.wh)

    assert left >= -0.51
    assert top >= -0.51
    assert right <= view.width + 0.51
    assert bottom <= view.height + 0.51
    assert max((right - left) / view.width, (bottom - top) / view.height) == pytest.approx(1)


def test_what_fits_goes_on_fitting_when_sizes_change() -> None:
    camera = seeing(Size(50, 100), Size(200, 200))
    assert camera.zoom == 2
    camera.see(Size(50, 100), Size(400, 400))
    assert camera.zoom == 4
    camera.see(Size(400, 400), Size(400, 400))
    assert camera.zoom == 1


@given(x=PLACES, y=PLACES, factor=st.sampled_from([0.5, 1.25, 2.0, 7.0]))
def test_the_place_under_the_cursor_stays(x: float, y: float, factor: float) -> None:
    camera = seeing(Size(1500, 1500), Size(1500, 1500))
    before = camera.to_content(x, y)
    camera.zoom_at(factor, x, y)
    # The centre is kept on the content, which moves it only where one zooms out of a corner.
    inside = all(0 < at < 1500 for at in camera.centre)

    assert camera.zoom == pytest.approx(factor)
    if inside:
        assert camera.to_content(x, y) == pytest.approx(before, abs=1 / factor)


@given(zoom=st.sampled_from([1, 2, 3, 8, 64]), pan=st.tuples(st.floats(-90, 90), st.floats(-90, 90)))
def test_texels_lie_on_whole_pixels_however_far_it_is_panned(zoom: int, pan: tuple[float, float]) -> None:
    camera = seeing(Size(200, 301), Size(479, 640))
    camera.one_to_one()
    camera.zoom_at(zoom, 320, 240)
    camera.pan(*pan)

    for at in camera.to_view(17, 40):
        assert at == pytest.approx(round(at), abs=1e-6)


def test_panning_follows_the_hand_and_keeps_the_content_in_sight() -> None:
    camera = seeing(Size(100, 100), Size(400, 400))
    before = camera.to_view(50, 50)
    camera.pan(30, -20)
    assert camera.to_view(50, 50) == (before[0] + 30, before[1] - 20)
    assert not camera.fitted
    camera.pan(1e6, 1e6)
    assert camera.to_view(0, 0) == (200, 200)


def test_zoom_has_ends() -> None:
    camera = seeing(Size(256, 512), Size(400, 400))
    for _ in range(50):
        camera.zoom_at(2, 10, 10)
    assert camera.zoom == LARGEST_ZOOM
    for _ in range(50):
        camera.zoom_at(0.5, 10, 10)
    assert camera.zoom * 512 == pytest.approx(16)


def test_another_size_of_the_same_picture_keeps_the_middle() -> None:
    camera = seeing(Size(100, 200), Size(300, 300))
    camera.one_to_one()
    camera.pan(-50, -10)
    x, y = camera.centre
    camera.see(Size(200, 400), Size(300, 300))

    assert camera.centre == (2 * x, 2 * y)
    assert camera.zoom == 1
