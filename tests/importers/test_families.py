"""Families by name: small modules with their authors' own names, as they run against as they are recognised."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
import torch
from families_attention import ATTENTION
from families_colour import COLOUR
from families_courses import COURSES
from families_depth import DEPTH
from families_edges import EDGES, Fsrcnn
from families_faces import FACES
from families_fastai import FASTAI
from families_generators import GENERATORS
from families_masks import MASKS
from families_more import MORE
from families_pictures import PICTURES
from families_restored import RESTORED
from helpers import EngineFor, on_torch, relative_error
from torch import Tensor, nn
from torch.nn import functional as F

from studio.errors import StudioError
from studio.io.importers import Options, open_model
from studio.io.importers._state_dict.match import architectures

TOLERANCE = 1e-4


def _drawn(
    i: int, o: int, kernel: int = 3, stride: int = 1, pad: int | tuple[int, ...] = 1, **more: object
) -> nn.Module:
    conv = nn.Conv2d(i, o, kernel, stride, 0, **{"bias": False, **more})
    return nn.Sequential(nn.ReflectionPad2d(pad), conv, nn.GroupNorm(1, o), nn.LeakyReLU(0.2))


class Inverted(nn.Module):
    def __init__(self, i: int, o: int, wide: int) -> None:
        super().__init__()
        layers = [_drawn(i, i * wide, 1, pad=0)] if wide > 1 else []
        layers += [_drawn(i * wide, i * wide, groups=i * wide, bias=True)]
        self.same = i == o
        self.layers = nn.Sequential(*layers, nn.Conv2d(i * wide, o, 1, bias=False), nn.GroupNorm(1, o))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.same else self.layers(x)


class AnimeGan(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        down = {"stride": 2, "pad": (0, 1, 0, 1)}
        self.block_a = nn.Sequential(_drawn(3, 4, 7, pad=3), _drawn(4, 6, **down), _drawn(6, 6))
        self.block_b = nn.Sequential(_drawn(6, 8, **down), _drawn(8, 8))
        self.block_c = nn.Sequential(_drawn(8, 8), Inverted(8, 10, 2), Inverted(10, 10, 2), _drawn(10, 8))
        self.block_d = nn.Sequential(_drawn(8, 8), _drawn(8, 8))
        self.block_e = nn.Sequential(_drawn(8, 6), _drawn(6, 6), _drawn(6, 4, 7, pad=3))
        self.out_layer = nn.Sequential(nn.Conv2d(4, 3, 1, bias=False), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        half = self.block_a(x)
        y = self.block_c(self.block_b(half))
        y = self.block_d(F.interpolate(y, half.shape[2:], mode="bilinear", align_corners=True))
        y = self.block_e(F.interpolate(y, x.shape[2:], mode="bilinear", align_corners=True))
        return self.out_layer(y)


class Rebnconv(nn.Module):
    def __init__(self, i: int, o: int, rate: int = 1) -> None:
        super().__init__()
        self.conv_s1, self.bn_s1 = nn.Conv2d(i, o, 3, padding=rate, dilation=rate), nn.BatchNorm2d(o)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn_s1(self.conv_s1(x)))


def _up(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[2:], mode="bilinear", align_corners=False)


class Rsu(nn.Module):
    def __init__(self, depth: int, i: int, mid: int, o: int, flat: bool = False) -> None:
        super().__init__()
        self.depth, self.flat = depth, flat
        self.rebnconvin = Rebnconv(i, o)
        for k in range(1, depth + 1):
            rate = 2 ** (k - 1) if flat else 2 if k == depth else 1
            setattr(self, f"rebnconv{k}", Rebnconv(o if k == 1 else mid, mid, rate))
        for k in range(depth - 1, 0, -1):
            setattr(self, f"rebnconv{k}d", Rebnconv(mid * 2, o if k == 1 else mid, 2 ** (k - 1) if flat else 1))

    def forward(self, x: Tensor) -> Tensor:
        x = start = self.rebnconvin(x)
        downs = []
        for k in range(1, self.depth + 1):
            x = getattr(self, f"rebnconv{k}")(x)
            downs.append(x)
            if not self.flat and k < self.depth - 1:
                x = F.max_pool2d(x, 2, 2, ceil_mode=True)
        for k in range(self.depth - 1, 0, -1):
            x = _up(x, downs[k - 1]) if x.shape != downs[k - 1].shape else x
            x = getattr(self, f"rebnconv{k}d")(torch.cat([x, downs[k - 1]], 1))
        return x + start


class U2Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        depths = [(7, False), (6, False), (5, False), (4, False), (4, True), (4, True)]
        for k, (depth, flat) in enumerate(depths, 1):
            setattr(self, f"stage{k}", Rsu(depth, 3 if k == 1 else 4, 2, 4, flat))
            if k < 6:
                setattr(self, f"stage{k}d", Rsu(depth, 8, 2, 4, flat))
            setattr(self, f"side{k}", nn.Conv2d(4, 1, 3, padding=1))
        self.outconv = nn.Conv2d(6, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        y, downs = x, []
        for k in range(1, 7):
            y = getattr(self, f"stage{k}")(y)
            downs.append(y)
            y = F.max_pool2d(y, 2, 2, ceil_mode=True) if k < 6 else y
        sides = [downs[5]]
        for k in range(5, 0, -1):
            y = getattr(self, f"stage{k}d")(torch.cat([_up(y, downs[k - 1]), downs[k - 1]], 1))
            sides.insert(0, y)
        masks = [getattr(self, f"side{k}")(side) for k, side in enumerate(sides, 1)]
        return torch.sigmoid(self.outconv(torch.cat([_up(mask, x) for mask in masks], 1)))


class Hed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        counts = {"One": 2, "Two": 2, "Thr": 3, "Fou": 3, "Fiv": 3}
        i = 3
        for number, (name, count) in enumerate(counts.items()):
            layers: list[nn.Module] = [nn.MaxPool2d(2)] if number else []
            for _ in range(count):
                layers += [nn.Conv2d(i, 4, 3, padding=1), nn.ReLU()]
                i = 4
            setattr(self, f"netVgg{name}", nn.Sequential(*layers))
            setattr(self, f"netScore{name}", nn.Conv2d(4, 1, 1))
        self.netCombine = nn.Sequential(nn.Conv2d(5, 1, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        y, scores = x, []
        for name in ("One", "Two", "Thr", "Fou", "Fiv"):
            y = getattr(self, f"netVgg{name}")(y)
            scores.append(_up(getattr(self, f"netScore{name}")(y), x))
        return self.netCombine(torch.cat(scores, 1))


class OneBlock(nn.Module):
    def __init__(self, i: int, o: int, count: int) -> None:
        super().__init__()
        self.convs = nn.Sequential(*(nn.Conv2d(o if k else i, o, 3, padding=1) for k in range(count)))
        self.projection = nn.Conv2d(o, 1, 1)


class ControlNetHed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.Parameter(torch.rand(1, 3, 1, 1))
        for k, count in enumerate((2, 2, 3, 3, 3), 1):
            setattr(self, f"block{k}", OneBlock(3 if k == 1 else 4, 4, count))

    def forward(self, x: Tensor) -> Tensor:
        y, sides = x - self.norm, []
        for k in range(1, 6):
            block = getattr(self, f"block{k}")
            y = F.max_pool2d(y, 2, 2) if k > 1 else y
            for conv in block.convs:
                y = F.relu(conv(y))
            sides.append(_up(block.projection(y), x))
        return torch.sigmoid(torch.stack(sides, 0).mean(0))


class IsNet(U2Net):
    def __init__(self) -> None:
        super().__init__()
        self.conv_in, self.stage1 = nn.Conv2d(3, 4, 3, 2, 1), Rsu(7, 4, 2, 4)
        del self.outconv

    def forward(self, x: Tensor) -> Tensor:
        y, downs = self.conv_in(x), []
        for k in range(1, 7):
            y = getattr(self, f"stage{k}")(y)
            downs.append(y)
            y = F.max_pool2d(y, 2, 2, ceil_mode=True) if k < 6 else y
        for k in range(5, 0, -1):
            y = getattr(self, f"stage{k}d")(torch.cat([_up(y, downs[k - 1]), downs[k - 1]], 1))
        return torch.sigmoid(_up(self.side1(y), x))


class ZeroDce(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for k in range(1, 8):
            made = 24 if k == 7 else 4
            setattr(self, f"e_conv{k}", nn.Conv2d(3 if k == 1 else 4 if k < 5 else 8, made, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        y, maps = x, []
        for k in range(1, 5):
            y = F.relu(getattr(self, f"e_conv{k}")(y))
            maps.append(y)
        y = F.relu(self.e_conv5(torch.cat([maps[2], maps[3]], 1)))
        y = F.relu(self.e_conv6(torch.cat([maps[1], y], 1)))
        for curve in torch.tanh(self.e_conv7(torch.cat([maps[0], y], 1))).split(3, 1):
            x = x + curve * (x * x - x)
        return x


class AdainDecoder(nn.Sequential):
    def __init__(self) -> None:
        widths, layers = [8, 6, 6, 6, 6, 4, 4, 4, 4, 3], []
        for k in range(9):
            layers += [nn.ReflectionPad2d(1), nn.Conv2d(widths[k], widths[k + 1], 3), nn.ReLU()]
            layers += [nn.Upsample(scale_factor=2)] if k in (0, 4, 6) else []
        super().__init__(*layers[:-1])


FAMILIES = {
    "animegan": (AnimeGan, (3, 32, 40)),
    "u2net": (U2Net, (3, 64, 96)),
    "hed": (Hed, (3, 32, 48)),
    "controlnet-hed": (ControlNetHed, (3, 32, 48)),
    "isnet": (IsNet, (3, 64, 96)),
    "zero-dce": (ZeroDce, (3, 16, 24)),
    "adain-decoder": (AdainDecoder, (8, 6, 8)),
}
OWN = {name: (name, *rest) for name, rest in FAMILIES.items()}
ALL = (
    OWN
    | MORE
    | EDGES
    | MASKS
    | PICTURES
    | GENERATORS
    | COLOUR
    | DEPTH
    | RESTORED
    | ATTENTION
    | FACES
    | FASTAI
    | COURSES
)


@pytest.mark.parametrize("name", ALL)
def test_a_family_is_recognised_and_runs_as_its_authors_wrote_it(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    arch, kind, shape = ALL[name]
    module = kind().eval()
    for called, buffer in module.named_buffers():
        if called.endswith("running_var"):
            nn.init.uniform_(buffer, 0.5, 2)
    torch.save({"state_dict": {f"module.{n}": v for n, v in module.state_dict().items()}}, tmp_path / "net.pth.tar")
    imported = open_model(tmp_path / "net.pth.tar")
    assert imported.arch == arch
    if shape[0] not in (1, 3) and shape[1] > 1:
        assert any(f"{shape[0]} channels" in note for note in imported.notes)
    engine, picture = on_torch(imported.network), torch.rand(shape)
    engine.run({imported.network.graph.inputs[0].name: picture.numpy()})
    with torch.no_grad():
        assert relative_error(engine.output(), module(picture[None])[0].numpy()) < TOLERANCE


SHOWN = (
    {name: ALL[name] for name in ("isnet", "controlnet-hed")}
    | GENERATORS
    | COLOUR
    | DEPTH
    | RESTORED
    | ATTENTION
    | FASTAI
)
"""Those that are tried on every engine."""
LARGE = DEPTH.keys() | COLOUR.keys() | ATTENTION.keys() | FASTAI.keys() | {"isnet"}
"""Half a minute each through a software rasteriser."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in LARGE else name for name in SHOWN]
)
def test_a_family_runs_at_three_sizes_on_every_engine(name: str, engine_for: EngineFor, tmp_path: Path) -> None:
    torch.manual_seed(2)
    _, kind, (channels, height, width) = ALL[name]
    module = kind().eval()
    torch.save(module.state_dict(), tmp_path / "net.pth")
    network = open_model(tmp_path / "net.pth").network
    engine = engine_for(network)
    sizes = [(height, width), (width, height), (2 * height, width)] if height > 1 else [(1, 1)]
    for size in sizes:
        picture = torch.rand(channels, *size)
        engine.run({network.graph.inputs[0].name: picture.numpy()})
        with torch.no_grad():
            assert relative_error(engine.output(), module(picture[None])[0].numpy()) < TOLERANCE, size


TOLD = {ALL[name][0]: name for name in ALL if ALL[name][0] in {a.name for a in architectures() if a.build is None}}


@pytest.mark.parametrize("family", TOLD)
@pytest.mark.parametrize("which", ["first", "last"])
def test_tensors_of_a_family_that_do_not_fit_each_other_are_refused(family: str, which: str, tmp_path: Path) -> None:
    state = ALL[TOLD[family]][1]().state_dict()
    ends = ("bias", "norm.weight", "body.weight")
    names = [name for name, values in state.items() if name.endswith(ends) and len(values) > 1]
    cut = names[0 if which == "first" else -1]
    state[cut] = state[cut][:-1].clone()
    torch.save(state, tmp_path / "net.pth")
    with pytest.raises(StudioError, match=rf"Nearly fitting: .*{family}: its tensors do not fit each other"):
        open_model(tmp_path / "net.pth")


@pytest.mark.parametrize(("name", "said"), [("dcgan of 5", True), ("dcgan in a row", False)])
def test_what_a_file_of_tensors_leaves_open_is_said(name: str, said: bool, tmp_path: Path) -> None:
    torch.save(ALL[name][1]().state_dict(), tmp_path / "net.pth")
    assert any("Strides and borders" in note for note in open_model(tmp_path / "net.pth").notes) == said


@pytest.mark.parametrize("name", sorted(COURSES.keys() | OWN.keys() | MORE.keys()))
def test_a_tensor_of_another_shape_raises_nothing_but_a_sentence(name: str, tmp_path: Path) -> None:
    state = {called: values for called, values in ALL[name][1]().state_dict().items() if values.is_floating_point()}
    for called, shape in zip([*state][:: max(len(state) // 4, 1)], [(3,), (2, 2), (), (3,)], strict=False):
        torch.save(state | {called: torch.ones(shape)}, tmp_path / "net.pth")
        with suppress(StudioError):
            open_model(tmp_path / "net.pth")


def test_the_values_of_a_family_are_its_own(tmp_path: Path) -> None:
    torch.save(Hed().state_dict(), tmp_path / "hed.pth")
    fed = open_model(tmp_path / "hed.pth").network.graph.inputs[0]
    assert (fed.range, fed.order, round(fed.mean[0])) == ((0.0, 255.0), "bgr", 104)


@pytest.mark.parametrize("scale", [3, 4])
def test_an_fsrcnn_of_another_factor_is_asked_for_by_name(scale: int, tmp_path: Path) -> None:
    torch.manual_seed(1)
    module, picture = Fsrcnn(scale), torch.rand(1, 1, 9, 8)
    torch.save(module.state_dict(), tmp_path / "fsrcnn.pth")
    assert "2 times was taken" in " ".join(open_model(tmp_path / "fsrcnn.pth").notes)
    imported = open_model(tmp_path / "fsrcnn.pth", Options(arch=f"fsrcnn-x{scale}"))
    engine = on_torch(imported.network)
    engine.run({imported.network.graph.inputs[0].name: picture[0].numpy()})
    with torch.no_grad():
        assert relative_error(engine.output(), module(picture)[0].numpy()) < TOLERANCE
