"""Stages of a document: put behind layers, moved, changed and taken away, each as an item of the history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from studio.errors import StudioError
from studio.model.bends import stages
from studio.model.bends.bend import Bend
from studio.model.bends.lowering import check_fit
from studio.model.bends.stage import Stage
from studio.model.bends.stages import STAGES
from studio.model.documents.opened import Opened
from studio.model.movement.address import joined
from studio.model.movement.route import MACRO_BANK, ROUTES, kept_for
from studio.model.networks.section import Section


class StageEditing(Opened):
    """What a document does with its stages."""

    def set_sections(self, sections: Mapping[Section[Any], Any], label: str) -> None:
        """Give sections other values, as one item of the history."""
        raise NotImplementedError

    def add_stage(self, layer: str, bend: Bend, at: int | None = None, **settings: Any) -> Stage:
        """Put a bend behind a layer; the stage, with its number.

        Args:
            layer: the layer.
            bend: what it does.
            at: how many stages of that layer work before it; None puts it behind them all.
            settings: other fields of `Stage`.

        Raises:
            StudioError: where there is no such layer, a setting is out of its range, or the layer's map does not fit.
        """
        self.graph.node(layer)
        after, stage = stages.added(self.stages, layer, bend, at, **settings)
        self._check_fit(after, stage.id)
        self.set_sections({STAGES: after}, f"{bend.label} behind {layer}")
        return stage

    def move_stage(self, number: int, layer: str, at: int | None = None) -> None:
        """Put a stage at another place, or behind another layer.

        Raises:
            StudioError: where there is no such stage or layer, or the stage does not fit the layer's map.
        """
        self.graph.node(layer)
        label = stages.stage_of(self.stages, number).bend.label
        after = stages.moved(self.stages, number, layer, at)
        self._check_fit(after, number)
        self.set_sections({STAGES: after}, f"Move {label}")

    def change_stage(self, number: int, label: str = "", **settings: Any) -> None:
        """Give a stage other settings: a bend, channels, a mask, a guard.

        Raises:
            StudioError: where there is no such stage, a setting is out of its range, or it would fit the layer's map no
                more.
        """
        what = label or f"Change {stages.stage_of(self.stages, number).bend.label}"
        after = stages.changed(self.stages, number, **settings)
        self._check_fit(after, number)
        self.set_sections({STAGES: after}, what)

    def switch_stages(self, *, on: bool) -> None:
        """Switch all stages on or off; those that do not fit their layers, or the others, stay off."""
        after = tuple(replace(stage, on=False) for stage in self.stages)
        working = tuple(replace(stage, on=True, problem="") for stage in self.stages)
        if on and not self._misfit(working):
            after = working
        elif on:
            for place, stage in enumerate(working):
                more = (*after[:place], stage, *after[place + 1 :])
                after = after if self._misfit(more) else more
        self.set_sections({STAGES: after}, "All bends on" if on else "All bends off")

    def solo_stage(self, number: int) -> None:
        """Let one stage work alone; or, where it does already, all."""
        alone = stages.changed(self.stages, number, on=True)
        alone = tuple(stage if stage.id == number else replace(stage, on=False) for stage in alone)
        if alone == self.stages:
            self.switch_stages(on=True)
            return
        self._check_fit(alone, number)
        self.set_sections({STAGES: alone}, f"Solo {stages.stage_of(alone, number).bend.label}")

    def remove_stage(self, number: int) -> None:
        """Take a stage away, and what moves its numbers; StudioError where there is none of this number."""
        label = f"Remove {stages.stage_of(self.stages, number).bend.label}"
        routes, macros = kept_for(self.section(ROUTES), self.section(MACRO_BANK), [joined("bend", number)])
        left = stages.without(self.stages, number)
        self.set_sections({STAGES: left, ROUTES: routes, MACRO_BANK: macros}, label)

    def _check_fit(self, after: stages.Stages, number: int) -> None:
        """Raise StudioError where a stage fits no map where it now stands: no engine would take any stage then."""
        if alone := self._misfit((stages.stage_of(after, number),)):
            raise alone
        together = self._misfit(after)
        # They may take each other's maps in a circle; where they did before, it is not this stage's fault.
        if together and not self._misfit(self.stages):
            raise together

    def _misfit(self, some: stages.Stages) -> StudioError | None:
        """Why no engine takes these stages; None where each does."""
        try:
            check_fit(self.graph, some)
        except StudioError as error:
            return error
        return None
