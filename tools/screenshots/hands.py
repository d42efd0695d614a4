"""What hands do in the window for the pictures of the documentation, and how a picture of it is kept."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QContextMenuEvent, QImage, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from benchmarks.window import click, handle, move, press, release, spin, until
from studio.app import Studio
from studio.io.atomic import write_bytes
from studio.model.networks.picture import Picture
from studio.runtime.live.output_writer import Recording
from studio.runtime.live.report import Progress, Thumbnails
from studio.ui.filters import FilterEditor
from studio.ui.kit.addressed import ADDRESS
from studio.ui.kit.number_controls import Number
from studio.ui.layers.panel import NetworkPanel
from studio.ui.recording.panel import RecorderPanel

SCREENS = Path(__file__).resolve().parents[2] / "docs" / "screens"
LARGEST = 220_000
"""Bytes of a picture; its quality gives way."""


def has_shown(studio: Studio, before: int) -> bool:
    """Whether the screen has had a picture since."""
    return studio.telemetry[Progress].shown > before


def settle(studio: Studio) -> None:
    """Until every layer has a thumbnail."""
    graph = studio.document.graph
    until(lambda: len(studio.telemetry[Thumbnails].pictures) >= len(graph.nodes))
    spin(2.0)


def wait(studio: Studio) -> None:
    """Until what was asked for is on the screen: the frame that is under way may be of before."""
    shown = studio.telemetry[Progress].shown
    until(lambda: studio.telemetry[Progress].shown >= shown + 3)
    spin(0.5)


def choose(studio: Studio, layer: str) -> None:
    """Click a layer in the list of layers."""
    rows = studio.window.context[NetworkPanel].list
    index = studio.window.context[NetworkPanel].model.place(layer)
    rows.scrollTo(index)
    click(rows.viewport(), rows.visualRect(index).center())
    spin(0.5)


def press_key(studio: Studio, key: Qt.Key) -> None:
    """Press a key in the window, and see what it does."""
    QTest.keyClick(studio.window, key)
    wait(studio)


def paint(studio: Studio) -> None:
    """Zoom into the filter sheet and paint a wave on it."""
    sheet = studio.window.context[FilterEditor].sheet
    brush = studio.workspace.brush
    studio.workspace.brush = brush.model_copy(update={"radius": 10.0, "value": 0.6, "hardness": 0.3})
    for _ in range(5):
        sheet.zoom_in()
    spin(0.5)
    width, height = sheet.width(), sheet.height()
    way = [
        QPoint(round(width * (0.15 + 0.6 * k / 80)), round(height * (0.5 + 0.22 * np.sin(k / 11)))) for k in range(81)
    ]
    press(sheet, way[0])
    for at in way:
        move(sheet, at)
        spin(0.015)
    release(sheet, way[-1])
    wait(studio)


def slide(studio: Studio) -> None:
    """Make the kernels of the second encoder stronger with a slider."""
    editor = studio.window.context[FilterEditor]
    bar = editor.panels.tabBar()
    click(bar, bar.tabRect(2).center())
    editor.edits.choose("Gain")
    spin(0.5)
    control = next(iter(editor.edits.form.controls.values()))
    assert isinstance(control, Number)
    slider = control.slider
    start = slider.value() / slider.maximum()
    press(slider, handle(slider, start))
    for k in range(30):
        move(slider, handle(slider, start + 0.02 * k / 29))
        spin(0.03)
    release(slider, handle(slider, start + 0.02))
    wait(studio)


def record(studio: Studio) -> None:
    """Record two seconds."""
    window = studio.window
    folder = studio.parts.networks.parent / "films"
    folder.mkdir()
    window.context[RecorderPanel].choose_folder(str(folder))
    window.docks["recording"].raise_()
    spin(1.5)
    click(window.context[RecorderPanel].button)
    until(lambda: recorded(studio) > 2.0)
    grab(window, "recording")
    click(window.context[RecorderPanel].button)
    until(lambda: not window.context[RecorderPanel].is_recording)
    spin(1.0)


def recorded(studio: Studio) -> float:
    """Seconds of the recording that is under way."""
    status = studio.telemetry[Recording].status
    return 0.0 if status is None else status.seconds


_MARGIN = 3
"""Pixels from a panel's corner, where nothing is drawn."""


def grab(widget: QWidget, name: str) -> None:
    """Write what the screen shows of a widget, OpenGL and all: as a JPEG."""
    place = QRect(widget.mapToGlobal(QPoint(0, 0)), widget.size())
    screen = widget.screen()
    _write(_pixels(screen.grabWindow(0, place.x(), place.y(), place.width(), place.height())), name)


def grab_whole(panel: QWidget, name: str, cut: int) -> None:
    """Write all of a panel without OpenGL, what is scrolled out of sight too: what lies below a cut beside the rest."""
    pixels = _pixels(panel.grab())
    parts = pixels[:cut], pixels[cut:]
    columns = np.full((max(map(len, parts)), 2, *pixels.shape[1:]), pixels[_MARGIN, _MARGIN])
    for column, part in enumerate(parts):
        columns[: len(part), column] = part
    _write(columns.reshape(len(columns), -1, 3), name)


def _pixels(pixmap: QPixmap) -> Picture:
    """(H, W, 3), blue first."""
    image = pixmap.toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    # The memory is the image's, which ends here.
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3)[:, :, ::-1].copy()


def _write(pixels: Picture, name: str) -> None:
    for quality in range(84, 40, -6):
        _, jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if jpeg.size <= LARGEST:
            break
    write_bytes(SCREENS / f"{name}.jpg", jpeg.tobytes())


def grab_menu(studio: Studio, address: str, name: str) -> None:
    """Right click on a control that has an address, and write what the screen shows of the menu."""
    widgets = studio.window.findChildren(QWidget)
    control = next(each for each in widgets if each.property(ADDRESS) == address and each.isVisible())
    place = control.rect().center()
    reason = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(control, QContextMenuEvent(reason, place, control.mapToGlobal(place)))
    spin(1.0)
    menu = QApplication.activePopupWidget()
    assert menu is not None, "every control with an address has one"
    grab(menu, name)
    menu.close()
