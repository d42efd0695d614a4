from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from installing import installer


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    yield from installer(tmp_path, monkeypatch)
