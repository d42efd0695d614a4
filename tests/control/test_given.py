"""What moves things in Python: the sound of a film, signals that are given; on networks of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import layer, network, tiny_network

import studio
from studio.api import LiveNetwork
from studio.control.sound import SoundTrack
from studio.errors import StudioError
from studio.model.declared.size import Size
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.modulators import registry
from studio.paths import RESOURCES

AMOUNT = "/bend/1/amount"
UP = {"kernel_size": 3, "padding": 1}


def made(kind: str) -> Network:
    join = layer("out", "Conv2d", "join", in_channels=4, out_channels=3, **UP)
    first = layer("enc", "Conv2d", "x", in_channels=3, out_channels=4, **UP)
    if kind == "two pictures":
        second = layer("second", "Conv2d", "y", in_channels=3, out_channels=4, **UP)
        return network(first, second, layer("join", "Add", ("enc", "second")), join, inputs=[Input("x"), Input("y")])
    if kind == "picture and vector":
        vector = Input("z", channels=4, kind="vector")
        return network(first, layer("join", "Add", ("enc", "z")), join, inputs=[Input("x"), vector])
    if kind == "one size":
        return network(first, layer("join", "ReLU", "enc"), join, inputs=[Input("x", size=Size(8, 8))])
    assert kind == "state"
    step = layer("enc", "Conv2d", "x", in_channels=3, out_channels=3, **UP)
    grows = Input("x", kind="state", comes_from="out")
    return network(step, layer("out", "Tanh", "enc"), inputs=[grows])


def open_on(kind: str) -> LiveNetwork:
    net = LiveNetwork(made(kind), engine="torch")
    net["enc"].bend(studio.bend("Multiply", factor=2.0))
    return net


def amount(net: LiveNetwork, time: float = 0.0, seed: int = 0) -> float:
    """What the network ran with, for a picture of this time."""
    net(np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8), time)
    [place] = [number for number, each in enumerate(net.engine.places) if each.name == "amount"]
    return float(net.engine.numbers[place])


SETTINGS: dict[str, dict[str, Any]] = {
    "drift": {},
    "lfo": {},
    "mouse": {},
    "sound": {"band": "low"},
    "envelope": {"trigger": "beat"},
    "layer": {"layer": "enc"},
    "midi": {"channel": 1, "number": 7},
    "osc": {"name": "fader"},
    "picture": {"of": "brightness"},
    "keyframes": {"keys": ((0.0, 0.0, "linear"), (1.0, 1.0, "linear"))},
    "step_sequence": {"values": (0.0, 1.0, -1.0), "beats": 0.25},
}
CURVES: tuple[dict[str, Any], ...] = (
    {"range": (0.0, 1.0, 0.0, 1.0)},
    {"power": 2.0},
    {"steps": 64},
    {"lag": 0.05},
    {"attack_release": (0.01, 0.3)},
    {"one_euro": (1.0, 0.5)},
    {"quantise": 0.25},
)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["two pictures", "picture and vector", "one size", "state"])
def test_every_source_moves_by_every_curve_on_networks_of_every_kind(kind: str) -> None:
    with open_on(kind) as net:
        net.signals.film(RESOURCES / "demo.mp4")
        assert len(SETTINGS) == len(registry())
        for number, source in enumerate(SETTINGS):
            for curve in (CURVES[number % len(CURVES)], CURVES[(number + 3) % len(CURVES)]):
                net.still()
                net.rewind()
                net.move(AMOUNT, source, depth=0.6, base=0.3, **SETTINGS[source], **curve)
                found = set()
                for frame in range(8):
                    for name in ("osc/fader", "midi/1/cc/7", "mouse/x"):
                        net.signals[name] = frame / 8
                    found.add(amount(net, frame / 5, frame))
                assert len(found) > 1, (source, curve)
                assert all(0.0 <= each <= 1.0 for each in found)


def test_what_is_given_is_what_a_controller_sends() -> None:
    with LiveNetwork(tiny_network(), engine="torch") as net:
        net["enc"].bend(studio.bend("Multiply", factor=2.0))
        net.move(AMOUNT, "osc", name="fader", depth=1.0, base=0.0)
        assert amount(net) == 0.0
        net.signals["osc/fader"] = 0.25
        assert net.signals["osc/fader"] == 0.25
        assert amount(net, 0.1) == 0.25
        # A rise from 0 sets off what waits for it.
        net.still()
        net.move(AMOUNT, "envelope", trigger="midi/1/note/60", attack=0.0, hold=0.1, decay=0.1, depth=1.0, base=0.0)
        assert amount(net, 1.0) == 0.0
        net.signals["midi/1/note/60"] = 0.8
        assert amount(net, 2.0) == pytest.approx(amount(net, 2.05)) == 1.0
        net.signals["midi/1/note/60"] = 0.0
        assert amount(net, 4.0) == 0.0
        with pytest.raises(StudioError, match=r"The signal osc/fader takes a finite number, not nan"):
            net.signals["osc/fader"] = float("nan")


def test_a_film_is_heard_at_the_pictures_time() -> None:
    track = SoundTrack.of(RESOURCES / "demo.mp4")
    with LiveNetwork(tiny_network(), engine="torch") as net:
        net["enc"].bend(studio.bend("Multiply", factor=2.0))
        net.move(AMOUNT, "sound", band="low", floor=0.0, depth=1.0, base=0.0)
        assert amount(net, 1.0) == 0.0
        net.signals.film("demo")
        for time in (1.0, 2.5, 4.2):
            assert amount(net, time) == pytest.approx(track.at(time).values["sound/low"], abs=1e-6)
        net.signals.film(None)
        assert amount(net, 5.0) == 0.0
        with pytest.raises(StudioError, match="has no sound"):
            net.signals.film(RESOURCES.parent / "docs" / "presets.jpg")
