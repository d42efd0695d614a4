"""A file read at several sizes, which tells what in it follows the size of the picture."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Draft, TooMuchError, maps_up_to
from studio.io.importers._sizes.frozen import agreed, at_sizes_of, same_layers
from studio.io.importers._sizes.sides import Sides, sides
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.network import Network

Read = Callable[[Size | None], tuple[Draft, str]]
ReadAlong = Callable[[Sides, Size | None], tuple[Draft, str]]

# Strides of networks divide it, so that SAME borders fall as they do at every size that pictures are padded to.
_STEP = 64
_LARGEST = 1536 * 1536
_CLOSE = 1e-4
# Smaller ones, by which attention of many places is told: it has a number for each two of all places.
_STEPS = (_STEP, 32, 16, 8)
_STARTS = (None, Size(_STEP, _STEP), Size(32, 32), Size(16, 16))
# What small ones told is looked at in one as large as pictures are, or as may be.
_USUAL = 256
_LARGE = (_USUAL, 192, 128, 96, 64)
# Numbers in a map, and in all products of two maps: what is told of smaller pictures takes less time; where no size is
# that small, the second are allowed; what is larger than the last is not read at all.
MUCH, _MORE, MOST = (2**24, 2**22), (2**25, 2**25), (2**27, 2**28)


def read_twice(read: Read, *, any_size: bool, along: ReadAlong | None = None) -> tuple[Draft, str, bool]:
    """The layers of a model for every size where that can be.

    Where it is right at sizes alone that are multiples of a number, its pictures' inputs say so: borders that SAME
    means fall otherwise at others.

    Args:
        read: the layers and the output's name for pictures of this size, the file's own where None.
        any_size: whether the file says that it takes pictures of other sizes.
        along: as ``read``, with what is counted along the sides of maps as layers; None where that is not told.

    Returns:
        The draft, its output, and whether it goes with its own size alone. Where it does, a remark says why.
    """
    why = "its layers make more numbers than are compared"
    for much, starts, steps in ((MUCH, _STARTS, _STEPS), (_MORE, _STARTS[-1:], _STEPS[-1:])):
        for start in starts if any_size else ():
            try:
                with maps_up_to(*much):
                    begun = _first(read) if start is None else read(start)
                    found, why = _told(read, along, begun, steps, any_size=True)
            except TooMuchError:
                continue
            except StudioError:
                if start is None:
                    raise
                continue
            if found is not None:
                return *found, False
            return *_alone(begun if start is None else _usual(read, why), why), True
    if any_size:
        return *_alone(_usual(read, why), why), True
    begun = read_once(read)
    with contextlib.suppress(TooMuchError), maps_up_to(*MUCH):
        found, _ = _told(read, along, begun, _STEPS, any_size=False)
        begun = found or begun
    return *begun, False


def _alone(begun: tuple[Draft, str], why: str) -> tuple[Draft, str]:
    """What takes its own size alone, with a remark that says why."""
    if (at := _own_size(begun[0])) is not None:
        say_alone(begun[0], at, why)
    return begun


def _told(
    read: Read, along: ReadAlong | None, begun: tuple[Draft, str], steps: Sequence[int], *, any_size: bool
) -> tuple[tuple[Draft, str] | None, str]:
    """The layers for every size, by what is read at other ones than the first; None where there are none, and why.

    Steps below the usual one are for what makes too much at that.

    Raises:
        TooMuchError: within `maps_up_to`, where every size that is tried makes more numbers.
    """
    if (at := _own_size(begun[0])) is None:
        return begun, ""
    graph, why, much = _graph(*begun), "", None
    for least in steps:
        if much is None and least != steps[0]:
            break
        for by in _multiples(graph, at, least):
            try:
                found, why = _at_another(read, along, begun, at, by, any_size=any_size)
            except TooMuchError as error:
                much = error
                continue
            if found is not None or not why:
                return found or begun, ""
    if much is not None and not why:
        raise much
    return None, why


def _multiples(graph: Graph, at: Size, least: int) -> Iterable[int]:
    """What the sides of other sizes are chosen as multiples of: of this number, and the network's own strides."""
    step = math.lcm(least, *graph.multiple)
    # What was traced for a small picture may be fixed to it by its layers.
    step = step if step <= max(at) else least
    # Of a draft that is fixed to its size that is its multiple, and nothing is known of the model's strides.
    is_fixed = not _takes(graph, Size(*(2 * side for side in at)))
    return dict.fromkeys((least, step) if is_fixed else (step,))


def _at_another(
    read: Read, along: ReadAlong | None, first: tuple[Draft, str], own: Size, step: int, *, any_size: bool
) -> tuple[tuple[Draft, str] | None, str]:
    """The layers for every size, by what is read at another one; None where there are none, and why.

    Nothing is said of a file of one size that cannot be read at another.
    """
    draft, output = first
    at = own
    if any_size and step > _STEP and own.height % step and own.height == own.width and 2 * step * step < _LARGEST:
        # A size of our own choosing, which its strides do not divide.
        at = Size(step, step)
        draft, output = read(at)
    other = Size(_another(at.height, step), _another(at.width, step) + step)
    if other.pixels > _LARGEST:
        return first, ""
    try:
        twin = read(other)
    except StudioError as error:
        # A file of one size may say nothing of others; one of any size that fails there is one of its own.
        return None, f"at {other}, {str(error).rstrip('.')}" if any_size else ""
    merged, why = _for_all(read, along, (draft, output), twin, (at, other, step))
    if why:
        return None, why + (_ANOTHER if any_size else "")
    return (merged, output), ""


def read_once(read: Read) -> tuple[Draft, str]:
    """A model at its own size.

    Raises:
        StudioError: where it makes more numbers than the studio runs.
    """
    try:
        with maps_up_to(*MOST):
            return read(None)
    except TooMuchError as error:
        raise StudioError(
            f'its layer "{error}" makes more numbers of pictures of its size than the studio runs; export it for '
            "smaller ones."
        ) from error


def _usual(read: Read, why: str) -> tuple[Draft, str]:
    """A model that goes with one size alone, at its usual one; StudioError where that takes too much."""
    try:
        with maps_up_to(*MOST):
            return _first(read)
    except TooMuchError as error:
        raise StudioError(
            f'it takes one size alone ({why.partition(";")[0]}), and at its usual one its layer "{error}" makes more '
            "numbers than the studio runs; give a smaller --input-size."
        ) from error


def _first(read: Read) -> tuple[Draft, str]:
    try:
        return read(None)
    except StudioError as error:
        if not str(error).endswith("."):
            raise
        # Of those that say so, some have frozen the size of their example in a reshape.
        raise StudioError(f"{error} Where it was exported for one size, give that by --input-size.") from error


_ANOTHER = "; --input-size reads it for another"


def _for_all(
    read: Read,
    along: ReadAlong | None,
    one: tuple[Draft, str],
    two: tuple[Draft, str],
    tried: tuple[Size, Size, int],
) -> tuple[Draft, str]:
    """The layers for every size, by what was read at two; or why there are none for other sizes.

    ``tried`` are these sizes, and the number that both were chosen multiples of.
    """
    (draft, output), (twin, twin_output), (own, other, step) = one, two, tried
    merged, layer = agreed(draft, twin)
    if layer and along is not None and (found := _along_sides(along, (draft, twin), (own, other))) is not None:
        read, merged, twin, layer = *found, ""
    if layer or twin_output != output:
        return draft, f'its layer "{layer or output}" was made for that size'
    if not all(_is_right(read, size, merged, output, twin) for size in _turned(own, other, step)):
        return draft, "what it works out of its size is another number where pictures have another shape"
    multiple = _multiple(read, merged, output, twin, step)
    if multiple > 1 and (own.height % multiple or own.width % multiple):
        return draft, "its borders fall otherwise at others"
    if other.height < _USUAL and not _is_right_when_large(read, merged, output, twin, step):
        return draft, "what it works out of its size is another number where pictures are larger"
    if multiple > 1:
        merged.inputs = [
            replace(put, multiple=Size(multiple, multiple)) if put.kind == "picture" else put for put in merged.inputs
        ]
    return merged, ""


def _along_sides(
    along: ReadAlong, drafts: tuple[Draft, Draft], sizes: tuple[Size, Size]
) -> tuple[Read, Draft, Draft] | None:
    """How it is read so that it agrees at two sizes, by layers for what it counts; that draft, and the second's."""
    counted = sides(*drafts)
    if not counted:
        return None
    read = partial(along, counted)
    try:
        (draft, output), (twin, twin_output) = read(sizes[0]), read(sizes[1])
    except StudioError:
        return None
    merged, layer = agreed(draft, twin)
    return None if layer or output != twin_output else (read, merged, twin)


def _own_size(draft: Draft) -> Size | None:
    """That of its pictures, where all have the same."""
    sizes = {draft.picture_size(i) for i in draft.inputs if i.kind == "picture"}
    return sizes.pop() if len(sizes) == 1 else None


def _multiple(read: Read, merged: Draft, output: str, twin: Draft, step: int) -> int:
    """What the sides of pictures have to be multiples of so that the layers are right: 1 where they always are.

    Only sizes at which pictures are not padded anyway are looked at: one that is an odd multiple of each divisor.
    """
    graph, failed = _graph(merged, output), False
    square = Size(step, step)
    height, width = square if _takes(graph, square) else _own_size(twin) or square
    for by in [n for n in range(1, step) if step % n == 0]:
        size = Size(height + by, width + 3 * by)
        if graph.fitting_size(size) != size:
            continue
        if _is_right(read, size, merged, output, twin):
            return by if failed else 1
        failed = True
    return step if failed else 1


def _turned(own: Size, other: Size, step: int) -> list[Size]:
    """Sizes the other way up than the second, and far wider and higher, of no more pixels than that."""
    wide = Size(step, 3 * step)
    return [Size(*other[::-1]), *(size for size in (wide, Size(*wide[::-1])) if size not in (own, other))]


def _takes(graph: Graph, size: Size) -> bool:
    try:
        graph.shapes({put.name: size for put in graph.inputs})
    except StudioError:
        return False
    return True


def _is_right(read: Read, size: Size, merged: Draft, output: str, twin: Draft) -> bool:
    """Whether the merged layers do at this size what the file says there; a size that it does not take says nothing."""
    try:
        third, third_output = read(size)
    except StudioError:
        return False
    if third_output != output:
        return False
    there = at_sizes_of(merged, third)
    if there is None or there.shapes[output] != third.shapes[output]:
        return False
    again, layer = agreed(twin, third)
    return (not layer and same_layers(merged, again)) or _makes_the_same(there, third, output)


def _makes_the_same(merged: Draft, third: Draft, output: str) -> bool:
    """Whether both make one picture of noise: numbers that were told otherwise may come to the same."""
    import torch

    from studio.ops._reference import reference

    noise, feeds = torch.Generator().manual_seed(0), {}
    for put in third.inputs:
        low, high = put.range
        feeds[put.name] = low + (high - low) * torch.rand((1, *third.shapes[put.name]), generator=noise)
    made, wanted = (reference(_own_memory(draft.network("", output)), feeds)[output] for draft in (merged, third))
    return float((made - wanted).norm()) <= _CLOSE * float(wanted.norm())


def _is_right_when_large(read: Read, merged: Draft, output: str, twin: Draft, step: int) -> bool:
    """Whether what small pictures told is what the file does with one of a usual size, or the largest that may be.

    A crop, or the larger of a count and a number, does nothing up to some size. Numbers are compared where there are
    few; else the layers alone are.
    """
    for side in _LARGE:
        large = Size(-(-side // step) * step, (-(-side // step) + 1) * step)
        try:
            with maps_up_to(*_MORE):
                third, third_output = read(large)
        except (StudioError, TooMuchError):
            continue
        again, layer = agreed(twin, third)
        if not layer and third_output == output and same_layers(merged, again):
            return True
        try:
            with maps_up_to(*MUCH):
                return _is_right(read, large, merged, output, twin)
        except TooMuchError:
            return False
    return True


def _own_memory(network: Network) -> Network:
    # PyTorch warns of memory that it may not write to, as that of a file is.
    return network.with_tensors({name: np.array(tensor) for name, tensor in network.tensors.items()})


def _graph(draft: Draft, output: str) -> Graph:
    return draft.network("", output).graph


def _another(side: int, step: int) -> int:
    # As small as may be: attention has a number for each two of all places.
    return (side // step + 1) * step


def say_alone(draft: Draft, size: Size, why: str) -> None:
    """Have the draft say that it goes with one size, and why."""
    draft.notes.append(f"It takes pictures of {size} alone: {why}.")
