"""Parts of a .pt2 that lie in a block, as of ``torch.no_grad()`` or ``torch.autocast``, put in line with the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from studio.io.importers._traced.blocks import BLOCKS

Json = dict[str, Any]

_NAMED = ("as_tensor", "as_optional_tensor", "as_sym_int", "as_sym_float", "as_sym_bool")
_LISTS = ("as_tensors", "as_optional_tensors", "as_sym_ints", "as_sym_floats", "as_nested_tensors")


def in_line(graph: Json) -> Json:
    """The graph with the nodes of its blocks where the blocks stood; their own names are kept where they are free.

    Raises:
        LookupError, TypeError, ValueError, AttributeError: where its JSON has another form.
    """
    tensors = dict(graph["tensor_values"])
    return graph | {"nodes": list(_flat(graph["nodes"], tensors)), "tensor_values": tensors}


def computed_in_less(nodes: Iterable[Json]) -> bool:
    """Whether a block of the nodes is to be computed in half precision."""
    for node in nodes:
        kind, _, inner = _block(node)
        if inner is None:
            continue
        given = [value["arg"] for value in node["inputs"]]
        if kind == "wrap_with_autocast" and given[2] != {"as_bool": False}:
            return True
        if computed_in_less(inner["nodes"]):
            return True
    return False


def _block(node: Json) -> tuple[str, str, Json | None]:
    """What kind of block a node is, what it is called, and its graph; None where it is none."""
    kind = str(node["target"]).rpartition(".")[2]
    held = next((given["arg"]["as_graph"] for given in node["inputs"] if "as_graph" in given["arg"]), None)
    if kind not in BLOCKS or held is None:
        return kind, "", None
    return kind, str(held["name"]), held["graph"]


def _flat(nodes: Iterable[Json], tensors: dict[str, Any]) -> Iterator[Json]:
    for node in nodes:
        _, block, inner = _block(node)
        if inner is None:
            yield node
            continue
        operands = [given["arg"] for given in node["inputs"]]
        operands = operands[1 + next(k for k, arg in enumerate(operands) if "as_graph" in arg) :]
        renamed = dict(zip(map(_name, inner["inputs"]), map(_name, operands), strict=True))
        results = [part for out in node["outputs"] for part in _parts(out)]
        given = list(zip(inner["outputs"], results, strict=True))
        for out, result in given:
            renamed.setdefault(_name(out), _name(result))
        for name in _made(inner["nodes"]):
            renamed.setdefault(name, f"{block}.{name}" if name in tensors else name)
        tensors |= {renamed.get(name, name): said for name, said in inner["tensor_values"].items()} | tensors
        yield from _flat((_with_names(each, renamed) for each in inner["nodes"]), tensors)
        for out, result in given:
            # What it was given, or returns twice.
            if renamed[_name(out)] != _name(result):
                yield _again(out, renamed, result) | {"metadata": node.get("metadata", {})}


def _parts(out: Json) -> list[Json]:
    return [{"as_tensor": part} for part in out["as_tensors"]] if "as_tensors" in out else [out]


def _again(out: Json, names: Mapping[str, str], result: Json) -> Json:
    """The node that gives a tensor or a number another name."""
    held = _with_names(out, names)
    if "as_tensor" in out:
        return {
            "target": "torch.ops.aten.alias.default",
            "inputs": [{"name": "self", "arg": held}],
            "outputs": [result],
        }
    given = [{"name": "a", "arg": held}, {"name": "b", "arg": {"as_int": 1}}]
    return {"target": "_operator.mul", "inputs": given, "outputs": [result]}


def _name(value: Json) -> str:
    ((_, body),) = value.items()
    return str(body.get("name") or body["as_name"])


def _made(nodes: Iterable[Json]) -> Iterator[str]:
    """The names of what nodes make, numbers among them."""
    for node in nodes:
        for out in node["outputs"]:
            ((kind, body),) = out.items()
            for part in body if kind in _LISTS else [body] if kind in _NAMED else []:
                if isinstance(part, dict) and (name := part.get("name") or part.get("as_name")):
                    yield str(name)


def _with_names(value: Any, names: Mapping[str, str], key: str = "") -> Any:
    """A node with other names of tensors and numbers; a block within keeps those of its own nodes."""
    if isinstance(value, list):
        return [_with_names(part, names, key) for part in value]
    if not isinstance(value, dict) or key == "as_graph":
        return value
    found = {name: _with_names(part, names, name) for name, part in value.items() if name != "metadata"}
    if key in _NAMED or key in _LISTS:
        found |= {name: names.get(value[name], value[name]) for name in ("name", "as_name") if name in value}
    return found | ({"metadata": value["metadata"]} if "metadata" in value else {})
