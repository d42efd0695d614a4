"""Sources of movement against what they say they are: pure functions of the moment and of what was measured."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moving import modulators

from studio.errors import StudioError
from studio.model.movement.curve import AttackRelease, Curve, Lag, OneEuro, Power, Quantise, Range, Steps
from studio.model.movement.modulator import NOTHING, Measurements, Modulator, Moment
from studio.model.movement.tempo import Tempo
from studio.modulators import make_modulator, registry
from studio.modulators.keyframes import Key, ease


def at(time: float, bpm: float = 120.0) -> Moment:
    return Moment(time, Tempo(bpm=bpm).beat(time), 1 / 60, bpm / 60)


def over(source: Modulator, times: Any, measured: Measurements = NOTHING, bpm: float = 120.0) -> list[float]:
    return [source.value(at(float(time), bpm), measured) for time in times]


@settings(max_examples=150)
@given(modulators(), st.floats(0, 5000), st.dictionaries(st.just("sound/onset"), st.floats(0, 100)))
def test_every_source_is_a_pure_function_within_its_range(
    source: Modulator, time: float, began: dict[str, float]
) -> None:
    measured = Measurements(dict.fromkeys(source.signals(), 0.7), dict.fromkeys(source.signals(), 3.0) | began)
    value = source.value(at(time), measured)
    assert -1.0 - 1e-9 <= value <= 1.0 + 1e-9 or type(source).__name__ == "Keyframes"
    assert math.isfinite(value)
    again = type(source).model_validate(source.model_dump())
    assert again.value(at(time), measured) == value


@settings(max_examples=150)
@given(modulators(), modulators(), st.lists(st.floats(0, 50), min_size=20, max_size=20))
def test_what_is_idle_counts_for_nothing(source: Modulator, other: Modulator, times: list[float]) -> None:
    if type(other) is not type(source):
        other = type(source)()
    changed = source.model_copy(update={name: getattr(other, name) for name in source.idle()})
    assert changed.signals() == source.signals()
    measured = Measurements(dict.fromkeys(source.signals(), 0.7), dict.fromkeys(source.signals(), 3.0))
    assert over(changed, times, measured) == over(source, times, measured)


@pytest.mark.parametrize(
    ("name", "settings", "idle"),
    [
        ("lfo", {}, {"width", "seed"}),
        ("lfo", {"shape": "square", "jitter": 0.5}, set()),
        ("lfo", {"shape": "drift"}, {"width"}),
        ("sound", {}, {"release"}),
        ("sound", {"band": "onset"}, {"floor"}),
        ("midi", {}, set()),
        ("midi", {"of": "pitch"}, {"number"}),
        ("drift", {}, set()),
    ],
)
def test_it_is_known_which_parameters_are_idle(name: str, settings: dict[str, object], idle: set[str]) -> None:
    assert set(make_modulator(name, settings).idle()) == idle


def test_a_sine_is_the_sine_to_under_a_millisecond_of_phase_at_60_frames() -> None:
    source = make_modulator("lfo", {"rate": 0.5})
    for frame in range(0, 60 * 600, 7):
        wanted = math.sin(2 * math.pi * 0.5 * frame / 60)
        # The steepest slope is 2 pi rate a second.
        assert abs(source.value(at(frame / 60), NOTHING) - wanted) < 2 * math.pi * 0.5 * 1e-3


@pytest.mark.parametrize(
    ("shape", "quarters"),
    [
        ("sine", [0, 1, 0, -1]),
        ("triangle", [0, 1, 0, -1]),
        ("saw up", [-1, -0.5, 0, 0.5]),
        ("saw down", [1, 0.5, 0, -0.5]),
        ("square", [1, 1, -1, -1]),
        ("decay", [math.exp(-5 * k / 4) for k in range(4)]),
    ],
)
def test_shapes_at_the_quarters_of_a_swing(shape: str, quarters: list[float]) -> None:
    source = make_modulator("lfo", {"shape": shape, "rate": 0.25})
    assert over(source, range(8)) == pytest.approx(quarters * 2, abs=1e-9)
    by_beats = make_modulator("lfo", {"shape": shape, "beats": 4.0})
    assert over(by_beats, [0, 1, 2, 3], bpm=60.0) == pytest.approx(quarters, abs=1e-9)
    shifted = make_modulator("lfo", {"shape": shape, "rate": 0.25, "phase": 0.25})
    assert over(shifted, range(3)) == pytest.approx(quarters[1:], abs=1e-9)


def test_random_shapes_repeat_by_seed_and_only_by_seed() -> None:
    times = np.arange(400) / 20
    for shape in ("stepped random", "smooth random", "drift"):
        a, b, c = (over(make_modulator("lfo", {"shape": shape, "rate": 1.0, "seed": s}), times) for s in (1, 1, 2))
        assert a == b
        assert np.corrcoef(a, c)[0, 1] < 0.9
        assert np.std(a) > 0.1
    stepped = over(make_modulator("lfo", {"shape": "stepped random", "rate": 1.0}), times)
    assert len({round(value, 9) for value in stepped}) == 20
    smooth = over(make_modulator("lfo", {"shape": "smooth random", "rate": 1.0}), times)
    assert max(abs(b - a) for a, b in pairwise(smooth)) < 0.2


def test_jitter_moves_the_ends_of_swings_and_leaves_none_out() -> None:
    times = np.arange(0, 50, 0.001)
    values = over(make_modulator("lfo", {"shape": "saw up", "rate": 1.0, "jitter": 1.0, "seed": 5}), times)
    falls = [float(time) for time, (a, b) in zip(times[1:], pairwise(values), strict=True) if b < a - 1]
    lengths = np.diff(falls)
    assert len(falls) in (49, 50, 51)  # the ends near 0 and 50 may lie on either side
    assert lengths.std() > 0.1
    assert lengths.min() > 0.0


def test_a_signal_begins_a_swing_anew() -> None:
    source = make_modulator("lfo", {"rate": 1.0, "retrigger": "sound/onset"})
    assert source.signals() == ("sound/onset",)
    measured = Measurements(began={"sound/onset": 2.4})
    assert source.value(at(2.65), measured) == pytest.approx(1.0)
    beats = make_modulator("lfo", {"beats": 2.0, "retrigger": "sound/onset"})
    assert beats.value(at(2.65), measured) == pytest.approx(math.sin(2 * math.pi * 0.25), abs=1e-9)


def test_each_beat_begins_a_swing_anew() -> None:
    source = make_modulator("lfo", {"shape": "saw up", "rate": 1.0, "retrigger": "beat"})
    assert over(source, [0.0, 0.25, 0.5, 0.75, 1.25]) == pytest.approx([-1.0, -0.5, -1.0, -0.5, -0.5])


def test_an_envelope_rises_falls_and_is_let_go() -> None:
    params = {"attack": 0.1, "hold": 0.1, "decay": 0.2, "sustain": 0.5, "release": 0.4}
    note = make_modulator("envelope", params | {"trigger": "midi/1/note/60"})
    held = Measurements(began={"midi/1/note/60": 1.0})
    wanted = {0.5: 0.0, 1.05: 0.5, 1.1: 1.0, 1.2: 1.0, 1.3: 0.75, 1.4: 0.5, 9.0: 0.5}
    assert over(note, wanted, held) == pytest.approx(list(wanted.values()))
    let_go = Measurements(began={"midi/1/note/60": 1.0}, ended={"midi/1/note/60": 2.0})
    assert over(note, [1.4, 2.0, 2.2, 2.4, 3.0], let_go) == pytest.approx([0.5, 0.5, 0.25, 0.0, 0.0])
    onset = make_modulator("envelope", params | {"trigger": "sound/onset"})
    assert over(onset, [1.4, 1.6, 1.8, 5], Measurements(began={"sound/onset": 1.0})) == pytest.approx(
        [0.5, 0.25, 0.0, 0.0]
    )
    beat = make_modulator("envelope", {"trigger": "beat", "attack": 0.0, "decay": 0.5})
    assert over(beat, [0.0, 0.25, 0.5, 0.75]) == pytest.approx([1.0, 0.5, 1.0, 0.5])
    assert make_modulator("envelope", {}).value(at(1.0), NOTHING) == 0.0


def test_keyframes_pass_through_their_values() -> None:
    keys = [(1.0, -1.0, "linear"), (2.0, 1.0, "hold"), (4.0, 0.0, "in and out"), (5.0, 0.5)]
    source = make_modulator("keyframes", {"keys": keys})
    assert over(source, [0, 1, 1.5, 2, 3.9, 4, 4.5, 5, 99]) == [-1, -1, 0, 1, 1, 0, 0.25, 0.5, 0.5]
    again = make_modulator("keyframes", {"keys": [(0.0, 0.0), (2.0, 1.0)], "repeats": True})
    assert over(again, [0.5, 2.5, 4.5]) == [0.25, 0.25, 0.25]
    beats = make_modulator("keyframes", {"keys": [(0.0, 0.0), (2.0, 1.0)], "in_beats": True})
    assert over(beats, [0.5], bpm=120) == [0.5]
    for wrong in ([], [(1.0, 0.0), (1.0, 1.0)], [(2.0, 0.0), (1.0, 1.0)], [(0.0, 2.0)]):
        with pytest.raises(StudioError, match="keyframes"):
            make_modulator("keyframes", {"keys": wrong})


@pytest.mark.parametrize("easing", ["linear", "in", "out", "in and out", "back", "bounce"])
def test_easings_begin_at_0_end_at_1_and_never_jump(easing: Any) -> None:
    ways = [ease(easing, k / 2000) for k in range(2001)]
    assert (ways[0], ways[-1]) == pytest.approx((0.0, 1.0), abs=1e-9)
    assert max(abs(b - a) for a, b in pairwise(ways)) < 0.01
    assert Key(0.0, 0.0).easing == "linear"


def test_a_step_sequence_goes_round_glides_and_swings() -> None:
    source = make_modulator("stepsequence", {"values": (1.0, 0.0, -1.0), "beats": 0.5})
    assert over(source, [0, 0.25, 0.5, 0.75, 1.0], bpm=120) == [1, 0, -1, 1, 0]
    gliding = make_modulator("stepsequence", {"values": (1.0, 0.0), "glide": 1.0})
    assert over(gliding, [0.5, 0.75], bpm=60) == [0.5, 0.75]
    swinging = make_modulator("stepsequence", {"values": (1.0, 0.0), "swing": 0.5})
    assert over(swinging, [0.9, 1.4, 1.5, 1.9, 2.0], bpm=60) == [1, 1, 0, 0, 1]


def test_what_was_measured_comes_out() -> None:
    measured = Measurements(
        {"sound/low_mid": 0.6, "picture/hue": 0.25, "layer/enc1/mean": 2.0, "midi/3/cc/7": 0.5, "osc/a/b": 5.0},
        {"sound/onset": 1.0},
    )
    asked = {
        ("sound", "band", "low mid"): 0.5,
        ("picture", "of", "hue"): 0.25,
        ("layermap", "layer", "enc1"): math.tanh(2.0),
    }
    for (name, key, value), wanted in asked.items():
        assert make_modulator(name, {key: value}).value(at(1.0), measured) == pytest.approx(wanted)
    assert make_modulator("midi", {"channel": 3, "number": 7}).value(at(0), measured) == 0.5
    assert make_modulator("osc", {"name": "a/b", "hi": 10.0}).value(at(0), measured) == 0.5
    onset = make_modulator("sound", {"band": "onset", "release": 0.5})
    assert over(onset, [0.9, 1.0, 1.25, 1.5, 9], measured) == [0, 1, 0.5, 0, 0]


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(StudioError, match='There is no source of movement "wobble"; there are drift, envelope'):
        make_modulator("wobble", {})
    with pytest.raises(StudioError, match='lfo: the field "rate" should be less than or equal to 100'):
        make_modulator("lfo", {"rate": 1e3})
    with pytest.raises(StudioError, match='lfo: the field "speed" is not one that belongs there'):
        make_modulator("lfo", {"speed": 1})
    assert len(registry()) >= 11


@pytest.mark.parametrize("curve", [5e-324, 1.2e-38, 1e-17, 1e-9])
def test_a_fall_that_is_nearly_straight_is_one(curve: float) -> None:
    bent, straight = (
        make_modulator("envelope", {"trigger": "a", "decay": 1.0, "attack": 0.0, "curve": how}) for how in (curve, 0.0)
    )
    measured = Measurements({}, {"a": 0.0})
    for time in (0.0, 0.25, 0.5, 1.0, 2.0):
        assert bent.value(at(time), measured) == pytest.approx(straight.value(at(time), measured), abs=1e-8)


# -- curves -----------------------------------------------------------------------------------------------------------


def through(curve: Curve, values: Any, step: float = 1 / 60, bpm: float = 120.0) -> list[float]:
    memory, found = None, []
    for frame, value in enumerate(values):
        when = Moment(frame * step, frame * step * bpm / 60, step if frame else 0.0, bpm / 60)
        x, memory = curve.follow(float(value), memory, when)
        found.append(x)
    return found


def test_curves_without_memory() -> None:
    ranged = Range(from_lo=-1, from_hi=1, lo=10, hi=0)
    assert through(ranged, [-2, -1, 0, 1, 3]) == [10, 10, 5, 0, 0]
    assert through(Range(lo=0, hi=2, overshoots=True), [-1, 2]) == [-2, 4]
    assert through(Range(from_lo=1, from_hi=1), [0, 1]) == [0, 1]
    assert through(Power(exponent=2), [-0.5, 0.5, 2]) == [-0.25, 0.25, 4]
    assert through(Steps(count=4), [0, 0.1, 0.2, 0.9, 1, -0.3]) == [0, 0, 0.25, 1, 1, -0.25]


@pytest.mark.parametrize("width", [5e-324, 1e-300, 1e-38])
@pytest.mark.parametrize("behind", [Steps(count=128), Lag(seconds=0.1), AttackRelease(), OneEuro(), Power(), Range()])
def test_a_narrow_range_that_overshoots_spoils_nothing_behind_it(width: float, behind: Curve) -> None:
    narrow, memory = Range(from_hi=width, hi=3e38, overshoots=True), None
    for frame, value in enumerate([0.0, 1.0, -1e6, 0.0, 1e6]):
        x = narrow.follow(value, None, at(frame / 60))[0]
        assert math.isfinite(x)
        x, memory = behind.follow(x, memory, at(frame / 60))
        assert math.isfinite(x)


@pytest.mark.parametrize("step", [1 / 24, 1 / 60, 1 / 240])
def test_a_lag_is_the_same_at_every_frame_rate(step: float) -> None:
    frames = round(0.5 / step)
    values = through(Lag(seconds=0.25), [0.0] + [1.0] * frames, step)
    assert values[-1] == pytest.approx(1 - math.exp(-0.5 / 0.25), abs=1e-9)
    assert through(Lag(seconds=0.0), [0.0, 1.0], step) == [0.0, 1.0]


def test_attack_and_release_have_times_of_their_own() -> None:
    values = through(AttackRelease(attack=0.05, release=0.5), [0] + [1] * 60 + [0] * 30)
    assert values[3] == pytest.approx(1 - math.exp(-1), abs=1e-9)
    assert values[-1] == pytest.approx(math.exp(-1) * values[60], abs=1e-9)


def test_one_euro_is_still_at_rest_and_quick_on_the_move() -> None:
    rng = np.random.default_rng(1)
    rest = 0.5 + 0.01 * rng.standard_normal(600)
    assert np.std(through(OneEuro(cutoff=1.0), rest)[100:]) < 0.4 * np.std(rest)
    ramp = np.arange(60) / 60 * 4
    lags = [ramp[-1] - through(OneEuro(cutoff=1.0, beta=beta), ramp)[-1] for beta in (0.0, 2.0)]
    assert lags[1] < 0.4 * lags[0]


def test_quantised_values_change_on_the_beat_alone() -> None:
    values = through(Quantise(beats=1.0), np.arange(120) / 120)
    changes = [frame for frame, (a, b) in enumerate(pairwise(values), start=1) if a != b]
    assert changes == [30, 60, 90]


# -- tempo ------------------------------------------------------------------------------------------------------------


@given(st.floats(20, 400), st.floats(20, 400), st.floats(-100, 100), st.floats(0, 1000))
def test_another_tempo_goes_on_from_the_same_beat(bpm: float, other: float, offset: float, time: float) -> None:
    tempo = Tempo(bpm=bpm, offset=offset)
    assert tempo.time(tempo.beat(time)) == pytest.approx(time, abs=1e-6)
    later = tempo.at(other, time)
    # Where beats are counted from may lie hours away; then it is the same beat of the bar, whichever bar it is.
    bars = (later.beat(time) - tempo.beat(time)) / tempo.beats_per_bar
    assert bars == pytest.approx(round(bars), abs=1e-6)
    assert round(bars) == 0 or abs(time - tempo.beat(time) * 60 / other) > 3600
    assert later.bpm == other
    assert tempo.next(time, 4.0) >= time
    assert tempo.beat(tempo.next(time, 4.0)) % 4.0 == pytest.approx(0.0, abs=1e-4) or tempo.beat(
        tempo.next(time, 4.0)
    ) % 4.0 == pytest.approx(4.0, abs=1e-4)
