"""Lets the tests of this folder import their helpers beside them, and bring a network in once for all engines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from helpers import EngineFor

sys.path.insert(0, str(Path(__file__).parent))

from once import Once

_MADE: dict[str, Any] = {}


@pytest.fixture
def once(request: pytest.FixtureRequest, engine_for: EngineFor) -> Once:
    """Makes something for the first engine of a test, as tracing takes most of its time; the others have the same."""
    del engine_for
    engine: str = request.node.callspec.params["engine_for"]
    key = request.node.nodeid.replace(f"[{engine}", "[", 1)
    return lambda make: _MADE[key] if key in _MADE else _MADE.setdefault(key, make())
