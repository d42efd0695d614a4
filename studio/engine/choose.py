"""Which engine runs: `auto` takes the GPU where there is one, else PyTorch, and says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

from studio.engine.base import Engine
from studio.engine.libraries import has_cuda, load_torch
from studio.errors import StudioError
from studio.model.networks.network import Network

if TYPE_CHECKING:
    from studio.engine.gl.driver.device import Device
    from studio.engine.gl.engines.fragment import GLFragmentEngine
    from studio.engine.gl.engines.pipeline import GLEngine
    from studio.engine.torch.engine import TorchEngine

EngineName = Literal["auto", "gl", "gl-half", "gl-fragment", "torch", "torch-tf32", "torch-half"]
ENGINE_NAMES: tuple[EngineName, ...] = get_args(EngineName)

MEASURED = "gl", "torch"
"""Of which the faster is taken on an NVIDIA card."""

CLEARLY = 0.95
"""Part of the time of a frame that `torch` must take, for a window to load all that it needs."""


@dataclass(frozen=True)
class Choice:
    """An engine by name, and the reason in words that complete "torch, because ...".

    Attributes:
        unmeasured: the card on which nobody has measured yet whether `torch` is faster, where it may be; else empty.
    """

    name: EngineName
    reason: str
    unmeasured: str = ""


@dataclass(frozen=True)
class Probe:
    """What the machine's OpenGL is; ``problem`` where there is none."""

    renderer: str = ""
    version: str = ""
    max_texture: int = 0
    is_software: bool = False
    has_compute: bool = False
    problem: str = ""

    @classmethod
    def of(cls, device: Device) -> Probe:
        """What this device is."""
        return cls(device.renderer, device.version, device.max_texture, device.is_software, device.has_compute)


def probe_gl() -> Probe:
    """Open an OpenGL context, look, and close it again."""
    try:
        from studio.engine.gl.driver.device import open_device

        device = open_device()
    except (StudioError, ImportError) as error:
        return Probe(problem=str(error))
    try:
        return Probe.of(device)
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


def open_engine(network: Network, name: str = "auto", device: Device | None = None) -> tuple[Engine, Choice]:
    """An engine with this network loaded, current in the calling thread, and why it was taken.

    Args:
        network: what it runs.
        name: one of `ENGINE_NAMES`.
        device: an OpenGL context that is current in this thread, a window's for one; it stays the caller's. None opens
            one where it is needed. The torch engine makes no use of it.

    Raises:
        StudioError: for an unknown name, or an engine that cannot run here.
    """
    if _checked(name) == "auto":
        probe = Probe.of(device) if device else probe_gl()
        choice = faster(network, probe, choose(probe), measures=device is None)
    else:
        choice = Choice(_checked(name), "it was asked for")
    if choice.name.startswith("torch"):
        return torch_engine(choice.name)(network), choice
    return gl_engine(choice.name)(network, device), choice


def torch_engine(name: str) -> type[TorchEngine]:
    """The torch engine of this name."""
    load_torch()
    from studio.engine.torch.engine import TorchEngine, TorchHalfEngine, TorchTF32Engine

    return {kind.name: kind for kind in (TorchEngine, TorchTF32Engine, TorchHalfEngine)}[name]


def gl_engine(name: str) -> type[GLEngine | GLFragmentEngine]:
    """The OpenGL engine of this name."""
    from studio.engine.gl.engines.fragment import GLFragmentEngine
    from studio.engine.gl.engines.half import GLHalfEngine
    from studio.engine.gl.engines.pipeline import GLEngine

    kinds: tuple[type[GLEngine | GLFragmentEngine], ...] = (GLEngine, GLHalfEngine, GLFragmentEngine)
    return {kind.name: kind for kind in kinds}[name]


def faster(network: Network, probe: Probe, choice: Choice, *, measures: bool) -> Choice:
    """On an NVIDIA card the faster of `gl` and `torch` for this network; else the choice that was made.

    Args:
        network: what runs.
        probe: the machine's OpenGL.
        choice: what is taken without measuring.
        measures: whether to measure where nothing is known yet, which takes some seconds; where not, `torch` must be
            `CLEARLY` faster.
    """
    if choice.name != "gl" or "nvidia" not in probe.renderer.lower():
        return choice
    from studio.engine.measured import Measured

    card = f"{probe.renderer}, {probe.version}"
    held = Measured(card)
    seconds = held.known(network)
    if not seconds and measures:
        import torch

        if torch.cuda.is_available():
            seconds = held.measure(network, {name: partial(open_one, network, name) for name in MEASURED})
    if not seconds and not measures and has_cuda():
        return replace(choice, unmeasured=card)
    if not seconds.keys() >= {*MEASURED}:
        return choice
    return by_figures(seconds, probe.renderer, 1.0 if measures else CLEARLY)


def by_figures(seconds: Mapping[str, float], renderer: str = "", clearly: float = CLEARLY) -> Choice:
    """The faster of `gl` and `torch`, and by what.

    Args:
        seconds: of a frame, by engine.
        renderer: the card.
        clearly: the part of the time of `gl` below which `torch` is taken.
    """
    first, second = sorted(MEASURED, key=seconds.__getitem__)
    taken = "torch" if seconds["torch"] < clearly * seconds["gl"] else "gl"
    least, most = (f"{seconds[name] * 1e3:.2f}" for name in (first, second))
    words = (
        f"at 256 pixels {first} takes {least} ms a frame and {second} {most}, measured for this network on {renderer}"
    )
    return Choice(_checked(taken), words if taken == first else f"{first} would gain too little: {words}")


def open_one(network: Network, name: str) -> Engine:
    """An engine of this name, with what it needs; see `open_engine`."""
    return open_engine(network, name)[0]


def _checked(name: str) -> EngineName:
    for known in ENGINE_NAMES:
        if name == known:
            return known
    raise StudioError(f'There is no engine "{name}"; there are {", ".join(ENGINE_NAMES)}.')
