"""``studio render``."""

from __future__ import annotations

import math
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.cli.bending import (
    BendOption,
    BendsYamlOption,
    ClustersYamlOption,
    SecondOption,
    asked_bends,
    left_out,
    lent_by,
    second_of,
    settled_on,
    with_names,
    with_stages,
)
from studio.cli.common import EngineOption, OverwriteOption, is_given, note, open_preset, refuse_existing, refuse_pipe
from studio.cli.devices import lanes_on
from studio.cli.enlarging import enlarging
from studio.cli.filmed import pictures_of, reading_of, total_of
from studio.cli.frames import frame_range, frame_rate
from studio.cli.moving import (
    BpmOption,
    FadeOption,
    MoveOption,
    as_long_as,
    fade_routes,
    note_hands,
    with_movement,
    with_sound,
)
from studio.cli.performing import OtherNetworks, Shown, its_own, performance_of, second_for, tile_of, turns_of
from studio.cli.recording import RecordingSettings, record_frames, record_turns
from studio.cli.second_films import refuse_second_films
from studio.cli.two_networks import Fades
from studio.errors import StudioError
from studio.model.declared.size import Size

if TYPE_CHECKING:
    from studio.engine.base import Engine
    from studio.engine.choose import Choice
    from studio.model.networks.graph import Graph
    from studio.model.networks.latent import LatentPath
    from studio.model.networks.preset import Preset
    from studio.runtime.render.mover import Bend

DEFAULT_PRESET = "violet-strokes"
_STILL_FPS = Fraction(25)


def render(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            help='A film, a picture, a folder of pictures, "demo", "camera" or "camera:1"; for a network that is fed '
            'vectors "latent", "latent:loop,seed=3,seconds=8" or "latent:between,seed=1,to=2".'
        ),
    ],
    output: Annotated[
        Path, typer.Argument(help="The recording: .mp4, .mov, .mkv, .gif, .png, .exr or a folder of PNGs.")
    ],
    preset: Annotated[str, typer.Option(help="A preset or a network, by name or path.")] = DEFAULT_PRESET,
    size: Annotated[
        str,
        typer.Option(
            help="The size the network works at: the longer side, both sides, or the source's.", metavar="N|WxH|source"
        ),
    ] = "source",
    frames: Annotated[
        str, typer.Option(help="Only these frames of the result, from A up to but not B.", metavar="A:B")
    ] = ":",
    fps: Annotated[
        str, typer.Option(help="Frames a second, such as 25 or 30000/1001; the source's own by default.")
    ] = "",
    engine: EngineOption = "auto",
    codec: Annotated[
        str, typer.Option(help="h264, prores, ffv1, png, exr or gif; by default the suffix decides.")
    ] = "",
    bits: Annotated[
        int, typer.Option(help="Bits per value of the recording: 8, 10, 12 or 16; by default the codec decides.")
    ] = 0,
    audio: Annotated[bool, typer.Option("--audio/--no-audio", help="Keep the film's own sound.")] = True,
    latent: Annotated[
        str,
        typer.Option(
            help='How vectors of a network that takes pictures, too, move: what stands behind "latent:".',
            metavar="HOW,KEY=N",
        ),
    ] = "",
    tone_map: Annotated[
        str,
        typer.Option(
            help="What becomes of light brighter than white in films and pictures of high dynamic range: knee, clip, "
            "hable or reinhard."
        ),
    ] = "knee",
    deinterlace: Annotated[bool, typer.Option("--deinterlace", help="Deinterlace pictures that show combs.")] = False,
    tile: Annotated[
        int,
        typer.Option(
            min=0,
            max=16384,
            help="Bend pictures by tiles of this many pixels a side, so that they may be larger than memory.",
        ),
    ] = 0,
    enlarge: Annotated[
        int, typer.Option(help="Record pictures 2 or 4 times as large as the network works.", metavar="2|4")
    ] = 1,
    enlarge_by: Annotated[
        str,
        typer.Option(
            help="What enlarges: restorer takes the blur off the enlarged result; network bends a larger picture, by "
            "tiles where it is large, so that its strokes are finer.",
            metavar="restorer|network",
        ),
    ] = "restorer",
    devices: Annotated[
        str,
        typer.Option(
            help="Share frames among devices of this machine: all, or their numbers, as in 0,1. Bends with memory "
            "run on one.",
            metavar="all|N,...",
        ),
    ] = "",
    layer: Annotated[str, typer.Option(help="Record this layer's activations as tiles, instead of the output.")] = "",
    before_bends: Annotated[
        bool, typer.Option("--before-bends", help="With --layer: its activations as it made them, before its bends.")
    ] = False,
    overwrite: OverwriteOption = False,
    move: MoveOption = [],  # noqa: B006 - typer copies it
    bend: BendOption = [],  # noqa: B006 - typer copies it
    bends_yaml: BendsYamlOption = None,
    clusters_yaml: ClustersYamlOption = None,
    second: SecondOption = "",
    bpm: BpmOption = "",
    fade_to: FadeOption = [],  # noqa: B006 - typer copies it
    performance: Annotated[
        Path | None,
        typer.Option(
            help="Play this performance: everything that hands and controllers did. Preset, size and rate are then its "
            "own, unless others are given."
        ),
    ] = None,
) -> None:
    """Bend a film, a picture or a camera with a preset, and record it."""
    from studio.control.performing import Replay
    from studio.engine.choose import open_engine
    from studio.io.folders import is_folder
    from studio.io.places import refuse_overlap, refuse_replacing
    from studio.io.sinks import depth
    from studio.io.sources import open_source
    from studio.runtime.render.frame_runner import FrameRunner
    from studio.runtime.render.mover import Mover
    from studio.runtime.render.scenes import Running
    from studio.runtime.render.shared import why_alone
    from studio.runtime.render.size import parse_size
    from studio.runtime.render.turns import placed

    if enlarge == 1 and is_given(context, "enlarge_by"):
        raise StudioError("--enlarge-by says what enlarges; give --enlarge 2 or 4 as well, or leave it out.")
    if before_bends and not layer:
        raise StudioError("--before-bends says which activations of a layer are recorded; say which layer by --layer.")
    enlarges = enlarging(enlarge, enlarge_by, layer)
    first, end = frame_range(frames)
    rate = frame_rate(fps)
    kind = _codec(codec, output)
    refuse_replacing((performance, bends_yaml, clusters_yaml), output)
    refuse_overlap(source, output)
    refuse_overlap(second, output)
    if not is_folder(output):
        refuse_existing(output, overwrite)
    played = (
        None if performance is None else performance_of(performance, (*move, *bend, *fade_to, *filter(None, [bpm])))
    )
    preset, size = its_own(context, played, performance, preset=preset, size=size)
    original = open_preset(preset)
    asked = with_names(asked_bends(bend, bends_yaml, clusters_yaml, original.network.graph), original)
    bent = with_movement(with_stages(original, asked), move, bpm)
    path = _path(source, latent, bent.network.graph)
    source = as_long_as(source, bent)
    with ExitStack() as stack:
        reading = reading_of(tone_map, deinterlace, ahead=played is None)
        opened = stack.enter_context(open_source(source, fps=rate, reading=reading))
        rate = rate or (played.take.rate if played is not None else None) or opened.info.fps or _STILL_FPS
        working = enlarges.working(parse_size(size, opened.info.size), original.network.graph)
        runner, choice = open_engine(bent.bent, engine)
        runner.time_every = math.inf  # nobody asks how long layers take
        stack.callback(runner.close)
        smooth = played is not None and rate != played.take.rate
        others = OtherNetworks(played, performance, path, smooth=smooth)
        feeder = FrameRunner(runner, others.layer_of(bent.network.graph, layer), path, before_bends=before_bends)
        feeder.deep = depth(kind, bits or None) > 8
        _say(choice, runner.device, feeder.size_for(working).note)
        bent, listen = with_sound(bent, bpm, opened.audio_path, fade_routes(move))
        if played is None:
            note_hands(bent, fade_routes(move))
        turns = None if played is None else turns_of(played, rate, (first, end), others.paths(bent))
        pictures = pictures_of(opened, rate, first, end, working) if turns is None else placed(opened, turns, working)
        bent, pictures = settled_on(bent, original, asked, feeder, pictures, float(first / rate))
        fades = Fades(bent, fade_to, move)
        whole = enlarges.bend(stack, feeder, tile_of(bent, tile), is_apart=bool(others))
        refuse_second_films(second, bent, played, output)
        if played is None:  # else what it says itself is lent as it is played
            second = second or second_of(bent)
            whole = _lent(stack, second, bent, engine, (rate, first, end), working, runner, whole)
        odd = {"--tile": tile, "--layer": layer, "--second": second, "--devices": devices, "--enlarge": enlarge > 1}
        whole = fades.beside(stack, whole, feeder, engine, path, listen, opened.audio_path, odd)
        replay = None if played is None else Replay(played, bent, smooth=smooth)
        lends = None if played is None else second_for(stack, second)
        mover = Mover(bent, runner, feeder, whole, listen, replay, fades.crossing, second=lends)
        lanes = None
        if devices:
            alone = why_alone(
                mover,
                tiled=whole is not feeder and not second,
                layer=bool(layer),
                second=bool(second),
                played=played is not None,
                fades=bool(fades),
            )
            lanes = lanes_on(choice.name, devices, bent, feeder, listen, alone)
        settings = RecordingSettings(
            output, kind, rate, opened.audio_path if audio else None, (first, end), overwrite, bits or None
        )
        try:
            if turns is None:
                record_frames(pictures, mover, feeder, settings, total_of(opened, rate, first, end), lanes)
            else:
                begun = Running(mover, feeder, runner, lambda: None, None if whole is feeder else whole)
                played_on = others.followed(
                    stack, begun, engine, listen, second, Shown(working, layer, before_bends, tile, enlarges)
                )
                scenes = played_on if isinstance(played_on, Mover) else enlarges.scenes(stack, played_on)
                record_turns(pictures, turns, scenes, feeder, settings)
        finally:
            for said in (opened.remark, opened.warning):
                if said:
                    note(said)


def _lent(
    stack: ExitStack,
    second: str,
    preset: Preset,
    engine: str,
    frames: tuple[Fraction, int, int | None],
    size: Size,
    runner: Engine,
    bend: Bend,
) -> Bend:
    """What bends, lent the maps of a second film where there is one; what is left out without it is noted."""
    from studio.io.sources import open_source

    if not second:
        if left_out(preset):
            note(left_out(preset))
        return bend
    rate, first, end = frames
    other = stack.enter_context(open_source(second, fps=rate))
    again = pictures_of(other, rate, first, end, size)
    return lent_by(stack, preset, engine, again, (float(rate), float(first / rate)), runner, bend)


def _say(choice: Choice, device: str, remark: str) -> None:
    note(f"Engine {choice.name} on {device}, because {choice.reason}.")
    if remark:
        note(remark)


def _path(source: str, latent: str, graph: Graph) -> LatentPath | None:
    """How vectors move, where source and network fit each other; None for as the preset says."""
    from studio.io.sources.latent import latent_path, path_given, path_of_source

    path, kinds = path_of_source(source), {put.kind for put in graph.inputs}
    if path is not None and latent:
        raise StudioError(f'Both the source "{source}" and --latent say how vectors move; leave one out.')
    if kinds == {"picture"} and (path is not None or latent):
        raise StudioError("The network takes pictures alone, so there is no vector to move; give a film or a picture.")
    if path is not None and "picture" in kinds:
        raise StudioError(
            f'The network takes pictures, too, which "{source}" has none of; give a film or a picture as the source, '
            "and --latent for the vector."
        )
    if path is None and kinds == {"vector"}:
        raise StudioError(
            f'The network is fed vectors alone and cannot look at "{source}"; give "latent" as the source, or '
            '"latent:loop,seed=3,seconds=8".'
        )
    return path_given(source) or (latent_path(latent) if latent else None)


def _codec(name: str, output: Path) -> str:
    from studio.io.sinks import codec_for, codecs

    refuse_pipe(output, "A recording")
    found = name or codec_for(output)
    if found is None:
        suffixes = ", ".join(codec.suffix for codec in codecs() if codec.suffix)
        raise StudioError(
            f'"{output}" does not say what to record; end it in {suffixes}, .png or .exr, leave the ending out '
            "for a folder of PNGs, or give --codec."
        )
    return found
