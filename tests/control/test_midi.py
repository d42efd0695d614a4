"""MIDI: bytes however they come, signals, 14 bits, encoders, clock, taps, ports that come and go, mappings."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.control.inbox import Inbox, Taken
from studio.control.learning import way_of
from studio.control.mapped import Mapped, suggested
from studio.control.midi import MidiEvent, MidiReader, MidiSignals, Taps, relative
from studio.control.midi_clock import MidiClock, followed
from studio.control.midi_ports import MidiIn, RtMidi
from studio.errors import StudioError
from studio.model.movement.address import Number
from studio.model.movement.mapping import Mapping, Mappings, forgotten, learnt
from studio.model.movement.tempo import Tempo


def events(data: bytes) -> list[MidiEvent]:
    return list(MidiReader().feed(data))


def test_messages_are_read() -> None:
    assert events(bytes([0x90, 60, 100, 0x80, 60, 5, 0x91, 61, 0])) == [
        MidiEvent("note on", 1, 60, 100),
        MidiEvent("note off", 1, 60, 5),
        MidiEvent("note off", 2, 61, 0),
    ]
    assert events(bytes([0xB3, 7, 127, 0xE0, 0, 64, 0xD1, 9, 0xC2, 5, 0xA0, 1, 2])) == [
        MidiEvent("cc", 4, 7, 127),
        MidiEvent("pitch", 1, 0, 8192),
        MidiEvent("pressure", 2, 0, 9),
        MidiEvent("program", 3, 5),
    ]


def test_running_status_clock_within_and_system_exclusive() -> None:
    assert events(bytes([0xB0, 1, 10, 1, 0xF8, 20, 2, 30])) == [
        MidiEvent("cc", 1, 1, 10),
        MidiEvent("clock"),
        MidiEvent("cc", 1, 1, 20),
        MidiEvent("cc", 1, 2, 30),
    ]
    exclusive = bytes([0xF0, 0x7E, 1, 2, 3, 0xF8, 0xF7])
    assert events(exclusive + bytes([5, 6, 0x90, 1, 2])) == [MidiEvent("clock"), MidiEvent("note on", 1, 1, 2)]
    assert events(bytes([0xF2, 1, 2, 3, 4, 0xFA, 0x90, 1, 0xB0, 7, 8])) == [
        MidiEvent("position", 0, 0, 257),
        MidiEvent("start"),
        MidiEvent("cc", 1, 7, 8),
    ]


@given(st.binary(max_size=80), st.lists(st.integers(0, 80), max_size=4))
def test_any_bytes_in_any_pieces_give_the_same_events(data: bytes, cuts: list[int]) -> None:
    reader, found, start = MidiReader(), [], 0
    for cut in [*sorted(cuts), len(data)]:
        found += list(reader.feed(data[start:cut]))
        start = max(start, min(cut, len(data)))
    assert found == events(data)
    for event in found:
        assert 0 <= event.value <= 16383
        assert 0 <= event.channel <= 16


def taken(data: bytes) -> Taken:
    inbox = Inbox()
    signals = MidiSignals(inbox)
    for event in events(data):
        signals.take(event)
    return inbox.take()


def test_events_become_signals() -> None:
    found = taken(bytes([0x90, 60, 127, 0xB1, 7, 127, 0xE0, 127, 127, 0xD0, 127]))
    assert found.signals == {
        "midi/1/note/60": 1.0,
        "midi/2/cc/7": 1.0,
        "midi/2/cc14/7": pytest.approx(127 * 128 / 16383),
        "midi/1/pitch": 1.0,
        "midi/1/pressure": 1.0,
    }
    assert found.began.keys() == {"midi/1/note/60"}
    off = taken(bytes([0x80, 60, 0]))
    assert (off.signals, off.ended.keys()) == ({"midi/1/note/60": 0.0}, {"midi/1/note/60"})
    fine = taken(bytes([0xB0, 7, 64, 39, 1])).signals["midi/1/cc14/7"]
    assert fine == pytest.approx((64 * 128 + 1) / 16383)
    assert taken(bytes([0xE0, 0, 64])).signals["midi/1/pitch"] == 0.0
    assert taken(bytes([0xE0, 0, 0])).signals["midi/1/pitch"] == -1.0


@pytest.mark.parametrize(
    ("way", "values", "steps"),
    [
        ("twos", (1, 3, 127, 125), (1, 3, -1, -3)),
        ("offset", (65, 67, 63, 61), (1, 3, -1, -3)),
        ("sign", (1, 3, 65, 67), (1, 3, -1, -3)),
    ],
)
def test_relative_encoders(way: str, values: tuple[int, ...], steps: tuple[int, ...]) -> None:
    assert tuple(relative(value, way) for value in values) == steps
    data = b"".join(bytes([0xB0, 20, value]) for value in values)
    assert taken(data).steps[f"midi/1/turn/20/{way}"] == 0
    assert taken(data[:6]).steps[f"midi/1/turn/20/{way}"] == 4


@pytest.mark.parametrize("bpm", [60.0, 123.4, 174.0])
def test_the_clock_tells_the_tempo_through_its_jitter(bpm: float) -> None:
    clock, rng = MidiClock(), np.random.default_rng(1)
    clock.take(MidiEvent("start"), 0.0)
    step = 60 / bpm / 24
    for k in range(24 * 6):
        clock.take(MidiEvent("clock"), 1.0 + k * step + float(rng.uniform(0, 0.002)))
    assert clock.bpm == pytest.approx(bpm, rel=0.005)
    assert clock.beat_at is not None
    beat = (clock.beat_at - 1.0) / (24 * step)
    assert abs(beat - round(beat)) * 24 * step < 0.01
    clock.take(MidiEvent("clock"), 1000.0)
    assert clock.bpm is None
    assert MidiClock().bpm is None


class Machine:
    """Another machine's clock, with the jitter of a cable."""

    def __init__(self, bpm: float, jitter: float = 0.001) -> None:
        self.clock, self.now, self.bpm, self.jitter = MidiClock(), 100.0, bpm, jitter
        self.rng = np.random.default_rng(3)

    def say(self, *data: int) -> None:
        for event in events(bytes(data)):
            self.clock.take(event, self.now)

    def run(self, clocks: int) -> None:
        for _ in range(clocks):
            self.now += 60.0 / self.bpm / 24
            for event in events(b"\xf8"):
                self.clock.take(event, self.now + float(self.rng.normal(0.0, self.jitter)))


def test_start_stop_continue_and_song_position_say_which_beat_it_is() -> None:
    machine = Machine(120.0)
    machine.say(0xFA)
    machine.run(24 * 5 + 1)
    heard = machine.clock.heard()
    assert heard is not None
    assert (heard.beat, heard.is_placed, heard.goes) == (5, True, True)
    assert heard.at == pytest.approx(machine.now, abs=0.003)
    # Stopped, the clock goes on, and tells the tempo; the song stands still.
    machine.run(6)
    machine.say(0xFC)
    machine.run(72)
    heard = machine.clock.heard()
    assert heard is not None
    assert (heard.beat, heard.goes) == (5, False)
    machine.say(0xFB)
    machine.run(18)
    assert machine.clock.heard() is None
    machine.run(24)
    heard = machine.clock.heard()
    assert heard is not None
    assert heard.beat == 7
    # Eight sixteenths from the start are two beats.
    machine.say(0xFC, 0xF2, 8, 0, 0xFB)
    machine.run(25)
    heard = machine.clock.heard()
    assert heard is not None
    assert heard.beat == 3
    assert events(bytes([0xF2, 1, 2])) == [MidiEvent("position", 0, 0, 257)]


@pytest.mark.parametrize("bpm", [61.7, 120.0, 171.3])
@pytest.mark.parametrize("jitter", [0.0, 0.001, 0.003])
def test_a_tempo_falls_in_with_a_clock_and_is_then_left_alone(bpm: float, jitter: float) -> None:
    machine = Machine(bpm, jitter)
    machine.say(0xFA)
    start = machine.now + 60.0 / bpm / 24
    tempo, changes = Tempo(), 0
    for step in range(600):
        machine.run(5)
        heard = machine.clock.heard()
        if heard is None:
            continue
        # The studio's time began earlier than the clock's.
        after = followed(tempo, heard, 7.0, machine.now + 7.0)
        changes += after != tempo and step > 20
        tempo = after
    assert tempo.bpm == pytest.approx(bpm, abs=0.3)
    off = tempo.beat(machine.now + 7.0) - (machine.now - start) * bpm / 60.0
    assert abs(off - 4 * round(off / 4)) * 60.0 / bpm < 0.02
    assert changes <= (8 if jitter < 0.002 else 30)
    # Another tempo is heard within two beats.
    machine.bpm = bpm * 1.1
    machine.run(72)
    heard = machine.clock.heard()
    assert heard is not None
    assert heard.bpm == pytest.approx(bpm * 1.1, rel=0.01)
    machine.run(240)
    heard = machine.clock.heard()
    assert heard is not None
    tempo = followed(tempo, heard, 7.0, machine.now + 7.0)
    assert tempo.bpm == pytest.approx(bpm * 1.1, abs=0.3)
    # What jitters is not set anew: the same clock again says nothing else.
    assert followed(tempo, heard, 7.0, machine.now + 7.0) == tempo
    # A clock that has never been started has beats, and says nothing of bars.
    other = Machine(bpm, 0.0)
    other.run(60)
    told = other.clock.heard()
    assert told is not None
    assert not told.is_placed
    assert followed(Tempo(bpm=bpm, offset=told.at + 60.0 / bpm), told, 0.0, other.now).bpm == bpm


def test_of_two_ports_the_clock_that_came_first_counts_until_it_is_silent() -> None:
    made, now = Made("One", "Two"), [0.0]
    midi = MidiIn(made, Inbox(), clock=lambda: now[0], is_watched=False)
    assert midi.clock() is None
    for step in range(600):
        now[0] += 1 / 480
        if step % 10 == 0:  # 120 beats a minute
            made.receive["One"](b"\xf8")
        if step % 12 == 5:  # 100
            made.receive["Two"](b"\xf8")
    heard = midi.clock()
    assert heard is not None
    assert heard.bpm == pytest.approx(120.0)
    for _ in range(300):
        now[0] += 1 / 40
        made.receive["Two"](b"\xf8")
    heard = midi.clock()
    assert heard is not None
    assert heard.bpm == pytest.approx(100.0)
    made.there.remove("Two")
    midi.look()
    assert midi.clock() is None
    midi.close()


def test_a_key_that_is_let_go_and_pressed_again_within_a_frame_is_down() -> None:
    number = Number("/x", "X", "number", 0.0, 0.0, 1.0)
    mapped = Mapped(lambda _: number, lambda _: 0.0)
    mapping = (Mapping("midi/1/note/1", "/x", "trigger"),)
    now, inbox = [0.0], Inbox(clock=lambda: now[0])
    for acts, wanted in ((("end", "begin"), 1.0), (("begin", "end"), 0.0), (("begin",), 1.0), (("end",), 0.0)):
        for act in acts:
            now[0] += 0.001
            getattr(inbox, act)("midi/1/note/1")
        assert mapped.values(mapping, inbox.take()) == {"/x": wanted}


def test_tapping() -> None:
    taps = Taps()
    assert taps.tap(1.0) is None
    assert [taps.tap(1.0 + k * 0.5) for k in (1, 2, 3)] == pytest.approx([120.0] * 3)
    assert taps.tap(20.0) is None
    assert taps.tap(20.01) is None
    assert Taps().tap(5.0) is None


# -- ports ------------------------------------------------------------------------------------------------------------


class Made:
    """Ports that a test plugs in and pulls."""

    def __init__(self, *names: str) -> None:
        self.there = list(names)
        self.busy: set[str] = set()
        self.receive: dict[str, Callable[[bytes], None]] = {}

    def names(self) -> list[str]:
        return list(self.there)

    def open(self, name: str, receive: Callable[[bytes], None]) -> Any:
        if name in self.busy:
            raise OSError("in use")
        self.receive[name] = receive
        return SimpleNamespace(close=lambda: self.receive.pop(name))


def test_ports_vanish_and_come_back() -> None:
    made, inbox, said = Made("Fader", "Pads"), Inbox(), []
    made.busy.add("Pads")
    midi = MidiIn(made, inbox, said.append, is_watched=False)
    assert midi.ports == ("Fader",)
    made.receive["Fader"](bytes([0xB0, 7]))
    made.receive["Fader"](bytes([127]))
    assert inbox.take().signals["midi/1/cc/7"] == 1.0
    made.there.remove("Fader")
    midi.look()
    assert midi.ports == ()
    made.there.append("Fader")
    midi.look()
    made.receive["Fader"](bytes([0x90, 1, 127]))
    assert "midi/1/note/1" in inbox.take().began
    midi.close()
    assert made.receive == {}
    assert said == [
        "The MIDI port “Pads” cannot be opened (in use); another program may use it.",
        "The MIDI port “Fader” was disconnected; it is used again when it comes back.",
    ]


def test_whatever_a_driver_throws_ports_are_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.control.midi_ports._LOOK_EVERY", 0.01)
    made, said = Made("Fader"), list[str]()
    midi = MidiIn(made, Inbox(), said.append)
    works = made.names

    def fail() -> list[str]:
        raise RuntimeError("the driver is gone")

    made.names = fail  # type: ignore[method-assign]
    end = time.monotonic() + 60
    while not said and time.monotonic() < end:
        time.sleep(0.005)
    made.there.append("Pads")
    made.names = works  # type: ignore[method-assign]
    while len(midi.ports) < 2 and time.monotonic() < end:
        time.sleep(0.005)
    assert midi.ports == ("Fader", "Pads")
    midi.close()
    assert said == ["Looking for MIDI ports failed (RuntimeError: the driver is gone); it is tried again."]


def test_a_watched_port_is_closed_in_time() -> None:
    midi = MidiIn(Made("Fader"), Inbox())
    assert midi.ports == ("Fader",)
    midi.close()
    assert midi.ports == ()


def test_without_the_library_or_the_service_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rtmidi2", None)
    with pytest.raises(StudioError, match=r'pip install "network-bending-studio\[midi\]"'):
        RtMidi()

    def fail() -> list[str]:
        raise RuntimeError("no ALSA sequencer\nand more")

    monkeypatch.setitem(sys.modules, "rtmidi2", SimpleNamespace(get_in_ports=fail))
    with pytest.raises(StudioError, match=r"This system offers no MIDI \(no ALSA sequencer\)"):
        RtMidi()


def test_the_library_is_used_as_it_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Any] = []

    class Port:
        def __init__(self) -> None:
            self.callback: Any = None
            self.ignored: dict[str, bool] = {}
            self.closed = False
            opened.append(self)

        def ignore_types(self, **ignored: bool) -> None:
            self.ignored = ignored

        def open_port(self, name: str) -> None:
            if name != "Fader":
                raise ValueError("no such port")

        def close_port(self) -> None:
            self.closed = True

    monkeypatch.setitem(sys.modules, "rtmidi2", SimpleNamespace(get_in_ports=lambda: ["Fader"], MidiIn=Port))
    inbox = Inbox()
    midi = MidiIn(RtMidi(), inbox, is_watched=False)
    opened[0].callback([0xB0, 7, 127], 0.1)
    assert inbox.take().signals["midi/1/cc/7"] == 1.0
    assert opened[0].ignored == {"midi_sysex": True, "midi_time": False, "midi_sense": True}
    midi.close()
    assert opened[0].closed
    with pytest.raises(OSError, match="no such port"):
        RtMidi().open("nowhere", lambda _: None)


# -- mappings ---------------------------------------------------------------------------------------------------------

AMOUNT = Number("/bend/1/amount", "Amount", "number", 1.0, 0.0, 1.0)
COUNT = Number("/bend/1/count", "Count", "integer", 3.0, 1.0, 9.0)
ON = Number("/bend/1/on", "On", "switch", 1.0, 0.0, 1.0)
SHAPE = Number("/route/1/shape", "Shape", "choice", 0.0, 0.0, 2.0, choices=("sine", "saw", "square"))
UNDO = Number("/command/edit.undo", "Undo", "trigger", 0.0, 0.0, 1.0)


class Board:
    def __init__(self, *mappings: Mapping) -> None:
        self.numbers = {number.address: number for number in (AMOUNT, COUNT, ON, SHAPE, UNDO)}
        self.now = {address: number.default for address, number in self.numbers.items()}
        self.mappings: Mappings = mappings
        self.mapped = Mapped(self.number, lambda address: self.now[address])

    def number(self, address: str) -> Number:
        if address not in self.numbers:
            raise StudioError("no such number")
        return self.numbers[address]

    def take(self, **kinds: dict[str, float]) -> dict[str, float]:
        found = self.mapped.values(self.mappings, Taken(**kinds))
        self.now |= found
        return found


CC = "midi/1/cc/7"


def test_an_absolute_control_picks_its_number_up_where_it_is() -> None:
    board = Board(Mapping(CC, AMOUNT.address))
    board.now[AMOUNT.address] = 0.5
    assert board.take(signals={CC: 0.1}) == {}
    assert board.take(signals={CC: 0.4}) == {}
    assert board.take(signals={CC: 0.6}) == {AMOUNT.address: 0.6}
    assert board.take(signals={CC: 0.2}) == {AMOUNT.address: 0.2}
    # Turned by hand meanwhile: it has to be picked up anew.
    board.now[AMOUNT.address] = 0.9
    assert board.take(signals={CC: 0.3}) == {}
    assert board.take(signals={CC: 0.95}) == {AMOUNT.address: 0.95}
    jumps = Board(Mapping(CC, AMOUNT.address, takeover=False, lo=1.0, hi=0.5))
    assert jumps.take(signals={CC: 1.0}) == {AMOUNT.address: 0.5}


def test_a_whole_number_that_was_picked_up_stays_in_hand() -> None:
    board = Board(Mapping(CC, COUNT.address))
    board.now[COUNT.address] = 1.0
    found = [board.take(signals={CC: k / 127})[COUNT.address] for k in range(128)]
    assert found == [round(1 + 8 * k / 127) for k in range(128)]


def test_relative_controls_turn_on_from_where_it_is() -> None:
    board = Board(Mapping(CC, AMOUNT.address, "relative twos"), Mapping(CC, COUNT.address, "relative offset"))
    board.now[AMOUNT.address] = 0.5
    assert board.take(steps={"midi/1/turn/7/twos": 64.0}) == {AMOUNT.address: 1.0}
    assert board.take(steps={"midi/1/turn/7/twos": -32.0})[AMOUNT.address] == pytest.approx(0.75)
    assert board.take(steps={"midi/1/turn/7/offset": 2.0}) == {COUNT.address: 5.0}
    assert board.take(steps={"midi/1/turn/7/offset": 99.0}) == {COUNT.address: 9.0}


def test_notes_switch_and_trigger() -> None:
    note = "midi/1/note/60"
    board = Board(Mapping(note, ON.address, "toggle"), Mapping(note, AMOUNT.address, "trigger", lo=0.25, hi=1.0))
    board.now[AMOUNT.address] = 0.0
    assert board.take(began={note: 0.0}, signals={note: 1.0}) == {ON.address: 0.0, AMOUNT.address: 1.0}
    assert board.take(ended={note: 0.0}, signals={note: 0.0}) == {AMOUNT.address: 0.25}
    assert board.take(began={note: 0.0}) == {ON.address: 1.0, AMOUNT.address: 1.0}


def pressed(*values: int) -> dict[str, Any]:
    return {"signals": {CC: values[-1] / 127}, "raw": {CC: values}}


@pytest.mark.parametrize(
    ("once", "again"), [((127, 0), (127, 0)), ((127,), (0, 127)), ((127,), (127,)), ((100, 0), (90,))]
)
def test_a_button_that_is_a_controller_presses_as_a_note_does(once: tuple[int, ...], again: tuple[int, ...]) -> None:
    board = Board(Mapping(CC, ON.address, "toggle"), Mapping(CC, SHAPE.address, "next"), Mapping(CC, UNDO.address))
    board.now[ON.address] = 1.0
    # However often a frame looks, and though it was let go meanwhile.
    assert board.take(**pressed(*once)) == {ON.address: 0.0, SHAPE.address: 1.0, UNDO.address: 1.0}
    assert board.take() == {}
    assert board.take(**pressed(*again)) == {ON.address: 1.0, SHAPE.address: 2.0, UNDO.address: 1.0}


def test_presses_between_two_looks_are_counted_and_a_fader_presses_once_on_its_way() -> None:
    board = Board(Mapping(CC, ON.address, "toggle"), Mapping(CC, SHAPE.address, "next"))
    assert board.take(**pressed(127, 0, 127, 0)) == {SHAPE.address: 2.0}
    assert board.take(**pressed(127, 0)) == {ON.address: 0.0, SHAPE.address: 0.0}, "the first follows the last"
    fader = Board(Mapping(CC, UNDO.address))
    assert fader.take(**pressed(10, 40, 63)) == {}
    assert fader.take(**pressed(64, 80, 127)) == {UNDO.address: 1.0}
    assert fader.take(**pressed(120, 60)) == {}
    assert fader.take(**pressed(66)) == {UNDO.address: 1.0}


def test_what_presses_holds_turns_a_switch_and_takes_the_next() -> None:
    held = Board(Mapping(CC, AMOUNT.address, "trigger"), Mapping(CC, ON.address))
    held.now |= {AMOUNT.address: 0.0, ON.address: 0.0}
    # A switch needs not be picked up where it is.
    assert held.take(**pressed(127)) == {AMOUNT.address: 1.0, ON.address: 1.0}
    assert held.take(**pressed(0)) == {AMOUNT.address: 0.0, ON.address: 0.0}
    note = "midi/1/note/60"
    notes = Board(Mapping(note, COUNT.address, "next", lo=4.0, hi=2.0), Mapping(note, UNDO.address, "trigger"))
    assert notes.take(began={note: 0.0}) == {COUNT.address: 4.0, UNDO.address: 1.0}
    assert notes.take(ended={note: 0.0}) == {}
    assert notes.take(began={note: 0.0})[COUNT.address] == 2.0


def test_mappings_of_what_is_gone_do_nothing_and_are_learnt_and_forgotten() -> None:
    board = Board(Mapping(CC, "/nowhere"))
    assert board.take(signals={CC: 1.0}) == {}
    mappings = learnt((), Mapping(CC, AMOUNT.address))
    mappings = learnt(mappings, Mapping(CC, AMOUNT.address, "toggle"))
    mappings = learnt(mappings, Mapping(CC, ON.address, "toggle"))
    assert [mapping.mode for mapping in mappings] == ["toggle", "toggle"]
    assert forgotten(mappings, AMOUNT.address) == (Mapping(CC, ON.address, "toggle"),)


def test_the_control_that_was_moved_is_learnt() -> None:
    assert suggested(taken(bytes([0xB0, 7, 9]))) == (CC, "absolute")
    assert suggested(taken(bytes([0xB0, 7, 64, 39, 1]))) == ("midi/1/cc14/7", "absolute")
    assert suggested(taken(bytes([0x90, 60, 9]))) == ("midi/1/note/60", "trigger")
    assert suggested(Taken(signals={"osc/fader": 0.5}, began={"osc/fader": 0.0})) == ("osc/fader", "absolute")
    assert suggested(Taken()) is None


def test_a_parameter_that_is_named_is_one_control_of_14_bits() -> None:
    # 99 and 98 name it, 6 and 38 say where it is; running status, and a clock in the middle.
    found = taken(bytes([0xB0, 99, 3, 98, 0xF8, 5, 6, 64, 38, 1]))
    assert found.signals["midi/1/nrpn/389"] == pytest.approx((64 << 7 | 1) / 16383)
    assert suggested(found) == ("midi/1/nrpn/389", "absolute")
    assert taken(bytes([0xB0, 99, 3, 98, 5, 6, 127, 38, 127])).signals["midi/1/nrpn/389"] == 1.0
    # One that is registered, or none, is nobody's control; nor are those by which it is named.
    for chosen in ([99, 127, 98, 127], [99, 3, 98, 5, 101, 0, 100, 0]):
        assert not any("nrpn" in name for name in taken(bytes([0xB0, *chosen, 6, 64])).signals)
    assert suggested(taken(bytes([0xB0, 99, 3]))) is None
    # Another channel's is another.
    assert list(taken(bytes([0xB0, 99, 3, 98, 5, 0xB1, 6, 64])).signals)[-1] == "midi/2/cc14/6"


@pytest.mark.parametrize(
    ("sent", "mode", "settled"),
    [
        ((1, 1, 1), "relative twos", False),
        ((1, 1, 2, 1, 1), "relative twos", False),
        ((1, 1, 1, 127), "relative twos", True),
        ((1, 1, 1, 65), "relative sign", True),
        ((65, 65, 65), "relative offset", False),
        ((65, 65, 66, 65, 65, 63), "relative offset", True),
        # The way of a sign, turned to the left first.
        ((65, 65, 65, 1), "relative sign", True),
        ((126, 127, 127, 127), "relative twos", True),
        # A slow hand at either end or in the middle of a fader, and a button.
        ((1, 2, 3, 4, 3, 2), None, False),
        ((63, 65, 66, 67), None, False),
        ((127, 127, 127, 127), None, False),
        ((127, 0, 127, 0), "absolute", True),
        ((10, 20, 40), "absolute", True),
        ((), None, False),
    ],
)
def test_an_endless_knob_is_known_by_what_it_sends(sent: tuple[int, ...], mode: str | None, settled: bool) -> None:
    assert way_of(sent) == (mode, settled)
