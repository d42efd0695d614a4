"""One picture in, one bent picture out."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from typing import NamedTuple

import cv2
import numpy as np

from studio.engine.base import Engine, Flight
from studio.errors import StudioError
from studio.model.bends.stage import made
from studio.model.declared.size import Size
from studio.model.declared.tick import START
from studio.model.movement.feedback import FEEDBACK
from studio.model.movement.generator import Generator, Phase, stepped
from studio.model.movement.latent_offset import Offsets, moved
from studio.model.networks.graph import Graph
from studio.model.networks.latent import LatentPath
from studio.model.networks.picture import DeepPicture, Picture, chroma, signed_view, to_deep_picture
from studio.model.networks.shape import Array
from studio.model.networks.state import STEPPING
from studio.runtime.render.coming import DeepComing, there
from studio.runtime.render.fed_back import fed_back
from studio.runtime.render.size import WorkingSize, working_size
from studio.runtime.render.stepper import Stepper


class Launched(NamedTuple):
    """A picture on its way through the network.

    Attributes:
        flight: the engine's run.
        size: how it passes through.
        padded: what the network is fed.
    """

    flight: Flight
    size: WorkingSize
    padded: DeepPicture


class FrameRunner:
    """Feeds pictures to an engine and takes pictures from it.

    Every input of the network that takes a picture is fed the same one; those that take a vector follow a path.

    Args:
        engine: with its network loaded.
        layer: the layer whose activations are shown as tiles, instead of the network's output.
        path: how vectors move; None for as the preset says.
        before_bends: whether they are shown as the layer made them.

    Attributes:
        path: how vectors move; the next picture follows it. None for `generator`.
        generator: how the preset moves them.
        directions: along which it takes its steps, (directions, C) by input.
        offsets: what is added to them on the way.
        tick: when the next picture's run takes place, for bends that move and those with memory.
        feedback: what of the output goes back in with the next picture.
        stepping: how states are stepped.
        deep: whether pictures of the output are given with 16 bits a value.
        out: where the next picture is made, if it is the network's whole output, of 8 bits; None for memory of its own.
    """

    def __init__(
        self, engine: Engine, layer: str | None = None, path: LatentPath | None = None, *, before_bends: bool = False
    ) -> None:
        if layer is not None:
            engine.graph.node(layer)
        self._engine = engine
        self._layer = made(layer) if layer is not None and before_bends else layer
        self.path = path
        self.generator = Generator()
        self.directions: Mapping[str, Array] = {}
        self._phase = Phase()
        self.deep = False
        self.out: Picture | None = None
        self.offsets: Offsets = {}
        self.feedback = FEEDBACK.default
        self.stepping = STEPPING.default
        self._stepper = Stepper(engine)
        self._before: WorkingSize | None = None
        self.tick = START
        self._limits: Array | None = None
        self._sizes: dict[Size, WorkingSize] = {}

    @property
    def engine(self) -> Engine:
        """What pictures go through."""
        return self._engine

    @property
    def graph(self) -> Graph:
        """The network that pictures go through."""
        return self._engine.graph

    @property
    def goes_on(self) -> bool:
        """Whether the network's state goes on where its source begins again: it looks at no picture."""
        graph = self._engine.graph
        return bool(graph.states) and all(put.kind != "picture" for put in graph.inputs) and not self.stepping.picture

    def size_for(self, picture: Size) -> WorkingSize:
        """How pictures of this size pass through the network."""
        if picture not in self._sizes:
            self._sizes[picture] = working_size(self._engine.graph, picture)
        return self._sizes[picture]

    def run(self, picture: DeepPicture, time: float = 0.0) -> WorkingSize:
        """(H, W, 3) RGB of 8 or 16 bits through the network; nothing is read back.

        Args:
            picture: of any size; a network that takes vectors alone does not look at it.
            time: where vectors are on their path, in seconds.

        Returns:
            How it passed through: what of the engine's output belongs to the picture.
        """
        size = self.size_for(Size.of(picture))
        if self.feedback.amount > 0.0 and self._before is not None:
            made = self._before.output
            picture = fed_back(picture, self._engine.picture()[: made.height, : made.width], self.feedback)
        self._before = size
        padded = padded_picture(picture, size.padded)
        states, steps = self._stepper.next(padded, self.stepping)
        self._engine.run(states | self._vectors(time), self.tick, steps, self._pictures(padded))
        self._colour(padded)
        return size

    def _pictures(self, padded: DeepPicture) -> dict[str, DeepPicture]:
        return {i.name: padded for i in self._engine.graph.inputs if i.kind == "picture"}

    def _colour(self, padded: DeepPicture) -> None:
        """Give a network of luma the colour that its output is shown in."""
        if self._engine.graph.colour == "input":
            self._engine.colour = chroma(_scaled(padded, self._engine.shape(self._engine.graph.output).size))

    def can_launch(self, picture: DeepPicture) -> bool:
        """Whether a picture can be on its way through the network beside others: where it needs nothing of theirs."""
        size = self.size_for(Size.of(picture))
        sizes = {i.name: size.padded if i.kind == "picture" else Size(1, 1) for i in self._engine.graph.inputs}
        return self.feedback.amount <= 0.0 and self._engine.can_launch(sizes)

    def launch(self, picture: DeepPicture, within: Executor, time: float = 0.0) -> Launched:
        """Begin what `run` does, and do not wait for it; only after `can_launch`.

        Args:
            picture: as for `run`.
            within: has the threads that do it.
            time: as for `run`.
        """
        size = self.size_for(Size.of(picture))
        padded = padded_picture(picture, size.padded)
        pictures = self._pictures(padded)
        return Launched(self._engine.launch(self._vectors(time), pictures, within, self.tick), size, padded)

    def land(self, launched: Launched) -> bool:
        """Wait for what was begun; False where the engine is another by now, and what came of it is of no use.

        Raises what `run` does.
        """
        if not self._engine.land(launched.flight):
            return False
        self._before = launched.size
        self._colour(launched.padded)
        return True

    def _vectors(self, time: float) -> dict[str, Array]:
        path = self.path or self.generator.path
        if path.kind == "walk":
            time = self._phase.time(time, path.pace)
        feeds = path.feeds(self._engine.graph.inputs, time)
        return moved(stepped(feeds, self.generator.steps, self.directions), self.offsets)

    def pass_by(self, time: float) -> None:
        """Let a picture go by that is not run here: vectors go on their way, at the pace that it has now."""
        path = self.path or self.generator.path
        if path.kind == "walk":
            self._phase.time(time, path.pace)

    def forget(self) -> None:
        """Let bends with memory and states begin again, and nothing of the output come back, as after a seek."""
        self._engine.forget()
        self._before = None

    def raw(self, picture: DeepPicture, time: float = 0.0) -> Array:
        """(C, H', W') float32: the network's whole output for a picture, its values as they are."""
        self.run(picture, time)
        return self._engine.output()

    def __call__(self, picture: DeepPicture, time: float = 0.0) -> DeepPicture:
        """(H, W, 3) RGB of 8 or 16 bits through the network, with vectors where they are at this time in seconds.

        Returns:
            The output cropped to the picture's own extent; or with a layer, all its channels as tiles, zero black,
            negative blue and positive orange, each at the scale of its own largest finite magnitude so far: a scale
            that only widens neither flickers nor saturates.
        """
        return self.seen(self.run(picture, time))

    def later(self, picture: DeepPicture, time: float = 0.0) -> DeepComing:
        """As calling it; what comes of it is on its way while the next picture is run.

        Returns:
            Waits for it, to be called once. `out` is not to be touched until then.
        """
        return self._asked(self.run(picture, time))

    def again(self, picture: DeepPicture) -> DeepPicture:
        """What edits reached since the last run, run again on the same picture; else as calling it."""
        self._engine.update()
        return self.seen(self.size_for(Size.of(picture)))

    def seen(self, size: WorkingSize) -> DeepPicture:
        """The picture of the last run, which passed through in this way; see `__call__`."""
        return self._asked(size)()

    def _asked(self, size: WorkingSize) -> DeepComing:
        if self._layer is not None or self.deep:
            return there(self._values_seen(size))
        height, width = size.output
        whole = self.out is not None and self._engine.shape(self._engine.graph.output).size == size.output
        coming = self._engine.ask_picture(self.out if whole else None)
        return lambda: coming()[:height, :width]

    def _values_seen(self, size: WorkingSize) -> DeepPicture:
        height, width = size.output
        if self._layer is None:
            graph = self._engine.graph
            values = self._engine.output()[:, :height, :width]
            colour = self._engine.colour
            cut = None if colour is None else colour[:height, :width]
            return to_deep_picture(values, graph.output_range, graph.output_order, cut)
        activation = self._engine.activation(self._layer)
        peaks = np.abs(activation).max(axis=(1, 2), initial=0.0, where=np.isfinite(activation))
        self._limits = peaks if self._limits is None else np.maximum(self._limits, peaks)
        return signed_view(activation, self._limits)


def padded_picture(picture: DeepPicture, size: Size) -> DeepPicture:
    """The picture at this size, its right and bottom edges continued by reflection.

    Raises:
        StudioError: where it is larger.
    """
    own = Size.of(picture)
    bottom, right = size.height - own.height, size.width - own.width
    if not bottom and not right:
        return picture
    if bottom < 0 or right < 0:
        raise StudioError(f"A picture of {own} cannot be padded to {size}.")
    return np.asarray(cv2.copyMakeBorder(picture, 0, bottom, 0, right, cv2.BORDER_REFLECT)).astype(
        picture.dtype, copy=False
    )


def _scaled(picture: DeepPicture, size: Size) -> DeepPicture:
    """The picture at the size of the output, whose colour it gives."""
    if picture.shape[:2] == size:
        return picture
    smaller = size.height < picture.shape[0]
    return np.asarray(
        cv2.resize(picture, size.wh, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
    ).astype(picture.dtype, copy=False)
