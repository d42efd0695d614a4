"""What is remembered, written to a file and read back by another session; and sentences for the person."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtWidgets import QDockWidget, QLineEdit, QMainWindow, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from running import Running

from studio.model.declared.size import Size
from studio.model.views.view import View
from studio.model.views.workspace import Workspace
from studio.runtime.live.report import Message, Messages, Problems, Report
from studio.runtime.live.telemetry import Telemetry
from studio.ui.importing.recent_menu import RecentMenu
from studio.ui.kit.icons import icon
from studio.ui.services import messages as message_bar
from studio.ui.services.choices import LastSession, RecordingChoice
from studio.ui.services.messages import MessageBar
from studio.ui.services.reopening import Reopening
from studio.ui.services.session import Session


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.ini"


def session(file: Path) -> Session:
    settings = QSettings(str(file), QSettings.Format.IniFormat)
    return Session(settings)


def test_recent_things_are_newest_first_each_once_and_at_most_ten(file: Path, tmp_path: Path) -> None:
    films = [tmp_path / f"film {k}, the {k}th.mp4" for k in range(12)]
    for film in films:
        film.write_text("")
    first = session(file)
    for film in (*films, films[5]):
        first.note_source(str(film))
    wanted = [films[5], *reversed(films[6:]), *reversed(films[2:5])]
    del first
    assert session(file).sources == [str(film) for film in wanted]


def test_what_is_gone_is_left_out(file: Path, tmp_path: Path) -> None:
    here, gone = tmp_path / "here", tmp_path / "gone"
    for folder in (here, gone):
        folder.mkdir()
        session(file).note_preset(folder)
        session(file).note_network(folder)
    gone.rmdir()
    assert session(file).presets == [str(here)]
    assert session(file).networks == [str(here)]


def test_only_sources_with_a_path_are_recent(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").mkdir()
    for spec in ("demo", "camera:0", ""):
        session(file).note_source(spec)
    assert session(file).sources == []
    session(file).note_source("./demo")
    assert session(file).sources == [str(tmp_path / "demo")]


def test_the_last_session_comes_back_while_its_preset_is_there(file: Path, tmp_path: Path) -> None:
    assert session(file).last is None
    last = LastSession(str(tmp_path), "camera:1", "512", "torch", "layer", "enc")
    session(file).remember(last)
    assert session(file).last == last
    session(file).remember(LastSession(str(tmp_path / "gone")))
    assert session(file).last is None


def test_a_damaged_setting_is_as_if_there_were_none(file: Path) -> None:
    settings = QSettings(str(file), QSettings.Format.IniFormat)
    settings.setValue("last", "{")
    settings.setValue("recent/presets", '{"a": 1}')
    settings.setValue("recording", '{"codec": 5, "rate": "x/0", "shown": true, "more": 1}')
    settings.setValue("window/state", "nonsense")
    settings.sync()
    found = session(file)
    assert (found.last, found.presets) == (None, [])
    assert found.recording == RecordingChoice(rate="x/0", shown=True)
    assert found.recording.fps(Fraction(25)) == Fraction(25)


@pytest.mark.parametrize(
    ("codec", "source", "rate"),
    [
        ("h264", Fraction(30000, 1001), Fraction(30000, 1001)),
        ("h264", Fraction(24), Fraction(24)),
        ("h264", None, Fraction(30)),
        ("h264", Fraction(1, 2), Fraction(30)),
        ("h264", Fraction(240), Fraction(60)),
        ("gif", Fraction(60), Fraction(50)),
    ],
)
def test_a_recording_has_the_sources_rate_until_one_is_chosen(
    codec: str, source: Fraction | None, rate: Fraction
) -> None:
    assert RecordingChoice(codec).fps(source) == rate
    assert RecordingChoice(codec, "25").fps(source) == Fraction(25)


def test_how_to_record_is_remembered(file: Path, tmp_path: Path) -> None:
    session(file).recording = RecordingChoice("ffv1", "30000/1001", str(tmp_path), True)
    found = session(file).recording
    assert (found.codec, found.fps(Fraction(25)), found.path, found.shown) == (
        "ffv1",
        Fraction(30000, 1001),
        tmp_path,
        True,
    )
    assert RecordingChoice(folder=str(tmp_path / "gone")).path.is_dir()


def window(qtbot: QtBot) -> QMainWindow:
    made = QMainWindow()
    qtbot.addWidget(made)
    for name, area in (("a", Qt.DockWidgetArea.LeftDockWidgetArea), ("b", Qt.DockWidgetArea.RightDockWidgetArea)):
        dock = QDockWidget(name, made)
        dock.setObjectName(name)
        made.addDockWidget(area, dock)
    return made


def test_docks_are_where_they_were(file: Path, qtbot: QtBot) -> None:
    before = window(qtbot)
    assert not session(file).restore_window(before)
    before.resize(700, 500)
    dock = before.findChild(QDockWidget, "a")
    before.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
    session(file).keep_window(before)
    after = window(qtbot)
    assert session(file).restore_window(after)
    assert after.dockWidgetArea(after.findChild(QDockWidget, "a")) == Qt.DockWidgetArea.BottomDockWidgetArea
    assert (after.width(), after.height()) == (700, 500)


def test_recent_things_are_in_a_menu(file: Path, tmp_path: Path, qtbot: QtBot) -> None:
    at, opened = session(file), []
    menu = RecentMenu(at, opened.append)
    qtbot.addWidget(menu)
    menu.popup(QPoint(0, 0))
    assert [action.text() for action in menu.actions()] == ["Nothing yet"]
    menu.close()
    for name, note in (("a & b.mp4", at.note_source), ("net", at.note_network), ("dusk", at.note_preset)):
        (tmp_path / name).mkdir()
        note(str(tmp_path / name))
    menu.popup(QPoint(0, 0))
    entries = [action for action in menu.actions() if not action.isSeparator()]
    assert [action.text() for action in entries] == ["dusk", "net", "a && b.mp4"]
    entries[2].trigger()
    menu.close()
    assert opened == [tmp_path / "a & b.mp4"]
    (tmp_path / "still.PNG").touch()
    at.note_source(str(tmp_path / "still.PNG"))
    menu.popup(QPoint(0, 0))
    own, film = (action.icon().pixmap(16).toImage() for action in menu.actions()[-2:])
    menu.close()
    assert (own, film) == tuple(icon(name).pixmap(16).toImage() for name in ("image", "film-strip"))


# -- the last session, again ----------------------------------------------------------------------------------------

Offers = list[tuple[Message, list[tuple[str, Callable[[], None]]]]]


def reopening(at: Running, workspace: Workspace, said: Offers) -> Reopening:
    def say(message: Message, actions: list[tuple[str, Callable[[], None]]]) -> None:
        said.append((message, actions))

    return Reopening(at.document, workspace, at.live.play, at.loader, at.session, say)  # type: ignore[arg-type]


@pytest.mark.usefixtures("qapp")
def test_the_last_session_is_offered_and_reopened(tmp_path: Path, qtbot: QtBot) -> None:
    at = Running(tmp_path)
    workspace = Workspace(at.document)
    said: Offers = []
    last = reopening(at, workspace, said)
    last.offer("demo")
    workspace.view, workspace.size, workspace.engine = View("filters", "enc.weight"), "512", "torch"
    last.remember("demo")
    last.offer("demo")
    assert said == []
    at.document.load(at.preset("beta"), at.library.shipped / "beta")
    last.offer("demo")
    [(message, [(label, act)])] = said
    assert (message, label) == (Message("Last time “alpha” was open, on demo."), "Reopen")
    workspace.view, workspace.size, workspace.engine = View(), "256", "auto"
    act()
    qtbot.waitUntil(lambda: at.document.name == "alpha")
    assert (workspace.size, workspace.engine, workspace.view) == ("512", "torch", View("filters", "enc.weight"))
    assert at.live.calls == [("play", "demo")]
    at.document.undo()
    assert at.document.name == "beta"
    at.close()


@pytest.mark.usefixtures("qapp")
def test_a_view_of_a_layer_that_is_gone_is_left_out(tmp_path: Path, qtbot: QtBot) -> None:
    at = Running(tmp_path)
    workspace = Workspace(at.document)
    last = reopening(at, workspace, [])
    last.reopen(LastSession(str(at.library.shipped / "gamma"), view="layer", view_name="nowhere"))
    qtbot.waitUntil(lambda: at.document.name == "gamma")
    assert workspace.view == View()
    at.close()


# -- messages -------------------------------------------------------------------------------------------------------


@pytest.fixture
def bar(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> MessageBar:
    monkeypatch.setattr(message_bar, "NOTE_SECONDS", 0.15)
    made = MessageBar()
    qtbot.addWidget(made)
    made.resize(600, 32)
    made.show()
    return made


def test_a_note_fades_and_an_error_stays(bar: MessageBar, qtbot: QtBot) -> None:
    telemetry = Telemetry()
    bar.follow(telemetry)
    telemetry.take(Report([Messages((Message("the disk is full", "error"), Message("saved")))]))
    assert bar.text == "Saved"
    qtbot.waitUntil(lambda: bar.text == "The disk is full")
    qtbot.wait(300)
    assert bar.text == "The disk is full"
    qtbot.mouseClick(bar._close, Qt.MouseButton.LeftButton)
    assert bar.text == ""
    assert [message.text for message in bar.log] == ["the disk is full", "saved"]


def test_a_problem_stands_for_as_long_as_it_lasts(bar: MessageBar) -> None:
    telemetry = Telemetry()
    bar.follow(telemetry)
    size, source = Message("“x” is no size", "error"), Message("there is nothing at “y”", "error")
    telemetry.take(Report([Problems({"picture": size})]))
    telemetry.take(Report([Problems({"picture": size})]))
    assert bar.text == "“x” is no size"
    telemetry.take(Report([Problems({"picture": size, "source": source})]))
    assert bar.text == "There is nothing at “y”"
    telemetry.take(Report([Problems({"source": source})]))
    assert bar.text == "There is nothing at “y”"
    telemetry.take(Report([Problems()]))
    assert bar.text == ""
    assert list(bar.log) == [size, source]


def test_a_newer_error_supersedes_the_one_before(bar: MessageBar) -> None:
    bar.say(Message("first", "error"))
    bar.say(Message("second", "error"))
    bar.dismiss()
    assert bar.text == ""


def test_what_is_said_again_is_listed_once(bar: MessageBar) -> None:
    for text in ("one", "two", "one"):
        bar.say(Message(text, "error") if text == "two" else Message(text))
    assert bar.text == "One"
    assert [message.text for message in bar.log] == ["one", "two"]


def test_an_answer_is_given_once_and_ends_the_question(bar: MessageBar, qtbot: QtBot) -> None:
    answers: list[str] = []
    actions = [("Restore", lambda: answers.append("restore")), ("Discard", lambda: answers.append("discard"))]
    bar.say(Message("its bends are kept", "warning"), actions)
    bar.say(Message("an error", "error"))
    qtbot.wait(600)
    bar.dismiss()
    assert bar.text == "Its bends are kept"
    restore = bar._buttons.itemAt(0).widget()
    qtbot.mouseClick(restore, Qt.MouseButton.LeftButton)
    assert answers == ["restore"]
    assert bar.text == ""


def test_a_click_lists_what_was_said_newest_first(bar: MessageBar, qtbot: QtBot) -> None:
    bar.note("one")
    bar.say(Message("two words " * 40, "error"))
    qtbot.mouseClick(bar._line, Qt.MouseButton.LeftButton, pos=QPoint(20, 8))
    popup = bar._popup
    assert popup is not None
    assert popup.isVisible()
    texts = [popup.list.item(row).text() for row in range(popup.list.count())]
    assert texts[0].endswith("Two words" + " two words" * 39 + " ")
    assert texts[1].endswith("One")
    qtbot.keyClick(popup, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not bar.findChildren(message_bar.MessageLog))


def test_an_error_goes_once_the_same_has_succeeded(bar: MessageBar) -> None:
    bar.say(Message("there is no picture at “x”", "error", about="lesson"))
    bar.settle("opening")
    assert bar.text
    bar.settle("lesson")
    assert bar.text == ""
    # What is about nothing in particular stays.
    bar.say(Message("the disk is full", "error"))
    bar.settle("lesson")
    assert bar.text == "The disk is full"


def test_messages_never_take_the_keyboard(qtbot: QtBot) -> None:
    whole = QWidget()
    qtbot.addWidget(whole)
    box, field, bar = QVBoxLayout(whole), QLineEdit(), MessageBar()
    box.addWidget(field)
    box.addWidget(bar)
    with qtbot.waitExposed(whole):
        whole.show()
    whole.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    bar.say(Message("a question", "warning"), [("Yes", lambda: None)])
    qtbot.keyClicks(field, "abc")
    qtbot.mouseClick(bar._buttons.itemAt(0).widget(), Qt.MouseButton.LeftButton)
    assert field.hasFocus()
    assert field.text() == "abc"


def test_a_long_sentence_is_whole(bar: MessageBar) -> None:
    low = bar.heightForWidth(400)
    text = "The network does not fit " * 20 + "/a/path/without/any/space/in/it" * 5
    bar.say(Message(text, "error"))
    assert bar._line.text().replace("\u200b", "") == text
    assert bar._line.accessibleName() == text
    bar.resize(400, bar.heightForWidth(400))
    assert bar.height() > 4 * low / 2
    line = bar._line
    wide = line.fontMetrics().boundingRect(0, 0, line.width(), 10_000, Qt.TextFlag.TextWordWrap, line.text())
    assert wide.height() <= line.height()
    assert wide.width() <= line.width()


@pytest.mark.parametrize(("stored", "size"), [("", None), ("1280x720", Size(720, 1280)), ("0x4", None), ("big", None)])
def test_a_recordings_size(stored: str, size: Size | None) -> None:
    assert RecordingChoice(size=stored).pixels == size


def test_a_sentence_of_thousands_of_letters_is_cut_and_all_of_it_kept(bar: MessageBar) -> None:
    names = ", ".join(f"layer{number}" for number in range(2000))
    message = Message(f"There is no layer “x”;\nthis network has {names}.", "error")
    bar.say(message)
    assert len(bar.text) < 1220
    assert bar.text.startswith("There is no layer “x”; this network has layer0, layer1")
    bar.show_details()
    assert bar.details is not None
    assert bar.details.text.toPlainText() == message.text
    bar.details.close()
    bar.take_back(message)
    assert bar.text == ""


# -- nothing is forgotten ---------------------------------------------------------------------------------------------


@pytest.fixture
def two(tmp_path: Path) -> tuple[Session, Session]:
    """Those of two studios that run at once: Qt shares what it knows of a file by its path."""
    (tmp_path / "config").mkdir()
    (tmp_path / "same").symlink_to("config")
    return session(tmp_path / "config" / "settings.ini"), session(tmp_path / "same" / "settings.ini")


def made(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).mkdir()
    return [folder / name for name in names]


def test_two_studios_lose_none_of_each_others_favourites(two: tuple[Session, Session], tmp_path: Path) -> None:
    one, other = two
    first, second = made(tmp_path, "first", "second")
    assert one.favourites == other.favourites == {}
    one.set_favourite(first, 1)
    other.set_favourite(second, 2)
    one.note_preset(first)
    one._settings.sync()
    other.note_preset(second)
    other._settings.sync()
    again = session(tmp_path / "config" / "settings.ini")
    assert again.favourites == {1: first, 2: second}
    assert again.presets == [str(second), str(first)]


def test_what_lies_on_a_disk_that_is_not_there_just_now_keeps_its_key_and_its_place(file: Path, tmp_path: Path) -> None:
    disk, far = tmp_path / "disk", tmp_path / "unplugged"
    [preset, other] = made(tmp_path, "disk", "other")
    kept = session(file)
    kept.set_favourite(preset, 1)
    kept.note_preset(preset)
    disk.rename(far)
    assert kept.favourites == {}
    assert kept.presets == []
    kept.set_favourite(other, 2)
    kept.note_preset(other)
    far.rename(disk)
    assert kept.favourites == {1: preset, 2: other}
    assert kept.presets == [str(other), str(preset)]
    kept.set_favourite(preset, None)
    assert kept.favourites == {2: other}


def test_a_path_that_can_be_none_is_as_one_that_is_gone(file: Path) -> None:
    for path in ("x" * 5000, "/a\0b", "/" + "y/" * 4000):
        kept = session(file)
        kept.remember(LastSession(opened=path))
        kept.set_favourite(Path("/" + path), 3)
        again = session(file)
        assert again.last is None
        assert again.favourites == {}


def test_names_that_are_no_utf_8_are_remembered(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    kept = session(file)
    kept.note_preset(folder)
    kept.set_favourite(folder, 4)
    kept._settings.sync()
    assert b"caf" in file.read_bytes()
    again = session(file)
    assert again.presets == [str(folder)]
    assert again.favourites == {4: folder}


def test_where_nothing_can_be_remembered_it_is_said(tmp_path: Path, file: Path) -> None:
    assert session(file).problem == ""
    (tmp_path / "taken").write_text("a file where a folder should be")
    problem = session(tmp_path / "taken" / "settings.ini").problem
    assert "cannot be kept" in problem
    assert "settings.ini cannot be written" in problem
