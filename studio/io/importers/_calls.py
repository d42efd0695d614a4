"""A traced PyTorch model as a list of calls, and running that list into a draft."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.errors import StudioError
from studio.io.importers._draft import Draft
from studio.io.importers._flow import Flow
from studio.io.importers._views import Value, shown
from studio.model.op import Shape

_CONTAINERS = ("Sequential", "ModuleList", "ModuleDict")

Args = dict[str, Any]
Handler = Callable[[Flow, Args], "Value | list[Value]"]


@dataclass(frozen=True)
class Name:
    """A reference to what an earlier call made."""

    text: str


@dataclass(frozen=True)
class Call:
    """One operator of the trace.

    Attributes:
        target: "aten.conv2d.default".
        args: by the names of PyTorch's schema; `Name` stands for a tensor.
        result: what the trace calls the result.
        results: what it calls the parts of a result that is a list.
        path: the module that made the call, "down.0.conv"; empty for the outermost.
        kind: the class of that module where it is one of torch.nn's own layers, "Conv2d".
    """

    target: str
    args: Args
    result: str
    results: tuple[str, ...] = ()
    path: str = ""
    kind: str = ""

    @property
    def operator(self) -> str:
        """The target without its overload."""
        return ".".join(self.target.removeprefix("torch.ops.").split(".")[:2])


def run(
    calls: Iterable[Call],
    table: Mapping[str, Handler],
    inputs: Mapping[str, tuple[int, ...]],
    constants: Mapping[str, Value],
    output: str,
) -> tuple[Draft, str]:
    """The calls as layers, and which of them is the output.

    Args:
        calls: in running order.
        table: what each operator means.
        inputs: shape of every input by its name in the trace.
        constants: parameters and buffers by their name in the trace.
        output: what the trace calls its output.

    Raises:
        StudioError: naming operator and layer, where one is not supported.
    """
    draft = Draft()
    flow = Flow(draft)
    values: dict[str, Value | list[Value]] = dict(constants)
    for name, shape in inputs.items():
        values[name] = add_input(draft, name, shape)
    for call in calls:
        args = {key: _looked_up(values, value) for key, value in call.args.items()}
        flow.name = _layer_name(call, args)
        handler = table.get(call.operator)
        if call.target == "getitem":
            values[call.result] = _item(args)
            continue
        if handler is None:
            raise StudioError(f'Layer "{flow.name}": the operator {call.operator} is not supported; leave it out.')
        try:
            made = handler(flow, args)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, ZeroDivisionError, OverflowError) as error:
            raise StudioError(
                f'Layer "{flow.name}": {call.operator} is called in a way that is not supported ({error!r}).'
            ) from error
        except StudioError as error:
            raise _naming(error, flow.name, call.operator) from error
        values[call.result] = made
        if isinstance(made, list):
            values |= dict(zip(call.results, made, strict=False))
    found = values.get(output)
    if not isinstance(found, Value):
        raise StudioError("The model gives no single map as its output; wrap it in a module that returns one tensor.")
    flow.name = "output"
    return draft, flow.map_of(found)


def add_input(draft: Draft, name: str, shape: Sequence[int]) -> Value:
    """An input of (1, C, H, W) or (1, C)."""
    if len(shape) not in (2, 4) or shape[0] != 1 or min(shape) < 1:
        raise StudioError(
            f'The input "{name}" has shape {tuple(shape)}; the studio feeds one picture of (1, channels, height, '
            "width) or one vector of (1, values) at a time."
        )
    made = draft.add_input(name, Shape(*shape[1:]) if len(shape) == 4 else Shape(shape[1], 1, 1))
    return shown(made, tuple(shape))


def _item(args: Args) -> Value:
    found = args["self"][args["index"]] if isinstance(args["self"], list) else None
    if not isinstance(found, Value):
        raise StudioError("The model takes a part of something that is no list of maps.")
    return found


def _naming(error: StudioError, layer: str, kind: str) -> StudioError:
    text = str(error)
    return error if text.startswith(("Layer ", "The model")) else StudioError(f'Layer "{layer}" ({kind}): {text}')


def _looked_up(values: Mapping[str, Value | list[Value]], value: Any) -> Any:
    if isinstance(value, Name):
        if value.text not in values:
            raise StudioError(f'The model reads "{value.text}", which none of its operators makes.')
        return values[value.text]
    if isinstance(value, (list, tuple)):
        return [_looked_up(values, item) for item in value]
    return value


def own_layer(path: str, kind: str) -> str:
    """The class's name where this module is one of torch.nn's own layers, else nothing."""
    name = kind.rpartition(".")[2]
    return name if path and kind.startswith("torch.nn.modules.") and name not in _CONTAINERS else ""


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
    return f"{call.path}.{call.result}" if call.path else call.result
