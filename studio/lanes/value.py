"""Values of a loop while it is recorded: what is done with them becomes LLVM's instructions."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Literal

Kind = Literal["float", "i32", "i64", "i1", "ptr"]
"""LLVM's names: float32, words of 32 bits, indices, conditions, and memory."""

Number = float
"""A number of Python's. `Value` has a method called ``float``, as PyTorch's tensors do."""


class Value:
    """A number, or one for each lane; operators mean what they do for NumPy's float32, uint32 and bool.

    Args:
        emit: adds an instruction, and returns the name of its result.
        kind: of each number.
        lanes: how many there are; 1 is a plain number.
        name: LLVM's name of it, or a constant.
    """

    def __init__(self, emit: Callable[[str], str], kind: Kind, lanes: int, name: str) -> None:
        self._emit = emit
        self.kind = kind
        self.lanes = lanes
        self.name = name

    @property
    def type(self) -> str:
        """Its type as LLVM writes it."""
        return self.kind if self.lanes == 1 else f"<{self.lanes} x {self.kind}>"

    def __add__(self, other: Value | Number) -> Value:
        return self._with(other, "fadd", "add")

    def __sub__(self, other: Value | Number) -> Value:
        return self._with(other, "fsub", "sub")

    def __mul__(self, other: Value | Number) -> Value:
        return self._with(other, "fmul", "mul")

    def __truediv__(self, other: Value | Number) -> Value:
        return self._with(other, "fdiv", "")

    def __floordiv__(self, other: Value | int) -> Value:
        return self._with(other, "", "udiv")

    def __mod__(self, other: Value | int) -> Value:
        return self._with(other, "", "urem")

    def __and__(self, other: Value | int) -> Value:
        return self._with(other, "", "and")

    def __or__(self, other: Value | int) -> Value:
        return self._with(other, "", "or")

    def __xor__(self, other: Value | int) -> Value:
        return self._with(other, "", "xor")

    def __lshift__(self, other: Value | int) -> Value:
        return self._with(other, "", "shl")

    def __rshift__(self, other: Value | int) -> Value:
        return self._with(other, "", "lshr")

    def __lt__(self, other: Value | Number) -> Value:
        return self._compared(other, "olt", "slt")

    def __gt__(self, other: Value | Number) -> Value:
        return self._compared(other, "ogt", "sgt")

    def __ge__(self, other: Value | Number) -> Value:
        return self._compared(other, "oge", "sge")

    def float(self) -> Value:
        """Whole numbers as float32; words are taken for signed ones."""
        return self._made(f"sitofp {self.type} {self.name} to {self._like('float')}", "float")

    def floor(self) -> Value:
        """The largest whole number that is no larger, as float32."""
        return self._made(f"call {self.type} @llvm.floor.{self._suffix}({self.type} {self.name})", "float")

    def sqrt(self) -> Value:
        """The square root."""
        return self._made(f"call {self.type} @llvm.sqrt.{self._suffix}({self.type} {self.name})", "float")

    def is_nan(self) -> Value:
        """Where it is NaN."""
        return self._compared(self, "uno", "ne")

    def whole(self) -> Value:
        """float32 as an index, cut off towards zero; beyond ±2⁶³ it is undefined."""
        return self._made(f"fptosi {self.type} {self.name} to {self._like('i64')}", "i64")

    def remainder(self, other: Value | int) -> Value:
        """The remainder of a division that rounds towards zero: that of a negative number is negative."""
        return self._with(other, "", "srem")

    def equals(self, other: Value | Number) -> Value:
        """Where both are equal; ``==`` asks whether they are one object."""
        return self._compared(other, "oeq", "eq")

    def plus_product(self, one: Value | Number, other: Value | Number) -> Value:
        """This plus a product: a fused multiply-add where the processor has one."""
        one, other, own = self._both(one)[1], self._both(other)[1], self
        lanes = max(own.lanes, one.lanes, other.lanes)
        own, one, other = (each.spread(lanes) for each in (own, one, other))
        given = ", ".join(f"{each.type} {each.name}" for each in (one, other, own))
        return own._made(f"call {own.type} @llvm.fmuladd.{own._suffix}({given})", "float")

    def spread(self, lanes: int) -> Value:
        """The same number in each of so many lanes."""
        if self.lanes == lanes:
            return self
        whole = f"<{lanes} x {self.kind}>"
        first = self._emit(f"insertelement {whole} poison, {self.type} {self.name}, i64 0")
        name = self._emit(f"shufflevector {whole} {first}, {whole} poison, <{lanes} x i32> zeroinitializer")
        return Value(self._emit, self.kind, lanes, name)

    def _with(self, other: Value | Number, of_floats: str, of_whole: str) -> Value:
        one, two = self._both(other)
        work = of_floats if self.kind == "float" else of_whole
        assert work, f"{self.kind} has no such operator"
        return one._made(f"{work} {one.type} {one.name}, {two.name}", self.kind)

    def _compared(self, other: Value | Number, of_floats: str, of_whole: str) -> Value:
        one, two = self._both(other)
        work = f"fcmp {of_floats}" if self.kind == "float" else f"icmp {of_whole}"
        return one._made(f"{work} {one.type} {one.name}, {two.name}", "i1")

    def _both(self, other: Value | Number) -> tuple[Value, Value]:
        if not isinstance(other, Value):
            other = Value(self._emit, self.kind, 1, constant(self.kind, other))
        assert other.kind == self.kind, f"{self.kind} and {other.kind}"
        lanes = max(self.lanes, other.lanes)
        return self.spread(lanes), other.spread(lanes)

    def _made(self, instruction: str, kind: Kind) -> Value:
        return Value(self._emit, kind, self.lanes, self._emit(instruction))

    @property
    def _suffix(self) -> str:
        """Of LLVM's own functions of float32."""
        return "f32" if self.lanes == 1 else f"v{self.lanes}f32"

    def _like(self, kind: Kind) -> str:
        return Value(self._emit, kind, self.lanes, "").type


def constant(kind: Kind, number: float) -> str:
    """A number as LLVM writes it: of float32 the bits of the same number in float64."""
    if kind != "float":
        assert number == int(number), f"{kind} holds whole numbers"
        return str(int(number))
    (near,) = struct.unpack("f", struct.pack("f", number))
    return f"0x{struct.pack('>d', near).hex().upper()}"


def where(condition: Value, one: Value, other: Value | Number) -> Value:
    """One value where a condition holds, the other elsewhere."""
    one, other = one._both(other)
    lanes = max(condition.lanes, one.lanes)
    condition, one, other = condition.spread(lanes), one.spread(lanes), other.spread(lanes)
    chosen = f"{condition.type} {condition.name}, {one.type} {one.name}, {other.type} {other.name}"
    return one._made(f"select {chosen}", one.kind)


def minimum(one: Value, other: Value) -> Value:
    """The smaller of two; the second where either is NaN."""
    return where(one < other, one, other)


def maximum(one: Value, other: Value) -> Value:
    """The larger of two; the second where either is NaN."""
    return where(one > other, one, other)


def smaller(one: Value, other: Value) -> Value:
    """The smaller of two, NaN where either is: `torch.minimum`."""
    return where(one.is_nan(), one, minimum(one, other))


def larger(one: Value, other: Value) -> Value:
    """The larger of two, NaN where either is: `torch.maximum`."""
    return where(one.is_nan(), one, maximum(one, other))
