"""Stages that were asked for, put behind their layers; channels that must be found on a picture are found first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from studio.engine.base import Engine
from studio.errors import StudioError
from studio.model.bends.asked import Asked, OfCluster, OfNamed, Strongest
from studio.model.bends.stage import ChannelList, Channels, Stage, made
from studio.model.bends.stages import Stages, added
from studio.runtime.bending.clusters import ClusterFinder
from studio.runtime.bending.impact import Impact, strongest_by_norm


def needs_a_picture(asked: Iterable[Asked]) -> bool:
    """Whether channels of any of these are found on a picture."""
    return any(isinstance(each.channels, OfCluster | Strongest) for each in asked)


def settled(stages: Stages, asked: Iterable[Asked], engine: Engine, run: Callable[[], object]) -> Stages:
    """The stages with those that were asked for behind them.

    What channels are found by is the picture as the stages before leave it, so that the same picture finds the same.

    Args:
        stages: those there are.
        asked: what is put behind, in this order.
        engine: it is left with these stages, and forgets what it ran.
        run: runs the network on the picture; it is called where channels must be found.

    Raises:
        StudioError: naming the stage that does not fit.
    """
    for each in asked:
        channels = each.channels
        if isinstance(channels, Strongest) and channels.count < 1:
            what = f"{each.bend.label} behind {each.layer}"
            raise StudioError(f"{what}: choose one of the strongest channels or more, not {channels.count}.")
        if isinstance(channels, OfCluster | Strongest):
            engine.graph.node(each.layer)
            engine.set_stages(stages)
            run()
            channels = _found(engine, each.layer, channels)
        assert not isinstance(channels, OfNamed), "names are resolved by whoever has the preset"
        settings: dict[str, Any] = {"channels": channels, "amount": each.amount, "mask": each.mask, "guard": each.guard}
        stages, stage = added(stages, each.layer, each.bend, source=each.source, **settings)
        _check(engine, stages, stage)
    engine.forget()
    return stages


def _check(engine: Engine, stages: Stages, stage: Stage) -> None:
    try:
        engine.set_stages(stages)
    except StudioError as error:
        text = str(error)
        raise StudioError(text if text.startswith(stage.name) else f"{stage.name}: {text}") from None


def _found(engine: Engine, layer: str, wanted: OfCluster | Strongest) -> Channels:
    if isinstance(wanted, Strongest):
        if wanted.by == "effect":
            impact = Impact(engine, layer)
            impact.measure()
            return ChannelList(channels=tuple(sorted(impact.strongest(wanted.count))), name="strongest by effect")
        found = strongest_by_norm(engine.activation(made(layer)), wanted.count)
        return ChannelList(channels=tuple(sorted(found)), name="strongest by norm")
    finder = ClusterFinder(layer)
    finder.add(engine.activation(made(layer)))
    clusters = finder.clusters(wanted.of)
    if not 1 <= wanted.number <= len(clusters):
        raise StudioError(f"{layer} has {len(clusters)} clusters of channels; there is no cluster {wanted.number}.")
    return clusters[wanted.number - 1].as_channels
