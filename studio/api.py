"""The studio from Python: load a network or a preset, run it on arrays, read and edit its layers, save.

import studio

net = studio.load("autoencoder-transposed")
bent = net(picture)                       # (H, W, 3) uint8 in, the same out
net["dec1"].output                        # (64, H/2, W/2) float32
net["dec1"].edit(studio.edit("Gain", factor=2.0), rows=[3, 5])
net["enc2"].bend(studio.bend("Rotate", angle=30), channels=net["enc2"].clusters(4)[0], amount=0.8)
net.save("presets/mine", description="louder")
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.bends import make_bend
from studio.control.given import GivenSignals
from studio.control.move import move
from studio.control.signals import check_signals
from studio.edits import make_edit
from studio.engine.choose import Choice, open_engine
from studio.errors import StudioError
from studio.io.opening import open_preset as open_preset  # the studio opens by name from here, too
from studio.io.presets import save_preset
from studio.layer import LiveLayer as LiveLayer
from studio.model import numbers
from studio.model.bends.bend import Bend
from studio.model.bends.clusters import CLUSTERS, kept
from studio.model.bends.stage import Cluster, Stage
from studio.model.bends.stages import STAGES, without
from studio.model.filters.edit import Edit
from studio.model.filters.learning_sheets import LEARNING_SHEETS, LearningSheets
from studio.model.filters.live_edits import EDITS, LiveEdit, bound, by_tensor, check_edits, edited
from studio.model.movement.address import Number
from studio.model.movement.modulator import Modulator
from studio.model.movement.route import ROUTES, Route
from studio.model.networks.layout import Rect, to_sheet
from studio.model.networks.network import Network
from studio.model.networks.picture import Picture, shallow
from studio.model.networks.preset import Preset
from studio.model.networks.section import BYPASSED
from studio.model.networks.shape import Array
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Mover

if TYPE_CHECKING:
    from studio.learn.learner import Step


class LiveNetwork:
    """A network in an engine. A context manager: leaving it frees the device.

    Args:
        network: as it was trained; what edits are measured against when it is saved.
        engine: one of `studio.engine.choose.ENGINE_NAMES`.
        preset: the bends to begin with.

    Attributes:
        network: the network without bends.
        engine: what runs it.
        choice: which engine was taken, and why.
        signals: what things move by that no picture has: a film's sound, and what controllers would send.
    """

    def __init__(self, network: Network, *, engine: str = "auto", preset: Preset | None = None) -> None:
        self.network = network
        self._preset = preset or Preset(network.name, network, {})
        self.engine, self.choice = open_engine(self._preset.bent, engine)
        self.signals = GivenSignals()
        self._mover = Mover(self._preset, self.engine, FrameRunner(self.engine), listen=self.signals.at)
        self._frame = 0

    choice: Choice

    def __enter__(self) -> LiveNetwork:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free what the engine holds."""
        self.engine.close()

    def __call__(self, picture: Picture, time: float = 0.0) -> Picture:
        """(H, W, 3) uint8 RGB through the network, at the picture's own size.

        Args:
            picture: uint8 RGB.
            time: in seconds, for what moves: see `move`.
        """
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
            raise StudioError(
                f"A picture is an array of (height, width, 3) uint8, not {tuple(picture.shape)} {picture.dtype}."
            )
        self._frame += 1
        return shallow(self._mover(np.ascontiguousarray(picture), time, self._frame - 1))

    # -- numbers --------------------------------------------------------------------------------------------------

    def addresses(self) -> tuple[Number, ...]:
        """Every number that can be turned or moved: its address, range, unit and meaning."""
        return tuple(knob.number for knob in numbers.knobs(self._preset))

    def get(self, address: str) -> float:
        """Where a number is turned to; StudioError where there is none at this address."""
        return numbers.get(self._preset, address)

    def set(self, address: str, value: float) -> None:
        """Turn a number; the next `update` or call shows it.

        Raises:
            StudioError: where there is none at this address, or the value is out of range.
        """
        self._show(numbers.turned(self._preset, address, value))

    def move(self, address: str, source: str | Modulator, **settings: Any) -> Route:
        """Let a number move: ``net.move("/bend/1/amount", "lfo", rate=0.5, depth=0.3)``.

        Args:
            address: of the number.
            source: the name of a source of movement, or one.
            settings: of the route (``depth``, ``base``, ``lo``, ``hi``), of its curves (``lag``, ``power``, ``steps``,
                ``quantise``), and parameters of the source.

        Raises:
            StudioError: naming what is wrong.
        """
        numbers.knob(self._preset, address)
        routes, route = move(self._preset.section(ROUTES), address, source, **settings)
        check_signals(route.source, self.network.graph)
        self._show(self._preset.with_section(ROUTES, routes))
        return route

    def still(self) -> None:
        """Let nothing move any more."""
        self._show(self._preset.with_section(ROUTES, ()))

    def rewind(self) -> None:
        """Begin anew: what curves, delays and feedback remember is forgotten."""
        self._frame = 0
        self._mover.begin()

    def _show(self, preset: Preset) -> None:
        self._preset = preset.with_section(BYPASSED, self.engine.bypassed)
        self._mover.show(self._preset)

    def run(self, *inputs: Array) -> Array:
        """Feature maps through the network: float32 (C, H, W) for each input, in its own value range; the output."""
        wanted = self.network.graph.inputs
        if len(inputs) != len(wanted):
            raise StudioError(f"The network takes {len(wanted)} input(s), not {len(inputs)}.")
        self.engine.run({i.name: value for i, value in zip(wanted, inputs, strict=True)})
        return self.engine.output()

    def update(self) -> tuple[str, ...]:
        """Rerun the edited layers and those after them on the last input; their names."""
        return self.engine.update()

    @property
    def output(self) -> Array:
        """(C, H, W) float32 output of the last run."""
        return self.engine.output()

    def __getitem__(self, name: str) -> LiveLayer:
        return LiveLayer(self, name)

    def __iter__(self) -> Iterator[LiveLayer]:
        return (self[node.name] for node in self.network.graph.nodes)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The bends of activations, of all layers, those of each in their order."""
        return self._preset.section(STAGES)

    def set_stages(self, stages: Iterable[Stage]) -> None:
        """Bend by these stages, and no others; the next `update` or call shows it.

        Raises:
            StudioError: naming the stage that does not fit; nothing has changed then.
        """
        wanted = tuple(stages)
        self.engine.set_stages(wanted)
        self._show(self._preset.with_section(STAGES, wanted))

    @property
    def clusters(self) -> tuple[Cluster, ...]:
        """The clusters of channels that the preset keeps, of all layers; `LiveLayer.clusters` finds some."""
        return self._preset.section(CLUSTERS)

    def keep_cluster(self, cluster: Cluster, name: str = "") -> None:
        """Keep a cluster with the preset, under its name or another; one of the same name and layer is replaced.

        Raises:
            StudioError: for a name that cannot name one, or a layer that there is not.
        """
        layer = self.network.graph.node(cluster.layer).name
        clusters = kept(self.clusters, layer, name or cluster.name, cluster.channels)
        self._show(self._preset.with_section(CLUSTERS, clusters))

    @property
    def edits(self) -> tuple[LiveEdit, ...]:
        """The edits of filters that are kept live; see `LiveLayer.keep_live`."""
        return self._preset.section(EDITS)

    def set_edits(self, edits: Iterable[LiveEdit]) -> None:
        """Keep these edits live, and no others; the next `update` or call shows it.

        Raises:
            StudioError: naming the edit that does not fit its tensor; nothing has changed then.
        """
        wanted, before = tuple(edits), self._preset
        check_edits(wanted, self.network)
        try:
            self._show(before.with_section(EDITS, wanted))
        except StudioError:
            self._show(before)
            raise

    def bake(self) -> None:
        """Write what live edits make into their tensors, with their numbers as they were set, and keep none live."""
        for name, chain in by_tensor(bound(self.edits, self.network.tensors)).items():
            self.engine.set_tensor(name, edited(self.engine.tensor(name), chain))
        self.set_edits(())

    def unbend(self, *numbers: int) -> None:
        """Take stages away, by their numbers; all of them where none is given."""
        left = self.stages if numbers else ()
        for number in numbers:
            left = without(left, number)
        self.set_stages(left)

    def bypass(self, *layers: str) -> None:
        """Let just these layers hand on what they read; the next `update` or call shows it. None ends every bypass."""
        self.engine.bypass(layers)

    def reset(self) -> None:
        """Give every tensor its trained values back, let every layer work, and take stages and live edits away."""
        self.set_edits(())
        for name, values in self.network.tensors.items():
            self.engine.set_tensor(name, values)
        self.engine.bypass(())
        self.unbend()

    def learn(self, source: str = "demo", **asked: object) -> Iterator[Step]:
        """Teach the network; each step is in the engine when it is given, and an edit made meanwhile is learnt on from.

        ::

            for step in net.learn("film.mp4", wanted="damage:blur=2", losses="l1=1,edges=0.2", size=64):
                print(step.number, step.loss)
                if step.number == 200:
                    break

        Args:
            source: what it is shown: a film, a picture, a folder, "camera" or "demo".
            **asked: the other fields of `studio.learn.asked.Asked`.

        Yields:
            What each step came to, without end.

        Raises:
            StudioError: for whatever does not fit, or a step that is not finite.
        """
        from studio.learn.asked import by_name
        from studio.learn.prepare import prepare
        from studio.learn.sheets import steer

        now = {name: self.engine.tensor(name) for name in self.network.tensors}
        wanted = by_name(source, asked)
        learner, _ = prepare(self.network.with_tensors(now), wanted, self.engine.name, stages=self.stages)
        try:
            steer(learner, self._preset.section(LEARNING_SHEETS), LearningSheets(), self.network)
            seen = {name: self.engine.revision(name) for name in now}
            for step in learner:
                learner.publish(self.engine)
                seen = {name: self.engine.revision(name) for name in now}
                yield step
                for name, revision in seen.items():
                    if self.engine.revision(name) != revision:
                        sheet = to_sheet(self.engine.tensor(name))
                        learner.replace(name, Rect(0, 0, *sheet.shape), sheet)
        finally:
            learner.close()

    def save(
        self, path: str | Path, *, name: str = "", description: str = "", thumbnail: Picture | None = None
    ) -> None:
        """Save the bends as a preset: a folder with the tensors that were changed.

        Args:
            path: the folder; one that is there is replaced.
            name: the preset's name; the folder's where not given.
            description: one line.
            thumbnail: (H, W, 3) uint8 RGB, shrunk to 256 pixels.
        """
        before = self._preset
        preset = replace(
            before.with_section(BYPASSED, self.engine.bypassed),
            name=name or Path(path).name,
            changed={key: self.engine.tensor(key) for key in self.network.tensors},
            description=description or before.description,
        )
        save_preset(preset, Path(path), thumbnail)


def load(name_or_path: str | Path, *, engine: str = "auto") -> LiveNetwork:
    """A preset or a network, by path or by name, running.

    Raises:
        StudioError: where there is neither, or it cannot be read.
    """
    preset = open_preset(str(name_or_path))
    return LiveNetwork(preset.network, engine=engine, preset=preset)


def edit(name: str, **params: object) -> Edit:
    """An edit by name with its parameters: ``edit("Gain", factor=2.0)``.

    Raises:
        StudioError: for a name that is not there, listing those that are, or a parameter that is wrong.
    """
    return make_edit(name, params)


def bend(name: str, **params: object) -> Bend:
    """A bend by name with its parameters: ``bend("Rotate", angle=30)``; ``studio bends`` lists them.

    Raises:
        StudioError: for a name that is not there, listing those that are, or a parameter that is wrong.
    """
    return make_bend(name, params)
