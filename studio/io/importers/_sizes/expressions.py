"""What torch.export writes of sizes as text, "L['x'].size()[2] <= 64" or "Mul(Integer(8), Symbol('s0'))": worked out.

The text is taken apart by Python's parser and worked out here, operator by operator; none of it is run.
"""

from __future__ import annotations

import ast
import math
import operator as python
from collections.abc import Callable, Mapping
from functools import lru_cache, reduce
from typing import Any

_LONGEST = 4000
_MOST_SAID = 200
_MOST = 2**60


def _power(a: Any, b: Any) -> Any:
    if abs(a) > _MOST or not -1 <= b <= 8:
        raise ValueError(f"{a} to the power of {b}")
    return a**b


_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.And: lambda *held: all(held),
    ast.Or: lambda *held: any(held),
    ast.Not: python.not_,
    ast.USub: python.neg,
    ast.Pow: _power,
    ast.Add: python.add,
    ast.Sub: python.sub,
    ast.Mult: python.mul,
    ast.FloorDiv: python.floordiv,
    ast.Div: python.truediv,
    ast.Mod: python.mod,
    ast.Lt: python.lt,
    ast.LtE: python.le,
    ast.Gt: python.gt,
    ast.GtE: python.ge,
    ast.Eq: python.eq,
    ast.NotEq: python.ne,
}


def _fold(work: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda *args: reduce(work, args)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Integer": int,
    "Add": _fold(python.add),
    "Mul": _fold(python.mul),
    "Pow": _power,
    "FloorDiv": python.floordiv,
    "CleanDiv": python.floordiv,
    "IntTrueDiv": python.truediv,
    "FloatTrueDiv": python.truediv,
    "Mod": python.mod,
    "PythonMod": python.mod,
    "Max": max,
    "Min": min,
    "max": max,
    "min": min,
    "abs": abs,
    "floor": math.floor,
    "FloorToInt": math.floor,
    "CeilToInt": math.ceil,
    "ceil": math.ceil,
    "ceiling": math.ceil,
    "trunc": math.trunc,
    "TruncToInt": math.trunc,
    "sqrt": math.sqrt,
    "sym_sqrt": math.sqrt,
    "sym_float": float,
    "sym_int": int,
    "sym_max": max,
    "sym_min": min,
    "sym_ite": lambda held, a, b: a if held else b,
    "ToFloat": float,
    "Eq": python.eq,
    "Ne": python.ne,
    "Equality": python.eq,
    "Unequality": python.ne,
    "LessThan": python.le,
    "StrictLessThan": python.lt,
    "GreaterThan": python.ge,
    "StrictGreaterThan": python.gt,
}


def worked_out(text: str, sizes: Mapping[str, int]) -> Any:
    """The number, or whether it holds.

    Args:
        text: the expression.
        sizes: symbols by their names, "s0", and sides of inputs, "x.shape[2]".

    Raises:
        ValueError: where it says something that is not known.
    """
    if len(text) > _LONGEST:
        raise ValueError(text[:80])
    try:
        return _value(_parsed(text.strip()), sizes)
    except (ArithmeticError, LookupError, RecursionError, SyntaxError, TypeError) as error:
        raise ValueError(text[:80]) from error


@lru_cache(maxsize=256)
def _parsed(text: str) -> ast.expr:
    """The same is asked for at many sizes."""
    return ast.parse(text, mode="eval").body


def plainly(text: str) -> str:
    """A guard as people write it, "x.shape[2] <= x.shape[3]"; of a long one its beginning."""
    try:
        found = text if len(text) > _LONGEST else ast.unparse(_Plain().visit(ast.parse(text.strip(), mode="eval")))
    except (RecursionError, SyntaxError, ValueError):
        found = text
    return found if len(found) <= _MOST_SAID else f"{found[:_MOST_SAID]}…"


class _Plain(ast.NodeTransformer):
    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        return ast.Name(found) if (found := _side(node)) else self.generic_visit(node)


def _value(node: ast.expr, sizes: Mapping[str, int]) -> Any:
    match node:
        case ast.Constant(value=bool() | int() | float() as number):
            return number
        case ast.Name(id=name) | ast.Call(func=ast.Name(id="Symbol"), args=[ast.Constant(value=str() as name)]):
            return sizes[name]
        case ast.Subscript() if found := _side(node):
            return sizes[found]
        case _:
            work, operands = _work(node)
            return work(*(_value(each, sizes) for each in operands))


def _work(node: ast.expr) -> tuple[Callable[..., Any], list[ast.expr]]:
    """What an expression does, and with what."""
    match node:
        case ast.BinOp(op=op, left=left, right=right):
            return _OPERATORS[type(op)], [left, right]
        case ast.UnaryOp(op=op, operand=inner):
            return _OPERATORS[type(op)], [inner]
        case ast.BoolOp(op=op, values=parts):
            return _OPERATORS[type(op)], parts
        case ast.Compare(left=left, ops=ops, comparators=others):
            compare = [_OPERATORS[type(op)] for op in ops]
            return lambda *n: all(c(a, b) for c, a, b in zip(compare, n[:-1], n[1:], strict=True)), [left, *others]
        case ast.Call(
            func=ast.Name(id=name) | ast.Attribute(value=ast.Name(id="math" | "torch"), attr=name), args=args
        ):
            return _FUNCTIONS[name], args
        case _:
            raise ValueError(ast.unparse(node))


def _side(node: ast.expr) -> str:
    """Of ``L['x'].size()[2]`` "x.shape[2]", of what lies in a tuple "states_0.shape[2]"; empty for anything else."""
    match node:
        case ast.Subscript(
            value=ast.Call(func=ast.Attribute(value=held, attr="size")), slice=ast.Constant(value=int() as axis)
        ):
            keys = list[str]()
            while isinstance(held, ast.Subscript) and isinstance(held.slice, ast.Constant):
                keys.insert(0, str(held.slice.value))
                held = held.value
            return f"{'_'.join(keys)}.shape[{axis}]" if isinstance(held, ast.Name) and held.id == "L" else ""
        case _:
            return ""
