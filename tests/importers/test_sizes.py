"""What a size froze is read as what it means: the same at three sizes on every engine, or the size is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import EngineFor, relative_error
from hypothesis import given, settings
from hypothesis import strategies as st
from once import Once
from torch import Tensor, nn
from torch.nn import functional as F

import studio
from studio.errors import StudioError
from studio.io.importers._draft import Draft
from studio.io.importers._sizes.twice import read_twice
from studio.io.networks import load_network
from studio.model.declared.size import Size
from studio.model.networks.network import Network
from studio.model.networks.shape import Shape

TOLERANCE = 1e-4
EXAMPLE = (16, 24)
ELSEWHERE = [(24, 32), (40, 16)]


class Frozen(nn.Module):
    """A convolution, and what is done with what it makes and its input."""

    def __init__(self, how: Callable[[Tensor, Tensor], Tensor], made: int = 4) -> None:
        super().__init__()
        torch.manual_seed(made)
        self.conv, self.how = nn.Conv2d(3, made, 3, padding=1), how

    def forward(self, x: Tensor) -> Tensor:
        return self.how(x, self.conv(x))


def is_exported_right(
    module: nn.Module,
    path: Path,
    engine_for: EngineFor,
    once: Once,
    others: Sequence[tuple[int, int]] = ((32, 48), (48, 16)),
) -> None:
    """Without remarks, and the same as the module at the size of the example and at others."""
    network = once(lambda: _exported(module, path))
    engine = engine_for(network)
    for size in (EXAMPLE, *others):
        picture = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(size[0]))
        engine.run({network.graph.inputs[0].name: picture[0].numpy()})
        with torch.no_grad():
            wanted = module(picture)[0].numpy()
        assert relative_error(engine.output(), wanted) < TOLERANCE, size
    engine.close()


def _exported(module: nn.Module, path: Path) -> Network:
    exported = studio.export_torch(module, torch.rand(1, 3, *EXAMPLE), path)
    assert exported.notes == ()
    return load_network(path)


def _resized(x: Tensor, y: Tensor) -> Tensor:
    return y * F.interpolate(F.max_pool2d(y, 5, 3), x.shape[2:], mode="bilinear")


def _halved(x: Tensor, y: Tensor) -> Tensor:
    small = F.interpolate(y, size=(x.shape[2] // 2, x.shape[3] // 2), mode="bicubic")
    return y - F.interpolate(small, size=x.shape[2:])


def _pooled_by_size(_: Tensor, y: Tensor) -> Tensor:
    return y * F.avg_pool2d(y, y.shape[2:]) + F.max_pool2d(y, y.shape[2:])


def _adaptive(x: Tensor, y: Tensor) -> Tensor:
    height, width = x.shape[2:]
    return F.interpolate(F.adaptive_max_pool2d(y, (height // 8, width // 4)), (height, width)) - y


def _divided(_: Tensor, y: Tensor) -> Tensor:
    total = y.sum(3, keepdim=True).sum(2, keepdim=True)
    return y * total / (y.shape[2] * y.shape[3])


def _deviation(_: Tensor, y: Tensor) -> Tensor:
    return (y - y.mean((2, 3), keepdim=True)) / (y.std((2, 3), keepdim=True) + 0.1)


def _coordinates(x: Tensor, y: Tensor) -> Tensor:
    height, width = x.shape[2:]
    down, across = torch.linspace(-1, 1, height), (torch.arange(width) + 0.5) / width
    grid = torch.stack(torch.meshgrid(down, across, indexing="ij"))[None]
    return torch.cat([y, grid], 1) * down.view(1, 1, height, 1)


def _places(_: Tensor, y: Tensor) -> Tensor:
    flat = y.flatten(2)
    return (flat @ torch.softmax(flat.transpose(1, 2) @ flat / 4, -1)).view_as(y)


def _channels(_: Tensor, y: Tensor) -> Tensor:
    flat = F.normalize(y.reshape(1, 2, 2, -1), dim=-1)
    return ((flat @ flat.transpose(-1, -2)).softmax(-1) @ flat).view_as(y)


def _tokens(_: Tensor, y: Tensor) -> Tensor:
    tokens = F.layer_norm(y.flatten(2).transpose(1, 2), (4,)) + y.mean((2, 3))[:, None]
    return tokens.transpose(1, 2).reshape(y.shape)


def _windows(shift: int) -> Callable[[Tensor, Tensor], Tensor]:
    def cut(x: Tensor) -> Tensor:
        _, height, width, c = x.shape
        return x.view(height // 4, 4, width // 4, 4, c).permute(0, 2, 1, 3, 4).reshape(-1, 16, c)

    def mask(height: int, width: int) -> Tensor:
        regions, mark = torch.zeros(1, height, width, 1), 0
        ends = (slice(0, -4), slice(-4, -shift), slice(-shift, None))
        for rows in ends:
            for columns in ends:
                regions[:, rows, columns, :] = mark
                mark += 1
        windows = cut(regions)[..., 0]
        different = windows.unsqueeze(1) - windows.unsqueeze(2)
        return different.masked_fill(different != 0, -100.0).unsqueeze(1)

    def how(_: Tensor, y: Tensor) -> Tensor:
        _, c, height, width = y.shape
        rolled = torch.roll(y.permute(0, 2, 3, 1), (-shift, -shift), (1, 2))
        heads = cut(rolled).reshape(-1, 16, 2, c // 2).transpose(1, 2)
        scores = heads @ heads.transpose(-1, -2)
        scores = scores + mask(height, width) if shift else scores
        made = (scores.softmax(-1) @ heads).transpose(1, 2).reshape(height // 4, width // 4, 4, 4, c)
        made = made.permute(0, 2, 1, 3, 4).reshape(1, height, width, c)
        return torch.roll(made, (shift, shift), (1, 2)).permute(0, 3, 1, 2) + y

    return how


def _every_other(x: Tensor, y: Tensor) -> Tensor:
    return torch.cat([x[:, :, ::2, ::2], x[:, :, 1::2, ::2], y[:, :, ::2, 1::2]], 1)


def _turned(_: Tensor, y: Tensor) -> Tensor:
    return y.transpose(2, 3).flip(3).roll((1, -2), (2, 3))


def _batched(kernel: int, groups: int) -> Callable[[Tensor, Tensor], Tensor]:
    """Windows as a batch of maps, which a convolution and a pooling see one by one."""

    def how(_: Tensor, y: Tensor) -> Tensor:
        _, c, height, width = y.shape
        batch = y.view(c, height // 8, 8, width // 8, 8).permute(1, 3, 0, 2, 4).reshape(-1, c, 8, 8)
        weight = torch.linspace(-1, 1, c * (c // groups) * kernel**2).sin().view(c, c // groups, kernel, kernel)
        batch = F.max_pool2d(F.conv2d(batch, weight, padding=kernel // 2, groups=groups), 3, 1, 1)
        return batch.view(height // 8, width // 8, c, 8, 8).permute(2, 0, 3, 1, 4).reshape(y.shape)

    return how


def _along_a_line(_: Tensor, y: Tensor) -> Tensor:
    line = y.mean((2, 3))[:, None]
    return y * F.conv1d(line, torch.tensor([[[0.5, -1.0, 2.0]]]), padding=1).transpose(1, 2)[..., None].sigmoid()


def _heads_first(_: Tensor, y: Tensor) -> Tensor:
    """Cosine attention in windows, heads before windows, each with a scale and a bias of its own."""
    _, c, height, width = y.shape
    cut = y.view(2, c // 2, height // 4, 4, width // 4, 4).permute(0, 2, 4, 3, 5, 1).reshape(2, -1, 16, c // 2)
    unit = F.normalize(cut, dim=-1)
    bias = torch.linspace(-2, 2, 2 * 16 * 16).cos().view(2, 1, 16, 16)
    scores = unit @ unit.transpose(-1, -2) * torch.tensor([2.0, 5.0]).view(2, 1, 1, 1) + bias
    made = (scores.softmax(-1) @ cut).view(2, height // 4, width // 4, 4, 4, c // 2)
    return made.permute(0, 5, 1, 3, 2, 4).reshape(y.shape)


def _selected(_: Tensor, y: Tensor) -> Tensor:
    """Branches that are stacked, and how much of each is taken in every channel, as in SKNet."""
    both = torch.stack([y, F.max_pool2d(y, 3, 1, 1)], 1)
    shares = (both.sum(1).mean((-1, -2)) @ torch.linspace(-2, 2, 32).view(4, 8)).view(-1, 2, 4).softmax(1)
    return (both * shares[..., None, None]).sum(1)


FORMS = {
    "resized to another map": _resized,
    "halved and back": _halved,
    "pooled by the map's size": _pooled_by_size,
    "adaptive by a part of the size": _adaptive,
    "divided by the number of pixels": _divided,
    "unbiased deviation": _deviation,
    "coordinates": _coordinates,
    "attention over places": _places,
    "attention over channels": _channels,
    "tokens": _tokens,
    "windows": _windows(0),
    "shifted windows": _windows(2),
    "every other pixel": _every_other,
    "turned": _turned,
    "a batch of windows": _batched(3, 1),
    "a batch of windows, channel by channel": _batched(5, 4),
    "along a line": _along_a_line,
    "cosine attention": _heads_first,
    "selected branches": _selected,
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_the_modules_at_three_sizes(form: str, tmp_path: Path, engine_for: EngineFor, once: Once) -> None:
    is_exported_right(Frozen(FORMS[form]).eval(), tmp_path / "mine", engine_for, once, ELSEWHERE)


@settings(max_examples=12)
@given(
    names=st.lists(
        st.sampled_from(sorted(set(FORMS) - {"every other pixel", "turned", "coordinates"})), min_size=2, max_size=3
    )
)
def test_forms_one_after_the_other(names: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    class Chain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = nn.ModuleList(Frozen(FORMS[name]) for name in names)
            self.back = nn.ModuleList(nn.Conv2d(4, 3, 1) for _ in names)

        def forward(self, x: Tensor) -> Tensor:
            for part, back in zip(self.parts, self.back, strict=True):
                x = torch.tanh(back(part(x)))
            return x

    path, module = tmp_path_factory.mktemp("chain") / "mine", Chain().eval()
    exported = studio.export_torch(module, torch.rand(1, 3, *EXAMPLE), path)
    network = studio.load(path, engine="torch")
    for size in (EXAMPLE, *ELSEWHERE):
        picture = torch.rand(1, 3, *size)
        if exported.network.graph.only_size in (None, size):
            with torch.no_grad():
                wanted = module(picture)[0].numpy()
            assert relative_error(network.run(picture[0].numpy()), wanted) < TOLERANCE


def test_a_module_that_fills_pictures_up_is_given_such(tmp_path: Path) -> None:
    """It pads to multiples of 16 and cuts back, which the studio does itself where that is said."""

    def how(x: Tensor, y: Tensor) -> Tensor:
        height, width = x.shape[2:]
        y = F.pad(y, (0, -width % 16, 0, -height % 16), mode="reflect")
        return (F.pixel_unshuffle(y, 2) - y.mean((2, 3), keepdim=True).repeat(1, 4, 1, 1))[
            :, :, : height // 2, : width // 2
        ]

    module = Frozen(how).eval()
    exported = studio.export_torch(module, torch.rand(1, 3, 32, 16), tmp_path / "mine")
    assert "fills pictures up to multiples of 16 pixels" in exported.notes[0]
    graph = load_network(tmp_path / "mine").graph
    assert graph.multiple == (16, 16)
    assert graph.fitting_size(Size(40, 41)) == Size(48, 48)
    with pytest.raises(StudioError, match="multiples of 16 and heights of 16, not 32×24"):
        graph.shapes({i.name: Size(24, 32) for i in graph.inputs})
    picture = torch.rand(1, 3, 48, 64)
    with torch.no_grad():
        wanted = module(picture)[0].numpy()
    assert relative_error(studio.load(tmp_path / "mine", engine="torch").run(picture[0].numpy()), wanted) < TOLERANCE


def _made_for_its_size(x: Tensor, y: Tensor) -> Tensor:
    return y * torch.arange(x.shape[2] * x.shape[3]).view(1, 1, *x.shape[2:]).sqrt()


def _only_one(_: Tensor, y: Tensor) -> Tensor:
    return y + torch.linspace(0, 1, 24).sqrt()


@pytest.mark.parametrize("how", [_made_for_its_size, _only_one])
def test_a_network_of_one_size_says_so_and_takes_no_other(
    how: Callable[[Tensor, Tensor], Tensor], tmp_path: Path
) -> None:
    exported = studio.export_torch(Frozen(how), torch.rand(1, 3, *EXAMPLE), tmp_path / "mine")
    assert "24×16 alone" in exported.notes[0]
    network = studio.load(tmp_path / "mine", engine="torch")
    with pytest.raises(StudioError, match="takes pictures of 24×16 alone, not 32×24"):
        network.run(np.zeros((3, 24, 32), np.float32))


def test_a_module_that_loses_digits_is_told_from_one_that_is_wrong(tmp_path: Path) -> None:
    class Losing(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.sin(x.std((2, 3), keepdim=True) * 1e5) + 0 * x

    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.calls = 0

        def forward(self, x: Tensor) -> Tensor:
            self.calls += 1
            return x * self.calls

    torch.manual_seed(0)
    exported = studio.export_torch(Losing(), torch.rand(1, 3, *EXAMPLE), tmp_path / "losing")
    assert exported.relative_error > 1e-3
    assert "loses digits" in exported.notes[0]
    with pytest.raises(StudioError, match="keeps a state"):
        studio.export_torch(Counting(), torch.rand(1, 3, *EXAMPLE), tmp_path / "counting")


def test_one_of_several_outputs_is_taken_by_name(tmp_path: Path) -> None:
    class Several(nn.Module):
        def forward(self, x: Tensor) -> dict[str, Tensor | list[Tensor]]:
            return {"vector": x.mean((2, 3)), "maps": [x + 1, x * 3]}

    example = torch.rand(1, 3, *EXAMPLE)
    first = studio.export_torch(Several(), example, tmp_path / "first")
    assert '"maps.0" was taken' in first.notes[0]
    third = studio.export_torch(Several(), example, tmp_path / "third", output="maps.1")
    assert third.network.graph.nodes[-1].op.model_dump()["scale"] == 3
    with pytest.raises(StudioError, match=r'no "other"; it returns maps.0, maps.1, vector'):
        studio.export_torch(Several(), example, tmp_path / "none", output="other")


def test_values_of_a_module_are_said_as_importers_have_them(tmp_path: Path) -> None:
    example = torch.rand(1, 3, *EXAMPLE)
    said = {"range": (0, 255), "mean": (104.0, 117.0, 123.0), "std": 2, "order": "bgr", "output_range": (-1, 1)}
    put = studio.export_torch(nn.Conv2d(3, 3, 1), example, tmp_path / "said", **said).network.graph
    assert (put.inputs[0].range, put.inputs[0].mean, put.inputs[0].std) == ((0, 255), (104.0, 117.0, 123.0), (2.0,) * 3)
    assert (put.inputs[0].order, put.output_order, put.output_range) == ("bgr", "bgr", (-1, 1))

    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    module = nn.Conv2d(3, 3, 1)
    studio.export_torch(module, example, tmp_path / "shown", output_mean=mean, output_std=std)
    with torch.no_grad():
        wanted = module(example)[0] * torch.tensor(std)[:, None, None] + torch.tensor(mean)[:, None, None]
    found = studio.load(tmp_path / "shown", engine="torch").run(example[0].numpy())
    assert relative_error(found, wanted.numpy()) < TOLERANCE
    with pytest.raises(StudioError, match="2 numbers are given as the mean of an output of 3 channels"):
        studio.export_torch(module, example, tmp_path / "wrong", output_mean=(0.5, 0.5))


def test_a_join_of_many_maps_runs_on_every_engine(tmp_path: Path, engine_for: EngineFor) -> None:
    def how(_: Tensor, y: Tensor) -> Tensor:
        return torch.cat([y * k for k in range(2, 22)], 1)

    module, picture = Frozen(how), torch.rand(1, 3, *EXAMPLE)
    studio.export_torch(module, picture, tmp_path / "mine")
    network = load_network(tmp_path / "mine")
    assert max(len(node.inputs) for node in network.graph.nodes) <= 8
    engine = engine_for(network)
    engine.run({network.graph.inputs[0].name: picture[0].numpy()})
    with torch.no_grad():
        assert relative_error(engine.output(), module(picture)[0].numpy()) < TOLERANCE


@pytest.mark.parametrize(
    ("own", "other"),
    [((16, 24), (64, 128)), ((64, 64), (128, 192)), ((100, 100), (128, 192)), ((256, 512), (320, 640))],
)
def test_the_second_size_is_another_and_no_larger_than_it_need_be(own: tuple[int, int], other: tuple[int, int]) -> None:
    asked: list[tuple[int, int] | None] = []

    def read(size: tuple[int, int] | None) -> tuple[Draft, str]:
        asked.append(size)
        draft = Draft()
        return draft, draft.add("ReLU", draft.add_input("x", Shape(3, *(size or own))), name="act")

    read_twice(read, any_size=True)
    # Attention has a number for each two of all places: at 128 × 192 in place of 64 × 128 it took ten gigabytes.
    # Others are upright, wide, and odd, where borders may fall otherwise; the last is as large as pictures are.
    usual = [(256, 320)] if other[0] < 256 else []
    assert asked == [None, other, other[::-1], (64, 192), (192, 64), (65, 67), *usual]
