"""A module in memory, through torch.export, as a list of calls."""

from __future__ import annotations

import logging
import operator
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.call import VIEWS, Call, Name, line_of, own_layer, unsupported
from studio.io.importers._traced.blocks import put_in_line
from studio.io.importers._values.views import Value, constant

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram
    from torch.fx import Node

_LONGEST_REASON = 300
_DECIDES = "data-dependent expression"


def trace(module: torch.nn.Module, example: tuple[torch.Tensor, ...]) -> ExportedProgram:
    """The module as ATen operators; StudioError where it decides by values, or PyTorch cannot trace it."""
    import torch

    try:
        spare_triton()
        with warnings.catch_warnings(), torch.no_grad(), in_full(), _quiet():
            warnings.simplefilter("ignore")
            # Modules may write into what they are given.
            program = torch.export.export(module, tuple(tensor.clone() for tensor in example))
            put_in_line(program.graph_module)
            if _writes_into_parts(program.graph.nodes):
                program = program.run_decompositions({})
            return program
    # Whatever the module's own code or the tracer raises, it is this module that cannot be traced.
    except Exception as error:
        if (said := _kind_of(module)) is not None:
            raise StudioError(said) from error
        if (own := _own_failure(module, example)) is not None:
            raise StudioError(
                f"The module itself fails on the example ({_said(own)}); give one that it runs with."
            ) from own
        if _DECIDES in str(error):
            raise StudioError(
                "The module cannot be traced by torch.export: its forward decides by the values of tensors; write "
                "torch.where, or leave that step out."
            ) from error
        if ".numpy()" in str(error):
            raise StudioError(
                "The module cannot be traced by torch.export: it leaves PyTorch by .numpy(); write that step in it."
            ) from error
        raise StudioError(
            f"The module cannot be traced by torch.export ({_said(error)}); "
            "its forward must not decide by the values of tensors, nor depend on their size."
        ) from error


def spare_triton() -> None:
    """Have PyTorch do without Triton where OpenGL in software runs: loaded after its LLVM, Triton ends the process."""
    maps = Path("/proc/self/maps")
    if "triton" not in sys.modules and maps.exists() and "libLLVM" in maps.read_text(encoding="utf-8"):
        sys.modules["triton"] = None  # type: ignore[assignment]


@contextmanager
def in_full() -> Iterator[list[str]]:
    """Without `torch.autocast`: the studio computes in float32, and so does what it is compared with.

    What is yielded lists the types that were left out.
    """
    import torch

    left_out: list[str] = []

    def enter(self: Any) -> Any:
        if self._enabled and self.device == "cpu":
            left_out.append(str(self.fast_dtype).removeprefix("torch."))
        return self

    kind = torch.autocast
    before = kind.__enter__, kind.__exit__
    kind.__enter__, kind.__exit__ = enter, lambda *_: None  # type: ignore[method-assign]
    try:
        yield left_out
    finally:
        kind.__enter__, kind.__exit__ = before  # type: ignore[method-assign]


def _kind_of(module: torch.nn.Module) -> str | None:
    """What kind of module PyTorch cannot trace, and the way on; None for any other."""
    import torch

    if isinstance(module, torch.jit.ScriptModule):
        return (
            "It is a TorchScript module, whose code torch.export does not read; give the torch.nn.Module that it was "
            "made of, with its weights: module.load_state_dict(scripted.state_dict())."
        )
    for name, part in module.named_modules():
        if ".quantized." in type(part).__module__:
            return (
                f'Its layer "{name}" ({type(part).__name__}) is quantised, which the studio does not run; give the '
                "module as it was before it was quantised."
            )
    return None


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:_LONGEST_REASON]}"


def _own_failure(module: torch.nn.Module, example: tuple[torch.Tensor, ...]) -> Exception | None:
    """What the module's own code raises on its example; None where it runs."""
    import torch

    try:
        with torch.no_grad():
            module(*(tensor.clone() for tensor in example))
    # Whatever it is, it is the module's.
    except Exception as error:  # noqa: BLE001
        return error
    return None


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what PyTorch logs of a module that it cannot trace: pages of its own code, of which we say a sentence."""
    handlers = [(handler, handler.level) for handler in logging.getLogger("torch").handlers]
    for handler, _ in handlers:
        handler.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for handler, level in handlers:
            handler.setLevel(level)


def _writes_into_parts(nodes: Iterable[Node]) -> bool:
    """Whether an operator writes into memory that several tensors show: it then must be made one that gives a new one.

    That takes PyTorch as long as tracing did. What writes into the whole of a tensor is read as it stands.
    """
    shown: set[str] = set()
    for node in nodes:
        if node.op != "call_function" or not (read := [arg.name for arg in node.all_input_nodes]):
            continue
        if _writes(node) and read[0] in shown:
            return True
        name = ".".join(str(node.target).split(".")[:2]).removeprefix("aten.")
        if name in VIEWS or (node.target is operator.getitem and read[0] in shown):
            shown |= {node.name, read[0]}
    return False


def _writes(node: Node) -> bool:
    """Whether an operator writes into a tensor."""
    schema = getattr(node.target, "_schema", None)
    return bool(node.op == "call_function" and schema is not None and schema.is_mutable)


def read(
    program: ExportedProgram,
) -> tuple[list[Call], dict[str, tuple[int, ...]], dict[str, Value], dict[str, str]]:
    """Calls, shapes of the inputs, parameters by their name in the trace, and what that calls each of the outputs."""
    signature = program.graph_signature
    targets = {spec.arg.name: spec.target for spec in signature.input_specs if spec.target is not None}
    inputs: dict[str, tuple[int, ...]] = {}
    constants: dict[str, Value] = {}
    tied = _tied(program)
    for node in program.graph.nodes:
        if node.op == "placeholder" and node.name in targets:
            target = targets[node.name]
            found = program.state_dict.get(target, program.constants.get(target))
            if hasattr(found, "numpy"):
                constants[node.name] = constant(_numbers(found), *tied.get(target, (target,)))
        elif node.op == "placeholder":
            inputs[node.name] = tuple(_fixed(size, node.name) for size in node.meta["val"].shape)
    return list(_calls(program)), inputs, constants, _outputs(program)


def _outputs(program: ExportedProgram) -> dict[str, str]:
    """The name in the trace of every tensor that is returned, by where it stands: "0", "out", "aux.1"; maps first."""
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    made = program.graph_signature.user_outputs
    found = {}
    for path, name in zip(places(program.call_spec.out_spec.unflatten(list(made))), made, strict=True):
        if isinstance(name, str) and hasattr(values.get(name), "shape"):
            found[path] = name
    return dict(sorted(found.items(), key=lambda item: len(values[item[1]].shape) != 4))


def places(returned: Any) -> list[str]:
    """Where each value stands in what a module returns."""
    from torch.utils._pytree import tree_flatten_with_path

    keys = [path for path, _ in tree_flatten_with_path(returned)[0]]
    return [
        ".".join(str(getattr(key, "key", getattr(key, "idx", getattr(key, "name", key)))) for key in path)
        for path in keys
    ]


def pick(outputs: dict[str, str], asked: str) -> str:
    """The output that is taken: the one asked for, else the first that is a map.

    Raises:
        StudioError: where there is none of that name, or none at all.
    """
    if not outputs:
        raise StudioError("The module returns no tensor; wrap it in a module that returns the picture.")
    if asked and asked not in outputs:
        # What is returned alone, in no tuple or dictionary, stands nowhere by name.
        named = [name for name in outputs if name][:6]
        returned = ", ".join(named) if named else "one tensor, which has no name: leave the output out"
        raise StudioError(f'The module returns no "{asked}"; it returns {returned}.')
    return asked or next(iter(outputs))


def _tied(program: ExportedProgram) -> dict[str, tuple[str, ...]]:
    """Every name of each parameter: modules that are used twice have several."""
    found: dict[int, list[str]] = {}
    for name, tensor in program.state_dict.items():
        found.setdefault(id(tensor) if tensor.numel() == 0 else tensor.data_ptr(), []).append(name)
    shapes = {name: tensor.shape for name, tensor in program.state_dict.items()}
    return {
        name: (name, *(other for other in names if other != name and shapes[other] == shapes[name]))
        for names in found.values()
        for name in names
    }


def _numbers(tensor: Any) -> Any:
    array = tensor.detach().cpu()
    return array.float().numpy() if array.is_floating_point() else np.asarray(array.numpy())


def _fixed(size: object, name: str) -> int:
    if not isinstance(size, int):
        raise StudioError(
            f'The input "{name}" has a size that is not fixed ({size}); export it without dynamic shapes.'
        )
    return size


def _calls(program: ExportedProgram) -> Iterator[Call]:
    for node in program.graph.nodes:
        if node.op == "call_function":
            yield _call(node)


def _call(node: Node) -> Call:
    path, kind = list((node.meta.get("nn_module_stack") or {"": ("", "")}).values())[-1]
    layer = own_layer(path, str(kind))
    if node.target is operator.getitem:
        return Call("getitem", {"self": _argument(node.args[0]), "index": node.args[1]}, node.name, (), path, layer)
    schema = getattr(node.target, "_schema", None)
    if schema is None and callable(node.target) and node.target.__module__ in ("_operator", "math", "torch"):
        # Of sizes: a check most often, which nothing reads.
        operands = {key: _argument(value) for key, value in zip("abcd", node.args, strict=False)}
        return Call(f"{node.target.__module__}.{node.target.__name__}", operands, node.name, (), path, layer)
    if schema is None and str(node.target) == "with_effects":
        # An operator that checks what it is given, such as an inverse.
        inner = ".".join(str(node.args[1]).split(".")[:2])
        raise StudioError(f'Layer "{path or node.name}" ({inner}): {unsupported(inner)}')
    if schema is None:
        raise StudioError(
            f'Layer "{path or node.name}": control flow ({node.target}) is not supported; fix the way through it.'
        )
    names = [argument.name for argument in schema.arguments]
    args = dict(zip(names, node.args, strict=False)) | dict(node.kwargs)
    given = {key: _argument(value) for key, value in args.items()}
    return Call(str(node.target), given, node.name, (), path, layer, line_of(node.meta.get("stack_trace") or ""))


def _argument(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_argument(item) for item in value]
    if type(value).__module__.startswith("torch.fx"):
        return Name(value.name)
    if type(value).__name__ in ("SymInt", "SymFloat"):
        raise StudioError("The model has sizes that are not fixed; export it without dynamic shapes.")
    return value
