"""Turns the numbers of what runs: of stages, layers and live edits in the engine, of vectors where they are fed."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from studio.engine.base import Engine
from studio.engine.numbers import Place
from studio.errors import StudioError
from studio.model.bends.stage import Stage
from studio.model.bends.stages import STAGES, Stages
from studio.model.filters.live_edits import EDITS, LiveEdits, bound, turned
from studio.model.movement.address import joined, split
from studio.model.movement.feedback import FEEDBACK
from studio.model.movement.generator import GENERATOR, directions_of
from studio.model.movement.latent_offset import LATENT
from studio.model.networks.preset import Preset
from studio.model.networks.state import STEPPING
from studio.model.numbers import knobs
from studio.model.numbers.bend import reshaped, structure_of
from studio.model.numbers.generator import turned as turned_generator
from studio.model.numbers.state import turned as stepping_turned
from studio.runtime.render.frame_runner import FrameRunner

Values = Mapping[str, float]

_FED = ("latent", "generator", "feedback", "state")
"""The owners of numbers that say what the network is fed."""


class Turner:
    """Gives numbers values by their addresses, for the run that comes next.

    Nothing is compiled or made for a live number; a seed or a count of frames makes its own stage anew.

    Addresses of what does not run here, such as ``/view/zoom``, are left to others.

    Args:
        engine: what runs.
        runner: what feeds it.

    Attributes:
        veil: a stage behind those of the preset; None for none.
        refused: why a live edit cannot work at the moment, in a sentence; empty where all can.
    """

    def __init__(self, engine: Engine, runner: FrameRunner) -> None:
        self._engine = engine
        self._runner = runner
        self._places: tuple[Place, ...] = ()
        self._index: dict[str, int] = {}
        self._waiting: dict[str, float] = {}
        self._stages: Stages = ()
        self._structure: frozenset[str] = frozenset()
        self._edits: LiveEdits = ()
        self._turned: dict[str, float] = {}  # their numbers since then
        self.refused = ""
        self.veil: Stage | None = None

    def show(self, preset: Preset) -> None:
        """Bypass the layers that a preset bypasses, bend by its stages, and turn its numbers to where it has them.

        Raises:
            StudioError: naming the stage that does not fit.
        """
        self._engine.bypass(preset.bypassed)
        stages = preset.section(STAGES)
        self._engine.set_stages(stages if self.veil is None else (*stages, self.veil))
        self._runner.offsets = preset.section(LATENT)
        self._runner.feedback = preset.section(FEEDBACK)
        self._runner.stepping = preset.section(STEPPING)
        self.steer(preset)
        self.keep_edits(preset)
        own = {each.number.address: each.get(preset) for each in knobs(preset)}
        self.turn({address: value for address, value in own.items() if address.startswith(("/bend/", "/layer/"))})

    def steer(self, preset: Preset) -> None:
        """Let vectors move as a preset says."""
        self._runner.generator = preset.section(GENERATOR)
        if any(put.kind == "vector" for put in preset.network.graph.inputs):
            self._runner.directions = directions_of(preset.network)

    def keep_edits(self, preset: Preset) -> None:
        """Keep a preset's edits live, with their numbers where it has them."""
        self._edits, self._turned = bound(preset.section(EDITS), preset.network.tensors), {}
        self._set_edits(self._edits)

    def turn(self, values: Values) -> None:
        """Turn numbers; each must be within its range."""
        owned: dict[str, dict[str, float]] = {owner: {} for owner in (*_FED, "edit")}
        for address, value in values.items():
            owned.get(address[1 : address.find("/", 1)], self._waiting)[address] = value
        self._feed(owned)
        self._reshape(self._waiting)
        if owned["edit"]:
            self._turned |= owned["edit"]
            self._set_edits(turned(self._edits, self._turned))
        if self._engine.places is not self._places:
            self._places = self._engine.places
            self._index = {address_of(place): k for k, place in enumerate(self._places)}
        if not self._waiting or not self._index:
            # Before its first run an engine has no numbers; see `catch_up`.
            return
        numbers = self._engine.numbers
        for address, value in self._waiting.items():
            if address in self._index:
                numbers[self._index[address]] = value
        self._waiting.clear()
        self._engine.set_numbers(numbers)

    def _reshape(self, values: Values) -> None:
        """Take other stages where a number moves that is no live one: a seed, a count of frames, a share of channels.

        What else is told stays as it is turned.
        """
        stages = self._engine.stages
        if stages is not self._stages:
            self._stages, self._structure = stages, frozenset(chain.from_iterable(map(structure_of, stages)))
        if not self._structure.isdisjoint(values):
            wanted = tuple(reshaped(stage, values) for stage in stages)
            if any(new is not old for new, old in zip(wanted, stages, strict=True)):
                self._engine.set_stages(wanted)

    def _feed(self, owned: Mapping[str, dict[str, float]]) -> None:
        """Turn the numbers of what the network is fed."""
        if owned["latent"]:
            self._move(owned["latent"])
        if owned["generator"]:
            self._runner.generator = turned_generator(self._runner.generator, owned["generator"])
        if owned["feedback"]:
            changed = {split(address)[1]: value for address, value in owned["feedback"].items()}
            self._runner.feedback = self._runner.feedback.model_copy(update=changed)
        if owned["state"]:
            self._runner.stepping = stepping_turned(self._runner.stepping, owned["state"])

    def catch_up(self) -> bool:
        """Turn the numbers that waited for the first run; whether there were any, so that it must run again."""
        if not self._waiting or not self._engine.places:
            return False
        self.turn({})
        return True

    def _set_edits(self, edits: LiveEdits) -> None:
        self.refused = ""
        try:
            self._engine.set_edits(edits)
        except StudioError as error:
            self.refused = str(error)

    def _move(self, values: Values) -> None:
        offsets = {name: list(held) for name, held in self._runner.offsets.items()}
        for address, value in values.items():
            _, name, channel = split(address)
            row = offsets.setdefault(name, [])
            row += [0.0] * (int(channel) + 1 - len(row))
            row[int(channel)] = value
        self._runner.offsets = {name: tuple(row) for name, row in offsets.items()}


def address_of(place: Place) -> str:
    """The address of an engine's number: ``/bend/1/guard/times``, ``/layer/act1/negative_slope``."""
    if isinstance(place.owner, str):
        return joined("layer", place.owner, place.name)
    for part in ("guard", "mask"):
        if place.name.startswith(f"{part}_"):
            return joined("bend", place.owner, part, place.name.removeprefix(f"{part}_"))
    return joined("bend", place.owner, place.name)
