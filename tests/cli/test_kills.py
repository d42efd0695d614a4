"""Commands that are killed at any moment: what was there before is whole, or what they make is; never a mixture."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from commands import environment
from helpers import tiny_network

from studio.io.networks import load_network, save_network

pytestmark = pytest.mark.slow

KILLS = 20


def killed(folder: Path, seconds: float, *arguments: object) -> None:
    """Run `studio` and kill it after so many seconds, if it takes as long."""
    command = [sys.executable, "-m", "studio", *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()


def seconds_of(run: Callable[[], object]) -> float:
    began = time.monotonic()
    run()
    return time.monotonic() - began


def moments(whole: float) -> list[float]:
    """Mostly late ones, since a command takes most of its time to begin."""
    rng = random.Random(0)
    return [whole * rng.uniform(0.4, 1.05) for _ in range(KILLS)]


def frames(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_a_killed_render_leaves_the_old_film_or_the_new_one(tmp_path: Path, made: Path) -> None:
    options = ("--preset", made / "tiny", "--engine", "torch", "--overwrite")
    new = (made / "still.png", "out.mp4", "--frames", "0:60", *options)
    killed(tmp_path, 100, "render", made / "still.png", "out.mp4", "--frames", "0:10", *options)
    assert frames(tmp_path / "out.mp4") == 10
    whole = seconds_of(lambda: killed(tmp_path, 100, "render", *new))
    killed(tmp_path, 100, "render", made / "still.png", "out.mp4", "--frames", "0:10", *options)
    for moment in moments(whole):
        killed(tmp_path, moment, "render", *new)
        assert frames(tmp_path / "out.mp4") in (10, 60)
    for part in tmp_path.glob("out.part*"):
        assert part.suffix == ".mp4" or part.name.endswith(".part")
    killed(tmp_path, 100, "render", *new)
    assert frames(tmp_path / "out.mp4") == 60


@pytest.mark.parametrize("name", ["out", "out.pt", "out.onnx"])
def test_a_killed_export_leaves_the_old_file_or_the_new_one(tmp_path: Path, name: str) -> None:
    for seed in (0, 1):
        save_network(tiny_network(seed), tmp_path / f"net{seed}")

    def content() -> dict[str, bytes]:
        files = sorted((tmp_path / name).iterdir()) if "." not in name else [tmp_path / name]
        return {file.name: file.read_bytes() for file in files}

    versions = []
    for seed in (0, 1):
        whole = seconds_of(lambda: killed(tmp_path, 100, "export", f"net{seed}", name, "--overwrite"))  # noqa: B023
        versions.append(content())
    assert versions[0] != versions[1]
    for number, moment in enumerate(moments(whole)):
        killed(tmp_path, moment, "export", f"net{number % 2}", name, "--overwrite")
        assert content() in versions
    time.sleep(1.1)
    killed(tmp_path, 100, "export", "net0", name, "--overwrite")
    assert content() == versions[0]
    assert {file.name for file in tmp_path.iterdir()} == {"net0", "net1", name}, "what killed ones left is gone"


def test_a_killed_import_leaves_the_old_network_or_the_new_one(tmp_path: Path) -> None:
    sums = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        layers = {"encoder.0": torch.nn.Conv2d(3, 4, 4, 2, 1), "decoder.0": torch.nn.ConvTranspose2d(4, 3, 4, 2, 1)}
        state = {f"{name}.{key}": value for name, layer in layers.items() for key, value in layer.state_dict().items()}
        torch.save(state, tmp_path / f"{seed}.pth")
        whole = seconds_of(lambda: killed(tmp_path, 100, "import", f"{seed}.pth", "net", "--overwrite"))  # noqa: B023
        sums.append(load_network(tmp_path / "net").sha256())
    assert sums[0] != sums[1]
    for number, moment in enumerate(moments(whole)):
        killed(tmp_path, moment, "import", f"{number % 2}.pth", "net", "--overwrite")
        network = load_network(tmp_path / "net")
        assert network.sha256() in sums
        assert all(np.isfinite(values).all() for values in network.tensors.values())
