"""What the commands share."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from studio.cli.streams import say
from studio.errors import StudioError
from studio.model.declared.size import Size

if TYPE_CHECKING:
    from studio.model.networks.preset import Preset

# Those of `studio.engine.choose.ENGINE_NAMES`, which would bring numpy along.
EngineOption = Annotated[
    str, typer.Option("--engine", help="auto, gl, gl-half, gl-fragment, torch, torch-tf32 or torch-half.")
]

_STREAM = re.compile(r"/dev/(stdin|stdout|stderr|fd/\d+)|/proc/(self|thread-self|\d+)/fd/\d+")


class Exit(IntEnum):
    """Exit statuses."""

    DONE = 0
    DEFECT = 1
    BAD_INPUT = 2
    INTERRUPTED = 130


class Facts(Console):
    """Standard output."""

    def __init__(self) -> None:
        super().__init__(highlight=False)


class Reporter(Console):
    """Standard error."""

    def __init__(self) -> None:
        super().__init__(stderr=True, highlight=False)


def note(text: str) -> None:
    """A remark on standard error, where it does not mix with facts on standard output."""
    Reporter().print(text, style="dim", soft_wrap=True, markup=False)


def open_preset(name_or_path: str) -> Preset:
    """A preset or a network by name or path; what a person should know of it, and of plug-ins, is noted."""
    from studio.io.opening import open_preset as opened
    from studio.model.declared.plugins import problems

    preset = opened(name_or_path)
    for remark in (*preset.notes, *problems()):
        note(remark)
    return preset


def is_given(context: typer.Context, name: str) -> bool:
    """Whether an option was given rather than left at its default."""
    found = context.get_parameter_source(name)
    return found is not None and found.name != "DEFAULT"


def print_json(facts: object, *, is_done: bool = False) -> None:
    """Facts for programs, on standard output; in ASCII where it is of an encoding that lacks letters.

    Args:
        facts: numbers, texts, lists and dicts.
        is_done: whether they tell of what is done already, which stands though nobody may hear of it.
    """
    lacking = not (sys.stdout.encoding or "").lower().startswith("utf")
    text = json.dumps(facts, indent=2, ensure_ascii=lacking)
    if is_done:
        say(text)
        return
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def refuse_existing(path: Path, overwrite: bool) -> None:
    """Raise StudioError where something would be replaced unasked; an empty folder is nothing."""
    from studio.io.atomic import exists

    try:
        taken = any(path.iterdir()) if path.is_dir() else exists(path)
    except OSError:
        return  # what is wrong with it is said when it is written
    if taken and not overwrite:
        raise StudioError(f"{path} exists already; give another name, or --overwrite to replace it.")


def refuse_pipe(output: Path, what: str) -> None:
    """Raise StudioError where the name of an output asks for a pipe, which only text can go to: "-", /dev/stdout.

    Args:
        output: as it was given.
        what: is to be written, for the message: "A recording".
    """
    # Where it leads to a file, that would be taken for the name of a folder.
    if str(output) == "-" or _STREAM.fullmatch(os.path.abspath(output)):  # noqa: PTH100 - links are not followed
        raise StudioError(
            f'{what} cannot go to a pipe ("{output}"), because it is whole only when it ends; give a name, or the '
            "whole path of one that is called so."
        )


@contextmanager
def unless_taken(path: Path) -> Iterator[None]:
    """Say so where something has come to be at `path` while what was to stand there was made; that is lost then.

    Raises:
        StudioError: in the place of a `FileExistsError`.
    """
    try:
        yield
    except FileExistsError as error:
        raise StudioError(
            f"{path} was created meanwhile, and is left as it is; give another name, or --overwrite to replace it."
        ) from error


OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace what is there already.")]


def human_count(n: float) -> str:
    """1234567 as "1.23 M"."""
    for unit in ("", " k", " M", " G", " T"):
        if abs(n) < 999.5:
            return f"{n:.3g}{unit}" if unit else f"{n:.0f}"
        n /= 1000
    return f"{n:.3g} P"


def size_typed(text: str) -> Size | None:
    """The size of a network's input, "320x240", the width first; None where empty, StudioError where it is none."""
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text)
    if not found or not 0 < int(found[1]) <= 8192 or not 0 < int(found[2]) <= 8192:
        raise StudioError(f'"{text}" is no input size; give width x height, such as 320x240.')
    return Size(width=int(found[1]), height=int(found[2]))
