"""ONNX operators against onnxruntime, and models that must not be opened."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from helpers import on_torch, relative_error
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from studio.errors import StudioError
from studio.io.exporters import export_preset
from studio.io.importers import Imported, open_model, save_imported
from studio.io.networks import load_network
from studio.model.declared.size import Size
from studio.model.networks.preset import Preset
from studio.model.networks.shape import Array
from studio.runtime.render.size import working_size


def normal(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def model(
    nodes: Sequence[onnx.NodeProto], shape: Sequence[Any], opset: int = 13, **tensors: np.ndarray
) -> onnx.ModelProto:
    put = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    initializers = [numpy_helper.from_array(values, name) for name, values in tensors.items()]
    graph = helper.make_graph(nodes, "g", [put], [out], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def node(kind: str, reads: str, writes: str = "y", **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, reads.split(" "), writes.split(" "), **attributes)


def opened(made: onnx.ModelProto, folder: Path) -> Imported:
    (folder / "model.onnx").write_bytes(made.SerializeToString())
    return open_model(folder / "model.onnx")


W, B = normal(6, 4, 3, 3, seed=1), normal(6, seed=2)
SHAPE = (1, 4, 9, 12)
TURNED = node("Transpose", "b", perm=[0, 3, 1, 2])

CASES: dict[str, onnx.ModelProto] = {
    **{
        f"conv {pad} stride {stride} kernel {kernel}": model(
            [node("Conv", "x w b", auto_pad=pad, strides=[stride, stride])],
            SHAPE,
            w=normal(6, 4, kernel, kernel, seed=3),
            b=B,
        )
        for pad in ("SAME_UPPER", "SAME_LOWER", "VALID")
        for stride, kernel in ((1, 4), (2, 3), (3, 2))
    },
    "conv with uneven pads": model([node("Conv", "x w b", pads=[0, 1, 2, 3])], SHAPE, w=W, b=B),
    "depthwise": model([node("Conv", "x w", group=4, dilations=[2, 2])], SHAPE, w=normal(4, 1, 3, 3)),
    "transposed": model(
        [node("ConvTranspose", "x w b", strides=[2, 2], pads=[1, 0, 0, 1], output_padding=[1, 0])],
        SHAPE,
        w=normal(4, 6, 3, 3),
        b=B,
    ),
    "transposed same": model(
        [node("ConvTranspose", "x w", strides=[2, 2], auto_pad="SAME_UPPER")], SHAPE, w=normal(4, 6, 3, 3)
    ),
    "pools": model(
        [
            node("MaxPool", "x", "a", kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1]),
            node("AveragePool", "a", kernel_shape=[2, 2], pads=[1, 1, 0, 0], count_include_pad=1),
        ],
        SHAPE,
    ),
    "pixel shuffle": model(
        [node("Reshape", "x s", "a"), node("Transpose", "a", "b", perm=[0, 1, 4, 2, 5, 3]), node("Reshape", "b t")],
        SHAPE,
        s=ints(-1, 1, 2, 2, 9, 12),
        t=ints(0, 1, 18, 24),
    ),
    "depth to space, both ways": model(
        [
            node("DepthToSpace", "x", "a", blocksize=2, mode="DCR"),
            node("SpaceToDepth", "a", "b", blocksize=2),
            node("DepthToSpace", "b", blocksize=2, mode="CRD"),
        ],
        SHAPE,
    ),
    "nearest by reshape and concat": model(
        [
            node("Reshape", "x s", "a"),
            node("Concat", "a a", "b", axis=3),
            node("Concat", "b b", "c", axis=5),
            node("Reshape", "c t"),
        ],
        SHAPE,
        s=ints(1, 4, 9, 1, 12, 1),
        t=ints(1, 4, 18, 24),
    ),
    "nearest by expand": model(
        [node("Reshape", "x s", "a"), node("Expand", "a e", "b"), node("Reshape", "b t")],
        SHAPE,
        s=ints(1, 4, 9, 1, 12, 1),
        e=ints(1, 4, 9, 2, 12, 3),
        t=ints(1, 4, 18, 36),
    ),
    "nearest resize": model(
        [node("Resize", "x  s", coordinate_transformation_mode="asymmetric", nearest_mode="floor")],
        SHAPE,
        s=np.array([1, 1, 3, 3], np.float32),
    ),
    "bilinear resize to a size": model(
        [node("Resize", "x   s", mode="linear", coordinate_transformation_mode="half_pixel")],
        SHAPE,
        s=ints(1, 4, 14, 15),
    ),
    "old upsample": model([node("Upsample", "x s")], SHAPE, 9, s=np.array([1, 1, 2, 2], np.float32)),
    "group norm as it is exported": model(
        [
            node("Reshape", "x s", "a"),
            node("InstanceNormalization", "a one nought", "b"),
            node("Shape", "x", "t"),
            node("Reshape", "b t", "c"),
            node("Mul", "c w", "d"),
            node("Add", "d v"),
        ],
        SHAPE,
        s=ints(0, 2, -1),
        one=np.ones(2, np.float32),
        nought=np.zeros(2, np.float32),
        w=normal(4, 1, 1),
        v=normal(4, 1, 1, seed=5),
    ),
    "instance norm spelled out": model(
        [
            node("ReduceMean", "x", "m", axes=[2, 3]),
            node("Sub", "x m", "d"),
            node("Pow", "d two", "q"),
            node("ReduceMean", "q", "v", axes=[2, 3]),
            node("Add", "v eps", "e"),
            node("Sqrt", "e", "r"),
            node("Div", "d r"),
        ],
        SHAPE,
        two=np.float32(2),
        eps=np.float32(1e-5),
    ),
    **{
        f"exact gelu, the half {where}": model(
            [
                node("Div", "x root", "n"),
                node("Erf", "n", "e"),
                node("Add", "e one", "g"),
                *steps,
            ],
            SHAPE,
            root=np.float32(2**0.5),
            one=np.float32(1),
            half=np.float32(0.5),
        )
        for where, steps in {
            "last": [node("Mul", "x g", "p"), node("Mul", "p half")],
            "on the value": [node("Mul", "x half", "h"), node("Mul", "h g")],
            "on the gate": [node("Mul", "g half", "h"), node("Mul", "h x")],
        }.items()
    },
    "no gelu": model(
        [node("Erf", "x", "e"), node("Add", "e one", "g"), node("Mul", "x g", "p"), node("Mul", "p half")],
        SHAPE,
        one=np.float32(1),
        half=np.float32(0.5),
    ),
    "attention over places, as it is exported": model(
        [
            node("Reshape", "x tokens", "t"),
            node("Transpose", "t", "u", perm=[0, 2, 1]),
            node("LayerNormalization", "u w b", "n", axis=-1),
            node("MatMul", "n m", "qkv"),
            node("Split", "qkv", "q k v", axis=-1),
            *[node("Reshape", f"{c} heads", f"{c}1") for c in "qkv"],
            *[node("Transpose", f"{c}1", f"{c}2", perm=[0, 2, 1, 3]) for c in "qv"],
            node("Transpose", "k1", "k2", perm=[0, 2, 3, 1]),
            node("Mul", "q2 scale", "q3"),
            node("MatMul", "q3 k2", "s"),
            node("Gather", "table places", "g"),
            node("Transpose", "g", "h", perm=[2, 0, 1]),
            node("Unsqueeze", "h nought", "bias"),
            node("Add", "s bias", "s2"),
            node("Where", "mask s2 least", "s3"),
            node("Softmax", "s3", "p", axis=-1),
            node("MatMul", "p v2", "o"),
            node("Transpose", "o", "o1", perm=[0, 2, 1, 3]),
            node("Reshape", "o1 flat", "o2"),
            node("Gemm", "o2 out", "o3", alpha=0.5),
            node("Reshape", "o3 back", "o4"),
            node("Add", "o4 u", "r"),
            node("ReduceMean", "r", "mean", axes=[1], keepdims=1),
            node("Expand", "mean like", "wide"),
            node("Sub", "r wide", "z"),
            node("Transpose", "z", "z1", perm=[0, 2, 1]),
            node("Reshape", "z1 map"),
        ],
        SHAPE,
        17,
        tokens=ints(1, 4, -1),
        w=normal(4, seed=1),
        b=normal(4, seed=2),
        m=normal(4, 12, seed=3),
        heads=ints(0, 0, 2, 2),
        scale=np.float32(2**-0.5),
        table=normal(9, 2, seed=4),
        places=np.random.default_rng(0).integers(0, 9, (108, 108)),
        nought=ints(0),
        mask=np.random.default_rng(1).random((108, 108)) < 0.8,
        least=np.float32(-np.inf),
        flat=ints(-1, 4),
        out=normal(4, 4, seed=5),
        back=ints(1, 108, 4),
        like=ints(1, 108, 4),
        map=ints(1, 4, 9, 12),
    ),
    **{
        f"{kind} over {axes}": model([node(kind, "x", axes=axes, keepdims=1)], SHAPE, 13)
        for kind in (
            "ReduceMax",
            "ReduceMin",
            "ReduceL1",
            "ReduceL2",
            "ReduceLogSumExp",
            "ReduceSumSquare",
            "ReduceMean",
        )
        for axes in ([1], [2, 3], [3], [1, 2, 3])
    },
    "products, means of several, and which is the largest": model(
        [
            node("Relu", "x", "a"),
            node("Sigmoid", "x", "b"),
            node("Mean", "x a b", "c"),
            node("ReduceProd", "c", "d", axes=[1], keepdims=1),
            node("ReduceProd", "c", "e", axes=[-2, 3], keepdims=1),
            node("Hardmax", "x", "f", axis=1),
            node("Hardmax", "x", "g"),
            node("Mul", "c f", "h"),
            node("Sum", "d e h g"),
        ],
        SHAPE,
        13,
    ),
    "colours of a palette by their places": model(
        [
            node("ArgMin", "x", "a", axis=1, keepdims=0),
            node("Unsqueeze", "a last", "b"),
            node("GatherND", "palette b", "c"),
            node("Transpose", "c", perm=[0, 3, 1, 2]),
        ],
        SHAPE,
        13,
        last=np.array([-1]),
        palette=normal(4, 3, seed=8),
    ),
    "what is infinite": model(
        [
            node("Mul", "x many", "up"),
            node("Neg", "up", "down"),
            node("Exp", "up", "risen"),
            node("Exp", "down", "fallen"),
            node("Sub", "risen fallen", "a"),
            node("IsInf", "a", "b", detect_negative=0),
            node("IsInf", "a", "c", detect_positive=0),
            node("IsInf", "x", "d"),
            node("IsInf", "a", "neither", detect_negative=0, detect_positive=0),
            *(node("Cast", name, f"{name}{name}", to=1) for name in "bcd"),
            node("Cast", "neither", "none", to=1),
            node("Mul", "cc half", "e"),
            node("Sum", "bb e dd none"),
        ],
        SHAPE,
        13,
        many=np.float32(200),
        half=np.float32(0.5),
    ),
    "masks": model(
        [
            node("Greater", "x nought", "a"),
            node("LessOrEqual", "x one", "b"),
            node("And", "a b", "c"),
            node("Not", "c", "d"),
            node("Where", "c x nought", "e"),
            node("Cast", "d", "f", to=1),
            node("Floor", "x", "g"),
            node("Mul", "f g", "h"),
            node("Sign", "x", "i"),
            node("Relu", "x", "j"),
            node("Cast", "j", "k", to=9),
            node("Where", "k x one", "l"),
            node("Sum", "e h i l"),
        ],
        SHAPE,
        nought=np.float32(0),
        one=np.float32(1),
    ),
    "functions": model(
        [
            node("Abs", "x", "a"),
            node("Log", "a", "b"),
            node("Sin", "b", "c"),
            node("Cos", "c", "d"),
            node("Celu", "d", "e", alpha=0.5),
            node("ThresholdedRelu", "e", "f", alpha=0.1),
            node("Softsign", "f", "g"),
            node("Shrink", "x", "h", lambd=0.3, bias=0.1),
            node("Mod", "x half", "i", fmod=1),
            node("Sum", "g h i"),
        ],
        SHAPE,
        half=np.float32(0.5),
    ),
    "response of neighbouring channels": model([node("LRN", "x", size=3, alpha=0.3, beta=0.6, bias=1.5)], SHAPE),
    "joined with a constant": model(
        [node("Concat", "x c", "a", axis=1), node("Conv", "a w")], SHAPE, c=normal(1, 2, 9, 12), w=normal(3, 6, 1, 1)
    ),
    "added to a position's embedding": model([node("Add", "x c")], SHAPE, c=normal(1, 4, 9, 12)),
    "fixed places": model(
        [node("GridSample", "x g", mode="bilinear", padding_mode="border")], SHAPE, 16, g=normal(1, 5, 7, 2)
    ),
    "what ONNX itself defines by others": model(
        [
            node("GroupNormalization", "x w b", "a", num_groups=2),
            node("ReduceLogSum", "x", "c", keepdims=1),
            node("HardSwish", "a", "d"),
            node("Add", "d c"),
        ],
        SHAPE,
        21,
        w=normal(4, seed=1),
        b=normal(4, seed=2),
    ),
    "sums": model(
        [
            node("ReduceSum", "x space", "s", keepdims=1),
            node("ReduceSum", "x channel", "c", keepdims=1),
            node("Add", "s c"),
        ],
        SHAPE,
        space=ints(2, 3),
        channel=ints(1),
    ),
    "layer norm, channels last": model(
        [
            node("Transpose", "x", "t", perm=[0, 2, 3, 1]),
            node("LayerNormalization", "t w b", "n", axis=-1, epsilon=1e-4),
            node("MatMul", "n m", "l"),
            node("Add", "l v", "a"),
            node("Transpose", "a", perm=[0, 3, 1, 2]),
        ],
        SHAPE,
        17,
        w=normal(4, seed=3),
        b=normal(4, seed=4),
        m=normal(4, 6, seed=5),
        v=normal(6, seed=6),
    ),
    "gates and slices": model(
        [
            node("Split", "x", "a b", axis=1),
            node("Sigmoid", "b", "c"),
            node("Mul", "a c", "d"),
            node("Slice", "d from to axes", "e"),
            node("GlobalAveragePool", "e", "g"),
            node("Sub", "e g"),
        ],
        SHAPE,
        **{"from": ints(1, 2), "to": ints(9, 11), "axes": ints(2, 3)},
    ),
    "to a vector and back": model(
        [
            node("GlobalAveragePool", "x", "a"),
            node("Flatten", "a", "b"),
            node("Gemm", "b w v", "c", transB=1),
            node("MatMul", "c m", "d"),
            node("Reshape", "d s"),
        ],
        SHAPE,
        w=normal(5, 4),
        v=normal(5),
        m=normal(5, 8),
        s=ints(1, 2, 2, 2),
    ),
    "activations": model(
        [
            node("Clip", "x", "a", min=-0.5, max=2.0),
            node("HardSigmoid", "a", "b", alpha=0.25),
            node("PRelu", "b p", "c"),
            node("Elu", "c", "d", alpha=0.7),
            node("Neg", "d", "e"),
            node("Max", "e x", "f"),
            node("Softplus", "f"),
        ],
        SHAPE,
        9,
        p=normal(4, 1, 1),
    ),
    **{
        f"resize of set {opset}, {mode} by {scale}": model(
            [node("Upsample" if opset < 10 else "Resize", "x s", mode=mode)],
            SHAPE,
            opset,
            s=np.array([1, 1, scale, 2], np.float32),
        )
        for opset, mode, scale in [
            (9, "nearest", 3),
            (9, "linear", 2),
            (10, "linear", 3),
            (10, "nearest", 0.5),
            (10, "linear", 1 / 3),
        ]
    },
    "upsample of set 7": model([node("Upsample", "x", mode="linear", scales=[1.0, 1.0, 2.0, 3.0])], SHAPE, 7),
    **{
        f"nearest, {places}, {rounding}, by {scale}": model(
            [node("Resize", "x r s", coordinate_transformation_mode=places, nearest_mode=rounding)],
            SHAPE,
            11,
            r=np.array([], np.float32),
            s=np.array([1, 1, scale, 3], np.float32),
        )
        for places in ("half_pixel", "asymmetric", "tf_half_pixel_for_nn", "pytorch_half_pixel")
        for rounding in ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")
        for scale in (2, 2 / 3)
    },
    "channels last resize": model(
        [
            node("Transpose", "x", "a", perm=[0, 2, 3, 1]),
            node("Resize", "a  s", "b", mode="linear"),
            node("Transpose", "b", perm=[0, 3, 1, 2]),
        ],
        SHAPE,
        s=np.array([1, 2, 3, 1], np.float32),
    ),
    **{
        f"means of {pad} that do not count it": model(
            [node("AveragePool", "x", kernel_shape=[3, 2], strides=[2, 2], auto_pad=pad)], SHAPE
        )
        for pad in ("SAME_UPPER", "SAME_LOWER")
    },
    **{
        f"means of spaced pixels, ceil {ceil}, counted {counted}": model(
            [
                node(
                    "AveragePool",
                    "x",
                    kernel_shape=[3, 2],
                    strides=[2, 3],
                    pads=[1, 0, 2, 1],
                    dilations=[2, 1],
                    ceil_mode=ceil,
                    count_include_pad=counted,
                )
            ],
            SHAPE,
            19,
        )
        for ceil in (0, 1)
        for counted in (0, 1)
    },
    "largest of windows that hang over uneven borders": model(
        [node("MaxPool", "x", kernel_shape=[3, 2], strides=[2, 3], pads=[0, 0, 1, 1], ceil_mode=1)], SHAPE
    ),
    "p-norms of windows": model(
        [
            node("LpPool", "x", "a", kernel_shape=[3, 2], pads=[1, 0, 0, 1], p=3),
            node("LpPool", "a", kernel_shape=[2, 2]),
        ],
        SHAPE,
    ),
    "transposed to a size": model(
        [node("ConvTranspose", "x w b", strides=[2, 2], output_shape=[18, 26])], SHAPE, w=normal(4, 6, 3, 3), b=B
    ),
    "transposed to a size that no kernel reaches": model(
        [node("ConvTranspose", "x w b", strides=[3, 3], output_shape=[28, 37])], SHAPE, w=normal(4, 6, 3, 3), b=B
    ),
    "padding by edges": model([node("Pad", "x", pads=[0, 0, 1, 2, 0, 0, 3, 0], mode="edge")], SHAPE, 10),
    **{
        f"turned round along {axis}": model(
            [node("Slice", "x a b c d", "t"), node("Conv", "t w b1")],
            SHAPE,
            a=ints(-1, 0),
            b=ints(-(2**62), 4),
            c=ints(axis, 1),
            d=ints(-1, 1),
            w=W,
            b1=B,
        )
        for axis in (2, 3, -1)
    },
    **{
        f"every {step}th of places {start} to {end}": model(
            [node("Slice", "x a b c d", "t"), node("Relu", "t")],
            SHAPE,
            a=ints(start),
            b=ints(end),
            c=ints(3),
            d=ints(step),
        )
        for start, end, step in ((-1, -100, -2), (8, 2, -1), (9, 1, -3), (1, 11, 2))
    },
    "powers that differ from channel to channel": model(
        [node("Pow", "x e")], SHAPE, e=np.array([2, 3, 1, 2], np.float32).reshape(1, 4, 1, 1)
    ),
    **{
        f"one map raised to {name} powers": model(
            [node("Conv", "x w1", "a"), node("Pow", "a e")],
            SHAPE,
            w1=normal(1, 4, 1, 1),
            e=np.array(powers, np.float32).reshape(1, 4, 1, 1),
        )
        for name, powers in (("the same", [2, 2, 2, 2]), ("other", [3, -2, 0, 1]))
    },
    "many powers": model(
        [node("Conv", "x w20", "a"), node("Pow", "a e")],
        SHAPE,
        w20=normal(20, 4, 1, 1),
        e=np.arange(-4, 16, dtype=np.float32).reshape(1, 20, 1, 1),
    ),
    "many broken powers": model(
        [node("Conv", "x w20", "a"), node("Abs", "a", "b"), node("Pow", "b e")],
        SHAPE,
        w20=normal(20, 4, 1, 1),
        e=np.linspace(0.3, 3.1, 20, dtype=np.float32).reshape(1, 20, 1, 1),
    ),
    "channels padded that lie last": model(
        [node("Transpose", "x", "a", perm=[0, 2, 3, 1]), node("Pad", "a p v", "b"), TURNED],
        SHAPE,
        p=ints(0, 1, 2, 2, 0, 0, 3, 1),
        v=np.float32(1.5),
    ),
    "channels padded by edges that lie last": model(
        [node("Transpose", "x", "a", perm=[0, 2, 3, 1]), node("Pad", "a p", "b", mode="edge"), TURNED],
        SHAPE,
        p=ints(0, 0, 0, 2, 0, 0, 0, 1),
    ),
    "channels padded": model([node("Pad", "x p v")], SHAPE, p=ints(0, 1, 0, 0, 0, 3, 0, 0), v=np.float32(2.0)),
    "channels and sides padded by edges": model(
        [node("Pad", "x p", mode="edge")], SHAPE, p=ints(0, 2, 1, 0, 0, 1, 0, 3)
    ),
    "lines padded": model(
        [node("Reshape", "x s", "a"), node("Pad", "a p v", "b"), node("Reshape", "b t")],
        SHAPE,
        s=ints(1, 4, 108),
        p=ints(0, 0, 4, 0, 0, 8),
        v=np.float32(-1.0),
        t=ints(1, 4, 10, 12),
    ),
    **{
        f"numbers padded {how}": model(
            [node("Pad", "c p v" if how == "by a number" else "c p", "d", mode=mode), node("Mul", "x d")],
            SHAPE,
            c=normal(1, 1, 7, 12, seed=3),
            p=ints(0, 0, 3, -2, 0, 0, -1, 2),
            v=np.float32(2.5),
        )
        for how, mode in (("by a number", "constant"), ("by edges", "edge"), ("by reflection", "reflect"))
    },
}


@pytest.mark.parametrize("case", CASES)
def test_operators_mean_what_onnxruntime_means(case: str, tmp_path: Path) -> None:
    picture = normal(*SHAPE, seed=9)
    session = onnxruntime.InferenceSession(CASES[case].SerializeToString(), providers=["CPUExecutionProvider"])
    (wanted,) = session.run(None, {"x": picture})

    network = opened(CASES[case], tmp_path).network
    engine = on_torch(network)
    engine.run({"x": picture[0]})
    assert relative_error(engine.output(), wanted[0]) < 1e-5


@pytest.mark.parametrize(
    ("case", "kinds"),
    [
        ("pixel shuffle", ["PixelShuffle"]),
        ("nearest by reshape and concat", ["Upsample"]),
        ("nearest by expand", ["Upsample"]),
        ("instance norm spelled out", ["InstanceNorm2d"]),
        ("group norm as it is exported", ["GroupNorm"]),
        ("exact gelu, the half last", ["GELU"]),
        ("exact gelu, the half on the value", ["GELU"]),
        ("exact gelu, the half on the gate", ["GELU"]),
        ("no gelu", ["Erf", "Affine", "Mul", "Affine"]),
        ("layer norm, channels last", ["LayerNorm2d", "Conv2d", "ScaleShift"]),
    ],
)
def test_what_is_spelled_out_is_recognised(case: str, kinds: list[str], tmp_path: Path) -> None:
    nodes = opened(CASES[case], tmp_path).network.graph.nodes
    assert [type(n.op).__name__ for n in nodes] == kinds


def test_a_model_of_any_size_is_traced_at_the_size_asked_for(tmp_path: Path) -> None:
    made = model([node("Conv", "x w b", pads=[1, 1, 1, 1])], ["n", 4, "h", "w"], w=W, b=B)
    assert opened(made, tmp_path).size == (256, 256)


REFUSED: dict[str, tuple[onnx.ModelProto, str]] = {
    "custom": (model([helper.make_node("Conv", ["x", "w"], ["y"], domain="acme")], SHAPE, w=W), "acme"),
    "removed": (model([node("Loupe", "x")], SHAPE), "Loupe"),
    "loop": (model([node("Loop", "x")], SHAPE), "control flow"),
    "attention without an axis in common": (model([node("MatMul", "x x")], SHAPE), "settings do not fit|multiplies"),
    "places of no grid": (model([node("GridSample", "x x")], SHAPE, 16), "samples volumes"),
    "old": (model([node("Relu", "x")], SHAPE, 6), "older than 7"),
    "misfit": (model([node("Conv", "x w")], SHAPE, w=normal(6, 5, 3, 3)), "channels"),
    "places of a pooling cut": (
        model(
            [
                node("MaxPool", "x", "a i", kernel_shape=[3, 3], strides=[3, 3]),
                node("Slice", "i s t", "j"),
                node("MaxUnpool", "a j", kernel_shape=[3, 3], strides=[3, 3]),
            ],
            SHAPE,
            s=ints(0),
            t=ints(1),
        ),
        "reads the places that a pooling found",
    ),
    "dangling": (model([node("Relu", "z")], SHAPE), 'reads "z"'),
    "endless": (model([node("Tile", "x t")], SHAPE, t=ints(1, 1, 2**20, 2**20)), "too often"),
    "endless constant": (model([node("ConstantOfShape", "s")], SHAPE, s=ints(2**31, 2**31)), "too large"),
    "resize": (
        model([node("Resize", "x  s", mode="linear")], SHAPE, s=np.array([1, 2, 1, 2], np.float32)),
        "resizes channels",
    ),
    "pad": (model([node("Pad", "x p", mode="loop")], SHAPE, p=ints(0, 0, 1, 1, 0, 0, 1, 1)), 'pads by "loop"'),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_run_is_refused_by_name(case: str, tmp_path: Path) -> None:
    made, reason = REFUSED[case]
    with pytest.raises(StudioError, match=reason):
        opened(made, tmp_path)


def external(location: str, **more: str) -> onnx.ModelProto:
    made = model([node("Conv", "x w")], SHAPE, w=W)
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **more}.items():
        tensor.external_data.add(key=key, value=value)
    return made


def test_external_data_is_read(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(bytes(8) + W.tobytes())
    network = opened(external("weights.bin", offset="8"), tmp_path).network
    assert any(np.array_equal(values, W) for values in network.tensors.values())


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (external("weights.bin"), "missing"),
        (external("../weights.bin"), "outside its folder"),
        (external("/etc/passwd"), "outside its folder"),
        (external("short.bin"), "beyond the end"),
        (external("short.bin", offset="-4"), "beyond the end"),
    ],
)
def test_external_data_that_is_not_there_or_elsewhere(made: onnx.ModelProto, reason: str, tmp_path: Path) -> None:
    (tmp_path / "short.bin").write_bytes(bytes(16))
    with pytest.raises(StudioError, match=reason):
        opened(made, tmp_path)


WHOLE = CASES["group norm as it is exported"].SerializeToString()


@settings(max_examples=150)
@given(data=st.data())
def test_damaged_models_are_refused_or_opened_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    damaged = bytearray(WHOLE)
    for place in data.draw(st.lists(st.integers(0, len(WHOLE) - 1), max_size=4)):
        damaged[place] = data.draw(st.integers(0, 255))
    file = tmp_path_factory.mktemp("damaged") / "model.onnx"
    file.write_bytes(damaged[: data.draw(st.one_of(st.just(len(WHOLE)), st.integers(0, len(WHOLE))))])
    with suppress(StudioError):
        open_model(file)


def test_the_size_that_a_dense_layer_fixes_is_kept(tmp_path: Path) -> None:
    """24×24 gives as many values, so nothing but the file says that it is 28×30."""
    made = model(
        [
            node("Conv", "x w", "a", strides=[2, 2], pads=[1, 1, 1, 1]),
            node("MaxPool", "a", "b", kernel_shape=[3, 3], strides=[3, 3]),
            node("Flatten", "b", "c"),
            node("Gemm", "c v"),
        ],
        [1, 1, 28, 30],
        w=normal(4, 1, 3, 3),
        v=normal(4 * 4 * 5, 5),
    )
    imported = opened(made, tmp_path)
    assert imported.network.graph.only_size == (28, 30)
    save_imported(imported, tmp_path / "kept")
    kept = load_network(tmp_path / "kept")
    assert kept.graph.only_size == (28, 30)
    with pytest.raises(StudioError, match=r"takes pictures of 30×28 alone, not 26×24\.$"):
        working_size(kept.graph, Size(24, 26))
    export_preset(Preset("p", kept, {}), tmp_path / "back.onnx")
    (said,) = onnx.load(tmp_path / "back.onnx").graph.input
    assert [dim.dim_value for dim in said.type.tensor_type.shape.dim][1:] == [1, 28, 30]
