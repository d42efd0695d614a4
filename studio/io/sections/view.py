"""What the studio shows: ``"view": {"layer": "enc2"}``."""

from __future__ import annotations

from studio.errors import StudioError
from studio.io.manifest import FileName, Part
from studio.io.sections._base import SectionFile
from studio.model.networks.network import Network
from studio.model.networks.section import VIEW


class _View(Part):
    layer: FileName | None = None


def _check(layer: str | None, network: Network, where: object) -> None:
    if layer is not None and layer not in network.graph:
        raise StudioError(f'{where}: it shows the layer "{layer}", which the network "{network.name}" does not have.')


SECTION = SectionFile(VIEW, _View, lambda view: view.layer, lambda layer: {"layer": layer}, _check, place=2)
