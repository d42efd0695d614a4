"""The steps of a frame, run one after the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.tape import Call, Made, Row, Tape
from studio.engine.gl.frame.dispatch import Recorded
from studio.engine.gl.frame.passes import Step

# Steps of a frame after which they are sent off where a GPU has nothing else to do: drivers collect commands until they
# are told to. A GPU is busy with a layer for longer than the driver needs to be told of three more. Each sending costs
# the CPU time of its own, and an H200 7 µs between two layers.
_SENT_AFTER = frozenset(4**k for k in range(8))


class StepRow:
    """The steps of a frame in order, sent off now and then, or at its end where a GPU is busy with what came before.

    Args:
        steps: run one by one where they are timed, and else at once, by native code where they are many.
        device: what they run on.

    Attributes:
        makes: the layers whose maps they make.
        unwritten: those among them whose maps are not written.
    """

    def __init__(self, steps: Sequence[Step], device: Device) -> None:
        self._steps, self._device = tuple(steps), device
        recorded = [step.run for step in steps if isinstance(step.run, Recorded)]
        self._passes = sum(len(run.dispatches) for run in recorded) if len(recorded) == len(steps) else 0
        # By whether the GPU has nothing else to do, and whether more is asked for right behind.
        self._calls: dict[tuple[bool, bool], list[Call]] = {}
        self._tapes: dict[tuple[bool, bool], Tape] = {}
        passes = [dispatch for run in recorded for dispatch in run.dispatches]
        self._writes = tuple(writes for dispatch in passes for writes in dispatch.writes)
        self.makes = frozenset(name for step in steps for name in step.covers)
        self.unwritten = self._left_out()

    def __iter__(self) -> Iterator[Step]:
        return iter(self._steps)

    def run(self, timed: Callable[[Step], object] | None = None, *, sent_later: bool = False) -> None:
        """Run them.

        Args:
            timed: runs one, and times it; None where nothing is timed.
            sent_later: whether more is asked for right behind them, with which they are sent off.
        """
        is_idle = self._device.calls.begin()
        if timed is None:
            self._run(is_idle=is_idle, sent_later=sent_later)
            return
        for number, step in enumerate(self._steps, 1):
            timed(step)
            if self._is_sent(number, is_idle=is_idle, sent_later=sent_later):
                self._device.calls.flush()

    def write(self, names: Collection[str]) -> None:
        """Write these maps, too, in the next run."""
        for writes in self._writes:
            writes.begin(names)
        self.unwritten = self._left_out()

    def _left_out(self) -> frozenset[str]:
        return frozenset(name for writes in self._writes for name in writes.unwritten)

    def _run(self, *, is_idle: bool, sent_later: bool) -> None:
        """Run all, by native code where that can be."""
        key = is_idle, sent_later
        if key not in self._calls:
            self._calls[key] = [made.call for made in self._whole(is_idle=is_idle, sent_later=sent_later)]
        if key not in self._tapes and self._device.can_play(self._passes):
            self._tapes[key] = Tape(self._whole(is_idle=is_idle, sent_later=sent_later), self._device.calls)
        if key in self._tapes:
            self._tapes[key]()
            return
        for call in self._calls[key]:
            call()

    def _whole(self, *, is_idle: bool, sent_later: bool) -> list[Made]:
        made: list[Made] = []
        for number, step in enumerate(self._steps, 1):
            made += step.run.made if isinstance(step.run, Recorded) else [Made(step.run)]
            if self._is_sent(number, is_idle=is_idle, sent_later=sent_later):
                made.append(Made(self._device.calls.flush, (Row("glFlush", ()),)))
        return made

    def _is_sent(self, number: int, *, is_idle: bool, sent_later: bool) -> bool:
        if self._device.is_software:
            return False
        rest = len(self._steps) - number
        # What is left is not sent in two where it is less than what was sent before.
        return not sent_later if rest == 0 else is_idle and number in _SENT_AFTER and rest >= number
