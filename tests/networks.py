"""Whole networks with random weights, each beside an independent torch.nn.Module of the same weights."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.model.networks.shape import Array
from studio.ops import operator

_ENCODER = (64, 128, 256, 512, 512, 512, 512, 512)


def _node(name: str, op: str, *reads: str, **params: object) -> Node:
    return Node(name, operator(op).model_validate(params), reads)


def _weights(graph: Graph, seed: int) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    found: dict[str, Array] = {}
    for name, shape in graph.tensor_shapes.items():
        if name.endswith("running_var"):
            found[name] = rng.uniform(0.5, 1.5, shape).astype(np.float32)
        elif "norm.weight" in name:
            found[name] = rng.uniform(0.7, 1.3, shape).astype(np.float32)
        else:
            found[name] = rng.standard_normal(shape, np.float32) * np.float32(0.02 if len(shape) == 4 else 0.1)
    return found


def _loaded(module: nn.Module, tensors: Mapping[str, Array]) -> nn.Module:
    missing, unexpected = module.load_state_dict(
        OrderedDict((name, torch.from_numpy(value)) for name, value in tensors.items()), strict=False
    )
    assert not unexpected
    assert all(name.endswith("num_batches_tracked") for name in missing)
    return module.eval()


class _UNet(nn.Module):
    """The pix2pix generator of Isola et al. 2017 for 256×256, its batch norms evaluated."""

    def __init__(self) -> None:
        super().__init__()
        previous = 3
        for k, channels in enumerate(_ENCODER, start=1):
            self.add_module(f"down{k}", nn.Conv2d(previous, channels, 4, 2, 1, bias=False))
            if 1 < k < 8:
                self.add_module(f"down{k}_norm", nn.BatchNorm2d(channels))
            previous = channels
        for k in range(8, 1, -1):
            reads = _ENCODER[k - 1] * (1 if k == 8 else 2)
            self.add_module(f"up{k}", nn.ConvTranspose2d(reads, _ENCODER[k - 2], 4, 2, 1, bias=False))
            self.add_module(f"up{k}_norm", nn.BatchNorm2d(_ENCODER[k - 2]))
        self.up1 = nn.ConvTranspose2d(2 * _ENCODER[0], 3, 4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for k in range(1, 9):
            x = self.get_submodule(f"down{k}")(x if k == 1 else F.leaky_relu(x, 0.2))
            if 1 < k < 8:
                x = self.get_submodule(f"down{k}_norm")(x)
            skips.append(x)
        for k in range(8, 1, -1):
            x = self.get_submodule(f"up{k}_norm")(self.get_submodule(f"up{k}")(x.relu()))
            x = torch.cat([skips[k - 2], x], 1)
        return self.up1(x.relu()).tanh()


def pix2pix(seed: int = 0) -> tuple[Network, nn.Module]:
    """A pix2pix-256 generator: U-Net, 8 down and 8 up, 54.4 M parameters; input "input" of (3, 256, 256)."""
    nodes: list[Node] = []

    def add(name: str, op: str, *reads: str, **params: object) -> str:
        nodes.append(_node(name, op, *reads, **params))
        return name

    def conv(kind: str, name: str, reads: str, i: int, o: int, bias: bool = False) -> str:
        sizes = {"in_channels": i, "out_channels": o, "kernel_size": 4, "stride": 2, "padding": 1}
        return add(name, kind, reads, **sizes, bias=bias)

    last, previous, skips = "input", 3, []
    for k, channels in enumerate(_ENCODER, start=1):
        reads = last if k == 1 else add(f"down{k}_act", "LeakyReLU", last, negative_slope=0.2)
        last = conv("Conv2d", f"down{k}", reads, previous, channels)
        if 1 < k < 8:
            last = add(f"down{k}_norm", "BatchNorm2d", last, num_features=channels)
        skips.append(last)
        previous = channels
    for k in range(8, 1, -1):
        act = add(f"up{k}_act", "ReLU", last)
        channels = _ENCODER[k - 2]
        up = conv("ConvTranspose2d", f"up{k}", act, _ENCODER[k - 1] * (1 if k == 8 else 2), channels)
        norm = add(f"up{k}_norm", "BatchNorm2d", up, num_features=channels)
        last = add(f"up{k}_join", "Concat", skips[k - 2], norm)
    act = add("up1_act", "ReLU", last)
    conv("ConvTranspose2d", "up1", act, 2 * _ENCODER[0], 3, bias=True)
    add("out", "Tanh", "up1")
    graph = Graph((Input("input", 3, (-1.0, 1.0)),), tuple(nodes), "out", (-1.0, 1.0))
    tensors = _weights(graph, seed)
    return Network("pix2pix", graph, tensors), _loaded(_UNet(), tensors)


class _Fractional(nn.Module):
    """Nearest ×2, a border of one before and two after, and a stride-1 4×4 convolution."""

    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(o, i, 4, 4)), nn.Parameter(torch.empty(o))

    def forward(self, x: Tensor) -> Tensor:
        up = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        return F.conv2d(F.pad(up, (1, 2, 1, 2)), self.weight, self.bias)


def autoencoder(kind: str, seed: int = 0) -> tuple[Network, nn.Module]:
    """3 → 64 → 256 → 64 → 3 channels, all 4×4; down by stride 2, up "transposed" or "fractional"."""
    half = {"kernel_size": 4, "stride": 2, "padding": 1}

    def up(name: str, reads: str, i: int, o: int) -> Node:
        if kind == "transposed":
            return _node(name, "ConvTranspose2d", reads, in_channels=i, out_channels=o, **half)
        return _node(name, "FractionalConv2d", reads, in_channels=i, out_channels=o, kernel_size=4)

    nodes = (
        _node("enc1", "Conv2d", "input", in_channels=3, out_channels=64, **half),
        _node("enc1_act", "ReLU", "enc1"),
        _node("enc2", "Conv2d", "enc1_act", in_channels=64, out_channels=256, **half),
        _node("enc2_act", "ReLU", "enc2"),
        up("dec1", "enc2_act", 256, 64),
        _node("dec1_act", "ReLU", "dec1"),
        up("dec2", "dec1_act", 64, 3),
        _node("out", "Sigmoid", "dec2"),
    )
    graph = Graph((Input("input"),), nodes, "out")
    tensors = _weights(graph, seed)
    back = (lambda i, o: nn.ConvTranspose2d(i, o, 4, 2, 1)) if kind == "transposed" else _Fractional
    layers = {"enc1": nn.Conv2d(3, 64, 4, 2, 1), "enc1_act": nn.ReLU(), "enc2": nn.Conv2d(64, 256, 4, 2, 1)}
    layers |= {"enc2_act": nn.ReLU(), "dec1": back(256, 64), "dec1_act": nn.ReLU(), "dec2": back(64, 3)}
    return Network(kind, graph, tensors), _loaded(nn.Sequential(OrderedDict(layers | {"out": nn.Sigmoid()})), tensors)
