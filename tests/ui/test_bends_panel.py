"""The panel of bends, by mouse and keys."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QWidget
from pytestqt.qtbot import QtBot

from studio.bends import make_bend, registry
from studio.errors import StudioError
from studio.io.opening import find_and_open
from studio.model.bends.bend import Unusable
from studio.model.bends.stage import AllChannels, ChannelList, ChannelRange, Guard, Luma, SomeChannels, Stage
from studio.model.bends.stages import STAGES, stage_of
from studio.model.declared.form import fields
from studio.model.documents.document import Document
from studio.model.networks.section import SECOND
from studio.model.views.workspace import Workspace
from studio.runtime.live.orders import Order
from studio.runtime.live.report import Message
from studio.runtime.live.telemetry import Telemetry
from studio.ui.bends.adding import BendChooser
from studio.ui.bends.channel_menu import ChannelMenu
from studio.ui.bends.channels import numbers_of, numbers_text
from studio.ui.bends.dice import throw
from studio.ui.bends.findings import Findings
from studio.ui.bends.panel import BendsPanel

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
PATIENCE = 120_000


class Desk:
    """A panel on a document, without an engine."""

    def __init__(self, qtbot: QtBot) -> None:
        self.document = Document(*find_and_open("autoencoder-transposed"))
        self.workspace = Workspace(self.document)
        self.workspace.choose("enc2")
        self.said: list[str] = []
        self.telemetry = Telemetry()
        self.telemetry.follow(self.document.graph)
        self.orders: list[Order] = []
        findings = Findings(self.document, self.telemetry, self.orders.append)
        self.panel = BendsPanel(self.document, self.workspace, findings, self._say)
        qtbot.addWidget(self.panel)
        self.panel.resize(360, 700)
        self.panel.show()
        qtbot.waitExposed(self.panel)

    def _say(self, message: Message) -> None:
        self.said.append(message.text)

    @property
    def names(self) -> list[str]:
        return [type(stage.bend).__name__ for stage in self.document.stages]


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot)


def test_a_bend_is_found_by_name_and_added_by_return(desk: Desk, qtbot: QtBot) -> None:
    assert desk.panel.empty.isVisible()
    qtbot.mouseClick(desk.panel.add, LEFT)
    chooser = desk.panel._chooser
    assert chooser is not None
    qtbot.keyClicks(chooser.search, "rotat")
    qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
    assert desk.names == ["Rotate"]
    assert not desk.panel.empty.isVisible()
    desk.document.undo()
    assert desk.names == []
    assert desk.panel.empty.isVisible()


def test_a_bend_that_is_put_behind_others_is_in_sight(desk: Desk, qtbot: QtBot) -> None:
    desk.panel.resize(380, 320)
    for name in ("Blur", "Rotate", "Kaleidoscope"):
        desk.panel.put(registry()[name])
        card = desk.panel.cards[desk.document.stages[-1].id]
        qtbot.waitUntil(lambda card=card: not card.name.visibleRegion().isEmpty())


def test_arrows_choose_among_what_is_found(desk: Desk, qtbot: QtBot) -> None:
    desk.panel.add_bend()
    chooser = desk.panel._chooser
    assert chooser is not None
    first = chooser.list.currentItem().text()
    qtbot.keyClick(chooser.search, Qt.Key.Key_Down)
    assert chooser.list.currentItem().text() != first
    qtbot.keyClick(chooser.search, Qt.Key.Key_Up)
    assert chooser.list.currentItem().text() == first


def test_the_drag_of_a_slider_is_one_undo(desk: Desk, qtbot: QtBot) -> None:
    desk.panel.put(registry()["Rotate"])
    (card,) = desk.panel.cards.values()
    before = len(desk.document.history.labels)
    slider = card.form.controls["angle"].slider  # type: ignore[attr-defined]
    seen: list[float] = []
    desk.document.changed.connect(lambda _: seen.append(desk.document.stages[0].bend.angle))  # type: ignore[attr-defined]
    middle = QPoint(slider.width() // 2, slider.height() // 2)
    qtbot.mousePress(slider, LEFT, pos=QPoint(slider.width() * slider.value() // slider.maximum(), middle.y()))
    for step in range(1, 8):
        QTest.mouseMove(slider, QPoint(middle.x() + 8 * step, middle.y()))
    qtbot.mouseRelease(slider, LEFT, pos=QPoint(middle.x() + 60, middle.y()))
    assert len(set(seen)) > 2
    assert len(desk.document.history.labels) == before + 1
    desk.document.undo()
    assert desk.document.stages[0].bend == registry()["Rotate"]()
    assert card.form.record() == registry()["Rotate"]()


def test_switches_amount_channels_and_guard(desk: Desk, qtbot: QtBot) -> None:
    desk.panel.put(registry()["Multiply"])
    (card,) = desk.panel.cards.values()
    qtbot.mouseClick(card.on, LEFT)
    assert not desk.document.stages[0].on
    qtbot.mouseClick(card.on, LEFT)
    assert desk.document.stages[0].on
    card.channels.kind.setCurrentIndex(1)
    card.channels.kind.activated.emit(1)
    assert desk.document.stages[0].channels == SomeChannels(share=0.5, seed=0)
    card.channels.kind.setCurrentIndex(3)
    card.channels.kind.activated.emit(3)
    card.channels.list.setFocus()
    card.channels.list.clear()
    qtbot.keyClicks(card.channels.list, "1, 4-6")
    qtbot.keyClick(card.channels.list, Qt.Key.Key_Return)
    assert desk.document.stages[0].channels == ChannelList(channels=(1, 4, 5, 6))
    assert card.where.whole == "channels 1, 4-6"
    # What is not understood changes nothing.
    qtbot.keyClicks(card.channels.list, "x")
    qtbot.keyClick(card.channels.list, Qt.Key.Key_Return)
    assert desk.document.stages[0].channels == ChannelList(channels=(1, 4, 5, 6)), (
        "what is not understood changes nothing"
    )
    card.guard.setCurrentIndex(card.guard.findData("deviation"))
    card.guard.activated.emit(0)
    assert desk.document.stages[0].guard.kind == "deviation"
    assert not card.times.isHidden()
    while desk.document.undo():
        pass
    assert desk.document.stages == ()


def test_a_card_is_dragged_to_another_place(desk: Desk, qtbot: QtBot) -> None:
    for name in ("Rotate", "Multiply"):
        desk.panel.put(registry()[name])
    qtbot.wait(20)
    first, second = (desk.panel.cards[stage.id] for stage in desk.document.stages)
    handle = second.handle
    qtbot.mousePress(handle, LEFT)
    top = first.mapToGlobal(QPoint(5, 2))
    QTest.mouseMove(handle, handle.mapFromGlobal(top))
    qtbot.mouseRelease(handle, LEFT, pos=handle.mapFromGlobal(top))
    assert desk.names == ["Multiply", "Rotate"]
    desk.document.undo()
    assert desk.names == ["Rotate", "Multiply"]


def drag(handle: QWidget, to: QPoint) -> None:
    """By the left button, past a place between, to a place of the screen."""
    begin = handle.mapToGlobal(handle.rect().center())
    QTest.mousePress(handle, LEFT)
    for place in ((begin + to) / 2, to):
        QTest.mouseMove(handle, handle.mapFromGlobal(place))
    QTest.mouseRelease(handle, LEFT, NONE, handle.mapFromGlobal(to))


def order(desk: Desk) -> list[tuple[str, str]]:
    """Layer and bend of every stage, as they stand in the list of all."""
    return [(stage.layer, type(stage.bend).__name__) for stage in desk.panel._shown()]


def laid_out(desk: Desk, qtbot: QtBot, *numbers: int) -> None:
    """Fold these cards, so that several are in sight, and wait until they lie below one another."""
    cards = [desk.panel.cards[number] for number in numbers]
    for card in cards:
        if not card.body.isHidden():
            card.toggle_fold()

    def lie() -> bool:
        tops, ends = [card.y() for card in cards], [card.geometry().bottom() for card in cards]
        folded = all(card.height() == card.sizeHint().height() for card in cards)
        return folded and all(end < top for end, top in zip(ends, tops[1:], strict=False))

    qtbot.waitUntil(lie, timeout=PATIENCE)


def test_a_card_is_dragged_to_another_layer(desk: Desk, qtbot: QtBot) -> None:
    document, panel = desk.document, desk.panel
    for layer, name in (("enc1", "Rotate"), ("enc1", "Multiply"), ("dec1", "Invert"), ("dec1", "Blur")):
        document.add_stage(layer, make_bend(name, {}), mask=Luma(source="input"), amount=0.5)
    rotate, multiply, invert, blur = (stage.id for stage in document.stages)
    qtbot.mouseClick(panel.all, LEFT)
    laid_out(desk, qtbot, rotate, multiply, invert, blur)
    before, steps = document.stages, len(document.history.labels)

    # Onto the upper half of a card: before it, behind that card's layer; all else of the stage stays.
    drag(panel.cards[rotate].handle, panel.cards[blur].mapToGlobal(QPoint(5, 2)))
    assert order(desk) == [("enc1", "Multiply"), ("dec1", "Invert"), ("dec1", "Rotate"), ("dec1", "Blur")]
    assert stage_of(document.stages, rotate) == replace(before[0], layer="dec1")
    assert len(document.history.labels) == steps + 1
    assert not panel._mark.isVisible()
    document.undo()
    assert document.stages == before

    # Onto the lower half of the last: behind it.
    laid_out(desk, qtbot, rotate, multiply, invert, blur)
    last = panel.cards[blur]
    drag(panel.cards[multiply].handle, last.mapToGlobal(QPoint(5, last.height() - 2)))
    assert order(desk) == [("enc1", "Rotate"), ("dec1", "Invert"), ("dec1", "Blur"), ("dec1", "Multiply")]
    # From the midst of a layer to the front of another.
    laid_out(desk, qtbot, rotate, invert, blur, multiply)
    drag(panel.cards[blur].handle, panel.cards[rotate].mapToGlobal(QPoint(5, 2)))
    assert order(desk) == [("enc1", "Blur"), ("enc1", "Rotate"), ("dec1", "Invert"), ("dec1", "Multiply")]
    # Within its layer, one place down.
    laid_out(desk, qtbot, blur, rotate, invert, multiply)
    second = panel.cards[rotate]
    drag(panel.cards[blur].handle, second.mapToGlobal(QPoint(5, second.height() - 2)))
    assert order(desk) == [("enc1", "Rotate"), ("enc1", "Blur"), ("dec1", "Invert"), ("dec1", "Multiply")]
    assert len(document.history.labels) == steps + 3
    while document.stages != before:
        assert document.undo()
    assert not desk.said


def test_a_card_that_does_not_fit_where_it_is_dragged_stays(desk: Desk, qtbot: QtBot) -> None:
    document, panel = desk.document, desk.panel
    document.add_stage("enc1", make_bend("Rotate", {}))
    document.add_stage("enc2", make_bend("Invert", {}), channels=ChannelList(channels=(200,)))
    document.add_stage("dec1", make_bend("FromLayer", {}), source="enc2")
    rotate, invert, taken = (stage.id for stage in document.stages)
    qtbot.mouseClick(panel.all, LEFT)
    laid_out(desk, qtbot, rotate, invert, taken)
    before = document.stages
    for number, why in ((invert, "channel 200 is not among 0 to 63"), (taken, "made from what it bends")):
        drag(panel.cards[number].handle, panel.cards[rotate].mapToGlobal(QPoint(5, 2)))
        assert document.stages == before
        assert why in desk.said[-1]


def test_the_menu_moves_duplicates_and_removes(desk: Desk) -> None:
    for name in ("Rotate", "Multiply"):
        desk.panel.put(registry()[name])
    card = desk.panel.cards[desk.document.stages[0].id]

    def press(text: str) -> None:
        menu = card.menu()
        next(action for action in menu.actions() if action.text() == text).trigger()

    press("Later")
    assert desk.names == ["Multiply", "Rotate"]
    press("Duplicate")
    assert desk.names == ["Multiply", "Rotate", "Rotate"]
    press("Remove")
    assert desk.names == ["Multiply", "Rotate"]
    card = desk.panel.cards[desk.document.stages[0].id]
    menu = card.menu()
    (layers,) = menu.findChildren(QMenu)
    next(action for action in layers.actions() if action.text() == "enc1").trigger()
    assert {stage.layer for stage in desk.document.stages} == {"enc1", "enc2"}
    assert len(desk.panel.cards) == 1, "the panel shows the selected layer's"
    desk.panel.all.click()
    assert len(desk.panel.cards) == 2


def test_a_stage_stays_where_it_fits(desk: Desk) -> None:
    """Behind a layer without its channels no engine took any stage: nothing that was turned was seen any more."""
    desk.panel.put(registry()["Invert"])
    before = desk.document.stages
    desk.document.change_stage(before[0].id, channels=ChannelList(channels=(200,)))
    kept = desk.document.stages
    (layers,) = desk.panel.cards[kept[0].id].menu().findChildren(QMenu)
    next(action for action in layers.actions() if action.text() == "enc1").trigger()
    assert desk.document.stages == kept
    assert "channel 200 is not among 0 to 63" in desk.said[-1]
    with pytest.raises(StudioError, match="channel 64 is not among 0 to 63"):
        desk.document.add_stage("enc1", make_bend("Invert", {}), channels=ChannelList(channels=(64,)))
    with pytest.raises(StudioError, match="made from what it bends"):
        desk.document.add_stage("enc1", make_bend("FromLayer", {}), source="enc2")
    assert desk.document.stages == kept

    # Nor is it given what does not fit where it stands.
    number = kept[0].id
    with pytest.raises(StudioError, match="channel 999 is not among 0 to 255"):
        desk.document.change_stage(number, channels=ChannelList(channels=(999,)))
    with pytest.raises(StudioError, match='no layer or input "nose"'):
        desk.document.change_stage(number, mask=Luma(source="nose"))
    with pytest.raises(StudioError, match="made from what it bends"):
        desk.document.change_stage(number, mask=Luma(source=desk.document.graph.output))
    assert desk.document.stages == kept
    said = len(desk.said)
    desk.panel.cards[number].channels.changed.emit(ChannelList(channels=(999,)))
    assert desk.document.stages == kept
    assert "channel 999 is not among 0 to 255" in desk.said[said]


def test_a_stage_for_a_second_picture_is_looked_at_before_there_is_one(desk: Desk) -> None:
    with pytest.raises(StudioError, match="channel 999 is not among 0 to 255"):
        desk.document.add_stage("enc2", make_bend("FromPicture", {}), channels=ChannelList(channels=(999,)))


def test_what_does_not_fit_stays_off_when_all_are_switched_on(desk: Desk) -> None:
    lost = Stage(1, "nose", registry()["Invert"](), on=False, problem='there is no layer "nose"')
    large = Stage(2, "enc2", registry()["Invert"](), ChannelList(channels=(999,)), on=False)
    good = Stage(3, "enc2", registry()["Invert"](), on=False)
    desk.document.set_section(STAGES, (lost, large, good), "Opened")
    desk.panel.toggle_all()
    assert [stage.on for stage in desk.document.stages] == [False, False, True]
    assert desk.document.stages[0].problem


def test_a_bend_works_alone_and_all_work_again(desk: Desk) -> None:
    for name in ("Rotate", "Multiply", "Add"):
        desk.panel.put(registry()[name])
    number = desk.document.stages[1].id

    def solo() -> list[bool]:
        menu = desk.panel.cards[number].menu()
        next(action for action in menu.actions() if action.text().startswith("Solo")).trigger()
        return [stage.on for stage in desk.document.stages]

    assert solo() == [False, True, False]
    assert solo() == [True, True, True]
    desk.document.undo()
    assert [stage.on for stage in desk.document.stages] == [False, True, False]


def test_a_tile_offers_bends_of_its_channel_and_of_its_layer(desk: Desk, qtbot: QtBot) -> None:
    tiles = ChannelMenu(desk.panel, desk.workspace)
    for label, channels in (("channel 7", ChannelList(channels=(7,))), ("all", AllChannels())):
        menu = tiles.menu("enc1_act", 7, QPoint(40, 40))
        next(action for action in menu.actions() if action.text().startswith(f"Bend {label} of enc1_act")).trigger()
        chooser = desk.panel.findChildren(BendChooser)[-1]
        qtbot.keyClicks(chooser.search, "rotate")
        qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
        stage = desk.document.stages[-1]
        assert (stage.layer, type(stage.bend).__name__, stage.channels) == ("enc1_act", "Rotate", channels)
        assert desk.workspace.layer == "enc1_act"


def test_all_off_and_on_is_one_undo_each(desk: Desk) -> None:
    for name in ("Rotate", "Multiply"):
        desk.panel.put(registry()[name])
    desk.panel.toggle_all()
    assert not any(stage.on for stage in desk.document.stages)
    desk.panel.toggle_all()
    assert all(stage.on for stage in desk.document.stages)
    desk.document.undo()
    assert not any(stage.on for stage in desk.document.stages)


def test_dice_stay_within_the_safe_ranges_and_are_one_undo_each(desk: Desk) -> None:
    for seed in range(40):
        throw(desk.document, "enc1", seed)
    assert len(desk.document.stages) == 40
    for stage in desk.document.stages:
        for field in fields(type(stage.bend)):
            if field.safe is not None:
                assert field.safe[0] - 1e-3 <= getattr(stage.bend, field.name) <= field.safe[1] + 1e-3
    assert len(desk.document.history.labels) == 40
    desk.document.undo()
    assert len(desk.document.stages) == 39


def test_without_a_layer_a_sentence_says_what_to_do(desk: Desk) -> None:
    desk.workspace.layer = ""
    desk.panel.put(registry()["Rotate"])
    assert desk.document.stages == ()
    assert "Select a layer" in desk.said[-1]


@pytest.mark.parametrize(
    ("text", "channels"),
    [("0-3, 7", (0, 1, 2, 3, 7)), ("5", (5,)), ("", None), ("3-1", None), ("a", None), ("1-99999999", None)],
)
def test_lists_of_channels_are_read(text: str, channels: tuple[int, ...] | None) -> None:
    assert numbers_of(text) == channels
    if channels:
        assert numbers_of(numbers_text(channels)) == channels


def test_cards_show_what_another_hand_changes(desk: Desk) -> None:
    desk.panel.put(registry()["Multiply"])
    number = desk.document.stages[0].id
    card = desk.panel.cards[number]
    desk.document.set(f"/bend/{number}/factor", 1.25)
    assert card.form.record() == registry()["Multiply"](factor=1.25)
    desk.document.change_stage(number, channels=ChannelRange(first=2, last=5))
    assert card.where.whole == "channels 2–5"
    desk.document.change_stage(number, channels=AllChannels())
    assert card.where.whole == ""


def test_a_bend_from_another_layer_takes_one_that_runs_before(desk: Desk) -> None:
    desk.panel.put(registry()["FromLayer"])
    (card,) = desk.panel.cards.values()
    assert desk.document.stages[0].source == "enc1_act"
    offered = [card.source.itemText(row) for row in range(card.source.count())]
    assert "enc1" in offered
    assert "dec1" not in offered
    card.source.setCurrentText("enc1")
    card.source.activated.emit(0)
    assert desk.document.stages[0].source == "enc1"


def test_every_bend_has_a_card(desk: Desk) -> None:
    for kind in registry().values():
        desk.panel.put(kind)
    assert not desk.said
    assert len(desk.panel.cards) == len(registry())


@pytest.mark.parametrize("kind", range(7))
def test_no_card_is_cut_in_the_narrowest_panel(desk: Desk, qtbot: QtBot, kind: int) -> None:
    for each in registry().values():
        desk.panel.put(each)
    for number, card in desk.panel.cards.items():
        desk.document.change_stage(number, guard=Guard(kind="deviation"), mask=Luma(source="input"))
        card.channels.kind.setCurrentIndex(kind)
        card.channels._open_page()
    desk.panel.resize(10, 700)
    assert desk.panel.width() < 270
    qtbot.wait(20)
    inside = desk.panel._inside
    visible = inside.parentWidget().width()
    for card in desk.panel.cards.values():
        assert card.minimumSizeHint().width() <= card.width(), card.name.whole
        assert card.mapTo(inside, card.rect().topRight()).x() < visible, card.name.whole
        for part in filter(QWidget.isVisible, (card.amount, card.channels, card.masked, card.guard, card.form)):
            assert part.mapTo(card, part.rect().topRight()).x() < card.width(), card.name.whole


def test_a_second_picture_is_chosen_in_the_card_and_undone(desk: Desk) -> None:
    desk.panel.put(registry()["StyleOfPicture"])
    desk.panel.put(registry()["Multiply"])
    style, plain = desk.panel.cards.values()
    assert not style.second.isHidden()
    assert plain.second.isHidden()
    assert style.second.text() == "Choose…"
    next(action for action in style.second.choices.actions() if action.text() == "Demo clip").trigger()
    assert desk.document.section(SECOND) == "demo"
    assert style.second.text() == "Demo clip"
    style.second.choose("/films/sea.mp4")
    assert style.second.text() == "sea.mp4"
    desk.document.undo()
    desk.document.undo()
    assert style.second.text() == "Choose…"


def test_stages_that_do_not_fit_have_cards_that_say_so_and_can_be_mended(desk: Desk) -> None:
    lost = Stage(1, "nose", registry()["Invert"](), on=False, problem='there is no layer "nose"')
    unknown = Stage(2, "enc2", Unusable(), on=False, problem='There is no bend "Wobble"', kept={"bend": "Wobble"})
    desk.document.set_section(STAGES, (lost, unknown), "Opened")
    desk.panel.all.click()
    first, second = (desk.panel.cards[number] for number in (1, 2))
    assert first.where.whole == second.where.whole == "does not fit"
    assert second.where.toolTip() == 'There is no bend "Wobble"'
    first.moves.emit("enc1")
    desk.document.change_stage(1, on=True)
    assert stage_of(desk.document.stages, 1).problem == ""
    assert desk.panel.cards[1].where.whole == ""
    assert stage_of(desk.document.stages, 2).kept == {"bend": "Wobble"}
