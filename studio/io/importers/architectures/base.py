"""What an architecture declares, and the sketch by which it says its layers: sizes are read off the tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Draft, Weight
from studio.io.importers.base import Range
from studio.model.declared.size import Size
from studio.model.networks.graph import Colour
from studio.model.networks.inputs import ChannelOrder
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from studio.io.importers.architectures._told import Told

Tensors = Mapping[str, Weight]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Architecture:
    """One family of networks; a module of this folder declares it as ``ARCHITECTURE``.

    Attributes:
        name: what ``--arch`` calls it.
        title: for people.
        matches: whether a state dict with these tensors may be one; `build` has the last word.
        build: says the layers; returns the output. None where ``forward`` says them.
        forward: what it returns, in PyTorch's functions on its tensors; the trace of that says the layers.
        reads: of such a one the weights, by name, whose second axis may be the picture's channels; the first there is.
        size: of the input to trace for, where none is asked for.
        sized: the same, read off the tensors; None where they do not say it.
        input_range: the values that the family feeds for black and white.
        output_range: the values that it shows as black and white.
        colour: "input" where a version of one channel works on luma, and the picture keeps its colour.
        partial: whether tensors may be left over: parts of the model that make no picture.
        mean: per channel, what the family takes off a picture in its range.
        std: per channel, what it then divides by.
        order: of the channels that it is fed.
        state: what its input begins as where its output is its input in the next step; empty where it is a picture.
    """

    name: str
    title: str
    matches: Callable[[Tensors], bool]
    build: Callable[[Sketch], str] | None = None
    size: Size = Size(256, 256)
    input_range: Range = (0.0, 1.0)
    output_range: Range = (0.0, 1.0)
    partial: bool = False
    colour: Colour = "own"
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    order: ChannelOrder = "rgb"
    state: str = ""
    forward: Callable[[Told, Any], Any] | None = None
    reads: tuple[str, ...] = ()
    sized: Callable[[Tensors], Size] | None = None


@dataclass
class Sketch:
    """Adds layers by the names of their tensors.

    Attributes:
        tensors: of the file.
        draft: what has been said so far.
        size: of the input.
        used: names of the tensors that have found their layer.
        statistics: what batch norms go by: those that were learnt, or the picture's own.
        drops: whether values are left out by chance where its authors do so.
        asked: which output is asked for of several; empty for the first.
    """

    tensors: Tensors
    size: Size
    value_range: Range
    draft: Draft = field(default_factory=Draft)
    used: set[str] = field(default_factory=set)
    statistics: Literal["learnt", "picture"] = "learnt"
    drops: bool = False
    asked: str = ""

    def has(self, name: str) -> bool:
        """Whether the file has such a tensor."""
        return name in self.tensors

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a tensor."""
        return self.take(name).values.shape

    def take(self, name: str) -> Weight:
        """A tensor; StudioError where there is none."""
        if name not in self.tensors:
            raise StudioError(f'it has no tensor "{name}"')
        self.used.add(name)
        return self.tensors[name]

    def input(self, channels: int, size: Size | None = None) -> str:
        """Add the input."""
        return self.draft.add_input("input", Shape(channels, *(size or self.size)), self.value_range)

    def op(self, op: str, *reads: str, name: str = "", **params: Any) -> str:
        """A layer without tensors."""
        return self.draft.add(op, *reads, name=name or f"{reads[-1]}_{op.lower()}", **params)

    def relu(self, x: str) -> str:
        """ReLU."""
        return self.op("ReLU", x)

    def pad(self, x: str, border: int, mode: str = "reflect") -> str:
        """The same border on all sides."""
        return self.op("Pad", x, padding=(border,) * 4, mode=mode)

    def conv(self, name: str, x: str, *, stride: int = 1, padding: int | None = None, **params: object) -> str:
        """Conv2d; half the kernel as padding where none is given."""
        out, per_group, kh, kw = self._kernel(name)
        groups = self.draft.shapes[x].channels // per_group or 1
        border = (kh // 2, kw // 2) if padding is None else (padding, padding)
        sizes = {"in_channels": per_group * groups, "out_channels": out, "kernel_size": (kh, kw), "groups": groups}
        return self._layer("Conv2d", name, x, sizes | {"stride": (stride, stride), "padding": border} | params)

    def mirrored(self, name: str, x: str, border: int, *, stride: int = 1) -> str:
        """Conv2d that sees a picture mirrored at its border, so far, in the place of zeros."""
        return self.conv(name, self.pad(x, border), stride=stride, padding=0)

    def conv_transpose(self, name: str, x: str, *, stride: int = 2, padding: int = 1, output_padding: int = 0) -> str:
        """ConvTranspose2d."""
        channels, out, kh, kw = self._kernel(name)
        sizes = {"in_channels": channels, "out_channels": out, "kernel_size": (kh, kw), "stride": (stride, stride)}
        borders = {"padding": (padding, padding), "output_padding": (output_padding, output_padding)}
        return self._layer("ConvTranspose2d", name, x, sizes | borders)

    def linear(self, name: str, x: str) -> str:
        """Linear, on a vector."""
        shape = self.shape(f"{name}.weight")
        if len(shape) != 2:
            raise StudioError(f'its tensor "{name}.weight" has shape {shape}, not (out, in)')
        return self._layer("Linear", name, x, {"in_features": shape[1], "out_features": shape[0]})

    def norm(self, name: str, x: str, *, eps: float = 1e-5, momentum: float = 0.1) -> str:
        """BatchNorm2d where the file has its statistics, else InstanceNorm2d, affine where it has weights.

        A batch of one picture that goes by its own statistics is what InstanceNorm2d makes of it.
        """
        channels = self.draft.shapes[x].channels
        if self.statistics == "learnt" and self.has(f"{name}.running_mean") and self.has(f"{name}.weight"):
            keys = ("weight", "bias", "running_mean", "running_var")
            tensors = {key: self.take(f"{name}.{key}") for key in keys}
            params = {"num_features": channels, "eps": eps, "momentum": momentum}
            return self.draft.add("BatchNorm2d", x, name=name, tensors=tensors, **params)
        return self.instance_norm(name, x, eps=eps)

    def instance_norm(self, name: str, x: str, *, eps: float = 1e-5) -> str:
        """InstanceNorm2d, affine where the file has weights; statistics that old files carry along are not used."""
        channels = self.draft.shapes[x].channels
        affine = self.has(f"{name}.weight")
        tensors = {key: self.take(f"{name}.{key}") for key in ("weight", "bias")} if affine else {}
        self.used |= {f"{name}.running_mean", f"{name}.running_var"} & self.tensors.keys()
        params = {"num_features": channels, "eps": eps, "affine": affine}
        return self.draft.add("InstanceNorm2d", x, name=name, tensors=tensors, **params)

    def dropout(self, name: str, x: str) -> str:
        """Half of the values left out, the same in each frame, and the others doubled; where that is asked for."""
        if not self.drops:
            return x
        count = sum(type(node.op).__name__ == "RandomMap" for node in self.draft.nodes)
        channels = self.draft.shapes[x].channels
        drawn = self.op("RandomMap", x, name=f"{name}.drawn", channels=channels, seed=count, hold=0)
        kept = self.op("Compare", drawn, name=f"{name}.kept", how="lt", value=0.5)
        return self.op("Affine", self.op("Mul", x, kept, name=f"{name}.left"), name=name, scale=2.0)

    def prelu(self, name: str, x: str) -> str:
        """PReLU."""
        weight = self.take(f"{name}.weight")
        flat = Weight(np.ravel(weight.values), weight.origin)
        return self.draft.add("PReLU", x, name=name, tensors={"weight": flat}, num_parameters=flat.values.size)

    def channels(self, name: str) -> int:
        """Channels that a Conv2d reads."""
        return self._kernel(name)[1]

    def _kernel(self, name: str) -> tuple[int, ...]:
        shape = self.shape(f"{name}.weight")
        if len(shape) != 4:
            raise StudioError(f'its tensor "{name}.weight" has shape {shape}, not that of a convolution')
        return shape

    def _layer(self, op: str, name: str, x: str, params: dict[str, object]) -> str:
        tensors = {"weight": self.take(f"{name}.weight")}
        if bias := self.has(f"{name}.bias"):
            tensors["bias"] = self.take(f"{name}.bias")
        return self.draft.add(op, x, name=name, tensors=tensors, **params, bias=bias)
