"""The render thread: orders, a picture, the network, the screen, a report; again and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from studio.engine.base import Engine
from studio.engine.display import Display
from studio.errors import MemoryLackError
from studio.model.declared.tick import Tick
from studio.model.movement.modulator import NOTHING
from studio.model.networks.graph import Graph
from studio.model.networks.picture import DeepPicture
from studio.model.views.view import View
from studio.runtime.live.arriving import Arriving
from studio.runtime.live.budget import Budget
from studio.runtime.live.card_maps import CardMaps
from studio.runtime.live.channel_map import ChannelMaps
from studio.runtime.live.channel_study import ChannelStudy
from studio.runtime.live.clock import SLOW, Clock
from studio.runtime.live.cores import Cores
from studio.runtime.live.early import Early
from studio.runtime.live.engine_host import EngineHost, is_engines_fault
from studio.runtime.live.feature import Feature, Frame, having
from studio.runtime.live.journal import Journal
from studio.runtime.live.layer_monitor import LayerMonitor
from studio.runtime.live.mailbox import Mailbox
from studio.runtime.live.movement import Movement
from studio.runtime.live.orders import (
    BeginAgain,
    Bypass,
    ChooseEngine,
    Hold,
    LayerOrder,
    LookAt,
    Open,
    Order,
    Replace,
    SetStages,
    ShowOutputToo,
    Stop,
    Weighed,
    WorkAt,
)
from studio.runtime.live.output_writer import OutputWriter
from studio.runtime.live.overlap import Overlap
from studio.runtime.live.pace import Pace
from studio.runtime.live.picture_fade import PictureFade
from studio.runtime.live.pictures import Pictures
from studio.runtime.live.player import Player
from studio.runtime.live.report import LayerShapes, Part, Progress, Report
from studio.runtime.live.second_film import SecondFilm
from studio.runtime.live.sending import Sending
from studio.runtime.live.showing import Showing
from studio.runtime.live.taking import BeginTake, Taking
from studio.runtime.live.tidying import Tidying
from studio.runtime.live.tuning import Tuning
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.services.right_of_way import RightOfWay

_REPORT_EVERY, _PROMPTLY = 1 / 12, 1 / 30
"""Seconds from one whole report to the next: each has labels written anew, by the window's thread and its Python."""

_IDLE = 0.05

_SOONER = 0.75
"""Part of the time between two pictures after which the next is copied to be seen, and told of: some come early."""


class RenderLoop:
    """Everything that lives in the render thread, in which its context is current.

    Args:
        display: shows what runs.
        mailbox: brings orders.
        player: brings pictures.
        on_report: takes reports.
        features: what lives here besides recordings and what looks at layers.
        rate: pictures a second of what moves by itself; no more of any are told of.
        way: is taken while a frame is under way on a GPU; None where nobody else uses it.
    """

    def __init__(
        self,
        display: Display,
        mailbox: Mailbox,
        player: Player,
        on_report: Callable[[Report], None],
        features: Iterable[Feature] = (),
        rate: int = SLOW,
        way: RightOfWay | None = None,
    ) -> None:
        self._rate, self._way = rate, way or RightOfWay()
        self._display = display
        self._mailbox = mailbox
        self._player = player
        self._on_report = on_report
        self._journal = Journal()
        self._host = EngineHost(display, self._journal, self._opened, self._closing)
        budget = Budget(pressed=lambda: self._overlap.is_pressed)
        monitor, study = LayerMonitor(display, budget=budget), ChannelStudy(budget=budget)
        cores = Cores()
        looking = monitor, study, ChannelMaps(), CardMaps(budget), cores
        writer, others = OutputWriter(display, self._journal), tuple(features)
        movement = next((each for each in others if isinstance(each, Movement)), None)
        fade = PictureFade(self._host, movement.listen if movement is not None else lambda _: NOTHING)
        taking = Taking(writer, movement, self._journal, fade)
        sending = Sending(display, self._journal)
        self._showing = Showing(display, self._journal, self._way, _SOONER / rate)
        self._features = (writer, taking, sending, fade, Tuning(), Tidying(), SecondFilm(), *looking, *others)
        self._having = {what: having(self._features, what) for what in ("moves", "before", "took", "rest")}
        self._handlers: dict[type[Order], list[Callable[[Any], object]]] = {
            Open: [self._open],
            ChooseEngine: [lambda order: self._host.choose(order.name)],
            Weighed: [self._host.weighed],
            Bypass: [lambda order: self._host.bypass(order.layers)],
            Replace: [self._host.replace],
            SetStages: [lambda order: self._host.set_stages(order.stages)],
            LookAt: [self._look_at],
            ShowOutputToo: [self._show_output_too],
            WorkAt: [self._work_at],
            Hold: [lambda order: setattr(self._pictures, "held", order.held)],
            BeginTake: [lambda _: self._pictures.again()],
            BeginAgain: [lambda _: self._pictures.begin_again()],
            Stop: [lambda _: setattr(self, "_stopping", True)],
        }
        for feature in self._features:
            for kind, handle in feature.handlers().items():
                self._handlers.setdefault(kind, []).append(handle)
        self._pictures = Pictures(player, Clock(rate=rate))
        self._overlap = Overlap(self._pictures, cores, mailbox.wake)
        self._early, self._arriving = Early(self._carry_out), Arriving(self._carry_out)
        self._view, self._pace, self._stopping = View(), Pace(), False
        self._looked = False  # whether something else is looked at since the last turn
        self._serial = self._shown = 0
        self._shown_at = self._reported = 0.0
        self._shapes: LayerShapes | None = None

    def run(self) -> None:
        """Until `Stop` is ordered."""
        try:
            while not self._stopping:
                try:
                    self._go_round()
                except BaseException as error:  # noqa: BLE001 - the picture goes on
                    self._journal.fail("loop", "The last turn of the picture", error)
                    self._mailbox.wait(_IDLE)
        finally:
            self._finish()

    def _go_round(self) -> None:
        orders = self._mailbox.take()
        if self._arriving or not all(order.only_looks for order in orders):
            self._overlap.settle(self._host.runner)
        for order in orders:
            self._obey(order)
        self._arriving.go_on(self._pace.seconds(time.perf_counter()), runs=self._host.engine is not None)
        if not orders and self._overlap.waits:
            self._mailbox.wait(self._pause())
            return
        frame = self._turn()
        if frame is not None:
            if frame.is_new:
                self._pace.add(self._overlap.since, time.perf_counter())
            self._each("rest", frame)
        self._report()
        if (frame is None or not frame.is_new) and not self._host.is_due and not self._arriving:
            self._mailbox.wait(self._pause())

    # -- orders -----------------------------------------------------------------------------------------------------

    def _obey(self, order: Order) -> None:
        if isinstance(order, LayerOrder) and order.graph is not self._host.graph:
            self._early.keep(order)
            return
        if not order.only_looks and not self._pictures.has_run:
            # It may be what the picture waits for.
            self._pictures.renew()
        self._arriving.obey(order)

    def _carry_out(self, order: Order) -> None:
        for handle in self._handlers.get(type(order), ()):
            self._journal.once(type(order).__name__, partial(handle, order))

    def _open(self, order: Open) -> None:
        self._arriving.clear()
        self._host.open(order)
        self._pictures.restart()
        self._view = order.view or View()
        self._early.opened(self._host.graph)

    def _look_at(self, order: LookAt) -> None:
        self._view, self._looked = order.view, True

    def _show_output_too(self, order: ShowOutputToo) -> None:
        self._showing.output_too, self._looked = order.wanted, True

    def _work_at(self, order: WorkAt) -> None:
        self._pictures.size = order.size
        self._pictures.renew()

    # -- engines ----------------------------------------------------------------------------------------------------

    def _opened(self, engine: Engine, graph: Graph) -> None:
        self._pictures.begin()
        self._shapes = None
        self._pace.clear()
        for feature in self._features:
            self._journal.once(type(feature).__name__, partial(feature.opened, engine, graph))

    def _closing(self) -> None:
        self._overlap.drop()
        self._pictures.begin()
        for feature in self._features:
            self._journal.once(type(feature).__name__, feature.closing)

    # -- a frame ----------------------------------------------------------------------------------------------------

    def _turn(self) -> Frame | None:
        """Run what there is to run, and show it; None where there is no picture."""
        engine = self._host.engine if self._stopping else self._host.settle()
        ran = engine is not None and self._try_to_run(engine)
        # A frame that was lost may have closed it.
        engine, looked, self._looked = self._host.engine, self._looked, False
        if engine is None or not self._pictures.has_run:
            for feature in self._features:
                self._journal.attempt(type(feature).__name__, type(feature).__name__, feature.blank)
            self._showing.publish()
            return None
        frame = Frame(engine, self._view, self._pictures.crops(engine.graph), ran, self._serial, self._pictures.last)
        # Before the screen, which waits for the GPU: it has work until then.
        self._each("took", frame)
        pressed = self._pictures.is_pressed(engine, moves=self._moves(engine))
        self._showing.show(engine, self._view, frame.crops, ran=ran, looked=looked, pressed=pressed)
        return frame

    def _each(self, what: str, frame: Frame) -> None:
        for cause, name, does in self._having[what]:
            if frame.engine.holds_maps:
                self._journal.attempt(cause, name, partial(does, frame))
        if not frame.engine.holds_maps and self._pictures.has_run:
            # What measures channels runs layers as well, and lacked memory for them.
            self._pictures.lost(MemoryLackError())

    def _try_to_run(self, engine: Engine) -> bool:
        try:
            ran = self._run(engine)
        except BaseException as error:  # noqa: BLE001 - of a driver, an operator, a lack of memory
            self._pictures.lost(error)
            if not is_engines_fault(error):
                self._journal.fail("picture", "The picture", error)
            else:
                # The same picture again, whoever runs it.
                self._host.failed(error)
                self._pictures.renew()
            return False
        if ran:
            self._host.ran()
            self._serial += 1
            if not self._pace:
                # The first picture is told of at once.
                self._reported = 0.0
        if self._pictures.has_run:
            self._journal.solved("picture")
        return ran

    def _run(self, engine: Engine) -> bool:
        runner = self._host.runner
        assert runner is not None, "an engine comes with what feeds it"
        alone = any(feature.alone for feature in self._features)
        return self._overlap.run(engine, runner, moves=self._moves(engine), alone=alone, prepare=self._prepare)

    def _moves(self, engine: Engine) -> bool:
        return engine.moves or any(moves(engine) for _, _, moves in self._having["moves"])

    def _prepare(self, runner: FrameRunner, tick: Tick, picture: DeepPicture) -> None:
        self._way.take()
        for cause, name, does in self._having["before"]:
            self._journal.attempt(cause, name, partial(does, runner, tick, picture))

    # -- telling ----------------------------------------------------------------------------------------------------

    def _pause(self) -> float:
        """Seconds until something must be done although nothing comes in."""
        periods = [feature.period for feature in self._features]
        moving = [self._pictures.wait(e)] if (e := self._host.engine) is not None and self._moves(e) else []
        return min([_IDLE, *moving, *(period / 2 for period in periods if period is not None)])

    def _report(self) -> None:
        now, shown = time.perf_counter(), self._display.published
        every = _PROMPTLY if any(feature.is_prompt for feature in self._features) else _REPORT_EVERY
        is_whole = now - self._reported >= every or self._journal.is_urgent
        if not is_whole and (shown == self._shown or now - self._shown_at < _SOONER / self._rate):
            return
        if shown != self._shown:
            self._shown, self._shown_at = shown, now
        if is_whole:
            self._reported = now
        parts = self._journal.attempt("report", "Telling of the picture", partial(self._whole, now)) if is_whole else ()
        # What cannot be told keeps nothing else from being told.
        self._on_report(Report(parts or (self._progress(now), *(self._journal.parts() if is_whole else ()))))

    def _whole(self, now: float) -> tuple[Part, ...]:
        return tuple(self._parts(now))

    def _progress(self, now: float) -> Progress:
        return Progress(self._serial, self._shown, self._pace.fps(now), self._pace.seconds(now))

    def _parts(self, now: float) -> Iterator[Part]:
        player, engine = self._player.state(), self._host.engine
        if player.problem is not None:
            self._journal.problem("source", player.problem)
        else:
            self._journal.solved("source")
        yield player
        yield self._progress(now)
        reason = self._journal.problem_of("picture") or self._journal.problem_of("engine")
        problem = "" if self._pictures.has_run else reason
        yield self._host.state(self._pictures.working, problem)
        if engine is not None and self._pictures.has_run:
            names = (*(i.name for i in engine.graph.inputs), *(node.name for node in engine.graph.nodes))
            shapes = {name: engine.shape(name) for name in names}
            if self._shapes is None or self._shapes.shapes != shapes:
                self._shapes = LayerShapes(self._host.graph, shapes)
                yield self._shapes
        for feature in self._features:
            yield from self._journal.once(type(feature).__name__, partial(_all_of, feature)) or ()
        yield from self._journal.parts()

    def _finish(self) -> None:
        self._overlap.close()
        self._way.leave()
        for feature in self._features:
            self._journal.once(type(feature).__name__, feature.close)
        self._host.close()
        self._display.close()
        self._on_report(Report(self._journal.parts()))


def _all_of(feature: Feature) -> tuple[Part, ...]:
    return tuple(feature.parts())
