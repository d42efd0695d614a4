"""Fades of an open document: what is on the way, where it ends, and what undo and other hands make of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_network
from test_blend import NETWORK, first, second

from studio.bends import make_bend
from studio.control.blend import Blend, fade_shares, morph_shares
from studio.control.fader import Fader
from studio.errors import StudioError
from studio.model.bends.stages import STAGES
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch
from studio.model.movement.route import ROUTES
from studio.model.movement.tempo import TEMPO, Tempo
from studio.model.networks.layout import Rect
from studio.model.networks.preset import Preset
from studio.modulators.keyframes import ease


class Desk:
    def __init__(self) -> None:
        self.now = 100.0
        self.said: list[str] = []
        self.document = Document(first(), Path("first"))
        self.fader = Fader(self.document, lambda: self.now, self.said.append)

    def is_at(self, preset: Preset, *, but_tempo: bool = False) -> None:
        found = self.document.preset()
        trained = preset.network.tensors
        for name in trained:
            wanted = preset.changed.get(name, trained[name])
            np.testing.assert_array_equal(found.changed.get(name, trained[name]), wanted, err_msg=name)
        for key in (STAGES, ROUTES, *(() if but_tempo else (TEMPO,))):
            assert found.section(key) == preset.section(key)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_fade_goes_through_the_mixtures_and_ends_as_the_preset_was_opened(desk: Desk) -> None:
    target, blend = second(), Blend((first(), second()))
    desk.fader.fade(target, Path("second"), beats=4.0, easing="in")
    seconds = 4 * 60 / 100  # by the tempo of the first
    for part in (0.25, 0.5, 0.75):
        desk.now = 100.0 + part * seconds
        assert desk.fader.step()
        assert desk.fader.part == pytest.approx(part)
        desk.is_at(blend.at(fade_shares(ease("in", desk.fader.part))), but_tempo=True)
    desk.now = 100.0 + seconds
    assert not desk.fader.step()
    desk.is_at(target)
    assert desk.document.path == Path("second")
    assert desk.document.name == "second"
    assert not desk.document.unsaved
    assert desk.document.history.labels == ("Open second",)
    desk.document.undo()
    desk.is_at(first())
    assert desk.document.path == Path("first")
    assert not desk.document.unsaved
    desk.document.redo()
    desk.is_at(target)


def test_on_the_way_the_beat_goes_on_where_it_was(desk: Desk) -> None:
    desk.fader.fade(second(), beats=8.0)
    before = desk.document.section(TEMPO).beat(desk.now)
    for _ in range(40):
        desk.now += 0.05
        desk.fader.step()
        beat = desk.document.section(TEMPO).beat(desk.now)
        assert 0.0 < beat - before < 0.05 * 141 / 60
        before = beat


def test_undo_on_the_way_brings_back_what_was(desk: Desk) -> None:
    desk.fader.fade(second())
    desk.now += 1.0
    desk.fader.step()
    assert desk.document.undo()
    desk.is_at(first())
    assert not desk.fader.step()
    assert len(desk.document.history) == 0


def test_another_hand_ends_it_where_it_is(desk: Desk) -> None:
    desk.fader.fade(second(), beats=4.0, easing="linear")
    desk.now += 1.2
    desk.fader.step()
    between = desk.document.tensor("enc.bias").copy()
    desk.document.apply("dab", "dec.weight", Patch(Rect(0, 0, 1, 1), np.ones((1, 1), np.float32)))
    desk.now += 0.1
    assert not desk.fader.step()
    assert desk.said == ["The fade to “second” stopped, as something else was changed."]
    assert np.array_equal(desk.document.tensor("enc.bias"), between)
    assert desk.document.history.labels == ("Fade to second", "dab")
    # Another one begins from there, and one under way gives way to the next.
    desk.fader.fade(second(), beats=4.0)
    desk.now += 1.0
    desk.fader.step()
    desk.fader.fade(first(), beats=0.0)
    assert desk.fader.way is None
    desk.is_at(first())
    while desk.document.undo():
        pass
    desk.is_at(first())


def test_it_waits_for_the_beat_or_the_bar(desk: Desk) -> None:
    desk.document.set_section(TEMPO, Tempo(bpm=60.0), "Tempo")
    desk.now = 10.5
    desk.fader.fade(second(), beats=2.0, quantum=4.0)
    for now in (10.5, 11.9):
        desk.now = now
        assert desk.fader.step()
        assert desk.document.gesture is None
    desk.now = 12.5
    assert desk.fader.step()
    assert desk.fader.part == pytest.approx(0.25)
    desk.now = 14.0
    assert not desk.fader.step()
    desk.is_at(second())


def test_by_hand_between_two_and_four(desk: Desk) -> None:
    a, b = second(), first()
    document = Document(b)
    document.add_stage("dec", make_bend("Blur", {}))
    c = document.preset()
    for part in (0.2, 0.7, 0.4):
        desk.fader.mix((a, c), fade_shares(part))
        desk.is_at(Blend((a, c)).at(fade_shares(part)), but_tempo=True)
    desk.fader.mix((a, b, c, a), morph_shares(0.3, 0.6))
    desk.is_at(Blend((a, b, c, a)).at(morph_shares(0.3, 0.6)), but_tempo=True)
    desk.fader.stop()
    assert desk.document.history.labels == ("Crossfade", "Crossfade")
    desk.document.go(0)
    desk.is_at(first())


def test_what_was_bent_and_is_in_none_of_them_goes(desk: Desk) -> None:
    desk.document.apply("dab", "dec.weight", Patch(Rect(0, 0, 2, 2), np.ones((2, 2), np.float32)))
    desk.fader.mix((first(), second()), fade_shares(0.5))
    assert np.array_equal(desk.document.tensor("dec.weight"), NETWORK.tensors["dec.weight"])


def test_another_network_is_refused_and_nothing_changes(desk: Desk) -> None:
    other = Preset("other", tiny_network(seed=9), {})
    assert not desk.fader.can_fade(other)
    assert desk.fader.can_fade(second())
    with pytest.raises(StudioError, match="different networks"):
        desk.fader.fade(other)
    assert desk.fader.way is None
    with pytest.raises(StudioError, match="different networks"):
        desk.fader.mix((first(), other), fade_shares(0.5))
    desk.is_at(first())
    assert desk.document.gesture is None
