"""PyTorch's operators that multiply matrices."""

from __future__ import annotations

import math
import string

import numpy as np

from studio.errors import StudioError
from studio.io.importers._aten.table import means, number, operand
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.handlers import Args
from studio.io.importers._values.views import Value, constant, reshaped


@means("matmul", "mm", "bmm")
def _matmul(f: Flow, a: Args) -> Value:
    one, two = operand(a), a["other"] if "other" in a else a["mat2"]
    return f.matmul(one, two)


@means("mv", "dot", "vdot")
def _vector(f: Flow, a: Args) -> Value:
    other = next(a[key] for key in ("vec", "tensor", "other") if key in a)
    return f.matmul(operand(a), other)


@means("addmm", "baddbmm")
def _addmm(f: Flow, a: Args) -> Value:
    made = f.matmul(a["mat1"] if "mat1" in a else a["batch1"], a["mat2"] if "mat2" in a else a["batch2"])
    for key, value in (("alpha", made), ("beta", None)):
        if number(a.get(key, 1)) != 1 and value is not None:
            made = f.binary("Mul", made, constant(np.float32(number(a[key]))))
    given, beta = operand(a), number(a.get("beta", 1))
    given = given if beta == 1 else f.binary("Mul", given, constant(np.float32(beta)))
    return f.binary("Add", made, given)


@means("scaled_dot_product_attention")
def _attention(f: Flow, a: Args) -> Value:
    query, mask = a["query"], a.get("attn_mask")
    if a.get("is_causal") or number(a.get("dropout_p", 0.0)):
        raise StudioError("attention that is causal, or drops values at random, is not supported.")
    scale = a.get("scale")
    if mask is not None and mask.constant is not None and mask.constant.dtype == bool:
        mask = constant(np.where(mask.constant, 0.0, -1e9).astype(np.float32))
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else number(scale)
    return f.attention(query, a["key"], a["value"], mask, factor)


@means("tensordot")
def _tensordot(f: Flow, a: Args) -> Value:
    one, two = operand(a), a["other"]
    over = [[axis % len(v.shape) for axis in axes] for v, axes in ((one, a["dims_self"]), (two, a["dims_other"]))]
    rest = [
        [axis for axis in range(len(v.shape)) if axis not in gone] for v, gone in zip((one, two), over, strict=True)
    ]
    kept = [tuple(v.shape[axis] for axis in axes) for v, axes in zip((one, two), rest, strict=True)]
    depth = math.prod(one.shape[axis] for axis in over[0])
    left = reshaped(f.move(one, lambda n: n.transpose(*rest[0], *over[0])), (math.prod(kept[0]), depth))
    right = reshaped(f.move(two, lambda n: n.transpose(*over[1], *rest[1])), (depth, math.prod(kept[1])))
    return reshaped(f.matmul(left, right), kept[0] + kept[1])


@means("einsum")
def _einsum(f: Flow, a: Args) -> Value:
    """Two operands at a time, from the left; what no other operand reads and the result has not is summed first."""
    text, values = a["equation"].replace(" ", ""), list(a["tensors"])
    names, made = _named_axes(text, [len(value.shape) for value in values])
    if any(len(set(name)) < len(name) for name in names):
        raise StudioError(f"einsum of {text} takes a diagonal, which is not supported; name every axis once.")
    for k, name in enumerate(names):
        others = {*made, *"".join(names[:k] + names[k + 1 :])}
        if gone := [place for place, axis in enumerate(name) if axis not in others]:
            values[k] = _summed(f, values[k], gone)
            names[k] = "".join(axis for axis in name if axis in others)
    if len(names) == 1:
        return f.move(values[0], lambda n: n.transpose([names[0].index(axis) for axis in made]))
    while len(names) > 2:
        wanted = {*made, *"".join(names[2:])}
        kept = "".join(axis for axis in dict.fromkeys(names[0] + names[1]) if axis in wanted)
        values[:2], names[:2] = [_product_of_two(f, values[:2], names[:2], kept)], [kept]
    return _product_of_two(f, values, names, made)


def _named_axes(text: str, ranks: list[int]) -> tuple[list[str], str]:
    """The letters of every operand's axes and of the result's, with those that "..." stands for."""
    reads, arrow, made = text.partition("->")
    names = reads.split(",")
    counts = [rank - len(name.replace("...", "")) for name, rank in zip(names, ranks, strict=True)]
    free = [letter for letter in string.ascii_letters if letter not in text]
    dots = "".join(free[: max((n for n, name in zip(counts, names, strict=True) if "..." in name), default=0)])
    names = [
        name.replace("...", dots[len(dots) - count :] if count else "")
        for name, count in zip(names, counts, strict=True)
    ]
    if not arrow:
        once = sorted(axis for axis in {*"".join(names)} - {*dots} if "".join(names).count(axis) == 1)
        return names, dots + "".join(once)
    return names, made.replace("...", dots)


def _summed(f: Flow, value: Value, axes: list[int]) -> Value:
    if value.constant is not None:
        return constant(np.asarray(value.constant).sum(tuple(axes)))
    return f.total(value, axes, keepdim=False)


def _product_of_two(f: Flow, values: list[Value], names: list[str], made: str) -> Value:
    """By one matrix product: axes of both, of the first alone, of the second alone, and those summed over."""
    one, two = values
    size = {axis: n for name, v in zip(names, values, strict=True) for axis, n in zip(name, v.shape, strict=True)}
    batch = [axis for axis in names[0] if axis in names[1] and axis in made]
    summed = [axis for axis in names[0] if axis in names[1] and axis not in made]
    left, right = ([x for x in n if x not in other] for n, other in ((names[0], names[1]), (names[1], names[0])))
    length = [math.prod(size[axis] for axis in axes) for axes in (batch, left, right, summed)]
    first = f.move(one, lambda n: n.transpose([names[0].index(axis) for axis in batch + left + summed]))
    second = f.move(two, lambda n: n.transpose([names[1].index(axis) for axis in batch + summed + right]))
    first = reshaped(first, ((length[0],) if batch else ()) + (length[1], length[3]))
    second = reshaped(second, ((length[0],) if batch else ()) + (length[3], length[2]))
    found = reshaped(f.matmul(first, second), tuple(size[axis] for axis in batch + left + right))
    return f.move(found, lambda n: n.transpose([(batch + left + right).index(axis) for axis in made]))


def _squared(f: Flow, rows: Value) -> Value:
    """The squared length of each row."""
    if rows.constant is not None:
        return constant(np.square(np.asarray(rows.constant, np.float64)).sum(1, keepdims=True).astype(np.float32))
    return f.total(f.binary("Mul", rows, rows), [-1], keepdim=True)


@means("cdist")
def _cdist(f: Flow, a: Args) -> Value:
    """Distances of every row of one to every row of the other."""
    one, two = a["x1"], a["x2"]
    if a.get("p", 2) != 2 or len(one.shape) != 2 or len(two.shape) != 2:
        raise StudioError("distances other than those of p=2, between rows of two matrices, are not supported.")
    turned = f.move(two, lambda n: n.T)
    squares = [_squared(f, each) for each in (one, two)]
    both = f.binary("Add", squares[0], f.move(squares[1], lambda n: n.T))
    found = f.binary("Sub", both, f.binary("Mul", f.matmul(one, turned), constant(np.float32(2))))
    return f.each("Sqrt", f.each("Hardtanh", found, min_val=0.0, max_val=3e38))
