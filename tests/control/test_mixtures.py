"""Fades of a performance: few small events, and the same mixtures from them, in a file, in a render and in a window."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_blend import NETWORK, first, second

from studio.bends import make_bend
from studio.control.fader import Fader
from studio.control.inbox import Inbox
from studio.control.move import move
from studio.control.performing import Recording, Replay
from studio.control.replaying import LiveReplay
from studio.errors import StudioError
from studio.io.performances import PerformanceWriter, load_performance, save_performance
from studio.model.bends.stage import Painted
from studio.model.bends.stages import STAGES
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch
from studio.model.movement.route import ROUTES
from studio.model.networks.layout import Rect, put
from studio.model.networks.preset import Preset
from studio.model.networks.section import SOURCE, VIEW
from studio.model.performances.performance import Arranged, Event, Faded, Mixed, Performance, Prepared, Stroke, Take


def masked(preset: Preset) -> Preset:
    """With a painted mask, which is another object in every file that is read."""
    stages = preset.section(STAGES)
    mask = Painted(np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4))
    return preset.with_section(STAGES, (replace(stages[0], mask=mask), *stages[1:]))


class Stage:
    """A document that is faded on while it is written down; what it was at each time."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self.said: list[str] = []
        self.document = Document(masked(first()), Path("first"))
        self.fader = Fader(self.document, lambda: self.now, self.said.append)
        self.path = folder / "x.performance"
        writer = PerformanceWriter(self.path, NETWORK.sha256(), "first")
        self.recording = Recording(self.document, writer, lambda: self.now, self.said.append)
        self.states: list[tuple[float, Preset]] = []

    def look(self) -> None:
        self.states.append((self.now, self.document.preset()))

    def fade(self, target: Preset, beats: float, until: float = 1.0) -> None:
        self.fader.fade(target, Path("x"), beats=beats, easing="in and out")
        self.look()
        while (way := self.fader.way) is not None and way.part(self.now) < until:
            self.now += 0.1
            self.fader.step()
            self.look()

    def cross(self, presets: tuple[Preset, ...], *parts: float) -> None:
        for part in parts:
            self.now += 0.05
            self.fader.mix(presets, (1.0 - part, part))
            self.look()
        self.fader.stop()

    def performance(self) -> Performance:
        self.recording.close()
        assert self.said == []
        return load_performance(self.path)


def same(found: Preset, wanted: Preset, tensors: dict[str, np.ndarray] | None = None) -> None:
    for key in {*found.sections, *wanted.sections} - {VIEW, SOURCE}:
        if key is STAGES:
            assert [stage.mask is None for stage in found.section(key)] == [s.mask is None for s in wanted.section(key)]
            bare = [[replace(stage, mask=None) for stage in each.section(STAGES)] for each in (found, wanted)]
            assert bare[0] == bare[1]
        else:
            assert found.section(key) == wanted.section(key), key.name
    for name in NETWORK.tensors:
        now = found.bent.tensors[name] if tensors is None else tensors[name]
        np.testing.assert_array_equal(now, wanted.bent.tensors[name], err_msg=name)


def replayed(performance: Performance, preset: Preset, states: list[tuple[float, Preset]]) -> None:
    """A render's part: the same states at the same times, bit for bit."""
    replay = Replay(performance, preset)
    tensors = {name: np.array(tensor) for name, tensor in preset.bent.tensors.items()}
    for time, state in states:
        step = replay.at(time)
        for stroke in step.strokes:
            put(tensors[stroke.tensor], stroke.patch.rect, stroke.patch.values)
        same(step.preset, state, tensors)


def strokes(performance: Performance) -> list[Event]:
    return [event for event in performance.events if isinstance(event, (Stroke, Arranged))]


def test_a_fade_is_two_presets_and_how_far_it_was_and_replays_to_the_same_bits(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.fade(masked(second()), 4.0)
    performance = stage.performance()
    [faded] = [event for event in performance.events if isinstance(event, Faded)]
    assert (faded.presets, faded.easing, faded.by_hand) == ((1, 2), "in and out", False)
    assert faded.seconds == pytest.approx(4 * 60 / 100)
    assert "enc.bias" in faded.tensors
    mixed = [event for event in performance.events if isinstance(event, Mixed)]
    assert len(mixed) == len(stage.states)
    assert mixed[-1].shares == (0.0, 1.0)
    # No tensor was written down besides, and of the sections the tempo alone, whose beat goes on.
    assert {getattr(event, "section", "stroke") for event in strokes(performance)} <= {"tempo"}
    replayed(performance, masked(first()), stage.states)
    again = tmp_path / "again.performance"
    save_performance(performance, again)
    assert again.read_bytes() == stage.path.read_bytes()


def test_fades_to_and_fro_hold_each_preset_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    start = stage.document.preset()
    for target in (second(), start, second()):
        stage.fade(target, 2.0)
    performance = stage.performance()
    assert {event.preset for event in performance.events if isinstance(event, Prepared)} == {1, 2}
    assert [e.presets for e in performance.events if isinstance(e, Faded)] == [(1, 2), (2, 1), (1, 2)]
    replayed(performance, masked(first()), stage.states)


def test_what_hands_do_on_the_way_and_afterwards_is_written_down(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.fade(second(), 4.0, until=0.5)
    stage.now += 0.01
    stage.document.apply("dab", "enc.bias", Patch(Rect(0, 0, 1, 1), np.full((1, 1), 7.0, np.float32)))
    stage.document.add_stage("dec", make_bend("Invert", {}))
    stage.look()
    assert not stage.fader.step()
    assert stage.said.pop().endswith("something else was changed.")
    # From there to somewhere else, and by hand, with a route that moves the fader and is in neither preset.
    stage.fade(first(), 1.0)
    stage.now += 0.01
    stage.document.set_section(ROUTES, move((), "/fade", "lfo")[0], "Move")
    stage.look()
    stage.cross((first(), second()), 0.2, 0.7, 1.0, 0.4)
    stage.now += 0.01
    stage.document.undo()
    stage.look()
    performance = stage.performance()
    assert performance.fades
    replayed(performance, masked(first()), stage.states)
    # Begun in the middle, all that was done before is done at once.
    for time, state in stage.states[:: max(1, len(stage.states) // 5)]:
        trimmed = performance.trimmed(time, performance.seconds)
        replayed(trimmed, masked(first()), [(0.0, state)])


def test_in_the_window_it_fades_again_as_one_undo(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.fade(second(), 2.0, until=0.6)
    stage.fader.stop()
    stage.cross((first(), second()), 0.2, 0.7)
    performance = stage.performance()
    document = Document(masked(first()))
    now, said = 0.0, list[str]()
    replay = LiveReplay(document, Inbox(clock=lambda: now), say=said.append, clock=lambda: now)
    assert not replay.fades
    replay.play(performance)
    assert replay.fades
    for time, state in stage.states:
        now = time
        replay.advance()
        same(document.preset(), state)
    now += 1.0
    replay.advance()
    assert (replay.fades, said) == (False, [])
    assert len(document.history) == 1
    document.undo()
    same(document.preset(), masked(first()))


def test_a_render_of_more_frames_goes_on_between_the_steps() -> None:
    def part(number: int, preset: Preset) -> list[Event]:
        bias = preset.bent.tensors["enc.bias"]
        patch = Patch(Rect(0, 0, 1, 6), np.array(bias, np.float32).reshape(1, 6))
        return [Prepared(0.0, number, Stroke(0.0, "enc.bias", patch))]

    events = [*part(1, first()), *part(2, second()), Faded(0.0, (1, 2), ("enc.bias",), 2.0)]
    steps = [Mixed(0.0, (1.0, 0.0)), Mixed(0.1, (0.8, 0.2)), Mixed(0.2, (0.6, 0.4)), Mixed(2.0, (0.0, 1.0))]
    performance = Performance(NETWORK.sha256(), "first", (*events, *steps), take=Take(whole=True))
    a, b = (np.asarray(each.bent.tensors["enc.bias"]) for each in (first(), second()))

    def at(time: float, *, smooth: bool) -> np.ndarray:
        return Replay(performance, first(), smooth=smooth).at(time).strokes[-1].patch.values.reshape(-1)

    np.testing.assert_array_equal(at(0.15, smooth=False), np.float32(0.8) * a + np.float32(0.2) * b)
    np.testing.assert_allclose(at(0.15, smooth=True), 0.7 * a + 0.3 * b, rtol=1e-5, atol=1e-6)
    # It rested, and then jumped.
    np.testing.assert_allclose(at(1.5, smooth=True), 0.6 * a + 0.4 * b, rtol=1e-5, atol=1e-6)


def test_two_performances_in_one_keep_their_presets_apart(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.fade(second(), 1.0)
    one = stage.performance()
    both = one.overdubbed(one)
    assert {event.preset for event in both.events if isinstance(event, Prepared)} == {1, 2, 3, 4}
    assert [event.presets for event in both.events if isinstance(event, Faded)] == [(1, 2), (3, 4)]


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ((Mixed(0.0, (0.5, 0.5)),), "continues a fade that it never began"),
        ((Faded(0.0, (1, 2), ()),), "leads to preset 1, which it does not hold"),
        (
            (Prepared(0.0, 1, Stroke(0.0, "no.weight", Patch(Rect(0, 0, 1, 1), np.ones((1, 1), np.float32)))),),
            "changes no.weight, which the network does not have",
        ),
        (
            (Prepared(0.0, 1, Stroke(0.0, "enc.bias", Patch(Rect(0, 0, 99, 1), np.ones((99, 1), np.float32)))),),
            "lies outside the filter sheet",
        ),
        ((Prepared(0.0, 1, Arranged(0.0, "wobble", [])),), 'There is no section "wobble"'),
    ],
)
def test_fades_that_do_not_fit_are_named(events: tuple[Event, ...], sentence: str) -> None:
    with pytest.raises(StudioError, match=sentence):
        Replay(Performance(NETWORK.sha256(), "p", events), first()).at(1.0)


def test_steps_of_more_presets_than_the_fade_has_are_named() -> None:
    bypass = [Prepared(0.0, k, Arranged(0.0, "bypassed", ["act"])) for k in (1, 2)]
    events = (*bypass, Faded(0.0, (1, 2), ("no.weight",)), Mixed(0.0, (0.5, 0.2, 0.3)))
    with pytest.raises(StudioError, match="needs as many shares"):
        Replay(Performance(NETWORK.sha256(), "p", events), first()).at(1.0)
    events = (*events[:3], Mixed(0.0, (0.5, 0.5)))
    with pytest.raises(StudioError, match=r"changes no\.weight"):
        Replay(Performance(NETWORK.sha256(), "p", events), first()).at(1.0)


def test_a_file_with_fades_that_is_damaged_is_played_or_refused_in_a_sentence(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.fade(masked(second()), 1.0)
    stage.cross((first(), second()), 0.2, 0.7)
    stage.performance()
    lines, rng, refused = stage.path.read_bytes().splitlines(keepends=True), random.Random(3), 0
    odd: tuple[object, ...] = (None, -1, 1e9, "x", [], [1], {}, True, "enc.bias", [1, 2, 3, 4, 5])
    path = tmp_path / "damaged.performance"
    for number in range(100):
        found, place = list(lines), rng.randrange(1, len(lines))
        if number % 4 == 0:
            del found[place]
        elif number % 4 == 1:
            other = rng.randrange(1, len(lines))
            found[place], found[other] = found[other], found[place]
        elif number % 4 == 2:
            said = json.loads(found[place])
            said[rng.choice(list(said))] = rng.choice(odd)
            found[place] = json.dumps(said).encode() + b"\n"
        else:
            cut = bytearray(found[place])
            cut[rng.randrange(len(cut))] = rng.randrange(256)
            found[place] = bytes(cut)
        path.write_bytes(b"".join(found))
        try:
            replay = Replay(load_performance(path), masked(first()), smooth=bool(number % 2))
            for time in (0.0, 0.1, 0.3, 0.7, 9.0):
                replay.at(time)
        except StudioError:
            refused += 1
    assert 20 < refused < 95
