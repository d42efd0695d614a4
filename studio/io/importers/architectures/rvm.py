"""Robust Video Matting of people (S. Lin et al. 2021), by the authors' own names."""

from functools import partial

from studio.io.importers.architectures._matting import build, matches
from studio.io.importers.architectures.base import Architecture

ARCHITECTURE = Architecture("rvm", "Robust Video Matting of people", matches, partial(build, smaller=1), state="zeros")
