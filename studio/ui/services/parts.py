"""What the window is made of: everything that panels draw and call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.io.library import Library
from studio.model.documents.document import Document
from studio.model.views.workspace import Workspace
from studio.runtime.editing.previews import Editing
from studio.runtime.learning.comparison import Comparison
from studio.runtime.learning.session import LearningSession
from studio.runtime.live.film_sound import FilmSound
from studio.runtime.live.proofs import Proofs
from studio.runtime.live.session import LiveSession
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.services.loading import Loader
from studio.runtime.services.worker import Post, Worker
from studio.ui.services.controllers import Controllers
from studio.ui.services.fades import Fades
from studio.ui.services.messages import MessageBar
from studio.ui.services.preset_opener import PresetOpener
from studio.ui.services.preset_saver import PresetSaver
from studio.ui.services.session import Session


@dataclass(frozen=True)
class Parts:
    """Attributes:
    document: what is worked on.
    workspace: what is looked at and held in the hand.
    live: the running engine.
    telemetry: what it tells.
    editing: works out edits.
    loader: reads presets and networks.
    opener: opens them into the document.
    fades: lead from one to another.
    sound: of the film that plays.
    worker: reads and writes small things.
    importer: reads models of other programs, which may take long.
    renderer: renders whole films beside the window, which takes longer.
    saver: saves the document as a preset.
    session: what is remembered from one start to the next.
    messages: where sentences for the person are shown.
    learning: the lesson that is open.
    proofs: small pictures of what other presets make of the source.
    post: runs a callable in the window's thread, soon.
    library: the presets that there are.
    networks: folder of the networks that the person has imported.
    controllers: OSC and MIDI.
    """

    document: Document
    workspace: Workspace
    live: LiveSession
    telemetry: Telemetry
    editing: Editing
    loader: Loader
    opener: PresetOpener
    fades: Fades
    sound: FilmSound
    worker: Worker
    importer: Worker
    renderer: Worker
    saver: PresetSaver
    session: Session
    messages: MessageBar
    learning: LearningSession
    proofs: Proofs
    comparison: Comparison
    post: Post
    library: Library
    networks: Path
    controllers: Controllers

    def all(self) -> Iterator[object]:
        """Those of which there is one of each type, to be found by it."""
        yield from (self.document, self.workspace, self.live, self.telemetry, self.editing)
        yield from (self.loader, self.opener, self.saver, self.session, self.messages, self.library)
        yield from (self.learning, self.comparison, self.controllers, self.fades, self.sound)
