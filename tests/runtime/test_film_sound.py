"""The sound of the film that plays: read when something moves by it, heard where the film is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import tiny_network

from studio.control import sound as sounds
from studio.control.sound import SoundTrack
from studio.io.opening import find_and_open
from studio.io.sound import RATE
from studio.model.documents.document import Document
from studio.model.movement.modulator import NOTHING, Moment
from studio.model.movement.route import ROUTES, Route
from studio.model.movement.tempo import Tempo
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array
from studio.modulators import make_modulator
from studio.paths import DEMO_CLIP
from studio.runtime.live import film_sound
from studio.runtime.live.film_sound import FilmSound
from studio.runtime.live.movement import Beats
from studio.runtime.live.playing import Newest, PlayerState
from studio.runtime.live.report import Message, Report
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.services.worker import Worker

PICTURE = np.zeros((4, 4, 3), np.uint8)
ONSETS = (0.5, 1.25, 2.0)


def clicks() -> Array:
    samples = np.zeros(3 * RATE, np.float32)
    for time in ONSETS:
        start = round(time * RATE)
        samples[start : start + 800] = np.random.default_rng(0).uniform(-0.8, 0.8, 800)
    return samples


class Cinema:
    """A player that stands where it is told, and the window's thread as a queue."""

    def __init__(self) -> None:
        self.posted: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.document = Document(Preset("tiny", tiny_network(), {}))
        self.telemetry = Telemetry()
        self.said: list[Message] = []
        self.at: Newest | None = None
        self.state_ = PlayerState()
        self.sound = FilmSound(
            self.document,
            self.telemetry,
            self,  # type: ignore[arg-type]
            Worker(self.posted.put, "sound"),
            self.said.append,
        )

    def newest(self) -> Newest | None:
        return self.at

    def state(self) -> PlayerState:
        return self.state_

    def play(self, spec: str, sound: Path | None, speed: float = 1.0) -> None:
        self.state_ = PlayerState(spec, sound=sound, speed=speed)
        self.telemetry.take(Report((self.state_,)))

    def stand(self, position: float) -> None:
        self.at = Newest(1, PICTURE, self.state_.spec, position)

    def route(self, source: str = "sound", **settings: object) -> None:
        route = Route(1, make_modulator(source, settings), "/macro/1")
        self.document.set_section(ROUTES, (route,), "Move")

    def next(self) -> None:
        self.posted.get(timeout=60)()


@pytest.fixture
def cinema() -> Iterator[Cinema]:
    made = Cinema()
    yield made
    made.sound.close(60)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read; each has clicks at `ONSETS`."""
    found: list[Path] = []

    def read(path: Path) -> Iterator[Array]:
        found.append(path)
        yield clicks()

    monkeypatch.setattr(film_sound, "samples", read)
    return found


def test_it_is_read_once_and_only_where_something_moves_by_sound(cinema: Cinema, reads: list[Path]) -> None:
    cinema.play("a.mp4", Path("a.mp4"))
    cinema.stand(0.6)
    cinema.route("lfo")
    assert cinema.sound.listen(7.0) == NOTHING
    cinema.route("sound", band="onset")
    cinema.next()
    cinema.route("sound", band="low")
    cinema.play("a.mp4", Path("a.mp4"), speed=2.0)
    assert reads == [Path("a.mp4")]
    assert cinema.sound.listen(7.0).values == SoundTrack([clicks()]).at(0.6).values


@pytest.mark.parametrize("speed", [0.5, 1.0, 4.0])
def test_an_onset_is_as_long_ago_as_it_was_heard(cinema: Cinema, reads: list[Path], speed: float) -> None:
    cinema.route("envelope", trigger="sound/onset")
    cinema.play("a.mp4", Path("a.mp4"), speed)
    cinema.next()
    assert len(reads) == 1
    for position in (0.75, 1.5, 0.75, 2.25):  # also back, by a hand or a loop
        cinema.stand(position)
        last = max(time for time in ONSETS if time <= position)
        began = cinema.sound.listen(100.0).began["sound/onset"]
        assert 100.0 - began == pytest.approx((position - last) / speed, abs=0.03 / speed)
    cinema.stand(0.1)
    assert "sound/onset" not in cinema.sound.listen(100.0).began


def test_another_source_ends_the_reading_and_is_read_itself(cinema: Cinema, monkeypatch: pytest.MonkeyPatch) -> None:
    began, go_on, pieces = threading.Event(), threading.Event(), []

    def read(path: Path) -> Iterator[Array]:
        if path.name == "long.mp4":
            for number in range(100):
                pieces.append(number)
                yield np.zeros(512, np.float32)
                began.set()
                go_on.wait(60)
        yield clicks()

    monkeypatch.setattr(film_sound, "samples", read)
    cinema.route()
    cinema.play("long.mp4", Path("long.mp4"))
    assert began.wait(60)
    cinema.play("b.mp4", Path("b.mp4"))
    go_on.set()
    cinema.next()
    cinema.next()
    assert len(pieces) < 5
    assert not cinema.said
    cinema.stand(0.5)
    assert cinema.sound.listen(0.0).values
    # The picture is still the old source's.
    cinema.at = Newest(1, PICTURE, "long.mp4", 0.5)
    assert cinema.sound.listen(0.0) == NOTHING


def test_what_has_no_sound_or_cannot_be_read_is_said_once_and_rests(cinema: Cinema, tmp_path: Path) -> None:
    cinema.route()
    cinema.play("picture.png", None)
    cinema.play("picture.png", None, speed=2.0)
    cinema.stand(0.0)
    assert [message.text for message in cinema.said] == ["The source has no sound, so what moves by sound rests."]
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film at all")
    cinema.play(str(broken), broken)
    cinema.next()
    cinema.stand(0.0)
    assert cinema.sound.listen(0.0) == NOTHING
    assert len(cinema.said) == 2
    assert "broken.mp4" in cinema.said[1].text


def test_the_shipped_presets_move_as_a_render_of_them_would(monkeypatch: pytest.MonkeyPatch) -> None:
    track = SoundTrack.of(DEMO_CLIP)
    monkeypatch.setattr(film_sound, "SoundTrack", lambda _: track)
    for name in ("heartbeat", "bass-bloom", "loud-ink", "strobe-glass"):
        cinema = Cinema()
        cinema.play("demo", DEMO_CLIP)
        preset, _ = find_and_open(name)
        cinema.document.load(preset)
        cinema.next()
        by_sound = [
            route.source
            for route in preset.section(ROUTES)
            if any(signal.startswith(sounds.PREFIX) for signal in route.source.signals())
        ]
        assert by_sound, name
        seen: set[float] = set()
        for frame in range(0, 375, 5):
            time = frame / 25
            cinema.stand(time)
            heard, wanted = cinema.sound.listen(time), track.at(time)
            for source in by_sound:
                when = Moment(time, time * 1.5)
                assert source.value(when, heard) == pytest.approx(source.value(when, wanted), abs=1e-9)
                seen.add(round(source.value(when, heard), 3))
        assert len(seen) > 5, name
        cinema.sound.close(60)


def test_the_tempo_is_found_when_asked_for_and_falls_in_with_the_films_beats(
    cinema: Cinema, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(path: Path) -> Iterator[Array]:
        del path
        samples = np.zeros(16 * RATE, np.float32)
        for beat in np.arange(0.25, 16, 0.5):  # 120 bpm
            samples[round(beat * RATE) : round(beat * RATE) + 800] = np.random.default_rng(0).uniform(-0.8, 0.8, 800)
        yield samples

    monkeypatch.setattr(film_sound, "samples", read)
    monkeypatch.setattr(film_sound, "time", SimpleNamespace(monotonic=lambda: 50.0))
    cinema.play("a.mp4", Path("a.mp4"), speed=2.0)
    cinema.stand(3.0)
    cinema.telemetry.take(Report((Beats(20.0, 49.5),)))
    found: list[Tempo] = []
    cinema.sound.find_tempo(found.append)
    cinema.next()
    [tempo] = found
    assert tempo.bpm == pytest.approx(240.0, rel=0.01)
    # At 20.5 the film is at 3.0, and its next beat at 3.25 comes an eighth of a second later.
    beat = tempo.beat(20.5 + 0.125)
    assert abs(beat - round(beat)) < 0.1
    # What is read already is not read again.
    cinema.sound.find_tempo(found.append)
    assert len(found) == 2


def test_a_tempo_that_there_is_not_is_said(cinema: Cinema, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film_sound, "samples", lambda _: iter([np.zeros(2 * RATE, np.float32)]))
    cinema.play("still.png", None)
    cinema.stand(0.0)
    cinema.sound.find_tempo(lambda _: pytest.fail("there is none"))
    assert cinema.said[-1].text == "The source has no sound to take a tempo from."
    cinema.play("a.mp4", Path("a.mp4"))
    cinema.stand(0.5)
    cinema.sound.find_tempo(lambda _: pytest.fail("there is none"))
    cinema.next()
    assert cinema.said[-1].text == "No beat is heard in the source's sound."
