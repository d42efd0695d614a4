"""Denoisers whose layers stand in one row, with a ReLU behind all but the last."""

from __future__ import annotations

from studio.io.importers.architectures.base import Sketch, Tensors


def kernels(tensors: Tensors, at: str) -> list[int]:
    """The places of convolutions of 3 × 3 in the row; none where the file holds anything but the row."""
    if not all(name.startswith(f"{at}.") and name.split(".")[1].isdigit() for name in tensors):
        return []
    found = sorted(int(name.split(".")[1]) for name, held in tensors.items() if held.values.ndim == 4)
    square = all(tensors[f"{at}.{k}.weight"].values.shape[2:] == (3, 3) for k in found if f"{at}.{k}.weight" in tensors)
    return found if square and len(found) > 2 else []


def ran(s: Sketch, at: str, places: list[int], x: str, far: tuple[int, ...] = ()) -> str:
    """The row; every convolution looks as far as ``far`` says."""
    for number, place in enumerate(places):
        step = far[number] if far else 1
        x = s.conv(f"{at}.{place}", x, padding=step, dilation=(step, step))
        if s.has(f"{at}.{place + 1}.running_mean"):
            x = s.norm(f"{at}.{place + 1}", x)
        x = x if place == places[-1] else s.relu(x)
    return x
