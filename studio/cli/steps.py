"""Steps of a lesson as they come: a bar on a terminal, a plain line now and then in a log, or lines of JSON."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from studio.cli.common import Reporter
from studio.cli.progress import Pace
from studio.cli.streams import ReaderGoneError
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.learn.learner import Step

    Show = Callable[[Step, float], None]


@contextmanager
def shown_steps(as_json: bool, most: int, seconds: float) -> Iterator[Show]:
    """Give what is called with each step and the seconds until then.

    Args:
        as_json: whether each is a line of JSON on standard output.
        most: steps at most; 0 for any number.
        seconds: to learn at most; 0 for any time.
    """
    reporter = Reporter()
    if as_json:
        yield _print_line
    elif reporter.is_terminal:
        with _bar(reporter, most, seconds) as show:
            yield show
    else:
        pace, words = Pace(), _Words()

        def show_now_and_then(step: Step, passed: float) -> None:
            said = words.of(step, passed)
            if pace.is_due(passed):
                reporter.print(said, soft_wrap=True, markup=False)

        yield show_now_and_then


@contextmanager
def _bar(reporter: Reporter, most: int, seconds: float) -> Iterator[Show]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=reporter) as progress:
        task, words = progress.add_task("", total=1.0, said=""), _Words()

        def show(step: Step, passed: float) -> None:
            parts = [step.number / most if most else 0.0, passed / seconds if seconds else 0.0]
            progress.update(task, completed=min(max(parts), 1.0), said=words.of(step, passed))

        yield show


class _Words:
    """Says how far a lesson has come; asked of every step, for those before a checkpoint took none of its time."""

    def __init__(self) -> None:
        self._taken = 0

    def of(self, step: Step, passed: float) -> str:
        self._taken += 1
        speed = self._taken / passed if passed else 0.0
        return f"step {step.number}  loss {step.loss:.5f}  {step.psnr:.2f} dB  {speed:.1f} steps/s"


def _print_line(step: Step, passed: float) -> None:
    facts = {
        "step": step.number,
        "loss": step.loss,
        "parts": dict(step.parts),
        "psnr": step.psnr if math.isfinite(step.psnr) else None,
        "norm": step.norm,
        "rate": step.rate,
        "seconds": round(passed, 3),
    }
    # Nobody's lesson ends because nobody hears of it.
    with suppress(ReaderGoneError, StudioError):
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()
