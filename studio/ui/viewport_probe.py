"""The value under the cursor, read without waiting: asked for in one frame and taken in the next."""

from __future__ import annotations

import math
from dataclasses import dataclass

import moderngl
import numpy as np

from studio.engine.gl.shown import Drawing, Shown, Spot

_TEXEL = 16


@dataclass(frozen=True)
class _Question:
    shown: Shown
    drawing: Drawing
    spot: Spot
    answer: moderngl.Buffer


class Probe:
    """Reads one texel a frame, in the context of the viewport."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._asked: _Question | None = None

    def ask(self, shown: Shown, drawing: Drawing, spot: Spot) -> None:
        """Have this value read behind what has been drawn."""
        texture = self._context.external_texture(shown.texture, shown.size, shown.lanes, 0, "f4")
        buffer = self._context.buffer(reserve=_TEXEL)
        source = self._context.framebuffer([texture])
        source.read_into(buffer, viewport=(*spot.texel, 1, 1), components=shown.lanes, dtype="f4", alignment=4)
        self._asked = _Question(shown, drawing, spot, buffer)

    def answer(self) -> str:
        """The value that was asked for last, in words; empty where none was."""
        asked, self._asked = self._asked, None
        if asked is None:
            return ""
        texel = np.frombuffer(asked.answer.read(asked.shown.lanes * 4), np.float32)
        return described(asked.shown, asked.drawing, asked.spot, [float(value) for value in texel])


def described(shown: Shown, drawing: Drawing, spot: Spot, texel: list[float]) -> str:
    """Where a value is, and what it is."""
    *_, y, x = spot.where
    if drawing == "sheet":
        return f"kernel {spot.where[0]}, {spot.where[1]} · y {y} · x {x} · {_number(texel[0])}"
    if drawing == "tiles":
        return f"channel {spot.where[0]} · y {y} · x {x} · {_number(texel[spot.lane])}"
    if shown.shape[0] == 3:
        return f"y {y} · x {x} · R {_number(texel[0])} · G {_number(texel[1])} · B {_number(texel[2])}"
    return f"channel 0 · y {y} · x {x} · {_number(texel[0])}"


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.5g}".replace("-", "−")
