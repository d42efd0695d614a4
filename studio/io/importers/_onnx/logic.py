"""What ONNX's operators mean that compare, choose and reduce, and functions that are made of others."""

from __future__ import annotations

import math

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.choices import chosen, compared, logsumexp, masked, p_norm, scaled
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.responses import response_normalised
from studio.io.importers._onnx.table import OnnxNode, bounded, means
from studio.io.importers._values.views import Value, constant, reshaped

_COMPARING = {"Greater": "gt", "GreaterOrEqual": "ge", "Less": "lt", "LessOrEqual": "le", "Equal": "eq"}
_EXTREMES = {"ReduceMax": "Amax", "ReduceMin": "Amin"}
_FUNCTIONS = {"Log": "Log", "Sin": "Sin", "Cos": "Cos"}

for _kind, _op in _FUNCTIONS.items():
    means(_kind)(lambda f, n, op=_op: f.each(op, n.x))
for _kind, _how in _COMPARING.items():
    means(_kind)(lambda f, n, how=_how: compared(f, how, n.at(0), n.at(1)))


@means("Not")
def _not(f: Flow, n: OnnxNode) -> Value:
    return scaled(f, masked(f, n.x), -1.0, 1.0)


@means("And", "Or", "Xor")
def _both(f: Flow, n: OnnxNode) -> Value:
    one, two = masked(f, n.at(0)), masked(f, n.at(1))
    return compared(f, "ne", one, two) if n.kind == "Xor" else f.binary(_JOINS[n.kind], one, two)


_JOINS = {"And": "Mul", "Or": "Maximum"}


@means("Where")
def _where(f: Flow, n: OnnxNode) -> Value:
    mask, yes, no = n.at(0), n.at(1), n.at(2)
    if mask.constant is None or yes.is_constant == no.is_constant:
        return chosen(f, mask, yes, no)
    held = np.asarray(yes.constant if yes.is_constant else no.constant)
    shape = np.broadcast_shapes(mask.shape, held.shape)
    taken = np.broadcast_to((mask.constant != 0) == yes.is_constant, shape)
    filled = bounded(constant(np.where(taken, held, np.float32(0))))
    return chosen(f, mask, filled if yes.is_constant else yes, filled if no.is_constant else no)


@means("Sign")
def _sign(f: Flow, n: OnnxNode) -> Value:
    return f.binary("Sub", compared(f, "gt", n.x, 0.0), compared(f, "lt", n.x, 0.0))


@means("IsNaN")
def _is_nan(f: Flow, n: OnnxNode) -> Value:
    return f.several("CompareMaps", n.x, n.x, how="ne")


# -- functions ----------------------------------------------------------------------------------------------------


@means("ThresholdedRelu")
def _thresholded_relu(f: Flow, n: OnnxNode) -> Value:
    return f.binary("Mul", n.x, compared(f, "gt", n.x, n.attributes.get("alpha", 1.0)))


@means("Celu")
def _celu(f: Flow, n: OnnxNode) -> Value:
    alpha = n.attributes.get("alpha", 1.0)
    return scaled(f, f.each("ELU", scaled(f, n.x, 1 / alpha)), alpha)


@means("Softsign")
def _softsign(f: Flow, n: OnnxNode) -> Value:
    return f.binary("Div", n.x, scaled(f, f.each("Abs", n.x), 1.0, 1.0))


@means("Shrink")
def _shrink(f: Flow, n: OnnxNode) -> Value:
    bound, bias = n.attributes.get("lambd", 0.5), n.attributes.get("bias", 0.0)
    above, below = compared(f, "gt", n.x, bound), compared(f, "lt", n.x, -bound)
    kept = f.binary("Mul", n.x, f.binary("Add", above, below))
    return f.binary("Add", kept, scaled(f, f.binary("Sub", below, above), bias)) if bias else kept


@means("Tan")
def _tan(f: Flow, n: OnnxNode) -> Value:
    return f.binary("Div", f.each("Sin", n.x), f.each("Cos", n.x))


@means("Sinh", "Cosh")
def _hyperbolic(f: Flow, n: OnnxNode) -> Value:
    up, down = f.each("Exp", n.x), f.each("Exp", scaled(f, n.x, -1.0))
    return scaled(f, f.binary("Sub" if n.kind == "Sinh" else "Add", up, down), 0.5)


@means("Mod")
def _mod(f: Flow, n: OnnxNode) -> Value:
    how = "trunc" if n.attributes.get("fmod", 0) else "floor"
    whole = f.each("Round", f.binary("Div", n.at(0), n.at(1)), how=how)
    return f.binary("Sub", n.at(0), f.binary("Mul", whole, n.at(1)))


@means("LogSoftmax")
def _log_softmax(f: Flow, n: OnnxNode) -> Value:
    axis = n.attributes.get("axis", 1 if n.opset < 13 else -1)
    if n.opset < 13:
        rest = [k for k in range(axis % len(n.x.shape), len(n.x.shape)) if n.x.shape[k] > 1]
        if len(rest) > 1:
            raise StudioError("before operator set 13 it means several axes together; export with a later one.")
    return f.binary("Sub", n.x, logsumexp(f, n.x, [axis], keepdim=True))


# -- over axes ----------------------------------------------------------------------------------------------------


def axes_of(n: OnnxNode) -> list[int] | None:
    """The axes that are reduced; None where it then does nothing."""
    axes = n.numbers(1, "axes")
    if not axes and n.attributes.get("noop_with_empty_axes", 0):
        return None
    return [int(axis) for axis in axes] if axes else list(range(len(n.x.shape)))


def keeps(n: OnnxNode) -> bool:
    """Whether reduced axes stay, of length one."""
    return bool(n.attributes.get("keepdims", 1))


@means(*_EXTREMES)
def _extreme(f: Flow, n: OnnxNode) -> Value:
    axes = axes_of(n)
    return n.x if axes is None else f.reduced(_EXTREMES[n.kind], n.x, axes, keeps(n))


@means("ReduceMean", "ReduceSum")
def _reduced(f: Flow, n: OnnxNode) -> Value:
    axes = axes_of(n)
    return n.x if axes is None else f.reduced(n.kind.removeprefix("Reduce"), n.x, axes, keeps(n))


@means("ReduceL1", "ReduceL2")
def _reduced_norm(f: Flow, n: OnnxNode) -> Value:
    axes = axes_of(n)
    return f.each("Abs", n.x) if axes is None else p_norm(f, n.x, float(n.kind[-1]), axes, keeps(n))


@means("ReduceSumSquare")
def _sum_of_squares(f: Flow, n: OnnxNode) -> Value:
    squares, axes = f.each("Pow", n.x, exponent=2.0), axes_of(n)
    return squares if axes is None else f.total(squares, axes, keeps(n))


@means("ReduceLogSum")
def _log_of_sum(f: Flow, n: OnnxNode) -> Value:
    axes = axes_of(n)
    return f.each("Log", n.x if axes is None else f.total(n.x, axes, keeps(n)))


@means("ReduceLogSumExp")
def _log_of_sum_of_exponentials(f: Flow, n: OnnxNode) -> Value:
    axes = axes_of(n)
    return n.x if axes is None else logsumexp(f, n.x, axes, keeps(n))


@means("LpNormalization")
def _lp_normalisation(f: Flow, n: OnnxNode) -> Value:
    norm = p_norm(f, n.x, float(n.attributes.get("p", 2)), [n.attributes.get("axis", -1)], keepdim=True)
    return f.binary("Div", n.x, norm)


@means("MeanVarianceNormalization")
def _mean_and_variance(f: Flow, n: OnnxNode) -> Value:
    axes = list(n.attributes.get("axes", (0, 2, 3)))
    if axes == [0, 2, 3] and len(n.x.shape) == 4:
        return f.norm("InstanceNorm2d", n.x, None, None, 1e-9)
    centred = f.binary("Sub", n.x, f.mean(n.x, axes, keepdim=True))
    deviation = f.each("Sqrt", f.mean(f.each("Pow", centred, exponent=2.0), axes, keepdim=True))
    return f.binary("Div", centred, scaled(f, deviation, 1.0, 1e-9))


@means("LRN")
def _local_response(f: Flow, n: OnnxNode) -> Value:
    size, alpha = n.attributes["size"], n.attributes.get("alpha", 1e-4)
    bias, beta = n.attributes.get("bias", 1.0), n.attributes.get("beta", 0.75)
    return response_normalised(f, n.x, (size - 1) // 2, size // 2, bias, alpha / size, beta)


# -- moves --------------------------------------------------------------------------------------------------------


@means("CenterCropPad")
def _centre_crop_or_pad(f: Flow, n: OnnxNode) -> Value:
    wanted = [int(side) for side in n.numbers(1) or []]
    axes = [axis % len(n.x.shape) for axis in n.attributes.get("axes") or range(len(n.x.shape))]
    borders = {axis: side - n.x.shape[axis] for axis, side in zip(axes, wanted, strict=True)}
    if any(more for axis, more in borders.items() if axis < 2):
        raise StudioError("it cuts or pads channels, which is not supported.")
    across, down = borders.get(3, 0), borders.get(2, 0)
    left, top = (math.trunc(more / 2) if more > 0 else -(-more // 2) for more in (across, down))
    return f.pad(n.x, (left, across - left, top, down - top), "constant")


@means("Trilu")
def _triangle(f: Flow, n: OnnxNode) -> Value:
    k = int((n.numbers(1) or [0])[0])
    ones = np.ones(n.x.shape[-2:], np.float32)
    mask = np.triu(ones, k) if n.attributes.get("upper", 1) else np.tril(ones, k)
    return f.binary("Mul", n.x, constant(np.broadcast_to(mask, n.x.shape)))


@means("Einsum")
def _einsum(f: Flow, n: OnnxNode) -> Value:
    from studio.io.importers._aten.table import table

    found = table()["aten.einsum"](f, {"equation": n.attributes["equation"].decode(), "tensors": list(n.inputs)})
    assert isinstance(found, Value)
    return found


@means("DFT")
def _fourier(f: Flow, n: OnnxNode) -> Value:
    """A matrix on the axis and its real and imaginary parts, which stand last."""
    rank = len(n.x.shape)
    said = (n.numbers(2) or [-2])[0] if n.opset >= 20 else n.attributes.get("axis", 1)
    axis, inverse = int(said) % rank, bool(n.attributes.get("inverse", 0))
    sided, parts, have = bool(n.attributes.get("onesided", 0)), n.x.shape[-1], n.x.shape[axis]
    given = n.numbers(1)
    if inverse and sided:
        raise_or = int(given[0]) if given else 2 * (have - 1)
        matrix = _real_again(have, raise_or)
    else:
        matrix = _fourier_matrix(have, int(given[0]) if given else have, parts, inverse=inverse, sided=sided)
    order = [k for k in range(rank - 1) if k != axis] + [axis, rank - 1]
    turned = f.move(n.x, lambda x: x.transpose(order))
    before = turned.shape[:-2]
    made = f.linear(reshaped(turned, (*before, have * parts)), constant(matrix), None)
    out = 1 if inverse and sided else 2
    made = reshaped(made, (*before, matrix.shape[0] // out, out))
    back = np.argsort(order)
    return f.move(made, lambda x: x.transpose(back))


def _fourier_matrix(have: int, length: int, parts: int, *, inverse: bool, sided: bool) -> np.ndarray:
    """(frequencies · 2, values · parts): cosines and sines; a real input has no second part."""
    count, used = length // 2 + 1 if sided else length, min(have, length)
    angle = 2 * np.pi * np.outer(np.arange(count), np.arange(used)) / length * (1 if inverse else -1)
    whole = np.zeros((count, 2, have, parts))
    whole[:, 0, :used, 0], whole[:, 1, :used, 0] = np.cos(angle), np.sin(angle)
    if parts == 2:
        whole[:, 0, :used, 1], whole[:, 1, :used, 1] = -np.sin(angle), np.cos(angle)
    return (whole.reshape(count * 2, have * parts) / (length if inverse else 1)).astype(np.float32)


def _real_again(have: int, length: int) -> np.ndarray:
    """(values, frequencies · 2): the inverse of half a spectrum, whose other half mirrors it."""
    k = np.arange(min(have, length // 2 + 1))
    angle = 2 * np.pi * np.outer(np.arange(length), k) / length
    twice = np.where((k == 0) | (2 * k == length), 1.0, 2.0)
    whole = np.zeros((length, have, 2))
    whole[:, : k.size, 0], whole[:, : k.size, 1] = np.cos(angle) * twice, -np.sin(angle) * twice
    return (whole.reshape(length, have * 2) / length).astype(np.float32)
