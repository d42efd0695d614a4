"""The layers that hand on what they read: ``"bypassed": ["enc1_act"]``."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from studio.errors import StudioError
from studio.io.manifest import FileName, distinct
from studio.io.sections._base import SectionFile
from studio.model.networks.network import Network
from studio.model.networks.section import BYPASSED

_Layers = Annotated[list[FileName], Field(max_length=65536), AfterValidator(distinct)]


def _check(layers: frozenset[str], network: Network, where: object) -> None:
    for layer in sorted(layers):
        if layer not in network.graph:
            raise StudioError(
                f'{where}: it bypasses the layer "{layer}", which the network "{network.name}" does not have.'
            )


SECTION = SectionFile(BYPASSED, _Layers, frozenset, sorted, _check, place=3)
