"""A whole render against the same work written by hand, and its memory over 2,000 frames.

The peer is what one would write for this film and this network alone: PyAV decodes in one thread, the bare PyTorch
module runs in another, PyAV encodes in a third, with the encoder settings of the studio.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from queue import Queue
from statistics import median

import av
import cv2
import numpy as np
import torch

from benchmarks.networks import autoencoder_transposed
from benchmarks.overhead import seconds
from studio.io.networks import save_network
from studio.io.sinks import open_sink
from studio.model.declared.size import Size
from studio.paths import DEMO_CLIP

SIZE = 256
FRAMES = 150
RUNS = 3
LONG = 2000


def rows() -> Iterator[list[str]]:
    """Frame rates of both, their ratio, and our memory early and late in a long film."""
    module, network = autoencoder_transposed()
    yield ["render, 150 frames of the demo at 256×256", "by hand", "studio render", "ours / by hand", ""]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        save_network(network, folder / "network")
        pairs = []
        for _ in range(RUNS):
            by_hand = seconds(lambda: _by_hand(module, folder / "hand.mp4"))
            ours = seconds(lambda: _ours(str(DEMO_CLIP), folder / "ours.mp4", folder / "network", SIZE, FRAMES))
            pairs.append((FRAMES / by_hand, FRAMES / (ours - _start_up(folder))))
        ratio = median(b / a for a, b in pairs)
        rates = [median(rate[i] for rate in pairs) for i in (0, 1)]
        yield ["frames a second", f"{rates[0]:.1f}", f"{rates[1]:.1f}", f"{ratio:.2f}", "start-up taken off"]
        film = _long_film(folder)
        early, late = (_peak_memory(film, folder, count) for count in (LONG // 10, LONG))
        yield [f"peak memory, {LONG} frames", f"{early} MB at {LONG // 10}", f"{late} MB", f"{late / early:.2f}", ""]


def _ours(source: str, output: Path, network: Path, size: int, frames: int) -> None:
    options = ["--preset", str(network), "--size", str(size), "--frames", f"0:{frames}", "--engine", "torch"]
    command = [sys.executable, "-m", "studio", "render", source, str(output), *options]
    subprocess.run(command, check=True, capture_output=True)


def _start_up(folder: Path) -> float:
    return seconds(lambda: _ours(str(DEMO_CLIP), folder / "one.mp4", folder / "network", 32, 1))


def _by_hand(module: torch.nn.Module, output: Path) -> None:
    decoded: Queue[np.ndarray | None] = Queue(4)
    bent: Queue[np.ndarray | None] = Queue(4)

    def decode() -> None:
        with av.open(str(DEMO_CLIP)) as film:
            film.streams.video[0].thread_type = "AUTO"
            for number, frame in enumerate(film.decode(video=0)):
                if number == FRAMES:
                    break
                picture = frame.to_ndarray(format="rgb24")
                decoded.put(cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA))
        decoded.put(None)

    def encode() -> None:
        with av.open(str(output), "w") as film:
            stream = film.add_stream("libx264", rate=25, options={"crf": "16", "preset": "veryfast", "bf": "0"})
            stream.width = stream.height = SIZE
            stream.pix_fmt = "yuv420p"
            while (picture := bent.get()) is not None:
                film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            film.mux(stream.encode())

    threads = [threading.Thread(target=work) for work in (decode, encode)]
    for thread in threads:
        thread.start()
    with torch.inference_mode():
        while (picture := decoded.get()) is not None:
            x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
            y = (module(x)[0].clamp(0, 1) * 255).round().byte()
            bent.put(y.permute(1, 2, 0).contiguous().numpy())
    bent.put(None)
    for thread in threads:
        thread.join()


def _long_film(folder: Path) -> Path:
    path, rng = folder / "long.mp4", np.random.default_rng(0)
    with open_sink(path, codec="h264", size=Size(64, 64), fps=Fraction(25)) as sink:
        for _ in range(LONG):
            sink.write(rng.integers(0, 256, (64, 64, 3), np.uint8))
    return path


def _peak_memory(film: Path, folder: Path, frames: int) -> int:
    """Peak resident memory of a render, in MB, as the operating system counts it for the finished process."""
    probe = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True, capture_output=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)\n"
    )
    options = ["--preset", str(folder / "network"), "--frames", f"0:{frames}", "--engine", "torch"]
    render = [sys.executable, "-m", "studio", "render", str(film), str(folder / "memory.mp4"), *options]
    done = subprocess.run([sys.executable, "-c", probe, *render], check=True, capture_output=True, text=True)
    return int(done.stdout)
