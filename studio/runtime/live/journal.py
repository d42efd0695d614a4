"""What the render thread has to say to the person: sentences said once, and problems for as long as they last."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from studio.runtime.live.report import Message, Messages, Part, Problems
from studio.runtime.services.failures import told

T = TypeVar("T")


class Journal:
    """Collects them until they are reported. Belongs to one thread."""

    def __init__(self) -> None:
        self._said: list[Message] = []
        self._problems: dict[str, Message] = {}
        self._errors: dict[str, str] = {}

    def say(self, message: Message) -> None:
        """A sentence to be said once."""
        self._said.append(message)

    def problem(self, cause: str, message: Message) -> None:
        """Something cannot be done, until `solved` is told of the same cause."""
        self._errors.pop(cause, None)
        self._problems[cause] = message

    def solved(self, cause: str) -> None:
        """It can be done again, or need not be done any more."""
        self._errors.pop(cause, None)
        self._problems.pop(cause, None)

    def problem_of(self, cause: str) -> str:
        """The sentence that stands for it; empty where there is none."""
        return self._problems[cause].text if cause in self._problems else ""

    def attempt(self, cause: str, doing: str, work: Callable[[], T]) -> T | None:
        """Do it; whatever it raises becomes the problem of this cause, and what works solves it."""
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - the thread goes on
            self.fail(cause, doing, error)
            return None
        self.solved(cause)
        return result

    def fail(self, cause: str, doing: str, error: BaseException) -> None:
        """Take what was raised for a problem; the same again, frame after frame, is neither said nor logged anew."""
        said = repr(error)
        if self._errors.get(cause) != said:
            self.problem(cause, told(error, doing))
            self._errors[cause] = said

    def once(self, doing: str, work: Callable[[], T]) -> T | None:
        """Do something that is asked for once; whatever it raises is said."""
        try:
            return work()
        except BaseException as error:  # noqa: BLE001 - the thread goes on
            self.say(told(error, doing))
            return None

    @property
    def is_urgent(self) -> bool:
        """Whether there is a sentence to be said."""
        return bool(self._said)

    def parts(self) -> Iterable[Part]:
        """What there is to report; sentences are given once."""
        said, self._said = tuple(self._said), []
        if said:
            yield Messages(said)
        yield Problems(dict(self._problems))
