"""A traced PyTorch model as a list of calls, and running that list into a draft."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Draft
from studio.io.importers._meanings.call import INSTEAD, Call, Name, unsupported
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.handlers import Args, Handler
from studio.io.importers._sizes.sides import Sides, counted_along, noted
from studio.io.importers._values.lines import snapped
from studio.io.importers._values.symbols import SYMBOLS
from studio.io.importers._values.views import Value, shown
from studio.model.networks.shape import Shape


def run(
    calls: Iterable[Call],
    table: Mapping[str, Handler],
    inputs: Mapping[str, tuple[int, ...]],
    constants: Mapping[str, Value],
    output: str,
    others: Sequence[str] = (),
    sides: Sides = MappingProxyType({}),
) -> tuple[Draft, str]:
    """The calls as layers, and which of them is the output.

    Args:
        calls: in running order.
        table: what each operator means.
        inputs: shape of every input by its name in the trace.
        constants: parameters and buffers by their name in the trace.
        output: what the trace calls its output.
        others: what it calls outputs that are kept beside that one, `Draft.others`.
        sides: which calls count along a side of a map, and are layers that follow its size.

    Raises:
        StudioError: naming operator and layer, where one is not supported.
    """
    draft = Draft()
    flow = Flow(draft)
    values: dict[str, Value | list[Value]] = dict(constants)
    for name, shape in inputs.items():
        values[name] = add_input(draft, name, shape)
    if others:
        draft.shrink_states()
    calls = list(calls)
    numbers: dict[str, int | float] = {}
    draws = {call.result: number for number, call in enumerate(call for call in calls if call.draws)}
    for call in _needed(calls, {output, *others}):
        flow.draw = draws.get(call.result, 0)
        args = {key: _looked_up(values | numbers if numbers else values, value) for key, value in call.args.items()}
        flow.name = _layer_name(call, args)
        if call.target == "getitem":
            values[call.result] = _item(args)
            continue
        try:
            if call.operator in SYMBOLS:
                numbers[call.result] = SYMBOLS[call.operator](args)
                continue
            result = _along(flow, call, args, table, sides)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, ZeroDivisionError, OverflowError) as error:
            raise StudioError(
                f'Layer "{flow.name}" ({call.operator}{call.at}): it is called in a way that is not supported '
                f"({error!r})."
            ) from error
        except StudioError as error:
            raise _naming(error, flow.name, call) from error
        values[call.result] = result
        # Of an operator of several results one alone may be known; that is the first.
        values |= dict(zip(call.results, result if isinstance(result, list) else [result], strict=False))
        if call.in_place and isinstance(result, Value):
            _write_back(values, call.args, result)
    found = values.get(output)
    if not isinstance(found, Value):
        raise StudioError("The model gives no single map as its output; wrap it in a module that returns one tensor.")
    flow.name = "output"
    last = _returned(flow, found)
    draft.others = [flow.map_of(value) for name in others if isinstance(value := values.get(name), Value)]
    return draft, last


def _along(flow: Flow, call: Call, args: Args, table: Mapping[str, Handler], sides: Sides) -> Value | list[Value]:
    """What a call returns that may count along a side, or resize a constant map to one."""
    noted(flow.draft, call, args)
    if call.result not in sides:
        return made(flow, call, args, table)
    if (side := sides[call.result]) is not None:
        return counted_along(flow.draft, flow.name, call.operator, args, side)
    return made(flow, call, {key: _as_a_map(flow, value) for key, value in args.items()}, table)


def _as_a_map(flow: Flow, value: Any) -> Any:
    """A constant map, as of positions that are resized, as a layer that holds it."""
    if not isinstance(value, Value) or value.constant is None or len(value.shape) != 4:
        return value
    return shown(flow.given(value.constant.reshape(value.shape[1:]), value.origin), value.shape)


def _returned(flow: Flow, found: Value) -> str:
    """The layer that is the output; StudioError where it is no map and no vector."""
    from studio.io.importers._meanings.complex import Complex

    if isinstance(found, Complex):
        raise StudioError("The model returns complex numbers; return their abs(), or torch.view_as_real of them.")
    if found.shape[:1] != (1,) or len(found.shape) not in (2, 4):
        raise StudioError(
            f"The model returns a tensor of {found.shape}; return a picture of (1, channels, height, width) or a "
            "vector of (1, values)."
        )
    return flow.map_of(found)


def add_input(draft: Draft, name: str, shape: Sequence[int]) -> Value:
    """An input of (1, C, H, W), (1, C), or (1,): a number, as the time of a diffusion network is."""
    if not shape:
        raise StudioError(f'The input "{name}" is a bare number of shape (); export it with one of shape (1,).')
    if len(shape) not in (1, 2, 4) or shape[0] != 1 or min(shape) < 1:
        raise StudioError(
            f'The input "{name}" has shape {tuple(shape)}; the studio feeds one picture of (1, channels, height, '
            "width) or one vector of (1, values) at a time: wrap the module in one that takes such, frames as channels."
        )
    made = draft.add_input(name, Shape(*shape[1:]) if len(shape) == 4 else Shape(math.prod(shape), 1, 1))
    return shown(made, tuple(shape))


def _needed(calls: Sequence[Call], outputs: set[str]) -> list[Call]:
    """The calls that the outputs need, in order: what checks, or makes what nobody reads, is left out.

    What writes into a tensor is needed where that tensor, or any that shares its memory, is.
    """
    shares: dict[str, str] = {}
    for call in calls:
        read = next(iter(call.reads), "")
        shares[call.result] = shares.get(read, read) if call.keeps_memory else call.result
    needed, kept = set(outputs), []
    for call in reversed(calls):
        made = {call.result, *call.results}
        written = shares.get(call.result) if call.in_place else None
        if made & needed or (written and any(shares.get(name, name) == written for name in needed)):
            needed |= call.reads
            kept.append(call)
    return kept[::-1]


def made(flow: Flow, call: Call, args: Args, table: Mapping[str, Handler]) -> Value | list[Value]:
    """What a call returns: worked out where all that it is given is constant, else by the layers that it means."""
    from studio.io.importers._aten.masks import is_picked, on_picked
    from studio.io.importers._aten.table import KEEPS
    from studio.io.importers._meanings.complex import is_complex
    from studio.io.importers._meanings.modulated import begun, is_modulated, on_modulated
    from studio.io.importers._traced.folding import can_fold, folded, is_a_map

    # What is no plain map or number has meanings of its own.
    if is_picked(args):
        return on_picked(flow, call.operator, args, table)
    if is_complex(args):
        from studio.io.importers._aten.complex import on_planes

        return on_planes(flow, call.operator, args, table)
    if is_modulated(args):
        return on_modulated(flow, call.operator, args, table)
    if (kernels := begun(call.operator, args)) is not None:
        return kernels
    handler = table.get(call.operator)
    keeps = call.operator.removeprefix("aten.").removesuffix("_") in KEEPS
    if can_fold(call, args) and not keeps and not is_a_map(call, args, flow.draft.shapes.values()):
        return folded(call, args)
    found = _by_others(flow, call, args, table) if handler is None else handler(flow, args)
    return snapped(flow.draft, found) if isinstance(found, Value) else [snapped(flow.draft, one) for one in found]


def _by_others(flow: Flow, call: Call, args: Args, table: Mapping[str, Handler]) -> Value | list[Value]:
    """What an operator makes that PyTorch itself says by others; StudioError where it says nothing."""
    from studio.io.importers._traced.decomposed import decomposed

    told = call.operator in flow.within or call.operator.removesuffix("_") in INSTEAD
    found = None if told else decomposed(call, args)
    if found is None:
        raise StudioError(unsupported(call.operator))
    calls, values, outputs = found
    results: dict[str, Any] = dict(values)
    own, flow.within = flow.name, (*flow.within, call.operator)
    for each in _needed(calls, set(outputs)):
        given = {key: _looked_up(results, value) for key, value in each.args.items()}
        flow.name = f"{own}.{each.result}"
        results[each.result] = _item(given) if each.target == "getitem" else made(flow, each, given, table)
    flow.name, flow.within = own, flow.within[:-1]
    return results[outputs[0]] if len(outputs) == 1 else [results[name] for name in outputs]


def _write_back(values: dict[str, Value | list[Value]], args: Args, made: Value) -> None:
    """Have what an operator wrote into be what it made; StudioError where it wrote into a part of a map."""
    written = args.get("self")
    before = values.get(written.text) if isinstance(written, Name) else None
    if not isinstance(before, Value) or made.is_constant:
        return
    for name, value in values.items():
        if value is before:
            values[name] = made
        elif isinstance(value, Value) and _shows_a_part(value, before):
            raise StudioError("it writes into a part of a map in place; write torch.cat or torch.where instead.")


def _shows_a_part(value: Value, of: Value) -> bool:
    if of.constant is not None:
        return value.constant is not None and np.may_share_memory(value.constant, of.constant)
    return value.node == of.node and value.index is not of.index


def _item(args: Args) -> Value:
    made, index = args["self"], args["index"]
    if isinstance(made, Value) and index == 0:
        return made  # of an operator whose other results are statistics
    if not isinstance(made, list) or not isinstance(index, int) or index >= len(made) or index < -len(made):
        raise StudioError(
            "The model takes the places of what an operator found, not its values, which is not supported."
        )
    found: Value = made[index]
    return found


def _naming(error: StudioError, layer: str, call: Call) -> StudioError:
    text = str(error)
    if text.startswith(("Layer ", "The model")):
        return error
    return StudioError(f'Layer "{layer}" ({call.operator}{call.at}): {text}')


def _looked_up(values: Mapping[str, Any], value: Any) -> Any:
    if isinstance(value, Name):
        if value.text not in values:
            raise StudioError(f'The model reads "{value.text}", which none of its operators makes.')
        return values[value.text]
    if isinstance(value, (list, tuple)):
        return [_looked_up(values, item) for item in value]
    return value


def _layer_name(call: Call, args: Args) -> str:
    # A weight that is computed from others has no name of its own; its bias has.
    for key in ("weight", "bias"):
        found = args.get(key)
        if isinstance(found, Value) and found.origin:
            return found.origin[0].rpartition(".")[0] or found.origin[0]
    if call.kind and call.path:
        # A convolution that reflects at its border pads first.
        pads = call.operator.endswith("pad") and "Pad" not in call.kind
        return f"{call.path}.pad" if pads else call.path
    result = call.result or next(iter(call.results), call.operator)
    return f"{call.path}.{result}" if call.path else result
