"""New networks to teach, by kind, width and seed: from an autoencoder to a cellular automaton."""

from __future__ import annotations

from abc import abstractmethod
from types import MappingProxyType
from typing import ClassVar, Literal

import numpy as np
from pydantic import ValidationError

from studio.errors import StudioError
from studio.model.declared.explain import explain
from studio.model.declared.param import Declared, param, seed
from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Beginning, Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.shape import Array
from studio.ops import operator


def initial_tensors(graph: Graph, number: int) -> dict[str, Array]:
    """Tensors to begin with, by a seed: as PyTorch begins, weights and biases even between ± 1 / sqrt(fan-in).

    Norms begin at 1 and 0, slopes of a PReLU at a quarter.
    """
    rng = np.random.default_rng(number)
    found: dict[str, Array] = {}
    for node in graph.nodes:
        if node.tensors_of is not None:
            continue
        shapes = node.op.tensor_shapes()
        fan = int(np.prod(shapes["weight"][1:])) if len(shapes.get("weight", ())) > 1 else 0
        for key, shape in shapes.items():
            if fan:
                values = rng.uniform(-1, 1, shape) / np.sqrt(fan)
            elif key in ("weight", "running_var"):
                values = np.full(shape, 0.25 if type(node.op).__name__ == "PReLU" else 1.0)
            else:
                values = np.zeros(shape)
            found[f"{node.name}.{key}"] = values.astype(np.float32)
    return found


class Layers:
    """Layers one behind the other, and back to any of them.

    Args:
        reads: what the first reads.
        channels: how many that has.
    """

    def __init__(self, reads: str, channels: int) -> None:
        self.nodes: list[Node] = []
        self.last = reads
        self.channels = channels

    def add(self, name: str, kind: str, *reads: str, **params: object) -> str:
        """Add a layer behind the last one, or behind those named."""
        op = operator(kind).model_validate(params)
        self.nodes.append(Node(name, op, reads or (self.last,)))
        self.last = name
        return name

    def conv(self, name: str, channels: int, kernel: int, *, stride: int = 1, kind: str = "Conv2d") -> str:
        """Add a convolution that keeps, halves or doubles the size."""
        sizes: dict[str, object] = {"in_channels": self.channels, "out_channels": channels, "kernel_size": kernel}
        if kind == "FractionalConv2d":
            sizes |= {"scale_factor": stride}
        else:
            sizes |= {"stride": stride, "padding": (kernel - stride + 1) // 2 if stride > 1 else kernel // 2}
        self.channels = channels
        return self.add(name, kind, **sizes)


_UP = MappingProxyType({"transposed": "ConvTranspose2d", "fractional": "FractionalConv2d"})
Upsampling = Literal["transposed", "fractional"]


class NewNetwork(Declared):
    """A kind of network that can be made anew."""

    name: ClassVar[str]
    about: ClassVar[str]

    seed: int = seed("What its weights begin with")

    @abstractmethod
    def graph(self) -> Graph:
        """Its layers."""

    def make(self) -> Network:
        """The network, with weights by its seed."""
        graph = self.graph()
        return Network(f"new {self.name}", graph, initial_tensors(graph, self.seed), self.about)


class Autoencoder(NewNetwork):
    """Down twice by stride 2 and up twice, 4 × 4 kernels throughout: the WebGL CNN's own shape."""

    name = "autoencoder"
    about = "An all-convolutional autoencoder"

    width: int = param(64, lo=1, hi=1024, doc="Channels of the outer layers; the inner one has four times as many")
    upsampling: Upsampling = param("transposed", doc="How the decoder doubles the picture")

    def graph(self) -> Graph:
        """See `NewNetwork.graph`."""
        at = Layers("input", 3)
        for name, channels in (("enc1", self.width), ("enc2", 4 * self.width)):
            at.conv(name, channels, 4, stride=2)
            at.add(f"{name}_act", "ReLU")
        at.conv("dec1", self.width, 4, stride=2, kind=_UP[self.upsampling])
        at.add("dec1_act", "ReLU")
        at.conv("dec2", 3, 4, stride=2, kind=_UP[self.upsampling])
        at.add("out", "Sigmoid")
        return Graph((Input("input"),), tuple(at.nodes), "out")


class UNet(NewNetwork):
    """Down by stride 2, up again, and every size joined with its own on the way up: pictures to pictures.

    Source: P. Isola et al., "Image-to-image translation with conditional adversarial networks", 2017.
    """

    name = "unet"
    about = "A U-Net from picture to picture"

    width: int = param(32, lo=1, hi=512, doc="Channels of the outermost layer; they double inwards, up to eight times")
    depth: int = param(5, lo=1, hi=8, doc="How often it halves the picture")
    upsampling: Upsampling = param("transposed", doc="How it doubles the picture")

    def graph(self) -> Graph:
        """See `NewNetwork.graph`."""
        at = Layers("input", 3)
        widths = [self.width * 2 ** min(k, 3) for k in range(self.depth)]
        skips: list[tuple[str, int]] = []
        for k, channels in enumerate(widths, start=1):
            if k > 1:
                at.add(f"down{k}_act", "LeakyReLU", negative_slope=0.2)
            at.conv(f"down{k}", channels, 4, stride=2)
            if 1 < k < self.depth:
                at.add(f"down{k}_norm", "BatchNorm2d", num_features=channels)
            skips.append((at.last, channels))
        for k in range(self.depth, 1, -1):
            at.add(f"up{k}_act", "ReLU")
            at.conv(f"up{k}", widths[k - 2], 4, stride=2, kind=_UP[self.upsampling])
            norm = at.add(f"up{k}_norm", "BatchNorm2d", num_features=widths[k - 2])
            beside, channels = skips[k - 2]
            at.add(f"up{k}_join", "Concat", beside, norm)
            at.channels += channels
        at.add("up1_act", "ReLU")
        at.conv("up1", 3, 4, stride=2, kind=_UP[self.upsampling])
        at.add("out", "Tanh")
        return Graph((Input("input", 3, (-1.0, 1.0)),), tuple(at.nodes), "out", (-1.0, 1.0))


class Painter(NewNetwork):
    """Down twice, residual blocks, up twice, with instance norms: what styles are learnt by.

    Source: J. Johnson, A. Alahi and L. Fei-Fei, "Perceptual losses for real-time style transfer", 2016.
    """

    name = "painter"
    about = "A residual painter"

    width: int = param(16, lo=1, hi=256, doc="Channels of the outer layers; the inner ones have four times as many")
    blocks: int = param(3, lo=0, hi=32, doc="Residual blocks")

    def graph(self) -> Graph:
        """See `NewNetwork.graph`."""
        at = Layers("input", 3)
        self._layer(at, "down1", self.width, 9)
        self._layer(at, "down2", 2 * self.width, 4, stride=2)
        self._layer(at, "down3", 4 * self.width, 4, stride=2)
        for k in range(1, self.blocks + 1):
            before = at.last
            self._layer(at, f"res{k}.conv1", 4 * self.width, 3)
            at.conv(f"res{k}.conv2", 4 * self.width, 3)
            norm = at.add(f"res{k}.conv2_norm", "InstanceNorm2d", num_features=4 * self.width, affine=True)
            at.add(f"res{k}", "Add", before, norm)
        self._layer(at, "up1", 2 * self.width, 4, stride=2, kind="FractionalConv2d")
        self._layer(at, "up2", self.width, 4, stride=2, kind="FractionalConv2d")
        at.conv("final", 3, 9)
        at.add("out", "Sigmoid")
        return Graph((Input("input"),), tuple(at.nodes), "out")

    @staticmethod
    def _layer(at: Layers, name: str, channels: int, kernel: int, stride: int = 1, kind: str = "Conv2d") -> None:
        at.conv(name, channels, kernel, stride=stride, kind=kind)
        at.add(f"{name}_norm", "InstanceNorm2d", num_features=channels, affine=True)
        at.add(f"{name}_act", "ReLU")


class Upscaler(NewNetwork):
    """Convolutions at the size of the picture, whose channels become pixels at the end.

    Source: W. Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel
    convolutional neural network", 2016.
    """

    name = "upscaler"
    about = "A super-resolver"

    width: int = param(32, lo=1, hi=512, doc="Channels of its layers")
    factor: int = param(2, lo=2, hi=4, doc="How many times larger it makes pictures")
    depth: int = param(4, lo=1, hi=32, doc="Convolutions before the last")

    def graph(self) -> Graph:
        """See `NewNetwork.graph`."""
        at = Layers("input", 3)
        for k in range(1, self.depth + 1):
            at.conv(f"conv{k}", self.width, 5 if k == 1 else 3)
            at.add(f"act{k}", "PReLU", num_parameters=self.width)
        at.conv("last", 3 * self.factor**2, 3)
        shuffled = at.add("shuffle", "PixelShuffle", upscale_factor=self.factor)
        enlarged = at.add("enlarged", "Upsample", "input", scale_factor=self.factor, mode="bilinear")
        at.add("out", "Add", shuffled, enlarged)
        return Graph((Input("input"),), tuple(at.nodes), "out")


class Generator(NewNetwork):
    """Pictures out of a few numbers, from 4 × 4 pixels up; it learns with a critic (the adversarial loss).

    Source: A. Radford, L. Metz and S. Chintala, "Unsupervised representation learning with deep convolutional
    generative adversarial networks", 2015.
    """

    name = "generator"
    about = "A generator"

    width: int = param(16, lo=1, hi=256, doc="Channels of its last layer; those before have twice as many, each")
    doublings: int = param(4, lo=1, hi=7, doc="How often it doubles 4 × 4 pixels")
    numbers: int = param(32, lo=1, hi=1024, doc="How many numbers a picture is made of")

    def graph(self) -> Graph:
        """See `NewNetwork.graph`."""
        at = Layers("latent", self.numbers)
        widths = [self.width * 2 ** min(k, 4) for k in reversed(range(self.doublings))]
        at.add("up0", "ConvTranspose2d", in_channels=self.numbers, out_channels=2 * widths[0], kernel_size=4)
        at.channels = 2 * widths[0]
        for k, channels in enumerate(widths, start=1):
            at.add(f"up{k - 1}_norm", "BatchNorm2d", num_features=at.channels)
            at.add(f"up{k - 1}_act", "ReLU")
            at.conv(f"up{k}", channels if k < self.doublings else 3, 4, stride=2, kind="ConvTranspose2d")
        at.add("out", "Tanh")
        latent = Input("latent", self.numbers, (-2.0, 2.0), kind="vector")
        return Graph((latent,), tuple(at.nodes), "out", (-1.0, 1.0))


class Automaton(NewNetwork):
    """Cells that see their neighbours and change, step by step, half of them at a time, until a picture has grown.

    Each begins to see as Sobel's filters do, and changes nothing. It lives by the number behind its colour.

    Source: A. Mordvintsev, E. Randazzo, E. Niklasson and M. Levin, "Growing Neural Cellular Automata", Distill, 2020.
    """

    name = "automaton"
    about = "A cellular automaton"

    channels: int = param(16, lo=4, hi=64, doc="Numbers of a cell: its colour, whether it lives, and what it remembers")
    width: int = param(64, lo=1, hi=512, doc="Channels of its hidden layer")
    mortal: bool = param(True, doc="Whether cells that no living one is near are empty; without, it grows textures")

    def graph(self) -> Graph:
        """See `NewNetwork.graph`."""
        count, cells = self.channels, "cells"
        at = Layers(cells, count)
        if not self.mortal:
            # A texture goes on round the edges.
            at.add("round", "Pad", padding=(1, 1, 1, 1), mode="circular")
        sees = {"in_channels": count, "out_channels": 3 * count, "kernel_size": 3, "padding": int(self.mortal)}
        at.add("sees", "Conv2d", **sees, groups=count, bias=False)
        at.channels = 3 * count
        at.conv("thinks", self.width, 1)
        at.add("thinks_act", "ReLU")
        at.add("changes", "Conv2d", in_channels=self.width, out_channels=count, kernel_size=1, bias=False)
        at.add("chance", "RandomMap", cells)
        acts = at.add("acts", "Compare", value=0.5)
        change = at.add("change", "Mul", "changes", acts)
        at.add("next", "Add", cells, change)
        if self.mortal:
            lived, lives = (self._lives(at, *names) for names in (("lived", cells), ("lives", "next")))
            at.add("alive", "Mul", lived, lives)
            at.add("living", "Mul", "next", "alive")
        last = at.last
        colour = at.add("out" if not self.mortal else "colour", "SliceChannels", last, start=0, end=3)
        if self.mortal:
            # On white, as in the source: what a cell lives by follows from the loss only where it is seen.
            lives_by = at.add("solid", "SliceChannels", last, start=3, end=4)
            empty = at.add("white", "Affine", lives_by, scale=-1.0, shift=1.0)
            at.add("out", "Add", colour, empty)
        begins: Beginning = "seed" if self.mortal else "zeros"
        return Graph((Input(cells, count, kind="state", comes_from=last, begins=begins),), tuple(at.nodes), "out")

    @staticmethod
    def _lives(at: Layers, name: str, cells: str) -> str:
        """Where there is a living cell near."""
        at.add(f"{name}_by", "SliceChannels", cells, start=3, end=4)
        at.add(f"{name}_near", "MaxPool2d", kernel_size=3, stride=1, padding=1)
        return at.add(name, "Compare", value=0.1)

    def make(self) -> Network:
        """See `NewNetwork.make`."""
        made = super().make()
        across = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32) / 8
        itself = np.zeros((3, 3), np.float32)
        itself[1, 1] = 1.0
        sees = np.tile(np.stack([itself, across, across.T])[:, None], (self.channels, 1, 1, 1))
        # No change at first, as in the source: nothing grows wild before it has learnt to.
        changes = np.zeros_like(made.tensors["changes.weight"])
        return made.with_tensors({"sees.weight": np.ascontiguousarray(sees), "changes.weight": changes})


NEW = MappingProxyType({kind.name: kind for kind in (Autoencoder, UNet, Painter, Upscaler, Generator, Automaton)})


def parse_new(text: str) -> NewNetwork:
    """``autoencoder,seed=1,width=32`` as a network to make.

    Raises:
        StudioError: for an unknown kind or parameter, or a value out of range.
    """
    name, *words = [word.strip() for word in text.split(",")]
    if name not in NEW:
        raise StudioError(f'There is no new network "{name}"; there are {", ".join(NEW)}.')
    params: dict[str, str] = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign or key in params:
            raise StudioError(f'"{word}" says nothing of a new {name}; write {name},seed=1 and the like.')
        params[key] = value
    try:
        return NEW[name].model_validate(params)
    except ValidationError as error:
        raise StudioError(f"A new {name}: {explain(error)}.") from None
