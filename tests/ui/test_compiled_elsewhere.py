"""A window on a GPU has its compute shaders compiled by processes whose contexts are made as its own."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtGui import QOpenGLContext, QSurface, QSurfaceFormat
from PySide6.QtWidgets import QApplication

from studio.engine.gl.driver import device as opengl
from studio.engine.gl.driver.api import current_api
from studio.engine.gl.driver.compiler import Compiler
from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.shaders import HANDLES_TRIAL, Source
from studio.errors import StudioError
from studio.ui.viewport import gl_context

pytestmark = pytest.mark.gl

SOURCES = [Source("compute", HANDLES_TRIAL.files, (("OTHER", number),), inputs=1) for number in range(3)]


@pytest.fixture
def on_a_gpu(gl_app: QApplication, monkeypatch: pytest.MonkeyPatch) -> QApplication:
    """The window's contexts are taken for a GPU's."""
    found = gl_context._found()
    if not found.has_compute:
        pytest.skip("no compute shaders here")
    monkeypatch.setattr(gl_context, "_found", lambda: found._replace(is_software=False))
    # However busy the machine is.
    monkeypatch.setattr(opengl, "LONGEST", 120.0)
    return gl_app


@pytest.mark.usefixtures("on_a_gpu")
def test_what_they_make_is_taken_by_the_render_threads_context(monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = gl_context.shader_compiler()
    assert compiler is not None
    context = gl_context.RenderContext(compiler)
    device = context.open()
    taken = []

    def noted(self: Device, *asked: object) -> object:
        found = binary(self, *asked)  # type: ignore[arg-type]
        taken.append(found is not None)
        return found

    binary = Device._binary
    monkeypatch.setattr(Device, "_binary", noted)
    try:
        assert device.compiler is compiler
        if sys.platform.startswith("linux"):
            # A driver keeps programs of EGL and GLX apart.
            assert gl_context._found().api == current_api() != ""
        device.foresee(SOURCES)
        assert all(device.compute(source).glo for source in SOURCES)
        assert taken == [True] * len(SOURCES)
        assert device.compiler is compiler
        assert device.context.error == "GL_NO_ERROR"
    finally:
        context.close()
        compiler.close()
        compiler.join(60)


_FLAGS, _PROFILE = 0x821E, 0x9126
"""GL_CONTEXT_FLAGS, such as whether it is forward compatible, and GL_CONTEXT_PROFILE_MASK."""


@pytest.mark.usefixtures("gl_app")
def test_their_contexts_are_of_the_same_kind() -> None:
    found = gl_context._found()
    if not found.has_compute:
        pytest.skip("no compute shaders here")
    context = gl_context.RenderContext(None)
    device = context.open()
    own = [device.calls.integer(name) for name in (_FLAGS, _PROFILE)]
    context.close()
    asks = f"d = open_device(api={found.api!r}); print(*[d.calls.integer(name) for name in {(_FLAGS, _PROFILE)}])"
    code = f"from studio.engine.gl.driver.device import open_device; {asks}"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=300).stdout
    assert [int(number) for number in told.split()] == own


def test_in_software_the_device_compiles(gl_app: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    del gl_app
    monkeypatch.setattr(Compiler, "__init__", lambda *_: pytest.fail("processes for nothing"))
    if gl_context._found().is_software:
        assert gl_context.shader_compiler() is None
    context = gl_context.RenderContext(None)
    assert context.open().compiler is None
    context.close()


class Apart:
    """Stands for a device in another library of the driver's."""

    closed = False

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("case", ["nvidia", "refused", "egl", "mesa"])
def test_a_lesson_has_a_context_that_holds_up_nothing_of_the_windows_where_there_is_one(
    gl_app: QApplication, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    del gl_app
    found, own, asked = gl_context._found(), Apart(), list[str]()

    def device_apart(renderer: str) -> Apart | None:
        asked.append(renderer)
        return None if case == "refused" else own

    card = "a GPU" if case == "mesa" else "NVIDIA H200/PCIe/SSE2"
    changed = found._replace(renderer=card, api="egl" if case == "egl" else "glx")
    monkeypatch.setattr(gl_context, "_found", lambda: changed)
    monkeypatch.setattr(gl_context, "is_nvidia", lambda: True)
    monkeypatch.setattr(gl_context, "device_apart", device_apart)
    context = gl_context.LessonContext(None)
    device = context.open()
    assert asked == ([card] if case in {"nvidia", "refused"} else [])
    assert (device is own) == (case == "nvidia")
    if case != "nvidia":
        # The window's own then, which shares its textures.
        assert device.renderer == found.renderer
    context.close()
    assert own.closed == (case == "nvidia")
    # Another lesson is asked for anew.
    context.open()
    context.close()
    assert len(asked) == (2 if case in {"nvidia", "refused"} else 0)


@pytest.mark.usefixtures("gl_app")
@pytest.mark.parametrize("works", [(3, 3), None])
def test_where_one_version_cannot_be_current_an_older_one_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, works: tuple[int, int] | None
) -> None:
    """What stood for the window's context had gone with the first: a defect was told in place of the sentence."""

    class Asked(QOpenGLContext):
        asked = (0, 0)

        def setFormat(self, wanted: QSurfaceFormat) -> None:  # noqa: N802 - Qt's name
            self.asked = wanted.version()
            super().setFormat(wanted)

        def makeCurrent(self, surface: QSurface) -> bool:  # noqa: N802 - Qt's name
            return self.asked == works and super().makeCurrent(surface)

    monkeypatch.setattr(gl_context, "QOpenGLContext", Asked)
    context = gl_context.RenderContext(None)
    if works is None:
        with pytest.raises(StudioError, match="update the driver"):
            context.open()
    else:
        assert context.open().renderer == gl_context._found().renderer
        context.close()
