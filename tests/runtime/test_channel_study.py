"""What matters and what looks alike, found while the picture runs, in a share of the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from helpers import EngineFor, layer, network, normal, on_torch, tiny_network
from test_live import Studio

from studio.bends import make_bend
from studio.engine.base import Engine
from studio.engine.gl.driver.device import Device
from studio.errors import NextTime, Pending, StudioError
from studio.model.bends.stage import Stage
from studio.model.networks.network import Network
from studio.model.views.view import View
from studio.runtime.bending.clusters import ClusterFinder
from studio.runtime.bending.impact import Impact
from studio.runtime.live.budget import PRESSED, SHARE, UNAWAITED, Budget
from studio.runtime.live.channel_study import (
    FRAMES,
    QUIET,
    SLICE,
    ChannelStudy,
    Clusters,
    Impacts,
    Norms,
    StudyAll,
    StudyClusters,
    StudyImpact,
    StudyNorms,
)
from studio.runtime.live.feature import Frame
from studio.runtime.live.orders import Order, SetStages
from studio.runtime.live.report import Progress, Report
from studio.runtime.live.telemetry import Telemetry


class Turns:
    """A loop with a clock of its own: a frame takes a tenth of a second, every look at the clock a millisecond."""

    def __init__(self, made: Network, *stages: Stage) -> None:
        self.now, self.spent, self.serial = 0.0, 0.0, 0
        self.telemetry = Telemetry()
        self.study = ChannelStudy(self._clock)
        self.graph = made.graph
        self.engine: Engine = on_torch(made)
        self.engine.set_stages(stages)
        self.open(self.engine, made)

    def _clock(self) -> float:
        self.now += 0.001
        return self.now

    def open(self, engine: Engine, made: Network) -> None:
        self.engine, self.graph = engine, made.graph
        self.telemetry.follow(made.graph)
        self.study.opened(engine, made.graph)

    def order(self, order: Order) -> None:
        self.study.handlers()[type(order)](order)

    def go(self, count: int, *, still: bool = False, frame: float = 0.1) -> Iterator[None]:
        for _ in range(count):
            if not still or not self.serial:
                self.serial += 1
                self.engine.run({"input": normal(3, 16, 12, seed=self.serial)})
            if self.study._working is not None:
                # However long that takes here: the clock of these turns stands meanwhile.
                wait([self.study._working])
            self.now += frame
            before = self.now
            self.study.rest(Frame(self.engine, View(), {}, True, self.serial))
            self.spent += self.now - before
            self.telemetry.take(Report(self.study.parts()))
            yield

    @property
    def impacts(self) -> Impacts:
        return self.telemetry[Impacts]


def drain(turns: Iterator[None]) -> None:
    for _ in turns:
        pass


STAGES = (Stage(1, "enc", make_bend("RunningMean", {})), Stage(2, "act", make_bend("Blur", {})))


def test_channels_are_measured_a_few_at_a_time_and_the_picture_stays_as_it_is() -> None:
    made = tiny_network()
    turns, alone = Turns(made, *STAGES), on_torch(made)
    alone.set_stages(STAGES)
    turns.order(StudyImpact(turns.graph, "enc"))
    measured = []
    for _ in turns.go(20):
        alone.run({"input": normal(3, 16, 12, seed=turns.serial)})
        np.testing.assert_array_equal(turns.engine.output(), alone.output())
        if "enc" in turns.impacts.of:
            measured.append(int((~np.isnan(turns.impacts.of["enc"])).sum()))
    assert measured == sorted(measured)
    assert measured[-1] == alone.shape("enc").channels
    assert turns.impacts.measuring == ""
    assert turns.engine.stages == STAGES


def test_of_a_still_picture_it_finds_what_a_measurement_at_once_finds() -> None:
    made = tiny_network()
    turns = Turns(made)
    turns.order(StudyImpact(turns.graph, "enc"))
    drain(turns.go(20, still=True))
    whole = Impact(turns.engine, "enc")
    whole.measure()
    np.testing.assert_array_equal(turns.impacts.of["enc"], whole.of)


def test_norms_are_those_of_what_the_layer_made_in_the_picture_of_then() -> None:
    made = tiny_network()
    turns, alone = Turns(made, *STAGES), on_torch(made)
    drain(turns.go(2))
    turns.order(StudyNorms(turns.graph, "enc"))
    drain(turns.go(1))
    alone.run({"input": normal(3, 16, 12, seed=3)})
    wanted = np.sqrt((alone.activation("enc").astype(np.float64) ** 2).mean((1, 2)))
    np.testing.assert_allclose(turns.telemetry[Norms].of["enc"], wanted, rtol=1e-5)
    assert not turns.telemetry[Norms].measuring
    # Once it is known nothing is read any more, whatever picture comes.
    known = turns.telemetry[Norms]
    drain(turns.go(1))
    assert turns.telemetry[Norms] is known
    with pytest.raises(StudioError, match='no layer "nose"'):
        turns.order(StudyNorms(turns.graph, "nose"))


@pytest.mark.parametrize("frame", [0.0, 0.004, 0.05])
def test_it_takes_a_fifth_of_the_time_at_most(frame: float) -> None:
    made = network(
        layer("enc", "Conv2d", "input", in_channels=3, out_channels=64, kernel_size=1),
        layer("out", "Conv2d", "enc", in_channels=64, out_channels=3, kernel_size=1),
    )
    turns = Turns(made)
    begun = turns.now
    turns.order(StudyImpact(turns.graph, "enc"))
    busy = 0.0
    for _ in turns.go(400, frame=frame):
        # Looks at the clock, of which a turn that does nothing has one.
        busy = turns.spent - 0.001 * turns.serial
        assert busy <= SHARE * (turns.now - begun) + SLICE
    assert busy > 0


def test_what_the_engine_takes_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    made = network_of_layers()
    turns = Turns(made)

    def costing(call: Callable[..., Any], seconds: float) -> Callable[..., Any]:
        def costly(*given: object) -> Any:
            turns.now += seconds
            return call(*given)

        return costly

    # As on a GPU: a call is over at once, and what is waited for is the last.
    for name, seconds in (("update", 0.003), ("output", 0.002), ("stats", 0.07)):
        monkeypatch.setattr(turns.engine, name, costing(getattr(turns.engine, name), seconds))
    turns.order(StudyImpact(turns.graph, "enc"))
    begun, spent, longest = turns.now, 0.0, 0.0
    for _ in turns.go(600, frame=0.02):
        longest, spent = max(longest, turns.spent - spent), turns.spent
        # A turn that does nothing looks at the clock once.
        assert spent - 0.001 * turns.serial <= SHARE * (turns.now - begun) + longest
    assert longest > 0.07
    assert not np.isnan(turns.impacts.of["enc"]).any()


@pytest.mark.parametrize("late", [NextTime, Pending])
def test_what_nobody_asked_for_waits_until_it_is_compiled(monkeypatch: pytest.MonkeyPatch, late: type[Pending]) -> None:
    turns = Turns(network_of_layers())
    engine, compiled, hurried, tried = turns.engine, set[str](), [True], list[str]()
    update = engine.update

    @contextmanager
    def unhurried() -> Iterator[None]:
        hurried[0] = False
        yield
        hurried[0] = True

    def updates() -> tuple[str, ...]:
        layers = {stage.layer for stage in engine.stages}
        if not hurried[0] and layers - compiled:
            hurried[0] = True
            tried.extend(layers)
            raise late
        return update()

    monkeypatch.setattr(engine, "unhurried", unhurried)
    monkeypatch.setattr(engine, "update", updates)
    turns.order(StudyAll(turns.graph, "enc"))
    drain(turns.go(60))
    assert not turns.impacts.of
    assert engine.stages == ()
    # What is compiled soon comes around again, and what the next start has does not.
    assert {"enc", "mid"} <= set(tried)
    assert (len(tried) > len(set(tried))) == (late is Pending)
    compiled |= {node.name for node in turns.graph.nodes}
    drain(turns.go(60))
    assert ("enc" in turns.impacts.of) == (late is Pending)
    # Somebody who asks has it at once.
    compiled.clear()
    turns.order(StudyImpact(turns.graph, "mid"))
    drain(turns.go(60))
    assert not np.isnan(turns.impacts.of["mid"]).any()


def test_another_layer_or_none_stops_it() -> None:
    turns = Turns(network_of_layers())
    turns.order(StudyImpact(turns.graph, "enc"))
    drain(turns.go(3))
    assert turns.impacts.measuring == "enc"
    turns.order(StudyImpact(turns.graph, "mid"))
    assert turns.engine.stages == ()
    drain(turns.go(1))
    assert turns.impacts.measuring == "mid"
    so_far = turns.impacts.of["enc"].copy()
    assert np.isnan(so_far).any()
    turns.order(StudyImpact(turns.graph, ""))
    drain(turns.go(30))
    assert turns.impacts.measuring == ""
    assert turns.engine.stages == ()
    np.testing.assert_array_equal(turns.impacts.of["enc"], so_far)
    assert np.isnan(turns.impacts.of.get("mid", np.array([np.nan]))).any()


def network_of_layers() -> Network:
    return network(
        layer("enc", "Conv2d", "input", in_channels=3, out_channels=64, kernel_size=1),
        layer("mid", "Conv2d", "enc", in_channels=64, out_channels=64, kernel_size=1),
        layer("out", "Conv2d", "mid", in_channels=64, out_channels=3, kernel_size=1),
    )


def test_another_network_ends_it_and_another_engine_begins_it_anew() -> None:
    made = network_of_layers()
    turns = Turns(made)
    turns.order(StudyImpact(turns.graph, "enc"))
    drain(turns.go(3))
    turns.study.closing()
    turns.open(on_torch(made), made)
    drain(turns.go(80))
    assert not np.isnan(turns.impacts.of["enc"]).any()
    turns.order(StudyImpact(turns.graph, "mid"))
    turns.order(StudyClusters(turns.graph, "mid"))
    drain(turns.go(2))
    other = tiny_network()
    turns.study.closing()
    turns.open(on_torch(other), other)
    drain(turns.go(30))
    assert turns.impacts.of == {}
    assert turns.telemetry[Clusters].found == {}


def test_clusters_are_found_by_a_few_frames_or_by_one_that_stays() -> None:
    for still in (False, True):
        turns = Turns(network_of_layers())
        turns.order(StudyClusters(turns.graph, "enc"))
        # Of one that stays they are found after a while, which is reckoned in turns.
        for _ in turns.go(FRAMES + 40, still=still):
            if turns.telemetry[Clusters].found:
                break
        found = turns.telemetry[Clusters].found["enc"]
        assert sorted(c for cluster in found for c in cluster.channels) == list(range(64))
        pictures = turns.telemetry[Clusters].pictures["enc"]
        assert [picture.shape for picture in pictures] == [(16, 12, 3)] * len(found)
        turns.study.close()


@pytest.mark.parametrize("count", [2, 5, None])
def test_so_many_clusters_are_found_as_were_asked_for_by_what_the_layer_made(count: int | None) -> None:
    told = []
    for stages in ((), (Stage(1, "enc", make_bend("Ablate", {})),)):
        turns = Turns(network_of_layers(), *stages)
        turns.order(StudyClusters(turns.graph, "enc", 7))
        drain(turns.go(2))
        # Another number while maps are still collected.
        turns.order(StudyClusters(turns.graph, "enc", count))
        for _ in turns.go(FRAMES + 40):
            if turns.telemetry[Clusters].found:
                break
        told.append(turns.telemetry[Clusters])
        turns.study.close()
    plain, bent = told
    assert (plain.counts, plain.looking) == ({"enc": count}, "")
    assert count in (None, len(plain.found["enc"]))
    assert bent.found == plain.found, "bends of a layer change nothing of what it sees"


def test_more_clusters_than_channels_are_refused_and_nobody_waits() -> None:
    turns = Turns(network_of_layers())
    turns.order(StudyClusters(turns.graph, "enc", 65))
    with pytest.raises(StudioError, match="enc has 64 channels; choose 1 to 64 clusters"):
        drain(turns.go(FRAMES + 40))
    drain(turns.go(1))
    assert turns.telemetry[Clusters].looking == ""
    turns.study.close()


def test_what_fails_is_told_once_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns(network_of_layers())
    turns.order(StudyImpact(turns.graph, "enc"))
    drain(turns.go(3))

    def fail(*_: object) -> bool:
        raise StudioError("The layer cannot be bent.")

    monkeypatch.setattr(Impact, "measure", fail)
    with pytest.raises(StudioError, match="cannot be bent"):
        drain(turns.go(5))
    drain(turns.go(5))
    assert turns.impacts.measuring == ""
    assert turns.engine.stages == ()
    monkeypatch.setattr(ClusterFinder, "clusters", fail)
    turns.order(StudyClusters(turns.graph, "enc"))
    with pytest.raises(StudioError, match="cannot be bent"):
        drain(turns.go(FRAMES + 5))
    drain(turns.go(1))
    assert turns.telemetry[Clusters].looking == ""
    turns.study.close()
    with pytest.raises(StudioError, match="nothing"):
        turns.order(StudyImpact(turns.graph, "nothing"))


@pytest.mark.gl
def test_in_the_running_studio_the_picture_stays_while_channels_are_measured(gl_device: Device, tmp_path: Path) -> None:
    del gl_device
    cv2.imwrite(str(tmp_path / "still.png"), np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8))
    running = Studio()
    graph = running.document.graph
    try:
        running.live.play(str(tmp_path / "still.png"))
        running.until(lambda: running.telemetry[Progress].serial > 0)
        before = running.picture()
        running.live.order(StudyImpact(graph, "enc"))
        running.live.order(StudyClusters(graph, "enc"))
        running.until(lambda: "enc" in running.telemetry[Clusters].found)
        of = lambda: running.telemetry[Impacts].of.get("enc", np.array([np.nan]))  # noqa: E731
        running.until(lambda: not np.isnan(of()).any())
        assert of().max() > 0
        assert running.telemetry[Impacts].measuring == ""
        np.testing.assert_array_equal(running.picture(), before)
    finally:
        running.live.close()


def test_what_is_turned_bypassed_and_bent_meanwhile_stays_so(engine_for: EngineFor) -> None:
    made = network_of_layers()
    stages = (Stage(1, "enc", make_bend("Noise", {})), Stage(2, "mid", make_bend("Feedback", {})))
    turns, alone = Turns(made), engine_for(made)
    turns.engine = engine_for(made)
    turns.study.opened(turns.engine, made.graph)
    turns.order(StudyImpact(turns.graph, "enc"))
    for turn, _ in enumerate(turns.go(20)):
        alone.run({"input": normal(3, 16, 12, seed=turns.serial)})
        np.testing.assert_array_equal(turns.engine.output(), alone.output(), str(turn))
        for engine in (turns.engine, alone):
            if turn == 3:
                engine.set_stages(stages)
            if turn == 5:
                engine.set_number(1, "amount", 0.25)
            if turn == 7:
                engine.bypass({"mid"})
            if turn == 9:
                engine.set_stages(stages[:1])
    turns.order(StudyImpact(turns.graph, ""))
    assert turns.engine.stages == stages[:1]


@pytest.mark.parametrize("which", ["enc", "out"])
def test_any_layer_can_be_measured_the_last_and_a_bypassed_one_too(which: str) -> None:
    made = network_of_layers()
    turns = Turns(made)
    turns.engine.bypass({"enc"})
    turns.order(StudyImpact(turns.graph, which))
    drain(turns.go(80))
    assert not np.isnan(turns.impacts.of[which]).any()
    assert turns.impacts.of[which].max() > 0


def test_every_layer_is_measured_unasked_and_what_is_asked_for_comes_first() -> None:
    turns = Turns(network_of_layers())
    turns.order(StudyAll(turns.graph, "mid"))
    drain(turns.go(4))
    assert set(turns.impacts.of) == {"mid"}
    assert turns.impacts.measuring == "", "nobody waits for it"
    turns.order(StudyImpact(turns.graph, "enc"))
    drain(turns.go(1))
    assert turns.impacts.measuring == "enc"
    assert "enc" in turns.impacts.of
    drain(turns.go(300))
    assert {name for name, of in turns.impacts.of.items() if not np.isnan(of).any()} == {"enc", "mid", "out"}
    assert {name: of.shape for name, of in turns.impacts.places.items()} == {
        "enc": (64, 16, 16),
        "mid": (64, 16, 16),
        "out": (3, 16, 16),
    }
    assert turns.engine.stages == ()
    busy = turns.spent
    drain(turns.go(50))
    assert turns.spent - busy <= 0.001 * 51, "when all is known there is nothing to do"


def test_after_an_edit_and_a_rest_all_are_measured_again() -> None:
    turns = Turns(network_of_layers())
    turns.order(StudyAll(turns.graph, "enc"))
    drain(turns.go(300, still=True))
    before = {name: of.copy() for name, of in turns.impacts.of.items()}
    stages = (Stage(1, "mid", make_bend("Ablate", {})),)
    turns.engine.set_stages(stages)
    turns.order(SetStages(turns.graph, stages))
    drain(turns.go(int(QUIET / 0.1) - 2, still=True))
    assert turns.impacts.of["enc"].tobytes() == before["enc"].tobytes(), "not while the hand may still be at it"
    drain(turns.go(300, still=True))
    assert not turns.impacts.of["enc"].any(), "behind it everything is ablated"
    assert turns.engine.stages == stages


def test_another_network_is_measured_when_it_is_open() -> None:
    turns = Turns(network_of_layers())
    turns.order(StudyAll(turns.graph, "enc"))
    drain(turns.go(5))
    other = tiny_network()
    turns.study.closing()
    # The order comes before its engine opens.
    turns.order(StudyAll(other.graph, "enc"))
    turns.open(on_torch(other), other)
    drain(turns.go(100))
    assert set(turns.impacts.of) == {node.name for node in other.graph.nodes}


def test_where_nobody_waits_all_who_look_have_less_together() -> None:
    budget = Budget()
    assert budget.part("monitor", 1.0, awaited=False) == UNAWAITED
    assert budget.part("study", 1.0, awaited=False) == pytest.approx(0.5 * UNAWAITED)
    # Once a person waits for one of them there is more for both, and less again when that is over.
    assert budget.part("study", 1.0) == pytest.approx(0.5 * SHARE)
    assert budget.part("monitor", 1.0, awaited=False) == pytest.approx(0.5 * SHARE)
    assert budget.part("study", 0.0) == 0.0
    assert budget.part("monitor", 1.0, awaited=False) == UNAWAITED


def test_while_pictures_wait_what_nobody_waits_for_has_half() -> None:
    waits = [True]
    budget = Budget(pressed=lambda: waits[0])
    assert budget.part("monitor", 1.0, awaited=False) == PRESSED * UNAWAITED
    assert budget.part("monitor", 1.0) == SHARE, "a person comes before a picture"
    waits[0] = False
    assert budget.part("monitor", 1.0, awaited=False) == UNAWAITED


def test_all_who_look_share_a_fifth() -> None:
    budget = Budget()
    assert budget.part("monitor", 1.0) == SHARE
    assert budget.part("study", 3.0) == pytest.approx(0.75 * SHARE)
    assert budget.part("monitor", 1.0) == pytest.approx(0.25 * SHARE)
    assert budget.part("study", 0.0) == 0.0
    assert budget.part("monitor", 1.0) == SHARE
