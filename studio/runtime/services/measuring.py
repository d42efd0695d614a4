"""Measures which of `gl` and `torch` runs a network faster, beside a window: in a process, which `measuring_child` is.

A window neither loads PyTorch for that nor waits for anything. The process is told of layers alone, since weights do
not matter, and ends as soon as the pipe does by which it is told.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from studio.ending import behind
from studio.engine.choose import MEASURED
from studio.engine.measured import Measured, environment_apart
from studio.io.networks import document_of
from studio.model.networks.network import Network
from studio.paths import environment
from studio.pipe import read, write
from studio.runtime.services.failures import LOG

COMMAND = (sys.executable, "-P", "-m", "studio.runtime.services.measuring_child")

LONGEST = 600.0
"""Seconds: on a new machine all that `gl` may run is compiled first."""


class Measuring:
    """One measurement, from the start to its end; nobody waits for it.

    Args:
        network: whose layers are run.
        card: for which the figures hold; see `studio.engine.choose.Choice`.
        then: called in a thread with seconds of a frame by engine, which are kept by then; with none where nothing
            came of it.
        command: what is started.
        longest: seconds after which nothing more is expected.
    """

    def __init__(
        self,
        network: Network,
        card: str,
        then: Callable[[Mapping[str, float]], object],
        command: Sequence[str] = COMMAND,
        longest: float = LONGEST,
    ) -> None:
        self._network, self._card, self._then = network, card, then
        self._command, self._longest = command, longest
        self._lock, self._is_stopped = threading.Lock(), False
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="measure", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether the process has ended, and all that was to be done is."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        """End the process at once, and measure nothing more."""
        with self._lock:
            self._is_stopped = True
            if self._child is not None:
                self._child.kill()

    def join(self, timeout: float) -> None:
        """Wait until it is over, so many seconds at most."""
        self._thread.join(timeout)

    # -- its thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        found: dict[str, float] = {}
        try:
            found = self._measured()
        except Exception:  # noqa: BLE001 - nobody has asked for it
            LOG.warning("Which engine is faster could not be measured", exc_info=True)
        self._then(found)

    def _measured(self) -> dict[str, float]:
        """What was found and is kept."""
        told = {"card": self._card, "network": document_of(self._network)}
        child = self._started()
        if child is None:
            return {}
        timer = threading.Timer(self._longest, child.kill)
        timer.daemon = True
        try:
            timer.start()
            answer = _answer(child, json.dumps(told).encode())
        finally:
            timer.cancel()
            # It is of no use any more, whatever it still does.
            child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()
        found = _figures(answer)
        if found:
            held = Measured(self._card)
            held.keep(self._network, found)
            # Where nothing can be kept, the next opening knows nothing either.
            found = held.known(self._network)
        return found

    def _started(self) -> subprocess.Popen[bytes] | None:
        variables = environment_apart() | {"PYTHONPATH": environment()["PYTHONPATH"]}
        pipe = subprocess.PIPE
        with self._lock:
            if not self._is_stopped:
                self._child = subprocess.Popen(  # noqa: S603 - a part of this program
                    self._command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=variables, **behind()
                )
            return self._child


def _answer(child: subprocess.Popen[bytes], told: bytes) -> bytes:
    """What it answers; nothing where it is gone."""
    assert child.stdin is not None, "it was asked for"
    assert child.stdout is not None, "it was asked for"
    with suppress(OSError):
        write(child.stdin, 0, told)
        found = read(child.stdout)
        return found[1] if found is not None else b""
    return b""


def _figures(answer: bytes) -> dict[str, float]:
    """Seconds by engine; none unless it is all of them."""
    with suppress(ValueError, RecursionError):
        found = json.loads(answer)
        if isinstance(found, dict) and found.keys() == {*MEASURED}:
            return found if all(isinstance(each, float) and each > 0 for each in found.values()) else {}
    return {}
