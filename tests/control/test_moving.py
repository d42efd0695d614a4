"""Presets that move, rendered without a window: on every engine, twice the same, and as the numbers say."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from helpers import EngineFor, relative_error

import studio
from studio.bends import make_bend
from studio.control.measuring import PictureMeter
from studio.control.move import move, parse_move
from studio.control.signals import TRIGGERS, check_signals
from studio.errors import StudioError
from studio.model.bends.stage import SomeChannels
from studio.model.documents.document import Document
from studio.model.movement.curve import AttackRelease, OneEuro, Range, Steps
from studio.model.movement.modulator import Measurements, Moment
from studio.model.movement.route import ROUTES, Route
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.picture import Picture
from studio.model.networks.preset import Preset
from studio.modulators import make_modulator
from studio.ops import operator
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Mover


def sloped() -> Network:
    """A picture through a leaky ReLU, whose slope is live."""
    leaky = operator("LeakyReLU")()
    shift = operator("Conv2d")(in_channels=3, out_channels=3, kernel_size=1)
    graph = Graph((Input("x", range=(-1.0, 1.0)),), (Node("c", shift, ("x",)), Node("act", leaky, ("c",))), "act")
    weight = np.eye(3, dtype=np.float32).reshape(3, 3, 1, 1)
    return Network("sloped", graph, {"c.weight": weight, "c.bias": np.zeros(3, np.float32)})


def noise(seed: int) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (16, 12, 3), np.uint8)


def test_a_moved_number_is_what_the_network_runs_with(engine_for: EngineFor) -> None:
    network = sloped()
    routes, _ = move((), "/layer/act/negative_slope", "lfo", rate=1.0, depth=0.25, base=0.5)
    preset = Preset("p", network, {}).with_section(ROUTES, routes)
    engine = engine_for(network)
    runner = FrameRunner(engine)
    mover = Mover(preset, engine, runner)
    for frame in range(1, 9):
        mover(noise(frame), frame / 8, frame)
        reach = Document(preset).number("/layer/act/negative_slope").reach
        slope = 0.5 + 0.25 * (reach[1] - reach[0]) * math.sin(2 * math.pi * frame / 8)
        x = engine.activation("c")
        assert relative_error(engine.output(), np.where(x > 0, x, x * np.float32(slope))) < 1e-5


def test_a_number_that_a_preset_turns_is_turned(engine_for: EngineFor) -> None:
    document = Document(Preset("p", sloped(), {}))
    document.set("/layer/act/negative_slope", 0.75)
    engine = engine_for(document.network)
    mover = Mover(document.preset(), engine, FrameRunner(engine))
    mover(noise(1), 0.0)
    x = engine.activation("c")
    assert relative_error(engine.output(), np.where(x > 0, x, 0.75 * x)) < 1e-5


def test_what_chooses_is_moved_as_what_is_turned(engine_for: EngineFor) -> None:
    document = Document(Preset("p", sloped(), {}))
    document.add_stage("c", make_bend("Delay", {"frames": 1}))
    document.add_stage("c", make_bend("Noise", {"strength": 0.5}), channels=SomeChannels(share=0.5, seed=1))
    swing = {"shape": "square", "rate": 1.0}
    routes, _ = move((), "/bend/2/seed", "lfo", **swing, base=4, depth=2)
    routes, _ = move(routes, "/bend/2/channels/share", "lfo", **swing, base=0.5, depth=0.25)
    routes, _ = move(routes, "/bend/2/amount", "lfo", **swing, base=0.5, depth=0.5)
    preset = document.preset().with_section(ROUTES, routes)
    engine = engine_for(document.network)
    mover = Mover(preset, engine, FrameRunner(engine))
    shares, maps = [], []
    for frame in range(4):
        mover(noise(frame), frame / 2 + 0.1, frame)
        values, stage = mover._moved, engine.stages[1]
        assert isinstance(stage.channels, SomeChannels)
        assert (stage.channels.share, stage.channels.seed) == (values["/bend/2/channels/share"], 1)
        assert stage.bend.seed == values["/bend/2/seed"]  # type: ignore[attr-defined]
        shares.append((stage.channels.share, stage.bend.seed))  # type: ignore[attr-defined]
        # What is turned beside it stays turned, and the delay keeps what it remembers.
        found = {(place.owner, place.name): k for k, place in enumerate(engine.places)}
        assert engine.numbers[found[2, "amount"]] == pytest.approx(values["/bend/2/amount"])
        if frame:
            np.testing.assert_array_equal(engine.activation("c>1"), maps[-1])
        maps.append(engine.activation("c>made"))
    assert shares == [(0.75, 6), (0.25, 2), (0.75, 6), (0.25, 2)]


def test_the_same_frames_come_out_twice() -> None:
    with studio.load("landscapes", engine="torch") as net:
        route = net.move("/latent/z/3", "drift", seconds=1.0, depth=0.5)
        net.move("/latent/z/4", "lfo", shape="stepped random", beats=1, depth=0.3, lag=0.1)
        first = [net(noise(0), frame / 10) for frame in range(5)]
        net.rewind()
        again = [net(noise(0), frame / 10) for frame in range(5)]
        assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
        assert not np.array_equal(first[0], first[4])
        assert route.id == 1
        net.still()
        plain = net(noise(0), 0.0)
    with studio.load("landscapes", engine="torch") as net:
        np.testing.assert_array_equal(net(noise(0), 0.0), plain)


def test_numbers_from_python(tmp_path: Path) -> None:
    with studio.load("landscapes", engine="torch") as net:
        before = net(noise(0))
        assert {number.address for number in net.addresses()} >= {"/latent/z/0", "/latent/z/31", "/tempo/bpm"}
        net.set("/latent/z/7", 3.0)
        assert net.get("/latent/z/7") == 3.0
        after = net(noise(0))
        assert not np.array_equal(before, after)
        net.move("/latent/z/7", "lfo", depth=0.2)
        net.save(tmp_path / "moving")
        with pytest.raises(StudioError, match="There is no number at /latent/z/99"):
            net.set("/latent/z/99", 0.0)
        with pytest.raises(StudioError, match="from -4 to 4 σ, not 9"):
            net.set("/latent/z/7", 9.0)
        with pytest.raises(StudioError, match='no source of movement "wobble"'):
            net.move("/latent/z/7", "wobble")
    with studio.load(tmp_path / "moving", engine="torch") as net:
        assert net.get("/latent/z/7") == 3.0
        np.testing.assert_array_equal(net(noise(0)), after)
        assert not np.array_equal(net(noise(0), 0.5), after)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("/a=lfo", ("/a", "lfo", {})),
        ("/a/b=lfo,shape=saw_up,rate=0.5,depth=-0.3", ("/a/b", "lfo", {"shape": "saw up", "rate": 0.5, "depth": -0.3})),
        ("/a=stepsequence,values=1/0/-0.5", ("/a", "stepsequence", {"values": (1.0, 0.0, -0.5)})),
        (
            "/a=keyframes,keys=0:-1/2:1:hold,repeats=yes",
            ("/a", "keyframes", {"keys": ((0.0, -1.0), (2.0, 1.0, "hold")), "repeats": True}),
        ),
        ("/a=keyframes,keys=0:0:in_and_out/1:1", ("/a", "keyframes", {"keys": ((0.0, 0.0, "in and out"), (1.0, 1.0))})),
        ("/a=sound,band=low mid,lag=0.2", ("/a", "sound", {"band": "low mid", "lag": 0.2})),
    ],
)
def test_a_movement_in_one_line(text: str, wanted: tuple[str, str, dict[str, object]]) -> None:
    assert parse_move(text) == wanted
    target, source, settings = wanted
    assert move((), target, source, **settings)[1].target == target


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("lfo", "is no movement; they look like"),
        ("/a=", "is no movement"),
        ("/a=lfo,rate", '"rate" of the movement'),
        ("/a=lfo,rate=1,rate=2", "once"),
        ("/a=lfo,rate=fast", "rate takes a number, not 'fast'"),
        ("/a=lfo,speed=1", 'the field "speed" is not one'),
        ("/a=lfo,shape=round", 'the field "shape" should be'),
        ("/a=keyframes,repeats=perhaps", "takes yes or no"),
        ("/a=lfo,power=0", 'power: the field "exponent"'),
        ("/a=lfo,depth=1e9", "its depth goes from"),
        ("/a=mic,values=1/0", 'no source of movement "mic"; there are drift, .*layer, .*step_sequence'),
    ],
)
def test_what_is_wrong_in_one_line_is_said(text: str, sentence: str) -> None:
    def read() -> None:
        target, source, settings = parse_move(text)
        move((), target, source, **settings)

    with pytest.raises(StudioError, match=sentence):
        read()


def test_pictures_are_measured() -> None:
    meter = PictureMeter()
    black, white = np.zeros((90, 160, 3), np.uint8), np.full((90, 160, 3), 255, np.uint8)
    first = meter.measure(black)
    assert set(first.values()) == {0.0}
    second = meter.measure(white)
    assert (second["picture/brightness"], second["picture/motion"]) == (pytest.approx(1.0), 1.0)
    red = np.zeros((90, 160, 3), np.uint8)
    red[..., 1] = 200
    third = meter.measure(red)
    assert (third["picture/hue"], third["picture/saturation"]) == pytest.approx((1 / 3, 1.0))
    half = white.copy()
    half[:, :80] = 0
    assert meter.measure(half)["picture/contrast"] == pytest.approx(1.0, abs=0.02)
    deep = (half.astype(np.uint16)) * 257
    assert meter.measure(deep)["picture/motion"] == pytest.approx(0.0, abs=1e-6)


def moved_by(text: str) -> Route:
    target, source, settings = parse_move(text)
    return move((), target, source, **settings)[1]


def test_every_curve_has_a_word_in_a_line_and_they_keep_their_order() -> None:
    line = "/bend/1/amount=sound,band=low,steps=3,range=0.2/0.8/-1/1,attack_release=0.02/0.4,one_euro=2,depth=0.5"
    assert moved_by(line).curves == (
        Steps(count=3),
        Range(from_lo=0.2, from_hi=0.8, lo=-1.0, hi=1.0),
        AttackRelease(attack=0.02, release=0.4),
        OneEuro(cutoff=2.0),
    )
    for text, words in (("lag=1/2", "lag takes seconds, not 2 numbers"), ("range=x", "range takes a number")):
        with pytest.raises(StudioError, match=words):
            moved_by(f"/bend/1/amount=lfo,{text}")


def test_what_a_source_calls_like_a_field_of_routes_is_the_sources() -> None:
    route = moved_by("/a=osc,name=knob,lo=0,hi=10,depth=0.5")
    assert route == Route(
        1, source=make_modulator("osc", {"name": "knob", "lo": 0.0, "hi": 10.0}), target="/a", depth=0.5
    )
    assert route.source.value(Moment(), Measurements(values={"osc/knob": 2.5})) == 0.25
    held = moved_by("/a=lfo,lo=0.25,hi=0.5,base=0.3")
    assert (held.lo, held.hi, held.base) == (0.25, 0.5, 0.3)


@pytest.mark.parametrize("line", ["layer,layer=dec1", "Layer_Map,layer=dec1", "layermap,layer=dec1"])
def test_sources_are_called_as_in_menus_or_in_python(line: str) -> None:
    assert moved_by(f"/a={line}").source.signals() == ("layer/dec1/mean",)
    assert moved_by("/a=step_sequence,values=1/0") == moved_by("/a=stepsequence,values=1/0")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("layer,layer=dek1", 'the network has no layer "dek1"; it has "dec1", say'),
        ("lfo,retrigger=sound/onsett", 'LFO: nothing is set off by "sound/onsett"; signals are beat, sound/onset'),
        ("envelope,trigger=sound/low", 'Envelope: nothing is set off by "sound/low"'),
        ("envelope,trigger=midi/17/note/60", "Envelope: nothing is set off by"),
    ],
)
def test_a_source_that_would_wait_for_ever_is_refused(line: str, sentence: str) -> None:
    with studio.load("autoencoder-transposed", engine="torch") as net:
        address, source, settings = parse_move(f"/feedback/amount={line}")
        with pytest.raises(StudioError, match=sentence):
            net.move(address, source, **settings)
        assert net.move(address, "lfo").id == 1


@pytest.mark.parametrize("name", TRIGGERS)
def test_what_sets_off_is_taken_by_all_that_wait(name: str) -> None:
    with studio.load("autoencoder-transposed", engine="torch") as net:
        for line in (f"lfo,retrigger={name}", f"envelope,trigger={name}", "layer"):
            check_signals(moved_by(f"/a={line}").source, net.network.graph)
