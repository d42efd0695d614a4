"""Frames shared among processes: those that one process makes, in order; what goes wrong in one is said."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import psutil
import pytest
from helpers import layer, network, normal, tiny_network

from studio.cli.bending import parse_bend, with_stages
from studio.cli.moving import with_movement
from studio.engine.devices import open_on
from studio.engine.gl.driver.device import Device
from studio.errors import StudioError
from studio.io.opening import open_preset
from studio.io.packed import packed, unpacked
from studio.model.declared.size import Size
from studio.model.movement.modulator import NOTHING, Measurements
from studio.model.networks.inputs import Input
from studio.model.networks.latent import LatentPath
from studio.model.networks.network import Network, same_bits
from studio.model.networks.picture import DeepPicture
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array
from studio.paths import PRESETS
from studio.runtime.render.coming import DeepComing
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Listen, Mover, feeds_back
from studio.runtime.render.offline import render
from studio.runtime.render.ring import Ring, bytes_of, memory_to_share
from studio.runtime.render.shared import Lanes, render_shared

RATE = 10.0


class Kept:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.pictures: list[DeepPicture] = []

    def write(self, picture: DeepPicture) -> None:
        self.pictures.append(picture.copy())


def drawn(count: int, *, deep: Sequence[int] = (), size: tuple[int, int] = (8, 12)) -> list[DeepPicture]:
    """Pictures, brighter and brighter; those of these numbers with 16 bits a value."""
    found: list[DeepPicture] = []
    for k in range(count):
        bright = np.clip(normal(*size, 3, seed=k) * 0.2 + 0.1 * (k + 1), 0.0, 1.0)
        found.append((bright * 65535).astype(np.uint16) if k in deep else (bright * 255).astype(np.uint8))
    return found


def bent_by(made: Network, *, bends: Sequence[str] = (), moves: Sequence[str] = ()) -> Preset:
    return with_movement(with_stages(Preset("made", made, {}), tuple(map(parse_bend, bends))), moves, "")


def silence(time: float) -> Measurements:
    del time
    return NOTHING


def children() -> list[psutil.Process]:
    return [each for each in psutil.Process().children() if "lane_child" in " ".join(each.cmdline())]


def both_are_up(counts: Iterator[int]) -> None:
    """Until each of two lanes has made a frame: before that it may have just begun, and hear as any program does."""
    assert [next(counts) for _ in range(2)] == [1, 2]


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Iterator[None]:
    yield
    assert children() == []


def lanes_of(
    preset: Preset,
    engine: str,
    *devices: str,
    path: LatentPath | None = None,
    deep: bool = False,
    listen: Listen = silence,
) -> Lanes:
    feeder = FrameRunner(open_on(preset.bent, "torch", "cpu"), None, path)
    feeder.deep = deep
    return Lanes(preset, engine, devices, feeder, listen)


def shared(lanes: Lanes, pictures: Sequence[DeepPicture]) -> list[DeepPicture]:
    sink = Kept()
    assert list(render_shared(pictures, lanes, lambda frame: frame / RATE, sink)) == list(range(1, len(pictures) + 1))
    return sink.pictures


def alone(lanes: Lanes, pictures: Sequence[DeepPicture]) -> list[DeepPicture]:
    engine = open_on(lanes.preset.bent, lanes.engine, lanes.devices[0])
    feeder, sink, numbers = FrameRunner(engine, None, lanes.feeder.path), Kept(), iter(range(len(pictures)))
    feeder.deep = lanes.feeder.deep
    mover = Mover(lanes.preset, engine, feeder, None, lanes.listen)

    def bend(picture: DeepPicture) -> DeepComing:
        frame = next(numbers)
        return mover.later(picture, frame / RATE, frame)

    list(render(pictures, bend, sink))
    engine.close()
    return sink.pictures


def assert_same(found: Sequence[DeepPicture], wanted: Sequence[DeepPicture]) -> None:
    assert len({each.tobytes() for each in wanted}) == len(wanted)
    for mine, right in zip(found, wanted, strict=True):
        assert mine.dtype == right.dtype
        np.testing.assert_array_equal(mine, right)


NOISE = "act:Noise,strength=0.5,seed=3"
MOVING = {
    "lfo": "/bend/1/strength=lfo,rate=1.3,depth=0.4",
    "motion": "/bend/1/strength=picture,of=motion,depth=0.5",
    "sound": "/bend/1/strength=sound,band=low,depth=0.5",
    "seed": "/bend/1/seed=lfo,rate=1.3,depth=0.4",
}


def heard(time: float) -> Measurements:
    """Louder and louder, and an onset each half second."""
    return Measurements({"sound/low": time / 3}, {"sound/onset": time // 0.5 * 0.5})


@pytest.mark.parametrize("move", MOVING.values(), ids=MOVING.keys())
def test_frames_are_those_of_one_process_whatever_moves(move: str) -> None:
    lanes = lanes_of(bent_by(tiny_network(), bends=[NOISE], moves=[move]), "torch", "cpu", "cpu", listen=heard)
    pictures = drawn(9)
    assert_same(shared(lanes, pictures), alone(lanes, pictures))


def test_pictures_of_more_bits_come_and_go_whole() -> None:
    lanes = lanes_of(bent_by(tiny_network()), "torch", "cpu", "cpu", "cpu", deep=True)
    pictures = drawn(8, deep=(1, 2, 5))
    assert_same(shared(lanes, pictures), alone(lanes, pictures))


@pytest.mark.parametrize("path", [None, LatentPath(seed=4, pace=0.3)], ids=["its own way", "as asked"])
def test_vectors_go_on_their_way_in_every_process(path: LatentPath | None) -> None:
    made = network(
        layer("full", "ConvTranspose2d", "z", in_channels=5, out_channels=3, kernel_size=4),
        layer("out", "Sigmoid", "full"),
        inputs=(Input("z", 5, kind="vector"),),
    )
    moves = [] if path else ["/generator/pace=lfo,rate=0.7,depth=0.5"]
    lanes = lanes_of(bent_by(made, moves=moves), "torch", "cpu", "cpu", path=path)
    pictures = drawn(7, size=(4, 4))
    assert_same(shared(lanes, pictures), alone(lanes, pictures))


def test_frames_of_opengl_are_those_of_one_process(gl_device: Device) -> None:
    del gl_device  # skips where there is no OpenGL
    lanes = lanes_of(bent_by(tiny_network(), bends=[NOISE], moves=[MOVING["lfo"]]), "gl", "0", "0")
    pictures = drawn(6)
    assert_same(shared(lanes, pictures), alone(lanes, pictures))


def test_a_recording_that_fails_at_its_end_leaves_no_process() -> None:
    class Full(Kept):
        def write(self, picture: DeepPicture) -> None:
            if len(self.pictures) == 3:
                raise OSError("the disk is full")
            super().write(picture)

    sink = Full()
    with pytest.raises(OSError, match="the disk is full"):
        list(render_shared(drawn(4), lanes_of(bent_by(tiny_network()), "torch", "cpu", "cpu"), float, sink))
    assert len(sink.pictures) == 3


def test_no_picture_starts_no_process() -> None:
    assert shared(lanes_of(bent_by(tiny_network()), "torch", "cpu", "cpu"), []) == []


def test_what_a_lane_cannot_do_is_a_sentence_behind_the_frames_before_it(gl_device: Device) -> None:
    del gl_device  # skips where there is no OpenGL
    sink = Kept()
    lanes = lanes_of(bent_by(tiny_network()), "gl", "0", "4242")
    with pytest.raises(StudioError, match="4242"):
        list(render_shared(drawn(9), lanes, float, sink))
    assert len(sink.pictures) == 1


def test_a_defect_of_a_lane_comes_with_its_traceback() -> None:
    lanes = lanes_of(bent_by(tiny_network()), "torch", "cpu", "no device")
    with pytest.raises(RuntimeError, match=r"(?s)device no device\.\nTraceback.*open_on"):
        list(render_shared(drawn(9), lanes, float, Kept()))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_killed_process_is_told_of_behind_the_frames_before_it() -> None:
    sink = Kept()
    counts = render_shared(iter(drawn(400)), lanes_of(bent_by(tiny_network()), "torch", "cpu", "cpu"), float, sink)
    assert [next(counts) for _ in range(3)] == [1, 2, 3]
    victim = children()[1]
    victim.kill()
    with pytest.raises(StudioError, match=r"on device cpu was ended by SIGKILL; render again"):
        list(counts)
    assert 3 <= len(sink.pictures) < 400


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_processes_end_with_the_render_alone_and_not_at_an_interrupt() -> None:
    sink = Kept()
    counts = render_shared(iter(drawn(60)), lanes_of(bent_by(tiny_network()), "torch", "cpu", "cpu"), float, sink)
    both_are_up(counts)
    running = children()
    assert len(running) == 2
    for each in running:
        each.terminate()
    for _ in range(10):
        next(counts)
    counts.close()
    assert not psutil.wait_procs(running, timeout=60)[1]
    assert len(sink.pictures) == 12


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is shared otherwise")
@pytest.mark.parametrize("call", ["os.memfd_create", "mmap.mmap", "subprocess.Popen"])
def test_what_a_system_refuses_a_lane_is_a_sentence(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    lanes = lanes_of(bent_by(tiny_network()), "torch", "cpu", "cpu")
    monkeypatch.setattr(call, refuses)
    with pytest.raises(StudioError, match=r"for device cpu \(Cannot allocate memory\); leave out --devices"):
        list(render_shared(drawn(2), lanes, float, Kept()))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is shared otherwise")
def test_the_memory_has_no_name() -> None:
    counts = render_shared(iter(drawn(60)), lanes_of(bent_by(tiny_network()), "torch", "cpu", "cpu"), float, Kept())
    both_are_up(counts)
    for each in children():
        mapped = [line.split()[5:] for line in Path(f"/proc/{each.pid}/maps").read_text("utf-8").splitlines()]
        assert ["/memfd:studio", "(deleted)"] in mapped
    counts.close()


def test_what_is_broken_at_the_end_is_told_by_who_made_it() -> None:
    made = tiny_network()
    lanes = lanes_of(bent_by(made), "torch", "cpu", "cpu")
    shared(lanes, drawn(2))
    assert lanes.broken == ""
    lanes.preset = Preset("broken", made, {"dec.weight": np.full_like(made.tensors["dec.weight"], np.nan)})
    list(render_shared(drawn(2), lanes, float, Kept()))
    assert lanes.broken == "dec"


@pytest.mark.parametrize("name", sorted(each.name for each in PRESETS.iterdir() if (each / "preset.json").is_file()))
def test_a_preset_is_handed_on_to_the_bit(name: str) -> None:
    preset = open_preset(name)
    document, tensors = packed(preset)
    rest = iter(tensors)

    def tensor(shape: tuple[int, ...]) -> Array:
        found = next(rest)
        assert found.shape == shape
        return found

    again = unpacked(document, tensor)
    assert next(rest, None) is None
    assert again.network.sha256() == preset.network.sha256()
    assert again.network.graph == preset.network.graph
    assert {key.name: value for key, value in again.sections.items()} == {
        key.name: value for key, value in preset.sections.items() if value != key.default
    }
    assert again.changed.keys() == preset.changed.keys()
    assert all(same_bits(again.changed[each], preset.changed[each]) for each in preset.changed)


def test_pictures_lie_in_slots_of_their_own() -> None:
    pictures = drawn(5, deep=(1, 3))
    size = bytes_of(3, Size(8, 12), Size(2, 2))
    with memory_to_share(size) as (memory, _, _):
        ring = Ring(memory, 3)
        for number, each in enumerate(pictures):
            ring.put(number, each)
            first = max(0, number - 2)
            assert_same([ring.picture(k) for k in range(first, number + 1)], pictures[first : number + 1])


@pytest.mark.parametrize(
    ("moves", "wanted"),
    [
        ([], False),
        (["/feedback/zoom=lfo,rate=1"], False),
        (["/feedback/amount=lfo,rate=1"], True),
    ],
)
def test_what_feeds_back_is_known(moves: list[str], wanted: bool) -> None:
    assert feeds_back(bent_by(tiny_network(), moves=moves)) is wanted
