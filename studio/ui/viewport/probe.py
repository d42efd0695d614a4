"""The value under the cursor, read without waiting: asked for in one frame and taken in the next."""

from __future__ import annotations

import math
from dataclasses import dataclass

import moderngl
import numpy as np

from studio.model.views.display import DisplayTexture, Drawing, Spot

_TEXEL = 16


@dataclass(frozen=True)
class Question:
    """Which value is asked for."""

    shown: DisplayTexture
    drawing: Drawing
    spot: Spot


class Probe:
    """Reads one texel at a time, in the context of whoever draws."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._asked: tuple[Question, moderngl.Buffer] | None = None

    def ask(self, question: Question) -> None:
        """Have this value read behind what has been drawn."""
        shown = question.shown
        texture = self._context.external_texture(shown.texture, shown.size.wh, shown.lanes, 0, "f4")
        buffer = self._context.buffer(reserve=_TEXEL)
        source = self._context.framebuffer([texture])
        viewport = (*question.spot.texel, 1, 1)
        source.read_into(buffer, viewport=viewport, components=shown.lanes, dtype="f4", alignment=4)
        self._asked = question, buffer

    def answer(self) -> str:
        """The value that was asked for last, in words; empty where none was."""
        if self._asked is None:
            return ""
        (question, buffer), self._asked = self._asked, None
        texel = np.frombuffer(buffer.read(question.shown.lanes * 4), np.float32)
        return described(question, [float(value) for value in texel])


def described(question: Question, texel: list[float]) -> str:
    """Where a value is, and what it is."""
    shown, drawing, spot = question.shown, question.drawing, question.spot
    *_, y, x = spot.where
    if drawing == "sheet":
        return f"kernel {spot.where[0]}, {spot.where[1]} · y {y} · x {x} · {_number(texel[0])}"
    if drawing == "channels":
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
