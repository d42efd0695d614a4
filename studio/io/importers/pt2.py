"""Models saved by torch.export.save (.pt2): JSON and raw weights, read here without PyTorch: no code can run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from studio.errors import StudioError
from studio.io.folders import is_file, open_regular
from studio.io.importers._archive import check_archive, is_zip
from studio.io.importers._aten.table import table
from studio.io.importers._draft import Draft
from studio.io.importers._sizes.limits import Shapes
from studio.io.importers._sizes.sides import Sides, frozen, size_worked_in
from studio.io.importers._sizes.twice import ReadAlong, read_once, read_twice, say_alone
from studio.io.importers._state import hands_on
from studio.io.importers._state_pairs import hand_on
from studio.io.importers._traced.calls import run
from studio.io.importers._traced.pt2_file import Axes, Program, read
from studio.io.importers.base import Imported, Known, Options, check_size, finished
from studio.model.declared.size import Size
from studio.model.networks.inputs import ANY, Input, Span


class Pt2:
    """What torch.export.save writes since PyTorch 2.8."""

    name = "torch.export"
    suffixes = (".pt2",)

    def match(self, path: Path) -> bool:
        """By its suffix."""
        return is_file(path) and path.suffix.lower() in self.suffixes

    def open(self, path: Path, options: Options) -> Imported:
        """Its graph, operator by operator."""
        with open_regular(path) as (_, size):
            check_size(size, path)
        if not is_zip(path):
            raise StudioError(f"{path}: this is no archive of torch.export; fetch it anew.")
        names = check_archive(path)
        try:
            model = read(path, names)
            picked = _picked(model, options.output)
            state = options.state or ("zeros" if hand_on(list(model.inputs), list(model.outputs)) else "")
            whole = hands_on(state, list(model.inputs))
            states = [name for label, name in model.outputs.items() if whole and label != picked]

            def shapes_at(size: Size | None) -> dict[str, tuple[int, ...]]:
                asked, largest = size or options.input_size, _whole(model.inputs.values()) if states else None
                return {name: _shape(sizes, asked, largest) for name, sizes in model.inputs.items()}

            def along(sides: Sides, size: Size | None) -> tuple[Draft, str]:
                shapes, output = shapes_at(size), model.outputs[picked]
                return run(model.calls, table(), shapes, model.constants, output, states, sides)

            draft, last, fixed = _read_for_sizes(model, shapes_at, along, options)
            own = None if model.is_dynamic else _whole(model.inputs.values())
            if own is not None and frozen(draft, model.calls, model.constants):
                fixed = True
                draft.notes.append(size_worked_in(own))
        # The archive's word is taken for the form of its JSON; where that was wrong, the archive is damaged.
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise StudioError(f"{path}: its description of the model is damaged; export it anew.") from error
        except StudioError as error:
            raise StudioError(f"{path}: {error}") from error
        if model.less:
            draft.notes.append(
                "A part of it is to run in half precision (torch.autocast); the studio computes all of it in float32."
            )
        if len(model.outputs) > 1 and not options.output and not states:
            others = ", ".join(name for name in list(model.outputs)[:7] if name != picked)
            draft.notes.append(
                f'It gives {len(model.outputs)} outputs; "{picked}" was taken, --output takes another: {others}.'
            )
        known = Known(
            self.name,
            stored=model.state,
            complete=True,
            outputs=tuple(model.outputs),
            picked=picked,
            fixed=fixed,
            made_for=own,
            state=state if states else "",
        )
        return finished(draft, last, path, known, options)


IMPORTER = Pt2()


def _read_for_sizes(
    model: Program, shapes_at: Callable[[Size | None], Shapes], along: ReadAlong, options: Options
) -> tuple[Draft, str, bool]:
    """The layers for every size that the file holds for, their output, and whether that is its own size alone."""
    own, asked, limits = _whole(model.inputs.values()), options.input_size, model.limits
    # What the file calls a fixed size is one; other sizes are only tried where it says that there are.
    if not model.is_dynamic or own is None:
        return *read_once(partial(along, {})), False
    if asked and (why := limits.breach(shapes_at(asked))):
        raise StudioError(f"it takes no pictures of {asked}: {why}; give another --input-size.")
    step, why = limits.step(shapes_at, asked or own)
    if not step:
        draft, last = read_once(partial(along, {}))
        say_alone(draft, asked or own, f"{why}; --input-size reads it for another")
        return draft, last, True

    def of_steps(sides: Sides, size: Size | None) -> tuple[Draft, str]:
        draft, last = along(sides, size)
        draft.inputs = [
            replace(put, multiple=Size(step, step)) if put.kind == "picture" else put for put in draft.inputs
        ]
        return draft, last

    draft, last, fixed = read_twice(partial(of_steps, {}), any_size=True, along=of_steps)
    bounds = {} if fixed else limits.bounds()
    draft.inputs = [_bounded(put, bounds.get(put.name, {})) for put in draft.inputs]
    if asked and (missed := next((put.bounds for put in draft.inputs if put.nearest(asked) != asked), "")):
        raise StudioError(f"it takes no pictures of {asked}: its file holds for {missed}; give another --input-size.")
    if said := next((put.bounds for put in draft.inputs if put.bounds), ""):
        draft.notes.append(f"Its file holds for {said}; pictures of other sizes are refused.")
    return draft, last, fixed


def _bounded(put: Input, sides: Mapping[str, Span]) -> Input:
    if put.kind != "picture":
        return put
    heights, widths = (
        ANY if span is None else (span[0] * times, None if span[1] is None else span[1] * times)
        for span, times in zip(map(sides.get, ("heights", "widths")), put.smaller, strict=True)
    )
    return replace(put, heights=heights, widths=widths)


def _shape(axes: Axes, size: Size | None, whole: Size | None) -> tuple[int, ...]:
    """The shape of an input where pictures have this size, the example's where None; one picture of any number.

    A state that is smaller than the example's largest picture, ``whole``, stays as many times smaller.
    """
    found = [1 if free and k == 0 else length for k, (length, free) in enumerate(axes)]
    if size is not None and len(axes) == 4:
        own = size.divided(whole.divided(Size(*found[2:]))) if whole and min(found) > 0 else size
        found[2:] = [side if free else length for side, (length, free) in zip(own, axes[2:], strict=True)]
    return tuple(found)


def _whole(inputs: Iterable[Axes]) -> Size | None:
    """The size of the largest picture of the example."""
    sizes = [Size(*(length for length, _ in axes[2:])) for axes in inputs if len(axes) == 4]
    return max(sizes, key=lambda size: size.pixels, default=None)


def _picked(model: Program, asked: str) -> str:
    if asked and asked not in model.outputs:
        raise StudioError(f'it gives no output "{asked}"; it gives {", ".join(list(model.outputs)[:6])}.')
    inputs = list(model.inputs)
    plain = (name for name in model.outputs if not hand_on(inputs, [name]))
    return asked or next(plain, next(iter(model.outputs)))
