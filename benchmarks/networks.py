"""The networks that are timed: as plain PyTorch modules, and the same weights as networks of the studio."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from studio.model.networks.graph import Graph
from studio.model.networks.inputs import Input
from studio.model.networks.network import Network
from studio.model.networks.node import Node
from studio.ops import operator


def autoencoder_transposed() -> tuple[nn.Module, Network]:
    """The seed's autoencoder, 3 > 64 > 256 > 64 > 3, with transposed convolutions."""
    up = [nn.ConvTranspose2d(256, 64, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(64, 3, 4, 2, 1), nn.Sigmoid()]
    module = nn.Sequential(nn.Conv2d(3, 64, 4, 2, 1), nn.ReLU(), nn.Conv2d(64, 256, 4, 2, 1), nn.ReLU(), *up)
    sizes = {"kernel_size": 4, "stride": 2, "padding": 1}
    return module.eval(), _chain(
        module, lambda i, o: ("ConvTranspose2d", {"in_channels": i, "out_channels": o, **sizes})
    )


def autoencoder_fractional() -> tuple[nn.Module, Network]:
    """The same with nearest upsampling and convolutions, as one writes it in PyTorch."""

    def up(i: int, o: int) -> nn.Module:
        return nn.Sequential(nn.Upsample(scale_factor=2), nn.ZeroPad2d((1, 2, 1, 2)), nn.Conv2d(i, o, 4))

    module = nn.Sequential(
        *(nn.Conv2d(3, 64, 4, 2, 1), nn.ReLU(), nn.Conv2d(64, 256, 4, 2, 1), nn.ReLU()),
        *(up(256, 64), nn.ReLU(), up(64, 3), nn.Sigmoid()),
    )
    return module.eval(), _chain(
        module, lambda i, o: ("FractionalConv2d", {"in_channels": i, "out_channels": o, "kernel_size": 4})
    )


def _chain(module: nn.Sequential, up: Callable[[int, int], tuple[str, dict[str, object]]]) -> Network:
    down = {"kernel_size": 4, "stride": 2, "padding": 1}
    kinds: list[tuple[str, str, dict[str, object]]] = [
        ("enc1", "Conv2d", {"in_channels": 3, "out_channels": 64, **down}),
        ("enc1_act", "ReLU", {}),
        ("enc2", "Conv2d", {"in_channels": 64, "out_channels": 256, **down}),
        ("enc2_act", "ReLU", {}),
        ("dec1", *up(256, 64)),
        ("dec1_act", "ReLU", {}),
        ("dec2", *up(64, 3)),
        ("dec2_act", "Sigmoid", {}),
    ]
    nodes, reads, tensors = [], "input", {}
    for (name, kind, params), layer in zip(kinds, module, strict=True):
        nodes.append(Node(name, operator(kind)(**params), (reads,)))
        reads = name
        for key, value in layer.state_dict().items():
            tensors[f"{name}.{key.rpartition('.')[2]}"] = value.numpy()
    return Network("autoencoder", Graph((Input("input"),), tuple(nodes), reads), tensors)


class Pix2Pix(nn.Module):
    """The U-Net generator of pix2pix-256 (Isola et al. 2017): 8 down, 8 up with skips, 54.4 M parameters."""

    DOWN = (64, 128, 256, 512, 512, 512, 512, 512)
    UP = (512, 512, 512, 512, 256, 128, 64, 3)

    def __init__(self) -> None:
        super().__init__()
        channels = (3, *self.DOWN)
        self.down = nn.ModuleList(nn.Conv2d(channels[i], channels[i + 1], 4, 2, 1) for i in range(8))
        self.down_norm = nn.ModuleList(nn.BatchNorm2d(self.DOWN[i]) for i in range(1, 7))
        reads = [512, *(self.UP[i] + self.DOWN[6 - i] for i in range(7))]
        self.up = nn.ModuleList(nn.ConvTranspose2d(reads[i], self.UP[i], 4, 2, 1) for i in range(8))
        self.up_norm = nn.ModuleList(nn.BatchNorm2d(self.UP[i]) for i in range(7))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, 256, 256) in -1..1 to the same."""
        skips = []
        for i, layer in enumerate(self.down):
            x = layer(nn.functional.leaky_relu(x, 0.2) if i else x)
            x = self.down_norm[i - 1](x) if 0 < i < 7 else x
            skips.append(x)
        for i, layer in enumerate(self.up):
            x = layer(x.relu())
            if i < 7:
                x = torch.cat([self.up_norm[i](x), skips[6 - i]], 1)
        return x.tanh()


def pix2pix(seed: int = 0) -> tuple[nn.Module, Network]:
    """pix2pix-256 with random weights, small enough that values neither die nor explode over sixteen layers."""
    torch.manual_seed(seed)
    module = Pix2Pix().eval()
    with torch.no_grad():
        for norm in (*module.down_norm, *module.up_norm):
            norm.running_mean.normal_(0, 0.1)
            norm.running_var.uniform_(0.5, 1.5)
    nodes: list[Node] = []
    tensors: dict[str, np.ndarray] = {}

    def add(name: str, kind: str, *inputs: str, like: nn.Module | None = None, **params: object) -> str:
        nodes.append(Node(name, operator(kind)(**params), inputs))
        for key, value in (like.state_dict() if like else {}).items():
            if key != "num_batches_tracked":
                tensors[f"{name}.{key}"] = value.numpy()
        return name

    def conv(name: str, kind: str, reads: str, layer: nn.Module) -> str:
        sizes = {"in_channels": layer.in_channels, "out_channels": layer.out_channels}
        return add(name, kind, reads, like=layer, **sizes, kernel_size=4, stride=2, padding=1)

    x, skips = "input", []
    for i, layer in enumerate(module.down):
        x = add(f"down{i}_act", "LeakyReLU", x, negative_slope=0.2) if i else x
        x = conv(f"down{i}", "Conv2d", x, layer)
        if 0 < i < 7:
            norm = module.down_norm[i - 1]
            x = add(f"down{i}_norm", "BatchNorm2d", x, like=norm, num_features=norm.num_features)
        skips.append(x)
    for i, layer in enumerate(module.up):
        x = conv(f"up{i}", "ConvTranspose2d", add(f"up{i}_act", "ReLU", x), layer)
        if i < 7:
            norm = module.up_norm[i]
            x = add(f"up{i}_norm", "BatchNorm2d", x, like=norm, num_features=norm.num_features)
            x = add(f"up{i}_skip", "Concat", x, skips[6 - i])
    x = add("out", "Tanh", x)
    return module, Network("pix2pix", Graph((Input("input", 3, (-1, 1)),), tuple(nodes), x, (-1, 1)), tensors)


NETWORKS: dict[str, Callable[[], tuple[nn.Module, Network]]] = {
    "autoencoder, transposed": autoencoder_transposed,
    "autoencoder, fractional": autoencoder_fractional,
    "pix2pix-256": pix2pix,
}
