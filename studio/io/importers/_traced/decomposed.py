"""Operators that PyTorch itself says by others: read as those, where the studio knows no meaning of their own."""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.io.importers._traced.exported import spare_triton
from studio.io.importers._values.views import Value

if TYPE_CHECKING:
    from studio.io.importers._meanings.call import Call


Said = tuple[list["Call"], dict[str, Value], list[str]]


@cache
def _rules() -> dict[Any, Any]:
    import torch

    return dict(torch.export.default_decompositions())


def decomposed(call: Call, args: dict[str, Any]) -> Said | None:
    """The calls that an operator stands for, what they read, and which of them are its results.

    Nothing is run but PyTorch's own description of the operator, on tensors that hold no numbers. None where PyTorch
    has none, or it comes to the operator itself again.
    """
    import torch

    name, _, overload = call.target.removeprefix("torch.ops.").removeprefix("aten.").partition(".")
    packet = getattr(torch.ops.aten, name.removesuffix("_"), None) if call.operator.startswith("aten.") else None
    operator = getattr(packet, overload or "default", None) if packet is not None else None
    if operator is None:
        return None
    rules = _rules()
    if operator not in rules and not operator._can_decompose():
        return None
    maps: dict[str, Value] = {}
    given = {key: _held(value, maps) for key, value in args.items() if not _says_where(key)}
    if not maps:
        return None
    return _traced(operator, given, maps, {key: rules[key] for key in (operator,) if key in rules})


def _says_where(key: str) -> bool:
    return key in ("device", "layout", "pin_memory", "memory_format", "out")


def _held(value: Any, maps: dict[str, Value]) -> Any:
    """Maps as the names under which the module below gets them."""
    if isinstance(value, Value):
        name = f"map{len(maps)}"
        maps[name] = value
        return _Put(name)
    return [_held(item, maps) for item in value] if isinstance(value, list) else value


class _Put(str):
    """The name of a tensor among the inputs."""

    __slots__ = ()


def _traced(operator: Any, given: dict[str, Any], maps: dict[str, Value], rules: dict[Any, Any]) -> Said | None:
    import torch

    from studio.io.importers._traced.exported import read

    class Alone(torch.nn.Module):
        """The one operator."""

        def forward(self, *tensors: torch.Tensor) -> Any:
            """What it returns."""
            by_name = dict(zip(maps, tensors, strict=True))
            return operator(**{key: _filled(value, by_name) for key, value in given.items()})

    examples = tuple(_like(value) for value in maps.values())
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            spare_triton()
            program = torch.export.export(Alone(), examples).run_decompositions(rules)
    # Whatever PyTorch says of an operator on its own: it is not read so.
    except Exception:  # noqa: BLE001
        return None
    calls, inputs, constants, outputs = read(program)
    if any(call.target == str(operator) for call in calls) or not outputs:
        return None
    reads = dict(zip(inputs, maps.values(), strict=True)) | constants
    return calls, reads, list(outputs.values())


def _filled(value: Any, by_name: dict[str, Any]) -> Any:
    if isinstance(value, _Put):
        return by_name[value]
    return [_filled(item, by_name) for item in value] if isinstance(value, list) else value


def _like(value: Value) -> Any:
    import torch

    held = None if value.constant is None else np.asarray(value.constant)
    kind = torch.float32 if held is None else torch.from_numpy(held.copy()).dtype
    return torch.zeros(value.shape, dtype=kind)
