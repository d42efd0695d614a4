"""Films made for tests: every frame carries its number as a row of black and white blocks, so that order, loss and
doubling are seen after any codec."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

BITS = 10
WIDTH, HEIGHT = 160, 96
RATE = 48000


def numbered(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """(height, width, 3) uint8: the number's bits from the left in the upper half; a red, a green and a blue block
    below, left to right."""
    picture = np.zeros((height, width, 3), np.uint8)
    for bit in range(BITS):
        left, right = bit * width // BITS, (bit + 1) * width // BITS
        picture[: height // 2, left:right] = 255 * (number >> bit & 1)
    for channel in range(3):
        picture[height // 2 :, channel * width // 3 : (channel + 1) * width // 3, channel] = 200
    return picture


def number_of(picture: np.ndarray) -> int:
    """The number that `numbered` wrote."""
    height, width = picture.shape[:2]
    row = picture[height // 8 : height * 3 // 8].mean(axis=(0, 2))
    return sum(
        int(row[(2 * bit + 1) * width // (2 * BITS)] > np.iinfo(picture.dtype).max / 2) << bit for bit in range(BITS)
    )


def numbers(pictures: Iterable[np.ndarray]) -> list[int]:
    return [number_of(picture) for picture in pictures]


def clicks(count: int) -> np.ndarray:
    """(samples,) float32: `count` seconds of silence with 20 ms of a loud tone at the start of each."""
    sound = np.zeros(count * RATE, np.float32)
    tone = 0.8 * np.sin(2 * np.pi * 1000 * np.arange(RATE // 50) / RATE)
    for second in range(count):
        sound[second * RATE : second * RATE + len(tone)] = tone
    return sound


def loud_times(path: Path) -> list[float]:
    """Seconds, on the film's clock from where its pictures start, at which the clicks of its sound begin."""
    times: list[float] = []
    with av.open(str(path)) as container:
        start = 0.0
        if container.streams.video and container.streams.video[0].start_time:
            start = float(container.streams.video[0].start_time * container.streams.video[0].time_base)
        resampler = av.AudioResampler("fltp", "mono", RATE)
        for frame in container.decode(audio=0):
            at = float(frame.pts * frame.time_base) - start
            for part in resampler.resample(frame):
                for place in np.flatnonzero(np.abs(part.to_ndarray()[0]) > 0.25):
                    time = at + place / RATE
                    if not times or time > times[-1] + 0.5:
                        times.append(time)
    return times


def sound_length(path: Path) -> float:
    with av.open(str(path)) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


def make_film(
    path: Path,
    codec: str = "libx264",
    *,
    count: int = 30,
    fps: Fraction = Fraction(25),
    times: list[float] | None = None,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    pixels: str = "yuv420p",
    options: dict[str, str] | None = None,
    audio: str | None = None,
    turn: int = 0,
    aspect: Fraction | None = None,
    draw: Callable[[int, int, int], np.ndarray] = numbered,
    matrix: int | None = None,
    container: dict[str, str] | None = None,
) -> Path:
    """Encode `count` numbered pictures; at `times`, in seconds, instead of a constant rate when given."""
    width, height = size
    usual = {"movflags": "faststart"} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=usual if container is None else container) as film:
        stream = film.add_stream(codec, rate=fps, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        base = Fraction(1, 1000) if times else 1 / fps
        stream.codec_context.time_base = stream.time_base = base
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if matrix:
            stream.codec_context.colorspace = matrix
        if turn and not hasattr(stream, "set_display_rotation"):
            pytest.skip("this PyAV cannot write a rotation")
        if turn:
            stream.set_display_rotation(turn)
        sound = film.add_stream(audio, rate=RATE, layout="mono") if audio else None
        if sound is not None:
            samples = clicks(round(count / fps))
            for start in range(0, len(samples), 960):
                kind = {"aac": "fltp", "libopus": "flt", "libmp3lame": "fltp"}.get(audio or "", "s16")
                block = samples[None, start : start + 960]
                block = block if kind != "s16" else (block * 32767).astype(np.int16)
                piece = av.AudioFrame.from_ndarray(block, format=kind, layout="mono")
                piece.sample_rate, piece.pts, piece.time_base = RATE, start, Fraction(1, RATE)
                film.mux(sound.encode(piece))
            film.mux(sound.encode(None))
        for index in range(count):
            frame = av.VideoFrame.from_ndarray(draw(index, width, height), format="rgb24")
            if matrix:
                frame = frame.reformat(format=pixels, dst_colorspace=matrix)
            frame.pts = round(times[index] / base) if times else index
            frame.time_base = base
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return path
