"""What ONNX's operators mean that pool."""

from __future__ import annotations

from studio.io.importers._borders import Window, average_pool, max_pool, p_norm_pool
from studio.io.importers._flow import Flow
from studio.io.importers._onnx_table import OnnxNode, borders_of, means, two
from studio.io.importers._views import Value


@means("MaxPool")
def _max_pool(f: Flow, n: OnnxNode) -> Value:
    return max_pool(f, n.x, _window(n))


@means("AveragePool")
def _average_pool(f: Flow, n: OnnxNode) -> Value:
    return average_pool(f, n.x, _window(n), counted=bool(n.attributes.get("count_include_pad", 0)))


@means("LpPool")
def _lp_pool(f: Flow, n: OnnxNode) -> Value:
    return _root(f, p_norm_pool(f, _powers(f, n.x, n), _window(n)), n)


@means("GlobalLpPool")
def _global_lp_pool(f: Flow, n: OnnxNode) -> Value:
    return _root(f, f.total(_powers(f, n.x, n), (2, 3), keepdim=True), n)


@means("GlobalAveragePool")
def _global_average_pool(f: Flow, n: OnnxNode) -> Value:
    return f.mean(n.x, (2, 3), keepdim=True)


@means("GlobalMaxPool")
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
