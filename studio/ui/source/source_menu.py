"""What can be played: the demo clip, the cameras that are found, files, and what was played before."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from studio.errors import StudioError
from studio.io.sources.camera import list_cameras
from studio.runtime.services.worker import Worker
from studio.ui.kit.folders import folder_for, note_chosen
from studio.ui.kit.icons import icon
from studio.ui.services.session import Session

_FILMS = "Films (*.mp4 *.mov *.mkv *.avi *.webm *.m4v *.mpg *.mpeg *.gif *.ts *.wmv *.ogv);;All files (*)"
_LATENTS = (
    ("Random walk", "latent:walk,seed={seed}", "Vectors that wander without end, from another seed each time"),
    ("Loop of 8 s", "latent:loop,seed={seed},seconds=8", "Vectors that come back to where they began"),
    ("Between two", "latent:between,seed={seed},to={to}", "From one vector to another and back"),
)
_PICTURES = "Pictures (*.png *.jpg *.jpeg *.webp *.bmp *.tif *.tiff);;All files (*)"


class SourceMenu(QMenu):
    """Built anew each time it opens. Cameras are looked for in the worker: that can take seconds.

    Args:
        play: takes what was chosen, as `Live.play` does.
        session: knows what was played before.
        worker: for work that may block.
        find_cameras: numbers of cameras.
        parent: what the dialogs stand on.
    """

    def __init__(
        self,
        play: Callable[[str], None],
        session: Session,
        worker: Worker,
        find_cameras: Callable[[], list[int]] = list_cameras,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setToolTipsVisible(True)
        self._play = play
        self._session = session
        self._worker = worker
        self._find_cameras = find_cameras
        self._cameras: list[int] = []
        self._looking = False
        self.ask_camera: Callable[[], None] | None = None
        """Shows what can be asked of a camera."""
        self._after_cameras = QAction(self)
        self.aboutToShow.connect(self._build)
        self._build()

    def ask_film(self) -> None:
        """Let the person choose a film."""
        self._ask("Play a film", QFileDialog.FileMode.ExistingFile, _FILMS)

    def ask_picture(self) -> None:
        """Let the person choose a picture."""
        self._ask("Show a picture", QFileDialog.FileMode.ExistingFile, _PICTURES)

    def ask_folder(self) -> None:
        """Let the person choose a folder of pictures."""
        self._ask("Play a folder of pictures", QFileDialog.FileMode.Directory, "")

    def _build(self) -> None:
        looks = self.sender() is self
        self.clear()
        self._entry("Demo clip", "flower", lambda: self._play("demo"), "The film that comes with the studio")
        self.addSeparator()
        if self.ask_camera is not None:
            self._after_cameras = self._entry(
                "Settings of the camera…", "gear-six", self.ask_camera, "Size, rate, mirror, exposure"
            )
            self.addSeparator()
        else:
            self._after_cameras = self.addSeparator()
        for number in self._cameras:
            self._camera(number)
        self._entry("Film…", "film-strip", self.ask_film)
        self._entry("Picture…", "image", self.ask_picture)
        self._entry("Folder of pictures…", "folder-open", self.ask_folder)
        generators = self.addMenu(icon("path"), "For generators")
        generators.setToolTipsVisible(True)
        for text, spec, tip in _LATENTS:
            action = generators.addAction(text)
            action.setToolTip(tip)
            action.triggered.connect(partial(self._play_latent, spec))
        if recent := self._session.sources:
            self.addSeparator().setText("Recent")
            for path in recent:
                name = Path(path).name.replace("&", "&&")
                self._entry(name, "clock-counter-clockwise", partial(self._play, path), path)
        if looks:
            self._look()

    def _play_latent(self, spec: str) -> None:
        self._play(spec.format(seed=random.randrange(1, 10_000), to=random.randrange(1, 10_000)))

    def _look(self) -> None:
        if not self._cameras:
            waiting = self._entry("Looking for cameras…", "camera", lambda: None)
            waiting.setEnabled(False)
            self.insertAction(self._after_cameras, waiting)
        if not self._looking:
            self._looking = True
            self._worker.do(self._find_cameras, self._found, self._failed)

    def _found(self, cameras: list[int]) -> None:
        self._looking = False
        self._cameras = cameras
        for action in self.actions():
            if action.text().startswith(("Camera", "Looking for cameras", "No camera")):
                self.removeAction(action)
        for number in cameras:
            self._camera(number)
        if not cameras:
            none = self._entry("No camera found", "camera-slash", lambda: None)
            none.setEnabled(False)
            self.insertAction(self._after_cameras, none)

    def _failed(self, error: StudioError) -> None:
        self._found([])
        self.actions()[-1].setToolTip(str(error))

    def _camera(self, number: int) -> None:
        action = self._entry(f"Camera {number + 1}", "camera", lambda: self._play(self._session.camera(number).spec))
        self.insertAction(self._after_cameras, action)

    def _entry(self, text: str, picture: str, act: Callable[[], None], tip: str = "") -> QAction:
        action = QAction(icon(picture), text, self)
        action.triggered.connect(lambda: act())
        action.setToolTip(tip or text)
        self.addAction(action)
        return action

    def _ask(self, title: str, mode: QFileDialog.FileMode, names: str) -> None:
        dialog = QFileDialog(self.parentWidget(), title)
        dialog.setFileMode(mode)
        if names:
            dialog.setNameFilter(names)
        dialog.setDirectory(folder_for("picture", *self._session.sources))
        dialog.fileSelected.connect(partial(note_chosen, "picture"))
        dialog.fileSelected.connect(self._play)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
