"""How compute passes are made: in which way, measured or not, with which textures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from studio.engine.gl.driver.device import Device
from studio.engine.gl.frame.fuse import MOST_OUTPUTS
from studio.engine.gl.tuning.loops import Plan
from studio.engine.gl.tuning.tune import Tuner

Kernels = Literal["shared", "blocks"]
"""Which loops make convolutions: in shared memory, or blocks in registers."""


@dataclass(frozen=True)
class Settings:
    """How compute passes are made.

    Attributes:
        kernels: "shared" for loops in shared memory, on GPUs; "blocks" for loops in registers, on software rasterisers,
            where shared memory is no faster than any other.
        plan: the way every such convolution runs; None lets the tuner choose, or takes the usual one.
        most_outputs: how many maps one pass may write; 1 fuses nothing.
        tuner: measures which plan is fastest.
        handles: whether passes find their textures by handles rather than at units; see `Device.has_handles`.
        half: whether maps are of float16.
        halves: whether products may be made in float16, where that is measured to be faster; see `Device.has_halves`.

    Raises ValueError for other kernels, and for handles or half precision in blocks, which read images of float32 at
    units.
    """

    kernels: Kernels
    plan: Plan | None = None
    most_outputs: int = MOST_OUTPUTS
    tuner: Tuner | None = None
    handles: bool = False
    half: bool = False
    halves: bool = False

    def __post_init__(self) -> None:
        if self.kernels not in get_args(Kernels):
            raise ValueError(f'kernels are "shared" or "blocks", not "{self.kernels}"')
        if self.kernels == "blocks" and (self.handles or self.half or self.halves):
            raise ValueError("blocks read images of float32 at units")

    @classmethod
    def for_device(cls, device: Device, *, half: bool = False) -> Settings:
        """Blocks and no measuring in software; shared memory, tuned, on a GPU."""
        if device.is_software:
            # Of the images that any driver binds at once, blocks read two.
            return cls("shared", half=True) if half else cls("blocks", most_outputs=MOST_OUTPUTS - 2)
        gpu = f"{device.renderer}, {device.version}{', half precision' if half else ''}"
        halves = half and device.has_halves
        return cls("shared", tuner=Tuner(gpu), handles=device.has_handles, half=half, halves=halves)
