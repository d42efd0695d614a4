"""A studio without an engine: panels get a document, telemetry, and a `LiveSession` that only notes what it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
from helpers import tiny_network
from PySide6.QtCore import QSettings

from studio.io.library import Library
from studio.io.networks import save_network
from studio.io.presets import save_preset
from studio.io.sources import SourceInfo
from studio.model.declared.size import Size
from studio.model.documents.document import Document
from studio.model.networks.picture import Picture
from studio.model.networks.preset import Preset
from studio.model.views.workspace import Workspace
from studio.runtime.live.report import Message
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.services.loading import Loader
from studio.runtime.services.worker import Worker
from studio.ui.services.posting import Post
from studio.ui.services.preset_opener import PresetOpener
from studio.ui.services.session import Session

FILM = SourceInfo(Size(48, 64), Fraction(25), 250, 10.0, False, "h264")


class NotingLive:
    """Notes every call; gives a picture where one is asked for."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.player = self
        self.picture: Picture | None = np.full((90, 160, 3), 200, np.uint8)

    def __getattr__(self, name: str) -> Callable[..., None]:
        def note(*args: object, **named: object) -> None:
            self.calls.append((name, *args, *named.values()))

        return note

    def snapshot(self, then: Callable[[Picture], None]) -> None:
        if self.picture is not None:
            threading.Thread(target=then, args=(self.picture,)).start()

    def of(self, name: str) -> list[tuple[object, ...]]:
        """The arguments of the calls of one method."""
        return [call[1:] for call in self.calls if call[0] == name]


class Running:
    """Everything that panels are given, in a folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.post = Post()
        self.worker = Worker(self.post, "test worker")
        self.live = NotingLive()
        self.telemetry = Telemetry()
        self.settings = home / "settings.ini"
        self.session = Session(QSettings(str(self.settings), QSettings.Format.IniFormat))
        self.said: list[Message] = []
        self.loader = Loader(self.post, self.said.append)
        self.library = Library(home / "own" / "presets", home / "data" / "presets")
        for folder in (home / "data" / "presets", home / "data" / "weights", home / "own"):
            folder.mkdir(parents=True)
        self.weights = home / "data" / "weights" / "tiny"
        save_network(tiny_network(), self.weights)
        for name in ("alpha", "beta", "gamma"):
            save_preset(self.preset(name), self.library.shipped / name, np.full((64, 64, 3), 90, np.uint8))
        self.document = Document(self.preset("alpha"), self.library.shipped / "alpha")
        self.workspace = Workspace(self.document)
        self.opener = PresetOpener(self.document, self.workspace, self.loader, self.session, self.said.append)

    def preset(self, name: str) -> Preset:
        """A preset that bends one bias, by the letters of its name."""
        network = tiny_network()
        bias = network.tensors["dec.bias"] + np.float32(sum(map(ord, name)))
        return Preset(name, network, {"dec.bias": bias}, f"all about {name}", weights_path=self.weights)

    def edit(self) -> None:
        """Change the document."""
        self.document.set_bypassed("act", "act" not in self.document.bypassed)

    def close(self) -> None:
        """End its threads."""
        self.loader.close()
        assert self.worker.close(60)
        self.post.close()
