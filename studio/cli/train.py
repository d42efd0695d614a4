"""``studio train``."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from studio.cli.common import EngineOption, Exit, is_given, note, refuse_pipe
from studio.cli.learnt import KEPT, Safe, kept_in, safe_of, save_learnt
from studio.cli.steps import shown_steps
from studio.cli.streams import say
from studio.ending import await_ends, requests_to_end
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.cli.steps import Show
    from studio.learn.learner import Learner, Step
    from studio.learn.prepare import Asked

_AUTOSAVE = 120.0
"""Seconds between two checkpoints that are kept for the case of a crash."""
_LOOK = 0.2
"""Seconds between two looks at what steps came to, at the clock, and at Ctrl-C."""


def train(
    context: typer.Context,
    weights: Annotated[
        str,
        typer.Argument(
            help='A network or a preset, by name or path, or a new one: "new:autoencoder,seed=1", "new:unet", '
            '"new:painter", "new:upscaler", "new:generator", "new:automaton", each with width=N and more.'
        ),
    ],
    source: Annotated[str, typer.Argument(help='What it is shown: a film, a picture, a folder, "camera" or "demo".')],
    output: Annotated[Path, typer.Argument(help="The network's folder to make, such as mine.")],
    wanted: Annotated[
        str,
        typer.Option(
            help='"same"; "damage:blur=2,noise=0.1" to undo that, "effect:..." to do it; "as:NAME" for what another '
            "network or preset makes; or a film or folder whose pictures belong to the source's one by one.",
            metavar="same|damage:...|as:NAME|PATH",
        ),
    ] = "same",
    loss: Annotated[
        str,
        typer.Option(
            help="What is made small: l1, l2, charbonnier, edges, ssim, tv, features, style, adversarial, each with "
            "its weight.",
            metavar="NAME=WEIGHT,...",
        ),
    ] = "l2=1",
    steps: Annotated[
        int,
        typer.Option(
            help="Steps to take, those before --resume among them; 1000 where nothing else ends it.",
            min=0,
            max=1_000_000_000,
        ),
    ] = 0,
    minutes: Annotated[float, typer.Option(help="Minutes to learn at most.", min=0.0, max=1_000_000.0)] = 0.0,
    until: Annotated[
        float,
        typer.Option(help="Decibels at which it ends: the PSNR's mean over the last 20 steps.", min=0.0, max=200.0),
    ] = 0.0,
    size: Annotated[int, typer.Option(help="Side of the crops that it is shown.", min=1, max=4096)] = 128,
    zoom: Annotated[
        float,
        typer.Option(help="How many crops fit along a picture's shorter side: more shows details.", min=1, max=64),
    ] = 1.0,
    batch: Annotated[int, typer.Option(help="Crops a step.", min=1, max=4096)] = 8,
    at_once: Annotated[
        int,
        typer.Option(help="Crops computed together; fewer save memory, and the step stays the same.", min=0, max=4096),
    ] = 0,
    optimiser: Annotated[str, typer.Option(help="sgd, adam, adamw or adadelta.")] = "adam",
    rate: Annotated[
        float, typer.Option(help="Learning rate; the optimiser's usual one by default.", min=0.0, max=100.0)
    ] = 0.0,
    warmup: Annotated[int, typer.Option(help="Steps over which the rate rises.", min=0, max=1_000_000_000)] = 0,
    cosine: Annotated[
        bool, typer.Option("--cosine", help="Let the rate fall to 0 over --steps, along a cosine.")
    ] = False,
    momentum: Annotated[
        float,
        typer.Option(
            help="How much of earlier steps is carried on: SGD's momentum, Adam's beta1, Adadelta's rho.",
            min=0.0,
            max=0.9999,
        ),
    ] = 0.9,
    decay: Annotated[
        float, typer.Option(help="Weight decay; AdamW's is 0.01 where none is given.", min=0.0, max=1.0)
    ] = 0.0,
    clip: Annotated[float, typer.Option(help="Clip the gradients' norm to this; 0 for never.", min=0.0, max=1e9)] = 0.0,
    learn: Annotated[str, typer.Option(help="Layers or tensors that learn: dec*,enc1.bias; all by default.")] = "",
    freeze: Annotated[str, typer.Option(help="Layers or tensors that do not learn.")] = "",
    fixed_norms: Annotated[
        bool, typer.Option("--fixed-norms", help="Batch norms keep the statistics that they have.")
    ] = False,
    flips: Annotated[bool, typer.Option("--flips/--no-flips", help="Mirror crops at random.")] = True,
    style: Annotated[str, typer.Option(help="The picture whose style is wanted.")] = "",
    extractor: Annotated[
        str, typer.Option(help='The network that features and style are seen through; "self" for the one that learns.')
    ] = "autoencoder-transposed",
    layers: Annotated[
        str, typer.Option(help="Layers of it that are looked at: enc1*,enc2_act; its first activations by default.")
    ] = "",
    unrolled: Annotated[
        int,
        typer.Option(
            help="Steps of its own that a cellular automaton takes before it is compared, and up to half as many more.",
            min=1,
            max=1024,
        ),
    ] = 48,
    pool: Annotated[
        int, typer.Option(help="States of a cellular automaton that continue from step to step.", min=1, max=4096)
    ] = 64,
    bends: Annotated[
        bool,
        typer.Option(
            "--bends", help="Let the preset's bends of activations work while it learns: it learns through them."
        ),
    ] = False,
    engine: EngineOption = "auto",
    seed: Annotated[int, typer.Option(help="Seed of everything random.", min=0, max=2**31 - 1)] = 0,
    resume: Annotated[
        Path | None, typer.Option(help="A checkpoint to continue from, or a network's folder in which --keep left one.")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep a checkpoint beside the weights, to continue from.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON a step.")] = False,
) -> None:
    """Teach a network; Ctrl-C ends it and keeps what was learnt."""
    from studio.io.places import refuse_overlap
    from studio.learn.lesson_numbers import LOSS_NAMES
    from studio.learn.losses import parse_weights
    from studio.learn.prepare import Asked, left_out, open_network, prepare, stages_of, steer_as

    refuse_pipe(output, "A network")
    network = open_network(weights)
    resume = None if resume is None else kept_in(resume)
    _require_new(output, resume)
    for read in filter(None, (source, wanted, style)):
        refuse_overlap(read, output, "The network")
    if cosine and (minutes or until) and not steps:
        raise StudioError("--cosine lets the rate fall over --steps; give those besides --minutes or --until.")
    looks = style or {"features", "style"} & parse_weights(loss, LOSS_NAMES).keys()
    if (is_given(context, "extractor") or layers) and not looks:
        raise StudioError(
            "--extractor and --layers are what features and style are seen through, and no --loss asks for either."
        )
    most = steps or (0 if minutes or until else 1000)
    asked = Asked(
        source=source,
        wanted=wanted,
        losses=loss,
        size=size,
        zoom=zoom,
        batch=batch,
        at_once=at_once,
        optimiser=optimiser,
        optimiser_numbers={"weight_decay": decay} if is_given(context, "decay") else {},
        momentum=momentum if is_given(context, "momentum") else None,
        rate=rate if is_given(context, "rate") else None,
        warmup=warmup,
        cosine=cosine,
        steps=most or 1000,
        clip=clip or math.inf,
        learns=_patterns(learn),
        frozen=_patterns(freeze),
        statistics=not fixed_norms,
        flips=flips,
        style=style,
        extractor=extractor,
        layers=_patterns(layers),
        seed=seed,
        unrolled=unrolled,
        pool=pool,
        bends=bends,
    )
    stages = stages_of(weights)
    if bends and not stages:
        raise StudioError(f'--bends lets the bends of activations of a preset work, and "{weights}" has none.')
    learner, remarks = prepare(network, asked, engine, stages=stages)
    need = f"A step takes about {learner.need} of memory."
    for remark in filter(None, ("" if bends else left_out(weights), *remarks, need)):
        note(remark)
    try:
        steer_as(learner, weights)
        if resume is not None:
            from studio.learn.checkpoint import load_checkpoint

            learner.restore(load_checkpoint(resume, network))
            if most and learner.steps >= most:
                raise StudioError(
                    f"{resume} was taken after step {learner.steps}, and the lesson ends with step {most}: give more "
                    "--steps, which count those before it, or --minutes."
                )
        safe = Safe(output, resume, asked)
        ends = Ends(most, minutes * 60, until)
        _teach(learner, asked, weights, output, ends, safe, keep=keep, as_json=as_json)
    finally:
        learner.close()


def _teach(
    learner: Learner,
    asked: Asked,
    weights: str,
    output: Path,
    ends: Ends,
    safe: Safe,
    *,
    keep: bool,
    as_json: bool,
) -> None:
    from studio.learn.checkpoint import save_checkpoint
    from studio.learn.goal import Goal

    began = saved = time.monotonic()
    last, problem = None, ""
    goal = Goal(decibels=ends.decibels or math.inf)
    with _interruptible() as stopped:
        with shown_steps(as_json, ends.steps, ends.seconds) as show:
            while not stopped():
                try:
                    # What a device says of its steps is asked for now and then: it must not wait for that.
                    found = learner.advance(_LOOK, ends.steps - learner.steps if ends.steps else math.inf)
                except StudioError as error:
                    problem = str(error)
                    break
                passed = time.monotonic() - began
                last = _told(found, show, passed) or last
                reached = last is not None and ends.are_reached(learner.steps, passed)
                if any(goal.add(step) for step in found) or reached:
                    break
                if time.monotonic() - saved > _AUTOSAVE:
                    _keep_safe(learner, safe)
                    saved = time.monotonic()
        interrupted = stopped()
        if last is None:
            raise StudioError(problem) if problem else typer.Exit(Exit.INTERRUPTED)
        # Still within: Ctrl-C while it is written must not lose what was learnt.
        output = save_learnt(learner, asked, weights, output, last, time.monotonic() - began)
        if keep:
            save_checkpoint(learner.checkpoint(), output / KEPT, asked)
        safe.drop()
    if not as_json:
        taken = f"{last.number} step{'s' * (last.number != 1)}"
        say(f"{output}: {taken}, loss {last.loss:.5g}, {last.psnr:.2f} dB")
    if problem:
        raise StudioError(f"{problem} What was learnt until then is in {output}.")
    if interrupted:
        note("Interrupted: what was learnt until here is kept.")
        raise typer.Exit(Exit.INTERRUPTED)


def _keep_safe(learner: Learner, safe: Safe) -> None:
    """Write the crash-recovery checkpoint; a full disk is reported, and is no reason to stop learning."""
    try:
        safe.keep(learner.checkpoint())
    except StudioError as error:
        why = str(error).rstrip(".")
        note(f"The crash-recovery checkpoint was not written: {why}. Learning continues.")


def _told(steps: list[Step], show: Show, passed: float) -> Step | None:
    """Show these; the last of them."""
    for step in steps:
        show(step, passed)
        if step.number == 1 and step.norm == 0:
            note("All gradients of the first step are zero: as long as they are, nothing is learnt.")
    return steps[-1] if steps else None


class Ends(NamedTuple):
    """What ends a lesson, the first that is reached; 0 of each does not count."""

    steps: int
    seconds: float
    decibels: float

    def are_reached(self, steps: int, passed: float) -> bool:
        """Whether so many steps, or so many seconds, are enough."""
        return bool((self.steps and steps >= self.steps) or (self.seconds and passed >= self.seconds))


def _require_new(output: Path, resume: Path | None) -> None:
    from studio.io.atomic import exists, require_parent

    require_parent(output)
    if exists(output):
        raise StudioError(f"{output} is there already; choose a new folder for what is learnt.")
    safe = safe_of(output)
    if exists(safe) and (resume is None or resume.resolve() != safe.resolve()):
        raise StudioError(
            f"{safe} is there: a lesson that did not come to its end left it. Continue with --resume {safe}, "
            "or move it away."
        )


def _patterns(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in text.split(","))))


@contextmanager
def _interruptible() -> Iterator[_Flag]:
    """Ctrl-C, or a request to end, ends the loop behind the step that is under way; a second one ends the program."""
    flag, before = _Flag(), dict[int, Any]()
    for number in (int(signal.SIGINT), *requests_to_end()):
        # Who starts a program with nohup wants it to go on; in another thread nobody presses keys either.
        if signal.getsignal(number) == signal.SIG_IGN:
            continue
        with suppress(ValueError):
            before[number] = signal.signal(number, flag.raised)
    await_ends()
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Flag:
    def __init__(self) -> None:
        self._set = False

    def __call__(self) -> bool:
        return self._set

    def raised(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._set:
            raise KeyboardInterrupt
        self._set = True
