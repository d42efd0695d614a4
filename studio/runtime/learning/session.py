"""Learning in the open document: one lesson at a time, with checkpoints to go back to.

    document  --strokes, edits, undo-->  Trainer (a thread: steps)  --weights-->  document  -->  engine, panels, undo

The weights that are learnt become the document's about ten times a second, as the drag of a slider does, and all that
is learnt until a hand does something else is one item of the history. What a hand does meanwhile goes into the learning
weights between two steps; weights that were taken before it got there are left out, so that it is never lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from studio.model.bends.stages import STAGES, StagesChanged
from studio.model.documents.document import Document
from studio.model.filters.learning_sheets import LearningSheets, LearningSheetsChanged
from studio.model.networks import changes
from studio.model.networks.layout import crop, sheet_size
from studio.runtime.learning.carrying import Carrying
from studio.runtime.learning.opening import Context, Contexts, Opening, Resumption
from studio.runtime.learning.record import picture_start
from studio.runtime.learning.steering import Steering
from studio.runtime.learning.told import Told
from studio.runtime.learning.trainer import Trainer
from studio.runtime.learning.turning import Turning
from studio.runtime.learning.versions import Versions
from studio.runtime.services.right_of_way import RightOfWay

if TYPE_CHECKING:
    from studio.learn.goal import Goal
    from studio.learn.learner import Step
    from studio.learn.prepare import Asked

State = Literal["off", "preparing", "learning", "paused"]

_KEEP_EVERY = 20.0


class LearningSession(Turning):
    """Belongs to the document's thread; how far its lesson has come is its `Course`.

    Args:
        document: what learns.
        post: has a callable called in the document's thread, soon.
        say: told sentences for the person, and the traceback of a defect.
        context: makes contexts of OpenGL for the learning thread; None where learners open their own.
        way: what the picture takes for its frames, for which learning on the same GPU waits.

    Attributes:
        changed: emits what is new: "lesson", "refused" (a turn; the lesson is as it was), "state", "steps", "pictures",
            "watched", "effort", "dead", "checkpoints", "saved", "fits" (what was asked for was taken up).
        state: what it does.
        engine: that it learns on, which is the one that runs; see `run_on`.
        asked: the lesson that is open, or was last.
        problem: why it stopped, or would not do what it was told; empty where it goes on.
        notes: remarks on the lesson.
        carrying: makes what is learnt the document's, and knows whether a change comes from there.
    """

    def __init__(
        self,
        document: Document,
        post: Callable[[Callable[[], None]], None],
        say: Callable[[str, str], object],
        context: Callable[[], Context] | None = None,
        way: RightOfWay | None = None,
    ) -> None:
        super().__init__()
        self._document, self._post, self._say, self._way = document, post, say, way
        self._contexts, self.carrying = Contexts(context), Carrying(document)
        self.state: State = "off"
        self.engine, self.problem = "torch", ""
        self.asked: Asked | None = None
        self.notes: tuple[str, ...] = ()
        self._trainer: Trainer | None = None
        self._ending: Trainer | None = None
        self._opening: Opening | None = None
        self._goes = False  # whether it was told to take steps, and has not come to an end
        # What was told while a hand was at work, and is taken in once it is not.
        self._late: tuple[Trainer, Told] | None = None
        self._kept_at, self._edits = 0.0, 0
        self._goal: Goal | None = None
        self._steering = Steering(document, post)
        document.changed.connect(self._follow)

    # -- what there is ----------------------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether there is a lesson that can go on."""
        return self._trainer is not None

    @property
    def goes(self) -> bool:
        """Whether it takes steps, or will once it is prepared."""
        return self._trainer is not None and self._goes

    @property
    def rests(self) -> bool:
        """Whether no lesson is open, and the last weights of the one before are in the document."""
        return self._trainer is None and self._ending is None

    # -- what can be done -------------------------------------------------------------------------------------------

    def begin(
        self,
        asked: Asked,
        engine: str = "",
        *,
        running: bool = True,
        steps: float = float("inf"),
        goal: Goal | None = None,
        resume: Path | Resumption | None = None,
    ) -> None:
        """Open a lesson on the network as it is bent now; one that was open ends.

        What does not fit is told by `problem`, and nothing has changed then.

        Args:
            asked: the lesson.
            engine: that it is learnt on; that which runs by default.
            running: whether it begins at once.
            steps: how many it takes before it pauses.
            goal: what else it pauses at.
            resume: what it goes on from, or the file: weights, optimiser, random numbers, painted rates. The lesson
                is that of the checkpoint, where that says it.
        """
        self.end()
        self._ending = self._late = None
        self.carrying.commit()
        network = self._document.preset().bent
        self.asked, self.problem, self.notes = asked, "", ()
        self._begin_course()
        self.changed.emit("checkpoints")
        self._kept_at, self._edits, self.engine, self._goal = 0.0, 0, engine or self.engine, goal

        def note(notes: tuple[str, ...]) -> None:
            self._post(lambda: self._note(opening, notes))

        def adopt(lesson: Asked, steps: int, sheets: LearningSheets) -> None:
            self._post(lambda: self._adopt(opening, lesson, steps, sheets))

        def stay(lesson: Asked) -> None:
            self._post(lambda: self._stay(opening, lesson))

        def tell(told: Told) -> None:
            self._post(lambda: self._take(trainer, told))

        def free() -> None:
            opening.close()
            self._post(lambda: self._contexts.give_back(opening.context))

        context, stages = self._contexts.take(), self._document.section(STAGES)
        opening = self._opening = Opening(
            network, asked, self.engine, context, resume, adopt, note, stay, stages, self._steering.sheets.towards
        )
        self._set("preparing")
        trainer = self._trainer = Trainer(
            opening.prepare, tell, Versions.of_document(self._document), running=False, free=free, way=self._way
        )
        self._steering.begin(trainer)
        self.keep()
        self._goes = running
        if running:
            trainer.run(steps)

    def go_on(self, steps: float = float("inf"), goal: Goal | None = None) -> None:
        """Take steps, without end, so many, or until a goal is reached."""
        if self._trainer is not None:
            self.problem, self._goes, self._goal = "", True, goal
            self.pace.clear()
            self._trainer.run(steps)
            if self.state != "preparing":
                self._set("learning")

    def pause(self) -> None:
        """Take no further steps; everything that was learnt is soon in the document."""
        if self._trainer is not None:
            self._goes = False
            self._trainer.run(0)
            if self.state == "learning":
                self._set("paused")

    def end(self) -> None:
        """End the lesson; what it has learnt until its last step stays."""
        if self._trainer is not None:
            # Its last weights are still on their way; see `_take`.
            self._ending, self._trainer = self._trainer, None
            self._drop_wishes()
            self._ending.close()
        self._set("off")

    def close(self, seconds: float) -> None:
        """End the lesson for good, and wait for the step under way, so many seconds at most."""
        trainer, self._trainer, self._ending, self._late = self._trainer or self._ending, None, None, None
        self._drop_wishes()
        if trainer is not None:
            trainer.close(seconds)

    # -- within -----------------------------------------------------------------------------------------------------

    def _note(self, opening: Opening, notes: tuple[str, ...]) -> None:
        if opening is self._opening:
            self.notes = notes
            self.changed.emit("state")
            self.changed.emit("fits")

    def _stay(self, opening: Opening, lesson: Asked) -> None:
        """What was asked for was refused; what has been asked for since is still to come."""
        if opening is self._opening and not opening.waits:
            self.asked = lesson
            self.changed.emit("refused")

    def _drop_wishes(self) -> None:
        if self._opening is not None:
            self._opening.drop_wishes()

    def _set(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.changed.emit("state")

    def _take(self, trainer: Trainer, told: Told) -> None:
        told = _counting(trainer, told)
        if trainer is not self._trainer:
            self._take_last(trainer, told)
            return
        if told.prepared:
            self.notes = told.notes
            self._set("learning" if self._goes else "paused")
            self.changed.emit("fits")
        if told.steps:
            self._add(told.steps, told.rests and not trainer.is_wanted)
        if told.weights is not None:
            self._put(trainer, told)
        for name in ("pictures", "watched", "effort", "dead"):
            if getattr(told, name) is not None:
                setattr(self, name, getattr(told, name))
                self.changed.emit(name)
        if self.pictures is not None and picture_start(self.checkpoints, self.pictures[1]):
            self.changed.emit("checkpoints")
        self._hear(told)
        if told.ended:
            self._trainer = None
            self.carrying.commit()
            self._set("off")

    def _take_last(self, trainer: Trainer, told: Told) -> None:
        """What the lesson that was ended last tells."""
        if trainer is not self._ending:
            return
        if told.weights is not None and told.edits >= self._edits:
            told = told.behind(self._late and self._late[1])
            self._late = None if self.carrying.put(told.weights or {}) else (trainer, told)
        if told.ended and self._late is not None:
            self._late = trainer, replace(self._late[1], ended=True)
        elif told.ended:
            self._ending = None
            self.carrying.commit()

    def _hear(self, told: Told) -> None:
        """Why an order was not carried out, or why it does not go on."""
        if told.refused:
            self.problem = told.refused
            self._say(told.refused, "")
            self.changed.emit("state")
        if told.problem:
            self._fail(told)

    def _fail(self, told: Told) -> None:
        self.problem, self._goes = told.problem, False
        if told.step is not None and told.step < self.step:
            self._go_back_to(told.step)
        if not told.ended:
            self._set("paused")
        self._say(told.problem, told.details)
        self.changed.emit("state")

    def _add(self, steps: Sequence[Step], rests: bool) -> None:
        self._add_steps(steps)
        self.problem, self._goes = "", self._goes and not rests
        self._set("learning" if self._goes else "paused")
        if self.seconds - self._kept_at >= _KEEP_EVERY:
            self._kept_at = self.seconds
            self.keep()
        self.changed.emit("steps")
        if self._goal is not None and any(self._goal.add(step) for step in steps):
            self.pause()

    def _put(self, trainer: Trainer, told: Told) -> None:
        """Make the learnt weights the document's, unless they are older than what a hand did."""
        told, self._late = told.behind(self._late and self._late[1]), None
        if told.edits < self._edits:
            trainer.retell()
        elif not self.carrying.put(told.weights or {}):
            self._late = trainer, told
        elif told.rests and self.state == "paused":
            self.carrying.commit()
        trainer.taken()

    def _take_late(self) -> None:
        late, self._late = self._late, None
        if late is not None:
            self._take(*late)

    def _follow(self, change: changes.Change) -> None:
        if isinstance(change, changes.NetworkChanged) and not change.same_layers:
            self.carrying.forget()
            self.end()
            self._ending = self._late = None
        elif isinstance(change, changes.WeightsChanged) and not self.carrying.is_own:
            # The last weights of a lesson that was ended are older.
            self._ending = None
            if self._trainer is not None:
                self._trainer.retell()
                self._edits = self._hand_on(self._trainer, change)
        elif isinstance(change, changes.DetailsChanged) and self._late is not None and self._document.gesture is None:
            self._post(self._take_late)
        elif isinstance(change, StagesChanged) and self.asked is not None and self.asked.bends:
            self._wish()
        elif isinstance(change, LearningSheetsChanged):
            self._steering.soon()

    def _hand_on(self, trainer: Trainer, change: changes.WeightsChanged) -> int:
        """What a hand did goes into the learning weights; how many edits there have been."""
        tensor, rect = self._document.tensor(change.tensor), change.rect
        if (rect.height, rect.width) == sheet_size(tensor.shape):
            return trainer.renew(change.tensor, self._document.hold(change.tensor))
        return trainer.replace(change.tensor, rect, crop(tensor, rect))

    def _adopt(self, opening: Opening, asked: Asked, step: int, sheets: LearningSheets) -> None:
        """A lesson has gone on from a file: count from there, with the rates that were painted then."""
        if opening is not self._opening or self._trainer is None:
            return  # it has been ended since
        self.asked, self.step = asked, step
        self.changed.emit("lesson")
        self._steering.set(sheets, f"Rates of step {step}")
        self.changed.emit("steps")


def _counting(trainer: Trainer, told: Told) -> Told:
    """What counts of it: nothing came of steps that were under way when it was to go back to a checkpoint."""
    if told.returns >= trainer.returns:
        return told
    if told.weights is not None:
        trainer.taken()
    return Told(refused=told.refused, problem=told.problem, details=told.details, ended=told.ended)
