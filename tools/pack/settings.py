"""Where the pack's pictures and networks lie, and the sizes that its training goes by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "out" / "train-data"
TRAINED = ROOT / "out" / "pack"
STORED = 320
"""Side of the pictures of a bank."""
CROP = 256
MIDDLE = slice((STORED - CROP) // 2, (STORED + CROP) // 2)
SHOWN = (0, 9, 20, 36, 44, 52, 60, 68)
"""The pictures by which a network is looked at."""
LATENT = 32
EMA = 0.998
