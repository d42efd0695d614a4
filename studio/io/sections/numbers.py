"""Live numbers of layers: ``"numbers": {"act1.negative_slope": 0.3}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from studio.errors import StudioError
from studio.io.manifest import Line
from studio.io.sections._base import SectionFile
from studio.model.movement.layer_numbers import LAYER_NUMBERS
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset
from studio.model.numbers.layer import knobs

_Form = Annotated[dict[Line, Annotated[float, Field(allow_inf_nan=False)]], Field(max_length=65536)]


def _check(numbers: Mapping[str, float], network: Network, where: object) -> None:
    known = {knob.number.address: knob.number for knob in knobs(Preset("", network, {}))} if numbers else {}
    for key, value in numbers.items():
        layer, _, name = key.rpartition(".")
        number = known.get(f"/layer/{layer}/{name}")
        if number is None:
            raise StudioError(f'{where}: it turns "{key}", which the network "{network.name}" does not have.')
        try:
            number.checked(value)
        except StudioError as error:
            raise StudioError(f"{where}: {error}") from error


SECTION = SectionFile(LAYER_NUMBERS, _Form, to_document=dict, check=_check)
