"""Broad's eleven bends do to every channel what OpenCV does to it; and a few filters do as well."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from bend_cases import play, staged
from helpers import EngineFor, normal, relative_error
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.bends import make_bend
from studio.engine.base import Engine
from studio.model.bends.bend import Bend
from studio.model.bends.stage import Guard, Stage
from studio.model.networks.shape import Array

BORDERS = {
    "zero": cv2.BORDER_CONSTANT,
    "edge": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT_101,
    "wrap": cv2.BORDER_WRAP,
}

sides = st.integers(3, 21)


def bent_by(engine: Engine, bend: Bend, shape: tuple[int, int, int]) -> Array:
    return play(engine, shape, [Stage(1, "layer", bend, guard=Guard(kind="none"))], frames=1)[0]


def each_channel(x: Array, rule: Callable[[Array], Array]) -> Array:
    return np.stack([rule(channel) for channel in x])


def ellipse(radius: int) -> Array:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


EXACT: dict[str, tuple[dict[str, object], Callable[[Array], Array]]] = {
    "Ablate": ({}, lambda x: x * 0),
    "Invert": ({}, lambda x: cv2.subtract(np.ones_like(x), x)),
    "Multiply": ({"factor": -1.5}, lambda x: cv2.multiply(x, (-1.5, 0, 0, 0))),
    "BinaryThreshold": ({"threshold": 0.25}, lambda x: cv2.threshold(x, 0.25, 1.0, cv2.THRESH_BINARY)[1]),
    "FlipHorizontal": ({}, lambda x: cv2.flip(x, 1)),
    "FlipVertical": ({}, lambda x: cv2.flip(x, 0)),
}


@pytest.mark.parametrize("name", sorted(EXACT))
@settings(max_examples=6)
@given(height=sides, width=sides)
def test_what_only_moves_and_reckons_is_exact(engine_for: EngineFor, name: str, height: int, width: int) -> None:
    params, rule = EXACT[name]
    found = bent_by(engine_for(staged(5)), make_bend(name, params), (5, height, width))

    np.testing.assert_array_equal(found, each_channel(normal(5, height, width), rule))


@pytest.mark.parametrize(("name", "rule"), [("Erode", cv2.erode), ("Dilate", cv2.dilate)])
@settings(max_examples=8)
@given(height=sides, width=sides, radius=st.integers(0, 9))
def test_erosion_and_dilation_are_exact(
    engine_for: EngineFor, name: str, rule: Callable[[Array, Array], Array], height: int, width: int, radius: int
) -> None:
    found = bent_by(engine_for(staged(5)), make_bend(name, {"radius": radius}), (5, height, width))

    wanted = each_channel(normal(5, height, width), lambda x: rule(x, ellipse(radius)))
    np.testing.assert_array_equal(found, wanted)


def warped(x: Array, matrix: Array, border: str) -> Array:
    height, width = x.shape[1:]
    return each_channel(
        x, lambda c: cv2.warpAffine(c, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=BORDERS[border])
    )


borders = st.sampled_from(sorted(BORDERS))


@settings(max_examples=15)
@given(height=sides, width=sides, x=st.sampled_from([0.25, -0.4, 0.1]), y=st.sampled_from([0, 0.3]), border=borders)
def test_a_translation_moves_fractions_of_the_map(
    engine_for: EngineFor, height: int, width: int, x: float, y: float, border: str
) -> None:
    bend = make_bend("Translate", {"x": x, "y": y, "border": border})
    found = bent_by(engine_for(staged(5)), bend, (5, height, width))

    matrix = np.array([[1, 0, x * width], [0, 1, y * height]], np.float64)
    assert relative_error(found, warped(normal(5, height, width), matrix, border)) <= 1e-5


@settings(max_examples=15)
@given(height=sides, width=sides, angle=st.integers(-180, 180), border=borders)
def test_a_rotation_turns_around_the_middle(
    engine_for: EngineFor, height: int, width: int, angle: int, border: str
) -> None:
    bend = make_bend("Rotate", {"angle": float(angle), "border": border})
    found = bent_by(engine_for(staged(5)), bend, (5, height, width))

    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    assert relative_error(found, warped(normal(5, height, width), matrix, border)) <= 1e-5


@settings(max_examples=15)
@given(height=sides, width=sides, factor=st.sampled_from([0.3, 0.75, 1.0, 1.2, 2.5]), border=borders)
def test_a_scaling_enlarges_around_the_middle(
    engine_for: EngineFor, height: int, width: int, factor: float, border: str
) -> None:
    bend = make_bend("Scale", {"factor": factor, "border": border})
    found = bent_by(engine_for(staged(5)), bend, (5, height, width))

    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 0, factor)
    assert relative_error(found, warped(normal(5, height, width), matrix, border)) <= 1e-5


@pytest.mark.parametrize("direction", ["across", "down"])
def test_sobel_is_opencvs(engine_for: EngineFor, direction: str) -> None:
    ways = (1, 0) if direction == "across" else (0, 1)
    found = bent_by(engine_for(staged(3)), make_bend("Sobel", {"direction": direction, "gain": 1.0}), (3, 9, 12))

    wanted = each_channel(normal(3, 9, 12), lambda x: cv2.Sobel(x, cv2.CV_32F, *ways))
    assert relative_error(found, wanted) <= 1e-6


@pytest.mark.parametrize("radius", [1, 2])
def test_a_median_is_opencvs(engine_for: EngineFor, radius: int) -> None:
    found = bent_by(engine_for(staged(3)), make_bend("Median", {"radius": radius}), (3, 9, 12))

    wanted = each_channel(normal(3, 9, 12), lambda x: cv2.medianBlur(x, 2 * radius + 1))
    np.testing.assert_array_equal(found, wanted)


def test_a_blur_is_opencvs(engine_for: EngineFor) -> None:
    found = bent_by(engine_for(staged(3)), make_bend("Blur", {"sigma": 1.3}), (3, 9, 12))

    wanted = each_channel(normal(3, 9, 12), lambda x: cv2.GaussianBlur(x, (9, 9), 1.3))
    assert relative_error(found, wanted) <= 1e-5
