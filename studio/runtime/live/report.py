"""What the render thread tells of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from studio.engine.base import Stats
from studio.model.graph import Size
from studio.model.op import Shape
from studio.model.picture import Picture
from studio.runtime.live.player import PlayerState
from studio.runtime.live.recorder import RecordingStatus

MessageKind = Literal["note", "warning", "error"]


@dataclass(frozen=True)
class Message:
    """One sentence for the person."""

    text: str
    kind: MessageKind = "note"


@dataclass(frozen=True, eq=False)
class Report:
    """The state of things after a frame. Mappings hold only what is new since the last report.

    Attributes:
        serial: counts frames that were run; a report may come without a new one.
        shown: counts what was given to the screen.
        fps: frames run in the last second.
        seconds: what the last frame took, from input to screen.
        engine: one of `studio.engine.choose.ENGINE_NAMES`, never "auto"; empty before the first opens.
        device: what it runs on, for people.
        reason: why that engine: completes "torch, because ...".
        is_software: whether OpenGL is drawn by the CPU.
        size: (height, width) of pictures as the network works on them; None before the first.
        output_size: (height, width) of what comes out.
        shapes: of every input and layer; all of them when one has changed.
        stats: of what is watched, by layer or tensor.
        times: seconds by layer; all of them.
        thumbnails: small pictures of activations by layer.
        warnings: what is wrong by layer, empty where nothing is any more.
        broken: the first layer with a value that is not finite; None where all are.
        player: what is playing.
        recording: what is being recorded, or was last.
        messages: sentences for the person.
    """

    serial: int = 0
    shown: int = 0
    fps: float = 0.0
    seconds: float = 0.0
    engine: str = ""
    device: str = ""
    reason: str = ""
    is_software: bool = False
    size: Size | None = None
    output_size: Size | None = None
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    stats: Mapping[str, Stats] = field(default_factory=dict)
    times: Mapping[str, float] = field(default_factory=dict)
    thumbnails: Mapping[str, Picture] = field(default_factory=dict)
    warnings: Mapping[str, str] = field(default_factory=dict)
    broken: str | None = None
    player: PlayerState = field(default_factory=PlayerState)
    recording: RecordingStatus | None = None
    messages: tuple[Message, ...] = ()
