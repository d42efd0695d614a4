"""Presets of one network mixed: their tensors, edits, bends, numbers and movements, each by its share.

What all have is at the mean of their values, by share; what some have comes and goes with their share: stages and live
edits by their amounts, a route by its depth. What cannot be between, such as which layers are bypassed, is the
strongest one's. A preset that has the whole share is itself, bit for bit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import numpy as np

from studio.errors import StudioError
from studio.model import numbers
from studio.model.bends.stage import Luma, Stage
from studio.model.bends.stages import STAGES, Stages
from studio.model.declared.form import fields
from studio.model.declared.numbered import free_number
from studio.model.declared.param import Declared, lives
from studio.model.filters.live_edits import EDITS, LiveEdit
from studio.model.movement.feedback import FEEDBACK, Feedback
from studio.model.movement.generator import GENERATOR, Generator
from studio.model.movement.latent_offset import LATENT
from studio.model.movement.layer_numbers import LAYER_NUMBERS
from studio.model.movement.modulator import Modulator
from studio.model.movement.route import MACRO_BANK, ROUTES, MacroBank, Route, Routes
from studio.model.movement.tempo import TEMPO
from studio.model.networks.network import same_bits
from studio.model.networks.preset import Preset
from studio.model.networks.section import Section
from studio.model.networks.shape import Array

Shares = Sequence[float]


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


T = TypeVar("T", bound=_Numbered)


def fade_shares(part: float) -> tuple[float, float]:
    """The shares of two presets, ``part`` of the way from the first to the second."""
    part = min(max(part, 0.0), 1.0)
    return 1.0 - part, part


def morph_shares(x: float, y: float) -> tuple[float, float, float, float]:
    """The shares of four presets at the corners of a square: at (0, 0), (1, 0), (0, 1) and (1, 1)."""
    (left, right), (top, bottom) = fade_shares(x), fade_shares(y)
    return left * top, right * top, left * bottom, right * bottom


class Blend:
    """Presets that can be mixed.

    Args:
        presets: two or more.

    Attributes:
        tensors: names of those that are not the same in all.

    Raises:
        StudioError: where they are of different networks, whose pictures can be mixed alone.
    """

    def __init__(self, presets: Sequence[Preset]) -> None:
        first = presets[0]
        for other in presets[1:]:
            if other.network.sha256() != first.network.sha256():
                raise StudioError(
                    f'"{first.name}" and "{other.name}" bend different networks, so nothing is between them; fade '
                    "between presets of one network."
                )
        self._presets = tuple(presets)
        self._ends = self._presets
        if not _turn_alike(presets):
            # Where their macros turn other things, these are where they turned them: no macro rules them on the way.
            presets = self._presets = tuple(map(_without_macros, presets))
        self._bent = sorted({name for preset in presets for name in preset.changed})
        self.tensors = [name for name in self._bent if not _is_alike([_tensor(preset, name) for preset in presets])]
        self._stages, of_stages = _matched(presets, STAGES, _kind_of_stage, "bend")
        self._edits, of_edits = _matched(presets, EDITS, _kind_of_edit, "edit")
        self._routes = _matched_routes(presets, of_stages | of_edits)

    def at(self, shares: Shares) -> Preset:
        """The mixture.

        Args:
            shares: of each preset, none below 0; they need not add up to 1.
        """
        total = float(sum(shares))
        if len(shares) != len(self._presets) or min(shares) < 0.0 or not total > 0.0:
            raise StudioError(f"A mixture of {len(self._presets)} presets needs as many shares, none below 0.")
        parts = [share / total for share in shares]
        strongest = max(range(len(parts)), key=lambda place: parts[place])
        if parts[strongest] == 1.0:
            return self._ends[strongest]
        mixed = replace(self._presets[strongest], changed=self._mixed_tensors(parts))
        mixed = mixed.with_section(STAGES, self._mixed_stages(parts)).with_section(ROUTES, self._mixed_routes(parts))
        mixed = mixed.with_section(EDITS, tuple(_mixed_edit(number, owned, parts) for number, owned in self._edits))
        mixed = mixed.with_section(LATENT, self._mixed_offsets(parts))
        mixed = mixed.with_section(GENERATOR, self._mixed_generator(parts, strongest))
        mixed = mixed.with_section(LAYER_NUMBERS, self._mixed_numbers(parts))
        mixed = mixed.with_section(MACRO_BANK, self._mixed_macros(parts))
        mixed = mixed.with_section(FEEDBACK, self._mixed_feedback(parts))
        tempos = [preset.section(TEMPO) for preset in self._presets]
        mean = _mean([(tempo.bpm, part) for tempo, part in zip(tempos, parts, strict=True)])
        return mixed.with_section(TEMPO, tempos[strongest].model_copy(update={"bpm": mean}))

    def _mixed_feedback(self, parts: Shares) -> Feedback:
        held = [preset.section(FEEDBACK) for preset in self._presets]
        # What feeds nothing back has no say in how.
        amounts = [feedback.amount * part for feedback, part in zip(held, parts, strict=True)]
        if (whole := sum(amounts)) <= 0.0:
            return FEEDBACK.default
        others = {
            name: _mean([(getattr(feedback, name), amount) for feedback, amount in zip(held, amounts, strict=True)])
            for name in ("zoom", "turn", "decay")
        }
        return Feedback(amount=min(1.0, whole), **others)

    def _mixed_tensors(self, parts: Shares) -> dict[str, Array]:
        found = {}
        for name in self._bent:
            if name not in self.tensors:
                found[name] = _tensor(self._presets[0], name)
                continue
            mixed = np.zeros_like(self._presets[0].network.tensors[name])
            for preset, part in zip(self._presets, parts, strict=True):
                if part:
                    mixed += np.float32(part) * _tensor(preset, name)
            found[name] = mixed
        return found

    def _mixed_stages(self, parts: Shares) -> Stages:
        return tuple(_mixed_stage(number, owned, parts) for number, owned in self._stages)

    def _mixed_routes(self, parts: Shares) -> Routes:
        found = []
        for number, (owned, target) in enumerate(self._routes, start=1):
            shared = [(route, parts[place]) for place, route in owned.items()]
            depth = sum(route.depth * part for route, part in shared)
            route = max(shared, key=lambda each: each[1])[0]
            bases = [(each.base, part) for each, part in shared if each.base is not None]
            source = _mixed_record(route.source, [(each.source, part) for each, part in shared])
            base = _mean(bases) if bases else None
            found.append(replace(route, id=number, target=target, depth=depth, base=base, source=source))
        return tuple(found)

    def _mixed_macros(self, parts: Shares) -> MacroBank:
        banks = [preset.section(MACRO_BANK) for preset in self._presets]
        values = [
            _mean([(macro.value, part) for macro, part in zip(each, parts, strict=True)])
            for each in zip(*banks, strict=True)
        ]
        strongest = max(zip(banks, parts, strict=True), key=lambda each: each[1])[0]
        return tuple(replace(macro, value=value) for macro, value in zip(strongest, values, strict=True))

    def _mixed_offsets(self, parts: Shares) -> dict[str, tuple[float, ...]]:
        held = [preset.section(LATENT) for preset in self._presets]
        found = {}
        for name in sorted({name for each in held for name in each}):
            rows = [np.array(each.get(name, ()), np.float64) for each in held]
            whole = np.zeros(max(map(len, rows)))
            for row, part in zip(rows, parts, strict=True):
                whole[: len(row)] += part * row
            found[name] = tuple(float(value) for value in whole)
        return found

    def _mixed_generator(self, parts: Shares, strongest: int) -> Generator:
        """Steps are mixed; the path is that of the strongest, as nothing lies between two seeds."""
        held = [preset.section(GENERATOR) for preset in self._presets]
        steps = np.zeros(max(len(each.steps) for each in held))
        for each, part in zip(held, parts, strict=True):
            steps[: len(each.steps)] += part * np.array(each.steps, np.float64)
        return Generator(held[strongest].path, tuple(float(step) for step in steps))

    def _mixed_numbers(self, parts: Shares) -> dict[str, float]:
        held = [preset.section(LAYER_NUMBERS) for preset in self._presets]
        graph, found = self._presets[0].network.graph, {}
        for key in sorted({key for each in held for key in each}):
            layer, _, name = key.rpartition(".")
            own = graph.node(layer).op.live_value(name)
            found[key] = sum(each.get(key, own) * part for each, part in zip(held, parts, strict=True))
        return found


def _without_macros(preset: Preset) -> Preset:
    """The preset with all that its macros turn where they turn it, and macros that turn nothing."""
    found = preset
    for macro in preset.section(MACRO_BANK):
        for aim in macro.aims:
            with contextlib.suppress(StudioError):  # an aim at what there is no more
                number = numbers.knob(found, aim.target).number
                at = number.clipped(aim.lo + macro.value * (aim.hi - aim.lo))
                found = numbers.turned(found, aim.target, at)
    return found.with_section(MACRO_BANK, tuple(replace(macro, aims=()) for macro in preset.section(MACRO_BANK)))


def _turn_alike(presets: Sequence[Preset]) -> bool:
    """Whether the macros of all turn the same numbers, which are those of the same things."""
    aims = [[macro.aims for macro in preset.section(MACRO_BANK)] for preset in presets]
    alike = all(each == aims[0] for each in aims)
    _, of_stages = _matched(presets, STAGES, _kind_of_stage, "bend")
    _, of_edits = _matched(presets, EDITS, _kind_of_edit, "edit")
    return alike and (not any(aims[0]) or all(number == key[2] for key, number in (of_stages | of_edits).items()))


def _tensor(preset: Preset, name: str) -> Array:
    return preset.changed.get(name, preset.network.tensors[name])


def _is_alike(tensors: Sequence[Array]) -> bool:
    return all(other is tensors[0] or same_bits(other, tensors[0]) for other in tensors[1:])


Owned = dict[int, T]
Renumbered = dict[tuple[str, int, int], int]


def _matched(
    presets: Sequence[Preset], section: Section[tuple[T, ...]], kind_of: Callable[[T], Any], owner: str
) -> tuple[list[tuple[int, Owned[T]]], Renumbered]:
    """What all have of a section, those that differ in numbers alone as one; and the number of each in the mixture."""
    kinds: list[Any] = []
    owned: list[Owned[T]] = []
    for place, preset in enumerate(presets):
        # Those of each preset keep their order among themselves, so that the end of a fade is no cut.
        at = 0
        for each in preset.section(section):
            kind = kind_of(each)
            same = next((k for k in range(at, len(kinds)) if kinds[k] == kind), None)
            if same is None:
                kinds.insert(at, kind)
                owned.insert(at, {})
                same = at
            owned[same][place] = each
            at = same + 1
    found: list[tuple[int, Owned[T]]] = []
    renumbered: Renumbered = {}
    for group in owned:
        taken = {number for number, _ in found}
        wanted = next(iter(group.values())).id
        number = wanted if wanted not in taken else free_number(taken)
        found.append((number, group))
        renumbered |= {(owner, place, each.id): number for place, each in group.items()}
    return found, renumbered


def _kind_of_edit(each: LiveEdit) -> Any:
    numbers = {field.name for field in fields(type(each.edit)) if field.kind == "number"}
    return each.tensor, type(each.edit), repr(each.edit.model_dump(exclude=numbers)), each.selection


def _mixed_edit(number: int, owned: Owned[LiveEdit], parts: Shares) -> LiveEdit:
    shared = [(each, parts[place]) for place, each in owned.items()]
    strongest = max(shared, key=lambda each: each[1])[0]
    names = [field.name for field in fields(type(strongest.edit)) if field.kind == "number"]
    means = {name: _mean([(float(getattr(each.edit, name)), part) for each, part in shared]) for name in names}
    amount = min(1.0, sum(each.amount * part for each, part in shared if each.on))
    edit, on = strongest.edit.model_copy(update=means), any(each.on for each, _ in shared)
    return replace(strongest, id=number, edit=edit, amount=amount, on=on)


def _kind_of_stage(stage: Stage) -> Any:
    mask = ("luma", stage.mask.source) if isinstance(stage.mask, Luma) else stage.mask.digest if stage.mask else None
    kind = type(stage.bend), _structure(stage.bend)
    return stage.layer, kind, repr(stage.channels), stage.guard.kind, mask, stage.source


def _mixed_stage(number: int, owned: Owned[Stage], parts: Shares) -> Stage:
    shared = [(stage, parts[place]) for place, stage in owned.items()]
    stage = max(shared, key=lambda each: each[1])[0]
    amount = sum(each.amount * part for each, part in shared if each.on)
    mask = stage.mask
    if isinstance(mask, Luma):
        mask = _mixed_record(mask, [(each.mask, part) for each, part in shared])
    return replace(
        stage,
        id=number,
        bend=_mixed_record(stage.bend, [(each.bend, part) for each, part in shared]),
        mask=mask,
        guard=_mixed_record(stage.guard, [(each.guard, part) for each, part in shared]),
        amount=min(1.0, amount),
        on=any(each.on for each, _ in shared),
    )


def _matched_routes(presets: Sequence[Preset], renumbered: Renumbered) -> list[tuple[dict[int, Route], str]]:
    """The routes of all, those from one source to one target as one; and their targets in the mixture."""
    found: dict[Any, tuple[dict[int, Route], str]] = {}
    for place, preset in enumerate(presets):
        for route in preset.section(ROUTES):
            if not route.on or route.target.startswith("/route/"):
                continue
            target = _renumbered(route.target, place, renumbered)
            source = type(route.source), _structure(route.source), _pace(route.source)
            kind = source, target, repr(route.curves), route.base is None
            owned, _ = found.setdefault(kind, ({}, target))
            # Two of a preset that are alike are one twice as deep.
            before = owned.get(place)
            owned[place] = route if before is None else replace(route, depth=before.depth + route.depth)
    return list(found.values())


def _renumbered(target: str, place: int, renumbered: Renumbered) -> str:
    _, owner, *rest = target.split("/")
    if not rest or not rest[0].isdecimal():
        return target
    return "/".join(("", owner, str(renumbered.get((owner, place, int(rest[0])), rest[0])), *rest[1:]))


def _pace(source: Modulator) -> tuple[float, ...]:
    """How quick a source is: two of different pace are never one, which would run through all paces between.

    After an hour at 1 Hz a swing of 1.01 Hz is 36 swings ahead, and a fade would go through them all.
    """
    timed = [field.name for field in fields(type(source)) if field.live and field.unit in ("Hz", "s", "beats")]
    return tuple(float(getattr(source, name)) for name in timed)


def _structure(record: Declared) -> str:
    """What of a record is no number that can be turned."""
    live = {each.name for each in lives(type(record))}
    return repr(record.model_dump(exclude=live))


def _mixed_record(record: Any, shared: Sequence[tuple[Any, float]]) -> Any:
    """A record with the means of its live numbers."""
    means: dict[str, Any] = {}
    kind: type[Declared] = type(record)
    for live in lives(kind):
        mean = _mean([(float(getattr(each, live.name)), part) for each, part in shared])
        means[live.name] = mean if live.kind is float else mean >= 0.5 if live.kind is bool else round(mean)
    return record.model_copy(update=means)


def _mean(values: Sequence[tuple[float, float]]) -> float:
    total = sum(part for _, part in values)
    if total <= 0.0 or all(value == values[0][0] for value, _ in values):
        return values[0][0]
    return sum(value * part for value, part in values) / total
