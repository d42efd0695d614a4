"""`studio render` for real: films and pictures in, recordings out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest
from commands import FPS, FRAMES, HEIGHT, WIDTH, endless_render, environment, flat
from helpers import on_torch, tiny_network

from studio.cli import progress
from studio.errors import StudioError
from studio.io.networks import save_network
from studio.io.sources import open_source
from studio.runtime.render.frame_runner import FrameRunner

StudioHere = Callable[..., tuple[int, str, str]]


def pictures_of(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def numbers_of(path: Path) -> list[int]:
    """Which frames of the made film a recording through the network that changes nothing holds."""
    return [round((float(picture.mean()) - 10) / 20) for picture in pictures_of(path)]


def has_sound(path: Path) -> bool:
    with av.open(str(path)) as container:
        return bool(container.streams.audio)


def rendered(studio_here: StudioHere, made: Path, output: object, *options: object, source: str = "film.mp4") -> str:
    preset = () if "--preset" in options else ("--preset", made / "identity")
    status, out, err = studio_here("render", made / source, output, *preset, "--engine", "torch", *options)
    assert status == 0, err
    return out + err


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.mov", "out.gif"])
def test_every_frame_is_recorded_once_at_the_films_size_and_rate(
    studio_here: StudioHere, made: Path, tmp_path: Path, name: str
) -> None:
    said = rendered(studio_here, made, name)

    assert numbers_of(tmp_path / name) == list(range(FRAMES))
    assert {picture.shape for picture in pictures_of(tmp_path / name)} == {(HEIGHT, WIDTH, 3)}
    assert f"{name}: {FRAMES} frames, 0.48 s" in said
    assert [file.name for file in tmp_path.iterdir()] == [name]
    with av.open(str(tmp_path / name)) as container:
        assert float(container.streams.video[0].average_rate) == pytest.approx(FPS, rel=0.01)


def test_the_real_command_bends_what_the_engine_bends(
    studio: Callable[..., subprocess.CompletedProcess[str]], made: Path, tmp_path: Path
) -> None:
    found = studio("render", made / "film.mp4", "out.mkv", "--codec", "ffv1", "--preset", made / "tiny")
    assert found.returncode == 0, found.stderr
    assert "Engine " in found.stderr
    assert ", because " in found.stderr
    bender = FrameRunner(on_torch(tiny_network()))
    wanted = [bender(picture) for picture in pictures_of(made / "film.mp4")]

    recorded = pictures_of(tmp_path / "out.mkv")
    assert len(recorded) == FRAMES
    assert max(np.abs(a.astype(int) - b).max() for a, b in zip(recorded, wanted, strict=True)) <= 1


@pytest.mark.gl
@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("engine", ["gl", "gl-fragment"])
def test_the_gl_engines_record_the_same(studio_here: StudioHere, made: Path, tmp_path: Path, engine: str) -> None:
    options = ("--preset", made / "tiny", "--codec", "ffv1")
    rendered(studio_here, made, "torch.mkv", *options)
    status, _, err = studio_here("render", made / "film.mp4", "gl.mkv", "--engine", engine, *options)
    assert status == 0
    assert f"Engine {engine} on " in err
    pairs = zip(pictures_of(tmp_path / "torch.mkv"), pictures_of(tmp_path / "gl.mkv"), strict=True)
    assert max(np.abs(a.astype(int) - b).max() for a, b in pairs) <= 1


@pytest.mark.parametrize("name", ["a.mkv", "a/%03d.png"])
def test_rendering_twice_gives_the_same_pictures_bit_for_bit(
    studio_here: StudioHere, made: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    other = name.replace("a", "b", 1)
    for output in (name, other):
        rendered(studio_here, made, output, "--codec", "ffv1" if "mkv" in name else "png", "--preset", made / "tiny")
    if "mkv" in name:
        first, second = pictures_of(tmp_path / name), pictures_of(tmp_path / other)
    else:
        first, second = (
            [cv2.imread(str(file)) for file in sorted((tmp_path / folder).iterdir())] for folder in ("a", "b")
        )
    assert len(first) == FRAMES
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("frames", "wanted"), [("3:7", range(3, 7)), ("9:", range(9, 12)), (":2", range(2)), ("10:99", range(10, 12))]
)
def test_a_range_of_frames_is_recorded(
    studio_here: StudioHere, made: Path, tmp_path: Path, frames: str, wanted: range
) -> None:
    rendered(studio_here, made, "out.mp4", "--frames", frames)
    assert numbers_of(tmp_path / "out.mp4") == list(wanted)


@pytest.mark.parametrize(("fps", "count"), [("50", 24), ("12.5", 6), ("25", 12), ("0.5", 1)])
def test_another_rate_keeps_the_films_length(
    studio_here: StudioHere, made: Path, tmp_path: Path, fps: str, count: int
) -> None:
    rendered(studio_here, made, "out.mkv", "--fps", fps)
    numbers = numbers_of(tmp_path / "out.mkv")
    assert len(numbers) == count
    assert numbers == sorted(numbers)
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert float(container.streams.video[0].average_rate) == pytest.approx(float(fps), rel=0.01)


@pytest.mark.parametrize(("size", "shape"), [("32", (24, 32)), ("20x60", (60, 20)), ("source", (HEIGHT, WIDTH))])
def test_the_size_asked_for_is_recorded(
    studio_here: StudioHere, made: Path, tmp_path: Path, size: str, shape: tuple[int, int]
) -> None:
    rendered(studio_here, made, "out.mkv", "--size", size)
    assert pictures_of(tmp_path / "out.mkv")[0].shape == (*shape, 3)


def test_a_size_that_the_strides_do_not_divide_is_noted_and_cropped_back(
    studio_here: StudioHere, made: Path, tmp_path: Path
) -> None:
    said = rendered(studio_here, made, "out.mkv", "--size", "30x22", "--preset", made / "deep")
    assert "strides do not divide 30×22: it works on 32×24, cropped back" in said
    assert pictures_of(tmp_path / "out.mkv")[0].shape == (22, 30, 3)


def test_a_size_beyond_a_networks_bounds_is_refused(studio_here: StudioHere, made: Path, tmp_path: Path) -> None:
    network = tiny_network()
    inputs = tuple(replace(put, heights=(8, 32), widths=(8, None)) for put in network.graph.inputs)
    save_network(replace(network, graph=replace(network.graph, inputs=inputs)), tmp_path / "bounded")
    still = made / "still.png"
    status, _, error = studio_here("render", still, "out.png", "--preset", "bounded", "--size", "30x40")
    assert (status, error.count("\n")) == (2, 1)
    assert 'The input "input" takes heights of 8 to 32 and widths of 8 and more, not pictures of 30×40' in error
    assert studio_here("render", still, "out.png", "--preset", "bounded", "--size", "40x30")[0] == 0
    status, facts, _ = studio_here("info", "bounded")
    assert "heights of 8 to 32 and widths of 8 and more" in facts
    assert "At 256×32:" in facts


def test_a_layer_is_recorded_as_tiles(studio_here: StudioHere, made: Path, tmp_path: Path) -> None:
    rendered(studio_here, made, "out.mkv", "--layer", "enc", "--preset", made / "tiny")
    # Six maps of 24×32: three columns of two.
    assert pictures_of(tmp_path / "out.mkv")[0].shape[0] * pictures_of(tmp_path / "out.mkv")[0].shape[1] == 6 * 24 * 32
    assert len(pictures_of(tmp_path / "out.mkv")) == FRAMES


def test_a_layer_is_recorded_before_its_bends_or_after(studio_here: StudioHere, made: Path, tmp_path: Path) -> None:
    options = "--layer", "enc", "--preset", made / "tiny"
    bend = "--bend", "enc:Invert", "--bend", "enc:Multiply,factor=3"
    rendered(studio_here, made, "plain.mkv", *options)
    rendered(studio_here, made, "after.mkv", *options, *bend)
    rendered(studio_here, made, "before.mkv", *options, *bend, "--before-bends")
    plain, after, before = (pictures_of(tmp_path / f"{name}.mkv") for name in ("plain", "after", "before"))
    np.testing.assert_array_equal(before, plain)
    assert (np.asarray(after) != np.asarray(plain)).any()
    status, _, said = studio_here("render", made / "film.mp4", "out.mkv", "--before-bends")
    assert (status, "say which layer by --layer" in said) == (2, True)


@pytest.mark.parametrize(("option", "sound"), [("--audio", True), ("--no-audio", False)])
def test_sound_is_kept_unless_it_is_not_wanted(
    studio_here: StudioHere, made: Path, tmp_path: Path, option: str, sound: bool
) -> None:
    rendered(studio_here, made, "out.mp4", option)
    assert has_sound(tmp_path / "out.mp4") is sound


@pytest.mark.parametrize("source", ["still.png", "pixel.png"])
def test_a_still_picture_becomes_a_picture(studio_here: StudioHere, made: Path, tmp_path: Path, source: str) -> None:
    said = rendered(studio_here, made, "out.png", source=source)
    assert "out.png: 1 frame, " in said
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "out.png")), cv2.imread(str(made / source)))


def test_a_picture_of_one_pixel_goes_through_strides(studio_here: StudioHere, made: Path, tmp_path: Path) -> None:
    rendered(studio_here, made, "out.png", "--preset", made / "deep", source="pixel.png")
    assert cv2.imread(str(tmp_path / "out.png")).shape == (1, 1, 3)


def test_a_still_picture_is_held_for_as_long_as_is_asked(studio_here: StudioHere, made: Path, tmp_path: Path) -> None:
    rendered(studio_here, made, "out.mkv", "--frames", "2:9", source="still.png")
    recorded = pictures_of(tmp_path / "out.mkv")
    assert len(recorded) == 7
    assert all((picture == recorded[0]).all() for picture in recorded)


def test_an_earlier_recording_is_replaced_only_when_asked_and_survives_a_failure(
    studio_here: StudioHere, made: Path, tmp_path: Path
) -> None:
    rendered(studio_here, made, "out.mkv", "--frames", ":3")
    options = ("--preset", made / "identity", "--engine", "torch")
    status, _, err = studio_here("render", made / "film.mp4", "out.mkv", *options)
    assert status == 2
    assert "out.mkv exists already; give another name, or --overwrite" in err
    status, _, _ = studio_here("render", made / "film.mp4", "out.mkv", "--overwrite", *options, "--layer", "no")
    assert status == 2
    assert len(pictures_of(tmp_path / "out.mkv")) == 3
    rendered(studio_here, made, "out.mkv", "--overwrite")
    assert len(pictures_of(tmp_path / "out.mkv")) == FRAMES
    assert [file.name for file in tmp_path.iterdir()] == ["out.mkv"]


def shots(folder: Path, count: int = 6) -> Path:
    folder.mkdir()
    for number in range(count):
        cv2.imwrite(str(folder / f"frame_{number:05d}.png"), flat(number))
    return folder


@pytest.mark.parametrize("overwrite", [(), ("--overwrite",)])
@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("fr/frame_00001.png", "fr"),
        ("fr", "fr"),
        ("fr", "fr/frame_00003.png"),
        ("fr", "fr/bent"),
        ("fr", "fr/bent_%04d.png"),
        ("fr/frame_%05d.png", "fr/bent"),
        ("fr/*.png", "fr"),
        ("link", "fr"),
        ("fr", "link/new"),
        ("elsewhere.png", "fr"),
    ],
)
def test_no_recording_touches_a_person_s_pictures(
    studio_here: StudioHere, made: Path, tmp_path: Path, source: str, output: str, overwrite: tuple[str, ...]
) -> None:
    shots(tmp_path / "fr")
    (tmp_path / "link").symlink_to("fr")
    cv2.imwrite(str(tmp_path / "elsewhere.png"), flat(3))
    before = {file.name: file.read_bytes() for file in (tmp_path / "fr").iterdir()}
    options = ("--preset", made / "identity", "--engine", "torch", *overwrite)
    status, _, err = studio_here("render", source, output, *options)
    assert status == 2
    assert "lies in the folder" in err or "own source" in err or "the studio did not write" in err
    assert {file.name: file.read_bytes() for file in (tmp_path / "fr").iterdir()} == before
    assert {file.name for file in tmp_path.iterdir()} == {"fr", "link", "elsewhere.png"}


@pytest.mark.parametrize("place", [0, 3])
def test_a_broken_picture_in_a_folder_is_passed_over_and_named(
    studio_here: StudioHere, made: Path, tmp_path: Path, place: int
) -> None:
    broken = shots(tmp_path / "fr") / f"frame_{place:05d}.png"
    broken.write_bytes(broken.read_bytes()[:50])
    said = rendered(studio_here, made, "out.mkv", source=str(tmp_path / "fr"))
    assert "the picture before it stays" in said
    assert broken.name in said
    assert "WARN" not in said
    # The one before stands in its place, or at the start the one after.
    wanted = [0, 1, 2, 2, 4, 5] if place else [1, 1, 2, 3, 4, 5]
    assert numbers_of(tmp_path / "out.mkv") == wanted


@pytest.mark.parametrize("pattern", ["frame_%05d.png", "frame_%d.png", "*.png", "frame_0000?.png", "frame_[0-9]*.png"])
def test_pictures_that_are_named_alike_are_a_film(
    studio_here: StudioHere, made: Path, tmp_path: Path, pattern: str
) -> None:
    shots(tmp_path / "fr")
    cv2.imwrite(str(tmp_path / "fr" / "other.jpg"), flat(9))
    rendered(studio_here, made, "out.mkv", source=str(tmp_path / "fr" / pattern))
    assert numbers_of(tmp_path / "out.mkv") == list(range(6))


def test_what_was_recorded_before_a_failure_is_kept(
    studio_here: StudioHere, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when OpenGL fails half-way."""
    run, count = FrameRunner.run, 0

    def failing(self: FrameRunner, *arguments: object) -> object:
        nonlocal count
        count += 1
        if count == 9:
            raise StudioError("The graphics card is gone.")
        return run(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(FrameRunner, "run", failing)
    options = ("--preset", made / "identity", "--engine", "torch")
    status, _, err = studio_here("render", made / "film.mp4", "out.mkv", *options)
    assert status == 2
    assert "The graphics card is gone." in err
    # The first picture, which tells the size, is run twice.
    assert "What was recorded until then, 7 pictures, is kept in out.mkv." in err
    assert numbers_of(tmp_path / "out.mkv") == list(range(7))


@pytest.mark.parametrize("stream", ["stdout", "stderr", "both"])
def test_a_recording_goes_on_where_nobody_reads_what_is_said(made: Path, tmp_path: Path, stream: str) -> None:
    ends = {"stdout": ">&-", "stderr": "2>&-", "both": "2>&1 | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}"}
    command = f"{sys.executable} -m studio render {made}/film.mp4 out.mkv --preset {made}/identity --engine torch"
    found = subprocess.run(
        ["bash", "-c", f"{command} {ends[stream]}"], cwd=tmp_path, env=environment(), capture_output=True, check=False
    )
    assert numbers_of(tmp_path / "out.mkv") == list(range(FRAMES))
    assert found.returncode == 0


@pytest.mark.parametrize(("name", "bits"), [("out.mkv", 16), ("out.png", 16), ("out.mov", 10)])
def test_more_than_eight_bits_come_from_the_network_s_floats(
    studio_here: StudioHere, made: Path, tmp_path: Path, name: str, bits: int
) -> None:
    rendered(studio_here, made, name, "--bits", bits, "--preset", made / "tiny", "--frames", "0:1", source="still.png")
    feeder = FrameRunner(on_torch(tiny_network()))
    feeder.deep = True
    wanted = feeder(cv2.imread(str(made / "still.png"))[:, :, ::-1].copy())
    with open_source(str(tmp_path / name)) as source:
        found = next(iter(source)).picture
    assert wanted.dtype == found.dtype == np.uint16
    if bits == 16:
        np.testing.assert_array_equal(found, wanted)
    status, _, err = studio_here("render", made / "film.mp4", "b.mp4", "--bits", 12, "--preset", made / "identity")
    assert status == 2
    assert "h264 records 8 bits a value, not 12" in err


def test_a_log_has_lines_of_progress(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter(range(0, 400, 1))
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    progress.show_progress(iter(range(1, 41)), 40)
    assert capsys.readouterr().err.splitlines() == [
        "2 of 40 frames, 1.0 fps, 38 s left",
        "12 of 40 frames, 1.0 fps, 28 s left",
        "22 of 40 frames, 1.0 fps, 18 s left",
        "32 of 40 frames, 1.0 fps, 8 s left",
    ]


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1", "/dev/../dev/stderr", "/proc/self/fd/1"])
def test_a_pipe_is_no_place_for_a_recording(studio_here: StudioHere, made: Path, tmp_path: Path, name: str) -> None:
    """Where a stream leads to a file, a folder was made of that file's name."""
    status, _, err = studio_here("render", made / "film.mp4", name, "--preset", made / "identity", "--overwrite")
    assert status == 2
    assert f'cannot go to a pipe ("{name}")' in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", ".", "./", "made/.."])
def test_what_is_no_name_is_no_place_for_a_recording(
    studio_here: StudioHere, made: Path, tmp_path: Path, name: str
) -> None:
    status, _, err = studio_here("render", made / "film.mp4", name, "--preset", made / "identity", "--overwrite")
    assert status == 2
    assert "gives a recording no name" in err
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_is_no_source_and_told_so(studio_here: StudioHere, made: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p")
    for source in ("-", "p", "/dev/null"):
        status, _, err = studio_here("render", source, "a.mp4", "--preset", made / "identity")
        assert status == 2
        assert "is a pipe or a device" in err
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_a_folder_that_has_been_removed_is_one_sentence(
    studio_here: StudioHere, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    status, _, err = studio_here("render", made / "film.mp4", tmp_path / "a.mp4", "--preset", made / "identity")
    monkeypatch.chdir(tmp_path)
    assert status == 2
    assert "has been removed" in err


@pytest.mark.parametrize(
    ("name", "older", "number"),
    [("out.mp4", False, signal.SIGINT), ("out.mkv", True, signal.SIGINT), ("out.mov", False, signal.SIGTERM)],
)
def test_an_interrupt_leaves_a_finished_recording_and_status_130(
    made: Path, tmp_path: Path, name: str, older: bool, number: signal.Signals
) -> None:
    if older:
        (tmp_path / name).write_bytes(b"older")
    with endless_render(made, name, tmp_path, "--overwrite") as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=60)

    assert process.returncode == 130, err
    assert "Interrupted: the recording ends here." in err
    assert "Traceback" not in err
    kept = "out.part.mkv" if older else name
    recorded = pictures_of(tmp_path / kept)
    assert out.startswith(f"{kept}: {len(recorded)} frames")
    assert len(recorded) > 1
    if older:
        assert (tmp_path / name).read_bytes() == b"older"
        assert f"{name} is the older one, as it was." in err
    assert {file.name for file in tmp_path.iterdir()} == {name, kept}
