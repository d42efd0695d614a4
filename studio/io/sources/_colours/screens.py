"""Colours of other kinds of screen, brought to those that networks know: BT.709's primaries, sRGB's curve, one white.

Sources: ITU-R BT.2100 (PQ and HLG), BT.2408 (where the white of ordinary pictures lies in them: 203 cd/m²). Numbers of
curves and primaries are those of ITU-T H.273, which films, HEIC and AVIF share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from studio.io.sources._colours.primaries import OTHERS, XYZ, to_bt709
from studio.io.sources._colours.shades import SCREEN_GAMMA, SRGB, light_of_srgb, srgb
from studio.model.networks.picture import DeepPicture
from studio.model.networks.shape import Array

ToneMap = Literal["knee", "clip", "hable", "reinhard"]
TONE_MAPS: tuple[ToneMap, ...] = get_args(ToneMap)
Further = Callable[[DeepPicture], DeepPicture]
"""(H, W, 3) RGB of 8 or 16 bits to the same in sRGB, by what else a file says of its colours."""

LINEAR, PQ, CINEMA, HLG = 8, 16, 17, 18
DENSITY = 256
"""Film's density, as scanners write it to DPX: none of H.273's numbers."""
_CURVES = {
    PQ: "high dynamic range (PQ)",
    HLG: "high dynamic range (HLG)",
    LINEAR: "linear light",
    CINEMA: "light of cinemas",
    DENSITY: "density of film",
}
# Those of which light may be brighter than white.
_BRIGHT = (PQ, HLG, DENSITY)
# Those of which something is said: others, as BT.601's, are a shade off BT.709's.
_WIDE = {4: "BT.470 M", 8: "film", 9: "BT.2020", XYZ: "CIE XYZ", 11: "DCI-P3", 12: "Display P3"}
# Where the white of ordinary pictures lies, in cd/m², and the brightness that HLG's screen and a mastered film reach.
_WHITE, _PEAK = 203.0, 1000.0
# Up to here brightness is as it is; what is brighter shares the rest.
_KNEE = 0.85


@dataclass(frozen=True)
class Colours:
    """What a file says of its colours, by the numbers of ITU-T H.273; 2 where it says nothing.

    Attributes:
        primaries: of red, green and blue.
        transfer: from light to values.
        matrix: from red, green and blue to luma and chroma; looked at by `RgbConverter` alone, as the next.
        range: of values, by FFmpeg's numbers: 1 for that of video, 2 for all; 0 where it says nothing.
    """

    primaries: int = 2
    transfer: int = 2
    matrix: int = 2
    range: int = 0

    @property
    def is_ordinary(self) -> bool:
        """Whether values are taken as they are, as those of nearly all films and pictures."""
        # Who says XYZ of a curve for screens means something else.
        return self.transfer not in _CURVES and (self.primaries not in OTHERS or self.primaries == XYZ)

    @property
    def is_shade_off(self) -> bool:
        """Whether values have the curve of screens, and other primaries than BT.709's."""
        return not self.is_ordinary and self.transfer not in _CURVES

    def remark(self, tone_map: ToneMap) -> str:
        """What `to_ordinary` does to them, in one sentence; empty where it does nothing."""
        if self.is_ordinary or (self.transfer not in _CURVES and self.primaries not in _WIDE):
            return ""
        said = [_CURVES[self.transfer]] if self.transfer in _CURVES else []
        said += [_WIDE[self.primaries]] if self.primaries in _WIDE else []
        done = f", brightness past white by '{tone_map}' (--tone-map)" if self.transfer in _BRIGHT else ""
        return f"its colours ({', '.join(said)}) are brought to BT.709{done}"


def to_ordinary(values: Array, colours: Colours, tone_map: ToneMap = "knee") -> Array:
    """RGB of any colours as RGB of BT.709's primaries, for a screen with sRGB's curve.

    Args:
        values: (H, W, 3) float32, 0 to 1 from black to the largest value; of linear light 1 is white and more is
            brighter than white.
        colours: what they are.
        tone_map: what becomes of light brighter than white: "knee" leaves all up to 0.85 of white as it is and
            squeezes the rest, "hable" and "reinhard" are the curves of these names, "clip" makes it white.

    Returns:
        (H, W, 3) float32 from 0 to 1.
    """
    if colours.is_ordinary:
        return values
    light = _light(values, colours.transfer)
    if colours.primaries in OTHERS:
        light = light @ to_bt709(colours.primaries).T
    np.maximum(light, 0.0, out=light)
    if colours.transfer in _BRIGHT:
        light = _squeezed(light, tone_map)
    np.minimum(light, 1.0, out=light)
    if colours.transfer in _CURVES or colours.transfer == SRGB:
        return srgb(light)
    return np.asarray(light ** np.float32(1 / SCREEN_GAMMA), np.float32)


def _light(values: Array, transfer: int) -> Array:
    """Light with 1 as the white of ordinary pictures."""
    if transfer == LINEAR:
        return np.maximum(np.nan_to_num(values), 0.0)
    if transfer == CINEMA:
        # SMPTE ST 428-1: white is 48 of the 52.37 cd/m² that the largest value stands for.
        return np.asarray(np.maximum(values, 0.0) ** np.float32(2.6) * np.float32(52.37 / 48), np.float32)
    if transfer in _BRIGHT:
        table = _curve(transfer)
        places = np.rint(np.clip(values, 0.0, 1.0) * (len(table) - 1)).astype(np.int32)
        light = table[places]
        if transfer == HLG:
            # The screen's own curve makes what is bright brighter, by the brightness of the whole pixel.
            luminance = light @ np.array([0.2627, 0.6780, 0.0593], np.float32)
            light = light * (np.maximum(luminance, 1e-6) ** np.float32(0.2))[:, :, None] * np.float32(_PEAK / _WHITE)
        return np.asarray(light, np.float32)
    if transfer == SRGB:
        return light_of_srgb(np.maximum(values, 0.0))
    return np.asarray(np.maximum(values, 0.0) ** np.float32(SCREEN_GAMMA), np.float32)


@cache
def _curve(transfer: int) -> NDArray[np.float32]:
    """Light for 65,536 values of PQ or density (1 is the white of ordinary pictures), or HLG (1 is the brightest)."""
    values = np.linspace(0.0, 1.0, 65536)
    if transfer == DENSITY:
        # Kodak's Cineon: of 1023 black lies at 95 and white at 685, 0.002 of density a step, on film of a gamma of 0.6.
        step = 0.002 / 0.6
        black = 10 ** ((95 - 685) * step)
        return np.asarray(np.maximum((10 ** ((values * 1023 - 685) * step) - black) / (1 - black), 0), np.float32)
    if transfer == PQ:
        root = values ** (1 / 78.84375)
        light = (np.maximum(root - 0.8359375, 0.0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
        return np.asarray(light * 10000.0 / _WHITE, np.float32)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.asarray(np.where(values <= 0.5, values**2 / 3, (np.exp((values - c) / a) + b) / 12), np.float32)


def _squeezed(light: Array, tone_map: ToneMap) -> Array:
    """Light past white brought below it, by the largest of the three so that hues stay."""
    if tone_map == "clip":
        return light
    peak = _PEAK / _WHITE
    largest = light.max(axis=2, keepdims=True)
    if tone_map == "knee":
        # The hyperbola that leaves the straight line at the knee and reaches white at the peak.
        j = _KNEE
        a = -j * j * (peak - 1) / (j * j - 2 * j + peak)
        b = (j * j - 2 * j * peak + peak) / (peak - 1)
        bent = (b * b + 2 * b * j + j * j) / (b - a) * (largest + a) / (largest + b)
        mapped = np.where(largest <= j, largest, bent)
    elif tone_map == "reinhard":
        mapped = largest / (largest + 1) * ((peak + 1) / peak)
    else:
        mapped = _hable(largest) / _hable(np.float32(peak))
    return np.asarray(light * (mapped / np.maximum(largest, 1e-6)), np.float32)


def _hable(x: Array | np.float32) -> Array:
    """The curve of J. Hable, "Uncharted 2: HDR Lighting" (2010)."""
    return np.asarray((x * (0.15 * x + 0.05) + 0.004) / (x * (0.15 * x + 0.5) + 0.06) - 0.02 / 0.3, np.float32)
