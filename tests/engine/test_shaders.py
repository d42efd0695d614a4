"""Shader text: constants that mean what they say, includes once each, one program for equal sources."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.engine.gl.driver.shaders import Extra, Source
from studio.ops import registry

SHADERS = sorted(
    {op.shader for op in registry().values() if isinstance(getattr(op, "shader", None), str) and op.shader}
)


def defined(source: Source) -> dict[str, str]:
    return dict(re.findall(r"^#define (\w+) (.+)$", source.text(), re.MULTILINE))


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_number_is_written_as_a_float_of_glsl_that_is_the_same(value: float) -> None:
    text = defined(Source("fragment", (), (("VALUE", value),)))["VALUE"]
    assert re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", text)
    assert "." in text or "e" in text, "GLSL would take it for a whole number"
    assert np.float32(text) == np.float32(value)


def test_whole_numbers_and_rows_stay_so() -> None:
    found = defined(Source("compute", (), (("N", -3), ("ROW", (1, 2, 3)))))
    assert (found["N"], found["ROW"]) == ("-3", "int[](1, 2, 3)")


@pytest.mark.parametrize("stage", ["fragment", "compute"])
@pytest.mark.parametrize("shader", SHADERS)
def test_every_include_of_every_operator_is_there_once(shader: str, stage: str) -> None:
    text = Source(stage, (f"ops/{shader}.glsl", f"lib/{stage}.glsl"), (), 1).text()  # type: ignore[arg-type]
    assert text.startswith("#version")
    assert text.count("#version") == 1
    assert "#include" not in text
    signatures = re.findall(r"^\w[\w ]*\b(\w+)\([^;{]*\)\s*\{", text, re.MULTILINE)
    assert signatures.count("main") == 1


def test_equal_sources_are_one_and_others_are_not() -> None:
    one = Source("compute", ("ops/relu.glsl",), (("A", 1.0),), 1, (Extra(0, ()),))
    assert one == Source("compute", ("ops/relu.glsl",), (("A", 1.0),), 1, (Extra(0, ()),))
    assert len({one, Source("compute", ("ops/relu.glsl",), (("A", 2.0),), 1, (Extra(0, ()),))}) == 2


def test_numbers_are_packed_by_four_and_read_by_name() -> None:
    text = Source("fragment", (), numbers=("a", "b", "c", "d", "e")).text()
    assert "uniform Numbers0 { vec4 u_numbers0[2]; };" in text
    assert "#define d u_numbers0[0].w" in text
    assert "#define e u_numbers0[1].x" in text
