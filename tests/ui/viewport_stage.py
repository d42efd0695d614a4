"""A render thread that shows one frame after another, for viewports to look at."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import numpy as np

from studio.engine.base import Engine
from studio.engine.gl.display.display_buffers import DisplayBuffers
from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.fragment import GLFragmentEngine
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.torch.engine import TorchEngine
from studio.model.networks.layout import to_sheet
from studio.model.networks.network import Network
from studio.model.networks.shape import Array
from studio.runtime.services.priority import step_back
from studio.ui.viewport.gl_context import RenderContext

SIZE = 64


def made_engine(name: str, network: Network, device: Device) -> Engine:
    if name == "torch":
        return TorchEngine(network, "cpu")
    return (GLEngine if name == "gl" else GLFragmentEngine)(network, device)


class Stage:
    """Runs an engine in a thread of its own: shows these names again and again until it is closed."""

    def __init__(self, name: str, network: Network, shown: Iterable[str]) -> None:
        self.picture = np.random.default_rng(4).random((3, SIZE, SIZE), np.float32)
        self.network = network
        self.values: dict[str, Array] = {}
        self.error: BaseException | None = None
        self.screen: DisplayBuffers | None = None
        self.frames = 0
        self._context = RenderContext()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(name, tuple(shown)))
        self._thread.start()

    @property
    def find(self) -> Callable[[], DisplayBuffers | None]:
        return lambda: self.screen

    def close(self) -> None:
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive()
        assert self.error is None

    def _run(self, name: str, shown: tuple[str, ...]) -> None:
        # As the render thread does. A drawing thread has the rasteriser step back, which would starve behind this loop.
        step_back()
        try:
            device = self._context.open()
            screen, engine = DisplayBuffers(device), made_engine(name, self.network, device)
            engine.run({"input": self.picture})
            for each in shown:
                is_sheet = each in self.network.tensors
                self.values[each] = to_sheet(self.network.tensors[each]) if is_sheet else engine.activation(each)
            while not self._stop.wait(0.005):
                screen.show(engine, shown)
                self.screen = screen
                self.frames += 1
            screen.close()
            engine.close()
            self._context.close()
        except BaseException as error:  # noqa: BLE001 - told in the test's thread
            self.error = error
