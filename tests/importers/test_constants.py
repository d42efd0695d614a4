"""What a module works out of its weights and constants alone is worked out when it is read, whatever it takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from helpers import on_torch, relative_error
from torch import Tensor, nn
from torch.nn import functional as F

import studio
from studio.errors import StudioError
from studio.io.importers import open_model

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


class Grown(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("few", torch.rand(2**13))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.diag(self.few).sum()


def test_a_matrix_of_few_numbers_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="too large to be a weight"):
        studio.export_torch(Grown(), torch.rand(1, 3, 8, 8), tmp_path / "net")
