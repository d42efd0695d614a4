"""Numbers that can be turned, each under an address: ``/bend/1/amount``, ``/latent/z/3``, ``/source/speed``.

The address is the same for OSC, MIDI, routes, the command line and Python. Type and range are checked here and nowhere
else: by `Number.checked` for what people and programs ask for, by `Number.clipped` for what moves by itself.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from studio.errors import StudioError
from studio.model.declared.form import Field

NumberKind = Literal["number", "integer", "switch", "choice", "trigger"]

_PART = re.compile(r"[A-Za-z0-9_.\-]+")
_LIMITLESS = 1e6
"""A range past which nobody turns anything from end to end."""


@dataclass(frozen=True)
class Number:
    """One number that can be turned.

    Attributes:
        address: ``/owner/.../name``, of letters, digits, ``_``, ``-`` and ``.`` between the slashes.
        label: what it is called in plain words.
        kind: any number, a whole one, a switch, which is 0 or 1, a choice, which is the place of one of ``choices``, or
            a trigger, which does something when it is turned to 1, and is always 0.
        default: its value where nobody has turned it.
        lo: smallest value allowed; minus infinity where there is no limit.
        hi: largest value allowed.
        unit: what it counts; may be empty.
        doc: one line.
        safe: the values within which it is mostly turned; None where that is the whole range.
        choices: the words that a choice is one of.
    """

    address: str
    label: str
    kind: NumberKind = "number"
    default: float = 0.0
    lo: float = -math.inf
    hi: float = math.inf
    unit: str = ""
    doc: str = ""
    safe: tuple[float, float] | None = None
    choices: tuple[str, ...] = ()

    @property
    def reach(self) -> tuple[float, float]:
        """The range that a fader covers from end to end, always finite."""
        if self.safe is not None:
            return self.safe
        width = max(1.0, 2 * abs(self.default))
        lo = self.lo if self.lo > -_LIMITLESS else min(self.default - width, self.hi - width)
        hi = self.hi if self.hi < _LIMITLESS else max(self.default + width, lo + width)
        return lo, hi

    def checked(self, value: object) -> float:
        """The value as this number holds it; of a choice, the word is as good.

        Raises:
            StudioError: where it is no number, not finite, or out of range.
        """
        if isinstance(value, str) and value in self.choices:
            return float(self.choices.index(value))
        if isinstance(value, (bool, int, float)):
            found = float(value)
            if math.isfinite(found) and self.lo <= found <= self.hi:
                return self._as_kind(found)
        raise StudioError(f"{self.address} takes {self._wanted}, not {str(value)[:40]}.")

    @property
    def _wanted(self) -> str:
        if self.kind in ("switch", "trigger"):
            return "0 or 1"
        if self.kind == "choice":
            return f"{self.range_in_words}, or its place from 0 to {self.hi:g}"
        return f"{'a whole number' if self.kind == 'integer' else 'a number'} {self.range_in_words}".rstrip()

    def clipped(self, value: float) -> float:
        """The nearest value that is allowed; the default where it is no number."""
        return self.default if math.isnan(value) else self._as_kind(min(max(value, self.lo), self.hi))

    def word(self, value: float) -> str:
        """The word of a choice at this place; empty for other kinds."""
        return self.choices[min(max(0, round(value)), len(self.choices) - 1)] if self.choices else ""

    @property
    def range_in_words(self) -> str:
        """``from 0 to 1 px``; empty where there is no limit. Of a choice its words."""
        if self.kind in ("choice", "switch", "trigger"):
            return {"choice": f"one of {', '.join(self.choices)}", "switch": "0 or 1", "trigger": "set off"}[self.kind]
        unit = f" {self.unit}" if self.unit else ""
        if math.isfinite(self.lo) and math.isfinite(self.hi):
            return f"from {self.lo:g} to {self.hi:g}{unit}"
        if math.isfinite(self.lo):
            return f"of {self.lo:g}{unit} or more"
        return f"of {self.hi:g}{unit} or less" if math.isfinite(self.hi) else ""

    def _as_kind(self, value: float) -> float:
        if self.kind in ("switch", "trigger"):
            return 1.0 if value >= 0.5 else 0.0
        return value if self.kind == "number" else float(round(value))


def number_of(address: str, field: Field, label: str = "") -> Number:
    """A declared parameter as a number under an address; ValueError for one that is none (a tuple, a line of text)."""
    kinds: dict[str, NumberKind] = {"number": "number", "integer": "integer", "seed": "integer", "boolean": "switch"}
    label = label or field.label
    if field.kind == "choice" and len(field.choices) > 1:
        return _chosen(address, field, label)
    if field.kind not in kinds:
        raise ValueError(f"{field.name} is no number")
    is_switch = field.kind == "boolean"
    lo = 0.0 if is_switch else -math.inf if field.lo is None else float(field.lo)
    hi = 1.0 if is_switch else math.inf if field.hi is None else float(field.hi)
    default = float(field.default) if field.default is not None else min(max(0.0, lo), hi)
    return Number(address, label, kinds[field.kind], default, lo, hi, field.unit, field.doc, field.safe)


def _chosen(address: str, field: Field, label: str) -> Number:
    """A choice: of words by their place, of whole numbers by themselves, the nearest of which is taken."""
    if all(isinstance(choice, int) for choice in field.choices):
        lo, hi = float(min(field.choices)), float(max(field.choices))
        default = lo if field.default is None else float(field.default)
        return Number(address, label, "integer", default, lo, hi, field.unit, field.doc)
    default = 0.0 if field.default is None else float(field.choices.index(field.default))
    words = tuple(map(str, field.choices))
    return Number(address, label, "choice", default, 0.0, len(words) - 1.0, field.unit, field.doc, choices=words)


def joined(*parts: object) -> str:
    """The address of these parts: ``joined("bend", 1, "amount")`` is ``/bend/1/amount``."""
    return "".join(f"/{part}" for part in parts)


def split(address: str) -> tuple[str, ...]:
    """The parts of an address.

    Raises:
        StudioError: where it is none.
    """
    parts = address.split("/")
    if len(address) > 400 or parts[0] or len(parts) < 2 or not all(map(_PART.fullmatch, parts[1:])):
        raise StudioError(f'"{address[:80]}" is no address; they look like /bend/1/amount.')
    return tuple(parts[1:])


def owner_of(address: str) -> str:
    """The first part of an address, which says whose number it is; of what is no address, anything."""
    return address[1:].partition("/")[0]


def nothing_at(address: str, there: Iterable[str]) -> StudioError:
    """What to raise for an address that nothing has: it names one that is spelled alike."""
    known = list(there)
    close = difflib.get_close_matches(address, known, n=1, cutoff=0.6)
    meant = f" Did you mean {close[0]}?" if close else ""
    return StudioError(f"There is no number at {address[:80]}.{meant} `studio addresses PRESET` lists all.")


@dataclass(frozen=True)
class Dial:
    """A number of what is not the document: of the source, the view, the output; turning it is not undone.

    Attributes:
        number: what it is.
        get: its value now.
        set: gives it another, which has been checked.
        lead: gives it another where routes move it; None where that is the same. Where it is given, the number does
            something, as to change what is open: it never goes back by itself, and after something was opened, undone
            or done again it stays until it is moved on.
        runs: whether it goes on by itself, as the place in a film does, so that a hand is not told by its value.
    """

    number: Number
    get: Callable[[], float]
    set: Callable[[float], object]
    runs: bool = False
    lead: Callable[[float], object] | None = None
