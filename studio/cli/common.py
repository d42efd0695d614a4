"""What the commands share."""

from __future__ import annotations

import json
import re
import sys
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.model.preset import Preset

# Those of `studio.engine.choose.ENGINE_NAMES`, which would bring numpy along.
EngineOption = Annotated[str, typer.Option("--engine", help="auto, gl, gl-half, gl-fragment or torch.")]


class Exit(IntEnum):
    """Exit statuses."""

    DONE = 0
    DEFECT = 1
    BAD_INPUT = 2
    INTERRUPTED = 130


def note(text: str) -> None:
    """A remark on standard error, where it does not mix with facts on standard output."""
    Console(stderr=True).print(text, style="dim", soft_wrap=True, highlight=False, markup=False)


def open_preset(name_or_path: str) -> Preset:
    """A preset or a network by name or path; what a person should know of it, and of plug-ins, is noted."""
    from studio.io.opening import open_preset as opened
    from studio.model.plugins import problems

    preset = opened(name_or_path)
    for remark in (*preset.notes, *problems()):
        note(remark)
    return preset


def print_json(facts: object) -> None:
    """Facts for programs, on standard output."""
    sys.stdout.write(json.dumps(facts, indent=2, ensure_ascii=False) + "\n")


def human_count(n: float) -> str:
    """1234567 as "1.23 M"."""
    for unit in ("", " k", " M", " G", " T"):
        if abs(n) < 999.5:
            return f"{n:.3g}{unit}" if unit else f"{n:.0f}"
        n /= 1000
    return f"{n:.3g} P"


def height_by_width(text: str) -> tuple[int, int] | None:
    """The size of a network's input, "256x256", to (height, width); None where empty, StudioError where it is none."""
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text)
    if not found or not 0 < int(found[1]) <= 8192 or not 0 < int(found[2]) <= 8192:
        raise StudioError(f'"{text}" is no input size; give height x width, such as 256x256.')
    return int(found[1]), int(found[2])
