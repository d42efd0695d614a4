"""What commands share that let numbers move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from studio.model.preset import Preset

MoveOption = Annotated[
    list[str],
    typer.Option(
        "--move",
        help='Let a number move: "ADDRESS=lfo,shape=sine,rate=0.5,depth=0.3". May be given several times; '
        "`studio addresses PRESET` lists the addresses.",
        metavar="ADDRESS=SOURCE,KEY=VALUE",
    ),
]
BpmOption = Annotated[
    float, typer.Option(help="Beats in a minute, for what is counted in beats; the preset's own by default.")
]


def with_movement(preset: Preset, moves: Sequence[str], bpm: float) -> Preset:
    """The preset with more that moves, and another tempo unless ``bpm`` is 0.

    Raises:
        StudioError: naming the movement and what is wrong with it.
    """
    from studio.control.move import move, parse_move
    from studio.model.numbers import knob, turned
    from studio.model.route import ROUTES

    if bpm:
        preset = turned(preset, "/tempo/bpm", bpm)
    for text in moves:
        target, source, settings = parse_move(text)
        knob(preset, target)
        preset = preset.with_section(ROUTES, move(preset.section(ROUTES), target, source, **settings)[0])
    return preset
