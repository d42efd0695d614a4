"""Models whose files leave height and width open: right at every size that the network claims, by onnxruntime."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from helpers import normal, on_torch, relative_error
from torch import Tensor, nn
from torch.nn import functional as F

import studio
from studio.errors import StudioError
from studio.io.importers import Options, open_model
from studio.io.importers._draft import Draft, TooMuchError, maps_up_to
from studio.io.importers._sizes import twice
from studio.model.declared.size import Size
from studio.model.networks.shape import Shape

SIZES = [Size(64, 64), Size(128, 192), Size(256, 64)]


class Net(nn.Module):
    """Two convolutions, and what a case does between them."""

    def __init__(self, between: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.before, self.between = nn.Conv2d(3, 8, 3, 2, 1), between
        self.after = nn.Conv2d(8, 3, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.between(self.before(x).relu(), x))


def attention(y: Tensor, x: Tensor) -> Tensor:
    del x
    b, c, h, w = y.shape
    tokens = F.avg_pool2d(y, 8).flatten(2).transpose(1, 2)
    shares = (tokens @ tokens.transpose(1, 2) * c**-0.5).softmax(-1)
    small = (shares @ tokens).transpose(1, 2).reshape(b, c, h // 8, w // 8)
    return F.interpolate(small, size=(h, w), mode="nearest")


def every_place(y: Tensor, x: Tensor) -> Tensor:
    """Each place looks at all of a quarter of them; at 256×256 that is a matrix of 67 million shares."""
    del x
    b, c, h, w = y.shape
    seen = F.max_pool2d(y, 2).flatten(2)
    shares = (y.flatten(2).transpose(1, 2) @ seen).softmax(-1)
    return (shares @ seen.transpose(1, 2)).transpose(1, 2).reshape(b, c, h, w)


def kernels(y: Tensor, x: Tensor) -> Tensor:
    """Its kernels follow the picture, as those of dynamic filters do."""
    del x
    weight = y.mean((2, 3)).view(8, 1, 1, 1) * torch.linspace(-1, 1, 72).view(8, 1, 3, 3)
    own = y.amax((2, 3)).view(8, 1, 1, 1) * torch.linspace(0, 1, 64).view(8, 8, 1, 1)
    up = y.mean((2, 3)).view(8, 1, 1, 1) * torch.linspace(-1, 1, 256).view(8, 8, 2, 2)
    return F.conv_transpose2d(F.conv2d(F.conv2d(y, weight, padding=1, groups=8), own, y.mean((0, 2, 3))), up, stride=2)


def windows(y: Tensor, x: Tensor) -> Tensor:
    del x
    b, c, h, w = y.shape
    cut = y.view(b, c, h // 8, 8, w // 8, 8).permute(0, 2, 4, 3, 5, 1).reshape(-1, 64, c)
    cut = (cut @ cut.transpose(1, 2)).softmax(-1) @ cut
    return cut.view(b, h // 8, w // 8, 8, 8, c).permute(0, 5, 1, 3, 2, 4).reshape(b, c, h, w)


def gate(y: Tensor, x: Tensor) -> Tensor:
    del x
    return y * F.adaptive_avg_pool2d(y, 1).sigmoid() + y.mean((2, 3), keepdim=True)


def shuffled(y: Tensor, x: Tensor) -> Tensor:
    del x
    b, _, h, w = y.shape
    up = y.view(b, 2, 2, 2, h, w).permute(0, 1, 4, 2, 5, 3).reshape(b, 2, 2 * h, 2 * w)
    return torch.cat([up] * 4, 1)


CASES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "to the picture's size": lambda y, x: F.interpolate(y, size=x.shape[2:], mode="bilinear", align_corners=False),
    "to the picture's size by corners": lambda y, x: F.interpolate(y, x.shape[2:], mode="bilinear", align_corners=True),
    "nearest to another map's size": lambda y, x: F.interpolate(F.max_pool2d(y, 4), size=y.shape[2:]) + y,  # noqa: ARG005
    "twice as large": lambda y, x: F.interpolate(y, scale_factor=2.0, mode="bilinear"),  # noqa: ARG005
    "half as large again": lambda y, x: F.interpolate(y, scale_factor=1.5, mode="bilinear"),  # noqa: ARG005
    "gates of means": gate,
    "divided by its pixels": lambda y, x: y.sum((2, 3), keepdim=True) / (y.shape[2] * y.shape[3]) + y,  # noqa: ARG005
    "instance norm": lambda y, x: F.instance_norm(y),  # noqa: ARG005
    "group norm": lambda y, x: F.group_norm(y, 4),  # noqa: ARG005
    "shuffled by hand": shuffled,
    "attention": attention,
    "attention of every place": every_place,
    "windows": windows,
    "kernels that are computed": kernels,
    "moved round": lambda y, x: torch.roll(y, (3, -2), (2, 3)),  # noqa: ARG005
    "a filled map that is resized": lambda y, x: torch.cat(  # noqa: ARG005
        [
            y,
            F.interpolate(y.new_full((1, 1, y.shape[2] // 2, y.shape[3] // 2), 0.3), scale_factor=2.0, mode="bilinear"),
        ],
        1,
    )[:, 1:],
    "padded and cut": lambda y, x: F.pad(y, (3, 3, 3, 3), "reflect")[:, :, 2:-4, 1:-5],  # noqa: ARG005
}


def exported(name: str, *, dynamic: bool) -> bytes:
    data = io.BytesIO()
    axes = {"x": {2: "h", 3: "w"}, "y": {2: "h2", 3: "w2"}} if dynamic else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Net(CASES[name]).eval(),
            (torch.rand(1, 3, *SIZES[0]),),
            data,
            dynamo=False,
            opset_version=17,
            input_names=["x"],
            output_names=["y"],
            dynamic_axes=axes,
        )
    return data.getvalue()


@pytest.mark.parametrize("name", CASES)
def test_a_model_of_any_size_is_right_at_all_that_it_claims(name: str, tmp_path: Path) -> None:
    data = exported(name, dynamic=True)
    (tmp_path / "m.onnx").write_bytes(data)
    imported = open_model(tmp_path / "m.onnx", Options(input_size=SIZES[0]))
    graph = imported.network.graph
    sizes = SIZES if graph.only_size is None else [graph.only_size]
    assert graph.only_size is None or any("alone" in note for note in imported.notes)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    for size in sizes:
        picture = normal(3, *size, seed=1)
        (wanted,) = session.run(None, {"x": picture[None]})
        engine = on_torch(imported.network)
        engine.run({"x": picture})
        assert relative_error(engine.output(), wanted[0]) < 1e-4


def test_most_of_them_take_every_size(tmp_path: Path) -> None:
    fixed = []
    for name in CASES:
        (tmp_path / "m.onnx").write_bytes(exported(name, dynamic=True))
        if open_model(tmp_path / "m.onnx", Options(input_size=SIZES[0])).network.graph.only_size is not None:
            fixed.append(name)
    assert fixed == []


def test_attention_of_every_place_is_read_at_sizes_that_it_has_room_for(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(exported("attention of every place", dynamic=True))
    imported = open_model(tmp_path / "m.onnx")
    assert not imported.notes
    assert imported.network.graph.only_size is None


def _products(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many numbers each product of two maps has, from here on."""
    made: list[int] = []
    add = Draft.add

    def counting(draft: Draft, op: str, *reads: str, **given: Any) -> str:
        name = add(draft, op, *reads, **given)
        made.extend([math.prod(draft.shapes[name])] if op == "MatMul" else [])
        return name

    monkeypatch.setattr(Draft, "add", counting)
    return made


def _exported_for_any_size(module: nn.Module, example: Tensor, path: Path) -> None:
    side = torch.export.Dim.AUTO
    torch.export.save(torch.export.export(module, (example,), dynamic_shapes=({2: side, 3: side},)), path)


@pytest.mark.parametrize("form", ["net.onnx", "16×24.pt2", "64×64.pt2", "96×128.pt2"])
def test_attention_of_every_place_takes_no_more_than_it_needs_to_be_read(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the usual size its matrix has 67 million numbers, and at a second and third one more."""
    path, module = tmp_path / form, Net(every_place).eval()
    if form.endswith("onnx"):
        path.write_bytes(exported("attention of every place", dynamic=True))
    else:
        height, width = map(int, path.stem.split("×"))
        _exported_for_any_size(module, torch.rand(1, 3, height, width), path)
    made = _products(monkeypatch)
    network = open_model(path).network
    assert network.graph.only_size is None
    # No numbers are made of the one larger size at which its layers are looked at.
    assert max(made) <= 2**25
    assert sum(count > 2**22 for count in made) <= 1
    engine = on_torch(network)
    for size in SIZES:
        picture = normal(3, *size, seed=1)
        with torch.no_grad():
            wanted = module(torch.from_numpy(picture)[None])[0].numpy()
        engine.run({network.graph.inputs[0].name: picture})
        assert relative_error(engine.output(), wanted) < 1e-4


BEYOND: dict[str, Callable[[Tensor], Tensor]] = {
    "cut": lambda y: every_place(y, y)[:, :, :40, :40].mean((2, 3), keepdim=True) + y,
    "no less than": lambda y: (
        every_place(y, y) * torch._shape_as_tensor(y)[2].float().div(48).clamp(min=1.0)  # type: ignore[no-untyped-call]
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", BEYOND)
def test_what_begins_at_some_size_is_not_overlooked_by_small_pictures(name: str, tmp_path: Path) -> None:
    """Attention of every place is told by pictures of 16 to 64, of which neither changes a number."""
    path, axes = tmp_path / "m.onnx", {"x": {2: "h", 3: "w"}}
    module = Net(lambda y, x: BEYOND[name](y)).eval()  # noqa: ARG005
    torch.onnx.export(module, (torch.rand(1, 3, 64, 64),), path, dynamo=False, input_names=["x"], dynamic_axes=axes)
    imported = open_model(path)
    picture = normal(3, *(imported.network.graph.only_size or Size(192, 160)), seed=1)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (wanted,) = session.run(None, {"x": picture[None]})
    engine = on_torch(imported.network)
    engine.run({"x": picture})
    assert relative_error(engine.output(), wanted[0]) < 1e-4
    assert any("another number where pictures are larger" in note for note in imported.notes)


def test_products_are_counted_together() -> None:
    def drafted() -> Draft:
        draft = Draft()
        draft.add_input("x", Shape(4, 4, 4))
        for _ in range(3):
            draft.add("MatMul", "x", "x", name="seen")
        return draft

    with maps_up_to(2**10, products=3 * 64):
        assert len(drafted().nodes) == 3
    with pytest.raises(TooMuchError, match="seen_2"), maps_up_to(2**10, products=3 * 64 - 1):
        drafted()
    with pytest.raises(TooMuchError), maps_up_to(63):
        drafted()


class Few(nn.Module):
    """Attention of every place, of which the uppermost rows alone are shown: it takes one size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 4, 4)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        flat = y.flatten(2)
        made = flat @ (flat.transpose(1, 2) @ flat).softmax(-1)
        return made.view(y.shape)[:, :, :5]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", ["net.onnx", "net.pt2"])
def test_what_takes_one_size_is_not_read_at_one_that_nothing_runs(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, example, module = tmp_path / form, torch.rand(1, 3, 64, 96), Few().eval()
    if form.endswith("onnx"):
        axes = {"x": {2: "h", 3: "w"}}
        torch.onnx.export(module, (example,), path, dynamo=False, input_names=["x"], dynamic_axes=axes)
        usual = Size(256, 256)
    else:
        _exported_for_any_size(module, example, path)
        usual = Size(64, 96)
    monkeypatch.setattr(twice, "MUCH", (2**24, 2**12))
    assert open_model(path).network.graph.only_size == usual
    monkeypatch.setattr(twice, "MOST", (2**17, 2**28))  # its matrix has 2**24 numbers at 256×256, 147,456 at 64×96
    with pytest.raises(
        StudioError, match=r"takes one size alone \(its .*\), and at its usual one its layer .* makes more"
    ):
        open_model(path)
    assert open_model(path, Options(input_size=Size(64, 64))).network.graph.only_size == Size(64, 64)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", ["net.onnx", "net.pt2"])
def test_a_file_of_one_size_that_nothing_runs_is_refused(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, example, module = tmp_path / form, torch.rand(1, 3, 64, 96), Few().eval()
    if form.endswith("onnx"):
        torch.onnx.export(module, (example,), path, dynamo=False, input_names=["x"])
    else:
        torch.export.save(torch.export.export(module, (example,)), path)
    assert open_model(path).network.graph.only_size == Size(64, 96)
    monkeypatch.setattr(twice, "MOST", (2**24, 2**17))  # its matrix has 147,456 numbers
    with pytest.raises(StudioError, match=r'its layer ".*" makes more numbers of pictures of its size than the studio'):
        open_model(path)


def test_a_module_is_told_by_no_more_than_its_example_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = _products(monkeypatch)
    module, example = Net(every_place).eval(), torch.rand(1, 3, 128, 160)
    exported = studio.export_torch(module, example, tmp_path / "mine")
    assert not exported.notes
    # Those of larger pictures are given up at once.
    assert max(made[1:]) <= 2**22 < made[0]
    engine = on_torch(exported.network)
    for size in SIZES:
        picture = normal(3, *size, seed=1)
        with torch.no_grad():
            wanted = module(torch.from_numpy(picture)[None])[0].numpy()
        engine.run({exported.network.graph.inputs[0].name: picture})
        assert relative_error(engine.output(), wanted) < 1e-4
    monkeypatch.setattr(twice, "MOST", (2**27, 2**20))
    with pytest.raises(StudioError, match=r'Its layer ".*" makes more numbers of this example than the studio runs'):
        studio.export_torch(module, example, tmp_path / "other")


@pytest.mark.parametrize("name", CASES)
def test_a_model_of_one_size_is_right_at_that_size(name: str, tmp_path: Path) -> None:
    data = exported(name, dynamic=False)
    (tmp_path / "m.onnx").write_bytes(data)
    network = open_model(tmp_path / "m.onnx").network
    picture = normal(3, *SIZES[0], seed=1)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (wanted,) = session.run(None, {"x": picture[None]})
    engine = on_torch(network)
    engine.run({"x": picture})
    assert relative_error(engine.output(), wanted[0]) < 1e-4
    assert np.isfinite(wanted).all()
