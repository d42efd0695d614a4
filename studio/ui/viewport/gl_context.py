"""OpenGL contexts of the window: one for each widget that draws, one for the render thread, all sharing textures."""

from __future__ import annotations

import contextlib
from functools import cache
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QOffscreenSurface, QOpenGLContext, QSurfaceFormat

from studio.engine.gl.driver.adopted import current_device
from studio.engine.gl.driver.apart import allow_both, device_apart
from studio.engine.gl.driver.api import Api, current_api
from studio.engine.gl.driver.compiler import Compiler
from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.machine_code import is_nvidia, keep_machine_code, kept_code
from studio.errors import StudioError

# Compute shaders came with 4.3; 3.3 is the least that is drawn with.
_VERSIONS = ((4, 3), (3, 3))


def prepare() -> None:
    """Ask Qt for contexts that share; to be called before the application is made."""
    keep_machine_code()
    allow_both()
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    QSurfaceFormat.setDefaultFormat(_format(*_VERSIONS[0]))


def _format(major: int, minor: int) -> QSurfaceFormat:
    wanted = QSurfaceFormat()
    wanted.setVersion(major, minor)
    wanted.setProfile(QSurfaceFormat.OpenGLContextProfile.CoreProfile)
    # Qt asks for contexts that are marked as forward compatible, and the processes that compile have others: what is
    # compiled for the one kind need not be taken by the other.
    wanted.setOption(QSurfaceFormat.FormatOption.DeprecatedFunctions)
    wanted.setDepthBufferSize(0)
    wanted.setStencilBufferSize(8)
    return wanted


class _Found(NamedTuple):
    """What OpenGL is like here; all is empty where there is none."""

    is_software: bool = False
    has_compute: bool = False
    renderer: str = ""
    api: Api = ""
    version: str = ""


@cache
def _found() -> _Found:
    surface = QOffscreenSurface()
    surface.setFormat(QSurfaceFormat.defaultFormat())
    surface.create()
    context = QOpenGLContext()
    context.setFormat(QSurfaceFormat.defaultFormat())
    if not (context.create() and context.makeCurrent(surface)):
        return _Found()
    try:
        device = current_device()
        return _Found(device.is_software, device.has_compute, device.renderer, current_api(), device.version)
    except StudioError:
        return _Found()
    finally:
        context.doneCurrent()


def draws_in_software() -> bool:
    """Whether OpenGL is drawn by the CPU; False where there is none. To be called once there is an application."""
    return _found().is_software


def shader_compiler() -> Compiler | None:
    """What compiles shaders for this window's contexts, at work from now on; None where no GPU has compute shaders.

    To be called once there is an application; whoever calls closes it.
    """
    found = _found()
    if not found.has_compute or found.is_software:
        return None
    return Compiler(found.renderer, found.api, kept=kept_code(found.renderer, found.version, found.api))


class RenderContext:
    """The render thread's context: made and dropped in the window's thread, opened and closed in the render thread.

    Args:
        compiler: compiles its shaders; it may have several contexts, and stays its owner's.
    """

    def __init__(self, compiler: Compiler | None = None) -> None:
        self._compiler = compiler
        self._device: Device | None = None
        # Some platforms make surfaces in the window's thread alone.
        self._surface = QOffscreenSurface()
        self._surface.setFormat(QSurfaceFormat.defaultFormat())
        self._surface.create()
        self._context: QOpenGLContext | None = None

    def open(self) -> Device:
        """The device of the calling thread, current there from now on.

        Raises:
            StudioError: where there is no OpenGL 3.3 that shares with the window's.
        """
        if QOpenGLContext.globalShareContext() is None:
            raise StudioError("There is no OpenGL for a window here; install a graphics driver, or use studio render.")
        for version in _VERSIONS:
            context = QOpenGLContext()
            context.setFormat(_format(*version))
            # Asked for anew: what stood for it goes with the context before.
            context.setShareContext(QOpenGLContext.globalShareContext())
            if context.create() and context.shareContext() is not None and context.makeCurrent(self._surface):
                self._context = context
                device = current_device()
                device.compiler = self._compiler if device.has_compute else None
                self._device = device
                return device
        raise StudioError(
            "The graphics driver gives no second OpenGL context that shares with the window's; update the driver."
        )

    @property
    def device(self) -> Device:
        """What has been opened, and not closed."""
        assert self._device is not None, "it is open"
        return self._device

    def close(self) -> None:
        """Give the context up, in the thread that opened it."""
        self._device = None
        if self._context is not None:
            # At the very end of the program Qt may have been sooner.
            with contextlib.suppress(RuntimeError):
                self._context.doneCurrent()
            self._context = None


class LessonContext:
    """The context of a lesson, made in the window's thread, opened and closed in the lesson's.

    On NVIDIA's GPUs it is one that shares nothing with the window's, which need not wait then while it compiles.

    Args:
        compiler: compiles its shaders where it cannot be such a one; see `RenderContext`.
    """

    def __init__(self, compiler: Compiler | None = None) -> None:
        self._shared = RenderContext(compiler)
        self._apart: Device | None = None

    def open(self) -> Device:
        """See `RenderContext.open`."""
        found = _found()
        if found.api == "glx" and is_nvidia() and "nvidia" in found.renderer.lower():
            self._apart = device_apart(found.renderer)
        return self._apart or self._shared.open()

    def close(self) -> None:
        """Give the context up, in the thread that opened it."""
        device, self._apart = self._apart, None
        if device is not None:
            device.close()
        else:
            self._shared.close()
