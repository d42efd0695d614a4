from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import psutil
import pytest
from films import HEIGHT, WIDTH, loud_times, make_film, numbered, numbers, sound_length

from studio.errors import StudioError
from studio.io.sinks import Sink, codec_for, codecs, fastest, open_sink
from studio.io.sources import at_constant_rate, open_source
from studio.model.declared.size import Size
from studio.model.networks.picture import shallow

NTSC = Fraction(30000, 1001)
FILMS = {"h264": "a.mp4", "prores": "a.mov", "ffv1": "a.mkv", "gif": "a.gif"}
ALL = FILMS | {"png": "a"}


def record(
    path: Path,
    codec: str,
    count: int = 40,
    fps: Fraction = NTSC,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    overwrite: bool = False,
) -> Sink:
    with open_sink(path, codec=codec, size=Size.from_wh(size), fps=fps, overwrite=overwrite) as sink:
        for number in range(count):
            sink.write(numbered(number, *size))
    return sink


def pictures(path: Path) -> list[np.ndarray]:
    with open_source(str(path)) as source:
        return [shallow(frame.picture) for frame in source]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def noise(seed: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_every_codec_works_here() -> None:
    found = codecs()
    assert {info.name for info in found} >= set(ALL)
    assert [info for info in found if not info.works] == []


def test_a_highest_rate_is_a_whole_number_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {name: fastest(name) for name in (*ALL, "none")} == {**dict.fromkeys(ALL), "gif": 50, "none": None}
    said = {"whole": 12, "word": "fast", "zero": 0, "less": -1, "part": 29.97}
    plugged_in = [SimpleNamespace(name=name, fastest=value) for name, value in said.items()]
    monkeypatch.setattr("studio.io.sinks.known", lambda: plugged_in)
    assert {name: fastest(name) for name in said} == {**dict.fromkeys(said), "whole": 12}


def test_codecs_are_guessed_from_the_path() -> None:
    guesses = {
        name: codec_for(Path("x") / name) for name in ("a.MP4", "a.mov", "a.mkv", "a.gif", "f", "%05d.png", "a.xyz")
    }
    assert guesses == {
        "a.MP4": "h264",
        "a.mov": "prores",
        "a.mkv": "ffv1",
        "a.gif": "gif",
        "f": "png",
        "%05d.png": "png",
        "a.xyz": None,
    }


@pytest.mark.parametrize("codec", ALL)
@pytest.mark.parametrize("fps", [NTSC, Fraction(25), Fraction(25, 2)])
def test_what_is_written_is_what_is_read(tmp_path: Path, codec: str, fps: Fraction) -> None:
    path = tmp_path / ALL[codec]
    sink = record(path, codec, fps=fps)
    assert names(tmp_path) == [path.name]
    assert sink.frames == 40
    assert sink.bytes_written > 500
    assert numbers(pictures(path)) == list(range(40))
    with open_source(str(path), fps=fps) as source:
        assert source.info.frames == 40
        assert source.info.duration == pytest.approx(40 / fps, abs=0.011)
        assert source.info.fps == pytest.approx(fps, rel=0.005 if codec == "gif" else 0)
        times = [frame.time for frame in source]
    assert times == pytest.approx([float(n / fps) for n in range(40)], abs=0.0051)


@pytest.mark.parametrize("codec", ["ffv1", "png"])
@pytest.mark.parametrize("size", [(WIDTH, HEIGHT), (33, 17)])
def test_lossless_is_bit_by_bit(tmp_path: Path, codec: str, size: tuple[int, int]) -> None:
    path = tmp_path / ALL[codec]
    with open_sink(path, codec=codec, size=Size.from_wh(size), fps=Fraction(25)) as sink:
        for seed in range(5):
            sink.write(noise(seed, *size))
    read = pictures(path)
    assert len(read) == 5
    for seed, picture in enumerate(read):
        assert np.array_equal(picture, noise(seed, *size))


def test_the_same_pictures_make_the_same_bytes(tmp_path: Path) -> None:
    found = []
    for name in ("first", "second"):
        path = tmp_path / f"{name}.mkv"
        with open_sink(path, codec="ffv1", size=Size(24, 32), fps=Fraction(25)) as sink:
            for seed in range(3):
                sink.write(noise(seed, 32, 24))
        found.append(path.read_bytes())
    assert found[0] == found[1]


@pytest.mark.parametrize("codec", ["h264", "prores"])
def test_odd_sizes_double_the_last_row_and_column(tmp_path: Path, codec: str) -> None:
    path = tmp_path / FILMS[codec]
    picture = numbered(5, 161, 97)
    picture[-1] = (0, 0, 255)
    picture[-3:] = picture[-1]
    with open_sink(path, codec=codec, size=Size(97, 161), fps=NTSC) as sink:
        for _ in range(3):
            sink.write(picture)
    read = pictures(path)[1]
    assert read.shape == (98, 162, 3)
    assert np.abs(read[97].astype(int) - (0, 0, 255)).mean() < 20


@pytest.mark.parametrize("codec", ["h264", "prores"])
def test_colours_are_bt709_and_say_so(tmp_path: Path, codec: str) -> None:
    path = tmp_path / FILMS[codec]
    record(path, codec, 3)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        assert (frame.colorspace, frame.color_range) == (1, 1)
        context = stream.codec_context
        assert (context.color_primaries, context.color_trc) == (1, 1)
        luma = frame.reformat(format="yuv444p").to_ndarray()[0][
            HEIGHT * 3 // 4, [WIDTH // 6, WIDTH // 2, WIDTH * 5 // 6]
        ]
    # 16 + 219 * (0.2126 R + 0.7152 G + 0.0722 B) * 200 / 255; BT.601 would give 67, 117, 36.
    assert np.abs(luma.astype(int) - [53, 139, 28]).max() <= 2
    corner = pictures(path)[1][HEIGHT * 3 // 4, [WIDTH // 6, WIDTH // 2, WIDTH * 5 // 6]].astype(int)
    assert np.abs(corner - 200 * np.eye(3)).max() <= 4


def test_mp4_ends_as_an_ordinary_film(tmp_path: Path) -> None:
    record(tmp_path / "a.mp4", "h264", 100)
    data = (tmp_path / "a.mp4").read_bytes()
    boxes, place = [], 0
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        boxes.append(data[place + 4 : place + 8].decode())
        place += length if length > 1 else int.from_bytes(data[place + 8 : place + 16], "big")
    assert place == len(data)
    assert sorted({"moov", "mdat", "moof"} & set(boxes)) == ["mdat", "moov"]
    assert boxes.index("moov") < boxes.index("mdat"), "a web page plays it while it loads"
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].frames == 100
        assert container.duration == pytest.approx(100 / NTSC * 1_000_000, abs=1000)


def test_a_gif_loops(tmp_path: Path) -> None:
    record(tmp_path / "a.gif", "gif", 3, Fraction(25))
    data = (tmp_path / "a.gif").read_bytes()
    assert b"NETSCAPE2.0\x03\x01\x00\x00\x00" in data


def test_one_picture_and_patterns(tmp_path: Path) -> None:
    record(tmp_path / "one.png", "png", 1)
    assert numbers(pictures(tmp_path / "one.png")) == [0]
    with pytest.raises(StudioError, match="holds one picture: for more give a folder"):
        record(tmp_path / "two.png", "png", 2)
    record(tmp_path / "new" / "x%03d.png", "png", 3)
    assert names(tmp_path) == ["new", "one.png"]
    assert names(tmp_path / "new") == ["x000.png", "x001.png", "x002.png"]
    with pytest.raises(StudioError, match="exist already"):
        record(tmp_path / "new" / "x%03d.png", "png", 1)
    assert names(tmp_path) == ["new", "one.png"]


@pytest.mark.parametrize("digits", ["0999999999", "300", "21", "0" * 50])
def test_a_pattern_of_endless_numbers_is_refused(tmp_path: Path, digits: str) -> None:
    """Each name alone would take a gigabyte."""
    with pytest.raises(StudioError, match="digits; give 20 at most"):
        record(tmp_path / f"x%{digits}d.png", "png", 1)
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["new/x%03d.png", "frames"])
def test_what_is_given_up_takes_nothing_else_along(tmp_path: Path, name: str) -> None:
    """A picture that somebody has put in the place of a recorded one stays when the recording is given up."""
    sink = open_sink(tmp_path / name, codec="png", size=Size(HEIGHT, WIDTH), fps=NTSC)
    for number in range(3):
        sink.write(numbered(number))
    first, *_ = sorted(path for path in tmp_path.rglob("*.png"))
    first.write_bytes(b"a person's")
    sink.abort()
    assert [path.read_bytes() for path in tmp_path.rglob("*.png")] == [b"a person's"]


def frames(folder: Path) -> list[str]:
    return [name for name in names(folder) if name != "recording.json"]


@pytest.mark.parametrize("codec", ALL)
def test_nothing_is_replaced_unasked(tmp_path: Path, codec: str) -> None:
    path = tmp_path / ALL[codec]
    record(path, codec, 3)
    before = path.stat()
    with pytest.raises(StudioError, match="--overwrite"):
        record(path, codec, 2)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    record(path, codec, 2, overwrite=True)
    assert numbers(pictures(path)) == [0, 1]
    assert names(tmp_path) == [path.name]


@pytest.mark.parametrize("codec", ALL)
def test_what_comes_to_be_meanwhile_is_not_replaced(tmp_path: Path, codec: str) -> None:
    path = tmp_path / ALL[codec]
    sink = open_sink(path, codec=codec, size=Size(HEIGHT, WIDTH), fps=NTSC)
    sink.write(numbered(7))
    if codec == "png":
        path.mkdir()
        (path / "frame_00000.png").write_bytes(b"mine")
    else:
        path.write_bytes(b"mine")
    with pytest.raises(StudioError, match="is kept in"):
        sink.close()
    assert (path / "frame_00000.png" if codec == "png" else path).read_bytes() == b"mine"
    assert sink.kept == sink.part
    assert numbers(pictures(sink.part)) == [7]


def test_a_folder_s_own_recording_alone_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    record(folder, "png", 3)
    (folder / "notes.txt").write_text("mine")
    (folder / "sub").mkdir()
    sink = record(folder, "png", 2, overwrite=True)
    assert "notes.txt, sub, which the studio did not write" in (sink.warning or "")
    assert frames(folder) == ["frame_00000.png", "frame_00001.png", "notes.txt", "sub"]
    assert (folder / "notes.txt").read_text() == "mine"
    assert names(tmp_path) == ["frames"]


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("overwrite", [False, True])
def test_pictures_of_others_are_never_replaced_whatever_they_are_called(
    tmp_path: Path, listed: bool, overwrite: bool
) -> None:
    folder = tmp_path / "frames"
    if listed:
        record(folder, "png", 3)
    else:
        folder.mkdir()
    (folder / "frame_00001.png").write_bytes(b"retouched")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(StudioError, match=r"frame_00001\.png, which the studio did not write"):
        record(folder, "png", 1, overwrite=overwrite)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert names(tmp_path) == ["frames"]


@pytest.mark.parametrize("name", ["a.mp4", "one.png", "x%03d.png", "frames"])
def test_what_lies_beside_a_recording_is_left_alone(tmp_path: Path, name: str) -> None:
    """Whatever it is called: names that the studio might use on the way are no excuse."""
    beside = ["a.part.mp4", "a.part.mp4.part", "one.png.part", "x000.png.part", ".x000.png.part", "notes"]
    for other in beside:
        (tmp_path / other).write_bytes(b"a person's")
    (tmp_path / "frames.part").mkdir()
    (tmp_path / "frames.part" / "frame_00000.png").write_bytes(b"a person's")
    record(tmp_path / name, codec_for(tmp_path / name) or "", 1)
    sink = open_sink(tmp_path / f"b{name}", codec=codec_for(tmp_path / name) or "", size=Size(HEIGHT, WIDTH), fps=NTSC)
    sink.write(numbered(1))
    sink.abort()
    for path in [tmp_path / "frames.part" / "frame_00000.png", *(tmp_path / other for other in beside)]:
        assert path.read_bytes() == b"a person's"
    made = {"x%03d.png": "x000.png"}.get(name, name)
    assert names(tmp_path) == sorted({*beside, "frames.part", made})


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    record(tmp_path / "frames", "png", 2)
    assert frames(tmp_path / "frames") == ["frame_00000.png", "frame_00001.png"]


@pytest.mark.parametrize("codec", ALL)
@pytest.mark.parametrize("older", [False, True])
def test_an_exception_keeps_what_there_is_and_the_old(tmp_path: Path, codec: str, older: bool) -> None:
    path = tmp_path / ALL[codec]
    if older:
        record(path, codec, 2)
    with (
        pytest.raises(ZeroDivisionError) as raised,
        open_sink(path, codec=codec, size=Size(HEIGHT, WIDTH), fps=NTSC, overwrite=older) as sink,
    ):
        write_then_fail(sink)
    assert sink.kept == (sink.part if older else path)
    assert raised.value.__notes__ == [f"What was recorded until then, 50 pictures, is kept in {sink.kept}."]
    assert numbers(pictures(sink.kept)) == list(range(5, 55))
    if older:
        assert numbers(pictures(path)) == [0, 1]
    assert len(names(tmp_path)) == (2 if older else 1)
    with pytest.raises(StudioError, match="has ended"):
        sink.write(numbered(1))


def write_then_fail(sink: Sink) -> None:
    for number in range(50):
        sink.write(numbered(number + 5))
    raise ZeroDivisionError


@pytest.mark.parametrize("codec", ALL)
def test_nothing_written(tmp_path: Path, codec: str) -> None:
    with pytest.raises(StudioError, match="nothing was recorded"):
        record(tmp_path / ALL[codec], codec, 0)
    assert names(tmp_path) == []


@pytest.mark.parametrize("codec", ALL)
def test_wrong_pictures(tmp_path: Path, codec: str) -> None:
    with open_sink(tmp_path / ALL[codec], codec=codec, size=Size(HEIGHT, WIDTH), fps=NTSC) as sink:
        sink.write(numbered(0))
        for wrong in (numbered(0)[:-1], numbered(0).astype(np.float32), numbered(0)[:, :, 0]):
            with pytest.raises(StudioError, match="does not fit the recording"):
                sink.write(wrong)
        sink.write(numbered(1))
    assert numbers(pictures(tmp_path / ALL[codec])) == [0, 1]


def test_bad_places(tmp_path: Path) -> None:
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe.mp4")
    os.mkfifo(tmp_path / "pipe.png")
    cases = [
        ("nowhere/a.mp4", "h264", "nowhere does not exist"),
        ("nowhere/deep/%d.png", "png", "nowhere does not exist"),
        ("nowhere/frames", "png", "nowhere does not exist"),
        ("folder.mp4", "h264", "it is a folder"),
        ("file/a.mp4", "h264", "is not a folder"),
        ("a.webm", "h264", "end its name in .mp4"),
        ("a", "ffv1", "end its name in .mkv"),
        ("a.mp4", "h265", "there is no codec 'h265'; choose one of h264, prores"),
        ("file", "png", "is not a folder"),
        ("pipe.mp4", "h264", "it is a pipe or a device"),
        ("pipe.png", "png", "it is a pipe or a device"),
        ("a%d_%d.png", "png", "one number"),
        ("x" * 300 + ".mp4", "h264", "too long"),
        ("x" * 250 + ".mp4", "h264", "too long"),
        ("é" * 124 + ".mkv", "ffv1", "too long"),
        ("x" * 300 + ".png", "png", "too long"),
        ("x" * 300, "png", "too long"),
    ]
    for name, codec, message in cases:
        with pytest.raises(StudioError, match=message):
            open_sink(tmp_path / name, codec=codec, size=Size(32, 32), fps=NTSC)
    for rate in (Fraction(0), Fraction(1, 10**9), Fraction(10**9)):
        with pytest.raises(StudioError, match=f"frame rate of {rate} cannot"):
            open_sink(tmp_path / "a.mp4", codec="h264", size=Size(32, 32), fps=rate)
    with pytest.raises(StudioError, match="50 fps or fewer"):
        open_sink(tmp_path / "a.gif", codec="gif", size=Size(32, 32), fps=Fraction(60))
    with pytest.raises(StudioError, match="sides go from 1 to"):
        open_sink(tmp_path / "a.mp4", codec="h264", size=Size(32, 0), fps=NTSC)
    with pytest.raises(StudioError, match="no such file"):
        open_sink(tmp_path / "a.mp4", codec="h264", size=Size(32, 32), fps=NTSC, audio=tmp_path / "missing.mp4")
    assert names(tmp_path) == ["file", "folder.mp4", "pipe.mp4", "pipe.png"]


@pytest.mark.parametrize("codec", ALL)
def test_an_unwritable_folder(locked_folder: Path, codec: str) -> None:
    with pytest.raises(StudioError, match="permission is denied"):
        open_sink(locked_folder / ALL[codec], codec=codec, size=Size(32, 32), fps=NTSC)
    assert names(locked_folder) == []


RECORD_NOISE = """
    import os, signal, sys
    from fractions import Fraction
    from pathlib import Path
    import numpy as np
    from studio.io.sinks import open_sink
    from studio.model.declared.size import Size
    path, codec, audio, count = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    rng = np.random.default_rng(0)
    sound = Path(audio) if audio else None
    with open_sink(path, codec=codec, size=Size(96, 160), fps=Fraction(25), audio=sound) as sink:
        for number in range(count):
            sink.write(rng.integers(0, 256, (96, 160, 3), dtype=np.uint8))
            if number == int(os.environ.get("KILL_AT", 100)) and not os.environ.get("GO_ON"):
                os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("codec", ALL)
def test_a_killed_process_leaves_a_film(tmp_path: Path, codec: str) -> None:
    path = tmp_path / ALL[codec]
    sound = make_film(tmp_path / "sound.mp4", count=150, audio="aac") if codec in ("h264", "ffv1") else ""
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(RECORD_NOISE), str(path), codec, str(sound), "200"], check=False
    )
    assert child.returncode == -signal.SIGKILL
    part = next(found for found in tmp_path.iterdir() if ".part" in found.name)
    assert len(pictures(part)) >= 50
    assert not path.exists()
    if sound:
        assert sound_length(part) > 1
    # The next recording keeps that one.
    record(path, codec, 2)
    assert part.exists()
    assert numbers(pictures(path)) == [0, 1]


@pytest.mark.parametrize("codec", ["h264", "prores", "ffv1", "gif"])
def test_a_process_killed_early_leaves_nothing_that_claims_to_be_a_film(tmp_path: Path, codec: str) -> None:
    """Whatever is named like a film plays; what does not is hidden, and gone with the next recording."""
    path, shown = tmp_path / FILMS[codec], 0
    for number in (0, 3, 8, 13, 16, 19, 28):
        child = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(RECORD_NOISE), str(path), codec, "", "30"],
            check=False,
            env=os.environ | {"KILL_AT": str(number)},
        )
        assert child.returncode == -signal.SIGKILL
        for found in tmp_path.glob("[!.]*"):
            assert len(pictures(found)) >= 1
            shown += 1
    assert shown, "it was killed late enough for some"
    for found in tmp_path.glob(".*"):
        os.utime(found, (1, 1))
    record(path, codec, 2)
    assert not list(tmp_path.glob(".*"))


def limited(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("codec", ["h264", "prores", "ffv1", "gif"])
@pytest.mark.parametrize("room", [400_000, 1_300_000])
def test_a_full_disk_keeps_what_there_is(tmp_path: Path, codec: str, room: int) -> None:
    # A limit on the size of files fails as a full disk does, and needs no rights.
    path = tmp_path / FILMS[codec]
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(RECORD_NOISE), str(path), codec, "", "600"],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"GO_ON": "1"},
        preexec_fn=lambda: limited(room),
    )
    assert "StudioError: cannot write" in child.stderr
    assert "are kept in" in child.stderr
    assert names(tmp_path) == [path.stem + ".part" + path.suffix]
    assert len(pictures(tmp_path / names(tmp_path)[0])) >= 5


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "tiny"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("a small disk can only be mounted by root, outside a container without that right")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("codec", ALL)
def test_a_really_full_disk(tiny_disk: Path, codec: str) -> None:
    sink = open_sink(tiny_disk / ALL[codec], codec=codec, size=Size(HEIGHT, WIDTH), fps=NTSC)
    with pytest.raises(StudioError, match=r"the disk is full.*are kept in") as raised:
        write_noise(sink)
    sink.abort()
    assert sink.part.exists()
    told = int(re.search(r"(\d+) pictures are kept", str(raised.value))[1])  # type: ignore[index]
    assert told == len(pictures(sink.part)) >= 3


@pytest.mark.parametrize("codec", ["png", "exr"])
def test_a_picture_that_does_not_fit_is_closed_before_it_is_removed(
    tmp_path: Path, codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows removes nothing that is open: a hidden rest of it was left."""
    unlink, removed = Path.unlink, list[str]()

    def noted(path: Path, missing_ok: bool = False) -> None:
        assert str(path) not in {file.path for file in psutil.Process().open_files()}
        removed.append(path.name)
        unlink(path, missing_ok)

    sink = open_sink(tmp_path / "frames" / "", codec=codec, size=Size(HEIGHT, WIDTH), fps=NTSC)
    monkeypatch.setattr(Path, "unlink", noted)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(StudioError, match="cannot write"):
            write_noise(sink)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [name for name in removed if ".new" in name]
    assert not [path for path in tmp_path.rglob("*") if ".new" in path.name]


def test_a_full_disk_promises_no_picture_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = open_sink(tmp_path / "one.png", codec="png", size=Size(HEIGHT, WIDTH), fps=NTSC)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StudioError, match="nothing of it could be kept"):
        sink.write(noise(0))
    assert names(tmp_path) == []


@pytest.mark.parametrize("place", ["out", "out/%03d.png", "out.exr/%03d.exr", "kept/%03d.png"])
def test_a_disk_that_has_no_room_for_the_first_picture_has_nothing_left_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "a.txt").write_text("mine")
    codec = "exr" if place.endswith("exr") else "png"
    sink = open_sink(tmp_path / place, codec=codec, size=Size(HEIGHT, WIDTH), fps=NTSC)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("studio.io.sinks._pictures.put_in_place", full)
    with pytest.raises(StudioError, match="nothing of it could be kept"):
        sink.write(noise(0))
    assert names(tmp_path) == ["kept"]
    assert names(tmp_path / "kept") == ["a.txt"]


@pytest.mark.parametrize("codec", ALL)
def test_a_folder_that_is_removed_is_noticed_and_promises_nothing(tmp_path: Path, codec: str) -> None:
    (tmp_path / "out").mkdir()
    sink = open_sink(tmp_path / "out" / ALL[codec], codec=codec, size=Size(HEIGHT, WIDTH), fps=NTSC)
    sink.write(numbered(0))
    shutil.rmtree(tmp_path / "out")
    with pytest.raises(StudioError, match=r"has been removed meanwhile.*nothing of it could be kept"):
        sink.write(numbered(1))


def write_noise(sink: Sink) -> None:
    for seed in range(300):
        sink.write(noise(seed))


def test_a_disk_full_only_at_the_end_still_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    sink = open_sink(tmp_path / "a.mp4", codec="h264", size=Size(HEIGHT, WIDTH), fps=NTSC)
    for number in range(90):
        sink.write(numbered(number))
    monkeypatch.setattr("studio.io.sinks._film.sync", full)
    with pytest.raises(StudioError, match=r"the disk is full.*pictures are kept in .*a\.part\.mp4") as raised:
        sink.close()
    sink.abort()
    assert names(tmp_path) == ["a.part.mp4"]
    told = int(re.search(r"(\d+) pictures are kept", str(raised.value))[1])  # type: ignore[index]
    assert told == len(pictures(tmp_path / "a.part.mp4")) >= 60


@pytest.mark.parametrize(
    ("film", "audio", "target"),
    [
        ("s.mp4", "aac", "a.mp4"),
        ("s.mkv", "libmp3lame", "a.mp4"),
        ("s.webm", "libopus", "a.mp4"),
        ("s.ts", "aac", "a.mp4"),
        ("s.mov", "pcm_s16le", "a.mov"),
        ("s.mov", "pcm_s16le", "a.mp4"),
        ("s.webm", "libopus", "a.mkv"),
        ("s.avi", "pcm_s16le", "a.mkv"),
    ],
)
@pytest.mark.parametrize("start", [0.0, 2.5])
def test_the_sound_is_kept_in_step(tmp_path: Path, film: str, audio: str, target: str, start: float) -> None:
    codec = "libvpx-vp9" if film.endswith("webm") else "libx264"
    options = {"deadline": "realtime", "cpu-used": "8"} if film.endswith("webm") else {}
    source = make_film(tmp_path / film, codec, count=200, audio=audio, size=(32, 32), options=options)
    path = tmp_path / target
    fps = Fraction(25)
    name = codec_for(path) or ""
    with open_sink(path, codec=name, size=Size(32, 32), fps=fps, audio=source, audio_range=(start, None)) as sink:
        for _ in range(100):
            sink.write(np.zeros((32, 32, 3), np.uint8))
    assert sink.warning is None
    expected = [1.0, 2.0, 3.0] if start == 0 else [0.5, 1.5, 2.5, 3.5]
    heard = [time for time in loud_times(path) if 0.1 < time < 3.9]
    assert heard == pytest.approx(expected, abs=0.02)
    assert sound_length(path) == pytest.approx(4.0, abs=0.07)
    assert len(pictures(path)) == 100


@pytest.mark.parametrize("audio", ["pcm_s16le", "pcm_s24le", "pcm_f32le"])
@pytest.mark.parametrize("late", [0.0, 1.2])
def test_samples_are_copied_bit_by_bit_in_quicktime_and_late_sound_stays_late(
    tmp_path: Path, audio: str, late: float
) -> None:
    source, path = tmp_path / "s.mkv", tmp_path / "a.mov"
    kind, dtype = {"pcm_s16le": ("s16", np.int16), "pcm_s24le": ("s32", np.int32), "pcm_f32le": ("flt", np.float32)}[
        audio
    ]
    drawn = np.random.default_rng(0).uniform(-0.9, 0.9, 48000)
    samples = drawn.astype(np.float32) if kind == "flt" else (drawn * np.iinfo(dtype).max).astype(dtype)
    if audio == "pcm_s24le":
        samples &= ~0xFF
    with av.open(str(source), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        sound = container.add_stream(audio, rate=48000, layout="mono")
        for number in range(75):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), "rgb24")
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for start in range(0, 48000, 960):
            block = av.AudioFrame.from_ndarray(samples[None, start : start + 960], format=kind, layout="mono")
            block.sample_rate, block.pts, block.time_base = 48000, start + round(late * 48000), Fraction(1, 48000)
            container.mux(sound.encode(block))
    with open_sink(path, codec="prores", size=Size(32, 32), fps=Fraction(25), audio=source) as sink:
        for _ in range(75):
            sink.write(np.zeros((32, 32, 3), np.uint8))
    with av.open(str(path)) as container:
        assert container.streams.audio[0].codec_context.name == audio
        heard = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    begins = round(late * 48000)
    np.testing.assert_array_equal(heard[begins : begins + 48000], samples)
    assert not heard[:begins].any()


@pytest.mark.parametrize("target", ["a.mp4", "a.mkv", "a.mov"])
@pytest.mark.parametrize("forward", [True, False])
def test_sound_stays_in_step_where_the_clock_of_a_stream_jumps(tmp_path: Path, target: str, forward: bool) -> None:
    pieces = [make_film(tmp_path / f"{k}.ts", count=75, audio="aac", size=(32, 32)) for k in range(2)]
    # A stamp of 33 bits at 90 kHz: an hour more is written into every packet by writing the film anew.
    later = tmp_path / "later.ts"
    with av.open(str(pieces[1])) as film, av.open(str(later), "w", options={"output_ts_offset": "3600"}) as copy:
        streams = {stream.index: copy.add_stream_from_template(stream) for stream in film.streams}
        for packet in film.demux():
            if packet.dts is not None:
                shift = round(3600 / packet.time_base)
                packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                packet.stream = streams[packet.stream.index]
                copy.mux(packet)
    order = [pieces[0], later] if forward else [later, pieces[0]]
    source = tmp_path / "s.ts"
    source.write_bytes(b"".join(piece.read_bytes() for piece in order))
    path = tmp_path / target
    with (
        open_source(str(source)) as opened,
        open_sink(
            path, codec=codec_for(path) or "", size=Size(32, 32), fps=Fraction(25), audio=opened.audio_path
        ) as sink,
    ):
        for frame in at_constant_rate(opened, Fraction(25)):
            sink.write(shallow(frame.picture))
        assert opened.warning is None
    assert sink.frames == 150
    heard = [time for time in loud_times(path) if time > 0.1]
    # A click at the start of each second of each piece, of which the second begins at 3 s.
    assert [time for time in heard if abs(time - 3) > 0.3] == pytest.approx([1.0, 2.0, 4.0, 5.0], abs=0.04)


def test_the_sound_ends_where_it_is_told_to(tmp_path: Path) -> None:
    source = make_film(tmp_path / "s.mp4", count=150, audio="aac", size=(32, 32))
    for target in ("a.mp4", "a.mkv"):
        path = tmp_path / target
        with open_sink(
            path, codec=codec_for(path) or "", size=Size(32, 32), fps=Fraction(25), audio=source, audio_range=(1.0, 2.5)
        ) as sink:
            for _ in range(100):
                sink.write(np.zeros((32, 32, 3), np.uint8))
        assert sound_length(path) == pytest.approx(1.5, abs=0.05)
    with pytest.raises(StudioError, match="is empty; give a start before the end"):
        open_sink(tmp_path / "b.mkv", codec="ffv1", size=Size(32, 32), fps=NTSC, audio=source, audio_range=(2.0, 1.0))


@pytest.mark.parametrize("kind", ["damaged", "silent film", "no film", "gif"])
def test_sound_never_stops_a_recording(tmp_path: Path, kind: str) -> None:
    source = make_film(tmp_path / "s.mkv", count=100, size=(32, 32), audio=None if kind == "silent film" else "libopus")
    if kind == "no film":
        source.write_bytes(b"nothing" * 100)
    if kind == "damaged":
        data = bytearray(source.read_bytes())
        rng = np.random.default_rng(1)
        for place in rng.integers(2000, len(data), 800):
            data[place] = rng.integers(0, 256)
        source.write_bytes(bytes(data))
    path = tmp_path / ("a.gif" if kind == "gif" else "a.mp4")
    with open_sink(path, codec=codec_for(path) or "", size=Size(HEIGHT, WIDTH), fps=NTSC, audio=source) as sink:
        for number in range(60):
            sink.write(numbered(number))
    assert numbers(pictures(path)) == list(range(60))
    if kind != "damaged":
        assert sink.warning is not None
        assert "sound" in sink.warning or "cannot be read" in sink.warning


@pytest.mark.parametrize("codec", FILMS)
def test_memory_does_not_grow(tmp_path: Path, codec: str) -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    if not Path("/proc/self/statm").exists():
        pytest.skip("the memory in use is read from /proc")
    size, warm, more = {"gif": ((96, 64), 50, 300), "prores": ((320, 240), 30, 60)}.get(codec, ((320, 240), 100, 200))
    picture = numbered(341, *size)
    with open_sink(tmp_path / FILMS[codec], codec=codec, size=Size.from_wh(size), fps=Fraction(25)) as sink:
        for _ in range(warm):
            sink.write(picture)
        before = resident()
        for _ in range(more):
            sink.write(picture)
        # A quarter of what holding the pictures would take.
        assert resident() - before < more * picture.nbytes / 4


def test_a_film_goes_through_unchanged_in_length(tmp_path: Path) -> None:
    original = make_film(tmp_path / "s.mp4", count=90, fps=NTSC, audio="aac")
    with open_source(str(original)) as source:
        fps = source.info.fps
        assert fps is not None
        with open_sink(
            tmp_path / "a.mp4", codec="h264", size=source.info.size, fps=fps, audio=source.audio_path
        ) as sink:
            for frame in at_constant_rate(source, fps):
                sink.write(frame.picture)
    with open_source(str(tmp_path / "a.mp4")) as copy:
        assert numbers(frame.picture for frame in copy) == list(range(90))
        assert copy.info.duration == pytest.approx(90 / NTSC, abs=0.001)
        assert copy.info.has_audio
    assert loud_times(tmp_path / "a.mp4")[1:] == pytest.approx([1.0, 2.0], abs=0.02)


def test_a_link_stays_and_what_it_points_to_is_replaced(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "film.mp4").write_bytes(b"old")
    link = tmp_path / "link.mp4"
    link.symlink_to(elsewhere / "film.mp4")
    with open_sink(link, codec="h264", size=Size(32, 32), fps=NTSC, overwrite=True) as sink:
        assert sink.part.parent == elsewhere
        sink.write(np.zeros((32, 32, 3), np.uint8))
    assert link.is_symlink()
    assert (elsewhere / "film.mp4").stat().st_size > 100


@pytest.mark.skipif(os.name == "nt", reason="files have no such rights there")
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.gif", "a.png", "a"])
def test_what_is_replaced_hands_on_its_rights(tmp_path: Path, name: str) -> None:
    """A recording that nobody else might read became one that all may."""
    path = tmp_path / name
    for picture in (numbered(0), numbered(1)):
        with open_sink(
            path, codec=codec_for(path) or "", size=Size(HEIGHT, WIDTH), fps=Fraction(25), overwrite=True
        ) as sink:
            sink.write(picture)
        kept = [path, *path.iterdir()] if path.is_dir() else [path]
        if not picture[0, 0, 0]:
            for each in kept:
                each.chmod(0o700 if each.is_dir() else 0o600)
    assert {stat.S_IMODE(each.stat().st_mode) for each in kept} == ({0o600, 0o700} if len(kept) > 1 else {0o600})


@pytest.mark.skipif(os.name == "nt", reason="files have no such rights there")
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.gif", "a.png", "a"])
def test_what_replaces_a_private_file_is_private_while_it_grows(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    pictures = [numbered(number) for number in range(60)]

    def recorded(check: bool) -> None:
        count = 1 if name == "a.png" else len(pictures)
        with open_sink(
            path, codec=codec_for(path) or "", size=Size(HEIGHT, WIDTH), fps=Fraction(25), overwrite=True
        ) as sink:
            for picture in pictures[:count]:
                sink.write(picture)
                beside = [each for each in tmp_path.iterdir() if each != path]
                assert beside
                assert not check or {stat.S_IMODE(each.stat().st_mode) & 0o077 for each in beside} == {0}

    recorded(check=False)
    path.chmod(0o700 if path.is_dir() else 0o600)
    recorded(check=True)
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
