"""How programs are asked to end, here and on Windows."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio import ending
from studio.cli.recording import ended_kindly
from studio.io.networks import load_network
from studio.model.networks.preset import Preset
from studio.paths import DEMO_CLIP, WEIGHTS
from studio.runtime.render.aside import Film, Rendering

_NEW_GROUP, _BELOW_NORMAL, _BREAK, _CLOSE = 0x200, 0x4000, 1, 2


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the module asks of the system is answered as Windows does."""
    monkeypatch.setattr(ending.sys, "platform", "win32")
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", _NEW_GROUP, raising=False)
    monkeypatch.setattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", _BELOW_NORMAL, raising=False)


class Asked:
    """Notes what a process is told."""

    def __init__(self, refuses: bool = False) -> None:
        self.told: list[object] = []
        self._refuses = refuses

    def send_signal(self, number: int) -> None:
        if self._refuses:
            raise OSError(6, "The handle is invalid")
        self.told.append(number)

    def terminate(self) -> None:
        self.told.append("terminated")


def asked(process: Any) -> list[object]:
    ending.ask_to_end(process)
    return list(process.told)


@pytest.mark.usefixtures("windows")
def test_on_windows_a_process_is_asked_by_its_console() -> None:
    """`Popen.terminate` there ends it at once: what a render had recorded was left as a part."""
    assert asked(Asked()) == [_BREAK]
    assert asked(Asked(refuses=True)) == ["terminated"], "without a console there is no other way"
    # Only the first of a group of its own can be asked, and hears no Ctrl+C of others.
    assert ending.apart() == {"creationflags": _NEW_GROUP}
    assert ending.behind() == {"creationflags": _NEW_GROUP | _BELOW_NORMAL}


def test_elsewhere_it_is_terminated() -> None:
    if sys.platform != "win32":
        assert asked(Asked()) == ["terminated"]
        assert ending.apart() == {"start_new_session": True}
        assert ending.behind() == {}


def test_a_console_that_is_closed_is_a_request_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "SIGBREAK", signal.SIGUSR1, raising=False)
    assert ending.requests_to_end() == [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1]
    with pytest.raises(KeyboardInterrupt), ended_kindly():
        signal.raise_signal(signal.SIGUSR1)
    assert signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL
    monkeypatch.delattr(signal, "SIGHUP")
    assert ending.requests_to_end() == [signal.SIGTERM, signal.SIGUSR1]


@pytest.mark.usefixtures("windows")
def test_a_console_that_is_closed_waits_for_what_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows ends the process when its thread for this comes back: Python's handler was not called before that."""
    given, waited = list[Any](), list[float]()
    kernel = SimpleNamespace(SetConsoleCtrlHandler=lambda told, add: given.append((told, add)))
    monkeypatch.setattr(ending.ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
    monkeypatch.setattr(ending.ctypes, "WINFUNCTYPE", lambda *_: lambda told: told, raising=False)
    monkeypatch.setattr(signal, "SIGBREAK", signal.SIGUSR1, raising=False)
    monkeypatch.setattr(ending, "_kept", [])
    handled = threading.Event()

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        assert handled.wait(60)

    monkeypatch.setattr(ending.time, "sleep", sleep)

    begun = list[threading.Thread]()

    def close(event: int) -> None:
        told, is_added = given[-1]
        assert is_added
        begun.append(threading.Thread(target=told, args=(event,)))
        begun[-1].start()

    def record() -> None:
        with ended_kindly():
            close(_BREAK)  # of that the signal itself tells
            begun[-1].join(60)
            assert not waited
            close(_CLOSE)
            assert handled.wait(60), "it is ended"

    with pytest.raises(KeyboardInterrupt):
        record()
    handled.set()
    begun[-1].join(60)
    assert waited == [ending._GRANTED]
    close(_CLOSE)
    begun[-1].join(60)
    assert len(waited) == 1, "nobody wants to know any more"
    ending.await_ends()
    assert len(given) == 1, "once for a process"


@pytest.mark.film
def test_a_film_that_is_stopped_is_kept_as_far_as_it_is(tmp_path: Path) -> None:
    network = load_network(WEIGHTS / "autoencoder-transposed")
    film = Film(Preset("a", network, {}), str(DEMO_CLIP), tmp_path / "out.mp4", size="512", engine="torch")
    rendering = Rendering(film, lambda done, _: rendering.stop() if done else None)
    rendered = rendering.run()
    assert not rendered.whole
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
