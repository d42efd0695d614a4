"""Maps of CUDA's on the screen: they go through a buffer that both know, or through memory, and look the same."""

from __future__ import annotations

from collections.abc import Collection

import moderngl
import numpy as np
import pytest
import torch
from helpers import branched_network, layer, network, normal
from test_display_buffers import values

from studio.engine.gl.display import display_buffers
from studio.engine.gl.display.display_buffers import DisplayBuffers
from studio.engine.gl.display.from_cuda import FromCuda
from studio.engine.gl.driver.device import Device
from studio.engine.torch.engine import TorchEngine
from studio.errors import EngineError

pytestmark = pytest.mark.gl


class OnCuda(TorchEngine):
    """An engine on a CPU that takes its memory for a card's."""

    def cuda_map(self, name: str) -> torch.Tensor | None:
        return self._activations[self._require_run(name)][0]


class Stand:
    """A driver whose card is this process: what CUDA writes is copied into the buffer when its turn ends."""

    def __init__(self, device: Device, refuses: str = "", grants: int = 0) -> None:
        self._device = device
        self._refuses = refuses
        self._grants = grants
        self.registered: dict[int, tuple[moderngl.Buffer, torch.Tensor]] = {}
        self.known: list[moderngl.Buffer] = []
        self.with_cuda: set[int] = set()
        self.turns: list[int] = []
        self.waited: list[int] = []
        self.made = 0

    def _may(self, call: str) -> None:
        if call == self._refuses:
            self._grants -= 1
            if self._grants < 0:
                raise EngineError(call)

    def devices(self) -> Collection[int | None]:
        self._may("devices")
        # That of a tensor of a CPU has no number.
        return [None]

    def register(self, buffer: int) -> int:
        self._may("register")
        (found,) = [held for held in self.known if held.glo == buffer]
        self.made += 1
        self.registered[self.made] = found, torch.full((found.size // 4,), torch.nan)
        return self.made

    def unregister(self, registered: int) -> None:
        assert registered not in self.with_cuda
        del self.registered[registered]

    def begin(self, registered: int, stream: int) -> int:
        self._may("begin")
        assert registered not in self.with_cuda
        self.with_cuda.add(registered)
        self.turns.append(stream)
        return registered

    def end(self, registered: int, stream: int) -> None:
        del stream
        self.with_cuda.remove(registered)
        buffer, memory = self.registered[registered]
        buffer.write(memory.numpy().tobytes())

    def tensor(self, address: int, count: int, device: torch.device) -> torch.Tensor:
        del device
        return self.registered[address][1][:count]


@pytest.fixture
def stand(device: Device, monkeypatch: pytest.MonkeyPatch) -> Stand:
    if not device.has_compute:
        pytest.skip("no compute shaders here")
    return standing(device, monkeypatch, "")


def standing(device: Device, monkeypatch: pytest.MonkeyPatch, refuses: str, grants: int = 0) -> Stand:
    made = Stand(device, refuses, grants)
    buffer = device.context.buffer

    def noted(*args: object, **named: object) -> moderngl.Buffer:
        made.known.append(buffer(*args, **named))
        return made.known[-1]

    monkeypatch.setattr(device.context, "buffer", noted)

    class Stream:
        def __init__(self, _: torch.device, number: int = 1) -> None:
            self.cuda_stream = number

        def wait_stream(self, other: Stream) -> None:
            made.waited.append(other.cuda_stream)

    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: Stream(device, 0))
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(display_buffers, "FromCuda", lambda device: FromCuda(device, made))
    return made


def check(device: Device, engine: TorchEngine, screen: DisplayBuffers, names: tuple[str, ...]) -> None:
    screen.show(engine, names)
    for name, shown in zip(names, screen.front(), strict=True):
        wanted = engine.sheet(name) if name in engine.graph.tensor_shapes else engine.activation(name)
        found = values(device, shown)
        np.testing.assert_array_equal(found, wanted)


def test_all_maps_of_a_moment_take_one_turn_and_arrive_whole(device: Device, stand: Stand) -> None:
    """CUDA's turn is asked for behind what OpenGL does, on a stream that only the next copy waits for."""
    engine = OnCuda(branched_network(), "cpu")
    screen = DisplayBuffers(device)
    for seed in range(4):
        engine.run({"input": normal(3, 10, 14, seed=seed)})
        check(device, engine, screen, ("input", "join", "out", "mid.weight"))
    assert stand.turns == [0, 1, 1, 1, 1]
    assert stand.waited == [1, 1, 1]
    assert [*stand.registered] == [*stand.with_cuda]
    screen.close()
    assert not stand.registered
    assert not stand.with_cuda


def test_more_maps_get_a_larger_buffer(device: Device, stand: Stand) -> None:
    engine = OnCuda(branched_network(), "cpu")
    engine.run({"input": normal(3, 10, 14)})
    screen = DisplayBuffers(device)
    check(device, engine, screen, ("out",))
    check(device, engine, screen, ("out", "join", "mid"))
    check(device, engine, screen, ("join",))
    assert (stand.made, len(stand.registered)) == (2, 1)
    screen.close()


@pytest.mark.parametrize(("refuses", "grants"), [("devices", 0), ("register", 0), ("begin", 0), ("begin", 1)])
def test_where_the_driver_refuses_maps_go_through_memory(
    device: Device, monkeypatch: pytest.MonkeyPatch, refuses: str, grants: int
) -> None:
    if not device.has_compute:
        pytest.skip("no compute shaders here")
    stand = standing(device, monkeypatch, refuses, grants)
    engine = OnCuda(network(layer("half", "Affine", "input", scale=0.5)), "cpu")
    screen = DisplayBuffers(device)
    for seed in range(3):
        engine.run({"input": normal(3, 10, 14, seed=seed)})
        check(device, engine, screen, ("input", "half"))
    assert not stand.registered
    screen.close()


def test_without_the_driver_maps_go_through_memory(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise OSError("libcuda.so.1: cannot open shared object file")

    monkeypatch.setattr("studio.engine.gl.display.from_cuda.CudaDriver", missing)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _: type("Stream", (), {"cuda_stream": 0}))
    engine = OnCuda(branched_network(), "cpu")
    engine.run({"input": normal(3, 10, 14)})
    screen = DisplayBuffers(device)
    check(device, engine, screen, ("out",))
    screen.close()
