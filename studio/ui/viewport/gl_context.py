"""OpenGL contexts of the window: one for each widget that draws, one for the render thread, all sharing textures."""

from __future__ import annotations

import contextlib
from functools import cache

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QOffscreenSurface, QOpenGLContext, QSurfaceFormat

from studio.engine.gl.adopted import current_device
from studio.engine.gl.device import Device
from studio.errors import StudioError

# Compute shaders came with 4.3; 3.3 is the least that is drawn with.
_VERSIONS = ((4, 3), (3, 3))


def prepare() -> None:
    """Ask Qt for contexts that share; to be called before the application is made."""
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    QSurfaceFormat.setDefaultFormat(_format(*_VERSIONS[0]))


def _format(major: int, minor: int) -> QSurfaceFormat:
    wanted = QSurfaceFormat()
    wanted.setVersion(major, minor)
    wanted.setProfile(QSurfaceFormat.OpenGLContextProfile.CoreProfile)
    wanted.setDepthBufferSize(0)
    wanted.setStencilBufferSize(8)
    return wanted


@cache
def draws_in_software() -> bool:
    """Whether OpenGL is drawn by the CPU; False where there is none. To be called once there is an application."""
    surface = QOffscreenSurface()
    surface.setFormat(QSurfaceFormat.defaultFormat())
    surface.create()
    context = QOpenGLContext()
    context.setFormat(QSurfaceFormat.defaultFormat())
    if not (context.create() and context.makeCurrent(surface)):
        return False
    try:
        return current_device().is_software
    except StudioError:
        return False
    finally:
        context.doneCurrent()


class RenderContext:
    """The render thread's context: made and dropped in the window's thread, opened and closed in the render thread."""

    def __init__(self) -> None:
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
        shared = QOpenGLContext.globalShareContext()
        if shared is None:
            raise StudioError("There is no OpenGL for a window here; install a graphics driver, or use studio render.")
        for version in _VERSIONS:
            context = QOpenGLContext()
            context.setFormat(_format(*version))
            context.setShareContext(shared)
            if context.create() and context.shareContext() is not None and context.makeCurrent(self._surface):
                self._context = context
                return current_device()
        raise StudioError(
            "The graphics driver gives no second OpenGL context that shares with the window's; update the driver."
        )

    def close(self) -> None:
        """Give the context up, in the thread that opened it."""
        if self._context is not None:
            # At the very end of the program Qt may have been sooner.
            with contextlib.suppress(RuntimeError):
                self._context.doneCurrent()
            self._context = None
