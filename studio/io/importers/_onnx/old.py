"""Operators that ONNX had as experiments, which onnxruntime still runs and models of that time still hold."""

from __future__ import annotations

import numpy as np

from studio.io.importers._meanings.flow import Flow
from studio.io.importers._onnx.table import OnnxNode, means
from studio.io.importers._values.views import Value, constant


@means("ImageScaler")
def _image_scaler(f: Flow, n: OnnxNode) -> Value:
    scaled = f.binary("Mul", n.x, constant(np.float32(n.attributes.get("scale", 1.0))))
    bias = np.asarray(n.attributes.get("bias") or [0.0], np.float32)
    return f.binary("Add", scaled, constant(bias.reshape(-1, 1, 1)))


@means("Crop")
def _crop(f: Flow, n: OnnxNode) -> Value:
    left, top, right, bottom = n.attributes["border"]
    if size := n.attributes.get("scale"):
        height, width = size
        right, bottom = n.x.shape[3] - left - width, n.x.shape[2] - top - height
    return f.pad(n.x, (-left, -right, -top, -bottom), "constant")


@means("Affine", "Scale")
def _affine(f: Flow, n: OnnxNode) -> Value:
    scale = n.attributes.get("alpha" if n.kind == "Affine" else "scale", 1.0)
    scaled = f.binary("Mul", n.x, constant(np.float32(scale)))
    return f.binary("Add", scaled, constant(np.float32(n.attributes.get("beta", 0.0))))


@means("ScaledTanh")
def _scaled_tanh(f: Flow, n: OnnxNode) -> Value:
    inner = f.binary("Mul", n.x, constant(np.float32(n.attributes.get("beta", 1.0))))
    return f.binary("Mul", f.each("Tanh", inner), constant(np.float32(n.attributes.get("alpha", 1.0))))


@means("ParametricSoftplus")
def _parametric_softplus(f: Flow, n: OnnxNode) -> Value:
    alpha, beta = n.attributes.get("alpha", 1.0), n.attributes.get("beta", 1.0)
    return f.binary("Mul", f.each("Softplus", n.x, beta=beta), constant(np.float32(alpha * beta)))
