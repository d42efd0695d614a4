"""A loop that is written down: memory, loops and variables around what `value` has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from studio.lanes.value import Kind, Value, constant, where


class Variable:
    """What changes from turn to turn of a loop."""

    def __init__(self, function: Function, first: Value) -> None:
        self._function = function
        self._like = first
        self._place = function.reserve(first.type)
        self.set(first)

    @property
    def value(self) -> Value:
        """What it is now."""
        name = self._function.emit(f"load {self._like.type}, ptr {self._place}")
        return Value(self._function.emit, self._like.kind, self._like.lanes, name)

    def set(self, value: Value) -> None:
        """From now on."""
        value = value.spread(self._like.lanes)
        self._function.emit_effect(f"store {value.type} {value.name}, ptr {self._place}")


class Function:
    """LLVM's text of a function, as it is written.

    Args:
        name: its own.
        arguments: what it is given: of memory the kind of what lies there, followed by ``*``.
        lanes: numbers that are worked on side by side.
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
        """All of it."""
        body = "\n".join(["entry:", *self._reserved, *self._lines, "  ret void"])
        declared = "".join(
            f"declare {kind} @llvm.{name}.{suffix}({', '.join([kind] * count)})\n"
            for suffix, kind in {"f32": "float", f"v{self.lanes}f32": f"<{self.lanes} x float>"}.items()
            for name, count in (("floor", 1), ("sqrt", 1), ("fmuladd", 3))
        )
        return f"{declared}define void @{self._name}({self._head}) {{\n{body}\n}}\n"

    # -- instructions ------------------------------------------------------------------------------------------------

    def emit(self, instruction: str) -> str:
        """Write an instruction that has a result; its name."""
        self._count += 1
        self._lines.append(f"  %v{self._count} = {instruction}")
        return f"%v{self._count}"

    def emit_effect(self, instruction: str) -> None:
        """Write one that has none."""
        self._lines.append(f"  {instruction}")

    def reserve(self, kind: str) -> str:
        """Room for a value of a type, for as long as the function runs."""
        self._count += 1
        self._reserved.append(f"  %v{self._count} = alloca {kind}")
        return f"%v{self._count}"

    def room(self, memory: str, kind: Kind, count: int) -> None:
        """Memory of its own for so many numbers, for as long as it runs."""
        self._count += 1
        self._reserved.append(f"  %v{self._count} = alloca [{count} x {kind}], align 64")
        self._kinds[memory] = kind
        self._given[memory] = Value(self.emit, "ptr", 1, f"%v{self._count}")

    # -- memory ------------------------------------------------------------------------------------------------------

    def load(self, memory: str, at: Value | int, lanes: int | None = None) -> Value:
        """Numbers from a place on, side by side; one for each lane where nothing else is said."""
        lanes = self.lanes if lanes is None else lanes
        kind: Kind = self._kinds[memory]  # type: ignore[assignment]
        found = Value(self.emit, kind, lanes, "")
        found.name = self.emit(f"load {found.type}, ptr {self._address(memory, at)}, align {_BYTES[kind]}")
        return found

    def one(self, memory: str, at: Value | int) -> Value:
        """The number at a place."""
        return self.load(memory, at, 1)

    def store(self, memory: str, at: Value | int, value: Value) -> None:
        """Put numbers side by side from a place on; a plain number in all lanes."""
        value = value.spread(self.lanes)
        address = self._address(memory, at)
        self.emit_effect(f"store {value.type} {value.name}, ptr {address}, align {_BYTES[value.kind]}")

    def _address(self, memory: str, at: Value | int) -> str:
        place = at.name if isinstance(at, Value) else str(at)
        return self.emit(f"getelementptr {self._kinds[memory]}, ptr {self._given[memory].name}, i64 {place}")

    # -- turns -------------------------------------------------------------------------------------------------------

    def number(self, value: int) -> Value:
        """A whole number, to count with."""
        return Value(self.emit, "i64", 1, str(value))

    def real(self, value: float) -> Value:
        """A float32 number."""
        return Value(self.emit, "float", 1, constant("float", value))

    def variable(self, first: Value) -> Variable:
        """What changes from turn to turn, and what it is before the first."""
        return Variable(self, first)

    @contextmanager
    def loop(self, first: Value | int, last: Value, step: Value | int = 1) -> Iterator[Value]:
        """What is written within is done for every number from the first on, before the last."""
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
        """What is written within is done where a condition holds."""
        self._count += 1
        then, end = f"then{self._count}", f"else{self._count}"
        self.emit_effect(f"br i1 {condition.name}, label %{then}, label %{end}")
        self._lines.append(f"{then}:")
        yield
        self.emit_effect(f"br label %{end}")
        self._lines.append(f"{end}:")

    @contextmanager
    def blocks(self, length: Value) -> Iterator[Value]:
        """What is written within is done for all places of a line, as many as there are lanes at a time.

        The last are done twice where they come out unevenly: a line must be as long as there are lanes.
        """
        with self.loop(0, length, self.lanes) as at:
            last = length - self.lanes
            yield where(at < last, at, last)


_BYTES = {"float": 4, "i32": 4, "i64": 8}
