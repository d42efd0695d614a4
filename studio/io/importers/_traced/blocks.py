"""Blocks of a module's trace, as of ``torch.enable_grad()`` or ``torch.autocast``, put in line with the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch.fx import GraphModule, Node

BLOCKS = ("wrap_with_set_grad_enabled", "wrap_with_autocast")
"""What PyTorch calls a block that changes how numbers are computed, or whether gradients are kept, and not which."""


def put_in_line(module: GraphModule) -> None:
    """Have what the blocks of a graph compute stand where the blocks stood; results keep their names."""
    for node in list(module.graph.nodes):
        if node.op == "call_function" and str(node.target) in BLOCKS:
            _put_in_line(module, node)


def _put_in_line(module: GraphModule, block: Node) -> None:
    import torch
    from torch.fx import Node

    place, held = next((k, arg) for k, arg in enumerate(block.args) if isinstance(arg, Node) and arg.op == "get_attr")
    inner: Any = module.get_submodule(str(held.target))
    # Blocks within it first: they are attributes of its own.
    put_in_line(inner)
    given: Any = iter(block.args[place + 1 :])
    known = {node: next(given) for node in inner.graph.nodes if node.op == "placeholder"}
    with module.graph.inserting_before(block):
        returned: Any = module.graph.graph_copy(inner.graph, known)
    for reader in list(block.users):
        which: Any = reader.args[1]
        reader.target, reader.args = torch.ops.aten.alias.default, (returned[which],)
    module.graph.erase_node(block)
    if not held.users:
        module.graph.erase_node(held)
