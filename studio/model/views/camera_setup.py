"""What is asked of a camera, as a source names it: ``camera:1,size=1280x720,fps=60,mirror,exposure=-5``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from studio.errors import StudioError
from studio.model.declared.size import Size

WORD = "camera"

_LARGEST = 16384
_HELP = "write camera, camera:1, or camera:1,size=1280x720,fps=60,mirror,exposure=-5"


@dataclass(frozen=True)
class CameraSetup:
    """What is asked of a camera; it gives what it can.

    Attributes:
        number: which camera, from 0.
        size: of its pictures; None for what it gives by itself.
        fps: pictures a second; None likewise.
        mirrored: whether left and right are exchanged, as in a mirror.
        exposure: in the driver's own unit, which is 100 µs on Linux and powers of two of a second on Windows; None
            where the camera sees to it.
    """

    number: int = 0
    size: Size | None = None
    fps: int | None = None
    mirrored: bool = False
    exposure: float | None = None

    @property
    def spec(self) -> str:
        """As a source names it."""
        parts = [f"{WORD}:{self.number}"]
        if self.size is not None:
            parts.append(f"size={self.size.typed}")
        if self.fps is not None:
            parts.append(f"fps={self.fps}")
        if self.mirrored:
            parts.append("mirror")
        if self.exposure is not None:
            parts.append(f"exposure={self.exposure:g}")
        return ",".join(parts)

    def opens_as(self, other: CameraSetup) -> bool:
        """Whether the open camera can do what the other asks for, without being opened anew."""
        return (self.number, self.size, self.fps) == (other.number, other.size, other.fps)


def is_camera(spec: str) -> bool:
    """Whether a source is a camera, by its name."""
    return spec == WORD or spec.startswith(f"{WORD}:")


def setup_given(spec: str) -> CameraSetup:
    """What a source's name asks for.

    Raises:
        StudioError: where it cannot be read.
    """
    head, *options = spec.partition(":")[2].split(",") if ":" in spec else ["0"]
    if not (head.isascii() and head.isdigit() and len(head) < 4):
        raise StudioError(f"{spec!r} names no camera: {_HELP}")
    setup = CameraSetup(int(head))
    for option in options:
        name, _, value = option.partition("=")
        changes = _change(name.strip(), value.strip())
        if changes is None:
            raise StudioError(f"{spec!r}: {option.strip()!r} is nothing that a camera can be asked for; {_HELP}")
        setup = replace(setup, **changes)  # type: ignore[arg-type]  # names and types are those above
    return setup


def _change(name: str, value: str) -> dict[str, object] | None:
    if name == "mirror" and not value:
        return {"mirrored": True}
    if name == "size" and (found := re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", value)):
        size = Size(width=int(found[1]), height=int(found[2]))
        return {"size": size} if max(size) <= _LARGEST else None
    if name == "fps" and re.fullmatch(r"[1-9]\d{0,2}", value):
        return {"fps": int(value)}
    if name == "exposure" and re.fullmatch(r"-?\d{1,6}(\.\d{1,6})?", value) and math.isfinite(float(value)):
        return {"exposure": float(value)}
    return None
