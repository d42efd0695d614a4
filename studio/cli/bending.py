"""What commands share that bend activations, and the grammar of ``--bend``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from studio.cli.common import note
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.engine.base import Engine
    from studio.model.bends.asked import Asked, OfCluster, OfNamed, Strongest
    from studio.model.bends.bend import Bend
    from studio.model.bends.stage import Channels
    from studio.model.networks.graph import Graph
    from studio.model.networks.picture import DeepPicture
    from studio.model.networks.preset import Preset
    from studio.runtime.render.frame_runner import FrameRunner
    from studio.runtime.render.mover import Bend as Bends

BendOption = Annotated[
    list[str],
    typer.Option(
        "--bend",
        help='Bend what a layer hands on: "enc2:Rotate,angle=30@random=0.5,seed=1*0.7". Behind @ stand channels: all, '
        "random=SHARE,seed=N, 3-9, 1,4,7, cluster=N|NAME or strongest=N,by=norm|effect; behind * the amount, 0 to 1. "
        "Keys of their own: source=LAYER, mask=LAYER, guard=none|finite|deviation|norm. May be given several times, in "
        "order; `studio bends` lists the bends.",
        metavar="LAYER:NAME,KEY=VALUE@CHANNELS*AMOUNT",
    ),
]
BendsYamlOption = Annotated[
    Path | None,
    typer.Option("--bends-yaml", help="Bend by a file of transforms of T. Broad's Network Bending.", metavar="FILE"),
]
ClustersYamlOption = Annotated[
    Path | None,
    typer.Option("--clusters-yaml", help="The clusters that this file means, as Network Bending writes them."),
]

SecondOption = Annotated[
    str,
    typer.Option(
        "--second",
        help="A second film or picture, whose maps the bends FromPicture and StyleOfPicture take; else the preset's.",
    ),
]

_FORM = re.compile(
    r"^(?P<layer>.+?):(?P<bend>[A-Za-z_-]+)(?P<settings>(?:,[^@*]*)?)(?:@(?P<channels>[^*]*))?(?:\*(?P<amount>.*))?$"
)
_OWN = ("source", "mask", "guard")
_EXAMPLE = "enc2:Rotate,angle=30@3-9*0.7"


def asked_bends(bends: list[str], transforms: Path | None, clusters: Path | None, graph: Graph) -> tuple[Asked, ...]:
    """The stages of a command's options: those of the file first.

    Raises:
        StudioError: naming what is wrong, and where.
    """
    found: list[Asked] = []
    if clusters is not None and transforms is None:
        raise StudioError("--clusters-yaml goes with --bends-yaml, which says what bends the clusters.")
    if transforms is not None:
        from studio.io.network_bending import read_clusters, read_transforms

        found += read_transforms(transforms, graph, read_clusters(clusters) if clusters else None, note)
    return (*found, *(parse_bend(text) for text in bends))


def with_names(asked: tuple[Asked, ...], preset: Preset) -> tuple[Asked, ...]:
    """What is asked for with the channels of clusters that the preset keeps in the place of their names.

    Raises:
        StudioError: for a cluster that it does not keep, naming those that it does.
    """
    from studio.model.bends.asked import OfNamed
    from studio.model.bends.clusters import CLUSTERS, named

    kept = preset.section(CLUSTERS)
    return tuple(
        replace(each, channels=named(kept, each.layer, each.channels.name))
        if isinstance(each.channels, OfNamed)
        else each
        for each in asked
    )


def with_stages(preset: Preset, asked: tuple[Asked, ...]) -> Preset:
    """The preset with these stages behind its own; those whose channels must be found have all for the time being."""
    from studio.model.bends.asked import OfCluster, OfNamed, Strongest
    from studio.model.bends.stage import AllChannels
    from studio.model.bends.stages import STAGES, added

    stages = preset.section(STAGES)
    for each in asked:
        channels = AllChannels() if isinstance(each.channels, OfCluster | OfNamed | Strongest) else each.channels
        settings: dict[str, Any] = {
            "amount": each.amount,
            "mask": each.mask,
            "guard": each.guard,
            "source": each.source,
        }
        stages, _ = added(stages, each.layer, each.bend, channels=channels, **settings)
    return preset.with_section(STAGES, stages)


def settled_on(
    preset: Preset,
    original: Preset,
    asked: tuple[Asked, ...],
    runner: FrameRunner,
    pictures: Iterator[DeepPicture],
    time: float,
) -> tuple[Preset, Iterator[DeepPicture]]:
    """The preset with channels that were to be found on the first picture, and the pictures with that one again."""
    from itertools import chain

    from studio.model.bends.stages import STAGES
    from studio.runtime.bending.settle import needs_a_picture, settled

    if not needs_a_picture(asked):
        return preset, pictures
    first = next(pictures, None)
    if first is None:
        return preset, pictures
    runner.engine.bypass(original.bypassed)
    stages = settled(original.section(STAGES), asked, runner.engine, lambda: runner.run(first, time))
    return preset.with_section(STAGES, stages), chain([first], pictures)


def lent_by(
    stack: ExitStack,
    preset: Preset,
    engine: str,
    pictures: Iterator[DeepPicture],
    when: tuple[float, float],
    runner: Engine,
    bend: Bends,
) -> Bends:
    """What bends pictures, each after the stages have been lent the maps of the second film's frame at its time.

    Args:
        stack: closes what is opened.
        preset: what is bent.
        engine: the name of the engine that the second film goes through.
        pictures: of the second film.
        when: the rate in frames a second, and the time of the first frame.
        runner: the engine whose stages take the maps.
        bend: what bends pictures.

    Raises:
        StudioError: where no stage takes such maps.
    """
    from studio.model.bends.stages import STAGES
    from studio.model.filters.live_edits import as_run
    from studio.runtime.bending.lender import Lender

    if not any(stage.bend.other == "picture" for stage in preset.section(STAGES)):
        raise StudioError(
            "No bend takes the maps of a second picture; add FromPicture or StyleOfPicture, or leave out --second."
        )
    lender = Lender(as_run(preset), engine, pictures, *when)
    stack.callback(lender.close)

    def bent(picture: DeepPicture, time: float) -> DeepPicture:
        lender.lend(runner, time)
        return bend(picture, time)

    return bent


def second_of(preset: Preset) -> str:
    """The second film or picture that a preset says its stages take; empty where none does."""
    from studio.model.bends.stages import STAGES
    from studio.model.networks.section import SECOND

    takes = any(stage.on and stage.bend.other == "picture" for stage in preset.section(STAGES))
    return (preset.section(SECOND) or "") if takes else ""


def left_out(preset: Preset) -> str:
    """What to say of stages that take the maps of a second picture where there is none; empty where none does."""
    from studio.model.bends.stages import STAGES

    names = [stage.name for stage in preset.section(STAGES) if stage.on and stage.bend.other == "picture"]
    if not names:
        return ""
    rest = f", nor do {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]} does nothing without a second picture{rest}; give one by --second."


def parse_bend(text: str) -> Asked:
    """One ``--bend``.

    Raises:
        StudioError: quoting what cannot be read.
    """
    from pydantic import ValidationError

    from studio.model.bends.asked import Asked
    from studio.model.bends.stage import Guard, Luma

    form = _FORM.match(text)
    if form is None:
        raise StudioError(f'"{text}" is no bend; write LAYER:NAME,KEY=VALUE@CHANNELS*AMOUNT, such as {_EXAMPLE}.')
    settings = _settings(form["settings"].lstrip(","), text)
    own = {key: str(settings.pop(key)) for key in _OWN if key in settings}
    try:
        guard = Guard(kind=own.get("guard", "finite"))  # type: ignore[arg-type]
    except ValidationError:
        raise StudioError(f'"{text}": there is no guard "{own["guard"]}"; none, finite, deviation or norm.') from None
    mask = Luma(source=own["mask"]) if "mask" in own else None
    channels, amount = (
        _channels("all" if form["channels"] is None else form["channels"], text),
        _amount(form["amount"], text),
    )
    return Asked(form["layer"], bend_named(form["bend"], settings), channels, amount, mask, guard, own.get("source"))


def bend_named(name: str, settings: dict[str, Any]) -> Bend:
    """A bend by its name, however that is written: FlipHorizontal, flip-horizontal, flip_horizontal."""
    from studio.bends import make_bend, registry
    from studio.model.declared.form import fields

    plain = {known.lower(): known for known in registry()}
    name = plain.get(name.replace("-", "").replace("_", "").lower(), name)
    for field in fields(registry()[name]) if name in registry() else ():
        if isinstance(settings.get(field.name), bool) and field.kind != "boolean":
            raise StudioError(f"{name}: {field.name} is neither true nor false; `studio bends` says what it takes.")
    return make_bend(name, settings)


def _settings(text: str, whole: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        key, equals, value = part.partition("=")
        key = key.strip()
        if not equals or not key or not value.strip():
            raise StudioError(f'"{whole}": "{part}" is no KEY=VALUE.')
        if key in found:
            raise StudioError(f'"{whole}": "{key}" is given twice; leave one out.')
        found[key] = _value(value.strip())
    return found


def _value(text: str) -> object:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text.lower(), text)


def _amount(text: str | None, whole: str) -> float:
    if text is None:
        return 1.0
    try:
        amount = float(text)
    except ValueError:
        amount = -1.0
    if not 0.0 <= amount <= 1.0:
        raise StudioError(f'"{whole}": the amount "{text}" is none; behind * stands a number from 0 to 1.')
    return amount


def _channels(text: str, whole: str) -> Channels | OfCluster | OfNamed | Strongest:
    from studio.model.bends.asked import OfCluster, OfNamed, Strongest
    from studio.model.bends.stage import AllChannels, ChannelList, ChannelRange, SomeChannels

    wrong = StudioError(
        f'"{whole}": "{text}" are no channels; write all, random=0.5,seed=1, 3-9, 1,4,7, cluster=2, '
        "cluster=NAME or strongest=8."
    )
    if text == "all":
        return AllChannels()
    if span := re.fullmatch(r"(\d{1,7})-(\d{1,7})", text):
        return ChannelRange(first=int(span[1]), last=int(span[2]))
    if re.fullmatch(r"\d{1,7}(,\d{1,7})*", text):
        return ChannelList(channels=tuple(int(part) for part in text.split(",")))
    settings = _settings(text, whole)
    try:
        match _keys(settings):
            case ["random"] | ["random", "seed"]:
                return SomeChannels(share=settings["random"], seed=settings.get("seed", 0))
            case ["cluster"] if isinstance(settings["cluster"], str):
                return OfNamed(settings["cluster"])
            case ["cluster"] | ["cluster", "of"]:
                of = settings.get("of")
                return OfCluster(index(settings["cluster"]), None if of is None else index(of))
            case ["strongest"] | ["by", "strongest"]:
                by = settings.get("by", "norm")
                if by not in ("norm", "effect"):
                    raise wrong
                return Strongest(index(settings["strongest"]), by)
            case _:
                raise wrong
    except (ValueError, TypeError):
        raise wrong from None


def _keys(settings: dict[str, Any]) -> list[str]:
    """The given values in order; TypeError for booleans, which Python takes for 1 and 0."""
    if any(isinstance(value, bool) for value in settings.values()):
        raise TypeError
    return sorted(settings)
