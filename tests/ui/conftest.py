"""The window's tests: contexts that share are asked for before there is an application."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from studio.ui import gl_context

gl_context.prepare()


@pytest.fixture
def gl_app(qapp: QApplication) -> QApplication:
    """The application, where it has a display to draw on with OpenGL."""
    if qapp.platformName() in ("offscreen", "minimal"):
        pytest.skip("Qt has no display to draw on with OpenGL; run under xvfb-run with QT_QPA_PLATFORM=xcb")
    return qapp
