"""What is refused says what it is, where, and what to do, in a sentence or two."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn
from torch.nn import functional as F

import studio
from studio.errors import StudioError
from studio.io.importers import Options, open_model

SETS: dict[str, tuple[tuple[str, ...], str]] = {
    "LoRA": (("unet.lora_up.weight", "unet.lora_down.weight"), "what a LoRA adds to another model"),
    "optimiser": (("exp_avg", "exp_avg_sq"), "an optimiser's"),
    "classifier": (("conv1.weight", "fc.weight"), "of a classifier"),
    "detector": (("model.0.conv.weight", "model.24.anchors"), "of a detector"),
    "diffusion": (("model.diffusion_model.input_blocks.0.0.weight",), "of a diffusion model"),
    "transformer": (("cls_token", "pos_embed"), "of a vision transformer"),
    "language": (("model.embed_tokens.weight",), "of a language model"),
    "unknown": (("foo.weight", "profc.weight_of"), r"profc.weight_of 5×7\. In Python"),
}


@pytest.mark.parametrize("kind", SETS)
def test_tensors_that_make_no_picture_are_told_for_what_they_are(kind: str, tmp_path: Path) -> None:
    names, said = SETS[kind]
    torch.save({name: torch.rand(5, 7) for name in names}, tmp_path / "weights.pth")
    with pytest.raises(StudioError, match=rf"weights\.pth: these tensors fit no architecture.*{said}"):
        open_model(tmp_path / "weights.pth")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (Options(arch="cyclegan"), "these tensors do not fit the architecture cyclegan: "),
        (Options(arch="cyclgan"), 'There is no architecture "cyclgan"; did you mean "cyclegan"'),
        (
            Options(arch="zzz"),
            r'There is no architecture "zzz"; nearest are (\S+, ){5}\S+ and \d+ more, see docs/operators.md',
        ),
        (Options(pick="ema"), "all of them are one set, which is taken without --pick"),
    ],
)
def test_what_is_asked_for_and_is_not_there_is_said(options: Options, said: str, tmp_path: Path) -> None:
    torch.save({"foo.weight": torch.rand(5, 7)}, tmp_path / "weights.pth")
    with pytest.raises(StudioError, match=said):
        open_model(tmp_path / "weights.pth", options)


def test_a_picture_is_no_network(tmp_path: Path) -> None:
    (tmp_path / "weights.pth").write_bytes(b"\xff\xd8\xff\xe0" + bytes(99))
    with pytest.raises(StudioError, match="this is a picture, not a network; open it as a source"):
        open_model(tmp_path / "weights.pth")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("RoiAlign", "a detector"),
        ("LSTM", "in its place put convolutions"),
        ("Compress", "put Gather with places that do not follow"),
        ("StringNormalizer", "it works on text"),
    ],
)
def test_an_operator_of_onnx_says_what_to_do_without_it(kind: str, said: str, tmp_path: Path) -> None:
    nodes = [helper.make_node(kind, ["x", "x", "x"], ["y"], name="/head/it")]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 8, 8]) for name in "xy"]
    model = helper.make_model(helper.make_graph(nodes, "g", values[:1], values[1:]))
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(StudioError, match=rf'Layer "it" \({kind}\): this operator is not supported.*{said}'):
        open_model(tmp_path / "net.onnx")


class Doing(nn.Module):
    def __init__(self, how: Callable[[Tensor], object]) -> None:
        super().__init__()
        self.how = how

    def forward(self, x: Tensor) -> object:
        return self.how(x)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("how", "said"),
    [
        (lambda x: x * x.mean().item(), "takes a number out of a tensor"),
        (lambda x: x if x.sum() > 0 else -x, "decides by the values of tensors; write torch.where"),
        (torch.fft.fft2, r"complex numbers; return their abs\(\)"),
        (lambda x: x.flatten(2), r"a tensor of \(1, 3, 48\); return a picture of \(1, channels"),
        (lambda x: F.conv3d(x[:, :, None], torch.ones(3, 3, 1, 1, 1))[:, :, 0], "conv2d, with the frames as channels"),
        (lambda x: torch.linalg.inv(x[..., :6]) @ x, "linalg_inv.*in its place put the inverse itself"),
        (torch.histc, "in its place put torch.one_hot and a sum"),
    ],
)
def test_a_module_is_refused_with_a_way_on(how: Callable[[Tensor], object], said: str, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=said):
        studio.export_torch(Doing(how), torch.rand(1, 3, 6, 8), tmp_path / "net")
    assert not (tmp_path / "net").exists()


def test_what_is_no_module_or_no_picture_is_said(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"takes a torch\.nn\.Module, not dict"):
        studio.export_torch({}, torch.rand(1, 3, 6, 8), tmp_path / "net")  # type: ignore[arg-type]
    with pytest.raises(StudioError, match="The example is of int64"):
        studio.export_torch(nn.Embedding(5, 3), torch.zeros(1, 5, dtype=torch.long), tmp_path / "net")


@pytest.mark.parametrize("suffix", [".onnx", ".pt", ""])
def test_a_pipe_is_no_model_and_is_not_waited_for(tmp_path: Path, suffix: str) -> None:
    os.mkfifo(tmp_path / f"pipe{suffix}")
    with pytest.raises(
        StudioError, match="is a pipe or a device, and models are read more than once; save it to a file"
    ):
        open_model(tmp_path / f"pipe{suffix}")


@pytest.mark.parametrize("given", ["map", "constant"])
def test_maps_that_do_not_fit_each_other_are_told_by_their_shapes(given: str, tmp_path: Path) -> None:
    """As of an adaptive pool that PyTorch wrote for one size into a file for any."""
    small = helper.make_node("AveragePool", ["x"], ["small"], kernel_shape=[3, 5], strides=[3, 5])
    held = helper.make_tensor("held", TensorProto.FLOAT, [1, 3, 10, 9], [0.1 * k for k in range(270)])
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 32, 48]) for name in "xy")
    last = helper.make_node("Mul", ["x", "small" if given == "map" else "held"], ["y"], name="scaled")
    graph = helper.make_graph([small, last], "net", [x], [y], [held])
    (tmp_path / "net.onnx").write_bytes(helper.make_model(graph).SerializeToString())
    said = r'Layer "scaled" \(Mul\): it combines maps of shapes that do not fit each other: '
    said += r"\(1, 3, 32, 48\) and \(1, 3, 10, 9\)\."
    with pytest.raises(StudioError, match=said):
        open_model(tmp_path / "net.onnx")
