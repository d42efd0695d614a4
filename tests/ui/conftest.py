"""The window's tests: contexts that share are asked for before there is an application."""

from __future__ import annotations

import os
import sys

import pytest
from PySide6.QtWidgets import QApplication

from studio.ui import gl_context

gl_context.prepare()


@pytest.fixture
def gl_app(qapp: QApplication) -> QApplication:
    """The application, where it has a display to draw on with OpenGL."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        pytest.skip("there is no display; run under xvfb-run")
    return qapp
