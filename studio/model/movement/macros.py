"""What is done to macros: numbers aimed at, aims taken back, names; as pure functions from bank to bank."""

from __future__ import annotations

from dataclasses import replace

from studio.errors import StudioError
from studio.model.movement.address import Number
from studio.model.movement.route import MACROS, Aim, Macro, MacroBank


def macro_of(bank: MacroBank, number: int) -> Macro:
    """A macro by its number, from 1; StudioError where there is none."""
    if not 1 <= number <= MACROS:
        raise StudioError(f"There is no macro {number}; there are 1 to {MACROS}.")
    return bank[number - 1]


def aimed(bank: MacroBank, number: int, target: Number, value: float) -> MacroBank:
    """The bank with one more number that a macro turns, over the range that a fader of it covers.

    The first number of a macro stays where it is: the macro goes to where it has that value.

    Args:
        bank: as it is.
        number: of the macro, from 1.
        target: what it is to turn.
        value: where that is now.

    Raises:
        StudioError: where there is no such macro, or it cannot turn such a number or turns it already.
    """
    macro = macro_of(bank, number)
    if target.address.startswith(("/macro/", "/tempo/")):
        raise StudioError(f"A macro cannot turn {target.address}; aim it at numbers of bends, edits, routes or layers.")
    if any(aim.target == target.address for aim in macro.aims):
        raise StudioError(f"Macro {number} turns {target.address} already.")
    lo, hi = target.reach
    at = macro.value if macro.aims else min(max((value - lo) / (hi - lo), 0.0), 1.0)
    return changed(bank, number, value=at, aims=(*macro.aims, Aim(target.address, lo, hi)))


def ranged(bank: MacroBank, number: int, target: str, lo: float, hi: float) -> MacroBank:
    """The bank with another range of a number that a macro turns; the first may be the larger one."""
    aims = tuple(replace(aim, lo=lo, hi=hi) if aim.target == target else aim for aim in macro_of(bank, number).aims)
    return changed(bank, number, aims=aims)


def unaimed(bank: MacroBank, number: int, target: str) -> MacroBank:
    """The bank with a macro that does not turn this number."""
    return changed(bank, number, aims=tuple(aim for aim in macro_of(bank, number).aims if aim.target != target))


def changed(bank: MacroBank, number: int, **settings: object) -> MacroBank:
    """The bank with other fields of one macro; StudioError where there is none of this number."""
    made = replace(macro_of(bank, number), **settings)  # type: ignore[arg-type]
    return (*bank[: number - 1], made, *bank[number:])
