"""Filters bent by chance: variants to choose from, and variants of a variant."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from studio.edits import registry
from studio.errors import StudioError
from studio.model.declared.form import fields
from studio.model.filters.edit import Edit, Mask, Patch, Selection
from studio.model.movement.chance import by_weight, value_by_chance
from studio.model.networks.graph import Graph
from studio.model.networks.layout import Rect, crop, kernel_grid
from studio.model.networks.shape import Array

Tensors = Callable[[str], Array]
Effects = Callable[[str], Array]
"""How much each channel of a layer matters, (C,); infinite or NaN where that is not known."""

_MOST = 0.5
"""The share of a layer's filters that the greatest strength bends."""

_NOT_BY_CHANCE = frozenset({"Reinitialise", "Normalise"})
"""Edits of which a draw says little: what was trained is gone."""

_TRIES = 20
_MOST_GENES = 6


@dataclass(frozen=True, eq=False)
class Gene:
    """One edit of some filters of a layer.

    Attributes:
        layer: whose filters.
        channels: which of its channels they make.
        edit: what is done to them.
        amount: how far each weight goes to what the edit makes of it, 0 to 1.
    """

    layer: str
    channels: tuple[int, ...]
    edit: Edit
    amount: float


@dataclass(frozen=True, eq=False)
class Variant:
    """Edits drawn by chance, one after the other.

    Attributes:
        genes: the edits; none leaves everything as it is.
    """

    genes: tuple[Gene, ...] = ()

    @property
    def label(self) -> str:
        """What it does, for a history: "Rotate 12 filters of enc2"."""
        if not self.genes:
            return "as it is"
        last = self.genes[-1]
        count = len(last.channels)
        more = f" and {len(self.genes) - 1} more" if len(self.genes) > 1 else ""
        return f"{last.edit.label} {count} filter{'' if count == 1 else 's'} of {last.layer}{more}"

    def tensors(self, graph: Graph, base: Tensors) -> dict[str, Array]:
        """The tensors that it changes, as it makes them of others.

        Args:
            graph: whose layers are named.
            base: gives a tensor, which is not changed.

        Raises:
            StudioError: where an edit cannot work on such kernels.
        """
        found: dict[str, Array] = {}
        for gene in self.genes:
            name = weight_of(graph, gene.layer)
            before = found.get(name)
            before = base(name) if before is None else before
            selection = Selection(filters_of(graph, gene.layer, gene.channels))
            patch = gene.edit.apply(before, selection)
            was = crop(before, patch.rect)
            mixed = was + np.float32(gene.amount) * (patch.values - was)
            found[name] = Patch(patch.rect, np.asarray(mixed, np.float32)).applied(before)
        return found


@dataclass(frozen=True)
class Chance:
    """How variants are drawn.

    Attributes:
        strength: 0 to 1: how many filters, and how far each goes.
        kind: the name of the one edit that is drawn; empty for any.
        layers: the layers whose filters are bent; one is drawn for each edit.
    """

    strength: float = 0.5
    kind: str = ""
    layers: tuple[str, ...] = ()


def kinds() -> list[type[Edit]]:
    """The edits that chance draws from, by label: those whose every parameter can be drawn."""
    found = (kind for kind in registry().values() if not kind.needs_other and kind.__name__ not in _NOT_BY_CHANCE)
    return sorted(
        (kind for kind in found if not any(field.required for field in fields(kind))), key=lambda kind: kind.label
    )


def layers_with_filters(graph: Graph) -> tuple[str, ...]:
    """The layers that have filters of their own, in running order."""
    nodes = graph.nodes
    return tuple(n.name for n in nodes if n.owner == n.name and len(n.op.tensor_shapes().get("weight", ())) == 4)


def weight_of(graph: Graph, layer: str) -> str:
    """The full name of a layer's weight."""
    return f"{graph.node(layer).owner}.weight"


def filters_of(graph: Graph, layer: str, channels: Sequence[int] | np.ndarray[Any, Any]) -> Mask:
    """(rows, columns): kernels that make channels of a layer: rows of a convolution, columns of a transposed one."""
    mask, lines = _lines(graph, layer)
    wanted = np.asarray(channels, np.int64)
    lines[wanted[wanted < len(lines)]] = True
    return mask


def channel_count(graph: Graph, layer: str) -> int:
    """How many channels a layer hands on, by the filters that make them: its own, or those of what it reads.

    Raises:
        StudioError: where no filters do.
    """
    name = layer
    while name in graph:
        if len(graph.node(name).op.tensor_shapes().get("weight", ())) == 4:
            return len(_lines(graph, name)[1])
        if len(graph.node(name).inputs) != 1:
            break
        name = graph.node(name).inputs[0]
    raise StudioError(f"{layer} has no filters that make its channels.")


def by_channel(graph: Graph, layer: str, tensor: Array) -> Array:
    """A layer's weight, (C, n): for each channel the weights that make it."""
    across = type(graph.node(layer).op).__name__.startswith("ConvTranspose")
    lines = tensor.swapaxes(0, 1) if across else tensor
    return lines.reshape(lines.shape[0], -1)


def _lines(graph: Graph, layer: str) -> tuple[Mask, Mask]:
    """A mask of a layer's kernels, and the same with a row for each channel that they make."""
    node = graph.node(layer)
    mask = np.zeros(kernel_grid(node.op.tensor_shapes()["weight"])[:2], np.bool_)
    return mask, mask.T if type(node.op).__name__.startswith("ConvTranspose") else mask


def drawn(graph: Graph, base: Tensors, effects: Effects, how: Chance, chance: random.Random) -> Variant:
    """A variant with one edit of the filters that matter most, each as likely as it matters.

    Raises:
        StudioError: where no layer has filters, or the one kind that is asked for cannot work on them.
    """
    return Variant((_gene(graph, base, effects, how, chance),))


def bred(parent: Variant, graph: Graph, base: Tensors, effects: Effects, how: Chance, chance: random.Random) -> Variant:
    """A variant of a variant: one more edit, one drawn anew, or the same edits with other amounts and parameters.

    Raises:
        StudioError: see `drawn`.
    """
    genes = list(parent.genes)
    if not genes:
        return drawn(graph, base, effects, how, chance)
    what = chance.random()
    if what < 0.45 and len(genes) < _MOST_GENES:
        return Variant((*genes, _gene(graph, base, effects, how, chance)))
    place = chance.randrange(len(genes))
    if what < 0.7:
        genes[place] = _gene(graph, base, effects, how, chance)
    else:
        gene = genes[place]
        deviation = _deviation(base(weight_of(graph, gene.layer)))
        amount = min(max(gene.amount * chance.uniform(0.5, 1.6), 0.05), 1.0)
        genes[place] = replace(gene, edit=_shaken(gene.edit, chance, deviation), amount=amount)
    return Variant(tuple(genes))


def _gene(graph: Graph, base: Tensors, effects: Effects, how: Chance, chance: random.Random) -> Gene:
    there = [layer for layer in layers_with_filters(graph) if not how.layers or layer in how.layers]
    if not there:
        raise StudioError("There are no filters to vary here; select a layer that has some.")
    wanted = [kind for kind in kinds() if how.kind in ("", kind.__name__)]
    problem: Exception | None = None
    for _ in range(_TRIES):
        layer, kind = chance.choice(there), chance.choice(wanted)
        impact = effects(layer)
        count = max(1, round(len(impact) * _MOST * how.strength**2))
        channels = by_weight(impact, count, chance)
        tensor = base(weight_of(graph, layer))
        amount = min(1.0, 0.3 + 0.9 * how.strength)
        try:
            gene = Gene(layer, channels, _with_values(kind, chance, _deviation(tensor)), amount)
            # Whether it can work on kernels of this size is known when it has.
            gene.edit.apply(tensor, Selection(filters_of(graph, layer, channels[:1])))
        except (StudioError, ValueError) as error:
            problem = error
            continue
        return gene
    raise StudioError(f"Nothing could be drawn: {problem}")


def _with_values(kind: type[Edit], chance: random.Random, deviation: float) -> Edit:
    return kind.model_validate({field.name: value_by_chance(field, chance, deviation) for field in fields(kind)})


def _shaken(edit: Edit, chance: random.Random, deviation: float) -> Edit:
    """The same edit with each number a third of the way to another."""
    drawn_anew = _with_values(type(edit), chance, deviation)
    values: dict[str, Any] = {}
    for field in fields(type(edit)):
        before, after = getattr(edit, field.name), getattr(drawn_anew, field.name)
        if field.kind in ("number", "integer"):
            mixed = before + (after - before) / 3
            values[field.name] = round(mixed) if field.kind == "integer" else mixed
        else:
            values[field.name] = before
    return type(edit).model_validate(values)


def _deviation(tensor: Array) -> float:
    finite = tensor[np.isfinite(tensor)]
    return float(finite.std(dtype=np.float64)) or 1.0 if finite.size else 1.0


def patches_of(after: Mapping[str, Array], before: Tensors) -> dict[str, Patch]:
    """For each tensor the smallest block of kernels that differs, with the values that it has afterwards."""
    found: dict[str, Patch] = {}
    for name, tensor in after.items():
        grid = kernel_grid(tensor.shape)
        now, was = tensor.reshape(grid), before(name).reshape(grid)
        differs = (now.view(np.uint32) != np.ascontiguousarray(was).view(np.uint32)).any(axis=(2, 3))
        if differs.any():
            rows, columns = Selection(differs).bounds()
            _, _, kh, kw = grid
            height, width = (rows.stop - rows.start) * kh, (columns.stop - columns.start) * kw
            rect = Rect(rows.start * kh, columns.start * kw, height, width)
            found[name] = Patch(rect, np.ascontiguousarray(crop(tensor, rect)))
    return found
