"""A lesson's context in a library of the driver's that the window does not use."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import moderngl
import numpy as np
import pytest
from helpers import branched_network, normal, on_torch, relative_error

from studio.engine.gl.driver import apart, machine_code
from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.machine_code import environment_of, files_apart, keep_machine_code
from studio.engine.gl.engines.pipeline import GLEngine
from studio.engine.gl.tuning.settings import Settings

KEEPS, WHERE = "__GL_SHADER_DISK_CACHE", "__GL_SHADER_DISK_CACHE_PATH"
NAME, READS = "__GL_SHADER_DISK_CACHE_APP_NAME", "__GL_SHADER_DISK_CACHE_READ_ONLY_APP_NAME"
WHOLE = "__GLVND_DISALLOW_PATCHING"


@pytest.fixture
def nvidia(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine with NVIDIA's driver, on which nothing is set."""
    driver = tmp_path / "nvidiactl"
    driver.touch()
    monkeypatch.setattr(machine_code, "_DRIVER", driver)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    for name in (KEEPS, WHERE, NAME, READS, WHOLE):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return


def in_a_thread(work: Callable[[], None]) -> None:
    """As a lesson: what is current in this thread stays so."""
    failed = list[BaseException]()

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised below
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(120)
    assert not thread.is_alive()
    if failed:
        raise failed[0]


@pytest.mark.gl
def test_a_network_runs_there_beside_the_contexts_that_there_are(device: Device) -> None:
    if not sys.platform.startswith("linux") or not device.has_compute:
        pytest.skip("no EGL with compute shaders here")
    made, fed = branched_network(), {"input": normal(3, 16, 20)}
    wanted = on_torch(made)
    wanted.run(fed)

    def learn() -> None:
        own = apart.device_apart(device.renderer)
        assert own is not None
        assert own.context is not device.context
        engine = GLEngine(made, own, Settings("shared"))
        engine.run(fed)
        assert relative_error(engine.output(), wanted.output()) <= 1e-5
        engine.close()
        own.close()
        # A GPU of another name is not the window's.
        assert apart.device_apart("another GPU") is None

    in_a_thread(learn)
    texture = device.context.texture((2, 2), 1, np.full((2, 2), 7, np.uint8).tobytes())
    assert set(texture.read()) == {7}


@pytest.mark.parametrize("fails", ["eglInitialize", "eglCreateContext", "eglMakeCurrent", "moderngl"])
def test_where_it_cannot_be_current_beside_the_windows_there_is_none(
    monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    # libglvnd refuses a second library where it has written jumps to the first into its functions.
    ask, tried, held, current = apart._Egl.ask, list[str](), set[object](), list[object]()

    def refused(egl: apart._Egl, name: str, *given: object) -> int:
        tried.append(name)
        found = 0 if name == fails else ask(egl, name, *given)
        if name == "eglCreateContext" and found:
            held.add(found)
        elif name == "eglMakeCurrent" and found:
            current[:] = [given[-1]]
        elif name == "eglDestroyContext":
            held.discard(given[-1])
        return found

    def failing(**_: object) -> None:
        tried.append("moderngl")
        raise moderngl.Error("there is no such function")

    monkeypatch.setattr(apart._Egl, "ask", refused)
    if fails == "moderngl":
        monkeypatch.setattr(apart.moderngl, "create_context", failing)
    assert apart.device_apart("a GPU") is None
    assert fails in tried or not sys.platform.startswith("linux")
    # One that stayed current would let the window's driver make none so in this thread.
    assert (held, current) in ((set(), []), (set(), [None]))


def test_where_there_is_no_egl_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise OSError("libEGL.so.1: cannot open shared object file")

    monkeypatch.setattr(apart.ctypes, "CDLL", missing)
    assert apart.device_apart("a GPU") is None


@pytest.mark.usefixtures("nvidia")
def test_both_libraries_are_let_in_before_the_first_context(monkeypatch: pytest.MonkeyPatch) -> None:
    apart.allow_both()
    assert os.environ[WHOLE] == "1"
    monkeypatch.setenv(WHOLE, "0")
    apart.allow_both()
    assert os.environ[WHOLE] == "0"
    monkeypatch.delenv(WHOLE)
    monkeypatch.setattr(machine_code, "_DRIVER", Path("/no such driver"))
    apart.allow_both()
    assert WHOLE not in os.environ


@pytest.mark.usefixtures("nvidia")
def test_it_writes_machine_code_into_files_that_nobody_else_in_the_process_writes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep_machine_code()
    window = os.environ[NAME]
    with files_apart():
        lesson = os.environ[NAME]
    assert os.environ[NAME] == window
    assert lesson not in {window, *(environment_of(number)[NAME] for number in range(4))}
    # What people have named stays theirs, and a failure puts back what was.
    with pytest.raises(OSError, match="no room"), files_apart():
        raise OSError("no room")
    assert os.environ[NAME] == window
    monkeypatch.setenv(NAME, "a game")
    with files_apart():
        assert os.environ[NAME] == "a game"


@pytest.mark.usefixtures("nvidia")
def test_a_process_that_begins_meanwhile_has_files_of_its_own_all_the_same() -> None:
    keep_machine_code()
    begun, inside, found = threading.Event(), threading.Event(), list[dict[str, str]]()

    def start() -> None:
        inside.wait(60)
        begun.set()
        found.append(environment_of(2))

    thread = threading.Thread(target=start)
    thread.start()
    with files_apart():
        inside.set()
        begun.wait(60)
        # It waits for the names to be as they were.
        thread.join(0.2)
        assert not found
    thread.join(60)
    assert found[0][NAME] == environment_of(2)[NAME] != "lesson"
