"""The log file: nothing that goes wrong is missing in it, also where another studio has it open."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from studio import paths
from studio.engine.remembered import remember, remembered
from studio.runtime.services import log
from studio.runtime.services.failures import LOG


def lines(folder: Path) -> list[str]:
    """What the files say, the oldest first."""
    files = sorted(folder.iterdir(), key=lambda file: file.suffix, reverse=True)
    files = [*(file for file in files if file.suffix != ".log"), folder / "studio.log"]
    return [line.rpartition(": ")[2] for file in files for line in file.read_text("utf-8").splitlines()]


def test_older_files_are_kept_beside_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_LARGEST", 300)
    handler = log.open_log(tmp_path / "studio.log")
    for number in range(10):
        LOG.info("Line %d", number)
    log.close_log(handler)
    assert len(list(tmp_path.iterdir())) > 1
    assert lines(tmp_path) == [f"Line {number}" for number in range(10)]


def test_where_windows_keeps_the_file_for_another_studio_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "_LARGEST", 150)
    handler = log.open_log(tmp_path / "studio.log")
    for number in range(5):
        LOG.info("Line %d", number)
    older = {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.name != "studio.log"}
    assert older
    renamed = Path.rename

    def held(self: Path, target: Any) -> Path:
        if self.name == "studio.log":
            raise PermissionError(13, "used by another process", str(self))
        return renamed(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", held)
        for number in range(5, 20):
            LOG.info("Line %d", number)
    assert {name: (tmp_path / name).read_bytes() for name in older} == older
    assert lines(tmp_path) == [f"Line {number}" for number in range(20)]
    # Once the other is gone, the next makes room again.
    LOG.info("Line 20")
    log.close_log(handler)
    assert (tmp_path / "studio.log").read_text("utf-8").count("\n") == 1
    assert lines(tmp_path) == [f"Line {number}" for number in range(21)]


def test_a_pipe_of_its_name_holds_nothing_up(tmp_path: Path) -> None:
    """Who opens one waits for whoever writes or reads at its other end."""
    for name in ("studio.log", "plans.json"):
        os.mkfifo(tmp_path / name)
    handler = log.open_log(tmp_path / "studio.log")
    LOG.info("A line")
    log.close_log(handler)
    remember(tmp_path / "plans.json", lambda held: held | {"a": 1})
    assert remembered(tmp_path / "plans.json") == {}
    assert all(path.is_fifo() for path in tmp_path.iterdir())


def test_who_has_no_home_has_no_log_and_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose user has no entry in passwd."""

    def nowhere(*_: object, **__: object) -> Path:
        raise RuntimeError("could not determine the home directory")

    for name in ("user_log_path", "user_cache_path"):
        monkeypatch.setattr(paths.platformdirs, name, nowhere)
    monkeypatch.setattr(Path, "home", nowhere)
    assert log.open_log() is None
    remember(paths.own_folder("cache") / "plans.json", lambda held: held | {"a": 1})
    assert remembered(paths.own_folder("cache") / "plans.json") == {}
    assert paths.home() == Path.cwd()
