"""The viewport and the output window on real contexts, beside a real render thread."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QPointingDevice, QTabletEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot
from viewport_stage import SIZE, Stage

from studio.io.networks import load_network
from studio.model.documents.document import Document
from studio.model.networks.network import Network
from studio.model.networks.picture import Picture, signed_view, to_picture
from studio.model.networks.preset import Preset
from studio.model.views.display import GROUND
from studio.model.views.view import View
from studio.model.views.workspace import Workspace
from studio.paths import WEIGHTS
from studio.ui.viewport import canvas as viewport_canvas
from studio.ui.viewport.canvas import Canvas
from studio.ui.viewport.opengl import OpenGLSurface
from studio.ui.viewport.output_window import OutputWindow
from studio.ui.viewport.raster import RasterSurface
from studio.ui.viewport.widget import Viewport

pytestmark = pytest.mark.gl

SHOWN = ("input", "dec2_act", "enc2", "dec1.weight")
NO_KEYS = Qt.KeyboardModifier.NoModifier
LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton


@pytest.fixture(params=["raster", "opengl", "native"], autouse=True)
def surface(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What viewports are drawn on, whatever would suit this machine."""
    monkeypatch.setattr(viewport_canvas, "draws_in_software", lambda: request.param == "raster")
    monkeypatch.setattr(viewport_canvas, "has_native_surfaces", lambda: request.param == "native")
    return str(request.param)


@pytest.fixture(scope="module")
def network() -> Network:
    return load_network(WEIGHTS / "autoencoder-transposed")


@pytest.fixture(params=["torch", "gl", "gl-fragment"])
def stage(request: pytest.FixtureRequest, gl_app: QApplication, network: Network) -> Iterator[Stage]:  # noqa: ARG001
    made = Stage(request.param, network, SHOWN)
    yield made
    made.close()


@pytest.fixture
def torch_stage(gl_app: QApplication, network: Network) -> Iterator[Stage]:  # noqa: ARG001
    made = Stage("torch", network, SHOWN)
    yield made
    made.close()


@pytest.fixture
def workspace(network: Network) -> Workspace:
    return Workspace(Document(Preset("test", network, {})))


def opened(qtbot: QtBot, stage: Stage, workspace: Workspace, view: View, size: int = 3 * SIZE) -> Viewport:
    viewport = Viewport(workspace, stage.find)
    qtbot.addWidget(viewport)
    viewport.resize(size, size)
    viewport.show()
    workspace.view = view
    qtbot.waitUntil(lambda: stage.screen is not None or stage.error is not None)
    grabbed(viewport)
    return viewport


def settled(canvas: Canvas) -> QImage:
    """What is seen once what there is now has been drawn."""
    if not isinstance(canvas.surface, RasterSurface):
        while (image := canvas.surface.grabFramebuffer()).isNull():
            # A native window is drawn on once it is on the screen.
            QTest.qWait(1)
        return image
    for _ in range(2):
        canvas.grab()
        while not canvas.surface.is_settled:
            QTest.qWait(1)
    return canvas.grab().toImage()


def grabbed(canvas: Canvas) -> Picture:
    image = settled(canvas).convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def assert_near(found: Picture, wanted: Picture) -> None:
    assert found.shape == wanted.shape
    assert np.abs(found.astype(int) - wanted).max() <= 1


def enlarged(picture: Picture, times: int) -> Picture:
    return picture.repeat(times, 0).repeat(times, 1)


def test_the_output_is_what_the_network_made(qtbot: QtBot, stage: Stage, workspace: Workspace) -> None:
    viewport = opened(qtbot, stage, workspace, View())
    found = grabbed(viewport)

    assert viewport.camera.zoom == 3
    assert_near(found, enlarged(to_picture(stage.values["dec2_act"], (0, 1)), 3))


def test_split_shows_the_input_before_the_divider(qtbot: QtBot, stage: Stage, workspace: Workspace) -> None:
    viewport = opened(qtbot, stage, workspace, View("split"))
    found = grabbed(viewport)
    before, after = (enlarged(to_picture(stage.values[name], (0, 1)), 3) for name in ("input", "dec2_act"))

    # The divider, its handle and the names of the sides are painted over the middle and the top.
    assert_near(found[32:80, :85], before[32:80, :85])
    assert_near(found[32:80, 107:], after[32:80, 107:])
    QTest.mousePress(viewport, LEFT, NO_KEYS, QPoint(96, 150))
    QTest.mouseMove(viewport, QPoint(40, 150))
    QTest.mouseRelease(viewport, LEFT, NO_KEYS, QPoint(40, 150))
    assert_near(grabbed(viewport)[32:80, 55:], after[32:80, 55:])


def test_a_filter_sheet_is_the_weight(qtbot: QtBot, stage: Stage, workspace: Workspace) -> None:
    viewport = opened(qtbot, stage, workspace, View("filters", "dec1.weight"))
    workspace.scaling = "all"
    viewport.one_to_one()
    found = grabbed(viewport)
    sheet = stage.values["dec1.weight"]
    whole = signed_view(sheet[None], np.abs(sheet).max(keepdims=True)[0])[: sheet.shape[0], : sheet.shape[1]]
    x, y = (round(at) for at in viewport.camera.origin)

    assert viewport.camera.zoom == 1
    assert_near(found, whole[y : y + found.shape[0], x : x + found.shape[1]])


def test_a_layer_is_shown_as_tiles(qtbot: QtBot, stage: Stage, workspace: Workspace) -> None:
    viewport = opened(qtbot, stage, workspace, View("layer", "enc2"))
    viewport.one_to_one()
    found = grabbed(viewport)
    x, y = (round(at) for at in viewport.camera.origin)
    values = stage.values["enc2"]
    # Tiles of 16×16 with a texel between them, 16 in a row.
    tile_x, tile_y = x // 17 + 1, y // 17 + 1
    channel = tile_y * 16 + tile_x
    limits = np.maximum(np.abs(values).max(axis=(1, 2)), 0.02 * np.abs(values).max())
    wanted = signed_view(values[channel : channel + 1], limits[channel : channel + 1])[:16, :16]
    left, top = tile_x * 17 - x, tile_y * 17 - y

    assert_near(found[top : top + 16, left : left + 16], wanted)
    assert (np.abs(found[top - 1, left : left + 16] - np.array(GROUND) * 255) <= 1).all()


def test_before_the_first_frame_there_is_a_text(qtbot: QtBot, gl_app: QApplication, workspace: Workspace) -> None:
    viewport = Viewport(workspace, lambda: None)
    qtbot.addWidget(viewport)
    viewport.resize(400, 200)
    viewport.show()
    QTest.qWait(30)
    found = grabbed(viewport)

    assert gl_app is QApplication.instance()
    assert not viewport.problem
    assert (np.abs(found[:40] - np.array(GROUND) * 255) <= 1).all()
    assert found[80:120].max() > 100


def assert_hovering(qtbot: QtBot, viewport: Viewport, at: QPoint, wanted: str) -> None:
    """This is said of the value there, soon."""
    said: list[str] = []
    viewport.hovered.connect(said.append)
    QTest.mouseMove(viewport, QPoint(1, 1))
    QTest.mouseMove(viewport, at)

    def arrived() -> None:
        viewport.refresh()
        assert said[-1:] == [wanted]

    qtbot.waitUntil(arrived)
    viewport.hovered.disconnect(said.append)


def test_the_value_under_the_cursor_is_the_engines(qtbot: QtBot, stage: Stage, workspace: Workspace) -> None:
    viewport = opened(qtbot, stage, workspace, View())
    values = stage.values["dec2_act"]
    r, g, b = (f"{values[c, 30, 50]:.5g}" for c in range(3))
    assert_hovering(qtbot, viewport, QPoint(151, 92), f"y 30 · x 50 · R {r} · G {g} · B {b}")

    workspace.view = View("filters", "dec1.weight")
    QTest.qWait(30)
    settled(viewport)
    viewport.one_to_one()
    settled(viewport)
    x, y = (round(at) for at in viewport.camera.origin)
    value = f"{stage.values['dec1.weight'][y + 70, x + 90]:.5g}".replace("-", "−")
    place = f"kernel {(y + 70) // 4}, {(x + 90) // 4} · y {(y + 70) % 4} · x {(x + 90) % 4}"
    assert_hovering(qtbot, viewport, QPoint(90, 70), f"{place} · {value}")


def test_the_wheel_zooms_at_the_cursor(qtbot: QtBot, torch_stage: Stage, workspace: Workspace) -> None:
    viewport = opened(qtbot, torch_stage, workspace, View())
    at = QPointF(60, 120)
    before = viewport.camera.to_content(60, 120)
    for turned in (120, 120, -120, 120):
        wheel = QWheelEvent(
            at, viewport.mapToGlobal(at), QPoint(), QPoint(0, turned),
            Qt.MouseButton.NoButton, NO_KEYS, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(viewport, wheel)

    assert viewport.camera.zoom == pytest.approx(3 * 1.25**2)
    assert viewport.camera.to_content(60, 120) == pytest.approx(before, abs=0.25)


def test_keys_fit_zoom_and_pan(qtbot: QtBot, torch_stage: Stage, workspace: Workspace) -> None:
    viewport = opened(qtbot, torch_stage, workspace, View())
    QTest.keyClick(viewport, Qt.Key.Key_1)
    assert viewport.camera.zoom == 1
    QTest.keyClick(viewport, Qt.Key.Key_F)
    assert viewport.camera.zoom == 3
    QTest.keyClick(viewport, Qt.Key.Key_Plus)
    assert viewport.camera.zoom == 3.75
    QTest.keyClick(viewport, Qt.Key.Key_Minus)
    x = viewport.camera.centre[0]
    QTest.keyClick(viewport, Qt.Key.Key_Right)
    assert viewport.camera.centre[0] == x + 16
    QTest.mouseDClick(viewport, LEFT, NO_KEYS, QPoint(50, 50))
    assert viewport.camera.fitted
    QTest.mouseDClick(viewport, LEFT, NO_KEYS, QPoint(50, 50))
    assert viewport.camera.zoom == 1


def drag(viewport: Viewport, button: Qt.MouseButton, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(viewport, button, NO_KEYS, start)
    QTest.mouseMove(viewport, (start + end) / 2)
    QTest.mouseMove(viewport, end)
    QTest.mouseRelease(viewport, button, NO_KEYS, end)


def test_a_drag_pans_and_every_view_keeps_its_own(qtbot: QtBot, torch_stage: Stage, workspace: Workspace) -> None:
    viewport = opened(qtbot, torch_stage, workspace, View())
    # The left button marks out a part of a picture that is shown whole.
    for button in (MIDDLE, LEFT):
        x, y = viewport.camera.centre
        drag(viewport, button, QPoint(100, 100), QPoint(70, 130))
        assert viewport.camera.centre == pytest.approx((x + 10, y - 10))
    kept = viewport.camera
    workspace.view = View("layer", "enc2")
    assert viewport.camera is not kept
    workspace.view = View()
    assert viewport.camera is kept


class Noted:
    """A tool that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def lie(self, arrangement: None, pixels: float) -> None:
        """Viewports show the tensor's own sheet."""
        assert arrangement is None
        assert pixels > 0

    def press(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        self.told.append(("press", y, x, pressure, modifiers))

    def move(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        self.told.append(("move", y, x, pressure, modifiers))

    def release(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        self.told.append(("release", y, x, pressure, modifiers))

    def cancel(self) -> None:
        self.told.append(("cancel",))


def with_tool(qtbot: QtBot, stage: Stage, workspace: Workspace) -> tuple[Viewport, Noted, float, float]:
    """A viewport on a sheet at a pixel for each weight, a tool, and the sheet's y and x at its corner."""
    viewport, tool = opened(qtbot, stage, workspace, View("filters", "dec1.weight")), Noted()
    viewport.set_tool(tool)
    viewport.one_to_one()
    grabbed(viewport)
    x, y = viewport.camera.origin
    return viewport, tool, y, x


def test_a_tool_gets_places_of_the_sheet(qtbot: QtBot, torch_stage: Stage, workspace: Workspace) -> None:
    viewport, tool, y, x = with_tool(qtbot, torch_stage, workspace)
    drag(viewport, LEFT, QPoint(50, 60), QPoint(70, 64))

    assert tool.told == [
        ("press", y + 60, x + 50, 1.0, NO_KEYS),
        ("move", y + 62, x + 60, 1.0, NO_KEYS),
        ("move", y + 64, x + 70, 1.0, NO_KEYS),
        ("release", y + 64, x + 70, 1.0, NO_KEYS),
    ]
    drag(viewport, MIDDLE, QPoint(50, 60), QPoint(70, 64))
    assert len(tool.told) == 4
    assert viewport.camera.origin == pytest.approx((x - 20, y - 4))


def test_the_right_button_takes_up_what_is_under_it(qtbot: QtBot, torch_stage: Stage, workspace: Workspace) -> None:
    viewport, tool, y, x = with_tool(qtbot, torch_stage, workspace)
    qtbot.mouseClick(viewport, Qt.MouseButton.RightButton, NO_KEYS, QPoint(50, 60))
    assert tool.told[0] == ("press", y + 60, x + 50, 1.0, Qt.KeyboardModifier.AltModifier)
    workspace.tool = "move"
    qtbot.mouseClick(viewport, Qt.MouseButton.RightButton, NO_KEYS, QPoint(50, 60))
    assert [told[0] for told in tool.told] == ["press", "release"]


def test_a_pen_gives_its_pressure(qtbot: QtBot, torch_stage: Stage, workspace: Workspace) -> None:
    viewport, tool, y, x = with_tool(qtbot, torch_stage, workspace)
    for kind, at, pressure, button in (
        (QEvent.Type.TabletPress, QPointF(40, 30), 0.25, LEFT),
        (QEvent.Type.TabletMove, QPointF(44, 32), 0.5, Qt.MouseButton.NoButton),
        (QEvent.Type.TabletRelease, QPointF(44, 32), 0.0, LEFT),
    ):
        pen = QTabletEvent(
            kind, QPointingDevice.primaryPointingDevice(), at, viewport.mapToGlobal(at), pressure,
            0.0, 0.0, 0.0, 0.0, 0.0, NO_KEYS, button, LEFT,
        )  # fmt: skip
        QApplication.sendEvent(viewport, pen)

    assert [(told[0], *told[1:4]) for told in tool.told] == [
        ("press", y + 30, x + 40, 0.25),
        ("move", y + 32, x + 44, 0.5),
        ("release", y + 32, x + 44, 0.0),
    ]


@pytest.mark.parametrize("how", ["escape", "view", "tool", "hide"])
def test_a_stroke_is_cancelled_once(qtbot: QtBot, torch_stage: Stage, workspace: Workspace, how: str) -> None:
    viewport, tool, _, _ = with_tool(qtbot, torch_stage, workspace)
    QTest.mousePress(viewport, LEFT, NO_KEYS, QPoint(50, 60))
    if how == "escape":
        QTest.keyClick(viewport, Qt.Key.Key_Escape)
    elif how == "view":
        workspace.view = View()
    elif how == "tool":
        viewport.set_tool(None)
    else:
        viewport.hide()
    QTest.mouseMove(viewport, QPoint(80, 80))
    QTest.mouseRelease(viewport, LEFT, NO_KEYS, QPoint(80, 80))

    assert [told[0] for told in tool.told] == ["press", "cancel"]


def test_the_brush_is_drawn_where_it_would_paint(qtbot: QtBot, torch_stage: Stage, workspace: Workspace) -> None:
    viewport, _, _, _ = with_tool(qtbot, torch_stage, workspace)
    workspace.brush = workspace.brush.model_copy(update={"radius": 20.0})
    # A cursor that is there already does not move.
    QTest.mouseMove(viewport, QPoint(20, 20))
    QTest.mouseMove(viewport, QPoint(90, 90))

    def bright() -> np.ndarray:
        return grabbed(viewport).astype(int).min(axis=2) > 100

    # The surface may still be drawing what it was asked for before the move.
    qtbot.waitUntil(lambda: bool(bright()[90, 109:112].any()))
    ring = bright()
    assert ring[90, 109:112].any()
    assert ring[69:72, 90].any()
    assert not ring[88:93, 88:93].any()


def test_nothing_is_lost_when_its_window_changes(qtbot: QtBot, torch_stage: Stage, workspace: Workspace) -> None:
    viewport = opened(qtbot, torch_stage, workspace, View())
    viewport.camera.one_to_one()
    before = grabbed(viewport)
    windows = [QMainWindow(), QMainWindow()]
    for window in windows:
        qtbot.addWidget(window)
        window.resize(3 * SIZE, 3 * SIZE)
        window.show()
    drawn_on = viewport.surface
    for k in range(20 if isinstance(drawn_on, RasterSurface) else 200):
        viewport.setParent(None)  # type: ignore[call-overload]
        windows[k % 2].setCentralWidget(viewport)
        viewport.show()
        if isinstance(drawn_on, OpenGLSurface):
            # Qt makes everything anew where it has to give the widget another context.
            drawn_on.makeCurrent()
            drawn_on.initializeGL()
            drawn_on.doneCurrent()
        QApplication.processEvents()
        if k % 40 == 39:
            np.testing.assert_array_equal(grabbed(viewport), before)

    assert viewport.camera.zoom == 1
    frames = torch_stage.frames
    qtbot.waitUntil(lambda: torch_stage.frames > frames + 3)
    np.testing.assert_array_equal(grabbed(viewport), before)
    for window in windows:
        window.takeCentralWidget()


def test_contexts_that_come_and_go_disturb_no_other(qtbot: QtBot, torch_stage: Stage, workspace: Workspace) -> None:
    lasting = opened(qtbot, torch_stage, workspace, View())
    before = grabbed(lasting)
    for k in range(40):
        passing = OutputWindow(torch_stage.find)
        passing.resize(3 * SIZE, 3 * SIZE)
        passing.show()
        if k % 20 == 0:
            np.testing.assert_array_equal(grabbed(passing), before)
        lasting.refresh()
        QApplication.processEvents()
        passing.close()
        passing.deleteLater()
        QApplication.sendPostedEvents(passing, QEvent.Type.DeferredDelete)

    np.testing.assert_array_equal(grabbed(lasting), before)


def test_the_output_window_shows_the_output_alone(qtbot: QtBot, torch_stage: Stage, workspace: Workspace) -> None:
    viewport = opened(qtbot, torch_stage, workspace, View("layer", "enc2"))
    window = OutputWindow(torch_stage.find)
    qtbot.addWidget(window)
    window.resize(4 * SIZE, 2 * SIZE)
    window.show()
    QTest.qWait(30)
    found = grabbed(window)

    assert_near(found[:, SIZE : 3 * SIZE], enlarged(to_picture(torch_stage.values["dec2_act"], (0, 1)), 2))
    assert not found[:, :SIZE].any()
    assert not found[:, 3 * SIZE :].any()
    QTest.keyClick(window, Qt.Key.Key_F11)
    assert window.isFullScreen()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isFullScreen()
    QTest.mouseDClick(window, LEFT)
    assert window.isFullScreen()
    QTest.mouseDClick(window, LEFT)
    with qtbot.waitSignal(window.closed):
        QTest.keyClick(window, Qt.Key.Key_Escape)
    assert viewport.isVisible()
    assert grabbed(viewport).any()


def test_two_viewers_share_one_front(qtbot: QtBot, torch_stage: Stage, workspace: Workspace) -> None:
    viewport = opened(qtbot, torch_stage, workspace, View())
    window = OutputWindow(torch_stage.find)
    qtbot.addWidget(window)
    window.resize(3 * SIZE, 3 * SIZE)
    window.show()
    for _ in range(50):
        viewport.refresh()
        window.refresh()
        QApplication.processEvents()

    np.testing.assert_array_equal(grabbed(viewport), grabbed(window))
