"""Runs every benchmark that this machine can, and prints a table with ratios."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime

import torch
from rich.console import Console
from rich.table import Table

from benchmarks import overhead, render, tfjs
from studio.engine.choose import probe_gl

WIDTH = 160
"""Columns of text where they are read from a file."""


def main() -> None:
    """Run them all."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    probe = probe_gl()
    console.print(
        f"{datetime.now(tz=UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"PyTorch {torch.__version__} with {torch.get_num_threads()} threads, OpenGL: {probe.renderer or 'none'}"
    )
    for benchmark in (overhead, tfjs, render):
        lines = benchmark.rows()
        table = Table(*next(lines), box=None, header_style="bold")
        notes = []
        for line in lines:
            if len(line) == 1:  # a sentence about the whole
                notes += line
            else:
                table.add_row(*line)
        console.print(table, *notes, sep="\n")


if __name__ == "__main__":
    main()
