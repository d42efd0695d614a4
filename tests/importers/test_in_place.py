"""Modules that write into parts of tensors, and files of them: what a view showed follows, as in PyTorch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from helpers import on_torch, relative_error
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

import studio
from studio.errors import StudioError
from studio.io.importers import open_model
from studio.io.importers.base import Options
from studio.io.importers.module import imported_module
from studio.model.networks.network import Network
from studio.model.networks.shape import Array

Step = tuple[str, int, int]


def _run(network: Network, picture: Tensor) -> Array:
    engine = on_torch(network)
    engine.run({network.graph.inputs[0].name: picture[0].numpy()})
    return engine.output()


steps = st.lists(
    st.tuples(st.sampled_from(["rows", "channel", "turn", "flat", "add", "times", "copy"]), *[st.integers(0, 5)] * 2),
    min_size=3,
    max_size=7,
)


class Writing(nn.Module):
    """Takes views of views of a map, and writes into any of them."""

    def __init__(self, program: list[Step]) -> None:
        super().__init__()
        self.program = program

    def forward(self, x: Tensor) -> Tensor:
        whole = torch.sigmoid(x)
        held = [whole]
        for how, which, at in self.program:
            one = held[which % len(held)]
            if how == "rows" and one.shape[-1] > 2:
                held.append(one[..., 1 : one.shape[-1] - at % 2])
            elif how == "channel" and one.dim() == 4:
                held.append(one[:, at % one.shape[1]])
            elif how == "turn":
                held.append(one.transpose(-1, -2))
            elif how == "flat" and one.is_contiguous():
                held.append(one.view(1, -1))
            elif how == "add":
                one += at * 0.1
            elif how == "times":
                one *= 1 + at * 0.2
            elif how == "copy":
                one.copy_(torch.tanh(one * at))
        return torch.cat([whole, *(view.mean().expand_as(whole) for view in held[1:])], 1)


@settings(max_examples=8)
@given(program=steps)
def test_what_is_written_into_a_part_is_seen_by_all_that_show_it(
    program: list[Step], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path, picture = tmp_path_factory.mktemp("written") / "written.pt2", torch.rand(1, 3, 6, 8)
    module = Writing(program).eval()
    torch.export.save(torch.export.export(module, (picture,)), path)
    wanted = module(picture)[0].numpy()
    try:
        network = open_model(path).network
    except StudioError as error:
        # What spreads a part over the whole, in an order of its own, is no operator's.
        if "rearranges" not in str(error) and "in place" not in str(error):
            raise
        return
    assert relative_error(_run(network, picture), wanted) < 1e-5


class Warping(nn.Module):
    """Both channels of a flow brought between -1 and 1, where they lie."""

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        flow = x[:, :2] * 4
        flow[:, 0, :, :] = 2.0 * flow[:, 0, :, :].clone() / max(width - 1, 1) - 1.0
        flow[:, 1, :, :] = 2.0 * flow[:, 1, :, :].clone() / max(height - 1, 1) - 1.0
        return nn.functional.grid_sample(x, flow.permute(0, 2, 3, 1), align_corners=True)


def test_a_flow_that_is_scaled_in_place_is_right_at_other_sizes(tmp_path: Path) -> None:
    path, dim = tmp_path / "warping.pt2", torch.export.Dim.AUTO
    program = torch.export.export(Warping(), (torch.rand(1, 3, 16, 24),), dynamic_shapes=({2: dim, 3: dim},))
    torch.export.save(program, path)
    network = open_model(path).network
    for size in ((16, 24), (32, 48), (40, 24)):
        picture = torch.rand(1, 3, *size)
        assert relative_error(_run(network, picture), Warping()(picture)[0].numpy()) < 1e-5


class Split(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = torch.tanh(x)
        first = y.split(1, 1)[0]
        first += 1
        return y


def test_a_part_of_which_it_is_not_told_whose_it_is_is_refused_or_right(tmp_path: Path) -> None:
    path, picture = tmp_path / "split.pt2", torch.rand(1, 3, 6, 8)
    torch.export.save(torch.export.export(Split(), (picture,)), path)
    with pytest.raises(StudioError, match=r"in place; write torch\.cat"):
        open_model(path)
    made = studio.export_torch(Split(), picture, tmp_path / "made")
    assert relative_error(_run(made.network, picture), Split()(picture)[0].numpy()) < 1e-5


class Woven(nn.Module):
    """An inverse wavelet transform as most write it: into zeros, of which ``float`` may be a copy or not."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.conv, self.how = nn.Conv2d(3, 4, 3, padding=1), how

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        before = torch.zeros([1, 1, 2 * x.shape[2], 2 * x.shape[3]])
        woven = before.float() if self.how != "contiguous" else before.contiguous()
        for k in range(4):
            woven[:, :, k // 2 :: 2, k % 2 :: 2] = y[:, k : k + 1]
        return woven + before if self.how == "seen by others" else woven


@pytest.mark.parametrize("free", [False, True])
@pytest.mark.parametrize("how", ["float", "contiguous", "seen by others"])
def test_what_nobody_else_sees_may_be_written_into(how: str, free: bool, tmp_path: Path) -> None:
    torch.manual_seed(2)
    module, side = Woven(how), torch.export.Dim.AUTO
    shapes = ({2: side, 3: side},) if free else None
    torch.export.save(
        torch.export.export(module, (torch.rand(1, 3, 8, 12),), dynamic_shapes=shapes), tmp_path / "w.pt2"
    )
    network = open_model(tmp_path / "w.pt2").network
    for size in ((8, 12), (12, 8), (16, 16)) if free else ((8, 12),):
        picture = torch.rand(1, 3, *size)
        with torch.no_grad():
            assert relative_error(_run(network, picture), module(picture)[0].numpy()) < 1e-5


class Returning(nn.Module):
    """Returns a tensor itself of which it has written a part, a view of it, or both."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what

    def forward(self, x: Tensor) -> Tensor | dict[str, Tensor]:
        whole = torch.tanh(x)
        part = whole[:, 1:]
        whole[:, 0] += 1
        part[:, :, ::2] *= 2
        if self.what == "both":
            return {"part": part, "whole": whole}
        return whole if self.what == "whole" else part


@pytest.mark.parametrize(("what", "output"), [("whole", ""), ("part", ""), ("both", "whole"), ("both", "part")])
def test_what_was_written_is_what_is_returned(what: str, output: str, tmp_path: Path) -> None:
    picture, module = torch.rand(1, 3, 6, 8), Returning(what)
    torch.export.save(torch.export.export(module, (picture,)), tmp_path / "r.pt2")
    network = open_model(tmp_path / "r.pt2", Options(output=output)).network
    made = module(picture)
    wanted = made[output] if isinstance(made, dict) else made
    assert relative_error(_run(network, picture), wanted[0].numpy()) < 1e-6


def test_a_message_names_the_line_of_the_module_in_a_file_as_well(tmp_path: Path) -> None:
    class Adding(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.scatter_add(1, x.argmax(1, keepdim=True), x)

    path = tmp_path / "adding.pt2"
    torch.export.save(torch.export.export(Adding(), (torch.rand(1, 3, 6, 8),)), path)
    with pytest.raises(StudioError, match=r"test_in_place.py:\d+: return x.scatter_add.*put a product"):
        open_model(path)


def test_numbers_that_two_kinds_of_layers_have_in_common_are_said_to_part() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.there, self.slices = nn.Parameter(torch.randn(4, 3, 2, 2)), nn.Parameter(torch.randn(8, 4, 1, 1))

        def forward(self, x: Tensor) -> Tensor:
            y = F.conv2d(F.conv2d(x, self.there, stride=2), self.slices[:4])
            return F.conv_transpose2d(F.conv2d(y, self.slices[4:]), self.there, stride=2)

    found, _ = imported_module(Tied().eval(), torch.rand(1, 3, 8, 8), Path("tied"), Options())
    (said,) = [note for note in found.notes if "in common" in note]
    assert said == (
        '"there" and "there_1" have one "weight" in common there, and each its own here: an edit or a lesson moves '
        "them apart."
    )
