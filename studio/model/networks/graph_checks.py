"""What must hold between the layers of a graph; each is said by the name of the layer where it does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from studio.errors import StudioError
from studio.model.networks.inputs import Input
from studio.model.networks.node import Node
from studio.model.networks.shape import Shape


def check_inputs(node: Node, names: set[str]) -> None:
    """A layer reads what there is, and as many as its operator takes.

    Raises:
        StudioError: where that is not so.
    """
    kind, count = type(node.op).__name__, len(node.inputs)
    for name in node.inputs:
        if name not in names:
            raise StudioError(f'Layer "{node.name}" ({kind}) reads "{name}", which does not exist.')
    if node.op.arity is None and count < 2:
        raise StudioError(f'Layer "{node.name}" ({kind}) needs at least two inputs, not {count}.')
    if node.op.arity is not None and count != node.op.arity:
        raise StudioError(f'Layer "{node.name}" ({kind}) needs {node.op.arity} input(s), not {count}.')


def check_states(states: Iterable[Input], shapes: Mapping[str, Shape]) -> None:
    """The layer from which a state comes makes a map of the state's own shape.

    Raises:
        StudioError: where that is not so.
    """
    for put in states:
        if shapes[put.comes_from] != shapes[put.name]:
            raise StudioError(
                f'The state "{put.name}" is {shapes[put.name]}, but the layer "{put.comes_from}", from which it comes, '
                f"makes {shapes[put.comes_from]} of it."
            )


def check_sharing(node: Node, owner: Node | None) -> None:
    """A layer that uses the tensors of another is of the same kind; `owner` is that one.

    Raises:
        StudioError: where that is not so.
    """
    if node.tensors_of is None:
        return
    where = f'Layer "{node.name}" ({type(node.op).__name__}) uses the tensors of "{node.tensors_of}", which'
    if owner is None:
        raise StudioError(f"{where} does not exist.")
    if owner.tensors_of is not None:
        raise StudioError(f'{where} has none of its own; name "{owner.tensors_of}" instead.')
    if owner.op != node.op:
        raise StudioError(f"{where} has another operator or other parameters; both must be the same.")


def check_borrowing(node: Node, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """A layer's borrowed tensors are there, all of them, in the shapes that it needs.

    Raises:
        StudioError: where that is not so.
    """
    if not node.borrowed:
        return
    wanted = node.op.tensor_shapes()
    for key, name in node.borrowed:
        if shapes.get(name) != wanted.get(key):
            raise StudioError(
                f'Layer "{node.name}" ({type(node.op).__name__}) borrows "{name}" of shape {shapes.get(name)} as its '
                f'"{key}" of shape {wanted.get(key)}.'
            )
    if missing := wanted.keys() - dict(node.borrowed).keys():
        raise StudioError(f'Layer "{node.name}" ({type(node.op).__name__}) borrows no "{min(missing)}".')
