"""A run of the studio that only learns and is kept for a crash: a document, its lesson, its autosave. Also a program.

python learning_run.py HOME PICTURES      learns until it is killed
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from studio.io.autosave import Recovery
from studio.learn.networks import parse_new
from studio.learn.prepare import Asked
from studio.model.documents.document import Document
from studio.model.networks.preset import Preset
from studio.runtime.learning.session import LearningSession
from studio.runtime.live.report import Message
from studio.runtime.services.worker import Worker
from studio.ui.services import autosave
from studio.ui.services.autosave import Autosave
from studio.ui.services.posting import Post


class LearningRun:
    """Needs an application of Qt's."""

    def __init__(self, home: Path, pictures: Path, began: datetime | None = None) -> None:
        self.post = Post()
        self.worker = Worker(self.post)
        self.document = Document(Preset("new", parse_new("autoencoder,width=2,seed=1").make(), {}))
        self.problems: list[str] = []
        self.session = LearningSession(self.document, self.post, lambda text, _: self.problems.append(text))
        self.asked = Asked(source=str(pictures), size=16, batch=2, rate=1e-2, losses="l1=1,edges=0.5", seed=3)
        self.offers: list[tuple[Message, dict[str, object]]] = []
        self.recovery = Recovery(home / "recovery", began)
        self.autosave = Autosave(
            self.document,
            self.recovery,
            self.worker,
            lambda message, answers: self.offers.append((message, dict(answers))),
            learning=self.session,
        )

    def close(self) -> None:
        """End well."""
        self.session.close(60.0)
        self.autosave.end()
        self.worker.close(60.0)
        self.post.close()


def main() -> None:
    """Learn, and be kept ten times a second."""
    autosave.EVERY, autosave._PATIENCE = 100, 0
    app = QCoreApplication(sys.argv[:1])
    run = LearningRun(Path(sys.argv[1]), Path(sys.argv[2]))

    def say(what: str) -> None:
        if what == "steps":
            sys.stdout.write(f"{run.session.step}\n")
            sys.stdout.flush()

    run.session.changed.connect(say)
    run.session.begin(run.asked, "torch")
    app.exec()


if __name__ == "__main__":
    main()
