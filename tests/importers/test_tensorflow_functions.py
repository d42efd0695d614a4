"""Functions of TensorFlow called on tensors of a Keras 2 model, against PyTorch; others are refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import normal, on_torch, relative_error
from torch import Tensor
from torch.nn import functional as F

from studio.errors import StudioError
from studio.io.importers import open_model

RNG = np.random.default_rng(4)
KERNEL = (RNG.standard_normal((3, 3, 3, 4)) * 0.3).astype(np.float32)
EACH = (RNG.standard_normal((3, 3, 3, 2)) * 0.3).astype(np.float32)
VECTOR = [0.5, -0.25, 2.0]
YUV = torch.tensor(
    [[0.299, 0.587, 0.114], [-0.14714119, -0.28886916, 0.43601035], [0.61497538, -0.51496512, -0.10001026]]
)

YIQ = torch.tensor([[0.299, 0.587, 0.114], [0.59590059, -0.27455667, -0.32134392], [0.2115, -0.52273617, 0.31119955]])
OF_YIQ = torch.tensor([[1, 0.95598634, 0.6208248], [1, -0.27201283, -0.64720424], [1, -1.10674021, 1.70423049]])


def saved(folder: Path, function: str, sides: tuple[int, int], channels: int = 3, **settings: Any) -> Path:
    """A layers-model of one function, as TensorFlow.js writes it."""
    given = {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in settings.items()}
    shape = [None, *sides, channels]
    layers = [
        {"class_name": "InputLayer", "config": {"name": "x", "batch_input_shape": shape}, "inbound_nodes": []},
        {
            "class_name": "TFOpLambda",
            "config": {"name": "made", "trainable": True, "function": function},
            "inbound_nodes": [["x", 0, 0, given]],
        },
    ]
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [["made", 0, 0]]}
    model = {"class_name": "Functional", "config": {"name": "m", "layers": layers, **ends}}
    topology = {"keras_version": "2.15.0", "backend": "tensorflow", "model_config": model}
    said = {"format": "layers-model", "modelTopology": topology, "weightsManifest": []}
    folder.mkdir()
    (folder / "model.json").write_text(json.dumps(said))
    return folder


def turned(kernel: np.ndarray) -> Tensor:
    """(height, width, in, out) as PyTorch has it."""
    return torch.from_numpy(kernel).permute(3, 2, 0, 1)


def deep(x: Tensor) -> Tensor:
    weight = torch.from_numpy(EACH).permute(2, 3, 0, 1).reshape(6, 1, 3, 3)
    return F.conv2d(x, weight, padding=2, dilation=2, groups=3)


def normalised(x: Tensor) -> Tensor:
    by = torch.tensor(VECTOR)
    return F.batch_norm(x, by, by.abs(), by, by, eps=0.1)


def responses(x: Tensor) -> Tensor:
    squares = F.pad(x.square(), (0, 0, 0, 0, 1, 1))
    return x / (1 + 0.5 * (squares[:, :-2] + squares[:, 1:-1] + squares[:, 2:])).pow(0.75)


BACK = {"filters": KERNEL.transpose(0, 1, 3, 2), "strides": 2}
FUNCTIONS: dict[str, tuple[str, dict[str, Any], Callable[[Tensor], Tensor]]] = {
    "conv": (
        "compat.v1.nn.conv2d",
        {"filter": KERNEL, "strides": [1, 1, 1, 1], "padding": "SAME", "use_cudnn_on_gpu": True},
        lambda x: F.conv2d(x, turned(KERNEL), padding=1),
    ),
    "deep": (
        "compat.v1.nn.depthwise_conv2d",
        {"filter": EACH, "strides": [1, 1, 1, 1], "padding": "SAME", "rate": [2, 2]},
        deep,
    ),
    "back": (
        "nn.conv2d_transpose",
        {**BACK, "output_shape": [1, 24, 32, 4]},
        lambda x: F.conv_transpose2d(x, turned(KERNEL).transpose(0, 1), stride=2)[..., :24, :32],
    ),
    "back_odd": (
        "nn.conv2d_transpose",
        {**BACK, "output_shape": [1, 23, 31, 4]},
        lambda x: F.conv_transpose2d(x, turned(KERNEL).transpose(0, 1), stride=2, padding=1),
    ),
    "gelu": ("nn.gelu", {}, F.gelu),
    "bias": ("nn.bias_add", {"bias": VECTOR}, lambda x: x + torch.tensor(VECTOR).reshape(1, 3, 1, 1)),
    "norm": (
        "nn.batch_normalization",
        {
            "mean": VECTOR,
            "variance": [abs(n) for n in VECTOR],
            "offset": VECTOR,
            "scale": VECTOR,
            "variance_epsilon": 0.1,
        },
        normalised,
    ),
    "where": ("where", {"x": ["_CONSTANT_VALUE", -1, 2.0], "y": 0.5}, lambda x: torch.where(x != 0, 2.0, 0.5)),
    "slice": ("slice", {"begin": [0, 1, 2, 0], "size": [-1, 10, -1, 2]}, lambda x: x[:, :2, 1:11, 2:]),
    "cumsum": ("math.cumsum", {"axis": 1}, lambda x: x.cumsum(2)),
    "prod": ("math.reduce_prod", {"axis": -1, "keepdims": True}, lambda x: x.prod(1, keepdim=True)),
    "responses": ("nn.local_response_normalization", {"depth_radius": 1, "alpha": 0.5, "beta": 0.75}, responses),
    "mirrored": ("image.flip_left_right", {}, lambda x: x.flip(3)),
    "upside_down": ("image.flip_up_down", {}, lambda x: x.flip(2)),
    "contrast": (
        "image.adjust_contrast",
        {"contrast_factor": 1.5},
        lambda x: (x - x.mean((2, 3), True)) * 1.5 + x.mean((2, 3), True),
    ),
    "brighter": ("image.adjust_brightness", {"delta": 0.1}, lambda x: x + 0.1),
    "yuv": ("image.rgb_to_yuv", {}, lambda x: torch.einsum("dc,bchw->bdhw", YUV, x)),
    "rgb": ("image.yuv_to_rgb", {}, lambda x: torch.einsum("dc,bchw->bdhw", YUV.inverse(), x)),
    "yiq": ("image.rgb_to_yiq", {}, lambda x: torch.einsum("dc,bchw->bdhw", YIQ, x)),
    "of_yiq": ("image.yiq_to_rgb", {}, lambda x: torch.einsum("dc,bchw->bdhw", OF_YIQ, x)),
    "sorted": ("math.top_k", {"k": 2, "sorted": True}, lambda x: x.topk(2, 1).values),
    "cropped": (
        "image.crop_to_bounding_box",
        {"offset_height": 2, "offset_width": 4, "target_height": 5, "target_width": 6},
        lambda x: x[:, :, 2:7, 4:10],
    ),
    "fitted": (
        "image.resize_with_crop_or_pad",
        {"target_height": 7, "target_width": 21},
        lambda x: F.pad(x, (2, 3))[:, :, 2:9],
    ),
    "areas": ("image.resize", {"size": [4, 4], "method": "area"}, lambda x: F.avg_pool2d(x, (3, 4))),
    "patches": (
        "image.extract_patches",
        {"sizes": [1, 4, 4, 1], "strides": [1, 4, 4, 1], "rates": [1, 1, 1, 1], "padding": "VALID"},
        lambda x: F.unfold(x, 4, stride=4).reshape(1, 3, 16, 3, 4).transpose(1, 2).flatten(1, 2),
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_does_what_tensorflow_does(name: str, tmp_path: Path) -> None:
    function, settings, reference = FUNCTIONS[name]
    engine = on_torch(open_model(saved(tmp_path / "m", function, (12, 16), **settings)).network)
    values = normal(3, 12, 16, seed=5)
    engine.run({"x": values})
    assert relative_error(engine.output(), reference(torch.from_numpy(values)[None])[0].numpy()) < 1e-5


def test_a_setting_that_is_not_known_is_refused_by_name(tmp_path: Path) -> None:
    settings = {"filter": KERNEL, "strides": 1, "padding": "SAME", "groups": 2}
    with pytest.raises(StudioError, match=r'"made" \(TFOpLambda\): its setting "groups" is not supported\.'):
        open_model(saved(tmp_path / "m", "nn.conv2d", (12, 16), **settings))


@pytest.mark.parametrize(
    ("function", "channels", "settings", "said"),
    [
        ("nn.local_response_normalization", 2049, {}, "compares 2049 channels with each other; 2048 at most"),
        ("one_hot", 3, {"depth": 2**20 + 1}, "tells 1048577 numbers apart; 1048576 at most"),
    ],
)
def test_what_a_small_file_makes_large_is_refused(
    function: str, channels: int, settings: dict[str, Any], said: str, tmp_path: Path
) -> None:
    """Some took minutes and all of the memory."""
    with pytest.raises(StudioError, match=said):
        open_model(saved(tmp_path / "m", function, (4, 4), channels, **settings))
