"""Robust Video Matting, seen half as large (S. Lin et al. 2021), by the authors' own names."""

from functools import partial

from studio.io.importers.architectures._matting import build, matches
from studio.io.importers.architectures.base import Architecture

ARCHITECTURE = Architecture(
    "rvm-half", "Robust Video Matting, seen half as large", matches, partial(build, smaller=2), state="zeros"
)
