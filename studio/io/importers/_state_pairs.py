"""Which output of a model is which input in the next step: as the person says, by names, else by shape and order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from studio.errors import StudioError
from studio.io.importers._words import words
from studio.model.networks.shape import Shape

_BEFORE = words("in input inputs i past prev previous last old before current cur init initial prior 0")
_AFTER = words("out output outputs o present next new after updated now n")
# What stands behind a name without a mark between: r1i and r1o, hin and hout, h0 and hn.
_GLUED = {_BEFORE: "in|i|0", _AFTER: "out|o|n"}
_MOST_NAMES = 6


@dataclass(frozen=True)
class Pairs:
    """What `paired` found.

    Attributes:
        made: for the inputs that are states, the place of the output that is its next step.
        left: places of outputs that are no input's.
        by_order: inputs that another of the same shape could be as well.
    """

    made: Mapping[str, int]
    left: tuple[int, ...]
    by_order: tuple[str, ...]


def paired(
    inputs: Mapping[str, Shape], outputs: Sequence[tuple[str, Shape]], said: Sequence[tuple[str, str]] = ()
) -> Pairs:
    """The pairs of a model; its first input that no name makes a state is its picture.

    Args:
        inputs: its pictures, in their order.
        outputs: names and shapes of its outputs besides the picture.
        said: inputs and outputs that the person pairs.

    Raises:
        StudioError: where a name of ``said`` is nothing's, or the two have other shapes.
    """
    made: dict[str, int] = {}
    names = [name for name, _ in outputs]
    for put, result in said:
        own = _known(put, list(inputs), "input")
        place = names.index(_known(result, names, "output besides its picture"))
        if inputs[own] != outputs[place][1]:
            raise StudioError(
                f'The input "{own}" is {inputs[own]} and the output "{result}" {outputs[place][1]}; a state has one '
                "shape in every step."
            )
        made[own] = place
    free = [put for put in inputs if put not in made]
    states = named_states(free, names)
    picture = next(iter([put for put in free if put not in states] or free), "") if len(inputs) > 1 else ""
    for place, (name, shape) in enumerate(outputs):
        free = [put for put, own in inputs.items() if own == shape and put not in made and put != picture]
        likely = sorted(((_likeness(put, name), put) for put in free), reverse=True)
        if place in made.values() or not likely or not likely[0][0]:
            continue
        if len(likely) < 2 or likely[0][0] > likely[1][0]:
            made[likely[0][1]] = place
    rest = [put for put in inputs if put not in made and put != picture]
    by_order: list[str] = []
    for place, (_, shape) in enumerate(outputs):
        fits = [put for put in rest if inputs[put] == shape]
        if place in made.values() or not fits:
            continue
        by_order += fits if len(fits) > 1 else []
        made[fits[0]] = place
        rest.remove(fits[0])
    left = tuple(place for place in range(len(outputs)) if place not in made.values())
    return Pairs(made, left, tuple(dict.fromkeys(by_order)))


def is_next(put: str, made: str) -> bool:
    """Whether names alone say that an output is an input in the next step: r1i and r1o, past_x and present_x."""
    return bool(_likeness(put, made)) and (_is_marked(put, _BEFORE) or _is_marked(made, _AFTER))


def named_states(inputs: Sequence[str], outputs: Sequence[str]) -> list[str]:
    """The inputs that their names alone make states; of x and past_x, beside present_x, the one that says so itself."""
    found: list[str] = []
    for made in outputs:
        alike = [put for put in inputs if is_next(put, made)]
        found += [put for put in alike if _is_marked(put, _BEFORE)] or alike
    return [put for put in inputs if put in found]


def hand_on(inputs: Sequence[str], outputs: Sequence[str]) -> bool:
    """Whether names alone say that some inputs, but not all of them, are states."""
    return 0 < len(named_states(inputs, outputs)) < len(inputs)


def _is_marked(name: str, marks: frozenset[str]) -> bool:
    return bool(_stems(name, marks) - {_plain(name)})


def _likeness(put: str, made: str) -> int:
    """How many letters the names share besides what says that the one comes before the other; 0 where they differ."""
    return max(map(len, _stems(put, _BEFORE) & _stems(made, _AFTER)), default=0)


def _plain(name: str) -> str:
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return re.sub(r"[^a-z0-9]+", "_", parted).strip("_")


def _stems(name: str, marks: frozenset[str]) -> set[str]:
    """The name itself, and what it is without words such as these."""
    plain = _plain(name)
    kept = "_".join(part for part in plain.split("_") if part not in marks)
    glued = re.fullmatch(rf"(.+?)(?:{_GLUED[marks]})", plain)
    return {stem for stem in (plain, kept, glued[1].strip("_") if glued else "") if stem}


def _known(name: str, names: Sequence[str], what: str) -> str:
    found = next((known for known in names if known == name), None)
    found = found or next((known for known in names if _plain(known) == _plain(name)), None)
    if found is None:
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        raise StudioError(f'It has no {what} "{name}"; it has {", ".join(names[:_MOST_NAMES])}{more}.')
    return found
