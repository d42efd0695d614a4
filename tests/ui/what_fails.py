"""Parts of the studio that throw, for tests of what the window makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
import pytest

from studio.io.sinks import open_sink
from studio.io.sources import Frame, SourceInfo
from studio.io.sources.base import BaseSource
from studio.model.declared.size import Size
from studio.runtime.live import recorder


class Odd(BaseSource):
    """Shows one picture, then fails."""

    info = SourceInfo(Size(48, 64), Fraction(25), 9, 1.0, False, "odd")

    def __init__(self, fail: Callable[[], object]) -> None:
        self._fail = fail

    def __iter__(self) -> Iterator[Frame]:
        yield Frame(np.full((48, 64, 3), 200, np.uint8), 0.0, 0)
        self._fail()


def break_recordings(broken: pytest.MonkeyPatch, fail: Callable[..., None]) -> None:
    """Have every picture that a recording is given fail."""

    def opened(*arguments: object, **named: object) -> object:
        sink = open_sink(*arguments, **named)  # type: ignore[arg-type]
        sink.write = fail  # type: ignore[method-assign]
        return sink

    defaults = recorder.LiveRecorder.__init__.__kwdefaults__
    broken.setattr(recorder.LiveRecorder.__init__, "__kwdefaults__", {**defaults, "opener": opened})
