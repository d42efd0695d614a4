"""A source that is asked first and fails whatever it is asked, but for its own word, at which it fails later."""

from fractions import Fraction

import numpy as np

from studio.plugin import BaseSource, Frame, Size, SourceInfo


class Failing(BaseSource):
    info = SourceInfo(Size(8, 8), Fraction(10), None, None, False, "fails after a picture")

    def __iter__(self):
        yield Frame(np.zeros((8, 8, 3), np.uint8), 0.0, 0)
        raise OverflowError("too much")


class Kind:
    name = "greedy"
    order = -5

    def match(self, spec):
        if spec == "greedy":
            return True
        raise RuntimeError("cannot decide")

    def open(self, spec, fps):
        return Failing()


KIND = Kind()
