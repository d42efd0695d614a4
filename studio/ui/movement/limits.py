"""What a movement keeps its number to, where that is other than the number's own."""

from __future__ import annotations

from studio.model.declared.param import Declared, param
from studio.model.movement.address import Number
from studio.model.movement.route import Route
from studio.ui.kit.forms import Form


class Limits(Declared):
    """About which value a route moves its number, and between which; None where the number itself says so."""

    base: float | None = param(None, doc="The value that it moves about, wherever the number was turned to")
    lo: float | None = param(None, label="Least", doc="The smallest value while it moves")
    hi: float | None = param(None, label="Most", doc="The largest value while it moves")


class LimitsForm(Form[Limits]):
    """A tick and a field for each: what is not ticked is offered as the number has it."""

    def __init__(self) -> None:
        super().__init__(Limits)

    def show_limits(self, route: Route, number: Number | None, value: float) -> None:
        """Show those of a route.

        Args:
            route: whose they are.
            number: what it moves; None where it is not there.
            value: where that was turned to.
        """
        limits = Limits(base=route.base, lo=route.lo, hi=route.hi)
        if number is not None:
            lo, hi = number.reach
            for name, own in (("base", value), ("lo", lo), ("hi", hi)):
                if getattr(limits, name) is None:
                    self.controls[name].show_value(own)
        self.show_record(limits)
