"""Performances: written down as they are played, read again, edited, and rendered to the same frames."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import EngineFor, tiny_network
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.bends import make_bend
from studio.control.differences import beginning
from studio.control.inbox import Taken
from studio.control.move import move
from studio.control.performing import Recording, Replay
from studio.errors import StudioError
from studio.io.networks import load_network, save_network
from studio.io.performances import PerformanceWriter, load_performance, save_performance
from studio.io.performed_networks import network_of
from studio.io.preset_file import section_to_json
from studio.model import numbers
from studio.model.bends.stage import ChannelRange
from studio.model.bends.stages import STAGES
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch
from studio.model.movement.route import ROUTES
from studio.model.networks.layout import Rect, put
from studio.model.networks.picture import Picture
from studio.model.networks.preset import Preset
from studio.model.networks.values import Values
from studio.model.performances.performance import (
    Arranged,
    Ended,
    Event,
    Faded,
    Mixed,
    NetworkOpened,
    Performance,
    Prepared,
    Ran,
    Recorded,
    Signalled,
    Stroke,
    Take,
    Turned,
)
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Mover

NETWORK = tiny_network()
SHA = NETWORK.sha256()


def preset() -> Preset:
    document = Document(Preset("p", NETWORK, {}))
    document.add_stage("enc", make_bend("Rotate", {}))
    document.add_stage("act", make_bend("Multiply", {"factor": 1.5}))
    routes, _ = move((), "/bend/2/amount", "osc", name="fader", depth=-0.5)
    document.set_section(ROUTES, routes, "Route")
    return document.preset()


def picture(seed: int) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (16, 16, 3), np.uint8)


class Stage:
    """A document that is played at given times, and what an engine shows of it in each frame."""

    def __init__(self, path: Path, engine_for: EngineFor) -> None:
        self.document = Document(preset())
        self.now = 0.0
        self.writer = PerformanceWriter(path, SHA, "p")
        self.said: list[str] = []
        self.recording = Recording(self.document, self.writer, lambda: self.now, self.said.append)
        self.engine = engine_for(NETWORK)
        self.signals: dict[str, float] = {}
        self.mover = Mover(preset(), self.engine, FrameRunner(self.engine), listen=lambda _: self.measured())

    def measured(self) -> Any:
        from studio.model.movement.modulator import Measurements

        return Measurements(dict(self.signals))

    def signal(self, name: str, value: float) -> None:
        self.signals[name] = value
        self.recording.take(Taken(signals={name: value}))

    def frame(self, number: int) -> Picture:
        """A frame as the window would draw it: the document as it is now, from tensors to numbers."""
        self.now = number / 10
        for name in NETWORK.tensors:
            self.engine.set_tensor(name, np.array(self.document.tensor(name)))
        self.mover.show(self.document.preset())
        return self.mover(picture(number), self.now, number)


def play(stage: Stage) -> list[Picture]:
    document, frames = stage.document, []
    stroke = document.begin("stroke")
    for number in range(12):
        stage.now = number / 10
        if number == 1:
            document.set("/bend/1/angle", 75)
        if 2 <= number < 6:
            if number == 2:
                stroke = document.begin("stroke")
            stroke.put("enc.weight", Patch(Rect(number, number, 4, 5), np.full((4, 5), number / 8, np.float32)))
        if number == 6:
            stroke.commit()
        if number == 7:
            stage.signal("osc/fader", 0.8)
            document.set_bypassed("out", True)
        if number == 8:
            document.undo()
            document.add_stage("dec", make_bend("Invert", {}), amount=0.5)
        if number == 9:
            document.set("/bend/3/amount", 0.25)
            document.reset("back", ["enc.weight"])
        frames.append(stage.frame(number))
    return frames


def test_a_performance_rendered_is_what_was_drawn_live(engine_for: EngineFor, tmp_path: Path) -> None:
    stage = Stage(tmp_path / "a.performance", engine_for)
    live = play(stage)
    stage.recording.close()
    assert stage.said == []
    assert not np.array_equal(live[0], live[3])
    performance = load_performance(tmp_path / "a.performance")
    assert performance.note == ""
    assert [type(event) for event in performance.events[:2]] == [Turned, Stroke]
    engine = engine_for(NETWORK)
    mover = Mover(preset(), engine, FrameRunner(engine), replay=Replay(performance, preset()))
    for _ in range(2):
        again = [mover(picture(number), number / 10, number) for number in range(12)]
        for number, (a, b) in enumerate(zip(live, again, strict=True)):
            np.testing.assert_array_equal(a, b, err_msg=str(number))
        mover.begin()


def test_numbers_are_written_as_numbers_and_the_rest_as_sections(tmp_path: Path) -> None:
    document = Document(preset())
    writer = PerformanceWriter(tmp_path / "a.performance", SHA, "p")
    recording = Recording(document, writer, lambda: 1.0)
    document.set("/bend/1/angle", 10)
    document.set("/tempo/bpm", 90)
    document.change_stage(1, guard=document.stages[0].guard.model_copy(update={"kind": "norm"}))
    document.change_stage(1, channels=ChannelRange(first=0, last=1))
    document.set_bypassed("act", True)
    recording.close()
    document.set("/bend/1/angle", 20)
    lines = [json.loads(line) for line in (tmp_path / "a.performance").read_text("utf-8").splitlines()]
    assert lines[0] == {"format": "studio-performance", "version": 3, "network": SHA, "preset": "p"}
    assert lines[1] == {"time": 1.0, "turn": "/bend/1/angle", "to": 10.0}
    assert lines[2] == {"time": 1.0, "turn": "/tempo/bpm", "to": 90.0}
    # A choice is turned as well, by its place.
    assert lines[3] == {"time": 1.0, "turn": "/bend/1/guard/kind", "to": 3.0}
    assert [line["section"] for line in lines[4:]] == ["stages", "bypassed"]
    assert lines[5]["to"] == ["act"]


def test_another_network_is_written_with_all_that_it_begins_with(tmp_path: Path) -> None:
    document, said = Document(preset()), list[str]()
    save_network(tiny_network(seed=1), tmp_path / "other")
    bent = {"enc.bias": np.arange(6, dtype=np.float32)}
    opened = Preset("other", load_network(tmp_path / "other"), bent, weights_path=tmp_path / "other")
    now = 0.0
    writer = PerformanceWriter(tmp_path / "a.performance", SHA, "p")
    recording = Recording(document, writer, lambda: now, said.append)
    document.set("/bend/1/angle", 20.0)
    now = 1.0
    document.load(opened)
    document.add_stage("enc", make_bend("Rotate", {}))
    now = 2.0
    document.set("/bend/1/angle", 45.0)
    recording.close()
    assert said == []
    performance = load_performance(tmp_path / "a.performance")
    before, after = performance.scenes()
    assert [event.value for event in before.own.events if isinstance(event, Turned)] == [20.0]
    assert after.opened is not None
    assert (after.opened.network, after.opened.time) == (opened.network.sha256(), 1.0)
    replay = Replay(after.own, network_of(after))
    step = replay.at(1.0)
    [stroke] = step.strokes
    np.testing.assert_array_equal(stroke.patch.values.reshape(-1), bent["enc.bias"])
    assert step.preset.section(STAGES)[0].bend.angle == 30.0  # type: ignore[attr-defined]
    assert replay.at(2.0).turned == {"/bend/1/angle": 45.0}
    # Its own part of the whole is all that the network before knows.
    assert Replay(performance, preset()).at(9.0).turned == {"/bend/1/angle": 20.0}


def test_another_network_that_lies_nowhere_is_kept_beside_it(tmp_path: Path) -> None:
    document, said = Document(preset()), []
    path, network = tmp_path / "a.performance", tiny_network(seed=1)
    recording = Recording(document, PerformanceWriter(path, SHA, "p"), lambda: 0.0, said.append)
    document.load(Preset("other", network, {}))
    recording.close()
    assert not said
    *_, scene = load_performance(path).scenes()
    assert Path(scene.own.take.weights).parent == tmp_path / "a.networks"
    assert network_of(scene).network.sha256() == network.sha256()
    with pytest.raises(StudioError, match="is there already"):
        PerformanceWriter(path, SHA, "p")


def test_where_it_cannot_be_kept_the_performance_ends_and_says_so(tmp_path: Path) -> None:
    document, said = Document(preset()), []
    (tmp_path / "a.networks").write_text("mine", "utf-8")
    recording = Recording(document, PerformanceWriter(tmp_path / "a.performance", SHA, "p"), lambda: 0.0, said.append)
    document.load(Preset("other", tiny_network(seed=1), {}))
    assert not recording.is_open
    [text] = said
    assert text.startswith("The performance ends here: cannot write")
    assert (tmp_path / "a.networks").read_text("utf-8") == "mine"


ARRANGED = st.builds(Arranged, st.floats(0, 100), st.just("bypassed"), st.sampled_from([None, ["act"], []]))
EVENTS = st.one_of(
    st.builds(Turned, st.floats(0, 100), st.sampled_from(["/a", "/b/c"]), st.floats(-1e6, 1e6), st.booleans()),
    st.builds(Ran, st.floats(0, 100), st.integers(0, 99), st.floats(0, 9), st.integers(0, 3), st.booleans()),
    st.builds(Recorded, st.floats(0, 100)),
    st.builds(Ended, st.floats(0, 100)),
    st.builds(
        Signalled,
        st.floats(0, 100),
        st.text("abc/", max_size=5),
        st.floats(-1, 1),
        st.sampled_from(["value", "begin", "end"]),
    ),
    st.builds(
        NetworkOpened,
        st.floats(0, 100),
        st.just("7" * 64),
        st.sampled_from(["", "dusk"]),
        st.sampled_from(["", "/somewhere"]),
        st.floats(0, 9),
        st.sampled_from(["linear", "in and out"]),
        st.booleans(),
        st.sampled_from([None, Values(range=(-1.0, 1.0), mean=(), order="bgr"), Values(colour="own")]),
        st.floats(0, 9),
    ),
    ARRANGED,
    st.builds(Prepared, st.floats(0, 100), st.integers(1, 99), ARRANGED),
    st.builds(
        Faded,
        st.floats(0, 100),
        st.lists(st.integers(1, 99), min_size=2, max_size=4).map(tuple),
        st.just(("enc.weight", "é")),
        st.floats(0, 9),
        st.sampled_from(["linear", "in and out"]),
        st.booleans(),
        st.floats(0, 9),
    ),
    st.builds(Mixed, st.floats(0, 100), st.lists(st.floats(0, 1), min_size=2, max_size=4).map(tuple)),
)


def performance(events: list[Event]) -> Performance:
    return Performance(SHA, "p – é", tuple(sorted(events, key=lambda event: event.time)))


@settings(max_examples=40)
@given(st.lists(EVENTS, max_size=12))
def test_what_is_saved_is_what_is_loaded(tmp_path_factory: pytest.TempPathFactory, events: list[Event]) -> None:
    path = tmp_path_factory.mktemp("p") / "x.performance"
    made = performance(events)
    save_performance(made, path)
    again = load_performance(path)
    assert (again.network, again.preset, again.note) == (SHA, "p – é", "")
    assert [at_its_time(event) for event in again.events] == [at_its_time(event) for event in made.events]


def at_its_time(event: Event) -> str:
    """Parts of presets have no time of their own."""
    return repr(replace(event, part=replace(event.part, time=event.time)) if isinstance(event, Prepared) else event)


def test_files_of_the_first_version_are_read(tmp_path: Path) -> None:
    path = tmp_path / "old.performance"
    header = {"format": "studio-performance", "version": 1, "network": SHA, "preset": "p"}
    path.write_text(f'{json.dumps(header)}\n{{"time": 1.0, "turn": "/a", "to": 0.5}}\n')
    assert load_performance(path).events == (Turned(1.0, "/a", 0.5),)


def test_it_is_edited() -> None:
    made = performance([Turned(float(k), "/a", k / 10) for k in range(10)] + [Turned(4.5, "/b", 1.0)])
    assert made.automation("/b") == ((4.5, 1.0),)
    assert made.addresses() == ("/a", "/b")
    trimmed = made.trimmed(3.5, 6.0)
    assert trimmed.automation("/a") == ((0.0, 0.3), (0.5, 0.4), (1.5, 0.5), (2.5, 0.6))
    cut = made.cut(2.0, 5.0)
    assert cut.automation("/a") == ((0.0, 0.0), (1.0, 0.1), (2.0, 0.5), (3.0, 0.6), (4.0, 0.7), (5.0, 0.8), (6.0, 0.9))
    assert cut.automation("/b") == ()
    dragged = made.with_automation("/b", [(0.5, 0.0), (9.5, 2.0)])
    assert dragged.automation("/b") == ((0.5, 0.0), (9.5, 2.0))
    assert dragged.automation("/a") == made.automation("/a")
    over = made.overdubbed(performance([Turned(2.5, "/a", 9.0), Turned(4.2, "/a", 8.0)]))
    assert [value for _, value in over.automation("/a")][:6] == [0.0, 0.1, 0.2, 9.0, 8.0, 0.5]
    assert made.seconds == 9.0
    with pytest.raises(StudioError, match="in the order of their times"):
        Performance(SHA, "", (Turned(2.0, "/a", 0.0), Turned(1.0, "/a", 0.0)))


def test_keyframes_are_few_and_glide_on_the_same_curve() -> None:
    wave = [Turned(k / 25, "/bend/1/angle", float(30.0 * np.sin(k / 10))) for k in range(100)]
    rest = [Turned(6.0, "/bend/1/angle", 0.0), Turned(6.04, "/bend/1/angle", 4.0)]
    made = performance([*wave, *rest, Turned(6.5, "/bend/2/amount", 0.5)])
    thin = made.thinned("/bend/1/angle", 0.5)
    keys = thin.turns("/bend/1/angle")
    assert len(keys) < 40
    assert not keys[0].glides
    assert [key.glides for key in keys[-2:]] == [False, True]
    assert thin.automation("/bend/2/amount") == made.automation("/bend/2/amount")
    replay, before = Replay(thin, preset()), Replay(made, preset())
    for k in range(175):
        one, other = (each.at(k / 25).preset for each in (replay, before))
        assert abs(numbers.get(one, "/bend/1/angle") - numbers.get(other, "/bend/1/angle")) <= 0.51, k


def test_what_is_cut_out_leaves_what_follows_playable() -> None:
    document = Document(preset())
    document.add_stage("dec", make_bend("Invert", {}))
    stages = Arranged(2.5, "stages", *section_to_json(STAGES, document.section(STAGES)))
    runs = [Ran(k / 10, k, k / 10) for k in range(60)]
    made = performance([stages, *runs, Turned(5.0, "/bend/3/amount", 0.5), Ended(5.95)])
    cut = made.cut(2.0, 4.0)
    assert [event.time for event in cut.events if isinstance(event, Arranged)] == [2.0]
    assert Replay(cut, preset()).at(9.0).turned == {"/bend/3/amount": 0.5}
    joints = [run for run in cut.runs() if run.is_cut]
    assert [(run.time, run.place) for run in joints] == [(2.0, 4.0)]
    assert cut.seconds == 3.95
    trimmed = made.trimmed(1.0, 3.0)
    assert (trimmed.take.clock, trimmed.take.frame) == (1.0, 10)
    assert trimmed.runs()[0] == Ran(0.0, 0, 1.0)
    assert trimmed.events[-1] == Ended(2.0)


def test_the_beginning_makes_the_preset_of_its_network() -> None:
    document = Document(preset())
    rng = np.random.default_rng(1)
    for name in ("enc.weight", "dec.weight"):
        document.apply("s", name, Patch(Rect(1, 2, 5, 7), rng.standard_normal((5, 7)).astype(np.float32)))
    document.set_bypassed("act", True)
    made = document.preset()
    replay = Replay(Performance(SHA, "p", tuple(beginning(made)), take=Take(whole=True)), Preset("x", NETWORK, {}))
    step = replay.at(0.0)
    assert {key.name: value for key, value in step.preset.sections.items()} == {
        key.name: value for key, value in made.sections.items() if value != key.default
    }
    tensors = {name: np.array(tensor) for name, tensor in NETWORK.tensors.items()}
    for stroke in step.strokes:
        put(tensors[stroke.tensor], stroke.patch.rect, stroke.patch.values)
    for name, tensor in made.bent.tensors.items():
        np.testing.assert_array_equal(tensors[name], tensor)


def spoil(change: Callable[[list[bytes]], list[bytes]], path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(change(lines)))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda _: [], "this is no performance"),
        (lambda _: [b"PK\x03\x04 nonsense"], "this is no performance"),
        (lambda ls: [ls[0].replace(b'"version": 3', b'"version": 4'), *ls[1:]], "made by a later version"),
        (lambda ls: [ls[0].replace(b'"version": 3', b'"version": "2"'), *ls[1:]], 'the field "version"'),
        (lambda ls: [ls[0].replace(b'"version": 3', b'"version": 0'), *ls[1:]], 'the field "version"'),
        (lambda ls: [ls[0].replace(b'"network": "', b'"network": "x'), *ls[1:]], 'the field "network"'),
        (lambda ls: [*ls, b"nonsense\n"], r"line 5: this is no event"),
        (lambda ls: [*ls, b'{"time": 0, "turn": "/a", "to": 1}\n'], "its time is before that of the line above"),
        (
            lambda ls: [*ls, b'{"time": 9, "turn": "/a", "to": "x"}\n'],
            r'line 5: the field "to" should be a valid number',
        ),
        (lambda ls: [*ls, b'{"time": 9, "turn": "/a", "to": NaN}\n'], r'line 5: the field "to"'),
        (lambda ls: [*ls, b'{"time": -1, "turn": "/a", "to": 1}\n'], r'the field "time" should be greater'),
        (
            lambda ls: [ls[0].replace(b"}", b', "take": {"rate": "0/5"}}'), *ls[1:]],
            'the field "take.rate"',
        ),
        (lambda ls: [*ls, b'{"time": 9, "frame": -1, "place": 0}\n'], 'line 5: the field "frame"'),
        (lambda ls: [*ls, b'{"time": 9, "end": false}\n'], 'line 5: the field "end"'),
        (lambda ls: [*ls, b'{"time": 9, "fade": [1]}\n'], 'line 5: the field "fade"'),
        (lambda ls: [*ls, b'{"time": 9, "mix": [0.5, 1.5]}\n'], 'line 5: the field "mix'),
        (lambda ls: [*ls, b'{"time": 9, "preset": 0, "section": "stages", "to": []}\n'], 'line 5: the field "preset"'),
        (
            lambda ls: [*ls, b'{"time": 9, "stroke": "a", "at": [0,0,2,2], "values": "AAAA"}\n'],
            "the values of the stroke are damaged",
        ),
        (
            lambda ls: [*ls, b'{"time": 9, "stroke": "a", "at": [0,0,99999,99999], "values": ""}\n'],
            "are too many",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_named(
    tmp_path: Path, change: Callable[[list[bytes]], list[bytes]], sentence: str
) -> None:
    path = tmp_path / "x.performance"
    save_performance(performance([Turned(k, "/a", 0.5) for k in (1.0, 2.0, 3.0)]), path)
    spoil(change, path)
    with pytest.raises(StudioError, match=sentence) as caught:
        load_performance(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_cut_short_is_played_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "x.performance"
    save_performance(performance([Turned(k, "/a", 0.5) for k in (1.0, 2.0, 3.0)]), path)
    path.write_bytes(path.read_bytes()[:-9])
    found = load_performance(path)
    assert len(found.events) == 2
    assert "cut short after 2 events" in found.note


def test_a_performance_of_another_network_or_preset_is_said() -> None:
    other = Preset("other", tiny_network(seed=3), {})
    with pytest.raises(StudioError, match='played on another network, with the preset "p – é"'):
        Replay(performance([]), other)
    with pytest.raises(StudioError, match="There is no number at /bend/9/amount"):
        Replay(performance([Turned(0.0, "/bend/9/amount", 1.0)]), preset()).at(1.0)
    with pytest.raises(StudioError, match='There is no section "wobble"'):
        Replay(performance([Arranged(0.0, "wobble", [1])]), preset()).at(1.0)
    with pytest.raises(StudioError, match='"bypassed" was made by a later version'):
        Replay(performance([Arranged(0.0, "bypassed", [], 99)]), preset()).at(1.0)
    with pytest.raises(StudioError, match='bypasses the layer "nowhere"'):
        Replay(performance([Arranged(0.0, "bypassed", ["nowhere"])]), preset()).at(1.0)
