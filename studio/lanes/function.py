"""A loop while it is recorded: memory, control flow and variables around the values of `value`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from studio.lanes.value import Kind, Value, constant, where


class Variable:
    """A value that changes from one iteration of a loop to the next."""

    def __init__(self, function: Function, first: Value) -> None:
        self._function = function
        self._like = first
        self._place = function.reserve(first.type)
        self.set(first)

    @property
    def value(self) -> Value:
        """Its value at this point."""
        name = self._function.emit(f"load {self._like.type}, ptr {self._place}")
        return Value(self._function.emit, self._like.kind, self._like.lanes, name)

    def set(self, value: Value) -> None:
        """Give it another value from this point on."""
        value = value.spread(self._like.lanes)
        self._function.emit_effect(f"store {value.type} {value.name}, ptr {self._place}")


class Function:
    """A function in LLVM's intermediate representation, while it is recorded.

    Args:
        name: its own.
        arguments: the kind of each, by name; of memory, the kind of what lies there, followed by ``*``.
        lanes: how many numbers are worked on side by side.
    """

    def __init__(self, name: str, arguments: Mapping[str, str], lanes: int) -> None:
        self.lanes = lanes
        self._name = name
        self._kinds = {key: kind.rstrip("*") for key, kind in arguments.items()}
        self._given: dict[str, Value] = {}
        heads = []
        for key, kind in arguments.items():
            plain: Kind = "ptr" if kind.endswith("*") else kind  # type: ignore[assignment]
            self._given[key] = Value(self.emit, plain, 1, f"%{key}")
            # Loops write where nobody else reads.
            heads.append(f"{plain}{' noalias' if plain == 'ptr' else ''} %{key}")
        self._head = ", ".join(heads)
        self._reserved: list[str] = []
        self._lines: list[str] = []
        self._count = 0

    def __getitem__(self, name: str) -> Value:
        return self._given[name]

    def text(self) -> str:
        """The whole function."""
        body = "\n".join(["entry:", *self._reserved, *self._lines, "  ret void"])
        declared = "".join(
            f"declare {kind} @llvm.{name}.{suffix}({', '.join([kind] * count)})\n"
            for suffix, kind in {"f32": "float", f"v{self.lanes}f32": f"<{self.lanes} x float>"}.items()
            for name, count in (("floor", 1), ("sqrt", 1), ("fmuladd", 3))
        )
        return f"{declared}define void @{self._name}({self._head}) {{\n{body}\n}}\n"

    # -- instructions ------------------------------------------------------------------------------------------------

    def emit(self, instruction: str) -> str:
        """Add an instruction that has a result; returns the result's name."""
        self._count += 1
        self._lines.append(f"  %v{self._count} = {instruction}")
        return f"%v{self._count}"

    def emit_effect(self, instruction: str) -> None:
        """Add an instruction without a result."""
        self._lines.append(f"  {instruction}")

    def reserve(self, kind: str) -> str:
        """Space on the stack for one value of a type; returns its address."""
        self._count += 1
        self._reserved.append(f"  %v{self._count} = alloca {kind}")
        return f"%v{self._count}"

    def room(self, memory: str, kind: Kind, count: int) -> None:
        """An array on the stack, of so many numbers, under this name."""
        self._count += 1
        self._reserved.append(f"  %v{self._count} = alloca [{count} x {kind}], align 64")
        self._kinds[memory] = kind
        self._given[memory] = Value(self.emit, "ptr", 1, f"%v{self._count}")

    # -- memory ------------------------------------------------------------------------------------------------------

    def load(self, memory: str, at: Value | int, lanes: int | None = None) -> Value:
        """Consecutive numbers from an index on: one for each lane, unless told how many."""
        lanes = self.lanes if lanes is None else lanes
        kind: Kind = self._kinds[memory]  # type: ignore[assignment]
        found = Value(self.emit, kind, lanes, "")
        found.name = self.emit(f"load {found.type}, ptr {self._address(memory, at)}, align {_BYTES[kind]}")
        return found

    def one(self, memory: str, at: Value | int) -> Value:
        """The number at an index."""
        return self.load(memory, at, 1)

    def store(self, memory: str, at: Value | int, value: Value) -> None:
        """Write consecutive numbers from an index on, one for each lane; a single number goes to all lanes."""
        value = value.spread(self.lanes)
        address = self._address(memory, at)
        self.emit_effect(f"store {value.type} {value.name}, ptr {address}, align {_BYTES[value.kind]}")

    def _address(self, memory: str, at: Value | int) -> str:
        place = at.name if isinstance(at, Value) else str(at)
        return self.emit(f"getelementptr {self._kinds[memory]}, ptr {self._given[memory].name}, i64 {place}")

    # -- control flow --------------------------------------------------------------------------------------------------

    def number(self, value: int) -> Value:
        """An integer constant, to count with."""
        return Value(self.emit, "i64", 1, str(value))

    def real(self, value: float) -> Value:
        """A float32 constant."""
        return Value(self.emit, "float", 1, constant("float", value))

    def variable(self, first: Value) -> Variable:
        """A variable with its first value."""
        return Variable(self, first)

    @contextmanager
    def loop(self, first: Value | int, last: Value, step: Value | int = 1) -> Iterator[Value]:
        """Repeat what is recorded within the ``with``, counting from ``first`` to before ``last``; yields the count."""
        at = self.variable(first if isinstance(first, Value) else self.number(first))
        self._count += 1
        head, body, end = (f"{part}{self._count}" for part in ("head", "body", "end"))
        self.emit_effect(f"br label %{head}")
        self._lines.append(f"{head}:")
        now = at.value
        self.emit_effect(f"br i1 {(now < last).name}, label %{body}, label %{end}")
        self._lines.append(f"{body}:")
        yield now
        at.set(now + step)
        self.emit_effect(f"br label %{head}")
        self._lines.append(f"{end}:")

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """Do what is recorded within the ``with`` only where a condition holds."""
        self._count += 1
        then, end = f"then{self._count}", f"else{self._count}"
        self.emit_effect(f"br i1 {condition.name}, label %{then}, label %{end}")
        self._lines.append(f"{then}:")
        yield
        self.emit_effect(f"br label %{end}")
        self._lines.append(f"{end}:")

    @contextmanager
    def blocks(self, length: Value) -> Iterator[Value]:
        """Do what is recorded within the ``with`` for a whole line, as many numbers at a time as there are lanes.

        It yields the index of each block. Where the length is no multiple, the last block overlaps the one before it,
        so a line must have at least as many numbers as there are lanes.
        """
        with self.loop(0, length, self.lanes) as at:
            last = length - self.lanes
            yield where(at < last, at, last)


_BYTES = {"float": 4, "i32": 4, "i64": 8}
