"""Memory over ten thousand steps of a document that learns, with strokes, undo and checkpoints."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.learning_memory import course


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read as Linux tells it")
@pytest.mark.parametrize("engine", ["torch", pytest.param("gl", marks=pytest.mark.gl)])
def test_memory_stays_flat_over_ten_thousand_steps(tmp_path: Path, engine: str) -> None:
    for number in range(4):
        picture = np.random.default_rng(number).integers(0, 256, (40, 48, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture)
    rest = [held.rest for held in course(engine, 10_000, 500, str(tmp_path))]
    # Undo and checkpoints aside, from the thousandth step on; a kilobyte a step would be 9 MB.
    assert max(rest[1:]) - rest[1] < 5.0
