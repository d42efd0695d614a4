"""What ONNX's operators mean that pool."""

from __future__ import annotations

from studio.errors import StudioError
from studio.io.importers._meanings.borders import Window, average_pool, max_pool, p_norm_pool
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.unpool import spots, unpooled
from studio.io.importers._onnx.table import OnnxNode, borders_of, means, on_lines, two
from studio.io.importers._values.views import Value


@means("MaxPool")
@on_lines
def _max_pool(f: Flow, n: OnnxNode) -> Value | list[Value]:
    made, window = max_pool(f, n.x, _window(n)), _window(n)
    if n.outputs < 2:
        return made
    if n.attributes.get("storage_order", 0) or window.dilation != (1, 1) or not window.is_even:
        raise StudioError("its places, counted by columns, or of such windows, are not supported.")
    left, _, top, _ = window.borders
    settings = {"kernel_size": window.kernel, "stride": window.stride, "ceil_mode": window.ceil}
    return [made, spots(made, n.x, settings | {"padding": (top, left)})]


@means("MaxUnpool")
def _max_unpool(f: Flow, n: OnnxNode) -> Value:
    kernel, stride = two(n.attributes.get("kernel_shape")), two(n.attributes.get("strides"))
    top, left, bottom, right = n.attributes.get("pads") or (0, 0, 0, 0)
    taken = (top + bottom, left + right)
    sides = [(side - 1) * stride[k] + kernel[k] - taken[k] for k, side in enumerate(n.x.shape[2:])]
    return unpooled(f, n.x, n.at(1), [int(side) for side in n.numbers(2) or sides][-2:])


@means("AveragePool")
@on_lines
def _average_pool(f: Flow, n: OnnxNode) -> Value:
    return average_pool(f, n.x, _window(n), counted=bool(n.attributes.get("count_include_pad", 0)))


@means("LpPool")
@on_lines
def _lp_pool(f: Flow, n: OnnxNode) -> Value:
    return _root(f, p_norm_pool(f, _powers(f, n.x, n), _window(n)), n)


@means("GlobalLpPool")
@on_lines
def _global_lp_pool(f: Flow, n: OnnxNode) -> Value:
    return _root(f, f.total(_powers(f, n.x, n), (2, 3), keepdim=True), n)


@means("GlobalAveragePool")
@on_lines
def _global_average_pool(f: Flow, n: OnnxNode) -> Value:
    return f.mean(n.x, (2, 3), keepdim=True)


@means("GlobalMaxPool")
@on_lines
def _global_max_pool(f: Flow, n: OnnxNode) -> Value:
    return f.layer("AdaptiveMaxPool2d", n.x, output_size=(1, 1))


def _window(n: OnnxNode) -> Window:
    kernel, stride = two(n.attributes.get("kernel_shape")), two(n.attributes.get("strides"))
    dilation = two(n.attributes.get("dilations"))
    borders = tuple(borders_of(n, kernel, stride, dilation))
    return Window(kernel, stride, dilation, borders, bool(n.attributes.get("ceil_mode", 0)))


def _powers(f: Flow, value: Value, n: OnnxNode) -> Value:
    p = n.attributes.get("p", 2)
    size = f.each("Abs", value)
    return size if p == 1 else f.each("Pow", size, exponent=float(p))


def _root(f: Flow, value: Value, n: OnnxNode) -> Value:
    p = n.attributes.get("p", 2)
    return value if p == 1 else f.each("Sqrt", value) if p == 2 else f.each("Pow", value, exponent=1 / p)
