"""What is added to the vectors of a generator: ``"latent": {"z": [0.0, 1.5]}``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from studio.errors import StudioError
from studio.io.manifest import FileName
from studio.io.sections._base import SectionFile
from studio.model.movement.latent_offset import FURTHEST, LATENT, Offsets
from studio.model.networks.network import Network

_Value = Annotated[float, Field(ge=-FURTHEST, le=FURTHEST, allow_inf_nan=False)]
_Form = Annotated[dict[FileName, Annotated[tuple[_Value, ...], Field(max_length=65536)]], Field(max_length=1000)]


def _check(offsets: Offsets, network: Network, where: object) -> None:
    sizes = {put.name: put.channels for put in network.graph.inputs if put.kind == "vector"}
    for name, values in offsets.items():
        if len(values) > sizes.get(name, 0):
            raise StudioError(
                f'{where}: it moves {len(values)} values of the vector "{name}", of which the network '
                f'"{network.name}" has {sizes.get(name, 0)}.'
            )


def _written(offsets: Offsets) -> dict[str, list[float]]:
    return {name: list(values) for name, values in offsets.items()}


SECTION = SectionFile(LATENT, _Form, to_document=_written, check=_check)
