"""Codebooks: the nearest row by argmin, one_hot, scatter, embedding or cdist, as networks that quantise are written."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from helpers import EngineFor, relative_error
from once import Once
from torch import Tensor, nn
from torch.nn import functional as F

import studio
from studio.errors import StudioError
from studio.model.declared.size import Size


class Quantising(nn.Module):
    def __init__(self, how: str, count: int = 12, width: int = 12) -> None:
        super().__init__()
        self.how, self.count, self.width = how, count, width
        self.enc, self.dec = nn.Conv2d(3, width, 4, 4), nn.ConvTranspose2d(width, 3, 4, 4)
        self.embedding = nn.Embedding(count, width)

    def forward(self, x: Tensor) -> Tensor:
        z = self.enc(x).permute(0, 2, 3, 1).contiguous()
        table, flat = self.embedding.weight, z.view(-1, self.width)
        if self.how == "one_hot of a map":
            found = torch.einsum("bhwc,kc->bkhw", z, table).argmax(1)
            hot = F.one_hot(found, self.count).permute(0, 3, 1, 2).float()
            return self.dec(torch.einsum("bkhw,kc->bchw", hot, table))
        far = flat.pow(2).sum(1, keepdim=True) + table.pow(2).sum(1) - 2 * flat @ table.t()
        if self.how == "scatter":
            _, places = torch.min(far, dim=1)
            hot = torch.zeros(places.shape[0], self.count).scatter_(1, places.unsqueeze(1), 1)
            made = hot @ table
        elif self.how == "embedding":
            made = self.embedding(far.argmin(1))
        elif self.how == "one_hot":
            made = F.one_hot(far.argmin(1), self.count).to(far.dtype) @ table
        elif self.how == "indexed":
            made = table[far.argmin(1).view(z.shape[:-1])]
        elif self.how == "index_select":
            made = table.index_select(0, (-far).argmax(1))
        else:
            made = self.embedding(torch.cdist(flat, table).argmin(1))
        q = z + (made.view(z.shape) - z).detach()
        return self.dec(q.permute(0, 3, 1, 2).contiguous())


HOW = ["scatter", "embedding", "one_hot", "indexed", "index_select", "cdist", "one_hot of a map"]


@pytest.mark.parametrize("how", HOW)
def test_the_nearest_row_is_taken_at_every_size(how: str, engine_for: EngineFor, once: Once, tmp_path: Path) -> None:
    torch.manual_seed(2)
    module = Quantising(how).eval()
    made = once(lambda: studio.export_torch(module, torch.rand(1, 3, 16, 24), tmp_path / "net"))
    # The numbers by which rows are looked up are those that distances are taken to.
    assert all("in common there" in note for note in made.notes)
    # The table as it lies in the file, and as it is turned for the distances, are one in the file.
    assert sum(name.endswith("embedding.weight") for name in made.network.tensors) <= 1
    for size in ((16, 24), (32, 20)):
        picture, engine = torch.rand(1, 3, *size), engine_for(made.network)
        engine.run({made.network.graph.inputs[0].name: picture[0].numpy()})
        with torch.no_grad():
            assert relative_error(engine.output(), module(picture)[0].numpy()) < 1e-5


class Rounding(nn.Module):
    """A deep layer whose rows are two at several heights."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 8, 32, 32)

    def forward(self, x: Tensor) -> Tensor:
        y = self.down(x)
        flat = y.flatten(2)
        shares = torch.softmax(flat.transpose(1, 2) @ flat, -1)
        return (flat @ shares).view_as(y)


def test_sides_that_are_alike_at_the_sizes_tried_first_are_told_apart_further_off(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Rounding().eval()
    made = studio.export_torch(module, torch.rand(1, 3, 64, 64), tmp_path / "net")
    assert made.network.graph.only_size is None
    assert made.network.graph.shapes({"x": Size(160, 96)})


class Gathering(nn.Module):
    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "whole":
            return x * x.argmax().float()
        if self.how == "arithmetic":
            return x * x.argmax(1, keepdim=True)
        if self.how == "number":
            return torch.zeros_like(x).scatter(1, x.round().long().clamp(0, 3)[:, :1], 1.0)
        return torch.zeros_like(x).scatter(1, x.argmax(1, keepdim=True), x)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("how", "said"), [("whole", "give it an axis"), ("number", "those of topk, sort and argsort")])
def test_places_of_no_order_are_refused(how: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=said):
        studio.export_torch(Gathering(how), torch.rand(1, 4, 6, 5), tmp_path / "net")


@pytest.mark.parametrize("how", ["arithmetic", "values"])
def test_places_are_numbers_and_say_where_values_go(how: str, tmp_path: Path, engine_for: EngineFor) -> None:
    module = Gathering(how)
    made = studio.export_torch(module, torch.rand(1, 4, 6, 5), tmp_path / "net")
    picture, engine = torch.randn(1, 4, 9, 7).relu(), engine_for(made.network)  # of equal values the first counts
    engine.run({made.network.graph.inputs[0].name: picture[0].numpy()})
    assert relative_error(engine.output(), module(picture)[0].numpy()) < 1e-5


class Reordered(nn.Module):
    """Places in the order of their brightness, summed up along it, and put back by the order turned round."""

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.flatten(2).transpose(1, 2)
        order = x.mean(1).flatten(1).argsort(-1)
        back, numbers = torch.zeros_like(order), torch.arange(order.shape[-1])
        for row in range(len(order)):
            back[row, order[row]] = numbers
        laid = torch.gather(tokens, 1, order[:, :, None].expand_as(tokens))
        more = -laid.shape[1] % 4
        filled = torch.cat([laid, laid[:, laid.shape[1] - more :].flip(1)], 1).cumsum(1)[:, : laid.shape[1]]
        found = torch.gather(filled, 1, back[:, :, None].expand_as(tokens))
        return (found / tokens.shape[1]).transpose(1, 2).reshape(x.shape)


@pytest.mark.parametrize("size", [Size(6, 8), Size(5, 7)])
def test_an_order_is_turned_round_by_writing_into_a_row(
    size: Size, tmp_path: Path, engine_for: EngineFor, once: Once
) -> None:
    module, picture = Reordered(), torch.rand(1, 3, *size)
    engine = engine_for(once(lambda: studio.export_torch(module, picture, tmp_path / "net").network))
    other = torch.rand(1, 3, *size)
    engine.run({engine.graph.inputs[0].name: other[0].numpy()})
    assert relative_error(engine.output(), module(other)[0].numpy()) < 1e-4
