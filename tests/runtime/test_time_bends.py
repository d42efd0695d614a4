"""Bends with memory: the running loop shows what a render writes, frame by frame, from the start and after a seek."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_network
from test_live import Studio

from studio.bends import make_bend, registry
from studio.cli import main
from studio.engine.gl.driver.device import Device
from studio.io.networks import save_network
from studio.io.sinks import open_sink
from studio.io.sources import SourceInfo, open_source
from studio.model.declared.size import Size
from studio.model.documents.document import Document
from studio.model.networks.picture import Picture
from studio.model.networks.preset import Preset
from studio.runtime.live.feature import Feature, Frame
from studio.runtime.live.movement import Movement
from studio.runtime.live.player import Player
from studio.runtime.live.playing import Newest, PlayerState

PARAMS: dict[str, dict[str, object]] = {
    "Delay": {"frames": 3},
    "Feedback": {"turn": 4.0},
    "FrameDifference": {},
    "Freeze": {},
    "RunningMean": {"frames": 3.0},
    "SlitScan": {"every": 1, "slits": 4},
}
FPS, FRAMES, SOUGHT = 5, 9, 4
"""Few pictures a second: the loop must not let memory go on between two of them."""


class HandedOut(Player):
    """A film of which the test hands out one picture after the other; everything else is the player's own."""

    def __init__(self, pictures: list[Picture]) -> None:
        super().__init__(lambda: None)
        self._pictures, self._handed, self._era = pictures, Newest(0, pictures[0], "film", 0.0), 0
        height, width = pictures[0].shape[:2]
        self._told = SourceInfo(Size(height, width), Fraction(FPS), len(pictures), len(pictures) / FPS, False, "ffv1")

    def newest(self) -> Newest | None:
        return self._handed

    def state(self) -> PlayerState:
        return PlayerState("film", self._told, self._handed.position, self._told.duration)

    def hand_out(self, number: int, *, is_sought: bool = False) -> None:
        self._era += is_sought
        self._handed = Newest(self._handed.number + 1, self._pictures[number], "film", number / FPS, 0, (0, self._era))


class Seen(Feature):
    """Every run of the network: where its picture stands, and what came out."""

    def __init__(self) -> None:
        self.runs: list[tuple[int, Picture]] = []

    def took(self, frame: Frame) -> None:
        if frame.is_new and frame.run is not None and not frame.run.is_again:
            height, width = frame.crops[frame.engine.graph.output]
            shown = np.array(frame.engine.picture()[:height, :width])
            self.runs.append((round(frame.run.position * FPS), shown))


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Pictures that move, without loss."""
    still = np.random.default_rng(3).integers(0, 256, (30, 80, 3), np.uint8)
    with open_sink(tmp_path / "film.mkv", codec="ffv1", size=Size(30, 40), fps=Fraction(FPS)) as sink:
        for number in range(FRAMES):
            sink.write(np.ascontiguousarray(still[:, 2 * number : 2 * number + 40]))
    return tmp_path / "film.mkv"


def pictures(path: Path) -> list[Picture]:
    with open_source(str(path)) as source:
        return [frame.picture for frame in source]  # type: ignore[misc]


def spelled(name: str) -> str:
    return f"act:{name}" + "".join(f",{key}={value}" for key, value in PARAMS[name].items())


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_network(tiny_network(), tmp_path / "tiny")
    monkeypatch.chdir(tmp_path)


def rendered(monkeypatch: pytest.MonkeyPatch, film: Path, output: str, name: str, engine: str, frames: str) -> Path:
    asked = ["--preset", "tiny", "--bend", spelled(name), "--engine", engine, "--frames", frames]
    monkeypatch.setattr(sys, "argv", ["studio", "render", str(film), output, *asked])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    return film.parent / output


def test_every_bend_with_memory_is_among_them() -> None:
    assert {name for name, kind in registry().items() if kind().memory() is not None} == set(PARAMS)


@pytest.mark.parametrize("engine", ["torch", "gl", "gl-fragment"])
@pytest.mark.parametrize("name", sorted(PARAMS))
def test_the_running_loop_shows_what_a_render_writes(
    gl_device: Device, film: Path, name: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del gl_device
    document = Document(Preset("tiny", tiny_network(), {}))
    document.add_stage("act", make_bend(name, PARAMS[name]))
    seen, player = Seen(), HandedOut(pictures(film))
    running = Studio(document.preset(), lambda: (Movement(), seen), player, engine)
    try:
        asked = [*range(FRAMES), *range(SOUGHT, FRAMES)]
        for count, number in enumerate(asked):
            if count:
                player.hand_out(number, is_sought=count == FRAMES)
            running.until(lambda count=count: len(seen.runs) > count)
    finally:
        running.live.close()
    assert running.messages == []
    assert [number for number, _ in seen.runs] == asked
    straight = rendered(monkeypatch, film, "straight.mkv", name, engine, ":")
    sought = rendered(monkeypatch, film, "sought.mkv", name, engine, f"{SOUGHT}:")
    for (number, live), offline in zip(seen.runs, [*pictures(straight), *pictures(sought)], strict=True):
        np.testing.assert_array_equal(live, offline, err_msg=f"frame {number}")
    for frames, first in ((":", straight), (f"{SOUGHT}:", sought)):
        again = rendered(monkeypatch, film, f"again-{first.name}", name, engine, frames)
        assert again.read_bytes() == first.read_bytes()
    after_seek = [live for _, live in seen.runs[FRAMES:]]
    # They do remember: what came before a seek made a difference.
    before_seek = [live for _, live in seen.runs[SOUGHT:FRAMES]]
    assert any(not np.array_equal(a, b) for a, b in zip(before_seek, after_seek, strict=True))
