"""The film's sound: in time with its pictures at every speed, after seeks and loops, and silent where it must be."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import StudioError
from studio.io.sound import HEARD_RATE, heard, samples
from studio.model.networks.shape import Array
from studio.paths import DEMO_CLIP as DEMO
from studio.runtime.live.playing import Newest, PlayerState
from studio.runtime.live.sound_out import SoundOut
from studio.runtime.live.voice import Voice

RATE = 1000
PICTURE = np.zeros((2, 2, 3), np.uint8)


def clockwork(start: float) -> Iterator[Array]:
    """Sound whose samples are the times that they belong to, for a minute."""
    first = round(start * RATE)
    for at in range(first, 60 * RATE, 137):
        times = np.arange(at, min(at + 137, 60 * RATE)) / RATE
        yield np.stack([times, -times], 1).astype(np.float32)


@given(place=st.floats(0, 50), speed=st.floats(0.25, 2.0), counts=st.lists(st.integers(1, 90), min_size=1, max_size=8))
def test_what_is_taken_follows_the_film_at_its_speed(place: float, speed: float, counts: list[int]) -> None:
    voice = Voice(clockwork, RATE)
    assert voice.follow(place)
    wanted = place
    for count in counts:
        voice.feed()
        found = voice.take(count, speed)
        np.testing.assert_allclose(found[:, 0], wanted + np.arange(count) * speed / RATE, atol=2e-3)
        np.testing.assert_allclose(found[:, 1], -found[:, 0])
        wanted += count * speed / RATE
        assert voice.place == pytest.approx(wanted, abs=1e-3)


def test_small_differences_are_made_up_and_large_ones_leapt_over() -> None:
    voice = Voice(clockwork, RATE)
    voice.follow(10.0)
    picture = 10.05
    for _ in range(4000):
        voice.feed()
        voice.take(10)
        picture += 0.01
        assert not voice.follow(picture)
    assert voice.place == pytest.approx(picture, abs=0.005)
    assert voice.follow(picture + 5)
    assert voice.place == picture + 5


def test_where_nothing_lies_ready_it_is_silent_and_nothing_is_lost() -> None:
    voice = Voice(clockwork, RATE)
    voice.follow(3.0)
    assert not voice.take(50).any()
    voice.feed()
    assert voice.take(1)[0, 0] == pytest.approx(3.0, abs=1e-3)
    voice.follow(59.99)
    voice.feed()
    assert not voice.take(500).any()


def test_the_demo_is_heard_from_any_time_on() -> None:
    whole = np.concatenate(list(samples(DEMO)))
    for start in (0.5, 1.5, 7.3):
        part = np.concatenate([piece for piece, _ in zip(heard(DEMO, start), range(60), strict=False)])
        mono = part.mean(axis=1)
        # At the rate of the other reading, one lies on the other.
        seconds = np.arange(20000) / 22050
        here = np.interp(seconds, np.arange(len(mono)) / HEARD_RATE, mono)
        best = max(range(-300, 301, 5), key=lambda lag: _alike(whole, round(start * 22050) + lag, here))
        assert abs(best) / 22050 < 0.006, (start, best)


def _alike(whole: Array, at: int, part: Array) -> float:
    other = whole[max(at, 0) : max(at, 0) + len(part)]
    return float(np.corrcoef(other, part[: len(other)])[0, 1])


class Room:
    """A player and a device, both by hand."""

    def __init__(self) -> None:
        self.now, self.number = 100.0, 0
        self.state = PlayerState("film", playing=True, sound=DEMO)
        self.position = 0.0
        self.said: list[str] = []
        self.opened = 0
        self.closed = False
        self.latency = 0.05
        self.broken = False
        self.out = SoundOut(lambda: self.state, self.newest, self.said.append, self.open, lambda: self.now)

    def newest(self) -> Newest:
        return Newest(self.number, PICTURE, "film", self.position)

    def open(self, _rate: int, _fill: object) -> Room:
        if self.broken:
            raise StudioError("The film's sound is not heard: there is no sound device (none).")
        self.opened += 1
        return self

    def start(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def play(self, seconds: float) -> np.ndarray:
        """So much time goes by, with pictures at 25 a second; what was played."""
        taken = []
        for _ in range(round(seconds * 25)):
            self.number += 1
            self.out.step()
            out = np.empty((HEARD_RATE // 25, 2), np.float32)
            self.out.fill(out, len(out))
            taken.append(out)
            self.now += 0.04
            self.position += 0.04 * self.state.speed
        return np.concatenate(taken)


@pytest.fixture
def room() -> Room:
    return Room()


def test_a_playing_film_is_heard_and_a_paused_one_is_not(room: Room) -> None:
    assert np.abs(room.play(1.0)).max() > 0.01
    assert room.opened == 1
    voice = room.out._voice
    assert voice is not None
    assert voice.place == pytest.approx(room.position + room.latency, abs=0.06)
    room.state = PlayerState("film", playing=False, sound=DEMO)
    assert not room.play(0.2).any()
    room.state = PlayerState("film", playing=True, sound=DEMO)
    room.out.muted = True
    assert not room.play(0.2).any()
    room.out.muted = False
    assert room.play(0.6).any()


def test_a_seek_is_followed(room: Room) -> None:
    room.play(0.4)
    room.position = 9.0
    room.play(0.2)
    voice = room.out._voice
    assert voice is not None
    assert voice.place == pytest.approx(room.position + room.latency, abs=0.06)


def test_without_a_device_it_says_so_once(room: Room) -> None:
    room.broken = True
    assert not room.play(1.0).any()
    assert len(room.said) == 1
    assert "no sound device" in room.said[0]


def test_whatever_a_film_s_sound_throws_the_next_film_is_heard(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Iterator[Array]:
        raise OverflowError("a decoder")
        yield

    with monkeypatch.context() as broken:
        broken.setattr("studio.runtime.live.sound_out.heard", fail)
        assert not room.play(1.0).any()
    assert len(room.said) == 1
    assert "OverflowError: a decoder" in room.said[0]
    room.state = PlayerState("film", playing=True)
    room.play(0.1)
    room.state = PlayerState("film", playing=True, sound=DEMO)
    assert room.play(1.0).any()
    assert len(room.said) == 1


def test_a_film_without_sound_opens_nothing(room: Room) -> None:
    room.state = PlayerState("film", playing=True)
    assert not room.play(0.4).any()
    assert room.opened == 0
