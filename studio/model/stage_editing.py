"""Stages of a document: put behind layers, moved, changed and taken away, each as an item of the history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.errors import StudioError
from studio.model import stages
from studio.model.address import joined
from studio.model.bend import Bend
from studio.model.lowering import lower
from studio.model.op import Shape
from studio.model.opened import Opened
from studio.model.route import MACRO_BANK, ROUTES, kept_for
from studio.model.section import Section
from studio.model.stage import Stage
from studio.model.stages import STAGES


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
            StudioError: where there is no such stage, or a setting is out of its range.
        """
        what = label or f"Change {stages.stage_of(self.stages, number).bend.label}"
        self.set_sections({STAGES: stages.changed(self.stages, number, **settings)}, what)

    def remove_stage(self, number: int) -> None:
        """Take a stage away, and what moves its numbers; StudioError where there is none of this number."""
        label = f"Remove {stages.stage_of(self.stages, number).bend.label}"
        routes, macros = kept_for(self.section(ROUTES), self.section(MACRO_BANK), [joined("bend", number)])
        left = stages.without(self.stages, number)
        self.set_sections({STAGES: left, ROUTES: routes, MACRO_BANK: macros}, label)

    def _check_fit(self, after: stages.Stages, number: int) -> None:
        """Raise StudioError where a stage fits no map where it now stands: no engine would take any stage then."""
        shapes = self.graph.usual_shapes
        if not shapes:
            return
        lower(self.graph, {}, (stages.stage_of(after, number),), shapes)
        try:
            lower(self.graph, {}, after, shapes)
        except StudioError:
            # Together they may take each other's maps in a circle; where they did before, it is not this stage's fault.
            if self._runs(shapes):
                raise

    def _runs(self, shapes: Mapping[str, Shape]) -> bool:
        try:
            lower(self.graph, {}, self.stages, shapes)
        except StudioError:
            return False
        return True
