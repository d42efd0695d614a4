"""A film whose frames are told apart by their grey level, and the environment in which commands run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from helpers import ROOT, hear_interrupts

FRAMES, WIDTH, HEIGHT, FPS = 12, 64, 48, 25


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "OMP_NUM_THREADS": "1"}


@contextmanager
def endless_render(made: Path, name: str, folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A render of a still into a folder that has no end, once its recording grows."""
    told = ("--preset", str(made / "tiny"), "--frames", "0:1000000", "--engine", "torch", *options)
    with subprocess.Popen(
        [sys.executable, "-m", "studio", "render", str(made / "still.png"), name, *told],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,
    ) as process:
        deadline, sizes = time.monotonic() + 120, set[int]()
        # It grows by what a few frames take at a time.
        while len(sizes) < 5 and time.monotonic() < deadline:
            sizes.update(path.stat().st_size for path in folder.glob("*.part.*"))
            time.sleep(0.05)
        try:
            yield process
        finally:
            process.kill()


def flat(number: int) -> np.ndarray:
    """A picture of one grey level: its number, twenty levels apart."""
    return np.full((HEIGHT, WIDTH, 3), 10 + 20 * number, np.uint8)


def make_film(path: Path) -> None:
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        sound = container.add_stream("aac", rate=48000, layout="mono")
        tone = np.sin(np.arange(48000 * FRAMES // FPS) / 10)[None].astype(np.float32)
        for start in range(0, tone.shape[1], 1024):
            block = av.AudioFrame.from_ndarray(tone[:, start : start + 1024], format="fltp", layout="mono")
            block.sample_rate, block.pts, block.time_base = 48000, start, Fraction(1, 48000)
            container.mux(sound.encode(block))
        container.mux(sound.encode(None))
        for number in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(flat(number), format="rgb24")
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
