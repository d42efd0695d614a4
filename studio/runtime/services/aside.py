"""One piece of work in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def aside(work: Callable[[], T], name: str) -> Future[T]:
    """Do it in a thread of its own.

    Args:
        work: what to do.
        name: of the thread, which is no daemon: the process ends when it is done.

    Returns:
        What becomes the result; whatever `work` raises is its exception, so that nobody waits for ever.
    """
    done: Future[T] = Future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is the future's
            done.set_exception(error)
        else:
            done.set_result(result)

    _Aside(target=run, name=name).start()
    return done


def under_way() -> list[str]:
    """The names of what was begun so and is not done."""
    return [thread.name for thread in threading.enumerate() if isinstance(thread, _Aside)]


def finish() -> None:
    """Wait until all that was begun so is done."""
    for thread in threading.enumerate():
        if isinstance(thread, _Aside):
            thread.join()


class _Aside(threading.Thread):
    """A thread that is known again."""
