"""What is looked at and held in the hand: not undone, and not saved with a preset."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from psygnal import Signal, SignalInstance

from studio.model.documents.document import Document
from studio.model.filters.edit import Selection
from studio.model.filters.learning_sheets import Kind
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.networks.layout import kernel_grid
from studio.model.networks.section import BypassChanged
from studio.model.networks.shape import Array
from studio.model.views.brush import Brush
from studio.model.views.view import Colours, Scaling, View, ViewKind

Tool = Literal["paint", "select", "move"]
RowOrder = Literal["index", "norm", "likeness", "cluster", "effect"]
BrushUnit = Literal["screen", "weights"]
Listening = Literal["", "mute", "solo"]
Paints = Literal["weights"] | Kind

ORIGINALS = "*"
"""What `Workspace.comparison` holds while every layer runs as it was trained."""


@dataclass(frozen=True, eq=False)
class Clipboard:
    """Kernels that were copied: (rows, columns, kh, kw), and which of them."""

    kernels: Array
    mask: np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Makers:
    """What a layer has to do with a place of the picture.

    Attributes:
        layer: a layer with filters.
        channels: those that make the place, strongest first.
        strength: how much the strongest of them changes the place, from 0 to 1, of what that of any layer does; 0 where
            only the maps are known yet.
    """

    layer: str
    channels: tuple[int, ...]
    strength: float = 0.0


@dataclass
class Workspace:
    """The state of the hand; assigning a field that differs emits its name.

    Attributes:
        document: what is worked on.
        layer: the selected layer; empty where the network has none with this name any more.
        key: which of its tensors: "weight", "bias", "running_mean".
        tool: what the mouse does on a filter sheet.
        brush: how it paints.
        brush_unit: whether its radius counts pixels of the screen, so that a stroke is seen at every zoom, or weights.
        paints: what the brush paints on: the weights, or how they learn.
        rate: what it sets rates to.
        pull: what it sets pulls to.
        protected: whether painting keeps to the selection.
        view: what the viewport shows.
        stage: whether the filter sheet is large, and the viewport small beside it.
        pointed: the layer and the channel that the mouse is at: its map lies over the picture.
        listening: whether the pointed channel is left out, or all others of its layer are, for a moment.
        found: the layer and the channels that make the place that was chosen last, strongest first.
        makers: the same of every layer of which it is known.
        masking: the number of the stage whose mask is painted over the picture; 0 for none.
        row_order: in which order the rows of the sheet are shown.
        kernel_scaling: whether each kernel of the sheet has a scale of colours of its own.
        colours: how values become colours.
        scaling: whether every tile has a scale of its own.
        comparison: None where bends run; `ORIGINALS` for every layer as trained; a layer's name for its bends alone.
        engine: what is to run the network: "auto" or an engine's name.
        size: at which it works, as the command line gives it: "256", "source".
        keep_fps: frames a second that are kept by choosing the size; 0 for a size that stays.
        held: whether no new picture is taken in, so that a stroke is on the screen sooner.
        stands: whether a stroke holds the picture while it lasts.
        clipboard: copied kernels.
    """

    document: Document
    layer: str = ""
    key: str = "weight"
    tool: Tool = "paint"
    brush: Brush = field(default_factory=lambda: Brush(radius=8.0, value=0.03))
    brush_unit: BrushUnit = "screen"
    paints: Paints = "weights"
    rate: float = 0.0
    pull: float = 0.05
    protected: bool = True
    view: View = field(default_factory=View)
    stage: bool = False
    masking: int = 0
    pointed: tuple[str, int] | None = None
    listening: Listening = ""
    found: tuple[str, tuple[int, ...]] = ("", ())
    makers: tuple[Makers, ...] = ()
    row_order: RowOrder = "index"
    kernel_scaling: Scaling = "all"
    colours: Colours = "signed"
    scaling: Scaling = "tile"
    comparison: str | None = None
    engine: str = "auto"
    size: str = "256"
    keep_fps: int = 0
    held: bool = False
    stands: bool = False
    clipboard: Clipboard | None = None
    _free_size: str = field(default="", repr=False)
    _selections: dict[str, Selection] = field(default_factory=dict, repr=False)

    changed: ClassVar[SignalInstance] = Signal(str)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.document.changed.connect(self._follow)
        self._settle()
        self._settle_size()

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_") and name not in self.__dataclass_fields__:
            # What nobody reads would be set in silence, and type checkers pass over classes that set attributes so.
            raise AttributeError(f"Workspace has no field {name!r}")
        before = self.__dict__.get(name, self)
        if name == "comparison" and value != ORIGINALS and str(value) not in self.document.graph:
            # Remembered from another network, say by who holds a key.
            value = None
        object.__setattr__(self, name, value)
        if before is not self and not name.startswith("_") and before != value:
            self.changed.emit(name)

    @property
    def tensor(self) -> str | None:
        """Full name of the selected tensor; None where the layer has no tensors."""
        if self.layer not in self.document.graph:
            return None
        node = self.document.graph.node(self.layer)
        return f"{node.owner}.{self.key}" if self.key in node.op.tensor_shapes() else None

    @property
    def selection(self) -> Selection | None:
        """The kernels selected in that tensor, all of them unless told otherwise."""
        name = self.tensor
        return None if name is None else self.selection_of(name)

    def selection_of(self, tensor: str) -> Selection:
        """The kernels selected in a tensor; StudioError where there is no such tensor."""
        shape = self.document.tensor(tensor).shape
        found = self._selections.get(tensor)
        if found is None or found.mask.shape != kernel_grid(shape)[:2]:
            return Selection.everything(shape)
        return found

    def select(self, selection: Selection) -> None:
        """Select kernels of the selected tensor; emits "selection"."""
        if self.tensor is not None:
            self._selections[self.tensor] = selection
            self.changed.emit("selection")

    def choose(self, layer: str, key: str = "") -> None:
        """Select a layer and one of its tensors, its first where none is named or it has none of that name."""
        keys = tuple(self.document.graph.node(layer).op.tensor_shapes())
        wanted = key or self.key
        self.layer = layer
        self.key = wanted if wanted in keys else next(iter(keys), "weight")

    def show(self, kind: ViewKind, *, before: bool = False) -> None:
        """Look at the output, at both ends, or at the selected layer, after its bends or before, or its tensor."""
        names = {"layer": self.layer, "filters": self.tensor or ""}
        self.view = View(kind, names.get(kind, ""), before and kind == "layer")

    def step(self, by: int) -> None:
        """Select the layer so many places on, no further than the ends; what is looked at of a layer follows."""
        names = [node.name for node in self.document.graph.nodes]
        here = names.index(self.layer) if self.layer in names else 0
        self.choose(names[min(max(0, here + by), len(names) - 1)])
        if self.view.kind == "layer" or (self.view.kind == "filters" and self.tensor is not None):
            self.show(self.view.kind, before=self.view.before)

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged):
            if not change.same_layers:
                self._selections.clear()
                self.pointed, self.listening, self.found, self.makers = None, "", ("", ()), ()
                self.comparison = None
            self._settle()
            self._settle_size()
        elif isinstance(change, BypassChanged) and self.comparison is not None:
            self.comparison = None
        if self.masking and self.masking not in {stage.id for stage in self.document.stages}:
            self.masking = 0

    def _settle_size(self) -> None:
        """A network of fixed size, or that takes none so large, sets the size; with the next it is as before."""
        only, longest = self.document.graph.only_size, self.document.graph.longest
        if only is not None:
            self._free_size = self._free_size or self.size
            self.size = f"{only[1]}x{only[0]}"
        elif longest is not None:
            before = self._free_size or self.size
            if _fits(before, longest):
                self.size, self._free_size = before, ""
            else:
                # One that was chosen since stays.
                self.size, self._free_size = self.size if _fits(self.size, longest) else str(longest), before
        elif self._free_size:
            self.size, self._free_size = self._free_size, ""

    def _settle(self) -> None:
        """Keep to what the network has."""
        graph = self.document.graph
        if self.layer not in graph:
            # Where something is bent, that is what there is to see: weights before what layers hand on.
            whole = [node.name for node in graph.nodes if node.op.tensor_shapes()] or [graph.nodes[0].name]
            live = [edit.tensor.rpartition(".")[0] for edit in self.document.edits]
            touched = (name for name in (*live, *(stage.layer for stage in self.document.stages)) if name in graph)
            self.choose([*filter(self.document.is_bent, whole), *touched, *whole][0], "weight")
        else:
            self.choose(self.layer)
        view, tensors = self.view, graph.tensor_shapes
        there = view.name in tensors if view.kind == "filters" else view.kind != "layer" or view.name in graph
        if not there:
            self.view = View()


def _fits(size: str, longest: int) -> bool:
    """Whether a size, as the command line gives it, has no longer side than this."""
    sides = [int(side) for side in size.split("x") if side.isdecimal()]
    return bool(sides) and max(sides) <= longest
