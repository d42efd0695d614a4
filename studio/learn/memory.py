"""How much memory learning takes, and what is done where there is less, said before the first step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from studio.errors import StudioError
from studio.learn.objective import Objective
from studio.learn.settings import Settings, objective_of
from studio.model.declared.size import Size
from studio.model.networks.network import Network

_ROOM = 0.9
"""Part of the free memory that learning may take."""
_SMALLEST = 8
_FLOAT = 4
# Of every number of a map: itself, and what its gradient and the convolutions' own work take beside it.
_MAPS = {"torch": 2.0, "gl": 2.2}
_CGROUP = Path("/sys/fs/cgroup")


class Need(NamedTuple):
    """Bytes that a step takes.

    Attributes:
        weights: of tensors, gradients and what the optimiser remembers; the same for any size.
        crop: of the maps of one crop.
        crops: how many are computed together.
    """

    weights: int
    crop: int
    crops: int

    @property
    def total(self) -> int:
        """Bytes altogether."""
        return self.weights + self.crop * self.crops

    def __str__(self) -> str:
        return amount(self.total)


def need_of(objective: Objective, settings: Settings, engine: str) -> Need:
    """What a step of this takes on an engine, within about a half.

    The tensors stand there as they are, as gradients (twice), and once for each slot of the optimiser; maps are kept
    from the way forward until the way back has passed them.
    """
    tensors, shapes = objective.network.tensors, objective.shapes
    copies = 3 + len(settings.optimiser.slots)
    weights = _FLOAT * copies * sum(tensor.size for tensor in tensors.values())
    maps = sum(int(np.prod(shapes[node.name])) for node in objective.network.graph.nodes)
    # Of the steps of a state only the states are kept.
    maps += settings.unrolled * sum(int(np.prod(shapes[put.name])) for put in objective.network.graph.states)
    on_torch = engine == "torch"
    crops = settings.together if on_torch else objective.pictures
    return Need(weights, int(_FLOAT * maps * _MAPS["torch" if on_torch else "gl"]), crops)


def free_memory(engine: str) -> int:
    """Bytes that learning may take on an engine: of the graphics card where it learns there, else of the machine."""
    import psutil

    if engine == "torch":
        import torch

        if torch.cuda.is_available():
            return int(torch.cuda.mem_get_info()[0])
    return min([int(psutil.virtual_memory().available), *_group()])


def _group() -> Iterator[int]:
    """What is left to a container."""
    try:
        most, now = ((_CGROUP / name).read_text().strip() for name in ("memory.max", "memory.current"))
        if most != "max":
            yield max(0, int(most) - int(now))
    except (OSError, ValueError):
        return


def fitted(
    network: Network, settings: Settings, engine: str, free: Callable[[str], int] | None = None
) -> tuple[Settings, Need, str]:
    """Settings that fit into the memory there is: fewer crops are computed together where all do not.

    Args:
        network: what learns.
        settings: as they were asked for.
        engine: "torch", "gl" or "gl-fragment".
        free: tells the memory that there is on an engine; None asks the machine.

    Returns:
        The settings, what they take, and a remark where they are others.

    Raises:
        StudioError: where not even one crop fits; it says how much is needed, and offers a size that fits.
    """
    objective = objective_of(network, settings)
    need = need_of(objective, settings, engine)
    room = int(_ROOM * (free or free_memory)(engine))
    if need.total <= room:
        return settings, need, ""
    most = (room - need.weights) // max(need.crop, 1)
    if most >= 1 and need.crops > 1:
        pooled = objective.pictures > 1
        fewer = divisor(settings.batch, int(most)) if pooled else 1 << (int(most).bit_length() - 1)
        comes_to = "and batch norms take their statistics of those" if pooled else "which comes to the same step"
        remark = (
            f"All {need.crops} crops of a step at once would take {need}, and {amount(room)} are free: {fewer} at a "
            f"time are computed, {comes_to}."
        )
        return replace(settings, at_once=fewer), need._replace(crops=fewer), remark
    needed = amount(need.weights + need.crop)
    start = f'Learning with "{network.name}" at {settings.size} needs {needed} of memory, and '
    smaller = _smaller(network, settings, engine, room)
    offer = f"choose a size of {smaller}." if smaller else "choose a smaller network, or let fewer of its layers learn."
    raise StudioError(f"{start}{amount(room)} are free: {offer}")


def divisor(count: int, most: int) -> int:
    """The largest number up to this that divides another evenly."""
    return next(number for number in range(min(most, count), 0, -1) if count % number == 0)


def _smaller(network: Network, settings: Settings, engine: str, room: int) -> int:
    """The longest side of crops that fit; 0 where none does."""
    side = max(settings.size) // 2
    while side >= _SMALLEST:
        size = network.graph.fitting_size(Size(side, side))
        if max(size) > side * 2:
            return 0
        try:
            less = replace(settings, size=size, batch=1, at_once=1)
            if need_of(objective_of(network, less), less, engine).total <= room:
                return max(size)
        except StudioError:
            return 0
        side //= 2
    return 0


def amount(count: int) -> str:
    """Bytes as people say them: "850 MB", "2.4 GB"."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"
