"""Robust Video Matting, seen at a quarter (S. Lin et al. 2021), by the authors' own names."""

from functools import partial

from studio.io.importers.architectures._matting import build, matches
from studio.io.importers.architectures.base import Architecture

ARCHITECTURE = Architecture(
    "rvm-quarter", "Robust Video Matting, seen at a quarter", matches, partial(build, smaller=4), state="zeros"
)
