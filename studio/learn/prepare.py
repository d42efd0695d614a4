"""A learner by what people write: on the command line, in Python, in a form."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from studio.engine.choose import choose, probe_gl
from studio.errors import StudioError
from studio.io.opening import open_preset
from studio.learn.asked import Asked as Asked
from studio.learn.asked import required
from studio.learn.bends import with_bends
from studio.learn.growth import Growth
from studio.learn.learner import Learner
from studio.learn.lesson import Lesson, open_lesson
from studio.learn.lesson_numbers import LOSS_NAMES
from studio.learn.losses import parse_weights
from studio.learn.memory import Need, divisor, fitted
from studio.learn.networks import parse_new
from studio.learn.optimisers import OPTIMISERS, Optimiser, Schedule, optimiser
from studio.learn.settings import Settings, open_backend
from studio.learn.sheets import steer
from studio.learn.teacher import teacher
from studio.learn.terms import terms_of
from studio.model.bends.stage import Stage
from studio.model.bends.stages import STAGES
from studio.model.declared.explain import explain
from studio.model.declared.registry import named
from studio.model.declared.size import Size
from studio.model.filters.learning_sheets import LEARNING_SHEETS, LearningSheets
from studio.model.filters.live_edits import as_run
from studio.model.networks.network import Network
from studio.model.networks.picture import check_channels
from studio.ops.norm import BatchNorm2d

if TYPE_CHECKING:
    from studio.engine.gl.driver.device import Device

_STATE_CLIP = 1.0
"""Where nothing is said; A. Mordvintsev et al. divide every tensor's gradient by its norm."""


def open_network(name: str) -> Network:
    """What learns: "new:autoencoder,seed=1" and the like made anew, else a network or a preset, with its bends.

    Raises:
        StudioError: where there is no such thing.
    """
    return parse_new(name[4:]).make() if name.startswith("new:") else as_run(open_preset(name))


def left_out(name: str) -> str:
    """What of a preset does not learn along unless it is asked for, in a sentence; empty where there is nothing."""
    if not stages_of(name):
        return ""
    return (
        f'The bends of activations of "{name}" are left out while it learns; its filters are as the preset has them. '
        "With --bends it learns through them."
    )


def stages_of(name: str) -> tuple[Stage, ...]:
    """The bends of activations of what learns: a preset's."""
    return () if name.startswith("new:") else open_preset(name).section(STAGES)


def steer_as(learner: Learner, name: str) -> None:
    """Let it learn by the rates and pulls that are painted in a preset of this name.

    Raises:
        StudioError: where what weights are pulled towards is not there.
    """
    if not name.startswith("new:"):
        preset = open_preset(name)
        steer(learner, preset.section(LEARNING_SHEETS), LearningSheets(), preset.network)


def prepare(
    network: Network,
    asked: Asked,
    engine: str = "auto",
    device: Device | None = None,
    stages: tuple[Stage, ...] = (),
) -> tuple[Learner, tuple[str, ...]]:
    """A learner, and remarks on what was not taken as it was asked for.

    Args:
        network: what learns.
        asked: the lesson.
        engine: one of `studio.engine.choose.ENGINE_NAMES`.
        device: see `studio.learn.settings.open_backend`.
        stages: bends of what layers hand on, which count where the lesson asks for them.

    Raises:
        StudioError: for whatever does not fit, in one sentence; the memory that there is, too.
    """
    name = choose(probe_gl()).name if engine == "auto" else engine
    settings, need, notes = settled(network, asked, name, stages)
    opens = partial(open_backend, engine=name, device=device)
    lesson = _lesson(network, asked, settings.size)
    try:
        learner = Learner(network, lesson, settings, name, opens)
    except BaseException:
        lesson.close()
        raise
    learner.need = need
    return learner, (*notes, *lesson.notes)


def move(
    learner: Learner, asked: Asked, engine: str, device: Device | None = None, stages: tuple[Stage, ...] = ()
) -> None:
    """Let a learner go on on another engine, exactly where it is; arguments as `prepare` has them.

    Raises:
        StudioError: where that engine cannot be had or has no room; learning goes on as before.
    """
    settings, need, _ = settled(learner.network, asked, engine, stages)
    learner.move(settings, partial(open_backend, engine=engine, device=device))
    learner.need = need


_OF_SOURCES = ("size", "zoom", "unrolled", "pool")
"""What a lesson is opened anew for."""


def turn(learner: Learner, before: Asked, asked: Asked, stages: tuple[Stage, ...] = ()) -> tuple[str, ...]:
    """Let a learner go on by other numbers of its lesson from the next step; what is shown and wanted is the same.

    Args:
        learner: between two steps.
        before: the lesson by which it has learnt until now.
        asked: the lesson as it goes on.
        stages: as `prepare` has them.

    Returns:
        Remarks on what was not taken as it was asked for.

    Raises:
        StudioError: for what does not fit; learning goes on as before.
    """
    settings, need, notes = settled(learner.network, asked, learner.backend.name, stages)
    lesson = learner.lesson
    # Of a single crop of a network with a state not every one begins anew.
    opened = (*_OF_SOURCES, *(("batch",) if learner.network.graph.states else ()))
    if any(getattr(before, name) != getattr(asked, name) for name in opened):
        lesson = _lesson(learner.network, asked, settings.size)
        if before.pool == asked.pool and before.size == asked.size:
            lesson.recall(learner.lesson.remembered())
    try:
        learner.turn(settings)
    except StudioError:
        if lesson is not learner.lesson:
            lesson.close()
        raise
    if lesson is not learner.lesson:
        learner.lesson.close()
    learner.lesson, learner.need = lesson, need
    lesson.flips = asked.flips
    return (*notes, *lesson.notes)


def settled(
    network: Network, asked: Asked, engine: str, stages: tuple[Stage, ...] = ()
) -> tuple[Settings, Need, tuple[str, ...]]:
    """How a network learns by what is asked for, in the memory that there is: settings, what they take, and remarks.

    Raises:
        StudioError: for whatever does not fit, in one sentence.
    """
    settings, notes = settings_of(network, asked, stages)
    settings, need, remark = fitted(network, settings, engine)
    return settings, need, (*notes, *filter(None, (remark,)))


def estimate(network: Network, asked: Asked, engine: str, stages: tuple[Stage, ...] = ()) -> str:
    """What a step will take of memory, in a sentence, before anything is opened: losses of other networks left out.

    Raises:
        StudioError: where that is more than there is, or something else does not fit.
    """
    settings, notes = settings_of(network, replace(asked, losses="l2=1", style=""), stages)
    _, need, remark = fitted(network, settings, engine)
    return " ".join((*notes, remark or f"A step takes about {need} of memory."))


def settings_of(network: Network, asked: Asked, stages: tuple[Stage, ...] = ()) -> tuple[Settings, tuple[str, ...]]:
    """How a network learns by what is asked for, and remarks on what was not taken as it was.

    Raises:
        StudioError: for whatever does not fit, in one sentence.
    """
    notes: list[str] = []
    asked = required(asked)
    made = network.graph.usual_shapes.get(network.graph.output)
    if made is not None and made.channels not in (1, 3):
        raise StudioError(
            f'"{network.name}" makes maps of {made.channels} channels, and a picture that is wanted has 3, or 1 as '
            "grey: it cannot learn from pictures."
        )
    for put in network.graph.inputs:
        if put.kind == "picture":
            check_channels(put.channels)
    if network.graph.states:
        asked = _through_steps(asked, notes)
    asked = _even(network, asked, notes)
    size = _fitting(network, asked.size, notes)
    bent = with_bends(network, size, stages if asked.bends else ())
    notes += bent.left_out
    settings = Settings(
        size,
        terms_of(network, asked),
        optimiser_of(asked),
        schedule_of(asked),
        asked.batch,
        asked.at_once,
        asked.clip,
        asked.learns,
        asked.frozen,
        asked.statistics,
        asked.seed,
        asked.unrolled + asked.unrolled // 2 if network.graph.states else 0,
        bent.stages,
    )
    return settings, tuple(notes)


def _through_steps(asked: Asked, notes: list[str]) -> Asked:
    """As a network with a state learns: gradients through many steps grow, and norms have one map after the other."""
    if math.isinf(asked.clip):
        asked = replace(asked, clip=_STATE_CLIP)
        notes.append(f"Gradients through its own steps are clipped to a norm of {_STATE_CLIP:g}.")
    return replace(asked, statistics=False)


def _even(network: Network, asked: Asked, notes: list[str]) -> Asked:
    """Batch norms go by the crops that are computed together, so that it must be as many each time."""
    pooled = asked.statistics and any(isinstance(node.op, BatchNorm2d) for node in network.graph.nodes)
    if not pooled or not 0 < asked.at_once < asked.batch:
        return asked
    even = divisor(asked.batch, asked.at_once)
    some = f"{even} crop{'s' * (even != 1)}"
    notes.append(f"Batch norms take their statistics of {some} at a time, not of all {asked.batch} of a step.")
    return replace(asked, at_once=even)


def optimiser_of(asked: Asked) -> Optimiser:
    """The optimiser as it is asked for; StudioError where a number of it is out of its range."""
    numbers = dict(asked.optimiser_numbers)
    if asked.momentum is not None:
        numbers.setdefault(named(OPTIMISERS, asked.optimiser, "optimiser").momentum_name, asked.momentum)
    return optimiser(asked.optimiser, **numbers)


def schedule_of(asked: Asked) -> Schedule:
    """The rate of every step as it is asked for; StudioError where a number of it is out of its range."""
    usual = optimiser(asked.optimiser).usual_rate
    rate = usual if asked.rate is None else asked.rate
    kind = "cosine" if asked.cosine else "constant"
    given = {"rate": rate, "warmup": asked.warmup, "kind": kind, "steps": asked.steps}
    try:
        return Schedule.model_validate(given)
    except ValidationError as error:
        raise StudioError(f"The rate of learning: {explain(error)}.") from error


def _fitting(network: Network, side: int, notes: list[str]) -> Size:
    graph = network.graph
    if all(i.kind == "vector" for i in graph.inputs):
        return graph.shapes({})[graph.output].size
    size = graph.fitting_size(Size(side, side))
    try:
        graph.shapes({i.name: size for i in graph.inputs})
    except StudioError:
        nearest = graph.nearest(Size(side, side))
        if nearest == (side, side):
            raise
        size = graph.fitting_size(nearest)
    if size != (side, side):
        notes.append(f'"{network.name}" takes crops of {size} instead of {side}×{side}.')
    return size


def _lesson(network: Network, asked: Asked, size: Size) -> Lesson:
    made = network.graph.shapes({i.name: size for i in network.graph.inputs})[network.graph.output]
    larger = Size(max(size.height, made.height), max(size.width, made.width))
    lesson = open_lesson(asked.source, asked.wanted, larger, asked.zoom, teacher)
    lesson.flips = asked.flips
    return Growth(lesson, network, asked.unrolled, asked.pool, asked.batch) if network.graph.states else lesson


def described(asked: Asked, network: str) -> dict[str, object]:
    """What was asked for, for training.json beside the weights: names of files, never their folders."""
    found = {"network": network if network.startswith("new:") else Path(network).name}
    given: dict[str, object] = {
        "source": Path(asked.source).name,
        "wanted": _without_folder(asked.wanted),
        "loss": asked.losses,
        "size": asked.size,
        "zoom": asked.zoom,
        "batch": asked.batch,
        "optimiser": asked.optimiser,
        "rate": schedule_of(asked).rate,
        "warmup": asked.warmup,
        "schedule": "cosine" if asked.cosine else "constant",
        "seed": asked.seed,
    }
    if math.isfinite(asked.clip):
        given["clip"] = asked.clip
    for key, patterns in (("learn", asked.learns), ("freeze", asked.frozen)):
        if patterns:
            given[key] = list(patterns)
    if network == "new:automaton" or network.startswith("new:automaton,"):
        given |= {"unrolled": asked.unrolled, "pool": asked.pool}
    if asked.bends:
        given["bends"] = True
    if asked.momentum is not None:
        given["momentum"] = asked.momentum
    if asked.optimiser_numbers:
        given |= asked.optimiser_numbers
    if asked.style:
        given["style"] = Path(asked.style).name
    if {"features", "style"} & parse_weights(asked.losses, LOSS_NAMES).keys() or asked.style:
        given |= {"extractor": Path(asked.extractor).name, **({"layers": list(asked.layers)} if asked.layers else {})}
    return found | given


def _without_folder(wanted: str) -> str:
    kind, colon, rest = wanted.partition(":")
    if kind in ("damage", "effect"):
        return wanted
    return f"as:{Path(rest.strip()).name}" if colon and kind == "as" else Path(wanted).name
