"""Where red, green, blue and white of kinds of screens lie, and what light of theirs is in that of BT.709.

Sources: ITU-T H.273 (07/2024), 8.1, by its numbers of primaries; white points are adapted by Bradford's matrix, as ICC
profiles are.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

BT709, XYZ = 1, 10
_D65, _C_WHITE, _DCI = (0.3127, 0.3290), (0.310, 0.316), (0.314, 0.351)
_PLACES: dict[int, Places] = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65),
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C_WHITE),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    8: ((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C_WHITE),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _DCI),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), _D65),
}
OTHERS = frozenset(_PLACES) - {BT709} | {XYZ}
"""The numbers of those that are not BT.709's, and known."""
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])

Floats = NDArray[np.float64]
Place = tuple[float, float]
Places = tuple[Place, Place, Place, Place]
"""x and y of red, green, blue and white."""


@cache
def to_bt709(primaries: int) -> NDArray[np.float32]:
    """The (3, 3) matrix from linear RGB of one of `OTHERS`, or XYZ, to linear RGB of BT.709; white stays white."""
    if primaries == XYZ:
        return np.asarray(np.linalg.inv(_to_xyz(_PLACES[BT709])), np.float32)
    return from_places(_PLACES[primaries])


def from_places(places: Places) -> NDArray[np.float32]:
    """The same of any primaries.

    Raises:
        ZeroDivisionError, numpy.linalg.LinAlgError: where they are those of no screen.
    """
    cones, wanted = (_BRADFORD @ _xyz(white) for white in (places[3], _D65))
    adapted = np.linalg.inv(_BRADFORD) @ np.diag(wanted / cones) @ _BRADFORD
    return np.asarray(np.linalg.inv(_to_xyz(_PLACES[BT709])) @ adapted @ _to_xyz(places), np.float32)


def shares(primaries: int) -> tuple[float, float]:
    """How much of white's luminance is red's and blue's, by one of H.273's numbers; of others as of BT.709."""
    luminance = _to_xyz(_PLACES.get(primaries, _PLACES[BT709]))[1]
    return float(luminance[0]), float(luminance[2])


def _xyz(at: Place) -> Floats:
    x, y = at
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _to_xyz(places: Places) -> Floats:
    """Linear RGB to XYZ, of which white has the luminance 1."""
    *three, white = map(_xyz, places)
    columns = np.stack(three, axis=1)
    return np.asarray(columns * np.linalg.solve(columns, white), np.float64)
