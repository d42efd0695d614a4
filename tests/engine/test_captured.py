"""Frames of the torch engine as graphs of parts: what they make is what operators make one by one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from helpers import branched_network, layer, network, normal
from played_graphs import Played, play_graphs

from studio.bends import make_bend
from studio.engine.torch import captured
from studio.engine.torch.captured import RESTS, Captured, capturing
from studio.engine.torch.engine import TorchEngine
from studio.model.bends.stage import ChannelRange, Stage
from studio.model.declared.tick import Tick
from studio.model.networks.inputs import Input
from studio.model.networks.layout import Rect
from studio.model.networks.network import Network


@pytest.fixture(autouse=True)
def _played(monkeypatch: pytest.MonkeyPatch) -> None:
    play_graphs(monkeypatch)


class Capturing(TorchEngine):
    """An engine on a CPU that takes its frames for graphs."""

    def __init__(self, made: Network) -> None:
        super().__init__(made, "cpu")
        # What is packed is no operator that could be recorded.
        self._packable = set()
        self._captured = Captured()
        self.time_every = np.inf
        self._timed_at = 0.0


def plain(made: Network) -> TorchEngine:
    engine = TorchEngine(made, "cpu")
    engine._packable = set()
    return engine


def chain() -> Network:
    return network(
        layer("enc1", "Conv2d", "input", in_channels=3, out_channels=8, kernel_size=3, padding=1),
        layer("act1", "ReLU", "enc1"),
        layer("enc2", "Conv2d", "act1", in_channels=8, out_channels=8, kernel_size=3, padding=1),
        layer("act2", "ReLU", "enc2"),
        layer("dec", "Conv2d", "act2", in_channels=8, out_channels=3, kernel_size=3, padding=1),
    )


def run(engine: TorchEngine, frame: int) -> None:
    engine.run({"input": normal(3, 10, 12, seed=frame)}, Tick(frame, Fraction(frame, 25)))


def check(ours: TorchEngine, theirs: TorchEngine) -> None:
    for node in ours.graph.nodes:
        np.testing.assert_array_equal(ours.activation(node.name), theirs.activation(node.name), node.name)


def both(ours: TorchEngine, theirs: TorchEngine, frames: range) -> None:
    for frame in frames:
        run(ours, frame)
        run(theirs, frame)
        check(ours, theirs)


@pytest.mark.parametrize("made", [chain, branched_network])
def test_a_frame_is_one_graph_from_the_second_run_on(made: Any) -> None:
    ours, theirs = Capturing(made()), plain(made())
    both(ours, theirs, range(5))
    assert (Played.made, Played.replayed) == (1, 4)


def test_what_moves_runs_by_itself_and_what_lies_around_it_as_graphs() -> None:
    ours, theirs = Capturing(chain()), plain(chain())
    stages = [Stage(1, "act1", make_bend("Multiply", {"factor": 1.5}), ChannelRange(first=0, last=3))]
    for engine in (ours, theirs):
        engine.set_stages(stages)
    both(ours, theirs, range(3))
    assert Played.made == 1
    for frame in range(3, 9):
        for engine in (ours, theirs):
            if frame > 3:
                engine.set_number(1, "factor", 1.0 + frame / 10)
        both(ours, theirs, range(frame, frame + 1))
    assert Played.made == 3
    assert Played.replayed > 8
    # It rests: a while later all of a frame is one graph again.
    both(ours, theirs, range(9, 9 + RESTS + 4))
    assert Played.made == 4
    before = Played.replayed
    both(ours, theirs, range(100, 103))
    assert Played.replayed == before + 3


def test_a_thousand_frames_of_moving_numbers_make_no_graph() -> None:
    made = network(
        layer("enc", "Conv2d", "input", in_channels=3, out_channels=5, kernel_size=3, padding=1),
        layer("act", "LeakyReLU", "enc", negative_slope=0.2),
        layer("mid", "Conv2d", "act", in_channels=5, out_channels=5, kernel_size=3, padding=1),
        layer("affine", "Affine", "mid", scale=1.5, shift=0.1),
        layer("dec", "Conv2d", "affine", in_channels=5, out_channels=3, kernel_size=3, padding=1),
    )
    ours, theirs = Capturing(made), plain(made)
    rng = np.random.default_rng(0)

    def frame(number: int) -> None:
        values = rng.uniform(0.1, 2.0, len(ours.places)).astype(np.float32)
        for engine in (ours, theirs):
            engine.set_numbers(values)
            if number % 3:
                run(engine, number)
            else:
                engine.update()

    run(ours, 0)
    run(theirs, 0)
    for number in range(1, 9):
        frame(number)
    graphs = Played.made
    for number in range(9, 1009):
        frame(number)
    assert Played.made == graphs
    check(ours, theirs)


def test_a_number_that_steps_now_and_then_has_no_graph_made_between_its_steps() -> None:
    ours, theirs = Capturing(chain()), plain(chain())
    for engine in (ours, theirs):
        engine.set_stages([Stage(1, "act1", make_bend("Multiply", {"factor": 1.5}))])
        run(engine, 0)
    every, graphs = RESTS + 10, 0
    for frame in range(1, 12 * every):
        for engine in (ours, theirs):
            engine.set_number(1, "factor", 1.0 + frame // every / 10)
            run(engine, frame)
        if frame == 4 * every:
            graphs = Played.made
    assert Played.made == graphs > 0
    check(ours, theirs)


@pytest.mark.parametrize("name", ["Delay", "Feedback", "RunningMean", "FrameDifference", "Freeze", "SlitScan"])
def test_bends_with_memory_remember_what_was_and_not_what_a_graph_made_in_its_place(name: str) -> None:
    ours, theirs = Capturing(chain()), plain(chain())
    for engine in (ours, theirs):
        engine.set_stages([Stage(1, "act1", make_bend(name, {"frames": 2} if name == "Delay" else {}))])
    both(ours, theirs, range(12))
    for engine in (ours, theirs):
        if name == "Freeze":
            engine.set_number(1, "frozen", 0.0)
    both(ours, theirs, range(12, 20))
    assert Played.made == 2


def test_an_edit_reruns_what_comes_after_it_and_the_next_frame_has_it() -> None:
    ours, theirs = Capturing(chain()), plain(chain())
    for engine in (ours, theirs):
        engine.set_stages([Stage(1, "act1", make_bend("Delay", {"frames": 2}))])
    for frame in range(6):
        both(ours, theirs, range(frame, frame + 1))
        for tensor in ("enc2.weight", "enc1.weight", "dec.weight"):
            for engine in (ours, theirs):
                engine.replace(tensor, Rect(0, 0, 2, 2), normal(2, 2, seed=frame))
                engine.update()
            check(ours, theirs)


def test_a_layer_that_asks_for_a_value_is_the_only_one_that_runs_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = Capturing(chain()), plain(chain())
    kind = type(ours.graph.node("act1").op)
    meaning = kind.torch
    monkeypatch.setattr(
        kind,
        "torch",
        lambda self, inputs, tensors: meaning(self, inputs, tensors) * (1.0 if float(inputs[0].sum()) else 2.0),
    )
    both(ours, theirs, range(6))
    assert ours._captured is not None
    assert ours._captured._uncapturable == {"act1", "act2"}
    before = Played.replayed
    both(ours, theirs, range(6, 8))
    assert Played.replayed == before + 2 * 3


def test_where_there_is_no_room_for_a_graph_operators_run(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def full(_: Played, **__: str) -> Iterator[None]:
        yield
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(torch.cuda, "graph", full)
    ours, theirs = Capturing(chain()), plain(chain())
    both(ours, theirs, range(5))
    assert Played.replayed == 0


def test_graphs_are_few_whatever_is_edited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captured, "_MOST", 2)
    ours, theirs = Capturing(chain()), plain(chain())
    for frame in range(4):
        both(ours, theirs, range(frame, frame + 1))
        for tensor in ("enc1.weight", "enc2.weight", "dec.weight"):
            for engine in (ours, theirs):
                engine.replace(tensor, Rect(0, 0, 2, 2), normal(2, 2, seed=frame))
                engine.update()
            check(ours, theirs)
    assert ours._captured is not None
    assert len(ours._captured._graphs) <= 2


def test_a_state_goes_on_from_step_to_step_and_an_edit_does_not_move_it() -> None:
    made = network(
        layer("conv", "Conv2d", "state", in_channels=4, out_channels=4, kernel_size=3, padding=1),
        layer("change", "Tanh", "conv"),
        layer("next", "Add", ("state", "change")),
        inputs=(Input("state", 4, kind="state", comes_from="next", begins="noise", seed=2),),
    )
    ours, theirs = Capturing(made), plain(made)
    for engine in (ours, theirs):
        engine.run({"state": normal(4, 7, 8)})
    for frame in range(1, 8):
        for engine in (ours, theirs):
            engine.run({}, Tick(frame), steps=3)
        check(ours, theirs)
        for engine in (ours, theirs):
            engine.replace("conv.weight", Rect(0, 0, 3, 3), 0.1 * normal(3, 3, seed=frame))
            engine.update()
        check(ours, theirs)
        np.testing.assert_array_equal(ours.state("state"), theirs.state("state"))
    for engine in (ours, theirs):
        engine.forget()
        engine.run({"state": normal(4, 7, 8, seed=9)})
    check(ours, theirs)
    assert Played.replayed > 20


class OnTheDevice:
    """In the place of kernels: multiplies by a number that lies where graphs read it."""

    def __init__(self) -> None:
        self.names = frozenset({"act1"})
        self.factor = torch.zeros(1)

    def forget(self) -> None:
        """See `StageKernels.forget`."""

    def close(self) -> None:
        """See `StageKernels.close`."""

    def prepare(self, nodes: Any, shapes: Any, numbers: Any, *, waits: bool) -> bool:
        """See `StageKernels.prepare`."""
        del nodes, shapes, waits
        self.factor.fill_(float(numbers.ops["act1"].stage.bend.factor))
        return False

    def run(self, name: str, inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """See `StageKernels.run`."""
        del name
        made = inputs[0] * self.factor
        return made, made


def test_a_number_that_kernels_find_on_the_device_cuts_no_frame() -> None:
    ours, theirs = Capturing(chain()), plain(chain())
    ours._kernels = OnTheDevice()  # type: ignore[assignment]
    for engine in (ours, theirs):
        engine.set_stages([Stage(1, "act1", make_bend("Multiply", {"factor": 2.0}))])
    for frame in range(6):
        for engine in (ours, theirs):
            if frame:
                engine.set_number(1, "factor", 1.0 + frame)
            run(engine, frame)
        check(ours, theirs)
    assert (Played.made, Played.replayed) == (1, 5)


def test_one_graph_is_captured_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    under_way, most = 0, 0

    @contextmanager
    def counted(graph: Played, stream: object, capture_error_mode: str) -> Iterator[None]:
        nonlocal under_way, most
        del graph, stream, capture_error_mode
        under_way += 1
        most = max(most, under_way)
        yield
        under_way -= 1

    monkeypatch.setattr(torch.cuda, "graph", counted)

    def capture() -> None:
        with capturing(Played()):  # type: ignore[arg-type]
            time.sleep(0.05)

    threads = [threading.Thread(target=capture) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (under_way, most) == (0, 1)
    # One that fails lets the next begin.
    with pytest.raises(RuntimeError, match="refused"), capturing(Played()):  # type: ignore[arg-type]
        raise RuntimeError("refused")
    with capturing(Played()):  # type: ignore[arg-type]
        pass
