"""Whether a network does what the module does that it was read from: on example, picture and noise, at three sizes.

A difference is wrong only where it is larger than what the module's own rounding comes to: a module that makes much of
its input's last digits is compared with itself in float64, and that is said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import StudioError
from studio.io.importers._traced.exported import in_full, places
from studio.io.importers._traced.module import Trace, picture_size, resized
from studio.io.importers.base import SHOWN
from studio.model.declared.size import Size
from studio.model.networks.network import Network

if TYPE_CHECKING:
    import torch

TOLERANCE = 1e-3
"""Relative L2 error past which the studio would not run the module as PyTorch does."""

_CLOSE = 1e-4

# Errors are compared with what the module itself loses, times so much.
_OWN = 30.0
_MOST_OWN = 0.1
_LARGEST = 2048 * 2048
_MUCH = 2**25  # numbers in a map, which attention of every place has at sizes a little above its example's
_LARGE = 512 * 512  # past which two sizes are enough
_MOST_SIZES = 4


@dataclass(frozen=True)
class Checked:
    """What came of it.

    Attributes:
        network: of one size alone where it has to be.
        error: the largest relative L2 error.
        notes: remarks, each a sentence.
    """

    network: Network
    error: float
    notes: tuple[str, ...]


def checked(module: torch.nn.Module, examples: Sequence[torch.Tensor], network: Network, trace: Trace) -> Checked:
    """The network, compared with the module, which is in evaluation mode.

    Raises:
        StudioError: where the studio's output on the example is not the module's.
    """
    low, high = network.graph.inputs[0].range
    feeds = [tuple(examples), *_fed(examples, low, high)]
    found = [_error(module, feed, network, trace) for feed in feeds]
    worst, own = max(found), 0.0
    if not worst <= TOLERANCE:
        own = max(_own_error(module, feed, trace) for feed in feeds)
        if not worst <= min(_OWN * own, _MOST_OWN):
            raise StudioError(
                f"The studio's output differs from the module's by {worst:.2g} relative to it, so nothing was saved; "
                "the module keeps a state or draws random numbers, or this is a defect: please report it."
            )
    size, fixed = picture_size(examples), trace.fixed
    notes = []
    if size is not None and not fixed:
        fixed, worst, own = _elsewhere(module, examples, network, trace, worst, own)
        if fixed and (stepped := _by_multiples(module, examples, network, trace, worst)) is not None:
            network, fixed = stepped, ""
            step = network.graph.inputs[0].multiple[0]
            notes.append(
                f"The module fills pictures up to multiples of {step} pixels and cuts its output; the studio does that "
                "in its place."
            )
    if left_out := _left_out(module, examples):
        notes.append(
            f"The module computes a part in {left_out[0]} (torch.autocast); the studio computes all of it in float32, "
            "and was compared with the module in float32."
        )
    if own:
        notes.append(
            f"The module loses digits: in float32 it is {own:.1g} from itself in float64, and the studio's output "
            f"{worst:.1g} from the module's; that is rounding, not a difference of meaning."
        )
    if size is not None and fixed:
        inputs = tuple(replace(i, size=size) if i.kind == "picture" else i for i in network.graph.inputs)
        network = replace(network, graph=replace(network.graph, inputs=inputs))
        notes.append(f"It takes pictures of {size} alone: {fixed}.")
    return Checked(network, worst, tuple(notes))


def _left_out(module: torch.nn.Module, examples: Sequence[torch.Tensor]) -> list[str]:
    """The types in which the module would compute by itself."""
    import torch

    with torch.no_grad(), in_full() as left_out:
        module(*(tensor.clone() for tensor in examples))
    return left_out


def _fed(examples: Sequence[torch.Tensor], low: float, high: float) -> list[tuple[torch.Tensor, ...]]:
    """A picture and noise in the inputs' range, as large as the examples."""
    import torch

    noise = np.random.default_rng(0)
    pictures, noises = [], []
    for tensor in examples:
        shape = tuple(tensor.shape)
        drawn = torch.from_numpy(noise.uniform(low, high, shape).astype(np.float32))
        noises.append(drawn)
        if len(shape) != 4:
            pictures.append(drawn)
            continue
        y, x = np.mgrid[: shape[2], : shape[3]] / max(shape[2:])
        rows = [0.5 + 0.25 * np.sin(9 * x + k) + 0.2 * np.sign(np.sin(17 * y * (k + 1))) for k in range(shape[1])]
        # No two values are the same: which of these a sort takes first, PyTorch leaves open.
        grain = noise.uniform(0, 0.01, shape[1:])
        picture = low + (high - low) * np.clip(0.99 * np.clip(np.stack(rows), 0.01, 1) + grain, 0, 1)
        pictures.append(torch.from_numpy(picture.astype(np.float32)[None]))
    return [tuple(pictures), tuple(noises)]


def _elsewhere(
    module: torch.nn.Module,
    examples: Sequence[torch.Tensor],
    network: Network,
    trace: Trace,
    worst: float,
    own: float,
) -> tuple[str, float, float]:
    """Why the network goes with its own size alone, empty where it does not; and the errors, those elsewhere, too."""
    allowed = max(3 * worst, _CLOSE)
    for size in _sizes(network, trace.sizes):
        feed = resized(examples, size)
        error = _tried(module, feed, network, trace)
        if error is None:
            continue
        if not error <= allowed:
            here = _own_error(module, feed, trace)
            if not error <= min(_OWN * here, _MOST_OWN):
                return f"at {size} its output would be {error:.2g} from the module's", worst, own
            own = max(own, here) if error > TOLERANCE else own
        worst = max(worst, error)
    return "", worst, own


_STEPS = (8, 16, 32, 64, 128, 256)


def _by_multiples(
    module: torch.nn.Module, examples: Sequence[torch.Tensor], network: Network, trace: Trace, worst: float
) -> Network | None:
    """The network for pictures whose sides are multiples of a number alone, the smallest for which it is right.

    Modules pad what they are given to such multiples, and cut their output back.
    """
    height, width = trace.sizes[0]
    allowed = max(3 * worst, _CLOSE)
    for step in _STEPS:
        if height % step or width % step:
            break
        found = _of_multiples(network, step)
        # The next odd multiples: those of twice the step would be right for that as well.
        sizes = [
            Size(down + step * (1 + down // step % 2), across + step * (3 - across // step % 2))
            for down, across in (trace.sizes[0], reversed(trace.sizes[0]))
        ]
        # The other way up, and far smaller: a module may take another path there.
        sizes += [Size(size.width, size.height + step) for size in sizes[:1]]
        sizes += [Size(*(-(-side // (2 * step)) * step for side in trace.sizes[0]))]
        fitting = [size for size in dict.fromkeys(sizes) if found.graph.fitting_size(size) == size]
        errors = [_tried(module, resized(examples, size), found, trace) for size in fitting]
        if errors and all(error is not None and error <= allowed for error in errors):
            return found
    return None


def _of_multiples(network: Network, step: int) -> Network:
    inputs = tuple(replace(i, multiple=Size(step, step)) if i.kind == "picture" else i for i in network.graph.inputs)
    return replace(network, graph=replace(network.graph, inputs=inputs))


def _tried(module: torch.nn.Module, feed: Sequence[torch.Tensor], network: Network, trace: Trace) -> float | None:
    try:
        return _error(module, feed, network, trace)
    # Whatever the module's own code raises, it does not take this size, so that nobody can say what is right.
    except Exception:  # noqa: BLE001
        return None


def _numbers(network: Network, size: Size) -> int:
    """Of its largest map for pictures of this size; StudioError where it takes none of it."""
    return max(map(math.prod, network.graph.shapes({i.name: size for i in network.graph.inputs}).values()))


def _sizes(network: Network, traced: Sequence[Size]) -> list[Size]:
    """Sizes that the network claims to take, as the studio feeds it: fitting, and unlike those it was traced at."""
    height, width = traced[0]
    asked = [traced[1]] if len(traced) > 1 else []
    # The other way up, far smaller and larger as well: a module may take another path there.
    others = [(height + 3, width + 5), (width + 8, height + 8), (height // 2 + 8, width), (3 * height // 2, 2 * width)]
    others += [(height + 24, width + 8), (height, width + 64), (width // 2, height // 2 + 8)]
    asked += (Size(*sides) for sides in others)
    found: list[Size] = []
    for size in asked:
        if len(found) == _MOST_SIZES or (size.pixels > _LARGE and len(found) > 1):
            break
        try:
            fitting = network.graph.fitting_size(size)
            numbers = _numbers(network, fitting)
        except StudioError:
            continue
        if numbers > max(_MUCH, _numbers(network, Size(height, width))):
            continue
        if fitting not in found and fitting != (height, width) and fitting.pixels <= _LARGEST:
            found.append(fitting)
    return found


def _output(module: torch.nn.Module, feed: Sequence[torch.Tensor], trace: Trace) -> np.ndarray:
    import torch
    from torch.utils._pytree import tree_leaves

    from studio.io.importers._traced.drawn import drawing

    with torch.no_grad(), in_full(), drawing(trace.draft.draws):
        # Modules may write into what they are given.
        returned = module(*(tensor.clone() for tensor in feed))
    found = dict(zip(places(returned), tree_leaves(returned), strict=True))
    values: np.ndarray = found[trace.picked][0].detach().double().cpu().numpy()
    return values


def _error(module: torch.nn.Module, feed: Sequence[torch.Tensor], network: Network, trace: Trace) -> float:
    from studio.ops._reference import reference

    wanted = _output(module, feed, trace)
    feeds = {
        put.name: tensor.reshape(1, put.channels, *_pixels(tensor))
        for put, tensor in zip(network.graph.inputs, feed, strict=True)
    }
    output = network.graph.output
    # What brings it into values that are shown is no part of the module.
    output = network.graph.node(output).inputs[0] if output == SHOWN else output
    found = reference(network, feeds)[output][0].double().numpy()
    return _relative(found, wanted.reshape(found.shape) if wanted.size == found.size else np.full_like(found, np.inf))


def _relative(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.linalg.norm(found - wanted) / (np.linalg.norm(wanted) or 1.0))


def _own_error(module: torch.nn.Module, feed: Sequence[torch.Tensor], trace: Trace) -> float:
    """How far the module in float32 is from itself in float64; infinite where it has no float64."""
    import copy

    import torch

    wanted = _output(module, feed, trace)
    try:
        exact = _output(copy.deepcopy(module).double(), [tensor.double() for tensor in feed], trace)
    except (RuntimeError, TypeError):
        # Of modules that fix their type: in float32, with a change in the last digit of what they are fed.
        moved = [tensor * (1 + torch.finfo(torch.float32).eps) for tensor in feed]
        exact = _output(module, moved, trace)
    return _relative(wanted, exact)


def _pixels(tensor: torch.Tensor) -> tuple[int, ...]:
    return tuple(tensor.shape[2:]) if tensor.ndim == 4 else (1, 1)
