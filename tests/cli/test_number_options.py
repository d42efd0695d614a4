"""Every option that is a number refuses what is none, or beyond all measure, before anything else is looked at."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import typer.main
from typer.testing import CliRunner

from studio.cli import app
from studio.errors import StudioError

# Those that take a few numbers, which are named where another is given.
FEW = {("render", "bits"), ("render", "enlarge")}
NOT_NUMBERS = ("nan", "inf", "-inf", "1e400", "-1e400", "one", "")
BEYOND = ("-1", "1" + 30 * "0")


def numbers() -> Iterator[tuple[str, str, Any]]:
    """Command, option, and the option as typer has it."""
    commands = cast(Any, typer.main.get_command(app)).commands
    for name, command in commands.items():
        for option in command.params:
            kind = getattr(getattr(option, "type_descriptor", None), "annotation", None)
            if kind in (int, float):
                yield name, option.opts[0], option


NUMBERS = list(numbers())


def test_there_are_such_options() -> None:
    assert {"--until", "--minutes", "--rate", "--steps", "--osc", "--tile"} <= {option for _, option, _ in NUMBERS}


@pytest.mark.long
@pytest.mark.parametrize(("command", "option", "found"), NUMBERS, ids=[f"{n[0]} {n[1]}" for n in NUMBERS])
def test_a_number_has_its_ends(command: str, option: str, found: Any) -> None:
    if (command, option.removeprefix("--")) in FEW:
        return
    assert found.min is not None
    assert found.max is not None
    assert math.isfinite(found.min)
    assert math.isfinite(found.max)
    for value in (*NOT_NUMBERS, *BEYOND):
        # What an option says of itself comes before arguments that are missing.
        ran = CliRunner().invoke(app, [command, "nothing", "nothing", "nothing", f"{option}={value}"])
        assert ran.exit_code == 2, (option, value, ran.output)
        assert ran.exception is None or isinstance(ran.exception, SystemExit), (option, value, ran.exception)
        assert "Invalid value" in ran.output, (option, value, ran.output)


@pytest.mark.parametrize(("command", "option"), sorted(FEW))
@pytest.mark.parametrize("value", [*NOT_NUMBERS, *BEYOND, "3"])
def test_a_number_of_few_names_them(command: str, option: str, value: str, tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, [command, "demo", str(tmp_path / "out.mkv"), f"--{option}={value}", "--frames=0:1"])
    assert ran.exit_code != 0, ran.output
    assert isinstance(ran.exception, StudioError | SystemExit), ran.exception
    assert "Invalid value" in ran.output or isinstance(ran.exception, StudioError)
