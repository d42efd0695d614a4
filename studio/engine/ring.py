"""Where the earlier maps of a bend with memory lie: a ring of places, written one a frame."""

from __future__ import annotations

from studio.model.bends.bend import Memory
from studio.model.bends.stage import after
from studio.model.bends.staged import Staged
from studio.model.networks.node import Node
from studio.model.networks.shape import Shape


class Ring:
    """Counts the frames of one stage with memory.

    A rerun writes where the run before it wrote, so that it changes what the next frame finds, and nothing moves on.

    Args:
        memory: what is kept, and how many frames back each map lies that is read.

    Attributes:
        memory: the same.
        size: how many maps it holds.
    """

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.size = max(memory.delays) + 1
        self._count = 0

    def advance(self) -> None:
        """Begin the next frame."""
        self._count += 1

    def forget(self) -> None:
        """Begin again: no frame has been."""
        self._count = 0

    @property
    def now(self) -> int:
        """The place in which this frame's map is kept."""
        return (self._count - 1) % self.size

    def place(self, delay: int) -> int | None:
        """Where the map lies that is so many frames old, or the oldest; None in the first frame."""
        delay = min(delay, self._count - 1)
        return (self._count - 1 - delay) % self.size if delay > 0 else None


def kept_of(node: Node) -> str | None:
    """The map that a stage keeps for later frames, by the name that it has while it runs; None without memory."""
    if not isinstance(node.op, Staged):
        return None
    memory = node.op.stage.bend.memory()
    if memory is None:
        return None
    if memory.kept == "input":
        return node.inputs[0]
    return node.name if memory.kept == "output" else f"{node.name}~{node.op.bent_scratch}"


def ring_of(node: Node) -> str:
    """The name under which the ring of a stage goes, and its earlier maps before ``~past``."""
    assert isinstance(node.op, Staged)
    return after(node.op.stage.layer, node.op.stage.id)


def signature(node: Node, shape: Shape) -> tuple[object, ...]:
    """Everything about a node for which textures and passes are made; equal ones differ in numbers alone."""
    if not isinstance(node.op, Staged):
        return node.inputs, tuple(node.tensor_names.items()), node.op, shape
    op = node.op
    memory = op.stage.bend.memory()
    return (
        node.inputs,
        type(op.stage.bend),
        op.files(),
        tuple(op.structure().items()),
        memory,
        op.other,
        op.mask,
        op.stage.id,
        shape,
    )
