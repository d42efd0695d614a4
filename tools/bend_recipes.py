"""Recipes of the presets that bend what layers hand on, and of those that move by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

TRANSPOSED = "autoencoder-transposed"
FRACTIONAL = "autoencoder-fractional"
INK = "style-ink"
MOSAIC = "style-mosaic"
AURORA = "style-aurora"
EDGES = "edges-to-picture"
RESTORER = "restorer"
LANDSCAPES = "landscapes"

WALK = "latent:loop,seed=3,seconds=12"
"""The way through their vectors that landscapes are shown on."""


@dataclass(frozen=True)
class Behind:
    """One bend behind a layer; of a share of its channels drawn by seed, or of all."""

    layer: str
    bend: str
    params: Mapping[str, object] = field(default_factory=dict)
    share: float = 1.0
    seed: int = 1
    amount: float = 1.0


@dataclass(frozen=True)
class KeptLive:
    """One edit that is kept live over a layer's weight."""

    layer: str
    edit: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class BendRecipe:
    """A preset before it is made. ``frame`` of its source is its thumbnail; ``moves`` are as ``--move`` takes them."""

    name: str
    network: str
    description: str
    frame: int
    stages: Sequence[Behind]
    moves: Sequence[str] = ()
    source: str = "demo"
    bpm: float = 0.0
    edits: Sequence[KeptLive] = ()


BENDS = (
    BendRecipe(
        "mandala", TRANSPOSED, "The inner map folded six times around its middle: a window of its own glass",
        300, [Behind("enc2_act", "Kaleidoscope")],
    ),
    BendRecipe(
        "double-exposure", TRANSPOSED, "Half of the inner channels mirrored: the scene meets itself in the same frame",
        170, [Behind("enc2_act", "FlipHorizontal", share=0.5)],
    ),
    BendRecipe(
        "needlepoint", TRANSPOSED, "The inner map dilated: broad stitches over a dark ground",
        60, [Behind("enc2_act", "Dilate", {"radius": 3})],
    ),
    BendRecipe(
        "scratchboard", TRANSPOSED, "Only what changes quickly passes the first layer: white scratches on black card",
        60, [Behind("enc1_act", "HighPass", {"cutoff": 0.3})],
    ),
    BendRecipe(
        "screen-print", FRACTIONAL, "The decoder's channels ranked in three steps: a few flat inks, printed by hand",
        60, [Behind("dec1_act", "Posterise", {"steps": 3})],
    ),
    BendRecipe(
        "weeping-paint", FRACTIONAL, "Half of the inner channels unrolled around the middle: colours run down",
        300, [Behind("enc2_act", "Polar", share=0.5)],
    ),
    BendRecipe(
        "gold-leaf", FRACTIONAL, "Channels of the decoder turned into each other by a sixth: every outline gilt",
        300, [Behind("dec1_act", "MixChannels", {"angle": 60.0, "seed": 4})],
    ),
    BendRecipe(
        "magenta-dusk", FRACTIONAL, "A fifth of the inner channels inverted: an evening that no sky has",
        300, [Behind("enc2_act", "Invert", share=0.2)],
    ),
    BendRecipe(
        "ink-mandala", INK, "The painter's strokes folded around the middle: ink blots that could be anything",
        300, [Behind("res1.add", "Kaleidoscope")],
    ),
    BendRecipe(
        "ink-storm", INK, "Half of a residual block turned by 40 degrees: strokes against strokes",
        170, [Behind("res3.add_2", "Rotate", {"angle": 40.0}, share=0.5)],
    ),
    BendRecipe(
        "river-stones", MOSAIC, "An inner map twice as large: the mosaic is laid of great smooth stones",
        60, [Behind("res2.add_1", "Scale", {"factor": 2.0})],
    ),
    BendRecipe(
        "blown-glass", MOSAIC, "Three fifths of an inner map unrolled around its middle: molten columns of glass",
        300, [Behind("res1.add", "Polar", share=0.6)],
    ),
    BendRecipe(
        "hoarfrost", AURORA, "An inner map folded back at one: every stroke splits into needles of ice",
        60, [Behind("res2.add_1", "Fold")],
    ),
    BendRecipe(
        "four-auroras", AURORA, "The first residual block sees the scene four times, and paints one night over all",
        170, [Behind("res1.add", "Tile")],
    ),
    BendRecipe(
        "rosette", EDGES,
        "The last map folded twelve times, deep channels mixed: rose windows of the scene's own parts",
        25,
        [
            Behind("up5_norm", "MixChannels", {"angle": 90.0, "seed": 2}),
            Behind("cat_3", "Kaleidoscope", {"segments": 12}),
        ],
    ),
    BendRecipe(
        "ember", EDGES, "Channels of a middle level turned into each other by a quarter: everything glows from within",
        170, [Behind("up4_norm", "MixChannels", {"angle": 90.0})],
    ),
    BendRecipe(
        "two-sided", RESTORER,
        "Half of a late map mirrored, ten times the correction: the scene's etched ghost beside it",
        300, [Behind("act4", "FlipHorizontal", share=0.5), Behind("out", "Multiply", {"factor": 10.0})],
    ),
    BendRecipe(
        "mirage", LANDSCAPES, "Half of an inner map upside down: hills that stand in their own still water",
        112, [Behind("relu_3", "FlipVertical", share=0.5)], source=WALK,
    ),
    BendRecipe(
        "afterglow", TRANSPOSED, "The decoder keeps what it saw, smaller and turned: light winds inward as in a shell",
        25, [Behind("dec1_act", "Feedback", {"mix": 0.7, "gain": 1.2, "zoom": 0.88, "turn": 20.0})],
    ),
    BendRecipe(
        "out-of-step", TRANSPOSED, "Half of the inner channels most of a second late: two moments in one frame",
        150, [Behind("enc2_act", "Delay", {"frames": 20}, share=0.5)],
    ),
    BendRecipe(
        "long-exposure", FRACTIONAL, "The decoder's map averaged over sixteen frames: only what stands still is sharp",
        60, [Behind("dec1_act", "RunningMean", {"frames": 16.0})],
    ),
    BendRecipe(
        "what-moves", FRACTIONAL, "The difference between two frames alone: the picture is drawn by its own motion",
        60, [Behind("enc1_act", "FrameDifference", {"gain": 3.0})],
    ),
    BendRecipe(
        "slit-scan", INK, "Rows of the painter's map from ever earlier frames: time runs down the paper",
        60, [Behind("relu_2", "SlitScan", {"slits": 8, "every": 2})],
    ),
)  # fmt: skip

MOVES = (
    BendRecipe(
        "turning-mandala", TRANSPOSED, "A kaleidoscope that turns once in sixteen beats",
        300, [Behind("enc2_act", "Kaleidoscope", {"segments": 6})],
        ["/bend/1/angle=lfo,shape=saw up,beats=16,depth=0.0833"], bpm=90.0,
    ),
    BendRecipe(
        "under-water", TRANSPOSED, "Ripples that go round and round through the first layer",
        80, [Behind("enc1_act", "Ripple", {"strength": 0.04, "waves": 3.0})],
        ["/bend/1/phase=lfo,shape=saw up,rate=0.4,depth=0.5,base=0", "/bend/1/strength=lfo,rate=0.1,depth=0.12"],
    ),
    BendRecipe(
        "slow-weather", FRACTIONAL, "A green light spreads from all that is bright, and draws back, as weather does",
        300, [Behind("dec1_act", "Dilate", {"radius": 4}, share=0.5)],
        ["/bend/1/amount=drift,seconds=6,depth=0.5,base=0.65"],
    ),
    BendRecipe(
        "breathing-stones", MOSAIC, "The mosaic's stones grow and shrink, one breath in four seconds",
        60, [Behind("res2.add_1", "Scale", {"factor": 1.4})],
        ["/bend/1/factor=lfo,rate=0.25,depth=0.12"],
    ),
    BendRecipe(
        "pendulum", INK, "Half of the strokes swing from side to side",
        170, [Behind("res3.add_2", "Rotate", {"angle": 0.0}, share=0.5)],
        ["/bend/1/angle=lfo,beats=8,depth=0.1"], bpm=72.0,
    ),
    BendRecipe(
        "tides", LANDSCAPES, "Rings go out from the middle over sky and water, through an inner map",
        112, [Behind("relu_3", "Ripple", {"strength": 0.06, "waves": 4.0})],
        ["/bend/1/phase=lfo,shape=saw up,rate=0.2,depth=0.5,base=0"], source=WALK,
    ),
    BendRecipe(
        "heartbeat", TRANSPOSED, "Ranks of the inner channels in four steps, which each beat of the sound drives home",
        300, [Behind("enc2_act", "Posterise", {"steps": 4})],
        ["/bend/1/amount=sound,band=beat,release=0.4,depth=0.6,base=0.4"],
    ),
    BendRecipe(
        "bass-bloom", FRACTIONAL, "The low notes let all that is bright in the first layer bloom",
        60, [Behind("enc1_act", "Dilate", {"radius": 3}, amount=0.0)],
        ["/bend/1/amount=sound,band=low,gain=2,depth=1,base=0.1"],
    ),
    BendRecipe(
        "loud-ink", INK, "The louder it is, the further the strokes scatter",
        60, [Behind("res2.add_1", "Flow", {"strength": 0.0, "cells": 5.0})],
        ["/bend/1/strength=sound,band=level,gain=1.5,depth=1"],
    ),
    BendRecipe(
        "turning-strokes", AURORA, "The painter's first filters turn, once in sixteen beats, and all strokes with them",
        170, [], ["/edit/1/degrees=lfo,shape=saw up,beats=16,depth=0.5,base=0"], bpm=96.0,
        edits=[KeptLive("down1", "Rotate", {"degrees": 0.0})],
    ),
    BendRecipe(
        "growing-forest", LANDSCAPES, "Filters of a middle level turn to and fro: forests grow on the hills, and go",
        112, [], ["/edit/1/degrees=lfo,rate=0.1,depth=0.125,base=45"], source=WALK,
        edits=[KeptLive("up4", "Rotate", {"degrees": 45.0})],
    ),
    BendRecipe(
        "strobe-glass", MOSAIC, "Every beat melts the glass down, and it comes out of the fire in other colours",
        300, [Behind("relu_1", "PermuteChannels", {"seed": 5}, amount=0.0)],
        ["/bend/1/amount=sound,band=beat,release=0.3,depth=1,base=0"],
    ),
)  # fmt: skip
