"""What nodes of a graph of TensorFlow mean, whose attributes say how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from studio.errors import StudioError
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._tensors import arithmetic, moves, pictures, space
from studio.io.importers._tensors.nodes import Json, Made, attribute, means_node, node_made, snake
from studio.io.importers._tensors.table import known, table, valued, whole
from studio.io.importers._values.views import Value

_TURNS = (("transpose_a", "adj_x"), ("transpose_b", "adj_y"))


def _padding(node: Json) -> Any:
    said = attribute(node, "padding", "VALID")
    return attribute(node, "explicit_paddings", []) if said == "EXPLICIT" else said


@means_node("Cast")
def _cast(f: Flow, node: Json, inputs: list[Any]) -> Made:
    return table()["cast"](f, inputs[0], str(attribute(node, "DstT")))


# -- with weights -----------------------------------------------------------------------------------------------------


@means_node("Conv2D", "DepthwiseConv2dNative", "_FusedConv2D", "FusedDepthwiseConv2dNative")
def _convolution(f: Flow, node: Json, inputs: list[Any]) -> Made:
    how = space.depthwise if "Depthwise" in node["op"] else space.convolution
    dilation, bias = attribute(node, "dilations") or 1, _bias(node, inputs)
    made = how(f, inputs[0], inputs[1], attribute(node, "strides", 1), _padding(node), dilation, bias=bias)
    return _fused(f, node, made, inputs[2:], has_bias=bias is not None)


@means_node("Conv2DBackpropInput")
def _backwards(f: Flow, node: Json, inputs: list[Any]) -> Made:
    sizes, kernel, value = inputs[:3]
    shape = whole(sizes)[-3:-1] if len(whole(sizes)) > 2 else whole(sizes)
    strides, dilation = attribute(node, "strides", 1), attribute(node, "dilations") or 1
    bias = valued(inputs[3]) if len(inputs) > 3 else None
    return space.backwards(f, value, kernel, shape, strides, _padding(node), dilation, bias=bias)


@means_node("MatMul", "_FusedMatMul", "BatchMatMul", "BatchMatMulV2")
def _product(f: Flow, node: Json, inputs: list[Any]) -> Made:
    turned = [bool(attribute(node, key, attribute(node, old, False))) for key, old in _TURNS]
    one, two = valued(inputs[0]), valued(inputs[1])
    if two.is_constant and len(two.shape) == 2 and not turned[0] and not one.is_constant:
        weight = two if turned[1] else f.move(two, lambda n: n.T)
        bias = _bias(node, inputs)
        return _fused(f, node, f.linear(one, weight, bias), inputs[2:], has_bias=bias is not None)
    return _fused(f, node, arithmetic.product(f, one, two, *turned), inputs[2:])


def _bias(node: Json, inputs: Sequence[Any]) -> Value | None:
    """A bias that is fused to a layer first, where it is a constant of one number for each channel."""
    if attribute(node, "fused_ops", [])[:1] != ["BiasAdd"]:
        return None
    bias = valued(inputs[2])
    return bias if bias.is_constant and len(bias.shape) == 1 else None


def _fused(f: Flow, node: Json, made: Value, more: Sequence[Any], *, has_bias: bool = False) -> Value:
    """With what was fused to it: a bias, statistics, a bend."""
    rest, own = list(more[has_bias:]), f.name
    for op in attribute(node, "fused_ops", [])[has_bias:]:
        if op == "BiasAdd":
            made = f.binary("Add", made, valued(rest.pop(0)))
        elif op == "FusedBatchNorm":
            scale, offset, mean, variance = rest[:4]
            made = space.batch_norm(f, made, mean, variance, offset, scale, attribute(node, "epsilon", 1e-3))
        elif op == "Prelu":
            made = _prelu(f, made, rest.pop(0))
        else:
            f.name = f"{own}_act"
            settings = {"alpha": {"f": attribute(node, "leakyrelu_alpha", 0.2)}}
            made = valued(node_made(f, {"op": op, "attr": settings}, [made]))
            f.name = own
    return made


@means_node("Prelu")
def _prelu_node(f: Flow, node: Json, inputs: list[Any]) -> Made:
    del node
    return _prelu(f, inputs[0], inputs[1])


def _prelu(f: Flow, value: Value, slopes: Any) -> Value:
    below = f.each("Hardtanh", value, min_val=-3e38, max_val=0.0)
    return f.binary("Add", f.each("ReLU", value), f.binary("Mul", below, valued(slopes)))


@means_node("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
def _batch_norm(f: Flow, node: Json, inputs: list[Any]) -> Made:
    """By statistics that are known; where there are none, by the picture's own."""
    x, scale, offset, mean, variance = inputs[:5]
    eps = float(attribute(node, "epsilon", 1e-4))
    if not attribute(node, "is_training", True):
        return space.batch_norm(f, x, mean, variance, offset, scale, eps)
    own_mean, own_variance = arithmetic.moments(f, x, list(range(len(x.shape) - 1)), keepdims=True)
    least = f.each("Affine", own_variance, scale=1.0, shift=eps)
    made = f.binary("Mul", f.binary("Sub", x, own_mean), f.each("Pow", least, exponent=-0.5))
    return f.binary("Add", f.binary("Mul", made, valued(scale)), valued(offset))


# -- bends, pools and sizes -------------------------------------------------------------------------------------------


@means_node("LeakyRelu")
def _leaky(f: Flow, node: Json, inputs: list[Any]) -> Made:
    return f.each("LeakyReLU", inputs[0], negative_slope=attribute(node, "alpha", 0.2))


@means_node("MaxPool", "AvgPool", "MaxPoolV2")
def _pool(f: Flow, node: Json, inputs: list[Any]) -> Made:
    how = table()["average_pool" if node["op"] == "AvgPool" else "max_pool"]
    sizes = inputs[1:3] if len(inputs) == 3 else [attribute(node, "ksize", 1), attribute(node, "strides", 1)]
    return how(f, inputs[0], *sizes, _padding(node))


@means_node("MirrorPad", "Pad", "PadV2")
def _pad(f: Flow, node: Json, inputs: list[Any]) -> Made:
    mode = attribute(node, "mode", "REFLECT").lower() if node["op"] == "MirrorPad" else "constant"
    return moves.padded(f, inputs[0], inputs[1], mode, *inputs[2:3])


@means_node("ResizeNearestNeighbor", "ResizeBilinear", "ResizeBicubic")
def _resize(f: Flow, node: Json, inputs: list[Any]) -> Made:
    corners, centres = attribute(node, "align_corners", False), attribute(node, "half_pixel_centers", False)
    if node["op"] == "ResizeBicubic":
        if corners or not centres:
            raise StudioError("it resizes by bicubic interpolation of an old kind, which is not supported.")
        return table()["resize"](f, inputs[0], inputs[1], "bicubic")
    how = space.resize_nearest if node["op"] == "ResizeNearestNeighbor" else space.resize_bilinear
    return how(f, inputs[0], inputs[1], corners, centres)


@means_node("LRN")
def _response(f: Flow, node: Json, inputs: list[Any]) -> Made:
    given = {"depth_radius": 5, "bias": 1.0, "alpha": 1.0, "beta": 0.5}
    return pictures.response_in_channels(f, inputs[0], **{key: attribute(node, key, n) for key, n in given.items()})


@means_node("ResizeArea")
def _areas(f: Flow, node: Json, inputs: list[Any]) -> Made:
    if attribute(node, "align_corners", False):
        raise StudioError("it resizes by areas that go by corners, which is not supported.")
    return space.smaller_by_areas(f, inputs[0], inputs[1])


@means_node("OneHot")
def _one_hot(f: Flow, node: Json, inputs: list[Any]) -> Made:
    on, off, axis = known(inputs[2]), known(inputs[3]), attribute(node, "axis", -1)
    return moves.one_hot(f, inputs[0], known(inputs[1]), on, off, axis)


@means_node("ScaleAndTranslate")
def _scale_and_translate(f: Flow, node: Json, inputs: list[Any]) -> Made:
    how = attribute(node, "kernel_type", "lanczos3"), attribute(node, "antialias", True)
    return space.scaled(f, inputs[0], inputs[1], inputs[2], inputs[3], *how)


@means_node("ExtractImagePatches")
def _patches(f: Flow, node: Json, inputs: list[Any]) -> Made:
    sizes, strides, rates = (attribute(node, key, 1) for key in ("ksizes", "strides", "rates"))
    return space.patches(f, inputs[0], sizes, strides, rates, _padding(node))


@means_node("DepthToSpace", "SpaceToDepth")
def _blocks(f: Flow, node: Json, inputs: list[Any]) -> Made:
    return table()[snake(node["op"])](f, inputs[0], attribute(node, "block_size", 2))


@means_node("Mean", "Sum", "Max", "Min", "Prod", "Any", "All")
def _over(f: Flow, node: Json, inputs: list[Any]) -> Made:
    return table()[node["op"].lower()](f, inputs[0], known(inputs[1]), attribute(node, "keep_dims", False))


# -- moves ------------------------------------------------------------------------------------------------------------


@means_node("ConcatV2", "Concat")
def _concat(f: Flow, node: Json, inputs: list[Any]) -> Made:
    values, axis = (inputs[:-1], inputs[-1]) if node["op"] == "ConcatV2" else (inputs[1:], inputs[0])
    return table()["concatenate"](f, values, axis)


@means_node("AddN")
def _add_n(f: Flow, node: Json, inputs: list[Any]) -> Made:
    del node
    return table()["add_n"](f, inputs)


@means_node("Pack")
def _pack(f: Flow, node: Json, inputs: list[Any]) -> Made:
    return table()["stack"](f, inputs, attribute(node, "axis", 0))


@means_node("Unpack")
def _unpack(f: Flow, node: Json, inputs: list[Any]) -> Made:
    return table()["unstack"](f, inputs[0], None, attribute(node, "axis", 0))


@means_node("Split")
def _split(f: Flow, node: Json, inputs: list[Any]) -> Made:
    return table()["split"](f, inputs[1], attribute(node, "num_split", 1), inputs[0])


@means_node("Squeeze")
def _squeeze(f: Flow, node: Json, inputs: list[Any]) -> Made:
    return table()["squeeze"](f, inputs[0], attribute(node, "squeeze_dims") or None)


@means_node("StridedSlice")
def _strided_slice(f: Flow, node: Json, inputs: list[Any]) -> Made:
    begins, ends, steps = (whole(given) for given in inputs[1:4])
    masks = [attribute(node, f"{key}_mask", 0) for key in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")]
    places: list[Any] = []
    for k, (begin, end, step) in enumerate(zip(begins, ends, steps, strict=True)):
        at_begin, at_end, ellipsis, new, shrunk = (bool(mask >> k & 1) for mask in masks)
        if ellipsis:
            places.append(Ellipsis)
        elif new:
            places.append(None)
        elif shrunk:
            places.append(begin)
        else:
            places.append(slice(None if at_begin else begin, None if at_end else end, step))
    return table()["get_item"](f, inputs[0], places)


@means_node("Einsum")
def _einsum(f: Flow, node: Json, inputs: list[Any]) -> Made:
    return table()["einsum"](f, attribute(node, "equation", ""), *inputs)
