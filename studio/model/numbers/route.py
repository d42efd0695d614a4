"""Numbers of routes: ``/route/ID/depth``, ``/route/ID/on``, the parameters of their sources and those of their curves.

Those of curves stand under the curve's place, counted from 1: ``/route/1/curve/2/seconds``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from studio.model.declared.form import field_of
from studio.model.declared.param import number_in, turnables, with_number
from studio.model.movement.address import Number, joined, number_of
from studio.model.movement.curve import turned_curves
from studio.model.movement.route import ROUTES, Route, changed, route_of
from studio.model.networks.preset import Preset
from studio.model.numbers._base import Knob

OWNER = "route"


def knobs(preset: Preset) -> Iterator[Knob]:
    """The numbers of every route."""
    for route in preset.section(ROUTES):
        yield from _of_route(route)


def _of_route(route: Route) -> Iterator[Knob]:
    number, what = route.id, route.source.label
    depth = Number(
        joined(OWNER, number, "depth"),
        f"{what} depth",
        "number",
        0.3,
        -100.0,
        100.0,
        doc="How far it moves",
        safe=(-1.0, 1.0),
    )
    yield Knob(depth, partial(_get, number, "depth"), partial(_turn, number, "depth"))
    on = Number(joined(OWNER, number, "on"), f"{what} on", "switch", 1.0, 0.0, 1.0, "", "Whether the route moves")
    yield Knob(on, partial(_get, number, "on"), partial(_turn, number, "on"))
    for name in turnables(type(route.source)):
        field = field_of(type(route.source), name)
        each = number_of(joined(OWNER, number, name), field, f"{what} {field.label.lower()}")
        yield Knob(each, partial(_get_source, number, name), partial(_turn_source, number, name))
    for place, curve in enumerate(route.curves):
        for name in turnables(type(curve)):
            field = field_of(type(curve), name)
            words = f"{what} {curve.label.lower()}, {field.label.lower()}"
            each = number_of(joined(OWNER, number, "curve", place + 1, name), field, words)
            yield Knob(each, partial(_get_curve, number, place, name), partial(_turn_curve, number, place, name))


def _get(number: int, name: str, preset: Preset) -> float:
    return float(getattr(route_of(preset.section(ROUTES), number), name))


def _turn(number: int, name: str, preset: Preset, value: float) -> Preset:
    kept: Any = value >= 0.5 if name == "on" else value
    return preset.with_section(ROUTES, changed(preset.section(ROUTES), number, **{name: kept}))


def _get_source(number: int, name: str, preset: Preset) -> float:
    return number_in(route_of(preset.section(ROUTES), number).source, name)


def _turn_source(number: int, name: str, preset: Preset, value: float) -> Preset:
    routes = preset.section(ROUTES)
    turned = with_number(route_of(routes, number).source, name, value)
    return preset.with_section(ROUTES, changed(routes, number, source=turned))


def _get_curve(number: int, place: int, name: str, preset: Preset) -> float:
    return number_in(route_of(preset.section(ROUTES), number).curves[place], name)


def _turn_curve(number: int, place: int, name: str, preset: Preset, value: float) -> Preset:
    routes = preset.section(ROUTES)
    curves = turned_curves(route_of(routes, number).curves, place, name, value)
    return preset.with_section(ROUTES, changed(routes, number, curves=curves))
