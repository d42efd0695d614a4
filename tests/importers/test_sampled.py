"""Maps that are sampled, sorted, cut into windows and laid back, as PyTorch and ONNX say it, at three sizes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from helpers import EngineFor, relative_error
from once import Once
from onnx import TensorProto, helper
from test_sizes import EXAMPLE, TOLERANCE, Frozen, is_exported_right
from torch import Tensor, nn
from torch.nn import functional as F

import studio
from studio.errors import StudioError
from studio.io.importers import open_model

How = Callable[[Tensor], Tensor]


def _turned(y: Tensor) -> Tensor:
    """A spatial transformer, turned by what it sees."""
    angle = y.mean((1, 2, 3)) - 0.3
    rows = torch.stack([angle.cos(), -angle.sin(), angle * 0.1, angle.sin(), angle.cos(), angle * 0.2], 1)
    grid = F.affine_grid(rows.view(1, 2, 3), list(y.shape), align_corners=False)
    return F.grid_sample(y, grid, padding_mode="reflection", align_corners=False)


def _flowing(y: Tensor) -> Tensor:
    """As networks of optical flow warp: by pixels, brought between -1 and 1."""
    _, _, height, width = y.shape
    across = torch.arange(0, width).view(1, -1).repeat(height, 1).view(1, 1, height, width)
    down = torch.arange(0, height).view(-1, 1).repeat(1, width).view(1, 1, height, width)
    places = torch.cat([across, down], 1).float() + (y[:, :2] - 0.5) * 3
    x = 2.0 * places[:, 0] / max(width - 1, 1) - 1.0
    grid = torch.stack([x, 2.0 * places[:, 1] / max(height - 1, 1) - 1.0], -1)
    return F.grid_sample(y, grid, mode="bilinear", padding_mode="border", align_corners=True)


def _sparse_attention(y: Tensor) -> Tensor:
    """The largest scores alone, as DRSformer keeps them."""
    flat = F.normalize(y.flatten(2), dim=-1)
    scores = flat @ flat.transpose(-2, -1)
    mask = torch.zeros_like(scores).scatter_(-1, scores.topk(3, dim=-1)[1], 1.0)
    shares = torch.where(mask > 0, scores, torch.full_like(scores, float("-inf"))).softmax(-1)
    return (shares @ y.flatten(2)).view_as(y)


def _grouped(y: Tensor) -> Tensor:
    """Channels sorted by how bright they are, worked on, and put back."""
    order = y.mean((2, 3)).argsort(1)[..., None, None].expand_as(y)
    mixed = y.gather(1, order).cumsum(1)
    return mixed.gather(1, order.argsort(1))


def _put_back(y: Tensor) -> Tensor:
    values, places = y.sort(1, descending=True)
    return torch.zeros_like(y).scatter(1, places, values * torch.linspace(0, 1, y.shape[1]).view(1, -1, 1, 1))


def _woven(y: Tensor) -> Tensor:
    """The inverse wavelet transform as MWCNN writes it."""
    made = torch.zeros(1, 1, 2 * y.shape[2], 2 * y.shape[3])
    a, b, c, d = (y[:, k : k + 1] / 2 for k in range(4))
    made[:, :, 0::2, 0::2] = a - b - c + d
    made[:, :, 1::2, 0::2] = a - b + c - d
    made[:, :, 0::2, 1::2] = a + b - c - d
    made[:, :, 1::2, 1::2] = a + b + c + d
    return made


def _halves(y: Tensor) -> Tensor:
    """Two maps weighed and added, and what comes after, as MIRNet joins its streams."""
    both = torch.cat([y, y.flip(1)], 1).view(1, 2, *y.shape[1:])
    joined = (both * both.mean((3, 4), keepdim=True).softmax(1)).sum(1)
    return joined * joined.mean((2, 3), keepdim=True)


def _edges(y: Tensor) -> Tensor:
    """Differences of neighbours added to both, as GCANet does."""
    found, across, down = torch.zeros_like(y), (y[..., :-1] - y[..., 1:]).abs(), (y[:, :, :-1] - y[:, :, 1:]).abs()
    found[..., :-1] += across
    found[..., 1:] += across
    found[:, :, :-1] += down
    found[:, :, 1:] = found[:, :, 1:] * 2 + down
    return found


def _frames(y: Tensor) -> Tensor:
    """Four pictures of a batch, convolved alike, as networks of video do."""
    apart = y.transpose(0, 1)
    made = F.conv2d(apart, torch.linspace(-1, 1, 18).view(2, 1, 3, 3), padding=1)
    return made.view(1, 4, 2, *y.shape[2:]).flatten(1, 2)


def _own_kernels(y: Tensor) -> Tensor:
    """Each channel by a kernel that the picture says; then pairs of them."""
    kernels = torch.outer(y.mean((2, 3))[0], torch.linspace(-1, 1, 9)).view(4, 1, 3, 3)
    each = F.conv2d(y, kernels, padding=1, groups=4)
    return F.conv2d(each, kernels.view(2, 2, 3, 3).repeat(2, 1, 1, 1), padding=1, groups=2)


FORMS: dict[str, How] = {
    "grid_sample by affine_grid": _turned,
    "grid_sample by a flow": _flowing,
    "affine_grid of constants": lambda y: F.grid_sample(
        y, F.affine_grid(torch.tensor([[[0.9, 0.2, 0.1], [-0.1, 1.1, 0]]]), list(y.shape), False), align_corners=False
    ),
    "topk as a mask": _sparse_attention,
    "topk": lambda y: torch.cat([y.topk(2, 1)[0], y.topk(2, 1, largest=False)[0]], 1),
    "sort and argsort": _grouped,
    "sort and scatter": _put_back,
    "the first of an order, by a number": lambda y: y.scatter(1, y.argsort(1)[:, :2], 0.5),
    "the last of an order, by values": lambda y: y.scatter(1, y.argsort(1)[:, -2:], y.flip(1)),
    "the middle of an order": lambda y: y.scatter(1, y.sort(1, descending=True)[1].narrow(1, 1, 2), y[:, 2:]),
    "a piece of an order": lambda y: y.scatter(1, y.topk(3, 1)[1].split(2, 1)[0], torch.full_like(y, -1.0)),
    "one of an order": lambda y: y.scatter(1, y.topk(3, 1)[1].select(1, 2)[:, None], y * 2),
    "values that are more than their places": lambda y: y.scatter(1, y.topk(2, 1)[1], y.flip(1)),
    "median": lambda y: y - y.median(1, keepdim=True)[0] + y.kthvalue(3, 1)[0][:, None],
    "quantile": lambda y: y - y.quantile(0.3, dim=1, keepdim=True),
    "max and its places": lambda y: y * y.max(1, keepdim=True)[1] + y.argmin(1, keepdim=True),
    "a palette": lambda y: torch.linspace(0, 1, 12).view(4, 3)[y.argmax(1)].permute(0, 3, 1, 2),
    "unfold and fold": lambda y: F.fold(F.unfold(y, 4, padding=1, stride=2), y.shape[2:], 4, padding=1, stride=2),
    "Tensor.unfold": lambda y: F.pad(y, (1, 1, 1, 1)).unfold(2, 3, 1).unfold(3, 3, 1).amax((-1, -2)),
    "windows of Tensor.unfold": lambda y: y.unfold(2, 4, 4).unfold(3, 4, 4).mean((-1, -2)),
    "antialiased": lambda y: F.interpolate(y, scale_factor=0.5, mode="bicubic", antialias=True),
    "antialiased to a half": lambda y: F.interpolate(
        y, (y.shape[2] // 2, y.shape[3] // 2), mode="bilinear", antialias=True
    ),
    "fftshift": lambda y: torch.fft.fftshift(torch.fft.fft2(y), (-2, -1)).abs(),
    "by others": lambda y: torch.logaddexp(y, -y) + torch.cat(torch.tensor_split(y, 3, 1)[::-1], 1) + torch.erfc(y),
    "signs": lambda y: torch.sgn(y - 0.5) * torch.sinc(y) + torch.heaviside(y - 0.5, torch.tensor(0.5)),
    "einsum of one": lambda y: (
        y * torch.einsum("bc...->bc", y)[..., None, None] + torch.einsum("...hw->...wh", y).sum()
    ),
    "sums of windows": lambda y: F.avg_pool2d(y, 2, divisor_override=1),
    "every other row": _woven,
    "halves that are added": _halves,
    "edges added in place": _edges,
    "frames of a batch": _frames,
    "kernels of the picture": _own_kernels,
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_pytorchs_at_three_sizes(form: str, tmp_path: Path, engine_for: EngineFor, once: Once) -> None:
    is_exported_right(Frozen(lambda _, y: FORMS[form](y)).eval(), tmp_path / "mine", engine_for, once)


def _context(y: Tensor) -> Tensor:
    """The mean of the picture beside every pixel, and those of its rows and columns."""
    whole = F.interpolate(F.adaptive_avg_pool2d(y, 1), y.shape[2:], mode="bilinear", align_corners=False)
    rows = F.interpolate(F.adaptive_avg_pool2d(y, (None, 1)), y.shape[2:])
    return torch.cat([y * torch.sigmoid(rows + F.adaptive_avg_pool2d(y, (1, None)).expand_as(y)), whole], 1)


@pytest.mark.parametrize("example", [EXAMPLE, (80, 96)])
def test_one_value_is_spread_over_a_picture_of_any_size(
    example: tuple[int, int], tmp_path: Path, engine_for: EngineFor, once: Once
) -> None:
    module = Frozen(lambda _, y: _context(y)).eval()
    network = once(lambda: studio.export_torch(module, torch.rand(1, 3, *example), tmp_path / "mine").network)
    engine = engine_for(network)
    for size in ((16, 24), (96, 72)):
        picture = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(size[0]))
        engine.run({network.graph.inputs[0].name: picture[0].numpy()})
        with torch.no_grad():
            assert relative_error(engine.output(), module(picture)[0].numpy()) < TOLERANCE, size


def test_what_cannot_be_is_refused_with_a_way_on(tmp_path: Path) -> None:
    for how, said in (
        (lambda _, y: y * y.repeat(1, 1, 3, 3).flatten().sort()[0][0], "Pool the map first"),
        (lambda _, y: y * F.grid_sample(y[None], y.mean() * torch.ones(1, 1, 1, 1, 3)).mean(), "only maps"),
        (lambda _, y: y.scatter(1, (y[:, :1] > 0.5).long(), 1.0), "torch.where with a mask"),
        (lambda _, y: y.scatter(1, y.argsort(1)[:, ::2], 1.0), "that follow each other; write torch.where"),
    ):
        with pytest.raises(StudioError, match=said):
            studio.export_torch(Frozen(how).eval(), torch.rand(1, 3, *EXAMPLE), tmp_path / "mine")


# -- ONNX -------------------------------------------------------------------------------------------------------------


class Warped(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        values, places = x.topk(2, 1)
        by = torch.cat([values, x.argmax(1, keepdim=True).float(), x.gather(1, places)], 1)
        return torch.cat([by, F.grid_sample(x, (x[:, :2] * 2 - 1).permute(0, 2, 3, 1), align_corners=True)], 1)


@pytest.mark.filterwarnings("ignore")
def test_an_exported_module_that_sorts_and_samples_is_onnxruntimes(tmp_path: Path, engine_for: EngineFor) -> None:
    path, example = tmp_path / "warped.onnx", torch.rand(1, 4, 12, 16)
    torch.onnx.export(
        Warped(), (example,), str(path), opset_version=17, dynamo=False, input_names=["x"],
        dynamic_axes={"x": {2: "h", 3: "w"}},
    )  # fmt: skip
    engine = engine_for(open_model(path).network)
    session = onnxruntime.InferenceSession(path.read_bytes())
    for size in ((12, 16), (24, 20)):
        values = torch.rand(1, 4, *size, generator=torch.Generator().manual_seed(3)).numpy()
        engine.run({"x": values[0]})
        assert relative_error(engine.output(), session.run(None, {"x": values})[0][0]) < 1e-5


def test_windows_folded_by_onnx_are_onnxruntimes(tmp_path: Path, engine_for: EngineFor) -> None:
    nodes = [
        helper.make_node("Reshape", ["x", "s"], ["flat"]),
        helper.make_node("Col2Im", ["flat", "size", "block"], ["y"], strides=[2, 2], pads=[1, 0, 0, 1]),
    ]
    given = {"s": [1, 18, 20], "size": [10, 9], "block": [3, 3]}
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 18, 5, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2, 10, 9])],
        [helper.make_tensor(name, TensorProto.INT64, [len(held)], held) for name, held in given.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    (tmp_path / "folded.onnx").write_bytes(model.SerializeToString())
    values = np.random.default_rng(0).normal(size=(1, 18, 5, 4)).astype(np.float32)
    engine = engine_for(open_model(tmp_path / "folded.onnx").network)
    engine.run({"x": values[0]})
    wanted = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": values})[0][0]
    assert relative_error(engine.output(), wanted) < 1e-5
