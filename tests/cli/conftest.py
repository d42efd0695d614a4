"""What the tests of the command line run: a small network, a made film, and `python -m studio` itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from commands import environment, make_film
from helpers import deep_network, identity_network, picture, tiny_network

from studio.cli import main
from studio.io.networks import save_network

Outcome = tuple[int, str, str]


@pytest.fixture
def studio(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`python -m studio ...` in a process of its own, in an empty folder."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "studio", *map(str, arguments)]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def studio_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """The same entry point in this process, which is faster: exit status, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["studio", *map(str, arguments)])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = capfd.readouterr()
        return status, out, err

    return run


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three networks, a film with sound and a still picture."""
    folder = tmp_path_factory.mktemp("made")
    for network in (tiny_network(), deep_network(2), identity_network()):
        save_network(network, folder / network.name)
    cv2.imwrite(str(folder / "still.png"), picture(40, 30))
    cv2.imwrite(str(folder / "pixel.png"), picture(1, 1))
    (folder / "words.txt").write_text("no film", "utf-8")
    make_film(folder / "film.mp4")
    return folder
