"""How far a recording has come: a bar on a terminal, a plain line now and then in a log."""

from __future__ import annotations

import time
from collections.abc import Iterator

from studio.cli.common import Reporter

# Seconds between lines.
_FIRST, _EVERY, _SELDOM = 2.0, 10.0, 60.0


def show_progress(counts: Iterator[int], total: int | None) -> None:
    """Go through `counts`, frames that are done, and show them on standard error.

    Args:
        counts: rising; going through them does the work.
        total: how many there will be, where that is known.
    """
    reporter = Reporter()
    if reporter.is_terminal:
        _bar(counts, total, reporter)
    else:
        _lines(counts, total, reporter)


def _bar(counts: Iterator[int], total: int | None, reporter: Reporter) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("frames"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=reporter) as progress:
        task = progress.add_task("", total=total, rate="")
        for count in counts:
            speed = progress.tasks[0].speed
            progress.update(task, completed=count, rate=f"{speed:.1f} fps" if speed else "")


class Pace:
    """When a log gets its next line: soon at first, then seldom, so that a log of an hour has some hundred."""

    def __init__(self) -> None:
        self._due = _FIRST

    def is_due(self, passed: float) -> bool:
        """Whether it gets one now, so many seconds after the beginning."""
        if passed < self._due:
            return False
        self._due = passed + (_EVERY if passed < 600 else _SELDOM)
        return True


def _lines(counts: Iterator[int], total: int | None, reporter: Reporter) -> None:
    began, pace = time.monotonic(), Pace()
    for count in counts:
        passed = time.monotonic() - began
        if pace.is_due(passed):
            reporter.print(line(count, total, passed), soft_wrap=True, markup=False)


def line(count: int, total: int | None, seconds: float) -> str:
    """One line of a log: "120 of 750 frames, 24.0 fps, 26 s left"."""
    speed = count / seconds if seconds > 0 else 0.0
    parts = [f"{count} of {total} frames" if total else f"{count} frames", f"{speed:.1f} fps"]
    if total and speed > 0:
        parts.append(f"{max(0, total - count) / speed:.0f} s left")
    return ", ".join(parts)
