"""A movement in one line, for the command line and Python: ``/bend/1/amount=lfo,rate=0.5,depth=0.3``."""

from __future__ import annotations

from typing import Any

from studio.errors import StudioError
from studio.model.declared.form import Field, fields
from studio.model.declared.points import points_of
from studio.model.movement.curve import AttackRelease, Curve, Lag, OneEuro, Power, Quantise, Range, Steps
from studio.model.movement.modulator import Modulator
from studio.model.movement.route import Route, Routes, added
from studio.modulators import find_modulator, make_modulator

_OF_ROUTES = ("depth", "base", "lo", "hi")
WORDS_OF_CURVES: dict[str, tuple[type[Curve], tuple[str, ...]]] = {
    "range": (Range, ("from_lo", "from_hi", "lo", "hi")),
    "power": (Power, ("exponent",)),
    "steps": (Steps, ("count",)),
    "lag": (Lag, ("seconds",)),
    "attack_release": (AttackRelease, ("attack", "release")),
    "one_euro": (OneEuro, ("cutoff", "beta")),
    "quantise": (Quantise, ("beats",)),
}
"""What each is called in a line, and its numbers, between slashes: ``range=0/1/-1/1``; those left out are as usual."""


def move(routes: Routes, target: str, source: str | Modulator, **settings: Any) -> tuple[Routes, Route]:
    """The routes with one more, and that route.

    Args:
        routes: those there are.
        target: the address of the number that it moves.
        source: a source, or the name of one, "lfo".
        settings: ``depth``, ``base``, ``lo``, ``hi`` of the route, and ``curves``, or ``range``, ``power``, ``steps``,
            ``lag``, ``attack_release``, ``one_euro`` and ``quantise`` for one each, in the order in which they are
            given; all others are parameters of the source, and so is what a source that is named calls alike, as
            "osc" has its own ``lo`` and ``hi``.

    Raises:
        StudioError: naming what is wrong.
    """
    declared = {field.name for field in fields(find_modulator(source))} if isinstance(source, str) else set()
    own = {key: settings.pop(key) for key in _OF_ROUTES if key in settings and key not in declared}
    curves: list[Curve] = list(settings.pop("curves", ()))
    for name in [name for name in settings if name in WORDS_OF_CURVES]:
        curves.append(_made(name, settings.pop(name)))
    if isinstance(source, str):
        source = make_modulator(source, settings)
    elif settings:
        raise StudioError(f'"{next(iter(settings))}" is no setting of a route; set it on the source.')
    for key, value in own.items():
        if not isinstance(value, (int, float)):
            raise StudioError(f"{key} takes a number, not {value!r}.")
    return added(routes, source, target, curves=tuple(curves), **own)


def parse_move(text: str) -> tuple[str, str, dict[str, Any]]:
    """Target, source and settings of a movement in one line.

    Tuples are written with slashes, their parts with colons: ``values=1/0/0.5``, ``keys=0:-1/2:1:hold``.

    Raises:
        StudioError: naming what is not understood.
    """
    target, is_one, rest = text.partition("=")
    name, *parts = rest.split(",")
    if not is_one or not target.startswith("/") or not name:
        raise StudioError(f'"{text}" is no movement; they look like "/bend/1/amount=lfo,rate=0.5,depth=0.3".')
    declared = {field.name: field for field in fields(find_modulator(name))}
    settings: dict[str, Any] = {}
    for part in parts:
        key, given, value = part.partition("=")
        if not given or key in settings:
            raise StudioError(f'"{part}" of the movement "{text}" is not understood; give each as KEY=VALUE, once.')
        several = key in WORDS_OF_CURVES and key not in declared and "/" in value
        settings[key] = points_of(value, key) if several else _read(declared.get(key), key, value)
    return target, name, settings


def _read(field: Field | None, key: str, value: str) -> Any:
    if field is None:
        return _number(key, value)
    if field.kind in ("number", "integer", "seed"):
        return _number(key, value)
    if field.kind == "boolean":
        if value not in ("yes", "no", "true", "false", "1", "0"):
            raise StudioError(f"{key} takes yes or no, not {value}.")
        return value in ("yes", "true", "1")
    if field.kind == "points":
        return points_of(value, key)
    return value.replace("_", " ") if field.kind == "choice" and value not in field.choices else value


def _number(key: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise StudioError(f"{key} takes a number, not {value!r}.") from None


def _made(name: str, value: Any) -> Curve:
    from pydantic import ValidationError

    from studio.model.declared.explain import explain

    kind, parameters = WORDS_OF_CURVES[name]
    given = value if isinstance(value, tuple) else (value,)
    if len(given) > len(parameters):
        raise StudioError(f"{name} takes {' / '.join(parameters)}, not {len(given)} numbers.")
    try:
        return kind.model_validate(dict(zip(parameters, given, strict=False)))
    except ValidationError as error:
        raise StudioError(f"{name}: {explain(error)}.") from error
