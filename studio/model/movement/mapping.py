"""Mappings: which control of a controller turns which number, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from studio.model.networks.section import Section

Mode = Literal["absolute", "relative twos", "relative offset", "relative sign", "toggle", "trigger", "next"]


@dataclass(frozen=True)
class Mapping:
    """One control and the number that it turns.

    Attributes:
        signal: what the control sends: "midi/1/cc/7", "midi/1/cc14/7", "midi/1/note/60", "osc/fader/1".
        target: the address of the number.
        mode: "absolute" sets it from end to end; the relative ones turn it in steps of a 128th; "toggle" switches
            between the ends with each press; "trigger" is at the far end while it is held; "next" takes the next whole
            number with each press, and the first behind the last. A controller is pressed where it passes its middle.
        lo: the number's value at one end of the control; None is the end of its reach.
        hi: its value at the other end.
        takeover: whether an absolute control that stands elsewhere than the number turns it only once it has come
            past where that is, so that nothing jumps.
    """

    signal: str
    target: str
    mode: Mode = "absolute"
    lo: float | None = None
    hi: float | None = None
    takeover: bool = True


Mappings = tuple[Mapping, ...]

MAPPINGS: Section[Mappings] = Section("mappings", ())
"""Those that belong to the preset; a person's own, for all presets, are kept elsewhere."""


def learnt(mappings: Mappings, mapping: Mapping) -> Mappings:
    """The mappings with one more; a control and its number are mapped to each other once."""
    return (*(each for each in mappings if (each.signal, each.target) != (mapping.signal, mapping.target)), mapping)


def forgotten(mappings: Mappings, target: str) -> Mappings:
    """The mappings without those of a number."""
    return tuple(each for each in mappings if each.target != target)
