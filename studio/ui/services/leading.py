"""What routes and macros move beyond the preset: numbers of the window, such as the zoom and the crossfader."""

from __future__ import annotations

from collections.abc import Callable, Collection

from studio.control.namespace import Namespace
from studio.model.documents.document import Document
from studio.model.movement.address import Number, split
from studio.model.movement.route import MACRO_BANK, ROUTES
from studio.model.networks.changes import Change, NetworkChanged, Opened, Travelled
from studio.model.networks.section import SectionChanged
from studio.model.numbers import owners
from studio.runtime.live.movement import Moved, MoveOthers, Steered
from studio.runtime.live.orders import Order
from studio.runtime.live.report import Message
from studio.runtime.live.telemetry import Telemetry


class Leading:
    """Tells the render thread which numbers of the window are to move, and turns them to where it has them.

    Args:
        document: whose routes and macros move them.
        names: where they are found.
        telemetry: tells where they are to be.
        order: has an order carried out in the render thread.
        say: shows a sentence to the person.
        resting: addresses that are moved by something else at the moment.
    """

    def __init__(
        self,
        document: Document,
        names: Namespace,
        telemetry: Telemetry,
        order: Callable[[Order], object],
        say: Callable[[Message], object],
        resting: Callable[[], Collection[str]],
    ) -> None:
        self._document, self._names, self._order, self._say = document, names, order, say
        self._resting = resting
        self._wanted = self._targets()
        self._ordered: tuple[tuple[Number, float], ...] = ()
        self._said = ""
        document.changed.connect(self._follow)
        self._telemetry = telemetry
        telemetry.on(Moved, self._move)
        telemetry.on(Steered, lambda _: self._move(telemetry[Moved]))

    def look(self) -> None:
        """See which there are now; to be called when some have come or gone."""
        if not self._wanted and not self._ordered:
            return
        found = self._names.lead(self._wanted)
        if found != self._ordered:
            self._ordered = found
            self._order(MoveOthers(found))

    def _follow(self, change: Change) -> None:
        names = ROUTES.name, MACRO_BANK.name
        if isinstance(change, NetworkChanged) or (isinstance(change, SectionChanged) and change.section in names):
            self._wanted = self._targets()
            self.look()
        elif isinstance(change, Opened | Travelled):
            # Its routes and macros have been seen by now.
            self._names.led.leave()
            self._move(self._telemetry[Moved])

    def _targets(self) -> frozenset[str]:
        targets = {route.target for route in self._document.section(ROUTES) if route.on}
        targets |= {aim.target for macro in self._document.section(MACRO_BANK) for aim in macro.aims}
        return frozenset(target for target in targets if split(target)[0] not in owners())

    def _move(self, moved: Moved) -> None:
        if not self._ordered:
            return
        resting, led = self._resting(), self._names.led
        values = {address: value for address, value in moved.values.items() if address not in resting}
        turned = led.move(values, is_old=led.stays and self._is_old())
        if led.refused != self._said:
            self._said = led.refused
            if self._said:
                self._say(Message(self._said, "warning"))
        if turned:
            self.look()

    def _is_old(self) -> bool:
        """Whether the render thread tells of routes and macros that are no longer those of the document."""
        steered, document = self._telemetry[Steered], self._document
        return steered != Steered(document.section(ROUTES), document.section(MACRO_BANK))
