"""What is asked of a camera, as a source's name says it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import StudioError
from studio.model.declared.size import Size
from studio.model.views.camera_setup import CameraSetup, is_camera, setup_given

SETUPS = st.builds(
    CameraSetup,
    number=st.integers(0, 999),
    size=st.none() | st.builds(Size, st.integers(10, 9999), st.integers(10, 9999)),
    fps=st.none() | st.integers(1, 999),
    mirrored=st.booleans(),
    exposure=st.none() | st.integers(-13, 99_999).map(float),
)


@given(SETUPS)
def test_a_name_says_all_of_it(setup: CameraSetup) -> None:
    assert is_camera(setup.spec)
    assert setup_given(setup.spec) == setup


def test_the_word_alone_is_the_first_camera() -> None:
    assert setup_given("camera") == setup_given("camera:0") == CameraSetup()
    assert setup_given("camera:2, mirror ,size=640x480") == CameraSetup(2, Size(480, 640), mirrored=True)
    assert not is_camera("cameras")


@pytest.mark.parametrize(
    "spec",
    [
        "camera:",
        "camera:x",
        "camera:-1",
        "camera:1000",
        "camera:0,",
        "camera:0,size=0x3",
        "camera:0,size=99999x99999",
        "camera:0,fps=0",
        "camera:0,fps=fast",
        "camera:0,mirror=yes",
        "camera:0,exposure=nan",
        "camera:0,zoom=2",
    ],
)
def test_what_cannot_be_read_is_said_with_what_can(spec: str) -> None:
    with pytest.raises(StudioError, match=r"write camera, camera:1, or"):
        setup_given(spec)
