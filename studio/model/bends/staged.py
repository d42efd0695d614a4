"""A stage as an operator: the bend, and what is done alike for all bends around it. Engines run it; no file names it.

What it reads, and the passes that it takes; those in brackets only where the stage asks for them::

    inputs   the map, [the map from elsewhere], [earlier maps ...], [the mask]
    scratch  [the bend's own ...], [the mask: luma, shrunk], [statistics of the map ...], [the bent map, and its own]
    own      bent, held to the guard, and mixed with the map: amount × channel × mask
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

import numpy as np
from pydantic import InstanceOf

from studio.errors import StudioError
from studio.model.bends.stage import Chosen, Luma, Stage
from studio.model.declared.param import Live, lives
from studio.model.declared.shader_files import shader_file
from studio.model.declared.tick import START, Tick
from studio.model.networks.op import Op
from studio.model.networks.passes import AtOnce, Blocks, Scratch, Span
from studio.model.networks.shape import Array, Shape

if TYPE_CHECKING:
    pass

_AMOUNT = Live("amount", 0.0, 1.0, float)
_MEAN = "adaptive_avg_pool2d"
_ANY = Shape(1, 1, 1)
"""Which passes there are does not depend on the shape."""
_FRAMES = 1 << 24
"""Frames after which a shader counts anew: float32 holds no more whole numbers."""


class _Pass(NamedTuple):
    name: str
    shader: str
    shape: Shape
    reads: tuple[str, ...]
    span: Span | None = None
    at_once: AtOnce | None = None


class _Passes(NamedTuple):
    passes: tuple[_Pass, ...]
    reads: tuple[str, ...]
    inputs: int
    """What the bend reads before its own scratch."""


class Staged(Op):
    """What a stage makes of a map.

    Attributes:
        stage: the stage.
        tick: when the run takes place.
        channels: of the map.
        other: shape of the map from elsewhere, where it needs one.
        mask: shape of the map that the mask is taken from, where there is one.
    """

    arity: ClassVar[None] = None
    shader: ClassVar[str] = "stage"

    stage: InstanceOf[Stage]
    tick: InstanceOf[Tick] = START
    channels: int
    other: InstanceOf[Shape] | None = None
    mask: InstanceOf[Shape] | None = None

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`: the map's."""
        return inputs[0]

    @property
    def is_pointwise(self) -> bool:
        """See `Op.is_pointwise`: where nothing around the bend looks at other places or maps either."""
        return self.stage.bend.pointwise and self.mask is None and self.stage.guard.kind in ("none", "finite")

    # -- numbers ----------------------------------------------------------------------------------------------------

    def live_params(self) -> tuple[Live, ...]:
        """See `Op.live_params`: the amount, the guard's, the mask's and the bend's."""
        found = [_AMOUNT]
        if self.stage.guard.kind == "deviation":
            found.append(lives(type(self.stage.guard))[0]._replace(name="guard_times"))
        if isinstance(self.stage.mask, Luma):
            found += [live._replace(name=f"mask_{live.name}") for live in lives(Luma)]
        return (*found, *lives(type(self.stage.bend)))

    def live_value(self, name: str) -> float:
        """See `Op.live_value`."""
        stage = self.stage
        if name == "amount":
            return stage.amount
        part, _, rest = name.partition("_")
        if name == "guard_times":
            return stage.guard.times
        if part == "mask" and isinstance(stage.mask, Luma):
            return float(getattr(stage.mask, rest))
        return float(getattr(stage.bend, name))

    def turned(self, values: Mapping[str, float]) -> Self:
        """See `Op.turned`."""
        stage, own = self.stage, dict(values)
        amount, times = own.pop("amount", stage.amount), own.pop("guard_times", None)
        guard = stage.guard if times is None else stage.guard.turned({"times": times})
        mask = stage.mask
        if isinstance(mask, Luma):
            mask = mask.turned({name: own.pop(f"mask_{name}") for name in ("low", "high") if f"mask_{name}" in own})
        bend = stage.bend.turned(own) if own else stage.bend
        return self.model_copy(update={"stage": replace(stage, amount=amount, guard=guard, mask=mask, bend=bend)})

    def moves(self) -> bool:
        """See `Op.moves`."""
        return self.stage.bend.moves

    def at(self, tick: Tick) -> Self:
        """See `Op.at`."""
        return self.model_copy(update={"tick": tick})

    def numbers(self) -> dict[str, float]:
        """See `Op.numbers`."""
        stage = self.stage
        found = {"AMOUNT": stage.amount, "GUARD_TIMES": stage.guard.times}
        if isinstance(stage.mask, Luma):
            found |= {"MASK_LOW": stage.mask.low, "MASK_HIGH": stage.mask.high}
        if stage.bend.moves:
            found |= {"FRAME": float(self.tick.frame % _FRAMES), "TIME": float(self.tick.time)}
        return found | stage.bend.numbers()

    # -- what is compiled --------------------------------------------------------------------------------------------

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`: the bend's, and where among the maps that a pass reads each lies."""
        stage, made = self.stage, self._passes(_ANY)
        found: dict[str, int | float] = {"MASK": int(stage.mask is not None), f"GUARD_{stage.guard.kind.upper()}": 1}
        found["LAST_PAST"] = len(self.past) - 1
        # Of the pass that bends, which is its own unless the bent map is made apart.
        found |= {"OTHER": 1, "PAST": 1 + (self.other is not None), "SCRATCH": made.inputs}
        for name in ("mask", "mean", "moments", "squares", "bent", "bent_squares"):
            if name in made.reads:
                found[f"{name.upper()}_AT"] = made.reads.index(name)
        return found | stage.bend.structure()

    def files(self) -> tuple[str, ...]:
        """See `Op.files`."""
        bend = () if self.is_apart else (shader_file("bends", self.stage.bend.shader),)
        return ("lib/bend.glsl", *bend, "lib/stage.glsl")

    def scratch(self, *inputs: Shape) -> tuple[Scratch, ...]:
        """See `Op.scratch`: as drawn above."""
        made = self._passes(inputs[0])
        known = [*self._names, *(each.name for each in made.passes)]
        return tuple(
            Scratch(e.shader, e.shape, tuple(known.index(name) for name in e.reads), e.span, e.at_once)
            for e in made.passes
        )

    def blocks(self, *inputs: Shape) -> Blocks | None:
        """See `Op.blocks`: where the bend makes several texels at once, and is mixed in as it is made."""
        span = None if self.is_apart else self.stage.bend.span()
        return None if span is None else span.blocks(inputs[0])

    def shared(self, *inputs: Shape) -> Blocks | None:
        """See `Op.shared`: where the bend is, and is mixed in as it is made."""
        return None if self.is_apart else self.stage.bend.shared(inputs[0])

    def reads(self, scratch: int) -> tuple[int, ...]:
        """See `Op.reads`: the map; what the bend reads, where it bends; mask, statistics, and what was bent."""
        made = self._passes(_ANY)
        assert scratch == len(made.passes)
        known = [*self._names, *(each.name for each in made.passes)]
        return tuple(known.index(name) for name in made.reads)

    def vectors(self, tensors: Mapping[str, Array]) -> Array:
        """See `Op.vectors`: 1 for a channel that is bent, else 0; then the bend's own."""
        del tensors
        chosen, rows = self.chosen.astype(np.float32)[None], self.stage.bend.rows(self.channels)
        return chosen if rows is None else np.concatenate([chosen, rows.astype(np.float32)])

    @property
    def chosen(self) -> Chosen:
        """(channels,) which are bent.

        Raises:
            StudioError: naming the stage, for a channel that there is not.
        """
        try:
            return self.stage.channels.chosen(self.channels)
        except StudioError as error:
            raise StudioError(f"{self.stage.name}: {error}.") from None

    @property
    def past(self) -> tuple[int, ...]:
        """How many frames back the earlier maps lie that it reads."""
        memory = self.stage.bend.memory()
        return memory.delays if memory else ()

    @property
    def is_apart(self) -> bool:
        """Whether the bent map is made by itself, before it is mixed in: where it is kept, or must be added up."""
        memory = self.stage.bend.memory()
        return self.stage.guard.kind == "norm" or (memory is not None and memory.kept == "bent")

    @property
    def bent_scratch(self) -> int:
        """Which scratch is the bent map, where it is made apart."""
        return next(k for k, each in enumerate(self._passes(_ANY).passes) if each.name == "bent")

    @property
    def _names(self) -> list[str]:
        """What it reads, in order."""
        named = ["map", *(["other"] if self.other else []), *(f"past {k}" for k in range(len(self.past)))]
        return [*named, *(["mask map"] if self.mask else [])]

    def _passes(self, shape: Shape) -> _Passes:
        stage = self.stage
        bend_reads = [name for name in self._names if name != "mask map"]
        inputs, passes = len(bend_reads), []
        for k, each in enumerate(stage.bend.scratch(shape, self.other)):
            reads = bend_reads if each.reads is None else [bend_reads[n] for n in each.reads]
            at_once = each.at_once
            assert at_once is None or at_once.of < inputs, "what is made at once is made of what the bend is given"
            passes.append(_Pass(f"own {k}", each.shader, each.shape, tuple(reads), each.span, at_once))
            bend_reads.append(f"own {k}")
        own = ["map"] if self.is_apart else list(bend_reads)
        if self.mask is not None:
            _, height, width = self.mask
            if isinstance(stage.mask, Luma):
                passes.append(_Pass("luma", "lib/luma", Shape(1, height, width), ("mask map",)))
            small = Shape(1, min(height, shape.height), min(width, shape.width))
            seen = "luma" if isinstance(stage.mask, Luma) else "mask map"
            passes.append(_Pass("mask", _MEAN, small, (seen,)))
            own.append("mask")
        tall, one = shape._replace(width=1), Shape(shape.channels, 1, 1)
        if stage.guard.kind == "deviation":
            left_out = AtOnce("")
            passes.append(_Pass("row means", _MEAN, tall, ("map",), at_once=left_out))
            passes.append(_Pass("mean", _MEAN, one, ("row means",), at_once=left_out))
            passes.append(
                _Pass("row moments", "row_moments", tall._replace(width=2), ("map", "mean"), at_once=left_out)
            )
            at_once = AtOnce("lib/moments_block.glsl")
            passes.append(_Pass("moments", _MEAN, one._replace(width=2), ("row moments",), at_once=at_once))
            own += ["mean", "moments"]
        if self.is_apart:
            passes.append(_Pass("bent", f"lib/bend+{_named(stage.bend.shader)}+lib/bent", shape, tuple(bend_reads)))
            own.append("bent")
        if stage.guard.kind == "norm":
            for name, of in (("squares", "map"), ("bent_squares", "bent")):
                passes.append(_Pass(f"row {name}", "lib/row_squares", tall, (of,)))
                passes.append(_Pass(name, _MEAN, one, (f"row {name}",)))
                own.append(name)
        return _Passes(tuple(passes), tuple(own), inputs)


def _named(shader: str) -> str:
    """A bend's shader beside those of operators: a plug-in's names its package already."""
    return shader if ":" in shader else f"bends/{shader}"
