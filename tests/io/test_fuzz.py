"""Damaged files of every kind that is read: each is read, or refused in one sentence, within a second and 2 GB."""

from __future__ import annotations

import io
import math
import random
import resource
import struct
import sys
import time
import warnings
import wave
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import safetensors.torch
import tifffile
import torch
from films import make_film, numbered
from helpers import branched_network, tiny_network
from PIL import Image, ImageCms
from test_exr import COLOURS, DEPTH, Part, exr
from test_heic import heic
from test_packed_tiffs import LZW, tiff
from test_photoshop_and_cineon import cineon, document

from studio.errors import LONGEST, StudioError
from studio.io.exporters import export_preset
from studio.io.importers import open_model
from studio.io.networks import load_network, save_network
from studio.io.npy import read_npy, write_npy
from studio.io.presets import list_presets, load_preset, save_preset
from studio.io.sinks import _manifest
from studio.io.sound import heard, samples
from studio.io.sources import open_source
from studio.model.networks.preset import Preset

IN_ALL = 10_000
_EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\1\0\0")


def mutated(data: bytes, rng: random.Random) -> bytes:
    """A few faults: bytes changed, lengths made extreme, pieces lost, doubled or moved, the end cut off."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 12))):
        place = rng.randrange(min(len(found), 600)) if rng.random() < 0.6 else rng.randrange(len(found))
        piece = rng.randrange(1, 40)
        match rng.randrange(7):
            case 0 | 1:
                found[place] = rng.randrange(256)
            case 2:
                found[place : place + 4] = rng.choice(_EXTREMES)
            case 3:
                del found[place : place + piece]
            case 4:
                found[place:place] = found[place : place + piece] * rng.choice((1, 1, 50))
            case 5:
                found[place : place + piece] = bytes(piece)
            case 6:
                del found[max(place, 1) :]
        if not found:
            return b"\0"
    return bytes(found)


def preset() -> Preset:
    network = tiny_network()
    name = next(iter(network.tensors))
    return Preset("a", network, {name: network.tensors[name] * 2})


def picture_file(path: Path) -> None:
    picture = numbered(341, 80, 48)
    by_ffmpeg = {"whole.exr": "gbrpf32le", "whole.hdr": "gbrpf32le", "whole.dpx": "gbrp10be"}
    if path.name in by_ffmpeg:
        with av.open(str(path), "w", format="image2") as container:
            stream = container.add_stream(path.suffix[1:], rate=25)
            stream.width, stream.height, stream.pix_fmt = 80, 48, by_ffmpeg[path.name]
            for packet in [*stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")), *stream.encode(None)]:
                container.mux(packet)
    elif path.suffix in (".avif", ".pcx", ".sgi"):
        Image.fromarray(picture).save(path)
    elif path.suffix == ".heic":
        path.write_bytes(heic())
    elif path.suffix == ".xpm":
        colours = '". c #FFFF00000000",\n"+ c gray50"'
        path.write_text(f'/* XPM */\nstatic char *a[] = {{\n"4 2 2 1",\n{colours},\n"..++",\n"+.+."\n}};\n')
    elif path.name == "parts.exr":
        path.write_bytes(exr(Part(COLOURS, tile=8), Part({"Z": DEPTH}, name="Z")))
    else:
        path.write_bytes(cv2.imencode(path.suffix, picture)[1].tobytes())


def film_file(path: Path) -> None:
    codec = {".gif": "gif", ".webm": "libvpx-vp9", ".mov": "prores_ks"}.get(path.suffix, "libx264")
    pixels = {".gif": "rgb8", ".mov": "yuv422p10le"}.get(path.suffix, "yuv420p")
    options = {"deadline": "realtime", "cpu-used": "8"} if path.suffix == ".webm" else {}
    sound = {".mp4": "aac", ".ts": "aac", ".avi": "pcm_s16le"}.get(path.suffix)
    make_film(path, codec, count=12, size=(80, 48), pixels=pixels, options=options, audio=sound)


def watch(path: Path) -> None:
    with open_source(str(path)) as source:
        for _, frame in zip(range(50), source, strict=False):
            assert frame.picture.ndim == 3


def state() -> dict[str, torch.Tensor]:
    layers = {"encoder.0": torch.nn.Conv2d(3, 4, 4, 2, 1), "decoder.0": torch.nn.ConvTranspose2d(4, 3, 4, 2, 1)}
    return {f"{name}.{key}": value for name, layer in layers.items() for key, value in layer.state_dict().items()}


def state_dict(path: Path) -> None:
    buffer = io.BytesIO()
    torch.save(state(), buffer, _use_new_zipfile_serialization=path.suffix != ".pth")
    path.write_bytes(buffer.getvalue())


class Sharp(torch.nn.Module):
    """A module whose tensors are those of a family."""

    def __init__(self) -> None:
        super().__init__()
        sizes = [(1, 6, 5), (6, 6, 3), (6, 4, 3), (4, 4, 3)]
        for number, (i, o, kernel) in enumerate(sizes, 1):
            setattr(self, f"conv{number}", torch.nn.Conv2d(i, o, kernel, padding=kernel // 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv4(self.conv3(self.conv2(self.conv1(x))))


def whole_module(path: Path) -> None:
    """By suffix: as it is saved now, as it was saved once, as TorchScript."""
    if path.suffix == ".weights":
        with warnings.catch_warnings():
            # People have such files all the same.
            warnings.simplefilter("ignore", DeprecationWarning)
            torch.jit.trace(Sharp(), torch.rand(1, 1, 8, 8)).save(str(path))
    else:
        torch.save(Sharp(), path, _use_new_zipfile_serialization=path.suffix == ".ckpt")


def pt2(path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Conv2d(4, 3, 3)).eval()
    torch.export.save(torch.export.export(module, (torch.randn(1, 3, 16, 16),)), path)


def sound_file(path: Path) -> None:
    tone = (np.sin(np.arange(4800) / 20) * 9000).astype(np.int16)
    if path.suffix == ".wav":
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 48000, 0, "NONE", ""))
            file.writeframes(tone.tobytes())
        return
    codec = {".mp3": "mp3", ".m4a": "aac"}.get(path.suffix, "flac")
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48000, layout="mono")
        for start in range(0, len(tone), 960):
            block = av.AudioFrame.from_ndarray(tone[None, start : start + 960], format="s16", layout="mono")
            block.sample_rate, block.pts = 48000, start
            container.mux(stream.encode(block))
        container.mux(stream.encode(None))


def listen(path: Path) -> None:
    for pieces in (samples(path), heard(path, 0.05)):
        for _, piece in zip(range(50), pieces, strict=False):
            assert piece.dtype == np.float32


def odd_picture(path: Path) -> None:
    """By suffix: kinds that Pillow writes, several pictures in one, a profile, deep and tiled TIFFs."""
    pictures = [Image.fromarray(numbered(k, 80, 48)) for k in range(4)]
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    deep = np.random.default_rng(0).integers(0, 65536, (48, 80, 3), np.uint16)
    match path.stem:
        case "moving":
            pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=40)
        case "profile":
            pictures[0].save(path, icc_profile=profile)
        case "deep":
            tifffile.imwrite(path, deep, photometric="rgb", compression="deflate", tile=(16, 16), bigtiff=True)
        case "pages":
            tifffile.imwrite(path, np.stack([np.asarray(picture) for picture in pictures]), photometric="rgb")
        case _:
            pictures[0].save(path)


def by_hand(path: Path) -> None:
    """Kinds that no library here writes."""
    values = np.random.default_rng(0).integers(0, 1024, (11, 19, 4))
    match path.suffix:
        case ".cin":
            path.write_bytes(cineon(values[:, :, :3]))
        case ".tif":
            rows = np.arange(21 * 136, dtype=np.uint8).reshape(21, 136)
            path.write_bytes(tiff(rows, LZW, bits=16, channels=2, predictor=2, strip=5, extra=2))
        case _:
            layers = struct.pack(">Q" if path.suffix == ".psb" else ">I", 6) + struct.pack(">h", -1) + bytes(4)
            planes = (values >> 2).astype(np.uint8)
            path.write_bytes(document(planes, 3, how=1, large=path.suffix == ".psb", layers=layers))


def recording(folder: Path) -> None:
    folder.mkdir()
    (folder / "a.png").write_bytes(b"x")
    _manifest.write(folder, {"a.png": _manifest.digest(b"x")})


def listed(folder: Path) -> None:
    list_presets(folder.parent)
    load_preset(folder)


# What is made, which file of it is damaged, and what reads it.
Case = tuple[Callable[[Path], object], str, Callable[[Path], object]]
KINDS: dict[str, Case] = {
    "network": (lambda path: save_network(branched_network(), path), "network.json", load_network),
    "preset": (lambda path: save_preset(preset(), path), "preset.json", listed),
    "recording": (recording, "recording.json", lambda path: _manifest.recorded(path)),
    "npy": (lambda path: write_npy(path, np.ones((4, 3, 2, 2), np.float32)), "", read_npy),
    "onnx": (lambda path: export_preset(preset(), path), "", open_model),
    "safetensors": (lambda path: path.write_bytes(safetensors.torch.save(state())), "", open_model),
    "pt": (state_dict, "", open_model),
    "pth": (state_dict, "", open_model),
    "pt2": (pt2, "", open_model),
    **dict.fromkeys(("ckpt", "bin", "weights"), (whole_module, "", open_model)),
    **dict.fromkeys(("png", "jpg", "tif", "bmp", "webp", "ppm", "exr", "avif"), (picture_file, "", watch)),
    **dict.fromkeys(("dpx", "hdr", "heic", "parts.exr", "pcx", "sgi", "xpm"), (picture_file, "", watch)),
    **dict.fromkeys(("jp2", "tga", "qoi", "dds", "ico"), (odd_picture, "", watch)),
    **dict.fromkeys(("moving.png", "moving.webp", "moving.avif"), (odd_picture, "", watch)),
    **dict.fromkeys(("profile.png", "profile.jpg", "profile.tif"), (odd_picture, "", watch)),
    **dict.fromkeys(("deep.tif", "pages.tif"), (odd_picture, "", watch)),
    **dict.fromkeys(("psd", "psb", "cin", "packed.tif"), (by_hand, "", watch)),
    **dict.fromkeys(("wav", "mp3", "flac", "m4a"), (sound_file, "", listen)),
    "tensors": (lambda path: save_network(tiny_network(), path), "enc.weight.npy", load_network),
    **dict.fromkeys(("mp4", "mkv", "gif", "avi", "webm", "ts", "mov"), (film_file, "", watch)),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    home, made = tmp_path_factory.mktemp("whole"), dict[str, Path]()

    def make(kind: str) -> Path:
        if kind not in made:
            path = home / (kind if KINDS[kind][1] or "." in kind else f"whole.{kind}")
            KINDS[kind][0](path)
            made[kind] = path
        return made[kind]

    return make


def refusal(read: Callable[[Path], object], path: Path) -> str | None:
    """In which sentence a file is refused; None where it is read. Anything else that is raised fails the test."""
    try:
        read(path)
    except StudioError as error:
        return str(error)
    return None


def try_damaged(kind: str, path: Path, count: int, seed: int) -> None:
    _, name, read = KINDS[kind]
    file = path / name if name else path
    data, rng = file.read_bytes(), random.Random(seed)
    read(path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(count):
        file.write_bytes(mutated(data, rng))
        seconds = math.inf
        # What is slow to read is so every time; a collection of garbage, or other threads, are not there again.
        for _ in range(3):
            began = time.process_time()
            sentence = refusal(read, path)
            seconds = min(seconds, time.process_time() - began)
            if seconds < 1:
                break
        assert sentence is None or 0 < len(sentence) <= LONGEST + 3
        kept = file.with_name(f"slow{number}")
        if seconds >= 1:
            kept.write_bytes(file.read_bytes())
        assert seconds < 1, f"{kept} took {seconds:.1f} s (seed {seed}, number {number})"
    file.write_bytes(data)
    unit = 1 if sys.platform == "darwin" else 1024
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit < 2 * 2**30


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_read_or_refused(kind: str, whole: Callable[[str], Path], fresh_seed: int) -> None:
    # The same ones every time, and others.
    try_damaged(kind, whole(kind), 16, 0)
    try_damaged(kind, whole(kind), 8, fresh_seed)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_thousands_of_damaged_files(kind: str, whole: Callable[[str], Path], fresh_seed: int) -> None:
    try_damaged(kind, whole(kind), IN_ALL // len(KINDS) + 1, fresh_seed)


def test_sentences_are_one_line_of_bounded_length() -> None:
    long = str(StudioError("wrong: " + "x" * 20_000 + "; do this"))
    assert len(long) <= LONGEST + 3
    assert long.startswith("wrong: xxx")
    assert long.endswith("xxx; do this")
    assert str(StudioError("a\nb\u2028c\x1b[31m")) == "a b c [31m"
