"""Takes the pictures of the documentation from the real window, which it works in with mouse and key events.

    python -m tools.make_screenshots

Without a display it opens one that nobody sees. What is painted and the frame that is shown differ little from run to
run; the pictures are for people, and are not compared.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import partial

import cv2
import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from benchmarks.window import application, display, move, opened, press, release, spin, until
from studio.app import Studio
from studio.bends import make_bend
from studio.edits import make_edit
from studio.io.opening import find_and_open
from studio.io.sinks import open_sink
from studio.learn.networks import Autoencoder
from studio.model.declared.size import Size
from studio.model.filters.selection import Selection
from studio.model.movement.macros import changed
from studio.model.movement.mapping import MAPPINGS, Mapping
from studio.model.movement.route import MACRO_BANK
from studio.model.networks.preset import Preset
from studio.model.performances.score import Score
from studio.runtime.learning.session import LearningSession
from studio.runtime.live.card_maps import ShownMaps
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.report import LayerSamples, Progress
from studio.runtime.live.variants import COUNT
from studio.ui.filters import FilterEditor
from studio.ui.filters.picking import Picking
from studio.ui.filters.pointing import Pointing
from studio.ui.generator.panel import GeneratorPanel
from studio.ui.histogram.panel import HistogramPanel
from studio.ui.kit.panel import bring_forward
from studio.ui.learning.panel import LearningPanel
from studio.ui.macros.panel import MacrosPanel
from studio.ui.performance.stage_hand import StageHand
from studio.ui.recording.panel import RecorderPanel
from studio.ui.services.fades import Fades
from studio.ui.services.held import SLOTS, Held
from studio.ui.services.milestones import Milestones
from studio.ui.source.panel import Transport
from studio.ui.vary.panel import VaryPanel
from studio.ui.viewport.pick import Picked
from studio.ui.viewport.projection import Projection
from studio.ui.viewport.widget import Viewport
from tools.screenshots import hands
from tools.screenshots.hands import SCREENS, choose, grab, has_shown, paint, press_key, record, settle, slide, wait

PRESET = "violet-strokes"
MOVING = "heartbeat"


def main() -> None:
    """Take all of them."""
    SCREENS.mkdir(exist_ok=True)
    with display():
        app = application()
        with opened(PRESET) as studio:
            _tour(studio)
            _panels(studio)
        with opened(MOVING) as studio:
            _movement(studio)
            _instrument(studio)
        with opened(PRESET) as studio:
            settle(studio)
            _stage(studio)
        with opened("landscapes", source="latent:loop,seed=12,seconds=6", size=(1280, 800)) as studio:
            _generator(studio)
        with opened(PRESET, size=(1600, 1180)) as studio:
            _chance(studio)
        with opened("autoencoder-transposed", size=(1280, 1180)) as studio:
            _learning(studio)
        with opened(PRESET, size=(1280, 800)) as studio:
            _film(studio)
        with opened(PRESET, size=(1280, 720)) as studio:
            settle(studio)
            press_key(studio, Qt.Key.Key_I)
            grab(studio.window, "1280x720")
        with opened(PRESET, size=(640, 360)) as studio:
            settle(studio)
            grab(studio.window, "640x360")
        app.shutdown()


def _tour(studio: Studio) -> None:
    """From opening to recording."""
    window = studio.window
    settle(studio)
    grab(window, "window")
    press_key(studio, Qt.Key.Key_I)
    grab(window.context[Viewport], "split")
    choose(studio, "enc2")
    press_key(studio, Qt.Key.Key_L)
    grab(window, "layer")
    press_key(studio, Qt.Key.Key_W)
    paint(studio)
    grab(window, "paint")
    grab(window.context[FilterEditor].sheet, "sheet")
    press_key(studio, Qt.Key.Key_F7)
    until(lambda: len(studio.telemetry[ShownMaps].maps) > 8)
    spin(2.0)
    grab(window.context[FilterEditor].sheet, "cards")
    press_key(studio, Qt.Key.Key_F6)
    press_key(studio, Qt.Key.Key_I)
    slide(studio)
    grab(window, "edits")
    record(studio)
    window.docks["histogram"].raise_()
    QTest.keyClick(window, Qt.Key.Key_F1)
    spin(1.0)
    sheet = next(widget for widget in QApplication.topLevelWidgets() if widget.objectName() == "shortcuts")
    grab(sheet, "shortcuts")
    QTest.keyClick(window, Qt.Key.Key_F1)
    QTest.keyClick(window, Qt.Key.Key_F10)
    until(lambda: window.context[Projection].output is not None)
    spin(2.0)
    output = window.context[Projection].output
    assert output is not None
    grab(output, "output")
    QTest.keyClick(window, Qt.Key.Key_F10)


def _is_at(studio: Studio, second: float) -> bool:
    return abs(studio.telemetry[PlayerState].position - second) < 1.0


def _panels(studio: Studio) -> None:
    """Each panel alone."""
    docks = studio.window.docks
    studio.window.context[Milestones].call(studio.document.history.position, "Louder")
    for second in (3.0, 8.5):
        studio.live.seek(second)
        until(partial(_is_at, studio, second))
        studio.window.actions_["cue.set"].trigger()
    studio.window.context[FilterEditor].panels.setCurrentIndex(0)
    for name, dock in docks.items():
        if dock.isHidden():
            continue
        dock.raise_()
        spin(1.5)
        grab(dock, f"panel-{name}")
    studio.window.context[FilterEditor].panels.setCurrentIndex(1)
    docks["filters"].raise_()
    spin(0.5)
    grab(docks["filters"], "panel-selection")
    grab(studio.window.context[Transport], "panel-source")


def _movement(studio: Studio) -> None:
    """The panel of a preset that moves, when its traces are full."""
    dock = studio.window.docks["movement"]
    settle(studio)
    dock.raise_()
    spin(8.0)
    grab(dock, "panel-movement")


def _instrument(studio: Studio) -> None:
    """Macros that turn something, live edits, and presets to fade between."""
    context, document, docks = studio.window.context, studio.document, studio.window.docks
    macros, fades = context[MacrosPanel], context[Fades]
    docks["macros"].raise_()
    studio.window.resizeDocks([docks["macros"]], [560], Qt.Orientation.Vertical)
    macros.choose(1)
    for address in ("/bend/1/amount", "/route/1/depth"):
        macros.aim(address)
    document.set_section(MACRO_BANK, changed(document.section(MACRO_BANK), 1, name="Pulse", value=0.7), "Name")
    spin(1.0)
    grab(docks["macros"], "panel-macros")
    docks["fades"].raise_()
    studio.window.resizeDocks([docks["fades"]], [640], Qt.Orientation.Vertical)
    for letter, name in zip(SLOTS, ("dusk", "bas-relief", "negative-space", MOVING), strict=True):
        fades.fill(letter, Held(find_and_open(name)[0]))
    fades.take(1)
    fades.take(2)
    fades.morph(0.3, 0.35)
    fades.settle()
    spin(2.0)
    grab(docks["fades"], "panel-fades")
    studio.workspace.choose("dec1", "weight")
    document.add_edit("dec1.weight", make_edit("Rotate", {"degrees": 25.0}), amount=0.8)
    editor = context[FilterEditor]
    docks["filters"].raise_()
    editor.show_edit("Gain")
    studio.window.resizeDocks([docks["filters"]], [720], Qt.Orientation.Vertical)
    spin(1.0)
    editor.splitter.setSizes([160, 560])
    spin(2.0)
    grab(docks["filters"], "panel-live")


def _stage(studio: Studio) -> None:
    """A performance of some seconds on its timeline, mappings of controllers, and the feedback of the whole picture."""
    context, document, docks = studio.window.context, studio.document, studio.window.docks
    folder = studio.parts.networks.parent / "performances"
    folder.mkdir()
    context[RecorderPanel].choose_folder(str(folder))
    studio.workspace.size = "64"
    wait(studio)
    stage = document.add_stage(document.graph.nodes[0].name, make_bend("Rotate", {}))
    turned = f"/bend/{stage.id}/angle", f"/bend/{stage.id}/amount"
    hand, score = context[StageHand], context[Score]
    hand.toggle_record()
    until(lambda: hand.records)
    for step in range(50):
        document.set(turned[0], 60 * math.sin(step / 6))
        document.set(turned[1], abs(math.cos(step / 9)))
        spin(0.1)
    hand.toggle_record()
    until(lambda: score.performance is not None)
    assert score.performance is not None, "it was waited for"
    score.selection = 1.0, 2.2
    docks["performance"].show()
    spin(1.0)
    grab(docks["performance"], "panel-performance")
    docks["performance"].hide()
    choose(studio, stage.layer)
    docks["bends"].raise_()
    spin(1.0)
    hands.grab_menu(studio, turned[0], "menu")
    mappings = Mapping("midi/1/cc/7", turned[0], lo=-45.0, hi=45.0), Mapping("midi/1/note/36", turned[1], "trigger")
    document.set_section(MAPPINGS, mappings, "Mappings")
    docks["controllers"].raise_()
    studio.window.resizeDocks([docks["controllers"]], [620], Qt.Orientation.Vertical)
    spin(1.0)
    grab(docks["controllers"], "panel-controllers")
    document.set("/feedback/amount", 0.6)
    docks["feedback"].show()
    docks["feedback"].raise_()
    spin(1.0)
    grab(docks["feedback"], "panel-feedback")
    docks["feedback"].hide()


def _learning(studio: Studio) -> None:
    """A new network some steps on its way."""
    settle(studio)
    window, context = studio.window, studio.window.context
    panel, session = context[LearningPanel], context[LearningSession]
    studio.document.load(Preset("new autoencoder", Autoencoder(width=16, seed=1).make(), {}), None)
    studio.workspace.choose("dec2", "weight")
    bring_forward(panel)
    window.resizeDocks([window.docks["learning"]], [900], Qt.Orientation.Vertical)
    panel.toggle()
    until(lambda: session.step >= 150 and session.watched is not None, 300.0)
    panel.toggle()
    spin(1.5)
    hands.grab_whole(panel, "panel-learning", panel.lesson.y())
    session.end()


def _generator(studio: Studio) -> None:
    """A generator on its way, some steps along its directions."""
    settle(studio)
    panel = studio.window.context[GeneratorPanel]
    bring_forward(panel)
    studio.document.set("/generator/direction/1", 1.5)
    studio.document.set("/generator/direction/2", -1.0)
    spin(2.0)
    grab(studio.window.docks["generator"], "panel-generator")


def _chance(studio: Studio) -> None:
    """Eight variants, values marked out in a histogram, and a filter's map over the picture."""
    settle(studio)
    window, context = studio.window, studio.window.context
    window.actions_["vary.roll"].trigger()
    breeding = context[VaryPanel].breeding
    until(lambda: breeding.now is not None and len(breeding.now.variants) == COUNT)
    spin(1.0)
    grab(window.docks["vary"], "panel-vary")
    chart = context[HistogramPanel].tensor
    until(lambda: chart.plot.span is not None)
    low, high = chart.plot.span or (0.0, 1.0)
    chart.plot.mark((low + 0.3 * (high - low), low + 0.55 * (high - low)))
    window.docks["histogram"].raise_()
    spin(1.0)
    grab(window.docks["histogram"], "panel-histogram")
    chart.plot.mark(None)
    studio.workspace.choose("enc2", "weight")
    viewport, picking = context[Viewport], context[Picking]
    until(lambda: "enc2" in studio.telemetry[LayerSamples].samples)
    picking.pick(Picked("output", None, (0.35, 0.35), add=False, end=(0.65, 0.65)))
    layer, channels = studio.workspace.found
    studio.workspace.pointed = (layer, channels[0])
    until(lambda: context[Pointing].shown is not None)
    spin(1.0)
    grab(viewport, "channel")
    studio.workspace.pointed = None


def _film(studio: Studio) -> None:
    """Ten seconds of painting, a picture of the window for each; the film below goes on by itself."""
    window, context = studio.window, studio.window.context
    studio.workspace.choose("dec2", "weight")
    studio.workspace.select(Selection.everything(studio.document.tensor("dec2.weight").shape))
    press_key(studio, Qt.Key.Key_W)
    studio.live.seek(0.5)
    spin(1.0)
    studio.live.pause(True)
    spin(1.0)
    sheet, transport = context[FilterEditor].sheet, context[Transport]
    studio.workspace.brush = studio.workspace.brush.model_copy(update={"radius": 9.0, "value": 0.05})
    with open_sink(
        SCREENS / "painting.mp4", codec="h264", size=Size.from_wh((800, 500)), fps=Fraction(12), overwrite=True
    ) as sink:
        for number in range(120):
            part, line = (number % 30) / 29, number // 30
            at = QPoint(
                round(sheet.width() * (0.14 + 0.6 * part)),
                round(sheet.height() * (0.22 + 0.17 * line + 0.06 * np.sin(part * 9 + line))),
            )
            if number % 30 == 0:
                press(sheet, at)
            move(sheet, at)
            transport.step(2)
            shown = studio.telemetry[Progress].shown
            until(partial(has_shown, studio, shown))
            if number % 30 == 29:
                release(sheet, at)
            image = window.screen().grabWindow(window.winId()).toImage().convertToFormat(QImage.Format.Format_RGB888)
            height, width = image.height(), image.width()
            rows = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())
            picture = rows[:, : 3 * width].reshape(height, width, 3)
            sink.write(np.ascontiguousarray(cv2.resize(picture, (800, 500), interpolation=cv2.INTER_AREA)))
    studio.live.pause(False)
    press_key(studio, Qt.Key.Key_W)


if __name__ == "__main__":
    main()
