"""A whole film rendered beside a running studio, by a process of its own, which `studio render` is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from studio.ending import ask_to_end, behind
from studio.errors import StudioError
from studio.io.presets import save_preset
from studio.model.networks.preset import Preset
from studio.paths import environment

_INTERRUPTED = 130
_NICE = 10
_PROGRESS = re.compile(r"(\d+)(?: of (\d+))? frames?, .*")


@dataclass(frozen=True)
class Film:
    """What is to be rendered.

    Attributes:
        preset: what it is bent by, as it is now.
        source: a film, by path, or "demo".
        path: of the recording; nothing may stand there.
        codec: one of `studio.io.sinks.codecs`.
        size: at which the network works, as the command line takes it.
        engine: that of the command line.
        times: how many times as large it is to be; 1 for as the network works.
        how: "restorer" or "network", which enlarges.
    """

    preset: Preset
    source: str
    path: Path
    codec: str = "h264"
    size: str = "256"
    engine: str = "auto"
    times: int = 1
    how: str = "restorer"


@dataclass(frozen=True)
class Rendered:
    """What came of it.

    Attributes:
        path: of the recording.
        notes: what was said of it: by what it was enlarged, say.
        whole: whether it goes to the film's end; otherwise somebody stopped it.
    """

    path: Path
    notes: tuple[str, ...]
    whole: bool


class Rendering:
    """Renders one film; `run` waits for its end, `stop` may be called from any thread meanwhile.

    Args:
        film: what is rendered.
        tell: takes frames that are done, and how many there are to be, None where that is not known; called in the
            thread of `run`.
    """

    def __init__(self, film: Film, tell: Callable[[int, int | None], object] = lambda *_: None) -> None:
        self._film, self._tell = film, tell
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._is_stopped = False

    def stop(self) -> None:
        """End it; what was recorded until now is kept."""
        with self._lock:
            self._is_stopped = True
            if self._process is not None:
                ask_to_end(self._process)

    def run(self) -> Rendered:
        """Render it.

        Raises:
            StudioError: what the process said, where it could not be rendered.
        """
        with TemporaryDirectory(prefix="studio-render-") as home:
            preset = Path(home) / "preset"
            save_preset(self._film.preset, preset)
            with self._lock:
                if self._is_stopped:
                    raise StudioError(f"{self._film.path.name} was stopped before its first frame.")
                self._process = process = subprocess.Popen(  # noqa: S603 - the studio itself, without a shell
                    self._words(preset),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                    env=environment(),
                    **behind(),
                )
            with suppress(OSError, AttributeError):  # what Windows lacks
                # The picture on the screen comes first.
                os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)
            said = self._listen(process)
            status = process.wait()
        if status not in (0, _INTERRUPTED) or not self._film.path.exists():
            why = said[-1] if said else f"The process that renders it ended with status {status}."
            raise StudioError(f"{self._film.path.name} was not rendered: {why}")
        return Rendered(self._film.path, tuple(each for each in said if each.startswith("Enlarged")), status == 0)

    def _listen(self, process: subprocess.Popen[str]) -> list[str]:
        assert process.stderr is not None, "it was asked for"
        said = []
        for line in process.stderr:
            found = _PROGRESS.fullmatch(line.strip())
            if found:
                self._tell(int(found[1]), int(found[2]) if found[2] else None)
            elif line.strip():
                said.append(line.strip())
        process.stderr.close()
        return said

    def _words(self, preset: Path) -> list[str]:
        film = self._film
        words = [sys.executable, "-m", "studio", "render", film.source, str(film.path), "--preset", str(preset)]
        words += ["--size", film.size, "--engine", film.engine, "--codec", film.codec]
        if film.times > 1:
            words += ["--enlarge", str(film.times), "--enlarge-by", film.how]
        return words
