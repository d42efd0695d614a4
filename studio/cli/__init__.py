"""The command line. Every command is a file here; nothing heavy is imported before it is needed."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from studio.cli.addresses import addresses
from studio.cli.bench import bench
from studio.cli.bends import bends
from studio.cli.common import Exit, Reporter
from studio.cli.doctor import doctor
from studio.cli.export import export
from studio.cli.flags import Command, Commands
from studio.cli.import_ import import_
from studio.cli.info import info
from studio.cli.open_ import open_
from studio.cli.presets import presets
from studio.cli.render import render
from studio.cli.streams import ReaderGoneError, say, standard_streams
from studio.cli.train import train
from studio.errors import StudioError

app = typer.Typer(
    name="studio",
    cls=Commands,
    help="Bend trained convolutional networks: run them on a film, change their filters, record what comes out.\n\n"
    "Without a command the window opens.",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    epilog="Exit status: 0 done; 1 a defect of the program; 2 bad input, said in one sentence; 130 interrupted.",
)
for command in (render, train, info, presets, export, bends, addresses, doctor, bench):
    app.command(cls=Command)(command)
app.command("open", cls=Command)(open_)
app.command("import", cls=Command)(import_)


def _version(wanted: bool) -> None:
    if wanted:
        from studio import __version__

        say(f"studio {__version__}")
        raise typer.Exit


@app.callback()
def _studio(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    del version
    if context.invoked_subcommand is None:
        open_()


def main() -> None:
    """Run the command line."""
    with standard_streams():
        try:
            try:
                _require_folder()
                app()
            finally:
                sys.stdout.flush()
        except StudioError as error:
            notes = getattr(error, "__notes__", ())
            text = "".join(f"\n{_escaped(line)}" for line in notes)
            Reporter().print(f"[bold red]Error:[/] {_escaped(str(error))}{text}", soft_wrap=True)
            sys.exit(Exit.BAD_INPUT)
        except ReaderGoneError:
            sys.exit(Exit.BAD_INPUT)


def _require_folder() -> None:
    """Without a folder to be in, libraries of NumPy and PyTorch end the process.

    Raises:
        StudioError: where that has been removed.
    """
    try:
        Path.cwd()
    except OSError as error:
        raise StudioError("the folder that you are in has been removed; go to another one: cd ~") from error


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
