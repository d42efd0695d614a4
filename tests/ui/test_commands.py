"""What the window is made of is declared: panels and commands, those of plug-ins among them."""

from __future__ import annotations

import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit
from whole_window import HARMLESS, WholeWindow

from studio import ui
from studio.io.sections import registry as sections
from studio.model.declared import plugins, registry
from studio.model.filters.edit import Patch
from studio.model.networks.layout import Rect
from studio.ui.kit.command import MENUS, Command, Context, Place
from studio.ui.kit.panel import Panel
from studio.ui.shell import commands as own
from studio.ui.shell.declared import declared
from studio.ui.shell.shortcut_sheet import groups_of, shared_out

DOCUMENT = {"network", "history", "details", *(f"section.{name}" for name in sections())}
TOLD = {"cues", "performance", "recording", "windows", "theme", "favourites", "macro", "sent"}


def test_keys_mean_one_thing_each() -> None:
    keys = [QKeySequence(each).toString() for command in declared().commands for each in command.keys]
    assert all(keys)
    assert len(keys) == len(set(keys))
    # A chord whose first key is a command of its own would never be heard to its end.
    firsts = {key.partition(", ")[0] for key in keys if ", " in key}
    assert firsts.isdisjoint(keys)


def test_every_command_stands_in_a_menu_that_there_is() -> None:
    for command in declared().commands:
        assert command.menu is not None
        assert command.menu.menu.partition("/")[0] in MENUS, command.id


def test_ids_are_dotted_and_single() -> None:
    found = declared()
    for ids in ([command.id for command in found.commands], [panel.id for panel in found.panels]):
        assert len(ids) == len(set(ids))
    assert all("." in command.id for command in found.commands)


def test_nothing_of_the_studio_is_declared_twice() -> None:
    # `declared` keeps the first of an id, since two entry points may name one module.
    rooms = [*registry.modules(ui.__name__, ui.__path__, "none"), *registry.modules(own.__name__, own.__path__, "none")]
    panels = [panel for room in rooms for panel in getattr(room, "PANELS", ())]
    commands = [command for panel in panels for command in panel.commands]
    commands += [command for room in rooms for command in getattr(room, "COMMANDS", ())]
    for things in (panels, commands):
        ids = [each.id for each in things]
        assert ids
        assert len(ids) == len(set(ids))


def test_what_commands_follow_is_told() -> None:
    for command in declared().commands:
        for topic in command.follows:
            assert topic in DOCUMENT | TOLD or topic.startswith("workspace."), (command.id, topic)
        assert bool(command.follows) == bool(command.is_on or command.enabled), command.id


def test_the_shortcut_sheet_has_every_key() -> None:
    found = declared()
    groups = groups_of(found)
    lines = [line for _, group in groups for line in group]
    assert len(lines) == sum(bool(command.keys) for command in found.commands) + len(list(found.gestures()))
    columns = shared_out(groups, 3)
    assert [group for column in columns for group in column] == groups
    heights = [sum(len(lines) + 1 for _, lines in column) for column in columns]
    assert max(heights) < 2 * min(heights)


class Point:
    def __init__(self, module: types.ModuleType) -> None:
        self.name = self.value = module.__name__
        self._module = module
        self.dist = None

    def load(self) -> types.ModuleType:
        return self._module


class Lamp(QLabel):
    def __init__(self) -> None:
        super().__init__("off")


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package with a panel, and one with a command of its own."""

    def light(context: Context) -> None:
        context[Lamp].setText("on")
        context.tell("lamp")

    room, single = types.ModuleType("lamps"), types.ModuleType("lamp_commands")
    lit = Command("lamp.light", "Light", light, Place("Lamps"), keys=("Ctrl+Alt+J",))
    room.PANELS = (Panel("lamp", "Lamp", "right", lambda _: Lamp(), stack=20, commands=(lit,)),)  # type: ignore[attr-defined]
    dark = Command(
        "lamp.dark",
        "Put out",
        lambda c: c[Lamp].setText("off"),
        Place("Help", 1, 1),
        enabled=lambda c: c[Lamp].text() == "on",
        follows=frozenset({"lamp"}),
    )
    single.COMMANDS = (dark,)  # type: ignore[attr-defined]
    points = {"studio.panels": [Point(room), Point(room)], "studio.commands": [Point(single)]}
    before = plugins.entry_points
    monkeypatch.setattr(plugins, "entry_points", lambda group: points.get(group) or before(group=group))
    yield
    plugins.forget()


@pytest.mark.gl
@pytest.mark.usefixtures("plugged")
def test_a_plug_in_brings_a_panel_and_commands(whole: WholeWindow) -> None:
    window = whole.window
    assert window.docks["lamp"].isAncestorOf(window.context[Lamp])
    titles = [action.text() for action in window.menuBar().actions()]
    assert [title.replace("&", "") for title in titles] == [*MENUS[:-1], "Lamps", "Help"]
    # Behind Alt each has a letter of its own.
    letters = [title.partition("&")[2][0].lower() for title in titles]
    assert len({*letters}) == len(titles)
    assert letters[titles.index("L&amps")] == "a"
    assert not window.actions_["lamp.dark"].isEnabled()
    whole.command("lamp.light")
    assert window.context[Lamp].text() == "on"
    assert window.actions_["lamp.dark"].isEnabled()
    whole.command("lamp.dark")
    assert window.context[Lamp].text() == "off"


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A plug-in whose panel cannot be made, whose command fails, and that declares what is neither."""

    def fail(_: Context) -> QLabel:
        return 1 / 0  # type: ignore[return-value]

    fail.__module__ = "faulty"
    room = types.ModuleType("faulty")
    light = Command("faulty.light", "Light", fail, Place("Help", 1, 1))
    never = Command("faulty.never", "Never", fail, Place("Help", 1, 2), enabled=fail, follows=frozenset({"history"}))  # type: ignore[arg-type]
    dark = Command("faulty.dark", "Dark", fail, Place("Help", 1, 3))
    room.PANELS = (Panel("faulty", "Faulty", "left", fail, commands=(dark,)), "no panel")  # type: ignore[attr-defined]
    room.COMMANDS = [light, never]  # type: ignore[attr-defined]
    before = plugins.entry_points
    monkeypatch.setattr(
        plugins, "entry_points", lambda group: [Point(room)] if group == "studio.panels" else before(group=group)
    )
    yield
    plugins.forget()


@pytest.mark.gl
@pytest.mark.usefixtures("broken")
def test_a_broken_plug_in_is_named_and_harms_nothing(whole: WholeWindow) -> None:
    assert "faulty" not in whole.window.docks
    assert not whole.window.actions_["faulty.never"].isEnabled()
    with pytest.raises(KeyError):
        whole.window.actions_["faulty.dark"]
    assert sum("faulty" in text for text in whole.said) >= 2
    whole.command("faulty.light")
    assert "faulty" in whole.said[-1]
    assert "division by zero" in whole.said[-1]
    whole.command("view.split")
    assert whole.workspace.view.kind == "split"


@pytest.mark.gl
def test_on_a_fresh_window_every_command_runs_or_is_disabled(whole: WholeWindow, tmp_path: Path) -> None:
    whole.recorder.choose_folder(str(tmp_path))
    for command in HARMLESS:
        if whole.window.actions_[command].isEnabled():
            whole.command(command)
            whole.until(lambda: not whole.studio.parts.editing.is_active)
    assert not [message for message in whole.studio.messages.log if message.kind == "error"]


@pytest.mark.gl
def test_a_dab_asks_no_command_anything(whole: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    whole.workspace.choose("enc", "weight")
    asked: list[str] = []
    before = whole.document.is_bent
    gesture = whole.document.begin("Paint")
    # Other panels look at what is bent when a stroke rests; that is theirs.
    monkeypatch.setattr(whole.window.actions_, "_show", lambda command: asked.append(command.id))
    for value in range(8):
        rect = Rect(0, 0, 1, 1)
        gesture.put("enc.weight", Patch(rect, np.full((1, 1), value, np.float32)))
    assert asked == []
    gesture.commit()
    assert {"edit.undo", "edit.reset_layer"} <= set(asked)
    assert before("enc")


@pytest.mark.gl
@pytest.mark.parametrize(
    ("command", "before", "panel"),
    [
        ("file.save", "fades", "presets"),
        ("file.save_as", "history", "presets"),
        ("layer.find", "graph", "network"),
        ("movement.add", "bends", "movement"),
        ("bend.add", "movement", "bends"),
    ],
)
def test_what_a_command_asks_for_is_asked_in_sight(whole: WholeWindow, command: str, before: str, panel: str) -> None:
    """Also where another panel lies before the one in which it asks: keys went into a field that nobody saw."""
    docks = whole.window.docks
    whole.window.activateWindow()
    whole.until(whole.window.isActiveWindow)
    for name in (before, panel, before):
        docks[name].show()
        docks[name].raise_()

    def lies_in_front() -> bool:
        # Qt puts what lies behind a tab outside of the window.
        return whole.window.rect().contains(docks[panel].geometry().center())

    whole.until(lambda: not lies_in_front())
    whole.command(command)
    whole.until(lies_in_front)

    def asks() -> bool:
        popup, field = QApplication.activePopupWidget(), QApplication.focusWidget()
        return popup is not None or (isinstance(field, QLineEdit) and not field.visibleRegion().isEmpty())

    whole.until(asks)
    popup = QApplication.activePopupWidget()
    if popup is not None:
        assert whole.window.frameGeometry().contains(popup.pos())
        popup.close()
