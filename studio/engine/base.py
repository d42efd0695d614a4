"""What every engine does, and what they share: the weights, and knowing which layers an edit makes stale."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.model.graph import Graph, Node, Size
from studio.model.layout import Rect, put, to_sheet
from studio.model.network import Network
from studio.model.op import Array, Shape
from studio.model.picture import Picture, to_picture
from studio.ops._pass_through import bypassed

BINS = 64

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Stats:
    """Value statistics of a feature map or a tensor, reduced where it lives.

    Attributes:
        minimum: smallest finite value; NaN where there is none, as are the next two.
        maximum: largest finite value.
        mean: mean of the finite values.
        nan: how many values are not a number.
        infinite: how many are infinite.
        histogram: (64,) counts of the finite values, in equal bins from minimum to maximum.
    """

    minimum: float
    maximum: float
    mean: float
    nan: int
    infinite: int
    histogram: NDArray[np.int64]

    @property
    def edges(self) -> NDArray[np.float64]:
        """(65,) edges of the histogram's bins."""
        return np.linspace(self.minimum, self.maximum, BINS + 1)


class Engine(ABC):
    """Runs one network on one picture at a time and keeps every activation.

    An engine belongs to the thread that made it. The weights it is given are copied; edits stay its own.

    Attributes:
        graph: the network.
        colour: of a network of luma, what its output is shown with: `studio.model.picture.chroma` of the picture that
            the last run was fed, at the output's size, set by who fed it; None shows it grey.
        time_every: on a GPU the layers of a run are timed once in so many seconds, since queries cost the CPU a tenth
            of a run and more; 0 times them in every run, infinity in none.
    """

    name: ClassVar[str]

    def __init__(self, network: Network) -> None:
        self.graph: Graph = network.graph
        self._tensors: dict[str, Array] = {
            name: np.array(tensor, np.float32, order="C") for name, tensor in network.tensors.items()
        }
        self._sizes: dict[str, Size] = {}
        self._shapes: dict[str, Shape] = {}
        self._stale: set[str] = set()
        self._revisions: dict[str, int] = dict.fromkeys(self._tensors, 0)
        self._bypassed: frozenset[str] = frozenset()
        # What runs as each layer: the layer, or what takes its place while it is bypassed; and what runs again after
        # edits of these layers, as strokes are many on one.
        self._effective: dict[str, Node] = {}
        self._after: dict[frozenset[str], tuple[Node, ...]] = {}
        self.colour: Array | None = None
        self.time_every = 0.0

    # -- what a backend does ------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def device(self) -> str:
        """What it runs on, for people: "llvmpipe (software)", "cpu, 2 threads"."""

    @abstractmethod
    def close(self) -> None:
        """Free everything it holds on the device."""

    @abstractmethod
    def times(self) -> dict[str, float]:
        """Seconds that each layer took when it was last timed; waits for the device. Empty before the first run."""

    def _begin(self) -> None:  # noqa: B027 - not every backend has something to do
        """Called before any of what follows: make the device ready for calls from this thread."""

    @abstractmethod
    def _resize(self) -> None:
        """Make room for activations of ``self._shapes``; clear them where that failed and the old room is lost, too."""

    def _rewire(self, changed: frozenset[str]) -> None:  # noqa: B027 - not every backend has something to do
        """Called when ``self._effective`` has changed for these layers, their shapes being what they were."""

    @abstractmethod
    def _feed(self, name: str, picture: Array) -> None:
        """Take over an input of (C, H, W)."""

    @abstractmethod
    def _execute(self, nodes: Sequence[Node]) -> None:
        """Run these layers, in this order."""

    @abstractmethod
    def _upload(self, tensor: str, rect: Rect) -> None:
        """Carry the rectangle of a tensor's sheet over to the device."""

    @abstractmethod
    def _read_activation(self, name: str) -> Array: ...

    @abstractmethod
    def _read_sample(self, name: str, channels: int, ys: Places, xs: Places) -> Array: ...

    @abstractmethod
    def _read_sheet(self, tensor: str) -> Array: ...

    @abstractmethod
    def _activation_stats(self, name: str) -> Stats: ...

    @abstractmethod
    def _tensor_stats(self, tensor: str) -> Stats: ...

    # -- what users call ----------------------------------------------------------------------------------------

    def run(self, inputs: Mapping[str, Array]) -> None:
        """Run every layer on new inputs, each float32 of (C, H, W).

        Raises:
            StudioError: naming the layer that inputs of these sizes do not fit.
        """
        for wanted in self.graph.inputs:
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
        self._begin()
        sizes = {name: inputs[name].shape[1:] for name in (i.name for i in self.graph.inputs)}
        if sizes != self._sizes:
            self._take_sizes(sizes)
        for wanted in self.graph.inputs:
            self._feed(wanted.name, np.ascontiguousarray(inputs[wanted.name], np.float32))
        self._stale.clear()
        self.colour = None
        self._execute(tuple(self._effective.values()))

    def input_memory(self, name: str, size: Size) -> Array | None:
        """Memory for an input of the next `run`, which need not copy what lies there already.

        Args:
            name: of an input of the network.
            size: its height and width.

        Returns:
            (C, height, width) float32, to be written whole, in order, and to be given to the next `run`; None where
            the engine has none of this size, as before its first run: an array of one's own does as well.
        """
        del name, size
        return None

    def update(self) -> tuple[str, ...]:
        """Rerun what edits since the last run made stale: the edited layers and those after them.

        Returns:
            The names of the layers that ran, in order.
        """
        if not self._shapes or not self._stale:
            return ()
        self._begin()
        nodes = self._reached(frozenset(self._stale))
        self._stale.clear()
        self._execute(nodes)
        return tuple(node.name for node in nodes)

    def replace(self, tensor: str, rect: Rect, values: Array) -> None:
        """Replace a rectangle of a tensor's filter sheet; the next `update` or `run` shows it.

        Args:
            tensor: full name, ``layer.tensor``.
            rect: where, in weights of the sheet (see `studio.model.layout`).
            values: (rect.height, rect.width) float32.
        """
        whole = self._tensor(tensor)
        try:
            put(whole, rect, np.asarray(values, np.float32))
        except StudioError as error:
            raise StudioError(f'Tensor "{tensor}": {error}') from None
        self._revisions[tensor] += 1
        self._begin()
        self._upload(tensor, rect)
        self._stale |= self.graph.users(tensor.rpartition(".")[0])

    def set_tensor(self, tensor: str, values: Array) -> None:
        """Replace a whole tensor, in its own shape."""
        whole = self._tensor(tensor)
        if values.shape != whole.shape:
            raise StudioError(f'Tensor "{tensor}" has shape {whole.shape}, not {tuple(values.shape)}.')
        sheet = to_sheet(np.asarray(values, np.float32))
        self.replace(tensor, Rect(0, 0, *sheet.shape), sheet)

    def bypass(self, names: Collection[str]) -> None:
        """Bypass these layers, and no others; the next `update` or `run` shows it.

        A bypassed layer hands on what its first input gives it, in the shape that it would have made: channels are
        repeated or left out (channel c is the input's c % C), pixels as by nearest resizing. Its weights are kept.

        Raises:
            StudioError: for a name that is no layer's.
        """
        wanted = frozenset(self.graph.node(name).name for name in names)
        changed = wanted ^ self._bypassed
        self._bypassed = wanted
        if not changed or not self._shapes:
            return
        self._stale |= changed
        self._substitute()
        self._begin()
        self._rewire(changed)

    @property
    def bypassed(self) -> frozenset[str]:
        """The layers that hand on what their first input gives them."""
        return self._bypassed

    def activation(self, name: str) -> Array:
        """(C, H, W) float32 of a layer or an input, read from the device."""
        self._require_run(name)
        self._begin()
        return self._read_activation(name)

    def sample(self, name: str, channels: int, size: Size, crop: Size) -> Array:
        """Evenly spaced values of a layer's or an input's activation, for a small picture of it.

        Args:
            name: of the layer or input.
            channels: how many of its channels, from the first.
            size: rows and columns of values.
            crop: height and width of the part of the map, from its upper left corner, that they are spread over.

        Returns:
            (channels, *size) float32.
        """
        self._require_run(name)
        self._begin()
        ys, xs = ((2 * np.arange(count) + 1) * side // (2 * count) for count, side in zip(size, crop, strict=True))
        return self._read_sample(name, channels, ys, xs)

    def output(self) -> Array:
        """The activation of the network's output layer."""
        return self.activation(self.graph.output)

    def picture(self) -> Picture:
        """(H, W, 3) uint8 RGB: the output as it is shown."""
        graph = self.graph
        return to_picture(self.output(), graph.output_range, graph.output_order, self.colour)

    def tensor(self, name: str) -> Array:
        """A copy of a tensor in PyTorch's layout, as it is now."""
        return self._tensor(name).copy()

    def sheet(self, name: str) -> Array:
        """(rows * kh, columns * kw) float32: a tensor's filter sheet, read from the device."""
        self._tensor(name)
        self._begin()
        return self._read_sheet(name)

    def revision(self, tensor: str) -> int:
        """How often this tensor has been changed: equal numbers, equal weights."""
        self._tensor(tensor)
        return self._revisions[tensor]

    def stats(self, name: str) -> Stats:
        """Statistics of a layer's or an input's activation, or of a tensor ("layer.tensor")."""
        self._begin()
        if name in self._tensors:
            return self._tensor_stats(name)
        self._require_run(name)
        return self._activation_stats(name)

    def shape(self, name: str) -> Shape:
        """Shape of a layer's or an input's activation in the last run."""
        self._require_run(name)
        return self._shapes[name]

    # -- within ---------------------------------------------------------------------------------------------------

    def _take_sizes(self, sizes: dict[str, Size]) -> None:
        """Make room for inputs of these heights and widths."""
        self._shapes, before = self.graph.shapes(sizes), self._shapes
        self._substitute()
        try:
            self._resize()
        except StudioError:
            # An engine that could not keep its old room either has cleared them.
            self._shapes = before if self._shapes else {}
            self._sizes = self._sizes if self._shapes else {}
            self._substitute()
            raise
        self._sizes = sizes

    def _tensor(self, name: str) -> Array:
        if name not in self._tensors:
            raise StudioError(f'There is no tensor "{name}"; this network has {", ".join(self._tensors)}.')
        return self._tensors[name]

    def _reached(self, stale: frozenset[str]) -> tuple[Node, ...]:
        """These layers and those after them, in running order."""
        if stale not in self._after:
            reached = self.graph.downstream(stale)
            self._after[stale] = tuple(node for name, node in self._effective.items() if name in reached)
        return self._after[stale]

    def _substitute(self) -> None:
        self._after.clear()
        self._effective = {
            node.name: bypassed(node, self._shapes[node.name]) if node.name in self._bypassed else node
            for node in self.graph.nodes
            if self._shapes
        }

    def _tensors_of(self, node: Node) -> dict[str, Array]:
        return {key: self._tensors[name] for key, name in node.tensor_names.items()}

    def _require_run(self, name: str) -> None:
        if name not in {i.name for i in self.graph.inputs}:
            self.graph.node(name)
        if not self._shapes:
            raise StudioError(f'"{name}" has no activation before the first run.')
