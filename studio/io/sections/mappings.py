"""Which control turns which number: ``{"signal": "midi/1/cc/7", "target": "/bend/1/amount", "mode": "absolute"}``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from studio.errors import StudioError
from studio.io.manifest import Line, Part
from studio.io.sections._base import SectionFile
from studio.model.movement.address import split
from studio.model.movement.mapping import MAPPINGS, Mapping, Mappings, Mode
from studio.model.networks.network import Network


class _Mapping(Part):
    signal: Line
    target: Line
    mode: Mode = "absolute"
    lo: float | None = None
    hi: float | None = None
    takeover: bool = True


def _read(found: tuple[_Mapping, ...]) -> Mappings:
    return tuple(Mapping(m.signal, m.target, m.mode, m.lo, m.hi, m.takeover) for m in found)


def _written(mappings: Mappings) -> list[dict[str, Any]]:
    return [{key: value for key, value in asdict(each).items() if value is not None} for each in mappings]


def _check(mappings: Mappings, network: Network, where: object) -> None:
    del network
    for mapping in mappings:
        try:
            split(mapping.target)
        except StudioError as error:
            raise StudioError(f"{where}: mappings: {error}") from error


SECTION = SectionFile(
    MAPPINGS, Annotated[tuple[_Mapping, ...], Field(max_length=4096)], _read, _written, _check, place=110
)
