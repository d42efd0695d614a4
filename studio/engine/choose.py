"""Which engine runs: `auto` takes the GPU where there is one, else PyTorch, and says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from studio.engine.base import Engine
from studio.errors import StudioError
from studio.model.network import Network

EngineName = Literal["auto", "gl", "gl-fragment", "torch"]
ENGINE_NAMES: tuple[EngineName, ...] = get_args(EngineName)


@dataclass(frozen=True)
class Choice:
    """An engine by name, and the reason in words that complete "torch, because ..."."""

    name: EngineName
    reason: str


@dataclass(frozen=True)
class Probe:
    """What the machine's OpenGL is; ``problem`` where there is none."""

    renderer: str = ""
    version: str = ""
    max_texture: int = 0
    is_software: bool = False
    has_compute: bool = False
    problem: str = ""


def probe_gl() -> Probe:
    """Open an OpenGL context, look, and close it again."""
    try:
        from studio.engine.gl.device import open_device

        device = open_device()
    except (StudioError, ImportError) as error:
        return Probe(problem=str(error))
    try:
        return Probe(device.renderer, device.version, device.max_texture, device.is_software, device.has_compute)
    finally:
        device.close()


def choose(probe: Probe) -> Choice:
    """The engine that `auto` takes on a machine with this OpenGL."""
    if probe.problem:
        return Choice("torch", f"there is no usable OpenGL: {probe.problem}")
    if probe.is_software:
        return Choice("torch", f"{probe.renderer} draws in software, where PyTorch is many times faster")
    if probe.has_compute:
        return Choice("gl", f"{probe.renderer} has compute shaders (OpenGL {probe.version})")
    return Choice("gl-fragment", f"{probe.renderer} has no compute shaders (OpenGL {probe.version})")


def open_engine(network: Network, name: str = "auto") -> tuple[Engine, Choice]:
    """An engine with this network loaded, current in the calling thread, and why it was taken.

    Raises:
        StudioError: for an unknown name, or an engine that cannot run here.
    """
    choice = choose(probe_gl()) if name == "auto" else Choice(_checked(name), "it was asked for")
    if choice.name == "torch":
        from studio.engine.torch import TorchEngine

        return TorchEngine(network), choice
    from studio.engine.gl.pipeline import GLEngine, GLFragmentEngine

    return (GLEngine if choice.name == "gl" else GLFragmentEngine)(network), choice


def _checked(name: str) -> EngineName:
    for known in ENGINE_NAMES:
        if name == known:
            return known
    raise StudioError(f'There is no engine "{name}"; there are {", ".join(ENGINE_NAMES)}.')
