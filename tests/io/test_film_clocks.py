"""Films with random clocks, the number of each frame in its pixels: none is lost, doubled or moved."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from films import make_film, numbered, numbers
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from test_brought_films import _later

from studio.io.sources import at_constant_rate, open_source
from studio.io.sources._films.clock import Clock


@dataclass(frozen=True)
class Film:
    """What a film is made of.

    Attributes:
        suffix: of the container.
        options: of the encoder.
        parts: of each part that begins the clock anew, the times of its frames, from 0.
        stamps: at which the clock of each part begins, in seconds.
    """

    suffix: str
    options: dict[str, str]
    parts: tuple[tuple[float, ...], ...]
    stamps: tuple[float, ...]

    def made(self, folder: Path) -> Path:
        films = [
            make_film(folder / f"part{k}.mp4", count=len(times), times=list(times), options=self.options)
            for k, times in enumerate(self.parts)
        ]
        if self.suffix != ".ts":
            return make_film(
                folder / f"film{self.suffix}", count=len(self.parts[0]), times=list(self.parts[0]), options=self.options
            )
        pieces = [_later(film, folder / f"{film.stem}.ts", at) for film, at in zip(films, self.stamps, strict=True)]
        whole = folder / "film.ts"
        whole.write_bytes(b"".join(piece.read_bytes() for piece in pieces))
        return whole


@st.composite
def _times(draw: st.DrawFn) -> tuple[float, ...]:
    """A constant rate, in which some frames stay longer, and one may stay for seconds."""
    rate = draw(st.sampled_from([20, 25, 50]))
    steps = draw(st.lists(st.sampled_from([1, 1, 1, 1, 2, 3]), min_size=16, max_size=40))
    if draw(st.booleans()):
        steps[draw(st.integers(2, len(steps) - 3))] = draw(st.integers(rate, 4 * rate))
    places = [0]
    for step in steps:
        places.append(places[-1] + step)
    return tuple(place / rate for place in places)


@st.composite
def _films(draw: st.DrawFn) -> Film:
    suffix = draw(st.sampled_from([".mp4", ".mkv", ".mov", ".ts"]))
    options = {"bf": str(draw(st.integers(0, 3))), "g": str(draw(st.sampled_from([5, 12, 250])))}
    count = draw(st.integers(1, 3)) if suffix == ".ts" else 1
    stamps = [draw(st.sampled_from([2.0, 40.0]))] if suffix == ".ts" else [0.0]
    for _ in range(count - 1):
        stamps.append(stamps[-1] + draw(st.sampled_from([-35.0, 60.0, 7200.0])))
    if min(stamps) < 0:
        stamps = [stamp - min(stamps) + 2.0 for stamp in stamps]
    return Film(suffix, options, tuple(draw(_times()) for _ in range(count)), tuple(stamps))


@given(film=_films())
@settings(max_examples=5)
def test_frames_come_once_in_order_and_at_their_times(film: Film, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = film.made(tmp_path_factory.mktemp("clock"))
    wanted = [number for times in film.parts for number in range(len(times))]
    with open_source(str(path)) as source:
        frames = list(source)
        assert numbers(frame.picture for frame in frames) == wanted
        at = [frame.time for frame in frames]
        assert at == sorted(at)
        # Within a part the clock says how far frames lie apart; milliseconds are what the containers keep.
        place = 0
        for times in film.parts:
            own = at[place : place + len(times)]
            assert [time - own[0] for time in own] == pytest.approx(times, abs=0.003)
            # From one part to the next the gap is closed: no more than the last frame's own length.
            assert not place or 0 <= own[0] - at[place - 1] < 0.5
            place += len(times)
        jumps = any(abs(b - a) > 10 for a, b in pairwise(film.stamps))
        assert ("clock jumps" in (source.remark or "")) == jumps
        assert source.info.fps is not None
        rate = source.info.fps
        shown = numbers(frame.picture for frame in at_constant_rate(source, rate))
        if len(film.parts) == 1:
            # At its own rate nothing is lost, and each is there for as long as the clock says, to a frame.
            assert sorted(set(shown)) == wanted
            assert shown == sorted(shown)
            for number, (now, then) in enumerate(pairwise(at)):
                assert abs(shown.count(number) - float((then - now) * float(rate))) <= 1.01
        middle = at[len(at) // 2]
        late = next(iter(source.frames(middle + 0.008)))
        assert late.time == pytest.approx(middle, abs=0.003)


@pytest.mark.parametrize("back", [0.15, 0.3, 0.45, 1.0])
def test_a_clock_that_is_set_back_by_less_than_decoders_reorder(tmp_path: Path, back: float) -> None:
    """Of a recording that was joined: its pictures were mixed with those before, and some lost."""
    films = [
        make_film(
            tmp_path / f"{k}.mp4", count=20, options={"bf": "2"}, draw=lambda n, w, h, k=k: numbered(n + 20 * k, w, h)
        )
        for k in range(2)
    ]
    parts = [
        _later(film, tmp_path / f"{film.stem}.ts", at) for film, at in zip(films, (10.0, 10.8 - back), strict=True)
    ]
    path = tmp_path / "film.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    with open_source(str(path)) as source:
        assert source.info.fps == 25
        assert numbers(frame.picture for frame in at_constant_rate(source, source.info.fps)) == list(range(40))
        assert "clock jumps" in (source.remark or "")
        assert numbers(frame.picture for frame in source.frames(1.2))[0] == 30


def test_a_gif_of_unequal_delays_loses_none(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    pictures = [Image.fromarray(numbered(number)) for number in range(12)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=[40] * 6 + [70] * 6, loop=0)
    with open_source(str(path)) as source:
        assert source.info.fps == 25
        shown = numbers(frame.picture for frame in at_constant_rate(source, source.info.fps))
        assert sorted(set(shown)) == list(range(12))
        assert len(shown) == pytest.approx(0.66 * 25, abs=1)


def test_what_comes_too_late_behind_damage_is_no_clock_that_begins_anew() -> None:
    """A decoder that lost packets gave frames of two places by turns: each was shown for a second."""
    clock = Clock(jumps=False)
    stamps = [*(n / 25 for n in range(30)), *(time for n in range(4) for time in (60 / 25 + n / 25, 30 / 25 + n / 25))]
    times = [clock.place(stamp, 0.04, n / 25) for n, stamp in enumerate(stamps)]
    assert clock.jumped == 0
    assert times == pytest.approx(stamps)
    again = Clock(jumps=False)
    for n in range(60):
        again.place(n % 30 / 25, 0.04, n % 30 / 25)
    assert again.jumped == 1


def test_an_avi_that_counts_more_ticks_than_pictures_has_their_rate(tmp_path: Path) -> None:
    """Of a film of fields, copied: it says 50 a second of 25, and shows nothing at every other tick."""
    path = tmp_path / "a.avi"
    film = make_film(tmp_path / "a.mp4", "mpeg4", count=30, options={"q": "2"})
    with av.open(str(film)) as source, av.open(str(path), "w") as sink:
        stream = sink.add_stream_from_template(source.streams.video[0])
        stream.time_base = Fraction(1, 50)
        for packet in source.demux(video=0):
            if packet.size:
                packet.pts, packet.dts = (round(stamp * packet.time_base * 50) for stamp in (packet.pts, packet.dts))
                packet.time_base, packet.stream = Fraction(1, 50), stream
                sink.mux(packet)
    with open_source(str(path)) as source:
        assert source.info.fps == 25
        assert numbers(frame.picture for frame in at_constant_rate(source, source.info.fps)) == list(range(30))


def test_a_late_place_of_a_transport_stream_is_found(tmp_path: Path) -> None:
    """More than 10 s behind its beginning the first frame was taken for a clock that was set forward."""
    first = make_film(tmp_path / "a.mp4", count=600, options={"bf": "2", "g": "25"})
    second = make_film(
        tmp_path / "b.mp4", count=50, options={"bf": "0", "g": "5"}, draw=lambda n, w, h: numbered(n + 600, w, h)
    )
    long = _later(first, tmp_path / "a.ts", 2.0)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(long.read_bytes() + _later(second, tmp_path / "b.ts", 90.0).read_bytes())
    for path, places in ((long, (130, 275, 500, 599)), (joined, (500, 595, 599, 600, 640))):
        with open_source(str(path)) as source:
            for place in places:
                found = list(islice(source.frames(place / 25 + 0.008), 3))
                assert numbers(frame.picture for frame in found) == list(range(place, place + 3))[: len(found)]
                assert found[0].time == pytest.approx(place / 25, abs=0.003)


def test_a_late_place_of_a_programme_stream_is_found(tmp_path: Path) -> None:
    """Its times are guessed behind a seek, so that it is read through."""
    film = make_film(tmp_path / "a.mpg", "mpeg2video", count=460, options={"bf": "2", "g": "15", "q": "3"})
    with open_source(str(film)) as source:
        for place in (278, 301, 347, 416, 439):
            found = islice(source.frames(place / 25 + 0.008), 3)
            assert numbers(frame.picture for frame in found) == list(range(place, place + 3))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("rates", [(24, 30), (30, 24), (25, 30), (50, 60), (30, 24, 30)])
def test_a_film_of_two_rates_has_the_faster_one(tmp_path: Path, rates: tuple[int, ...], suffix: str) -> None:
    times = [0.0]
    for rate in rates:
        times += [times[-1] + (k + 1) / rate for k in range(30)]
    path = make_film(tmp_path / f"a{suffix}", count=len(times), times=times)
    with open_source(str(path)) as source:
        assert source.info.fps == max(rates)
        shown = numbers(frame.picture for frame in at_constant_rate(source, source.info.fps))
        assert sorted(set(shown)) == list(range(len(times)))


@pytest.mark.parametrize(("suffix", "codec"), [(".mkv", "libx264"), (".flv", "flv"), (".webm", "libvpx")])
@pytest.mark.parametrize(
    "fps", [Fraction(24000, 1001), Fraction(25), Fraction(30), Fraction(50), Fraction(60)], ids=str
)
@pytest.mark.parametrize("share", [0.1, 0.2])
def test_times_that_jitter_about_a_rate_have_it(
    tmp_path: Path, suffix: str, codec: str, fps: Fraction, share: float, fresh_seed: int
) -> None:
    rng, count = np.random.default_rng(fresh_seed), 60
    times = [0.0, *(float((place + rng.uniform(-share, share)) / fps) for place in range(1, count))]
    path = make_film(tmp_path / f"a{suffix}", codec, count=count, fps=fps, times=[round(time, 3) for time in times])
    with open_source(str(path)) as source:
        assert source.info.fps == pytest.approx(float(fps), rel=0.02)
        assert numbers(frame.picture for frame in at_constant_rate(source, source.info.fps or fps)) == list(
            range(count)
        )
        assert [frame.time for frame in source] == pytest.approx(times, abs=0.0016)


def test_pictures_for_two_and_three_fields_in_turn_have_the_rate_of_their_film(tmp_path: Path) -> None:
    ends = [sum(2 + place % 2 for place in range(count)) * 1001 / 60000 for count in range(60)]
    path = make_film(tmp_path / "a.mkv", count=60, fps=Fraction(24000, 1001), times=ends)
    with open_source(str(path)) as source:
        assert source.info.fps == pytest.approx(24, rel=0.002)
        assert numbers(frame.picture for frame in at_constant_rate(source, source.info.fps or 24)) == list(range(60))


@pytest.mark.parametrize("ticks", [600, 1000])
@pytest.mark.parametrize("rate", [120, 144, 240])
@pytest.mark.parametrize("count", [40, 100])
def test_a_short_film_of_coarse_ticks_has_the_rate_that_is_meant(
    tmp_path: Path, ticks: int, rate: int, count: int
) -> None:
    """The average of a phone's slow motion in QuickTime's 1/600 s was 238.41 or 239."""
    film = tmp_path / "a.mov"
    with av.open(str(film), "w", options={"video_track_timescale": str(ticks)}) as made:
        stream = made.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for number in range(count):
            made.mux(stream.encode(av.VideoFrame.from_ndarray(numbered(number), "rgb24")))
        made.mux(stream.encode(None))
    with open_source(str(film)) as source:
        rates = {Fraction(rate), Fraction(rate * 1000, 1001)} if rate != 144 else {Fraction(144)}
        assert source.info.fps in rates
        assert numbers(frame.picture for frame in at_constant_rate(source, source.info.fps)) == list(range(count))


@pytest.mark.parametrize("sound", [None, "aac"])
def test_a_last_picture_that_claims_to_stay_for_hours_does_not(tmp_path: Path, sound: str | None) -> None:
    """As some recorders write it: half a million frames were recorded, all but sixty of them the last."""
    film, path = make_film(tmp_path / "a.mp4", count=50, audio=sound), tmp_path / "b.mp4"
    with av.open(str(film)) as source, av.open(str(path), "w") as sink:
        copies = {stream.index: sink.add_stream_from_template(stream) for stream in source.streams}
        packets = [packet for packet in source.demux() if packet.dts is not None]
        last = max((packet for packet in packets if packet.stream.type == "video"), key=lambda packet: packet.dts)
        last.duration = round(20_000 / last.time_base)
        for packet in packets:
            packet.stream = copies[packet.stream.index]
            sink.mux(packet)
    with open_source(str(path)) as source:
        assert source.info.duration == pytest.approx(2.0, abs=0.1)
        shown = numbers(frame.picture for frame in islice(at_constant_rate(source, Fraction(25)), 200))
        assert shown == list(range(50))
        assert "would stay for hours" in (source.remark or "")
    # One that stays long, as those before it did, stays.
    slow = make_film(tmp_path / "c.mp4", count=3, times=[0.0, 700.0, 1400.0])
    with open_source(str(slow)) as source:
        assert [frame.time for frame in source] == pytest.approx([0, 700, 1400])
        assert source.remark is None


@pytest.mark.parametrize("suffix", [".mkv", ".mov"])
def test_pictures_under_a_long_sound_are_as_long_as_they_are(tmp_path: Path, suffix: str) -> None:
    """Matroska does not say how long each of its streams is, only the whole."""
    path, seconds = tmp_path / f"a{suffix}", 20
    with av.open(str(path), "w") as made:
        stream, sound = made.add_stream("mpeg4", rate=1), made.add_stream("pcm_s16le", rate=8000, layout="mono")
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for number in range(2):
            made.mux(stream.encode(av.VideoFrame.from_ndarray(numbered(number), "rgb24")))
        made.mux(stream.encode(None))
        for second in range(0, 800, seconds):
            samples = av.AudioFrame.from_ndarray(np.zeros((1, 8000 * seconds), np.int16), "s16", "mono")
            samples.rate, samples.pts = 8000, 8000 * second
            made.mux(sound.encode(samples))
        made.mux(sound.encode(None))
    with open_source(str(path)) as source:
        assert source.info.duration == pytest.approx(2, abs=0.1)
        assert numbers(frame.picture for frame in source) == [0, 1]
        assert (source.remark, source.warning) == (None, None)
