"""Where shaders/, presets/, weights/ and resources/ are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _find_data() -> Path:
    installed = _PACKAGE / "_data"
    return installed if installed.is_dir() else _PACKAGE.parent


DATA = _find_data()
SHADERS = DATA / "shaders"
PRESETS = DATA / "presets"
WEIGHTS = DATA / "weights"
RESOURCES = DATA / "resources"
DEMO_CLIP = RESOURCES / "demo.mp4"
