"""Which size a network works on."""

from __future__ import annotations

import pytest
from helpers import deep_network, layer, network, tiny_network
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.errors import StudioError
from studio.model.declared.size import Size
from studio.runtime.render.size import WorkingSize, parse_size, working_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("source", (202, 250)),
        ("640x360", (360, 640)),
        ("640×360", (360, 640)),
        ("1x1", (1, 1)),
        ("125", (101, 125)),
        ("1", (1, 1)),
        ("16384x16384", (16384, 16384)),
    ],
)
def test_a_size_is_the_sources_the_longer_side_or_both(text: str, size: tuple[int, int]) -> None:
    assert parse_size(text, Size(202, 250)) == size


@pytest.mark.parametrize("text", ["", "big", "-5", "3.5", "640x", "x360", "640 x 360", "1e3", "640x360x3", " 5"])
def test_what_is_no_size_is_refused_with_the_ways_to_give_one(text: str) -> None:
    with pytest.raises(StudioError, match=r'is no size; give 256 .*640x360 or "source"'):
        parse_size(text, Size(10, 10))


@pytest.mark.parametrize("text", ["0", "0x5", "5x0", "16385", "16385x4", "9" * 30])
def test_a_size_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(StudioError, match="out of range; each side may be 1 to 16384"):
        parse_size(text, Size(10, 10))


@settings(max_examples=60)
@given(longer=st.integers(1, 4000), source=st.builds(Size, st.integers(1, 4000), st.integers(1, 4000)))
def test_the_longer_side_is_met_exactly_and_the_proportions_to_a_pixel(longer: int, source: Size) -> None:
    size = parse_size(str(longer), source)
    assert max(size) == longer
    assert all(abs(s * max(source) - side * longer) <= max(source) for s, side in zip(size, source, strict=True))


def test_a_picture_that_the_strides_divide_is_taken_as_it_is() -> None:
    size = working_size(tiny_network().graph, Size(20, 30))
    assert size == WorkingSize(Size(20, 30), Size(20, 30), Size(20, 30))
    assert size.note == ""


def test_a_picture_that_the_strides_do_not_divide_is_padded_cropped_and_noted() -> None:
    size = working_size(deep_network(2).graph, Size(202, 250))
    assert size == WorkingSize(Size(202, 250), Size(204, 252), Size(202, 250))
    assert size.note == "The network's strides do not divide 250×202: it works on 252×204, cropped back afterwards."


def test_a_network_that_enlarges_gives_the_whole_of_what_it_makes() -> None:
    size = working_size(network(layer("up", "Upsample", "input", scale_factor=3)).graph, Size(5, 7))
    assert size == WorkingSize(Size(5, 7), Size(5, 7), Size(15, 21))


def test_a_network_whose_borders_shrink_the_picture_gives_what_is_left() -> None:
    made = network(layer("valid", "Conv2d", "input", in_channels=3, out_channels=3, kernel_size=5))
    assert working_size(made.graph, Size(9, 9)).output == Size(5, 5)
    with pytest.raises(StudioError, match='Layer "valid"'):
        working_size(made.graph, Size(4, 9))
