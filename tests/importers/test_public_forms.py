"""How public networks are written: each form alone in a small module, the same at three sizes on every engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from helpers import EngineFor, on_torch, relative_error
from test_sizes import EXAMPLE, TOLERANCE, Frozen
from torch import Tensor, nn
from torch.nn import functional as F

import studio
from studio.io.importers import open_model
from studio.io.networks import load_network

How = Callable[[Tensor, Tensor], Tensor]


def _cut(x: Tensor, side: int) -> Tensor:
    _, height, width, c = x.shape
    return x.view(height // side, side, width // side, side, c).permute(0, 2, 1, 3, 4).reshape(-1, side * side, c)


def _joined(windows: Tensor, side: int, height: int, width: int) -> Tensor:
    x = windows.view(height // side, width // side, side, side, -1)
    return x.permute(0, 2, 1, 3, 4).reshape(1, height, width, -1)


def _windows_padded(_: Tensor, y: Tensor) -> Tensor:
    """As torchvision's Swin has it: filled up to whole windows, moved round, cut back."""
    x = y.permute(0, 2, 3, 1)
    _, height, width, _ = x.shape
    down, across = -height % 5, -width % 5
    x = torch.roll(F.pad(x, (0, 0, 0, across, 0, down)), (-2, -2), (1, 2))
    cut = _cut(x, 5)
    made = _joined((cut @ cut.transpose(1, 2) / 4).softmax(-1) @ cut, 5, height + down, width + across)
    made = torch.roll(made, (2, 2), (1, 2))[:, :height, :width]
    return y + made.permute(0, 3, 1, 2)


def _windows_as_wide_as_channels(_: Tensor, y: Tensor) -> Tensor:
    """A side of as many pixels as there are channels, which a roll along it must not be taken for."""
    x = torch.cat([y, -y, y * 2, y * 3], 1).permute(0, 2, 3, 1)
    _, height, width, _ = x.shape
    cut = _cut(torch.roll(x, (-4, -4), (1, 2)), 8)
    made = _joined((cut @ cut.transpose(1, 2) / 9).softmax(-1) @ cut, 8, height, width)
    made = torch.roll(made, (4, 4), (1, 2)).reshape(1, height * width, -1)
    return (x.reshape(1, height * width, -1) + made).transpose(1, 2).reshape(1, -1, height, width)


def _tokens_normalised(_: Tensor, y: Tensor) -> Tensor:
    tokens = y.flatten(2)
    scale, shift = torch.linspace(1, 2, 4), torch.linspace(-1, 1, 4)
    grouped = F.group_norm(tokens, 2, scale, shift)
    turned = F.group_norm(y.transpose(2, 3).flatten(2), 2).view(*y.shape[:2], y.shape[3], y.shape[2]).transpose(2, 3)
    rows = F.batch_norm(tokens[0].T, shift, scale, scale, shift, False)
    return (grouped + F.instance_norm(tokens) + rows.T[None]).view_as(y) + turned


def _statistics_of_its_own(_: Tensor, y: Tensor) -> Tensor:
    """As MUNIT writes its adaptive norm: a batch norm in training, whose weights come from the picture."""
    code = y.mean((2, 3))
    weight, bias = (code * 2 + 1).view(-1), code.view(-1)
    return F.batch_norm(y, torch.zeros(4), torch.ones(4), weight, bias, True)


def _weights_standardised(_: Tensor, y: Tensor) -> Tensor:
    kernel = torch.linspace(-1, 1, 4 * 4 * 9).cos().view(4, 4, 3, 3)
    even = F.batch_norm(kernel.view(1, 4, -1), None, None, weight=torch.linspace(0.5, 1, 4), training=True)
    return F.conv2d(y, even.view_as(kernel), padding=1)


def _halves(_: Tensor, y: Tensor) -> Tensor:
    top, bottom = y[:, :, : y.shape[2] // 2], y[:, :, y.shape[2] // 2 :]
    left, right = y[..., : y.shape[3] // 2], y[..., y.shape[3] // 2 :]
    mixed = torch.cat([F.avg_pool2d(top, 3, 1, 1), bottom.relu()], 2) + torch.cat([left.tanh(), right], 3)
    return mixed + F.avg_pool2d(torch.cat([bottom, top], 2), 3, 1, 1)


def _deviation_of_everything(_: Tensor, y: Tensor) -> Tensor:
    mean, variance = y.mean((1, 2, 3), keepdim=True), y.var((1, 2, 3), keepdim=True)
    return (y - mean) / torch.sqrt(variance + 1e-5) + y.view(-1).std()


def _guided(x: Tensor, y: Tensor) -> Tensor:
    """A box filter that counts the pixels in each box, by a map of ones."""
    height, width = x.shape[2:]
    box = torch.ones(4, 1, 5, 5) / 25
    count = F.conv2d(torch.ones(1, 1, height, width), box[:1], padding=2)
    return y * F.conv2d(y, box, padding=2, groups=4) / count


def _unpooled(_: Tensor, y: Tensor) -> Tensor:
    pooled, places = F.max_pool2d(y.relu(), 2, return_indices=True)
    small, inner = F.max_pool2d(pooled - 0.1, 2, return_indices=True)
    grown = F.max_unpool2d(small * 2, inner, 2, output_size=pooled.shape[2:])
    return F.max_unpool2d(grown + pooled, places, 2)


def _keys_beside_values(_: Tensor, y: Tensor) -> Tensor:
    """Heads of queries and keys that are narrower than their values."""
    c, height, width = y.shape[1:]
    rows = torch.cat([y, y * 2, y - 1, y.sin()], 1).flatten(2).transpose(1, 2)
    q, k, v = rows.view(1, -1, 2, 8).split([1, 3, 4], 3)
    q, k, v = (part.transpose(1, 2) for part in (q.expand(-1, -1, -1, 3), k, v))
    made = (q @ k.transpose(-1, -2)).softmax(-1) @ v
    return made.transpose(1, 2).reshape(1, height * width, 2 * c).transpose(1, 2).reshape(1, 2 * c, height, width)


def _linear_attention(_: Tensor, y: Tensor) -> Tensor:
    """As EfficientViT has it: a row of ones beside the values counts."""
    q, k, v = y.relu().flatten(2), y.abs().flatten(2), F.pad(y.flatten(2), (0, 0, 0, 1), value=1.0)
    made = v @ k.transpose(1, 2) @ q
    return (made[:, :-1] / (made[:, -1:] + 1e-3)).view_as(y)


def _by_names_of_its_own(_: Tensor, y: Tensor) -> Tensor:
    deviation, mean = torch.std_mean(y, (2, 3), keepdim=True)
    variance, _ = torch.var_mean(y, 1, keepdim=True)
    even = torch.moveaxis(torch.moveaxis((y - mean) / deviation, 1, 3), 3, 1)
    return F.channel_shuffle(even, 2) * variance.broadcast_to(y.shape)


FORMS: dict[str, How] = {
    "by names of its own": _by_names_of_its_own,
    "windows as wide as there are channels": _windows_as_wide_as_channels,
    "tokens normalised": _tokens_normalised,
    "statistics of its own": _statistics_of_its_own,
    "weights standardised": _weights_standardised,
    "halves": _halves,
    "deviation of everything": _deviation_of_everything,
    "box filter of ones": _guided,
    "unpooled": _unpooled,
    "keys beside values": _keys_beside_values,
    "linear attention": _linear_attention,
}
SIZES = (EXAMPLE, (32, 48), (48, 16))


def compared(module: nn.Module, path: Path, engine_for: EngineFor, sizes: tuple[tuple[int, int], ...]) -> None:
    """A saved network against its module at these sizes."""
    network = load_network(path)
    engine = engine_for(network)
    for size in sizes:
        picture = torch.rand(1, 3, *size)
        engine.run({network.graph.inputs[0].name: picture[0].numpy()})
        with torch.no_grad():
            wanted = module(picture)[0].numpy()
        assert relative_error(engine.output(), wanted) < TOLERANCE, size


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_the_modules_at_three_sizes(form: str, tmp_path: Path, engine_for: EngineFor) -> None:
    module = Frozen(FORMS[form]).eval()
    exported = studio.export_torch(module, torch.rand(1, 3, *EXAMPLE), tmp_path / "mine")
    assert exported.notes == ()
    compared(module, tmp_path / "mine", engine_for, SIZES)


def _read_anew(_: Tensor, y: Tensor) -> Tensor:
    """Tokens whose numbers are taken for a map as they lie, without being turned round."""
    return y + y.flatten(2).transpose(1, 2).reshape(y.shape)


def _by_the_quotient_of_its_sides(_: Tensor, y: Tensor) -> Tensor:
    """No rule tells this, and a number of pixels would at two sizes by chance."""
    return y * (y.shape[2] / y.shape[3])


@pytest.mark.parametrize("how", [_windows_padded, _read_anew, _by_the_quotient_of_its_sides])
def test_what_no_rule_tells_opens_at_its_own_size_and_says_so(how: How, tmp_path: Path, engine_for: EngineFor) -> None:
    module = Frozen(how, 5).eval()
    exported = studio.export_torch(module, torch.rand(1, 3, *EXAMPLE), tmp_path / "mine")
    assert "24×16 alone" in exported.notes[-1]
    compared(module, tmp_path / "mine", engine_for, (EXAMPLE,))


def test_a_module_that_fails_by_itself_is_told_from_one_that_cannot_be_traced(tmp_path: Path) -> None:
    module = nn.Conv2d(4, 3, 1)
    with pytest.raises(studio.StudioError, match=r"The module itself fails on the example \(RuntimeError: .*channels"):
        studio.export_torch(module, torch.rand(1, 3, *EXAMPLE), tmp_path / "mine")


class _Coded(nn.Module):
    """A variational autoencoder that draws its code."""

    def __init__(self) -> None:
        super().__init__()
        self.into, self.spread, self.back = nn.Linear(3 * 8 * 8, 5), nn.Linear(3 * 8 * 8, 5), nn.Linear(5, 3 * 8 * 8)

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(1)
        deviation = torch.exp(0.5 * self.spread(flat))
        return self.back(self.into(flat) + torch.randn_like(deviation) * deviation).view_as(x)


def test_a_code_that_is_drawn_is_drawn_by_seed_and_step(tmp_path: Path) -> None:
    exported = studio.export_torch(_Coded(), torch.rand(1, 3, 8, 8), tmp_path / "mine")
    assert exported.relative_error < TOLERANCE
    drawn = [node.op for node in exported.network.graph.nodes if type(node.op).__name__ == "RandomMap"]
    assert [(op.channels, op.kind) for op in drawn] == [(5, "gaussian")]


@pytest.mark.filterwarnings("ignore")
def test_a_spectral_norm_that_an_exporter_spelled_out_is_worked_out(tmp_path: Path) -> None:
    """Products of constant vectors and matrices, of which a weight is divided by one."""
    module = nn.utils.spectral_norm(nn.Conv2d(3, 4, 3, padding=1)).eval()
    picture = torch.rand(1, 3, 12, 10)
    torch.onnx.export(module, picture, str(tmp_path / "net.onnx"), dynamo=False, opset_version=13)
    network = open_model(tmp_path / "net.onnx").network
    engine = on_torch(network)
    engine.run({network.graph.inputs[0].name: picture[0].numpy()})
    with torch.no_grad():
        assert relative_error(engine.output(), module(picture)[0].numpy()) < TOLERANCE


def test_a_file_of_one_size_whose_output_keeps_it_says_so(tmp_path: Path) -> None:
    """Exported without dynamic sizes, a resize to its input's size is one to a number."""
    module = Frozen(lambda x, y: F.interpolate(F.avg_pool2d(y, 5, 3), x.shape[2:])).eval()
    torch.export.save(torch.export.export(module, (torch.rand(1, 3, *EXAMPLE),)), tmp_path / "net.pt2")
    opened = open_model(tmp_path / "net.pt2")
    assert opened.network.graph.only_size == EXAMPLE
    assert "24×16 alone" in opened.notes[-1]
