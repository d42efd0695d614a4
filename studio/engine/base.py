"""What every engine does, and what they share: the weights, the stages, and knowing which layers are stale."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from types import MappingProxyType

import numpy as np

from studio.engine.backend import Places as Places
from studio.engine.flight import Flight as Flight
from studio.engine.staging import Staging
from studio.engine.stats import BINS as BINS
from studio.engine.stats import Stats as Stats
from studio.errors import Pending, StudioError
from studio.model.bends.stage import layer_of, made
from studio.model.declared.size import Size
from studio.model.declared.tick import START, Tick
from studio.model.filters.live_edits import LiveEdit
from studio.model.networks.inputs import Input
from studio.model.networks.layout import Rect, to_sheet
from studio.model.networks.node import Node
from studio.model.networks.picture import DeepPicture, check_channels, to_tensor
from studio.model.networks.shape import Array

_NONE: Mapping[str, DeepPicture] = MappingProxyType({})


class Engine(Staging):
    """Runs one network on one picture at a time and keeps every activation.

    An engine belongs to the thread that made it. The weights it is given are copied; edits stay its own, unless
    it shares a store of them with others.

    Maps go by their layers' names; the map of a layer with stages is what it hands on, and `model.bends.stage.made`
    and `after` name those before.

    Attributes:
        graph: the network.
        colour: of a network of luma, what its output is shown with: `networks.picture.chroma` of the picture that
            the last run was fed, at the output's size, set by who fed it; None shows it grey.
        tunes_later: whether a GPU's convolutions run in the usual way at first, and are measured by `tune`, rather than
            all of them before the first picture.
        time_every: on a GPU the layers of a run are timed once in so many seconds, since queries cost the CPU a tenth
            of a run and more; 0 times them in every run, infinity in none.
    """

    # -- runs -----------------------------------------------------------------------------------------------------

    def run(
        self,
        inputs: Mapping[str, Array],
        tick: Tick = START,
        steps: int = 1,
        pictures: Mapping[str, DeepPicture] = _NONE,
    ) -> None:
        """Run every layer on new inputs.

        Bends with memory move on by one frame, whatever the tick says: it is what noise and movement go by.

        Args:
            inputs: by name, each float32 of (C, H, W). A state that is left out is what the network handed on in its
                last step.
            tick: when the run takes place.
            steps: how many steps a network with a state takes; with 0 its last step is taken once more. One without a
                state runs once.
            pictures: inputs that are given as pictures, (H, W, 3) RGB of 8 or 16 bits: see `to_tensor`.

        Raises:
            StudioError: naming the layer that inputs of these sizes do not fit, or the stage that does not fit them.
        """
        self._check(inputs, pictures)
        self._begin()
        sizes = {
            i.name: Size.of(pictures[i.name])
            if i.name in pictures
            else _picture_size(i, inputs[i.name])
            if i.name in inputs
            else self._sizes[i.name]
            for i in self.graph.inputs
        }
        if sizes != self._sizes or not self._shapes:
            self._take_sizes(sizes)
        for wanted in self.graph.inputs:
            if wanted.name in pictures:
                self._feed_picture(wanted, pictures[wanted.name])
            elif wanted.name in inputs:
                self._feed(wanted.name, np.ascontiguousarray(inputs[wanted.name], np.float32))
        self._run_fed(tick, steps, inputs)

    def _feed_picture(self, wanted: Input, picture: DeepPicture) -> None:
        """Take over an input that is given as a picture."""
        memory = self.input_memory(wanted.name, Size.of(picture))
        colours = wanted.mean, wanted.std, wanted.order
        self._feed(wanted.name, to_tensor(picture, wanted.channels, wanted.range, *colours, memory))

    def _run_fed(self, tick: Tick, steps: int = 1, fed: Collection[str] = ()) -> None:
        """Run every layer on what the inputs hold; in the first of several steps on the states that were fed."""
        for ring in self._rings.values():
            ring.advance()
        self._stale.clear()
        self.colour = None
        states = self.graph.states
        begins = any(put.name in fed for put in states)
        for step in range(max(1, steps) if states else 1):
            if states and (steps or begins or not self._stepped):
                for put in states:
                    if step or put.name not in fed:
                        self._hand_back(put.name)
                self._stepped += 1
            self._numbers.at(Tick(tick.frame, tick.time, self._stepped - 1 if states else tick.frame))
            self._execute(self._running.nodes)
            for put in states:
                self._keep_state(put.name, self._running.node_of(put.comes_from))

    @property
    def overlaps(self) -> bool:
        """Whether several runs at a time gain anything: a GPU has a queue, and does one after the other."""
        return False

    def can_launch(self, sizes: Mapping[str, Size]) -> bool:
        """Whether runs may be under way beside each other now: not where one needs what another makes or moves.

        Args:
            sizes: of every input.
        """
        del sizes
        return False

    def launch(
        self,
        inputs: Mapping[str, Array],
        pictures: Mapping[str, DeepPicture],
        within: Executor,
        tick: Tick = START,
    ) -> Flight:
        """Begin a `run` in another thread, and do not wait for it; only after `can_launch`.

        The engine keeps the maps that it has until `land`, and may be looked at meanwhile. It must not be changed, but
        in between to what it was again.

        Args:
            inputs: as for `run`, all of them.
            pictures: as for `run`.
            within: has the threads.
            tick: when the run takes place.
        """
        raise NotImplementedError

    def land(self, flight: Flight) -> bool:
        """Wait until a run is over, and hold what it made; False where the engine is another by now, and keeps its own.

        Raises whatever an operator failed with.
        """
        raise NotImplementedError

    def state(self, name: str) -> Array | None:
        """(C, H, W) float32: what a state will be in the next step; None before the first.

        What is run again does not change it: it is what the last step made.
        """
        if not self._stepped:
            return None
        self._begin()
        return self._read_state(name)

    @property
    def stepped(self) -> int:
        """How many steps the network's states have gone since they began; 0 where the next `run` must be fed them."""
        return self._stepped

    def beside(self) -> Engine:
        """Another engine of this network on the same device and weights, for other pictures; whoever asks closes it.

        Edits reach both. It has no stages, and bypasses nothing.
        """
        raise NotImplementedError

    def input_memory(self, name: str, size: Size) -> Array | None:
        """Memory for an input of the next `run`, which need not copy what lies there already.

        Args:
            name: of an input of the network.
            size: of its picture, or (1, 1) for a vector.

        Returns:
            (C, height, width) float32, to be written whole, in order, and to be given to the next `run`; None where
            the engine has none of this size, as before its first run: an array of one's own does as well.
        """
        del name, size
        return None

    def update(self) -> tuple[str, ...]:
        """Rerun what changes since the last run made stale: the changed layers and those after them.

        It is the same frame again: bends with memory do not move on.

        Returns:
            The names of the layers that ran, in order.
        """
        if not self._shapes or not self._stale:
            return ()
        self._begin()
        stale = frozenset(self._stale)
        nodes = self._reached(stale)
        self._stale.clear()
        try:
            self._execute(nodes, stale)
        except Pending:
            # Nothing has run.
            self._stale |= stale
            raise
        return tuple(dict.fromkeys(layer_of(node.name) for node in nodes))

    def forget(self) -> None:
        """Let bends with memory and states begin again, as after a seek: the next `run` is their first."""
        for ring in self._rings.values():
            ring.forget()
        self._stepped = 0

    def unhurried(self) -> AbstractContextManager[None]:
        """While this lasts, runs raise `Pending` where something would have to be compiled first; it is asked for.

        Nothing has run then. Engines that compile nothing beside other work go on as usual.
        """
        return nullcontext()

    def tune(self) -> tuple[int, int] | None:
        """Between two runs, do a little of finding out what runs fastest here: one shader, or one measurement.

        Returns:
            How many layers are measured, of how many; None where nothing is left to find out.
        """
        return None

    # -- weights --------------------------------------------------------------------------------------------------

    def replace(self, tensor: str, rect: Rect, values: Array) -> None:
        """Replace a rectangle of a tensor's filter sheet, beneath its live edits; the next `update` or `run` shows it.

        Args:
            tensor: full name, ``layer.tensor``.
            rect: where, in weights of the sheet (see `studio.model.networks.layout`).
            values: (rect.height, rect.width) float32.
        """
        self._tensor(tensor)
        try:
            self._store.put(tensor, rect, values)
        except StudioError as error:
            raise StudioError(f'Tensor "{tensor}": {error}') from None

    def set_edits(self, edits: Iterable[LiveEdit]) -> None:
        """Keep these edits of filters live, and no others; the next `update` or `run` shows it.

        They lie over the tensors, which `tensor` gives without them and `sheet` with them. A tensor is worked out again
        where one of its edits has changed, on the CPU, and only what has changed of it goes to the device.

        Args:
            edits: those of one tensor in the order in which they work, `studio.model.filters.live_edits.bound`.

        Raises:
            StudioError: naming the tensor that there is not; nothing has changed then. Or the first edit that cannot
                work, which is passed over while all others work.
        """
        wanted = tuple(edits)
        for each in wanted:
            self._tensor(each.tensor)
        self._store.set_edits(wanted)

    @property
    def edit_seconds(self) -> Mapping[str, float]:
        """How long the last change of a tensor's live edits took, on the CPU and to the device, by tensor."""
        return self._store.edit_seconds

    def overtake(self, tensor: str, rect: Rect) -> None:
        """Bring over what has changed in the store that the weights are in."""
        if tensor not in self.graph.tensor_shapes:
            return
        self._begin()
        self._upload(tensor, rect)
        self._spoil(self.graph.users(tensor.rpartition(".")[0]))

    def repack(self, tensor: str, origin: object) -> bool:
        """Bring over a tensor that has changed on a device; False where this engine takes it from memory."""
        del tensor, origin
        return False

    def set_tensor(self, tensor: str, values: Array) -> None:
        """Replace a whole tensor, in its own shape."""
        whole = self._tensor(tensor)
        if values.shape != whole.shape:
            raise StudioError(f'Tensor "{tensor}" has shape {whole.shape}, not {tuple(values.shape)}.')
        sheet = to_sheet(np.asarray(values, np.float32))
        self.replace(tensor, Rect(0, 0, *sheet.shape), sheet)

    # -- within ---------------------------------------------------------------------------------------------------

    def _check(self, inputs: Mapping[str, Array], pictures: Mapping[str, DeepPicture] = _NONE) -> None:
        for wanted in self.graph.inputs:
            if wanted.name not in inputs and wanted.kind == "state" and self._stepped:
                continue
            if wanted.name in pictures:
                check_channels(wanted.channels)
                continue
            if wanted.name not in inputs:
                raise StudioError(f'The network needs an input "{wanted.name}".')
            if inputs[wanted.name].ndim != 3 or inputs[wanted.name].shape[0] != wanted.channels:
                raise StudioError(
                    f'Input "{wanted.name}" needs the shape ({wanted.channels}, height, width), '
                    f"not {tuple(inputs[wanted.name].shape)}."
                )
            if wanted.kind == "vector" and inputs[wanted.name].shape[1:] != (1, 1):
                raise StudioError(
                    f'Input "{wanted.name}" is a vector and needs the shape ({wanted.channels}, 1, 1), '
                    f"not {tuple(inputs[wanted.name].shape)}."
                )

    def _spoil(self, layers: Iterable[str]) -> None:
        """Let these layers run again, themselves and not only their stages."""
        self._stale |= {self._running.node_of(made(layer)) for layer in layers} if self._shapes else set()

    def _tensors_of(self, node: Node) -> dict[str, Array]:
        return {key: self._store.tensor(name) for key, name in node.tensor_names.items()}


def _picture_size(put: Input, fed: Array) -> Size:
    """That of the pictures to which a map that is fed belongs."""
    return Size(fed.shape[1] * put.smaller.height, fed.shape[2] * put.smaller.width)
