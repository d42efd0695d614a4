"""The one type of sizes."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from studio.model.declared.size import Size
from studio.model.networks.shape import Shape

SIDES = st.integers(1, 5000)


def test_it_is_a_tuple_height_first_and_says_so_by_name() -> None:
    size = Size(360, 640)
    assert size == (360, 640)
    assert hash(size) == hash((360, 640))
    assert (size.height, size.width, size.pixels) == (360, 640, 230400)
    assert Size.of(np.zeros((360, 640, 3), np.uint8)) == Shape(3, 360, 640).size == size
    assert json.dumps(size) == "[360, 640]"


def test_people_and_libraries_have_the_width_first() -> None:
    size = Size(360, 640)
    assert (str(size), size.typed, size.wh) == ("640×360", "640x360", (640, 360))
    assert Size.from_wh(size.wh) == size


@given(height=SIDES, width=SIDES, longest=st.integers(1, 3000))
def test_within_a_side_it_keeps_its_shape_to_a_pixel_and_never_grows(height: int, width: int, longest: int) -> None:
    size = Size(height, width)
    small = size.within(longest)
    assert max(small) <= longest or small == size
    if max(size) <= longest:
        assert small is not None
        assert small == size
    else:
        assert max(small) == longest
        scale = longest / max(size)
        assert all(abs(now - max(1, before * scale)) <= 0.5 + 1e-9 for now, before in zip(small, size, strict=True))
    assert size.times(3) == (3 * height, 3 * width)
