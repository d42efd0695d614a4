"""A source: "wave", ten pictures of a moving wave."""

from fractions import Fraction

import numpy as np

from studio.plugin import BaseSource, Frame, Size, SourceInfo


class WaveSource(BaseSource):
    info = SourceInfo(Size(16, 32), Fraction(10), 10, 1.0, False, "a wave")

    def __iter__(self):
        x = np.arange(32)
        for index in range(10):
            row = 128 + 100 * np.sin((x + index) / 5)
            yield Frame(np.broadcast_to(row[None, :, None], (16, 32, 3)).astype(np.uint8).copy(), index / 10, index)


class WaveKind:
    name = "wave"
    order = 5

    def match(self, spec):
        return spec == "wave"

    def open(self, spec, fps):
        return WaveSource()


KIND = WaveKind()
