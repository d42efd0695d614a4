"""How vectors move: ``"generator": {"kind": "loop", "seed": 3, "seconds": 12.0, "steps": [0.0, 1.5]}``."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from studio.io.manifest import Part
from studio.io.sections._base import SectionFile
from studio.model.movement.generator import DIRECTIONS, FURTHEST, GENERATOR, Generator
from studio.model.networks.latent import LARGEST_SEED, MOST_SECONDS, Kind, LatentPath

_Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]
_Seconds = Annotated[float, Field(ge=0.01, le=MOST_SECONDS, allow_inf_nan=False)]
_Step = Annotated[float, Field(ge=-FURTHEST, le=FURTHEST, allow_inf_nan=False)]


class _Form(Part):
    kind: Kind = "walk"
    seed: _Seed = 0
    to: _Seed = 1
    seconds: _Seconds = 8.0
    pace: _Seconds = 2.0
    steps: Annotated[tuple[_Step, ...], Field(max_length=DIRECTIONS)] = ()


def _read(form: _Form) -> Generator:
    return Generator(LatentPath(form.kind, form.seed, form.to, form.seconds, form.pace), form.steps)


def _written(held: Generator) -> dict[str, Any]:
    path, usual = held.path, LatentPath()
    said = {key: value for key, value in vars(path).items() if value != getattr(usual, key)}
    return said | ({"steps": list(held.steps)} if held.steps else {})


SECTION = SectionFile(GENERATOR, _Form, _read, _written)
