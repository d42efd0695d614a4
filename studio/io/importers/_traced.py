"""A module as a draft: traced at the size of its example, and at a second one, which tells what follows the size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.errors import StudioError

if TYPE_CHECKING:
    import torch

    from studio.io.importers._draft import Draft

Sides = tuple[int, int]


@dataclass(frozen=True)
class Trace:
    """What a module was read as.

    Attributes:
        draft: its layers.
        output: the one whose map is the picture.
        fixed: why it goes with the example's size alone; empty where it follows the size.
        sizes: (height, width) of the pictures that it was traced at.
        outputs: what the module returns, by name.
        picked: which of them was taken.
    """

    draft: Draft
    output: str
    fixed: str
    sizes: tuple[Sides, ...]
    outputs: tuple[str, ...]
    picked: str


@contextmanager
def evaluating(module: torch.nn.Module) -> Iterator[None]:
    """The module in evaluation mode for a while; every part of it is left in the mode that it was in."""
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True


def traced(module: torch.nn.Module, examples: Sequence[torch.Tensor], fold: bool, output: str = "") -> Trace:
    """The module's layers, for every size where that can be."""
    from studio.io.importers._simplify import fold_batch_norms
    from studio.io.importers._sizes import agreed

    draft, last, outputs, picked = _read(module, examples, output)
    size = picture_size(examples)
    sizes, fixed = [size] if size else [], ""
    for other in _others(size) if size else ():
        feed = resized(examples, other)
        if not _runs(module, feed):
            fixed = fixed or "the module itself runs at no other size that was tried"
            continue
        try:
            twin, twin_last, _, _ = _read(module, feed, output)
        except StudioError as error:
            fixed = f"at {other[0]}×{other[1]}, {str(error).rstrip('.')}"
            continue
        merged, layer = agreed(draft, twin)
        if layer or twin_last != last:
            fixed = f'its layer "{layer or last}" was made for that size'
            continue
        draft, fixed = merged, ""
        sizes.append(other)
        break
    last = fold_batch_norms(draft, last) if fold else last
    return Trace(draft, last, fixed, tuple(sizes), outputs, picked)


def _runs(module: torch.nn.Module, feed: Sequence[torch.Tensor]) -> bool:
    import torch

    try:
        with torch.no_grad():
            module(*(tensor.clone() for tensor in feed))
    # Whatever the module's own code raises, it does not take this size.
    except Exception:  # noqa: BLE001
        return False
    return True


def _read(
    module: torch.nn.Module, examples: Sequence[torch.Tensor], output: str
) -> tuple[Draft, str, tuple[str, ...], str]:
    from studio.io.importers import _exported
    from studio.io.importers._aten_table import table
    from studio.io.importers._calls import run

    calls, inputs, constants, outputs = _exported.read(_exported.trace(module, tuple(examples)))
    picked = _exported.pick(outputs, output)
    draft, last = run(calls, table(), inputs, constants, outputs[picked])
    return draft, last, tuple(outputs), picked


def picture_size(examples: Sequence[torch.Tensor]) -> Sides | None:
    """(height, width) of all pictures; None where there are none, or they differ."""
    sizes = {
        (tensor.shape[2], tensor.shape[3]) for tensor in examples if tensor.ndim == 4 and min(tensor.shape[2:]) > 1
    }
    return sizes.pop() if len(sizes) == 1 else None


def _others(size: Sides) -> Iterator[Sides]:
    """Sizes to trace at as well: unlike the first, and each other's sides; then twice and three times as large."""
    height, width = size
    for step in (16, 32, 64):
        if step == 16 or (height % step == 0 and width % step == 0):
            yield height + step, width + 2 * step
    yield 2 * height, 3 * width if 3 * width != 2 * height else 4 * width


def resized(examples: Sequence[torch.Tensor], size: Sides) -> tuple[torch.Tensor, ...]:
    """The examples with pictures of another size."""
    from torch.nn import functional as F

    return tuple(
        F.interpolate(tensor, size, mode="bilinear", align_corners=False)
        if tensor.ndim == 4 and min(tensor.shape[2:]) > 1
        else tensor
        for tensor in examples
    )
