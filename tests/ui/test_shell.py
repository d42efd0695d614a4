"""The window's own parts: the size box, the toolbar, docks in small windows, what is remembered of the hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import layer, network
from PySide6.QtCore import QMimeData, QPoint, QRect, QSettings, Qt, QUrl
from PySide6.QtGui import QCursor, QDragEnterEvent, QDragLeaveEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot
from running import Running
from whole_window import WholeWindow

from studio.bends import make_bend
from studio.io.importers._channel_map import unfed_input
from studio.model.declared.size import Size
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset
from studio.model.views.brush import Brush
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.report import EngineState, LayerShapes, Message, Progress, Report
from studio.ui.importing.dropping import says_of_drop
from studio.ui.services.keeping_rate import KeepingRate
from studio.ui.services.reopening import Reopening
from studio.ui.services.session import Session
from studio.ui.shell.hints import Hints
from studio.ui.shell.size_box import KEPT, SIZES, SizeBox
from studio.ui.shell.toolbar import ToolBar


def fixed_network() -> Network:
    """Takes pictures of 8×8 alone."""
    return network(
        layer("conv", "Conv2d", "input", in_channels=3, out_channels=2, kernel_size=2, stride=2),
        layer("flat", "Flatten", "conv"),
        layer("lin", "Linear", "flat", in_features=32, out_features=3),
        seed=1,
        name="fixed",
    )


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path)
    yield made
    made.close()


@pytest.fixture
def box(at: Running, qtbot: QtBot) -> SizeBox:
    said: list[str] = []
    made = SizeBox(at.workspace, said.append)
    made.said = said  # type: ignore[attr-defined]
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.mark.parametrize(
    ("typed", "holds"), [("640x360", "640x360"), ("640 × 360", "640x360"), ("300", "300"), ("Source", "source")]
)
def test_a_size_is_typed(at: Running, box: SizeBox, qtbot: QtBot, typed: str, holds: str) -> None:
    box._line.selectAll()
    qtbot.keyClicks(box._line, typed)
    qtbot.keyClick(box._line, Qt.Key.Key_Return)
    assert at.workspace.size == holds
    assert box.currentText() == holds
    assert box.said == []  # type: ignore[attr-defined]


def test_a_click_into_the_size_chooses_all_of_it(at: Running, box: SizeBox, qtbot: QtBot) -> None:
    # A size typed where the other stood was one behind it: 256128.
    box.activateWindow()
    qtbot.waitUntil(box.isActiveWindow)
    box.clearFocus()
    QTest.mouseClick(box._line, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: box._line.selectedText() == "256")
    qtbot.keyClicks(box._line, "128")
    qtbot.keyClick(box._line, Qt.Key.Key_Return)
    assert at.workspace.size == "128"
    assert box.said == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("typed", ["", "big", "0", "99999", "10x", "-5"])
def test_what_is_no_size_is_said_and_nothing_changes(at: Running, box: SizeBox, qtbot: QtBot, typed: str) -> None:
    before = at.workspace.size
    box._line.clear()
    qtbot.keyClicks(box._line, typed)
    qtbot.keyClick(box._line, Qt.Key.Key_Return)
    assert at.workspace.size == before
    assert box.currentText() == before
    assert len(box.said) == 1  # type: ignore[attr-defined]


def test_escape_leaves_the_size_as_it_was(at: Running, box: SizeBox, qtbot: QtBot) -> None:
    box._line.selectAll()
    qtbot.keyClicks(box._line, "51")
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert box.currentText() == at.workspace.size == "256"


def test_a_network_of_fixed_size_sets_it_and_the_next_gives_it_back(at: Running, box: SizeBox) -> None:
    at.workspace.size = "384"
    at.document.load(Preset("fixed", fixed_network(), {}))
    assert at.workspace.size == box.currentText() == box.itemText(0) == "8x8"
    assert box.count() == len(SIZES) + 1
    at.document.undo()
    assert at.workspace.size == box.currentText() == "384"
    assert box.count() == len(SIZES) + len(KEPT)


@pytest.mark.gl
def test_a_size_that_was_refused_is_a_warning_which_goes_by_itself(whole: WholeWindow) -> None:
    # Nothing changed, and the sentence stood over all that came later until somebody closed it.
    (box,) = whole.window.findChildren(SizeBox)
    box._line.setText("big")
    box._line.returnPressed.emit()
    assert [message.kind for message in whole.studio.messages.log][-1:] == ["warning"]


@pytest.mark.gl
def test_a_network_of_fixed_size_runs(whole: WholeWindow) -> None:
    whole.document.load(Preset("fixed", fixed_network(), {}))
    whole.until(lambda: whole.told[EngineState].size == (8, 8) and "lin" in whole.told[LayerShapes].shapes)
    assert not [message for message in whole.studio.messages.log if message.kind == "error"]


def test_a_picture_that_no_source_can_feed_is_found() -> None:
    found = unfed_input((Input("grey", 1), Input("input", 3), Input("z", 32, kind="vector"), Input("rgba", 4)))
    assert found is not None
    assert found.name == "rgba"
    assert unfed_input((Input("grey", 1), Input("z", 32, kind="vector"))) is None


def reopening(at: Running, session: Session, asked: list[str]) -> Reopening:
    def say(message: Message, _actions: object) -> None:
        asked.append(message.text)

    return Reopening(at.document, at.workspace, lambda _: None, at.loader, session, say)


def test_the_hand_is_as_it_was_left(at: Running, tmp_path: Path) -> None:
    session = Session(QSettings(str(tmp_path / "left.ini"), QSettings.Format.IniFormat))
    workspace = at.workspace
    brush = workspace.brush = Brush(mode="multiply", radius=7, value=-0.5)
    workspace.colours, workspace.scaling, workspace.size, workspace.stands = "grey", "all", "384", True
    reopening(at, session, []).remember("demo")
    workspace.brush, workspace.colours, workspace.scaling = Brush(), "signed", "tile"
    workspace.size, workspace.stands = "256", False
    asked: list[str] = []
    reopening(at, session, asked).offer("demo")
    assert (workspace.brush, workspace.colours, workspace.scaling, workspace.stands) == (brush, "grey", "all", True)
    assert workspace.size == "384"
    assert asked == []
    workspace.size = "256"
    reopening(at, session, asked).offer("film.mp4")
    assert workspace.size == "256"
    assert len(asked) == 1


def test_a_brush_that_nobody_knows_is_left_alone(at: Running, tmp_path: Path) -> None:
    settings = QSettings(str(tmp_path / "left.ini"), QSettings.Format.IniFormat)
    settings.setValue("hand", '{"brush": "{\\"radius\\": -4}", "colours": "purple", "stands": true}')
    before = at.workspace.brush
    reopening(at, Session(settings), []).offer("demo")
    assert (at.workspace.brush, at.workspace.colours, at.workspace.stands) == (before, "signed", True)


@pytest.mark.gl
def test_panels_that_a_small_window_squeezed_get_their_widths_back(whole: WholeWindow) -> None:
    window = whole.window
    # Wide enough for both beside what the bar under the picture needs.
    window.resize(1600, 800)
    whole.settle()
    window._docks.put_back()
    before = {"network": 320, "filters": 432}  # parts of the window's width, once docks have glided there
    whole.until(lambda: {name: window.docks[name].width() for name in before} == before)
    for width in (960, 1600):
        window.resize(width, 800)
        whole.settle()
    whole.until(lambda: {name: window.docks[name].width() for name in before} == before)


@pytest.mark.gl
@pytest.mark.parametrize("width", [960, 1280, 1600])
def test_nothing_of_the_source_bar_is_cut_or_lies_on_something_else(whole: WholeWindow, width: int) -> None:
    window, bar = whole.window, whole.transport
    whole.live.play("latent:loop,seed=123456789,seconds=7")
    whole.until(lambda: whole.told[PlayerState].spec.startswith("latent"))
    window.resize(width, 700)
    whole.settle()
    assert window.width() == width
    places = [
        (child, child.geometry())
        for child in (bar.source, bar.back, bar.play_button, bar.forth, bar.loop, bar.seek, bar.place, bar.speed)
        if child.isVisible()
    ]
    for child, place in places:
        assert bar.rect().contains(place), child.accessibleName()
        assert not [other for other, there in places if other is not child and there.intersects(place)]
        assert place.width() >= child.minimumSizeHint().width(), child.accessibleName()
    assert bar.place.width() >= bar.place.sizeHint().width()


@pytest.mark.gl
def test_fit_and_actual_size_act_on_what_the_mouse_is_over(whole: WholeWindow) -> None:
    whole.until(lambda: whole.viewport._parts)
    sheet, viewport = whole.editor.sheet, whole.viewport
    viewport.setFocus()
    QCursor.setPos(sheet.mapToGlobal(sheet.rect().center()))
    whole.until(lambda: QApplication.widgetAt(QCursor.pos()) is sheet)
    whole.key(Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier, viewport)
    assert sheet.camera.zoom == 1.0
    assert viewport.camera.fitted
    whole.key(Qt.Key.Key_F, on=viewport)
    assert sheet.camera.fitted
    QCursor.setPos(viewport.mapToGlobal(QPoint(20, 20)))
    sheet.setFocus()
    whole.key(Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier, sheet)
    assert not viewport.camera.fitted
    assert sheet.camera.fitted


@pytest.mark.gl
def test_the_toolbar_says_what_its_buttons_are_where_there_is_room(whole: WholeWindow) -> None:
    (tools,) = whole.window.findChildren(ToolBar)
    for width, style in (
        (1280, Qt.ToolButtonStyle.ToolButtonTextUnderIcon),
        (960, Qt.ToolButtonStyle.ToolButtonIconOnly),
    ):
        whole.window.resize(width, 700)
        whole.settle()
        assert tools.toolButtonStyle() == style
        buttons = [tools.widgetForAction(action) for action in tools.actions()]
        assert all(button.isVisible() and button.geometry().right() <= tools.width() for button in buttons if button)
    assert all(action.iconText() for action in tools.actions() if action.objectName())


@pytest.mark.gl
def test_messages_float_and_never_move_the_picture(whole: WholeWindow) -> None:
    bar, viewport = whole.studio.messages, whole.viewport
    # Once the bar of the source knows what it shows, it has its height.
    whole.until(lambda: whole.told[PlayerState].info)
    whole.settle()
    before = viewport.geometry()
    assert not bar.isVisible()
    bar.say(Message("The network does not fit, so choose another size. " * 6, "error"))
    QApplication.processEvents()
    assert bar.isVisible()
    assert viewport.geometry() == before
    middle = bar.parentWidget()
    assert middle is not None
    assert middle.rect().contains(bar.geometry())
    assert bar.geometry().bottom() < whole.transport.geometry().top()
    whole.key(Qt.Key.Key_F11, on=whole.window)
    assert not bar.isVisible(), "on the stage nothing lies on the picture"
    whole.key(Qt.Key.Key_F11, on=whole.window)
    whole.until(bar.isVisible)
    bar.dismiss()
    assert not bar.isVisible()


@pytest.mark.gl
def test_a_drag_over_the_window_says_what_a_drop_does(whole: WholeWindow, tmp_path: Path) -> None:
    for name, says in (("film.mp4", "Play “film.mp4”"), ("model.onnx", "Import “model.onnx”")):
        (tmp_path / name).write_bytes(b"")
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(tmp_path / name))])
        buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(QPoint(600, 400), Qt.DropAction.CopyAction, data, buttons, keys)
        QApplication.sendEvent(whole.window, enter)
        assert enter.isAccepted()
        assert whole.window._middle.drop_text.startswith(says)
        QApplication.sendEvent(whole.window, QDragLeaveEvent())
        assert whole.window._middle.drop_text == ""
    assert says_of_drop(tmp_path / "weights" / "tiny") == "Open “tiny”; undo brings back what is open now"


@pytest.mark.gl
def test_three_hints_go_for_ever_when_they_have_been_followed(whole: WholeWindow) -> None:
    hints, session = whole.window.hints, whole.studio.parts.session
    whole.workspace.choose("enc", "weight")
    sheet = whole.editor.sheet
    assert "Press here" in hints.text
    label = hints._label
    assert label is not None
    assert label.isVisible()
    assert sheet.rect().contains(label.geometry())
    assert label.height() >= label.heightForWidth(label.width())
    # It steps aside for the mouse, so that all of the sheet can be painted on.
    for _ in range(2):
        place = label.geometry()
        whole.qtbot.mouseMove(sheet, place.center())
        whole.until(lambda place=place: not label.geometry().intersects(place))
        assert sheet.rect().contains(label.geometry())
    whole.stroke((2.0, 2.0), (14.0, 6.0))
    assert "Click a place" in hints.text
    # Messages lie at the lower end of the picture, and while a mask is painted a click selects nothing.
    told, messages = hints._label, whole.studio.messages
    assert told is not None
    messages.say(Message("A sentence that stays.", "error"))
    whole.settle()
    assert not QRect(messages.mapToGlobal(QPoint()), messages.size()).intersects(
        QRect(told.mapToGlobal(QPoint()), told.size())
    )
    whole.workspace.choose("enc", "weight")
    whole.document.add_stage("enc", make_bend("Blur", {}))
    whole.workspace.masking = whole.document.stages[0].id
    assert not told.isVisible()
    whole.workspace.masking = 0
    assert told.isVisible()
    whole.document.undo()
    whole.until(lambda: whole.picture_in_place)
    whole.click(whole.viewport)
    assert "W makes" in hints.text
    whole.command("view.filters")
    assert hints.text == ""
    assert not whole.window.findChildren(QLabel, "hint") or hints._label is None
    assert session.followed == {"paint", "pick", "stage"}
    assert Hints(whole.context, session).text == ""


def test_a_rate_is_kept_by_the_size_and_a_size_ends_that(at: Running, box: SizeBox) -> None:
    keeping = KeepingRate(at.workspace, at.telemetry, lambda: clock[0])
    assert keeping is not None
    clock = [100.0]
    row = box.findText("keep 25 fps")
    box.setCurrentIndex(row)
    box.activated.emit(row)
    assert at.workspace.keep_fps == 25
    # Looking at layers takes a fifth of the time, so that a frame every 0.09 s takes 0.072.
    for serial in range(40):
        side = int(at.workspace.size)
        state = EngineState("torch", size=Size(side * 9 // 16, side))
        at.telemetry.take(Report([state, Progress(serial, serial, 10.0, 0.072 * (side / 256) ** 2)]))
        clock[0] += 0.5
    assert at.workspace.size == "160"
    assert box.currentText() == "160 · 25 fps"
    box.setCurrentIndex(box.findText("384"))
    box.activated.emit(box.currentIndex())
    assert (at.workspace.size, at.workspace.keep_fps) == ("384", 0)


def test_a_rate_is_kept_by_sizes_that_the_network_takes(at: Running) -> None:
    made = at.document.network
    inputs = tuple(replace(put, heights=(8, 160)) for put in made.graph.inputs)
    at.document.load(Preset("bounded", replace(made, graph=replace(made.graph, inputs=inputs)), {}))
    clock = [100.0]
    keeping = KeepingRate(at.workspace, at.telemetry, lambda: clock[0])
    assert keeping is not None
    at.workspace.size, at.workspace.keep_fps = "96", 10
    for serial in range(40):
        side = int(at.workspace.size)
        at.telemetry.take(Report([EngineState("torch", size=Size(side, side)), Progress(serial, serial, 10.0, 0.001)]))
        clock[0] += 0.5
    assert at.workspace.size == "160"
