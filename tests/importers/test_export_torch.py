"""Modules in one line: random ones, awkward ones, and those that cannot be."""

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import EngineFor, on_torch, relative_error
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from modules import FAMILIES, made
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

import studio
from studio.errors import StudioError
from studio.io.importers import open_model
from studio.io.importers._checked import _fed, _own_error
from studio.io.importers._traced.exported import places
from studio.io.importers._traced.module import resized
from studio.io.networks import load_network
from studio.io.origin import read_origin
from studio.model.declared.size import Size

TOLERANCE = 1e-5


class Moved(nn.Module):
    def __init__(self, *axes: int) -> None:
        super().__init__()
        self.axes = axes

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.axes)


ACTIVATIONS: list[Callable[[int], nn.Module]] = [
    lambda _: nn.ReLU(),
    lambda _: nn.LeakyReLU(0.2),
    lambda c: nn.PReLU(c),
    lambda _: nn.PReLU(),
    lambda _: nn.ReLU6(),
    lambda _: nn.Hardtanh(-0.5, 2.0),
    lambda _: nn.ELU(0.7),
    lambda _: nn.SELU(),
    lambda _: nn.SiLU(),
    lambda _: nn.GELU(),
    lambda _: nn.GELU("tanh"),
    lambda _: nn.Softplus(),
    lambda _: nn.Hardswish(),
    lambda _: nn.Hardsigmoid(),
    lambda _: nn.Softmax2d(),
    lambda _: nn.Mish(),
    lambda _: nn.Dropout2d(),
]
NORMS: list[Callable[[int], nn.Module]] = [
    lambda c: nn.BatchNorm2d(c),
    lambda c: nn.BatchNorm2d(c, affine=False),
    lambda c: nn.InstanceNorm2d(c),
    lambda c: nn.InstanceNorm2d(c, affine=True),
    lambda c: nn.InstanceNorm2d(c, track_running_stats=True),
    lambda c: nn.GroupNorm(2, c),
    lambda c: nn.Sequential(Moved(0, 2, 3, 1), nn.LayerNorm(c, 1e-6), Moved(0, 3, 1, 2)),
]
SIZES: list[Callable[[int], nn.Module]] = [
    lambda c: nn.Conv2d(c, c, 3, padding=1, padding_mode="reflect"),
    lambda c: nn.Conv2d(c, c, 3, padding=2, dilation=2, groups=2, bias=False),
    lambda c: nn.Conv2d(c, c, 4, padding="same"),
    lambda c: nn.Conv2d(c, c, (3, 2), stride=2, padding=1),
    lambda c: nn.ConvTranspose2d(c, c, 3, 2, 1, 1, groups=2),
    lambda _: nn.MaxPool2d(3, 2, 1, ceil_mode=True),
    lambda _: nn.AvgPool2d(2),
    lambda _: nn.AdaptiveAvgPool2d((5, 7)),
    lambda _: nn.Upsample(scale_factor=2),
    lambda _: nn.Upsample(scale_factor=1.5, mode="bilinear"),
    lambda _: nn.Upsample(size=(9, 8), mode="bicubic", align_corners=True),
    lambda _: nn.ZeroPad2d((1, 0, 2, 3)),
    lambda _: nn.ReplicationPad2d(1),
    lambda c: nn.Sequential(nn.Conv2d(c, 4 * c, 1), nn.PixelShuffle(2)),
    lambda c: nn.Sequential(nn.PixelUnshuffle(1), nn.Conv2d(c, c, 1)),
    lambda _: nn.Identity(),
]


class Residual(nn.Module):
    def __init__(self, inner: nn.Module, how: int) -> None:
        super().__init__()
        self.inner, self.how = inner, how

    def forward(self, x: Tensor) -> Tensor:
        y = self.inner(x)
        a, b = y.chunk(2, 1)
        return [
            lambda: x + 0.5 * y,
            lambda: torch.cat([b, a], 1),
            lambda: y * y.mean((2, 3), keepdim=True).sigmoid() - 1,
            lambda: torch.maximum(x, y) / 2,
            lambda: torch.cat([a * b.sigmoid(), a.abs().sqrt()], 1).clamp(max=1.5),
            lambda: torch.stack([a, b], 2).flatten(1, 2),
        ][self.how]()


@st.composite
def modules(draw: st.DrawFn) -> nn.Module:
    torch.manual_seed(draw(st.integers(0, 999)))
    layers = [nn.Conv2d(3, 4, 3, padding=1)]
    for _ in range(draw(st.integers(1, 4))):
        inner = nn.Sequential(draw(st.sampled_from(NORMS))(4), draw(st.sampled_from(ACTIVATIONS))(4))
        layers += [Residual(inner, draw(st.integers(0, 5))), draw(st.sampled_from(SIZES))(4)]
    module = nn.Sequential(*layers).eval()
    for buffer in module.buffers():
        if buffer.is_floating_point():
            nn.init.uniform_(buffer, 0.5, 2)
    return module


# PyTorch's remark, once a process, about how fast such a convolution is.
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@settings(max_examples=25)
@given(module=modules())
def test_random_modules_run_as_they_did(module: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> None:
    example = torch.randn(1, 3, 13, 12)
    wanted = taken(module, example)
    path = tmp_path_factory.mktemp("exported") / "mine"
    exported = studio.export_torch(module, example, path)
    assert exported.relative_error < TOLERANCE or exported.relative_error <= 4 * lost(module, example)

    engine = on_torch(load_network(path))
    engine.run({engine.graph.inputs[0].name: example[0].numpy()})
    found = engine.output()
    assert relative_error(found, wanted) < TOLERANCE or as_exact(found, wanted, module, example)


def taken(module: nn.Module, example: Tensor) -> np.ndarray:
    """What the module makes of the example; instance norms refuse a map of one pixel, as training might feed them."""
    try:
        return module(example)[0].detach().numpy()
    except ValueError as error:
        assume("more than 1 spatial element" not in str(error))
        raise


def lost(module: nn.Module, example: Tensor) -> float:
    """How far the module in float32 is from itself in float64, on what an export is tried on, and at other sizes."""
    feeds = [(example,), *_fed([example], 0.0, 1.0)]
    feeds += [resized([example], size) for size in (Size(37, 20), Size(14, 12), Size(16, 17))]
    with torch.no_grad(), suppress(ValueError):
        return max(_own_error(module, feed, next(iter(places(module(*feed))))) for feed in feeds)
    return 0.0


def as_exact(found: np.ndarray, wanted: np.ndarray, module: nn.Module, example: Tensor) -> bool:
    """Whether what was found is no further from the module in float64 than the module's own float32, times four.

    The norm of nearly constant maps makes much of their last digits, which no two orders of summation leave the same.
    """
    exact = copy.deepcopy(module).double()(example.double())[0].detach().numpy()
    return relative_error(found, exact) <= 4 * relative_error(wanted, exact)


@pytest.mark.parametrize("family", FAMILIES)
def test_names_weights_and_output_are_the_modules_own(family: str, tmp_path: Path, engine_for: EngineFor) -> None:
    _, module, example = made(family)
    studio.export_torch(module, example, tmp_path / "mine")
    network = load_network(tmp_path / "mine")
    state = {n: v.numpy() for n, v in module.state_dict().items() if not n.endswith("num_batches_tracked")}
    assert network.tensors.keys() == state.keys()
    assert all(np.array_equal(network.tensors[name], value) for name, value in state.items())
    assert read_origin(tmp_path / "mine").names == {name: [name] for name in state}

    engine = engine_for(network)
    engine.run({network.graph.inputs[0].name: example[0].numpy()})
    assert relative_error(engine.output(), module(example)[0].detach().numpy()) < TOLERANCE


def test_folding_is_an_option_and_the_mode_of_the_module_stays(tmp_path: Path) -> None:
    _, module, example = made("pix2pix")
    module.train()
    kept = studio.export_torch(module, example, tmp_path / "kept")
    folded = studio.export_torch(module, example, tmp_path / "folded", fold=True)
    assert module.training
    norms = [sum(type(n.op).__name__ == "BatchNorm2d" for n in e.network.graph.nodes) for e in (kept, folded)]
    assert norms == [3, 0]
    assert folded.relative_error < TOLERANCE


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.conv(x).relu())


def test_a_layer_that_is_called_twice_has_one_sheet(tmp_path: Path) -> None:
    exported = studio.export_torch(Twice(), torch.randn(1, 3, 8, 8), tmp_path / "mine")
    assert exported.network.tensors.keys() == {"conv.weight", "conv.bias"}
    assert "relative error" in str(exported)


class ConvNextBlock(nn.Module):
    """As its authors spell it: channels last between depthwise convolution and sum."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.dwconv, self.norm = nn.Conv2d(c, c, 7, padding=3, groups=c), nn.LayerNorm(c, 1e-6)
        self.pwconv1, self.act, self.pwconv2 = nn.Linear(c, 4 * c), nn.GELU(), nn.Linear(4 * c, c)
        self.gamma = nn.Parameter(torch.rand(c))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        y = self.gamma * self.pwconv2(self.act(self.pwconv1(y)))
        return x + y.permute(0, 3, 1, 2)


class Pooled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        weights = x.abs() / x.abs().sum(1, keepdim=True)
        return (x * weights).sum((2, 3), keepdim=True) + x.sum(1, keepdim=True).erf()


class Gated(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.glu(x, 1)


class Shuffled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


@pytest.mark.parametrize(
    "module",
    [
        spectral_norm(nn.Conv2d(4, 6, 3)),
        weight_norm(nn.Conv2d(4, 6, 3)),
        nn.Sequential(Shuffled(), Gated()),
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 8), nn.Unflatten(1, (2, 2, 2))),
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(4), nn.Unflatten(1, (4, 1, 1))),
        ConvNextBlock(4),
        Pooled(),
        nn.LayerNorm((4, 8, 6), elementwise_affine=False),
    ],
    ids=[
        "spectral norm",
        "weight norm",
        "shuffled and gated",
        "vectors",
        "layer norm",
        "convnext",
        "sums",
        "whole map",
    ],
)
def test_what_is_computed_from_weights_or_moved_about(module: nn.Module, tmp_path: Path) -> None:
    assert studio.export_torch(module, torch.randn(1, 4, 8, 6), tmp_path / "mine").relative_error < TOLERANCE


class Added(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.scatter_add(1, x.argmax(1, keepdim=True), x)


class Deciding(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


class Noisy(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.randint_like(x, 0, 9)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (
            Added(),
            r'Layer "scatter_add" .aten.scatter_add, test_export_torch.py:[0-9]+: return x.scatter_add.*put a product',
        ),
        (Deciding(), "traced"),
        (Noisy(), "aten.randint_like"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_nothing_is_written(
    module: nn.Module, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(StudioError, match=reason):
        studio.export_torch(module, torch.randn(1, 3, 8, 6), tmp_path / "mine")
    assert not list(tmp_path.iterdir())


def test_a_batch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="one picture"):
        studio.export_torch(nn.ReLU(), torch.randn(2, 3, 8, 8), tmp_path / "mine")


def archive(module: nn.Module, example: Tensor, **options: object) -> bytes:
    buffer = io.BytesIO()
    torch.export.save(torch.export.export(module, (example,), **options), buffer)
    return buffer.getvalue()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family", ["pix2pix", "cyclegan", "srvgg x2", "dcgan"])
def test_what_torch_export_saves(family: str, tmp_path: Path) -> None:
    _, module, example = made(family)
    (tmp_path / "model.pt2").write_bytes(archive(module, example))
    network = open_model(tmp_path / "model.pt2").network
    assert set(network.tensors) <= set(module.state_dict())
    engine = on_torch(network)
    engine.run({network.graph.inputs[0].name: example[0].numpy()})
    assert relative_error(engine.output(), module(example)[0].detach().numpy()) < TOLERANCE


@pytest.mark.filterwarnings("ignore")
def test_a_height_within_bounds_is_read_like_a_free_one(tmp_path: Path) -> None:
    sizes = {"x": {2: torch.export.Dim("height", min=4, max=64)}}
    (tmp_path / "model.pt2").write_bytes(archive(Twice(), torch.randn(1, 3, 8, 8), dynamic_shapes=sizes))
    imported = open_model(tmp_path / "model.pt2")
    assert imported.size == (8, 8)
    assert imported.network.graph.only_size is None


@pytest.mark.filterwarnings("ignore")
def test_a_pickled_weight_in_an_archive_is_refused(tmp_path: Path) -> None:
    whole = zipfile.ZipFile(io.BytesIO(archive(Twice(), torch.randn(1, 3, 8, 8))))
    with zipfile.ZipFile(tmp_path / "model.pt2", "w") as changed:
        for name in whole.namelist():
            changed.writestr(name, whole.read(name).replace(b'"use_pickle": false', b'"use_pickle": true'))
    with pytest.raises(StudioError, match="pickled"):
        open_model(tmp_path / "model.pt2")


@pytest.fixture(scope="module")
def parts() -> dict[str, bytes]:
    whole = zipfile.ZipFile(io.BytesIO(archive(Twice(), torch.randn(1, 3, 8, 8))))
    return {name: whole.read(name) for name in whole.namelist()}


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=100)
@given(data=st.data())
def test_damaged_archives_are_refused_or_opened_and_nothing_else(
    parts: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    file = tmp_path_factory.mktemp("damaged") / "model.pt2"
    target = data.draw(st.sampled_from([name for name in parts if name.endswith(".json")]))
    with zipfile.ZipFile(file, "w") as changed:
        for name, content in parts.items():
            damaged = bytearray(content)
            if name == target:
                for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
                    damaged[place] = data.draw(st.sampled_from(b'0123456789-"[]{},:aen'))
            changed.writestr(name, bytes(damaged))
    with suppress(StudioError):
        open_model(file)


def test_an_output_of_a_module_that_returns_one_tensor_has_no_name(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"returns no \"mask\"; it returns one tensor, which has no name: leave"):
        studio.export_torch(nn.Conv2d(3, 3, 1), torch.rand(1, 3, 8, 8), tmp_path / "made", output="mask")
