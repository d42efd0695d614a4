"""Cameras: a thread captures, the newest frame wins, and a camera that dies is waited for."""

from __future__ import annotations

import contextlib
import re
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from studio.errors import StudioError
from studio.io.resize import resized
from studio.io.sources._capture import CaptureLike, Opener
from studio.io.sources._shared_camera import Cameras
from studio.io.sources.base import BaseSource, Frame, Source, SourceInfo, rate_text
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture
from studio.model.views.camera_setup import CameraSetup, is_camera, setup_given

_DEFAULT_RATE = Fraction(30)
# Some cameras give nothing, or black, for the first moments.
_WARM_UP_READS = 20
# OpenCV's numbers of what a camera can be asked for.
_HEIGHT, _WIDTH, _FPS, _EXPOSURE, _AUTO_EXPOSURE = 4, 3, 5, 15, 21
# V4L2 has numbers of its own for who sees to the exposure; other systems have OpenCV's old ones.
_BY_CAMERA, _BY_HAND = (3.0, 1.0) if sys.platform == "linux" else (0.75, 0.25)


def open_device(index: int) -> CaptureLike:
    """Open camera `index` with OpenCV, without its complaints on stderr when there is none."""
    import cv2
    from cv2.utils import logging

    before = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(index)
    finally:
        logging.setLogLevel(before)


def list_cameras(opener: Opener = open_device, limit: int = 4) -> list[int]:
    """Numbers of the cameras that can be opened.

    On Linux only numbers with a /dev/videoN are tried, elsewhere the first `limit`. A camera that another program holds
    is not listed.
    """
    if sys.platform == "linux":
        found = (re.fullmatch(r"video(\d+)", path.name) for path in Path("/dev").glob("video*"))
        tried = sorted(int(match[1]) for match in found if match)
    else:
        tried = list(range(limit))
    return [index for index in tried if _opens(opener, index)]


def _opens(opener: Opener, index: int) -> bool:
    capture = opener(index)
    try:
        return capture.isOpened()
    finally:
        capture.release()


class CameraSource(BaseSource):
    """A camera. Frames are numbered as they are handed out; their time is seconds since opening.

    When it dies, `status` says so and the thread tries to open it again, waiting longer each time up to `max_wait`;
    iteration meanwhile repeats the last picture every `timeout` seconds and goes on by itself when it is back.
    """

    def __init__(
        self,
        index: int = 0,
        *,
        opener: Opener = open_device,
        timeout: float = 1.0,
        max_wait: float = 4.0,
        name: str = "",
        setup: CameraSetup | None = None,
    ) -> None:
        """Open the camera, wait for its first frame, and start capturing.

        Args:
            index: number of the camera, from 0.
            opener: opens a capture; tests give a false one.
            timeout: the longest that asking for a frame may take, in seconds.
            max_wait: the longest pause between two attempts to open a lost camera, in seconds.
            name: what messages call it; "camera" with its number where that is empty.
            setup: what is asked of it; it gives what it can, and `remark` says where that is something else.

        Raises:
            StudioError: when there is no such camera, or it gives no frame.
        """
        self._index = index
        self._name = name or f"camera {index}"
        self._opener = opener
        self._timeout = timeout
        self._max_wait = max_wait
        self._setup = setup or CameraSetup(index)
        self._exposure: float | None = None
        self._asked: CameraSetup | None = None  # of the open device
        self._status = "live"
        self._serial = 0
        self._fresh = threading.Condition()
        self._stop = threading.Event()
        self._began = time.monotonic()
        capture = self._opened()
        picture = self._first(capture) if capture else None
        if capture is None or picture is None:
            what = "gives no picture" if capture else "cannot be opened"
            raise StudioError(
                f"{self._name} {what}: connect it, close other programs that use it, allow access to it, "
                "or give another number, such as camera:1"
            )
        size = Size.of(picture)
        reported = capture.get(_FPS)
        fps = Fraction(reported).limit_denominator(1001) if 1 <= reported <= 1000 else _DEFAULT_RATE
        self.info = SourceInfo(size, fps, None, None, False, f"{self._name} {size.typed} {rate_text(fps)}")
        self.remark = self._refused(size, reported)
        self._newest = picture
        self._serial = 1
        self._thread = threading.Thread(target=self._capture, args=(capture,), name=self._name, daemon=True)
        self._thread.start()

    @property
    def status(self) -> str:
        """One of "live", "lost: ..." with the reason while the camera is away, and "closed"."""
        return self._status

    @property
    def exposure(self) -> float | None:
        """What the device says of it, in the driver's own unit; None where it says nothing."""
        return self._exposure

    def adjust(self, spec: str) -> bool:
        """Do what another name of this camera asks for, from the next picture on.

        Returns:
            Whether it can, without being opened anew.
        """
        if not is_camera(spec):
            return False
        setup = setup_given(spec)
        if not self._setup.opens_as(setup):
            return False
        self._setup = setup
        return True

    def __iter__(self) -> Iterator[Frame]:
        """Give the newest frame each time: see `frames`."""
        return self.frames()

    def frames(self, start: float = 0.0) -> Iterator[Frame]:  # noqa: ARG002 - what is past cannot be seen again
        """Give the newest frame each time, without end until `close`; a frame is given twice only on a timeout."""
        seen = 0
        index = 0
        while True:
            with self._fresh:
                self._fresh.wait_for(lambda: self._serial != seen or self._stop.is_set(), self._timeout)  # noqa: B023
                if self._stop.is_set():
                    return
                seen = self._serial
                picture = self._newest
            yield Frame(picture, time.monotonic() - self._began, index)
            index += 1

    def close(self) -> None:
        """Stop capturing, let the device go, and wait until that has happened. May be called twice."""
        self._stop.set()
        with self._fresh:
            self._fresh.notify_all()
        self._thread.join()
        self._status = "closed"

    def _capture(self, capture: CaptureLike | None) -> None:
        wait = 0.25
        try:
            while not self._stop.is_set():
                why = f"{self._name} gives no more pictures; connect it again"
                try:
                    if capture is not None and self._look(capture):
                        wait = 0.25
                        continue
                # Of a driver or OpenCV, or for want of memory: the camera is opened anew.
                except BaseException as error:  # noqa: BLE001
                    why = f"{self._name} failed ({type(error).__name__}: {error}); it is tried again"
                if capture:
                    _release(capture)
                    self._status = f"lost: {why}"
                capture = None
                if self._stop.wait(wait):
                    return
                wait = min(self._max_wait, wait * 2)
                with contextlib.suppress(BaseException):
                    capture = self._opened()
        finally:
            if capture:
                _release(capture)

    def _look(self, capture: CaptureLike) -> bool:
        """Take in one picture; False where none came."""
        if self._asked != self._setup:
            self._ask(capture, self._setup)
        picture = self._read(capture)
        if picture is None:
            return False
        fitted = resized(picture, self.info.size, "linear")
        self._status = "live"
        with self._fresh:
            self._newest = fitted
            self._serial += 1
            self._fresh.notify_all()
        return True

    def _opened(self) -> CaptureLike | None:
        capture = self._opener(self._index)
        if capture.isOpened():
            setup = self._setup
            if setup.size is not None:
                capture.set(_WIDTH, float(setup.size.width))
                capture.set(_HEIGHT, float(setup.size.height))
            if setup.fps is not None:
                capture.set(_FPS, float(setup.fps))
            self._asked = CameraSetup(self._index)
            self._ask(capture, setup)
            return capture
        _release(capture)
        return None

    def _ask(self, capture: CaptureLike, setup: CameraSetup) -> None:
        """Ask an open device for what can be had while it runs; the exposure alone, since mirrors are ours."""
        before, self._asked = self._asked, setup
        if before is not None and before.exposure != setup.exposure:
            # Some drivers leave their own way only where they were told before that they are on it.
            capture.set(_AUTO_EXPOSURE, _BY_CAMERA)
            if setup.exposure is not None:
                capture.set(_AUTO_EXPOSURE, _BY_HAND)
                if not capture.set(_EXPOSURE, setup.exposure):
                    self.remark = f"{self._name} does not let its exposure be set"
        says = capture.get(_EXPOSURE)
        # What has no such thing says 0 or -1; on Windows -1 is half a second as well.
        self._exposure = float(says) if np.isfinite(says) and says not in (0.0, -1.0) else None

    def _refused(self, size: Size, fps: float) -> str | None:
        """What the camera gives in place of what was asked for, in a sentence."""
        setup, said = self._setup, []
        if setup.size is not None and setup.size != size:
            said.append(f"{size.typed} in place of {setup.size.typed}")
        if setup.fps is not None and 1 <= fps <= 1000 and abs(fps - setup.fps) > 0.5:
            said.append(f"{fps:g} pictures a second in place of {setup.fps}")
        return f"{self._name} gives {' and '.join(said)}" if said else self.remark

    def _first(self, capture: CaptureLike) -> Picture | None:
        for _ in range(_WARM_UP_READS):
            picture = self._read(capture)
            if picture is not None:
                return picture
            time.sleep(0.05)
        _release(capture)
        return None

    def _read(self, capture: CaptureLike) -> Picture | None:
        import cv2

        try:
            good, stored = capture.read()
        except cv2.error:
            return None
        if not good or stored is None or stored.size == 0:
            return None
        if stored.ndim == 2:
            stored = np.repeat(stored[:, :, None], 3, axis=2)
        rgb = stored[:, ::-1, 2::-1] if self._setup.mirrored else stored[:, :, 2::-1]
        return np.ascontiguousarray(rgb, dtype=np.uint8)


def _release(capture: CaptureLike) -> None:
    import cv2

    # A device that has been pulled out may refuse even this.
    with contextlib.suppress(cv2.error):
        capture.release()


class CameraKind:
    """The specs "camera", "camera:N" and "camera:N,size=1280x720,fps=60,mirror,exposure=-5"."""

    name = "camera"
    order = 1

    def match(self, spec: str) -> bool:
        """Whether `spec` is the word "camera", with or without more."""
        return is_camera(spec)

    def open(self, spec: str, fps: Fraction | None) -> Source:  # noqa: ARG002 - a camera gives what it gives
        """Open the camera.

        Raises:
            StudioError: when the number is none, there is no such camera, or it gives no frame.
        """
        setup = setup_given(spec)
        return CameraSource(setup.number, opener=_CAMERAS.open, setup=setup)


_CAMERAS = Cameras(lambda index: open_device(index))


KIND = CameraKind()
