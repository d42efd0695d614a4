"""What a module works out of its weights and constants alone is worked out when it is read, whatever it takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from helpers import on_torch, relative_error
from onnx import helper, numpy_helper, reference
from torch import Tensor, nn
from torch.nn import functional as F

import studio
from studio.errors import StudioError
from studio.io.importers import open_model
from studio.io.importers._traced import folding
from studio.io.importers._values.views import Value

FORMS: dict[str, Callable[[Tensor], Tensor]] = {
    "nan_to_num of a diagonal": lambda m: torch.nan_to_num(-torch.diag(torch.full((4,), torch.inf)), neginf=-9.0) + m,
    "diagonal and trace": lambda m: torch.diag_embed(m.diagonal()) / m.trace(),
    "kron": lambda m: torch.kron(m[:2, :2], torch.eye(2)),
    "svd": lambda m: torch.linalg.svd(m)[1].diag() + m,
    "eigh": lambda m: torch.linalg.eigh(m @ m.T)[0] * m,
    "pinv": torch.linalg.pinv,
    "matrix_power": lambda m: torch.linalg.matrix_power(m / 4, 3),
    "rot90 and fliplr": lambda m: torch.rot90(m) + torch.fliplr(m),
    "stacks": lambda m: torch.vstack([m[:2], torch.hstack([m[2:, :2], m[2:, 2:]])]),
    "cumprod and var_mean": lambda m: (m.cumprod(0) - torch.var_mean(m)[1]) / torch.var_mean(m)[0],
    "median and quantile": lambda m: m - m.median() + m.quantile(0.3),
    "angles": lambda m: torch.atan2(m, m.T) + torch.asin(m.tanh()) + torch.deg2rad(m),
    "sinc and window": lambda m: torch.sinc(m) * torch.kaiser_window(4, periodic=False) + torch.blackman_window(4),
    "triangle": lambda m: m.index_put(tuple(torch.triu_indices(4, 4)), torch.zeros(10)),
    "exp2 and frac": lambda m: torch.exp2(m) + torch.frac(m) + torch.copysign(m.abs(), m),
    "norms": lambda m: m / torch.linalg.norm(m) + torch.linalg.matrix_norm(m) + F.cosine_similarity(m, m.T, 0),
    "moved": lambda m: torch.moveaxis(m[None], 0, 1).ravel().view(4, 4) + torch.tensor_split(m, 2)[0].repeat(2, 1),
    "padded": lambda m: F.pad(m[None, None], (1, 1, 1, 1), "reflect")[0, 0, 1:-1, 1:-1],
    "by glu and threshold": lambda m: F.glu(torch.cat([m, m], 1)) + F.threshold(m, 0.1, 2.0) + F.softsign(m),
}


class Mixed(nn.Module):
    """A convolution across channels by a matrix that is worked out."""

    def __init__(self, form: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.conv, self.form = nn.Conv2d(3, 4, 3, padding=1), form
        self.register_buffer("matrix", torch.randn(4, 4))

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("ij,bjhw->bihw", self.form(self.matrix), self.conv(x))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("way", ["module", "pt2"])
def test_what_is_worked_out_of_constants_is_pytorchs(form: str, way: str, tmp_path: Path) -> None:
    torch.manual_seed(5)
    module, picture = Mixed(FORMS[form]).eval(), torch.rand(1, 3, 8, 10)
    if way == "module":
        network = studio.export_torch(module, picture, tmp_path / "net").network
    else:
        torch.export.save(torch.export.export(module, (picture,)), tmp_path / "net.pt2")
        network = open_model(tmp_path / "net.pt2").network
    engine = on_torch(network)
    engine.run({network.graph.inputs[0].name: picture[0].numpy()})
    with torch.no_grad():
        assert relative_error(engine.output(), module(picture)[0].numpy()) < 1e-5


class Masked(nn.Module):
    """Attention in which no place looks at those behind it, as most write it."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.conv, self.least = nn.Conv2d(3, 4, 4, 4), least

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.conv(x).flatten(2).transpose(1, 2)
        mask = torch.full((tokens.shape[1], tokens.shape[1]), self.least).triu(1)
        scores = tokens @ tokens.transpose(1, 2) + mask
        return (scores.softmax(-1) @ tokens).transpose(1, 2).reshape(1, 4, x.shape[2] // 4, -1)


@pytest.mark.parametrize("least", [float("-inf"), -1e9])
def test_infinities_of_a_pt2_are_numbers(least: float, tmp_path: Path) -> None:
    torch.manual_seed(5)
    module, picture = Masked(least).eval(), torch.rand(1, 3, 12, 16)
    torch.export.save(torch.export.export(module, (picture,)), tmp_path / "net.pt2")
    network = open_model(tmp_path / "net.pt2").network
    engine = on_torch(network)
    engine.run({network.graph.inputs[0].name: picture[0].numpy()})
    with torch.no_grad():
        assert relative_error(engine.output(), module(picture)[0].numpy()) < 1e-5


class Summed(nn.Module):
    """A number that is worked out of a matrix by way of another, which may be large."""

    def __init__(self, form: Callable[[Tensor], Tensor], *shape: int) -> None:
        super().__init__()
        self.form = form
        self.register_buffer("few", torch.rand(shape))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.form(self.few).float().mean()


LARGE: dict[str, Summed] = {
    "diag": Summed(torch.diag, 2**13),
    "eye": Summed(lambda m: m * torch.eye(2**14), 1),
    "arange": Summed(lambda m: m * torch.arange(2**26), 1),
    "steps": Summed(lambda m: m * torch.linspace(0, 1, 2**26), 1),
    "every two": Summed(lambda m: m[:, None] + m, 2**13),
    "every three": Summed(lambda m: torch.cartesian_prod(m, m, m), 2**9),
    "tiles": Summed(lambda m: m.tile(2**13, 2**13), 2, 2),
    "borders": Summed(lambda m: F.pad(m, (2**13, 2**13, 2**13, 2**13)), 2, 2),
    "classes": Summed(lambda m: F.one_hot((m * 3).long(), 2**24), 8),
    "bins": Summed(lambda m: torch.bincount((m * 3).long(), minlength=2**26), 8),
    "repeats": Summed(lambda m: m.repeat_interleave(torch.full((8,), 2**23)), 8),
    "triangle": Summed(lambda m: m.mean() * torch.triu_indices(2**13, 2**13), 8),
}


@pytest.mark.parametrize("name", LARGE)
def test_what_few_numbers_make_too_many_of_is_refused_before_it_is_made(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = torch.export.export(LARGE[name].eval(), (torch.rand(1, 3, 8, 8),))
    torch.export.save(program, tmp_path / "net.pt2")
    whole = folding._value

    def seen(made: Tensor) -> Value:
        assert made.numel() <= 2**25, "it was made"
        return whole(made)

    monkeypatch.setattr(folding, "_value", seen)
    with pytest.raises(StudioError, match="too large to be a weight"):
        open_model(tmp_path / "net.pt2")


SMALL: dict[str, Summed] = {
    "diag": Summed(torch.diag, 128, 128),
    "diag_embed": Summed(torch.diag_embed, 512, 64),
    "cdist": Summed(lambda m: torch.cdist(m, m), 1000, 64),
    "pdist": Summed(F.pdist, 128, 128),
    "one_hot": Summed(lambda m: F.one_hot((m * 9).long(), 10), 64, 64),
}


@pytest.mark.parametrize("name", SMALL)
def test_what_many_numbers_make_few_of_is_worked_out(name: str, tmp_path: Path) -> None:
    module, picture = SMALL[name].eval(), torch.rand(1, 3, 8, 8)
    torch.export.save(torch.export.export(module, (picture,)), tmp_path / "net.pt2")
    network = open_model(tmp_path / "net.pt2").network
    engine = on_torch(network)
    engine.run({network.graph.inputs[0].name: picture[0].numpy()})
    assert relative_error(engine.output(), module(picture)[0].numpy()) < 1e-5


WINDOWS: dict[str, tuple[str, tuple[int, ...], tuple[int, ...], dict[str, object]]] = {
    "kernels of kernels": ("Conv", (4, 3, 3, 3), (5, 3, 1, 1), {}),
    "borders": ("Conv", (1, 3, 9, 7), (2, 3, 3, 3), {"pads": [2, 1, 0, 2], "strides": [2, 1], "dilations": [1, 2]}),
    "larger": ("ConvTranspose", (1, 3, 6, 5), (3, 2, 4, 4), {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
    "mean": ("AveragePool", (1, 2, 8, 6), (), {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
    "largest": ("MaxPool", (1, 2, 8, 6), (), {"kernel_shape": [3, 3], "strides": [2, 2]}),
}
TOO_LARGE: dict[str, tuple[str, tuple[int, ...], tuple[int, ...], dict[str, object]]] = {
    "borders": ("Conv", (1, 1, 1, 1), (1, 1, 1, 1), {"pads": [9999] * 4}),
    "borders that are passed over": ("Conv", (1, 1, 1, 1), (1, 1, 1, 1), {"pads": [9999] * 4, "strides": [9999] * 2}),
    "dilations": ("Conv", (1, 1, 9, 9), (1, 1, 2, 2), {"pads": [4999] * 4, "dilations": [9999] * 2}),
    "steps": ("ConvTranspose", (1, 1, 2, 2), (1, 1, 1, 1), {"strides": [9999] * 2}),
    "output": ("ConvTranspose", (1, 1, 2, 2), (1, 1, 1, 1), {"output_shape": [9999] * 2}),
    "places": ("AveragePool", (1, 4, 256, 256), (), {"kernel_shape": [3, 3]}),
}


def _windows(
    kind: str, shape: tuple[int, ...], kernel: tuple[int, ...], settings: dict[str, object], path: Path
) -> None:
    """An ONNX model that adds to its picture the least and the largest number that an operator makes of constants."""
    rng = np.random.default_rng(3)
    held = {"c": rng.standard_normal(shape), **({"k": rng.standard_normal(kernel)} if kernel else {})}
    puts = [helper.make_tensor_value_info("x", 1, [1, 3, "h", "w"])], [helper.make_tensor_value_info("y", 1, None)]
    nodes = [helper.make_node(kind, list(held), ["made"], **settings)]
    nodes += [helper.make_node(f"Reduce{how}", ["made"], [how], keepdims=1) for how in ("Min", "Max")]
    nodes += [helper.make_node("Mul", ["x", "Min"], ["z"]), helper.make_node("Add", ["z", "Max"], ["y"])]
    kept = [numpy_helper.from_array(values.astype(np.float32), name) for name, values in held.items()]
    model = helper.make_model(
        helper.make_graph(nodes, "g", *puts, kept), opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    path.write_bytes(model.SerializeToString())


@pytest.mark.parametrize("name", WINDOWS)
def test_what_onnx_looks_around_in_constants_is_worked_out(name: str, tmp_path: Path) -> None:
    _windows(*WINDOWS[name], tmp_path / "net.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    engine, picture = on_torch(open_model(tmp_path / "net.onnx").network), np.random.rand(3, 8, 10).astype(np.float32)
    engine.run({"x": picture})
    assert relative_error(engine.output(), session.run(None, {"x": picture[None]})[0][0]) < 1e-5


@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_would_take_long_or_much_is_refused_before_it_is_worked_out(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _windows(*TOO_LARGE[name], tmp_path / "net.onnx")
    monkeypatch.setattr(reference, "ReferenceEvaluator", lambda *_: pytest.fail("it was worked out"))
    with pytest.raises(StudioError, match="too large to be a weight"):
        open_model(tmp_path / "net.onnx")
