"""Recordings, stills and sheets of all layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.command import Command, Context, Place, Slot
from studio.ui.kit.panel import Panel
from studio.ui.services.parts import Parts

if TYPE_CHECKING:
    from studio.ui.recording.panel import RecorderPanel


def _make(context: Context) -> RecorderPanel:
    from studio.ui.recording.large_films import LargeFilms
    from studio.ui.recording.large_stills import LargeStills
    from studio.ui.recording.panel import RecorderPanel

    parts = context[Parts]
    stills = LargeStills(parts.document, parts.workspace, parts.live, parts.importer, parts.post, parts.messages.say)
    told, films = context[Telemetry], LargeFilms(parts)
    made = RecorderPanel(context.document, context.live, told, parts.session, parts.worker, stills, films)
    context.tell_of(made.began_or_ended, "recording")
    return made


def _panel(context: Context) -> RecorderPanel:
    from studio.ui.recording.panel import RecorderPanel

    return context[RecorderPanel]


def _render(context: Context) -> None:
    films = _panel(context).films
    if films is not None and not films.renders:
        films.toggle()


PANELS = (
    Panel(
        "recording",
        "Recording",
        "right",
        _make,
        stack=20,
        order=20,
        modules=("studio.ui.recording.panel",),
        scrolled=True,
        commands=(
            Command(
                "file.record",
                "Record",
                lambda c: _panel(c).toggle(),
                Place("File", 30, 10),
                Slot(90, 10),
                ("R",),
                "record",
                "Begin or end a recording of the output, without sound",
                is_on=lambda c: _panel(c).is_recording,
                follows=frozenset({"recording"}),
            ),
            Command(
                "file.still",
                "Save a still",
                lambda c: _panel(c).save_still(),
                Place("File", 30, 20),
                keys=("P",),
                icon="camera",
                tip="The output as a PNG",
            ),
            Command(
                "file.layer_sheet",
                "Save a sheet of all layers",
                lambda c: _panel(c).save_sheet(),
                Place("File", 30, 30),
                keys=("Shift+P",),
                icon="squares-four",
                tip="Every layer's activation on one PNG",
            ),
            Command(
                "file.render",
                "Render the whole film",
                _render,
                Place("File", 30, 40),
                icon="film-strip",
                tip="From its start, with its rate and sound, enlarged as the Recording panel says",
            ),
        ),
    ),
)
