"""State dicts as .safetensors."""

from __future__ import annotations

from pathlib import Path

from studio.io.exporters._named import named_tensors
from studio.io.exporters.base import ExportOptions, described, normalising, without_bypass, write_file
from studio.io.safetensors_file import encode_tensors
from studio.model.networks.preset import Preset


class Safetensors:
    """Hugging Face's format; how to feed the network stands in its header."""

    name = "safetensors"
    description = "the same tensors as .safetensors"
    suffixes: tuple[str, ...] = (".safetensors",)

    def export(self, preset: Preset, path: Path, options: ExportOptions) -> tuple[str, ...]:
        """See `Exporter.export`."""
        data = encode_tensors(named_tensors(preset), {"format": "pt"} | described(preset))
        write_file(path, data, options)
        return *without_bypass(preset, "A .safetensors file"), *normalising(preset)


EXPORTER = Safetensors()
