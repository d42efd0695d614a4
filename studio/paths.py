"""Where shaders/, presets/, weights/ and resources/ are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

import platformdirs

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


def own_folder(kind: Literal["cache", "log"]) -> Path:
    """The person's folder for caches or logs of the studio; where there is no home, one that cannot be made.

    A user without an entry in passwd, as in containers, has none unless HOME says one.
    """
    ask = platformdirs.user_cache_path if kind == "cache" else platformdirs.user_log_path
    try:
        return ask("network-bending-studio", appauthor=False)
    except RuntimeError:
        return Path(os.devnull) / "network-bending-studio"


def home() -> Path:
    """The person's home; where there is none, the folder that is worked in."""
    try:
        return Path.home()
    except RuntimeError:
        return Path.cwd()


def environment() -> dict[str, str]:
    """The environment of a process of the studio's own, which finds the modules that this one does."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(_PACKAGE.parent), *sys.path[1:]))}
