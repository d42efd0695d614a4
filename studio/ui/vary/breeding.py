"""The variants that there are to choose from, and those of each choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.networks.changes import Change, HistoryChanged, NetworkChanged
from studio.model.networks.picture import Picture
from studio.model.networks.preset import Preset
from studio.model.views.workspace import Workspace
from studio.runtime.editing.varying import Chance, Variant, layers_with_filters, patches_of
from studio.runtime.live.channel_study import Impacts
from studio.runtime.live.report import Message
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.live.variants import COUNT, Drawn, Variants, tensor_of

_KEPT = 24
"""Generations to which undo goes back."""


@dataclass(eq=False)
class Generation:
    """Eight variants of one base.

    Attributes:
        base: what they change.
        parent: of which they are variants.
        variants: by place; those that have not been drawn yet are missing.
        pictures: (h, w, 3) uint8 RGB by place, the newest of each.
    """

    base: Preset
    parent: Variant
    variants: dict[int, Variant] = field(default_factory=dict)
    pictures: dict[int, Picture] = field(default_factory=dict)


class Breeding:
    """Draws, shows and chooses variants of what is open; belongs to the window's thread.

    A generation belongs to a state of the document: undo brings those back that were there before the choice, and
    what is changed by other hands is varied anew.

    Args:
        document: what is varied.
        workspace: says which layer is selected.
        variants: draws them.
        telemetry: knows how much channels matter.
        say: takes a sentence for the person.
        changed: called when there is another generation, or something of it is new.
    """

    def __init__(
        self,
        document: Document,
        workspace: Workspace,
        variants: Variants,
        telemetry: Telemetry,
        say: Callable[[Message], object],
        changed: Callable[[], object],
    ) -> None:
        self.strength, self.kind, self.everywhere = 0.5, "", False
        self.now: Generation | None = None
        self.problem = ""
        self._document, self._workspace, self._variants = document, workspace, variants
        self._telemetry, self._say, self._changed = telemetry, say, changed
        self._known: dict[int, Generation] = {}
        self._watched = self._is_choosing = False
        self._revision = document.revision
        document.changed.connect(self._follow)

    @property
    def is_drawing(self) -> bool:
        """Whether some of the eight are still to come."""
        return self.now is not None and len(self.now.variants) < COUNT and not self.problem

    def watch(self, watched: bool) -> None:
        """Whether anybody sees them: only then are they drawn and shown live."""
        self._watched = watched
        if not watched:
            self._variants.stop()
        elif self.now is None:
            self.roll()
        else:
            self._settle()

    def roll(self) -> None:
        """Draw eight others: of what was chosen last, as long as nothing else has been changed since."""
        self._document.finish_gesture()
        known = self._known.get(self._document.revision)
        if known is not None:
            self._begin(Generation(known.base, known.parent))
        else:
            self._begin(Generation(self._document.preset(), Variant()))

    def choose(self, place: int) -> None:
        """Take one of the eight, as one item of the history, and draw eight of it."""
        generation = self.now
        if generation is None or place not in generation.variants:
            return
        variant, document = generation.variants[place], self._document
        after = variant.tensors(document.graph, lambda name: tensor_of(generation.base, name))
        # What the parent changed and this one does not goes back.
        for name in generation.parent.tensors(document.graph, lambda name: tensor_of(generation.base, name)):
            after.setdefault(name, tensor_of(generation.base, name))
        child = Generation(generation.base, variant)
        gesture, self._is_choosing = document.begin(f"Vary: {variant.label}"), True
        try:
            for name, patch in patches_of(after, document.tensor).items():
                gesture.put(name, patch)
        finally:
            gesture.commit()
            self._is_choosing = False
        self._begin(child)

    def leave(self) -> None:
        """Another layer is selected: what was drawn of the one before goes."""
        if self.now is not None and not self.now.parent.genes:
            self._known.pop(self._revision, None)
            self._forget()

    # -- within ---------------------------------------------------------------------------------------------------

    def _begin(self, generation: Generation) -> None:
        self.now, self.problem = generation, ""
        self._note(self._document.revision, generation)
        self._changed()
        if self._watched:
            self._draw(generation)

    def _draw(self, generation: Generation) -> None:
        selected = self._workspace.layer
        there = layers_with_filters(self._document.graph)
        layers = () if self.everywhere or selected not in there else (selected,)
        known = {layer: found for layer, found in self._telemetry[Impacts].of.items() if not (found != found).any()}
        self._variants.draw(
            generation.base,
            generation.parent,
            Chance(self.strength, self.kind, layers),
            known,
            lambda drawn: self._drawn(generation, drawn),
            self._failed,
        )

    def _drawn(self, generation: Generation, drawn: Drawn) -> None:
        generation.variants[drawn.place] = drawn.variant
        generation.pictures[drawn.place] = drawn.picture
        self._changed()
        if generation is self.now and len(generation.variants) == COUNT:
            self._show(generation)

    def _show(self, generation: Generation) -> None:
        def take(place: int, picture: Picture) -> None:
            generation.pictures[place] = picture
            self._changed()

        self._variants.show(generation.base, generation.variants, take)

    def _failed(self, error: StudioError) -> None:
        self.problem = str(error)
        self._changed()

    def _settle(self) -> None:
        """Draw or show what there is of the present generation."""
        if self.now is None:
            return
        if len(self.now.variants) == COUNT:
            self._show(self.now)
        else:
            self._draw(self.now)

    def _note(self, revision: int, generation: Generation) -> None:
        self._revision = revision
        self._known.pop(revision, None)
        self._known[revision] = generation
        while len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged):
            self._known.clear()
            self._forget()
        elif isinstance(change, HistoryChanged) and not self._is_choosing:
            revision = self._document.revision
            if revision == self._revision:
                return
            known = self._known.get(revision)
            if known is not None:
                self._revision, self.now, self.problem = revision, known, ""
                self._changed()
                if self._watched:
                    self._variants.stop()
                    self._settle()
            else:
                self._forget()

    def _forget(self) -> None:
        """What the variants were made of is no longer what is open."""
        self._variants.stop()
        self.now, self.problem, self._revision = None, "", self._document.revision
        self._changed()
