"""The deck with real presets, mouse and keys; saving beside the work; recovery after a crash; closing."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import assert_same_bits
from PySide6.QtCore import QLockFile, QPoint, Qt, QTimer
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot
from running import Running

from studio.errors import StudioError
from studio.io import library
from studio.io.autosave import Recovery
from studio.io.presets import load_preset, save_preset
from studio.model.filters.edit import Patch
from studio.model.networks.layout import Rect
from studio.runtime.live.report import Message
from studio.ui.presets import panel as preset_deck
from studio.ui.presets.panel import PresetDeck
from studio.ui.presets.to_bin import to_bin as move_to_bin
from studio.ui.services import autosave as preset_autosave
from studio.ui.services import preset_saver
from studio.ui.services.autosave import Autosave
from studio.ui.services.closing import Closing, ask_over
from studio.ui.services.preset_saver import PresetSaver

pytestmark = pytest.mark.usefixtures("qapp")

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path)
    yield made
    made.close()


@pytest.fixture
def saver(at: Running, monkeypatch: pytest.MonkeyPatch) -> PresetSaver:
    # A busy machine may take longer for the picture than a person is to wait for it.
    monkeypatch.setattr(preset_saver, "PATIENCE", 60_000)
    return PresetSaver(at.document, at.library, at.live.snapshot, at.worker, at.post, at.said.append)


@pytest.fixture
def deck(at: Running, saver: PresetSaver, qtbot: QtBot) -> PresetDeck:
    made = PresetDeck(at.document, at.library, at.opener, saver, at.worker, at.said.append)
    qtbot.addWidget(made)
    made.resize(280, 520)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    qtbot.waitUntil(lambda: len(made.list.tiles) == 3)
    return made


def titles(deck: PresetDeck) -> list[str]:
    return [tile.card.title for tile in deck.list.shown]


def place(deck: PresetDeck, title: str) -> QPoint:
    view = deck.list
    row = [tile.card.title for tile in view.tiles].index(title)
    index = view.model().index(row, 0)
    view.scrollTo(index)
    return view.visualRect(index).center()


def click(deck: PresetDeck, title: str, qtbot: QtBot) -> None:
    qtbot.mouseClick(deck.list.viewport(), LEFT, pos=place(deck, title))


def mine(at: Running, deck: PresetDeck, qtbot: QtBot, title: str = "Mine") -> Path:
    """Save the document as a preset of the person's own."""
    assert deck._saver.save_as(title)
    qtbot.waitUntil(lambda: title in titles(deck))
    assert at.document.path is not None
    return at.document.path


def test_where_the_disk_of_own_presets_does_not_answer_the_studios_are_there(
    at: Running, deck: PresetDeck, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine(at, deck, qtbot)

    def silent(path: Path) -> None:
        raise StudioError(f"{path} does not answer.")

    monkeypatch.setattr(library, "await_answer", silent)
    deck.refresh()
    qtbot.waitUntil(lambda: titles(deck) == ["alpha", "beta", "gamma"])
    assert at.said[-1].text == f"{at.library.own} does not answer."


def test_a_click_opens_and_undo_brings_back_what_was_open(deck: PresetDeck, at: Running, qtbot: QtBot) -> None:
    at.edit()
    before = at.document.tensor("dec.bias").copy()
    click(deck, "beta", qtbot)
    qtbot.waitUntil(lambda: at.document.name == "beta")
    assert_same_bits({"b": at.document.tensor("dec.bias")}, {"b": at.preset("beta").changed["dec.bias"]})
    assert at.document.bypassed == frozenset()
    assert deck.title.whole == "beta"
    assert at.session.presets == [str(at.library.shipped / "beta")]
    assert "undo brings the changed “alpha” back" in at.said[-1].text
    at.document.undo()
    assert (at.document.name, at.document.bypassed, at.document.unsaved) == ("alpha", {"act"}, True)
    assert_same_bits({"b": at.document.tensor("dec.bias")}, {"b": before})
    assert deck.list.delegate.open_path == at.library.shipped / "alpha"


def test_arrows_and_enter_open(deck: PresetDeck, at: Running, qtbot: QtBot) -> None:
    deck.list.setFocus()
    assert deck.list.current is not None
    assert deck.list.current.card.title == "alpha"
    qtbot.keyClick(deck.list, Qt.Key.Key_Right)
    qtbot.keyClick(deck.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: at.document.name == "beta")


def test_what_is_open_and_saved_is_not_opened_again(deck: PresetDeck, at: Running, qtbot: QtBot) -> None:
    click(deck, "alpha", qtbot)
    assert at.loader.opening == ""
    assert at.document.history.labels == ()
    at.edit()
    click(deck, "alpha", qtbot)
    qtbot.waitUntil(lambda: not at.document.unsaved)
    assert at.document.bypassed == frozenset()


def test_words_are_searched_for_and_enter_opens_the_first(deck: PresetDeck, at: Running, qtbot: QtBot) -> None:
    qtbot.keyClicks(deck.search, "ABOUT am")
    assert titles(deck) == ["gamma"]
    qtbot.keyClick(deck.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: at.document.name == "gamma")
    qtbot.keyClicks(deck.search, "x")
    assert titles(deck) == []
    assert deck.nothing.isVisible()
    qtbot.keyClick(deck.search, Qt.Key.Key_Escape)
    assert titles(deck) == ["alpha", "beta", "gamma"]
    deck.search.setFocus()
    qtbot.keyClick(deck.search, Qt.Key.Key_Down)
    qtbot.waitUntil(deck.list.hasFocus)


def test_a_damaged_preset_is_grey_says_why_and_is_not_opened(deck: PresetDeck, at: Running, qtbot: QtBot) -> None:
    (at.library.shipped / "beta" / "preset.json").write_text("{")
    deck.refresh()
    qtbot.waitUntil(lambda: any(tile.card.problem for tile in deck.list.tiles))
    row = next(row for row, tile in enumerate(deck.list.tiles) if tile.card.problem)
    index = deck.list.model().index(row, 0)
    assert "no valid JSON" in index.data(Qt.ItemDataRole.ToolTipRole)
    click(deck, "beta", qtbot)
    qtbot.keyClick(deck.list, Qt.Key.Key_Return)
    assert at.loader.opening == ""


def test_one_that_turns_out_broken_leaves_what_is_open(deck: PresetDeck, at: Running, qtbot: QtBot) -> None:
    (at.library.shipped / "beta" / "dec.bias.npy").unlink()
    click(deck, "beta", qtbot)
    qtbot.waitUntil(lambda: bool(at.said))
    assert at.said[0].kind == "error"
    assert "dec.bias" in at.said[0].text
    assert (at.document.name, deck.list.delegate.opening) == ("alpha", None)


def test_two_studios_that_save_under_one_name_at_once_make_two_presets(
    saver: PresetSaver, at: Running, qtbot: QtBot
) -> None:
    theirs = at.library.own / "sea"
    with qtbot.waitSignal(saver.saved):
        assert saver.save_as("Sea")
        # Between the question whether the name is free, and the writing.
        save_preset(at.preset("theirs"), theirs)
    assert load_preset(theirs).name == "theirs"
    assert at.document.path == at.library.own / "sea-2"
    assert load_preset(at.library.own / "sea-2").name == "Sea"


def test_what_another_studio_saved_into_the_open_preset_stays(saver: PresetSaver, at: Running, qtbot: QtBot) -> None:
    with qtbot.waitSignal(saver.saved):
        assert saver.save_as("Sea")
    folder = at.library.own / "sea"
    at.edit()
    with qtbot.waitSignal(saver.saved):
        assert saver.save()
    assert at.document.path == folder
    # Touched by a program that keeps folders alike, it is the same.
    os.utime(folder / "preset.json", (0, 0))
    at.edit()
    with qtbot.waitSignal(saver.saved):
        assert saver.save()
    assert at.document.path == folder
    save_preset(theirs := at.preset("Sea"), folder)
    at.edit()
    with qtbot.waitSignal(saver.saved):
        assert saver.save()
    assert_same_bits(dict(load_preset(folder).changed), dict(theirs.changed))
    assert (at.document.path, at.document.name, at.document.unsaved) == (at.library.own / "sea-2", "Sea 2", False)
    assert "changed elsewhere" in at.said[-1].text
    # Its own is saved again as ever; so is one that has gone.
    shutil.rmtree(at.library.own / "sea-2")
    at.edit()
    with qtbot.waitSignal(saver.saved):
        assert saver.save()
    assert load_preset(at.library.own / "sea-2").name == "Sea 2"


def test_saving_a_shipped_preset_asks_for_a_name_in_the_deck(deck: PresetDeck, at: Running, qtbot: QtBot) -> None:
    at.edit()
    shipped = (at.library.shipped / "alpha" / "preset.json").read_bytes()
    qtbot.mouseClick(deck.save_button, LEFT)
    assert deck.naming.isVisible()
    assert deck.name.text() == "alpha 2"
    qtbot.keyClicks(deck.name, "Sea 1")
    qtbot.keyClick(deck.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "Sea 1" in titles(deck))
    assert not deck.naming.isVisible()
    assert (at.document.path, at.document.name, at.document.unsaved) == (at.library.own / "sea-1", "Sea 1", False)
    saved = load_preset(at.library.own / "sea-1")
    assert (saved.name, saved.bypassed) == ("Sea 1", {"act"})
    assert_same_bits(dict(saved.changed), dict(at.document.bent()))
    picture = cv2.imread(str(at.library.own / "sea-1" / "thumbnail.png"))
    assert picture is not None
    assert picture.shape == (90, 160, 3)
    assert (at.library.shipped / "alpha" / "preset.json").read_bytes() == shipped
    at.edit()
    deck.save()
    assert not deck.naming.isVisible()
    qtbot.waitUntil(lambda: not at.document.unsaved)
    assert load_preset(at.library.own / "sea-1").bypassed == frozenset()


def test_escape_ends_naming_and_a_name_that_is_taken_is_refused(deck: PresetDeck, at: Running, qtbot: QtBot) -> None:
    deck.save_as()
    deck.name.setText("beta")
    qtbot.keyClick(deck.name, Qt.Key.Key_Return)
    assert "called “beta” already" in at.said[-1].text
    assert deck.naming.isVisible()
    qtbot.keyClick(deck.name, Qt.Key.Key_Escape)
    assert not deck.naming.isVisible()
    assert list(at.library.own.parent.rglob("preset.json")) == []


def test_edits_while_a_preset_is_being_saved_stay_unsaved(
    saver: PresetSaver, at: Running, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def slow(*args: object, **named: object) -> None:
        assert go_on.wait(60)
        save_preset(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(preset_saver, "save_preset", slow)
    at.edit()
    assert saver.save_as("one")
    stroke = at.document.begin("stroke")
    stroke.put("dec.bias", Patch(Rect(0, 0, 1, 1), np.full((1, 1), 9.0, np.float32)))
    with qtbot.waitSignal(saver.saved):
        go_on.set()
    assert stroke.is_open
    stroke.commit()
    assert at.document.unsaved
    assert load_preset(at.library.own / "one").changed["dec.bias"][0] != 9.0
    at.document.undo()
    assert not at.document.unsaved


def test_what_is_opened_while_another_is_saved_is_not_taken_for_it(
    saver: PresetSaver, at: Running, qtbot: QtBot
) -> None:
    at.edit()
    with qtbot.waitSignal(saver.saved):
        saver.save_as("one")
        at.document.load(at.preset("beta"), at.library.shipped / "beta")
    assert (at.document.name, at.document.path) == ("beta", at.library.shipped / "beta")


def test_without_a_picture_it_is_saved_all_the_same(
    saver: PresetSaver, at: Running, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preset_saver, "PATIENCE", 50)
    at.live.picture = None
    with qtbot.waitSignal(saver.saved):
        saver.save_as("one")
    assert load_preset(at.library.own / "one").name == "one"


def test_what_cannot_be_saved_is_said_and_stays_unsaved(
    saver: PresetSaver, at: Running, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StudioError("the disk is full")

    monkeypatch.setattr(preset_saver, "save_preset", full)
    at.edit()
    then: list[bool] = []
    saver.save_as("one", lambda: then.append(True))
    qtbot.waitUntil(lambda: bool(at.said))
    assert at.said == [Message("the disk is full", "error")]
    assert at.document.unsaved
    assert then == []


def test_f2_renames_in_place(deck: PresetDeck, at: Running, qtbot: QtBot) -> None:
    folder = mine(at, deck, qtbot)
    at.edit()
    deck.list.setFocus()
    deck.list.focus(folder)
    qtbot.keyClick(deck.list, Qt.Key.Key_F2)
    editor = deck.list.viewport().findChild(QLineEdit)
    assert editor is not None
    qtbot.keyClicks(editor, "Yours")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "Yours" in titles(deck))
    assert load_preset(folder).name == "Yours"
    assert (at.document.name, at.document.unsaved) == ("Yours", True)
    assert deck.title.whole == "Yours •"


def test_what_is_unsaved_is_marked_while_a_stroke_still_goes_on(deck: PresetDeck, at: Running) -> None:
    assert not deck.title.whole.endswith("•")
    gesture = at.document.begin("Paint")
    tensor = next(iter(at.document.network.tensors))
    gesture.put(tensor, Patch(Rect(0, 0, 1, 1), np.ones((1, 1), np.float32)))
    assert deck.title.whole.endswith("•")
    gesture.commit()
    at.document.undo()
    assert not deck.title.whole.endswith("•")


def test_shipped_presets_are_neither_renamed_nor_removed(deck: PresetDeck, at: Running, qtbot: QtBot) -> None:
    deck.list.setFocus()
    qtbot.keyClick(deck.list, Qt.Key.Key_F2)
    assert deck.list.viewport().findChild(QLineEdit) is None
    qtbot.keyClick(deck.list, Qt.Key.Key_Delete)
    assert at.said == [Message("“alpha” is built in and stays.")]
    assert (at.library.shipped / "alpha").is_dir()


def test_delete_moves_to_the_bin(deck: PresetDeck, at: Running, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    trash = at.home / "bin"

    def to_bin(path: Path) -> None:
        trash.mkdir()
        path.rename(trash / "mine")

    monkeypatch.setattr(preset_deck, "to_bin", to_bin)
    folder = mine(at, deck, qtbot)
    deck.list.setFocus()
    deck.list.focus(folder)
    qtbot.keyClick(deck.list, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: "Mine" not in titles(deck))
    assert load_preset(trash / "mine").name == "Mine"
    assert at.document.unsaved
    assert at.said[-1] == Message("“Mine” is in the bin.")


def test_the_systems_bin_takes_folders(at: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(at.home / "xdg"))
    folder = at.library.new_folder("gone")
    save_preset(at.preset("gone"), folder)
    move_to_bin(folder)
    assert not folder.exists()
    assert load_preset(at.home / "xdg" / "Trash" / "files" / "gone").name == "gone"
    with pytest.raises(StudioError, match="cannot be moved to the bin"):
        move_to_bin(folder)


def test_tiles_fill_the_width(deck: PresetDeck, qtbot: QtBot) -> None:
    for width, columns in ((280, 2), (420, 3), (150, 1)):
        deck.resize(width, 520)
        qtbot.waitUntil(lambda width=width: deck.width() == width)
        room = deck.list.viewport().width()
        assert room // deck.list.gridSize().width() == columns
        first, second = (deck.list.visualRect(deck.list.model().index(row, 0)) for row in (0, 1))
        assert (first.top() == second.top()) == (columns > 1)


# -- recovery -------------------------------------------------------------------------------------------------------

Offer = tuple[Message, Sequence[tuple[str, Callable[[], None]]]]


class Crash:
    """A run with recovery, whose questions are noted."""

    def __init__(self, at: Running, then: datetime | None = None) -> None:
        self.offers: list[Offer] = []
        self.recovery = Recovery(at.home / "recovery", then)
        self.autosave = Autosave(at.document, self.recovery, at.worker, lambda *offer: self.offers.append(offer))

    def answer(self, label: str) -> None:
        [(_, answers)] = self.offers
        dict(answers)[label]()


def left_behind(at: Running) -> Recovery:
    """What a run that has crashed leaves."""
    old = Recovery(at.home / "recovery", datetime(2026, 3, 4, 14, 3, tzinfo=UTC))
    bent = at.preset("Lost work")
    old.keep(bent, at.library.own / "lost-work")
    return old


def kept(at: Running) -> list[Path]:
    return sorted((at.home / "recovery").glob("*/preset/preset.json"))


def test_unsaved_work_is_kept_until_it_is_saved(at: Running, qtbot: QtBot) -> None:
    run = Crash(at)
    run.autosave.keep()
    assert not (at.home / "recovery").exists()
    at.edit()
    run.autosave.keep()
    qtbot.waitUntil(lambda: len(kept(at)) == 1)
    assert load_preset(kept(at)[0]).bypassed == {"act"}
    at.document.mark_saved(at.home / "elsewhere", "alpha")
    qtbot.waitUntil(lambda: kept(at) == [])
    at.edit()
    run.autosave.keep()
    run.autosave.end()
    at.worker.close(60)
    assert list((at.home / "recovery").iterdir()) == []


@pytest.mark.parametrize("begun", [False, True])
def test_an_end_from_outside_waits_for_what_is_being_kept(
    at: Running, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    run, goes_on = Crash(at), threading.Event()
    keep = run.recovery.keep

    def slow(*given: object) -> None:
        assert goes_on.wait(60)
        keep(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(run.recovery, "keep", slow)
    at.edit()
    if begun:
        run.autosave.keep()
    run.autosave.end(unasked=True)
    pending = at.worker.pending
    goes_on.set()
    assert at.worker.close(60)
    # So long the end waits.
    assert pending == ("Keeping unsaved work",)
    assert at.worker.pending == ()
    assert len(kept(at)) == 1


def test_what_an_end_from_outside_still_keeps_is_offered_to_nobody_before(
    at: Running, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another studio could discard, or restore, what was kept before, while the folder was still written to."""
    run, goes_on = Crash(at), threading.Event()
    at.edit()
    run.autosave.keep()
    qtbot.waitUntil(lambda: (run.recovery.folder / "about.json").exists())
    keep = run.recovery.keep

    def slow(*given: object) -> None:
        assert goes_on.wait(60)
        keep(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(run.recovery, "keep", slow)
    at.document.set_bypassed("enc", True)
    run.autosave.end(unasked=True)
    early, late = Crash(at), Crash(at)
    early.autosave.offer()
    goes_on.set()
    assert at.worker.close(60)
    late.autosave.offer()
    assert early.offers == []
    assert len(late.offers) == 1


def test_it_is_written_after_some_time_or_many_edits(
    at: Running, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Crash(at)
    tensor = next(iter(at.document.network.tensors))

    def paint(value: float) -> None:
        at.document.apply("Paint", tensor, Patch(Rect(0, 0, 1, 1), np.full((1, 1), value, np.float32)))

    for number in range(preset_autosave.EDITS - 1):
        paint(10.0 + number)
    qtbot.wait(100)
    assert kept(at) == []
    paint(99.0)
    qtbot.waitUntil(lambda: len(kept(at)) == 1)
    run.autosave.end()
    qtbot.waitUntil(lambda: kept(at) == [])
    monkeypatch.setattr(preset_autosave, "EVERY", 50)
    soon = Crash(at)
    at.edit()
    at.document.mark_unsaved()
    qtbot.waitUntil(lambda: len(kept(at)) == 1)
    soon.autosave.end()


def test_after_a_crash_the_work_is_offered_and_restored_bit_for_bit(at: Running, qtbot: QtBot) -> None:
    old, run = left_behind(at), Crash(at)
    run.autosave.offer()
    [(message, answers)] = run.offers
    assert message.text.startswith("The last session ended unexpectedly; its bends of “Lost work” from ")
    assert [label for label, _ in answers] == ["Restore", "Discard"]
    run.answer("Restore")
    qtbot.waitUntil(lambda: at.document.name == "Lost work")
    assert_same_bits(dict(at.document.bent()), dict(at.preset("Lost work").changed))
    assert (at.document.path, at.document.unsaved) == (at.library.own / "lost-work", True)
    assert at.document.weights_path == at.weights
    # The new run keeps it before the old copy goes.
    qtbot.waitUntil(lambda: not old.folder.exists())
    assert [path.parent.parent for path in kept(at)] == [run.recovery.folder]
    at.document.undo()
    assert at.document.name == "alpha"


def test_what_is_discarded_goes_and_what_is_not_answered_is_offered_again(at: Running, qtbot: QtBot) -> None:
    old, first = left_behind(at), Crash(at)
    first.autosave.offer()
    assert len(first.offers) == 1
    first.autosave.end()
    second = Crash(at)
    second.autosave.offer()
    second.answer("Discard")
    qtbot.waitUntil(lambda: not old.folder.exists())
    third = Crash(at)
    third.autosave.offer()
    assert third.offers == []
    second.autosave.end()


def _hold(lock: str, ready: multiprocessing.Event, end: multiprocessing.Event) -> None:  # type: ignore[valid-type]
    file = QLockFile(lock)
    assert file.tryLock(0)
    ready.set()
    end.wait(60)
    os._exit(1)


def test_what_another_running_studio_keeps_is_left_alone_until_it_crashes(at: Running) -> None:
    old, run = left_behind(at), Crash(at)
    context = multiprocessing.get_context("spawn")
    ready, end = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(str(old.folder / "lock"), ready, end))
    other.start()
    try:
        assert ready.wait(60)
        run.autosave.offer()
        assert run.offers == []
    finally:
        end.set()
        other.join(60)
    run.autosave.offer()
    assert len(run.offers) == 1
    run.autosave.end()


def test_what_cannot_be_kept_is_said_once(at: Running, qtbot: QtBot) -> None:
    (at.home / "recovery").write_text("")
    run = Crash(at)
    for _ in range(2):
        at.edit()
        at.document.mark_unsaved()
        run.autosave.keep()
    qtbot.waitUntil(lambda: bool(run.offers))
    qtbot.wait(50)
    assert [message.kind for message, _ in run.offers] == ["warning"]
    run.autosave.end()


def test_what_was_kept_and_is_damaged_is_said(at: Running, qtbot: QtBot) -> None:
    old, run = left_behind(at), Crash(at)
    (old.folder / "preset" / "dec.bias.npy").write_bytes(b"")
    run.autosave.offer()
    run.answer("Restore")
    qtbot.waitUntil(lambda: len(run.offers) == 2)
    assert "cannot be restored" in run.offers[1][0].text
    assert at.document.name == "alpha"
    run.autosave.end()


# -- closing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "now"),
    [(QMessageBox.StandardButton.Discard, True), (QMessageBox.StandardButton.Cancel, False)],
)
def test_unsaved_changes_are_asked_about(
    at: Running, saver: PresetSaver, answer: QMessageBox.StandardButton, now: bool
) -> None:
    asked: list[str] = []

    def ask(question: str, line: str) -> QMessageBox.StandardButton:
        asked.append(f"{question} {line}")
        return answer

    closing, closed = Closing(at.document, saver, ask), []
    assert closing.may_close(lambda: closed.append(True))
    assert asked == []
    at.edit()
    assert closing.may_close(lambda: closed.append(True)) is now
    assert asked == ["Save the changes to “alpha”? It becomes a preset of your own, “alpha 2”."]
    assert closed == []
    assert at.document.unsaved


def test_saved_first_it_closes_when_that_is_done(at: Running, saver: PresetSaver, qtbot: QtBot) -> None:
    closing, closed = Closing(at.document, saver, lambda *_: QMessageBox.StandardButton.Save), []
    for name in ("alpha 2", "alpha 2"):
        at.edit()
        assert not closing.may_close(lambda name=name: closed.append(name))
        qtbot.waitUntil(lambda: not at.document.unsaved)
    assert closed == ["alpha 2", "alpha 2"]
    assert load_preset(at.library.own / "alpha-2").name == "alpha 2"
    assert [folder.name for folder in at.library.own.iterdir()] == ["alpha-2"]


def test_the_question_is_a_dialog_with_three_answers(deck: PresetDeck, qtbot: QtBot) -> None:
    seen: list[str] = []

    def cancel() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        seen.extend(button.text().replace("&", "") for button in box.buttons())
        qtbot.keyClick(box, Qt.Key.Key_Escape)

    QTimer.singleShot(50, cancel)
    assert ask_over(deck, "Save?", "A line more.") == QMessageBox.StandardButton.Cancel
    assert sorted(seen) == ["Cancel", "Don't save", "Save"]
