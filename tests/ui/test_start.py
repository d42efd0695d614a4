"""What the window needs before it is seen: nothing that is not seen in it is imported, made or started for it.

Whoever starts the program waits for it, and what begins before it holds Python's lock while it is put together. The
clock says little about that where others are at work, so what takes the time is held here instead.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

SHOWN = """
import gc, json, sys, tempfile, threading
gc.disable()
from pathlib import Path
from PySide6.QtCore import QSettings
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from studio.ui.viewport import gl_context
gl_context.prepare()
application = QApplication(["studio"])
from studio.app import Studio
from studio.io.opening import find_and_open
from studio.ui.kit import theme
from studio.ui.services.session import Session
theme.apply(application)
with tempfile.TemporaryDirectory() as home:
    session = Session(QSettings(f"{home}/settings.ini", QSettings.Format.IniFormat))
    studio = Studio(*find_and_open("violet-strokes"), "demo", session, Path(home))
    studio.window.show()
    found = {
        "modules": sorted(sys.modules),
        "threads": [thread.name for thread in threading.enumerate()],
        "widgets": len(application.allWidgets()),
        "seen": sorted({panel.make.__module__ for panel, widget in studio.window.panels.all if widget is not None}),
        "unseen": sorted({panel.make.__module__ for panel, widget in studio.window.panels.all if widget is None}),
    }
    from studio.ui.filters import FilterEditor
    def places():
        docks = [dock for dock in studio.window.docks.values() if dock.isVisible()]
        return {dock.objectName(): [dock.geometry().getRect(), dock.titleBarWidget() is None] for dock in docks}
    found["places"] = [places()]
    found["sheet"] = studio.window.context[FilterEditor].sheet._scene._sheet is not None
    before = set(sys.modules)
    studio.window.context[FilterEditor].sheet.grab()
    found["by painting"] = sorted(set(sys.modules) - before)
    before = set(sys.modules)
    studio.parts.learning.run_on("gl-half")
    found["by an engine"] = sorted(set(sys.modules) - before)
    studio._has_begun = True
    QTest.qWait(500)
    found["places"].append(places())
    print(json.dumps(found))
    sys.stdout.flush()
    import os
    os._exit(0)
"""


@cache
def shown() -> dict[str, Any]:
    """What there is in a program whose window has just been shown, and which has seen no event yet."""
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "STUDIO_THEME": "dark"}
    ran = subprocess.run([sys.executable, "-c", SHOWN], capture_output=True, text=True, env=env, check=True)
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def rooms(which: str) -> set[str]:
    return set(shown()[which])


@pytest.mark.parametrize(
    "module",
    [
        # A second, with Python's lock in hand.
        "torch",
        # What reads films, which the network waits for, but not the window.
        "av",
        # What runs networks and shows what they make, in a thread of its own.
        "studio.runtime.live.render_loop",
        "studio.engine.gl.display.display_buffers",
        # What draws curves and histograms, which come after the first picture.
        "pyqtgraph",
        # What learns, and what imports and exports models.
        "studio.learn.learner",
        "studio.learn.losses",
        "studio.io.exporters",
        "studio.io.importers",
        "studio.ui.importing.opening",
        "studio.ui.importing.import_dialog",
        # Operators that the network has not.
        "studio.ops.pool",
        "studio.bends.kaleidoscope",
        # Edits lie behind the brush.
        "studio.edits.rotate",
        # What controllers speak.
        "http.server",
        "pythonosc",
        "studio.control.midi_ports",
        "studio.control.microphone",
    ],
)
def test_what_nobody_has_asked_for_is_not_imported_before_the_window(module: str) -> None:
    assert module not in shown()["modules"]


def test_nothing_is_imported_to_paint_the_filters() -> None:
    """``numpy.quantile`` imported all of ``numpy.ma`` at its first call, a twentieth of a second."""
    assert shown()["by painting"] == []


def test_that_an_engine_runs_has_nothing_imported_by_the_window() -> None:
    """It is told right behind the first picture; what learns takes a fifth of a second to import."""
    assert shown()["by an engine"] == []


def test_of_a_room_whose_panels_are_not_seen_only_the_declaration_is_imported() -> None:
    """A room's own file says what its panels are and what its commands do; what makes them is imported by that."""
    unseen = rooms("unseen") - rooms("seen")
    assert {"studio.ui.bends", "studio.ui.learning", "studio.ui.recording"} <= unseen
    assert [name for name in shown()["modules"] if name.startswith(tuple(f"{room}." for room in unseen))] == []


def test_no_thread_is_at_work_before_the_window_is_seen() -> None:
    """That of the player waits until there is something to play, the render thread with its context for the window."""
    assert set(shown()["threads"]) <= {"MainThread", "capture", "render"}


def test_no_more_widgets_are_made_than_are_seen() -> None:
    """They were 536 when there were eight panels and all were made at once; what is added here is waited for."""
    assert shown()["widgets"] <= 480


def test_all_lies_where_it_stays_before_the_window_is_painted_for_the_first_time() -> None:
    """Panels were laid out and titled in the first turn of the event loop, a tenth of a second before the paint."""
    first, later = shown()["places"]
    assert len(first) > 3
    assert first == later


def test_the_filter_sheet_has_its_colours_before_the_first_paint() -> None:
    assert shown()["sheet"]
