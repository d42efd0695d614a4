"""Forms made from declarations: every edit's and every operator's, by mouse and keys."""

from __future__ import annotations

from typing import Literal

import pytest
from filter_editor_desk import drag
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QStyle, QStyleOptionSlider, QWidget
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.bends import make_bend
from studio.edits import make_edit, registry
from studio.errors import StudioError
from studio.model.declared.form import fields
from studio.model.declared.param import Declared, PaddingPair, param, seed
from studio.model.filters.edit import Edit
from studio.model.movement.route import ROUTES, added
from studio.modulators import registry as modulators
from studio.ui.bends.panel import BendsPanel
from studio.ui.fades.panel import FadesPanel
from studio.ui.kit.controls import Choice, Seed, Tick
from studio.ui.kit.forms import Form
from studio.ui.kit.number_controls import Number, Slider, Whole
from studio.ui.kit.panel import bring_forward
from studio.ui.kit.scales import scale_for
from studio.ui.movement.panel import MovementPanel


class Everything(Declared):
    amount: float = param(0.5, lo=0.0, hi=1.0, doc="A share")
    level: float = param(0.0, lo=-100.0, hi=100.0, unit="px", doc="A wide range")
    count: int = param(3, lo=2, hi=9, doc="A whole number")
    border: Literal["zero", "wrap_around"] = param("zero", doc="A choice")
    together: bool = param(False, doc="Yes or no")
    limit: float | None = param(None, lo=0.0, hi=1.0, doc="None for none")
    padding: PaddingPair = param((1, 2), doc="A pair")
    seed: int = seed("Which")


def test_a_form_shows_and_gives_back_every_kind_of_value(qtbot: QtBot) -> None:
    form = Form(Everything)
    qtbot.addWidget(form)
    assert form.record() == Everything()
    other = Everything(
        amount=0.125, level=-37.5, count=9, border="wrap_around", together=True, limit=0.25, padding=(3, 4), seed=77
    )
    form.show_record(other)
    assert form.record() == other
    form.reset()
    assert form.record() == Everything(limit=0.25)


@pytest.mark.parametrize("name", [name for name in registry() if name != "Paint"])
def test_every_edit_has_a_form_that_reaches_its_limits(name: str, qtbot: QtBot) -> None:
    kind: type[Edit] = registry()[name]
    form = Form(kind)
    qtbot.addWidget(form)
    assert form.record() == kind()
    for end in ("lo", "hi"):
        values = {field.name: getattr(field, end) for field in fields(kind) if getattr(field, end) is not None}
        if name == "Clamp":
            values["high"] = 100.0
        wanted = kind.model_validate({key: int(v) if kind.model_fields[key].annotation is int else v
                                      for key, v in values.items()})  # fmt: skip
        form.show_record(wanted)
        assert form.record() == wanted


def test_what_is_drawn_must_be_left_out(qtbot: QtBot) -> None:
    with pytest.raises(TypeError, match="points"):
        Form(registry()["Paint"])
    form = Form(registry()["Paint"], without=("points",))
    qtbot.addWidget(form)
    assert "radius" in form.controls
    with pytest.raises(StudioError, match="points"):
        form.record()


def handle_of(slider: Slider) -> QRect:
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    return slider.style().subControlRect(
        QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, slider
    )


def handle(slider: Slider) -> QPoint:
    return handle_of(slider).center()


def test_a_drag_of_a_slider_tells_of_every_change_and_settles_once(qtbot: QtBot) -> None:
    form = Form(Everything)
    qtbot.addWidget(form)
    form.resize(400, 300)
    form.show()
    qtbot.waitExposed(form)
    changed: list[Everything] = []
    settled: list[Everything] = []
    form.changed.connect(changed.append)
    form.settled.connect(settled.append)
    amount = form.controls["amount"]
    assert isinstance(amount, Number)
    start = handle(amount.slider)
    drag(qtbot, amount.slider, [start, start + QPoint(10, 0), start + QPoint(25, 0), start + QPoint(40, 0)])
    assert len(changed) == 3
    assert [record.amount for record in changed] == sorted(record.amount for record in changed)
    assert [record.amount for record in settled] == [changed[-1].amount]
    assert changed[-1].amount > 0.55
    qtbot.wait(500)
    assert len(settled) == 1


def test_pressed_beside_its_handle_a_slider_comes_to_the_hand_and_follows_it(qtbot: QtBot) -> None:
    form = Form(Everything)
    qtbot.addWidget(form)
    form.resize(400, 300)
    form.show()
    qtbot.waitExposed(form)
    settled: list[Everything] = []
    form.settled.connect(settled.append)
    amount, count = form.controls["amount"], form.controls["count"]
    assert isinstance(amount, Number)
    assert isinstance(count, Whole)
    slider = amount.slider
    right, quarter = slider.rect().center() + QPoint(slider.width() // 3, 0), slider.rect().center() / 2
    assert not handle_of(slider).contains(right)
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=right)
    assert abs(handle(slider).x() - right.x()) <= 1
    assert [record.amount for record in settled] == [amount.value()]
    assert amount.value() > 0.75
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=quarter)
    qtbot.mouseMove(slider, right)
    assert abs(handle(slider).x() - right.x()) <= 2
    assert len(settled) == 1
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=right)
    assert len(settled) == 2
    qtbot.mouseClick(count.slider, Qt.MouseButton.LeftButton, pos=QPoint(count.slider.width() - 1, 5))
    assert count.value() == 9


@pytest.fixture
def slider(qtbot: QtBot) -> Slider:
    """In the middle of its way."""
    made = Slider(Qt.Orientation.Horizontal)
    qtbot.addWidget(made)
    made.setRange(0, 1000)
    made.setValue(500)
    made.resize(220, 30)
    made.show()
    qtbot.waitExposed(made)
    return made


def press(slider: Slider, at: QPoint, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
    """As the system tells of it: the button, and all that are held then."""
    where = QPointF(at)
    event = QMouseEvent(
        QEvent.Type.MouseButtonPress, where, QPointF(slider.mapToGlobal(at)), button, button | held,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(slider, event)


def test_a_press_that_is_not_taken_leaves_the_slider_where_it_is(slider: Slider) -> None:
    left, right, none = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton
    beside = QPoint(20, 15)
    for button, held in ((left, right), (right, none), (right, left)):
        press(slider, beside, button, held)
        assert not slider.isSliderDown()
    press(slider, beside, left, right)
    assert slider.value() == 500
    slider.setRange(500, 500)
    press(slider, beside, left, none)
    assert not slider.isSliderDown()


@pytest.mark.parametrize("y", [0, 15, 29])
@pytest.mark.parametrize("sheet", ["", "QSlider::handle { width: 34px; height: 8px; }"])
def test_pressed_at_any_height_a_slider_is_let_go_again(slider: Slider, qtbot: QtBot, y: int, sheet: str) -> None:
    slider.setStyleSheet(sheet)
    left, let_go = Qt.MouseButton.LeftButton, []
    slider.sliderReleased.connect(lambda: let_go.append(slider.value()))
    for x in (1, 60, 160, 218):
        qtbot.mousePress(slider, left, pos=QPoint(x, y))
        assert slider.isSliderDown()
        half = handle_of(slider).width() // 2
        assert abs(handle(slider).x() - min(max(x, half), 219 - half)) <= 1
        qtbot.mouseRelease(slider, left, pos=QPoint(x, y))
        assert not slider.isSliderDown()
    assert len(let_go) == 4
    assert (let_go[0], let_go[-1]) == (0, 1000)


def test_keys_settle_after_a_rest_as_one(qtbot: QtBot) -> None:
    form = Form(Everything)
    qtbot.addWidget(form)
    form.show()
    qtbot.waitExposed(form)
    changed: list[Everything] = []
    settled: list[Everything] = []
    form.changed.connect(changed.append)
    form.settled.connect(settled.append)
    count = form.controls["count"]
    assert isinstance(count, Whole)
    count.spin.setFocus()
    for _ in range(3):
        qtbot.keyClick(count.spin, Qt.Key.Key_Up)
    assert [record.count for record in changed] == [4, 5, 6]
    assert settled == []
    qtbot.waitUntil(lambda: len(settled) == 1)
    assert settled[0].count == 6


def test_numbers_are_typed_boxes_ticked_choices_made_and_dice_thrown(qtbot: QtBot) -> None:
    form = Form(Everything)
    qtbot.addWidget(form)
    form.show()
    qtbot.waitExposed(form)
    settled: list[Everything] = []
    form.settled.connect(settled.append)
    level, border, together, die = (form.controls[name] for name in ("level", "border", "together", "seed"))
    assert isinstance(level, Number)
    assert isinstance(border, Choice)
    assert isinstance(together, Tick)
    assert isinstance(die, Seed)
    level.spin.selectAll()
    qtbot.keyClicks(level.spin, "-12.25")
    qtbot.keyClick(level.spin, Qt.Key.Key_Return)
    qtbot.keyClick(border.combo, Qt.Key.Key_Down)
    border.combo.activated.emit(border.combo.currentIndex())
    together.box.click()
    die.die.click()
    qtbot.waitUntil(lambda: bool(settled) and settled[-1].seed != 0)
    record = form.record()
    assert (record.level, record.border, record.together) == (-12.25, "wrap_around", True)
    assert record.seed > 0


def test_every_control_says_what_it_is(qtbot: QtBot) -> None:
    form = Form(Everything)
    qtbot.addWidget(form)
    form.add_tip("amount", "Key: K")
    amount = form.controls["amount"]
    assert isinstance(amount, Number)
    assert amount.spin.toolTip() == "A share. Key: K"
    assert amount.spin.accessibleName() == "Amount"
    form.set_shown("amount", shown=False)
    assert amount.isHidden()
    assert form.record().amount == 0.5


@pytest.mark.parametrize(
    ("lo", "hi", "default"),
    [(0, 1, 0.5), (-100, 100, 2), (-100, 100, 0), (0.5, 1024, 2), (0, 100, 0.25), (-360, 360, 90), (0.1, 16, 0.7)],
)
def test_scales_are_monotonic_reach_both_ends_and_invert(lo: float, hi: float, default: float) -> None:
    scale = scale_for(lo, hi, default)
    assert (scale.value(0), scale.value(1)) == pytest.approx((lo, hi))
    numbers = [scale.value(place / 50) for place in range(51)]
    assert numbers == sorted(set(numbers))
    for number in (*numbers, default):
        assert scale.value(scale.place(number)) == pytest.approx(number, abs=1e-9)
    # One can get near the default: it is not crammed against an end, and the steps around it are small.
    place = scale.place(default)
    assert 0.1 < place < 0.9
    assert abs(scale.value(place + 0.001) - default) < max(abs(default), 0.01) * 0.05


@pytest.mark.gl
def test_controls_that_stand_above_one_another_begin_in_one_line(whole: WholeWindow) -> None:
    """Cards and panels of several forms, each of which had a column of labels as wide as its own."""
    document = whole.document
    document.add_stage("enc", make_bend("Rotate", {}))
    document.add_stage("enc", make_bend("Blur", {}))
    document.add_edit("enc.weight", make_edit("Rotate", {}))
    routes, route = added((), modulators()["LFO"](), "/bend/1/angle")
    document.set_section(ROUTES, routes, "Move")
    whole.workspace.choose("enc", "enc.weight")
    bends, movement, fades = (whole.context[kind] for kind in (BendsPanel, MovementPanel, FadesPanel))
    brush, live = whole.editor.brush, whole.editor.edits.live
    stages = [bends.cards[stage.id] for stage in document.stages]
    moved, edited = movement.cards[route.id], next(iter(live.cards.values()))
    columns: dict[QWidget, list[QWidget]] = {
        **{card: [*card.form.controls.values(), card.amount, card.channels, card.guard] for card in stages},
        moved: [moved.source, moved.reach, *moved.form.controls.values()],
        edited: [edited.amount, *edited.form.controls.values()],
        brush: [brush.learning.paints, *brush.form.controls.values()],
        fades: [fades.beats, fades.easing, fades.quantum, fades.switches],
    }
    for panel, controls in columns.items():
        bring_forward(panel)
        if panel in (edited, brush):
            whole.editor.panels.setCurrentIndex(2 if panel is edited else 0)
        whole.until(lambda panel=panel: panel.isVisible())
        whole.settle()
        shown = [each for each in controls if each.isVisible()]
        assert len(shown) > 1, panel
        assert len({each.mapTo(panel, QPoint()).x() for each in shown}) == 1, panel
