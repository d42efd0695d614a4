"""The wheel carries what the studio runs on, and runs from a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, "--quiet", "--disable-pip-version-check"], check=True, cwd=folder)
    return next(folder.glob("*.whl"))


def data_files() -> set[str]:
    """Files under shaders/, presets/, weights/ and resources/ that git keeps, scripts aside."""
    listed = subprocess.run(
        ["git", "ls-files", "shaders", "presets", "weights", "resources"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return {line for line in listed.stdout.splitlines() if not line.endswith(".py")}


def test_the_wheel_carries_every_shader_preset_weight_and_resource(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    missing = {f"studio/_data/{name}" for name in data_files()} - names
    assert not missing
    assert not [name for name in names if name.startswith("studio/_data/") and name.endswith(".py")]


def test_the_installed_wheel_renders_the_demo_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    zipfile.ZipFile(wheel).extractall(site)
    # The dependencies are those of this environment; the studio itself is the unpacked wheel.
    environment = {**os.environ, "PYTHONPATH": str(site)}
    probe = subprocess.run(
        [sys.executable, "-c", "import studio; print(studio.__file__)"],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert probe.stdout.startswith(str(site))
    command = [sys.executable, "-m", "studio", "render", "demo", "out.mp4", "--size", "64", "--frames", "0:5"]
    done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "5 frames" in done.stdout
    assert (elsewhere / "out.mp4").stat().st_size > 1000
