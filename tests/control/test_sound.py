"""What is heard: tones at known levels, bursts at known times, clicks at a known tempo."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.control.sound import BANDS, STEP, SoundMeter, SoundTrack, beats
from studio.errors import StudioError
from studio.io.sound import RATE, samples


def tone(frequency: float, seconds: float, loud: float = 0.5) -> np.ndarray:
    return (loud * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.float32)


def bursts(times: list[float], seconds: float, frequency: float = 880.0) -> np.ndarray:
    sound = silence(seconds)
    for time in times:
        start = round(time * RATE)
        burst = tone(frequency, 0.08)[: len(sound) - start]
        sound[start : start + len(burst)] += burst * np.linspace(1, 0, len(burst), dtype=np.float32)
    return sound


def written(path: Path, sound: np.ndarray, codec: str, rate: int = 48000) -> Path:
    """A sound file at another rate than what is read."""
    at = np.interp(np.arange(round(len(sound) / RATE * rate)) / rate, np.arange(len(sound)) / RATE, sound)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        form = "s16" if codec.startswith("pcm") or codec == "flac" else "fltp"
        for start in range(0, len(at), 1024):
            block = at[None, start : start + 1024]
            values = (block * 32767).astype(np.int16) if form == "s16" else block.astype(np.float32)
            frame = av.AudioFrame.from_ndarray(values, format=form, layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("band", "frequency"), [("low", 80), ("low_mid", 300), ("high_mid", 1200), ("high", 5000)])
def test_a_tone_is_in_its_band_at_its_level(band: str, frequency: float) -> None:
    track = SoundTrack([tone(frequency, 1.0, loud=0.1)])
    values = track.at(0.7).values
    # A tenth of full scale is -20 dB, a third of the way down to -60.
    assert values[f"sound/{band}"] == pytest.approx(2 / 3, abs=0.02)
    assert values["sound/level"] == pytest.approx(2 / 3, abs=0.02)
    for other in BANDS.keys() - {band}:
        assert values[f"sound/{other}"] < 0.45
    assert SoundTrack([silence(1.0)]).at(0.5).values["sound/level"] == 0.0
    assert SoundTrack([tone(1000, 1.0, loud=1.0)]).at(0.5).values["sound/level"] == pytest.approx(1.0, abs=0.01)


def test_onsets_fall_where_bursts_begin_to_within_a_frame(tmp_path: Path) -> None:
    times = [0.5, 0.83, 1.4, 2.0, 2.27, 3.1]
    for codec, suffix in (("pcm_s16le", ".wav"), ("aac", ".m4a"), ("flac", ".flac")):
        track = SoundTrack.of(written(tmp_path / f"x{suffix}", bursts(times, 4.0), codec))
        assert len(track.onsets) == len(times), (codec, track.onsets)
        assert max(abs(a - b) for a, b in zip(track.onsets, times, strict=True)) < 1 / 25, codec
        heard = track.at(1.5)
        assert heard.began["sound/onset"] == track.onsets[2]
        assert "sound/onset" not in track.at(0.2).began


def test_a_films_sound_is_found_and_begins_where_its_pictures_do(tmp_path: Path) -> None:
    sound = written(tmp_path / "s.wav", bursts([1.0, 2.0], 3.0), "pcm_s16le")
    film = tmp_path / "film.mp4"
    with av.open(str(film), "w") as container, av.open(str(sound)) as source:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        audio = container.add_stream("aac", rate=48000, layout="mono")
        for number in range(75):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            frame.pts = number
            container.mux(video.encode(frame))
        for block in source.decode(audio=0):
            container.mux(audio.encode(block))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    track = SoundTrack.of(film)
    assert max(abs(a - b) for a, b in zip(track.onsets, [1.0, 2.0], strict=True)) < 1 / 25


@pytest.mark.parametrize("bpm", [75.0, 100.0, 128.0, 150.0])
def test_beats_and_tempo_of_clicks(bpm: float) -> None:
    times = [0.3 + k * 60 / bpm for k in range(round(20 * bpm / 60))]
    track = SoundTrack([bursts(times, 21.0)])
    tempo = track.tempo
    assert tempo is not None
    assert tempo.bpm == pytest.approx(bpm, rel=0.01)
    inner = [beat for beat in track.beats if 2 < beat < 18]
    assert len(inner) > 10
    assert max(min(abs(beat - time) for time in times) for beat in inner) < 0.05
    assert track.at(10.0).began["sound/beat"] <= 10.0


def test_sound_without_a_beat_has_no_tempo() -> None:
    assert SoundTrack([silence(5.0)]).tempo is None
    assert SoundTrack([tone(440, 5.0)]).beats == [] or SoundTrack([tone(440, 5.0)]).tempo is None
    assert SoundTrack([]).at(3.0).values["sound/level"] == 0.0
    assert beats(np.zeros(1000)) == []


@settings(max_examples=20)
@given(st.lists(st.integers(1, 4000), min_size=1, max_size=12), st.integers(0, 3))
def test_pieces_of_any_size_give_the_same_measurements(sizes: list[int], seed: int) -> None:
    sound = np.random.default_rng(seed).uniform(-1, 1, sum(sizes)).astype(np.float32)
    whole = list(SoundMeter().push(sound))
    meter, parts, start = SoundMeter(), [], 0
    for size in sizes:
        parts += list(meter.push(sound[start : start + size]))
        start += size
    assert [(m.time, m.levels, m.flux, m.onset) for m in parts] == [(m.time, m.levels, m.flux, m.onset) for m in whole]
    assert len(whole) == len(sound) // 256
    assert STEP < 0.012


def test_what_has_no_sound_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(b"RIFF nonsense")
    with pytest.raises(StudioError, match="its sound cannot be read"):
        list(samples(tmp_path / "x.wav"))
    with pytest.raises(StudioError, match="its sound cannot be read"):
        list(samples(tmp_path / "nowhere.wav"))
    film = tmp_path / "mute.mp4"
    with av.open(str(film), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        container.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        container.mux(video.encode(None))
    with pytest.raises(StudioError, match="it has no sound"):
        list(samples(film))
