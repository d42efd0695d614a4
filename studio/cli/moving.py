"""What commands share that let numbers move."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.cli.common import note, open_preset
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.control.crossing import Crossing
    from studio.model.movement.route import Routes
    from studio.model.networks.preset import Preset
    from studio.runtime.render.mover import Listen

MoveOption = Annotated[
    list[str],
    typer.Option(
        "--move",
        help='Let a number move: "ADDRESS=lfo,shape=sine,rate=0.5,depth=0.3". May be given several times; '
        "`studio addresses PRESET` lists the addresses.",
        metavar="ADDRESS=SOURCE,KEY=VALUE",
    ),
]
FadeOption = Annotated[
    list[str],
    typer.Option(
        "--fade-to",
        help='Another preset of the same network: --move "/fade=keyframes,keys=0:0/8:1" goes to it. Given three times, '
        "/morph/x and /morph/y move among the four.",
        metavar="PRESET",
    ),
]
BpmOption = Annotated[
    str,
    typer.Option(
        help='Beats in a minute, for what is counted in beats, or "sound" for the tempo of the film\'s sound; the '
        "preset's own by default.",
        metavar="N|sound",
    ),
]
_FROM_SOUND = "sound"


def with_movement(preset: Preset, moves: Sequence[str], bpm: str) -> Preset:
    """The preset with more that moves, and another tempo where one is given as a number.

    Raises:
        StudioError: naming the movement and what is wrong with it.
    """
    from studio.control.crossing import ADDRESSES
    from studio.control.move import move, parse_move
    from studio.control.signals import check_signals
    from studio.model.movement.route import ROUTES
    from studio.model.numbers import knob, turned

    if bpm and bpm != _FROM_SOUND:
        try:
            preset = turned(preset, "/tempo/bpm", float(bpm))
        except ValueError:
            raise StudioError(f'"{bpm}" is no tempo; give beats in a minute, or "{_FROM_SOUND}".') from None
    for text in moves:
        target, source, settings = parse_move(text)
        if target in ADDRESSES:
            continue
        knob(preset, target)
        routes, route = move(preset.section(ROUTES), target, source, **settings)
        check_signals(route.source, preset.network.graph)
        preset = preset.with_section(ROUTES, routes)
    return preset


def as_long_as(source: str, preset: Preset) -> str:
    """The source "latent" as long as the preset's own path of vectors; any other as it is."""
    from studio.io.sources.latent import WORD
    from studio.model.movement.generator import GENERATOR

    path = preset.section(GENERATOR).path
    return f"{WORD}:{path.kind},seconds={path.seconds!r}" if source == WORD else source


def with_sound(preset: Preset, bpm: str, sound: Path | None, routes: Routes = ()) -> tuple[Preset, Listen]:
    """The preset, by the tempo of the sound where that is asked for, and what is heard by the time.

    Args:
        preset: with all that moves.
        bpm: as it was given.
        sound: the film whose sound is heard; None where there is none.
        routes: what moves besides the preset's own: the fade.

    Raises:
        StudioError: where the sound cannot be read, or has no tempo though that is asked for.
    """
    from studio.control.sound import PREFIX, SoundTrack
    from studio.model.movement.modulator import NOTHING
    from studio.model.movement.tempo import TEMPO

    wanted = bpm == _FROM_SOUND
    if not wanted and not any(name.startswith(PREFIX) for name in _signals(preset, routes)):
        return preset, lambda _: NOTHING
    if sound is None:
        if wanted:
            raise StudioError("The source has no sound to take a tempo from; give --bpm a number.")
        note("The source has no sound, so what moves by sound rests.")
        return preset, lambda _: NOTHING
    track = SoundTrack.of(sound)
    if wanted:
        tempo = track.tempo
        if tempo is None:
            raise StudioError("No beat is heard in the source's sound; give --bpm a number.")
        note(f"The sound has {tempo.bpm:.1f} beats a minute.")
        preset = preset.with_section(TEMPO, tempo)
    return preset, track.at


def note_hands(preset: Preset, routes: Routes = ()) -> None:
    """Say by what nothing comes in a render without a performance, where something moves by it."""
    heads = {name.partition("/")[0] for name in _signals(preset, routes)}
    found = [words for head, words in (("midi", "MIDI"), ("osc", "OSC"), ("mouse", "the mouse")) if head in heads]
    if found:
        note(
            f"Nothing comes by {' or '.join(found)} in a render, so what moves by it rests; "
            "a performance that is rendered by --performance has what came."
        )


def _signals(preset: Preset, routes: Routes) -> set[str]:
    from studio.runtime.render.mover import matrix_of

    return {*matrix_of(preset).signals, *(name for route in routes for name in route.source.signals())}


def fade_routes(moves: Sequence[str]) -> Routes:
    """Those of the movements that lead to a fade or a morph."""
    from studio.control.crossing import ADDRESSES
    from studio.control.move import move, parse_move

    routes: Routes = ()
    for target, source, settings in map(parse_move, moves):
        if target in ADDRESSES:
            routes, _ = move(routes, target, source, **settings)
    return routes


def crossing_of(preset: Preset, others: Sequence[str], moves: Sequence[str]) -> Crossing | None:
    """A fade or a morph from a preset to others, moved by those of the movements that lead to it; None without others.

    Raises:
        StudioError: where they cannot be mixed, or a movement leads to a fade that there is not.
    """
    from studio.control.crossing import Crossing

    routes = fade_routes(moves)
    if others:
        return Crossing((preset, *map(open_preset, others)), routes)
    if routes:
        raise StudioError(f"There is nothing to fade to for {routes[0].target}; give --fade-to PRESET.")
    return None
