"""The running picture sent to other programs: by the real loop, to a made outlet."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from test_live import Studio, expected, still
from test_live import showing as showing
from test_live import studio as studio

from studio.errors import StudioError
from studio.io import outlets
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture
from studio.runtime.live import sending
from studio.runtime.live.report import Progress
from studio.runtime.live.sending import Send, Sent, StopSending

__all__ = ["showing", "still", "studio"]


class Made:
    """An outlet and its line; the test may let it hang or fail."""

    name, label = "made", "Made"

    def __init__(self) -> None:
        self.got: list[Picture] = []
        self.sizes: list[Size] = []
        self.threads: set[str] = set()
        self.fails = self.closed = False
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.where = "over there"

    def open(self, size: Size, fps: float) -> Made:
        if fps <= 0:
            raise StudioError("no")
        self.sizes.append(size)
        return self

    def send(self, picture: Picture) -> None:
        self.goes_on.wait(120)
        self.threads.add(threading.current_thread().name)
        if self.fails:
            raise StudioError("The other side is gone.")
        self.got.append(picture)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    found = Made()
    known = outlets.outlet
    monkeypatch.setattr(sending, "outlet", lambda name: found if name == "made" else known(name))
    yield found
    found.goes_on.set()


def test_the_output_is_sent_and_what_hangs_holds_nothing_up(showing: Studio, still: Path, made: Made) -> None:
    showing.live.order(Send("made"))
    showing.until(lambda: made.got)
    np.testing.assert_array_equal(made.got[0], expected(showing.document, still))
    showing.until(lambda: showing.telemetry[Sent].where == {"made": "over there"})
    assert "Made: the output is sent as over there." in showing.messages
    assert made.threads == {"send made"}
    made.goes_on.clear()
    serial = showing.telemetry[Progress].serial
    for _ in range(5):
        showing.live.player.seek(0.0)
        showing.document.set_bypassed("act", "act" not in showing.document.bypassed)
        showing.picture()
    showing.until(lambda: showing.telemetry[Progress].serial > serial)
    made.goes_on.set()
    showing.until(lambda: np.array_equal(made.got[-1], expected(showing.document, still)))
    # What came while it hung was passed over.
    assert len(made.got) <= 4
    showing.live.order(StopSending("made"))
    showing.until(lambda: made.closed and not showing.telemetry[Sent].where)


def test_sizes_are_kept_and_failures_said(showing: Studio, made: Made) -> None:
    showing.live.order(Send("made", Size(40, 30)))
    showing.until(lambda: made.got)
    assert made.sizes == [(40, 30)]
    assert made.got[0].shape == (40, 30, 3)
    made.fails = True
    showing.document.set_bypassed("act", True)
    showing.until(lambda: "The other side is gone." in showing.messages)
    showing.until(lambda: not showing.telemetry[Sent].where)
    showing.live.order(Send("fax"))
    showing.until(lambda: any('There is no outlet "fax"' in text for text in showing.messages))
    showing.picture()
