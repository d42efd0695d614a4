"""Makes `demo.mp4`, the film the studio plays when nothing else was opened.

Six shots out of freely licensed pictures that Python packages carry (see `LICENSES.md`), each with a moving camera,
dissolving into one another and from the last into the first, so that the film loops without a seam. The sound is a
soft chord pad with a few bells, one chord a shot, which loops too.

    python -m tools.make_demo                       # pip-downloads the packages' wheels into a temporary folder
    python -m tools.make_demo --pictures WHEELS     # takes the wheels from a folder, and downloads what is missing

Needs numpy, opencv-python-headless and av. Its one random generator is seeded: the same versions make the same bytes.
"""

from __future__ import annotations

import argparse
import bz2
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tools.demo.pictures import Picture, film, read, still

SIZE = 512
FPS = 25
RATE = 48_000
DISSOLVE = 16
"""Frames of the dissolve between two shots."""
OVERSAMPLE = 2
"""Every frame is drawn this much larger, and averaged down: a zoom out must not shimmer."""


@dataclass(frozen=True)
class View:
    """Where the camera looks: a square of the picture.

    Attributes:
        x: Centre, in pixels of the picture.
        y: Centre, in pixels of the picture.
        width: Side of the square, in pixels of the picture.
        angle: Roll, in degrees.
        shift: How far what is near (depth 1) slides sideways against what is far (depth 0), in pixels of the picture.
    """

    x: float
    y: float
    width: float
    angle: float = 0.0
    shift: float = 0.0


@dataclass(frozen=True)
class Shot:
    """One shot: pictures, a camera path, and how much it has to be sharpened after enlargement.

    Attributes:
        frames: Length without the dissolve into the next shot.
        pictures: One picture, or a film's frames.
        start: The camera at the first frame.
        end: The camera when the next shot has taken over.
        depth: 0 far, 1 near, of the pictures' size; smooth, so that sliding stretches and never tears.
        sharpen: Amount of an unsharp mask.
    """

    frames: int
    pictures: list[Picture]
    start: View
    end: View
    depth: Picture | None = None
    sharpen: float = 0.0

    def draw(self, frame: int) -> Picture:
        """One frame, SIZE x SIZE RGB in 0..1."""
        t = frame / (self.frames + DISSOLVE - 1)
        # Half linear, half smoothstep: gentle at both ends and never at rest.
        e = 0.5 * t + 0.5 * t * t * (3 - 2 * t)
        a, b = self.start, self.end
        width = a.width * (b.width / a.width) ** e  # a steady zoom multiplies
        # The centre follows the width, so that an edge which both ends of the path frame is framed all along it.
        k = (width - a.width) / (b.width - a.width)
        angle = np.deg2rad(a.angle + (b.angle - a.angle) * e)
        n = SIZE * OVERSAMPLE
        u = ((np.arange(n, dtype=np.float32) + 0.5) / n - 0.5) * np.float32(width)
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        x = (cos * u[None, :] - sin * u[:, None]) + np.float32(a.x + (b.x - a.x) * k - 0.5)
        y = (sin * u[None, :] + cos * u[:, None]) + np.float32(a.y + (b.y - a.y) * k - 0.5)
        picture = self.pictures[min(frame, len(self.pictures) - 1)]
        high, wide = picture.shape[:2]
        if self.depth is not None:
            near = cv2.remap(self.depth, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            x = x - np.float32(a.shift + (b.shift - a.shift) * e) * near
        if min(x.min(), y.min()) < -1.0 or x.max() > wide or y.max() > high:
            raise ValueError(
                f"the camera leaves the picture ({wide} x {high}) at frame {frame}: "
                f"x {x.min():.0f}..{x.max():.0f}, y {y.min():.0f}..{y.max():.0f}"
            )
        large = cv2.remap(picture, x, y, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT_101)
        small = cv2.resize(large, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
        if self.sharpen:
            small = small + self.sharpen * (small - cv2.GaussianBlur(small, (0, 0), 1.4))
        return np.clip(small, 0.0, 1.0)


def smooth_mask(shape: tuple[int, int], polygons: list[list[tuple[int, int]]], blur: float) -> Picture:
    """A depth of 1 inside the polygons, 0 outside, with a soft edge."""
    mask = np.zeros(shape, np.float32)
    for polygon in polygons:
        cv2.fillPoly(mask, [np.array(polygon, np.int32)], 1.0)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), blur), np.float32)


def shots(folder: Path) -> list[Shot]:
    """The film, shot by shot."""
    flower = still(read("flower", folder))
    # The flowers are all that is warm in this picture; what lies behind them is out of focus and stretches unseen.
    warm = cv2.dilate((flower[..., 0] > flower[..., 2] + 0.12).astype(np.uint8), np.ones((9, 9), np.uint8))
    flower_depth = np.asarray(cv2.GaussianBlur(warm.astype(np.float32), (0, 0), 9), np.float32)

    raw = bz2.decompress(read("raccoon", folder))
    raccoon = np.frombuffer(raw, np.uint8).reshape(768, 1024, 3).astype(np.float32) / np.float32(255)
    raccoon_depth = smooth_mask(
        (768, 1024),
        [[(420, 40), (560, 0), (960, 60), (900, 300), (760, 500), (560, 520), (420, 330)]],
        40,
    )

    astronaut = still(read("astronaut", folder))
    astronaut_depth = smooth_mask(
        (512, 512),
        [
            [(150, 60), (180, 20), (230, 8), (285, 35), (300, 90), (270, 140), (165, 140)],
            [(60, 240), (120, 200), (300, 200), (350, 250), (360, 340), (500, 380), (512, 512), (20, 512)],
            [(130, 140), (310, 140), (320, 230), (110, 230)],
        ],
        16,
    )

    pagoda = still(read("pagoda", folder))
    pagoda_depth = smooth_mask(
        (427, 640),
        [
            [(195, 20), (215, 20), (345, 150), (350, 330), (350, 427), (70, 427), (60, 150)],
            [(0, 340), (640, 340), (640, 427), (0, 427)],
        ],
        18,
    )

    hubble = np.power(still(read("hubble", folder)), np.float32(0.85))
    bunny = film(read("bunny", folder), 8, 75 + DISSOLVE)
    return [
        Shot(60, [flower], View(330, 205, 385, -4, -9), View(318, 172, 215, 4, 9), flower_depth, 0.5),
        Shot(60, [raccoon], View(420, 470, 560, 3, -10), View(735, 250, 430, -3, 10), raccoon_depth),
        Shot(75, bunny, View(330, 365, 620, -1.5), View(435, 345, 660, 1.5)),
        Shot(60, [astronaut], View(228, 117, 222, 2, 7), View(262, 238, 455, -2, -7), astronaut_depth, 0.4),
        Shot(60, [pagoda], View(225, 285, 270, -2, 7), View(270, 206, 400, 1.5, -7), pagoda_depth, 0.5),
        Shot(60, [hubble], View(470, 430, 560, 0), View(560, 400, 330, 28)),
    ]


def frames_of(sequence: list[Shot]) -> list[NDArray[np.uint8]]:
    """Every frame of the film, from the first shot's first clear frame to its dissolve out of the last shot.

    Dissolves mix light, not code values.
    """
    out = []
    for index, shot in enumerate(sequence):
        before = sequence[index - 1]
        for frame in range(shot.frames):
            picture = shot.draw(frame)
            if frame < DISSOLVE:
                t = (frame + 1) / (DISSOLVE + 1)
                weight = np.float32(t * t * (3 - 2 * t))
                old = before.draw(before.frames + frame)
                picture = np.sqrt((1 - weight) * old * old + weight * picture * picture)
            out.append((picture * 255 + 0.5).astype(np.uint8))
        print(f"  shot {index + 1} of {len(sequence)}: {len(out) / FPS:5.2f} s")
    return out[DISSOLVE:] + out[:DISSOLVE]


def score(sequence: list[Shot]) -> NDArray[np.float32]:
    """A chord a shot: soft, detuned voices and a few bells in a large room, wrapped around so that it loops.

    Returns:
        Stereo samples, shape (2, samples), peak 0.35.
    """
    # D major 9, B minor 7/11, G major 9, E minor 9, A 6/9 sus, D over A: as MIDI notes, low to high.
    chords = [
        (38, 57, 61, 64, 66),
        (35, 57, 62, 64, 66),
        (43, 57, 59, 62, 66),
        (40, 55, 59, 62, 66),
        (45, 54, 59, 62, 64),
        (33, 57, 59, 62, 66),
    ]
    total = sum(shot.frames for shot in sequence) * RATE // FPS
    dry = np.zeros((2, total))
    start = 0
    for chord, shot in zip(chords, sequence, strict=True):
        hold = shot.frames * RATE // FPS
        fade = RATE  # a second each way, overlapping the neighbours
        length = hold + fade
        time = np.arange(length) / RATE
        rise = np.clip(np.arange(length) / fade, 0, 1)
        fall = np.clip((length - np.arange(length)) / fade, 0, 1)
        envelope = np.sin(np.pi / 2 * rise) ** 2 * np.sin(np.pi / 2 * fall) ** 2
        place = (start + np.arange(length)) % total
        for voice, note in enumerate(chord):
            pitch = 440.0 * 2 ** ((note - 69) / 12)
            for side in (0, 1):
                for detune in (-1, 1):
                    cents = detune * (3.0 + 0.7 * voice) + (side - 0.5) * 2.0
                    f = pitch * 2 ** (cents / 1200)
                    phase = 2 * np.pi * (f * time + 0.37 * voice + 0.21 * detune + 0.13 * side)
                    tone = np.sin(phase) + 0.30 * np.sin(2 * phase) + 0.10 * np.sin(3 * phase)
                    swell = 1 + 0.25 * np.sin(2 * np.pi * (0.23 + 0.07 * voice) * time + 1.9 * voice + 1.6 * side)
                    level = (0.9 if voice == 0 else 0.55) * (1.15 if (voice % 2) == side else 0.85)
                    dry[side, place] += level * tone * swell * envelope
        # A bell on the chord's upper notes every 0.6 s: something with an attack, for what listens to the sound.
        for beat in range(round(hold / RATE / 0.6)):
            ring = 2 * RATE
            time = np.arange(ring) / RATE
            pitch = 440.0 * 2 ** ((chord[1 + (3 * beat + beat // 4) % 4] + 12 - 69) / 12)
            bell = np.sin(2 * np.pi * pitch * time) + 0.35 * np.sin(2 * np.pi * 2.76 * pitch * time) * np.exp(-9 * time)
            bell *= np.exp(-3.2 * time) * np.clip(time / 0.006, 0, 1) * np.clip((2 - time) / 0.1, 0, 1)
            place = (start + round(0.6 * RATE * beat) + np.arange(ring)) % total
            dry[0, place] += (0.55 if beat % 2 else 0.95) * bell
            dry[1, place] += (0.95 if beat % 2 else 0.55) * bell
        start += hold
    dry = np.roll(dry, -DISSOLVE * RATE // FPS, axis=1)  # as the frames are turned, so that chords change with shots
    # The room: seeded noise dying away over two seconds and darkening, applied in a circle.
    rng = np.random.default_rng(7)
    seconds = np.arange(2 * RATE) / RATE
    wet = np.empty_like(dry)
    for side in (0, 1):
        room = rng.standard_normal(len(seconds)) * np.exp(-3.0 * seconds)
        room = np.convolve(room, np.hanning(48) / 24, mode="same")
        response = np.zeros(total)
        response[: len(room)] = room / np.sqrt(np.sum(room**2))
        wet[side] = np.fft.irfft(np.fft.rfft(dry[side]) * np.fft.rfft(response), total)
    mixed = dry / np.abs(dry).max() + 0.8 * wet / np.abs(wet).max()
    return np.asarray(0.35 * mixed / np.abs(mixed).max(), np.float32)


def encode(path: Path, frames: list[NDArray[np.uint8]], sound: NDArray[np.float32]) -> None:
    """Writes H.264 and AAC into an MP4, beside `path`, then renames it."""
    part = path.with_name(path.name + ".part")
    with av.open(str(part), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}) as container:
        video = container.add_stream("libx264", rate=FPS)
        video.width = video.height = SIZE
        video.pix_fmt = "yuv420p"
        video.time_base = Fraction(1, FPS)
        # One thread: x264's choices depend on their number, and the file should not depend on the machine's cores.
        video.options = {"crf": "19", "preset": "veryslow", "threads": "1", "bf": "2", "g": "50"}
        video.codec_context.color_range = 1
        video.codec_context.colorspace = 1
        video.codec_context.color_primaries = 1
        video.codec_context.color_trc = 1
        audio = container.add_stream("aac", rate=RATE)
        audio.layout = "stereo"
        audio.bit_rate = 128_000
        for index, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            # BT.709 written and declared: a decoder that believes the label and one that guesses by size agree least
            # on saturated colour, and the astronaut's suit is nothing else.
            frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
            frame.pts = index
            frame.time_base = Fraction(1, FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        for start in range(0, sound.shape[1], 1024):
            block = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(sound[:, start : start + 1024]), format="fltp", layout="stereo"
            )
            block.sample_rate = RATE
            block.pts = start
            block.time_base = Fraction(1, RATE)
            container.mux(audio.encode(block))
        container.mux(audio.encode())
    part.replace(path)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Make the studio's built-in demo film.")
    parser.add_argument("--pictures", type=Path, help="folder of the packages' wheels; missing ones are downloaded")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[1] / "resources" / "demo.mp4")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.pictures or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        sequence = shots(folder)
        frames = frames_of(sequence)
    encode(arguments.out, frames, score(sequence))
    print(f"{arguments.out}: {len(frames)} frames, {arguments.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
