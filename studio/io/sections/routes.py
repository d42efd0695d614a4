"""What moves by itself, one line a route.

{"id": 1, "source": "LFO", "params": {"rate": 0.5}, "target": "/bend/1/amount", "depth": 0.3,
 "curves": [{"kind": "lag", "seconds": 0.2}]}
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from studio.errors import StudioError
from studio.io.manifest import FileName, Line, Part, distinct
from studio.io.sections._base import SectionFile
from studio.model.declared.numbered import LARGEST_NUMBER
from studio.model.movement.address import split
from studio.model.movement.curve import Curve
from studio.model.movement.route import ROUTES, Route, Routes
from studio.model.networks.network import Network
from studio.modulators import make_modulator

_MOST = 4096


class _Route(Part):
    id: Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]
    source: FileName
    params: dict[Line, Any] = {}  # noqa: RUF012 - pydantic copies it
    target: Line
    depth: float = 0.3
    base: float | None = None
    lo: float | None = None
    hi: float | None = None
    curves: Annotated[tuple[Annotated[Curve, Field(discriminator="kind")], ...], Field(max_length=16)] = ()
    on: bool = True


def _read(found: tuple[_Route, ...]) -> Routes:
    return tuple(
        Route(r.id, make_modulator(r.source, r.params), r.target, r.depth, r.base, r.lo, r.hi, r.curves, r.on)
        for r in found
    )


def _written(routes: Routes) -> list[dict[str, Any]]:
    return [_one(route) for route in routes]


def _one(route: Route) -> dict[str, Any]:
    said: dict[str, Any] = {"id": route.id, "source": type(route.source).__name__}
    if params := route.source.model_dump(mode="json", exclude_defaults=True):
        said["params"] = params
    said |= {"target": route.target, "depth": route.depth}
    said |= {key: value for key in ("base", "lo", "hi") if (value := getattr(route, key)) is not None}
    if route.curves:
        said["curves"] = [curve.model_dump(mode="json") for curve in route.curves]
    return said if route.on else said | {"on": False}


def _check(routes: Routes, network: Network, where: object) -> None:
    del network
    try:
        distinct([str(route.id) for route in routes])
        for route in routes:
            split(route.target)
    except (ValueError, StudioError) as error:
        raise StudioError(f"{where}: routes: {error}") from error


SECTION = SectionFile(ROUTES, Annotated[tuple[_Route, ...], Field(max_length=_MOST)], _read, _written, _check)
