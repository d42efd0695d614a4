"""The ResNet generator of CycleGAN (J.-Y. Zhu et al. 2017), as its authors name it and others after them."""

from __future__ import annotations

import re

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors

_FIRST = re.compile(r"(.*?)(\d+)\.(conv_block|block|res)\.1\.weight")


def _parts(tensors: Tensors) -> tuple[str, str]:
    """What its names begin with, and what its blocks are called; empty where it has none."""
    found = next((match for name in tensors if (match := _FIRST.fullmatch(name))), None)
    return (found[1], found[3]) if found else ("", "")


def _matches(tensors: Tensors) -> bool:
    start, blocks = _parts(tensors)
    return bool(blocks) and {f"{start}{k}.weight" for k in (1, 4, 7)} <= tensors.keys()


def _build(s: Sketch) -> str:
    start, blocks = _parts(s.tensors)
    x = s.pad(s.input(s.channels(f"{start}1")), 3)
    x = s.relu(s.norm(f"{start}2", s.conv(f"{start}1", x, padding=0)))
    k = 4
    while s.has(f"{start}{k}.weight"):
        x = s.relu(s.norm(f"{start}{k + 1}", s.conv(f"{start}{k}", x, stride=2, padding=1)))
        k += 3
    while s.has(f"{start}{k}.{blocks}.1.weight"):
        x = block(s, f"{start}{k}", x, blocks)
        k += 1
    *ups, last = _convolutions(s, start, k)
    for place in ups:
        x = s.relu(s.norm(f"{start}{place + 1}", _larger(s, f"{start}{place}", x, place - k)))
        k = place + 3
    return s.op("Tanh", s.mirrored(f"{start}{last}", x, 3), name="output")


def _convolutions(s: Sketch, start: str, k: int) -> list[int]:
    """Places of the convolutions from one on."""
    numbers = (name.removeprefix(start).removesuffix(".weight") for name in s.tensors if name.startswith(start))
    places = sorted(int(number) for number in numbers if number.isdigit() and int(number) >= k)
    return [place for place in places if len(s.shape(f"{start}{place}.weight")) == 4] or [k + 1]


def _larger(s: Sketch, at: str, x: str, before: int) -> str:
    """Twice as large: transposed, or by a convolution behind an `Upsample`, and a border, which take a place each."""
    if not before:
        return s.conv_transpose(at, x, output_padding=1)
    said = 'How its "Upsample" layers enlarge is not in its file; they were taken to repeat pixels.'
    s.draft.notes += [said] if said not in s.draft.notes else []
    x = s.op("Upsample", x, name=f"{at}.up", scale_factor=2, mode="nearest")
    return s.conv(at, x) if before == 1 else s.mirrored(at, x, 1)


def block(s: Sketch, at: str, x: str, part: str = "conv_block") -> str:
    """A residual block: two convolutions of 3 × 3, each behind a reflected border."""
    at = f"{at}.{part}"
    # With dropout between, the second convolution stands one further on.
    second = 6 if s.has(f"{at}.6.weight") and len(s.shape(f"{at}.6.weight")) == 4 else 5
    y = s.mirrored(f"{at}.1", x, 1)
    y = s.relu(s.norm(f"{at}.2", y))
    y = s.mirrored(f"{at}.{second}", y, 1)
    return s.op("Add", x, s.norm(f"{at}.{second + 1}", y), name=f"{at}.add")


ARCHITECTURE = Architecture(
    "cyclegan", "CycleGAN ResNet generator", _matches, _build, input_range=(-1.0, 1.0), output_range=(-1.0, 1.0)
)
