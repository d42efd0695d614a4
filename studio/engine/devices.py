"""The devices of a machine that an engine can run on: CUDA's by their numbers, OpenGL's as EGL counts them, or CPUs."""

from __future__ import annotations

import sys

from studio.engine.base import Engine
from studio.errors import StudioError
from studio.model.networks.network import Network

ALL = "all"


def devices_of(engine: str, asked: str) -> tuple[str, ...]:
    """What to run on.

    Args:
        engine: the engine's name, not "auto".
        asked: "all"; or names between commas, numbers or "cpu", of which each may come more than once.

    Raises:
        StudioError: for what is no device, or where the engine runs on one alone.
    """
    if asked == ALL:
        return _torch_devices() if engine.startswith("torch") else _gl_devices(engine)
    names = tuple(name.strip() for name in asked.split(","))
    known = "a number or cpu" if engine.startswith("torch") else "a number"
    for name in names:
        if not (name.isdecimal() or (name == "cpu" and engine.startswith("torch"))):
            raise StudioError(
                f'"{name}" is no device of --engine {engine}; --devices takes all, or {known}, as in 0,1.'
            )
    if engine.startswith("torch"):
        import torch

        for name in names:
            if name != "cpu" and int(name) >= torch.cuda.device_count():
                raise StudioError(f"There is no CUDA device {name}; there are {torch.cuda.device_count()}.")
    return names


def _torch_devices() -> tuple[str, ...]:
    import torch

    return tuple(map(str, range(torch.cuda.device_count()))) if torch.cuda.is_available() else ("cpu",)


def _gl_devices(engine: str) -> tuple[str, ...]:
    from studio.engine.gl.driver.device import open_device

    if not sys.platform.startswith("linux"):
        return ("0",)
    found: list[tuple[str, bool]] = []
    for number in range(16):
        try:
            device = open_device(number)
        except StudioError:
            break
        found.append((str(number), device.is_software))
        device.close()
    if not found:
        raise StudioError(f"No device here runs the engine {engine}; use the engine torch.")
    # A software rasteriser beside a GPU would only hold it up.
    hardware = tuple(name for name, is_software in found if not is_software)
    return hardware or (found[0][0],)


def open_on(network: Network, engine: str, device: str) -> Engine:
    """An engine on one of these devices, for the calling thread.

    Raises:
        StudioError: where it cannot run there.
    """
    if engine.startswith("torch"):
        from studio.engine.choose import torch_engine

        return torch_engine(engine)(network, device if device == "cpu" else f"cuda:{device}")
    from studio.engine.choose import gl_engine
    from studio.engine.gl.driver.device import open_device

    made = gl_engine(engine)(network, open_device(int(device)))
    made.owns_device = True
    return made
