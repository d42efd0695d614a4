"""Films the real window while a new network learns, and hands paint, pin and pull meanwhile.

    python -m tools.make_learning_film                   # docs/learning/hands.mp4

Every picture is the whole window after so many steps of learning, so that the film is the same length on any machine.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from benchmarks.window import application, display, move, opened, press, release, spin, until
from studio.app import Studio
from studio.io.resize import resized
from studio.learn.networks import Autoencoder
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture
from studio.model.networks.preset import Preset
from studio.runtime.learning.session import LearningSession
from studio.ui.filters import FilterEditor
from studio.ui.learning.panel import LearningPanel
from studio.ui.shell.hints import HINTS

OUT = Path(__file__).resolve().parents[1] / "docs" / "learning" / "hands.mp4"
SIZE = (1280, 800)
"""Width and height of the window."""
FILM = Size(600, 960)
"""Height and width of the film."""
RATE = 12
STEPS_A_PICTURE = 2
LENGTH = 160
"""Pictures."""
DRAWN, NOISED = ((28.5, 1.5), (36.5, 10.5)), ((52.5, 1.5), (60.5, 10.5))
"""Where strokes begin and end on the sheet of the last layer, each within one of the columns that it is folded into."""
CURVES = 330
"""Height of the panel, so that its curves are seen."""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Film a network that learns with hands in it.")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    with display("1280x800x24"):
        app = application()
        with opened("autoencoder-transposed", size=SIZE) as studio:
            Filming(studio).film(asked.out)
        app.shutdown()


class Filming:
    """A window, its lesson, and hands."""

    def __init__(self, studio: Studio) -> None:
        context = studio.window.context
        self.studio, self.session = studio, context[LearningSession]
        self.editor, self.panel = context[FilterEditor], context[LearningPanel]
        self.pictures: list[Picture] = []

    def film(self, out: Path) -> None:
        """From the first step on."""
        studio, workspace = self.studio, self.studio.workspace
        for hint in HINTS:  # they would lie on what is filmed
            studio.window.hints.followed(hint.name)
        made = Autoencoder(width=16, seed=1).make()
        studio.document.load(Preset("new autoencoder", made, {}))
        workspace.engine, workspace.size = "torch", "128"
        workspace.choose("dec2", "weight")
        dock = studio.window.docks["learning"]
        dock.raise_()
        studio.window.resizeDocks([dock], [CURVES], Qt.Orientation.Vertical)
        for name, value in (("size", 64), ("batch", 8)):
            self.panel.lesson.form.controls[name].show_value(value)
        spin(3.0)
        self.panel.toggle()
        until(lambda: self.session.step >= 1, 900)
        hands: dict[int, Callable[[], None]] = {
            30: self._draw,
            45: self._pin,
            85: self._draw_again,
            105: self._pull,
            135: self._undo,
        }
        for number in range(LENGTH):
            if number in hands:
                hands[number]()
            self._learn()
            self._grab()
        self.session.end()
        with av.open(str(out), "w", options={"movflags": "faststart"}) as container:
            stream = container.add_stream("libx264", RATE, options={"crf": "30", "preset": "veryslow"})
            stream.height, stream.width, stream.pix_fmt = *FILM, "yuv420p"
            for picture in self.pictures:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
            container.mux(stream.encode(None))

    # -- hands --------------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        """A large value over some kernels: the picture bends at once, and learning works against it."""
        self._brush("set", 0.6)
        self._stroke(*DRAWN)

    def _pin(self) -> None:
        """What was drawn holds, while the rest adapts around it."""
        workspace = self.studio.workspace
        workspace.paints, workspace.rate = "rates", 0.0
        self._stroke(*DRAWN)

    def _draw_again(self) -> None:
        self.studio.workspace.paints = "weights"
        self._brush("noise", 0.5)
        self._stroke(*NOISED)

    def _pull(self) -> None:
        """Back to what these weights began with, as a force."""
        workspace = self.studio.workspace
        workspace.paints, workspace.pull = "pulls", 0.2
        self._stroke(*NOISED)

    def _undo(self) -> None:
        """Until the pins are gone, and what they held learns again."""
        workspace = self.studio.workspace
        workspace.paints, workspace.rate = "rates", 1.0
        self._stroke(*DRAWN)
        workspace.paints = "weights"

    def _brush(self, mode: str, value: float) -> None:
        workspace = self.studio.workspace
        workspace.brush = workspace.brush.model_copy(
            update={"mode": mode, "value": value, "hardness": 1.0, "radius": 10.0}
        )

    def _stroke(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drawn over several pictures, so that it is seen."""
        sheet = self.editor.sheet
        places = [
            sheet.at(start[0] + (end[0] - start[0]) * k / 8, start[1] + (end[1] - start[1]) * k / 8).toPoint()
            for k in range(9)
        ]
        press(sheet, places[0])
        for place in places[1:]:
            move(sheet, place)
            spin(0.05)
            self._grab()
        release(sheet, places[-1])
        # The picture again, in place of the channel under the mouse.
        QApplication.sendEvent(sheet, QEvent(QEvent.Type.Leave))

    # -- time ---------------------------------------------------------------------------------------------------------

    def _learn(self) -> None:
        wanted = self.session.step + STEPS_A_PICTURE
        until(lambda: self.session.step >= wanted, 300)

    def _grab(self) -> None:
        image = self.studio.window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
        lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        picture = lines[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
        self.pictures.append(resized(np.ascontiguousarray(picture), FILM))


if __name__ == "__main__":
    main()
