"""Live numbers of layers as a preset turns them: a slope, a power, a value that is added."""

from __future__ import annotations

from collections.abc import Mapping

from studio.model.networks.section import Section

LAYER_NUMBERS: Section[Mapping[str, float]] = Section("numbers", {})
"""The values of live parameters that differ from the network's own, by ``layer.parameter``."""
