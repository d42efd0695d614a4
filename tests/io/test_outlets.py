"""Outlets and NDI as a source, each with a fake of its library: what is called, in which order, with which bytes."""

from __future__ import annotations

import sys
import threading
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from studio.errors import StudioError
from studio.io.outlets import outlet, outlets
from studio.io.outlets.base import NAME
from studio.io.sources import open_source, spout
from studio.model.declared.size import Size

PICTURE = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)


def put(monkeypatch: pytest.MonkeyPatch, name: str, **members: object) -> None:
    module = ModuleType(name)
    vars(module).update(members)
    monkeypatch.setitem(sys.modules, name, module)


def test_they_are_listed_and_another_is_refused() -> None:
    assert [each.name for each in outlets()] == ["camera", "ndi", "spout", "syphon"]
    with pytest.raises(StudioError, match='There is no outlet "fax"; there are camera, ndi, spout, syphon'):
        outlet("fax")


@pytest.mark.parametrize(
    ("name", "module", "extra"), [("camera", "pyvirtualcam", "camera"), ("ndi", "cyndilib", "ndi")]
)
def test_without_its_library_each_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, name: str, module: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(StudioError, match=rf"needs the package {module}; install it with .*\[{extra}\]"):
        outlet(name).open(Size(6, 8), 30.0)


@pytest.mark.parametrize(("name", "system"), [("spout", "Windows"), ("syphon", "macOS")])
def test_what_is_of_another_system_says_so(monkeypatch: pytest.MonkeyPatch, name: str, system: str) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(StudioError, match=f"is for {system} alone"):
        outlet(name).open(Size(6, 8), 30.0)


def test_a_virtual_camera_gets_rgb_and_says_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[np.ndarray] = []

    class Camera:
        device = "/dev/video9"

        def __init__(self, **options: object) -> None:
            if options["width"] == 2:
                raise RuntimeError("virtual camera output could not be started\nno device")
            assert options == {"width": 8, "height": 6, "fps": 30.0, "fmt": "rgb"}

        def send(self, frame: np.ndarray) -> None:
            if len(sent) == 1:
                raise RuntimeError("device gone")
            sent.append(frame.copy())

        def close(self) -> None:
            sent.append(np.zeros(0))

    put(monkeypatch, "pyvirtualcam", Camera=Camera, PixelFormat=SimpleNamespace(RGB="rgb"))
    line = outlet("camera").open(Size(6, 8), 30.0)
    assert line.where == "/dev/video9"
    line.send(PICTURE)
    np.testing.assert_array_equal(sent[0], PICTURE)
    with pytest.raises(StudioError, match="takes no pictures any more"):
        line.send(PICTURE)
    line.close()
    assert len(sent) == 2
    with pytest.raises(StudioError, match=r"There is no virtual camera .*could not be started no device"):
        outlet("camera").open(Size(2, 2), 30.0)


def test_ndi_gets_rgbx_in_turns_of_two_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []

    class Frame:
        def set_resolution(self, width: int, height: int) -> None:
            calls.append(("size", width, height))

        def set_fourcc(self, value: str) -> None:
            calls.append(("format", value))

        def set_frame_rate(self, rate: object) -> None:
            calls.append(("rate", rate))

    class Sender:
        def __init__(self, name: str, **options: object) -> None:
            assert (name, options) == (NAME, {"clock_video": False, "clock_audio": False})

        def set_video_frame(self, frame: Frame) -> None:
            assert isinstance(frame, Frame)

        def open(self) -> None:
            calls.append("open")

        def write_video_async(self, data: np.ndarray) -> None:
            calls.append(data)

        def close(self) -> None:
            calls.append("close")

    put(monkeypatch, "cyndilib")
    put(monkeypatch, "cyndilib.sender", Sender=Sender)
    put(monkeypatch, "cyndilib.video_frame", VideoSendFrame=Frame)
    put(monkeypatch, "cyndilib.wrapper")
    put(monkeypatch, "cyndilib.wrapper.ndi_structs", FourCC=SimpleNamespace(RGBX="RGBX"))
    line = outlet("ndi").open(Size(6, 8), 30.0)
    assert calls == [("size", 8, 6), ("format", "RGBX"), ("rate", 30), "open"]
    line.send(PICTURE)
    line.send(255 - PICTURE)
    first, second = calls[-2:]
    assert first.shape == (6 * 8 * 4,)
    np.testing.assert_array_equal(first.reshape(6, 8, 4)[:, :, :3], PICTURE)
    np.testing.assert_array_equal(second.reshape(6, 8, 4)[:, :, :3], 255 - PICTURE)
    line.close()
    assert calls[-1] == "close"


def test_spout_and_syphon_get_rgba(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []

    class Spout:
        def setSenderName(self, name: str) -> None:  # noqa: N802 - the library's name
            calls.append(name)

        def sendImage(self, pixels: np.ndarray, width: int, height: int, *rest: object) -> bool:  # noqa: N802
            calls.append((pixels.copy(), width, height, rest))
            return len(calls) < 4

        def setFrameSync(self, name: str) -> None:  # noqa: N802 - the library's name
            calls.append(name)

        def releaseSender(self) -> None:  # noqa: N802 - the library's name
            calls.append("released")

    monkeypatch.setattr(sys, "platform", "win32")
    put(monkeypatch, "SpoutGL", SpoutSender=Spout)
    line = outlet("spout").open(Size(6, 8), 30.0)
    line.send(PICTURE)
    pixels, width, height, rest = calls[1]
    assert (width, height, rest) == (8, 6, (0x1908, False, 0))
    np.testing.assert_array_equal(pixels[:, :, :3], PICTURE)
    assert (pixels[:, :, 3] == 255).all()
    with pytest.raises(StudioError, match="Spout takes no pictures any more"):
        line.send(PICTURE)
    line.close()
    assert calls[-1] == "released"

    published: list[Any] = []
    server = SimpleNamespace(
        device="gpu", publish_frame_texture=published.append, stop=lambda: published.append("stopped")
    )
    monkeypatch.setattr(sys, "platform", "darwin")
    put(monkeypatch, "syphon", SyphonMetalServer=lambda name: server if name == NAME else None)
    put(monkeypatch, "syphon.utils")
    copies: list[Any] = []
    put(monkeypatch, "syphon.utils.numpy", copy_image_to_mtl_texture=lambda *both: copies.append(both))
    put(monkeypatch, "syphon.utils.raw", create_mtl_texture=lambda *what: what)
    line = outlet("syphon").open(Size(6, 8), 30.0)
    line.send(PICTURE)
    np.testing.assert_array_equal(copies[0][0][:, :, :3], PICTURE)
    assert published == [("gpu", 8, 6)]
    line.close()
    assert published[-1] == "stopped"


class Finder:
    names: tuple[str, ...] = ()

    def open(self) -> None: ...

    def close(self) -> None: ...

    def wait_for_sources(self, timeout: float) -> bool:
        return timeout > 0

    def get_source_names(self) -> list[str]:
        return list(self.names)

    def get_source(self, name: str) -> str:
        return name


class Received:
    xres, yres = 0, 0

    def get_frame_rate(self) -> float:
        return 50.0

    def get_array(self) -> np.ndarray:
        return np.dstack([PICTURE, np.full((6, 8), 255, np.uint8)]).reshape(-1)


class Receiver:
    def __init__(self, color_format: str) -> None:
        assert color_format == "rgbx"
        self.frame_sync = self
        self.count = 0

    def set_video_frame(self, frame: Received) -> None:
        self.frame = frame

    def set_source(self, source: str) -> None:
        self.source = source

    def capture_video(self) -> None:
        # Nothing has come at first.
        self.count += 1
        if self.count > 2:
            self.frame.xres, self.frame.yres = 8, 6

    def disconnect(self) -> None: ...


def fake_network(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    Finder.names = names
    put(monkeypatch, "cyndilib")
    put(monkeypatch, "cyndilib.finder", Finder=Finder)
    put(monkeypatch, "cyndilib.receiver", Receiver=Receiver)
    put(monkeypatch, "cyndilib.video_frame", VideoFrameSync=Received)
    put(monkeypatch, "cyndilib.wrapper")
    recv = SimpleNamespace(RGBX_RGBA="rgbx")
    put(monkeypatch, "cyndilib.wrapper.ndi_recv", RecvColorFormat=recv)


def test_ndi_is_a_source_by_a_part_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_network(monkeypatch, "DESK (OBS)", "STAGE (Camera 2)")
    with open_source("ndi:camera") as source:
        frame = next(iter(source))
        np.testing.assert_array_equal(frame.picture, PICTURE)
        assert source.status == "live"
        assert source.info.description == 'NDI "camera" 8x6 50 fps'
    with open_source("ndi") as source:
        assert next(iter(source)).picture.shape == (6, 8, 3)
    with pytest.raises(StudioError, match=r'no NDI sender is called "fax"; there are DESK \(OBS\), STAGE'):
        open_source("ndi:fax")
    fake_network(monkeypatch)
    with pytest.raises(StudioError, match="no NDI sender was found; start one on this network, and try again"):
        open_source("ndi")
    monkeypatch.setitem(sys.modules, "cyndilib.finder", None)
    with pytest.raises(StudioError, match="NDI needs the package cyndilib"):
        open_source("ndi")


class SpoutReceiver:
    """A sender of one picture, which begins after some looks; of one thread, as OpenGL's contexts are."""

    there = True
    made: ClassVar[list[SpoutReceiver]] = []

    def __init__(self) -> None:
        self.thread, self.looks, self.name, self.released = threading.get_ident(), 0, "", False
        SpoutReceiver.made.append(self)

    def setReceiverName(self, name: str) -> None:  # noqa: N802 - the library's name
        self.name = name

    def receiveImage(self, buffer: np.ndarray | None, kind: int, invert: bool, fbo: int) -> bool:  # noqa: N802
        assert threading.get_ident() == self.thread
        assert (kind, invert, fbo) == (0x1908, False, 0)
        self.looks += 1
        if not self.there or self.name == "fax" or self.looks < 3:
            return False
        if buffer is not None:
            buffer[...] = np.dstack([PICTURE, np.full((6, 8), 255, np.uint8)])
        return True

    def isUpdated(self) -> bool:  # noqa: N802 - the library's name
        return self.there and self.name != "fax" and self.looks == 3

    def getSenderWidth(self) -> int:  # noqa: N802 - the library's name
        return 8

    def getSenderHeight(self) -> int:  # noqa: N802 - the library's name
        return 6

    def releaseReceiver(self) -> None:  # noqa: N802 - the library's name
        self.released = True


def test_spout_is_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StudioError, match="Spout is for Windows alone"):
        open_source("spout")
    monkeypatch.setattr(sys, "platform", "win32")
    put(monkeypatch, "SpoutGL", SpoutReceiver=SpoutReceiver)
    monkeypatch.setattr(spout, "_PATIENCE", 0.2)
    with open_source("spout:OBS") as source:
        np.testing.assert_array_equal(next(iter(source)).picture, PICTURE)
        assert source.info.description == 'Spout "OBS" 8x6 60 fps'
        assert (source.status, SpoutReceiver.made[-1].name) == ("live", "OBS")
    assert all(receiver.released for receiver in SpoutReceiver.made)
    with pytest.raises(StudioError, match='no Spout sender is called "fax"; let a program send'):
        open_source("spout:fax")
    monkeypatch.setattr(SpoutReceiver, "there", False)
    with pytest.raises(StudioError, match="no Spout sender was found; let a program send"):
        open_source("spout")
    monkeypatch.setitem(sys.modules, "SpoutGL", None)
    with pytest.raises(StudioError, match=r"Spout needs the package SpoutGL; install it with .*\[spout\]"):
        open_source("spout")


@pytest.mark.parametrize("is_rgba", [False, True])
def test_syphon_is_a_source_by_a_part_of_its_name(monkeypatch: pytest.MonkeyPatch, is_rgba: bool) -> None:
    with pytest.raises(StudioError, match="Syphon is for macOS alone"):
        open_source("syphon")
    stopped: list[str] = []

    class Client:
        is_valid = True
        has_new_frame = True

        def __init__(self, server: Any) -> None:
            self.server = server
            self.new_frame_image = SimpleNamespace(pixelFormat=lambda: 70 if is_rgba else 80)

        def stop(self) -> None:
            stopped.append(self.server.name)

    servers = [SimpleNamespace(app_name="OBS", name="Out"), SimpleNamespace(app_name="Resolume", name="Main")]
    order = PICTURE if is_rgba else PICTURE[:, :, ::-1]
    monkeypatch.setattr(sys, "platform", "darwin")
    directory = SimpleNamespace(servers=servers)
    put(monkeypatch, "syphon", SyphonServerDirectory=lambda: directory, SyphonMetalClient=Client)
    put(monkeypatch, "syphon.utils")
    image = np.dstack([order, np.full((6, 8), 255, np.uint8)])
    put(monkeypatch, "syphon.utils.numpy", copy_mtl_texture_to_image=lambda _: image)
    with open_source("syphon:main") as source:
        np.testing.assert_array_equal(next(iter(source)).picture, PICTURE)
        assert source.info.description == 'Syphon "main" 8x6 60 fps'
    assert stopped == ["Main"]
    with open_source("syphon") as source:
        assert next(iter(source)).picture.shape == (6, 8, 3)
    with pytest.raises(StudioError, match='no Syphon server is called "fax"; there are OBS Out, Resolume Main'):
        open_source("syphon:fax")
    directory.servers = []
    with pytest.raises(StudioError, match="no Syphon server was found; let a program publish"):
        open_source("syphon")
