"""Folders of .npy: a network of the studio's own, with the bends in its weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from studio.io.atomic import replacing_folder
from studio.io.exporters.base import ExportOptions, refuse_own_network, without_bypass
from studio.io.folders import carry_over, require_replaceable
from studio.io.networks import KIND, MANIFEST, owned_by, write_network_files
from studio.io.origin import ORIGIN, REST
from studio.model.filters.live_edits import as_run
from studio.model.networks.preset import Preset


class Npy:
    """One .npy for every tensor, and network.json; what lies beside the network (licence, origin) goes along."""

    name = "npy"
    description = "a folder with a .npy for every tensor and a network.json, which the studio opens as a network"
    suffixes: tuple[str, ...] = ()

    def export(self, preset: Preset, path: Path, options: ExportOptions) -> tuple[str, ...]:
        """See `Exporter.export`."""
        refuse_own_network(preset, path)
        require_replaceable(path, MANIFEST, KIND, "network")
        network = as_run(preset)
        if preset.changed:
            network = replace(network, name=preset.name, description=preset.description)
        with replacing_folder(path, overwrite=options.overwrite) as folder:
            own = owned_by(path)
            # A person's notes stay; what told where the replaced network came from goes with it.
            carry_over(path, folder, lambda name: own(name) or name in (ORIGIN, REST))
            if preset.weights_path is not None:
                # What lies beside the network tells of it: a licence, an origin.
                carry_over(preset.weights_path, folder, owned_by(preset.weights_path))
            write_network_files(network, folder)
        return without_bypass(preset, "A folder of .npy")


EXPORTER = Npy()
