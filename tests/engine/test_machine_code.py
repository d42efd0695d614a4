"""A driver keeps machine code where the studio's processes find it, unless people have said otherwise."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from studio.engine.gl.driver import machine_code
from studio.engine.gl.driver.compiler import Compiler
from studio.engine.gl.driver.device import open_device
from studio.engine.gl.driver.machine_code import KeptCode, environment_of, keep_machine_code, kept_code

KEEPS, WHERE = "__GL_SHADER_DISK_CACHE", "__GL_SHADER_DISK_CACHE_PATH"
NAME, READS = "__GL_SHADER_DISK_CACHE_APP_NAME", "__GL_SHADER_DISK_CACHE_READ_ONLY_APP_NAME"


@pytest.fixture
def nvidia(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with NVIDIA's driver, on which nothing is set; the folder that caches are in."""
    driver = tmp_path / "nvidiactl"
    driver.touch()
    monkeypatch.setattr(machine_code, "_DRIVER", driver)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    # To be put back as they were, whatever comes of them.
    for name in (KEEPS, WHERE, NAME, READS):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return tmp_path / "caches"


def test_it_is_kept_in_the_studios_folder(nvidia: Path) -> None:
    keep_machine_code()
    assert os.environ[KEEPS] == "1"
    assert Path(os.environ[WHERE]).is_dir()
    assert nvidia in Path(os.environ[WHERE]).parents


@pytest.mark.parametrize("name", [KEEPS, WHERE])
def test_what_people_have_set_stays(nvidia: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "0")
    keep_machine_code()
    assert {each: os.environ.get(each) for each in (KEEPS, WHERE)} == {KEEPS: None, WHERE: None} | {name: "0"}
    assert not nvidia.exists()


def test_where_there_is_no_room_the_driver_finds_its_own(nvidia: Path) -> None:
    nvidia.touch()
    keep_machine_code()
    assert os.environ[KEEPS] == "1"
    assert WHERE not in os.environ


def test_another_drivers_machine_is_left_alone(nvidia: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_code, "_DRIVER", nvidia / "none")
    keep_machine_code()
    assert KEEPS not in os.environ
    assert not nvidia.exists()


@pytest.mark.gl
@pytest.mark.usefixtures("nvidia", "device")
def test_it_is_said_before_there_is_a_context() -> None:
    open_device().close()
    assert os.environ[KEEPS] == "1"


def test_what_was_compiled_runs_at_once_from_the_next_start_on(tmp_path: Path) -> None:
    path = tmp_path / "machine-code.json"
    before = KeptCode("a GPU", path)
    for text in ("a", "b", "a"):
        before.note(text)
    # This process's driver has looked already.
    assert "a" not in before
    after = KeptCode("a GPU", path)
    assert "a" in after
    assert "b" in after
    assert "c" not in after
    # Another driver's, or another interface's, is another's.
    assert "a" not in KeptCode("another GPU", path)
    after.note("a")
    after.note("c")
    assert all(text in KeptCode("a GPU", path) for text in "abc")


def test_the_list_has_an_end_and_may_be_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "machine-code.json"
    monkeypatch.setattr(machine_code, "_MOST", 2)
    for text in "abc":
        KeptCode("a GPU", path).note(text)
    assert [text in KeptCode("a GPU", path) for text in "abc"] == [False, True, True]
    for held in ("[1]", '{"format": 2, "gpus": 3}', '{"format": 2, "gpus": {"a GPU": {"x": 1}}}', '{"format": 9}', "?"):
        path.write_text(held)
        assert "b" not in KeptCode("a GPU", path)
    path.write_text('{"format": 2, "gpus": {"another": ["x"], "a GPU": 3}}')
    KeptCode("a GPU", path).note("a")
    assert "a" in KeptCode("a GPU", path)
    assert json.loads(path.read_text())["gpus"]["another"] == ["x"]


def test_only_where_the_driver_keeps_it_is_there_a_list(nvidia: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept_code("NVIDIA H200/PCIe/SSE2", "4.3.0", "glx") is None
    keep_machine_code()
    assert kept_code("NVIDIA H200/PCIe/SSE2", "4.3.0", "glx") is not None
    # Mesa draws on this machine, whichever card is in it.
    assert kept_code("llvmpipe (LLVM 15.0.6, 256 bits)", "4.5", "glx") is None
    monkeypatch.delenv(NAME)
    assert kept_code("NVIDIA H200/PCIe/SSE2", "4.3.0", "glx") is None
    assert nvidia.is_dir()


def test_where_nothing_can_be_listed_nothing_waits_for_the_next_start(nvidia: Path) -> None:
    nvidia.touch()
    keep_machine_code()
    assert kept_code("NVIDIA H200/PCIe/SSE2", "4.3.0", "glx") is None


@pytest.mark.usefixtures("nvidia")
def test_every_process_that_compiles_writes_files_of_its_own_which_all_others_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The driver has a process that runs beside another write elsewhere, and look at nothing that others wrote.
    keep_machine_code()
    begun = list[dict[str, str]]()

    def started(_: object, *, env: dict[str, str], **__: object) -> None:
        begun.append(env)
        raise OSError

    monkeypatch.setattr(subprocess, "Popen", started)
    compiler = Compiler("a GPU", "glx", 4)
    compiler.join(60)
    every = [dict(os.environ), *begun]
    assert len({env[NAME] for env in every}) == len(every) == 5
    for env in every:
        assert env[KEEPS] == "1"
        assert env[WHERE] == os.environ[WHERE]
        # Of the first window, and of one that is open beside it.
        names = {f"{each[NAME]}{digit}" for each in every if each is not env for digit in "01"}
        assert set(env[READS].split(";")) == names


@pytest.mark.usefixtures("nvidia")
def test_files_that_people_have_named_are_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "a game")
    keep_machine_code()
    assert KEEPS not in os.environ
    assert environment_of(0) == dict(os.environ)
    # What is in them nobody here knows.
    assert kept_code("NVIDIA H200/PCIe/SSE2", "4.3.0", "glx") is None
