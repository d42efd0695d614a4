"""Gated convolutions, as networks that fill holes use them: right at every size, and as near as PyTorch itself is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import EngineFor, relative_error
from once import Once
from torch.nn import functional as F

import studio
from studio.io.importers import Options, open_model
from studio.io.networks import load_network
from studio.model.declared.size import Size
from studio.model.networks.network import Network

EXAMPLE = Size(32, 48)
SIZES = (Size(32, 48), Size(64, 112), Size(72, 56))


class Gated(torch.nn.Module):
    """Features times a gate of their own, under the older spectral norm."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.pad = torch.nn.ZeroPad2d(dilation * (kernel - 1) // 2)
        normed = torch.nn.utils.spectral_norm
        self.conv2d = normed(torch.nn.Conv2d(inputs, outputs, kernel, stride, 0, dilation))
        self.mask = normed(torch.nn.Conv2d(inputs, outputs, kernel, stride, 0, dilation))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pad(x)
        return F.leaky_relu(self.conv2d(x), 0.2) * torch.sigmoid(self.mask(x))


class Filling(torch.nn.Module):
    """Fills what a mask marks, at half the size, with dilated convolutions; DeepFill v2 in small."""

    def __init__(self) -> None:
        super().__init__()
        self.down = torch.nn.Sequential(Gated(4, 8, 5), Gated(8, 16, 4, 2), Gated(16, 16, 3, 1, 2))
        self.up, self.out = Gated(16, 8, 3), torch.nn.Conv2d(8, 3, 3, padding=1)

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        made = self.down(torch.cat([image * (1 - mask) + mask, mask], 1))
        made = self.up(F.interpolate(made, scale_factor=2, mode="nearest"))
        return F.interpolate(torch.tanh(8 * self.out(made)), image.shape[2:])


def _module(trained: bool) -> Filling:
    torch.manual_seed(1)
    module = Filling()
    # Vectors of norms that no step has moved give weights that are far too large: the net then multiplies roundings.
    for _ in range(20 if trained else 0):
        module(*_fed(EXAMPLE))
    return module.eval()


def _fed(size: Size) -> tuple[torch.Tensor, torch.Tensor]:
    drawn = torch.Generator().manual_seed(size.height)
    return torch.rand(1, 3, *size, generator=drawn), torch.rand(1, 1, *size, generator=drawn)


def _brought(module: torch.nn.Module, way: str, folder: Path) -> Network:
    if way == "module":
        studio.export_torch(module, _fed(EXAMPLE), folder / "net")
        return load_network(folder / "net")
    file, names = folder / f"net.{way}", ["image", "mask"]
    with torch.no_grad():
        if way == "pt2":
            sides = dict.fromkeys((2, 3), torch.export.Dim.AUTO)
            torch.export.save(torch.export.export(module, _fed(EXAMPLE), dynamic_shapes=(sides,) * 2), file)
        else:
            axes = {name: {2: "h", 3: "w"} for name in names}
            torch.onnx.export(
                module,
                _fed(EXAMPLE),
                str(file),
                dynamo=False,
                opset_version=17,
                input_names=names,
                dynamic_axes=axes,
            )
    return open_model(file, Options(input_size=EXAMPLE)).network


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", ["module", "pt2", "onnx"])
@pytest.mark.parametrize("trained", [True, False])
def test_gated_convolutions_are_right_at_every_size(
    way: str, trained: bool, engine_for: EngineFor, once: Once, tmp_path: Path
) -> None:
    module = _module(trained)
    network = once(lambda: _brought(module, way, tmp_path))
    assert network.graph.only_size is None
    engine, exact = engine_for(network), _module(trained).double()
    for size in SIZES:
        fed = _fed(size)
        with torch.no_grad():
            wanted = exact(*(tensor.double() for tensor in fed))[0].numpy()
            own = relative_error(module(*fed)[0].numpy(), wanted)
        engine.run({put.name: tensor[0].numpy() for put, tensor in zip(network.graph.inputs, fed, strict=True)})
        error = relative_error(engine.output().astype(np.float64), wanted)
        # Where PyTorch's own float32 is further off than that, no engine has to be nearer.
        assert error < max(1e-5, 30 * own)
        assert not trained or own < 1e-5
