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


def main() -> None:
    """Run them all."""
    console = Console(highlight=False)
    probe = probe_gl()
    console.print(
        f"{datetime.now(tz=UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"PyTorch {torch.__version__} with {torch.get_num_threads()} threads, OpenGL: {probe.renderer or 'none'}"
    )
    for benchmark in (overhead, tfjs, render):
        lines = benchmark.rows()
        table = Table(*next(lines), box=None, header_style="bold")
        for line in lines:
            table.add_row(*line)
        console.print(table)


if __name__ == "__main__":
    main()
