"""The microphone, with a fake of its library: what the callback does, what is heard, and what is said without one."""

from __future__ import annotations

import sys
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.control.microphone import Microphone, Ring
from studio.control.sound import SoundMeter
from studio.errors import StudioError
from studio.io.sound import RATE, Resampler


class PortAudioError(Exception):
    """As the library's."""


class Stream:
    """A microphone that says what the test says."""

    made: Stream | None = None
    fails = ""
    rate = 48000.0

    def __init__(self, **options: Any) -> None:
        if Stream.fails == "open":
            raise PortAudioError("Error querying device -1")
        assert (options["channels"], options["dtype"]) == (1, "float32")
        self.callback, self.samplerate = options["callback"], Stream.rate
        self.active = self.closed = False
        Stream.made = self

    def start(self) -> None:
        if Stream.fails == "start":
            raise PortAudioError("Device unavailable\n[-9985]")
        self.active = True

    def close(self) -> None:
        self.active, self.closed = False, True

    def say(self, samples: np.ndarray, block: int = 480) -> None:
        for start in range(0, len(samples), block):
            piece = samples[start : start + block]
            self.callback(piece[:, None].astype(np.float32), len(piece), None, None)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> type[Stream]:
    monkeypatch.setitem(sys.modules, "sounddevice", SimpleNamespace(InputStream=Stream, PortAudioError=PortAudioError))
    monkeypatch.setattr(Stream, "fails", "")
    return Stream


@settings(max_examples=40)
@given(st.lists(st.integers(0, 25), max_size=12), st.lists(st.booleans(), min_size=12, max_size=12))
def test_a_ring_gives_what_was_written_and_forgets_the_oldest(sizes: list[int], reads: list[bool]) -> None:
    ring, count, waiting = Ring(16), 0, []
    for size, reads_now in zip(sizes, reads, strict=False):
        samples = np.arange(count, count + size, dtype=np.float32)
        count += size
        ring.write(samples)
        waiting += samples.tolist()
        if reads_now:
            assert ring.read().tolist() == waiting[-16:]
            waiting = []
    assert ring.read().tolist() == waiting[-16:]


def test_a_burst_is_heard_with_its_onset_within_50_milliseconds(library: type[Stream]) -> None:
    microphone = Microphone()
    stream = library.made
    assert stream is not None
    quiet, tone = np.zeros(24000), 0.5 * np.sin(2 * np.pi * 100 * np.arange(4800) / 48000)
    stream.say(quiet)
    before = microphone.listen(10.0)
    assert before.values["sound/level"] == 0.0
    assert before.began == {}
    # 50 ms of sound are enough for it to be heard.
    stream.say(tone[:2400])
    heard = microphone.listen(10.05)
    assert heard.values["sound/level"] > 0.3
    assert heard.values["sound/low"] > heard.values["sound/high"]
    assert heard.began["sound/onset"] == pytest.approx(10.0, abs=0.05)
    # It stays, though nothing new has come.
    assert microphone.listen(10.06).began == heard.began
    # Another network begins at 0: it was as long ago as it was.
    [before, after] = microphone.listen(10.1).began["sound/onset"], microphone.listen(0.0).began["sound/onset"]
    assert after == pytest.approx(before - 10.1)
    microphone.close()
    assert stream.closed
    assert not microphone.is_heard


def test_the_callback_does_nothing_but_fill_the_ring(library: type[Stream], monkeypatch: pytest.MonkeyPatch) -> None:
    microphone = Microphone()
    stream = library.made
    assert stream is not None

    def fail(*_: object) -> None:
        raise AssertionError("measured in the callback")

    monkeypatch.setattr(SoundMeter, "push", fail)
    monkeypatch.setattr(Resampler, "push", fail)
    thread = threading.Thread(target=stream.say, args=(np.ones(480_000),))
    thread.start()
    thread.join()
    assert len(microphone._ring.read()) == 96_000


def test_resampling_keeps_a_tone_and_its_length() -> None:
    resampler = Resampler(48000)
    tone = np.sin(2 * np.pi * 440 * np.arange(48000) / 48000).astype(np.float32)
    found = np.concatenate([resampler.push(tone[start : start + 500]) for start in range(0, 48000, 500)])
    assert abs(len(found) - RATE) < 200
    spectrum = np.abs(np.fft.rfft(found[:16384] * np.hanning(16384)))
    assert abs(spectrum.argmax() * RATE / 16384 - 440) < 3
    assert Resampler(RATE).push(tone) is tone


@pytest.mark.parametrize("fails", ["open", "start"])
def test_without_a_microphone_it_says_so(library: type[Stream], monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    monkeypatch.setattr(library, "fails", fails)
    with pytest.raises(StudioError, match=r"No microphone can be heard \(.*\); connect one\.") as caught:
        Microphone()
    assert "\n" not in str(caught.value)


def test_without_the_library_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(StudioError, match="sounddevice is missing; install the studio anew"):
        Microphone()


@pytest.mark.long
@pytest.mark.parametrize("bpm", [90.0, 124.0])
def test_beats_are_followed_while_they_come_in(library: type[Stream], bpm: float) -> None:
    microphone = Microphone()
    stream = library.made
    assert stream is not None
    rate, period, first = 48000, 60.0 / bpm, 0.4
    seconds = 14.0
    time = np.arange(round(seconds * rate)) / rate
    into = (time - first) % period
    clicks = np.where((time >= first) & (into < 0.03), 0.5 * np.sin(2 * np.pi * 220 * time) * np.exp(-into / 0.01), 0.0)
    clock, heard = 100.0, list[float]()
    block = 800
    for start in range(0, len(clicks), block):
        stream.say(clicks[start : start + block])
        clock = 100.0 + (start + block) / rate
        beat = microphone.listen(clock).began.get("sound/beat")
        # The look has all the time that it needs: frames do not wait for it, and this test has no clock.
        microphone._beats.wait()
        if beat is not None and (not heard or beat != heard[-1]):
            heard.append(beat)
    late = [beat for beat in heard if beat > 108.0]
    assert len(late) >= 0.8 * 6.0 / period
    # To within 35 ms of the click, each once.
    off = [(beat - 100.0 - first + period / 2) % period - period / 2 for beat in late]
    assert max(map(abs, off)) < 0.035
    assert np.diff(late) == pytest.approx(period, abs=0.03)
    tempo = microphone.tempo
    assert tempo is not None
    assert tempo.bpm == pytest.approx(bpm, rel=0.01)
    # A beat of the tempo falls on a click.
    beat = tempo.beat(100.0 + first + 20 * period)
    assert beat - round(beat) == pytest.approx(0.0, abs=0.06)
    # In silence they end.
    for start in range(0, 11 * rate, block):
        stream.say(np.zeros(block))
        microphone.listen(clock + start / rate)
        microphone._beats.wait()
    assert microphone.tempo is None
    microphone.close()
