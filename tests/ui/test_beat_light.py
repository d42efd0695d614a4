"""Bars and beats in the transport, and the tempo that taps and the sound of a film set."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from helpers import tiny_network
from pytestqt.qtbot import QtBot

from studio.model.documents.document import Document
from studio.model.movement.tempo import TEMPO, Tempo
from studio.model.networks.preset import Preset
from studio.runtime.live.movement import Beats
from studio.runtime.live.report import Report
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit import theme
from studio.ui.movement import panel as movement
from studio.ui.movement.panel import MovementPanel
from studio.ui.source.beat_light import BeatLight


def test_it_counts_bars_and_beats_and_lights_up_on_them(qtbot: QtBot) -> None:
    document = Document(Preset("tiny", tiny_network(), {}))
    document.set_section(TEMPO, Tempo(bpm=60.0, offset=0.5, beats_per_bar=3), "Tempo")
    light = BeatLight(document, Telemetry())
    qtbot.addWidget(light)
    seen = {}
    for at in (0.5, 0.9, 1.5, 3.5, 9.55, 0.1):
        light.show_time(at)
        seen[at] = light.text(), light.styleSheet()
    lit, plain, faint = (f"color: {colour};" for colour in (theme.ACCENT, theme.TEXT, theme.FAINT))
    assert seen == {
        0.5: ("1.1", lit),
        0.9: ("1.1", faint),
        1.5: ("1.2", plain),
        3.5: ("2.1", lit),
        9.55: ("4.1", lit),
        0.1: ("0.3", faint),
    }


def test_a_tempo_that_is_typed_leaves_the_beat_where_it_is_and_taps_fall_on_it(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, telemetry = Document(Preset("tiny", tiny_network(), {})), Telemetry()
    panel = MovementPanel(document, telemetry, lambda _: None)
    qtbot.addWidget(panel)
    telemetry.take(Report((Beats(100.25, 1e-9),)))
    before = document.section(TEMPO)
    panel.bpm.spin.setValue(90.0)
    after = document.section(TEMPO)
    assert after.bpm == 90.0
    # The time that it was typed at: where both are at the same beat.
    at = (after.offset * after.bpm - before.offset * before.bpm) / (after.bpm - before.bpm)
    assert abs(after.beat(at) - before.beat(at)) < 1e-6
    for at in (200.0, 200.5):
        monkeypatch.setattr(movement, "time", SimpleNamespace(monotonic=lambda at=at: at))
        panel.tap_tempo()
    tempo = document.section(TEMPO)
    assert tempo.bpm == pytest.approx(120.0)
    assert tempo.beat(100.25 + 200.5) % 1.0 in (pytest.approx(0.0, abs=1e-6), pytest.approx(1.0, abs=1e-6))


def test_the_tempo_of_the_sound_is_one_undo(qtbot: QtBot) -> None:
    document, said = Document(Preset("tiny", tiny_network(), {})), []
    found = Tempo(bpm=96.0, offset=0.3)
    panel = MovementPanel(document, Telemetry(), said.append, lambda then: then(found))
    qtbot.addWidget(panel)
    panel.listen.click()
    assert document.section(TEMPO) == found
    assert said[-1].text == "The sound has 96.0 beats a minute."
    document.undo()
    assert document.section(TEMPO) == Tempo()
