"""A module as a draft: traced at the size of its example, and at a second one, which tells what follows the size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.model.declared.size import Size

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram

    from studio.io.importers._draft import Draft
    from studio.io.importers._sizes.sides import Sides


@dataclass(frozen=True)
class Trace:
    """What a module was read as.

    Attributes:
        draft: its layers.
        output: the one whose map is the picture.
        fixed: why it goes with the example's size alone; empty where it follows the size.
        sizes: of the pictures that it was traced at.
        outputs: what the module returns, by name.
        picked: which of them was taken.
    """

    draft: Draft
    output: str
    fixed: str
    sizes: tuple[Size, ...]
    outputs: tuple[str, ...]
    picked: str


_SMALLER = (Size(32, 48), Size(48, 16), Size(16, 24))


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


@dataclass(frozen=True)
class _Reading:
    """A module as PyTorch traced it at one size."""

    program: ExportedProgram
    picked: str
    outputs: tuple[str, ...]

    def drafted(self, *, whole: bool, sides: Sides | None = None) -> tuple[Draft, str]:
        """Its layers, and which of them is the output; with ``whole`` those of all its outputs."""
        from studio.io.importers._aten.table import table
        from studio.io.importers._traced import exported
        from studio.io.importers._traced.calls import run

        # Anew each time: what writes into a part of a constant writes into the constant.
        calls, inputs, constants, outputs = exported.read(self.program)
        others = [name for label, name in outputs.items() if whole and label != self.picked]
        return run(calls, table(), inputs, constants, outputs[self.picked], others, sides or {})


def _read(module: torch.nn.Module, examples: Sequence[torch.Tensor], output: str) -> _Reading:
    from studio.io.importers._traced import exported

    program = exported.trace(module, tuple(examples))
    outputs = exported.read(program)[3]
    return _Reading(program, exported.pick(outputs, output), tuple(outputs))


def _of_the_example(read: _Reading, *, whole: bool) -> tuple[Draft, str]:
    """Its layers at the example's size; StudioError where they make too much."""
    from studio.io.importers._draft import TooMuchError, maps_up_to
    from studio.io.importers._sizes.twice import MOST

    try:
        with maps_up_to(*MOST):
            return read.drafted(whole=whole)
    except TooMuchError as error:
        raise StudioError(
            f'Its layer "{error}" makes more numbers of this example than the studio runs; give a smaller one.'
        ) from error


def traced(
    module: torch.nn.Module,
    examples: Sequence[torch.Tensor],
    fold: bool,
    output: str = "",
    *,
    whole: bool = False,
    alone: bool = False,
) -> Trace:
    """The module's layers, for every size where that can be, or for its own ``alone``.

    With ``whole`` they are those of all its outputs.
    """
    from studio.io.importers._draft import TooMuchError, maps_up_to
    from studio.io.importers._meanings.simplify import fold_batch_norms
    from studio.io.importers._sizes.twice import MUCH

    read = _read(module, examples, output)
    draft, last = _of_the_example(read, whole=whole)
    size = picture_size(examples)
    sizes, fixed, ran = [size] if size else [], "", False
    drafts, readings = [(draft, last)], {size: read} if size else {}
    others = list(_others(size)) if size and not alone else []
    for place, other in enumerate(others):
        feed = resized(examples, other)
        if not _runs(module, feed):
            continue
        ran = True
        try:
            reading = _read(module, feed, output)
            with maps_up_to(*MUCH):
                twin, twin_last = reading.drafted(whole=whole)
            readings[other] = reading
        except TooMuchError:
            # Attention has a number for each two places: it is told by smaller pictures.
            others[place + 1 :] = [smaller for smaller in _SMALLER if smaller not in others[: place + 1]]
            fixed = "its layers make more numbers at others than are compared"
            continue
        except StudioError as error:
            fixed = f"at {other}, {str(error).rstrip('.')}"
            continue
        found, reason = _agreed(drafts, twin, twin_last)
        if found is None and (lined := _by_sides(list(readings.values()), (draft, twin), whole=whole)) is not None:
            found, twin_last, reason = *lined, ""
        drafts.append((twin, twin_last))
        fixed = fixed if found is None and fixed else reason
        if found is not None:
            draft, last = found, twin_last
            sizes.append(other)
            # Sides that a deep layer rounds to the same length in both are told apart at sizes further off.
            if all(_takes(found, later) for later in others[place + 1 :]):
                break
    if alone:
        fixed = "what it works out of its size is not told for certain"
    elif others and not ran:
        fixed = "the module itself runs at no other size that was tried"
    last = fold_batch_norms(draft, last) if fold else last
    return Trace(draft, last, fixed, tuple(sizes), read.outputs, read.picked)


def _by_sides(readings: list[_Reading], drafts: tuple[Draft, Draft], *, whole: bool) -> tuple[Draft, str] | None:
    """A draft for every size in which what is counted along a side is layers; None where that makes none."""
    from studio.io.importers._sizes.frozen import agreed
    from studio.io.importers._sizes.sides import sides

    one, two = readings[0], readings[-1]
    counted = sides(*drafts)
    if not counted:
        return None
    try:
        (draft, last), (twin, twin_last) = (each.drafted(whole=whole, sides=counted) for each in (one, two))
    except StudioError:
        return None
    merged, layer = agreed(draft, twin)
    return None if layer or last != twin_last else (merged, last)


def _agreed(drafts: Sequence[tuple[Draft, str]], twin: Draft, last: str) -> tuple[Draft | None, str]:
    """A draft for every size, by the newest and one of those before; else why there is none.

    At one size alone things may be alike by chance, windows as many as their pixels: the others then agree without it.
    """
    from studio.io.importers._sizes.frozen import agreed, at_sizes_of

    reason = ""
    for draft, own_last in drafts:
        merged, layer = agreed(draft, twin)
        if layer or own_last != last:
            reason = reason or f'its layer "{layer or last}" was made for that size'
            continue
        if (found := at_sizes_of(merged, drafts[0][0])) is not None:
            return found, ""
    return None, reason


def _takes(draft: Draft, size: Size) -> bool:
    """Whether every layer takes pictures of this size, as far as shapes say."""
    from studio.model.networks.shape import Shape

    shapes = {
        i.name: Shape(i.channels, *i.map_size(size)) if i.has_size else draft.shapes[i.name] for i in draft.inputs
    }
    try:
        for node in draft.nodes:
            shapes[node.name] = node.op.output_shape(*(shapes[name] for name in node.inputs))
    except StudioError:
        return False
    return True


def _runs(module: torch.nn.Module, feed: Sequence[torch.Tensor]) -> bool:
    import torch

    try:
        with torch.no_grad():
            module(*(tensor.clone() for tensor in feed))
    # Whatever the module's own code raises, it does not take this size.
    except Exception:  # noqa: BLE001
        return False
    return True


def picture_size(examples: Sequence[torch.Tensor]) -> Size | None:
    """That of all pictures; None where there are none, or one is no whole number of times smaller than the largest."""
    sizes = {Size(*tensor.shape[2:]) for tensor in examples if _is_picture(tensor)}
    whole = max(sizes, key=lambda size: size.pixels, default=None)
    divides = whole and all(side % own == 0 for size in sizes for side, own in zip(whole, size, strict=True))
    return whole if divides else None


def _is_picture(tensor: torch.Tensor) -> bool:
    return tensor.ndim == 4 and min(tensor.shape[2:]) > 1


def _others(size: Size) -> Iterator[Size]:
    """Sizes to trace at as well: unlike the first, and each other's sides.

    The later ones are multiples of more: of what modules pad their pictures to.
    """
    height, width = size
    found = [Size(height + 16, width + 32)]
    found += [Size(height + n, width + 2 * n) for n in (32, 64) if height % n == 0 and width % n == 0]
    across = 3 * width if 3 * width != 2 * height else 4 * width
    found += [Size(2 * height, across), Size(3 * height, 4 * width)]
    yield from dict.fromkeys(found)


def resized(examples: Sequence[torch.Tensor], size: Size) -> tuple[torch.Tensor, ...]:
    """The examples with pictures of another size; states that are smaller stay as many times smaller."""
    from torch.nn import functional as F

    whole = picture_size(examples)
    return tuple(
        F.interpolate(
            tensor,
            size.divided(whole.divided(Size(*tensor.shape[2:]))) if whole else size,
            mode="bilinear",
            align_corners=False,
        )
        if _is_picture(tensor)
        else tensor
        for tensor in examples
    )
