"""The window while it is worked in: ``python -m benchmarks.ui [gaps] [latency] [rerun]``, all three by default.

Opens the real window, on a display of its own where there is none, and works in it with mouse and key events.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import torch

from benchmarks.networks import autoencoder_transposed
from benchmarks.ui.gaps import gaps
from benchmarks.ui.latency import latencies
from benchmarks.ui.rerun import reruns
from benchmarks.window import application, display
from studio.io.networks import save_network


def main() -> None:
    """Run what was asked for."""
    asked = sys.argv[1:] or ["gaps", "latency", "rerun"]
    print(f"{datetime.now(tz=UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, ", end="")
    print(f"Python {platform.python_version()}, PyTorch {torch.__version__}, OpenGL: {_renderer()}")
    with display(), tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "network"
        save_network(autoencoder_transposed()[1], folder)
        app = application()
        for name, rows in {"gaps": gaps, "latency": latencies, "rerun": reruns}.items():
            if name in asked:
                print()
                for number, row in enumerate(rows(folder)):
                    print(f"| {' | '.join(row)} |", flush=True)
                    if not number:
                        print("| --- " * len(row) + "|")
        app.shutdown()


def _renderer() -> str:
    """Asked in a process of its own: Qt makes no context current where another loader's is."""
    ask = "from studio.engine.choose import probe_gl; print(probe_gl().renderer or 'none')"
    return subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
