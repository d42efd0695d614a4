"""State dicts of PyTorch: a plain dict of tensors, which load_state_dict takes."""

from __future__ import annotations

import io
from pathlib import Path

from studio.io.exporters._named import named_tensors, shared
from studio.io.exporters.base import ExportOptions, normalising, without_bypass, write_file
from studio.io.stored import to_torch
from studio.model.networks.preset import Preset


class PyTorch:
    """What ``torch.save(module.state_dict())`` writes, and ``torch.load(..., weights_only=True)`` reads."""

    name = "pytorch"
    description = "a PyTorch state dict under the names of the network's own module"
    suffixes: tuple[str, ...] = (".pt", ".pth")

    def export(self, preset: Preset, path: Path, options: ExportOptions) -> tuple[str, ...]:
        """See `Exporter.export`."""
        import torch

        named = named_tensors(preset)
        state: dict[str, torch.Tensor] = {}
        for name, first in shared(named):
            # Tensors that share a storage in the module share it in the file.
            state[name] = state[first] if first in state else to_torch(named[name])
        # In memory first: given a path, PyTorch writes its name into the file, so that no two exports are alike, and
        # its errors of a full disk are none of the system's.
        buffer = io.BytesIO()
        torch.save(state, buffer)
        # No view: one that an error's frames still hold when both are collected ends Python before 3.12.2.
        write_file(path, buffer.getvalue(), options)
        return *without_bypass(preset, "A state dict"), *normalising(preset)


EXPORTER = PyTorch()
