"""Selections of the tensor at hand, as menus and buttons ask for them. Selecting nothing selects all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from studio.errors import StudioError
from studio.model.filters.edit import Mask, Selection
from studio.model.networks.shape import Array
from studio.model.views.workspace import Workspace
from studio.runtime.editing.varying import filters_of
from studio.ui.services.effects import Effects


def choose(workspace: Workspace, mask: Mask) -> None:
    """Select the kernels of a mask, (rows, columns); all where it has none."""
    if workspace.tensor is not None:
        workspace.select(Selection(mask if mask.any() else np.ones_like(mask)))


def select_all(workspace: Workspace) -> None:
    """Every kernel."""
    _by_tensor(workspace, lambda tensor: Selection.everything(tensor.shape))


def invert(workspace: Workspace) -> None:
    """The kernels that are not selected now."""
    _by_mask(workspace, lambda mask: ~mask)


def whole_rows(workspace: Workspace) -> None:
    """Every row with a selected kernel, whole: all that comes to one output channel, or from one input channel."""
    _by_mask(workspace, lambda mask: mask | mask.any(axis=1, keepdims=True))


def whole_columns(workspace: Workspace) -> None:
    """Every column with a selected kernel, whole."""
    _by_mask(workspace, lambda mask: mask | mask.any(axis=0, keepdims=True))


def strongest(workspace: Workspace, n: int) -> None:
    """The ``n`` kernels of largest norm."""
    _by_tensor(workspace, lambda tensor: Selection.strongest(tensor, n))


def weakest(workspace: Workspace, n: int) -> None:
    """The ``n`` kernels of smallest norm."""
    _by_tensor(workspace, lambda tensor: Selection.weakest(tensor, n))


def some(workspace: Workspace, n: int, seed: int) -> None:
    """``n`` kernels drawn by a seed."""
    _by_tensor(workspace, lambda tensor: Selection.random(tensor.shape, n, seed))


def most_effective(workspace: Workspace, effects: Effects | None, n: int) -> None:
    """The filters of the ``n`` channels that change the picture most.

    Of those that have been measured, the likely ones first; where they are too few, StudioError says so, and they are
    measured before others.
    """
    layer, tensor = workspace.layer, workspace.tensor
    if tensor is None or effects is None:
        return
    found = effects.of(layer) if tensor == f"{layer}.weight" else None
    known = 0 if found is None else int(np.isfinite(found).sum())
    if found is None or known < min(n, len(found)):
        effects.ask_of(layer)
        raise StudioError(f"What the filters of {layer} change is known of {known} so far; press again in a moment.")
    order = np.argsort(-np.nan_to_num(found, nan=-1.0), kind="stable")[:n]
    choose(workspace, filters_of(workspace.document.graph, layer, order))


def combined(before: Selection, mask: Mask, how: str) -> Selection:
    """A selection with the kernels of a mask in its place ("replace"), added ("add") or taken away ("subtract").

    What is added to a selection of everything begins a new one; where nothing is left, all are selected.
    """
    if how == "add" and not before.mask.all():
        mask = before.mask | mask
    elif how == "subtract":
        mask = before.mask & ~mask
    return Selection(mask if mask.any() else np.ones_like(mask))


def _by_tensor(workspace: Workspace, rule: Callable[[Array], Selection]) -> None:
    name = workspace.tensor
    if name is not None:
        choose(workspace, rule(workspace.document.tensor(name)).mask)


def _by_mask(workspace: Workspace, rule: Callable[[Mask], Mask]) -> None:
    now = workspace.selection
    if now is not None:
        choose(workspace, rule(now.mask))
